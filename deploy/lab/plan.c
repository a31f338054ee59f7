/**
 * @file deploy/lab/plan.c
 * @brief From changed definitions to steps.
 */
#include "deploy/lab/plan.h"

#include "deploy/lab/apps.h"
#include "deploy/lab/deployments.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEPTH_MAX 32 /* a ring of dependencies ends here */

/* One change with what it turned out to be. */
struct row {
    struct zdd_lab_spec *from, *to;
    enum zdd_lab_action_kind kind;
    bool is_new, is_nothing;
    json_t *sentenced;
    int depth;
};

/* The table of §2.3. */
static struct row classify(const struct zdd_lab *lab, struct zdd_lab_change *change,
                           int64_t version_ms)
{
    const struct zdd_lab_app *app = zdd_lab_app_find(lab, change->id);
    struct zdd_lab_spec *from = app ? app->spec : NULL;
    struct row row = {.from = zdd_lab_spec_ref(from), .sentenced = change->sentenced};
    int64_t scaled_ms = version_ms;
    int64_t configured_ms = version_ms;

    if (!change->def) {
        row.kind = ZDD_LAB_STOP;
        row.is_nothing = !from;
        return row;
    }
    if (!from) {
        row.is_new = true;
        row.kind = ZDD_LAB_SCALE;
    } else if (change->restart) {
        row.kind = ZDD_LAB_RESTART;
        scaled_ms = from->scaled_ms;
    } else if (zdd_lab_def_same(from->def, change->def, true)) {
        row.kind = ZDD_LAB_SCALE;
        row.is_nothing = !change->sentenced;
        row.to = zdd_lab_spec_ref(from);
        json_decref(change->def);
        return row;
    } else if (zdd_lab_def_same(from->def, change->def, false)) {
        row.kind = ZDD_LAB_SCALE;
        configured_ms = from->configured_ms;
    } else {
        row.kind = ZDD_LAB_RESTART;
    }
    row.to = zdd_lab_spec_new(change->id, change->def, version_ms, scaled_ms, configured_ms);
    if (row.kind == ZDD_LAB_RESTART && row.to->facts.instances == 0)
        row.kind = ZDD_LAB_SCALE;
    return row;
}

/* The root state as it will be: every app that is not struck, changed ones in their new form. */
struct root {
    const struct zdd_lab_spec **spec;
    int *depth;
    size_t count;
};

static bool is_changed(const struct row *rows, size_t count, const char *id)
{
    for (size_t i = 0; i < count; i++) {
        const struct zdd_lab_spec *spec = rows[i].from ? rows[i].from : rows[i].to;

        if (spec && strcmp(spec->id, id) == 0)
            return true;
    }
    return false;
}

static void collect(const struct zdd_lab *lab, const struct row *rows, size_t count,
                    struct root *root)
{
    size_t max = count + 1;

    for (const struct zdd_lab_app *app = lab->apps; app; app = app->next)
        max++;
    root->spec = calloc(max, sizeof(struct zdd_lab_spec *));
    root->depth = calloc(max, sizeof(*root->depth));
    if (!root->spec || !root->depth)
        abort();
    for (size_t i = 0; i < count; i++) /* first, so that rows and specs have the same places */
        root->spec[root->count++] = rows[i].to;
    for (const struct zdd_lab_app *app = lab->apps; app; app = app->next)
        if (!is_changed(rows, count, app->spec->id))
            root->spec[root->count++] = app->spec;
}

static int deepest_below(const struct root *root, const char *id)
{
    int deepest = -1;

    for (size_t i = 0; i < root->count; i++)
        if (root->spec[i] && zdd_lab_id_within(root->spec[i]->id, id) && root->depth[i] > deepest)
            deepest = root->depth[i];
    return deepest;
}

/* @return true when some app turned out to lie deeper than known */
static bool deepen(struct root *root)
{
    bool any = false;

    for (size_t i = 0; i < root->count; i++) {
        const json_t *on =
            root->spec[i] ? json_object_get(root->spec[i]->def, "dependencies") : NULL;

        for (size_t d = 0; d < json_array_size(on); d++) {
            const char *id = json_string_value(json_array_get(on, d));
            const int depth = id ? deepest_below(root, id) + 1 : 0;

            if (depth <= root->depth[i] || depth > DEPTH_MAX)
                continue;
            root->depth[i] = depth;
            any = true;
        }
    }
    return any;
}

