/**
 * @file server/http/call.h
 * @brief One HTTP call as a handler sees it: no sockets, no libmicrohttpd.
 *
 * A handler reads the call, asks storage, writes the reply and returns a verdict.
 * It never sends anything itself, so it can be tested as a function. It may also
 * answer later (ZDD_ERR_LATER and zdd_call_finish()) or with a stream.
 */
#pragma once

#include "server/base/buf.h"
#include "server/base/crypto.h"
#include "server/json/fields.h"
#include "strategies/model/err.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define ZDD_CALL_ARG_MAX 4
#define ZDD_CALL_HEADER_MAX 16

struct zdd_call;
struct zdd_stream;
typedef enum zdd_err zdd_handler(struct zdd_call *call);

struct zdd_route {
    const char *method; /* "GET" also answers HEAD */
    const char *path; /* "/v1/deployments/{id}"; {…} takes one segment; {…*} as the last one takes
                         the rest, slashes too */
    zdd_handler *handler;
    const char *operation; /* operationId in openapi/openapi.json; a test compares the two */
    unsigned flags;        /* the program's own: scope needed, media types read, … */
};

struct zdd_call {
    /* the request, all borrowed */
    void *app;                     /* zdd_http_options.app */
    const struct zdd_route *route; /* NULL before routing */
    const char *method;
    const char *path;                  /* as sent, before percent-decoding, without the query */
    const char *arg[ZDD_CALL_ARG_MAX]; /* path arguments, percent-decoded, never NULL for a {…} */
    const char *remote;                /* address of the caller, text */
    const char *body;                  /* raw bytes, NUL after the last; NULL when none */
    size_t body_size;
    json_t *json;        /* the body, parsed by zdd_call_json(); owned by the call */
    int64_t now_ms;      /* UTC milliseconds when the call came in */
    char request_id[64]; /* from X-Request-Id when that is sane, else new */

    /* who asks; filled by zdd_http_options.before */
    void *caller; /* the program's own; freed by zdd_http_options.after */

    /* the reply */
    unsigned status;      /* 200 unless the handler says other */
    const char *type;     /* static text; "application/json" unless set */
    struct zdd_buf reply; /* the body */
    size_t header_count;
    struct zdd_call_header {
        const char *name; /* static text */
        char value[256];
    } header[ZDD_CALL_HEADER_MAX];
    bool close_after; /* end the connection after the reply */

    /* what went wrong, for the words of the problem */
    char detail[600];
    struct zdd_field_errors errors;
    char extra[1024]; /* further members of the problem, JSON without braces:
                         "\"allowedCommands\":[…]" */

    void *exchange; /* the adapter's own */
};

/** @return header @p name of the request (any case), or NULL; borrowed */
const char *zdd_call_header(const struct zdd_call *call, const char *name);

/** @return query parameter @p name, percent-decoded, or NULL when absent; "" for "?name"; borrowed
 */
const char *zdd_call_query(const struct zdd_call *call, const char *name);

/** Call @p visit for each query parameter in order (a name may repeat). */
void zdd_call_queries(const struct zdd_call *call,
                      void (*visit)(void *cls, const char *name, const char *value), void *cls);

/**
 * Read query parameter @p name as an integer within bounds.
 * @return ZDD_ERR_NONE (ret = @p otherwise when absent) or ZDD_ERR_QUERY_INVALID with the detail
 * set
 */
ZDD_MUST_CHECK enum zdd_err zdd_call_query_int(struct zdd_call *call, const char *name, int64_t min,
                                               int64_t max, int64_t otherwise, int64_t *ret);

/**
 * Parse the body into call->json. Content-Type must be application/json (parameters allowed) or end
 * in +json.
 * @return ZDD_ERR_NONE; ZDD_ERR_MEDIA_TYPE; ZDD_ERR_BODY_MALFORMED with line and column in the
 * detail
 */
ZDD_MUST_CHECK enum zdd_err zdd_call_json(struct zdd_call *call);

/** Note for the caller what exactly is wrong; cut to fit. @return @p err */
__attribute__((format(printf, 3, 4))) enum zdd_err
zdd_call_fail(struct zdd_call *call, enum zdd_err err, const char *format, ...);

/** Add a header to the reply; @p name is static text; beyond ZDD_CALL_HEADER_MAX it is an
 * assertion. */
__attribute__((format(printf, 3, 4))) void
zdd_call_add_header(struct zdd_call *call, const char *name, const char *format, ...);

/**
 * Finish a call whose handler returned ZDD_ERR_LATER, from any thread, exactly once; it may come
 * before that handler has returned. After it the call must not be touched.
 */
void zdd_call_finish(struct zdd_call *call, enum zdd_err err);

/** Where a stream's bytes come from. Calls come from one thread at a time. */
struct zdd_stream_source {
    /** @return bytes written to @p data (1..max); 0 when there is nothing now (zdd_stream_wake()
     * brings the next call); -1 at the end */
    ssize_t (*read)(void *cls, char *data, size_t max);
    /** The connection is gone, the stream must not be woken again; free @p cls. Called exactly
     * once. */
    void (*close)(void *cls);
    void *cls;
};

/**
 * Answer with a stream of unknown length instead of call->reply. The handler then returns
 * ZDD_ERR_NONE.
 * @param plain  no chunked coding: the body ends with the connection (Marathon's /v2/events)
 * @return a handle for zdd_stream_wake(), valid until source.close; NULL without memory
 * (source.close is then not called)
 */
struct zdd_stream *zdd_call_stream(struct zdd_call *call, struct zdd_stream_source source,
                                   bool plain);

/** There may be bytes to read; from any thread, at any time before source.close returns. */
void zdd_stream_wake(struct zdd_stream *stream);

/** @return the HTTP status that answers @p err, by its class */
unsigned zdd_status_of(enum zdd_err err);

/** Fill the reply with an RFC 9457 problem for @p err: type "/problems/{slug}", title, status,
 * detail, code, errors, requestId, call->extra. */
void zdd_call_problem(struct zdd_call *call, enum zdd_err err);
