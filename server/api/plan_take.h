/**
 * @file server/api/plan_take.h
 * @brief Both apps of a pair exist: which one takes over, with how many instances. Pure.
 */
#pragma once

#include "server/api/plan_pair.h"

/** @return true when @p a came later than @p b: by the labels of their deployments when both have
 * them, else by Marathon's versions */
bool zdd_pair_is_newer(const struct zdd_pair_app *a, const struct zdd_pair_app *b);

/** @return the instances that the one that stays of the two @p apps shall have: what our deployment
 * or, by the labels, the newer one's was to end with, if that fits what runs; else those of the
 * larger one. At least 1 */
int32_t zdd_pair_whole(const struct zdd_pair_apps *apps);

/**
 * Give one of the two apps in @p apps all requests, as @p request says; takes them over.
 * @return ZDD_ERR_NONE; ZDD_ERR_BODY_INVALID, ZDD_ERR_APP_UNKNOWN: there are not two;
 * ZDD_ERR_PAIR_UNCLEAR: there are more
 */
ZDD_MUST_CHECK enum zdd_err zdd_pair_take(struct zdd_call *call,
                                          const struct zdd_plan_request *request,
                                          struct zdd_pair_apps *apps,
                                          struct zdd_pair_find *ret_find);

/** Refuse two apps of which nobody said which one takes over. @return ZDD_ERR_PAIR_UNCLEAR;
 * ZDD_ERR_APP_BUSY when a deployment of ours is why there are two; a store error */
enum zdd_err zdd_pair_refuse(struct zdd_call *call, const struct zdd_plan_request *request,
                             const struct zdd_pair_apps *apps);
