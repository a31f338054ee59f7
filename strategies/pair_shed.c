/**
 * @file strategies/pair_shed.c
 * @brief Giving up instances of the old version while the new one grows.
 */
#include "strategies/pair_shed.h"

#include "strategies/guards.h"
#include "strategies/pair.h"
#include "strategies/pair_floor.h"

static int32_t smaller(int32_t a, int32_t b)
{
    return a < b ? a : b;
}

int32_t zdd_pair_stay(const struct zdd_facts *f)
{
    if (zdd_phase_is_undo(f->run->phase))
        return ZDD_INSTANCES_MAX;
    return zdd_program_stay(&f->plan->program, f->run->step);
}

/* Old instances before and after the present step. */
static int32_t size_before(const struct zdd_facts *f)
{
    return smaller(f->plan->old.instances, zdd_program_stay(&f->plan->program, f->run->step - 1));
}

static int32_t size_after(const struct zdd_facts *f)
{
    return smaller(f->plan->old.instances, zdd_pair_stay(f));
}

int32_t zdd_pair_promise(const struct zdd_plan *plan)
{
    const int32_t least = smaller(plan->old.instances, plan->target.instances);
    const int32_t ill = plan->old.instances - plan->pair.old_serving;

    return least - ill > 1 ? least - ill : 1;
}

bool zdd_pair_keeps_both(const struct zdd_plan *plan)
{
    return *plan->pair.old_id && !zdd_program_has(&plan->program, ZDD_STEP_RETIRE);
}

/* @p leaving of those that count as old now will not take requests any more. */
static bool carry_without(const struct zdd_facts *f, int32_t leaving)
{
    const struct zdd_side_balance *side = f->seen->balance.side;
    const int32_t old = side[ZDD_SIDE_OLD].up > leaving ? side[ZDD_SIDE_OLD].up - leaving : 0;

    return old + side[ZDD_SIDE_NEW].up >= zdd_pair_promise(f->plan);
}

bool zdd_pair_can_spare(const struct zdd_facts *f, const struct zdd_traffic *aim)
{
    const int32_t leaving =
        smaller(f->run->traffic.old_stay, f->plan->old.instances) - aim->old_stay;

    return leaving <= 0 || (!zdd_pair_floor_is_broken(f) && carry_without(f, leaving));
}

bool zdd_pair_old_has_its_size(const struct zdd_facts *f)
{
    const int32_t instances = f->seen->peer.instances;

    if (f->run->phase == ZDD_PHASE_LEAVING)
        return instances == size_before(f);
    /* A kill may take fewer than it names: some have died meanwhile. */
    if (f->run->phase == ZDD_PHASE_SHEDDING)
        return instances >= size_after(f) && instances <= size_before(f);
    return instances == size_after(f);
}

static bool is_empty(const struct zdd_facts *f)
{
    return zdd_pair_is_shifted(f) && zdd_pair_is_drained(f, ZDD_SIDE_LEAVING);
}

bool zdd_pair_has_left(const struct zdd_facts *f)
{
    return is_empty(f);
}

bool zdd_pair_leaves_too_long_and_dies(const struct zdd_facts *f)
{
    return zdd_pair_drain_time_is_over(f) && f->plan->pair.kill_undrained && zdd_pair_is_shifted(f);
}

/* Some are still there that have to go, and it may be said (again) now. */
static bool may_kill(const struct zdd_facts *f)
{
    return f->seen->peer.instances > size_after(f) && !f->seen->peer.locked && zdd_should_send(f) &&
           !zdd_may_still_arrive(f);
}

bool zdd_pair_may_reach_leaving(const struct zdd_facts *f)
{
    return may_kill(f) && !is_empty(f) && !zdd_pair_leaves_too_long_and_dies(f);
}

bool zdd_pair_should_kill(const struct zdd_facts *f)
{
    return may_kill(f) && carry_without(f, 0);
}

bool zdd_pair_has_shed(const struct zdd_facts *f)
{
    const struct zdd_peer *old = &f->seen->peer;

    return old->instances == size_after(f) && !old->locked &&
           old->current.total + old->outdated.total <= size_after(f);
}

void zdd_pair_kill(const struct zdd_facts *f, struct zdd_decision *d)
{
    zdd_emit(d, ZDD_ORDER_KILL_LEAVING, size_after(f), false);
}

void zdd_pair_wait_shed(const struct zdd_facts *f, struct zdd_decision *d)
{
    if (may_kill(f))
        zdd_pair_poll(f, d); /* as soon as the balancers have enough of the others */
    else if (zdd_may_still_arrive(f))
        zdd_wait_for_arrival(f, d);
    else
        zdd_look_again(f, d);
}
