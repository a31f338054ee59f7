/**
 * @file server/engine/commit.h
 * @brief The engine's two transactions: the intent before an order, the outcome after it.
 */
#pragma once

#include "server/engine/cluster.h"
#include "server/engine/probe.h"
#include "server/engine/scene.h"
#include "storage/plans.h"
#include "strategies/strategy.h"

struct zdd_store;

/** What a step is about to make true. */
struct zdd_intent_commit {
    const struct zdd_strategy *strategy;
    const struct zdd_plan *plan;
    const char *target;           /* definition, kept as a revision when the deployment succeeds */
    const struct zdd_run *before; /* as loaded */
    struct zdd_run *after;        /* as it shall be; its revision is brought up to date */
    const struct zdd_decision *decision;
    const struct zdd_scene *scene;      /* what was looked at … */
    const struct zdd_observation *seen; /* … and what was made of it */
    int64_t now_ms;
    int64_t intent_seq[ZDD_ORDER_MAX]; /* out: names of the orders' journal entries */
    char next_id[ZDD_ID_SIZE];         /* out: a queued deployment that became active, or "" */
};

/** Phase, steps, events, audit and the journal's intents, all or nothing. @return also
 * ZDD_ERR_REVISION_STALE: load and decide again */
ZDD_MUST_CHECK enum zdd_err zdd_commit_intent(struct zdd_store *store,
                                              struct zdd_intent_commit *commit);

/** What became of one order. */
struct zdd_outcome_commit {
    const char *run_id;
    const struct zdd_order *order;
    int64_t intent_seq;
    enum zdd_err err; /* the cluster's verdict */
    enum zdd_outcome outcome;
    const struct zdd_cluster_ack *ack;
    const struct zdd_plan *plan;
    const struct zdd_probe_report *report; /* of MEASURE, when it was accepted */
    int64_t now_ms;
    int64_t
        unsure_before_ms; /* run.unsure_until_ms before this order: an answer makes it certain */
    struct zdd_run run;   /* out: the deployment after it */
};

/** Works on the deployment as it is then: a command may have come in meanwhile. */
ZDD_MUST_CHECK enum zdd_err zdd_commit_outcome(struct zdd_store *store,
                                               struct zdd_outcome_commit *commit);
