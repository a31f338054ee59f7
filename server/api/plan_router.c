/**
 * @file server/api/plan_router.c
 * @brief Who moves the requests of a pair: one router for all, so far.
 */
#include "server/api/plan_router.h"

#include "server/api/inside.h"

#include <string.h>

/* Why a pair cannot be had with another one. */
static const struct {
    const char *router, *why;
} others[] = {
    {"haproxy",
     "this server moves requests by the labels that Marathon-LB reads; HAProxies of one's "
     "own are not wired to deployments"},
    {"vamp",
     "this server moves requests by the labels that Marathon-LB reads; VAMP's gateways are not "
     "wired to deployments"},
    {"instances", "numbers of instances alone make no switch and no instant way back: that is what "
                  "rolling does, with minimumHealthCapacity and maximumOverCapacity"},
    {"none", "where nobody moves requests there is no cutover: rolling or recreate replace the "
             "instances"},
};

enum zdd_err zdd_plan_check_router(struct zdd_call *call, const struct zdd_plan_request *request)
{
    const char *agent = zdd_api_of(call)->options.agent;
    const char *asked = zdd_plan_choice(request, "router");

    for (size_t i = 0; asked && i < ZDD_COUNT(others); i++) {
        if (strcmp(asked, others[i].router) == 0)
            return zdd_call_fail(call, ZDD_ERR_ROUTER_MISSING, "the router %s is not for %s: %s",
                                 asked, request->strategy->name, others[i].why);
    }
    if (agent && *agent)
        return ZDD_ERR_NONE;
    return zdd_call_fail(call, ZDD_ERR_ROUTER_MISSING,
                         "%s moves requests by the balancers' weights; start zdd-server with "
                         "--balancer and the addresses of their statistics",
                         request->strategy->name);
}
