/**
 * @file server/engine/measure.h
 * @brief Which share of the requests the new version of a pair really gets, and what becomes of
 * them, by what its balancers count.
 *
 * Balancers count since their last reload, so what they said last is kept, in memory: a restart of
 * the server misses what came between its last look and its first. The sums stand in the run.
 */
#pragma once

#include "server/engine/router.h"
#include "strategies/model/plan.h"
#include "strategies/model/run.h"

struct zdd_measure;

/** @return NULL without memory */
struct zdd_measure *zdd_measure_new(void);
/** NULL is fine. @return NULL */
struct zdd_measure *zdd_measure_free(struct zdd_measure *measure);

/**
 * Take in what the balancers show: while both versions get requests, @p run->trial is brought up to
 * date. Before a decision, so that it rests on it.
 *
 * @param measure  NULL: nothing is kept, and nothing counted; from any thread
 * @param view     what @p run's balancers show now; NULL: they were not asked
 */
void zdd_measure_look(struct zdd_measure *measure, const struct zdd_plan *plan,
                      const struct zdd_router_view *view, int64_t now_ms, struct zdd_run *run);

/**
 * Bring @p run->split up to date, behind the decision: it begins anew whenever other weights have
 * been seen on every balancer (run->traffic_seen_at_ms), and is nothing while that is not so.
 */
void zdd_measure_note(struct zdd_measure *measure, const struct zdd_router_view *view,
                      int64_t now_ms, struct zdd_run *run);
