/**
 * @file strategies/weights.c
 * @brief From a share of the requests to the weight of each server.
 */
#include "strategies/weights.h"

#include <assert.h>

/* Two shares that differ by less are the same one, computed on different ways. */
#define SAME_POINTS 1e-9

double zdd_weights_share(int32_t old_weight, int32_t old_servers, int32_t new_weight,
                         int32_t new_servers)
{
    const double old_sum = (double)old_weight * old_servers;
    const double new_sum = (double)new_weight * new_servers;

    return old_sum + new_sum > 0 ? 100 * new_sum / (old_sum + new_sum) : 0;
}

double zdd_weights_floor(int32_t old_servers, int32_t new_servers)
{
    return zdd_weights_share(ZDD_WEIGHT_MAX, old_servers, 1, new_servers);
}

static double size_of(double number)
{
    return number < 0 ? -number : number;
}

static int32_t clamp(double weight)
{
    if (weight < 1)
        return 1;
    return weight > ZDD_WEIGHT_MAX ? ZDD_WEIGHT_MAX : (int32_t)weight;
}

/* The new weight that fits best to an old weight is one of the two whole numbers around the exact
 * one: the share only grows with it. */
static void try_old_weight(struct zdd_weights *best, int32_t old_weight, double share_pct,
                           const int32_t servers[static 2])
{
    const double exact =
        share_pct / (100 - share_pct) * (double)old_weight * servers[0] / servers[1];

    for (int up = 1; up >= 0; up--) {
        const int32_t new_weight = clamp(exact + up);
        const double share = zdd_weights_share(old_weight, servers[0], new_weight, servers[1]);

        if (size_of(share - share_pct) < size_of(best->error_points) - SAME_POINTS)
            *best = (struct zdd_weights){old_weight, new_weight, share, share - share_pct};
    }
}

static struct zdd_weights one_side(bool is_new, double share_pct)
{
    const double share = is_new ? 100 : 0;

    return (struct zdd_weights){is_new ? 0 : ZDD_WEIGHT_MAX, is_new ? ZDD_WEIGHT_MAX : 0, share,
                                share - share_pct};
}

struct zdd_weights zdd_weights_for(double share_pct, int32_t old_servers, int32_t new_servers)
{
    const int32_t servers[2] = {old_servers, new_servers};
    struct zdd_weights best = {.error_points = 1000}; /* worse than any */

    assert(share_pct >= 0 && share_pct <= 100);
    assert(old_servers >= 0 && old_servers <= ZDD_INSTANCES_MAX);
    assert(new_servers >= 0 && new_servers <= ZDD_INSTANCES_MAX);
    if (old_servers == 0 || new_servers == 0)
        return one_side(new_servers > 0, share_pct);
    if (share_pct <= 0 || share_pct >= 100)
        return one_side(share_pct > 0, share_pct);
    for (int32_t old_weight = ZDD_WEIGHT_MAX; old_weight >= 1; old_weight--)
        try_old_weight(&best, old_weight, share_pct, servers);
    return best;
}
