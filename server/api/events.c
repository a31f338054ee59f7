/**
 * @file server/api/events.c
 * @brief GET /v1/events and /v1/deployments/{id}/events: pages, or a stream.
 */
#include "server/api/event_json.h"
#include "server/api/handlers.h"
#include "server/api/inside.h"
#include "server/api/page.h"

#include <errno.h>
#include <stdlib.h>

/* The position after which to go on: header before query; @p otherwise when neither is there. */
static enum zdd_err read_position(struct zdd_call *call, int64_t otherwise, int64_t *ret_seq)
{
    const char *text = zdd_call_header(call, "Last-Event-ID");
    char *end = NULL;
    long long seq;

    if (!text)
        return zdd_call_query_int(call, "lastEventId", 0, INT64_MAX, otherwise, ret_seq);
    errno = 0;
    seq = strtoll(text, &end, 10);
    if (*text < '0' || *text > '9' || *end || errno)
        return zdd_call_fail(call, ZDD_ERR_QUERY_INVALID,
                             "Last-Event-ID must be the id of an event, a number, not \"%.40s\"",
                             text);
    *ret_seq = seq;
    return ZDD_ERR_NONE;
}

static enum zdd_err read_type(struct zdd_call *call, const char **ret_type)
{
    return zdd_ask_word(call, "type", zdd_event_types, zdd_event_type_count, ret_type);
}

static bool list_event(void *cls, const struct zdd_event *event)
{
    struct zdd_page *page = cls;

    if (!zdd_page_number(page, event->seq))
        return false;
    zdd_w_event(&page->w, NULL, event);
    return true;
}

static enum zdd_err answer_page(struct zdd_call *call, const char *const filters[], size_t count,
                                const char *run_id)
{
    struct zdd_page page;
    struct zdd_event_filter filter = {
        .run_id = run_id,
        .app_prefix = zdd_caller_prefix(zdd_caller_of(call)),
    };
    int64_t after = 0;
    enum zdd_err err = zdd_page_open(&page, call, filters, count);

    if (err == ZDD_ERR_NONE)
        err = read_type(call, &filter.type);
    if (err == ZDD_ERR_NONE)
        err = read_position(call, 0, &filter.after_seq);
    if (err == ZDD_ERR_NONE)
        err = zdd_page_after_number(&page, &after);
    if (err != ZDD_ERR_NONE)
        return err;
    if (after > filter.after_seq)
        filter.after_seq = after;
    filter.app_id = zdd_call_query(call, "appId");
    filter.limit = page.ask;
    err = zdd_event_list(zdd_store_of(call), &filter, list_event, &page);
    return err == ZDD_ERR_NONE ? zdd_page_close(&page) : err;
}

static enum zdd_err answer_stream(struct zdd_call *call, struct zdd_hub_ask *ask)
{
    ask->shown = &zdd_caller_of(call)->shown;
    call->type = "text/event-stream";
    zdd_call_add_header(call, "Cache-Control", "no-store");
    zdd_call_add_header(call, "X-Accel-Buffering", "no"); /* nginx would hold it back */
    return zdd_hub_stream(zdd_api_of(call)->hub, call, ask);
}

enum zdd_err zdd_api_list_events(struct zdd_call *call)
{
    static const char *const filters[] = {"appId", "deploymentId", "type", "lastEventId", "ticket"};
    struct zdd_hub_ask ask = {
        .app_id = zdd_call_query(call, "appId"),
        .run_id = zdd_call_query(call, "deploymentId"),
        .app_prefix = zdd_caller_prefix(zdd_caller_of(call)),
    };
    enum zdd_err err;

    if (zdd_caller_of(call)->media != ZDD_MEDIA_SSE)
        return answer_page(call, filters, ZDD_COUNT(filters), ask.run_id);
    err = zdd_ask_known(call, filters, ZDD_COUNT(filters));
    if (err == ZDD_ERR_NONE)
        err = read_type(call, &ask.type);
    if (err == ZDD_ERR_NONE)
        err = read_position(call, -1, &ask.after_seq);
    return err == ZDD_ERR_NONE ? answer_stream(call, &ask) : err;
}

static bool note_one(void *cls, const struct zdd_event *event)
{
    (void)event;
    *(bool *)cls = true;
    return false;
}

/* Has everything that this deployment will ever tell been seen? */
static enum zdd_err check_over(struct zdd_call *call, const struct zdd_run *run, int64_t after_seq,
                               bool *ret_over)
{
    const struct zdd_event_filter filter = {.run_id = run->id, .after_seq = after_seq, .limit = 1};
    bool more = false;
    enum zdd_err err = ZDD_ERR_NONE;

    if (zdd_phase_is_final(run->phase))
        err = zdd_event_list(zdd_store_of(call), &filter, note_one, &more);
    *ret_over = zdd_phase_is_final(run->phase) && !more;
    return err;
}

enum zdd_err zdd_api_list_deployment_events(struct zdd_call *call)
{
    static const char *const filters[] = {"type", "lastEventId", "ticket"};
    struct zdd_hub_ask ask = {.until_end = true};
    struct zdd_run run;
    bool over = false;
    enum zdd_err err = zdd_ask_run(call, &run, NULL);

    if (err != ZDD_ERR_NONE)
        return err;
    if (zdd_caller_of(call)->media != ZDD_MEDIA_SSE)
        return answer_page(call, filters, ZDD_COUNT(filters), run.id);
    ask.run_id = run.id;
    err = zdd_ask_known(call, filters, ZDD_COUNT(filters));
    if (err == ZDD_ERR_NONE)
        err = read_type(call, &ask.type);
    if (err == ZDD_ERR_NONE)
        err = read_position(call, 0, &ask.after_seq);
    if (err == ZDD_ERR_NONE)
        err = check_over(call, &run, ask.after_seq, &over);
    if (err != ZDD_ERR_NONE || !over)
        return err == ZDD_ERR_NONE ? answer_stream(call, &ask) : err;
    call->status = 204; /* also tells a browser's EventSource to stop asking */
    return ZDD_ERR_NONE;
}
