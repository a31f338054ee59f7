/**
 * @file tests/fault/journey.h
 * @brief A whole deployment with the real step and the real store against the simulator's Marathon,
 * in virtual time: what fault loops send through their faults.
 *
 * Nothing fails by itself here. A step that ends in an error is taken again a second later, as the
 * engine does. What must hold however it went is checked by journey_check().
 */
#pragma once

#include "server/engine/step.h"
#include "tests/sim/world.h"
#include "tests/unit/storage/fixture.h"

struct journey_kind {
    const char *title, *strategy;
    enum zdd_action action;
    bool sick; /* the new version never turns healthy */
    enum zdd_phase end;
};

/** All kinds; the last one has no title. */
extern const struct journey_kind journey_kinds[];

/** A call to Marathon that goes wrong. */
struct journey_fault {
    const char *title;
    enum zdd_err err;
    bool carried_out; /* an order takes effect, only its answer is lost */
};

struct journey {
    const struct journey_kind *kind;
    struct zdd_store *store; /* the caller's; may change between the steps */
    struct zdd_plan plan;
    struct zdd_run run; /* as last loaded */
    struct world world;
    struct zdd_cluster inner;
    struct zdd_stepper stepper;
    int64_t wake_at_ms, sweep_at_ms;
    unsigned calls, errors; /* of the cluster; steps that ended in an error */
    bool sweeps;            /* look with zdd_sweep(), as the engine does after its start */
    /* Calls from fail_from (1 is the first) to fail_to get the fault; 0: none */
    const struct journey_fault *fault;
    unsigned fail_from, fail_to;
    /** Called with true on the way into the engine, with false on the way out. NULL: nobody cares.
     */
    void (*inside)(bool inside);
};

/** A world in which the deployment is about to begin. */
void journey_init(struct journey *j, const struct journey_kind *kind, struct zdd_store *store);

/** Plan and deployment into the store. @return as zdd_store_write(); after an error it may be tried
 * again */
enum zdd_err journey_begin(struct journey *j);

/** To its end, which must come. */
void journey_run(struct journey *j);

/** @return how many versions of the app there are when nothing goes wrong */
int journey_untouched(const struct journey_kind *kind);

/** The end is right, in the store and in the world; the chain is whole, no event is missing; and
 * nothing was done twice: there are no more than @p versions of the app. */
void journey_check(struct journey *j, int versions);
