/**
 * @file server/api/blueprint_read.c
 * @brief Reading a VAMP blueprint: every member is carried out or refused by its place.
 */
#include "server/api/blueprint_parts.h"
#include "server/json/appdef.h"
#include "strategies/model/colours.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct top {
    const char *name;
    int kind;
    json_t *metadata; /* for people */
    json_t *gateways, *clusters;
};

#define AT(member) offsetof(struct top, member)

static bool read_top(const json_t *tree, struct top *top, struct zdd_field_errors *errors)
{
    static const char *const kinds[] = {"blueprints", "blueprint", NULL};
    static const struct zdd_field fields[] = {
        {.name = "name",
         .kind = ZDD_FIELD_TEXT,
         .offset = AT(name),
         .required = true,
         .min = 1,
         .max = ZDD_BLUEPRINT_NAME_MAX},
        {.name = "kind", .kind = ZDD_FIELD_CHOICE, .offset = AT(kind), .choices = kinds},
        {.name = "metadata", .kind = ZDD_FIELD_OBJECT, .offset = AT(metadata)},
        {.name = "gateways", .kind = ZDD_FIELD_OBJECT, .offset = AT(gateways)},
        {.name = "clusters", .kind = ZDD_FIELD_OBJECT, .offset = AT(clusters), .required = true},
        {.kind = ZDD_FIELD_END},
    };

    return zdd_blueprint_fields(fields, tree, "#", top, errors);
}

/* A blueprint is a set of clusters; each is an app, and a deployment brings one app. */
static const json_t *only_cluster(const json_t *clusters, struct zdd_blueprint *bp,
                                  char ret_pointer[static ZDD_FIELD_POINTER_SIZE],
                                  struct zdd_field_errors *errors)
{
    json_t *members = (json_t *)(uintptr_t)clusters; /* the walk changes nothing */
    void *first = json_object_iter(members);
    void *second = first ? json_object_iter_next(members, first) : NULL;

    if (!first) {
        zdd_field_error_add(errors, "#/clusters", "must have a cluster");
        return NULL;
    }
    bp->cluster = json_object_iter_key(first);
    zdd_field_pointer(ret_pointer, "#/clusters", bp->cluster);
    if (second) {
        char pointer[ZDD_FIELD_POINTER_SIZE];

        zdd_field_pointer(pointer, "#/clusters", json_object_iter_key(second));
        zdd_field_error_add(errors, pointer,
                            "a second cluster; a deployment brings one app, so send each cluster "
                            "as a blueprint of its own");
        return NULL;
    }
    return json_object_iter_value(first);
}

/* "/blueprint/cluster", or "/name" when both have one. */
static void name_app(struct zdd_blueprint *bp, const char *pointer, struct zdd_field_errors *errors)
{
    const bool same = strcmp(bp->name, bp->cluster) == 0;
    struct zdd_coloured coloured;
    const int size = snprintf(bp->app_id, sizeof(bp->app_id), "/%s%s%s", bp->name, same ? "" : "/",
                              same ? "" : bp->cluster);

    if ((size_t)size >= sizeof(bp->app_id) || !zdd_appdef_id_valid(bp->app_id))
        zdd_field_error_add(errors, pointer,
                            "becomes the app %.100s, which Marathon does not take; names are made "
                            "of a-z, 0-9 and inner -",
                            bp->app_id);
    else if (zdd_coloured_read(bp->app_id, strlen(bp->app_id), &coloured))
        zdd_field_error_add(errors, pointer,
                            "becomes the app %.100s, but this end of a name tells two versions of "
                            "one app apart; use a name without it",
                            bp->app_id);
}

static void read_services(const json_t *services, const char *cluster, struct zdd_blueprint *bp,
                          struct zdd_field_errors *errors)
{
    const size_t count = json_array_size(services);
    char list[ZDD_FIELD_POINTER_SIZE], pointer[ZDD_FIELD_POINTER_SIZE], number[24];

