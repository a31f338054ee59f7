/**
 * @file strategies/pair.c
 * @brief The way forward over a pair: each step of the program is a phase, and ends when it is seen
 * done.
 */
#include "strategies/pair.h"

#include "strategies/builtin.h"
#include "strategies/guards.h"
#include "strategies/pair_back.h"
#include "strategies/pair_floor.h"
#include "strategies/pair_foreign.h"
#include "strategies/pair_shed.h"
#include "strategies/pair_take.h"
#include "strategies/pair_unwell.h"
#include "strategies/pair_verify.h"
#include "strategies/pair_watch.h"
#include "strategies/pair_weigh.h"
#include "strategies/timing.h"
#include "strategies/weights.h"

#include <assert.h>

static const enum zdd_phase phase_of[] = {
    [ZDD_STEP_ADOPT] = ZDD_PHASE_ADOPTING,  [ZDD_STEP_SHIFT] = ZDD_PHASE_SHIFTING,
    [ZDD_STEP_START] = ZDD_PHASE_APPLYING,  [ZDD_STEP_JOIN] = ZDD_PHASE_JOINING,
    [ZDD_STEP_GATE] = ZDD_PHASE_GATED,      [ZDD_STEP_KEEP] = ZDD_PHASE_KEEPING,
    [ZDD_STEP_DRAIN] = ZDD_PHASE_DRAINING,  [ZDD_STEP_RETIRE] = ZDD_PHASE_RETIRING,
    [ZDD_STEP_SETTLE] = ZDD_PHASE_SETTLING, [ZDD_STEP_VERIFY] = ZDD_PHASE_VERIFYING,
    [ZDD_STEP_SPREAD] = ZDD_PHASE_SHIFTING, [ZDD_STEP_SHED] = ZDD_PHASE_LEAVING,
    [ZDD_STEP_WEIGHT] = ZDD_PHASE_WEIGHING, [ZDD_STEP_PAUSE] = ZDD_PHASE_PAUSING,
};
_Static_assert(ZDD_COUNT(phase_of) == ZDD_STEP_KIND_COUNT, "each kind of step needs a phase");

enum zdd_phase zdd_pair_phase_of(enum zdd_step_kind kind)
{
    return phase_of[kind];
}

bool zdd_pair_is(const struct zdd_facts *f)
{
    return f->plan->program.count > 0;
}

bool zdd_pair_is_past_return(const struct zdd_facts *f)
{
    return f->run->phase == ZDD_PHASE_RETIRING ||
           (f->run->phase == ZDD_PHASE_SETTLING && !zdd_pair_keeps_both(f->plan));
}

bool zdd_pair_has_old(const struct zdd_facts *f)
{
    return *f->plan->pair.old_id != '\0';
}

static const struct zdd_program_step *step_of(const struct zdd_facts *f)
{
    assert(f->run->step >= 0 && f->run->step < f->plan->program.count);
    return &f->plan->program.step[f->run->step];
}

void zdd_pair_enter(const struct zdd_facts *f, int32_t step, struct zdd_decision *d)
{
    const struct zdd_program *program = &f->plan->program;

    if (step == program->count) {
        d->phase = ZDD_PHASE_SUCCEEDED;
        d->waiting = NULL;
        return;
    }
    d->step = step;
    d->phase = phase_of[program->step[step].kind];
    /* Who hears of the step the moment it begins shall hear what this one waits for. */
    if (d->phase == ZDD_PHASE_PAUSING || d->phase == ZDD_PHASE_KEEPING)
        d->waiting = d->phase == ZDD_PHASE_PAUSING ? "pause" : "keep-old";
    if (d->phase == ZDD_PHASE_GATED) {
        d->hold = ZDD_HOLD_GATE;
        d->waiting = "promote";
    }
    if (d->phase == ZDD_PHASE_WEIGHING || d->phase == ZDD_PHASE_SHIFTING)
        d->steered = false; /* the program goes on with its own share */
}

void zdd_pair_pass(const struct zdd_facts *f, struct zdd_decision *d)
{
    zdd_pair_enter(f, f->run->step + 1, d);
}

