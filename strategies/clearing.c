/**
 * @file strategies/clearing.c
 * @brief What has to go before the previous definition is put back.
 */
#include "strategies/clearing.h"

#include "strategies/capacity.h"

static int32_t alive(const struct zdd_side *side)
{
    return side->staged + side->running;
}

/* Instances of a side that Marathon's rule counts as capacity; classic counts the starting ones
 * too. */
static int32_t counted(const struct zdd_facts *f, const struct zdd_app_facts *facts,
                       const struct zdd_side *side)
{
    return zdd_capacity_counted(f->plan->replace_rule, facts, alive(side), side->healthy);
}

static struct zdd_capacity capacity_of_going_back(const struct zdd_facts *f)
{
    return zdd_capacity_of(&(struct zdd_capacity_ask){
        .rule = f->plan->replace_rule,
        .wanted = f->plan->old.instances,
        .minimum_health_capacity = f->plan->old.minimum_health_capacity,
        .maximum_over_capacity = f->plan->old.maximum_over_capacity,
        .resident = f->plan->old.resident,
        .counted = counted(f, &f->plan->old, &f->seen->outdated) +
                   counted(f, &f->plan->target, &f->seen->current),
        .known = f->seen->outdated.total + f->seen->current.total,
    });
}

/* Even if every kill at the start hits a healthy instance, enough of them stay. */
static bool is_safe(const struct zdd_facts *f, const struct zdd_capacity *c)
{
    const int32_t healthy = f->seen->outdated.healthy + f->seen->current.healthy;

    return c->kill_at_once == 0 || healthy - c->kill_at_once >= c->min_healthy;
}

/* Scaling down takes starting instances for sure; among running ones health does not count, age
 * does. */
static int32_t worth_keeping(const struct zdd_facts *f, const struct zdd_capacity *c)
{
    const struct zdd_side *now = &f->seen->current;
    const int32_t originals = alive(&f->seen->outdated);

    if (now->healthy == 0 || now->running == now->healthy)
        return originals + now->healthy; /* what is taken is sick, or starting */
    if (f->seen->outdated.healthy >= c->min_healthy)
        return originals; /* the originals carry it: all new ones may go */
    return originals +
           now->running; /* sick and healthy cannot be told apart: only the starting ones go */
}

int32_t zdd_clearing_keep(const struct zdd_facts *f)
{
    struct zdd_capacity c;
    int32_t keep;

    if (f->plan->action != ZDD_ACTION_UPGRADE || f->seen->definition != ZDD_DEFINITION_TARGET ||
        f->plan->old.instances < 1)
        return ZDD_CLEARING_NONE;
    if (f->plan->target.oldest_first || f->plan->target.resident)
        return ZDD_CLEARING_NONE; /* scaling down would take the originals, or data */
    c = capacity_of_going_back(f);
    if (is_safe(f, &c))
        return ZDD_CLEARING_NONE;
    keep = worth_keeping(f, &c);
    return keep > 0 ? keep : ZDD_CLEARING_NONE;
}
