/**
 * @file server/router/instances.c
 * @brief The router for clusters whose balancer obeys no weights: a share is what the numbers of
 * healthy instances make it.
 */
#include "server/router/blind.h"
#include "server/router/drivers.h"

static const struct zdd_router_ops ops = {
    .name = "instances",
    .means = ZDD_MEANS_COUNTS,
    .set = zdd_blind_set,
    .observe = zdd_blind_observe,
    .forget = zdd_blind_forget,
};

static enum zdd_err open_instances(const struct zdd_router_options *options,
                                   struct zdd_router *ret_router,
                                   char reason[static ZDD_ROUTER_REASON_SIZE])
{
    const enum zdd_err err = zdd_blind_check(ops.name, options->balancer_count, reason);

    if (err == ZDD_ERR_NONE)
        *ret_router = (struct zdd_router){.ops = &ops};
    return err;
}

const struct zdd_router_driver zdd_router_instances = {
    .name = "instances",
    .text = "No weights: each healthy instance gets the same share of the requests.",
    .open = open_instances,
};
