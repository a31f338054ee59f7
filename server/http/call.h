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
#include "server/base/trace.h"
#include "server/json/fields.h"
#include "strategies/model/err.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define ZDD_CALL_ARG_MAX 4
#define ZDD_CALL_HEADER_MAX 24
#define ZDD_CALL_HEADER_SIZE 256 /* bytes of a reply header's value, with the NUL */
#define ZDD_CALL_QUERY_MAX 32    /* query parameters; more are refused */
#define ZDD_CALL_VALUE_MAX                                                                         \
    20000 /* JSON values in a body: 3 bytes can cost a kilobyte once defaults are filled in */

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

/**
 * Where a stream's bytes come from. Calls come from one thread at a time, and never while the
 * server holds the lock that zdd_stream_wake() takes: so read and close may take the lock under
 * which the owner calls zdd_stream_wake().
 *
 * A reader that went away is noticed by writing only. So whoever owns a stream that can be idle
 * wakes it every 10 to 15 s and writes a heartbeat (an SSE comment, an empty line): the second one
 * after the reader has gone ends the stream. A reader that stays but stops reading is cut after
 * zdd_http_options.timeout_s.
 */
struct zdd_stream_source {
    /**
     * @return bytes written to @p data (1..max; max is 100 at least); 0 when there is nothing now
     *         (zdd_stream_wake() brings the next call); -1 at the end
     */
    ssize_t (*read)(void *cls, char *data, size_t max);
    /**
     * The connection is gone, the stream must not be woken again; free @p cls. Called exactly once.
     */
    void (*close)(void *cls);
    void *cls;
};

/** What carries a call: the HTTP server, or a test. A member that is not needed may be NULL. */
struct zdd_carrier {
    const char *(*header)(const struct zdd_call *call, const char *name);
    void (*finish)(struct zdd_call *call, enum zdd_err err);
    struct zdd_stream *(*stream)(struct zdd_call *call, struct zdd_stream_source source,
                                 bool plain);
};

struct zdd_call {
    /* the request, all borrowed */
    void *app;                     /* zdd_http_options.app */
    const struct zdd_route *route; /* NULL before routing */
    const char *method;
    const char *path;                  /* as sent, before percent-decoding, without the query */
    const char *arg[ZDD_CALL_ARG_MAX]; /* path arguments, percent-decoded, never NULL for a {…} */
    size_t query_count;
    struct zdd_call_param {
        const char *name;
        const char *value;
    } query[ZDD_CALL_QUERY_MAX]; /* percent-decoded, as sent; read it by zdd_call_query() */
    uint16_t port;               /* of the server; a test may leave it 0 */
    const char *remote;          /* address of the caller, text; IPv4 over IPv6 as IPv4 */
    const char *body;            /* raw bytes, NUL after the last; NULL when none */
    size_t body_size;
    json_t *json;        /* the body, parsed by zdd_call_json(); owned by the call */
    int64_t now_ms;      /* UTC milliseconds when the call came in */
    char request_id[64]; /* from X-Request-Id when that is sane; else the trace's id; else new */
    char trace_id[ZDD_TRACE_ID_SIZE]; /* from traceparent, or "" */

    /* who asks; filled by zdd_http_options.before */
    void *caller; /* the program's own; freed by zdd_http_options.after */

    /* the reply */
    unsigned status;      /* 200 unless the handler says other */
    const char *type;     /* static text; "application/json" unless set */
    struct zdd_buf reply; /* the body */
    size_t header_count;
    struct zdd_call_header {
        const char *name; /* static text */
        char *value;      /* owned by the call */
    } header[ZDD_CALL_HEADER_MAX];
    const char
        *overlong;    /* a header whose value was too long to be added: the reply becomes a 500 */
    bool close_after; /* end the connection after the reply */

    /* what went wrong, for the words of the problem */
    char detail[600];
    struct zdd_field_errors *errors; /* NULL when there are none; fill it by zdd_call_errors() */
    char extra[1024];                /* further members of the problem, JSON without braces:
                                        "\"allowedCommands\":[…]" */

    /* below the surface */
    const struct zdd_carrier *carrier;
    void *exchange;   /* the carrier's own */
    char *memory;     /* what path, arg and query point into; owned by the call */
    char *arg_memory; /* the part of it where zdd_call_route() puts decoded arguments */
};

/**
 * Take the request target apart: path and query parameters.
 *
 * @param call    zeroed but for what is known; its detail is set when the verdict is QUERY_INVALID
 * @param target  "/v1/apps?limit=5", also with "http://host" before it; NULL counts as ""
 * @return ZDD_ERR_NONE; ZDD_ERR_QUERY_INVALID (broken percent-encoding, "%00", no UTF-8, more than
 *         ZDD_CALL_QUERY_MAX parameters; the path is set all the same); ZDD_ERR_NO_MEMORY
 */
ZDD_MUST_CHECK enum zdd_err zdd_call_open(struct zdd_call *call, const char *target);

/** Free what the call owns: JSON, reply, headers, errors, path, query. */
void zdd_call_release(struct zdd_call *call);

