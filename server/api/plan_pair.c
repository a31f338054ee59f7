/**
 * @file server/api/plan_pair.c
 * @brief Which two apps a deployment over a pair is about.
 */
#include "server/api/plan_pair.h"

#include "server/api/pair_left.h"
#include "server/api/plan_router.h"
#include "server/api/plan_take.h"
#include "server/json/json.h"

#include <stdio.h>
#include <string.h>

void zdd_pair_apps_release(struct zdd_pair_apps *apps)
{
    for (size_t i = 0; i < apps->count; i++)
        zdd_cluster_app_release(&apps->app[i].app);
    apps->count = 0;
}

/* Ask for the app that @p candidate names, and keep it when it exists. */
static enum zdd_err add(struct zdd_call *call, struct zdd_pair_app *candidate,
                        struct zdd_pair_apps *apps)
{
    const enum zdd_err err = zdd_cluster_app_get(call, candidate->id, &candidate->app);

    if (err == ZDD_ERR_NONE && candidate->app.raw)
        apps->app[apps->count++] = *candidate;
    return err;
}

static enum zdd_err add_coloured(struct zdd_call *call, const char *pair_id, enum zdd_naming naming,
                                 struct zdd_pair_apps *apps)
{
    enum zdd_err err = ZDD_ERR_NONE;

    for (int colour = 0; colour < ZDD_COLOUR_COUNT && err == ZDD_ERR_NONE; colour++) {
        struct zdd_pair_app candidate = {.naming = naming, .colour = (enum zdd_colour)colour};

        err = zdd_coloured_write(pair_id, naming, candidate.colour, candidate.id)
                  ? add(call, &candidate, apps)
                  : zdd_call_fail(call, ZDD_ERR_BODY_INVALID,
                                  "the app id is too long: a pair adds -green to it");
    }
    return err;
}

enum zdd_err zdd_pair_look(struct zdd_call *call, const char *pair_id,
                           const struct zdd_coloured *asked, struct zdd_pair_apps *ret_apps)
{
    ZDD_AUTO_PAIR_APPS struct zdd_pair_apps apps = {0};
    enum zdd_err err = ZDD_ERR_NONE;

    for (int naming = 0; naming < ZDD_NAMING_COUNT && err == ZDD_ERR_NONE; naming++) {
        if (!asked || asked->naming == (enum zdd_naming)naming)
            err = add_coloured(call, pair_id, (enum zdd_naming)naming, &apps);
    }
    if (err == ZDD_ERR_NONE && (!asked || asked->naming == ZDD_NAMING_DASH)) {
        struct zdd_pair_app plain = {.is_plain = true, .naming = ZDD_NAMING_DASH};

        snprintf(plain.id, sizeof(plain.id), "%s", pair_id);
        err = add(call, &plain, &apps);
    }
    if (err == ZDD_ERR_NONE && apps.count == 2)
        err = zdd_pair_left(call, pair_id, &apps);
    if (err != ZDD_ERR_NONE)
        return err;
    *ret_apps = apps;
    apps.count = 0; /* handed over */
    return ZDD_ERR_NONE;
}

static enum zdd_colour other_of(enum zdd_colour colour)
{
    return colour == ZDD_BLUE ? ZDD_GREEN : ZDD_BLUE;
}

/* The app to be deployed beside @p old, which may be NULL. The name fits: it was looked for. */
static void name_new(const struct zdd_plan_request *request, const struct zdd_pair_app *old,
                     struct zdd_pair_find *find)
{
    enum zdd_naming naming = request->is_coloured ? request->coloured.naming : ZDD_NAMING_DASH;

    find->colour = request->is_coloured ? request->coloured.colour : ZDD_BLUE;
    if (old && !old->is_plain) {
        naming = old->naming;
        find->colour = other_of(old->colour);
    }
    (void)zdd_coloured_write(request->app_id, naming, find->colour, find->new_id);
}

enum zdd_err zdd_pair_find(struct zdd_call *call, const struct zdd_plan_request *request,
                           struct zdd_pair_find *ret_find)
{
    ZDD_AUTO_PAIR_APPS struct zdd_pair_apps apps = {0};
    struct zdd_pair_find find = {0};
    const enum zdd_err err = zdd_pair_look(call, request->app_id,
                                           request->is_coloured ? &request->coloured : NULL, &apps);

    if (err != ZDD_ERR_NONE)
        return err;
    if (request->take_over != ZDD_TAKE_NONE)
        return zdd_pair_take(call, request, &apps, ret_find);
    if (apps.count > 1)
        return zdd_pair_refuse(call, request, &apps);
    name_new(request, apps.count > 0 ? &apps.app[0] : NULL, &find);
    if (apps.count > 0) {
        memcpy(find.old_id, apps.app[0].id, sizeof(find.old_id));
        find.old = apps.app[0].app;
        apps.count = 0; /* handed over */
    }
    *ret_find = find;
    return ZDD_ERR_NONE;
}

enum zdd_err zdd_pair_check_fresh(struct zdd_call *call, const struct zdd_plan *plan)
{
    ZDD_AUTO_CLUSTER_APP struct zdd_cluster_app old = {0};
    ZDD_AUTO_CLUSTER_APP struct zdd_cluster_app new = {0};
    enum zdd_err err = zdd_plan_check_router(call, plan);

    if (err == ZDD_ERR_NONE)
        err = zdd_cluster_app_get(call, plan->pair.new_id, &new);
    if (err == ZDD_ERR_NONE && *plan->pair.old_id)
        err = zdd_cluster_app_get(call, plan->pair.old_id, &old);
    if (err != ZDD_ERR_NONE)
        return err;
    if (plan->seen.exists && strcmp(new.version, plan->seen.version) != 0)
        return zdd_call_fail(call, ZDD_ERR_PLAN_STALE, "%s was at version %s and is at %s now",
                             plan->pair.new_id, plan->seen.version, new.raw ? new.version : "none");
    if (new.raw && !plan->seen.exists)
        return zdd_call_fail(call, ZDD_ERR_PLAN_STALE, "%s has been created since",
                             plan->pair.new_id);
    if (*plan->pair.old_id && strcmp(old.version, plan->pair.old_version) != 0)
        return zdd_call_fail(call, ZDD_ERR_PLAN_STALE, "%s was at version %s and is at %s now",
                             plan->pair.old_id, plan->pair.old_version,
                             old.raw ? old.version : "none");
    return ZDD_ERR_NONE;
}
