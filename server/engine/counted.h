/**
 * @file server/engine/counted.h
 * @brief The checks of a round that are made by the balancers' counters. Pure.
 */
#pragma once

#include "server/engine/probe.h"
#include "strategies/model/plan.h"
#include "strategies/model/run.h"

/** Judge what was counted for checks number @p set of @p plan, and add it to @p report: the worst
 * finding is that of the round. @p now_ms is the time of the look that the round rests on. */
void zdd_counted_add(const struct zdd_plan *plan, const struct zdd_run *run, int32_t set,
                     int64_t now_ms, struct zdd_probe_report *report);
