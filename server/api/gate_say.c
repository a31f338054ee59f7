/**
 * @file server/api/gate_say.c
 * @brief One word at a gate, in one transaction: the writer takes them one after the other, so
 * nobody's is lost and the gate is decided once.
 */
#include "server/api/gates.h"

#include "storage/runs.h"

#include <stdio.h>
#include <string.h>

bool zdd_gate_is_open(const struct zdd_run *run)
{
    return run->active && run->phase == ZDD_PHASE_GATED && run->hold == ZDD_HOLD_GATE;
}

struct counting {
    int32_t step;
    struct zdd_gate_tally tally;
};

static bool count_word(void *cls, const struct zdd_word *word)
{
    struct counting *c = cls;

    if (word->step != c->step)
        return true;
    c->tally.approvals += word->approves;
    c->tally.rejected = c->tally.rejected || !word->approves;
    return true;
}

/* Another command may be on its way: one that says the same is as good. */
static enum zdd_err tell_engine(struct zdd_tx *tx, enum zdd_command command, int32_t value,
                                int64_t now_ms, struct zdd_run *run)
{
    return run->command == command ? ZDD_ERR_NONE : zdd_run_tell(tx, command, value, now_ms, run);
}

enum zdd_err zdd_gate_say(struct zdd_tx *tx, struct zdd_call *call, const struct zdd_saying *saying,
                          struct zdd_run *run, struct zdd_gate_tally *ret_tally)
{
    const struct zdd_gate gate = zdd_plan_gate(saying->plan, run->step);
    const struct zdd_caller *caller = zdd_caller_of(call);
    struct zdd_word word = {
        .step = run->step, .approves = saying->approves, .time_ms = call->now_ms};
    struct counting counting = {.step = run->step};
    enum zdd_err err;

    if (!zdd_gate_allows(&gate, caller->token.name))
        return zdd_call_fail(call, ZDD_ERR_NOT_APPROVER, "gate %s is decided by %s", gate.name,
                             gate.approvers);
    snprintf(word.actor, sizeof(word.actor), "%s", caller->actor);
    snprintf(word.reason, sizeof(word.reason), "%s", saying->reason);
    err = zdd_decision_add(tx, run->id, &word);
    if (err == ZDD_ERR_NONE)
        err = zdd_decision_list_tx(tx, run->id, count_word, &counting);
    if (err == ZDD_ERR_NONE && counting.tally.rejected)
        err = tell_engine(tx, ZDD_COMMAND_ROLLBACK, 1, call->now_ms, run);
    else if (err == ZDD_ERR_NONE && counting.tally.approvals >= gate.quorum)
        err = tell_engine(tx, ZDD_COMMAND_PROMOTE, saying->full, call->now_ms, run);
    *ret_tally = counting.tally;
    return err;
}

void zdd_gate_audit(const struct zdd_plan *plan, const struct zdd_run *run, bool approves,
                    const struct zdd_gate_tally *tally, char *ret_text, size_t size)
{
    const struct zdd_gate gate = zdd_plan_gate(plan, run->step);

    snprintf(ret_text, size,
             "{\"gate\":\"%s\",\"decision\":\"%s\",\"planDigest\":\"%s\",\"approvals\":%d,"
             "\"quorum\":%d}",
             gate.name, approves ? "approve" : "reject", plan->digest, (int)tally->approvals,
             (int)gate.quorum);
}
