/**
 * @file server/engine/engine.c
 * @brief The engine's start and end, and what others tell it.
 */
#include "server/engine/engine.h"

#include "server/base/clock.h"
#include "server/base/crypto.h"
#include "server/base/wait.h"
#include "server/engine/engine_inside.h"
#include "server/engine/events.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static int64_t stepper_now(void *cls)
{
    return zdd_engine_now(cls);
}

static bool load_one(void *cls, const char *id, const char *app_id, int64_t wake_at_ms)
{
    struct zdd_engine *e = cls;

    /* Nobody knows what happened while we were away: the first sweep looks at all, with one
     * request. */
    (void)wake_at_ms;
    return zdd_due_add(&e->due, id, app_id);
}

static void set_defaults(struct zdd_engine *e, const struct zdd_engine_options *options)
{
    e->options = *options;
    e->options.now_ms = options->now_ms ? options->now_ms : zdd_steady_ms;
    e->options.sweep_ms = options->sweep_ms ? options->sweep_ms : 45000;
    e->options.blind_sweep_ms = options->blind_sweep_ms ? options->blind_sweep_ms : 5000;
    e->options.retry_ms = options->retry_ms ? options->retry_ms : 1000;
    e->options.settle_ms = options->settle_ms ? options->settle_ms : 40;
    e->stepper = (struct zdd_stepper){.store = options->store,
                                      .cluster = options->cluster,
                                      .router = options->router,
                                      .probe = options->probe,
                                      .metrics = options->metrics,
                                      .now_ms = stepper_now,
                                      .clock = e,
                                      .dies = options->dies,
                                      .fate = options->fate};
    uint64_t seed;

    zdd_random(&seed, sizeof(seed));
    atomic_store(&e->stepper.random, seed);
}

static void release(struct zdd_engine *e)
{
    zdd_wards_free(e->stepper.wards);
    zdd_round_drop(e);
    zdd_measure_free(e->stepper.measure);
    zdd_due_release(&e->due);
    pthread_cond_destroy(&e->news);
    pthread_mutex_destroy(&e->lock);
    free(e);
}

static void stop_workers(struct zdd_engine *e)
{
    pthread_mutex_lock(&e->lock);
    e->stopping = true;
    pthread_cond_broadcast(&e->news);
    pthread_mutex_unlock(&e->lock);
    for (unsigned i = 0; i < e->worker_count; i++)
        pthread_join(e->worker[i], NULL);
}

static bool start_workers(struct zdd_engine *e)
{
    assert(e->options.worker_count >= 1 && e->options.worker_count <= ZDD_WORKERS_MAX);
    while (e->worker_count < e->options.worker_count) {
        if (pthread_create(&e->worker[e->worker_count], NULL, zdd_engine_work, e) != 0) {
            stop_workers(e);
            return false;
        }
        e->worker_count++;
    }
    return true;
}

static void wake_run(void *cls, const char *run_id, const char *pair)
{
    zdd_engine_wake(cls, run_id, pair);
}

/* Where there are no weights, nothing is counted and nothing could be given back. */
static bool start_watchdog(struct zdd_engine *e)
{
    const struct zdd_watch watch = {.wards = e->stepper.wards,
                                    .router = e->options.router,
                                    .store = e->options.store,
                                    .now_ms = stepper_now,
                                    .wake = wake_run,
                                    .cls = e};

    if (!watch.router.ops || watch.router.ops->means != ZDD_MEANS_WEIGHTS)
        return true;
    e->watchdog = zdd_watchdog_start(&watch);
    return e->watchdog != NULL;
}

struct zdd_engine *zdd_engine_start(const struct zdd_engine_options *options)
{
    struct zdd_engine *e = calloc(1, sizeof(*e));

    if (!e)
        return NULL;
    set_defaults(e, options);
    pthread_mutex_init(&e->lock, NULL);
    zdd_cond_init(&e->news);
    e->stepper.wards = zdd_wards_new();
    e->stepper.measure = zdd_measure_new();
    if (!e->stepper.wards || !e->stepper.measure || !zdd_due_init(&e->due) ||
        zdd_run_live(options->store, load_one, e) != ZDD_ERR_NONE || !start_watchdog(e) ||
        !start_workers(e)) {
        zdd_watchdog_free(e->watchdog);
        release(e);
        return NULL;
    }
    return e;
}

