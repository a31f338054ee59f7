/**
 * @file strategies/weights.h
 * @brief From a share of the requests to the weight of each server, and back.
 *
 * A weight belongs to a server, not to a side: three old servers of weight 100 and one new one of
 * weight 75 give the new side 20 %. Weights are whole numbers up to ZDD_WEIGHT_MAX, so not every
 * share can be had; what comes out is told with its error (marathon-lb.md §4.a).
 */
#pragma once

#include "strategies/model/limits.h"

#include <stdbool.h>
#include <stdint.h>

struct zdd_weights {
    int32_t old_weight, new_weight; /* of each server, 0 to ZDD_WEIGHT_MAX */
    double share_pct;               /* what the new side gets with them */
    double error_points;            /* share_pct minus what was wanted; at an end of what can be had
                                       it may be large */
};

/**
 * The weights whose share is nearest to @p share_pct; among equally near ones the largest, because
 * a server that just came has weight 1 until its balancer has asked for more.
 *
 * 0 and 100 are exact. Any other share leaves both sides some requests: whoever wants 0.1 % of a
 * canary wants to see it, so at the ends the nearest share that can be had comes out.
 *
 * @param share_pct    what the new side shall get, 0 to 100, fractions allowed
 * @param old_servers  that take requests, 0 to ZDD_INSTANCES_MAX; with none of a side the other one
 *                     gets all
 */
struct zdd_weights zdd_weights_for(double share_pct, int32_t old_servers, int32_t new_servers);

/** @return the percentage that the new side gets; 0 when no server has a weight */
double zdd_weights_share(int32_t old_weight, int32_t old_servers, int32_t new_weight,
                         int32_t new_servers);

/** @return the least share above 0, in percent, that @p new_servers beside @p old_servers can have:
 * 0.39 for as many new ones as old ones, 16.3 for 50 new ones beside one old one */
double zdd_weights_floor(int32_t old_servers, int32_t new_servers);
