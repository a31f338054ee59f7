/**
 * @file strategies/pair_back.c
 * @brief The way back over a pair: the old version gets all requests again, and only then the new
 * app goes.
 */
#include "strategies/pair_back.h"
#include "strategies/guards.h"
#include "strategies/pair.h"
#include "strategies/pair_take.h"

bool zdd_pair_lets_some_leave(const struct zdd_facts *f)
{
    return f->run->traffic.old_stay != ZDD_INSTANCES_MAX;
}

bool zdd_pair_is_short(const struct zdd_facts *f)
{
    return f->seen->peer.instances != f->plan->old.instances;
}

bool zdd_pair_should_regrow(const struct zdd_facts *f)
{
    return zdd_pair_is(f) && f->seen->reachable &&
           zdd_program_has(&f->plan->program, ZDD_STEP_SHED) &&
           (zdd_pair_lets_some_leave(f) || zdd_pair_is_short(f));
}

bool zdd_pair_still_sheds(const struct zdd_facts *f)
{
    return zdd_pair_lets_some_leave(f) && f->seen->peer.locked;
}

/* Those that come next are the youngest: before they do, nobody may be told to leave for them. */
void zdd_pair_regrow(const struct zdd_facts *f, struct zdd_decision *d)
{
    const struct zdd_traffic aim = zdd_pair_aim(f);

    zdd_pair_order(&aim, d); /* it only raises */
    if (zdd_pair_is_short(f))
        zdd_pair_restore(f, d);
}

/* An operator who says "rollback" over somebody else's change means it. */
bool zdd_pair_old_is_in_others_hands(const struct zdd_facts *f)
{
    return f->run->cause != ZDD_CAUSE_OPERATOR &&
           (f->seen->peer.definition == ZDD_DEFINITION_FOREIGN ||
            f->seen->peer.definition == ZDD_DEFINITION_ABSENT);
}

bool zdd_pair_should_restore(const struct zdd_facts *f)
{
    return zdd_pair_is_short(f) && !f->seen->peer.locked && zdd_should_send(f);
}

void zdd_pair_restore(const struct zdd_facts *f, struct zdd_decision *d)
{
    zdd_emit(d, ZDD_ORDER_RESTORE_OLD, f->plan->old.instances, false);
}

bool zdd_pair_has_regrown(const struct zdd_facts *f)
{
    const struct zdd_peer *old = &f->seen->peer;
    const int32_t serving = f->plan->pair.old_serving;

    return !zdd_pair_is_short(f) && !old->locked && zdd_pair_is_shifted(f) &&
           old->current.healthy + old->outdated.healthy >= serving &&
           f->seen->balance.side[ZDD_SIDE_OLD].up >= serving;
}

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

bool zdd_pair_gives_back(const struct zdd_plan *plan, const struct zdd_run *run)
{
    const struct zdd_side_setting *given = &run->traffic.side[ZDD_SIDE_NEW];
    const struct zdd_facts facts = {plan, run, NULL};

    return zdd_pair_is(&facts) && zdd_pair_has_old(&facts) && !zdd_pair_takes_over(&facts) &&
           !zdd_program_has(&plan->program, ZDD_STEP_SHED) && given->serving == ZDD_SERVES &&
           given->weight > 0;
}

bool zdd_pair_returns_blind(const struct zdd_facts *f)
{
    return !f->seen->reachable && f->seen->balance.known && zdd_pair_gives_back(f->plan, f->run);
}

/* Instances may have come that only Marathon knows: what is seen of the others proves nothing. */
void zdd_pair_shift_blind(const struct zdd_facts *f, struct zdd_decision *d)
{
    zdd_pair_shift(f, d);
    d->sight = ZDD_SIGHT_LOST;
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
