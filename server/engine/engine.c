/**
 * @file server/engine/engine.c
 * @brief Workers around zdd_step(): the due queue, the sweep, handlers' jobs.
 */
#include "server/engine/engine.h"

#include "server/base/cleanup.h"
#include "server/base/clock.h"
#include "server/base/crypto.h"
#include "server/base/log.h"
#include "server/engine/due.h"
#include "server/engine/events.h"
#include "server/engine/jobs.h"
#include "server/engine/reach.h"
#include "server/engine/step.h"
#include "server/engine/sweep.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define WORKERS_MAX 64
#define WAIT_MAX_MS                                                                                \
    1000 /* a worker looks at the clock at least that often: the wall clock may jump */
#define STORE_RETRY_MS 1000 /* after a database error: the disk may have room again */

struct zdd_engine {
    struct zdd_engine_options options;
    struct zdd_stepper stepper;
    pthread_mutex_t lock;
    pthread_cond_t news;
    pthread_t worker[WORKERS_MAX];
    unsigned worker_count;
    /* below: guarded by lock */
    bool stopping;
    struct zdd_due_queue due;
    struct zdd_jobs jobs;
    unsigned busy;
    bool stream_live;
    bool sweeping;
    int64_t sweep_at_ms;
    struct zdd_reach reach;
};

static int64_t now(const struct zdd_engine *e)
{
    return e->options.now_ms();
}

static int64_t stepper_now(void *cls)
{
    return now(cls);
}

/* Between 90 and 110 percent: servers that start together must not sweep together for ever. */
static int64_t jittered(int64_t ms)
{
    uint64_t random;

    zdd_random(&random, sizeof(random));
    return ms - ms / 10 + (int64_t)(random % (uint64_t)(ms / 5 + 1));
}

static void plan_sweep(struct zdd_engine *e)
{
    e->sweep_at_ms =
        now(e) + jittered(e->stream_live ? e->options.sweep_ms : e->options.blind_sweep_ms);
}

static void sweep_by(struct zdd_engine *e, int64_t at_ms)
{
    if (at_ms < e->sweep_at_ms)
        e->sweep_at_ms = at_ms;
}

static void note_reach(struct zdd_engine *e, bool reached, const char *reason)
{
    zdd_reach_note(&e->reach, reached, reason, now(e));
    if (!reached)
        sweep_by(e, e->reach.silent_until_ms);
}

/* What a step said goes back into the queue. */
static void settle(struct zdd_engine *e, struct zdd_due *due, enum zdd_err err,
                   const struct zdd_step_report *report)
{
    if (err != ZDD_ERR_NONE) {
        zdd_log(ZDD_LOG_ERROR, "run.stuck", "run", due->run_id, "app", due->app_id, "error",
                zdd_err_slug(err), "text", zdd_err_text(err), NULL);
        zdd_due_return(&e->due, due, now(e) + jittered(STORE_RETRY_MS), now(e));
        return;
    }
    if (*report->next_id && !zdd_due_wake(&e->due, report->next_id, due->app_id, now(e)))
        sweep_by(e, now(e) + STORE_RETRY_MS);
    if (report->ended && !due->again)
        zdd_due_drop(&e->due, due);
    else
        zdd_due_return(&e->due, due, report->wake_at_ms, now(e));
}

static void work_on(struct zdd_engine *e, struct zdd_due *due)
{
    const bool silent = now(e) < e->reach.silent_until_ms;
    char silence[ZDD_CLUSTER_REASON_SIZE];
    const struct zdd_look none = {.err = ZDD_ERR_CLUSTER_DOWN, .reason = silence};
    struct zdd_step_report report;
    enum zdd_err err;

    memcpy(silence, e->reach.silence, sizeof(silence));
    e->busy++;
    pthread_mutex_unlock(&e->lock);
    err = zdd_step(&e->stepper, due->run_id, silent ? &none : NULL, &report);
    pthread_mutex_lock(&e->lock);
    e->busy--;
    if (!silent && err == ZDD_ERR_NONE && !report.ended)
        note_reach(e, !report.unreachable, report.reason);
    settle(e, due, err, &report);
}

