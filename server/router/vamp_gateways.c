/**
 * @file server/router/vamp_gateways.c
 * @brief VAMP's gateways, and what a pair gets of them.
 */
#include "server/router/vamp_gateways.h"

#include "server/json/json.h"
#include "server/net/address.h"
#include "server/net/url.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ALL 100         /* percent */
#define LINGER_MS 60000 /* a request that takes longer is cut by VAMP itself */

/* One route as the pair sees it. */
struct route {
    int32_t of[ZDD_VERSION_COUNT]; /* targets that are instances of the side */
    int32_t others;
    int32_t percent;
};

/* One gateway as the pair sees it. */
struct gateway {
    size_t routes[ZDD_VERSION_COUNT]; /* that lead to the side */
    int32_t servers[ZDD_VERSION_COUNT], percent[ZDD_VERSION_COUNT];
    int32_t others, serving;
};

/* "10.0.0.7:31005" as the engine writes it, of {"host","port"} or {"url"}. */
static bool target_address(const json_t *target, char ret_address[static ZDD_ADDRESS_SIZE])
{
    const char *url = zdd_json_text(target, "url", NULL);
    const char *at = url ? strstr(url, "://") : NULL;
    const int64_t number = zdd_json_int(target, "port", 0);
    char host[64], ip[ZDD_NET_ADDRESS_SIZE];
    uint16_t port = number > 0 && number <= UINT16_MAX ? (uint16_t)number : 0;

    if (at) {
        char text[80];

        snprintf(text, sizeof(text), "%.*s", (int)strcspn(at + 3, "/?#"), at + 3);
        if (!zdd_hostport_parse(text, host, &port))
            return false;
    } else {
        snprintf(host, sizeof(host), "%s", zdd_json_text(target, "host", ""));
    }
    if (port == 0 || !*host || !zdd_net_address(host, ip))
        return false;
    snprintf(ret_address, ZDD_ADDRESS_SIZE, strchr(ip, ':') ? "[%s]:%u" : "%s:%u", ip, port);
    return true;
}

static enum zdd_pair_side side_of(const struct zdd_router_ask *ask, const char *address)
{
    for (enum zdd_pair_side s = 0; s < ZDD_VERSION_COUNT; s++) {
        for (size_t i = 0; i < ask->endpoint_count[s]; i++) {
            if (strcmp(ask->endpoints[s][i].address, address) == 0)
                return s;
        }
    }
    return ZDD_VERSION_COUNT;
}

/* "80%" or 80; what is none is nothing. */
static int32_t percent_of(const json_t *route)
{
    const json_t *weight = json_object_get(route, "weight");
    const char *text = json_string_value(weight);
    const long value = text ? strtol(text, NULL, 10) : (long)zdd_json_int(route, "weight", 0);

    return value < 0 || value > ALL ? 0 : (int32_t)value;
}

static struct route read_route(const json_t *json, const struct zdd_router_ask *ask)
{
    struct route route = {.percent = percent_of(json)};
    const json_t *targets = json_object_get(json, "targets");
    char address[ZDD_ADDRESS_SIZE];

    for (size_t i = 0; i < json_array_size(targets); i++) {
        const enum zdd_pair_side side = target_address(json_array_get(targets, i), address)
                                            ? side_of(ask, address)
                                            : ZDD_VERSION_COUNT;

        if (side == ZDD_VERSION_COUNT)
            route.others++;
        else
            route.of[side]++;
    }
    return route;
}

static struct gateway read_gateway(const json_t *json, const struct zdd_router_ask *ask)
{
    struct gateway gateway = {0};
    json_t *routes = json_object_get(json, "routes");
    const char *name;
    json_t *value;

    json_object_foreach(routes, name, value)
    {
        const struct route route = read_route(value, ask);

        for (int s = 0; s < ZDD_VERSION_COUNT; s++) {
            gateway.routes[s] += route.of[s] > 0;
            gateway.servers[s] += route.of[s];
            gateway.percent[s] += route.of[s] > 0 ? route.percent : 0;
        }
        gateway.others += route.others;
        if (route.percent > 0)
            gateway.serving += route.of[ZDD_SIDE_OLD] + route.of[ZDD_SIDE_NEW] + route.others;
    }
    return gateway;
}

static bool is_of_pair(const struct gateway *gateway)
{
    return gateway->routes[ZDD_SIDE_OLD] + gateway->routes[ZDD_SIDE_NEW] > 0;
}

