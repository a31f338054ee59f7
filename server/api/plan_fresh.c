/**
 * @file server/api/plan_fresh.c
 * @brief Whether a plan still holds: what it rests on is as it was.
 */
#include "server/api/cluster_app.h"
#include "server/api/plan_make.h"
#include "server/api/plan_pair.h"
#include "server/base/cleanup.h"
#include "server/json/patch.h"

#include <stdio.h>
#include <string.h>

/* As much of the difference as fits into the problem. */
static void tell_diff(struct zdd_call *call, const struct zdd_plan_texts *texts,
                      const json_t *current)
{
    ZDD_AUTO_JSON json_t *previous = NULL;

    if (texts->previous.data && zdd_json_read(texts->previous.data, strlen(texts->previous.data),
                                              &previous, NULL) != ZDD_ERR_NONE)
        return;
    for (size_t rows = 16; rows > 0; rows /= 2) {
        ZDD_AUTO_JSON json_t *diff = zdd_json_diff(previous, current, rows);
        ZDD_AUTO_FREE char *text = diff ? zdd_json_canonical(diff) : NULL;

        if (text && strlen(text) + strlen("\"diff\":") < sizeof(call->extra)) {
            snprintf(call->extra, sizeof(call->extra), "\"diff\":%s", text);
            return;
        }
    }
}

enum zdd_err zdd_plan_check_fresh(struct zdd_call *call, const struct zdd_plan *plan,
                                  const struct zdd_plan_texts *texts)
{
    ZDD_AUTO_CLUSTER_APP struct zdd_cluster_app now = {0};
    enum zdd_err err;

    if (plan->program.count > 0)
        return zdd_pair_check_fresh(call, plan);
    err = zdd_cluster_app_get(call, plan->app_id, &now);
    if (err != ZDD_ERR_NONE)
        return err;
    if (strcmp(now.version, plan->seen.version) == 0 && plan->seen.exists == (now.raw != NULL))
        return ZDD_ERR_NONE;
    tell_diff(call, texts, now.canonical);
    if (!now.raw)
        return zdd_call_fail(call, ZDD_ERR_PLAN_STALE, "%s has been removed since", plan->app_id);
    if (!plan->seen.exists)
        return zdd_call_fail(call, ZDD_ERR_PLAN_STALE, "%s has been created since, as version %s",
                             plan->app_id, now.version);
    return zdd_call_fail(call, ZDD_ERR_PLAN_STALE, "%s was at version %s and is at %s now",
                         plan->app_id, plan->seen.version, now.version);
}
