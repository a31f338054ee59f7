/**
 * @file server/router/labels.c
 * @brief An app definition as Marathon-LB reads it.
 */
#include "server/router/labels.h"

#include "strategies/model/limits.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#define PORT_MAX 65535

const char *zdd_label_of(const json_t *app, const char *name)
{
    return zdd_json_text(json_object_get(app, "labels"), name, NULL);
}

const char *zdd_label_of_port(const json_t *app, size_t index, const char *suffix)
{
    char name[ZDD_LABEL_NAME_SIZE];

    snprintf(name, sizeof(name), "HAPROXY_%zu_%s", index, suffix);
    return zdd_label_of(app, name);
}

bool zdd_label_flag(const json_t *app, size_t index, const char *suffix, bool otherwise)
{
    static const char *const words[] = {"true", "t", "yes", "y"};
    const char *label = zdd_label_of_port(app, index, suffix);

    if (!label)
        return otherwise;
    for (size_t i = 0; i < ZDD_COUNT(words); i++) {
        if (strcasecmp(label, words[i]) == 0)
            return true;
    }
    return false;
}

json_t *zdd_ports_list(const json_t *app, const char **ret_key)
{
    json_t *mappings = json_object_get(json_object_get(app, "container"), "portMappings");

    *ret_key = mappings ? "servicePort" : "port";
    return mappings ? mappings : json_object_get(app, "portDefinitions");
}

size_t zdd_ports_count(const json_t *app)
{
    const char *key;
    const json_t *list = zdd_ports_list(app, &key);

    if (!app)
        return 0;
    return list ? json_array_size(list) : 1;
}

const char *zdd_ports_groups(const json_t *app, size_t index)
{
    const char *own = zdd_label_of_port(app, index, "GROUP");

    return own ? own : zdd_label_of(app, "HAPROXY_GROUP");
}

static bool is_in_list(const char *list, const char *name, size_t size)
{
    for (; *list; list += strcspn(list, ","), list += *list == ',') {
        if (strcspn(list, ",") == size && strncmp(list, name, size) == 0)
            return true;
    }
    return false;
}

bool zdd_groups_share(const char *a, const char *b)
{
    for (; *a; a += strcspn(a, ","), a += *a == ',') {
        if (is_in_list(b, a, strcspn(a, ",")))
            return true;
    }
    return false;
}

bool zdd_ports_is_routed(const json_t *app, size_t index)
{
    return index < zdd_ports_count(app) && zdd_label_flag(app, index, "ENABLED", true) &&
           zdd_ports_groups(app, index) != NULL;
}

/* The first check that asks this port, or a port of its own. */
static const json_t *check_of(const json_t *app, size_t index)
{
    size_t i;
    const json_t *check;

    json_array_foreach(json_object_get(app, "healthChecks"), i, check)
    {
        if (zdd_json_int(check, "port", 0) ||
            zdd_json_int(check, "portIndex", 0) == (int64_t)index) /* Marathon fills in the 0 */
            return check;
    }
    return NULL;
}

bool zdd_ports_is_http(const json_t *app, size_t index)
{
    const char *mode = zdd_label_of_port(app, index, "MODE");
    const char *vhost = zdd_label_of_port(app, index, "VHOST");

    if (mode)
        return strcasecmp(mode, "http") == 0;
    return (vhost && *vhost) ||
           strcmp(zdd_json_text(check_of(app, index), "protocol", ""), "HTTP") == 0;
}

int64_t zdd_ports_public(const json_t *app, size_t index)
{
    const char *label = zdd_label_of_port(app, index, "PORT");
    const char *key;
    const json_t *list = zdd_ports_list(app, &key);
    int64_t port = 0;

    if (!label)
        return zdd_json_int(json_array_get(list, index), key, 0);
    for (; *label >= '0' && *label <= '9' && port <= PORT_MAX; label++)
        port = port * 10 + (*label - '0');
    return *label || port > PORT_MAX ? 0 : port;
}
