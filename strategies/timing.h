/**
 * @file strategies/timing.h
 * @brief How long each phase may take: one place that the plan shows and the engine obeys.
 */
#pragma once

#include "strategies/model/plan.h"
#include "strategies/model/run.h"

#define ZDD_TRIAL_PATIENCE 10 /* so many times as long as with enough requests a round may take */
#define ZDD_RESEND_MS                                                                              \
    10000                /* an order that was accepted but is not seen is given again after this */
#define ZDD_RETRY_MS 250 /* least time before an order without a clear answer is given again */
#define ZDD_UNSURE_MS                                                                              \
    15000 /* an order without an answer may arrive that late: a standby gives up after 10 s        \
             (marathon.md §8) */
#define ZDD_SETTLE_MS                                                                              \
    10000 /* Marathon's lists lag: a vanished deployment is believed only after this */
#define ZDD_CLEAR_LIMIT_MS                                                                         \
    60000 /* removing new instances before going back; then we go back anyway */
#define ZDD_REVERT_LIMIT_MS                                                                        \
    600000 /* until the previous definition is seen back in place; long enough to outlive a        \
              restart of Marathon */
#define ZDD_SHIFT_LIMIT_MS                                                                         \
    60000 /* weights on their way to every balancer; a few agent intervals, and a restart of one   \
           */
#define ZDD_JOIN_LIMIT_MS                                                                          \
    300000 /* from healthy in Marathon to UP on every balancer: a reload and its health checks */
#define ZDD_KILL_MS 30000   /* a task's end: grace period, and Marathon's next try after 30 s */
#define ZDD_LAUNCH_MS 10000 /* from order to start: the next offer is at most 5 s away */
#define ZDD_LAUNCH_LEAST_MS 2000 /* of a wave: an offer, the start, and a first good check */
#define ZDD_DEADLINE_MIN_MS                                                                        \
    300000 /* no default deadline is shorter: image pulls take their time                          \
            */
#define ZDD_DEADLINE_MAX_MS 86400000

/** @return how many waves of launches a replace or a start of @p target needs at the most */
int32_t zdd_timing_waves(const struct zdd_plan *plan, const struct zdd_app_facts *facts);

/** @return milliseconds that Marathon's own work on @p facts may take, generously */
int64_t zdd_timing_roll_ms(const struct zdd_plan *plan, const struct zdd_app_facts *facts);

/** @return the whole deadline that suits @p plan when the caller gives none */
int64_t zdd_timing_deadline_ms(const struct zdd_plan *plan);

/** @return milliseconds that pass even when all goes well: a wait of the program has its length,
 * and a task that starts needs an offer */
int64_t zdd_timing_least_ms(const struct zdd_plan *plan);

/** @return milliseconds that @p phase may take; plan->deadline_ms must be set */
int64_t zdd_timing_limit_ms(const struct zdd_plan *plan, enum zdd_phase phase);

/**
 * When does what @p run waits for pass by itself?
 * @return the end of a pause, of the time for which the old version is kept, or of an open gate; 0
 *         when nobody can say, and for what is held
 */
int64_t zdd_timing_until_ms(const struct zdd_plan *plan, const struct zdd_run *run);
