/**
 * @file deploy/lab/api_apps.c
 * @brief Writing apps: /v2/apps and /v2/apps/{id} (marathon.md §1.4).
 */
#include "deploy/lab/api.h"
#include "deploy/lab/apps.h"
#include "deploy/lab/deployments.h"
#include "deploy/lab/tasks.h"
#include "server/base/clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* @return ZDD_ERR_NONE with call->json an object; else the answer or the error is made */
static enum zdd_err read_body(struct zdd_call *call)
{
    if (!call->body_size)
        return zdd_call_fail(call, ZDD_ERR_BODY_MALFORMED, "No content to map due to end of input");
    return zdd_call_json(call);
}

static void publish_post(struct zdd_lab *lab, const struct zdd_call *call,
                         const struct zdd_lab_app *app)
{
    zdd_lab_event(lab, "api_post_event",
                  json_pack("{s:s, s:s, s:o}", "clientIp", call->remote ? call->remote : "", "uri",
                            call->path, "appDefinition", zdd_lab_spec_json(app->spec)));
}

static enum zdd_lab_update_end change_app(struct zdd_lab *lab, const char *id, json_t *def,
                                          bool restart, struct zdd_lab_update *update)
{
    struct zdd_lab_change change = {.id = id, .def = def, .restart = restart};
    char group[ZDD_LAB_ID_SIZE];
    enum zdd_lab_update_end end;

    zdd_lab_id_parent(id, group, sizeof(group));
    update->change = &change;
    update->count = 1;
    update->group = group;
    end = zdd_lab_update(lab, update);
    update->change = NULL;
    update->group = NULL;
    return end;
}

static enum zdd_err invalid(struct zdd_call *call, struct zdd_lab *lab, const char *id,
                            const struct zdd_lab_complaint *complaint)
{
    char group[ZDD_LAB_ID_SIZE];

    zdd_lab_id_parent(id, group, sizeof(group));
    if (!complaint->mistyped) /* the plan was never begun */
        zdd_lab_event_group(lab, group, zdd_lab_utc(lab), "Object is not valid");
    return zdd_lab_answer_complaint(call, complaint);
}

/* @return true when @p id is a group's, or lies inside an app: a new app cannot have it (§1.7) */
static bool is_taken(const struct zdd_lab *lab, const char *id)
{
    char parent[ZDD_LAB_ID_SIZE];

    if (zdd_lab_group_exists(lab, id))
        return true;
    snprintf(parent, sizeof(parent), "%s", id);
    for (char *slash = strrchr(parent, '/'); slash && slash != parent;
         slash = strrchr(parent, '/')) {
        *slash = '\0';
        if (zdd_lab_app_find(lab, parent))
            return true;
    }
    return false;
}

/* @return the definition of a new app, or NULL with @p complaint filled */
static json_t *define(const struct zdd_lab *lab, const char *id, const json_t *body,
                      struct zdd_lab_complaint *complaint)
{
    json_t *def = zdd_lab_definition(lab, id, body, NULL, false, complaint);

    if (!def || !is_taken(lab, id))
        return def;
    zdd_field_error_add(&complaint->errors, "#/id", "a group and an app may not share an id");
    json_decref(def);
    return NULL;
}

enum zdd_err zdd_lab_post_apps(struct zdd_call *call, struct zdd_lab *lab)
{
    struct zdd_lab_update update = {.force = zdd_lab_query_bool(call, "force", false)};
    struct zdd_lab_complaint complaint = {0};
    char id[ZDD_LAB_ID_SIZE];
    enum zdd_lab_update_end end;
    enum zdd_err err = read_body(call);
    json_t *def;
    json_t *json;

    if (err != ZDD_ERR_NONE)
        return err;
    if (!json_is_object(call->json))
        return zdd_lab_answer_kind(call, "/", "error.expected.jsobject");
    if (!json_is_string(json_object_get(call->json, "id")))
        return zdd_lab_answer_kind(call, "/id", "error.path.missing");
    zdd_lab_absolute_id(zdd_json_text(call->json, "id", ""), "/", id, sizeof(id));
    if (zdd_lab_app_find(lab, id))
        return zdd_lab_refuse(call, 409, NULL, "An app with id [%s] already exists.", id);
    def = define(lab, id, call->json, &complaint);
    if (!def)
        return invalid(call, lab, id, &complaint);
    end = change_app(lab, id, def, false, &update);
    if (end != ZDD_LAB_UPDATED)
        return zdd_lab_answer_update(call, 201, end, &update);
    publish_post(lab, call, zdd_lab_app_find(lab, id));
    json = zdd_lab_app_json(lab, zdd_lab_app_find(lab, id),
                            ZDD_LAB_EMBED_COUNTS | ZDD_LAB_EMBED_DEPLOYMENTS);
    json_object_set_new(json, "deployments", json_pack("[{s:s}]", "id", update.ret_id));
    zdd_call_add_header(call, "Marathon-Deployment-Id", "%s", update.ret_id);
    zdd_call_add_header(call, "Location", "%s%s", lab->url, id);
    return zdd_lab_answer(call, 201, json);
}

