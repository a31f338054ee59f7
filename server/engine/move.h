/**
 * @file server/engine/move.h
 * @brief A decision applied to a deployment's record: phases, holds, deadlines. No I/O.
 */
#pragma once

#include "strategies/strategy.h"

/** Set the clocks of a deployment that is looked at for the first time. @return true when it was
 * the first time */
bool zdd_move_start(const struct zdd_plan *plan, struct zdd_run *run, int64_t now_ms);

/** Apply @p d to @p run at @p now_ms: phase, step, hold (a pause stops the deadlines), cause, end.
 */
void zdd_move(const struct zdd_strategy *strategy, const struct zdd_plan *plan,
              const struct zdd_decision *d, int64_t now_ms, struct zdd_run *run);

/** @return true when @p a and @p b differ in anything callers or a restart would miss (timers are
 * not) */
bool zdd_move_matters(const struct zdd_run *a, const struct zdd_run *b);
