/**
 * @file server/api/plan_pair.h
 * @brief Which two apps a deployment over a pair is about. Workers only: it asks Marathon.
 */
#pragma once

#include "server/api/cluster_app.h"
#include "strategies/model/plan.h"

/** The two apps of a pair, as zdd.py names them: "/x-blue" and "/x-green"; a plain "/x" counts as
 * the old one of a pair that begins. */
struct zdd_pair_find {
    struct zdd_cluster_app old; /* what serves now; raw NULL: nothing. Owned */
    char old_id[ZDD_APP_ID_SIZE];
    char new_id[ZDD_APP_ID_SIZE];
    const char *colour; /* of the new one */
};

/**
 * Look for the apps of pair @p pair_id.
 * @return ZDD_ERR_NONE; ZDD_ERR_PAIR_UNCLEAR: two of them exist, and the call says which; the
 *         cluster's error
 */
ZDD_MUST_CHECK enum zdd_err zdd_pair_find(struct zdd_call *call, const char *pair_id,
                                          struct zdd_pair_find *ret_find);

/** @return ZDD_ERR_NONE when both apps still are as @p plan saw them; ZDD_ERR_PLAN_STALE with the
 * detail; the cluster's error */
ZDD_MUST_CHECK enum zdd_err zdd_pair_check_fresh(struct zdd_call *call,
                                                 const struct zdd_plan *plan);
