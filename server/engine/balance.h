/**
 * @file server/engine/balance.h
 * @brief A pair and its balancers: where the instances are, what the balancers are told, what they
 * show.
 */
#pragma once

#include "server/engine/cluster.h"
#include "server/engine/router.h"
#include "strategies/floor.h"

#include <stdatomic.h>

/** An old instance that runs. */
struct zdd_member {
    char task[ZDD_TASK_SIZE]; /* as in struct zdd_spot */
    size_t endpoint_count;
    bool healthy;
};

/** The servers of a pair, as the balancers name them. */
struct zdd_fleet {
    struct zdd_endpoint *endpoints[ZDD_SIDE_COUNT]; /* one for each port of each instance; those of
                                                       the leaving side stand behind the old ones */
    size_t endpoint_count[ZDD_SIDE_COUNT];
    int32_t instances[ZDD_SIDE_COUNT]; /* that run */
    int32_t healthy[ZDD_SIDE_COUNT];   /* of these */
    int32_t ports;                     /* of each instance, behind a balancer */
    char router[ZDD_NAME_SIZE];        /* that moves its requests; zdd_fleet_of() leaves it empty */
    uint64_t healthy_mark;             /* the same for the same healthy instances */
    int32_t old_wanted;                /* instances that the old app's definition asks for … */
    int32_t old_most;                  /* … of which the deployment knows; others never leave */
    struct zdd_member *old;            /* the youngest first; those that leave are the last */
    atomic_uint *users;                /* that share the memory; NULL: there are none */
};

/**
 * All of them, and none leaves.
 *
 * @param spots     of the old app and of the new one
 * @param backends  names of the backends in the order of the app's ports, with a space between;
 * ZDD_BACKEND_NONE for a port that no balancer serves
 * @return ZDD_ERR_NONE, ZDD_ERR_NO_MEMORY
 */
ZDD_MUST_CHECK enum zdd_err zdd_fleet_of(const struct zdd_spots spots[static ZDD_SIDE_LEAVING],
                                         const char *backends, struct zdd_fleet *ret_fleet);

/**
 * From now on only @p old_stay old instances stay, the oldest of the others leave. Of a shared
 * fleet it parts this copy alone.
 *
 * Who leaves must not change while it does, whatever dies or starts: so many leave as the app wants
 * or has beyond @p old_stay, and new ones are never the oldest.
 */
void zdd_fleet_part(struct zdd_fleet *fleet, int32_t old_stay);

/** Write the first ports of @p spots in their order as text, with a space between: the first
 * ZDD_ADDRESSES_MAX, whichever order the tasks are listed in. */
void zdd_spots_print(const struct zdd_spots *spots, char ret_text[static ZDD_ADDRESSES_SIZE]);

/** @return the same fleet, to be released by itself */
struct zdd_fleet zdd_fleet_share(const struct zdd_fleet *fleet);
/** Give its memory back with the last that shares it; an empty one is fine. */
void zdd_fleet_release(struct zdd_fleet *fleet);

/** Tell the balancers what @p traffic asks for, as often as one likes; the fleet is parted as it
 * says.
 */
ZDD_MUST_CHECK enum zdd_err zdd_balance_tell(const struct zdd_router *router, const char *pair,
                                             const struct zdd_traffic *traffic,
                                             const struct zdd_fleet *fleet,
                                             char reason[static ZDD_ROUTER_REASON_SIZE]);

/** @return the question about the pair; borrows both */
struct zdd_router_ask zdd_balance_ask(const char *pair, const struct zdd_fleet *fleet);

/** Ask the balancers. @return also ZDD_ERR_ROUTER_DOWN; then nothing is known */
ZDD_MUST_CHECK enum zdd_err zdd_balance_look(const struct zdd_router *router, const char *pair,
                                             const struct zdd_fleet *fleet,
                                             struct zdd_router_view *ret_view,
                                             char reason[static ZDD_ROUTER_REASON_SIZE]);

/** What all balancers together show, measured against what they were told; not since when their
 * processes are there: they tell that by clocks of their own. Pure. */
struct zdd_balance zdd_balance_of(const struct zdd_router_view *view,
                                  const struct zdd_traffic *traffic, const struct zdd_fleet *fleet);

/** How many instances serve where they are fewest, by the balancers that answered. Pure. @p
 * ret_weakest is that balancer's name, "" for none */
struct zdd_floor_sight zdd_balance_sight(const struct zdd_router_view *view,
                                         const struct zdd_traffic *traffic,
                                         char ret_weakest[static ZDD_BALANCER_NAME_SIZE]);
