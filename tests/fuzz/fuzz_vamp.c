/**
 * @file tests/fuzz/fuzz_vamp.c
 * @brief VAMP's gateways: whatever they are, what is set adds up, is seen as set, and twice is
 * once.
 */
#include "server/json/json.h"
#include "server/net/url.h"
#include "server/router/vamp_gateways.h"
#include "tests/fuzz/fuzz.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct zdd_endpoint old[] = {{"a_1", "10.0.0.1:1"}, {"a_1", "10.0.0.2:1"}};
static const struct zdd_endpoint new[] = {{"a_1", "10.0.0.1:2"}};
static const struct zdd_router_ask ask = {
    .pair = "/a", .endpoints = {old, new}, .endpoint_count = {2, 1}};

static bool is_address(const char *text)
{
    struct in6_addr any;
    const char *at = strstr(text, "://");
    char host[64], url_host[80];
    uint16_t port;

    if (!at)
        return inet_pton(AF_INET, text, &any) == 1 || inet_pton(AF_INET6, text, &any) == 1;
    snprintf(url_host, sizeof(url_host), "%.*s", (int)strcspn(at + 3, "/?#"), at + 3);
    return !zdd_hostport_parse(url_host, host, &port) || is_address(host);
}

/* A name would be looked up, which is nothing for here. */
static void without_names(json_t *json)
{
    static const char *const members[] = {"host", "url"};
    const char *key;
    json_t *value;
    size_t index;

    for (size_t i = 0; i < ZDD_COUNT(members); i++) {
        if (!is_address(zdd_json_text(json, members[i], "")))
            json_object_del(json, members[i]);
    }
    json_object_foreach(json, key, value) without_names(value);
    json_array_foreach(json, index, value) without_names(value);
}

/* Keep the changed gateway in the place of the old one. */
static enum zdd_err keep(void *cls, const char *name, const json_t *gateway,
                         char reason[static ZDD_ROUTER_REASON_SIZE])
{
    json_t *gateways = cls;
    json_t *routes = json_object_get(gateway, "routes");
    const char *key;
    json_t *route;
    long sum = 0;
    size_t index;
    json_t *known;

    (void)reason;
    json_object_foreach(routes, key, route)
    {
        const char *weight = zdd_json_text(route, "weight", "");

        FUZZ_CHECK(strchr(weight, '%') != NULL);
        sum += strtol(weight, NULL, 10);
    }
    FUZZ_CHECK(sum == 0 || sum == 100);
    json_array_foreach(gateways, index, known)
    {
        if (strcmp(zdd_json_text(known, "name", ""), name) == 0 && known != gateway) {
            json_array_set(gateways, index, (json_t *)(uintptr_t)gateway);
            return ZDD_ERR_NONE;
        }
    }
    return ZDD_ERR_NONE;
}

/* A PUT by name cannot tell two gateways of one name apart; VAMP has none. */
static bool has_twins(const json_t *gateways)
{
    for (size_t i = 0; i < json_array_size(gateways); i++) {
        for (size_t k = 0; k < i; k++) {
            if (strcmp(zdd_json_text(json_array_get(gateways, i), "name", ""),
                       zdd_json_text(json_array_get(gateways, k), "name", "")) == 0)
                return true;
        }
    }
    return false;
}

static void check_side(const struct zdd_side_traffic *side)
{
    FUZZ_CHECK(side->listed >= 0 && side->listed <= side->servers);
    FUZZ_CHECK(side->up >= 0 && side->up <= side->servers);
    FUZZ_CHECK(side->stopped >= 0 && side->stopped <= side->servers);
    FUZZ_CHECK(side->weight_min >= 0 && side->weight_min <= side->weight_max);
    FUZZ_CHECK(side->weight_max <= ZDD_WEIGHT_MAX);
}

static void check_order(json_t *gateways, const struct zdd_vamp_order *order)
{
    char reason[ZDD_ROUTER_REASON_SIZE] = "";
    ZDD_AUTO_JSON json_t *before = NULL;
    struct zdd_vamp_sight sight;
    const enum zdd_err err = zdd_vamp_change(gateways, &ask, order, keep, gateways, reason);

    FUZZ_CHECK(err == ZDD_ERR_NONE || err == ZDD_ERR_ROUTER_DOWN);
    FUZZ_CHECK((err == ZDD_ERR_NONE) == (reason[0] == '\0'));
    zdd_vamp_look(gateways, &ask, order, &sight);
    for (int s = 0; s < ZDD_SIDE_COUNT; s++)
        check_side(&sight.view.side[s]);
    if (err != ZDD_ERR_NONE)
        return;
    before = json_deep_copy(gateways);
    FUZZ_CHECK(zdd_vamp_change(gateways, &ask, order, keep, gateways, reason) == ZDD_ERR_NONE);
    FUZZ_CHECK(json_equal(before, gateways));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct zdd_vamp_order orders[] = {
        {{ZDD_SERVES, ZDD_SERVES}, {200, 100}}, {{ZDD_DRAINS, ZDD_SERVES}, {1, 256}},
        {{ZDD_SERVES, ZDD_RESTS}, {1, 0}},      {{ZDD_SERVES, ZDD_SERVES}, {256, 1}},
        {{ZDD_SERVES, ZDD_SERVES}, {0, 0}},
    };
    FUZZ_AUTO_PARTS struct fuzz_parts parts = fuzz_split(data, size, 1);
    ZDD_AUTO_JSON json_t *gateways = fuzz_json(&parts, 0);
    struct zdd_vamp_sight sight;

    if (!gateways)
        return 0;
    without_names(gateways);
    zdd_vamp_look(gateways, &ask, NULL, &sight);
    check_side(&sight.view.side[ZDD_SIDE_OLD]);
    if (!json_is_array(gateways) || has_twins(gateways))
        return 0;
    for (size_t i = 0; i < ZDD_COUNT(orders); i++)
        check_order(gateways, &orders[i]);
    return 0;
}
