/**
 * @file deploy/lab/definition.c
 * @brief From a request body to a checked, complete definition (marathon.md §1.4, §2.2).
 */
#include "deploy/lab/api.h"
#include "deploy/lab/apps.h"

#include <stdio.h>
#include <string.h>

/* Members that are present replace whole values; nothing can be unset. */
static json_t *overlay(const json_t *former, const json_t *update)
{
    json_t *merged = json_deep_copy(former);
    json_t *source = json_deep_copy(update);

    json_object_del(source, "id");
    json_object_update(merged, source);
    json_decref(source);
    return merged;
}

static json_t *with_id(const char *id, const json_t *body)
{
    json_t *json = json_copy((json_t *)(uintptr_t)body); /* shallow: the body stays as it is */

    json_object_set_new(json, "id", json_string(id));
    return json;
}

/* A list of ports that was replaced in its other form must not clash with what was there. */
static void drop_other_ports(json_t *merged, const json_t *update)
{
    const json_t *networks = json_object_get(update, "networks");
    const char *mode = zdd_json_text(json_array_get(networks, 0), "mode", NULL);

    if (mode && strcmp(mode, "host") != 0 && !json_object_get(update, "portDefinitions"))
        json_object_del(merged, "portDefinitions");
}

static void check_own_limits(const json_t *def, struct zdd_field_errors *errors)
{
    const char *key;
    const size_t ports = json_array_size(zdd_lab_def_port_list(def, &key));

    if (json_array_size(json_object_get(def, "healthChecks")) > ZDD_LAB_CHECK_MAX)
        zdd_field_error_add(errors, "#/healthChecks", "zdd-lab runs at most %d health checks",
                            ZDD_LAB_CHECK_MAX);
    if (ports > ZDD_LAB_PORT_MAX)
        zdd_field_error_add(errors, "#/portDefinitions", "zdd-lab gives at most %d ports",
                            ZDD_LAB_PORT_MAX);
    if (strlen(zdd_json_text(def, "id", "")) > ZDD_LAB_ID_SIZE - 100)
        zdd_field_error_add(errors, "#/id", "zdd-lab takes ids of at most %d bytes",
                            ZDD_LAB_ID_SIZE - 100);
}

json_t *zdd_lab_definition(const struct zdd_lab *lab, const char *id, const json_t *body,
                           const struct zdd_lab_spec *former, bool partial,
                           struct zdd_field_errors *errors)
{
    ZDD_AUTO_JSON json_t *given = with_id(id, body);
    ZDD_AUTO_JSON json_t *canonical = NULL;
    ZDD_AUTO_JSON json_t *whole = NULL;
    json_t *def;

    if (!partial || !former) {
        if (!zdd_appdef_check(given, "#", false, errors))
            return NULL;
        whole = zdd_appdef_canonical(given);
    } else {
        canonical = zdd_appdef_canonical(given);
        whole = overlay(former->def, canonical);
        json_object_set_new(whole, "id", json_string(id));
        drop_other_ports(whole, canonical);
        /* Upstream's slip (§1.4 item 3): these do not fall back to what was there. */
        if (!json_object_get(canonical, "resourceLimits"))
            json_object_del(whole, "resourceLimits");
        if (!zdd_appdef_check(whole, "#", false, errors))
            return NULL;
    }
    check_own_limits(whole, errors);
    if (errors->count)
        return NULL;
    def = zdd_appdef_with_defaults(whole);
    zdd_lab_assign_ports(lab, id, def, former ? former->def : NULL);
    return def;
}
