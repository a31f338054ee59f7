/**
 * @file server/json/appdef_check_ports.c
 * @brief The rules for networks, ports and fetched files: mostly what excludes what.
 */
#include "server/json/appdef_parts.h"
#include "server/json/words.h"

#include <stdio.h>

#include <string.h>

#define PORT_COUNT 65536

/* One bit per port. */
struct port_set {
    unsigned char bits[PORT_COUNT / 8];
};

/* @return true when @p port was there already; port 0 means any and never repeats */
static bool add_port(struct port_set *set, int64_t port)
{
    const unsigned bit = 1u << (port & 7);
    bool before;

    if (port <= 0 || port >= PORT_COUNT)
        return false;
    before = (set->bits[port / 8] & bit) != 0;
    set->bits[port / 8] = (unsigned char)(set->bits[port / 8] | bit);
    return before;
}

static void complain_twice(const struct zdd_appdef_view *view, const char *place, const char *what,
                           const char *name)
{
    char quoted[ZDD_WORDS_QUOTE_SIZE];

    zdd_words_quote(name, quoted);
    zdd_appdef_complain(view, place, "%s %s a second time", what, quoted);
}

static size_t size_at(const json_t *json, const char *pointer)
{
    return json_array_size(zdd_json_at(json, pointer));
}

/* Old and new ways to say the same exclude each other: Marathon could not know which one counts. */
static void check_doubles(const struct zdd_appdef_view *view)
{
    const json_t *given = view->given;
    const bool networks = size_at(given, "/networks") > 0;
    const bool ip_address = json_is_object(json_object_get(given, "ipAddress"));

    if (networks && json_is_string(zdd_json_at(given, "/container/docker/network")))
        zdd_appdef_complain(view, "/container/docker/network",
                            "must not be given together with networks: networks alone will do");
    if (networks && ip_address)
        zdd_appdef_complain(view, "/ipAddress",
                            "must not be given together with networks: networks alone will do");
    if (ip_address && (size_at(given, "/ports") > 0 || size_at(given, "/portDefinitions") > 0))
        zdd_appdef_complain(view, "/ipAddress",
                            "must not be given together with ports or portDefinitions");
    if (size_at(given, "/container/docker/portMappings") > 0 &&
        size_at(given, "/container/portMappings") > 0)
        zdd_appdef_complain(view, "/container/docker/portMappings",
                            "must not be given together with container.portMappings");
    if (size_at(given, "/uris") > 0 && size_at(given, "/fetch") > 0)
        zdd_appdef_complain(view, "/uris",
                            "must not be given together with fetch: fetch alone will do");
}

/* Marathon up to 1.4 answers with both; they may stand side by side when they say the same. */
static void check_old_ports(const struct zdd_appdef_view *view)
{
    const json_t *ports = json_object_get(view->given, "ports");
    const json_t *definitions = json_object_get(view->given, "portDefinitions");
    bool same = json_array_size(ports) == json_array_size(definitions);

    if (!json_is_array(ports) || !json_is_array(definitions))
        return;
    for (size_t i = 0; same && i < json_array_size(ports); i++)
        same = json_number_value(json_array_get(ports, i)) ==
               zdd_json_real(json_array_get(definitions, i), "port", 0);
    if (!same)
        zdd_appdef_complain(view, "/ports",
                            "differs from portDefinitions: portDefinitions alone will do");
}

static const char *mode_of(const json_t *network)
{
    return zdd_json_text(network, "mode", "container");
}

static void check_networks(const struct zdd_appdef_view *view)
{
    const json_t *networks = json_object_get(view->given, "networks");
    const size_t size = json_array_size(networks);
    size_t containers = 0;
    char place[48];

    for (size_t i = 0; i < size; i++) {
        const json_t *network = json_array_get(networks, i);
        const bool is_container = strcmp(mode_of(network), "container") == 0;

        containers += is_container;
        snprintf(place, sizeof(place), "/networks/%zu", i);
        if (!is_container && zdd_json_text(network, "name", "")[0])
            zdd_appdef_complain(view, place, "must not have a name: only mode container has");
        if (strcmp(mode_of(network), "host") == 0 &&
            json_object_size(json_object_get(network, "labels")) > 0)
            zdd_appdef_complain(view, place, "must not have labels in mode host");
    }
    if (size > 1 && containers < size)
        zdd_appdef_complain(view, "/networks",
                            "must be one host network, one bridge, or only container networks");
    if (containers > 1 && json_object_get(view->given, "container") &&
        strcmp(zdd_json_text(json_object_get(view->canonical, "container"), "type", ""),
               "DOCKER") == 0)
        zdd_appdef_complain(view, "/networks",
                            "must hold at most one container network with the DOCKER engine");
}

