/**
 * @file server/api/plan_make.c
 * @brief Making a plan.
 */
#include "server/api/plan_make.h"

#include "server/api/plan_ask.h"
#include "server/api/plan_base.h"
#include "server/api/plan_body.h"
#include "server/api/plan_checks.h"
#include "server/api/plan_neighbours.h"
#include "server/api/plan_pair.h"
#include "server/api/plan_router.h"
#include "server/api/plan_secrets.h"
#include "server/api/plan_sticky.h"
#include "server/api/plan_target.h"
#include "server/api/queue.h"
#include "server/base/cleanup.h"
#include "server/json/patch.h"
#include "server/router/dress.h"
#include "strategies/preview.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* A plan being made. */
struct making {
    struct zdd_call *call;
    const struct zdd_plan_request *request;
    struct zdd_cluster_app seen;     /* what runs; of a pair, the old app */
    struct zdd_cluster_app survivor; /* of a pair: the new app, if it exists and takes over */
    int32_t instances;               /* that it shall have then */
    struct zdd_cluster_info info;
    json_t *target;
    struct zdd_pair_dress dress; /* of a pair */
    struct zdd_plan plan;
    struct zdd_preview preview;
    size_t note_count;
    struct zdd_plan_note note[ZDD_PLAN_NOTE_MAX];
    char resource_reason[ZDD_PREVIEW_TEXT_SIZE];
};

static void making_free(struct making **making)
{
    if (!*making)
        return;
    zdd_cluster_app_release(&(*making)->seen);
    zdd_cluster_app_release(&(*making)->survivor);
    json_decref((*making)->target);
    zdd_pair_dress_release(&(*making)->dress);
    free(*making);
}

static bool is_pair(const struct making *m)
{
    return m->request->strategy->write_program != NULL;
}

/* What becomes the target by the change that is asked for; NULL: nothing runs. */
static const json_t *base_of(const struct making *m)
{
    return m->survivor.raw ? m->survivor.canonical : m->seen.canonical;
}

/* A warning of what only the definitions and the cluster tell; the strategies' own are the
 * preview's. */
__attribute__((format(printf, 3, 4))) static void note(struct making *m, const char *code,
                                                       const char *format, ...)
{
    struct zdd_plan_note *new = &m->note[m->note_count];
    va_list arguments;

    assert(m->note_count < ZDD_PLAN_NOTE_MAX);
    m->note_count++;
    new->code = code;
    va_start(arguments, format);
    vsnprintf(new->text, sizeof(new->text), format, arguments);
    va_end(arguments);
}

/* What serves now is the old app; the one to be deployed does not exist. */
static enum zdd_err look_for_pair(struct making *m)
{
    struct zdd_pair_find find;
    enum zdd_err err;

    err = zdd_plan_choose_router(m->call, m->request, m->plan.pair.router);
    if (err == ZDD_ERR_NONE)
        err = zdd_plan_checks_allowed(m->call, m->request);
    if (err == ZDD_ERR_NONE)
        err = zdd_pair_find(m->call, m->request, &find);
    if (err != ZDD_ERR_NONE)
        return err;
    m->seen = find.old;
    m->survivor = find.survivor;
    m->instances = find.instances;
    memcpy(m->plan.pair.old_id, find.old_id, sizeof(find.old_id));
    memcpy(m->plan.pair.new_id, find.new_id, sizeof(find.new_id));
    m->dress.colour = find.colour == ZDD_COLOUR_COUNT ? NULL : zdd_colour_name(find.colour);
    if (!m->survivor.raw && m->request->is_coloured && m->request->coloured.colour != find.colour)
        note(m, "other-colour",
             "%s serves now, so the new version becomes %s, not the app that was named.",
             m->plan.pair.old_id, m->plan.pair.new_id);
    return ZDD_ERR_NONE;
}

static enum zdd_err look(struct making *m)
{
    const struct zdd_cluster *cluster = &zdd_api_of(m->call)->options.cluster;
    char reason[ZDD_CLUSTER_REASON_SIZE] = "";
    enum zdd_err err =
        is_pair(m) ? look_for_pair(m) : zdd_cluster_app_get(m->call, m->request->app_id, &m->seen);

    if (err == ZDD_ERR_NONE && !is_pair(m))
        err = zdd_plan_base(m->call, m->request, &m->seen);
    if (err != ZDD_ERR_NONE)
        return err;
    err = cluster->ops->info(cluster->cls, &m->info, reason);
    return zdd_answer_cluster(m->call, err, reason);
}

static enum zdd_err dress_pair(struct making *m)
{
    m->dress.pair_id = m->request->app_id;
    m->dress.new_id = m->plan.pair.new_id;
    m->dress.advertise = zdd_plan_advertise(m->call, m->plan.pair.router);
    m->dress.unlabelled = !zdd_plan_reads_labels(m->plan.pair.router);
    m->dress.now_ms = m->call->now_ms;
    m->dress.target = m->target;
    m->dress.old = m->seen.canonical;
    m->dress.exists = m->survivor.raw != NULL;
    const enum zdd_err err = zdd_pair_dress(&m->dress, zdd_call_errors(m->call));

