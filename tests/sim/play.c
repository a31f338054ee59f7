/**
 * @file tests/sim/play.c
 * @brief The engine's place in a play: it wakes, takes its step, dies and starts again.
 */
#include "tests/sim/play.h"

#include "server/engine/scene.h"
#include "tests/sim/checks.h"

#include <stdarg.h>
#include <string.h>

#define RETRY_MS 1000   /* after an error of the store, as the engine does */
#define PROBE_MS 2000   /* while Marathon does not answer */
#define RESTART_MS 3000 /* a start looks at everything */

int64_t sim_now(void *cls)
{
    const struct sim *s = cls;

    return s->world.now_ms + s->skew_ms;
}

void violate(struct sim *s, const char *format, ...)
{
    va_list args;

    if (*s->failure)
        return;
    va_start(args, format);
    vsnprintf(s->failure, sizeof(s->failure), format, args);
    va_end(args);
    world_tell(&s->world, "VIOLATION: %s", s->failure);
}

static uint64_t bodies_now(const struct sim *s)
{
    struct zdd_store_stats stats;

    zdd_store_stats(s->store, &stats);
    return stats.bodies;
}

void reload(struct sim *s)
{
    const uint64_t bodies = bodies_now(s);

    if (bodies == s->bodies)
        return;
    s->bodies = bodies;
    if (zdd_run_load(s->store, s->run.id, &s->run, NULL) != ZDD_ERR_NONE)
        violate(s, "the deployment is gone from the store");
}

static bool dies(void *cls, enum zdd_point point)
{
    struct sim *s = cls;

    if (!world_fault(&s->world, s->world.faults.engine_dies))
        return false;
    world_tell(&s->world, "the engine dies %s", zdd_point_name(point));
    return true;
}

static void on_time(void *cls)
{
    struct sim *s = cls;

    s->scenery->check_moment(s);
    be_operator(s);
}

/* A step with the look that a sweep took for all; time may pass until it is this one's turn. */
static enum zdd_err step_of_sweep(struct sim *s, struct zdd_step_report *ret_report)
{
    const bool pair = s->plan.program.count > 0;
    struct zdd_spots spots[ZDD_SIDE_COUNT] = {{0}};
    const struct zdd_app_ask one[] = {{s->run.app_id, "", "", NULL}};
    const struct zdd_app_ask both[] = {zdd_scene_ask(&s->plan, &s->texts, ZDD_SIDE_NEW, spots),
                                       zdd_scene_ask(&s->plan, &s->texts, ZDD_SIDE_OLD, spots)};
    const struct zdd_cluster *cluster = &s->stepper.cluster;
    char reason[ZDD_CLUSTER_REASON_SIZE] = "";
    struct zdd_app_view view[ZDD_SIDE_COUNT];
    struct zdd_look look = {.view = &view[0], .reason = reason, .shared = true};
    enum zdd_err err;

    look.err = cluster->ops->observe(cluster->cls, pair ? both : one, pair ? 2 : 1, view, reason);
    look.old_view = &view[1];
    look.spots = pair ? spots : NULL;
    err = zdd_step(&s->stepper, s->run.id, &look, ret_report);
    for (int side = 0; side < ZDD_SIDE_COUNT; side++)
        zdd_spots_release(&spots[side]);
    return err;
}

/* When to look again, as the engine would. */
static void plan_wake(struct sim *s, enum zdd_err err, const struct zdd_step_report *report)
{
    const int64_t now_ms = sim_now(s);

    s->wake_at_ms = report->wake_at_ms ? report->wake_at_ms : INT64_MAX;
    if (report->unreachable && s->wake_at_ms > now_ms + PROBE_MS)
        s->wake_at_ms = now_ms + PROBE_MS;
    if (err != ZDD_ERR_NONE)
        s->wake_at_ms = now_ms + RETRY_MS;
    if (!report->died)
        return;
    s->skew_ms = s->world.clock_skew_ms; /* the next one reads the wall clock again */
    s->wake_at_ms = sim_now(s) + RESTART_MS;
    if (s->scenery->on_death)
        s->scenery->on_death(s);
}