static void check_network_names(const struct zdd_appdef_view *view)
{
    const json_t *networks = json_object_get(view->given, "networks");
    ZDD_AUTO_JSON json_t *seen = json_object();
    char place[48];

    for (size_t i = 0; i < json_array_size(networks); i++) {
        const json_t *network = json_array_get(networks, i);
        const char *name = zdd_json_text(network, "name", "");

        snprintf(place, sizeof(place), "/networks/%zu", i);
        if (strcmp(mode_of(network), "container") == 0 && json_object_get(seen, name))
            complain_twice(view, place, "joins the network", name);
        json_object_set_new(seen, name, json_true());
    }
}

/* Which list of ports belongs to which kind of network. */
static void check_lists(const struct zdd_appdef_view *view)
{
    const json_t *given = view->given;
    const bool old = size_at(given, "/container/portMappings") == 0;

    if (zdd_appdef_host_mode(view->canonical)) {
        if (!old || size_at(given, "/container/docker/portMappings") > 0)
            zdd_appdef_complain(view,
                                old ? "/container/docker/portMappings" : "/container/portMappings",
                                "need another network than host, for instance networks: "
                                "[{\"mode\": \"container/bridge\"}]");
    } else if (size_at(given, "/portDefinitions") > 0 &&
               size_at(given, "/container/docker/portMappings") == 0) {
        zdd_appdef_complain(view, "/portDefinitions",
                            "are for host networking only: use container.portMappings");
    }
}

/* @p number is the member that must differ, NULL when numbers may repeat; names must differ always.
 */
static void check_unique(const struct zdd_appdef_view *view, const char *list, const char *number)
{
    const json_t *ports = zdd_json_at(view->given, list);
    ZDD_AUTO_JSON json_t *names = json_object();
    struct port_set seen = {{0}};
    char place[80];

    for (size_t i = 0; i < json_array_size(ports); i++) {
        const json_t *port = json_array_get(ports, i);
        const char *name = zdd_json_text(port, "name", NULL);
        const int64_t value = number ? zdd_json_int(port, number, 0) : 0;

        if (add_port(&seen, value)) {
            snprintf(place, sizeof(place), "%s/%zu/%s", list, i, number);
            zdd_appdef_complain(view, place, "asks for port %lld a second time", (long long)value);
        }
        if (!name)
            continue;
        snprintf(place, sizeof(place), "%s/%zu/name", list, i);
        if (json_object_get(names, name))
            complain_twice(view, place, "uses the name", name);
        json_object_set_new(names, name, json_true());
    }
}

static void check_unique_old_ports(const struct zdd_appdef_view *view)
{
    const json_t *ports = json_object_get(view->given, "ports");
    struct port_set seen = {{0}};
    char place[48];

    for (size_t i = 0; i < json_array_size(ports); i++) {
        const json_int_t value = json_integer_value(json_array_get(ports, i));

        snprintf(place, sizeof(place), "/ports/%zu", i);
        if (add_port(&seen, value))
            zdd_appdef_complain(view, place, "asks for port %lld a second time", (long long)value);
    }
}

void zdd_appdef_check_ports(const struct zdd_appdef_view *view)
{
    check_doubles(view);
    check_old_ports(view);
    check_networks(view);
    check_network_names(view);
    check_lists(view);
    check_unique(view, "/portDefinitions", "port");
    check_unique(view, "/container/portMappings", NULL);
    check_unique(view, "/container/docker/portMappings", NULL);
    check_unique_old_ports(view);
}
