/**
 * @file strategies/undo.c
 * @brief The way back that every strategy over one app shares.
 *
 *   CLEARING -> REVERTING -> UNDOING -> ROLLED_BACK, or CANCELED after an abort
 *
 * First what would cost healthy instances is scaled away (clearing.h); when that has
 * been seen, the previous definition is put back, and Marathon carries it out. Where nothing can
 * be scaled away it is put back with instances on top, which go when all are healthy.
 */
#include "strategies/clearing.h"
#include "strategies/guards.h"
#include "strategies/timing.h"

static bool undo_is_late(const struct zdd_facts *f)
{
    return f->seen->now_ms >= f->run->step_deadline_at_ms;
}

/* An operator who says "rollback" over somebody else's change means it. */
static bool is_in_others_hands(const struct zdd_facts *f)
{
    return zdd_is_foreign(f) && f->run->cause != ZDD_CAUSE_OPERATOR;
}

static bool was_created(const struct zdd_facts *f)
{
    return !f->plan->seen.exists;
}

/* The count that was asked for is in place; what it takes away is on its way. */
static bool is_asked_for(const struct zdd_facts *f)
{
    return f->run->outcome == ZDD_OUTCOME_ACKED && f->seen->instances == zdd_clearing_keep(f);
}

/* What the count takes away has ended, and still it is not safe: sick instances that cannot be told
 * from healthy ones may stay for ever, so waiting for them has an end. */
static bool was_in_vain(const struct zdd_facts *f)
{
    return is_asked_for(f) &&
           f->seen->current.total + f->seen->outdated.total <= f->seen->instances &&
           f->seen->now_ms >= f->run->ordered_at_ms + ZDD_CLEAR_LIMIT_MS;
}

static bool should_clear(const struct zdd_facts *f)
{
    return zdd_clearing_keep(f) != ZDD_CLEARING_NONE && !was_in_vain(f);
}

/* Putting back without having cleared could cost what still serves: better to stop as it is. */
static bool clear_was_refused(const struct zdd_facts *f)
{
    return should_clear(f) && zdd_was_refused(f);
}

static bool is_clearing(const struct zdd_facts *f)
{
    return should_clear(f) && is_asked_for(f);
}

/* With as many instances as before, or with those on top that saved the serving ones. */
static bool previous_is_seen(const struct zdd_facts *f)
{
    if (!f->seen->reachable)
        return false;
    if (was_created(f))
        return f->seen->definition == ZDD_DEFINITION_ABSENT;
    if (f->seen->definition != ZDD_DEFINITION_PREVIOUS)
        return false;
    return f->seen->instances == f->plan->old.instances ||
           (f->seen->put_back_by_us && f->seen->instances > f->plan->old.instances &&
            f->seen->instances <= zdd_clearing_restored_max(f->plan));
}

/* All that were put back serve: those on top may go. */
static bool has_surplus(const struct zdd_facts *f)
{
    return previous_is_seen(f) && f->seen->instances > f->plan->old.instances && !f->seen->locked &&
           f->seen->outdated.total == 0 && f->seen->current.healthy >= f->seen->instances &&
           zdd_should_send(f);
}

static bool is_undone(const struct zdd_facts *f)
{
    const int32_t ill = f->plan->seen.running - f->plan->seen.healthy;
    const int32_t wanted = f->plan->old.instances;

    if (!previous_is_seen(f) || f->seen->locked)
        return false;
    return was_created(f) ||
           (f->seen->instances == wanted && f->seen->outdated.total == 0 &&
            f->seen->current.total == wanted && f->seen->current.healthy >= wanted - ill);
}

static bool is_undone_for_good(const struct zdd_facts *f)
{
    return is_undone(f) &&
           (f->run->cause == ZDD_CAUSE_ABORTED || f->run->cause == ZDD_CAUSE_SUPERSEDED);
}

static bool was_changed(const struct zdd_facts *f)
{
    return f->seen->reachable && !previous_is_seen(f);
}

static void clear(const struct zdd_facts *f, struct zdd_decision *d)
{
    const int32_t keep = zdd_clearing_keep(f);

    /*
     * Marathon answers a count that it has already with nothing at all, the running
     * replace goes on. One instance more, and the next look asks for the right count.
     */
    zdd_emit(d, ZDD_ORDER_PUT_TARGET, f->seen->instances == keep ? keep + 1 : keep,
             f->seen->locked);
}

static void put_back(const struct zdd_facts *f, struct zdd_decision *d)
{
    if (was_created(f))
        zdd_emit(d, ZDD_ORDER_DELETE, 0, f->seen->locked);
    else
        zdd_emit(d, ZDD_ORDER_PUT_PREVIOUS, zdd_clearing_restored(f), f->seen->locked);
}

static void take_surplus(const struct zdd_facts *f, struct zdd_decision *d)
{
    zdd_emit(d, ZDD_ORDER_PUT_PREVIOUS, f->plan->old.instances, false);
}

