/**
 * @file server/api/audit.c
 * @brief GET /v1/audit (pages, or everything as lines) and /v1/audit/verify.
 */
#include "storage/audit.h"

#include "server/api/handlers.h"
#include "server/api/page.h"
#include "server/api/post.h"
#include "strategies/model/decision.h"
#include "strategies/model/names.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EXPORT_BATCH 200 /* entries read at once: what an export holds in memory */
#define ACTION_MAX 40    /* words of the filter; asserted */

static const char *or_null(const char *text)
{
    return text && text[0] ? text : NULL;
}

static void write_hash(struct zdd_writer *w, const char *key, const char *hex)
{
    char text[sizeof("sha256:") + ZDD_HASH_SIZE];

    snprintf(text, sizeof(text), "sha256:%s", hex);
    zdd_w_text(w, key, text);
}

static void write_entry(struct zdd_writer *w, const struct zdd_audit *entry)
{
    zdd_w_object(w, NULL);
    zdd_w_int(w, "seq", entry->seq);
    zdd_w_time(w, "time", entry->time_ms);
    zdd_w_text(w, "actor", entry->actor);
    zdd_w_text(w, "remote", or_null(entry->remote));
    zdd_w_text(w, "action", entry->action);
    zdd_w_text(w, "appId", or_null(entry->app_id));
    zdd_w_text(w, "deploymentId", or_null(entry->run_id));
    zdd_w_text(w, "reason", entry->reason);
    zdd_w_text(w, "result", entry->result);
    zdd_w_text(w, "requestId", or_null(entry->request_id));
    zdd_w_raw(w, "data", entry->data);
    write_hash(w, "hash", entry->hash);
    zdd_w_end_object(w);
}

static bool list_entry(void *cls, const struct zdd_audit *entry)
{
    struct zdd_page *page = cls;

    if (!zdd_page_number(page, entry->seq))
        return false;
    write_entry(&page->w, entry);
    return true;
}

/* An export under way: reads on as the reader reads. */
struct export
{
    struct zdd_store *store;
    struct zdd_audit_filter filter;
    char actor[ZDD_ACTOR_SIZE], action[64], app_id[ZDD_APP_ID_SIZE], app_prefix[ZDD_APP_ID_SIZE];
    struct zdd_buf lines; /* read and not sent yet */
    size_t offset;
    bool over;
};

static bool export_entry(void *cls, const struct zdd_audit *entry)
{
    struct export *export = cls;
    struct zdd_writer w = {.buf = &export->lines};

    write_entry(&w, entry);
    zdd_buf_text(&export->lines, "\n");
    export->filter.before_seq = entry->seq;
    return true;
}

static void export_more(struct export *export)
{
    export->offset = 0;
    zdd_buf_clear(&export->lines);
    if (zdd_audit_list(export->store, &export->filter, export_entry, export) != ZDD_ERR_NONE ||
        export->lines.err != ZDD_ERR_NONE || export->lines.size == 0)
        export->over = true;
}

static ssize_t export_read(void *cls, char *data, size_t max)
{
    struct export *export = cls;
    size_t here;

    if (export->offset == export->lines.size && !export->over)
        export_more(export);
    if (export->over)
        return -1;
    here = export->lines.size - export->offset;
    here = here < max ? here : max;
    memcpy(data, export->lines.data + export->offset, here);
    export->offset += here;
    return (ssize_t)here;
}

static void export_close(void *cls)
{
    struct export *export = cls;

    zdd_buf_release(&export->lines);
    free(export);
}

/* The call's texts end with the handler; the stream needs them longer. @return false when one is
 * too long to fit anything */
static bool keep_text(const char *text, char *place, size_t size, const char **ret_text)
{
    if (!text)
        return true;
    *ret_text = place;
    return (size_t)snprintf(place, size, "%s", text) < size;
}

static enum zdd_err answer_export(struct zdd_call *call, const struct zdd_audit_filter *filter)
{
    struct export *export = calloc(1, sizeof(*export));

    if (!export)
        return ZDD_ERR_NO_MEMORY;
    export->store = zdd_store_of(call);
    export->filter = *filter;
    export->filter.oldest_first = true;
    export->filter.before_seq = 0;
    export->filter.limit = EXPORT_BATCH;
    export->over =
        !keep_text(filter->actor, export->actor, sizeof(export->actor), &export->filter.actor) ||
        !keep_text(filter->action, export->action, sizeof(export->action),
                   &export->filter.action) ||
        !keep_text(filter->app_id, export->app_id, sizeof(export->app_id),
                   &export->filter.app_id) ||
        !keep_text(filter->app_prefix, export->app_prefix, sizeof(export->app_prefix),
                   &export->filter.app_prefix);
    call->type = "application/x-ndjson";
    if (zdd_call_stream(
            call,
            (struct zdd_stream_source){.read = export_read, .close = export_close, .cls = export},
            false))
        return ZDD_ERR_NONE;
    export_close(export);
    return ZDD_ERR_NO_MEMORY;
}