void zdd_vamp_percents(const struct zdd_vamp_order *order, const size_t servers[ZDD_VERSION_COUNT],
                       int32_t ret_percents[ZDD_VERSION_COUNT])
{
    int64_t part[ZDD_VERSION_COUNT], all = 0;
    int32_t new_percent;

    for (int s = 0; s < ZDD_VERSION_COUNT; s++) {
        part[s] = order->serving[s] == ZDD_SERVES ? order->weight[s] * (int64_t)servers[s] : 0;
        all += part[s];
    }
    ret_percents[ZDD_SIDE_OLD] = ret_percents[ZDD_SIDE_NEW] = 0;
    if (all == 0)
        return;
    new_percent = (int32_t)((part[ZDD_SIDE_NEW] * ALL + all / 2) / all);
    if (part[ZDD_SIDE_NEW] > 0 && new_percent == 0)
        new_percent = 1;
    if (part[ZDD_SIDE_OLD] > 0 && new_percent == ALL)
        new_percent = ALL - 1;
    ret_percents[ZDD_SIDE_NEW] = new_percent;
    ret_percents[ZDD_SIDE_OLD] = ALL - new_percent;
}

/* What each side shall get of one gateway. @return false when that is nothing for all that are
 * there, which only the order itself may want */
static bool wanted_of(const struct gateway *gateway, const struct zdd_router_ask *ask,
                      const struct zdd_vamp_order *order, int32_t ret_percents[ZDD_VERSION_COUNT])
{
    int32_t all;

    zdd_vamp_percents(order, ask->endpoint_count, ret_percents);
    all = ret_percents[ZDD_SIDE_OLD] + ret_percents[ZDD_SIDE_NEW];
    for (int s = 0; s < ZDD_VERSION_COUNT; s++) {
        const int other = ZDD_VERSION_COUNT - 1 - s;

        if (gateway->routes[s] > 0)
            continue;
        ret_percents[s] = 0;
        if (ret_percents[other] > 0)
            ret_percents[other] = ALL;
    }
    return all == 0 || ret_percents[ZDD_SIDE_OLD] + ret_percents[ZDD_SIDE_NEW] > 0;
}

static int32_t lower_of(int32_t a, int32_t b)
{
    return a < b ? a : b;
}

/* The weight that each server of the side has, as far as percents tell. */
static void add_weight(struct zdd_side_traffic *side, int32_t low, int32_t high, bool first)
{
    side->weight_min = first ? low : lower_of(side->weight_min, low);
    side->weight_max = high > side->weight_max ? high : side->weight_max;
}

static void look_at_side(const struct gateway *gateway, enum zdd_pair_side s,
                         const struct zdd_vamp_order *order, bool obeyed,
                         struct zdd_side_traffic *side)
{
    const bool first = side->servers == 0;

    if (gateway->servers[s] == 0)
        return;
    side->servers += gateway->servers[s];
    if (!order)
        add_weight(side, gateway->percent[s] > 0, gateway->percent[s] > 0, first);
    else if (order->serving[s] != ZDD_SERVES)
        side->stopped += gateway->percent[s] == 0 ? gateway->servers[s] : 0;
    else if (obeyed)
        add_weight(side, order->weight[s], order->weight[s], first);
    else
        add_weight(side, 0, ZDD_WEIGHT_MAX, first); /* another share: no weight that was said */
    side->weight_sum +=
        gateway->percent[s] > 0 ? (int64_t)side->weight_max * gateway->servers[s] : 0;
}

static bool is_obeyed(const struct gateway *gateway, const struct zdd_router_ask *ask,
                      const struct zdd_vamp_order *order)
{
    int32_t wanted[ZDD_VERSION_COUNT];

    return order && wanted_of(gateway, ask, order, wanted) &&
           wanted[ZDD_SIDE_OLD] == gateway->percent[ZDD_SIDE_OLD] &&
           wanted[ZDD_SIDE_NEW] == gateway->percent[ZDD_SIDE_NEW];
}

static void add_gateway(const struct gateway *gateway, const struct zdd_router_ask *ask,
                        const struct zdd_vamp_order *order, bool first,
                        struct zdd_vamp_sight *sight)
{
    struct zdd_balancer_view *view = &sight->view;
    const bool obeyed = is_obeyed(gateway, ask, order);

    view->strangers += gateway->others;
    view->serving = first ? gateway->serving : lower_of(view->serving, gateway->serving);
    for (enum zdd_pair_side s = 0; s < ZDD_VERSION_COUNT; s++) {
        struct zdd_side_traffic *side = &view->side[s];

        look_at_side(gateway, s, order, obeyed, side);
        side->listed = first ? gateway->servers[s] : lower_of(side->listed, gateway->servers[s]);
        side->up = side->listed; /* VAMP lists what Marathon calls healthy */
        sight->idle[s] = sight->idle[s] && gateway->percent[s] == 0;
    }
}

void zdd_vamp_look(const json_t *gateways, const struct zdd_router_ask *ask,
                   const struct zdd_vamp_order *order, struct zdd_vamp_sight *ret_sight)
{
    bool first = true;

    *ret_sight = (struct zdd_vamp_sight){.view.weights_obeyed = true, .idle = {true, true}};
    for (size_t i = 0; i < json_array_size(gateways); i++) {
        const struct gateway gateway = read_gateway(json_array_get(gateways, i), ask);

        if (!is_of_pair(&gateway))
            continue;
        add_gateway(&gateway, ask, order, first, ret_sight);
        first = false;
    }
}