    if (err == ZDD_ERR_NONE && m->dress.inherited.size > 0)
        note(m, "labels-inherited",
             "The new definition has no label for the balancers, so it takes over those of %s: %s.",
             m->plan.pair.old_id, m->dress.inherited.data);
    if (err != ZDD_ERR_NONE || m->dress.unlabelled)
        return err; /* without labels nobody is in the way */
    return zdd_pair_check_neighbours(m->call, &m->plan.pair, m->target);
}

static enum zdd_err find_target(struct making *m)
{
    enum zdd_err err =
        zdd_plan_target(m->request, base_of(m), &m->target, zdd_call_errors(m->call));

    if (err == ZDD_ERR_APP_UNKNOWN)
        return m->request->change
                   ? zdd_call_fail(m->call, err,
                                   "Marathon has no app %s that change could work on; to create "
                                   "it, send its whole definition as app",
                                   m->request->app_id)
                   : zdd_call_fail(m->call, err, "Marathon has no app %s that %s could work on",
                                   m->request->app_id, m->request->strategy->name);
    if (err == ZDD_ERR_NONE && m->survivor.raw &&
        !json_object_get(m->request->change, "instances") &&
        json_object_set_new(m->target, "instances", json_integer(m->instances)) != 0)
        err = ZDD_ERR_NO_MEMORY;
    return err == ZDD_ERR_NONE && is_pair(m) ? dress_pair(m) : err;
}

/* The plan rests on the old app as it is; the new one is absent, or takes over as it is. */
static enum zdd_err fill_pair(struct making *m)
{
    struct zdd_plan *plan = &m->plan;

    memcpy(plan->pair.old_version, m->seen.version, sizeof(plan->pair.old_version));
    /* While it is scaled down more of them serve than shall. */
    plan->pair.old_serving =
        m->seen.healthy < plan->old.instances ? m->seen.healthy : plan->old.instances;
    plan->pair.must_adopt = m->dress.adopted != NULL;
    plan->seen = (struct zdd_precondition){.exists = m->survivor.raw != NULL,
                                           .running = m->survivor.running,
                                           .healthy = m->survivor.healthy};
    memcpy(plan->seen.version, m->survivor.version, sizeof(plan->seen.version));
    memcpy(plan->seen.config_version, m->survivor.config_version,
           sizeof(plan->seen.config_version));
    /* What needs no change is there when it has its instances. */
    if (m->survivor.raw && plan->action == ZDD_ACTION_NONE)
        plan->action = ZDD_ACTION_SCALE;

    const enum zdd_err err = zdd_plan_check_options(m->call, m->request, plan);

    if (err != ZDD_ERR_NONE)
        return err;
    m->request->strategy->write_program(m->request->option, plan);
    m->note_count += zdd_plan_sticky(&m->dress.sticky, plan, m->note + m->note_count);
    return zdd_plan_check_program(m->call, plan);
}

static enum zdd_err fill_plan(struct making *m)
{
    struct zdd_plan *plan = &m->plan;
    const struct zdd_pair pair = plan->pair;

    *plan = (struct zdd_plan){
        .pair = pair,
        .action = zdd_plan_action(m->request->strategy, base_of(m), m->target),
        .on_failure = m->request->on_failure,
        .replace_rule = m->info.replace_rule,
        .created_at_ms = m->call->now_ms,
        .deadline_ms = m->request->deadline_s * 1000,
        .seen = {.exists = m->seen.raw != NULL,
                 .running = m->seen.running,
                 .healthy = m->seen.healthy},
    };
    zdd_uuid7(m->call->now_ms, plan->id);
    snprintf(plan->app_id, sizeof(plan->app_id), "%s", m->request->app_id);
    snprintf(plan->strategy, sizeof(plan->strategy), "%s", m->request->strategy->name);
    memcpy(plan->seen.version, m->seen.version, sizeof(plan->seen.version));
    memcpy(plan->seen.config_version, m->seen.config_version, sizeof(plan->seen.config_version));
    zdd_plan_facts(m->target, &plan->target);
    if (m->seen.canonical)
        zdd_plan_facts(m->seen.canonical, &plan->old);
    return is_pair(m) ? fill_pair(m) : ZDD_ERR_NONE;
}

/*
 * A fleet that needs more room while the same app already waits in Marathon's queue for resources
 * gets none: that is a counter-example. Without one, resources stay unknown until Mesos offers.
 */
static void ask_queue(struct making *m)
{
    ZDD_AUTO_JSON json_t *answer = NULL;
    struct zdd_queue_view queue;

    if (m->preview.resources != ZDD_PROOF_UNKNOWN || !m->seen.raw)
        return;
    if (zdd_cluster_json(m->call, "/queue", &answer) != ZDD_ERR_NONE) {
        m->call->detail[0] = '\0'; /* it stays unknown, which is no failure */
        return;
    }
    zdd_queue_read(answer, m->plan.app_id, &queue);
    if (!queue.waits || queue.rejection_count == 0)
        return;
    snprintf(m->resource_reason, sizeof(m->resource_reason),
             "%d instances wait in Marathon's launch queue already: %s (%s, %d of %d offers).",
             (int)queue.count, zdd_queue_reason_text(queue.rejection[0].reason),
             queue.rejection[0].reason, (int)queue.rejection[0].declined,
             (int)queue.rejection[0].processed);
}