/* What is written by others than the API, and families: all that begin so. */
static const char *const other_actions[] = {
    "deployment.end", "token.create", "token.revoke", "read",   "plan.",
    "deployment.",    "order.",       "gate.",        "token.", "session."};

static enum zdd_err read_action(struct zdd_call *call, struct zdd_audit_filter *filter)
{
    const char *words[ACTION_MAX];
    char orders[ZDD_ORDER_KIND_COUNT][32];
    size_t count = 0;

    for (; zdd_post_action(count); count++) {
        assert(count < ACTION_MAX - ZDD_ORDER_KIND_COUNT - ZDD_COUNT(other_actions));
        words[count] = zdd_post_action(count);
    }
    for (int i = 0; i < ZDD_ORDER_KIND_COUNT; i++) {
        snprintf(orders[i], sizeof(orders[i]), "order.%s", zdd_order_name((enum zdd_order_kind)i));
        words[count++] = orders[i];
    }
    for (size_t i = 0; i < ZDD_COUNT(other_actions); i++)
        words[count++] = other_actions[i];
    return zdd_ask_word(call, "action", words, count, &filter->action);
}

static enum zdd_err read_filter(struct zdd_call *call, struct zdd_audit_filter *filter)
{
    enum zdd_err err = zdd_ask_time(call, "since", &filter->since_ms);

    if (err == ZDD_ERR_NONE)
        err = zdd_ask_time(call, "until", &filter->until_ms);
    if (err == ZDD_ERR_NONE)
        err = read_action(call, filter);
    filter->actor = zdd_call_query(call, "actor");
    filter->app_id = zdd_call_query(call, "appId");
    filter->app_prefix = zdd_caller_prefix(zdd_caller_of(call));
    return err;
}

enum zdd_err zdd_api_list_audit(struct zdd_call *call)
{
    static const char *const filters[] = {"actor", "action", "appId", "since", "until"};
    const bool export = zdd_caller_of(call)->media == ZDD_MEDIA_NDJSON;
    struct zdd_page page;
    struct zdd_audit_filter filter = {0};
    enum zdd_err err = export ? zdd_ask_known(call, filters, ZDD_COUNT(filters))
                              : zdd_page_open(&page, call, filters, ZDD_COUNT(filters));

    if (err == ZDD_ERR_NONE)
        err = read_filter(call, &filter);
    if (err != ZDD_ERR_NONE)
        return err;
    if (export)
        return answer_export(call, &filter);
    filter.limit = page.ask;
    err = zdd_page_after_number(&page, &filter.before_seq);
    if (err == ZDD_ERR_NONE)
        err = zdd_audit_list(zdd_store_of(call), &filter, list_entry, &page);
    return err == ZDD_ERR_NONE ? zdd_page_close(&page) : err;
}

/* Walking millions of entries takes seconds: not on a thread that answers callers. */
static void verify(void *cls)
{
    struct zdd_call *call = cls;
    struct zdd_writer w = {.buf = &call->reply};
    struct zdd_audit_verdict verdict;
    const enum zdd_err err = zdd_audit_verify(zdd_store_of(call), &verdict);

    if (err != ZDD_ERR_NONE) {
        zdd_call_finish(call, err);
        return;
    }
    zdd_w_object(&w, NULL);
    zdd_w_bool(&w, "ok", verdict.ok);
    zdd_w_int(&w, "entries", verdict.entries);
    write_hash(&w, "head", verdict.head);
    if (!verdict.ok) {
        zdd_w_object(&w, "broken");
        zdd_w_int(&w, "seq", verdict.broken_seq);
        zdd_w_text(&w, "text", verdict.why);
        zdd_w_end_object(&w);
    }
    zdd_w_end_object(&w);
    zdd_call_finish(call, zdd_answer(call, ZDD_ERR_NONE));
}

enum zdd_err zdd_api_verify_audit(struct zdd_call *call)
{
    const enum zdd_err err = zdd_ask_known(call, NULL, 0);

    if (err != ZDD_ERR_NONE)
        return err;
    if (zdd_caller_prefix(zdd_caller_of(call)))
        return zdd_call_fail(call, ZDD_ERR_APP_FORBIDDEN,
                             "the chain is one for all apps, and the token reaches only %s",
                             zdd_caller_of(call)->token.app_prefix);
    return zdd_answer_later(call, verify, call);
}
