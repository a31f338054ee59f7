/**
 * @file server/engine/figures.h
 * @brief What a committed decision adds to the metrics.
 */
#pragma once

#include "server/metrics/metrics.h"
#include "strategies/model/run.h"

/** @param metrics  NULL: nothing is counted */
void zdd_figures_note(struct zdd_metrics *metrics, const struct zdd_run *before,
                      const struct zdd_run *after, int64_t now_ms);
