/**
 * @file server/api/share_json.h
 * @brief Shares of the requests, as callers see them: wanted, to be had, and measured.
 */
#pragma once

#include "server/json/writer.h"
#include "strategies/model/plan.h"
#include "strategies/model/run.h"

/** The members weightOf, measuredWeight, measuredInterval and measuredRequests of the new side of a
 * deployment over a pair; where users stick to their version, measuredRequestWeight too. */
void zdd_w_measured(struct zdd_writer *w, const struct zdd_plan *plan, const struct zdd_run *run);

/** @return what a weight of @p plan is a share of: "requests", or "new-users" where users stick to
 * their version */
const char *zdd_weight_of(const struct zdd_plan *plan);

/** The member share of step @p step of a plan: what is wanted, and the nearest that weights can do
 * with the instances of that moment; nothing when the step is no weight. */
void zdd_w_share(struct zdd_writer *w, const struct zdd_plan *plan, int32_t step);
