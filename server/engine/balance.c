/**
 * @file server/engine/balance.c
 * @brief A pair and its balancers.
 */
#include "server/engine/balance.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Figures of this age are as good as new ones: an agent is not asked more often. */
#define LOOK_AGE_MS 50

/* The @p index-th of the names in @p backends. @return false when there are fewer */
static bool backend_at(const char *backends, size_t index, char ret_name[static ZDD_BACKEND_SIZE])
{
    size_t size;

    for (; index > 0; index--) {
        backends += strcspn(backends, " ");
        if (!*backends)
            return false;
        backends++;
    }
    size = strcspn(backends, " ");
    if (size == 0 || size >= ZDD_BACKEND_SIZE)
        return false;
    memcpy(ret_name, backends, size);
    ret_name[size] = '\0';
    return true;
}

/* FNV-1a (Fowler, Noll, Vo): summed, the order of the tasks does not matter. */
static uint64_t mark_of(const struct zdd_endpoint *endpoint)
{
    uint64_t mark = 0xcbf29ce484222325u;

    for (const char *c = endpoint->backend; *c; c++)
        mark = (mark ^ (uint8_t)*c) * 0x100000001b3u;
    for (const char *c = endpoint->address; *c; c++)
        mark = (mark ^ (uint8_t)*c) * 0x100000001b3u;
    return mark;
}

static void add_spot(const struct zdd_spot *spot, const char *backends, enum zdd_pair_side side,
                     struct zdd_fleet *fleet)
{
    int32_t ports = 0;

    const size_t before = fleet->endpoint_count[side];

    for (size_t i = 0; i < spot->port_count; i++) {
        struct zdd_endpoint *endpoint = &fleet->endpoints[side][fleet->endpoint_count[side]];

        if (!backend_at(backends, i, endpoint->backend))
            break;
        if (strcmp(endpoint->backend, ZDD_BACKEND_NONE) == 0)
            continue;
        snprintf(endpoint->address, sizeof(endpoint->address), "%s", spot->address[i]);
        if (spot->healthy)
            fleet->healthy_mark += mark_of(endpoint);
        fleet->endpoint_count[side]++;
        ports++;
    }
    if (ports > fleet->ports)
        fleet->ports = ports;
    if (side == ZDD_SIDE_OLD) {
        struct zdd_member *member = &fleet->old[fleet->instances[side]];

        memcpy(member->task, spot->task, sizeof(member->task));
        member->endpoint_count = fleet->endpoint_count[side] - before;
        member->healthy = spot->healthy;
    }
    fleet->instances[side]++;
    if (spot->healthy)
        fleet->healthy[side]++;
}

static int youngest_first(const void *a, const void *b)
{
    const struct zdd_spot *const *x = a, *const *y = b;
    const int since = strcmp((*y)->since, (*x)->since);

    return since != 0 ? since : strcmp((*y)->task, (*x)->task);
}

static enum zdd_err add_side_of(const struct zdd_spots *spots, const char *backends,
                                enum zdd_pair_side side, struct zdd_fleet *fleet)
{
    const struct zdd_spot **sorted = calloc(spots->count + 1, sizeof(struct zdd_spot *));

    fleet->endpoints[side] =
        calloc(spots->count * ZDD_APP_PORT_MAX + 1, sizeof(struct zdd_endpoint));
    if (side == ZDD_SIDE_OLD)
        fleet->old = calloc(spots->count + 1, sizeof(struct zdd_member));
    if (!sorted || !fleet->endpoints[side] || !fleet->old) {
        free(sorted);
        return ZDD_ERR_NO_MEMORY;
    }
    for (size_t i = 0; i < spots->count; i++)
        sorted[i] = &spots->spot[i];
    qsort(sorted, spots->count, sizeof(struct zdd_spot *), youngest_first);
    for (size_t i = 0; i < spots->count; i++) {
        add_spot(sorted[i], backends, side, fleet);
    }
    free(sorted);
    return ZDD_ERR_NONE;
}

enum zdd_err zdd_fleet_of(const struct zdd_spots spots[static ZDD_SIDE_LEAVING],
                          const char *backends, struct zdd_fleet *ret_fleet)
{
    struct zdd_fleet fleet = {.users = malloc(sizeof(*fleet.users))};
    enum zdd_err err;

    if (!fleet.users)
        return ZDD_ERR_NO_MEMORY;
    atomic_init(fleet.users, 1);
    err = add_side_of(&spots[ZDD_SIDE_OLD], backends, ZDD_SIDE_OLD, &fleet);
    if (err == ZDD_ERR_NONE)
        err = add_side_of(&spots[ZDD_SIDE_NEW], backends, ZDD_SIDE_NEW, &fleet);
    if (err != ZDD_ERR_NONE) {
        zdd_fleet_release(&fleet);
        return err;
    }
    zdd_fleet_part(&fleet, ZDD_INSTANCES_MAX);
    *ret_fleet = fleet;
    return ZDD_ERR_NONE;
}

