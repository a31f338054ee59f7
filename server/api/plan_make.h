/**
 * @file server/api/plan_make.h
 * @brief A plan, from request and cluster to the text that is kept. Workers only: it asks Marathon.
 */
#pragma once

#include "server/api/cluster_app.h"
#include "server/api/plan_request.h"
#include "storage/plans.h"

/**
 * Make the plan: at most two requests to Marathon beside the remembered /v2/info.
 *
 * @param call            whose request it is; detail and errors say what is wrong
 * @param[out] ret_plan   set on success
 * @param[out] ret_texts  owned by the caller on success; its secrets at all times, and in them are
 *                        the request's before
 * @return NONE; APP_UNKNOWN; BODY_INVALID; a cluster error; NO_MEMORY
 */
ZDD_MUST_CHECK enum zdd_err zdd_plan_make(struct zdd_call *call,
                                          const struct zdd_plan_request *request,
                                          struct zdd_plan *ret_plan,
                                          struct zdd_plan_texts *ret_texts);

/**
 * Does the app still look as the plan saw it? Asks Marathon once.
 * @return NONE; PLAN_STALE with the difference in the detail and in call->extra; a cluster error
 */
ZDD_MUST_CHECK enum zdd_err zdd_plan_check_fresh(struct zdd_call *call, const struct zdd_plan *plan,
                                                 const struct zdd_plan_texts *texts);
