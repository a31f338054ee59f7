/**
 * @file strategies/model/names.c
 * @brief The texts of names.h, one table each, and the table of state × command.
 */
#include "strategies/model/names.h"

#include "strategies/model/decision.h"
#include "strategies/model/limits.h"
#include "strategies/model/plan.h"
#include "strategies/model/run.h"

#include <string.h>

static const char *const phases[] = {
    [ZDD_PHASE_PENDING] = "pending",     [ZDD_PHASE_STOPPING] = "stopping",
    [ZDD_PHASE_APPLYING] = "applying",   [ZDD_PHASE_ROLLING] = "rolling",
    [ZDD_PHASE_ADOPTING] = "adopting",   [ZDD_PHASE_SHIFTING] = "shifting",
    [ZDD_PHASE_JOINING] = "joining",     [ZDD_PHASE_GATED] = "gated",
    [ZDD_PHASE_VERIFYING] = "verifying", [ZDD_PHASE_WEIGHING] = "weighing",
    [ZDD_PHASE_PAUSING] = "pausing",     [ZDD_PHASE_LEAVING] = "leaving",
    [ZDD_PHASE_SHEDDING] = "shedding",   [ZDD_PHASE_KEEPING] = "keeping",
    [ZDD_PHASE_DRAINING] = "draining",   [ZDD_PHASE_RETIRING] = "retiring",
    [ZDD_PHASE_SETTLING] = "settling",   [ZDD_PHASE_REGROWING] = "regrowing",
    [ZDD_PHASE_RETURNING] = "returning", [ZDD_PHASE_CLEARING] = "clearing",
    [ZDD_PHASE_REVERTING] = "reverting", [ZDD_PHASE_UNDOING] = "undoing",
    [ZDD_PHASE_SUCCEEDED] = "succeeded", [ZDD_PHASE_ROLLED_BACK] = "rolled-back",
    [ZDD_PHASE_FAILED] = "failed",       [ZDD_PHASE_CANCELED] = "canceled",
};
_Static_assert(ZDD_COUNT(phases) == ZDD_PHASE_COUNT, "each phase needs a name");

static const char *const holds[] = {
    [ZDD_HOLD_NONE] = "none",       [ZDD_HOLD_OPERATOR] = "operator",
    [ZDD_HOLD_FAILURE] = "failure", [ZDD_HOLD_FOREIGN] = "foreign-change",
    [ZDD_HOLD_GATE] = "gate",
};
_Static_assert(ZDD_COUNT(holds) == ZDD_HOLD_COUNT, "each hold needs a name");

static const char *const commands[] = {
    [ZDD_COMMAND_NONE] = "none",     [ZDD_COMMAND_PAUSE] = "pause",
    [ZDD_COMMAND_RESUME] = "resume", [ZDD_COMMAND_PROMOTE] = "promote",
    [ZDD_COMMAND_ABORT] = "abort",   [ZDD_COMMAND_ROLLBACK] = "rollback",
    [ZDD_COMMAND_RETRY] = "retry",   [ZDD_COMMAND_WEIGHT] = "weight",
};
_Static_assert(ZDD_COUNT(commands) == ZDD_COMMAND_COUNT, "each command needs a name");

static const struct {
    const char *slug;
    const char *text;
} causes[] = {
    [ZDD_CAUSE_NONE] = {"none", "Nothing went wrong."},
    [ZDD_CAUSE_STEP_DEADLINE] = {"step-deadline", "A step took longer than its plan allows."},
    [ZDD_CAUSE_DEADLINE] = {"deadline", "The deployment took longer than its deadline allows."},
    [ZDD_CAUSE_REFUSED] = {"refused", "Marathon refused an order."},
    [ZDD_CAUSE_FOREIGN_CHANGE] = {"foreign-change",
                                  "Somebody else changed the app during the deployment."},
    [ZDD_CAUSE_FOREIGN_CANCEL] = {"foreign-cancel",
                                  "Marathon's deployment ended before its work was done."},
    [ZDD_CAUSE_ABORTED] = {"aborted", "An operator aborted the deployment."},
    [ZDD_CAUSE_OPERATOR] = {"operator", "An operator asked to go back."},
    [ZDD_CAUSE_SUPERSEDED] = {"superseded", "A newer deployment took its place."},
    [ZDD_CAUSE_DRAIN_DEADLINE] = {"drain-deadline",
                                  "Requests at the old version did not end in time."},
    [ZDD_CAUSE_VERIFY_FAILED] = {"verify-failed", "The new version did not pass its checks."},
    [ZDD_CAUSE_UNDO_DEADLINE] = {"undo-deadline", "Going back did not end in time."},
    [ZDD_CAUSE_FLOOR] = {"floor-broken", "Fewer instances took requests than the plan promises."},
    [ZDD_CAUSE_REJECTED] = {"gate-rejected", "The new version was rejected at a gate."},
    [ZDD_CAUSE_UNWELL] = {"canary-unwell",
                          "An instance of the new version failed while it got requests."},
};
_Static_assert(ZDD_COUNT(causes) == ZDD_CAUSE_COUNT, "each cause needs a name");

