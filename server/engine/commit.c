/**
 * @file server/engine/commit.c
 * @brief The engine's two transactions.
 */
#include "server/engine/commit.h"

#include "server/base/buf.h"
#include "server/base/crypto.h"
#include "server/engine/evidence.h"
#include "server/engine/measured.h"
#include "server/engine/tell.h"
#include "storage/audit.h"
#include "storage/decisions.h"
#include "storage/events.h"
#include "storage/intents.h"
#include "storage/revisions.h"
#include "storage/runs.h"
#include "strategies/strategy.h"
#include "strategies/timing.h"

#include <stdio.h>
#include <string.h>

#define MS_OF_S 1000

static enum zdd_err add_event(struct zdd_tx *tx, const struct zdd_intent_commit *c,
                              const char *type)
{
    ZDD_AUTO_BUF struct zdd_buf data = {0};
    struct zdd_event event = {
        .time_ms = c->now_ms, .type = type, .run_id = c->after->id, .app_id = c->after->app_id};

    zdd_tell_run(&data, c->plan, c->after, c->decision->rule);
    if (c->decision->fresh_evidence && zdd_run_is_condemned(c->before))
        zdd_measured_tell_acknowledged(&data, c->before);
    zdd_buf_text(&data, "}");
    if (data.err != ZDD_ERR_NONE)
        return data.err;
    event.data = data.data;
    return zdd_event_append(tx, &event);
}

static enum zdd_err add_audit(struct zdd_tx *tx, const struct zdd_run *run, const char *action,
                              const char *result, const char *data, int64_t now_ms)
{
    return zdd_audit_append(tx, &(struct zdd_audit){
                                    .time_ms = now_ms,
                                    .actor = "engine",
                                    .remote = "",
                                    .action = action,
                                    .app_id = run->app_id,
                                    .run_id = run->id,
                                    .reason = run->reason,
                                    .result = result,
                                    .request_id = run->id,
                                    .data = data,
                                });
}

static const char *final_event(enum zdd_phase phase)
{
    switch (phase) {
    case ZDD_PHASE_SUCCEEDED:
        return "deployment.succeeded";
    case ZDD_PHASE_ROLLED_BACK:
        return "deployment.rolled-back";
    case ZDD_PHASE_FAILED:
        return "deployment.failed";
    case ZDD_PHASE_CANCELED:
        return "deployment.canceled";
    case ZDD_PHASE_PENDING:
    case ZDD_PHASE_STOPPING:
    case ZDD_PHASE_APPLYING:
    case ZDD_PHASE_ROLLING:
    case ZDD_PHASE_ADOPTING:
    case ZDD_PHASE_SHIFTING:
    case ZDD_PHASE_JOINING:
    case ZDD_PHASE_VERIFYING:
    case ZDD_PHASE_GATED:
    case ZDD_PHASE_WEIGHING:
    case ZDD_PHASE_PAUSING:
    case ZDD_PHASE_LEAVING:
    case ZDD_PHASE_SHEDDING:
    case ZDD_PHASE_KEEPING:
    case ZDD_PHASE_DRAINING:
    case ZDD_PHASE_RETIRING:
    case ZDD_PHASE_SETTLING:
    case ZDD_PHASE_REGROWING:
    case ZDD_PHASE_RETURNING:
    case ZDD_PHASE_CLEARING:
    case ZDD_PHASE_REVERTING:
    case ZDD_PHASE_UNDOING:
    case ZDD_PHASE_COUNT:
        break;
    }
    return NULL;
}

/* What the engine knew then; at its end, also what it saw of the apps and the balancers. */
static enum zdd_err tell_evidence(struct zdd_tx *tx, struct zdd_buf *buf,
                                  const struct zdd_intent_commit *c, int32_t index, bool ended)
{
    enum zdd_err err = ZDD_ERR_NONE;

    zdd_tell_run(buf, c->plan, c->after, c->decision->rule);
    if (ended) {
        zdd_evidence_tell(buf, &(struct zdd_evidence){c->plan, c->before, c->scene, c->seen});
        err = zdd_measured_tell(tx, c->after->id, index, buf);
    }
    zdd_buf_text(buf, "}");
    return err == ZDD_ERR_NONE ? buf->err : err;
}

