/**
 * @file server/json/appdef_facts.c
 * @brief What strategies need to know of a definition.
 */
#include "server/json/appdef_parts.h"

#include <math.h>
#include <string.h>

/*
 * The longest a healthy new task may reasonably need before it counts, for default
 * deadlines only: a wrong guess costs patience, not safety. Without checks it is the
 * time to fetch an image and start. A health check gives the app its grace period to
 * come up, but at least two ticks and an answer. A readiness check knows no grace,
 * so ten rounds stand for the time to warm up.
 */
#define START_S_MIN 60.0
#define HEALTH_TICKS 2
#define READINESS_ROUNDS 10

bool zdd_appdef_is_one_of(const char *text, const char *const words[])
{
    for (size_t i = 0; text && words[i]; i++) {
        if (text[0] == words[i][0] && strcmp(text, words[i]) == 0)
            return true;
    }
    return false;
}

bool zdd_appdef_host_mode(const json_t *canonical)
{
    const json_t *networks = json_object_get(canonical, "networks");

    for (size_t i = 0; i < json_array_size(networks); i++) {
        if (strcmp(zdd_json_text(json_array_get(networks, i), "mode", "container"), "host") != 0)
            return false;
    }
    return true; /* also the default */
}

const json_t *zdd_appdef_ports(const json_t *canonical)
{
    return zdd_appdef_host_mode(canonical) ? json_object_get(canonical, "portDefinitions")
                                           : zdd_json_at(canonical, "/container/portMappings");
}

bool zdd_appdef_single_instance(const json_t *definition)
{
    const json_t *labels = json_object_get(definition, "labels");

    return strcmp(zdd_json_text(labels, "MARATHON_SINGLE_INSTANCE_APP", ""), "true") == 0;
}

bool zdd_appdef_has_volume(const json_t *definition, const char *kind)
{
    const json_t *volumes = zdd_json_at(definition, "/container/volumes");

    for (size_t i = 0; i < json_array_size(volumes); i++) {
        if (json_is_object(json_object_get(json_array_get(volumes, i), kind)))
            return true;
    }
    return false;
}

bool zdd_appdef_marathon_check(const json_t *health_check)
{
    static const char *const marathons[] = {"HTTP", "HTTPS", "TCP", NULL};

    return zdd_appdef_is_one_of(zdd_json_text(health_check, "protocol", "HTTP"), marathons);
}

static bool is_unique_hostname(const json_t *constraint)
{
    static const char *const hosts[] = {"hostname", "@hostname", NULL};
    const char *rule = json_string_value(json_array_get(constraint, 1));
    const char *value = json_string_value(json_array_get(constraint, 2));

    if (!zdd_appdef_is_one_of(json_string_value(json_array_get(constraint, 0)), hosts) || !rule)
        return false;
    return strcmp(rule, "UNIQUE") == 0 ||
           (strcmp(rule, "MAX_PER") == 0 && value && strcmp(value, "1") == 0);
}

static bool has_unique_hostname(const json_t *app)
{
    const json_t *constraints = json_object_get(app, "constraints");

    for (size_t i = 0; i < json_array_size(constraints); i++) {
        if (is_unique_hostname(json_array_get(constraints, i)))
            return true;
    }
    return false;
}

static bool has_fixed_port(const json_t *app)
{
    const json_t *ports = zdd_appdef_ports(app);

    for (size_t i = 0; i < json_array_size(ports); i++) {
        if (zdd_json_int(json_array_get(ports, i), "port", 0) != 0)
            return true;
    }
    return false;
}

static double start_of_health_check(const json_t *check)
{
    return fmax(zdd_json_real(check, "gracePeriodSeconds", 0),
                HEALTH_TICKS * zdd_json_real(check, "intervalSeconds", 0) +
                    zdd_json_real(check, "timeoutSeconds", 0));
}

static double start_of_readiness_check(const json_t *check)
{
    return READINESS_ROUNDS * zdd_json_real(check, "intervalSeconds", 0) +
           zdd_json_real(check, "timeoutSeconds", 0);
}

static int32_t to_int32(double value)
{
    return value >= INT32_MAX ? INT32_MAX : value <= 0 ? 0 : (int32_t)value;
}

static void read_checks(const json_t *app, struct zdd_appdef_facts *facts)
{
    const json_t *health = json_object_get(app, "healthChecks");
    const json_t *readiness = json_object_get(app, "readinessChecks");
    double start_s = START_S_MIN;

    for (size_t i = 0; i < json_array_size(health); i++) {
        const json_t *check = json_array_get(health, i);

        facts->has_health_checks = true;
        facts->has_marathon_checks |= zdd_appdef_marathon_check(check);
        start_s = fmax(start_s, start_of_health_check(check));
    }
    for (size_t i = 0; i < json_array_size(readiness); i++) {
        facts->has_readiness_checks = true;
        start_s = fmax(start_s, start_of_readiness_check(json_array_get(readiness, i)));
    }
    facts->start_timeout_s = to_int32(start_s);
}

void zdd_appdef_facts(const json_t *definition, struct zdd_appdef_facts *ret_facts)
{
    ZDD_AUTO_JSON json_t *canonical = zdd_appdef_canonical(definition);

    zdd_appdef_canonical_facts(canonical, ret_facts);
}

void zdd_appdef_canonical_facts(const json_t *canonical, struct zdd_appdef_facts *ret_facts)
{
    ZDD_AUTO_JSON json_t *app = zdd_appdef_with_defaults(canonical);
    const json_t *upgrade = json_object_get(app, "upgradeStrategy");
    const bool single = zdd_appdef_single_instance(app);

    *ret_facts = (struct zdd_appdef_facts){
        .instances = to_int32(zdd_json_real(app, "instances", 1)),
        .minimum_health_capacity = single ? 0 : zdd_json_real(upgrade, "minimumHealthCapacity", 1),
        .maximum_over_capacity = single ? 0 : zdd_json_real(upgrade, "maximumOverCapacity", 1),
        .single_instance = single,
        .require_ports = zdd_json_bool(app, "requirePorts", false) && has_fixed_port(app),
        .unique_hostname = has_unique_hostname(app),
        .oldest_first = strcmp(zdd_json_text(app, "killSelection", ""), "OLDEST_FIRST") == 0,
        .resident = zdd_appdef_has_volume(app, "persistent"),
        .cpus = zdd_json_real(app, "cpus", 1),
        .mem_mib = zdd_json_real(app, "mem", 128),
    };
    read_checks(app, ret_facts);
}