/* {"version": …}, maybe with "id": an old definition comes back, its instances too. */
static enum zdd_err read_rollback(struct zdd_call *call, const struct zdd_lab_app *app,
                                  const json_t *body, json_t **ret_def)
{
    const char *text = json_string_value(json_object_get(body, "version"));
    const struct zdd_lab_spec *spec;
    int64_t version_ms;

    if (json_object_size(body) > (json_object_get(body, "id") ? 2u : 1u))
        return zdd_lab_refuse(
            call, 422,
            json_pack("[{s:s, s:[s]}]", "path", "/version", "errors",
                      "The 'version' field may only be combined with the 'id' field."),
            "Object is not valid");
    if (!text || !zdd_time_parse(text, &version_ms))
        return zdd_lab_refuse(call, 422, NULL, "Invalid format: \"%s\"", text ? text : "");
    spec = zdd_lab_app_version(app, version_ms);
    if (!spec)
        return zdd_lab_refuse(call, 404, NULL, "App '%s' does not exist in version %s",
                              app->spec->id, text);
    *ret_def = json_deep_copy(spec->def);
    return ZDD_ERR_NONE;
}

/* @return ZDD_ERR_NONE with *ret_def set, or with the refusal answered and *ret_def NULL */
static enum zdd_err new_definition(struct zdd_call *call, struct zdd_lab *lab, const char *id,
                                   const json_t *body, bool partial, json_t **ret_def)
{
    const struct zdd_lab_app *app = zdd_lab_app_find(lab, id);
    struct zdd_lab_complaint complaint = {0};

    *ret_def = NULL;
    if (!json_is_object(body))
        return zdd_lab_answer_kind(call, "/", "error.expected.jsobject");
    if (app && partial && json_is_string(json_object_get(body, "version")))
        return read_rollback(call, app, body, ret_def);
    *ret_def = app ? zdd_lab_definition(lab, id, body, app->spec, partial, &complaint)
                   : define(lab, id, body, &complaint);
    return *ret_def ? ZDD_ERR_NONE : invalid(call, lab, id, &complaint);
}

static enum zdd_err write_app(struct zdd_call *call, struct zdd_lab *lab, const char *id,
                              bool partial)
{
    struct zdd_lab_update update = {.force = zdd_lab_query_bool(call, "force", false)};
    const bool existed = zdd_lab_app_find(lab, id) != NULL;
    enum zdd_lab_update_end end;
    json_t *def;
    enum zdd_err err = new_definition(call, lab, id, call->json, partial, &def);

    if (!def)
        return err;
    end = change_app(lab, id, def, false, &update);
    if (end == ZDD_LAB_UPDATED)
        publish_post(lab, call, zdd_lab_app_find(lab, id));
    return zdd_lab_answer_update(call, existed ? 200 : 201, end, &update);
}

static enum zdd_err unknown_app(struct zdd_call *call, const char *id)
{
    return zdd_lab_refuse(call, 404, NULL, "App '%s' does not exist", id);
}

enum zdd_err zdd_lab_put_app(struct zdd_call *call, struct zdd_lab *lab)
{
    struct zdd_lab_target target;
    enum zdd_err err = read_body(call);

    if (err != ZDD_ERR_NONE)
        return err;
    zdd_lab_target_read(call->arg[0], &target);
    if (target.what != ZDD_LAB_OF_APP)
        return ZDD_ERR_METHOD_UNKNOWN;
    return write_app(call, lab, target.id, zdd_lab_query_bool(call, "partialUpdate", true));
}

enum zdd_err zdd_lab_patch_app(struct zdd_call *call, struct zdd_lab *lab)
{
    struct zdd_lab_complaint complaint = {0};
    struct zdd_lab_target target;
    json_t *def;
    enum zdd_err err = read_body(call);