static const char *const states[] = {
    [ZDD_STATE_QUEUED] = "queued",
    [ZDD_STATE_RUNNING] = "running",
    [ZDD_STATE_PAUSED] = "paused",
    [ZDD_STATE_WAITING] = "waiting",
    [ZDD_STATE_ROLLING_BACK] = "rolling-back",
    [ZDD_STATE_SUCCEEDED] = "succeeded",
    [ZDD_STATE_ROLLED_BACK] = "rolled-back",
    [ZDD_STATE_FAILED] = "failed",
    [ZDD_STATE_CANCELED] = "canceled",
};
_Static_assert(ZDD_COUNT(states) == ZDD_STATE_COUNT, "each state needs a name");

static const char *const actions[] = {
    [ZDD_ACTION_NONE] = "none",       [ZDD_ACTION_CREATE] = "create",
    [ZDD_ACTION_UPGRADE] = "upgrade", [ZDD_ACTION_SCALE] = "scale",
    [ZDD_ACTION_RESTART] = "restart",
};
_Static_assert(ZDD_COUNT(actions) == ZDD_ACTION_COUNT, "each action needs a name");

static const char *const replace_rules[] = {
    [ZDD_REPLACE_CLASSIC] = "classic",
    [ZDD_REPLACE_1_10] = "1.10",
};
_Static_assert(ZDD_COUNT(replace_rules) == ZDD_REPLACE_COUNT, "each rule needs a name");

static const char *const on_failures[] = {
    [ZDD_ON_FAILURE_ROLLBACK] = "rollback",
    [ZDD_ON_FAILURE_HOLD] = "hold",
};
_Static_assert(ZDD_COUNT(on_failures) == ZDD_ON_FAILURE_COUNT, "each choice needs a name");

static const char *const outcomes[] = {
    [ZDD_OUTCOME_NONE] = "none",       [ZDD_OUTCOME_ACKED] = "acked",
    [ZDD_OUTCOME_REFUSED] = "refused", [ZDD_OUTCOME_LOCKED] = "locked",
    [ZDD_OUTCOME_FAILED] = "failed",
};
_Static_assert(ZDD_COUNT(outcomes) == ZDD_OUTCOME_COUNT, "each outcome needs a name");

static const char *const orders[] = {
    [ZDD_ORDER_PUT_TARGET] = "put-target",     [ZDD_ORDER_PUT_PREVIOUS] = "put-previous",
    [ZDD_ORDER_RESTART] = "restart",           [ZDD_ORDER_DELETE] = "delete",
    [ZDD_ORDER_SET_TRAFFIC] = "set-traffic",   [ZDD_ORDER_ADOPT_OLD] = "adopt-old",
    [ZDD_ORDER_DELETE_OLD] = "delete-old",     [ZDD_ORDER_MEASURE] = "measure",
    [ZDD_ORDER_KILL_LEAVING] = "kill-leaving", [ZDD_ORDER_RESTORE_OLD] = "restore-old",
};
_Static_assert(ZDD_COUNT(orders) == ZDD_ORDER_KIND_COUNT, "each order needs a name");

