/**
 * @file server/router/routers.c
 * @brief Which routers there are: one row each.
 */
#include "server/router/routers.h"

#include "server/router/drivers.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

static const struct zdd_router_driver *const drivers[] = {
    &zdd_router_marathon_lb, &zdd_router_haproxy, &zdd_router_vamp,
    &zdd_router_instances,   &zdd_router_none,
};

const struct zdd_router_driver *zdd_router_driver(size_t number)
{
    return number < ZDD_COUNT(drivers) ? drivers[number] : NULL;
}

static const struct zdd_router_driver *find(const char *name)
{
    for (size_t i = 0; i < ZDD_COUNT(drivers); i++) {
        if (strcmp(drivers[i]->name, name) == 0)
            return drivers[i];
    }
    return NULL;
}

static const struct zdd_router_driver *driver_of(const struct zdd_router *router)
{
    const struct zdd_router_driver *driver = find(router->ops->name);

    assert(driver);
    return driver;
}

enum zdd_err zdd_router_open(const struct zdd_router_options *options,
                             struct zdd_router *ret_router,
                             char reason[static ZDD_ROUTER_REASON_SIZE])
{
    const struct zdd_router_driver *driver = find(options->driver);

    if (!driver) {
        snprintf(reason, ZDD_ROUTER_REASON_SIZE, "there is no router \"%.100s\"", options->driver);
        return ZDD_ERR_BODY_INVALID;
    }
    return driver->open(options, ret_router, reason);
}

enum zdd_err zdd_router_start(const struct zdd_router *router,
                              char reason[static ZDD_ROUTER_REASON_SIZE])
{
    const struct zdd_router_driver *driver = driver_of(router);

    return driver->start ? driver->start(router->cls, reason) : ZDD_ERR_NONE;
}

void zdd_router_close(struct zdd_router *router)
{
    if (router->ops && driver_of(router)->close)
        driver_of(router)->close(router->cls);
    *router = (struct zdd_router){0};
}

bool zdd_router_agent(const struct zdd_router *router, uint16_t *ret_port,
                      struct zdd_agent_stats *ret_stats)
{
    const struct zdd_router_driver *driver = driver_of(router);

    return driver->agent && driver->agent(router->cls, ret_port, ret_stats);
}