int32_t zdd_vamp_sessions(int64_t *since_mono_ms, bool idle, int32_t servers, int64_t now_mono_ms)
{
    if (!since_mono_ms)
        return servers;
    if (!idle)
        *since_mono_ms = 0;
    else if (*since_mono_ms == 0)
        *since_mono_ms = now_mono_ms;
    return *since_mono_ms > 0 && now_mono_ms - *since_mono_ms >= LINGER_MS ? 0 : servers;
}

/* What is in the way of giving a route its part; NULL: nothing is. Nobody can say how much is due
 * to one that is not one side's alone. */
static const char *fault_of(const json_t *json, const struct zdd_router_ask *ask)
{
    const struct route route = read_route(json, ask);

    if (!json_is_object(json))
        return "is no route, for versions";
    if (route.of[ZDD_SIDE_OLD] > 0 && route.of[ZDD_SIDE_NEW] > 0)
        return "leads to both versions";
    if (route.of[ZDD_SIDE_OLD] + route.of[ZDD_SIDE_NEW] == 0 && route.others > 0 &&
        route.percent > 0)
        return "gets requests and leads to no version";
    return NULL;
}

static enum zdd_err check_routes(const char *name, const json_t *json,
                                 const struct zdd_router_ask *ask,
                                 char reason[static ZDD_ROUTER_REASON_SIZE])
{
    json_t *routes = json_object_get(json, "routes");
    const char *key;
    json_t *value;

    json_object_foreach(routes, key, value)
    {
        const char *fault = fault_of(value, ask);

        if (!fault)
            continue;
        snprintf(reason, ZDD_ROUTER_REASON_SIZE,
                 "VAMP's gateway %.80s: its route %.80s %s of %.60s", name, key, fault, ask->pair);
        return ZDD_ERR_ROUTER_DOWN;
    }
    return ZDD_ERR_NONE;
}

static bool set_percent(json_t *route, int32_t percent)
{
    char text[16];

    snprintf(text, sizeof(text), "%d%%", (int)percent);
    return json_object_set_new(route, "weight", json_string(text)) == 0;
}

/* Give each route its part; those of one side share alike, the first ones get what is over. */
static bool write_weights(json_t *json, const struct zdd_router_ask *ask,
                          const struct gateway *gateway, const int32_t wanted[ZDD_VERSION_COUNT])
{
    json_t *routes = json_object_get(json, "routes");
    int32_t done[ZDD_VERSION_COUNT] = {0};
    const char *key;
    json_t *value;

    json_object_foreach(routes, key, value)
    {
        const struct route route = read_route(value, ask);
        const int s = route.of[ZDD_SIDE_NEW] > 0 ? ZDD_SIDE_NEW : ZDD_SIDE_OLD;
        const int32_t count = (int32_t)gateway->routes[s];
        int32_t percent = 0; /* of a route that leads nowhere now */

        if (route.of[s] > 0) {
            percent = wanted[s] / count + (done[s] < wanted[s] % count);
            done[s]++;
        }
        if (!set_percent(value, percent))
            return false;
    }
    return true;
}

static enum zdd_err change(const json_t *json, const struct zdd_router_ask *ask,
                           const struct zdd_vamp_order *order, zdd_vamp_put *put, void *cls,
                           char reason[static ZDD_ROUTER_REASON_SIZE])
{
    const char *name = zdd_json_text(json, "name", "");
    const struct gateway gateway = read_gateway(json, ask);
    ZDD_AUTO_JSON json_t *changed = NULL;
    int32_t wanted[ZDD_VERSION_COUNT];
    enum zdd_err err;

    if (!is_of_pair(&gateway))
        return ZDD_ERR_NONE;
    err = check_routes(name, json, ask, reason);
    if (err != ZDD_ERR_NONE || !wanted_of(&gateway, ask, order, wanted))
        return err; /* the side that shall serve is not there yet: what serves goes on */
    changed = json_deep_copy(json);
    if (!changed || !write_weights(changed, ask, &gateway, wanted))
        return ZDD_ERR_NO_MEMORY;
    return json_equal(changed, json) ? ZDD_ERR_NONE : put(cls, name, changed, reason);
}

enum zdd_err zdd_vamp_change(const json_t *gateways, const struct zdd_router_ask *ask,
                             const struct zdd_vamp_order *order, zdd_vamp_put *put, void *cls,
                             char reason[static ZDD_ROUTER_REASON_SIZE])
{
    enum zdd_err err = ZDD_ERR_NONE;

    for (size_t i = 0; i < json_array_size(gateways) && err == ZDD_ERR_NONE; i++)
        err = change(json_array_get(gateways, i), ask, order, put, cls, reason);
    return err;
}
