/**
 * @file server/api/plan_router.h
 * @brief Who moves the requests of a pair.
 */
#pragma once

#include "server/api/plan_request.h"
#include "server/http/call.h"

/** The router that deployments over a pair use. */
#define ZDD_PAIR_ROUTER "marathon-lb"

/** @return ZDD_ERR_NONE; ZDD_ERR_ROUTER_MISSING, and the call says what is asked for in vain */
ZDD_MUST_CHECK enum zdd_err zdd_plan_check_router(struct zdd_call *call,
                                                  const struct zdd_plan_request *request);
