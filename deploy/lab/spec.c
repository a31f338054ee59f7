/**
 * @file deploy/lab/spec.c
 * @brief One version of one app: its checks and ports read once, then shared.
 */
#include "deploy/lab/apps.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *name;
    enum zdd_lab_protocol protocol;
} protocols[] = {
    {"HTTP", ZDD_LAB_HTTP},
    {"HTTPS", ZDD_LAB_HTTPS},
    {"TCP", ZDD_LAB_TCP},
    {"COMMAND", ZDD_LAB_COMMAND},
    {"MESOS_HTTP", ZDD_LAB_MESOS_HTTP},
    {"MESOS_HTTPS", ZDD_LAB_MESOS_HTTPS},
    {"MESOS_TCP", ZDD_LAB_MESOS_TCP},
};

static enum zdd_lab_protocol read_protocol(const json_t *json)
{
    const char *name = zdd_json_text(json, "protocol", "HTTP");

    for (size_t i = 0; i < sizeof(protocols) / sizeof(protocols[0]); i++)
        if (strcmp(protocols[i].name, name) == 0)
            return protocols[i].protocol;
    return ZDD_LAB_HTTP;
}

static int64_t read_ms(const json_t *json, const char *key, int64_t otherwise_s)
{
    return zdd_json_int(json, key, otherwise_s) * 1000;
}

/* Defaults of AppHealthCheck; the definition normally carries them already. */
static struct zdd_lab_check read_check(json_t *json)
{
    return (struct zdd_lab_check){
        .protocol = read_protocol(json),
        .path = zdd_json_text(json, "path", "/"),
        .command = zdd_json_text(json_object_get(json, "command"), "value", NULL),
        .port_index = (size_t)zdd_json_int(json, "portIndex", 0),
        .port = (uint16_t)zdd_json_int(json, "port", 0),
        .grace_ms = read_ms(json, "gracePeriodSeconds", 300),
        .interval_ms = read_ms(json, "intervalSeconds", 60),
        .timeout_ms = read_ms(json, "timeoutSeconds", 20),
        .delay_ms = read_ms(json, "delaySeconds", 15),
        .failure_max = (int)zdd_json_int(json, "maxConsecutiveFailures", 3),
        .json = json,
    };
}

json_t *zdd_lab_def_port_list(const json_t *def, const char **ret_key)
{
    json_t *mappings = json_object_get(json_object_get(def, "container"), "portMappings");

    if (json_array_size(mappings)) {
        *ret_key = "servicePort";
        return mappings;
    }
    *ret_key = "port";
    return json_object_get(def, "portDefinitions");
}

/* The readiness check names its port; find the place of that name. */
static size_t named_port(const json_t *def, const char *name)
{
    const char *key;
    const json_t *list = zdd_lab_def_port_list(def, &key);

    for (size_t i = 0; i < json_array_size(list); i++)
        if (strcmp(zdd_json_text(json_array_get(list, i), "name", ""), name) == 0)
            return i;
    return 0;
}

static struct zdd_lab_check read_readiness(const json_t *def)
{
    json_t *json = json_array_get(json_object_get(def, "readinessChecks"), 0);

    return (struct zdd_lab_check){
        .protocol = read_protocol(json),
        .name = zdd_json_text(json, "name", "readinessCheck"),
        .path = zdd_json_text(json, "path", "/"),
        .port_index = named_port(def, zdd_json_text(json, "portName", "http-api")),
        .interval_ms = read_ms(json, "intervalSeconds", 30),
        .timeout_ms = read_ms(json, "timeoutSeconds", 10),
        .json = json,
    };
}

struct zdd_lab_spec *zdd_lab_spec_new(const char *id, json_t *def, int64_t version_ms,
                                      int64_t scaled_ms, int64_t configured_ms)
{
    struct zdd_lab_spec *spec = calloc(1, sizeof(*spec));
    json_t *checks = json_object_get(def, "healthChecks");

    if (!spec || !(spec->id = strdup(id))) {
        fputs("zdd-lab: out of memory\n", stderr);
        abort();
    }
    spec->refs = 1;
    spec->def = def;
    spec->version_ms = version_ms;
    spec->scaled_ms = scaled_ms;
    spec->configured_ms = configured_ms;
    zdd_appdef_facts(def, &spec->facts);
    for (size_t i = 0; i < json_array_size(checks) && i < ZDD_LAB_CHECK_MAX; i++)
        spec->check[spec->check_count++] = read_check(json_array_get(checks, i));
    if (spec->facts.has_readiness_checks)
        spec->readiness = read_readiness(def);
    return spec;
}

struct zdd_lab_spec *zdd_lab_spec_ref(struct zdd_lab_spec *spec)
{
    if (spec)
        spec->refs++;
    return spec;
}

void zdd_lab_spec_unref(struct zdd_lab_spec *spec)
{
    if (!spec || --spec->refs)
        return;
    json_decref(spec->def);
    free(spec->id);
    free(spec);
}

uint16_t zdd_lab_check_port(const struct zdd_lab_check *check,
                            const struct zdd_lab_instance *instance)
{
    if (check->port)
        return check->port;
    return check->port_index < instance->port_count ? instance->port[check->port_index] : 0;
}

size_t zdd_lab_def_ports(const json_t *def, uint16_t port[static ZDD_LAB_PORT_MAX])
{
    const char *key;
    const json_t *list = zdd_lab_def_port_list(def, &key);
    size_t count = json_array_size(list);

    if (count > ZDD_LAB_PORT_MAX)
        count = ZDD_LAB_PORT_MAX;
    for (size_t i = 0; i < count; i++)
        port[i] = (uint16_t)zdd_json_int(json_array_get(list, i), key, 0);
    return count;
}
