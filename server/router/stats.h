/**
 * @file server/router/stats.h
 * @brief What all balancers show, asked side by side, at most one look at a time, shared by all who
 * want to know. Thread-safe.
 */
#pragma once

#include "server/router/places.h"
#include "server/router/process.h"
#include "server/router/stats_csv.h"

#define ZDD_STATS_LIMIT_MS 2000 /* of one look at one balancer */

/** What one balancer answered. */
struct zdd_stats_answer {
    struct zdd_stats_table table;
    struct zdd_process process;
};

/**
 * How a balancer is asked; called from several threads at once, for different balancers.
 * @param limit_ms         all of it must have ended by then
 * @param[out] ret_answer  set on success only
 * @param[out] reason      on failure, one sentence
 */
typedef enum zdd_err zdd_stats_look(void *cls, const struct zdd_place *place, int64_t limit_ms,
                                    struct zdd_stats_answer *ret_answer,
                                    char reason[static ZDD_ROUTER_REASON_SIZE]);

struct zdd_stats_options {
    struct zdd_places *places; /* borrowed until zdd_stats_close() */
    zdd_stats_look *look;
    void *cls;
    int64_t limit_ms; /* 0: ZDD_STATS_LIMIT_MS */
};

struct zdd_stats;

/** @return NULL without memory */
struct zdd_stats *zdd_stats_open(const struct zdd_stats_options *options);

/** Nobody may be looking any more. NULL is fine. @return NULL */
struct zdd_stats *zdd_stats_close(struct zdd_stats *stats);

/**
 * As struct zdd_router_ops.observe, but for the receipts. Bounded: a look that others have begun
 * too early, and one of one's own.
 */
ZDD_MUST_CHECK enum zdd_err zdd_stats_observe(struct zdd_stats *stats,
                                              const struct zdd_router_ask *asks, size_t count,
                                              int64_t max_age_ms, struct zdd_router_view *ret_views,
                                              char reason[static ZDD_ROUTER_REASON_SIZE]);

/** Something was ordered: nobody may see what was before it. */
void zdd_stats_expire(struct zdd_stats *stats);
