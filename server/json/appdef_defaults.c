/**
 * @file server/json/appdef_defaults.c
 * @brief The defaults of Marathon 1.10 (marathon.md §2.2).
 */
#include "server/json/appdef_parts.h"

#include <string.h>

/* A member and its default. */
struct preset {
    const char *key;
    enum { INTEGER, REAL, TEXT, TRUE, FALSE, OBJECT, ARRAY } kind;
    double number;
    const char *text;
};

static json_t *value_of(const struct preset *preset)
{
    switch (preset->kind) {
    case INTEGER:
        return json_integer((json_int_t)preset->number);
    case REAL:
        return json_real(preset->number);
    case TEXT:
        return json_string(preset->text);
    case TRUE:
        return json_true();
    case FALSE:
        return json_false();
    case OBJECT:
        return json_object();
    case ARRAY:
        return json_array();
    }
    return NULL;
}

/* A default is made only where it is missing: most definitions that are planned come from Marathon,
 * which has filled them in. What came from outside may be no object at all. */
static bool lacks(const json_t *object, const char *key)
{
    return json_is_object(object) && !json_object_get(object, key);
}

static void fill(struct zdd_draft *draft, json_t *object, const struct preset *presets,
                 size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (lacks(object, presets[i].key))
            zdd_draft_put(draft, object, presets[i].key, value_of(&presets[i]));
    }
}

static void fill_each(struct zdd_draft *draft, const json_t *objects, const struct preset *presets,
                      size_t count)
{
    for (size_t i = 0; i < json_array_size(objects); i++)
        fill(draft, json_array_get(objects, i), presets, count);
}

static void fill_app(struct zdd_draft *draft)
{
    static const struct preset presets[] = {
        {"instances", INTEGER, 1, NULL},
        {"cpus", INTEGER, 1, NULL},
        {"mem", INTEGER, 128, NULL},
        {"disk", INTEGER, 0, NULL},
        {"gpus", INTEGER, 0, NULL},
        {"executor", TEXT, 0, ""},
        {"labels", OBJECT, 0, NULL},
        {"backoffSeconds", INTEGER, 1, NULL},
        {"backoffFactor", REAL, 1.15, NULL},
        {"maxLaunchDelaySeconds", INTEGER, 300, NULL},
        {"killSelection", TEXT, 0, "YOUNGEST_FIRST"},
    };

    fill(draft, draft->app, presets, ZDD_COUNT(presets));
}

static json_t *capacities(double minimum_health, double maximum_over)
{
    return json_pack("{s:f, s:f}", "minimumHealthCapacity", minimum_health, "maximumOverCapacity",
                     maximum_over);
}

static void fill_strategies(struct zdd_draft *draft)
{
    static const struct preset unreachable[] = {
        {"inactiveAfterSeconds", INTEGER, 0, NULL},
        {"expungeAfterSeconds", INTEGER, 0, NULL},
    };
    json_t *app = draft->app;
    const bool resident = zdd_appdef_has_volume(app, "persistent");
    const bool volumes = resident || zdd_appdef_has_volume(app, "external");
    const bool single = zdd_appdef_single_instance(app);

    if (lacks(app, "upgradeStrategy"))
        zdd_draft_put(draft, app, "upgradeStrategy",
                      single    ? capacities(0, 0)
                      : volumes ? capacities(0.5, 0)
                                : capacities(1, 1));
    if (lacks(app, "unreachableStrategy"))
        zdd_draft_put(draft, app, "unreachableStrategy",
                      resident ? json_string("disabled") : json_object());
    fill(draft, json_object_get(app, "unreachableStrategy"), unreachable, ZDD_COUNT(unreachable));
}

static void fill_networks(struct zdd_draft *draft)
{
    static const struct preset network[] = {{"mode", TEXT, 0, "container"}};
    json_t *app = draft->app;

    if (json_array_size(json_object_get(app, "networks")) == 0) /* [] means the default too */
        zdd_draft_put(draft, app, "networks", json_pack("[{s:s}]", "mode", "host"));
    fill_each(draft, json_object_get(app, "networks"), network, ZDD_COUNT(network));
}

static bool is_bridge(const json_t *app)
{
    const char *mode = json_string_value(zdd_json_at(app, "/networks/0/mode"));

    return mode && strcmp(mode, "container/bridge") == 0;
}

static void fill_mappings(struct zdd_draft *draft)
{
    static const struct preset bridged[] = {{"hostPort", INTEGER, 0, NULL}};
    static const struct preset mapping[] = {
        {"containerPort", INTEGER, 0, NULL},
        {"servicePort", INTEGER, 0, NULL},
        {"protocol", TEXT, 0, "tcp"},
        {"labels", OBJECT, 0, NULL},
    };
    json_t *app = draft->app;
    const json_t *mappings;

    if (lacks(app, "container"))
        zdd_draft_put(draft, app, "container", json_pack("{s:s}", "type", "MESOS"));
    if (lacks(json_object_get(app, "container"), "portMappings"))
        zdd_draft_put(draft, json_object_get(app, "container"), "portMappings",
                      json_pack("[{s:s}]", "name", "default"));
    mappings = zdd_json_at(app, "/container/portMappings");
    if (is_bridge(app))
        fill_each(draft, mappings, bridged, ZDD_COUNT(bridged));
    fill_each(draft, mappings, mapping, ZDD_COUNT(mapping));
}

