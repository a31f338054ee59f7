/**
 * @file server/api/api.h
 * @brief The HTTP API, version 1: routes, who may call them, and what they share.
 *
 * A handler never waits for the network: what needs Marathon is done by a worker of the
 * engine, what writes is done by the store's writer, and the call is suspended meanwhile.
 *
 * Order for main.c: store, engine, zdd_api_new(), zdd_api_serve(), zdd_http_start(); and at the
 * end zdd_api_drain(), zdd_http_free(), zdd_engine_free(), zdd_api_free(), zdd_store_free().
 */
#pragma once

#include "server/base/log.h"
#include "server/engine/cluster.h"
#include "server/engine/engine.h"
#include "server/http/server.h"
#include "server/router/presence.h"
#include "server/secrets/secrets.h"
#include "storage/store.h"

#include <stdint.h>

struct zdd_api;
struct zdd_metrics;

#define ZDD_EXPLAIN_PATIENCE_MS 3000

struct zdd_api_options {
    struct zdd_store *store;           /* borrowed */
    const struct zdd_secrets *secrets; /* borrowed: definitions come in through it */
    struct zdd_engine *engine; /* borrowed; NULL in tests: calls to the cluster are then made by the
                                  thread that has the request, and nobody is woken */
    struct zdd_cluster cluster; /* borrowed */
    struct zdd_cluster hasty; /* the same one with a time limit of ZDD_EXPLAIN_PATIENCE_MS, for who
                                 asks why nothing goes on; without ops: `cluster` */
    const char *agent; /* HOST:PORT at which balancers reach this server's agent; "" or NULL: the
                          router marathon-lb is not there */
    bool haproxy,
        vamp; /* these routers are there; without any, strategies over a pair are refused */
    struct zdd_presence *presence; /* borrowed: which balancers answer; NULL: nobody looks */
    const char *verify_hosts; /* that checks of new versions may ask, as in server/probe/checks.h;
                                 NULL or "": none but the new instances */
    struct zdd_metrics *metrics; /* borrowed; NULL: what is counted as it happens is not shown */
    int64_t session_ms;  /* how long somebody stays logged in to the dashboard; 0 means 12 h */
    const char *version; /* of this build: "0.1.0-12-g55305e4"; static text */
    unsigned ring_size;  /* latest events kept in memory for streams; 0 means 1024 */
    unsigned stream_max; /* event streams at once, above it 503; 0 means 4096 */
    unsigned waiter_max; /* calls that wait by "Prefer: wait", above it the answer comes at once; 0
                            means 1024 */
    unsigned rate_limit; /* calls a second of one token; 0: no limit */
    enum zdd_log_calls log_calls; /* which calls are logged */
    bool https;                   /* it is served by TLS: cookies go over nothing else */
    int64_t heartbeat_ms;         /* a comment on each stream that often; 0 means 15 000 */
};

/** Start the thread that feeds streams and waiting calls. @return NULL without memory, threads or a
 * readable store */
struct zdd_api *zdd_api_new(const struct zdd_api_options *options);

/**
 * Stop that thread and free everything. No call may be under way any more: free the HTTP server
 * before. NULL is fine.
 * @return NULL
 */
struct zdd_api *zdd_api_free(struct zdd_api *api);

/** Fill routes, callbacks and `app` of @p http; the rest is the caller's. */
void zdd_api_serve(struct zdd_api *api, struct zdd_http_options *http);

/**
 * From now on /readyz answers 503 and operations that start new work answer 503 "draining";
 * calls that wait by "Prefer: wait" are answered at once. From any thread.
 */
void zdd_api_drain(struct zdd_api *api);

/** Every operation of this server; a test holds it together with openapi/openapi.json. */
extern const struct zdd_route zdd_routes[];
extern const size_t zdd_route_count;
