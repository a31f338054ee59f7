/**
 * @file strategies/forward.c
 * @brief The way forward that every strategy over one app shares: apply the target, watch Marathon
 * carry it out.
 */
#include "strategies/guards.h"
#include "strategies/timing.h"

#include <string.h>

/* Once the target was in place, anything else is somebody else's doing, another instance count too.
 */
static bool was_changed(const struct zdd_facts *f)
{
    return f->seen->reachable && !zdd_target_is_seen(f);
}

/* What it waits for while Marathon's deployment is not listed and its work is not done. */
static const char settling[] = "marathon-settles";

/* Marathon's deployment seems to be over, yet the work is not done. */
static bool seems_cancelled(const struct zdd_facts *f)
{
    return zdd_target_is_seen(f) && !f->seen->locked && f->seen->outdated.total > 0;
}

/* Since when it seems so; its lists lag, and of the moment in which they do not fit together
 * nothing may follow. */
static int64_t settling_since_ms(const struct zdd_facts *f)
{
    return strcmp(f->run->waiting_code, settling) == 0 ? f->run->waiting_since_ms : f->seen->now_ms;
}

/* It has stayed away: somebody cancelled or replaced it. */
static bool was_cancelled(const struct zdd_facts *f)
{
    return seems_cancelled(f) && f->seen->now_ms >= settling_since_ms(f) + ZDD_SETTLE_MS;
}

static bool was_cancelled_and_goes_back(const struct zdd_facts *f)
{
    return was_cancelled(f) && f->plan->on_failure == ZDD_ON_FAILURE_ROLLBACK && zdd_can_undo(f);
}

/*
 * Healthy instances that the end needs. A scale leaves those alone that ran before,
 * ill ones too, and Marathon does not look at them either (marathon.md §4.8).
 */
static int32_t healthy_needed(const struct zdd_facts *f)
{
    const int32_t wanted = zdd_wanted(f);
    const int32_t ill = f->plan->seen.running - f->plan->seen.healthy;

    return f->plan->action == ZDD_ACTION_SCALE ? wanted - ill : wanted; /* below 0: none */
}

bool zdd_is_done(const struct zdd_facts *f)
{
    const struct zdd_side *now = &f->seen->current;

    return zdd_target_is_seen(f) && !f->seen->locked && f->seen->outdated.total == 0 &&
           now->total == zdd_wanted(f) && now->healthy >= healthy_needed(f);
}

static bool refused_for_good(const struct zdd_facts *f)
{
    return zdd_was_refused(f) && f->seen->definition != ZDD_DEFINITION_TARGET;
}

/* Something else has been done before the order that was refused (recreate stopped the old ones).
 */
static bool refused_half_way(const struct zdd_facts *f)
{
    return refused_for_good(f) && f->seen->definition == ZDD_DEFINITION_PREVIOUS &&
           f->seen->instances != f->plan->old.instances;
}

static bool may_send(const struct zdd_facts *f)
{
    return zdd_should_send(f) && !f->seen->locked;
}

static void note_cancel(const struct zdd_facts *f, struct zdd_decision *d)
{
    (void)f;
    d->cause = ZDD_CAUSE_FOREIGN_CANCEL;
}

static void wait_to_settle(const struct zdd_facts *f, struct zdd_decision *d)
{
    d->wake_at_ms = settling_since_ms(f) + ZDD_SETTLE_MS;
}

static void hold_cancel(const struct zdd_facts *f, struct zdd_decision *d)
{
    note_cancel(f, d);
    d->hold = ZDD_HOLD_FAILURE;
}

/* clang-format off */
const struct zdd_rule zdd_forward_rules[] = {
    /* id                       in phase            when                         go to                and order          waits for */
    {"forward/applied",         ZDD_PHASE_APPLYING, zdd_target_is_seen,          ZDD_PHASE_ROLLING,   NULL,              "tasks"},
    {"forward/refused-midway",  ZDD_PHASE_APPLYING, refused_half_way,            ZDD_PHASE_CLEARING,  zdd_note_refusal,  "marathon"},
    {"forward/refused",         ZDD_PHASE_APPLYING, refused_for_good,            ZDD_PHASE_FAILED,    zdd_note_refusal,  NULL},
    {"forward/late-go-back",    ZDD_PHASE_APPLYING, zdd_is_late_and_goes_back,   ZDD_PHASE_CLEARING,  zdd_note_lateness, "marathon"},
    {"forward/late-hold",       ZDD_PHASE_APPLYING, zdd_is_late_and_stays,       ZDD_SAME_PHASE,      zdd_hold_failure,  "operator"},
    {"forward/late",            ZDD_PHASE_APPLYING, zdd_is_late,                 ZDD_PHASE_FAILED,    zdd_note_lateness, NULL},
    {"forward/no-answer",       ZDD_PHASE_APPLYING, zdd_is_unreachable,          ZDD_SAME_PHASE,      NULL,              "marathon"},
    {"forward/foreign",         ZDD_PHASE_APPLYING, zdd_is_foreign,              ZDD_SAME_PHASE,      zdd_hold_foreign,  "operator"},
    {"forward/locked",          ZDD_PHASE_APPLYING, zdd_is_locked,               ZDD_SAME_PHASE,      NULL,              "marathon-lock"},
    {"forward/send",            ZDD_PHASE_APPLYING, may_send,                    ZDD_SAME_PHASE,      zdd_send_target,   "marathon"},
    {"forward/wait-applied",    ZDD_PHASE_APPLYING, zdd_always,                  ZDD_SAME_PHASE,      zdd_look_again,    "marathon"},

    {"forward/done",            ZDD_PHASE_ROLLING,  zdd_is_done,                 ZDD_PHASE_SUCCEEDED, NULL,              NULL},
    {"forward/too-long-back",   ZDD_PHASE_ROLLING,  zdd_is_late_and_goes_back,   ZDD_PHASE_CLEARING,  zdd_note_lateness, "marathon"},
    {"forward/too-long-hold",   ZDD_PHASE_ROLLING,  zdd_is_late_and_stays,       ZDD_SAME_PHASE,      zdd_hold_failure,  "operator"},
    {"forward/too-long",        ZDD_PHASE_ROLLING,  zdd_is_late,                 ZDD_PHASE_FAILED,    zdd_note_lateness, NULL},
    {"forward/silence",         ZDD_PHASE_ROLLING,  zdd_is_unreachable,          ZDD_SAME_PHASE,      NULL,              "marathon"},
    {"forward/changed",         ZDD_PHASE_ROLLING,  was_changed,                 ZDD_SAME_PHASE,      zdd_hold_foreign,  "operator"},
    {"forward/cancelled-back",  ZDD_PHASE_ROLLING,  was_cancelled_and_goes_back, ZDD_PHASE_CLEARING,  note_cancel,       "marathon"},
    {"forward/cancelled",       ZDD_PHASE_ROLLING,  was_cancelled,               ZDD_SAME_PHASE,      hold_cancel,       "operator"},
    {"forward/settles",         ZDD_PHASE_ROLLING,  seems_cancelled,             ZDD_SAME_PHASE,      wait_to_settle,    settling},
    {"forward/wait-tasks",      ZDD_PHASE_ROLLING,  zdd_always,                  ZDD_SAME_PHASE,      NULL,              "tasks"},
};
/* clang-format on */
const size_t zdd_forward_rule_count = ZDD_COUNT(zdd_forward_rules);
