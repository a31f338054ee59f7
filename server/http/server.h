/**
 * @file server/http/server.h
 * @brief The HTTP server; mhd.c alone knows libmicrohttpd. Shared by zdd-server and zdd-lab.
 *
 * A few threads in poll mode hold many connections: calls that wait and streams that are idle are
 * suspended and cost no thread (epoll mode stalls when 128 of them resume together).
 *
 * What is refused without asking a handler: a request line and headers that weigh more than
 * head_max (414, 431); a body of more than body_max (413); a Transfer-Encoding other than "chunked"
 * or together with Content-Length, a header whose name is no token, no Host in HTTP/1.1, and a
 * repeated Authorization, Content-Length, Content-Type, Host, Idempotency-Key, If-Match or
 * Transfer-Encoding (400: two readers of such a request may understand two things). The connection
 * is closed after it. A request head that has not arrived after twice timeout_s is cut, and a body
 * after ten times timeout_s: however many bytes still trickle in.
 */
#pragma once

#include "server/http/call.h"

#define ZDD_HTTP_HEAD_MAX 5120    /* bytes, see head_max */
#define ZDD_HTTP_HEADER_WEIGHT 64 /* bytes that a header counts beside its own */

struct zdd_http;
struct zdd_tls;

struct zdd_http_options {
    const char *host;         /* address to bind, "127.0.0.1" or "::1"; never a name */
    uint16_t port;            /* 0 picks a free one */
    unsigned thread_count;    /* 1 to 64 */
    unsigned connection_max;  /* above it new connections get 503 and Retry-After, and 64 above it
                                 they are closed at once; 0 means 4096; at least 128 below
                                 RLIMIT_NOFILE in any case */
    size_t head_max;          /* bytes of the request line and headers, each header counting
                                 ZDD_HTTP_HEADER_WEIGHT more; 0 means ZDD_HTTP_HEAD_MAX. Each open
                                 connection keeps that much memory and 1 KiB for the reply's headers;
                                 an idle stream 4 KiB more */
    size_t body_max;          /* bytes; larger bodies are answered 413 without being kept; 0 means
                                 1 MiB */
    unsigned timeout_s;       /* a request that does not arrive, or a reader that does not read, for
                                 that long is cut; 0 means 30 */
    const char *cors_origins; /* pages that may call, see cors.h; borrowed; NULL: none */
    struct zdd_tls *tls;      /* borrowed, see tls.h; NULL: no TLS */
    bool squeezes;            /* replies of ZDD_SQUEEZE_MIN bytes and more go out in gzip to whoever
                                 takes it */
    bool without_guards;      /* leave away "X-Content-Type-Options: nosniff" and "Cache-Control:
                                 no-store", which are sent unless the handler adds its own */
    const struct zdd_route *routes;
    size_t route_count;
    void *app; /* goes into zdd_call.app */
    /**
     * Before the handler, route known, body not read yet: who asks, may they? NULL for nobody asks.
     * An error skips the handler.
     */
    enum zdd_err (*before)(struct zdd_call *call);
    /** Fill the reply (status, type, body) of a failed call; NULL means zdd_call_problem(). */
    void (*fail)(struct zdd_call *call, enum zdd_err err);
    /**
     * Once for each call, after its reply is sent or its connection is lost: log, free
     * call->caller. call->route is NULL when none fits. May be NULL.
     */
    void (*after)(struct zdd_call *call);
};

/**
 * Listen and answer.
 * @param[out] ret_reason  when NULL is returned: why, as one sentence ("127.0.0.1:8090 is in use by
 *                         another program")
 * @return NULL when it cannot listen
 */
struct zdd_http *zdd_http_start(const struct zdd_http_options *options,
                                char ret_reason[static 200]);

/** @return the port the server listens on */
uint16_t zdd_http_port(const struct zdd_http *http);

/** @return open connections now */
unsigned zdd_http_connections(const struct zdd_http *http);

/** Accept no more connections; those that are open go on. */
void zdd_http_quiesce(struct zdd_http *http);

/**
 * End all streams, wait at most @p grace_ms for calls under way (deferred ones too), then stop.
 * New calls on open connections get 503 meanwhile. NULL is fine.
 *
 * A deferred call that is not finished by then loses its connection but stays valid: it must still
 * be finished, and zdd_call_finish() calls options.after for it. So end whatever finishes calls
 * after the server, and what `after` uses last.
 * @return NULL
 */
struct zdd_http *zdd_http_free(struct zdd_http *http, int64_t grace_ms);
