/**
 * @file strategies/share.h
 * @brief The shares of a plan's program, with the instances that there will be then.
 */
#pragma once

#include "strategies/model/plan.h"
#include "strategies/model/run.h"
#include "strategies/model/traffic.h"
#include "strategies/weights.h"

struct zdd_share_plan {
    int32_t wanted; /* hundredths of a percent */
    int32_t old_instances, new_instances;
    struct zdd_weights weights; /* the nearest that can be had */
    double floor_pct;           /* the least above 0 that can be had */
};

/** @return the share that the new version of a pair shall have now, in hundredths of a percent:
 * what an operator has said, or what the program says; none when it goes back */
int32_t zdd_share_now(const struct zdd_plan *plan, const struct zdd_run *run);

/** @return the share of the requests, 0 to 100, that @p side has now: over a pair what the weights
 * of its healthy servers come to, else the same for each healthy instance; 0 when there is none */
double zdd_share_given(const struct zdd_run *run, bool is_pair, enum zdd_pair_side side);

/** Requests by which a share is measured. */
struct zdd_share_count {
    int64_t new_ones; /* of these, that went to the new version */
    int64_t all;
};

/** @return what the balancers have counted since all have the present weights: where users stick to
 * their version, only requests that went by the weights */
struct zdd_share_count zdd_share_counted(const struct zdd_plan *plan, const struct zdd_run *run);

/** @return true when both versions shall have some now */
bool zdd_share_is_split(const struct zdd_plan *plan, const struct zdd_run *run);

/** @return false when step @p step of @p plan is no weight */
bool zdd_share_of_step(const struct zdd_plan *plan, int32_t step, struct zdd_share_plan *ret_share);

/** @return false when there is no weight of which @p is says so; else the first one */
bool zdd_share_first(const struct zdd_plan *plan, bool (*is)(const struct zdd_share_plan *share),
                     struct zdd_share_plan *ret_share);

/** @return true when weights cannot give what is wanted, or nearly so */
bool zdd_share_is_far(const struct zdd_share_plan *share);
/** @return true when a new instance gets more than an old one has before */
bool zdd_share_is_heavy(const struct zdd_share_plan *share);
/** @return what a new instance gets, in percent of what an old one has before */
int64_t zdd_share_load(const struct zdd_share_plan *share);
