/**
 * @file server/api/plan_pair.c
 * @brief Which two apps a deployment over a pair is about.
 */
#include "server/api/plan_pair.h"

#include "server/json/json.h"

#include <stdio.h>
#include <string.h>

static const char *const colours[] = {"blue", "green"};

/* The id of the pair's app @p index; the last one is the plain app. @return false when too long */
static bool name_app(const char *pair_id, size_t index, char ret_id[static ZDD_APP_ID_SIZE])
{
    const bool coloured = index < ZDD_COUNT(colours);
    const int size = snprintf(ret_id, ZDD_APP_ID_SIZE, "%s%s%s", pair_id, coloured ? "-" : "",
                              coloured ? colours[index] : "");

    return size < ZDD_APP_ID_SIZE;
}

static enum zdd_err take(struct zdd_call *call, struct zdd_cluster_app *app, const char *id,
                         struct zdd_pair_find *find)
{
    if (!app->raw)
        return ZDD_ERR_NONE;
    if (find->old.raw)
        return zdd_call_fail(call, ZDD_ERR_PAIR_UNCLEAR,
                             "%s and %s both exist: another deployment was left half-way. Remove "
                             "the one that shall not serve, then plan again",
                             find->old_id, id);
    find->old = *app;
    *app = (struct zdd_cluster_app){0};
    snprintf(find->old_id, sizeof(find->old_id), "%s", id);
    return ZDD_ERR_NONE;
}

enum zdd_err zdd_pair_find(struct zdd_call *call, const char *pair_id,
                           struct zdd_pair_find *ret_find)
{
    struct zdd_pair_find find = {0};
    size_t next = 0; /* colour of the new app: blue, unless that serves now */
    enum zdd_err err = ZDD_ERR_NONE;

    for (size_t i = 0; i <= ZDD_COUNT(colours) && err == ZDD_ERR_NONE; i++) {
        ZDD_AUTO_CLUSTER_APP struct zdd_cluster_app app = {0};
        char id[ZDD_APP_ID_SIZE];

        if (!name_app(pair_id, i, id)) {
            err = zdd_call_fail(call, ZDD_ERR_BODY_INVALID,
                                "the app id is too long: a pair adds -green to it");
            break;
        }
        err = zdd_cluster_app_get(call, id, &app);
        if (err == ZDD_ERR_NONE && app.raw && i == 0)
            next = 1;
        if (err == ZDD_ERR_NONE)
            err = take(call, &app, id, &find);
    }
    if (err != ZDD_ERR_NONE) {
        zdd_cluster_app_release(&find.old);
        return err;
    }
    find.colour = colours[next];
    (void)name_app(pair_id, next, find.new_id); /* it fitted above */
    *ret_find = find;
    return ZDD_ERR_NONE;
}

enum zdd_err zdd_pair_check_fresh(struct zdd_call *call, const struct zdd_plan *plan)
{
    ZDD_AUTO_CLUSTER_APP struct zdd_cluster_app old = {0};
    ZDD_AUTO_CLUSTER_APP struct zdd_cluster_app new = {0};
    enum zdd_err err = zdd_cluster_app_get(call, plan->pair.new_id, &new);

    if (err == ZDD_ERR_NONE && *plan->pair.old_id)
        err = zdd_cluster_app_get(call, plan->pair.old_id, &old);
    if (err != ZDD_ERR_NONE)
        return err;
    if (new.raw)
        return zdd_call_fail(call, ZDD_ERR_PLAN_STALE, "%s has been created since",
                             plan->pair.new_id);
    if (*plan->pair.old_id && strcmp(old.version, plan->pair.old_version) != 0)
        return zdd_call_fail(call, ZDD_ERR_PLAN_STALE, "%s was at version %s and is at %s now",
                             plan->pair.old_id, plan->pair.old_version,
                             old.raw ? old.version : "none");
    return ZDD_ERR_NONE;
}
