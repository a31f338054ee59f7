/**
 * @file server/engine/sweep.c
 * @brief Looking at many deployments with one request.
 */
#include "server/engine/sweep.h"

#include "server/base/cleanup.h"
#include "storage/plans.h"
#include "storage/runs.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What is known of one deployment. */
struct item {
    char run_id[ZDD_ID_SIZE];
    enum zdd_err err; /* why its app is not known to us */
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
    struct zdd_plan_texts *texts;
    char (*app_ids)[ZDD_APP_ID_SIZE];
};

/* What to compare the app of @p run_id with. One that is gone asks for nothing: its step finds that
 * out. @return why it is not known; then what is seen says nothing about the app */
static enum zdd_err prepare(struct zdd_store *store, const char *run_id, struct asking *a, size_t i)
{
    struct zdd_run run;
    struct zdd_plan plan;
    enum zdd_err err = zdd_run_load(store, run_id, &run, NULL);

    a->asks[i].app_id = "";
    if (err == ZDD_ERR_RUN_UNKNOWN)
        return ZDD_ERR_NONE;
    if (err == ZDD_ERR_NONE)
        err = zdd_plan_load(store, run.plan_id, &plan, &a->texts[i]);
    if (err != ZDD_ERR_NONE)
        return err;
    snprintf(a->app_ids[i], ZDD_APP_ID_SIZE, "%s", run.app_id);
    a->asks[i] = (struct zdd_app_ask){a->app_ids[i], a->texts[i].target.data,
                                      a->texts[i].previous.data, NULL};
    return ZDD_ERR_NONE;
}

static void look(struct zdd_sweep *sweep, struct asking *a)
{
    const struct zdd_cluster *cluster = &sweep->stepper->cluster;

    for (size_t i = 0; i < sweep->count; i++)
        sweep->items[i].err = prepare(sweep->stepper->store, sweep->items[i].run_id, a, i);
    atomic_fetch_add(&sweep->stepper->looks, 1);
    sweep->err =
        cluster->ops->observe(cluster->cls, a->asks, sweep->count, sweep->views, sweep->reason);
    for (size_t i = 0; i < sweep->count; i++)
        zdd_plan_texts_release(&a->texts[i]);
}

struct zdd_sweep *zdd_sweep_look(struct zdd_stepper *stepper, char (*run_ids)[ZDD_ID_SIZE],
                                 size_t count)
{
    ZDD_AUTO_FREE struct zdd_app_ask *asks = calloc(count, sizeof(*asks));
    ZDD_AUTO_FREE struct zdd_app_view *views = calloc(count, sizeof(*views));
    ZDD_AUTO_FREE struct zdd_plan_texts *texts = calloc(count, sizeof(*texts));
    ZDD_AUTO_FREE char(*app_ids)[ZDD_APP_ID_SIZE] = calloc(count, ZDD_APP_ID_SIZE);
    struct asking a = {asks, texts, app_ids};
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
    const struct item *item = &sweep->items[i];
    const struct zdd_look seen = {sweep->err, &sweep->views[i], sweep->reason, sweep->count > 1};

    memset(ret_report, 0, sizeof(*ret_report));
    if (item->err != ZDD_ERR_NONE)
        return item->err;
    return zdd_step(sweep->stepper, item->run_id, &seen, ret_report);
}