static void begin(const struct zdd_facts *f, struct zdd_decision *d)
{
    zdd_pair_enter(f, 0, d);
}

bool zdd_pair_is_under_way(const struct zdd_facts *f)
{
    return (f->run->phase >= ZDD_PHASE_ADOPTING && f->run->phase <= ZDD_PHASE_DRAINING) ||
           (f->run->phase == ZDD_PHASE_SETTLING && !zdd_pair_is_past_return(f));
}

static bool is_late_and_goes_back(const struct zdd_facts *f)
{
    return zdd_pair_is_under_way(f) && zdd_is_late(f) &&
           f->plan->on_failure == ZDD_ON_FAILURE_ROLLBACK;
}

static bool is_late_and_stays(const struct zdd_facts *f)
{
    return zdd_pair_is_under_way(f) && zdd_is_late_and_stays(f);
}

static bool is_late_past_return(const struct zdd_facts *f)
{
    return zdd_pair_is_past_return(f) && zdd_is_late(f);
}

static bool is_silent(const struct zdd_facts *f)
{
    return (zdd_pair_is_under_way(f) || zdd_pair_is_past_return(f)) && zdd_is_unreachable(f);
}

/* An earlier order for fewer new instances has got no answer, and may arrive after the next one. */
static bool may_shrink_again(const struct zdd_facts *f)
{
    return zdd_pair_is(f) && f->seen->reachable && f->run->outcome == ZDD_OUTCOME_NONE &&
           zdd_program_started(&f->plan->program, f->run->step - 1) > 0 && zdd_may_still_arrive(f);
}

static bool is_locked_at_all(const struct zdd_facts *f)
{
    return f->seen->locked || f->seen->peer.locked;
}

static bool is_adopted(const struct zdd_facts *f)
{
    const struct zdd_peer *old = &f->seen->peer;

    return old->definition == ZDD_DEFINITION_TARGET && !old->locked && old->outdated.total == 0 &&
           old->current.total == f->plan->old.instances &&
           old->current.healthy >= f->plan->pair.old_serving;
}

static bool should_adopt(const struct zdd_facts *f)
{
    return f->seen->peer.definition == ZDD_DEFINITION_PREVIOUS && !f->seen->peer.locked &&
           zdd_should_send(f);
}

/* A server that just came takes a few requests by its own weight, until it is told another one. */
static bool has_joined(const struct zdd_facts *f)
{
    const struct zdd_side_balance *side = &f->seen->balance.side[ZDD_SIDE_NEW];

    /* Shares that nobody keeps are no cutover. */
    if (zdd_pair_has_old(f) && f->seen->balance.weights_ignored)
        return false;
    return f->seen->balance.known && side->up >= zdd_wanted(f) && side->told;
}

/* Those that serve alike are all of them: what comes next takes others away. */
static bool is_shifted(const struct zdd_facts *f)
{
    const bool spread = step_of(f)->kind == ZDD_STEP_SPREAD;

    return zdd_pair_is_shifted(f) && (!spread || has_joined(f));
}

static bool is_kept(const struct zdd_facts *f)
{
    return f->seen->now_ms >= f->run->phase_since_ms + step_of(f)->value;
}

static bool is_drained(const struct zdd_facts *f)
{
    return zdd_pair_is_shifted(f) && zdd_pair_is_drained(f, ZDD_SIDE_OLD);
}

static bool drains_too_long_and_dies(const struct zdd_facts *f)
{
    return zdd_pair_drain_time_is_over(f) && f->plan->pair.kill_undrained && zdd_pair_is_shifted(f);
}

static bool drains_too_long_and_stays(const struct zdd_facts *f)
{
    const struct zdd_traffic aim = zdd_pair_aim(f);

    /* What it did before it was told to drain may have been seen long ago. */
    return zdd_pair_is_ordered(f, &aim) && zdd_pair_drain_time_is_over(f) &&
           !f->plan->pair.kill_undrained;
}

static bool is_retired(const struct zdd_facts *f)
{
    const struct zdd_peer *old = &f->seen->peer;

    return old->definition == ZDD_DEFINITION_ABSENT && !old->locked &&
           old->current.total + old->outdated.total == 0;
}

