/**
 * @file server/api/plan_take.c
 * @brief Both apps of a pair exist: which one takes over.
 */
#include "server/api/plan_take.h"

#include "server/router/traces.h"
#include "storage/runs.h"

#include <stdio.h>
#include <string.h>

static int32_t instances_of(const struct zdd_pair_app *app)
{
    return (int32_t)zdd_json_int(app->app.raw, "instances", 1);
}

bool zdd_pair_is_newer(const struct zdd_pair_app *a, const struct zdd_pair_app *b)
{
    const struct zdd_traces first = zdd_traces_of(a->app.canonical);
    const struct zdd_traces second = zdd_traces_of(b->app.canonical);
    int order = 0;

    if (first.started_ms > 0 && second.started_ms > 0 && first.started_ms != second.started_ms)
        return first.started_ms > second.started_ms;
    order = strcmp(a->app.config_version, b->app.config_version);
    return order != 0 ? order > 0 : strcmp(a->app.version, b->app.version) > 0;
}

int32_t zdd_pair_whole(const struct zdd_pair_apps *apps)
{
    const size_t newer = zdd_pair_is_newer(&apps->app[0], &apps->app[1]) ? 0 : 1;
    const int32_t a = instances_of(&apps->app[0]), b = instances_of(&apps->app[1]);
    const int32_t larger = a > b ? a : b;
    int32_t whole = apps->left_whole;

    if (whole > 0)
        return whole;
    whole = zdd_traces_of(apps->app[newer].app.canonical).target;
    if (whole == 0)
        whole = zdd_traces_of(apps->app[1 - newer].app.canonical).target;
    /* An exchange never has fewer than the larger of both, nor more than both together. */
    if (whole < larger || whole > a + b)
        whole = larger;
    return whole > 0 ? whole : 1;
}

static enum zdd_err refuse_many(struct zdd_call *call, const struct zdd_pair_apps *apps)
{
    return zdd_call_fail(call, ZDD_ERR_PAIR_UNCLEAR,
                         "%s, %s and %s all exist, and a pair has two apps. Remove those that "
                         "shall not serve, then plan again",
                         apps->app[0].id, apps->app[1].id, apps->app[2].id);
}

/* Both exist because a deployment of ours is under way: who comes next rests on what it leaves. */
static enum zdd_err refuse_busy(struct zdd_call *call, const struct zdd_plan_request *request,
                                const char *run_id)
{
    snprintf(call->extra, sizeof(call->extra), "\"deploymentId\":\"%s\"", run_id);
    return zdd_call_fail(call, ZDD_ERR_APP_BUSY,
                         "%s is being deployed by %s, and only its end tells which app is the old "
                         "one for the next; wait for it",
                         request->app_id, run_id);
}

enum zdd_err zdd_pair_refuse(struct zdd_call *call, const struct zdd_plan_request *request,
                             const struct zdd_pair_apps *apps)
{
    const bool first_is_newer = zdd_pair_is_newer(&apps->app[0], &apps->app[1]);
    char run_id[ZDD_ID_SIZE];
    const enum zdd_err err = zdd_run_of_app(zdd_store_of(call), request->app_id, run_id);

    if (err != ZDD_ERR_NONE)
        return err;
    if (*run_id)
        return refuse_busy(call, request, run_id);
    if (apps->count > 2)
        return refuse_many(call, apps);
    return zdd_call_fail(
        call, ZDD_ERR_PAIR_UNCLEAR,
        "%s and %s both exist: a deployment was left half-way, or is under way by other means. "
        "{\"strategy\":\"blue-green\",\"appId\":\"%s\",\"options\":{\"takeOver\":\"newer\"}} "
        "gives all to %s; with \"older\" %s gets all",
        apps->app[0].id, apps->app[1].id, request->app_id, apps->app[first_is_newer ? 0 : 1].id,
        apps->app[first_is_newer ? 1 : 0].id);
}

static enum zdd_err check_two(struct zdd_call *call, const struct zdd_plan_request *request,
                              const struct zdd_pair_apps *apps)
{
    if (apps->count > 2)
        return refuse_many(call, apps);
    if (apps->count == 0)
        return zdd_call_fail(call, ZDD_ERR_APP_UNKNOWN, "Marathon has no app of the pair %s",
                             request->app_id);
    if (apps->count == 1) {
        zdd_field_error_add(zdd_call_errors(call), "#/options/takeOver",
                            "needs both apps of the pair, and only %s exists", apps->app[0].id);
        return ZDD_ERR_BODY_INVALID;
    }
    return ZDD_ERR_NONE;
}

enum zdd_err zdd_pair_take(struct zdd_call *call, const struct zdd_plan_request *request,
                           struct zdd_pair_apps *apps, struct zdd_pair_find *ret_find)
{
    const enum zdd_err err = check_two(call, request, apps);
    struct zdd_pair_find find = {0};

    if (err != ZDD_ERR_NONE)
        return err;

    const size_t newer = zdd_pair_is_newer(&apps->app[0], &apps->app[1]) ? 0 : 1;
    const size_t stays = request->take_over == ZDD_TAKE_NEWER ? newer : 1 - newer;
    const struct zdd_pair_app *new = &apps->app[stays], *old = &apps->app[1 - stays];

    find.instances = zdd_pair_whole(apps);
    find.old = old->app;
    find.survivor = new->app;
    memcpy(find.old_id, old->id, sizeof(find.old_id));
    memcpy(find.new_id, new->id, sizeof(find.new_id));
    find.colour = new->is_plain ? ZDD_COLOUR_COUNT : new->colour;
    apps->count = 0; /* handed over */
    *ret_find = find;
    return ZDD_ERR_NONE;
}
