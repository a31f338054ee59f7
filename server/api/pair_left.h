/**
 * @file server/api/pair_left.h
 * @brief Two apps of a pair that our last deployment has left beside each other on purpose.
 */
#pragma once

#include "server/api/plan_pair.h"

/**
 * Fill `left_whole` and `left_by` of @p apps, which are two: 0 and "" unless the newest deployment
 * of pair @p pair_id that succeeded keeps both versions and they still have its numbers.
 * @return ZDD_ERR_NONE or a store error
 */
ZDD_MUST_CHECK enum zdd_err zdd_pair_left(struct zdd_call *call, const char *pair_id,
                                          struct zdd_pair_apps *apps);
