/**
 * @file server/api/gate_say.c
 * @brief One word at a gate: who may say it, and what the audit keeps of it.
 */
#include "server/api/gates.h"

#include "server/api/run_event.h"
#include "server/json/writer.h"

#include <stdio.h>
#include <string.h>

/* Whoever looks on sees that one of several approvals is there. */
static enum zdd_err tell_vote(struct zdd_tx *tx, const struct zdd_saying *saying,
                              const struct zdd_word *word, const struct zdd_run *run,
                              const struct zdd_gate_tally *tally)
{
    ZDD_AUTO_BUF struct zdd_buf more = {0};
    struct zdd_writer w = {.buf = &more, .comma = true};
    const struct zdd_gate gate = zdd_plan_gate(saying->plan, word->step);

    zdd_w_text(&w, "gate", gate.name);
    zdd_w_text(&w, "by", word->actor);
    zdd_w_text(&w, "decision", word->approves ? "approve" : "reject");
    zdd_w_text(&w, "reason", word->reason);
    zdd_w_int(&w, "approvals", tally->approvals);
    zdd_w_int(&w, "quorum", gate.quorum);
    if (more.err != ZDD_ERR_NONE)
        return more.err;
    return zdd_run_event(tx, saying->plan, run, "deployment.gate.voted", word->time_ms, more.data);
}

enum zdd_err zdd_gate_say(struct zdd_tx *tx, struct zdd_call *call, const struct zdd_saying *saying,
                          struct zdd_run *run, struct zdd_gate_tally *ret_tally)
{
    const struct zdd_gate gate = zdd_plan_gate(saying->plan, run->step);
    const struct zdd_caller *caller = zdd_caller_of(call);
    struct zdd_word word = {
        .step = run->step, .approves = saying->approves, .time_ms = call->now_ms};
    enum zdd_err err;

    if (!zdd_gate_allows(&gate, caller->token.name)) {
        char approvers[2 * ZDD_APPROVERS_SIZE];

        zdd_gate_spell(&gate, approvers, sizeof(approvers));
        return zdd_call_fail(call, ZDD_ERR_NOT_APPROVER, "gate %s is decided by %s", gate.name,
                             approvers);
    }
    snprintf(word.actor, sizeof(word.actor), "%s", caller->actor);
    snprintf(word.reason, sizeof(word.reason), "%s", saying->reason);
    err = zdd_decision_take(tx, &gate, &word, saying->full, run, ret_tally);
    return err == ZDD_ERR_NONE ? tell_vote(tx, saying, &word, run, ret_tally) : err;
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