/* Write one step's state; the times that are set stay. */
static enum zdd_err mark_step(struct zdd_tx *tx, const struct zdd_intent_commit *c, int32_t index,
                              const char *state, bool ended)
{
    struct zdd_step_row row = {.index = index};
    ZDD_AUTO_BUF struct zdd_buf evidence = {0};
    enum zdd_err err;

    snprintf(row.state, sizeof(row.state), "%s", state);
    row.started_at_ms = ended ? 0 : c->now_ms;
    row.ended_at_ms = ended ? c->now_ms : 0;
    row.deadline_at_ms = ended ? 0 : c->after->step_deadline_at_ms;
    err = tell_evidence(tx, &evidence, c, index, ended);
    return err == ZDD_ERR_NONE ? zdd_step_update(tx, c->after->id, &row, evidence.data) : err;
}

/* Going back is a step too, known only when it begins. */
static enum zdd_err add_undo_step(struct zdd_tx *tx, const struct zdd_intent_commit *c)
{
    struct zdd_step_row row = {.index = c->after->step,
                               .started_at_ms = c->now_ms,
                               .deadline_at_ms = c->after->step_deadline_at_ms};

    snprintf(row.kind, sizeof(row.kind), ZDD_STEP_BACK_KIND);
    snprintf(row.text, sizeof(row.text), ZDD_STEP_BACK_TEXT);
    snprintf(row.state, sizeof(row.state), "running");
    return zdd_step_insert(tx, c->after->id, &row);
}

static enum zdd_err end_step(struct zdd_tx *tx, const struct zdd_intent_commit *c)
{
    const bool good =
        c->after->phase == ZDD_PHASE_SUCCEEDED || c->after->phase == ZDD_PHASE_ROLLED_BACK ||
        (c->after->phase == ZDD_PHASE_CANCELED && zdd_phase_is_undo(c->before->phase)) ||
        (!zdd_phase_is_final(c->after->phase) && !zdd_phase_is_undo(c->after->phase));
    enum zdd_err err = mark_step(tx, c, c->before->step, good ? "succeeded" : "failed", true);

    if (err == ZDD_ERR_NONE)
        err = add_event(tx, c, "deployment.step.finished");
    return err;
}

/* A new step begins when its number changes, and the first one with the first phase after PENDING.
 */
static enum zdd_err move_steps(struct zdd_tx *tx, const struct zdd_intent_commit *c)
{
    const bool began = c->before->phase != ZDD_PHASE_PENDING;
    const bool final = zdd_phase_is_final(c->after->phase);
    const bool changed = c->before->step != c->after->step;
    enum zdd_err err = ZDD_ERR_NONE;

    if (c->before->phase == c->after->phase && !changed)
        return ZDD_ERR_NONE;
    if (began && (changed || final))
        err = end_step(tx, c);
    if (err != ZDD_ERR_NONE || final || (began && !changed))
        return err;
    if (zdd_phase_is_undo(c->after->phase))
        err = add_undo_step(tx, c);
    else
        err = mark_step(tx, c, c->after->step, "running", false);
    if (err == ZDD_ERR_NONE)
        err = add_event(tx, c, "deployment.step.started");
    return err;
}

static bool counts_changed(const struct zdd_run *a, const struct zdd_run *b)
{
    return a->old_side.instances != b->old_side.instances ||
           a->old_side.healthy != b->old_side.healthy ||
           a->new_side.instances != b->new_side.instances ||
           a->new_side.healthy != b->new_side.healthy;
}

static bool is_paused(const struct zdd_run *run)
{
    return run->hold != ZDD_HOLD_NONE && run->hold != ZDD_HOLD_GATE;
}

static enum zdd_err add_events(struct zdd_tx *tx, const struct zdd_intent_commit *c)
{
    const struct zdd_run *a = c->before;
    const struct zdd_run *b = c->after;
    const bool back = zdd_phase_is_undo(b->phase) && !zdd_phase_is_undo(a->phase);
    const struct {
        bool happened;
        const char *type;
    } news[] = {
        {a->started_at_ms == 0 && b->started_at_ms != 0, "deployment.started"},
        {a->hold != ZDD_HOLD_GATE && b->hold == ZDD_HOLD_GATE, "deployment.gate.opened"},
        {a->hold == ZDD_HOLD_GATE && b->hold == ZDD_HOLD_NONE, "deployment.gate.decided"},
        {!is_paused(a) && is_paused(b), "deployment.paused"},
        {is_paused(a) && !is_paused(b), "deployment.resumed"},
        {!zdd_traffic_same(&a->traffic, &b->traffic), "deployment.weight.changed"},
        {counts_changed(a, b), "deployment.instances.changed"},
        {back, "deployment.rolling-back"},
    };
    enum zdd_err err = ZDD_ERR_NONE;

