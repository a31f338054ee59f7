/**
 * @file server/json/appdef_defaults.c
 * @brief The defaults of Marathon 1.10 (marathon.md §2.2).
 */
#include "server/json/appdef_parts.h"

#include <string.h>

/* A default is made only where it is missing: most definitions that are planned come from Marathon,
 * which has filled them in. What came from outside may be no object at all. */
#define FILL(draft, object, key, value)                                                            \
    do {                                                                                           \
        if (json_is_object(object) && !json_object_get(object, key))                               \
            zdd_draft_put(draft, object, key, value);                                              \
    } while (0)

static void fill_app(struct zdd_draft *draft)
{
    json_t *app = draft->app;

    FILL(draft, app, "instances", json_integer(1));
    FILL(draft, app, "cpus", json_integer(1));
    FILL(draft, app, "mem", json_integer(128));
    FILL(draft, app, "disk", json_integer(0));
    FILL(draft, app, "gpus", json_integer(0));
    FILL(draft, app, "executor", json_string(""));
    FILL(draft, app, "labels", json_object());
    FILL(draft, app, "backoffSeconds", json_integer(1));
    FILL(draft, app, "backoffFactor", json_real(1.15));
    FILL(draft, app, "maxLaunchDelaySeconds", json_integer(300));
    FILL(draft, app, "killSelection", json_string("YOUNGEST_FIRST"));
}

static json_t *capacities(double minimum_health, double maximum_over)
{
    return json_pack("{s:f, s:f}", "minimumHealthCapacity", minimum_health, "maximumOverCapacity",
                     maximum_over);
}

static void fill_strategies(struct zdd_draft *draft)
{
    json_t *app = draft->app;
    const bool resident = zdd_appdef_has_volume(app, "persistent");
    const bool volumes = resident || zdd_appdef_has_volume(app, "external");
    const bool single = zdd_appdef_single_instance(app);
    json_t *unreachable;

    FILL(draft, app, "upgradeStrategy",
         single    ? capacities(0, 0)
         : volumes ? capacities(0.5, 0)
                   : capacities(1, 1));
    FILL(draft, app, "unreachableStrategy", resident ? json_string("disabled") : json_object());
    unreachable = json_object_get(app, "unreachableStrategy");
    FILL(draft, unreachable, "inactiveAfterSeconds", json_integer(0));
    FILL(draft, unreachable, "expungeAfterSeconds", json_integer(0));
}

static void fill_networks(struct zdd_draft *draft)
{
    json_t *app = draft->app;
    json_t *networks;

    if (json_array_size(json_object_get(app, "networks")) == 0) /* [] means the default too */
        zdd_draft_put(draft, app, "networks", json_pack("[{s:s}]", "mode", "host"));
    networks = json_object_get(app, "networks");
    for (size_t i = 0; i < json_array_size(networks); i++)
        FILL(draft, json_array_get(networks, i), "mode", json_string("container"));
}

static bool is_bridge(const json_t *app)
{
    const char *mode = json_string_value(zdd_json_at(app, "/networks/0/mode"));

    return mode && strcmp(mode, "container/bridge") == 0;
}

static void fill_mappings(struct zdd_draft *draft)
{
    json_t *app = draft->app;
    json_t *mappings;

    FILL(draft, app, "container", json_pack("{s:s}", "type", "MESOS"));
    FILL(draft, json_object_get(app, "container"), "portMappings",
         json_pack("[{s:s}]", "name", "default"));
    mappings = zdd_json_at(app, "/container/portMappings");
    for (size_t i = 0; i < json_array_size(mappings); i++) {
        json_t *mapping = json_array_get(mappings, i);

        FILL(draft, mapping, "containerPort", json_integer(0));
        if (is_bridge(app))
            FILL(draft, mapping, "hostPort", json_integer(0));
        FILL(draft, mapping, "servicePort", json_integer(0));
        FILL(draft, mapping, "protocol", json_string("tcp"));
        FILL(draft, mapping, "labels", json_object());
    }
}

static void fill_definitions(struct zdd_draft *draft)
{
    json_t *app = draft->app;
    json_t *definitions;

    FILL(draft, app, "portDefinitions", json_pack("[{s:s}]", "name", "default"));
    definitions = json_object_get(app, "portDefinitions");
    for (size_t i = 0; i < json_array_size(definitions); i++) {
        FILL(draft, json_array_get(definitions, i), "port", json_integer(0));
        FILL(draft, json_array_get(definitions, i), "protocol", json_string("tcp"));
    }
}

static void fill_ports(struct zdd_draft *draft)
{
    json_t *app = draft->app;

    if (zdd_appdef_host_mode(app)) {
        FILL(draft, app, "requirePorts", json_false());
        fill_definitions(draft);
    } else {
        zdd_draft_put(draft, app, "requirePorts", json_false()); /* whatever was said */
        fill_mappings(draft);
    }
}

