/**
 * @file server/engine/engine_inside.h
 * @brief PRIVATE to server/engine/: what it is made of, and what its files share. Functions are
 * called with its lock held.
 */
#pragma once

#include "server/engine/due.h"
#include "server/engine/engine.h"
#include "server/engine/jobs.h"
#include "server/engine/reach.h"
#include "server/engine/step.h"
#include "server/engine/watchdog.h"

#include <pthread.h>

#define ZDD_WORKERS_MAX 64

struct zdd_engine {
    struct zdd_engine_options options;
    struct zdd_stepper stepper;
    pthread_mutex_t lock;
    pthread_cond_t news;
    pthread_t worker[ZDD_WORKERS_MAX];
    unsigned worker_count;         /* started */
    struct zdd_watchdog *watchdog; /* NULL where no balancer obeys weights */
    /* below: guarded by lock */
    bool stopping;
    struct zdd_due_queue due;
    struct zdd_jobs jobs;
    unsigned busy; /* workers */
    bool stream_live;
    bool sweeping;           /* from before the look until all have taken their step */
    struct zdd_round *round; /* what the look saw, while there are steps to take; else NULL */
    int64_t sweep_at_ms;
    bool missing; /* a live deployment may not be in the queue: the next sweep asks the store */
    struct zdd_reach reach;
};

int64_t zdd_engine_now(const struct zdd_engine *engine);

/** Between 90 and 110 percent: servers that start together must not sweep together for ever. */
int64_t zdd_engine_jittered(int64_t ms);

/** Sweep at the latest then. */
void zdd_engine_sweep_by(struct zdd_engine *engine, int64_t at_ms);

/** Look at @p run_id now. Without memory for it, the next sweep finds it in the store. */
void zdd_engine_look(struct zdd_engine *engine, const char *run_id, const char *app_id);

/** What a look at Marathon gave. */
void zdd_engine_note_reach(struct zdd_engine *engine, bool reached, const char *reason);

/** What a step said goes back into the queue. */
void zdd_engine_settle(struct zdd_engine *engine, struct zdd_due *due, enum zdd_err err,
                       const struct zdd_step_report *report);

/** Whether it is time to look at all; never while that is under way. */
bool zdd_round_is_due(const struct zdd_engine *engine);
/** Look at all that no worker has at the moment; their steps are then whichever worker's turn. */
void zdd_round_begin(struct zdd_engine *engine);

/** Which of the workers asks for a step of the round. */
enum zdd_round_turn {
    ZDD_ROUND_FIRST, /* before what is due: the round must come to its end */
    ZDD_ROUND_IDLE,  /* nothing is due */
};
/** Take the next step of the round, if there is one for this @p turn. @return false when not */
bool zdd_round_step(struct zdd_engine *engine, enum zdd_round_turn turn);
/** Forget the round; no worker takes a step of it any more. */
void zdd_round_drop(struct zdd_engine *engine);

/** A worker's life; @p cls is the engine. */
void *zdd_engine_work(void *cls);