static void fill_definitions(struct zdd_draft *draft)
{
    static const struct preset definition[] = {
        {"port", INTEGER, 0, NULL},
        {"protocol", TEXT, 0, "tcp"},
    };
    json_t *app = draft->app;

    if (lacks(app, "portDefinitions"))
        zdd_draft_put(draft, app, "portDefinitions", json_pack("[{s:s}]", "name", "default"));
    fill_each(draft, json_object_get(app, "portDefinitions"), definition, ZDD_COUNT(definition));
}

static void fill_ports(struct zdd_draft *draft)
{
    json_t *app = draft->app;

    if (!zdd_appdef_host_mode(app)) {
        zdd_draft_put(draft, app, "requirePorts", json_false()); /* whatever was said */
        fill_mappings(draft);
        return;
    }
    if (lacks(app, "requirePorts"))
        zdd_draft_put(draft, app, "requirePorts", json_false());
    fill_definitions(draft);
}

static void fill_container(struct zdd_draft *draft)
{
    static const struct preset container[] = {
        {"type", TEXT, 0, "DOCKER"},
        {"volumes", ARRAY, 0, NULL},
    };
    static const struct preset docker[] = {
        {"forcePullImage", FALSE, 0, NULL},
        {"privileged", FALSE, 0, NULL},
        {"parameters", ARRAY, 0, NULL},
    };
    static const struct preset volume[] = {{"mode", TEXT, 0, "RW"}};
    json_t *given = json_object_get(draft->app, "container");
    const json_t *volumes;

    fill(draft, given, container, ZDD_COUNT(container));
    fill(draft, json_object_get(given, "docker"), docker, ZDD_COUNT(docker));
    volumes = json_object_get(given, "volumes");
    for (size_t i = 0; i < json_array_size(volumes); i++) {
        if (!json_object_get(json_array_get(volumes, i), "secret"))
            fill(draft, json_array_get(volumes, i), volume, ZDD_COUNT(volume));
    }
}

static void fill_fetch(struct zdd_draft *draft)
{
    static const struct preset file[] = {
        {"extract", TRUE, 0, NULL},
        {"executable", FALSE, 0, NULL},
        {"cache", FALSE, 0, NULL},
    };

    fill_each(draft, json_object_get(draft->app, "fetch"), file, ZDD_COUNT(file));
}

static void fill_health_check(struct zdd_draft *draft, json_t *check, bool has_ports)
{
    static const struct preset any[] = {
        {"protocol", TEXT, 0, "HTTP"},
        {"gracePeriodSeconds", INTEGER, 300, NULL},
        {"intervalSeconds", INTEGER, 60, NULL},
        {"timeoutSeconds", INTEGER, 20, NULL},
        {"maxConsecutiveFailures", INTEGER, 3, NULL},
        {"delaySeconds", INTEGER, 15, NULL},
        {"ipProtocol", TEXT, 0, "IPv4"},
    };
    static const struct preset http[] = {{"ignoreHttp1xx", FALSE, 0, NULL}};
    static const struct preset with_port[] = {{"portIndex", INTEGER, 0, NULL}};
    const char *protocol;

    fill(draft, check, any, ZDD_COUNT(any));
    protocol = zdd_json_text(check, "protocol", "HTTP");
    if (strncmp(protocol, "HTTP", 4) == 0)
        fill(draft, check, http, ZDD_COUNT(http));
    if (json_object_get(check, "port"))
        json_object_del(check, "portIndex"); /* the port wins */
    else if (has_ports && strcmp(protocol, "COMMAND") != 0)
        fill(draft, check, with_port, ZDD_COUNT(with_port));
}

static void fill_readiness_check(struct zdd_draft *draft, json_t *check)
{
    static const struct preset presets[] = {
        {"name", TEXT, 0, "readinessCheck"},
        {"protocol", TEXT, 0, "HTTP"},
        {"path", TEXT, 0, "/"},
        {"portName", TEXT, 0, "http-api"},
        {"intervalSeconds", INTEGER, 30, NULL},
        {"timeoutSeconds", INTEGER, 10, NULL},
        {"preserveLastResponse", FALSE, 0, NULL},
    };

    fill(draft, check, presets, ZDD_COUNT(presets));
    if (lacks(check, "httpStatusCodesForReady"))
        zdd_draft_put(draft, check, "httpStatusCodesForReady", json_pack("[i]", 200));
}

static void fill_checks(struct zdd_draft *draft)
{
    static const struct preset mesos[] = {
        {"intervalSeconds", INTEGER, 60, NULL},
        {"timeoutSeconds", INTEGER, 20, NULL},
        {"delaySeconds", INTEGER, 15, NULL},
    };
    json_t *app = draft->app;
    const bool has_ports = json_array_size(zdd_appdef_ports(app)) > 0;
    const json_t *health = json_object_get(app, "healthChecks");
    const json_t *readiness = json_object_get(app, "readinessChecks");

    for (size_t i = 0; i < json_array_size(health); i++)
        fill_health_check(draft, json_array_get(health, i), has_ports);
    for (size_t i = 0; i < json_array_size(readiness); i++)
        fill_readiness_check(draft, json_array_get(readiness, i));
    fill(draft, json_object_get(app, "check"), mesos, ZDD_COUNT(mesos));
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