struct zdd_fleet zdd_fleet_share(const struct zdd_fleet *fleet)
{
    if (fleet->users)
        atomic_fetch_add(fleet->users, 1);
    return *fleet;
}

void zdd_fleet_part(struct zdd_fleet *fleet, int32_t old_stay)
{
    const int32_t running = fleet->instances[ZDD_SIDE_OLD] + fleet->instances[ZDD_SIDE_LEAVING];
    const int32_t wanted = running > fleet->old_wanted ? running : fleet->old_wanted;
    const int32_t all = wanted < fleet->old_most ? wanted : fleet->old_most;
    const int32_t leaving = all > old_stay ? all - old_stay : 0;
    static const enum zdd_pair_side sides[] = {ZDD_SIDE_OLD, ZDD_SIDE_LEAVING};

    if (!fleet->old)
        return; /* nobody has looked yet */
    for (size_t i = 0; i < ZDD_COUNT(sides); i++) {
        fleet->endpoint_count[sides[i]] = 0;
        fleet->instances[sides[i]] = fleet->healthy[sides[i]] = 0;
    }
    for (int32_t i = 0; i < running; i++) {
        const int side = i < running - leaving ? ZDD_SIDE_OLD : ZDD_SIDE_LEAVING;

        fleet->endpoint_count[side] += fleet->old[i].endpoint_count;
        fleet->instances[side]++;
        fleet->healthy[side] += fleet->old[i].healthy;
    }
    fleet->endpoints[ZDD_SIDE_LEAVING] =
        fleet->endpoints[ZDD_SIDE_OLD] + fleet->endpoint_count[ZDD_SIDE_OLD];
}

void zdd_fleet_release(struct zdd_fleet *fleet)
{
    if (fleet->users && atomic_fetch_sub(fleet->users, 1) == 1) {
        free(fleet->endpoints[ZDD_SIDE_OLD]);
        free(fleet->endpoints[ZDD_SIDE_NEW]);
        free(fleet->old);
        free(fleet->users);
    }
    *fleet = (struct zdd_fleet){0};
}

void zdd_spots_release(struct zdd_spots *spots)
{
    free(spots->spot);
    *spots = (struct zdd_spots){0};
}

_Static_assert(ZDD_ADDRESSES_SIZE >= ZDD_ADDRESSES_MAX * ZDD_SPOT_SIZE,
               "each address and its space need room");

/* Put @p address into the sorted list, from which the last one goes when it is full. */
static size_t sort_in(const char *address, const char *list[static ZDD_ADDRESSES_MAX], size_t count)
{
    size_t at = count;

    while (at > 0 && strcmp(list[at - 1], address) > 0)
        at--;
    if (at == ZDD_ADDRESSES_MAX)
        return count;
    if (count == ZDD_ADDRESSES_MAX)
        count--;
    memmove(&list[at + 1], &list[at], (count - at) * sizeof(list[0]));
    list[at] = address;
    return count + 1;
}

void zdd_spots_print(const struct zdd_spots *spots, char ret_text[static ZDD_ADDRESSES_SIZE])
{
    const char *list[ZDD_ADDRESSES_MAX];
    size_t count = 0, used = 0;

    for (size_t i = 0; i < spots->count; i++) {
        if (spots->spot[i].port_count > 0)
            count = sort_in(spots->spot[i].address[0], list, count);
    }
    ret_text[0] = '\0';
    for (size_t i = 0; i < count; i++)
        used += (size_t)snprintf(ret_text + used, ZDD_ADDRESSES_SIZE - used, i > 0 ? " %s" : "%s",
                                 list[i]);
}

enum zdd_err zdd_balance_tell(const struct zdd_router *router, const char *pair,
                              const struct zdd_traffic *traffic, const struct zdd_fleet *fleet,
                              char reason[static ZDD_ROUTER_REASON_SIZE])
{
    struct zdd_router_order order = {.pair = pair, .router = fleet->router};
    struct zdd_fleet parted = *fleet; /* the same memory, told apart anew */

    zdd_fleet_part(&parted, traffic->old_stay);
    for (int side = 0; side < ZDD_SIDE_COUNT; side++) {
        order.side[side] = (struct zdd_side_order){
            .serving = traffic->side[side].serving,
            .weight = traffic->side[side].weight,
            .endpoints = parted.endpoints[side],
            .endpoint_count = parted.endpoint_count[side],
        };
    }
    reason[0] = '\0';
    return router->ops->set(router->cls, &order, reason);
}

