/**
 * @file server/router/none.c
 * @brief No router: nobody spreads requests, or nobody is to touch how.
 */
#include "server/router/blind.h"
#include "server/router/drivers.h"

static const struct zdd_router_ops ops = {
    .name = "none",
    .means = ZDD_MEANS_NOTHING,
    .set = zdd_blind_set,
    .observe = zdd_blind_observe,
    .forget = zdd_blind_forget,
};

static enum zdd_err open_none(const struct zdd_router_options *options,
                              struct zdd_router *ret_router,
                              char reason[static ZDD_ROUTER_REASON_SIZE])
{
    const enum zdd_err err = zdd_blind_check(ops.name, options->balancer_count, reason);

    if (err == ZDD_ERR_NONE)
        *ret_router = (struct zdd_router){.ops = &ops};
    return err;
}

const struct zdd_router_driver zdd_router_none = {
    .name = "none",
    .text = "No router: shares of the requests cannot be had.",
    .open = open_none,
};
