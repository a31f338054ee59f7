/**
 * @file strategies/recreate.c
 * @brief Recreate: all old instances stop, then all new ones start. For apps that cannot run twice.
 *
 *   PENDING -> STOPPING -> APPLYING -> ROLLING -> SUCCEEDED
 *
 * Two orders, and the second waits until the first is seen done. One update with
 * capacity 0/0 would not do: Marathon starts a new task as each old one ends, and by
 * the rule of 1.10 it may hang for ever (marathon.md §4.4, §4.6).
 */
#include "strategies/builtin.h"
#include "strategies/guards.h"

static const struct zdd_step steps[] = {
    {ZDD_PHASE_STOPPING, "stop-old",
     "Scale the old instances to zero and wait until the last one has ended."},
    {ZDD_PHASE_APPLYING, "update-app", "Give Marathon the new definition."},
    {ZDD_PHASE_ROLLING, "start-new", "Marathon starts the new instances."},
};

static bool is_new_app(const struct zdd_facts *f)
{
    return f->seen->definition == ZDD_DEFINITION_ABSENT;
}

static bool is_locked_at_all(const struct zdd_facts *f)
{
    return f->seen->locked;
}

/* A scale has one definition: down to zero, the stop itself makes the target. */
static bool is_previous(const struct zdd_facts *f)
{
    return f->seen->definition == ZDD_DEFINITION_PREVIOUS ||
           (f->seen->definition == ZDD_DEFINITION_TARGET && f->plan->action == ZDD_ACTION_SCALE);
}

static bool is_stopped(const struct zdd_facts *f)
{
    return f->seen->reachable && is_previous(f) && f->seen->instances == 0 && !f->seen->locked &&
           f->seen->current.total + f->seen->outdated.total == 0;
}

static bool is_stopped_for_good(const struct zdd_facts *f)
{
    return is_stopped(f) && !zdd_may_still_arrive(f);
}

static bool stop_is_not_seen(const struct zdd_facts *f)
{
    return f->seen->instances != 0 && !f->seen->locked && zdd_should_send(f);
}

/* Anything but the previous definition is somebody else's: our target has not been sent. */
static bool was_changed(const struct zdd_facts *f)
{
    return f->seen->reachable && !is_previous(f);
}

static void stop_old(const struct zdd_facts *f, struct zdd_decision *d)
{
    (void)f;
    zdd_emit(d, ZDD_ORDER_PUT_PREVIOUS, 0, false);
}

/* What is seen needs no order again, and no look of its own: events and the sweep tell when it is
 * over. */
static void look_until_seen(const struct zdd_facts *f, struct zdd_decision *d)
{
    if (f->seen->instances != 0)
        zdd_look_again(f, d);
}

/* clang-format off */
static const struct zdd_rule rules[] = {
    /* id                       in phase            when                       go to                and order          waits for */
    {"recreate/nothing-to-do",  ZDD_PHASE_PENDING,  zdd_is_noop,               ZDD_PHASE_SUCCEEDED, NULL,              NULL},
    {"recreate/late",           ZDD_PHASE_PENDING,  zdd_is_late,               ZDD_PHASE_FAILED,    zdd_note_lateness, NULL},
    {"recreate/no-answer",      ZDD_PHASE_PENDING,  zdd_is_unreachable,        ZDD_SAME_PHASE,      NULL,              "marathon"},
    {"recreate/foreign",        ZDD_PHASE_PENDING,  zdd_is_foreign,            ZDD_PHASE_FAILED,    zdd_note_foreign,  NULL},
    {"recreate/locked",         ZDD_PHASE_PENDING,  is_locked_at_all,          ZDD_SAME_PHASE,      NULL,              "marathon-lock"},
    {"recreate/create",         ZDD_PHASE_PENDING,  is_new_app,                ZDD_PHASE_APPLYING,  zdd_send_target,   "marathon"},
    {"recreate/already-there",  ZDD_PHASE_PENDING,  zdd_target_is_seen,        ZDD_PHASE_ROLLING,   NULL,              "tasks"},
    {"recreate/stop",           ZDD_PHASE_PENDING,  zdd_always,                ZDD_PHASE_STOPPING,  stop_old,          "tasks"},

    {"recreate/start",          ZDD_PHASE_STOPPING, is_stopped_for_good,       ZDD_PHASE_APPLYING,  zdd_send_target,   "marathon"},
    {"recreate/refused",        ZDD_PHASE_STOPPING, zdd_was_refused,           ZDD_PHASE_FAILED,    zdd_note_refusal,  NULL},
    {"recreate/late-go-back",   ZDD_PHASE_STOPPING, zdd_is_late_and_goes_back, ZDD_PHASE_CLEARING,  zdd_note_lateness, "marathon"},
    {"recreate/late-hold",      ZDD_PHASE_STOPPING, zdd_is_late_and_stays,     ZDD_SAME_PHASE,      zdd_hold_failure,  "operator"},
    {"recreate/silence",        ZDD_PHASE_STOPPING, zdd_is_unreachable,        ZDD_SAME_PHASE,      NULL,              "marathon"},
    {"recreate/changed",        ZDD_PHASE_STOPPING, was_changed,               ZDD_SAME_PHASE,      zdd_hold_foreign,  "operator"},
    {"recreate/wait-lock",      ZDD_PHASE_STOPPING, zdd_is_locked,             ZDD_SAME_PHASE,      NULL,              "marathon-lock"},
    {"recreate/stop-again",     ZDD_PHASE_STOPPING, stop_is_not_seen,          ZDD_SAME_PHASE,      stop_old,          "tasks"},
    /* A stop that was given twice, and one of them is still on its way: it would stop the new ones. */
    {"recreate/may-arrive",     ZDD_PHASE_STOPPING, is_stopped,                ZDD_SAME_PHASE,      zdd_wait_for_arrival, "marathon"},
    {"recreate/wait-stopped",   ZDD_PHASE_STOPPING, zdd_always,                ZDD_SAME_PHASE,      look_until_seen,   "tasks"},
};
/* clang-format on */

const struct zdd_strategy zdd_recreate = {
    .name = "recreate",
    .text = "Stop all old instances, then start all new ones; nothing serves in between.",
    .source = ZDD_TARGET_FROM_REQUEST,
    .steps = steps,
    .step_count = ZDD_COUNT(steps),
    .rules = rules,
    .rule_count = ZDD_COUNT(rules),
};