/* clang-format off */
static const bool allowed[ZDD_STATE_COUNT][ZDD_COMMAND_COUNT] = {
    /*                          none   pause  resume promote abort  rollback retry  weight */
    [ZDD_STATE_QUEUED]       = {false, false, false, false,  true,  false,   false, false},
    [ZDD_STATE_RUNNING]      = {false, true,  false, true,   true,  true,    false, true},
    [ZDD_STATE_PAUSED]       = {false, false, true,  false,  true,  true,    true,  false},
    [ZDD_STATE_WAITING]      = {false, false, false, true,   true,  true,    false, true},
    [ZDD_STATE_ROLLING_BACK] = {false, false, false, false,  false, false,   false, false},
};
/* clang-format on */

/* Index of @p name in @p words, or -1. */
static int find(const char *const words[], size_t count, const char *name)
{
    for (size_t i = 0; name && i < count; i++) {
        if (strcmp(words[i], name) == 0)
            return (int)i;
    }
    return -1;
}

bool zdd_phase_is_final(enum zdd_phase phase)
{
    return phase >= ZDD_PHASE_SUCCEEDED;
}

bool zdd_phase_is_undo(enum zdd_phase phase)
{
    return phase >= ZDD_PHASE_REGROWING && phase <= ZDD_PHASE_UNDOING;
}

bool zdd_state_is_final(enum zdd_state state)
{
    return state >= ZDD_STATE_SUCCEEDED;
}

const char *zdd_phase_name(enum zdd_phase phase)
{
    return phases[phase];
}

const char *zdd_hold_name(enum zdd_hold hold)
{
    return holds[hold];
}

const char *zdd_command_name(enum zdd_command command)
{
    return commands[command];
}

const char *zdd_cause_name(enum zdd_cause cause)
{
    return causes[cause].slug;
}

const char *zdd_cause_text(enum zdd_cause cause)
{
    return causes[cause].text;
}

const char *zdd_state_name(enum zdd_state state)
{
    return states[state];
}

const char *zdd_action_name(enum zdd_action action)
{
    return actions[action];
}

bool zdd_phase_parse(const char *name, enum zdd_phase *ret_phase)
{
    const int i = find(phases, ZDD_COUNT(phases), name);

    if (i >= 0)
        *ret_phase = (enum zdd_phase)i;
    return i >= 0;
}

bool zdd_hold_parse(const char *name, enum zdd_hold *ret_hold)
{
    const int i = find(holds, ZDD_COUNT(holds), name);

    if (i >= 0)
        *ret_hold = (enum zdd_hold)i;
    return i >= 0;
}

bool zdd_command_parse(const char *name, enum zdd_command *ret_command)
{
    const int i = find(commands, ZDD_COUNT(commands), name);

    if (i >= 0)
        *ret_command = (enum zdd_command)i;
    return i >= 0;
}

bool zdd_cause_parse(const char *name, enum zdd_cause *ret_cause)
{
    for (size_t i = 0; name && i < ZDD_COUNT(causes); i++) {
        if (strcmp(causes[i].slug, name) == 0) {
            *ret_cause = (enum zdd_cause)i;
            return true;
        }
    }
    return false;
}

bool zdd_state_parse(const char *name, enum zdd_state *ret_state)
{
    const int i = find(states, ZDD_COUNT(states), name);

    if (i >= 0)
        *ret_state = (enum zdd_state)i;
    return i >= 0;
}

bool zdd_action_parse(const char *name, enum zdd_action *ret_action)
{
    const int i = find(actions, ZDD_COUNT(actions), name);

    if (i >= 0)
        *ret_action = (enum zdd_action)i;
    return i >= 0;
}

bool zdd_command_allowed(enum zdd_state state, enum zdd_command command)
{
    return allowed[state][command];
}

bool zdd_run_is_at_gate(const struct zdd_run *run)
{
    return run->active && run->phase == ZDD_PHASE_GATED && run->hold == ZDD_HOLD_GATE;
}

bool zdd_run_is_condemned(const struct zdd_run *run)
{
    return run->hold == ZDD_HOLD_FAILURE && run->cause == ZDD_CAUSE_VERIFY_FAILED &&
           !zdd_phase_is_undo(run->phase);
}

int64_t zdd_run_round_begun_ms(const struct zdd_run *run)
{
    return run->measured_at_ms != 0 ? run->measured_at_ms : run->phase_since_ms;
}