/* The entries of one sweep, side by side with what the steps report. */
struct round {
    struct zdd_due **due;
    struct zdd_sweep_item *items;
    size_t count, room;
};

static void join_round(void *cls, struct zdd_due *due)
{
    struct round *round = cls;

    if (due->busy || round->count == round->room)
        return;
    memcpy(round->items[round->count].run_id, due->run_id, sizeof(due->run_id));
    round->due[round->count++] = due;
}

static void sweep(struct zdd_engine *e)
{
    const size_t room = e->due.count;
    ZDD_AUTO_FREE struct zdd_due **due = calloc(room + 1, sizeof(struct zdd_due *));
    ZDD_AUTO_FREE struct zdd_sweep_item *items = calloc(room + 1, sizeof(*items));
    struct round round = {due, items, 0, room};
    enum zdd_err err;

    plan_sweep(e);
    if (!due || !items)
        return; /* the next sweep may have memory */
    zdd_due_each(&e->due, join_round, &round);
    for (size_t i = 0; i < round.count; i++)
        zdd_due_claim(&e->due, due[i]);
    if (round.count == 0)
        return;
    e->sweeping = true;
    e->busy++;
    pthread_mutex_unlock(&e->lock);
    err = zdd_sweep(&e->stepper, items, round.count);
    pthread_mutex_lock(&e->lock);
    e->busy--;
    e->sweeping = false;
    note_reach(e, err == ZDD_ERR_NONE, items[0].report.reason);
    for (size_t i = 0; i < round.count; i++)
        settle(e, due[i], items[i].err, &items[i].report);
    pthread_cond_broadcast(&e->news); /* many may be due now */
}

static void wait_for_news(struct zdd_engine *e)
{
    const int64_t due_ms = zdd_due_next_ms(&e->due);
    /* A sweep that is wanted while one is under way is the sweeper's to begin, nobody waits for it.
     */
    const int64_t sweep_ms = e->sweeping ? INT64_MAX : e->sweep_at_ms;
    const int64_t next_ms = due_ms < sweep_ms ? due_ms : sweep_ms;
    int64_t wait_ms = next_ms - now(e);
    struct timespec until;
    int64_t until_ms;

    if (wait_ms > WAIT_MAX_MS)
        wait_ms = WAIT_MAX_MS;
    if (wait_ms <= 0)
        return;
    until_ms = zdd_mono_ms() + wait_ms;
    until = (struct timespec){.tv_sec = until_ms / 1000, .tv_nsec = until_ms % 1000 * 1000000};
    pthread_cond_timedwait(&e->news, &e->lock, &until);
}

static void do_job(struct zdd_engine *e)
{
    const struct zdd_job job = zdd_jobs_take(&e->jobs);

    e->busy++;
    e->jobs.busy++;
    pthread_mutex_unlock(&e->lock);
    job.work(job.cls);
    pthread_mutex_lock(&e->lock);
    e->jobs.busy--;
    e->busy--;
}

static bool sweep_is_due(const struct zdd_engine *e)
{
    const int64_t in_ms = e->sweep_at_ms - now(e);

    /* Later than any sweep is planned: the clock was set back, and all wake-ups with it. */
    return !e->sweeping &&
           (in_ms <= 0 || in_ms > 2 * (e->options.sweep_ms + e->options.blind_sweep_ms));
}

/* Callers wait for jobs, so jobs come first; when stopping, those that were accepted are still
 * done. */
static void *run_worker(void *cls)
{
    struct zdd_engine *e = cls;

    pthread_mutex_lock(&e->lock);
    while (!e->stopping || e->jobs.count > 0) {
        struct zdd_due *due;

        if (e->stopping || zdd_jobs_may_take(&e->jobs, e->options.worker_count)) {
            do_job(e);
            continue;
        }
        if (sweep_is_due(e)) {
            sweep(e);
            continue;
        }
        due = zdd_due_take(&e->due, now(e));
        if (due)
            work_on(e, due);
        else
            wait_for_news(e);
    }
    pthread_mutex_unlock(&e->lock);
    return NULL;
}

