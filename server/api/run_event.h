/**
 * @file server/api/run_event.h
 * @brief Events that the API itself appends: the first of a deployment, and the end of one that
 * never began. In the same words as the engine's.
 */
#pragma once

#include "storage/events.h"
#include "strategies/model/run.h"

/** @param more  further members, ",\"a\":1", or NULL */
ZDD_MUST_CHECK enum zdd_err zdd_run_event(struct zdd_tx *tx, const struct zdd_run *run,
                                          const char *type, int64_t now_ms, const char *more);