static void fill_container(struct zdd_draft *draft)
{
    json_t *app = draft->app;
    json_t *container = json_object_get(app, "container");
    json_t *docker = json_object_get(container, "docker");
    json_t *volumes;

    FILL(draft, container, "type", json_string("DOCKER"));
    FILL(draft, container, "volumes", json_array());
    FILL(draft, docker, "forcePullImage", json_false());
    FILL(draft, docker, "privileged", json_false());
    FILL(draft, docker, "parameters", json_array());
    volumes = json_object_get(container, "volumes");
    for (size_t i = 0; i < json_array_size(volumes); i++) {
        if (!json_object_get(json_array_get(volumes, i), "secret"))
            FILL(draft, json_array_get(volumes, i), "mode", json_string("RW"));
    }
}

static void fill_fetch(struct zdd_draft *draft)
{
    json_t *app = draft->app;
    json_t *fetch = json_object_get(app, "fetch");

    for (size_t i = 0; i < json_array_size(fetch); i++) {
        FILL(draft, json_array_get(fetch, i), "extract", json_true());
        FILL(draft, json_array_get(fetch, i), "executable", json_false());
        FILL(draft, json_array_get(fetch, i), "cache", json_false());
    }
}

static void fill_health_check(struct zdd_draft *draft, json_t *check, bool has_ports)
{
    const char *protocol;

    FILL(draft, check, "protocol", json_string("HTTP"));
    FILL(draft, check, "gracePeriodSeconds", json_integer(300));
    FILL(draft, check, "intervalSeconds", json_integer(60));
    FILL(draft, check, "timeoutSeconds", json_integer(20));
    FILL(draft, check, "maxConsecutiveFailures", json_integer(3));
    FILL(draft, check, "delaySeconds", json_integer(15));
    FILL(draft, check, "ipProtocol", json_string("IPv4"));
    protocol = zdd_json_text(check, "protocol", "HTTP");
    if (strncmp(protocol, "HTTP", 4) == 0)
        FILL(draft, check, "ignoreHttp1xx", json_false());
    if (json_object_get(check, "port"))
        json_object_del(check, "portIndex"); /* the port wins */
    else if (has_ports && strcmp(protocol, "COMMAND") != 0)
        FILL(draft, check, "portIndex", json_integer(0));
}

static void fill_readiness_check(struct zdd_draft *draft, json_t *check)
{
    FILL(draft, check, "name", json_string("readinessCheck"));
    FILL(draft, check, "protocol", json_string("HTTP"));
    FILL(draft, check, "path", json_string("/"));
    FILL(draft, check, "portName", json_string("http-api"));
    FILL(draft, check, "intervalSeconds", json_integer(30));
    FILL(draft, check, "timeoutSeconds", json_integer(10));
    FILL(draft, check, "httpStatusCodesForReady", json_pack("[i]", 200));
    FILL(draft, check, "preserveLastResponse", json_false());
}

static void fill_checks(struct zdd_draft *draft)
{
    json_t *app = draft->app;
    const bool has_ports = json_array_size(zdd_appdef_ports(app)) > 0;
    json_t *health = json_object_get(app, "healthChecks");
    json_t *readiness = json_object_get(app, "readinessChecks");
    json_t *check = json_object_get(app, "check");

    for (size_t i = 0; i < json_array_size(health); i++)
        fill_health_check(draft, json_array_get(health, i), has_ports);
    for (size_t i = 0; i < json_array_size(readiness); i++)
        fill_readiness_check(draft, json_array_get(readiness, i));
    FILL(draft, check, "intervalSeconds", json_integer(60));
    FILL(draft, check, "timeoutSeconds", json_integer(20));
    FILL(draft, check, "delaySeconds", json_integer(15));
}

/* What Marathon leaves out of its answers when there is nothing in it. */
static void drop_empty(json_t *app)
{
    static const char *const names[] = {"args",  "constraints",  "dependencies",    "env",
                                        "fetch", "healthChecks", "readinessChecks", "secrets"};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        const json_t *value = json_object_get(app, names[i]);

        if (value && json_array_size(value) + json_object_size(value) == 0)
            json_object_del(app, names[i]);
    }
}

json_t *zdd_appdef_with_defaults(const json_t *canonical)
{
    struct zdd_draft draft = {.app = json_is_object(canonical) ? zdd_appdef_copy(canonical, NULL)
                                                               : NULL};

    if (!draft.app)
        return NULL;
    fill_app(&draft);
    fill_strategies(&draft);
    fill_networks(&draft);
    fill_ports(&draft);
    fill_container(&draft);
    fill_fetch(&draft);
    fill_checks(&draft);
    drop_empty(draft.app);
    return zdd_draft_take(&draft);
}
