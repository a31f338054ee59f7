/**
 * @file server/api/pair_left.c
 * @brief What our last deployment of a pair has left.
 */
#include "server/api/pair_left.h"

#include "server/api/inside.h"
#include "server/json/json.h"
#include "storage/plans.h"
#include "storage/runs.h"

#include <stdio.h>
#include <string.h>

static bool take_first(void *cls, const struct zdd_run_peek *peek)
{
    snprintf(cls, ZDD_ID_SIZE, "%s", peek->id);
    return false;
}

static bool has(const struct zdd_pair_apps *apps, const char *id, int32_t instances)
{
    for (size_t i = 0; i < apps->count; i++) {
        if (strcmp(apps->app[i].id, id) == 0)
            return zdd_json_int(apps->app[i].app.raw, "instances", 1) == instances;
    }
    return false;
}

static bool are_as_left(const struct zdd_plan *plan, const struct zdd_pair_apps *apps)
{
    const struct zdd_program *program = &plan->program;
    const int32_t last = program->count - 1;
    const int32_t stay = zdd_program_stay(program, last);

    return *plan->pair.old_id && program->count > 0 && !zdd_program_has(program, ZDD_STEP_RETIRE) &&
           has(apps, plan->pair.new_id, zdd_program_started(program, last)) &&
           has(apps, plan->pair.old_id, stay < plan->old.instances ? stay : plan->old.instances);
}

enum zdd_err zdd_pair_left(struct zdd_call *call, const char *pair_id, struct zdd_pair_apps *apps)
{
    const struct zdd_run_filter last = {
        .app_id = pair_id, .state = ZDD_STATE_SUCCEEDED, .limit = 1};
    char id[ZDD_ID_SIZE] = "";
    struct zdd_run run;
    struct zdd_plan plan;
    enum zdd_err err = zdd_run_list(zdd_store_of(call), &last, take_first, id);

    if (err != ZDD_ERR_NONE || !*id)
        return err;
    err = zdd_run_load(zdd_store_of(call), id, &run, NULL);
    if (err == ZDD_ERR_NONE)
        err = zdd_plan_load(zdd_store_of(call), run.plan_id, &plan, NULL);
    if (err != ZDD_ERR_NONE)
        return err == ZDD_ERR_RUN_UNKNOWN || err == ZDD_ERR_PLAN_UNKNOWN ? ZDD_ERR_NONE : err;
    if (are_as_left(&plan, apps)) {
        apps->left_whole = plan.target.instances;
        memcpy(apps->left_by, id, sizeof(apps->left_by));
    }
    return ZDD_ERR_NONE;
}
