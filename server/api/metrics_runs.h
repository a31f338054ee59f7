/**
 * @file server/api/metrics_runs.h
 * @brief The deployments that run, as gauges with the app as their label: one runs at a time for
 * each app, so series are as many as apps that deploy.
 */
#pragma once

#include "server/http/call.h"

#define ZDD_METRICS_RUN_MAX                                                                        \
    200 /* of each state; the newest; all are counted in zdd_deployments_live */

/** Write those that the caller may see. @return NONE, NO_MEMORY or a store error */
ZDD_MUST_CHECK enum zdd_err zdd_metrics_write_runs(struct zdd_call *call);
