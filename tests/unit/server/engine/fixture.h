/**
 * @file tests/unit/server/engine/fixture.h
 * @brief An engine with threads over a store on disk and a cluster in which everything works at
 * once, or nothing turns healthy, or nobody answers.
 */
#pragma once

#include "server/engine/engine.h"
#include "tests/support/spec.h"

#include <pthread.h>
#include <stdatomic.h>

struct fake {
    atomic_bool stuck;     /* looks wait until this ends */
    atomic_bool stuck_all; /* … those at several apps */
    atomic_bool silent;    /* looks get no answer */
    atomic_bool healthy;   /* tasks are healthy as soon as the target is in place */
    atomic_bool slow;      /* orders for /slow wait until this ends */
    atomic_int looks;      /* requests, whatever number of apps */
    atomic_int seen;       /* apps in all of them */
    atomic_int puts;
    pthread_mutex_t lock;
    int app_count; /* guarded by lock */
    char app[256][64];
};

/* Callers' jobs that hang until this ends. */
struct hanging {
    atomic_int begun;
    atomic_bool over;
};

struct fixture {
    char dir[64];
    struct zdd_store *store;
    struct zdd_engine *engine;
    struct fake fake;
    struct hanging hanging; /* here and not in its test: jobs outlive that */
};

struct ask {
    const char *app_id;
    enum zdd_when_busy when_busy;
    char run_id[ZDD_ID_SIZE];
};

void pause_shortly(void);

/* cmocka's setup and teardown. */
int open_world(void **state);
int close_world(void **state);

/* The wall clock of the engine, and how far somebody has set it. */
extern atomic_llong clock_shift_ms;

void start_engine(struct fixture *f, unsigned workers);
/* Store a rolling upgrade of two instances; nobody is woken. */
void deploy(struct fixture *f, struct ask *ask);
enum zdd_phase phase_of(struct fixture *f, const char *run_id);

/* Wait, and fail when it takes too long. */
void until_phase(struct fixture *f, const char *run_id, enum zdd_phase phase);
void until_at_least(const atomic_int *value, int wanted);
