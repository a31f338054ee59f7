/**
 * @file server/engine/scene.c
 * @brief Looking at what a deployment works on.
 */
#include "server/engine/scene.h"

#include "server/engine/observe.h"
#include "strategies/share.h"

#include <stdio.h>
#include <string.h>

static enum zdd_err ask_cluster(struct zdd_stepper *stepper, const struct zdd_app_ask *ask,
                                struct zdd_app_view *ret_view, struct zdd_scene *scene)
{
    const struct zdd_cluster *cluster = &stepper->cluster;

    atomic_fetch_add(&stepper->looks, 1);
    return cluster->ops->observe(cluster->cls, ask, 1, ret_view, scene->reason);
}

struct zdd_app_ask zdd_scene_ask(const struct zdd_plan *plan, const struct zdd_plan_texts *texts,
                                 enum zdd_pair_side side,
                                 struct zdd_spots spots[static ZDD_SIDE_COUNT])
{
    if (side == ZDD_SIDE_NEW)
        return (struct zdd_app_ask){plan->pair.new_id, texts->target.data, texts->survivor.data,
                                    &spots[side]};
    return (struct zdd_app_ask){plan->pair.old_id, texts->adopted.data, texts->previous.data,
                                &spots[side]};
}

/* Phases in which a rule looks at the balancers; in all others they are left alone. */
static bool needs_balancers(const struct zdd_plan *plan, const struct zdd_run *run)
{
    const enum zdd_phase phase = run->phase;

    /* While both versions have a share, it is kept and counted. */
    if (run->steered || zdd_share_is_split(plan, run))
        return true;
    if (phase == ZDD_PHASE_VERIFYING)
        return zdd_verifies_set(&plan->verifies, run->verify_set)->counted_count > 0;
    return phase == ZDD_PHASE_WEIGHING || phase == ZDD_PHASE_PAUSING ||
           phase == ZDD_PHASE_SHIFTING || phase == ZDD_PHASE_JOINING ||
           phase == ZDD_PHASE_LEAVING || phase == ZDD_PHASE_SHEDDING ||
           phase == ZDD_PHASE_DRAINING || phase == ZDD_PHASE_RETIRING ||
           phase == ZDD_PHASE_SETTLING || zdd_phase_is_undo(phase);
}

/* A silent one is enough to wait for: the operator has to know which. */
static void note_silence(const struct zdd_router_view *view,
                         char ret_reason[static ZDD_ROUTER_REASON_SIZE])
{
    for (size_t i = 0; i < view->balancer_count; i++)
        if (!view->balancer[i].reachable) {
            snprintf(ret_reason, ZDD_ROUTER_REASON_SIZE, "%s does not answer",
                     view->balancer[i].name);
            return;
        }
}

static void look_at_balancers(struct zdd_stepper *stepper, const struct zdd_plan *plan,
                              const struct zdd_run *run, struct zdd_scene *scene)
{
    enum zdd_err err = ZDD_ERR_NONE;

    if (run->ordered) /* before, it is not ours to say */
        err = zdd_wards_tell(stepper->wards, &stepper->router, run->app_id, scene->router_reason);
    if (err == ZDD_ERR_NONE && needs_balancers(plan, run))
        err = zdd_balance_look(&stepper->router, run->app_id, &scene->fleet, &scene->balancers,
                               scene->router_reason);
    scene->balanced = err == ZDD_ERR_NONE && needs_balancers(plan, run);
    if (scene->balanced)
        note_silence(&scene->balancers, scene->router_reason);
}

/* Instances of the old app before the present step took any away. */
static int32_t old_most(const struct zdd_plan *plan, const struct zdd_run *run)
{
    const int32_t before = zdd_phase_is_undo(run->phase)
                               ? ZDD_INSTANCES_MAX
                               : zdd_program_stay(&plan->program, run->step - 1);

    return before < plan->old.instances ? before : plan->old.instances;
}

/* Both apps are known. @p spots are taken. */
static enum zdd_err see_pair(struct zdd_stepper *stepper, const struct zdd_run *run,
                             const struct zdd_plan *plan, const struct zdd_plan_texts *texts,
                             struct zdd_spots spots[static ZDD_SIDE_COUNT], struct zdd_scene *scene)
{
    enum zdd_err err =
        zdd_fleet_of(spots, texts->backends.data ? texts->backends.data : "", &scene->fleet);

    memcpy(scene->fleet.router, plan->pair.router, sizeof(scene->fleet.router));
    scene->new_spots = spots[ZDD_SIDE_NEW];
    spots[ZDD_SIDE_NEW] = (struct zdd_spots){0};
    if (err != ZDD_ERR_NONE)
        return err;
    scene->fleet.old_wanted = scene->old_app.instances;
    scene->fleet.old_most = old_most(plan, run);
    zdd_fleet_part(&scene->fleet, run->traffic.old_stay);
    err = zdd_wards_see(stepper->wards, plan, run, &scene->fleet, stepper->now_ms(stepper->clock));
    if (err != ZDD_ERR_NONE)
        return err;
    look_at_balancers(stepper, plan, run, scene);
    scene->times = zdd_wards_times(stepper->wards, run->app_id, &scene->balancers,
                                   stepper->now_ms(stepper->clock));
    return ZDD_ERR_NONE;
}

