/**
 * @file tests/lab/proof/proof.h
 * @brief A site under three kinds of load at once, and the table of what that cost its clients.
 *
 * Kept connections, new connections and slow requests run from the first deployment to the end of
 * the scenario. As part of every test run it is short; with ZDD_PROOF=full (tests/run --proof) each
 * scenario goes on until it has had PROOF_REQUESTS answers.
 */
#pragma once

#include "tests/lab/site.h"

#define PROOF_REQUESTS 25000
#define PROOF_STEPWISE "{\"cutover\":\"stepwise\",\"keepOldSeconds\":0}"

struct proof {
    const char *scenario;
    struct site *site;
    bool full;
    int slow_ms, drain_s;
    unsigned taken_over; /* how often a new version has */
    struct stage_load kept, fresh, slow;
};

/** A site whose first version runs and is asked all the time, through each of its balancers.
 * @param slow_s  how long the slow requests take; 0: a moment */
struct proof *proof_open(const char *scenario, int balancers, int slow_s);

/** @return false as long as the scenario has to be played once more */
bool proof_is_enough(struct proof *proof);

/** End all. No request may have failed; the table gets a row. */
void proof_close(struct proof *proof);
/** The same for requests that are meant to fail. @return how many have; no row */
long proof_close_counting(struct proof *proof);

/** The version that runs, and the one that comes next. */
const char *proof_old(const struct proof *proof);
const char *proof_new(const struct proof *proof);

/** A request for the next version. @param more  options beside the usual ones, JSON; with `steps`
 * it is a canary; new reference */
json_t *proof_request(struct proof *proof, const char *more);
/** POST it. */
void proof_begin(struct proof *proof, const char *more, char ret_id[static E2E_ID_SIZE]);

/** Wait for the end: @p state, and then the old version alone serves, whole, or for `succeeded` the
 * new one, which is the old one from now on. */
void proof_ends(struct proof *proof, const char *id, const char *state);

/** Wait until the deployment is in one of these phases, from place @p from on, or has ended.
 * @return the place, @p count for its end */
size_t proof_next_phase(struct proof *proof, const char *id, const char *const *phases, size_t from,
                        size_t count);

/* What may happen beside a deployment. */

/** Phases in which the server shall be killed, and in which it was. */
struct proof_phases {
    const char *const *name;
    bool *was_killed;
    size_t count;
};

/** One deployment that succeeds although its server is killed and started again in each of these
 * phases that can be caught. */
void proof_kill_through(struct proof *proof, const char *more, const struct proof_phases *phases);
/** The same with one that is rolled back from phase @p from. */
void proof_kill_back(struct proof *proof, const char *more, const char *from,
                     const struct proof_phases *phases);
/** @return in how many of them it was not */
size_t proof_missing(const struct proof_phases *phases);

/** One deployment that succeeds although in its @p phase the second balancer's host goes down for a
 * while. Until it is back nothing goes on that all balancers have to agree to. */
void proof_lose_second_in(struct proof *proof, const char *more, const char *phase);

/** Somebody else's deployments, each of which makes the balancers reload, every few seconds. */
struct proof_neighbour;
struct proof_neighbour *proof_neighbour_start(const struct proof *proof);
/** Marathon has taken all of them. */
void proof_neighbour_stop(struct proof_neighbour *neighbour);

/** Let clients go on for a while as it is now. */
void proof_go_on(struct proof *proof);

/** @return the answers of one of its loads by @p version, so far */
long proof_answered_by(struct stage_load *load, const char *version);

/** Print the rows so far; for the end of the program. */
int proof_print(void **state);
