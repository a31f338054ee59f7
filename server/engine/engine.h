/**
 * @file server/engine/engine.h
 * @brief The engine: takes a due deployment, observes, decides, commits, acts. Event-driven, W
 * workers.
 *
 * Waiting deployments cost a few hundred bytes and no thread. Events bring a look nearer,
 * one slow sweep with one request for all is the fallback; nothing polls per deployment.
 */
#pragma once

#include "server/engine/cluster.h"
#include "server/engine/points.h"
#include "server/engine/probe.h"
#include "server/engine/router.h"
#include "storage/runs.h"

#include <stdbool.h>
#include <stdint.h>

struct zdd_engine;
struct zdd_metrics;

struct zdd_engine_options {
    struct zdd_store *store;     /* borrowed */
    struct zdd_cluster cluster;  /* borrowed */
    struct zdd_router router;    /* borrowed; all zero: no deployment over a pair is ever started */
    struct zdd_probe probe;      /* borrowed; all zero: no deployment with checks is ever started */
    struct zdd_metrics *metrics; /* borrowed; NULL: nothing is counted */
    unsigned worker_count;       /* 1 to 64 */
    int64_t (*now_ms)(void);     /* NULL: zdd_steady_ms */
    int64_t
        sweep_ms; /* how often all waiting deployments are looked at while events flow; 0: 45 000 */
    int64_t blind_sweep_ms; /* … while the event stream is down; 0: 5 000 */
    int64_t retry_ms;       /* after a database error, or without memory; 0: 1 000 */
    int64_t settle_ms;      /* events of one burst are answered with one look; 0: 40 */
    zdd_dies *dies;         /* fault tests; NULL: never */
    void *fate;             /* handed to dies */
};

/** Load the live deployments, make them due, start the workers. @return NULL without memory or when
 * the store cannot be read */
struct zdd_engine *zdd_engine_start(const struct zdd_engine_options *options);

/** Stop taking steps; a step under way is finished up to its next safe point. @return NULL; NULL is
 * fine */
struct zdd_engine *zdd_engine_free(struct zdd_engine *engine);

/** A deployment is new, or was commanded: look at it now. From any thread; never blocks. */
void zdd_engine_wake(struct zdd_engine *engine, const char *run_id, const char *app_id);

/** One event of Marathon's stream: only its kind and the apps it names are used. From any thread.
 */
void zdd_engine_event(struct zdd_engine *engine, const char *event, const char *data);

/** The event stream is live again (everything known may be old), or lost. */
void zdd_engine_stream(struct zdd_engine *engine, bool live);

/** Run @p work on a worker: the place for handlers' network calls. @return false when draining or 1
 * 024 wait already: @p work is not called */
bool zdd_engine_submit(struct zdd_engine *engine, void (*work)(void *cls), void *cls);

struct zdd_engine_stats {
    unsigned live; /* deployments that have not ended */
    unsigned due;  /* of these, waiting for a worker */
    unsigned workers_busy;
    bool stream_live;
    uint64_t steps, looks, orders, retries;
    unsigned floors_broken; /* pairs of which fewer instances serve than promised */
    uint64_t floor_violations;
};
void zdd_engine_stats(struct zdd_engine *engine, struct zdd_engine_stats *ret_stats);

/** What the watchdog has seen last of a deployment over a pair. */
struct zdd_engine_floor {
    bool watched; /* false: nothing is promised, or nothing was seen yet */
    bool broken;
    int32_t promised, serving;             /* instances; serving: where they are fewest … */
    char balancer[ZDD_BALANCER_NAME_SIZE]; /* … which is here */
};
void zdd_engine_floor(struct zdd_engine *engine, const char *run_id,
                      struct zdd_engine_floor *ret_floor);