    for (size_t i = 0; i < ZDD_COUNT(news) && err == ZDD_ERR_NONE; i++) {
        if (news[i].happened)
            err = add_event(tx, c, news[i].type);
    }
    if (err == ZDD_ERR_NONE)
        err = move_steps(tx, c);
    if (err == ZDD_ERR_NONE && zdd_phase_is_final(b->phase))
        err = add_event(tx, c, final_event(b->phase));
    return err;
}

static void describe(const struct zdd_order *order, const char *rule, char *text, size_t size)
{
    const struct zdd_side_setting *side = order->traffic.side;

    if (order->kind == ZDD_ORDER_SET_TRAFFIC)
        snprintf(text, size,
                 "{\"old\":{\"serving\":\"%s\",\"weight\":%d,\"stay\":%d},\"new\":{\"serving\":"
                 "\"%s\",\"weight\":%d},\"rule\":\"%s\"}",
                 zdd_serving_name(side[ZDD_SIDE_OLD].serving), (int)side[ZDD_SIDE_OLD].weight,
                 (int)order->traffic.old_stay, zdd_serving_name(side[ZDD_SIDE_NEW].serving),
                 (int)side[ZDD_SIDE_NEW].weight, rule);
    else if (order->kind == ZDD_ORDER_MEASURE)
        snprintf(text, size, "{\"rule\":\"%s\"}", rule);
    else
        snprintf(text, size, "{\"instances\":%d,\"force\":%s,\"rule\":\"%s\"}",
                 (int)order->instances, order->force ? "true" : "false", rule);
}

static enum zdd_err open_intents(struct zdd_tx *tx, struct zdd_intent_commit *c)
{
    const struct zdd_decision *d = c->decision;
    enum zdd_err err = ZDD_ERR_NONE;

    for (size_t i = 0; i < d->order_count && err == ZDD_ERR_NONE; i++) {
        char action[40];
        char data[200];

        snprintf(action, sizeof(action), "order.%s", zdd_order_name(d->order[i].kind));
        describe(&d->order[i], d->rule, data, sizeof(data));
        err = zdd_intent_open(tx,
                              &(struct zdd_intent){c->after->id, c->after->revision, d->rule,
                                                   &d->order[i], c->now_ms},
                              &c->intent_seq[i]);
        if (err == ZDD_ERR_NONE)
            err = add_audit(tx, c->after, action, "intended", data, c->now_ms);
    }
    return err;
}

/* The end goes to the audit, and what was carried out to the app's history. */
static enum zdd_err note_end(struct zdd_tx *tx, const struct zdd_intent_commit *c)
{
    char digest[sizeof("sha256:") + ZDD_SHA256_HEX_SIZE] = "sha256:";
    enum zdd_err err;

    if (!zdd_phase_is_final(c->after->phase))
        return ZDD_ERR_NONE;
    err = add_audit(tx, c->after, "deployment.end", zdd_phase_name(c->after->phase), "", c->now_ms);
    if (err != ZDD_ERR_NONE || c->after->phase != ZDD_PHASE_SUCCEEDED ||
        c->plan->action == ZDD_ACTION_NONE || !c->target)
        return err;
    zdd_sha256_hex(c->target, strlen(c->target), digest + strlen("sha256:"));
    return zdd_revision_append(tx, &(struct zdd_revision){
                                       .app_id = c->after->app_id,
                                       .run_id = c->after->id,
                                       .digest = digest,
                                       .version = c->after->target_version,
                                       .created_at_ms = c->now_ms,
                                       .definition = c->target,
                                   });
}

/* A gate that nobody has decided in time decides itself; that stands with the other words. */
static enum zdd_err note_expiry(struct zdd_tx *tx, const struct zdd_intent_commit *c)
{
    /* The next step may be a gate as well. */
    const bool left = c->before->phase == ZDD_PHASE_GATED &&
                      (c->after->phase != ZDD_PHASE_GATED || c->after->step != c->before->step);
    struct zdd_word word = {.step = c->before->step, .actor = "engine", .time_ms = c->now_ms};
    struct zdd_gate gate;

    if (!left || c->decision->take_command || c->before->command != ZDD_COMMAND_NONE)
        return ZDD_ERR_NONE;
    gate = zdd_plan_gate(c->plan, c->before->step);
    word.approves = gate.on_expiry == ZDD_GATE_APPROVES;
    snprintf(word.reason, sizeof(word.reason), "expired after %d s",
             (int)(gate.expires_ms / MS_OF_S));
    return gate.expires_ms > 0 ? zdd_decision_add(tx, c->before->id, &word) : ZDD_ERR_NONE;
}

