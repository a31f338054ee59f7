/**
 * @file strategies/model/names.h
 * @brief The words of the service: phases, holds, commands, causes, states. Each has one public
 * text.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/** What a deployment is doing. The engine alone moves it. */
enum zdd_phase {
    ZDD_PHASE_PENDING,   /* nothing ordered yet */
    ZDD_PHASE_STOPPING,  /* recreate: the old instances are being stopped */
    ZDD_PHASE_APPLYING,  /* the target is ordered, not yet seen in Marathon */
    ZDD_PHASE_ROLLING,   /* the target is in place, Marathon carries it out */
    ZDD_PHASE_ADOPTING,  /* a pair: the old app gets its labels */
    ZDD_PHASE_SHIFTING,  /* a pair: weights are on their way to the balancers */
    ZDD_PHASE_JOINING,   /* a pair: the new instances come UP on every balancer */
    ZDD_PHASE_VERIFYING, /* a pair: the new version is checked before it gets requests */
    ZDD_PHASE_GATED,     /* a pair: somebody has to decide */
    ZDD_PHASE_WEIGHING,  /* a pair: the share of the new version is on its way to the balancers */
    ZDD_PHASE_PAUSING,   /* a pair: time has to pass */
    ZDD_PHASE_LEAVING,   /* a pair: requests under way at the old instances that go next end */
    ZDD_PHASE_SHEDDING,  /* a pair: those instances are being removed */
    ZDD_PHASE_KEEPING,   /* a pair: the old version stays hot for an instant way back */
    ZDD_PHASE_DRAINING,  /* a pair: requests under way at the old version end */
    ZDD_PHASE_RETIRING,  /* a pair: the old app is being removed */
    ZDD_PHASE_SETTLING,  /* a pair: weights go back to what a server has by itself */
    ZDD_PHASE_REGROWING, /* going back: the old version gets all its instances again */
    ZDD_PHASE_RETURNING, /* going back: the old version gets all requests again */
    ZDD_PHASE_CLEARING,  /* going back: new instances that never served are removed first */
    ZDD_PHASE_REVERTING, /* going back: the previous definition is ordered, not yet seen */
    ZDD_PHASE_UNDOING,   /* going back: Marathon carries it out */
    ZDD_PHASE_SUCCEEDED, /* from here on the phase is final */
    ZDD_PHASE_ROLLED_BACK,
    ZDD_PHASE_FAILED,
    ZDD_PHASE_CANCELED,
    ZDD_PHASE_COUNT
};

/** Why no order goes out although the deployment has not ended. */
enum zdd_hold {
    ZDD_HOLD_NONE,
    ZDD_HOLD_OPERATOR, /* pause */
    ZDD_HOLD_FAILURE,  /* a step failed and onFailure is hold */
    ZDD_HOLD_FOREIGN,  /* somebody else changed the app */
    ZDD_HOLD_GATE,     /* the plan asks for somebody's word; promote gives it */
    ZDD_HOLD_COUNT
};

/** What an operator last asked for; the engine takes it and sets NONE again. */
enum zdd_command {
    ZDD_COMMAND_NONE,
    ZDD_COMMAND_PAUSE,
    ZDD_COMMAND_RESUME,
    ZDD_COMMAND_PROMOTE,
    ZDD_COMMAND_ABORT,
    ZDD_COMMAND_ROLLBACK,
    ZDD_COMMAND_RETRY,
    ZDD_COMMAND_WEIGHT,
    ZDD_COMMAND_COUNT
};

/** Why a deployment went back, stopped or failed. */
enum zdd_cause {
    ZDD_CAUSE_NONE,
    ZDD_CAUSE_STEP_DEADLINE,  /* a step took longer than the plan allows */
    ZDD_CAUSE_DEADLINE,       /* the whole took longer than deadlineSeconds */
    ZDD_CAUSE_REFUSED,        /* Marathon refused an order for good */
    ZDD_CAUSE_FOREIGN_CHANGE, /* the app's definition is neither the old nor the new one */
    ZDD_CAUSE_FOREIGN_CANCEL, /* Marathon's deployment ended without finishing its work */
    ZDD_CAUSE_ABORTED,        /* command abort */
    ZDD_CAUSE_OPERATOR,       /* command rollback */
    ZDD_CAUSE_SUPERSEDED,     /* a newer deployment took its place */
    ZDD_CAUSE_DRAIN_DEADLINE, /* requests at the old version did not end in time */
    ZDD_CAUSE_VERIFY_FAILED,  /* the new version did not pass its checks */
    ZDD_CAUSE_UNDO_DEADLINE,  /* going back did not end in time either */
    ZDD_CAUSE_FLOOR,          /* a pair: fewer instances served than the plan promises */
    ZDD_CAUSE_REJECTED,       /* a gate was rejected, or expired and says so */
    ZDD_CAUSE_UNWELL,         /* a pair: a new instance failed while it had a share */
    ZDD_CAUSE_COUNT
};

/** What callers see (api.md §4). Derived from phase, hold and `active`; never stored as a fact of
 * its own. */
enum zdd_state {
    ZDD_STATE_QUEUED,
    ZDD_STATE_RUNNING,
    ZDD_STATE_PAUSED,
    ZDD_STATE_WAITING,
    ZDD_STATE_ROLLING_BACK,
    ZDD_STATE_SUCCEEDED, /* from here on final */
    ZDD_STATE_ROLLED_BACK,
    ZDD_STATE_FAILED,
    ZDD_STATE_CANCELED,
    ZDD_STATE_COUNT
};

/** What a plan does to the app. */
enum zdd_action {
    ZDD_ACTION_NONE,
    ZDD_ACTION_CREATE,
    ZDD_ACTION_UPGRADE,
    ZDD_ACTION_SCALE,
    ZDD_ACTION_RESTART,
    ZDD_ACTION_COUNT
};

bool zdd_phase_is_final(enum zdd_phase phase);
/** @return true while the deployment goes back */
bool zdd_phase_is_undo(enum zdd_phase phase);
bool zdd_state_is_final(enum zdd_state state);

/* Public texts; static storage, never NULL. */
const char *zdd_phase_name(enum zdd_phase phase);
const char *zdd_hold_name(enum zdd_hold hold);
const char *zdd_command_name(enum zdd_command command);
const char *zdd_cause_name(enum zdd_cause cause); /* a slug: "step-deadline" */
const char *zdd_cause_text(enum zdd_cause cause); /* a sentence */
const char *zdd_state_name(enum zdd_state state);
const char *zdd_action_name(enum zdd_action action);

/* The reverse. @return false, and the result untouched, when there is no such word (NULL is none)
 */
bool zdd_phase_parse(const char *name, enum zdd_phase *ret_phase);
bool zdd_hold_parse(const char *name, enum zdd_hold *ret_hold);
bool zdd_command_parse(const char *name, enum zdd_command *ret_command);
bool zdd_cause_parse(const char *name, enum zdd_cause *ret_cause);
bool zdd_state_parse(const char *name, enum zdd_state *ret_state);
bool zdd_action_parse(const char *name, enum zdd_action *ret_action);

/** THE table of state × command (api.md §4). @return true when @p command is accepted in @p state;
 * promote, weight and the way back also depend on the phase: zdd_run_allows() */
bool zdd_command_allowed(enum zdd_state state, enum zdd_command command);
