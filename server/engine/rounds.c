/**
 * @file server/engine/rounds.c
 * @brief The sweep's rounds: one request for all deployments, then a step of each.
 *
 * A deployment is taken for its own step alone, so that nobody waits for the others. Who was woken
 * or looked at since has newer news than the round, and is left out.
 */
#include "server/base/cleanup.h"
#include "server/base/clock.h"
#include "server/engine/engine_inside.h"
#include "server/engine/sweep.h"

#include <assert.h>
#include <string.h>

#define LOOK_AGE_MAX_MS                                                                            \
    30000 /* nothing is decided on an older look: those that are left look for themselves */

struct zdd_round {
    struct zdd_sweep *sweep;
    uint64_t touches;     /* of the queue, when the round began */
    int64_t looked_at_ms; /* monotonic */
    unsigned active;      /* workers that take a step of it */
    bool yields;          /* a step was taken: what is due comes before the next */
    size_t next, count, room;
    char run_ids[][ZDD_ID_SIZE];
};

static void join(void *cls, struct zdd_due *due)
{
    struct zdd_round *round = cls;

    if (due->busy || round->count == round->room)
        return;
    memcpy(round->run_ids[round->count++], due->run_id, sizeof(due->run_id));
}

static void plan_next(struct zdd_engine *e)
{
    const int64_t ms = e->stream_live ? e->options.sweep_ms : e->options.blind_sweep_ms;

    e->sweep_at_ms = zdd_engine_now(e) + zdd_engine_jittered(ms);
}

bool zdd_round_is_due(const struct zdd_engine *e)
{
    const int64_t in_ms = e->sweep_at_ms - zdd_engine_now(e);

    /* Later than any sweep is planned: the clock was set back, and all wake-ups with it. */
    return !e->sweeping &&
           (in_ms <= 0 || in_ms > 2 * (e->options.sweep_ms + e->options.blind_sweep_ms));
}

static bool add_missing(void *cls, const char *id, const char *app_id, int64_t wake_at_ms)
{
    struct zdd_engine *e = cls;

    (void)wake_at_ms;
    pthread_mutex_lock(&e->lock);
    e->missing = !zdd_due_add(&e->due, id, app_id);
    pthread_mutex_unlock(&e->lock);
    return !e->missing;
}

/* Some did not find room in the queue; the store knows them all. */
static void find_missing(struct zdd_engine *e)
{
    enum zdd_err err;

    e->missing = false;
    pthread_mutex_unlock(&e->lock);
    err = zdd_run_live(e->options.store, add_missing, e);
    pthread_mutex_lock(&e->lock);
    e->missing = e->missing || err != ZDD_ERR_NONE;
    if (e->missing)
        zdd_engine_sweep_by(e, zdd_engine_now(e) + e->options.retry_ms);
}

/* @return NULL without memory, or when there is nobody to look at */
static struct zdd_round *gather(struct zdd_engine *e)
{
    const size_t room = e->due.count;
    ZDD_AUTO_FREE struct zdd_round *round = calloc(1, sizeof(*round) + room * ZDD_ID_SIZE);

    if (!round)
        return NULL;
    round->room = room;
    round->touches = e->due.touches;
    zdd_due_each(&e->due, join, round);
    return round->count > 0 ? ZDD_TAKE(round) : NULL;
}

static void look(struct zdd_engine *e, struct zdd_round *round)
{
    enum zdd_err err;
    const char *reason;

    e->busy++;
    pthread_mutex_unlock(&e->lock);
    round->sweep = zdd_sweep_look(&e->stepper, round->run_ids, round->count);
    round->looked_at_ms = zdd_mono_ms();
    pthread_mutex_lock(&e->lock);
    e->busy--;
    if (!round->sweep) {
        zdd_engine_sweep_by(e, zdd_engine_now(e) + e->options.retry_ms);
        return;
    }
    err = zdd_sweep_result(round->sweep, &reason);
    zdd_engine_note_reach(e, err == ZDD_ERR_NONE, reason);
}

void zdd_round_drop(struct zdd_engine *e)
{
    struct zdd_round *round = e->round;

    e->round = NULL;
    e->sweeping = false;
    if (!round)
        return;
    assert(round->active == 0);
    zdd_sweep_free(round->sweep);
    free(round);
}

void zdd_round_begin(struct zdd_engine *e)
{
    struct zdd_round *round;

    e->sweeping = true;
    plan_next(e);
    if (e->missing)
        find_missing(e);
    round = gather(e);
    if (round)
        look(e, round);
    e->round = round;
    if (!round || !round->sweep)
        zdd_round_drop(e);
    else
        pthread_cond_broadcast(&e->news); /* every idle worker may help */
}

/* The look is too old for the rest of them: each is due. */
static void give_up(struct zdd_engine *e, struct zdd_round *round)
{
    const int64_t now_ms = zdd_engine_now(e);

    for (; round->next < round->count; round->next++) {
        struct zdd_due *due = zdd_due_claim(&e->due, round->run_ids[round->next], round->touches);

        if (due)
            zdd_due_return(&e->due, due, now_ms, now_ms);
    }
    pthread_cond_broadcast(&e->news);
}

static void step(struct zdd_engine *e, struct zdd_round *round, size_t i)
{
    struct zdd_due *due = zdd_due_claim(&e->due, round->run_ids[i], round->touches);
    const int64_t next_ms = zdd_due_next_ms(&e->due);
    struct zdd_step_report report;
    enum zdd_err err;

    if (!due)
        return;
    e->busy++;
    pthread_mutex_unlock(&e->lock);
    err = zdd_sweep_step(round->sweep, i, &report);
    pthread_mutex_lock(&e->lock);
    e->busy--;
    zdd_engine_settle(e, due, err, &report);
    if (zdd_due_next_ms(&e->due) < next_ms)
        pthread_cond_signal(&e->news); /* those who wait, wait for later ones */
}

/* A quarter of the workers at most: events bring new work at any time, and what the steps of a
 * round share with it (processors, connections to the store) they would take again and again. */
static bool may_step(const struct zdd_engine *e, enum zdd_round_turn turn)
{
    const struct zdd_round *round = e->round;

    if (!round || round->next == round->count)
        return false;
    if (turn == ZDD_ROUND_FIRST)
        return round->active == 0 && !round->yields;
    return round->active < (e->options.worker_count + 3) / 4;
}

bool zdd_round_step(struct zdd_engine *e, enum zdd_round_turn turn)
{
    struct zdd_round *round = e->round;

    if (!may_step(e, turn)) {
        if (round)
            round->yields = false;
        return false;
    }
    round->active++;
    round->yields = true;
    if (zdd_mono_ms() - round->looked_at_ms > LOOK_AGE_MAX_MS)
        give_up(e, round);
    else
        step(e, round, round->next++);
    round->active--;
    if (round->active == 0 && round->next == round->count)
        zdd_round_drop(e);
    return true;
}
