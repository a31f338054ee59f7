/**
 * @file server/api/plan_neighbours.h
 * @brief Other apps that would get in a pair's way at the balancers. Workers only: it asks
 * Marathon.
 */
#pragma once

#include "server/api/inside.h"
#include "server/json/json.h"
#include "strategies/model/plan.h"

/**
 * @param target  the new app's definition with the labels of a pair
 * @return ZDD_ERR_NONE; ZDD_ERR_PAIR_UNCLEAR: a third app is in the group, and Marathon-LB would
 *         merge it with the pair; ZDD_ERR_SERVICE_PORT_TAKEN; the cluster's error. The call says
 *         which app it is.
 */
ZDD_MUST_CHECK enum zdd_err
zdd_pair_check_neighbours(struct zdd_call *call, const struct zdd_pair *pair, const json_t *target);
