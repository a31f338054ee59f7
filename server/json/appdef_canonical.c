/**
 * @file server/json/appdef_canonical.c
 * @brief Deprecated input becomes what Marathon makes of it (AppNormalization).
 *
 * Everything here also sees JSON that nobody has checked: wrong types are carried along, never
 * trusted.
 */
#include "server/json/appdef_parts.h"

#include "server/base/cleanup.h"

#include <string.h>

const char *const zdd_appdef_reported[] = {
    "version",         "versionInfo",
    "tasks",           "tasksStaged",
    "tasksRunning",    "tasksHealthy",
    "deployments",     "tasksUnhealthy",
    "lastTaskFailure", "readinessCheckResults",
    "taskStats",       "tasksStats",
    "storeUrls",       NULL,
};

void zdd_draft_put(struct zdd_draft *draft, json_t *object, const char *key, json_t *value)
{
    if (!json_is_object(object))
        json_decref(value);
    else if (json_object_set_new_nocheck(object, key, value))
        draft->failed = true;
}

void zdd_draft_fill(struct zdd_draft *draft, json_t *object, const char *key, json_t *value)
{
    if (json_object_get(object, key))
        json_decref(value);
    else
        zdd_draft_put(draft, object, key, value);
}

json_t *zdd_draft_take(struct zdd_draft *draft)
{
    if (draft->failed) {
        json_decref(draft->app);
        draft->app = NULL;
    }
    return ZDD_TAKE(draft->app);
}

static void append(struct zdd_draft *draft, json_t *array, json_t *value)
{
    if (json_array_append_new(array, value))
        draft->failed = true;
}

/* Texts and numbers are shared, not copied: nobody changes one, only the member that holds it. */
static json_t *copy_member(const json_t *json)
{
    return json_is_object(json) || json_is_array(json) ? zdd_appdef_copy(json, NULL)
                                                       : json_incref((json_t *)(uintptr_t)json);
}

json_t *zdd_appdef_copy(const json_t *json, const char *const without[])
{
    json_t *source = (json_t *)(uintptr_t)json; /* the walks below change nothing */
    ZDD_AUTO_JSON json_t *copy = json_is_object(json) ? json_object() : json_array();
    const char *key;
    json_t *value;
    size_t i;

    json_object_foreach(source, key, value)
    {
        if (json_is_null(value) || (without && zdd_appdef_is_one_of(key, without)))
            continue;
        if (json_object_set_new_nocheck(copy, key, copy_member(value)))
            return NULL;
    }
    json_array_foreach(source, i, value)
    {
        if (json_array_append_new(copy, copy_member(value)))
            return NULL;
    }
    return ZDD_TAKE(copy);
}

/* Move a member to a new name, or drop it when the new name is taken. */
static void move_member(struct zdd_draft *draft, json_t *from, const char *old_name, json_t *to,
                        const char *new_name)
{
    json_t *value = json_incref(json_object_get(from, old_name));

    json_object_del(from, old_name);
    if (value)
        zdd_draft_fill(draft, to, new_name, value);
}

/* @return the absolute form of @p text, or NULL when it stays as it is */
static json_t *absolute(const json_t *text)
{
    char id[ZDD_APP_ID_SIZE];

    if (!json_is_string(text) || !zdd_appdef_id_absolute(json_string_value(text), id) ||
        strcmp(json_string_value(text), id) == 0)
        return NULL;
    return json_string(id);
}

static void canonical_ids(struct zdd_draft *draft)
{
    json_t *dependencies = json_object_get(draft->app, "dependencies");
    json_t *id = absolute(json_object_get(draft->app, "id"));

    if (id)
        zdd_draft_put(draft, draft->app, "id", id);
    for (size_t i = 0; i < json_array_size(dependencies); i++) {
        id = absolute(json_array_get(dependencies, i));
        if (id && json_array_set_new(dependencies, i, id))
            draft->failed = true;
    }
}

/* What Mesos' fetcher unpacks by itself. */
static bool is_archive(const char *uri)
{
    static const char *const endings[] = {".tgz", ".tar.gz", ".tbz2", ".tar.bz2",
                                          ".txz", ".tar.xz", ".zip",  NULL};
    const size_t size = strlen(uri);

    for (size_t i = 0; endings[i]; i++) {
        const size_t ending = strlen(endings[i]);

        if (size >= ending && strcmp(uri + size - ending, endings[i]) == 0)
            return true;
    }
    return false;
}

