/**
 * @file strategies/pair_floor.c
 * @brief What a pair's rules do while fewer instances serve than the plan promises.
 */
#include "strategies/pair_floor.h"

#include "strategies/floor.h"
#include "strategies/pair.h"

#define WAIT_MS 1000

bool zdd_pair_floor_is_broken(const struct zdd_facts *f)
{
    return zdd_pair_is(f) && f->seen->floor_broken;
}

bool zdd_pair_floor_calls(const struct zdd_facts *f)
{
    return zdd_pair_floor_is_broken(f) && zdd_floor_is_promised(f->plan, f->run) &&
           zdd_floor_new_serves(&f->run->traffic) && !zdd_phase_is_undo(f->run->phase) &&
           !zdd_pair_is_past_return(f) &&
           (f->run->hold == ZDD_HOLD_NONE || f->run->hold == ZDD_HOLD_GATE);
}

bool zdd_pair_floor_goes_back(const struct zdd_facts *f)
{
    return zdd_pair_floor_calls(f) && f->plan->on_failure == ZDD_ON_FAILURE_ROLLBACK;
}

bool zdd_pair_floor_stays(const struct zdd_facts *f)
{
    return zdd_pair_floor_calls(f) && f->plan->on_failure == ZDD_ON_FAILURE_HOLD;
}

/* Going back, an app is removed at the end of CLEARING. Who is late ends, whatever serves. */
bool zdd_pair_floor_keeps(const struct zdd_facts *f)
{
    const bool removes = f->run->phase == ZDD_PHASE_RETIRING || f->run->phase == ZDD_PHASE_CLEARING;

    return zdd_pair_floor_is_broken(f) && removes && f->seen->reachable &&
           f->seen->now_ms < f->run->step_deadline_at_ms;
}

/* Whoever watches over the floor says at once when it is mended. */
void zdd_pair_floor_wait(const struct zdd_facts *f, struct zdd_decision *d)
{
    d->wake_at_ms = f->seen->now_ms + WAIT_MS;
}

void zdd_pair_floor_back(const struct zdd_facts *f, struct zdd_decision *d)
{
    struct zdd_traffic traffic = zdd_floor_traffic(&f->run->traffic);

    /* Whether those that leave are being killed already, going back finds out. */
    traffic.old_stay = f->run->traffic.old_stay;
    d->cause = ZDD_CAUSE_FLOOR;
    d->hold = ZDD_HOLD_NONE;
    zdd_pair_order(&traffic, d);
}

void zdd_pair_floor_hold(const struct zdd_facts *f, struct zdd_decision *d)
{
    zdd_pair_floor_back(f, d);
    d->hold = ZDD_HOLD_FAILURE;
}