/* Commands that need more than a state: what they would change exists in these phases only. */
static bool has_use(const struct zdd_run *run, enum zdd_command command)
{
    const enum zdd_phase phase = run->phase;
    const bool pauses = phase == ZDD_PHASE_PAUSING;

    /* At a gate somebody decides; one whose hold has ended otherwise stands open in a moment. */
    if (command == ZDD_COMMAND_PROMOTE)
        return pauses || zdd_run_is_at_gate(run);
    if (command == ZDD_COMMAND_WEIGHT)
        return pauses || phase == ZDD_PHASE_GATED || phase == ZDD_PHASE_WEIGHING;
    if (command == ZDD_COMMAND_ABORT && run->hold == ZDD_HOLD_FOREIGN)
        return true; /* it leaves the app to whoever has it */
    return phase != ZDD_PHASE_RETIRING ||
           (command != ZDD_COMMAND_ABORT && command != ZDD_COMMAND_ROLLBACK);
}

bool zdd_run_allows(const struct zdd_run *run, enum zdd_command command)
{
    return allowed[zdd_run_state(run)][command] && has_use(run, command);
}

enum zdd_command zdd_run_suggests(const struct zdd_run *run)
{
    /* Who finds a foreign change has to look first. What runs well needs nothing but a way back. */
    static const enum zdd_command likely[ZDD_HOLD_COUNT] = {
        [ZDD_HOLD_NONE] = ZDD_COMMAND_ROLLBACK,    [ZDD_HOLD_OPERATOR] = ZDD_COMMAND_RESUME,
        [ZDD_HOLD_FAILURE] = ZDD_COMMAND_ROLLBACK, [ZDD_HOLD_FOREIGN] = ZDD_COMMAND_NONE,
        [ZDD_HOLD_GATE] = ZDD_COMMAND_PROMOTE,
    };
    const enum zdd_command command = likely[run->hold];

    if (zdd_run_allows(run, command))
        return command;
    if (command == ZDD_COMMAND_ROLLBACK && zdd_run_allows(run, ZDD_COMMAND_ABORT))
        return ZDD_COMMAND_ABORT;
    return ZDD_COMMAND_NONE;
}

const char *zdd_replace_rule_name(enum zdd_replace_rule rule)
{
    return replace_rules[rule];
}

bool zdd_replace_rule_parse(const char *name, enum zdd_replace_rule *ret_rule)
{
    const int i = find(replace_rules, ZDD_COUNT(replace_rules), name);

    if (i >= 0)
        *ret_rule = (enum zdd_replace_rule)i;
    return i >= 0;
}

const char *zdd_on_failure_name(enum zdd_on_failure on_failure)
{
    return on_failures[on_failure];
}

bool zdd_on_failure_parse(const char *name, enum zdd_on_failure *ret_on_failure)
{
    const int i = find(on_failures, ZDD_COUNT(on_failures), name);

    if (i >= 0)
        *ret_on_failure = (enum zdd_on_failure)i;
    return i >= 0;
}

const char *zdd_outcome_name(enum zdd_outcome outcome)
{
    return outcomes[outcome];
}

bool zdd_outcome_parse(const char *name, enum zdd_outcome *ret_outcome)
{
    const int i = find(outcomes, ZDD_COUNT(outcomes), name);

    if (i >= 0)
        *ret_outcome = (enum zdd_outcome)i;
    return i >= 0;
}

const char *zdd_order_name(enum zdd_order_kind kind)
{
    return orders[kind];
}

enum zdd_state zdd_run_state(const struct zdd_run *run)
{
    static const enum zdd_state final[ZDD_PHASE_COUNT] = {
        [ZDD_PHASE_SUCCEEDED] = ZDD_STATE_SUCCEEDED,
        [ZDD_PHASE_ROLLED_BACK] = ZDD_STATE_ROLLED_BACK,
        [ZDD_PHASE_FAILED] = ZDD_STATE_FAILED,
        [ZDD_PHASE_CANCELED] = ZDD_STATE_CANCELED,
    };

    if (zdd_phase_is_final(run->phase))
        return final[run->phase];
    if (!run->active)
        return ZDD_STATE_QUEUED;
    if (run->hold == ZDD_HOLD_GATE)
        return ZDD_STATE_WAITING;
    if (run->hold != ZDD_HOLD_NONE)
        return ZDD_STATE_PAUSED;
    return zdd_phase_is_undo(run->phase) ? ZDD_STATE_ROLLING_BACK : ZDD_STATE_RUNNING;
}
