/**
 * @file deploy/lab/api_read.c
 * @brief Reading apps and their versions.
 */
#include "deploy/lab/api.h"
#include "deploy/lab/apps.h"
#include "server/base/clock.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#define ALWAYS (ZDD_LAB_EMBED_COUNTS | ZDD_LAB_EMBED_DEPLOYMENTS)

static bool contains(const char *text, const char *part)
{
    const size_t size = strlen(part);

    for (; *text; text++)
        if (strncasecmp(text, part, size) == 0)
            return true;
    return size == 0;
}

static bool passes(const struct zdd_call *call, const struct zdd_lab_spec *spec, bool *ret_valid)
{
    const char *id = zdd_call_query(call, "id");
    const char *cmd = zdd_call_query(call, "cmd");
    const char *label = zdd_call_query(call, "label");

    if (id && !contains(spec->id, id))
        return false;
    if (cmd && !contains(zdd_json_text(spec->def, "cmd", ""), cmd))
        return false;
    return !label || zdd_lab_labels_fit(json_object_get(spec->def, "labels"), label, ret_valid);
}

enum zdd_err zdd_lab_get_apps(struct zdd_call *call, struct zdd_lab *lab)
{
    const unsigned embed = zdd_lab_query_embed(call) | ALWAYS;
    json_t *list = json_array();
    bool valid = true;

    for (const struct zdd_lab_app *app = lab->apps; app && valid; app = app->next)
        if (passes(call, app->spec, &valid))
            json_array_append_new(list, zdd_lab_app_json(lab, app, embed));
    if (valid)
        return zdd_lab_answer(call, 200, json_pack("{s:o}", "apps", list));
    json_decref(list);
    return zdd_lab_refuse(call, 422, NULL, "Can not parse label selector");
}

static enum zdd_err get_versions(struct zdd_call *call, const struct zdd_lab_app *app,
                                 const char *item)
{
    json_t *list = json_array();
    const struct zdd_lab_spec *spec;
    int64_t version_ms;

    for (size_t i = 0; i < app->version_count; i++) {
        char text[ZDD_TIME_SIZE];

        zdd_time_format(app->version[i]->version_ms, text);
        json_array_append_new(list, json_string(text));
    }
    if (!*item)
        return zdd_lab_answer(call, 200, json_pack("{s:o}", "versions", list));
    json_decref(list);
    if (!zdd_time_parse(item, &version_ms))
        return zdd_lab_refuse(call, 422, NULL, "Invalid format: \"%s\"", item);
    spec = zdd_lab_app_version(app, version_ms);
    if (!spec)
        return zdd_lab_refuse(call, 404, NULL, "App '%s' does not exist in version %s",
                              app->spec->id, item);
    return zdd_lab_answer(call, 200, zdd_lab_spec_json(spec));
}

/* "/v2/apps/group/…*": everything inside the group. */
static enum zdd_err get_inside(struct zdd_call *call, const struct zdd_lab *lab, const char *id)
{
    const unsigned embed = zdd_lab_query_embed(call) | ALWAYS;
    char group[ZDD_LAB_ID_SIZE];
    json_t *list = json_array();

    snprintf(group, sizeof(group), "%.*s", (int)strlen(id) - 1, id);
    zdd_lab_absolute_id(group, "/", group, sizeof(group));
    for (const struct zdd_lab_app *app = lab->apps; app; app = app->next)
        if (zdd_lab_id_within(app->spec->id, group))
            json_array_append_new(list, zdd_lab_app_json(lab, app, embed));
    return zdd_lab_answer(call, 200, json_pack("{s:o}", "*", list));
}

static enum zdd_err get_tasks_of(struct zdd_call *call, const struct zdd_lab *lab, const char *id)
{
    const size_t size = strlen(id);
    char group[ZDD_LAB_ID_SIZE];

    if (size >= 2 && strcmp(id + size - 2, "/*") == 0) {
        snprintf(group, sizeof(group), "%.*s", (int)size - 2, id);
        return zdd_lab_answer(
            call, 200,
            json_pack("{s:o}", "tasks",
                      zdd_lab_tasks_json(lab, *group ? group : "/", true, false)));
    }
    if (!zdd_lab_app_find(lab, id))
        return zdd_lab_refuse(call, 404, NULL, "App '%s' does not exist", id);
    return zdd_lab_answer(call, 200,
                          json_pack("{s:o}", "tasks", zdd_lab_tasks_json(lab, id, false, false)));
}

enum zdd_err zdd_lab_get_app(struct zdd_call *call, struct zdd_lab *lab)
{
    const unsigned embed =
        ALWAYS | ZDD_LAB_EMBED_TASKS | ZDD_LAB_EMBED_FAILURE | zdd_lab_query_embed(call);
    const struct zdd_lab_app *app;
    struct zdd_lab_target target;

    zdd_lab_target_read(call->arg[0], &target);
    if (target.what == ZDD_LAB_OF_TASKS && !*target.item)
        return get_tasks_of(call, lab, target.id);
    if (target.what == ZDD_LAB_OF_TASKS || target.what == ZDD_LAB_OF_RESTART)
        return ZDD_ERR_METHOD_UNKNOWN;
    if (target.id[strlen(target.id) - 1] == '*')
        return get_inside(call, lab, target.id);
    app = zdd_lab_app_find(lab, target.id);
    if (!app)
        return zdd_lab_refuse(call, 404, NULL, "App '%s' does not exist", target.id);
    if (target.what == ZDD_LAB_OF_VERSIONS)
        return get_versions(call, app, target.item);
    return zdd_lab_answer(call, 200, json_pack("{s:o}", "app", zdd_lab_app_json(lab, app, embed)));
}
