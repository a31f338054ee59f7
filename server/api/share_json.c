/**
 * @file server/api/share_json.c
 * @brief Shares of the requests, as callers see them.
 */
#include "server/api/share_json.h"

#include "strategies/judge/stats.h"
#include "strategies/share.h"

#include <math.h>

#define Z_95 1.959964 /* of the standard normal distribution: 95 % are within */

static double percent(int32_t share)
{
    return (double)share / ZDD_SHARE_PERCENT;
}

/* To hundredths of a percent; three digits where a percent is much. */
static double rounded(double share)
{
    return round(share * 1000) / 1000;
}

void zdd_w_measured(struct zdd_writer *w, const struct zdd_run *run)
{
    const struct zdd_split *m = &run->split;
    const int64_t all = m->old_requests + m->new_requests;
    struct zdd_interval interval;

    zdd_w_int(w, "measuredRequests", all);
    if (all == 0) {
        zdd_w_null(w, "measuredWeight");
        zdd_w_null(w, "measuredInterval");
        return;
    }
    interval = zdd_stats_wilson(m->new_requests, all, Z_95);
    zdd_w_real(w, "measuredWeight", rounded(100.0 * (double)m->new_requests / (double)all));
    zdd_w_array(w, "measuredInterval");
    zdd_w_real(w, NULL, rounded(100 * interval.low));
    zdd_w_real(w, NULL, rounded(100 * interval.high));
    zdd_w_end_array(w);
}

void zdd_w_share(struct zdd_writer *w, const struct zdd_plan *plan, int32_t step)
{
    struct zdd_share_plan share;

    if (!zdd_share_of_step(plan, step, &share))
        return;
    zdd_w_object(w, "share");
    zdd_w_real(w, "wanted", percent(share.wanted));
    zdd_w_real(w, "achievable", rounded(share.weights.share_pct));
    zdd_w_real(w, "errorPoints", rounded(share.weights.error_points));
    zdd_w_real(w, "least", rounded(share.floor_pct));
    zdd_w_int(w, "oldInstances", share.old_instances);
    zdd_w_int(w, "newInstances", share.new_instances);
    zdd_w_int(w, "oldWeight", share.weights.old_weight);
    zdd_w_int(w, "newWeight", share.weights.new_weight);
    zdd_w_end_object(w);
}