static bool load_one(void *cls, const char *id, const char *app_id, int64_t wake_at_ms)
{
    struct zdd_engine *e = cls;

    /* Nobody knows what happened while we were away: the first sweep looks at all, with one
     * request. */
    (void)wake_at_ms;
    return zdd_due_wake(&e->due, id, app_id, INT64_MAX);
}

static void set_defaults(struct zdd_engine *e, const struct zdd_engine_options *options)
{
    e->options = *options;
    e->options.now_ms = options->now_ms ? options->now_ms : zdd_now_ms;
    e->options.sweep_ms = options->sweep_ms ? options->sweep_ms : 45000;
    e->options.blind_sweep_ms = options->blind_sweep_ms ? options->blind_sweep_ms : 5000;
    e->options.settle_ms = options->settle_ms ? options->settle_ms : 40;
    e->stepper = (struct zdd_stepper){.store = options->store,
                                      .cluster = options->cluster,
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
    assert(e->options.worker_count >= 1 && e->options.worker_count <= WORKERS_MAX);
    while (e->worker_count < e->options.worker_count) {
        if (pthread_create(&e->worker[e->worker_count], NULL, run_worker, e) != 0) {
            stop_workers(e);
            return false;
        }
        e->worker_count++;
    }
    return true;
}

struct zdd_engine *zdd_engine_start(const struct zdd_engine_options *options)
{
    struct zdd_engine *e = calloc(1, sizeof(*e));
    pthread_condattr_t monotonic;

    if (!e)
        return NULL;
    set_defaults(e, options);
    pthread_mutex_init(&e->lock, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&e->news, &monotonic);
    pthread_condattr_destroy(&monotonic);
    if (!zdd_due_init(&e->due) || zdd_run_live(options->store, load_one, e) != ZDD_ERR_NONE ||
        !start_workers(e)) {
        release(e);
        return NULL;
    }
    return e;
}

struct zdd_engine *zdd_engine_free(struct zdd_engine *engine)
{
    if (!engine)
        return NULL;
    stop_workers(engine);
    release(engine);
    return NULL;
}

void zdd_engine_wake(struct zdd_engine *engine, const char *run_id, const char *app_id)
{
    pthread_mutex_lock(&engine->lock);
    /* Without memory for an entry the sweep cannot see it either; the next start does. Say so. */
    if (!zdd_due_wake(&engine->due, run_id, app_id, now(engine)))
        zdd_log(ZDD_LOG_ERROR, "engine.wake", "run", run_id, "error", "no-memory", NULL);
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
    hint.wake_at_ms = now(engine) + (zdd_event_is_urgent(event) ? 0 : engine->options.settle_ms);
    zdd_event_apps(data, hint_app, &hint);
    pthread_cond_signal(&engine->news);
    pthread_mutex_unlock(&engine->lock);
}

void zdd_engine_stream(struct zdd_engine *engine, bool live)
{
    pthread_mutex_lock(&engine->lock);
    engine->stream_live = live;
    /* Live again: events were missed, so look at all now. Lost: from here on, look more often. */
    sweep_by(engine, now(engine) + (live ? 0 : engine->options.blind_sweep_ms));
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

void zdd_engine_stats(struct zdd_engine *engine, struct zdd_engine_stats *ret_stats)
{
    pthread_mutex_lock(&engine->lock);
    *ret_stats = (struct zdd_engine_stats){
        .live = (unsigned)engine->due.count,
        .due = zdd_due_count(&engine->due, now(engine)),
        .workers_busy = engine->busy,
        .stream_live = engine->stream_live,
        .steps = atomic_load(&engine->stepper.steps),
        .looks = atomic_load(&engine->stepper.looks),
        .orders = atomic_load(&engine->stepper.orders),
        .retries = atomic_load(&engine->stepper.retries),
    };
    pthread_mutex_unlock(&engine->lock);
}
