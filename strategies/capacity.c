/**
 * @file strategies/capacity.c
 * @brief Marathon's replace arithmetic, exactly.
 */
#include "strategies/capacity.h"

#include <assert.h>

/* ceil() without libm; @p value is far below INT32_MAX by the model's limits. */
static int32_t round_up(double value)
{
    const int32_t whole = (int32_t)value;

    return value > (double)whole ? whole + 1 : whole;
}

static int32_t larger(int32_t a, int32_t b)
{
    return a > b ? a : b;
}

struct zdd_capacity zdd_capacity_of(const struct zdd_capacity_ask *ask)
{
    assert(ask->wanted >= 1);

    const double n = (double)ask->wanted;
    struct zdd_capacity c = {
        .min_healthy = round_up(n * ask->minimum_health_capacity),
        .max_instances = (int32_t)(n * (1.0 + ask->maximum_over_capacity)),
    };

    c.kill_at_once = larger(0, ask->counted - c.min_healthy);
    if (c.min_healthy == c.max_instances && c.max_instances <= ask->counted) {
        /* Nothing could move: Marathon bends one of the two promises. */
        if (ask->resident) {
            c.kill_at_once = ask->counted - c.min_healthy + 1;
        } else {
            c.max_instances++;
            c.cap_exceeded = true;
        }
    }
    if (ask->rule == ZDD_REPLACE_1_10 && ask->wanted < ask->known)
        c.kill_at_once = larger(ask->known - ask->wanted, c.kill_at_once);
    return c;
}

int32_t zdd_capacity_launch(int32_t wanted, int32_t max_instances, int32_t old_alive,
                            int32_t started)
{
    const int32_t missing = larger(0, wanted - started);
    const int32_t room = larger(0, max_instances - old_alive - started);

    return missing < room ? missing : room;
}

int32_t zdd_capacity_present(const struct zdd_plan *plan)
{
    return plan->seen.exists ? larger(plan->seen.running, plan->old.instances) : 0;
}

int32_t zdd_capacity_counted(enum zdd_replace_rule rule, const struct zdd_app_facts *facts,
                             int32_t present, int32_t healthy)
{
    if (rule == ZDD_REPLACE_CLASSIC)
        return present;
    if (facts->has_marathon_checks)
        return 0; /* Mesos never hears of these checks, so its health flag stays unset */
    if (facts->has_health_checks)
        return healthy;
    return facts->has_readiness_checks ? 0 : present;
}