static bool should_retire(const struct zdd_facts *f)
{
    return f->seen->peer.definition != ZDD_DEFINITION_ABSENT && !f->seen->peer.locked &&
           zdd_should_send(f);
}

/* The order to remove it got lost, and since then an instance has been replaced, or a balancer does
 * not answer: it takes requests at its own weight until it is told. */
static bool may_serve_again(const struct zdd_facts *f)
{
    const bool empty = zdd_pair_is_drained(f, ZDD_SIDE_OLD) ||
                       (f->plan->pair.kill_undrained && zdd_pair_drain_time_is_over(f));

    return should_retire(f) && !(zdd_pair_is_shifted(f) && empty);
}

static bool was_refused_back(const struct zdd_facts *f)
{
    return zdd_was_refused(f) && f->plan->on_failure == ZDD_ON_FAILURE_ROLLBACK && zdd_can_undo(f);
}

static void adopt(const struct zdd_facts *f, struct zdd_decision *d)
{
    zdd_emit(d, ZDD_ORDER_ADOPT_OLD, f->plan->old.instances, false);
}

static void keep(const struct zdd_facts *f, struct zdd_decision *d)
{
    d->wake_at_ms = f->run->phase_since_ms + step_of(f)->value;
}

static void retire(const struct zdd_facts *f, struct zdd_decision *d)
{
    (void)f;
    zdd_emit(d, ZDD_ORDER_DELETE_OLD, 0, false);
}

static void hold_refused(const struct zdd_facts *f, struct zdd_decision *d)
{
    zdd_note_refusal(f, d);
    d->hold = ZDD_HOLD_FAILURE;
}

static void hold_undrained(const struct zdd_facts *f, struct zdd_decision *d)
{
    (void)f;
    d->cause = ZDD_CAUSE_DRAIN_DEADLINE;
    d->hold = ZDD_HOLD_FAILURE;
}