static enum zdd_err write_intent(struct zdd_tx *tx, void *cls)
{
    struct zdd_intent_commit *c = cls;
    enum zdd_err err =
        zdd_run_advance(tx, c->after, c->before->revision, c->decision->take_command, c->next_id);

    if (err == ZDD_ERR_NONE)
        err = add_events(tx, c);
    if (err == ZDD_ERR_NONE)
        err = note_expiry(tx, c);
    if (err == ZDD_ERR_NONE)
        err = open_intents(tx, c);
    if (err == ZDD_ERR_NONE)
        err = note_end(tx, c);
    return err;
}

enum zdd_err zdd_commit_intent(struct zdd_store *store, struct zdd_intent_commit *commit)
{
    return zdd_store_write(store, write_intent, commit);
}

/* What Marathon said becomes part of the deployment: versions, its deployment's id, its words. */
static void take_answer(const struct zdd_outcome_commit *c, struct zdd_run *run)
{
    /* A round says nothing of what was ordered of the cluster before it. */
    if (c->order->kind == ZDD_ORDER_MEASURE && c->outcome == ZDD_OUTCOME_ACKED) {
        run->unsure_until_ms = c->unsure_before_ms;
        return;
    }
    run->outcome = c->outcome;
    run->ordered_at_ms = c->now_ms;
    run->unsure_until_ms = c->outcome == ZDD_OUTCOME_FAILED && c->order->kind != ZDD_ORDER_MEASURE
                               ? c->now_ms + ZDD_UNSURE_MS
                               : c->unsure_before_ms;
    if (c->outcome == ZDD_OUTCOME_ACKED) {
        run->attempt = 0;
        if (!*run->error_code)
            run->error_text[0] = '\0';
        if (c->order->kind >= ZDD_ORDER_SET_TRAFFIC)
            return; /* what was said is not about the deployed app */
        memcpy(run->deployment_id, c->ack->deployment_id, sizeof(run->deployment_id));
        if (c->order->kind == ZDD_ORDER_PUT_PREVIOUS)
            memcpy(run->revert_version, c->ack->version, sizeof(run->revert_version));
        else if (*c->ack->version)
            memcpy(run->target_version, c->ack->version, sizeof(run->target_version));
        return;
    }
    run->attempt++;
    if (c->outcome == ZDD_OUTCOME_FAILED && !*run->error_code)
        snprintf(run->error_text, sizeof(run->error_text), "%s", c->ack->words);
    if (c->outcome == ZDD_OUTCOME_REFUSED) {
        snprintf(run->error_code, sizeof(run->error_code), "%s", zdd_err_slug(c->err));
        snprintf(run->error_text, sizeof(run->error_text), "%s",
                 *c->ack->words ? c->ack->words : zdd_err_text(c->err));
    }
}

static enum zdd_err write_outcome(struct zdd_tx *tx, void *cls)
{
    struct zdd_outcome_commit *c = cls;
    char action[40];
    char next_id[ZDD_ID_SIZE];
    int64_t revision;
    const bool is_measured = c->order->kind == ZDD_ORDER_MEASURE && c->outcome == ZDD_OUTCOME_ACKED;
    enum zdd_err err = zdd_run_load_tx(tx, c->run_id, &c->run);

    if (err != ZDD_ERR_NONE)
        return err;
    revision = c->run.revision;
    take_answer(c, &c->run);
    if (is_measured)
        zdd_measured_take(c->report, c->plan, c->order->instances, c->now_ms, &c->run);
    err = zdd_run_advance(tx, &c->run, revision, false, next_id);
    if (err == ZDD_ERR_NONE)
        err = zdd_intent_close(tx, c->intent_seq, c->outcome,
                               *c->ack->errors ? c->ack->errors : c->ack->words, c->now_ms);
    snprintf(action, sizeof(action), "order.%s", zdd_order_name(c->order->kind));
    if (err == ZDD_ERR_NONE)
        err =
            add_audit(tx, &c->run, action,
                      c->err == ZDD_ERR_NONE ? zdd_outcome_name(c->outcome) : zdd_err_slug(c->err),
                      "", c->now_ms);
    if (err == ZDD_ERR_NONE && is_measured)
        err = zdd_measured_write(tx, c->plan, &c->run, c->report, c->order->instances, c->now_ms);
    return err;
}

enum zdd_err zdd_commit_outcome(struct zdd_store *store, struct zdd_outcome_commit *commit)
{
    return zdd_store_write(store, write_outcome, commit);
}
