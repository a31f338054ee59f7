/**
 * @file server/http/problem.c
 * @brief What a failure looks like: one status per class, one shape (RFC 9457) for all.
 */
#include "server/http/call.h"
#include "server/json/writer.h"

#include <stdio.h>

#define RETRY_AFTER_S "2"

unsigned zdd_status_of(enum zdd_err err)
{
    static const unsigned statuses[] = {
        [ZDD_CLASS_OK] = 200,
        [ZDD_CLASS_MALFORMED] = 400,
        [ZDD_CLASS_UNAUTHENTICATED] = 401,
        [ZDD_CLASS_FORBIDDEN] = 403,
        [ZDD_CLASS_MISSING] = 404,
        [ZDD_CLASS_METHOD] = 405,
        [ZDD_CLASS_NOT_ACCEPTABLE] = 406,
        [ZDD_CLASS_CONFLICT] = 409,
        [ZDD_CLASS_STALE] = 412,
        [ZDD_CLASS_TOO_BIG] = 413,
        [ZDD_CLASS_MEDIA_TYPE] = 415,
        [ZDD_CLASS_INVALID] = 422,
        [ZDD_CLASS_TOO_MANY] = 429,
        [ZDD_CLASS_INTERNAL] = 500,
        [ZDD_CLASS_UPSTREAM] = 502,
        [ZDD_CLASS_TRANSIENT] = 503,
        [ZDD_CLASS_UPSTREAM_SLOW] = 504,
        [ZDD_CLASS_FULL] = 507,
    };
    _Static_assert(sizeof(statuses) / sizeof(statuses[0]) == ZDD_CLASS_COUNT,
                   "each class needs a status");

    return statuses[zdd_err_class(err)];
}

static void write_errors(struct zdd_writer *w, const struct zdd_field_errors *errors)
{
    if (!errors || errors->count == 0)
        return;
    zdd_w_array(w, "errors");
    for (size_t i = 0; i < errors->count && i < ZDD_FIELD_ERROR_MAX; i++) {
        zdd_w_object(w, NULL);
        zdd_w_text(w, "pointer", errors->error[i].pointer);
        zdd_w_text(w, "detail", errors->error[i].detail);
        zdd_w_end_object(w);
    }
    zdd_w_end_array(w);
}

static void write_problem(struct zdd_call *call, enum zdd_err err)
{
    struct zdd_writer w = {.buf = &call->reply};
    char type[80];

    snprintf(type, sizeof(type), "/problems/%s", zdd_err_slug(err));
    zdd_buf_clear(&call->reply);
    zdd_w_object(&w, NULL);
    zdd_w_text(&w, "type", type);
    zdd_w_text(&w, "title", zdd_err_text(err));
    zdd_w_int(&w, "status", call->status);
    if (call->detail[0])
        zdd_w_text(&w, "detail", call->detail);
    zdd_w_text(&w, "code", zdd_err_slug(err));
    write_errors(&w, call->errors);
    zdd_w_text(&w, "requestId", call->request_id);
    if (call->trace_id[0])
        zdd_w_text(&w, "traceId", call->trace_id);
    if (call->extra[0])
        zdd_buf_printf(&call->reply, ",%s", call->extra);
    zdd_w_end_object(&w);
}

/* A handler may have used up the places for headers; then a hint is left out. */
static void hint(struct zdd_call *call, const char *name, const char *value)
{
    if (!zdd_call_added(call, name) && call->header_count < ZDD_CALL_HEADER_MAX)
        zdd_call_add_header(call, name, "%s", value);
}

void zdd_call_problem(struct zdd_call *call, enum zdd_err err)
{
    if (call->status < 400)
        call->status = zdd_status_of(err);
    call->type = "application/problem+json";
    if (call->status == 401)
        hint(call, "WWW-Authenticate", "Bearer realm=\"zdd\"");
    if (call->status == 503)
        hint(call, "Retry-After", RETRY_AFTER_S);
    write_problem(call, err);
}
