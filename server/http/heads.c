/**
 * @file server/http/heads.c
 * @brief Request headers: counted, and refused when two readers could understand two things.
 */
#include "server/http/heads.h"

#include "server/http/server.h"

#include <microhttpd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Headers that must not be repeated. */
static const char *const single[] = {
    "Authorization",   "Content-Length", "Content-Type",      "Host",
    "Idempotency-Key", "If-Match",       "Transfer-Encoding",
};

#define SINGLE_COUNT (sizeof(single) / sizeof(single[0]))

struct tally {
    unsigned count;
    bool odd; /* a name that is no token */
    unsigned seen[SINGLE_COUNT];
};

/* libmicrohttpd lets blanks before the colon pass, as a part of the name: "Content-Length : 5"
 * would be a header that only others understand (RFC 9112 section 5.1). */
static bool is_token(const char *name)
{
    static const char token[] = "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                "abcdefghijklmnopqrstuvwxyz";

    return *name && !name[strspn(name, token)];
}

static enum MHD_Result count_one(void *cls, enum MHD_ValueKind kind, const char *name,
                                 const char *value)
{
    struct tally *tally = cls;

    (void)kind;
    (void)value;
    tally->count++;
    tally->odd = tally->odd || !is_token(name);
    for (size_t i = 0; i < SINGLE_COUNT; i++)
        tally->seen[i] += strcasecmp(name, single[i]) == 0;
    return MHD_YES;
}

static size_t head_size(struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);

    return info ? info->header_size : 0;
}

static enum zdd_err check(struct zdd_call *call, struct MHD_Connection *connection, size_t head_max)
{
    const char *coding = zdd_call_header(call, "Transfer-Encoding");
    struct tally tally = {0};

    MHD_get_connection_values(connection, MHD_HEADER_KIND, count_one, &tally);
    if (head_size(connection) + (size_t)tally.count * ZDD_HTTP_HEADER_WEIGHT > head_max) {
        call->status = 431;
        return zdd_call_fail(call, ZDD_ERR_QUERY_INVALID,
                             "the request line and %u headers are too large: %zu bytes are read, "
                             "and each header counts %d more",
                             tally.count, head_max, ZDD_HTTP_HEADER_WEIGHT);
    }
    if (tally.odd)
        return zdd_call_fail(
            call, ZDD_ERR_QUERY_INVALID,
            "the name of a header is no token: there may be a blank before the colon");
    for (size_t i = 0; i < SINGLE_COUNT; i++) {
        if (tally.seen[i] > 1)
            return zdd_call_fail(call, ZDD_ERR_QUERY_INVALID, "header %s comes more than once",
                                 single[i]);
    }
    if (coding && strcasecmp(coding, "chunked") != 0)
        return zdd_call_fail(call, ZDD_ERR_QUERY_INVALID, "Transfer-Encoding must be chunked");
    if (coding && zdd_call_header(call, "Content-Length"))
        return zdd_call_fail(call, ZDD_ERR_QUERY_INVALID,
                             "Content-Length and Transfer-Encoding exclude each other");
    return ZDD_ERR_NONE;
}

enum zdd_err zdd_heads_check(struct zdd_call *call, struct MHD_Connection *connection,
                             size_t head_max)
{
    const enum zdd_err err = check(call, connection, head_max);

    /* Where this request ends is open to doubt: what follows must not be taken for the next one
     * (RFC 9112 section 6.3). */
    call->close_after = call->close_after || err != ZDD_ERR_NONE;
    return err;
}

uint64_t zdd_heads_length(const struct zdd_call *call)
{
    const char *text = zdd_call_header(call, "Content-Length");

    return text ? strtoull(text, NULL, 10) : 0; /* libmicrohttpd lets only digits pass */
}

void zdd_heads_request_id(struct zdd_call *call)
{
    static const char sane[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";
    const char *id = zdd_call_header(call, "X-Request-Id");
    const size_t size = id ? strlen(id) : 0;

    zdd_trace_read(zdd_call_header(call, "traceparent"), call->trace_id);
    if (size > 0 && size < sizeof(call->request_id) && strspn(id, sane) == size)
        memcpy(call->request_id, id, size + 1);
    else if (call->trace_id[0])
        memcpy(call->request_id, call->trace_id, sizeof(call->trace_id));
    else
        zdd_uuid7(call->now_ms, call->request_id);
}
