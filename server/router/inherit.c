/**
 * @file server/router/inherit.c
 * @brief Labels that a new definition takes over from the app that runs.
 */
#include "server/router/inherit.h"

#include <string.h>

static bool begins(const char *name, const char *prefix)
{
    return strncmp(name, prefix, strlen(prefix)) == 0;
}

/* Labels that zdd.py and this service write anew for each deployment say nothing of the app. */
static bool is_routing(const char *name)
{
    return begins(name, "HAPROXY_") && !begins(name, "HAPROXY_DEPLOYMENT_") &&
           strcmp(name, "HAPROXY_APP_ID") != 0;
}

bool zdd_labels_route(const json_t *app)
{
    const char *name;
    json_t *value;

    json_object_foreach(json_object_get(app, "labels"), name, value)
    {
        if (is_routing(name))
            return true;
    }
    return false;
}

static enum zdd_err take(json_t *labels, const char *name, json_t *value, struct zdd_buf *names)
{
    if (json_object_set(labels, name, value) != 0)
        return ZDD_ERR_NO_MEMORY;
    if (names->size > 0)
        zdd_buf_text(names, ", ");
    zdd_buf_text(names, name);
    return names->err;
}

enum zdd_err zdd_labels_inherit(json_t *target, const json_t *old, struct zdd_buf *ret_names)
{
    json_t *labels = json_object_get(target, "labels");
    enum zdd_err err = ZDD_ERR_NONE;
    const char *name;
    json_t *value;

    if (zdd_labels_route(target) || !zdd_labels_route(old))
        return ZDD_ERR_NONE;
    if (!labels) {
        labels = json_object();
        if (json_object_set_new(target, "labels", labels) != 0)
            return ZDD_ERR_NO_MEMORY;
    }
    json_object_foreach(json_object_get(old, "labels"), name, value)
    {
        if (is_routing(name) && err == ZDD_ERR_NONE)
            err = take(labels, name, value, ret_names);
    }
    return err;
}
