/**
 * @file server/api/plan_router.h
 * @brief Who moves the requests of a pair.
 */
#pragma once

#include "server/api/plan_request.h"
#include "server/http/call.h"
#include "strategies/model/plan.h"

/** @return true when this server has a router that can move the requests of a pair */
bool zdd_plan_has_router(const struct zdd_call *call);

/**
 * Choose the router: the one that is asked for; by "auto" the first of marathon-lb, haproxy and
 * vamp that there is.
 * @param[out] ret_name  "marathon-lb"
 * @return ZDD_ERR_NONE; ZDD_ERR_ROUTER_MISSING, and the call says what is asked for in vain
 */
ZDD_MUST_CHECK enum zdd_err zdd_plan_choose_router(struct zdd_call *call,
                                                   const struct zdd_plan_request *request,
                                                   char ret_name[static ZDD_NAME_SIZE]);

/** @return ZDD_ERR_NONE; ZDD_ERR_ROUTER_MISSING: this server has not the router that @p plan was
 * made for */
ZDD_MUST_CHECK enum zdd_err zdd_plan_check_router(struct zdd_call *call,
                                                  const struct zdd_plan *plan);

/** @return where the balancers of @p router reach this server; NULL: they ask nobody */
const char *zdd_plan_advertise(const struct zdd_call *call, const char *router);

/** @return false when @p router finds instances without the labels of Marathon-LB */
bool zdd_plan_reads_labels(const char *router);

/** @return ZDD_ERR_NONE; ZDD_ERR_BODY_INVALID, and the call says which steps of the program the
 * router of @p plan cannot carry out */
ZDD_MUST_CHECK enum zdd_err zdd_plan_check_program(struct zdd_call *call,
                                                   const struct zdd_plan *plan);
