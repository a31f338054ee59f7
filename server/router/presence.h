/**
 * @file server/router/presence.h
 * @brief Who answers: every balancer is looked at now and then, whether anybody deploys or not, so
 * that a dead or mistyped one is known before it is needed.
 */
#pragma once

#include "server/engine/router.h"

#define ZDD_PRESENCE_ROUTER_MAX 4
#define ZDD_PRESENCE_EVERY_MS 10000

struct zdd_presence;

/** One router as it was seen last. */
struct zdd_presence_row {
    const char *router;       /* "marathon-lb"; static */
    size_t balancers, silent; /* both 0: not looked at yet */
};

/**
 * Look at @p routers from now on, at once and then every @p every_ms. A balancer that falls silent
 * or answers again is logged, "balancer.silence" and "balancer.back"; one that never answered too.
 * A router that cannot tell its balancers (there are too many) counts as one that is silent.
 * @param routers  borrowed until zdd_presence_free()
 * @param count    at most ZDD_PRESENCE_ROUTER_MAX
 * @return NULL without memory or threads
 */
struct zdd_presence *zdd_presence_start(const struct zdd_router *routers, size_t count,
                                        int64_t every_ms);

/** Waits for a look under way: some seconds at most. NULL is fine. @return NULL */
struct zdd_presence *zdd_presence_free(struct zdd_presence *presence);

/** What was seen last. Never waits for a balancer. @p presence NULL: there are no routers.
 * @return how many rows there are */
size_t zdd_presence_read(struct zdd_presence *presence,
                         struct zdd_presence_row ret_rows[static ZDD_PRESENCE_ROUTER_MAX]);
