/**
 * @file strategies/floor.c
 * @brief The promised floor of a pair.
 */
#include "strategies/floor.h"

#include "strategies/model/limits.h"
#include "strategies/pair_take.h"

/* Marathon replaces instances that serve, for their labels. Where an app that was there takes over,
 * balancers may show the former ones for a moment longer, and then wait for checks of the new ones.
 */
static bool is_replaced(const struct zdd_plan *plan, enum zdd_phase phase)
{
    const bool starts =
        phase == ZDD_PHASE_APPLYING || phase == ZDD_PHASE_ROLLING || phase == ZDD_PHASE_JOINING;

    return phase == ZDD_PHASE_ADOPTING || (starts && zdd_plan_takes_over(plan));
}

bool zdd_floor_is_promised(const struct zdd_plan *plan, const struct zdd_run *run)
{
    return plan->pair.floor > 0 && run->ordered && run->phase != ZDD_PHASE_PENDING &&
           !is_replaced(plan, run->phase) && !zdd_phase_is_final(run->phase);
}

static bool takes(const struct zdd_side_setting *setting)
{
    return setting->serving == ZDD_SERVES && setting->weight > 0;
}

bool zdd_floor_new_serves(const struct zdd_traffic *ordered)
{
    const struct zdd_traffic base = zdd_traffic_base();

    return takes(&ordered->side[ZDD_SIDE_NEW]) && !zdd_traffic_same(ordered, &base);
}

/* The look says the opposite of what is held true. */
static bool contradicts(const struct zdd_floor_watch *watch, int32_t floor,
                        const struct zdd_floor_sight *sight)
{
    if (!watch->broken)
        return watch->reached && sight->serving < floor;
    return sight->complete && sight->serving >= floor && sight->carried >= floor;
}

enum zdd_floor_news zdd_floor_judge(struct zdd_floor_watch *watch, int32_t floor,
                                    const struct zdd_floor_sight *sight)
{
    if (!sight->known)
        return ZDD_FLOOR_NO_NEWS;
    watch->reached = watch->reached || sight->serving >= floor;
    watch->looks = contradicts(watch, floor, sight) ? watch->looks + 1 : 0;
    if (watch->looks < ZDD_FLOOR_LOOKS)
        return ZDD_FLOOR_NO_NEWS;
    watch->looks = 0;
    watch->broken = !watch->broken;
    return watch->broken ? ZDD_FLOOR_VIOLATED : ZDD_FLOOR_RESTORED;
}

struct zdd_traffic zdd_floor_traffic(const struct zdd_traffic *ordered)
{
    struct zdd_traffic traffic = *ordered;

    if (takes(&ordered->side[ZDD_SIDE_OLD]) && !takes(&ordered->side[ZDD_SIDE_NEW]))
        return traffic; /* it has all of them, whatever its weight */
    traffic.side[ZDD_SIDE_OLD] = (struct zdd_side_setting){ZDD_SERVES, ZDD_WEIGHT_MAX};
    traffic.old_stay = ZDD_INSTANCES_MAX;
    return traffic;
}
