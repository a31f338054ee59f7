/**
 * @file server/api/blueprint_place.c
 * @brief Where in the blueprint something stands that is wrong.
 */
#include "server/api/blueprint_parts.h"
#include "server/json/words.h"

#include <stdio.h>
#include <string.h>

#define ORIGIN_MAX 4

/* From where each part of the request came; below the service that is deployed. The first row that
 * fits counts, and of its places the first that the document has. */
static const struct origin {
    const char *request;
    const char *document[ORIGIN_MAX];
} origins[] = {
    {"#/app/cpus", {"/scale/cpu"}},
    {"#/app/mem", {"/scale/memory"}},
    {"#/app/instances", {"/scale/instances"}},
    {"#/options/instances", {"/scale/instances"}},
    {"#/app/container/docker/image", {"/breed/deployable"}},
    {"#/app/container/portMappings", {"/breed/ports"}},
    {"#/app/portDefinitions", {"/breed/ports"}},
    {"#/app/env", {"/environment_variables", "/env", "/breed/environment_variables", "/breed/env"}},
    {"#/app/healthChecks", {"/health_checks", "/breed/health_checks"}},
    {"#/app", {""}},
};

/* @return what follows @p prefix in @p pointer, NULL when it does not begin so */
static const char *rest_of(const char *pointer, const char *prefix)
{
    const size_t size = strlen(prefix);

    if (strncmp(pointer, prefix, size) != 0 || (pointer[size] && pointer[size] != '/'))
        return NULL;
    return pointer + size;
}

static bool exists(const struct zdd_blueprint *bp, const char *pointer)
{
    return zdd_json_at(zdd_yaml_tree(bp->yaml), pointer + 1) != NULL;
}

/* Append @p more when the document has it there. */
static bool follow(const struct zdd_blueprint *bp, char pointer[static ZDD_FIELD_POINTER_SIZE],
                   const char *more)
{
    char longer[ZDD_FIELD_POINTER_SIZE];

    if (snprintf(longer, sizeof(longer), "%s%s", pointer, more) >= (int)sizeof(longer) ||
        !exists(bp, longer))
        return false;
    memcpy(pointer, longer, strlen(longer) + 1);
    return true;
}

static void find_origin(const struct zdd_blueprint *bp, const struct origin *origin,
                        const char *rest, char pointer[static ZDD_FIELD_POINTER_SIZE])
{
    for (size_t i = 0; i < ORIGIN_MAX && origin->document[i]; i++) {
        char whole[ZDD_FIELD_POINTER_SIZE];

        snprintf(whole, sizeof(whole), "%s%s", origin->document[i], rest);
        if (follow(bp, pointer, whole))
            return;
    }
    for (size_t i = 0; i < ORIGIN_MAX && origin->document[i]; i++) {
        if (follow(bp, pointer, origin->document[i]))
            return;
    }
}

static void blame(const struct zdd_blueprint *bp, char pointer[static ZDD_FIELD_POINTER_SIZE])
{
    char cluster[ZDD_FIELD_POINTER_SIZE], found[ZDD_FIELD_POINTER_SIZE];

    zdd_field_pointer(cluster, "#/clusters", bp->cluster);
    memcpy(found, cluster, sizeof(found));
    if (rest_of(pointer, "#/app/labels")) {
        snprintf(found, sizeof(found), "#/gateways");
    } else if (rest_of(pointer, "#/options/steps")) {
        follow(bp, found, "/gateways");
    } else {
        char service[40];

        snprintf(service, sizeof(service), "/services/%zu", bp->chosen);
        for (size_t i = 0; i < ZDD_COUNT(origins); i++) {
            const char *rest = rest_of(pointer, origins[i].request);

            if (rest && follow(bp, found, service)) {
                find_origin(bp, &origins[i], rest, found);
                break;
            }
        }
    }
    memcpy(pointer, found, sizeof(found));
}

static size_t kept(const struct zdd_field_errors *errors)
{
    return errors->count < ZDD_FIELD_ERROR_MAX ? errors->count : ZDD_FIELD_ERROR_MAX;
}

void zdd_blueprint_place(const struct zdd_blueprint *bp, size_t first,
                         struct zdd_field_errors *errors)
{
    for (size_t i = first; i < kept(errors); i++) {
        struct zdd_field_error *error = &errors->error[i];
        const struct zdd_yaml_place place = zdd_yaml_place_of(bp->yaml, error->pointer + 1);
        char whole[sizeof(error->detail) + 64];

        snprintf(whole, sizeof(whole), "line %d, column %d: %s", place.line, place.column,
                 error->detail);
        zdd_words_cut(whole, error->detail, sizeof(error->detail));
    }
}

void zdd_blueprint_blame(const struct zdd_blueprint *bp, size_t first,
                         struct zdd_field_errors *errors)
{
    for (size_t i = first; i < kept(errors); i++)
        blame(bp, errors->error[i].pointer);
    zdd_blueprint_place(bp, first, errors);
}
