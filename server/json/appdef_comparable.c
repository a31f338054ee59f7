/**
 * @file server/json/appdef_comparable.c
 * @brief A definition in the form in which two of them can be compared.
 *
 * Canonical, defaults filled in, members that do not decide anything taken away, sets
 * sorted. What is left is what makes Marathon replace tasks (marathon.md §2.3), and
 * the number of instances.
 */
#include "server/json/appdef_parts.h"

#include "server/base/cleanup.h"

#include <stdlib.h>
#include <string.h>

/* Members that count. `role` and others that a server fills in by itself count only when they were
 * asked for. */
static const char *const app_members[] = {
    "id",
    "cmd",
    "args",
    "user",
    "env",
    "instances",
    "cpus",
    "mem",
    "disk",
    "gpus",
    "executor",
    "constraints",
    "fetch",
    "portDefinitions",
    "requirePorts",
    "backoffSeconds",
    "backoffFactor",
    "maxLaunchDelaySeconds",
    "container",
    "healthChecks",
    "check",
    "readinessChecks",
    "taskKillGracePeriodSeconds",
    "dependencies",
    "upgradeStrategy",
    "labels",
    "acceptedResourceRoles",
    "networks",
    "secrets",
    "unreachableStrategy",
    "killSelection",
    "tty",
    "role",
    "resourceLimits",
    NULL,
};
static const char *const definition_members[] = {"port", "protocol", "name", "labels", NULL};
static const char *const mapping_members[] = {
    "containerPort", "hostPort", "servicePort", "protocol", "name", "labels", "networkNames", NULL};
static const char *const container_members[] = {"type",    "docker",       "appc",
                                                "volumes", "portMappings", NULL};
static const char *const docker_members[] = {"image",      "forcePullImage", "privileged",
                                             "parameters", "pullConfig",     NULL};
static const char *const fetch_members[] = {"uri",   "extract",  "executable",
                                            "cache", "destPath", NULL};
static const char *const network_members[] = {"mode", "name", "labels", NULL};
static const char *const health_members[] = {"protocol",
                                             "path",
                                             "port",
                                             "portIndex",
                                             "gracePeriodSeconds",
                                             "intervalSeconds",
                                             "timeoutSeconds",
                                             "maxConsecutiveFailures",
                                             "delaySeconds",
                                             "ipProtocol",
                                             "command",
                                             NULL};
static const char *const readiness_members[] = {"name",
                                                "protocol",
                                                "path",
                                                "portName",
                                                "intervalSeconds",
                                                "timeoutSeconds",
                                                "httpStatusCodesForReady",
                                                "preserveLastResponse",
                                                NULL};

static void keep_only(json_t *object, const char *const names[])
{
    void *next;

    for (void *at = json_object_iter(object); at; at = next) {
        next = json_object_iter_next(object, at);
        if (!zdd_appdef_is_one_of(json_object_iter_key(at), names))
            json_object_del(object, json_object_iter_key(at));
    }
}

static void drop_if_empty(json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);

    if (json_array_size(value) + json_object_size(value) == 0 &&
        (json_is_array(value) || json_is_object(value)))
        json_object_del(object, key);
}

static bool text_is(const json_t *object, const char *key, const char *text)
{
    return strcmp(zdd_json_text(object, key, ""), text) == 0;
}

struct sortable {
    char *text;
    json_t *json;
};

static int compare_sortable(const void *a, const void *b)
{
    return strcmp(((const struct sortable *)a)->text, ((const struct sortable *)b)->text);
}

/* Marathon keeps these lists as sets: order says nothing. */
static bool sort_list(json_t *array)
{
    const size_t size = json_array_size(array);
    ZDD_AUTO_FREE struct sortable *items = calloc(size + 1, sizeof(*items));
    bool complete = items != NULL;

    for (size_t i = 0; complete && i < size; i++) {
        items[i].json = json_incref(json_array_get(array, i));
        items[i].text = zdd_json_canonical(items[i].json);
        complete = items[i].text != NULL;
    }
    if (complete)
        qsort(items, size, sizeof(*items), compare_sortable);
    for (size_t i = 0; items && i < size; i++) {
        if (complete)
            json_array_set(array, i, items[i].json);
        json_decref(items[i].json);
        free(items[i].text);
    }
    return complete;
}

/* Ports: the name that Marathon gives by itself is as good as none, and both orders of protocols
 * are one. */
