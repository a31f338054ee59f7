/**
 * @file deploy/lab/api_groups_read.c
 * @brief Reading groups, as they are and as they were (marathon.md §1.2, §1.7).
 */
#include "deploy/lab/api.h"
#include "deploy/lab/apps.h"
#include "server/base/clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* @return true when @p list has no group @p id yet */
static bool is_fresh(const json_t *list, const char *id)
{
    for (size_t i = 0; i < json_array_size(list); i++)
        if (strcmp(zdd_json_text(json_array_get(list, i), "id", ""), id) == 0)
            return false;
    return true;
}

/* The child of @p group on the way to @p id; false when there is none. */
static bool child_towards(const char *group, const char *id, char *ret, size_t size)
{
    const size_t skip = strcmp(group, "/") == 0 ? 0 : strlen(group);
    const char *slash;

    if (!zdd_lab_id_within(id, group) || !id[skip])
        return false;
    slash = strchr(id + skip + 1, '/');
    if (!slash)
        return false;
    snprintf(ret, size, "%.*s", (int)(slash - id), id);
    return true;
}

/* Which apps there are: those of now, or of a root state that was. */
struct view {
    const struct zdd_lab *lab;
    const struct zdd_lab_app *apps;
    int64_t version_ms;
    bool past; /* groups are then known by their apps only */
    unsigned embed;
};

static json_t *group_json(const struct view *view, const char *id);

static void add_child(const struct view *view, json_t *groups, const char *id)
{
    if (is_fresh(groups, id))
        json_array_append_new(groups, group_json(view, id));
}

static void add_apps(const struct view *view, const char *id, json_t *apps, json_t *groups)
{
    char child[ZDD_LAB_ID_SIZE];

    for (const struct zdd_lab_app *app = view->apps; app; app = app->next) {
        zdd_lab_id_parent(app->spec->id, child, sizeof(child));
        if (strcmp(child, id) == 0 && (view->embed & ZDD_LAB_EMBED_APPS))
            json_array_append_new(apps, zdd_lab_app_json(view->lab, app, view->embed));
        else if ((view->embed & ZDD_LAB_EMBED_GROUPS) &&
                 child_towards(id, app->spec->id, child, sizeof(child)))
            add_child(view, groups, child);
    }
}

static void add_groups(const struct view *view, const char *id, json_t *groups)
{
    char child[ZDD_LAB_ID_SIZE];

    for (const struct zdd_lab_group *group = view->lab->groups; group; group = group->next) {
        zdd_lab_id_parent(group->id, child, sizeof(child));
        if (strcmp(child, id) == 0 && strcmp(group->id, "/") != 0)
            add_child(view, groups, group->id);
        else if (child_towards(id, group->id, child, sizeof(child)))
            add_child(view, groups, child);
    }
}

static json_t *group_json(const struct view *view, const char *id)
{
    const struct zdd_lab_group *own = view->past ? NULL : zdd_lab_group_find(view->lab, id);
    json_t *apps = json_array();
    json_t *groups = json_array();
    char version[ZDD_TIME_SIZE];

    add_apps(view, id, apps, groups);
    if ((view->embed & ZDD_LAB_EMBED_GROUPS) && !view->past)
        add_groups(view, id, groups);
    zdd_time_format(own ? own->version_ms : view->version_ms, version);
    return json_pack("{s:s, s:s, s:o, s:o, s:[], s:O?, s:b}", "id", id, "version", version, "apps",
                     apps, "groups", groups, "pods", "dependencies", own ? own->dependencies : NULL,
                     "enforceRole", 0);
}

static enum zdd_err answer_version(struct zdd_call *call, const struct zdd_lab *lab, const char *id,
                                   const char *text)
{
    struct view view = {.lab = lab, .past = true, .embed = ZDD_LAB_EMBED_GROUP};
    const struct zdd_lab_root *root;
    struct zdd_lab_app *apps;
    enum zdd_err err;

    if (!zdd_time_parse(text, &view.version_ms))
        return zdd_lab_refuse(call, 422, NULL, "Invalid format: \"%s\"", text);
    root = zdd_lab_root_find(lab, view.version_ms);
    if (!root)
        return zdd_lab_refuse(call, 404, NULL, "Group '%s' does not exist in version %s", id, text);
    apps = calloc(root->count + 1, sizeof(*apps));
    if (!apps)
        return ZDD_ERR_NO_MEMORY;
    for (size_t i = 0; i < root->count; i++) {
        apps[i].spec = root->spec[i];
        apps[i].next = i + 1 < root->count ? &apps[i + 1] : NULL;
    }
    view.apps = root->count ? apps : NULL;
    err = zdd_lab_answer(call, 200, group_json(&view, id));
    free(apps);
    return err;
}

static enum zdd_err answer_versions(struct zdd_call *call, const struct zdd_lab *lab)
{
    json_t *list = json_array();
    char text[ZDD_TIME_SIZE];

    for (const struct zdd_lab_root *root = lab->roots; root; root = root->next) {
        zdd_time_format(root->version_ms, text);
        json_array_append_new(list, json_string(text));
    }
    return zdd_lab_answer(call, 200, list);
}

/* Cut "/versions" or "/versions/{v}" off @p id. @return what follows it, "" for nothing; NULL when
 * it is not there */
static const char *cut_versions(char *id)
{
    char *at = strstr(id, "/versions");

    if (!at || (at[9] && at[9] != '/'))
        return NULL;
    *at = '\0';
    return at[9] ? at + 10 : at + 9;
}

static enum zdd_err answer_apps(struct zdd_call *call, const struct view *view, const char *id)
{
    ZDD_AUTO_JSON json_t *json = group_json(view, id);

    return zdd_lab_answer(call, 200, json_incref(json_object_get(json, "apps")));
}

static enum zdd_err answer_now(struct zdd_call *call, const struct zdd_lab *lab, char *id)
{
    struct view view = {.lab = lab,
                        .apps = lab->apps,
                        .version_ms = lab->root_version_ms,
                        .embed = zdd_lab_query_embed(call)};
    char *last = strrchr(id, '/');

    if (!view.embed)
        view.embed = ZDD_LAB_EMBED_GROUP;
    if (strcmp(last, "/apps") == 0 && !zdd_lab_group_exists(lab, id)) {
        *last = '\0';
        view.embed |= ZDD_LAB_EMBED_APPS;
        return answer_apps(call, &view, *id ? id : "/");
    }
    if (!zdd_lab_group_exists(lab, id))
        return zdd_lab_refuse(call, 404, NULL, "Group '%s' does not exist", id);
    return zdd_lab_answer(call, 200, group_json(&view, id));
}

enum zdd_err zdd_lab_get_groups(struct zdd_call *call, struct zdd_lab *lab)
{
    char id[ZDD_LAB_ID_SIZE];
    const char *version;

    zdd_lab_group_target(call, id, sizeof(id));
    version = cut_versions(id);
    if (!version)
        return answer_now(call, lab, id);
    if (*version)
        return answer_version(call, lab, *id ? id : "/", version);
    if (*id && !zdd_lab_group_exists(lab, id))
        return zdd_lab_refuse(call, 404, NULL, "Group '%s' does not exist", id);
    return answer_versions(call, lab);
}