static void canonical_fetch(struct zdd_draft *draft)
{
    const json_t *uris = json_object_get(draft->app, "uris");
    json_t *fetch;

    if (json_array_size(uris) > 0 && json_array_size(json_object_get(draft->app, "fetch")) == 0) {
        fetch = json_array();
        for (size_t i = 0; i < json_array_size(uris); i++) {
            const char *uri = json_string_value(json_array_get(uris, i));

            if (uri)
                append(draft, fetch,
                       json_pack("{s:s, s:b}", "uri", uri, "extract", is_archive(uri)));
        }
        zdd_draft_put(draft, draft->app, "fetch", fetch);
    }
    json_object_del(draft->app, "uris");
}

static const char *mode_of_docker(const char *network)
{
    if (strcmp(network, "HOST") == 0)
        return "host";
    return strcmp(network, "BRIDGE") == 0 ? "container/bridge" : "container";
}

/* The one network that the deprecated members ask for, as a list. */
static json_t *old_network(struct zdd_draft *draft, const char *docker_network,
                           const json_t *ip_address)
{
    const char *mode = docker_network ? mode_of_docker(docker_network) : "container";
    const char *name = zdd_json_text(ip_address, "networkName", NULL);
    json_t *labels = json_object_get(ip_address, "labels");
    json_t *networks = json_pack("[{s:s}]", "mode", mode);
    json_t *network = json_array_get(networks, 0);

    if (strcmp(mode, "container") == 0 && name)
        zdd_draft_put(draft, network, "name", json_string(name));
    if (strcmp(mode, "host") != 0 && json_object_size(labels) > 0)
        zdd_draft_put(draft, network, "labels", json_incref(labels));
    return networks;
}

/* ipAddress.discovery.ports were the port mappings of containers without a Docker engine. */
static void discovered_ports(struct zdd_draft *draft, json_t *container, const json_t *ip_address)
{
    const json_t *ports = zdd_json_at(ip_address, "/discovery/ports");
    json_t *mappings;

    if (json_array_size(ports) == 0 || json_array_size(json_object_get(container, "portMappings")))
        return;
    mappings = json_array();
    for (size_t i = 0; i < json_array_size(ports); i++) {
        json_t *mapping = json_deep_copy(json_array_get(ports, i));

        move_member(draft, mapping, "number", mapping, "containerPort");
        append(draft, mappings, mapping);
    }
    zdd_draft_put(draft, container, "portMappings", mappings);
}

static void canonical_network(struct zdd_draft *draft)
{
    json_t *app = draft->app;
    json_t *docker = zdd_json_at(app, "/container/docker");
    json_t *ip_address = json_object_get(app, "ipAddress");
    const char *docker_network = zdd_json_text(docker, "network", NULL);

    if (json_array_size(json_object_get(app, "networks")) == 0 &&
        (docker_network || json_is_object(ip_address)))
        zdd_draft_put(draft, app, "networks", old_network(draft, docker_network, ip_address));
    if (json_is_object(ip_address)) {
        zdd_draft_fill(draft, app, "container", json_pack("{s:s}", "type", "MESOS"));
        discovered_ports(draft, json_object_get(app, "container"), ip_address);
    }
    json_object_del(app, "ipAddress");
    json_object_del(docker, "network");
}

static void old_ports(struct zdd_draft *draft)
{
    const json_t *ports = json_object_get(draft->app, "ports");
    json_t *definitions;

    if (json_is_array(ports) && !json_object_get(draft->app, "portDefinitions")) {
        definitions = json_array();
        for (size_t i = 0; i < json_array_size(ports); i++)
            append(draft, definitions, json_pack("{s:O}", "port", json_array_get(ports, i)));
        zdd_draft_put(draft, draft->app, "portDefinitions", definitions);
    }
    json_object_del(draft->app, "ports");
}

static void canonical_ports(struct zdd_draft *draft)
{
    json_t *container = json_object_get(draft->app, "container");
    json_t *docker = json_object_get(container, "docker");

    if (json_array_size(json_object_get(docker, "portMappings")) > 0 &&
        json_array_size(json_object_get(container, "portMappings")) == 0)
        json_object_del(container, "portMappings"); /* an empty list does not hide the old one */
    move_member(draft, docker, "portMappings", container, "portMappings");
    old_ports(draft);
    if (zdd_appdef_host_mode(draft->app))
        json_object_del(container, "portMappings");
    else
        json_object_del(draft->app, "portDefinitions");
}

json_t *zdd_appdef_canonical(const json_t *definition)
{
    struct zdd_draft draft = {
        .app = json_is_object(definition) ? zdd_appdef_copy(definition, zdd_appdef_reported)
                                          : json_object(),
    };

    if (!draft.app)
        return NULL;
    canonical_ids(&draft);
    canonical_fetch(&draft);
    canonical_network(&draft);
    canonical_ports(&draft);
    return zdd_draft_take(&draft);
}