static enum zdd_err fill_texts(struct making *m, struct zdd_plan_texts *texts)
{
    texts->request.data = zdd_json_canonical(m->call->json);
    texts->target.data = zdd_json_canonical(m->target);
    if (m->seen.canonical)
        texts->previous.data = zdd_json_canonical(m->seen.canonical);
    if (m->dress.adopted)
        texts->adopted.data = zdd_json_canonical(m->dress.adopted);
    if (m->survivor.canonical)
        texts->survivor.data = zdd_json_canonical(m->survivor.canonical);
    if (is_pair(m))
        texts->backends.data = zdd_buf_take(&m->dress.backends);
    if (!texts->request.data || !texts->target.data ||
        (m->seen.canonical && !texts->previous.data) ||
        (m->dress.adopted && !texts->adopted.data) ||
        (m->survivor.canonical && !texts->survivor.data) || (is_pair(m) && !texts->backends.data))
        return ZDD_ERR_NO_MEMORY;
    return zdd_plan_checks_text(m->request, &m->plan, &texts->checks.data);
}

/* Over what was asked, what was seen and what shall run: who starts the plan means exactly this. */
static enum zdd_err fill_digest(struct zdd_plan *plan, const struct zdd_plan_texts *texts)
{
    ZDD_AUTO_BUF struct zdd_buf text = {0};
    const bool pair = plan->program.count > 0; /* rests on the app that is not deployed */

    zdd_buf_printf(&text, "{\"preconditions\":{\"configVersion\":\"%s\",\"version\":\"%s\"}",
                   plan->seen.config_version, pair ? plan->pair.old_version : plan->seen.version);
    zdd_buf_text(&text, ",\"request\":");
    zdd_buf_text(&text, texts->request.data);
    zdd_buf_text(&text, ",\"target\":");
    zdd_buf_text(&text, texts->target.data);
    zdd_buf_text(&text, "}");
    if (text.err != ZDD_ERR_NONE)
        return text.err;
    memcpy(plan->digest, "sha256:", strlen("sha256:"));
    zdd_sha256_hex(text.data, text.size, plan->digest + strlen("sha256:"));
    return ZDD_ERR_NONE;
}

static enum zdd_err write_body(struct making *m, struct zdd_plan_texts *texts)
{
    ZDD_AUTO_BUF struct zdd_buf body = {0};
    const struct zdd_plan_view view = {
        .plan = &m->plan,
        .request = m->request,
        .preview = &m->preview,
        .marathon = &m->info,
        .target = m->target,
        .previous = base_of(m),
        .created_by = zdd_caller_of(m->call)->actor,
        .resource_reason = m->resource_reason,
        .notes = m->note,
        .note_count = m->note_count,
    };
    enum zdd_err err = zdd_plan_body_write(&body, &view);

    if (err != ZDD_ERR_NONE)
        return err;
    texts->body.data = zdd_buf_take(&body);
    return texts->body.data ? ZDD_ERR_NONE : ZDD_ERR_NO_MEMORY;
}

enum zdd_err zdd_plan_make(struct zdd_call *call, const struct zdd_plan_request *request,
                           struct zdd_plan *ret_plan, struct zdd_plan_texts *ret_texts)
{
    /* Too large for a stack that is shared with libraries: the preview alone has 15 KiB. */
    __attribute__((cleanup(making_free))) struct making *m = calloc(1, sizeof(*m));
    ZDD_AUTO_PLAN_TEXTS struct zdd_plan_texts texts = {0};
    enum zdd_err err;

    if (!m)
        return ZDD_ERR_NO_MEMORY;
    m->call = call;
    m->request = request;
    err = look(m);
    if (err == ZDD_ERR_NONE)
        err = zdd_plan_check_secrets(call, request, &m->seen, &m->survivor);
    if (err == ZDD_ERR_NONE)
        err = find_target(m);
    if (err != ZDD_ERR_NONE)
        return err;
    err = fill_plan(m);
    if (err != ZDD_ERR_NONE)
        return err;
    zdd_preview_make(request->strategy, &m->plan, &m->preview);
    if (is_pair(m))
        m->plan.pair.floor = m->preview.lowest_serving;
    if (m->plan.deadline_ms == 0)
        m->plan.deadline_ms = m->preview.deadline_ms;
    ask_queue(m);
    err = fill_texts(m, &texts);
    if (err == ZDD_ERR_NONE)
        err = fill_digest(&m->plan, &texts);
    if (err == ZDD_ERR_NONE)
        err = write_body(m, &texts);
    if (err != ZDD_ERR_NONE)
        return err;
    *ret_plan = m->plan;
    texts.secrets = ret_texts->secrets;
    *ret_texts = texts;
    texts = (struct zdd_plan_texts){0};
    return ZDD_ERR_NONE;
}
