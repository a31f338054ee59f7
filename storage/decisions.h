/**
 * @file storage/decisions.h
 * @brief What was said at the gates of a deployment: one word of each actor at each gate.
 */
#pragma once

#include "storage/store.h"
#include "strategies/model/gates.h"
#include "strategies/model/limits.h"
#include "strategies/model/run.h"

/** One word. */
struct zdd_word {
    int32_t step; /* of the gate, in the plan's program */
    char actor[ZDD_ACTOR_SIZE];
    bool approves; /* false: rejects */
    char reason[ZDD_REASON_SIZE];
    int64_t time_ms;
};

/** Keep @p word. The same decision said again changes nothing; another one takes its place. */
ZDD_MUST_CHECK enum zdd_err zdd_decision_add(struct zdd_tx *tx, const char *run_id,
                                             const struct zdd_word *word);

/** @p visit all words of a deployment, by gate and actor; it returns false to stop. */
ZDD_MUST_CHECK enum zdd_err zdd_decision_list(struct zdd_store *store, const char *run_id,
                                              bool (*visit)(void *cls, const struct zdd_word *word),
                                              void *cls);
/** The same inside a transaction. */
ZDD_MUST_CHECK enum zdd_err
zdd_decision_list_tx(struct zdd_tx *tx, const char *run_id,
                     bool (*visit)(void *cls, const struct zdd_word *word), void *cls);

/** How a gate stands. */
struct zdd_gate_tally {
    int32_t approvals; /* by different actors */
    bool rejected;
};

/**
 * Keep @p word, and leave the command that decides @p gate when it does: promote as soon as there
 * are approvals enough, rollback with the first rejection. Saying the same twice is saying it once;
 * an approval may become a rejection while the gate is open, a rejection stays one.
 *
 * @param full  an approval goes on to the next gate, or to the promotion
 * @param run   as loaded in this transaction, at that gate, which is open
 * @return ZDD_ERR_NONE; ZDD_ERR_COMMAND_REFUSED (another command waits to be taken); or a store
 *         error
 */
ZDD_MUST_CHECK enum zdd_err zdd_decision_take(struct zdd_tx *tx, const struct zdd_gate *gate,
                                              const struct zdd_word *word, bool full,
                                              struct zdd_run *run,
                                              struct zdd_gate_tally *ret_tally);
