/**
 * @file tests/sim/checks.h
 * @brief What must hold in every play, whatever goes wrong: the invariants of the design.
 */
#pragma once

#include "tests/sim/play.h"

/** What is known of one step. */
struct step_seen {
    struct zdd_run before;
    int64_t at_ms;
    unsigned orders;                  /* before it */
    uint64_t bodies;                  /* that were committed while it went on */
    int64_t begun[ZDD_VERSION_COUNT]; /* requests of a pair, before it */
    enum zdd_err err;
    struct zdd_step_report report;
};

/** At every order: its intent is the newest in the journal, open, and nobody else's; and Marathon
 * has been looked at since the last order. */
void check_order(void *cls, enum zdd_order_kind kind, const struct zdd_cluster_order *order);

/** After every step: it wrote what it had to and nothing else, and the phases go one way. */
void check_step(struct sim *s, const struct step_seen *seen, bool of_sweep);

/** At every moment: never below the promised floor, never above the cap, unless the cluster or
 * other people did it; and by recreate never both versions. */
void check_capacity(struct sim *s);

/** At every moment: no phase outlives its deadline, and no play all of them. */
void check_clocks(struct sim *s);

/** Now and then: who comes too late changes nothing, and an app has one deployment at a time. */
void check_fences(struct sim *s);

/** At the end: the app is what the last phase says, and the next in the queue is told. */
void check_end(struct sim *s);

/** At the end: who waits behind it is live now, and somebody was told. */
void check_queue(struct sim *s);

/** At the end: journal, audit and event log tell the same, and all of it. */
void check_record(struct sim *s);
