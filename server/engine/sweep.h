/**
 * @file server/engine/sweep.h
 * @brief Looking at many deployments with one request.
 */
#pragma once

#include "server/engine/step.h"

/** One look at many deployments; what it saw of each waits for that one's step. */
struct zdd_sweep;

/** Look at the deployments @p run_ids (only read) together. @return NULL without memory */
struct zdd_sweep *zdd_sweep_look(struct zdd_stepper *stepper, char (*run_ids)[ZDD_ID_SIZE],
                                 size_t count);
/** @return NULL; NULL is fine */
struct zdd_sweep *zdd_sweep_free(struct zdd_sweep *sweep);

/** @return ZDD_ERR_NONE, or why Marathon did not tell; then @p ret_reason says it in words, as long
 * as the sweep lives */
enum zdd_err zdd_sweep_result(const struct zdd_sweep *sweep, const char **ret_reason);

/**
 * Take the step of number @p i with what was seen, also when Marathon did not tell. When there are
 * several, none of them gives an order, which may take long: those that have to want another step
 * at once. From any thread, several at a time.
 * @return as zdd_step()
 */
ZDD_MUST_CHECK enum zdd_err zdd_sweep_step(struct zdd_sweep *sweep, size_t i,
                                           struct zdd_step_report *ret_report);
