/**
 * @file server/api/gates.h
 * @brief Deciding at a gate: by POST …/gates/{name}/decisions, or by the command promote.
 */
#pragma once

#include "server/api/inside.h"
#include "storage/decisions.h"
#include "strategies/model/plan.h"
#include "strategies/model/run.h"

/** What somebody says at the gate at which a deployment stands. */
struct zdd_saying {
    const struct zdd_plan *plan;
    bool approves;
    bool full; /* go on to the next gate, or to the promotion */
    const char *reason;
};

/**
 * Keep the caller's word, and tell the engine when that decides the gate. Saying the same twice is
 * saying it once; an approval may become a rejection while the gate is open.
 *
 * @param run  as loaded in this transaction, at an open gate
 * @return ZDD_ERR_NONE; NOT_APPROVER, and the call says who is one; COMMAND_REFUSED (another
 *         command waits to be taken); or a store error
 */
ZDD_MUST_CHECK enum zdd_err zdd_gate_say(struct zdd_tx *tx, struct zdd_call *call,
                                         const struct zdd_saying *saying, struct zdd_run *run,
                                         struct zdd_gate_tally *ret_tally);

/** Write what the audit keeps of a decision at @p run's gate. */
void zdd_gate_audit(const struct zdd_plan *plan, const struct zdd_run *run, bool approves,
                    const struct zdd_gate_tally *tally, char *ret_text, size_t size);
