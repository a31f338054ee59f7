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

const char *zdd_weight_of(const struct zdd_plan *plan)
{
    return plan->pair.by_users ? "new-users" : "requests";
}

static void write_part(struct zdd_writer *w, const char *key, int64_t part, int64_t all)
{
    if (all > 0)
        zdd_w_real(w, key, rounded(100.0 * (double)part / (double)all));
    else
        zdd_w_null(w, key);
}

/* Who sticks to his version does not follow a weight: what is compared with it are the others. */
void zdd_w_measured(struct zdd_writer *w, const struct zdd_plan *plan, const struct zdd_run *run)
{
    const struct zdd_split *m = &run->split;
    const struct zdd_share_count count = zdd_share_counted(plan, run);
    struct zdd_interval interval;

    zdd_w_text(w, "weightOf", zdd_weight_of(plan));
    if (plan->pair.by_users)
        write_part(w, "measuredRequestWeight", m->new_requests, m->old_requests + m->new_requests);
    zdd_w_int(w, "measuredRequests", count.all);
    write_part(w, "measuredWeight", count.new_ones, count.all);
    if (count.all == 0) {
        zdd_w_null(w, "measuredInterval");
        return;
    }
    interval = zdd_stats_wilson(count.new_ones, count.all, Z_95);
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