    zdd_field_pointer(list, cluster, "services");
    if (count == 0 || count > ZDD_BLUEPRINT_SERVICE_MAX) {
        zdd_field_error_add(errors, list,
                            "must have one service, or two: the version that runs and the one to "
                            "come; not %zu",
                            count);
        return;
    }
    bp->service_count = count;
    for (size_t i = 0; i < count; i++) {
        snprintf(number, sizeof(number), "%zu", i);
        zdd_field_pointer(pointer, list, number);
        zdd_blueprint_service_read(json_array_get(services, i), pointer, &bp->service[i], errors);
    }
    if (count > 1 && bp->service[0].name[0] &&
        strcmp(bp->service[0].name, bp->service[1].name) == 0)
        zdd_field_error_add(errors, pointer, "has the same breed as the first service");
}

static void read_cluster(const json_t *cluster, const char *pointer, const json_t *gateways,
                         struct zdd_blueprint *bp, struct zdd_field_errors *errors)
{
    struct members {
        json_t *services, *gateways;
    } m = {0};
    static const struct zdd_field fields[] = {
        {.name = "services",
         .kind = ZDD_FIELD_ARRAY,
         .offset = offsetof(struct members, services),
         .required = true},
        {.name = "gateways",
         .kind = ZDD_FIELD_OBJECT,
         .offset = offsetof(struct members, gateways)},
        {.kind = ZDD_FIELD_END},
    };
    const size_t before = errors->count;
    char full[ZDD_FIELD_POINTER_SIZE];

    zdd_blueprint_fields(fields, cluster, pointer, &m, errors);
    if (m.services)
        read_services(m.services, pointer, bp, errors);
    if (bp->service_count == 0 || errors->count > before)
        return; /* gateways lead to services: what is wrong there would be told twice */
    zdd_blueprint_gateways_read(gateways, bp, errors);
    zdd_field_pointer(full, pointer, "gateways");
    zdd_blueprint_routes_read(m.gateways, full, bp, errors);
}

static void read_document(struct zdd_blueprint *bp, struct zdd_field_errors *errors)
{
    struct top top = {0};
    char pointer[ZDD_FIELD_POINTER_SIZE];
    const json_t *cluster;

    read_top(zdd_yaml_tree(bp->yaml), &top, errors);
    if (!top.name || !top.clusters)
        return;
    bp->name = top.name;
    cluster = only_cluster(top.clusters, bp, pointer, errors);
    if (!cluster)
        return;
    name_app(bp, pointer, errors);
    read_cluster(cluster, pointer, top.gateways, bp, errors);
}

enum zdd_err zdd_blueprint_read(const char *text, size_t size, struct zdd_blueprint **ret_blueprint,
                                struct zdd_json_error *ret_where, struct zdd_field_errors *errors)
{
    struct zdd_blueprint *bp = calloc(1, sizeof(*bp));
    const size_t before = errors->count;
    enum zdd_err err = ZDD_ERR_NO_MEMORY;

    if (bp)
        err = zdd_yaml_read(text, size, &bp->yaml, ret_where);
    if (err == ZDD_ERR_NONE) {
        read_document(bp, errors);
        if (errors->no_memory)
            err = ZDD_ERR_NO_MEMORY;
        else if (errors->count > before)
            err = ZDD_ERR_BODY_INVALID;
        zdd_blueprint_place(bp, before, errors);
    }
    if (err == ZDD_ERR_NONE)
        *ret_blueprint = bp;
    else
        zdd_blueprint_free(bp);
    return err;
}

struct zdd_blueprint *zdd_blueprint_free(struct zdd_blueprint *bp)
{
    if (!bp)
        return NULL;
    for (size_t i = 0; i < ZDD_COUNT(bp->service); i++) {
        json_decref(bp->service[i].env);
        json_decref(bp->service[i].checks);
    }
    zdd_yaml_free(bp->yaml);
    free(bp);
    return NULL;
}
