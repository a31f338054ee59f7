/**
 * @file server/router/routers.h
 * @brief Which routers there are, and how one is opened.
 */
#pragma once

#include "server/engine/router.h"
#include "server/net/fetch.h"
#include "server/router/agent.h"
#include "server/router/places.h"

struct zdd_router_options {
    const char *driver;           /* "marathon-lb" */
    const char *const *balancers; /* marathon-lb: URLs of their statistics; haproxy: "HOST:PORT" or
                                     paths of their Runtime APIs; vamp: the one URL of VAMP's API;
                                     the others: none */
    size_t balancer_count;
    struct zdd_fetch_auth auth;  /* of the statistics */
    const char *agent_listen;    /* marathon-lb: where the agent listens, "127.0.0.1:8091" */
    struct zdd_metrics *metrics; /* marathon-lb: counts what its agent is asked; or NULL */
    zdd_resolve *resolve;        /* NULL: the system's */
    void *resolve_cls;
};

/** One kind of router. */
struct zdd_router_driver {
    const char *name;
    const char *text; /* one sentence for the help */
    /* all but open may be NULL: nothing to do, and no agent */
    enum zdd_err (*open)(const struct zdd_router_options *options, struct zdd_router *ret_router,
                         char reason[static ZDD_ROUTER_REASON_SIZE]);
    enum zdd_err (*start)(void *cls, char reason[static ZDD_ROUTER_REASON_SIZE]);
    void (*close)(void *cls);
    bool (*agent)(const void *cls, uint16_t *ret_port, struct zdd_agent_stats *ret_stats);
};

/** @return driver @p number, from 0; NULL behind the last one */
const struct zdd_router_driver *zdd_router_driver(size_t number);

/**
 * Nothing is said to any balancer yet.
 * @return ZDD_ERR_NONE; ZDD_ERR_BODY_INVALID with a reason: options that cannot be;
 * ZDD_ERR_INTERNAL (no thread), ZDD_ERR_NO_MEMORY
 */
ZDD_MUST_CHECK enum zdd_err zdd_router_open(const struct zdd_router_options *options,
                                            struct zdd_router *ret_router,
                                            char reason[static ZDD_ROUTER_REASON_SIZE]);

/**
 * Begin to speak. To be called when `set` has been called for every pair that is known: an agent
 * that comes back with less than it had before would leave servers alone that wait for it.
 * @return ZDD_ERR_NONE; ZDD_ERR_INTERNAL with a reason: cannot listen
 */
ZDD_MUST_CHECK enum zdd_err zdd_router_start(const struct zdd_router *router,
                                             char reason[static ZDD_ROUTER_REASON_SIZE]);

/** Nobody may be calling it any more. A router that was never opened (all zero) is fine. */
void zdd_router_close(struct zdd_router *router);

/** The port of its agent, and what it has done. @return false when the router has none, or it has
 * not started */
bool zdd_router_agent(const struct zdd_router *router, uint16_t *ret_port,
                      struct zdd_agent_stats *ret_stats);