static void measure_depths(const struct zdd_lab *lab, struct row *rows, size_t count)
{
    struct root root = {0};

    collect(lab, rows, count, &root);
    for (int round = 0; round < DEPTH_MAX && deepen(&root); round++)
        continue;
    for (size_t i = 0; i < count; i++)
        rows[i].depth = root.depth[i];
    free(root.spec);
    free(root.depth);
}

static void add_action(struct zdd_lab_deployment *d, enum zdd_lab_action_kind kind,
                       const struct row *row)
{
    d->action[d->action_count++] =
        (struct zdd_lab_action){.kind = kind,
                                .from = zdd_lab_spec_ref(row->from),
                                .to = zdd_lab_spec_ref(row->to),
                                .sentenced = json_incref(row->sentenced)};
}

static void end_step(struct zdd_lab_deployment *d)
{
    const size_t before = d->step_count ? d->step_end[d->step_count - 1] : 0;

    if (d->action_count > before)
        d->step_end[d->step_count++] = d->action_count;
}

/* §3.1: stop all, start all, then by the depth of dependencies. */
static void fill(struct zdd_lab_deployment *d, const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (rows[i].kind == ZDD_LAB_STOP && !rows[i].is_nothing)
            add_action(d, ZDD_LAB_STOP, &rows[i]);
    end_step(d);
    for (size_t i = 0; i < count; i++)
        if (rows[i].is_new)
            add_action(d, ZDD_LAB_START, &rows[i]);
    end_step(d);
    for (int depth = 0; depth <= DEPTH_MAX; depth++) {
        for (size_t i = 0; i < count; i++)
            if (rows[i].kind != ZDD_LAB_STOP && !rows[i].is_nothing && rows[i].depth == depth)
                add_action(d, rows[i].kind, &rows[i]);
        end_step(d);
    }
}

static struct zdd_lab_deployment *make_deployment(const struct row *rows, size_t count,
                                                  int64_t version_ms)
{
    struct zdd_lab_deployment *d = calloc(1, sizeof(*d));

    if (!d)
        abort();
    d->action = calloc(2 * count + 1, sizeof(*d->action));
    d->step_end = calloc(2 * count + 2, sizeof(*d->step_end));
    if (!d->action || !d->step_end)
        abort();
    d->version_ms = version_ms;
    zdd_uuid7(version_ms, d->id);
    fill(d, rows, count);
    return d;
}

static json_t *find_locks(const struct zdd_lab *lab, const struct zdd_lab_deployment *plan)
{
    json_t *locks = json_array();

    for (const struct zdd_lab_deployment *d = lab->deployments; d; d = d->next)
        for (size_t i = 0; i < plan->action_count; i++)
            if (zdd_lab_deployment_affects(d, zdd_lab_action_app(&plan->action[i]))) {
                json_array_append_new(locks, json_pack("{s:s}", "id", d->id));
                break;
            }
    return locks;
}

static void commit(struct zdd_lab *lab, struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (rows[i].is_nothing)
            continue;
        if (rows[i].kind == ZDD_LAB_STOP)
            zdd_lab_app_remove(lab, rows[i].from->id);
        else if (rows[i].to != rows[i].from)
            zdd_lab_app_put(lab, zdd_lab_spec_ref(rows[i].to));
    }
}

static void cancel_locks(struct zdd_lab *lab, const json_t *locks)
{
    for (size_t i = 0; i < json_array_size(locks); i++) {
        const char *id = json_string_value(json_object_get(json_array_get(locks, i), "id"));
        struct zdd_lab_deployment *deployment = zdd_lab_deployment_find(lab, id);

        if (deployment)
            zdd_lab_deployment_cancel(lab, deployment);
    }
}

/* @return ZDD_LAB_UPDATED when the plan may begin */
static enum zdd_lab_update_end may_begin(struct zdd_lab *lab, struct zdd_lab_update *update,
                                         json_t *locks)
{
    const size_t lock_count = json_array_size(locks);

    if (lock_count && !update->force) {
        update->ret_locks = json_incref(locks);
        zdd_lab_event_group(lab, update->group, update->ret_version_ms, "App is locked");
        return ZDD_LAB_LOCKED;
    }
    if (zdd_lab_deployment_count(lab) - lock_count >= (size_t)lab->options->deployment_max)
        return ZDD_LAB_LIMIT;
    return ZDD_LAB_UPDATED;
}

