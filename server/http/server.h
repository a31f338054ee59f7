/**
 * @file server/http/server.h
 * @brief The HTTP server; mhd.c alone knows libmicrohttpd. Shared by zdd-server and zdd-lab.
 *
 * A few threads in poll mode hold many connections: calls that wait and streams that are idle are
 * suspended and cost no thread (targets.md: epoll mode stalls when 128 resume together).
 */
#pragma once

#include "server/http/call.h"

struct zdd_http;

struct zdd_http_options {
    const char *host;        /* address to bind, "127.0.0.1" or "::1"; never a name */
    uint16_t port;           /* 0 picks a free one */
    unsigned thread_count;   /* 1 to 64 */
    unsigned connection_max; /* above it new connections get 503 and Retry-After; 0 means 4096, less
                                if RLIMIT_NOFILE is low */
    size_t body_max; /* bytes; larger bodies are answered 413 without being kept; 0 means 1 MiB */
    unsigned timeout_s; /* a request that does not arrive, or a reader that does not read, for that
                           long is cut; 0 means 30 */
    const struct zdd_route *routes;
    size_t route_count;
    void *app; /* goes into zdd_call.app */
    /** Before the handler, route known: who asks, may they? NULL for nobody asks. An error skips
     * the handler. */
    enum zdd_err (*before)(struct zdd_call *call);
    /** Fill the reply for a failed call; NULL means zdd_call_problem(). */
    void (*fail)(struct zdd_call *call, enum zdd_err err);
    /** After the reply is handed over or the connection is lost: log, free call->caller. May be
     * NULL. */
    void (*after)(struct zdd_call *call);
};

/**
 * Listen and answer.
 * @param[out] ret_reason  when NULL is returned: why, as one sentence ("127.0.0.1:8090 is in use by
 * another program")
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
 * NULL is fine.
 * @return NULL
 */
struct zdd_http *zdd_http_free(struct zdd_http *http, int64_t grace_ms);
