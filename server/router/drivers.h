/**
 * @file server/router/drivers.h
 * @brief PRIVATE to server/router/: one driver a line.
 */
#pragma once

#include "server/router/routers.h"

extern const struct zdd_router_driver zdd_router_marathon_lb;
extern const struct zdd_router_driver zdd_router_haproxy;
extern const struct zdd_router_driver zdd_router_vamp;
extern const struct zdd_router_driver zdd_router_instances;
extern const struct zdd_router_driver zdd_router_none;