static enum zdd_err look_at_pair(struct zdd_stepper *stepper, const struct zdd_run *run,
                                 const struct zdd_plan *plan, const struct zdd_plan_texts *texts,
                                 struct zdd_scene *scene)
{
    struct zdd_spots spots[ZDD_SIDE_COUNT] = {{0}};
    const struct zdd_app_ask new_ask = zdd_scene_ask(plan, texts, ZDD_SIDE_NEW, spots);
    const struct zdd_app_ask old_ask = zdd_scene_ask(plan, texts, ZDD_SIDE_OLD, spots);
    enum zdd_err err = ask_cluster(stepper, &new_ask, &scene->app, scene);

    if (err == ZDD_ERR_NONE && *plan->pair.old_id)
        err = ask_cluster(stepper, &old_ask, &scene->old_app, scene);
    if (err == ZDD_ERR_NONE)
        err = see_pair(stepper, run, plan, texts, spots, scene);
    for (int side = 0; side < ZDD_SIDE_COUNT; side++)
        zdd_spots_release(&spots[side]);
    return err;
}

void zdd_scene_look(struct zdd_stepper *stepper, const struct zdd_run *run,
                    const struct zdd_plan *plan, const struct zdd_plan_texts *texts,
                    struct zdd_scene *ret_scene)
{
    const struct zdd_app_ask ask = {run->app_id, texts->target.data, texts->previous.data, NULL};
    enum zdd_err err;

    if (plan->program.count > 0)
        err = look_at_pair(stepper, run, plan, texts, ret_scene);
    else
        err = ask_cluster(stepper, &ask, &ret_scene->app, ret_scene);
    ret_scene->reachable = err == ZDD_ERR_NONE;
}

void zdd_scene_take(const struct zdd_look *look, struct zdd_scene *ret_scene)
{
    ret_scene->reachable = look->err == ZDD_ERR_NONE;
    if (ret_scene->reachable)
        ret_scene->app = *look->view;
    else
        snprintf(ret_scene->reason, sizeof(ret_scene->reason), "%s", look->reason);
}

void zdd_scene_take_pair(struct zdd_stepper *stepper, const struct zdd_run *run,
                         const struct zdd_plan *plan, const struct zdd_plan_texts *texts,
                         const struct zdd_look *look, struct zdd_scene *ret_scene)
{
    ret_scene->app = *look->view;
    ret_scene->old_app = *look->old_view;
    ret_scene->reachable =
        see_pair(stepper, run, plan, texts, look->spots, ret_scene) == ZDD_ERR_NONE;
}

void zdd_scene_look_blind(struct zdd_stepper *stepper, const struct zdd_run *run,
                          struct zdd_scene *scene)
{
    zdd_fleet_release(&scene->fleet);
    scene->balanced = zdd_wards_fleet(stepper->wards, run->id, &scene->fleet) &&
                      zdd_balance_look(&stepper->router, run->app_id, &scene->fleet,
                                       &scene->balancers, scene->router_reason) == ZDD_ERR_NONE;
}

void zdd_scene_release(struct zdd_scene *scene)
{
    zdd_fleet_release(&scene->fleet);
    zdd_spots_release(&scene->new_spots);
}

static struct zdd_peer peer_of(const struct zdd_app_view *view)
{
    struct zdd_peer peer = {
        .instances = view->instances,
        .current = view->current,
        .outdated = view->outdated,
        .locked = view->lock_count > 0,
    };

    if (!view->exists)
        peer.definition = ZDD_DEFINITION_ABSENT;
    else if (view->fits_target)
        peer.definition = ZDD_DEFINITION_TARGET;
    else
        peer.definition = view->fits_previous ? ZDD_DEFINITION_PREVIOUS : ZDD_DEFINITION_FOREIGN;
    return peer;
}

struct zdd_observation zdd_scene_observe(const struct zdd_scene *scene, const struct zdd_plan *plan,
                                         const struct zdd_run *run, int64_t now_ms)
{
    struct zdd_observation seen =
        zdd_observe(plan, run, scene->reachable ? &scene->app : NULL, now_ms);

    seen.floor_broken = scene->floor_broken;
    if (scene->balanced)
        seen.balance = zdd_balance_of(&scene->balancers, &run->traffic, &scene->fleet);
    if (plan->program.count == 0 || !scene->reachable)
        return seen;
    seen.peer = peer_of(&scene->old_app);
    seen.same_since_ms = scene->times.same_since_ms;
    seen.balance.reloaded_at_ms = scene->times.reloaded_since_ms; /* by our own clock */
    return seen;
}

void zdd_scene_note(const struct zdd_scene *scene, const struct zdd_plan *plan,
                    const struct zdd_observation *seen, struct zdd_run *run)
{
    zdd_observe_note(plan, &scene->app, seen, run);
    if (plan->program.count == 0)
        return;
    run->new_side = zdd_tally_of(&scene->app.current, scene->app.config_version);
    run->old_side = zdd_tally_of(&scene->old_app.current, scene->old_app.config_version);
    run->old_side.instances += scene->old_app.outdated.total;
    run->old_side.healthy += scene->old_app.outdated.ready;
    zdd_spots_print(&scene->new_spots, run->new_addresses);
}
