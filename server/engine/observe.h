/**
 * @file server/engine/observe.h
 * @brief From what the cluster shows to what strategies look at.
 */
#pragma once

#include "server/engine/cluster.h"
#include "strategies/rules.h"

/** @return the observation of @p view at @p now_ms for @p run of @p plan; @p view NULL: Marathon
 * did not tell */
struct zdd_observation zdd_observe(const struct zdd_plan *plan, const struct zdd_run *run,
                                   const struct zdd_app_view *view, int64_t now_ms);

/** @return what callers see of @p side, whose tasks have config version @p version */
struct zdd_tally zdd_tally_of(const struct zdd_side *side, const char *version);

/** Note in @p run what callers want to see of @p view: both sides, versions, and a Marathon
 * deployment that must be ours. */
void zdd_observe_note(const struct zdd_plan *plan, const struct zdd_app_view *view,
                      const struct zdd_observation *seen, struct zdd_run *run);
