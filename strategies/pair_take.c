/**
 * @file strategies/pair_take.c
 * @brief One of two apps takes over.
 */
#include "strategies/pair_take.h"

#include "strategies/pair.h"

bool zdd_plan_takes_over(const struct zdd_plan *plan)
{
    return plan->program.count > 0 && plan->seen.exists;
}

bool zdd_pair_takes_over(const struct zdd_facts *f)
{
    return zdd_plan_takes_over(f->plan);
}

bool zdd_pair_is_even(const struct zdd_facts *f)
{
    const struct zdd_traffic base = zdd_traffic_base();

    return zdd_pair_is_set(f, &base);
}

bool zdd_pair_leaves_both(const struct zdd_facts *f)
{
    return zdd_pair_takes_over(f) && f->seen->reachable && zdd_pair_is_even(f);
}

bool zdd_pair_leaves_both_for_good(const struct zdd_facts *f)
{
    return zdd_pair_leaves_both(f) &&
           (f->run->cause == ZDD_CAUSE_ABORTED || f->run->cause == ZDD_CAUSE_SUPERSEDED);
}
