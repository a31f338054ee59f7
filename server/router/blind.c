/**
 * @file server/router/blind.c
 * @brief What routers do that have no balancer.
 */
#include "server/router/blind.h"

#include "server/base/clock.h"

#include <stdio.h>

enum zdd_err zdd_blind_set(void *cls, const struct zdd_router_order *order,
                           char reason[static ZDD_ROUTER_REASON_SIZE])
{
    (void)cls;
    (void)order;
    reason[0] = '\0'; /* nothing goes wrong */
    return ZDD_ERR_NONE;
}

enum zdd_err zdd_blind_observe(void *cls, const struct zdd_router_ask *asks, size_t count,
                               int64_t max_age_ms, struct zdd_router_view *ret_views,
                               char reason[static ZDD_ROUTER_REASON_SIZE])
{
    (void)cls;
    (void)asks;
    (void)max_age_ms;
    reason[0] = '\0';
    for (size_t i = 0; i < count; i++)
        ret_views[i] = (struct zdd_router_view){.taken_at_ms = zdd_now_ms()};
    return ZDD_ERR_NONE;
}

void zdd_blind_forget(void *cls, const char *pair)
{
    (void)cls;
    (void)pair;
}

enum zdd_err zdd_blind_check(const char *name, size_t balancer_count,
                             char reason[static ZDD_ROUTER_REASON_SIZE])
{
    if (balancer_count == 0)
        return ZDD_ERR_NONE;
    snprintf(reason, ZDD_ROUTER_REASON_SIZE,
             "the router \"%s\" has no load balancers, and %zu are named", name, balancer_count);
    return ZDD_ERR_BODY_INVALID;
}
