/**
 * @file deploy/lab/replace.c
 * @brief Marathon's rolling replace as pure functions, in IEEE doubles as upstream.
 */
#include "deploy/lab/replace.h"

#include <math.h>

static int max(int a, int b)
{
    return a > b ? a : b;
}

static int min(int a, int b)
{
    return a < b ? a : b;
}

struct zdd_lab_replace_start zdd_lab_replace_begin(const struct zdd_lab_replace *in)
{
    const double n = in->instances;
    struct zdd_lab_replace_start out = {
        .min_healthy = (int)ceil(n * in->minimum_health),
        .max_capacity = (int)trunc(n * (1.0 + in->over_capacity)),
    };

    out.kill_at_once = max(0, in->present - out.min_healthy);
    /* No room to start one and none may be killed: without this it would never move. */
    if (out.min_healthy == out.max_capacity && out.max_capacity <= in->present) {
        if (in->resident)
            out.kill_at_once = in->present - out.min_healthy + 1;
        else
            out.max_capacity++;
    }
    if (in->rule_110 && in->instances < in->known)
        out.kill_at_once = max(in->known - in->instances, out.kill_at_once);
    return out;
}

int zdd_lab_replace_launch(int instances, int started, int max_capacity, int old_alive)
{
    return max(0, min(instances - started, max(0, max_capacity - old_alive - started)));
}

bool zdd_lab_replace_complete(int instances, int healthy, int ready, int old_alive)
{
    return healthy == instances && ready == instances && old_alive == 0;
}
