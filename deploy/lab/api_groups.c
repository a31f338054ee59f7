/**
 * @file deploy/lab/api_groups.c
 * @brief Writing groups: created, replaced, scaled, set back, deleted (marathon.md §1.2, §1.7).
 */
#include "deploy/lab/api.h"
#include "deploy/lab/apps.h"
#include "server/base/clock.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define GROUP_DEPTH_MAX 16
#define CHANGE_MAX 1024 /* apps in one group update */

struct batch {
    struct zdd_lab *lab;
    struct zdd_lab_change change[CHANGE_MAX];
    size_t count;
    struct zdd_lab_complaint complaint;
};

static struct batch *batch_new(struct zdd_lab *lab)
{
    struct batch *batch = calloc(1, sizeof(*batch));

    if (!batch)
        abort();
    batch->lab = lab;
    return batch;
}

static void batch_free(struct batch *batch)
{
    for (size_t i = 0; i < batch->count; i++)
        free((char *)(uintptr_t)batch->change[i].id);
    free(batch);
}

/* The later word about an app counts: first all are struck, then those given come back. */
static void batch_add(struct batch *batch, const char *id, json_t *def)
{
    char *copy;

    for (size_t i = 0; i < batch->count; i++) {
        if (strcmp(batch->change[i].id, id) == 0) {
            json_decref(batch->change[i].def);
            batch->change[i].def = def;
            return;
        }
    }
    if (batch->count == CHANGE_MAX) {
        zdd_field_error_add(&batch->complaint.errors, "#/apps",
                            "zdd-lab changes at most %d apps at once", CHANGE_MAX);
        json_decref(def);
        return;
    }
    copy = strdup(id);
    if (!copy)
        abort();
    batch->change[batch->count++] = (struct zdd_lab_change){.id = copy, .def = def};
}

static void batch_strike(struct batch *batch, const char *group, bool direct_only)
{
    char parent[ZDD_LAB_ID_SIZE];

    for (const struct zdd_lab_app *app = batch->lab->apps; app; app = app->next) {
        const char *id = app->spec->id;

        zdd_lab_id_parent(id, parent, sizeof(parent));
        if (zdd_lab_id_within(id, group) && (strcmp(parent, group) == 0) == direct_only)
            batch_add(batch, id, NULL);
    }
}

static void read_group(struct batch *batch, const char *id, const json_t *body, int depth)
{
    const json_t *apps = json_object_get(body, "apps");
    const json_t *groups = json_object_get(body, "groups");
    char child[ZDD_LAB_ID_SIZE];

    if (depth > GROUP_DEPTH_MAX) {
        zdd_field_error_add(&batch->complaint.errors, "#/groups",
                            "groups may be nested %d levels deep", GROUP_DEPTH_MAX);
        return;
    }
    if (apps)
        batch_strike(batch, id, true);
    if (groups)
        batch_strike(batch, id, false);
    for (size_t i = 0; i < json_array_size(apps); i++) {
        const json_t *app = json_array_get(apps, i);
        const struct zdd_lab_app *former;
        json_t *def;

        zdd_lab_absolute_id(zdd_json_text(app, "id", ""), id, child, sizeof(child));
        former = zdd_lab_app_find(batch->lab, child);
        def = zdd_lab_definition(batch->lab, child, app, former ? former->spec : NULL, false,
                                 &batch->complaint);
        if (def)
            batch_add(batch, child, def);
    }
    for (size_t i = 0; i < json_array_size(groups); i++) {
        const json_t *group = json_array_get(groups, i);

        zdd_lab_absolute_id(zdd_json_text(group, "id", ""), id, child, sizeof(child));
        read_group(batch, child, group, depth + 1);
    }
}

static void put_groups(struct zdd_lab *lab, const char *id, const json_t *body, int64_t version_ms)
{
    const json_t *groups = json_object_get(body, "groups");
    char child[ZDD_LAB_ID_SIZE];

    zdd_lab_group_put(lab, id, json_object_get(body, "dependencies"), version_ms);
    for (size_t i = 0; i < json_array_size(groups); i++) {
        zdd_lab_absolute_id(zdd_json_text(json_array_get(groups, i), "id", ""), id, child,
                            sizeof(child));
        put_groups(lab, child, json_array_get(groups, i), version_ms);
    }
}

static void read_scale(struct batch *batch, const char *group, double by)
{
    for (const struct zdd_lab_app *app = batch->lab->apps; app; app = app->next) {
        json_t *def;

        if (!zdd_lab_id_within(app->spec->id, group))
            continue;
        def = json_deep_copy(app->spec->def);
        json_object_set_new(def, "instances",
                            json_integer(llround(ceil(app->spec->facts.instances * by))));
        batch_add(batch, app->spec->id, def);
    }
}

/* {"version": …}: the apps of the group as they were then. */
static void read_version(struct batch *batch, const char *group, const struct zdd_lab_root *root)
{
    batch_strike(batch, group, true);
    batch_strike(batch, group, false);
    for (size_t i = 0; i < root->count; i++)
        if (zdd_lab_id_within(root->spec[i]->id, group))
            batch_add(batch, root->spec[i]->id, json_deep_copy(root->spec[i]->def));
}

