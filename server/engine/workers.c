/**
 * @file server/engine/workers.c
 * @brief What a worker does: callers' jobs, deployments that are due, now and then the sweep.
 */
#include "server/base/clock.h"
#include "server/base/crypto.h"
#include "server/base/log.h"
#include "server/base/wait.h"
#include "server/engine/engine_inside.h"

#include <string.h>

#define WAIT_MAX_MS                                                                                \
    1000 /* a worker looks at the clock at least that often: the wall clock may jump */

int64_t zdd_engine_now(const struct zdd_engine *e)
{
    return e->options.now_ms();
}

int64_t zdd_engine_jittered(int64_t ms)
{
    uint64_t random;

    zdd_random(&random, sizeof(random));
    return ms - ms / 10 + (int64_t)(random % (uint64_t)(ms / 5 + 1));
}

void zdd_engine_sweep_by(struct zdd_engine *e, int64_t at_ms)
{
    if (at_ms < e->sweep_at_ms)
        e->sweep_at_ms = at_ms;
}

void zdd_engine_look(struct zdd_engine *e, const char *run_id, const char *app_id)
{
    if (zdd_due_wake(&e->due, run_id, app_id, zdd_engine_now(e)))
        return;
    zdd_log(ZDD_LOG_ERROR, "engine.wake", "run", run_id, "error", "no-memory", NULL);
    e->missing = true;
    zdd_engine_sweep_by(e, zdd_engine_now(e) + e->options.retry_ms);
}

void zdd_engine_note_reach(struct zdd_engine *e, bool reached, const char *reason)
{
    zdd_reach_note(&e->reach, reached, reason, zdd_engine_now(e));
    if (!reached)
        zdd_engine_sweep_by(e, e->reach.silent_until_ms);
}

void zdd_engine_settle(struct zdd_engine *e, struct zdd_due *due, enum zdd_err err,
                       const struct zdd_step_report *report)
{
    const int64_t now_ms = zdd_engine_now(e);

    if (err != ZDD_ERR_NONE) {
        zdd_log(ZDD_LOG_ERROR, "run.stuck", "run", due->run_id, "lock", due->lock, "error",
                zdd_err_slug(err), "text", zdd_err_text(err), NULL);
        zdd_due_return(&e->due, due, now_ms + zdd_engine_jittered(e->options.retry_ms), now_ms);
        return;
    }
    if (*report->next_id)
        zdd_engine_look(e, report->next_id, due->lock);
    if (report->ended && !due->again)
        zdd_due_drop(&e->due, due);
    else
        zdd_due_return(&e->due, due, report->wake_at_ms, now_ms);
}

static void work_on(struct zdd_engine *e, struct zdd_due *due)
{
    const bool silent = zdd_engine_now(e) < e->reach.silent_until_ms;
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
        zdd_engine_note_reach(e, !report.unreachable, report.reason);
    zdd_engine_settle(e, due, err, &report);
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

static bool step_due(struct zdd_engine *e)
{
    struct zdd_due *due = zdd_due_take(&e->due, zdd_engine_now(e));

    if (due)
        work_on(e, due);
    return due != NULL;
}

/* Callers wait for jobs, so jobs come first, as far as they may; then what is due, then the round.
 * @return false when nothing is to be done */
static bool take_turn(struct zdd_engine *e)
{
    bool worked;

    if (zdd_jobs_may_take(&e->jobs, e->options.worker_count)) {
        do_job(e);
        return true;
    }
    if (zdd_round_is_due(e)) {
        zdd_round_begin(e);
        worked = true;
    } else {
        worked =
            zdd_round_step(e, ZDD_ROUND_FIRST) || step_due(e) || zdd_round_step(e, ZDD_ROUND_IDLE);
    }
    /* Jobs have let the others go first; now it is their turn again. */
    worked = worked || (e->jobs.yields && e->jobs.count > 0);
    e->jobs.yields = false;
    return worked;
}

static void wait_for_news(struct zdd_engine *e)
{
    const int64_t due_ms = zdd_due_next_ms(&e->due);
    /* A sweep that is wanted while one is under way is the sweeper's to begin, nobody waits for it.
     */
    const int64_t sweep_ms = e->sweeping ? INT64_MAX : e->sweep_at_ms;
    const int64_t next_ms = due_ms < sweep_ms ? due_ms : sweep_ms;
    int64_t wait_ms = next_ms - zdd_engine_now(e);

    if (wait_ms > WAIT_MAX_MS)
        wait_ms = WAIT_MAX_MS;
    if (wait_ms <= 0)
        return;
    (void)zdd_cond_wait(&e->news, &e->lock, zdd_mono_ms() + wait_ms);
}

void *zdd_engine_work(void *cls)
{
    struct zdd_engine *e = cls;

    pthread_mutex_lock(&e->lock);
    while (!e->stopping || e->jobs.count > 0) {
        if (e->stopping) /* what was accepted is still done */
            do_job(e);
        else if (!take_turn(e))
            wait_for_news(e);
    }
    pthread_mutex_unlock(&e->lock);
    return NULL;
}
