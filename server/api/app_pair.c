/**
 * @file server/api/app_pair.c
 * @brief The pair that an app belongs to, looked at.
 */
#include "server/api/app_pair.h"

#include "server/api/plan_router.h"
#include "server/api/plan_take.h"
#include "server/base/cleanup.h"
#include "server/router/traces.h"
#include "storage/runs.h"

#include <string.h>

void zdd_app_pair_release(struct zdd_app_pair *pair)
{
    zdd_pair_apps_release(&pair->apps);
    json_decref(pair->held_by);
    pair->held_by = NULL;
}

/* An id that leaves no room for a colour has no pair: there is only itself. */
static enum zdd_err look_alone(struct zdd_call *call, struct zdd_app_pair *pair)
{
    struct zdd_pair_app *app = &pair->apps.app[0];
    const enum zdd_err err = zdd_cluster_app_get(call, pair->name, &app->app);

    app->is_plain = true;
    memcpy(app->id, pair->name, sizeof(app->id));
    pair->apps.count = err == ZDD_ERR_NONE && app->app.raw ? 1 : 0;
    return err;
}

/* Who may see one app of a pair need not see the other. */
static void hide(const struct zdd_caller *caller, struct zdd_app_pair *pair)
{
    struct zdd_pair_apps *apps = &pair->apps;
    size_t kept = 0;

    if (zdd_caller_reaches(caller, pair->name))
        return;
    for (size_t i = 0; i < apps->count; i++) {
        if (zdd_caller_reaches(caller, apps->app[i].id))
            apps->app[kept++] = apps->app[i];
        else
            zdd_cluster_app_release(&apps->app[i].app);
    }
    apps->count = kept;
}

static const char *held_by_id(const struct zdd_app_pair *pair)
{
    for (size_t i = 0; i < pair->apps.count; i++) {
        const json_t *list = json_object_get(pair->apps.app[i].app.raw, "deployments");

        if (json_array_size(list) > 0)
            return zdd_json_text(json_array_get(list, 0), "id", "");
    }
    return NULL;
}

/* Marathon's own words about the deployment; it may be over by now, then its id has to do. */
static enum zdd_err ask_who_holds(struct zdd_call *call, const char *id, struct zdd_app_pair *pair)
{
    ZDD_AUTO_JSON json_t *all = NULL;
    const enum zdd_err err = zdd_cluster_json(call, "/deployments", &all);
    size_t index;
    json_t *one;

    if (err != ZDD_ERR_NONE)
        return err;
    json_array_foreach(all, index, one)
    {
        if (strcmp(zdd_json_text(one, "id", ""), id) == 0)
            pair->held_by = json_incref(one);
    }
    if (!pair->held_by)
        pair->held_by = json_pack("{s:s}", "id", id);
    return pair->held_by ? ZDD_ERR_NONE : ZDD_ERR_NO_MEMORY;
}

/* Ours, or the counts are those with which zdd.py --new-instances ends. */
static bool is_hybrid(const struct zdd_pair_apps *apps)
{
    if (apps->left_whole > 0)
        return true;

    const size_t newer = zdd_pair_is_newer(&apps->app[0], &apps->app[1]) ? 0 : 1;
    const json_t *new = apps->app[newer].app.canonical, *old = apps->app[1 - newer].app.canonical;
    const struct zdd_traces traces = zdd_traces_of(new);

    return traces.new_instances > 0 && zdd_json_int(new, "instances", 1) == traces.new_instances &&
           zdd_json_int(old, "instances", 1) == traces.target - traces.new_instances;
}

static enum zdd_pair_condition condition_of(const struct zdd_app_pair *pair)
{
    if (*pair->run_id)
        return ZDD_PAIR_OURS_RUNNING;
    if (pair->held_by)
        return ZDD_PAIR_STUCK;
    if (pair->apps.count < 2)
        return ZDD_PAIR_SINGLE;
    return pair->apps.count == 2 && is_hybrid(&pair->apps) ? ZDD_PAIR_HYBRID : ZDD_PAIR_TWO_APPS;
}

static enum zdd_err look_at_apps(struct zdd_call *call, const char *app_id,
                                 struct zdd_app_pair *pair)
{
    char room[ZDD_APP_ID_SIZE];
    struct zdd_coloured coloured;
    const bool is_coloured = zdd_coloured_read(app_id, strlen(app_id), &coloured);
    const size_t size = is_coloured ? coloured.pair_size : strlen(app_id);

    memcpy(pair->name, app_id, size);
    if (!zdd_coloured_write(pair->name, ZDD_NAMING_DASH, ZDD_GREEN, room))
        return look_alone(call, pair);
    return zdd_pair_look(call, pair->name, is_coloured ? &coloured : NULL, &pair->apps);
}

enum zdd_err zdd_app_pair_look(struct zdd_call *call, const char *app_id,
                               struct zdd_app_pair *ret_pair)
{
    ZDD_AUTO_APP_PAIR struct zdd_app_pair pair = {0};
    enum zdd_err err = look_at_apps(call, app_id, &pair);

    if (err == ZDD_ERR_NONE)
        err = zdd_run_of_app(zdd_store_of(call), app_id, pair.run_id);
    if (err != ZDD_ERR_NONE)
        return err;
    hide(zdd_caller_of(call), &pair);
    if (!*pair.run_id && held_by_id(&pair))
        err = ask_who_holds(call, held_by_id(&pair), &pair);
    if (err != ZDD_ERR_NONE)
        return err;
    pair.can_move = zdd_plan_has_router(call) && zdd_caller_reaches(zdd_caller_of(call), pair.name);
    pair.condition = condition_of(&pair);
    *ret_pair = pair;
    pair = (struct zdd_app_pair){0}; /* handed over */
    return ZDD_ERR_NONE;
}

const struct zdd_pair_app *zdd_app_pair_lead(const struct zdd_app_pair *pair, const char *app_id)
{
    const struct zdd_pair_app *lead = NULL;

    for (size_t i = 0; i < pair->apps.count; i++) {
        const struct zdd_pair_app *app = &pair->apps.app[i];

        if (strcmp(app->id, app_id) == 0)
            return app;
        if (!lead || app->app.healthy > lead->app.healthy)
            lead = app;
    }
    return strcmp(pair->name, app_id) == 0 ? lead : NULL;
}
