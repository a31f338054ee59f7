/**
 * @file server/api/plan_base.c
 * @brief What a plan rests on when another deployment of the app is under way.
 */
#include "server/api/plan_base.h"

#include "storage/plans.h"
#include "storage/runs.h"

#include <string.h>

static enum zdd_err take_previous(const struct zdd_plan *plan, const struct zdd_plan_texts *texts,
                                  struct zdd_cluster_app *seen)
{
    json_t *previous = NULL;

    if (texts->previous.data) {
        const enum zdd_err err =
            zdd_json_read(texts->previous.data, strlen(texts->previous.data), &previous, NULL);

        if (err != ZDD_ERR_NONE)
            return err == ZDD_ERR_NO_MEMORY ? err : ZDD_ERR_STORE_CORRUPT;
    }
    zdd_cluster_app_release(seen);
    if (!previous)
        return ZDD_ERR_NONE; /* going back takes the app away again */
    seen->raw = previous;
    seen->canonical = json_incref(previous);
    memcpy(seen->version, plan->seen.version, sizeof(seen->version));
    memcpy(seen->config_version, plan->seen.config_version, sizeof(seen->config_version));
    seen->running = plan->seen.running;
    seen->healthy = plan->seen.healthy;
    return ZDD_ERR_NONE;
}

enum zdd_err zdd_plan_base(struct zdd_call *call, const struct zdd_plan_request *request,
                           struct zdd_cluster_app *seen)
{
    struct zdd_store *store = zdd_store_of(call);
    ZDD_AUTO_PLAN_TEXTS struct zdd_plan_texts texts = {0};
    char live[ZDD_ID_SIZE];
    struct zdd_plan plan;
    struct zdd_run run;
    enum zdd_err err;

    if (request->when_busy != ZDD_WHEN_BUSY_SUPERSEDE)
        return ZDD_ERR_NONE;
    err = zdd_run_of_app(store, request->app_id, live);
    if (err != ZDD_ERR_NONE || !live[0])
        return err;
    err = zdd_run_load(store, live, &run, NULL);
    if (err == ZDD_ERR_NONE)
        err = zdd_plan_load(store, run.plan_id, &plan, &texts);
    if (err != ZDD_ERR_NONE)
        return err;
    /* One of the pair that the app belongs to has its own way back, to its own apps. */
    return strcmp(run.app_id, request->app_id) == 0 && plan.program.count == 0
               ? take_previous(&plan, &texts, seen)
               : ZDD_ERR_NONE;
}
