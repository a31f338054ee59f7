/**
 * @file server/router/blind.h
 * @brief PRIVATE to server/router/: what routers do that have no balancer.
 */
#pragma once

#include "server/engine/router.h"

/** Takes every order, and does nothing. */
enum zdd_err zdd_blind_set(void *cls, const struct zdd_router_order *order,
                           char reason[static ZDD_ROUTER_REASON_SIZE]);

/** Sees no balancer, at this very moment. */
enum zdd_err zdd_blind_observe(void *cls, const struct zdd_router_ask *asks, size_t count,
                               int64_t max_age_ms, struct zdd_router_view *ret_views,
                               char reason[static ZDD_ROUTER_REASON_SIZE]);

void zdd_blind_forget(void *cls, const char *pair);

/** @return ZDD_ERR_NONE when the options name no balancers, else ZDD_ERR_BODY_INVALID */
enum zdd_err zdd_blind_check(const char *name, size_t balancer_count,
                             char reason[static ZDD_ROUTER_REASON_SIZE]);
