/**
 * @file strategies/guards.c
 * @brief Conditions and orders that several rule tables share.
 */
#include "strategies/guards.h"

#include "strategies/pair.h"
#include "strategies/timing.h"

bool zdd_always(const struct zdd_facts *f)
{
    (void)f;
    return true;
}

bool zdd_is_unreachable(const struct zdd_facts *f)
{
    return !f->seen->reachable;
}

bool zdd_is_noop(const struct zdd_facts *f)
{
    return f->plan->action == ZDD_ACTION_NONE;
}

bool zdd_is_locked(const struct zdd_facts *f)
{
    return f->seen->locked && !f->seen->locked_by_us;
}

bool zdd_is_foreign(const struct zdd_facts *f)
{
    if (!f->seen->reachable)
        return false;
    if (f->seen->definition == ZDD_DEFINITION_FOREIGN)
        return true;
    /* An app that somebody deleted under us; for a new one that is just the beginning. */
    return f->seen->definition == ZDD_DEFINITION_ABSENT && f->plan->seen.exists;
}

bool zdd_was_refused(const struct zdd_facts *f)
{
    return f->run->outcome == ZDD_OUTCOME_REFUSED && f->seen->reachable;
}

bool zdd_is_late(const struct zdd_facts *f)
{
    return f->seen->now_ms >= f->run->deadline_at_ms ||
           f->seen->now_ms >= f->run->step_deadline_at_ms;
}

bool zdd_can_undo(const struct zdd_facts *f)
{
    return f->run->ordered && f->plan->action != ZDD_ACTION_RESTART && !zdd_pair_is_past_return(f);
}

bool zdd_is_late_and_goes_back(const struct zdd_facts *f)
{
    return zdd_is_late(f) && f->plan->on_failure == ZDD_ON_FAILURE_ROLLBACK && zdd_can_undo(f);
}

bool zdd_is_late_and_stays(const struct zdd_facts *f)
{
    return zdd_is_late(f) && f->plan->on_failure == ZDD_ON_FAILURE_HOLD;
}

int32_t zdd_wanted(const struct zdd_facts *f)
{
    const int32_t started = zdd_program_started(&f->plan->program, f->run->step);

    return started > 0 ? started : f->plan->target.instances;
}

bool zdd_target_is_seen(const struct zdd_facts *f)
{
    return f->seen->reachable && f->seen->definition == ZDD_DEFINITION_TARGET &&
           f->seen->instances == zdd_wanted(f);
}

int64_t zdd_next_send_ms(const struct zdd_facts *f)
{
    const struct zdd_run *run = f->run;
    int64_t wait_ms = ZDD_RESEND_MS;

    if (run->outcome == ZDD_OUTCOME_NONE || run->outcome == ZDD_OUTCOME_LOCKED)
        return 0;
    if (run->outcome == ZDD_OUTCOME_FAILED) {
        /* Twice as long after each failure; the engine's own jittered timer is never shorter. */
        wait_ms = ZDD_RETRY_MS;
        for (int32_t i = 1; i < run->attempt && wait_ms < ZDD_RESEND_MS; i++)
            wait_ms *= 2;
        if (wait_ms > ZDD_RESEND_MS)
            wait_ms = ZDD_RESEND_MS;
    }
    return run->ordered_at_ms + wait_ms;
}

bool zdd_should_send(const struct zdd_facts *f)
{
    return f->run->outcome != ZDD_OUTCOME_REFUSED && f->seen->now_ms >= zdd_next_send_ms(f);
}

bool zdd_may_still_arrive(const struct zdd_facts *f)
{
    return f->seen->now_ms < f->run->unsure_until_ms;
}

void zdd_wait_for_arrival(const struct zdd_facts *f, struct zdd_decision *d)
{
    d->wake_at_ms = f->run->unsure_until_ms;
}

void zdd_look_again(const struct zdd_facts *f, struct zdd_decision *d)
{
    const int64_t next_ms = zdd_next_send_ms(f);

    d->wake_at_ms = next_ms > f->seen->now_ms ? next_ms : f->seen->now_ms + ZDD_RESEND_MS;
}

void zdd_send_target(const struct zdd_facts *f, struct zdd_decision *d)
{
    if (f->plan->action == ZDD_ACTION_RESTART)
        zdd_emit(d, ZDD_ORDER_RESTART, f->plan->target.instances, false);
    else
        zdd_emit(d, ZDD_ORDER_PUT_TARGET, zdd_wanted(f), false);
}

void zdd_note_lateness(const struct zdd_facts *f, struct zdd_decision *d)
{
    d->cause =
        f->seen->now_ms >= f->run->deadline_at_ms ? ZDD_CAUSE_DEADLINE : ZDD_CAUSE_STEP_DEADLINE;
}

void zdd_note_refusal(const struct zdd_facts *f, struct zdd_decision *d)
{
    (void)f;
    d->cause = ZDD_CAUSE_REFUSED;
}

void zdd_hold_failure(const struct zdd_facts *f, struct zdd_decision *d)
{
    zdd_note_lateness(f, d);
    d->hold = ZDD_HOLD_FAILURE;
}

void zdd_note_foreign(const struct zdd_facts *f, struct zdd_decision *d)
{
    (void)f;
    d->cause = ZDD_CAUSE_FOREIGN_CHANGE;
}

void zdd_hold_foreign(const struct zdd_facts *f, struct zdd_decision *d)
{
    /* Why it goes back stays known; the hold says the rest. */
    if (!zdd_phase_is_undo(f->run->phase))
        zdd_note_foreign(f, d);
    d->hold = ZDD_HOLD_FOREIGN;
}
