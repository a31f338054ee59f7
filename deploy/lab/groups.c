/**
 * @file deploy/lab/groups.c
 * @brief Groups: those created explicitly; the rest follows from the ids of apps.
 */
#include "deploy/lab/apps.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool zdd_lab_id_within(const char *id, const char *group)
{
    const size_t size = strlen(group);

    if (strcmp(group, "/") == 0)
        return true;
    return strncmp(id, group, size) == 0 && (id[size] == '\0' || id[size] == '/');
}

void zdd_lab_id_parent(const char *id, char *ret, size_t size)
{
    const char *slash = strrchr(id, '/');
    const size_t length = slash && slash > id ? (size_t)(slash - id) : 0;

    if (length)
        snprintf(ret, size, "%.*s", (int)length, id);
    else
        snprintf(ret, size, "/");
}

struct zdd_lab_group *zdd_lab_group_find(const struct zdd_lab *lab, const char *id)
{
    for (struct zdd_lab_group *group = lab->groups; group; group = group->next)
        if (strcmp(group->id, id) == 0)
            return group;
    return NULL;
}

void zdd_lab_group_put(struct zdd_lab *lab, const char *id, json_t *dependencies,
                       int64_t version_ms)
{
    struct zdd_lab_group *group = zdd_lab_group_find(lab, id);

    if (!group) {
        group = calloc(1, sizeof(*group));
        if (!group || !(group->id = strdup(id)))
            abort();
        group->next = lab->groups;
        lab->groups = group;
    }
    if (dependencies) {
        json_decref(group->dependencies);
        group->dependencies = json_deep_copy(dependencies);
    }
    group->version_ms = version_ms;
}

void zdd_lab_group_remove(struct zdd_lab *lab, const char *id)
{
    struct zdd_lab_group **at = &lab->groups;

    while (*at) {
        struct zdd_lab_group *group = *at;

        if (!zdd_lab_id_within(group->id, id)) {
            at = &group->next;
            continue;
        }
        *at = group->next;
        json_decref(group->dependencies);
        free(group->id);
        free(group);
    }
}

bool zdd_lab_group_exists(const struct zdd_lab *lab, const char *id)
{
    if (strcmp(id, "/") == 0)
        return true;
    for (const struct zdd_lab_group *group = lab->groups; group; group = group->next)
        if (zdd_lab_id_within(group->id, id))
            return true;
    for (const struct zdd_lab_app *app = lab->apps; app; app = app->next)
        if (strcmp(app->spec->id, id) != 0 && zdd_lab_id_within(app->spec->id, id))
            return true;
    return false;
}
