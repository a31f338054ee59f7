/**
 * @file server/api/trial_json.h
 * @brief What balancers have counted of both versions, and what the checks have made of it, as
 * callers see it.
 */
#pragma once

#include "server/base/buf.h"
#include "server/json/writer.h"
#include "strategies/model/plan.h"
#include "strategies/model/run.h"

/** The member `verify`; null while nothing has been counted. */
void zdd_w_trial(struct zdd_writer *w, const struct zdd_plan *plan, const struct zdd_run *run);

/** Append it as sentences, one a line; nothing while nothing has been counted. */
void zdd_trial_say(struct zdd_buf *buf, const struct zdd_plan *plan, const struct zdd_run *run);
