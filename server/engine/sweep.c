/**
 * @file server/engine/sweep.c
 * @brief Looking at many deployments with one request.
 */
#include "server/engine/sweep.h"

#include "server/base/cleanup.h"
#include "server/engine/scene.h"
#include "storage/plans.h"
#include "storage/runs.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ASKS_EACH ZDD_SIDE_COUNT /* apps of one deployment, at most */

/* What is known of one deployment. */
struct item {
    char run_id[ZDD_ID_SIZE];
    enum zdd_err err; /* why its app is not known to us */
    size_t view;      /* its first: of a pair the new app, then the old one */
    bool pair;
    struct zdd_spots spots[ZDD_SIDE_COUNT]; /* of a pair */
};

struct zdd_sweep {
    struct zdd_stepper *stepper;
    enum zdd_err err; /* of the look */
    char reason[ZDD_CLUSTER_REASON_SIZE];
    struct zdd_app_view *views;
    size_t count;
    struct item items[];
};

/* What is needed for the request alone. */
struct asking {
    struct zdd_app_ask *asks;
    size_t count;
    struct zdd_plan_texts *texts;
    char (*app_ids)[ZDD_APP_ID_SIZE];
};

static void add_ask(struct asking *a, struct zdd_app_ask ask)
{
    snprintf(a->app_ids[a->count], ZDD_APP_ID_SIZE, "%s", ask.app_id);
    ask.app_id = a->app_ids[a->count];
    a->asks[a->count++] = ask;
}

/* What to compare the apps of @p item with. One that is gone asks for nothing: its step finds that
 * out. @return why it is not known; then what is seen says nothing about the app */
static enum zdd_err prepare(struct zdd_store *store, struct item *item,
                            struct zdd_plan_texts *texts, struct asking *a)
{
    struct zdd_run run;
    struct zdd_plan plan;
    enum zdd_err err = zdd_run_load(store, item->run_id, &run, NULL);

    item->view = a->count;
    if (err == ZDD_ERR_NONE)
        err = zdd_plan_load(store, run.plan_id, &plan, texts);
    if (err != ZDD_ERR_NONE) {
        add_ask(a, (struct zdd_app_ask){.app_id = ""});
        return err == ZDD_ERR_RUN_UNKNOWN ? ZDD_ERR_NONE : err;
    }
    item->pair = plan.program.count > 0;
    if (item->pair) {
        add_ask(a, zdd_scene_ask(&plan, texts, ZDD_SIDE_NEW, item->spots));
        add_ask(a, zdd_scene_ask(&plan, texts, ZDD_SIDE_OLD, item->spots));
    } else {
        add_ask(a,
                (struct zdd_app_ask){run.app_id, texts->target.data, texts->previous.data, NULL});
    }
    return ZDD_ERR_NONE;
}

static void look(struct zdd_sweep *sweep, struct asking *a)
{
    const struct zdd_cluster *cluster = &sweep->stepper->cluster;

    for (size_t i = 0; i < sweep->count; i++)
        sweep->items[i].err = prepare(sweep->stepper->store, &sweep->items[i], &a->texts[i], a);
    atomic_fetch_add(&sweep->stepper->looks, 1);
    sweep->err =
        cluster->ops->observe(cluster->cls, a->asks, a->count, sweep->views, sweep->reason);
    for (size_t i = 0; i < sweep->count; i++)
        zdd_plan_texts_release(&a->texts[i]);
}

struct zdd_sweep *zdd_sweep_look(struct zdd_stepper *stepper, char (*run_ids)[ZDD_ID_SIZE],
                                 size_t count)
{
    ZDD_AUTO_FREE struct zdd_app_ask *asks = calloc(count * ASKS_EACH, sizeof(*asks));
    ZDD_AUTO_FREE struct zdd_app_view *views = calloc(count * ASKS_EACH, sizeof(*views));
    ZDD_AUTO_FREE struct zdd_plan_texts *texts = calloc(count, sizeof(*texts));
    ZDD_AUTO_FREE char(*app_ids)[ZDD_APP_ID_SIZE] = calloc(count * ASKS_EACH, ZDD_APP_ID_SIZE);
    struct asking a = {asks, 0, texts, app_ids};
    struct zdd_sweep *sweep = calloc(1, sizeof(*sweep) + count * sizeof(struct item));

    assert(count > 0);
    if (!asks || !views || !texts || !app_ids || !sweep) {
        free(sweep);
        return NULL;
    }
    sweep->stepper = stepper;
    sweep->views = ZDD_TAKE(views);
    sweep->count = count;
    for (size_t i = 0; i < count; i++)
        memcpy(sweep->items[i].run_id, run_ids[i], ZDD_ID_SIZE);
    look(sweep, &a);
    return sweep;
}

struct zdd_sweep *zdd_sweep_free(struct zdd_sweep *sweep)
{
    if (!sweep)
        return NULL;
    for (size_t i = 0; i < sweep->count; i++) {
        for (int side = 0; side < ZDD_SIDE_COUNT; side++)
            zdd_spots_release(&sweep->items[i].spots[side]);
    }
    free(sweep->views);
    free(sweep);
    return NULL;
}

enum zdd_err zdd_sweep_result(const struct zdd_sweep *sweep, const char **ret_reason)
{
    *ret_reason = sweep->reason;
    return sweep->err;
}

enum zdd_err zdd_sweep_step(struct zdd_sweep *sweep, size_t i, struct zdd_step_report *ret_report)
{
    struct item *item = &sweep->items[i];
    const struct zdd_look seen = {
        .err = sweep->err,
        .view = &sweep->views[item->view],
        .reason = sweep->reason,
        .shared = sweep->count > 1,
        .old_view = item->pair ? &sweep->views[item->view + 1] : NULL,
        .spots = item->pair ? item->spots : NULL,
    };

    memset(ret_report, 0, sizeof(*ret_report));
    if (item->err != ZDD_ERR_NONE)
        return item->err;
    return zdd_step(sweep->stepper, item->run_id, &seen, ret_report);
}