/* clang-format off */
const struct zdd_rule zdd_pair_rules[ZDD_PAIR_RULES] = {
    /* id                     in phase            when                       go to                and order          waits for */
    {"pair/late",             ZDD_PHASE_PENDING,  zdd_is_late,               ZDD_PHASE_FAILED,    zdd_note_lateness, NULL},
    {"pair/no-answer",        ZDD_PHASE_PENDING,  zdd_is_unreachable,        ZDD_SAME_PHASE,      NULL,              "marathon"},
    {"pair/foreign",          ZDD_PHASE_PENDING,  zdd_pair_starts_foreign,   ZDD_PHASE_FAILED,    zdd_note_foreign,  NULL},
    {"pair/locked",           ZDD_PHASE_PENDING,  is_locked_at_all,          ZDD_SAME_PHASE,      NULL,              "marathon-lock"},
    {"pair/begin",            ZDD_PHASE_PENDING,  zdd_always,                ZDD_SAME_PHASE,      begin,             "balancer"},

    /* Fewer instances serve than the plan promises: this needs the balancers only. */
    {"pair/floor-back",       ZDD_ANY_PHASE,      zdd_pair_floor_goes_back,  ZDD_PHASE_RETURNING, zdd_pair_floor_back, "balancer"},
    {"pair/floor-hold",       ZDD_ANY_PHASE,      zdd_pair_floor_stays,      ZDD_SAME_PHASE,      zdd_pair_floor_hold, "operator"},
    /* The new version has a share, and loses an instance: at a gate too. */
    {"pair/unwell-back",      ZDD_ANY_PHASE,      zdd_pair_unwell_goes_back, ZDD_PHASE_CLEARING,  zdd_pair_unwell_back, "balancer"},
    {"pair/unwell-hold",      ZDD_ANY_PHASE,      zdd_pair_unwell_stays,     ZDD_SAME_PHASE,      zdd_pair_unwell_hold, "operator"},
    {"pair/watch-back",       ZDD_ANY_PHASE,      zdd_pair_watch_goes_back,  ZDD_PHASE_CLEARING,  zdd_pair_note_unverified, "balancer"},
    {"pair/watch-hold",       ZDD_ANY_PHASE,      zdd_pair_watch_stays,      ZDD_SAME_PHASE,      zdd_pair_hold_unverified, "operator"},
    {"pair/watch",            ZDD_ANY_PHASE,      zdd_pair_watch_is_due,     ZDD_SAME_PHASE,      zdd_pair_watch,    NULL},
    {"pair/weight",           ZDD_ANY_PHASE,      zdd_pair_is_told_a_share,  ZDD_SAME_PHASE,      zdd_pair_take_share, "balancer"},

    /* At a gate time stands still. Resume and retry are not the word that it waits for. */
    {"pair/promoted",         ZDD_PHASE_GATED,    zdd_pair_is_promoted,      ZDD_SAME_PHASE,      zdd_pair_promote,  "balancer"},
    {"pair/gate-passes",      ZDD_PHASE_GATED,    zdd_pair_gate_passes,      ZDD_SAME_PHASE,      zdd_pair_leave_gate, "balancer"},
    {"pair/gate-rejects",     ZDD_PHASE_GATED,    zdd_pair_gate_rejects,     ZDD_PHASE_CLEARING,  zdd_pair_reject,   "balancer"},
    {"pair/gate-changed",     ZDD_PHASE_GATED,    zdd_pair_is_foreign_at_gate, ZDD_SAME_PHASE,    zdd_hold_foreign,  "operator"},
    {"pair/steer-gate",       ZDD_PHASE_GATED,    zdd_pair_is_steering,      ZDD_SAME_PHASE,      zdd_pair_steer_gate, "balancer"},
    {"pair/gate-share",       ZDD_PHASE_GATED,    zdd_pair_is_tilted,        ZDD_SAME_PHASE,      zdd_pair_steer_gate, "promote"},
    {"pair/gate",             ZDD_PHASE_GATED,    zdd_always,                ZDD_SAME_PHASE,      zdd_pair_hold_gate, "promote"},

    /* What ends or holds a step, whichever it is. */
    {"pair/too-long-back",    ZDD_ANY_PHASE,      is_late_and_goes_back,     ZDD_PHASE_CLEARING,  zdd_note_lateness, "balancer"},
    {"pair/too-long-hold",    ZDD_ANY_PHASE,      is_late_and_stays,         ZDD_SAME_PHASE,      zdd_hold_failure,  "operator"},
    {"pair/too-long-to-end",  ZDD_ANY_PHASE,      is_late_past_return,       ZDD_PHASE_FAILED,    zdd_note_lateness, NULL},
    {"pair/silence",          ZDD_ANY_PHASE,      is_silent,                 ZDD_SAME_PHASE,      NULL,              "marathon"},
    {"pair/old-changed",      ZDD_ANY_PHASE,      zdd_pair_old_is_foreign,   ZDD_SAME_PHASE,      zdd_hold_foreign,  "operator"},
    {"pair/new-changed",      ZDD_ANY_PHASE,      zdd_pair_new_is_foreign,   ZDD_SAME_PHASE,      zdd_hold_foreign,  "operator"},

    /* Instances come and go, the share stays. */
    {"pair/keep-share",       ZDD_ANY_PHASE,      zdd_pair_should_keep_share, ZDD_SAME_PHASE,     zdd_pair_shift,    "balancer"},

    {"pair/adopted",          ZDD_PHASE_ADOPTING, is_adopted,                ZDD_SAME_PHASE,      zdd_pair_pass,     "balancer"},
    {"pair/adopt-refused",    ZDD_PHASE_ADOPTING, zdd_was_refused,           ZDD_PHASE_FAILED,    zdd_note_refusal,  NULL},
    {"pair/adopt",            ZDD_PHASE_ADOPTING, should_adopt,              ZDD_SAME_PHASE,      adopt,             "tasks"},
    {"pair/wait-adopted",     ZDD_PHASE_ADOPTING, zdd_always,                ZDD_SAME_PHASE,      zdd_look_again,    "tasks"},

    {"pair/shifted",          ZDD_PHASE_SHIFTING, is_shifted,                ZDD_SAME_PHASE,      zdd_pair_pass,     "marathon"},
    {"pair/shift",            ZDD_PHASE_SHIFTING, zdd_always,                ZDD_SAME_PHASE,      zdd_pair_shift,    "balancer"},

    /* The new app begins as any other; only where that ends is different. */
    {"pair/refused-back",     ZDD_PHASE_APPLYING, was_refused_back,          ZDD_PHASE_CLEARING,  zdd_note_refusal,  "balancer"},
    {"pair/start-arrival",    ZDD_PHASE_APPLYING, may_shrink_again,          ZDD_SAME_PHASE,      zdd_wait_for_arrival, "marathon"},
    {"pair/started",          ZDD_PHASE_ROLLING,  zdd_is_done,               ZDD_SAME_PHASE,      zdd_pair_pass,     "balancer"},

    {"pair/joined",           ZDD_PHASE_JOINING,  has_joined,                ZDD_SAME_PHASE,      zdd_pair_pass,     "balancer"},
    {"pair/wait-joined",      ZDD_PHASE_JOINING,  zdd_always,                ZDD_SAME_PHASE,      zdd_pair_poll,     "balancer"},

    {"pair/verify-back",      ZDD_PHASE_VERIFYING, zdd_pair_fails_and_returns, ZDD_PHASE_CLEARING, zdd_pair_note_unverified, "balancer"},
    {"pair/verify-hold",      ZDD_PHASE_VERIFYING, zdd_pair_fails_and_stays, ZDD_SAME_PHASE,      zdd_pair_hold_unverified, "operator"},
    {"pair/verified",         ZDD_PHASE_VERIFYING, zdd_pair_is_verified,     ZDD_SAME_PHASE,      zdd_pair_pass_verified, "balancer"},
    {"pair/verify-asks",      ZDD_PHASE_VERIFYING, zdd_pair_is_unsure,       ZDD_SAME_PHASE,      zdd_pair_pass,     "promote"},
    {"pair/verify-tasks",     ZDD_PHASE_VERIFYING, zdd_pair_lacks_instances, ZDD_SAME_PHASE,      zdd_look_again,    "tasks"},
    {"pair/measure",          ZDD_PHASE_VERIFYING, zdd_pair_should_measure,  ZDD_SAME_PHASE,      zdd_pair_measure,  "verify"},
    {"pair/wait-verify",      ZDD_PHASE_VERIFYING, zdd_always,               ZDD_SAME_PHASE,      zdd_pair_wait_for_round, "verify"},

    {"pair/weighed",          ZDD_PHASE_WEIGHING, zdd_pair_is_shifted,       ZDD_SAME_PHASE,      zdd_pair_pass_weighed, "balancer"},
    {"pair/weigh",            ZDD_PHASE_WEIGHING, zdd_always,                ZDD_SAME_PHASE,      zdd_pair_shift,    "balancer"},

    {"pair/promoted-on",      ZDD_PHASE_PAUSING,  zdd_pair_is_promoted,      ZDD_SAME_PHASE,      zdd_pair_promote,  "balancer"},
    {"pair/steer-pause",      ZDD_PHASE_PAUSING,  zdd_pair_is_steering,      ZDD_SAME_PHASE,      zdd_pair_shift,    "balancer"},
    {"pair/paused-enough",    ZDD_PHASE_PAUSING,  zdd_pair_has_paused,       ZDD_SAME_PHASE,      zdd_pair_pass,     "balancer"},
    {"pair/pause",            ZDD_PHASE_PAUSING,  zdd_always,                ZDD_SAME_PHASE,      zdd_pair_pause,    "pause"},

    {"pair/left",             ZDD_PHASE_LEAVING,  zdd_pair_has_left,         ZDD_PHASE_SHEDDING,  NULL,              "tasks"},
    {"pair/leave-cut",        ZDD_PHASE_LEAVING,  zdd_pair_leaves_too_long_and_dies, ZDD_PHASE_SHEDDING, NULL,       "tasks"},
    {"pair/leave-hold",       ZDD_PHASE_LEAVING,  drains_too_long_and_stays, ZDD_SAME_PHASE,      hold_undrained,    "operator"},
    {"pair/leave",            ZDD_PHASE_LEAVING,  zdd_always,                ZDD_SAME_PHASE,      zdd_pair_shift,    "drain"},

    {"pair/shed",             ZDD_PHASE_SHEDDING, zdd_pair_has_shed,         ZDD_SAME_PHASE,      zdd_pair_pass,     "marathon"},
    {"pair/kill-refused-back", ZDD_PHASE_SHEDDING, was_refused_back,         ZDD_PHASE_CLEARING,  zdd_note_refusal,  "balancer"},
    {"pair/kill-refused",     ZDD_PHASE_SHEDDING, zdd_was_refused,           ZDD_SAME_PHASE,      hold_refused,      "operator"},
    {"pair/leave-again",      ZDD_PHASE_SHEDDING, zdd_pair_may_reach_leaving, ZDD_SAME_PHASE,     zdd_pair_shift,    "drain"},
    {"pair/kill",             ZDD_PHASE_SHEDDING, zdd_pair_should_kill,      ZDD_SAME_PHASE,      zdd_pair_kill,     "tasks"},
    {"pair/wait-shed",        ZDD_PHASE_SHEDDING, zdd_always,                ZDD_SAME_PHASE,      zdd_pair_wait_shed, "tasks"},

    {"pair/kept",             ZDD_PHASE_KEEPING,  is_kept,                   ZDD_SAME_PHASE,      zdd_pair_pass,     "balancer"},
    {"pair/keep",             ZDD_PHASE_KEEPING,  zdd_always,                ZDD_SAME_PHASE,      keep,              "keep-old"},

    {"pair/drained",          ZDD_PHASE_DRAINING, is_drained,                ZDD_SAME_PHASE,      zdd_pair_pass,     "marathon"},
    {"pair/drain-cut",        ZDD_PHASE_DRAINING, drains_too_long_and_dies,  ZDD_SAME_PHASE,      zdd_pair_pass,     "marathon"},
    {"pair/drain-hold",       ZDD_PHASE_DRAINING, drains_too_long_and_stays, ZDD_SAME_PHASE,      hold_undrained,    "operator"},
    {"pair/drain",            ZDD_PHASE_DRAINING, zdd_always,                ZDD_SAME_PHASE,      zdd_pair_shift,    "drain"},

    {"pair/retired",          ZDD_PHASE_RETIRING, is_retired,                ZDD_SAME_PHASE,      zdd_pair_pass,     "balancer"},
    {"pair/retire-refused",   ZDD_PHASE_RETIRING, zdd_was_refused,           ZDD_PHASE_FAILED,    zdd_note_refusal,  NULL},
    {"pair/floor-old",        ZDD_PHASE_RETIRING, zdd_pair_floor_keeps,      ZDD_SAME_PHASE,      zdd_pair_floor_wait, "floor"},
    {"pair/drain-again",      ZDD_PHASE_RETIRING, may_serve_again,           ZDD_SAME_PHASE,      zdd_pair_shift,    "drain"},
    {"pair/retire",           ZDD_PHASE_RETIRING, should_retire,             ZDD_SAME_PHASE,      retire,            "tasks"},
    {"pair/wait-retired",     ZDD_PHASE_RETIRING, zdd_always,                ZDD_SAME_PHASE,      zdd_look_again,    "tasks"},

    {"pair/settled",          ZDD_PHASE_SETTLING, is_shifted,                ZDD_SAME_PHASE,      zdd_pair_pass,     NULL},
    {"pair/settle",           ZDD_PHASE_SETTLING, zdd_always,                ZDD_SAME_PHASE,      zdd_pair_shift,    "balancer"},

    /* Going back: what was given up of the old version comes again, */
    {"pair/regrow-first",     ZDD_PHASE_CLEARING,  zdd_pair_should_regrow,   ZDD_PHASE_REGROWING, NULL,              "tasks"},
    {"pair/regrow-late",      ZDD_PHASE_REGROWING, zdd_pair_returns_late,    ZDD_PHASE_FAILED,    zdd_pair_note_late, NULL},
    {"pair/regrow-silence",   ZDD_PHASE_REGROWING, zdd_is_unreachable,       ZDD_SAME_PHASE,      NULL,              "marathon"},
    {"pair/regrow-foreign",   ZDD_PHASE_REGROWING, zdd_pair_old_is_in_others_hands, ZDD_SAME_PHASE, zdd_hold_foreign, "operator"},
    {"pair/regrow-arrival",   ZDD_PHASE_REGROWING, zdd_may_still_arrive,     ZDD_SAME_PHASE,      zdd_wait_for_arrival, "marathon"},
    {"pair/regrow-ends",      ZDD_PHASE_REGROWING, zdd_pair_still_sheds,     ZDD_SAME_PHASE,      zdd_look_again,    "tasks"},
    {"pair/regrow",           ZDD_PHASE_REGROWING, zdd_pair_lets_some_leave, ZDD_SAME_PHASE,      zdd_pair_regrow,   "tasks"},
    {"pair/regrown",          ZDD_PHASE_REGROWING, zdd_pair_has_regrown,     ZDD_PHASE_CLEARING,  NULL,              "balancer"},
    {"pair/regrow-refused",   ZDD_PHASE_REGROWING, zdd_was_refused,          ZDD_PHASE_FAILED,    zdd_note_refusal,  NULL},
    {"pair/restore",          ZDD_PHASE_REGROWING, zdd_pair_should_restore,  ZDD_SAME_PHASE,      zdd_pair_restore,  "tasks"},
    {"pair/wait-restored",    ZDD_PHASE_REGROWING, zdd_pair_is_short,        ZDD_SAME_PHASE,      zdd_look_again,    "tasks"},
    {"pair/regrow-join",      ZDD_PHASE_REGROWING, zdd_always,               ZDD_SAME_PHASE,      zdd_pair_shift,    "balancer"},
    /* it gets all requests, and then the new app goes as undo.c says. */
    {"pair/return-first",     ZDD_PHASE_CLEARING,  zdd_pair_should_return,   ZDD_PHASE_RETURNING, NULL,              "balancer"},
    {"pair/return-blind",     ZDD_PHASE_CLEARING,  zdd_pair_returns_blind,   ZDD_PHASE_RETURNING, NULL,              "balancer"},
    {"pair/floor-new",        ZDD_PHASE_CLEARING,  zdd_pair_floor_keeps,     ZDD_SAME_PHASE,      zdd_pair_floor_wait, "floor"},
    {"pair/both-left-aborted", ZDD_PHASE_CLEARING, zdd_pair_leaves_both_for_good, ZDD_PHASE_CANCELED, NULL,            NULL},
    {"pair/both-left",        ZDD_PHASE_CLEARING,  zdd_pair_leaves_both,     ZDD_PHASE_ROLLED_BACK, NULL,            NULL},
    {"pair/return-late",      ZDD_PHASE_RETURNING, zdd_pair_returns_late,    ZDD_PHASE_FAILED,    zdd_pair_note_late, NULL},
    {"pair/shift-blind",      ZDD_PHASE_RETURNING, zdd_pair_returns_blind,   ZDD_SAME_PHASE,      zdd_pair_shift_blind, "balancer"},
    {"pair/return-silence",   ZDD_PHASE_RETURNING, zdd_is_unreachable,       ZDD_SAME_PHASE,      NULL,              "marathon"},
    {"pair/returned",         ZDD_PHASE_RETURNING, zdd_pair_has_returned,    ZDD_PHASE_CLEARING,  NULL,              "marathon"},
    {"pair/even-out",         ZDD_PHASE_RETURNING, zdd_pair_takes_over,      ZDD_SAME_PHASE,      zdd_pair_settle_old, "balancer"},
    {"pair/return-drain",     ZDD_PHASE_RETURNING, zdd_pair_is_shifted,      ZDD_SAME_PHASE,      zdd_pair_shift,    "drain"},
    {"pair/return",           ZDD_PHASE_RETURNING, zdd_always,               ZDD_SAME_PHASE,      zdd_pair_shift,    "balancer"},
    {"pair/settle-old",       ZDD_PHASE_UNDOING,   zdd_pair_old_is_uneven,   ZDD_SAME_PHASE,      zdd_pair_settle_old, "balancer"},
};
/* clang-format on */
