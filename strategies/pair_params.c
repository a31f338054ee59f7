/**
 * @file strategies/pair_params.c
 * @brief The options that blue-green and canary have in common.
 */
#include "strategies/pair_params.h"

#include "strategies/model/plan.h"

#define MS_OF_S 1000

/* auto is the default; which of the others a server has, it knows itself. */
const char *const zdd_pair_routers[] = {
    "auto", ZDD_ROUTER_MARATHON_LB, ZDD_ROUTER_HAPROXY, ZDD_ROUTER_VAMP, "instances", "none", NULL};
const char zdd_pair_router_text[] =
    "Who moves the requests: marathon-lb, by the weights that its balancers ask this server for; "
    "haproxy, by weights set over the Runtime APIs of the same balancers; vamp, by the weights of "
    "the routes of VAMP's gateways; auto, the first of these that the server has. The others are "
    "refused with the reason.";
const char *const zdd_pair_drain_timeouts[] = {"hold", "kill", NULL};

bool zdd_option_is_given(const union zdd_option_value *value)
{
    return value->integer != INT64_MIN;
}

int32_t zdd_option_number(const struct zdd_param *param, const union zdd_option_value *value)
{
    return (int32_t)(zdd_option_is_given(value) ? value->integer : param->fallback);
}

int32_t zdd_option_ms(const struct zdd_param *param, const union zdd_option_value *value)
{
    return zdd_option_number(param, value) * MS_OF_S;
}
