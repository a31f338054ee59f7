/**
 * @file server/api/deployments.c
 * @brief GET /v1/deployments and /v1/deployments/{id}, with waiting.
 */
#include "server/api/deployments.h"

#include "server/api/handlers.h"
#include "server/api/inside.h"
#include "server/api/page.h"
#include "server/api/views.h"
#include "server/base/clock.h"
#include "strategies/strategy.h"

#include <inttypes.h>
#include <string.h>

#define WAIT_MAX_S 60

static bool list_run(void *cls, const struct zdd_run_peek *peek)
{
    struct zdd_page *page = cls;
    ZDD_AUTO_VIEW struct zdd_view *view = NULL;
    enum zdd_err err;

    if (!zdd_page_item(page, peek->id))
        return false;
    err = zdd_view_peek(zdd_api_of(page->call)->views, peek, &view);
    if (err != ZDD_ERR_NONE) {
        page->call->reply.err = err; /* the end of the page tells it */
        return false;
    }
    if (page->count == 1) /* they are much alike: one allocation instead of many */
        zdd_buf_reserve(page->w.buf, (view->size + view->size / 8) * (size_t)page->limit);
    zdd_w_raw_sized(&page->w, NULL, view->text, view->size);
    return true;
}

static enum zdd_err read_filter(struct zdd_call *call, struct zdd_run_filter *filter)
{
    static const char *const no[] = {"false"};
    const char *state = zdd_call_query(call, "state"), *ended = NULL;
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
    err = zdd_ask_word(call, "ended", no, ZDD_COUNT(no), &ended);
    if (err != ZDD_ERR_NONE)
        return err;
    filter->unended = ended != NULL;
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
    static const char *const filters[] = {"appId", "state", "ended", "strategy", "since", "until"};
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
static enum zdd_err answer_view(struct zdd_call *call, const struct zdd_view *view, bool is_known)
{
    zdd_call_add_header(call, "ETag", "\"%" PRId64 "\"", view->revision);
    zdd_call_add_header(call, "Cache-Control", "private, no-cache");
    if (is_known) {
        call->status = 304;
        return ZDD_ERR_NONE;
    }
    zdd_buf_append(&call->reply, view->text, view->size);
    return zdd_answer(call, ZDD_ERR_NONE);
}

/* Its token or session may have ended while it waited. */
static enum zdd_err still_let_in(const struct zdd_call *call)
{
    const struct zdd_ticket *shown = &zdd_caller_of(call)->shown;
    struct zdd_token token;

    return zdd_passes_find_hash(zdd_api_of(call)->passes, shown->kind, shown->secret_hash,
                                zdd_now_ms(), &token);
}

bool zdd_deployment_settle(struct zdd_call *call, const char *run_id, int64_t revision,
                           bool last_chance)
{
    ZDD_AUTO_VIEW struct zdd_view *view = NULL;
    enum zdd_err err = zdd_view_get(zdd_api_of(call)->views, run_id, &view);

    if (err == ZDD_ERR_NONE && !last_chance && view->revision == revision && !view->ended)
        return false;
    if (err == ZDD_ERR_NONE)
        err = still_let_in(call);
    if (err == ZDD_ERR_NONE)
        err =
            answer_view(call, view, zdd_caller_of(call)->conditional && view->revision == revision);
    zdd_call_finish(call, err);
    return true;
}

/* The deployment of path argument 0 if the caller may see it, else RUN_UNKNOWN. */
static enum zdd_err ask_view(struct zdd_call *call, struct zdd_view **ret_view)
{
    const char *id = NULL;
    enum zdd_err err = zdd_ask_id(call, 0, ZDD_ERR_RUN_UNKNOWN, &id);

    if (err == ZDD_ERR_NONE)
        err = zdd_view_get(zdd_api_of(call)->views, id, ret_view);
    if (err != ZDD_ERR_NONE || zdd_caller_reaches(zdd_caller_of(call), (*ret_view)->app_id))
        return err;
    return ZDD_ERR_RUN_UNKNOWN;
}

enum zdd_err zdd_api_get_deployment(struct zdd_call *call)
{
    const int wait_s = zdd_prefer_wait(zdd_call_header(call, "Prefer"), WAIT_MAX_S);
    const char *etags = zdd_call_header(call, "If-None-Match");
    ZDD_AUTO_VIEW struct zdd_view *view = NULL;
    bool is_known;
    enum zdd_err err = zdd_ask_known(call, NULL, 0);

    if (err == ZDD_ERR_NONE)
        err = ask_view(call, &view);
    if (err != ZDD_ERR_NONE)
        return err;
    if (wait_s >= 0)
        zdd_call_add_header(call, "Preference-Applied", "wait=%d", wait_s);
    is_known = etags && zdd_etag_listed(etags, view->revision);
    zdd_caller_of(call)->conditional = is_known;
    /* Without an ETag the caller means: differs from now. With one: from what it has. */
    if (wait_s > 0 && !view->ended && (!etags || is_known)) {
        err = zdd_hub_wait(zdd_api_of(call)->hub, call, view->id, view->revision,
                           (int64_t)wait_s * 1000);
        if (err != ZDD_ERR_TOO_MANY_CALLS)
            return err;
        /* Too many wait: an answer now is better than none, and always allowed (RFC 7240). */
    }
    return answer_view(call, view, is_known);
}
