/**
 * @file server/engine/measured.h
 * @brief A round of checks becomes part of its deployment: its record, an event, the step's
 * evidence.
 */
#pragma once

#include "server/engine/probe.h"
#include "storage/runs.h"
#include "strategies/model/plan.h"

/** Append the member `rounds` of step @p index, with a comma before it; nothing for a step without
 * rounds. */
ZDD_MUST_CHECK enum zdd_err zdd_measured_tell(struct zdd_tx *tx, const char *run_id, int32_t index,
                                              struct zdd_buf *buf);

/** Append the member `acknowledged`, with a comma before it: what the checks of @p run have said so
 * far, and both versions' requests and failures. Whoever resumes or retries takes that as read. */
void zdd_measured_tell_acknowledged(struct zdd_buf *buf, const struct zdd_run *run);

/** Note @p report, of the plan's checks with number @p set, in @p run: pure. */
void zdd_measured_take(const struct zdd_probe_report *report, const struct zdd_plan *plan,
                       int32_t set, int64_t now_ms, struct zdd_run *run);

/** Write the event and the evidence of what zdd_measured_take() has noted. */
ZDD_MUST_CHECK enum zdd_err zdd_measured_write(struct zdd_tx *tx, const struct zdd_plan *plan,
                                               const struct zdd_run *run,
                                               const struct zdd_probe_report *report, int32_t set,
                                               int64_t now_ms);
