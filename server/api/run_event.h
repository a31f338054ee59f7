/**
 * @file server/api/run_event.h
 * @brief Events that the API itself appends: the first of a deployment, the end of one that never
 * began, and what is said at a gate. In the same words as the engine's.
 */
#pragma once

#include "storage/events.h"
#include "strategies/model/plan.h"
#include "strategies/model/run.h"

/** @param plan  of @p run, for the shares; NULL: they are not told
 * @param more  further members, ",\"a\":1", or NULL */
ZDD_MUST_CHECK enum zdd_err zdd_run_event(struct zdd_tx *tx, const struct zdd_plan *plan,
                                          const struct zdd_run *run, const char *type,
                                          int64_t now_ms, const char *more);