static void note_undo_lateness(const struct zdd_facts *f, struct zdd_decision *d)
{
    (void)f;
    d->cause = ZDD_CAUSE_UNDO_DEADLINE;
}

/* clang-format off */
const struct zdd_rule zdd_undo_rules[] = {
    /* id                    in phase             when                go to                  and order           waits for */
    {"undo/clear-late",      ZDD_PHASE_CLEARING,  undo_is_late,       ZDD_PHASE_FAILED,      note_undo_lateness, NULL},
    {"undo/no-answer",       ZDD_PHASE_CLEARING,  zdd_is_unreachable, ZDD_SAME_PHASE,        NULL,               "marathon"},
    {"undo/foreign",         ZDD_PHASE_CLEARING,  is_in_others_hands, ZDD_SAME_PHASE,        zdd_hold_foreign,   "operator"},
    {"undo/may-arrive",      ZDD_PHASE_CLEARING,  zdd_may_still_arrive, ZDD_SAME_PHASE,      zdd_wait_for_arrival, "marathon"},
    {"undo/locked",          ZDD_PHASE_CLEARING,  zdd_is_locked,      ZDD_SAME_PHASE,        NULL,               "marathon-lock"},
    {"undo/nothing-to-undo", ZDD_PHASE_CLEARING,  previous_is_seen,   ZDD_PHASE_UNDOING,     NULL,               "tasks"},
    {"undo/wait-clear",      ZDD_PHASE_CLEARING,  is_clearing,        ZDD_SAME_PHASE,        zdd_look_again,     "tasks"},
    {"undo/clear-refused",   ZDD_PHASE_CLEARING,  clear_was_refused,  ZDD_PHASE_FAILED,      zdd_note_refusal,   NULL},
    {"undo/clear",           ZDD_PHASE_CLEARING,  should_clear,       ZDD_SAME_PHASE,        clear,              "tasks"},
    {"undo/wait-ends",       ZDD_PHASE_CLEARING,  zdd_clearing_waits, ZDD_SAME_PHASE,        zdd_look_again,     "tasks"},
    {"undo/put-back",        ZDD_PHASE_CLEARING,  zdd_always,         ZDD_PHASE_REVERTING,   put_back,           "marathon"},

    {"undo/reverted",        ZDD_PHASE_REVERTING, previous_is_seen,   ZDD_PHASE_UNDOING,     NULL,               "tasks"},
    {"undo/refused",         ZDD_PHASE_REVERTING, zdd_was_refused,    ZDD_PHASE_FAILED,      zdd_note_refusal,   NULL},
    {"undo/late",            ZDD_PHASE_REVERTING, undo_is_late,       ZDD_PHASE_FAILED,      note_undo_lateness, NULL},
    {"undo/silence",         ZDD_PHASE_REVERTING, zdd_is_unreachable, ZDD_SAME_PHASE,        NULL,               "marathon"},
    {"undo/others-hands",    ZDD_PHASE_REVERTING, is_in_others_hands, ZDD_SAME_PHASE,        zdd_hold_foreign,   "operator"},
    /* The order got lost; meanwhile the roll-out went on, so what has to be cleared is looked at again. */
    {"undo/once-more",       ZDD_PHASE_REVERTING, zdd_should_send,    ZDD_PHASE_CLEARING,    NULL,               "marathon"},
    {"undo/wait-reverted",   ZDD_PHASE_REVERTING, zdd_always,         ZDD_SAME_PHASE,        zdd_look_again,     "marathon"},

    {"undo/done-aborted",    ZDD_PHASE_UNDOING,   is_undone_for_good, ZDD_PHASE_CANCELED,    NULL,               NULL},
    {"undo/done",            ZDD_PHASE_UNDOING,   is_undone,          ZDD_PHASE_ROLLED_BACK, NULL,               NULL},
    {"undo/too-long",        ZDD_PHASE_UNDOING,   undo_is_late,       ZDD_PHASE_FAILED,      note_undo_lateness, NULL},
    {"undo/wait-answer",     ZDD_PHASE_UNDOING,   zdd_is_unreachable, ZDD_SAME_PHASE,        NULL,               "marathon"},
    {"undo/changed",         ZDD_PHASE_UNDOING,   was_changed,        ZDD_SAME_PHASE,        zdd_hold_foreign,   "operator"},
    {"undo/surplus",         ZDD_PHASE_UNDOING,   has_surplus,        ZDD_SAME_PHASE,        take_surplus,       "tasks"},
    {"undo/wait-tasks",      ZDD_PHASE_UNDOING,   zdd_always,         ZDD_SAME_PHASE,        NULL,               "tasks"},
};
/* clang-format on */
const size_t zdd_undo_rule_count = ZDD_COUNT(zdd_undo_rules);