struct zdd_engine *zdd_engine_free(struct zdd_engine *engine)
{
    if (!engine)
        return NULL;
    zdd_watchdog_free(engine->watchdog);
    stop_workers(engine);
    release(engine);
    return NULL;
}

void zdd_engine_wake(struct zdd_engine *engine, const char *run_id, const char *app_id)
{
    pthread_mutex_lock(&engine->lock);
    zdd_engine_look(engine, run_id, app_id);
    pthread_cond_signal(&engine->news);
    pthread_mutex_unlock(&engine->lock);
}

struct hint {
    struct zdd_engine *engine;
    int64_t wake_at_ms;
};

static void hint_app(void *cls, const char *app_id, size_t size)
{
    const struct hint *hint = cls;
    struct zdd_due *due = zdd_due_of_app(&hint->engine->due, app_id, size);

    if (due)
        zdd_due_nearer(&hint->engine->due, due, hint->wake_at_ms);
}

void zdd_engine_event(struct zdd_engine *engine, const char *event, const char *data)
{
    struct hint hint = {engine, 0};

    pthread_mutex_lock(&engine->lock);
    hint.wake_at_ms =
        zdd_engine_now(engine) + (zdd_event_is_urgent(event) ? 0 : engine->options.settle_ms);
    zdd_event_apps(data, hint_app, &hint);
    pthread_cond_signal(&engine->news);
    pthread_mutex_unlock(&engine->lock);
}

void zdd_engine_stream(struct zdd_engine *engine, bool live)
{
    pthread_mutex_lock(&engine->lock);
    engine->stream_live = live;
    /* Live again: events were missed, so look at all now. Lost: from here on, look more often. */
    zdd_engine_sweep_by(engine,
                        zdd_engine_now(engine) + (live ? 0 : engine->options.blind_sweep_ms));
    pthread_cond_signal(&engine->news);
    pthread_mutex_unlock(&engine->lock);
}

bool zdd_engine_submit(struct zdd_engine *engine, void (*work)(void *cls), void *cls)
{
    bool accepted;

    pthread_mutex_lock(&engine->lock);
    accepted = !engine->stopping && zdd_jobs_add(&engine->jobs, work, cls);
    if (accepted)
        pthread_cond_signal(&engine->news);
    pthread_mutex_unlock(&engine->lock);
    return accepted;
}

void zdd_engine_floor(struct zdd_engine *engine, const char *run_id,
                      struct zdd_engine_floor *ret_floor)
{
    struct zdd_ward_state state;

    zdd_wards_state(engine->stepper.wards, run_id, &state);
    *ret_floor = (struct zdd_engine_floor){.watched = state.watched,
                                           .broken = state.broken,
                                           .promised = state.floor,
                                           .serving = state.look.sight.serving};
    memcpy(ret_floor->balancer, state.look.weakest, sizeof(ret_floor->balancer));
}

void zdd_engine_stats(struct zdd_engine *engine, struct zdd_engine_stats *ret_stats)
{
    struct zdd_wards_stats floors;

    zdd_wards_stats(engine->stepper.wards, &floors);
    pthread_mutex_lock(&engine->lock);
    *ret_stats = (struct zdd_engine_stats){
        .live = (unsigned)engine->due.count,
        .due = zdd_due_count(&engine->due, zdd_engine_now(engine)),
        .workers_busy = engine->busy,
        .stream_live = engine->stream_live,
        .steps = atomic_load(&engine->stepper.steps),
        .looks = atomic_load(&engine->stepper.looks),
        .orders = atomic_load(&engine->stepper.orders),
        .retries = atomic_load(&engine->stepper.retries),
        .floors_broken = floors.broken,
        .floor_violations = floors.violations,
    };
    pthread_mutex_unlock(&engine->lock);
}
