/**
 * @file strategies/pair_back.c
 * @brief The way back over a pair: the old version gets all requests again, and only then the new
 * app goes.
 */
#include "strategies/pair_back.h"
#include "strategies/guards.h"
#include "strategies/pair.h"
#include "strategies/pair_take.h"

/* No balancer has servers of it, and none will get one: they take in what is healthy. */
static bool is_idle(const struct zdd_facts *f)
{
    return f->seen->balance.known && f->seen->balance.side[ZDD_SIDE_NEW].servers == 0 &&
           f->seen->current.healthy == 0;
}

/* Healthy, and yet no balancer has had any of it for as long as a request may take: none serves its
 * group, so none can be told to leave it alone. */
static bool is_unlisted(const struct zdd_facts *f, const struct zdd_traffic *aim)
{
    const struct zdd_balance *b = &f->seen->balance;
    const bool long_enough = f->run->phase != ZDD_PHASE_RETURNING ||
                             f->seen->now_ms >= f->run->phase_since_ms + f->plan->pair.drain_ms;

    return zdd_pair_is_ordered(f, aim) && b->known && b->side[ZDD_SIDE_OLD].told &&
           b->side[ZDD_SIDE_NEW].servers == 0 && long_enough;
}

bool zdd_pair_has_returned(const struct zdd_facts *f)
{
    if (zdd_pair_takes_over(f))
        return zdd_pair_is_even(f);

    const struct zdd_traffic aim = zdd_pair_return_aim(f);

    if (is_unlisted(f, &aim))
        return true;
    return zdd_pair_is_set(f, &aim) &&
           (is_idle(f) || zdd_pair_drain_time_is_over(f) || zdd_pair_is_drained(f, ZDD_SIDE_NEW));
}

bool zdd_pair_should_return(const struct zdd_facts *f)
{
    return zdd_pair_is(f) && f->seen->reachable && !zdd_pair_has_returned(f);
}

bool zdd_pair_returns_late(const struct zdd_facts *f)
{
    return f->seen->now_ms >= f->run->step_deadline_at_ms;
}

void zdd_pair_note_late(const struct zdd_facts *f, struct zdd_decision *d)
{
    (void)f;
    d->cause = ZDD_CAUSE_UNDO_DEADLINE;
}

bool zdd_pair_old_is_uneven(const struct zdd_facts *f)
{
    const struct zdd_traffic aim = zdd_pair_aim(f);

    return zdd_pair_is(f) && f->seen->reachable && f->seen->definition == ZDD_DEFINITION_ABSENT &&
           (!zdd_pair_is_ordered(f, &aim) || (f->seen->balance.known && !zdd_pair_is_set(f, &aim)));
}

void zdd_pair_settle_old(const struct zdd_facts *f, struct zdd_decision *d)
{
    const struct zdd_traffic aim = zdd_pair_aim(f);

    /* All servers of one version go down together, so it needs no look whether others can carry. */
    d->wake_at_ms = f->seen->now_ms + ZDD_BALANCER_POLL_MS;
    if (!zdd_pair_is_ordered(f, &aim))
        zdd_pair_order(&aim, d);
}