struct zdd_router_ask zdd_balance_ask(const char *pair, const struct zdd_fleet *fleet)
{
    struct zdd_router_ask ask = {.pair = pair, .router = fleet->router};

    for (int side = 0; side < ZDD_SIDE_COUNT; side++) {
        ask.endpoints[side] = fleet->endpoints[side];
        ask.endpoint_count[side] = fleet->endpoint_count[side];
    }
    return ask;
}

enum zdd_err zdd_balance_look(const struct zdd_router *router, const char *pair,
                              const struct zdd_fleet *fleet, struct zdd_router_view *ret_view,
                              char reason[static ZDD_ROUTER_REASON_SIZE])
{
    const struct zdd_router_ask ask = zdd_balance_ask(pair, fleet);

    reason[0] = '\0';
    return router->ops->observe(router->cls, &ask, 1, LOOK_AGE_MS, ret_view, reason);
}

/* Every healthy instance is there, and does what was asked. */
static bool is_told(const struct zdd_side_traffic *seen, const struct zdd_side_setting *setting,
                    int32_t expected)
{
    if (seen->listed < expected)
        return false;
    if (setting->serving != ZDD_SERVES)
        return seen->stopped == seen->servers;
    return seen->servers == 0 || (seen->stopped == 0 && seen->weight_min == setting->weight &&
                                  seen->weight_max == setting->weight);
}

static void add_side(const struct zdd_side_traffic *seen, const struct zdd_side_setting *setting,
                     const struct zdd_fleet *fleet, enum zdd_pair_side side,
                     struct zdd_side_balance *sum)
{
    const int32_t ports = fleet->ports > 0 ? fleet->ports : 1;
    const int32_t servers = (seen->servers + ports - 1) / ports;

    if (servers > sum->servers)
        sum->servers = servers;
    if (seen->up < sum->up)
        sum->up = seen->up;
    sum->sessions += seen->sessions + seen->queue;
    sum->told = sum->told && is_told(seen, setting, fleet->healthy[side]);
}

struct zdd_balance zdd_balance_of(const struct zdd_router_view *view,
                                  const struct zdd_traffic *traffic, const struct zdd_fleet *fleet)
{
    struct zdd_balance balance = {.known = view->balancer_count > 0};

    for (int side = 0; side < ZDD_SIDE_COUNT; side++) {
        balance.side[side].up = INT32_MAX;
        balance.side[side].told = true;
    }
    for (size_t i = 0; i < view->balancer_count; i++) {
        const struct zdd_balancer_view *b = &view->balancer[i];

        if (!b->reachable)
            return (struct zdd_balance){0};
        balance.weights_ignored = balance.weights_ignored || !b->weights_obeyed;
        for (int side = 0; side < ZDD_SIDE_COUNT; side++)
            add_side(&b->side[side], &traffic->side[side], fleet, (enum zdd_pair_side)side,
                     &balance.side[side]);
    }
    return balance.known ? balance : (struct zdd_balance){0};
}

/* Instances of versions that take requests as ordered. */
static int32_t carried_by(const struct zdd_balancer_view *b, const struct zdd_traffic *traffic)
{
    int32_t carried = 0;

    for (int side = 0; side < ZDD_SIDE_COUNT; side++) {
        const struct zdd_side_setting *setting = &traffic->side[side];

        if (setting->serving == ZDD_SERVES && setting->weight > 0)
            carried += b->side[side].up;
    }
    return carried;
}

struct zdd_floor_sight zdd_balance_sight(const struct zdd_router_view *view,
                                         const struct zdd_traffic *traffic,
                                         char ret_weakest[static ZDD_BALANCER_NAME_SIZE])
{
    struct zdd_floor_sight sight = {.complete = true, .serving = INT32_MAX, .carried = INT32_MAX};

    ret_weakest[0] = '\0';
    for (size_t i = 0; i < view->balancer_count; i++) {
        const struct zdd_balancer_view *b = &view->balancer[i];
        const int32_t carried = carried_by(b, traffic);

        sight.complete = sight.complete && b->reachable;
        if (!b->reachable)
            continue;
        sight.known = true;
        if (b->serving < sight.serving) {
            sight.serving = b->serving;
            memcpy(ret_weakest, b->name, ZDD_BALANCER_NAME_SIZE);
        }
        if (carried < sight.carried)
            sight.carried = carried;
    }
    return sight.known ? sight : (struct zdd_floor_sight){0};
}