static void comparable_port(struct zdd_draft *draft, json_t *port, const char *const members[])
{
    keep_only(port, members);
    if (text_is(port, "name", "default"))
        json_object_del(port, "name");
    if (text_is(port, "protocol", "tcp,udp"))
        zdd_draft_put(draft, port, "protocol", json_string("udp,tcp"));
    drop_if_empty(port, "labels");
    drop_if_empty(port, "networkNames");
}

static void comparable_volume(json_t *volume)
{
    json_t *persistent = json_object_get(volume, "persistent");

    if (text_is(persistent, "type", "root"))
        json_object_del(persistent, "type");
    drop_if_empty(persistent, "constraints");
    drop_if_empty(json_object_get(volume, "external"), "options");
}

static void comparable_container(struct zdd_draft *draft)
{
    json_t *container = json_object_get(draft->app, "container");
    json_t *mappings = json_object_get(container, "portMappings");
    json_t *volumes = json_object_get(container, "volumes");

    keep_only(container, container_members);
    keep_only(json_object_get(container, "docker"), docker_members);
    for (size_t i = 0; i < json_array_size(mappings); i++)
        comparable_port(draft, json_array_get(mappings, i), mapping_members);
    for (size_t i = 0; i < json_array_size(volumes); i++)
        comparable_volume(json_array_get(volumes, i));
}

/*
 * ignoreHttp1xx is lost on its way through Marathon 1.5 and later. The delay is not
 * implemented for checks that Marathon runs, and what a protocol has no use for comes
 * back or not, depending on the version.
 */
static void comparable_health_check(struct zdd_draft *draft, json_t *check)
{
    const char *protocol = zdd_json_text(check, "protocol", "");
    const bool http = strstr(protocol, "HTTP") != NULL;
    const bool command = strcmp(protocol, "COMMAND") == 0;

    keep_only(check, health_members);
    if (zdd_appdef_marathon_check(check)) {
        json_object_del(check, "delaySeconds");
        json_object_del(check, "ipProtocol");
    }
    if (http)
        zdd_draft_fill(draft, check, "path", json_string("/"));
    else
        json_object_del(check, "path");
    if (command) {
        json_object_del(check, "port");
        json_object_del(check, "portIndex");
    } else {
        json_object_del(check, "command");
    }
}

static void comparable_checks(struct zdd_draft *draft)
{
    json_t *health = json_object_get(draft->app, "healthChecks");
    json_t *readiness = json_object_get(draft->app, "readinessChecks");

    for (size_t i = 0; i < json_array_size(health); i++)
        comparable_health_check(draft, json_array_get(health, i));
    for (size_t i = 0; i < json_array_size(readiness); i++) {
        json_t *check = json_array_get(readiness, i);

        keep_only(check, readiness_members);
        draft->failed |= !sort_list(json_object_get(check, "httpStatusCodesForReady"));
    }
}

static void comparable_lists(struct zdd_draft *draft)
{
    json_t *networks = json_object_get(draft->app, "networks");
    json_t *fetch = json_object_get(draft->app, "fetch");
    json_t *definitions = json_object_get(draft->app, "portDefinitions");

    for (size_t i = 0; i < json_array_size(networks); i++) {
        keep_only(json_array_get(networks, i), network_members);
        drop_if_empty(json_array_get(networks, i), "labels");
    }
    for (size_t i = 0; i < json_array_size(fetch); i++)
        keep_only(json_array_get(fetch, i), fetch_members);
    for (size_t i = 0; i < json_array_size(definitions); i++)
        comparable_port(draft, json_array_get(definitions, i), definition_members);
}

json_t *zdd_appdef_comparable(const json_t *canonical)
{
    static const char *const sets[] = {"constraints", "dependencies", "healthChecks",
                                       "acceptedResourceRoles"};
    struct zdd_draft draft = {.app = zdd_appdef_with_defaults(canonical)};

    if (!draft.app)
        return NULL;
    keep_only(draft.app, app_members);
    comparable_container(&draft);
    comparable_checks(&draft);
    comparable_lists(&draft);
    if (text_is(draft.app, "executor", "//cmd")) /* the default by its full name */
        zdd_draft_put(&draft, draft.app, "executor", json_string(""));
    if (json_is_false(json_object_get(draft.app, "tty")))
        json_object_del(draft.app, "tty");
    for (size_t i = 0; i < sizeof(sets) / sizeof(sets[0]); i++)
        draft.failed |= !sort_list(json_object_get(draft.app, sets[i]));
    return zdd_draft_take(&draft);
}
