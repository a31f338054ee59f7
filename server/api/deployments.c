/**
 * @file server/api/deployments.c
 * @brief GET /v1/deployments and /v1/deployments/{id}, with waiting.
 */
#include "server/api/deployments.h"

#include "server/api/deployment_json.h"
#include "server/api/handlers.h"
#include "server/api/inside.h"
#include "server/api/page.h"
#include "server/base/cleanup.h"
#include "strategies/strategy.h"

#include <inttypes.h>
#include <string.h>

#define WAIT_MAX_S 60

static bool list_run(void *cls, const struct zdd_run *run, const char *labels)
{
    struct zdd_page *page = cls;
    struct zdd_deployment_view view = {.run = run, .labels = labels};
    enum zdd_err err;

    if (!zdd_page_item(page, run->id))
        return false;
    err = zdd_notes_get(zdd_api_of(page->call)->notes, run->plan_id, &view.note);
    if (err != ZDD_ERR_NONE) {
        page->call->reply.err = err; /* the end of the page tells it */
        return false;
    }
    zdd_w_deployment(&page->w, NULL, &view);
    return true;
}

static enum zdd_err read_filter(struct zdd_call *call, struct zdd_run_filter *filter)
{
    const char *state = zdd_call_query(call, "state");
    enum zdd_state parsed;
    enum zdd_err err = zdd_ask_time(call, "since", &filter->since_ms);

    if (err == ZDD_ERR_NONE)
        err = zdd_ask_time(call, "until", &filter->until_ms);
    if (err != ZDD_ERR_NONE)
        return err;
    filter->state = -1;
    if (state && !zdd_state_parse(state, &parsed))
        return zdd_call_fail(call, ZDD_ERR_QUERY_INVALID,
                             "state must be one of queued, running, paused, waiting, rolling-back, "
                             "succeeded, rolled-back, failed, canceled, not \"%.40s\"",
                             state);
    if (state)
        filter->state = (int)parsed;
    filter->strategy = zdd_call_query(call, "strategy");
    if (filter->strategy && !zdd_strategy_find(filter->strategy))
        return zdd_call_fail(
            call, ZDD_ERR_QUERY_INVALID,
            "there is no strategy \"%.40s\"; GET /v1/strategies lists what there is",
            filter->strategy);
    return ZDD_ERR_NONE;
}

enum zdd_err zdd_api_list_deployments(struct zdd_call *call)
{
    static const char *const filters[] = {"appId", "state", "strategy", "since", "until"};
    struct zdd_page page;
    struct zdd_run_filter filter = {0};
    enum zdd_err err = zdd_page_open(&page, call, filters, ZDD_COUNT(filters));

    if (err == ZDD_ERR_NONE)
        err = read_filter(call, &filter);
    if (err != ZDD_ERR_NONE)
        return err;
    filter.app_id = zdd_call_query(call, "appId");
    filter.app_prefix = zdd_caller_prefix(zdd_caller_of(call));
    filter.before_id = page.after[0] ? page.after : NULL;
    filter.limit = page.ask;
    err = zdd_run_list(zdd_store_of(call), &filter, list_run, &page);
    return err == ZDD_ERR_NONE ? zdd_page_close(&page) : err;
}

/* The deployment, or 304 when the caller has it already. */
static enum zdd_err answer_run(struct zdd_call *call, const struct zdd_run *run, const char *labels,
                               bool is_known)
{
    struct zdd_writer w = {.buf = &call->reply};
    struct zdd_deployment_view view = {.run = run, .labels = labels};
    enum zdd_err err;

    zdd_call_add_header(call, "ETag", "\"%" PRId64 "\"", run->revision);
    zdd_call_add_header(call, "Cache-Control", "private, no-cache");
    if (is_known) {
        call->status = 304;
        return ZDD_ERR_NONE;
    }
    err = zdd_notes_get(zdd_api_of(call)->notes, run->plan_id, &view.note);
    if (err != ZDD_ERR_NONE)
        return err;
    zdd_w_deployment(&w, NULL, &view);
    return zdd_answer(call, ZDD_ERR_NONE);
}

bool zdd_deployment_settle(struct zdd_call *call, const char *run_id, int64_t revision,
                           bool last_chance)
{
    struct zdd_run run;
    ZDD_AUTO_FREE char *labels = NULL;
    enum zdd_err err = zdd_run_load(zdd_store_of(call), run_id, &run, &labels);

    if (err == ZDD_ERR_NONE && !last_chance && run.revision == revision &&
        !zdd_phase_is_final(run.phase))
        return false;
    if (err == ZDD_ERR_NONE)
        err = answer_run(call, &run, labels,
                         zdd_caller_of(call)->conditional && run.revision == revision);
    zdd_call_finish(call, err);
    return true;
}

enum zdd_err zdd_api_get_deployment(struct zdd_call *call)
{
    const int wait_s = zdd_prefer_wait(zdd_call_header(call, "Prefer"), WAIT_MAX_S);
    const char *etags = zdd_call_header(call, "If-None-Match");
    struct zdd_run run;
    bool is_known;
    ZDD_AUTO_FREE char *labels = NULL;
    enum zdd_err err = zdd_ask_known(call, NULL, 0);

    if (err == ZDD_ERR_NONE)
        err = zdd_ask_run(call, &run, &labels);
    if (err != ZDD_ERR_NONE)
        return err;
    if (wait_s >= 0)
        zdd_call_add_header(call, "Preference-Applied", "wait=%d", wait_s);
    is_known = etags && zdd_etag_listed(etags, run.revision);
    zdd_caller_of(call)->conditional = is_known;
    /* Without an ETag the caller means: differs from now. With one: from what it has. */
    if (wait_s > 0 && !zdd_phase_is_final(run.phase) && (!etags || is_known)) {
        err =
            zdd_hub_wait(zdd_api_of(call)->hub, call, run.id, run.revision, (int64_t)wait_s * 1000);
        if (err != ZDD_ERR_TOO_MANY_CALLS)
            return err;
        /* Too many wait: an answer now is better than none, and always allowed (RFC 7240). */
    }
    return answer_run(call, &run, labels, is_known);
}
