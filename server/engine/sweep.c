/**
 * @file server/engine/sweep.c
 * @brief Looking at many deployments with one request.
 */
#include "server/engine/sweep.h"

#include "server/base/cleanup.h"
#include "storage/plans.h"
#include "storage/runs.h"

#include <stdio.h>

struct sweep {
    struct zdd_stepper *stepper;
    size_t count;
    struct zdd_app_ask *asks;
    struct zdd_app_view *views;
    struct zdd_plan_texts *texts;
    char (*app_ids)[ZDD_APP_ID_SIZE];
};

/* What to compare the app of @p run_id with. One that is gone asks for nothing: its step finds that
 * out. @return why it is not known; then what is seen says nothing about the app */
static enum zdd_err prepare(struct sweep *s, size_t i, const char *run_id)
{
    struct zdd_run run;
    struct zdd_plan plan;
    enum zdd_err err = zdd_run_load(s->stepper->store, run_id, &run, NULL);

    s->asks[i].app_id = "";
    if (err == ZDD_ERR_RUN_UNKNOWN)
        return ZDD_ERR_NONE;
    if (err == ZDD_ERR_NONE)
        err = zdd_plan_load(s->stepper->store, run.plan_id, &plan, &s->texts[i]);
    if (err != ZDD_ERR_NONE)
        return err;
    snprintf(s->app_ids[i], ZDD_APP_ID_SIZE, "%s", run.app_id);
    s->asks[i] =
        (struct zdd_app_ask){s->app_ids[i], s->texts[i].target.data, s->texts[i].previous.data};
    return ZDD_ERR_NONE;
}

static enum zdd_err sweep_all(struct sweep *s, struct zdd_sweep_item *items)
{
    const struct zdd_cluster *cluster = &s->stepper->cluster;
    char reason[ZDD_CLUSTER_REASON_SIZE] = "";
    enum zdd_err err;

    for (size_t i = 0; i < s->count; i++)
        items[i].err = prepare(s, i, items[i].run_id);
    atomic_fetch_add(&s->stepper->looks, 1);
    err = cluster->ops->observe(cluster->cls, s->asks, s->count, s->views, reason);
    for (size_t i = 0; i < s->count; i++) {
        const struct zdd_look look = {err, &s->views[i], reason, s->count > 1};

        if (items[i].err == ZDD_ERR_NONE)
            items[i].err = zdd_step(s->stepper, items[i].run_id, &look, &items[i].report);
    }
    return err;
}

enum zdd_err zdd_sweep(struct zdd_stepper *stepper, struct zdd_sweep_item *items, size_t count)
{
    ZDD_AUTO_FREE struct zdd_app_ask *asks = calloc(count, sizeof(*asks));
    ZDD_AUTO_FREE struct zdd_app_view *views = calloc(count, sizeof(*views));
    ZDD_AUTO_FREE struct zdd_plan_texts *texts = calloc(count, sizeof(*texts));
    ZDD_AUTO_FREE char(*app_ids)[ZDD_APP_ID_SIZE] = calloc(count, ZDD_APP_ID_SIZE);
    struct sweep s = {stepper, count, asks, views, texts, app_ids};
    enum zdd_err err;

    if (!asks || !views || !texts || !app_ids) {
        for (size_t i = 0; i < count; i++)
            items[i].err = ZDD_ERR_NO_MEMORY;
        return ZDD_ERR_NONE;
    }
    err = sweep_all(&s, items);
    for (size_t i = 0; i < count; i++)
        zdd_plan_texts_release(&texts[i]);
    return err;
}
