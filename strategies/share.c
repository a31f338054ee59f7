/**
 * @file strategies/share.c
 * @brief The shares of a plan's program.
 */
#include "strategies/share.h"

#include <assert.h>

/* What whole weights cost above the floor is less (marathon-lb.md §4.a). */
#define FAR_POINTS 0.05
#define FAR_PART 0.1 /* of what is wanted */

int32_t zdd_share_now(const struct zdd_plan *plan, const struct zdd_run *run)
{
    if (run->step >= plan->program.count)
        return 0;
    return run->steered ? run->share : zdd_program_share(&plan->program, run->step);
}

/* Those that leave count as healthy old ones, and get nothing. */
static double weighted(const struct zdd_run *run, enum zdd_pair_side side, int32_t healthy)
{
    const struct zdd_side_setting *setting = &run->traffic.side[side];

    if (side == ZDD_SIDE_OLD && healthy > run->traffic.old_stay)
        healthy = run->traffic.old_stay;
    return setting->serving == ZDD_SERVES ? (double)setting->weight * healthy : 0;
}

double zdd_share_given(const struct zdd_run *run, bool is_pair, enum zdd_pair_side side)
{
    const int32_t healthy[ZDD_VERSION_COUNT] = {
        [ZDD_SIDE_OLD] = run->old_side.healthy,
        [ZDD_SIDE_NEW] = run->new_side.healthy,
    };
    double part[ZDD_VERSION_COUNT], whole = 0;

    assert(side < ZDD_VERSION_COUNT);
    for (int i = 0; i < ZDD_VERSION_COUNT; i++) {
        part[i] = is_pair ? weighted(run, (enum zdd_pair_side)i, healthy[i]) : (double)healthy[i];
        whole += part[i];
    }
    return whole > 0 ? 100.0 * part[side] / whole : 0;
}

struct zdd_share_count zdd_share_counted(const struct zdd_plan *plan, const struct zdd_run *run)
{
    const struct zdd_split *s = &run->split;

    if (plan->pair.by_users)
        return (struct zdd_share_count){s->new_chosen, s->old_chosen + s->new_chosen};
    return (struct zdd_share_count){s->new_requests, s->old_requests + s->new_requests};
}

bool zdd_share_is_split(const struct zdd_plan *plan, const struct zdd_run *run)
{
    const int32_t share = zdd_share_now(plan, run);

    return share > 0 && share < ZDD_SHARE_ALL;
}

bool zdd_share_of_step(const struct zdd_plan *plan, int32_t step, struct zdd_share_plan *ret_share)
{
    struct zdd_share_plan share = {.old_instances = plan->old.instances};

    if (step >= plan->program.count || plan->program.step[step].kind != ZDD_STEP_WEIGHT)
        return false;
    share.wanted = plan->program.step[step].value;
    share.new_instances = zdd_program_started(&plan->program, step);
    share.weights = zdd_weights_for((double)share.wanted / ZDD_SHARE_PERCENT, share.old_instances,
                                    share.new_instances);
    share.floor_pct = zdd_weights_floor(share.old_instances, share.new_instances);
    *ret_share = share;
    return true;
}

bool zdd_share_first(const struct zdd_plan *plan, bool (*is)(const struct zdd_share_plan *share),
                     struct zdd_share_plan *ret_share)
{
    for (int32_t i = 0; i < plan->program.count; i++) {
        struct zdd_share_plan share;

        if (zdd_share_of_step(plan, i, &share) && is(&share)) {
            *ret_share = share;
            return true;
        }
    }
    return false;
}

bool zdd_share_is_far(const struct zdd_share_plan *share)
{
    const double error = share->weights.error_points;
    const double size = error < 0 ? -error : error;

    return size > FAR_POINTS || size > FAR_PART * share->wanted / ZDD_SHARE_PERCENT;
}

int64_t zdd_share_load(const struct zdd_share_plan *share)
{
    assert(share->new_instances > 0);
    return (int64_t)share->wanted * share->old_instances /
           ((int64_t)share->new_instances * ZDD_SHARE_PERCENT);
}

bool zdd_share_is_heavy(const struct zdd_share_plan *share)
{
    return zdd_share_load(share) > 100;
}
