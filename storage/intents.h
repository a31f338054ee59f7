/**
 * @file storage/intents.h
 * @brief The journal: each order is written here, in the transaction that decided it, before it
 * goes out.
 */
#pragma once

#include "storage/store.h"
#include "strategies/model/decision.h"
#include "strategies/model/run.h"

/** An order that is about to go out. All borrowed. */
struct zdd_intent {
    const char *run_id;
    int64_t revision; /* of the deployment, with this order decided */
    const char *rule; /* that decided it */
    const struct zdd_order *order;
    int64_t now_ms;
};

/** Note @p intent. @param[out] ret_seq names it for zdd_intent_close() */
ZDD_MUST_CHECK enum zdd_err zdd_intent_open(struct zdd_tx *tx, const struct zdd_intent *intent,
                                            int64_t *ret_seq);
/** Note what became of it; @p detail is Marathon's words or "". Once: ZDD_ERR_REVISION_STALE when
 * it was noted before, or there is no such order. */
ZDD_MUST_CHECK enum zdd_err zdd_intent_close(struct zdd_tx *tx, int64_t seq,
                                             enum zdd_outcome outcome, const char *detail,
                                             int64_t now_ms);

struct zdd_intent_row {
    int64_t seq, revision, opened_at_ms, closed_at_ms; /* closed 0: fate unknown */
    char rule[64];
    struct zdd_order order;
    enum zdd_outcome outcome;
};
/** In the order they were given. */
ZDD_MUST_CHECK enum zdd_err
zdd_intent_list(struct zdd_store *store, const char *run_id,
                bool (*visit)(void *cls, const struct zdd_intent_row *row, const char *detail),
                void *cls);