    if (err != ZDD_ERR_NONE)
        return err;
    zdd_lab_target_read(call->arg[0], &target);
    if (zdd_lab_app_find(lab, target.id))
        return write_app(call, lab, target.id, true);
    def = json_is_object(call->json)
              ? zdd_lab_definition(lab, target.id, call->json, NULL, false, &complaint)
              : NULL;
    json_decref(def);
    /* The body is read as a whole app before the app is looked for: that refusal comes first. */
    return complaint.mistyped ? zdd_lab_answer_complaint(call, &complaint)
                              : unknown_app(call, target.id);
}

/* An array of apps in one plan; PATCH refuses ids it does not know. */
static enum zdd_err write_apps(struct zdd_call *call, struct zdd_lab *lab, bool partial,
                               bool may_create)
{
    struct zdd_lab_update update = {.group = "/",
                                    .force = zdd_lab_query_bool(call, "force", false)};
    const size_t count = json_array_size(call->json);
    char(*ids)[ZDD_LAB_ID_SIZE] = calloc(count + 1, sizeof(*ids));
    enum zdd_err err = ZDD_ERR_NONE;

    update.change = calloc(count + 1, sizeof(*update.change));
    if (!ids || !update.change)
        abort();
    for (; update.count < count; update.count++) {
        const json_t *body = json_array_get(call->json, update.count);
        struct zdd_lab_change *change = &update.change[update.count];
        const char *id = zdd_json_text(body, "id", NULL);

        if (!id) {
            err = zdd_lab_refuse(call, 422, NULL, "No app id provided");
            break;
        }
        zdd_lab_absolute_id(id, "/", ids[update.count], sizeof(*ids));
        change->id = ids[update.count];
        if (!may_create && !zdd_lab_app_find(lab, change->id)) {
            err = unknown_app(call, change->id);
            break;
        }
        err = new_definition(call, lab, change->id, body, partial, &change->def);
        if (!change->def)
            break;
    }
    if (update.count == count) {
        const enum zdd_lab_update_end end = zdd_lab_update(lab, &update);

        err = zdd_lab_answer_update(call, 200, end, &update);
    } else {
        for (size_t i = 0; i < update.count; i++)
            json_decref(update.change[i].def);
    }
    free(update.change);
    free(ids);
    return err;
}

static enum zdd_err write_array(struct zdd_call *call, struct zdd_lab *lab, bool partial,
                                bool may_create)
{
    const enum zdd_err err = read_body(call);

    if (err != ZDD_ERR_NONE)
        return err;
    if (!json_is_array(call->json))
        return zdd_lab_answer_kind(call, "/", "error.expected.jsarray");
    return write_apps(call, lab, partial, may_create);
}

enum zdd_err zdd_lab_put_apps(struct zdd_call *call, struct zdd_lab *lab)
{
    return write_array(call, lab, zdd_lab_query_bool(call, "partialUpdate", true), true);
}

enum zdd_err zdd_lab_patch_apps(struct zdd_call *call, struct zdd_lab *lab)
{
    return write_array(call, lab, true, false);
}

enum zdd_err zdd_lab_delete_app(struct zdd_call *call, struct zdd_lab *lab)
{
    /* The one verb that forces unless told otherwise. */
    struct zdd_lab_update update = {.force = zdd_lab_query_bool(call, "force", true)};
    struct zdd_lab_target target;
    enum zdd_lab_update_end end;

    zdd_lab_target_read(call->arg[0], &target);
    if (target.what == ZDD_LAB_OF_TASKS)
        return zdd_lab_kill_tasks(call, lab, &target);
    if (target.what != ZDD_LAB_OF_APP)
        return ZDD_ERR_METHOD_UNKNOWN;
    if (!zdd_lab_app_find(lab, target.id))
        return unknown_app(call, target.id);
    end = change_app(lab, target.id, NULL, false, &update);
    return zdd_lab_answer_update(call, 200, end, &update);
}

enum zdd_err zdd_lab_post_app(struct zdd_call *call, struct zdd_lab *lab)
{
    struct zdd_lab_update update = {.force = zdd_lab_query_bool(call, "force", false)};
    const struct zdd_lab_app *app;
    struct zdd_lab_target target;
    enum zdd_lab_update_end end;

    zdd_lab_target_read(call->arg[0], &target);
    if (target.what != ZDD_LAB_OF_RESTART)
        return ZDD_ERR_METHOD_UNKNOWN;
    app = zdd_lab_app_find(lab, target.id);
    if (!app)
        return unknown_app(call, target.id);
    end = change_app(lab, target.id, json_deep_copy(app->spec->def), true, &update);
    return zdd_lab_answer_update(call, 200, end, &update);
}