static void tell_phase(struct sim *s, const struct zdd_run *before)
{
    if (s->run.phase != before->phase)
        world_tell(&s->world, "phase %s -> %s (%s) %s", zdd_phase_name(before->phase),
                   zdd_phase_name(s->run.phase), zdd_cause_name(s->run.cause), s->run.waiting_text);
}

static void take_step(struct sim *s, bool of_sweep)
{
    struct step_seen seen = {.before = s->run,
                             .at_ms = s->world.now_ms,
                             .orders = s->world.orders_seen,
                             .bodies = bodies_now(s),
                             .begun = {s->pair.begun[0], s->pair.begun[1]}};

    s->store_failed = s->world.blurred = false;
    s->foreign_bodies = 0;
    seen.err = of_sweep ? step_of_sweep(s, &seen.report)
                        : zdd_step(&s->stepper, s->run.id, NULL, &seen.report);
    seen.bodies = bodies_now(s) - seen.bodies;
    if (seen.err != ZDD_ERR_NONE && !s->store_failed)
        violate(s, "a step gave error %s", zdd_err_slug(seen.err));
    reload(s);
    tell_phase(s, &seen.before);
    if (*seen.report.next_id && strcmp(seen.report.next_id, s->queued_id) == 0)
        s->queued_is_told = true;
    plan_wake(s, seen.err, &seen.report);
    check_step(s, &seen, of_sweep);
    if (s->scenery->check_step)
        s->scenery->check_step(s, &seen);
}

static bool is_due(struct sim *s, bool *ret_sweep)
{
    *ret_sweep = s->world.now_ms >= s->sweep_at_ms;
    if (*ret_sweep) {
        s->sweep_at_ms = s->world.now_ms + SWEEP_MS;
        return true;
    }
    return world_event(&s->world) || sim_now(s) >= s->wake_at_ms;
}

static void go_on(struct sim *s)
{
    bool of_sweep;

    if (is_due(s, &of_sweep))
        take_step(s, of_sweep && world_chance(&s->world, 50));
    s->scenery->check_moment(s);
    if (zdd_phase_is_final(s->run.phase))
        return;
    be_operator(s);
    s->world.tick(&s->world);
    s->scenery->check_moment(s);
    check_clocks(s);
    check_fences(s);
}

void play(struct sim *s, const struct scenery *scenery, uint64_t seed, struct zdd_store *store,
          FILE *story)
{
    int64_t calm_at_ms;

    memset(s, 0, sizeof(*s));
    s->scenery = scenery;
    s->store = store;
    s->world.story = story;
    scenery->begin(s, seed);
    s->world.on_order = check_order;
    s->world.on_time = on_time;
    s->world.cls = s;
    s->stepper = (struct zdd_stepper){.store = store,
                                      .cluster = scenery->cluster(s),
                                      .wards = zdd_wards_new(),
                                      .measure = scenery->router ? zdd_measure_new() : NULL,
                                      .now_ms = sim_now,
                                      .clock = s,
                                      .dies = dies,
                                      .fate = s};
    if (scenery->router)
        s->stepper.router = scenery->router(s);
    if (scenery->probe)
        s->stepper.probe = scenery->probe(s);
    atomic_store(&s->stepper.random, seed);
    store_faults_of(s);
    calm_at_ms = s->world.now_ms + scenery->calm_ms;
    while (!*s->failure && !zdd_phase_is_final(s->run.phase)) {
        go_on(s);
        s->world.calm = s->world.now_ms > calm_at_ms;
    }
    store_faults_of(NULL);
    s->stepper.wards = zdd_wards_free(s->stepper.wards);
    s->stepper.measure = zdd_measure_free(s->stepper.measure);
    if (!*s->failure)
        scenery->check_end(s);
    if (!*s->failure)
        check_record(s);
    world_tell(&s->world, "end: %s, %u orders", zdd_phase_name(s->run.phase), s->world.orders_seen);
}