static enum zdd_err run_batch(struct zdd_call *call, struct batch *batch, const char *id,
                              unsigned status, bool dry_run)
{
    struct zdd_lab_update update = {.change = batch->change,
                                    .count = batch->count,
                                    .group = id,
                                    .force = zdd_lab_query_bool(call, "force", false),
                                    .dry_run = dry_run};
    enum zdd_lab_update_end end;

    if (batch->complaint.errors.count || batch->complaint.crash) {
        for (size_t i = 0; i < batch->count; i++)
            json_decref(batch->change[i].def);
        return zdd_lab_answer_complaint(call, &batch->complaint);
    }
    end = zdd_lab_update(batch->lab, &update);
    if (dry_run)
        return zdd_lab_answer(call, 200, json_pack("{s:o}", "steps", update.ret_steps));
    if (end == ZDD_LAB_UPDATED && call->json && !json_object_get(call->json, "scaleBy") &&
        !json_object_get(call->json, "version"))
        put_groups(batch->lab, id, call->json, update.ret_version_ms);
    if (end == ZDD_LAB_UPDATED && strcmp(call->method, "DELETE") == 0)
        zdd_lab_group_remove(batch->lab, id);
    return zdd_lab_answer_update(call, status, end, &update);
}

/* The group a call speaks of: of its path, or of its body's id. */
void zdd_lab_group_target(const struct zdd_call *call, char *ret, size_t size)
{
    const char *base = call->arg[0] ? call->arg[0] : "";
    const char *own = call->json ? zdd_json_text(call->json, "id", "") : "";
    char path[ZDD_LAB_ID_SIZE];

    zdd_lab_absolute_id(base, "/", path, sizeof(path));
    if (*own && strcmp(call->method, "POST") == 0)
        zdd_lab_absolute_id(own, path, ret, size);
    else if (*own && strcmp(path, "/") == 0)
        zdd_lab_absolute_id(own, "/", ret, size);
    else
        snprintf(ret, size, "%s", path);
}

/* Fill @p batch by what the body says. @return false when it was refused, and that is answered */
static bool read_body(struct zdd_call *call, struct batch *batch, const char *id)
{
    const json_t *by = json_object_get(call->json, "scaleBy");
    const char *version = zdd_json_text(call->json, "version", NULL);
    const struct zdd_lab_root *root = NULL;
    int64_t version_ms;

    if (json_is_number(by)) {
        read_scale(batch, id, json_number_value(by));
    } else if (version && strcmp(call->method, "PUT") == 0) {
        if (!zdd_time_parse(version, &version_ms)) {
            (void)zdd_lab_refuse(call, 422, NULL, "Invalid format: \"%s\"", version);
            return false;
        }
        root = zdd_lab_root_find(batch->lab, version_ms);
        if (!root) {
            (void)zdd_lab_refuse(call, 404, NULL, "Group '%s' does not exist in version %s", id,
                                 version);
            return false;
        }
        read_version(batch, id, root);
    } else {
        read_group(batch, id, call->json, 0);
    }
    return true;
}

static enum zdd_err write_group(struct zdd_call *call, struct zdd_lab *lab, unsigned status)
{
    enum zdd_err err = zdd_call_json(call);
    char id[ZDD_LAB_ID_SIZE];
    struct batch *batch;

    if (err != ZDD_ERR_NONE)
        return err;
    if (!json_is_object(call->json))
        return zdd_lab_answer_kind(call, "/", "error.expected.jsobject");
    zdd_lab_group_target(call, id, sizeof(id));
    if (status == 201 && (zdd_lab_group_find(lab, id) || zdd_lab_app_find(lab, id)))
        return zdd_lab_refuse(call, 409, NULL,
                              "Group %s is already created. Use PUT to change this group.", id);
    if (zdd_lab_app_find(lab, id))
        return zdd_lab_refuse(call, 422, NULL, "A group and an app may not share the id %s", id);
    batch = batch_new(lab);
    if (read_body(call, batch, id))
        err = run_batch(call, batch, id, status, zdd_lab_query_bool(call, "dryRun", false));
    batch_free(batch);
    return err;
}

enum zdd_err zdd_lab_post_groups(struct zdd_call *call, struct zdd_lab *lab)
{
    return write_group(call, lab, 201);
}

enum zdd_err zdd_lab_put_groups(struct zdd_call *call, struct zdd_lab *lab)
{
    return write_group(call, lab, 200);
}

enum zdd_err zdd_lab_delete_groups(struct zdd_call *call, struct zdd_lab *lab)
{
    char id[ZDD_LAB_ID_SIZE];
    struct batch *batch;
    enum zdd_err end;

    zdd_lab_group_target(call, id, sizeof(id));
    if (!zdd_lab_group_exists(lab, id))
        return zdd_lab_refuse(call, 404, NULL, "Group '%s' does not exist", id);
    batch = batch_new(lab);
    batch_strike(batch, id, true);
    batch_strike(batch, id, false);
    end = run_batch(call, batch, id, 200, false);
    batch_free(batch);
    return end;
}
