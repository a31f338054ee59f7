/**
 * @file deploy/lab/definition.c
 * @brief From a request body to a checked, complete definition (marathon.md §1.4, §2.2).
 */
#include "deploy/lab/api.h"
#include "deploy/lab/apps.h"

#include <stdio.h>
#include <string.h>

#define NODE_MAX 1024000 /* bytes of a stored app: zk_max_node_size (marathon.md §8) */

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
    json_t *json = json_deep_copy(body); /* the body stays as it is */

    zdd_appdef_prune(json);
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

/* Old and new ways to say the same. Upstream normalizes an update before it validates it, so there
 * they end as 500 (§2.2). @return what it would say, or NULL */
static const char *find_clash(const json_t *update)
{
    const json_t *networks = json_object_get(update, "networks");
    const json_t *docker = json_object_get(json_object_get(update, "container"), "docker");

    if (json_array_size(json_object_get(update, "uris")) &&
        json_array_size(json_object_get(update, "fetch")))
        return "cannot specify both uris and fetch fields";
    if (json_array_size(networks) && (json_is_object(json_object_get(update, "ipAddress")) ||
                                      json_is_string(json_object_get(docker, "network"))))
        return "cannot mix deprecated and canonical network fields";
    if (json_array_size(json_object_get(update, "ports")) &&
        json_array_size(json_object_get(update, "portDefinitions")))
        return "cannot specify both ports and portDefinitions";
    return NULL;
}

/* Types as Marathon reads them: "error.path.missing" is the one phrase that clients know. */
static bool read_types(const json_t *given, struct zdd_lab_complaint *complaint)
{
    struct zdd_field_errors *errors = &complaint->errors;
    const size_t before = errors->count;

    if (zdd_appdef_check_types(given, "#", errors))
        return true;
    complaint->mistyped = true;
    for (size_t i = before; i < errors->count && i < ZDD_FIELD_ERROR_MAX; i++)
        if (!zdd_json_at(given, errors->error[i].pointer + 1))
            snprintf(errors->error[i].detail, sizeof(errors->error[i].detail),
                     "error.path.missing");
    return false;
}

/* What this Marathon makes of a definition beside the defaults of all versions. */
static void fill_in(json_t *def)
{
    const json_t *checks = json_object_get(def, "healthChecks");

    if (!json_object_get(def, "role")) /* 1.9 and later */
        json_object_set_new(def, "role", json_string("*"));
    for (size_t i = 0; i < json_array_size(checks); i++) {
        json_t *check = json_array_get(checks, i);

        if (json_object_get(check, "ignoreHttp1xx")) /* lost in conversion (§2.2) */
            json_object_set_new(check, "ignoreHttp1xx", json_false());
    }
}

static json_t *merge(const json_t *given, const struct zdd_lab_spec *former)
{
    ZDD_AUTO_JSON json_t *canonical = zdd_appdef_canonical(given);
    json_t *whole = overlay(former->def, canonical);

    json_object_set_new(whole, "id", json_string(former->id));
    drop_other_ports(whole, canonical);
    /* Upstream's slip (§1.4 item 3): these do not fall back to what was there. */
    if (!json_object_get(canonical, "resourceLimits"))
        json_object_del(whole, "resourceLimits");
    if (!json_object_get(canonical, "executorResources"))
        json_object_del(whole, "executorResources");
    return whole;
}

json_t *zdd_lab_definition(const struct zdd_lab *lab, const char *id, const json_t *body,
                           const struct zdd_lab_spec *former, bool partial,
                           struct zdd_lab_complaint *complaint)
{
    const bool is_update = partial && former;
    ZDD_AUTO_JSON json_t *given = with_id(id, body);
    ZDD_AUTO_JSON json_t *whole = NULL;
    json_t *def;

    if (!read_types(given, complaint))
        return NULL;
    complaint->crash = is_update ? find_clash(given) : NULL;
    if (complaint->crash)
        return NULL;
    whole = is_update ? merge(given, former) : json_incref(given);
    if (!zdd_appdef_check(whole, "#", false, &complaint->errors))
        return NULL;
    if (!is_update) {
        json_decref(whole);
        whole = zdd_appdef_canonical(given);
    }
    check_own_limits(whole, &complaint->errors);
    if (complaint->errors.count)
        return NULL;
    def = zdd_appdef_with_defaults(whole);
    fill_in(def);
    zdd_lab_assign_ports(lab, id, def, former ? former->def : NULL);
    if (json_dumpb(def, NULL, 0, JSON_COMPACT) <= NODE_MAX)
        return def;
    json_decref(def);
    complaint->crash = "The app definition is too big to be stored";
    return NULL;
}
