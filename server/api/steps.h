/**
 * @file server/api/steps.h
 * @brief The steps of a deployment: those of its strategy; the way back becomes one when it begins.
 */
#pragma once

#include "storage/runs.h"
#include "strategies/model/plan.h"
#include "strategies/strategy.h"

/** @return how many steps a deployment has, the way back not counted */
int32_t zdd_step_count(const struct zdd_strategy *strategy, const struct zdd_plan *plan);

/** Fill @p ret_row (index, kind, text, state "pending") with step @p index; the one past the last
 * is the way back. @param plan  NULL: one over one app. @return false past that */
bool zdd_step_describe(const struct zdd_strategy *strategy, const struct zdd_plan *plan,
                       int32_t index, struct zdd_step_row *ret_row);

/** Insert the steps of a new deployment; the engine adds the way back when it begins. */
ZDD_MUST_CHECK enum zdd_err zdd_steps_insert(struct zdd_tx *tx, const char *run_id,
                                             const struct zdd_strategy *strategy,
                                             const struct zdd_plan *plan);
