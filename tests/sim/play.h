/**
 * @file tests/sim/play.h
 * @brief One deployment, from its request to its end, in one seed's world.
 */
#pragma once

#include "server/engine/step.h"
#include "server/engine/watchdog.h"
#include "storage/plans.h"
#include "storage/runs.h"
#include "strategies/preview.h"
#include "tests/sim/pair_world.h"
#include "tests/sim/world.h"

#define GRACE_MS 120000   /* beyond all deadlines: looks come late when the world is silent */
#define OPERATOR_MS 60000 /* how long a held deployment waits for its operator */
#define SWEEP_MS 45000
#define SIM_PEOPLE "ann", "bob", "eve" /* who may say something at gates */
#define JUMP_MAX_MS INT64_C(600000)

/** What Marathon may do without anybody being at fault. */
struct bounds {
    int32_t floor, undo_floor; /* instances that serve */
    int32_t cap, undo_cap;     /* instances that exist */
    int64_t end_by_ms;
};

struct sim;

struct step_seen;

/** What a deployment works on: one app, or two behind balancers. */
struct scenery {
    const char *option;     /* that chooses it on the command line, "" for none */
    const char *seeds_file; /* seeds of it that once failed */
    /** Throw the dice: what is asked for, what runs, what will go wrong; and write the request. */
    void (*begin)(struct sim *s, uint64_t seed);
    struct zdd_cluster (*cluster)(struct sim *s);
    struct zdd_router (*router)(struct sim *s);
    struct zdd_probe (*probe)(struct sim *s);
    void (*check_moment)(struct sim *s); /* at every moment */
    /** After every step; NULL: nothing more than of any. */
    void (*check_step)(struct sim *s, const struct step_seen *seen);
    void (*check_end)(struct sim *s);
    void (*on_death)(struct sim *s); /* the engine has died */
    int64_t calm_ms;                 /* after this long no new fault happens */
};

extern const struct scenery one_app, two_apps, canary, rescue;

struct sim {
    const struct scenery *scenery;
    struct world world;
    struct pair_world pair; /* of two_apps */
    struct zdd_store *store;
    struct zdd_stepper stepper;
    struct zdd_plan plan;
    struct zdd_plan_texts texts; /* borrowed */
    struct zdd_preview preview;
    struct bounds bounds;
    struct zdd_run run;          /* as last loaded */
    char queued_id[ZDD_ID_SIZE]; /* a second deployment of the app, "" for none */
    bool queued_is_told;         /* a step reported that it is its turn */
    int64_t wake_at_ms, sweep_at_ms, held_at_ms;
    int64_t skew_ms; /* of the wall clock when the engine started: it reads it once */
    bool undo_seen;
    /* the store */
    bool storing;            /* commits may fail from now on */
    bool store_failed;       /* one did, since this was cleared */
    int64_t broken_until_ms; /* all fail until then */
    uint64_t bodies;         /* commits when run was loaded */
    uint64_t foreign_bodies; /* of these, by operators, since the last step began */
    /* the journal, as the orders arrive */
    int64_t last_intent_seq;
    unsigned last_order_looks; /* world.looks_seen when the last order went out */
    char failure[300];         /* "" while all is well */
};

/** Play @p seed in @p scenery. @p story gets every event of it, NULL for nobody. The result is in
 * @p s. */
void play(struct sim *s, const struct scenery *scenery, uint64_t seed, struct zdd_store *store,
          FILE *story);

/* What the files of a play share. */

/** The engine's clock. */
int64_t sim_now(void *cls);
/** Note the first violation. */
__attribute__((format(printf, 2, 3))) void violate(struct sim *s, const char *format, ...);
/** Load the deployment anew, if anything was written since. */
void reload(struct sim *s);

/** Write the request: s->plan with s->texts, its deployment and its steps. */
void store_request(struct sim *s);
/** @return below @p most */
unsigned up_to(struct world *dice, unsigned most);
/** @return @p rate in @p share percent of the worlds, else 0 */
unsigned in_some(struct world *dice, unsigned share, unsigned rate);

/** Somebody may say something. */
void be_operator(struct sim *s);

/** Commits of @p s fail as its faults say; NULL: none fails. */
void store_faults_of(struct sim *s);