/**
 * Find the first row that fits method and path; fill call->route and call->arg.
 *
 * Segments are compared as sent and arguments decoded afterwards, so "%2Fzdd%2Fbase" is one
 * argument "/zdd/base". No argument is empty.
 *
 * @return ZDD_ERR_NONE; ZDD_ERR_ROUTE_UNKNOWN; ZDD_ERR_METHOD_UNKNOWN (an Allow header is added);
 *         ZDD_ERR_QUERY_INVALID (the encoding of an argument is broken). The detail says more.
 */
ZDD_MUST_CHECK enum zdd_err zdd_call_route(struct zdd_call *call, const struct zdd_route *routes,
                                           size_t route_count);

/**
 * @return header @p name of the request (any case; the first one when repeated), or NULL; borrowed
 *         until the handler returns, so a deferred call copies what it needs
 */
const char *zdd_call_header(const struct zdd_call *call, const char *name);

/**
 * @return query parameter @p name (the first one when repeated), percent-decoded; NULL when absent;
 *         "" for "?name"; borrowed
 */
const char *zdd_call_query(const struct zdd_call *call, const char *name);

/** Call @p visit for each query parameter in order (a name may repeat). */
void zdd_call_queries(const struct zdd_call *call,
                      void (*visit)(void *cls, const char *name, const char *value), void *cls);

/**
 * Read query parameter @p name as an integer within bounds.
 * @return ZDD_ERR_NONE (ret = @p otherwise when absent) or ZDD_ERR_QUERY_INVALID with the detail
 *         set
 */
ZDD_MUST_CHECK enum zdd_err zdd_call_query_int(struct zdd_call *call, const char *name, int64_t min,
                                               int64_t max, int64_t otherwise, int64_t *ret);

/** @return true when Content-Type is @p media_type, in any case and with any parameters */
bool zdd_call_has_type(const struct zdd_call *call, const char *media_type);

/** @return ZDD_ERR_NONE, or ZDD_ERR_MEDIA_TYPE when the body is compressed: nobody reads such ones,
 * for a small one may be a very large one */
ZDD_MUST_CHECK enum zdd_err zdd_call_coding(struct zdd_call *call);

/**
 * Parse the body into call->json. Content-Type must be application/json (parameters allowed) or end
 * in +json.
 * @return ZDD_ERR_NONE; ZDD_ERR_MEDIA_TYPE; ZDD_ERR_BODY_TOO_BIG (more than ZDD_CALL_VALUE_MAX
 *         values); ZDD_ERR_BODY_MALFORMED with line and column in the detail, or because there is
 *         no body; ZDD_ERR_NO_MEMORY
 */
ZDD_MUST_CHECK enum zdd_err zdd_call_json(struct zdd_call *call);

/** Note for the caller what exactly is wrong; cut to fit. @return @p err */
__attribute__((format(printf, 3, 4))) enum zdd_err
zdd_call_fail(struct zdd_call *call, enum zdd_err err, const char *format, ...);

/**
 * @return where errors of fields are noted; they go into the problem. Never NULL: when memory is
 *         short they are noted where nobody reads them, and the verdict alone must do
 */
struct zdd_field_errors *zdd_call_errors(struct zdd_call *call);

/**
 * Add a header to the reply; @p name is static text; beyond ZDD_CALL_HEADER_MAX it is an assertion.
 *
 * Control characters in the value become '?', so no value can forge a header. An empty value is
 * left out. One that does not fit into ZDD_CALL_HEADER_SIZE is a fault of ours and makes the reply
 * a 500 that names the header: a reply without its header, or with half of it, would mislead. So
 * what callers can make longer is measured before, and texts that are known at build time are
 * asserted there.
 */
__attribute__((format(printf, 3, 4))) void
zdd_call_add_header(struct zdd_call *call, const char *name, const char *format, ...);

/** @return the value of reply header @p name (any case) as added so far, or NULL */
const char *zdd_call_added(const struct zdd_call *call, const char *name);

/**
 * Finish a call whose handler returned ZDD_ERR_LATER, from any thread, exactly once; it may come
 * before that handler has returned. After it the call must not be touched.
 *
 * Until then the call stays valid, even when its caller hangs up or the server is freed: so every
 * deferred call must be finished some time.
 */
void zdd_call_finish(struct zdd_call *call, enum zdd_err err);

/**
 * Answer with a stream of unknown length instead of call->reply. The handler then returns
 * ZDD_ERR_NONE. At most once a call, from the handler or before zdd_call_finish(). When the call
 * fails all the same, or is a HEAD, close is called without any read.
 *
 * @param plain  no chunked coding: the body ends with the connection (Marathon's /v2/events)
 * @return a handle for zdd_stream_wake(), valid until source.close; NULL without memory
 *         (source.close is then not called)
 */
struct zdd_stream *zdd_call_stream(struct zdd_call *call, struct zdd_stream_source source,
                                   bool plain);

/** There may be bytes to read; from any thread, at any time before source.close returns. */
void zdd_stream_wake(struct zdd_stream *stream);

/** @return the HTTP status that answers @p err, by its class */
unsigned zdd_status_of(enum zdd_err err);

/**
 * Fill the reply with an RFC 9457 problem for @p err: type "/problems/{slug}", title, status,
 * detail, code, errors, requestId, traceId, call->extra.
 *
 * The status is zdd_status_of(err), unless call->status is 400 or more already. 401 gets
 * WWW-Authenticate and 503 Retry-After, unless the handler added its own.
 */
void zdd_call_problem(struct zdd_call *call, enum zdd_err err);