static enum zdd_lab_update_end try_update(struct zdd_lab *lab, struct zdd_lab_update *update,
                                          struct row *rows)
{
    struct zdd_lab_deployment *plan = make_deployment(rows, update->count, update->ret_version_ms);
    ZDD_AUTO_JSON json_t *locks = find_locks(lab, plan);
    enum zdd_lab_update_end end = ZDD_LAB_UPDATED;

    if (update->dry_run)
        update->ret_steps = zdd_lab_steps_json(plan);
    else
        end = may_begin(lab, update, locks);
    if (update->dry_run || end != ZDD_LAB_UPDATED) {
        zdd_lab_deployment_free(lab, plan);
        return end;
    }
    memcpy(update->ret_id, plan->id, sizeof(update->ret_id));
    commit(lab, rows, update->count);
    cancel_locks(lab, locks);
    plan->hidden = json_array_size(locks) > 0; /* it starts when the old actors have stopped */
    lab->root_version_ms = update->ret_version_ms;
    zdd_lab_root_keep(lab);
    zdd_lab_deployment_start(lab, plan);
    zdd_lab_event_group(lab, update->group, update->ret_version_ms, NULL);
    return ZDD_LAB_UPDATED;
}

enum zdd_lab_update_end zdd_lab_update(struct zdd_lab *lab, struct zdd_lab_update *update)
{
    struct row *rows = calloc(update->count + 1, sizeof(*rows));
    enum zdd_lab_update_end end;

    if (!rows)
        abort();
    update->ret_version_ms = update->version_ms ? update->version_ms : zdd_lab_version_new(lab);
    for (size_t i = 0; i < update->count; i++)
        rows[i] = classify(lab, &update->change[i], update->ret_version_ms);
    measure_depths(lab, rows, update->count);
    end = try_update(lab, update, rows);
    for (size_t i = 0; i < update->count; i++) {
        zdd_lab_spec_unref(rows[i].from);
        zdd_lab_spec_unref(rows[i].to);
        json_decref(rows[i].sentenced);
    }
    free(rows);
    return end;
}

enum zdd_lab_update_end zdd_lab_revert(struct zdd_lab *lab,
                                       const struct zdd_lab_deployment *deployment,
                                       struct zdd_lab_update *ret)
{
    struct zdd_lab_change *changes = calloc(deployment->action_count + 1, sizeof(*changes));
    struct zdd_lab_deployment *copy = zdd_lab_deployment_find(lab, deployment->id);
    enum zdd_lab_update_end end;
    size_t count = 0;
    char(*ids)[ZDD_LAB_ID_SIZE] = calloc(deployment->action_count + 1, sizeof(*ids));

    if (!changes || !ids)
        abort();
    for (size_t i = 0; i < copy->action_count; i++) {
        const struct zdd_lab_action *action = &copy->action[i];

        if (action->kind == ZDD_LAB_START)
            continue; /* its Scale stands for it */
        snprintf(ids[count], sizeof(ids[count]), "%s", zdd_lab_action_app(action));
        changes[count] = (struct zdd_lab_change){
            .id = ids[count], .def = action->from ? json_deep_copy(action->from->def) : NULL};
        count++;
    }
    /* Group.defaultVersion: since 1.9.73 a constant of the process, so older than what it replaces.
     */
    *ret = (struct zdd_lab_update){.change = changes,
                                   .count = count,
                                   .group = "/",
                                   .version_ms = lab->started_utc_ms,
                                   .force = true};
    end = zdd_lab_update(lab, ret);
    ret->change = NULL;
    free(changes);
    free(ids);
    return end;
}

static json_t *actions_json(const struct zdd_lab_deployment *d, size_t step)
{
    json_t *list = json_array();

    for (size_t i = step ? d->step_end[step - 1] : 0; i < d->step_end[step]; i++)
        json_array_append_new(list, json_pack("{s:s, s:s}", "action",
                                              zdd_lab_action_name(d->action[i].kind), "app",
                                              zdd_lab_action_app(&d->action[i])));
    return list;
}

json_t *zdd_lab_steps_json(const struct zdd_lab_deployment *deployment)
{
    json_t *steps = json_array();

    for (size_t i = 0; i < deployment->step_count; i++)
        json_array_append_new(steps, json_pack("{s:o}", "actions", actions_json(deployment, i)));
    return steps;
}

json_t *zdd_lab_current_json(const struct zdd_lab_deployment *deployment)
{
    if (!deployment->entered || deployment->step >= deployment->step_count)
        return json_array();
    return actions_json(deployment, deployment->step);
}
