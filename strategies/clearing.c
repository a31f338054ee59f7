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

static int32_t larger(int32_t a, int32_t b)
{
    return a > b ? a : b;
}

static int32_t smaller(int32_t a, int32_t b)
{
    return a < b ? a : b;
}

/* What the replace by the target may have launched while this many earlier instances exist. */
static int32_t launched(const struct zdd_facts *f)
{
    const struct zdd_plan *plan = f->plan;
    const struct zdd_capacity c = zdd_capacity_of(&(struct zdd_capacity_ask){
        .rule = plan->replace_rule,
        .wanted = larger(plan->target.instances, 1),
        .minimum_health_capacity = plan->target.minimum_health_capacity,
        .maximum_over_capacity = plan->target.maximum_over_capacity,
        .resident = plan->target.resident,
        .counted = zdd_capacity_counted(plan->replace_rule, &plan->old, zdd_capacity_present(plan),
                                        plan->seen.healthy),
        .known = zdd_capacity_present(plan),
    });

    return smaller(f->seen->instances, larger(0, c.max_instances - f->seen->outdated.total));
}

/*
 * Instances that Marathon wants and does not list: not launched yet, or failed and waiting for
 * their next start. While the replace goes on, what it has launched is known; without any
 * deployment the definition says how many there are. Our own scale begins where nothing is hidden,
 * and what it has not launched yet takes nobody's place; tasks may have failed since.
 */
static int32_t hidden(const struct zdd_facts *f)
{
    const int32_t visible = alive(&f->seen->current);

    const bool our_scale = f->seen->locked && f->run->outcome == ZDD_OUTCOME_ACKED;

    if (our_scale && !f->seen->tasks_fail)
        return 0;
    if (our_scale || !f->seen->locked)
        return larger(0, f->seen->instances - alive(&f->seen->outdated) - visible);
    return larger(0, launched(f) - visible);
}

/* Instances that Marathon's rule counts as capacity; classic counts the starting and the hidden
 * ones too. */
static int32_t counted(const struct zdd_facts *f)
{
    const struct zdd_plan *plan = f->plan;
    const struct zdd_side *now = &f->seen->current;
    const struct zdd_side *before = &f->seen->outdated;

    return zdd_capacity_counted(plan->replace_rule, &plan->old, alive(before), before->healthy) +
           zdd_capacity_counted(plan->replace_rule, &plan->target, alive(now) + hidden(f),
                                now->healthy);
}

static int32_t known(const struct zdd_facts *f)
{
    return f->seen->outdated.total + f->seen->current.total + hidden(f);
}

/* Instances that have been told to end and have not yet. */
static int32_t ending(const struct zdd_facts *f)
{
    const struct zdd_side *now = &f->seen->current;
    const struct zdd_side *before = &f->seen->outdated;

    return now->total - alive(now) + before->total - alive(before);
}

/* Marathon's numbers when the previous definition is put back with @p instances, after @p gone more
 * have ended. */
static struct zdd_capacity capacity_after(const struct zdd_facts *f, int32_t instances,
                                          int32_t gone)
{
    return zdd_capacity_of(&(struct zdd_capacity_ask){
        .rule = f->plan->replace_rule,
        .wanted = instances,
        .minimum_health_capacity = f->plan->old.minimum_health_capacity,
        .maximum_over_capacity = f->plan->old.maximum_over_capacity,
        .resident = f->plan->old.resident,
        .counted = counted(f),
        .known = known(f) - gone,
    });
}

static struct zdd_capacity capacity_of_going_back(const struct zdd_facts *f, int32_t instances)
{
    return capacity_after(f, instances, 0);
}

/* Even if every kill at the start hits a healthy instance, @p floor of them stay. */
static bool is_safe(const struct zdd_facts *f, const struct zdd_capacity *c, int32_t floor)
{
    const int32_t healthy = f->seen->outdated.healthy + f->seen->current.healthy;

    return c->kill_at_once == 0 || healthy - c->kill_at_once >= floor;
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

int32_t zdd_clearing_restored_max(const struct zdd_plan *plan)
{
    /* All that can exist of both versions, and one that can be launched. */
    if (plan->action != ZDD_ACTION_UPGRADE || plan->old.resident || plan->old.instances < 1)
        return plan->old.instances;
    return smaller(2 * larger(plan->old.instances, plan->target.instances) + 1, ZDD_INSTANCES_MAX);
}

/* The fewest instances to put back, after @p gone have ended, so that @p floor stay whatever
 * Marathon kills; 0: no number does. */
static int32_t restored_after(const struct zdd_facts *f, int32_t floor, int32_t gone)
{
    for (int32_t n = f->plan->old.instances; n <= zdd_clearing_restored_max(f->plan); n++) {
        const struct zdd_capacity c = capacity_after(f, n, gone);
        const bool moves = c.max_instances > known(f) - gone - c.kill_at_once;

        if (is_safe(f, &c, floor) && (moves || n == f->plan->old.instances))
            return n;
    }
    return 0;
}

static int32_t restored_above(const struct zdd_facts *f, int32_t floor)
{
    return restored_after(f, floor, 0);
}

/* Scaling down would take others before the sick ones, or it is not known whom: some are hidden or
 * about to be, or the oldest go first. */
static bool is_blind(const struct zdd_facts *f)
{
    return hidden(f) > 0 || f->seen->tasks_fail || f->plan->target.oldest_first;
}

int32_t zdd_clearing_keep(const struct zdd_facts *f)
{
    struct zdd_capacity c;
    int32_t keep;

    if (f->plan->action != ZDD_ACTION_UPGRADE || f->seen->definition != ZDD_DEFINITION_TARGET ||
        f->plan->old.instances < 1)
        return ZDD_CLEARING_NONE;
    if (f->plan->target.resident || is_blind(f))
        return ZDD_CLEARING_NONE;
    c = capacity_of_going_back(f, f->plan->old.instances);
    if (is_safe(f, &c, c.min_healthy))
        return ZDD_CLEARING_NONE;
    keep = worth_keeping(f, &c);
    /* One more may be asked for on the way there: that too must be a count we ever ask for. */
    return keep > 0 && keep < ZDD_INSTANCES_MAX ? keep : ZDD_CLEARING_NONE;
}

int32_t zdd_clearing_restored(const struct zdd_facts *f)
{
    const int32_t before = f->plan->old.instances;
    int32_t instances;

    if (before < 1 || f->seen->definition != ZDD_DEFINITION_TARGET)
        return before;
    instances = restored_above(f, capacity_of_going_back(f, before).min_healthy);
    if (instances == 0)
        instances = restored_above(f, 1); /* less than promised is better than nothing */
    return instances > 0 ? instances : before;
}

static bool gets_safe(const struct zdd_facts *f, int32_t floor, int32_t gone)
{
    return restored_after(f, floor, 0) == 0 && restored_after(f, floor, gone) > 0;
}

bool zdd_clearing_waits(const struct zdd_facts *f)
{
    const int32_t gone = ending(f);

    if (gone == 0 || f->plan->old.instances < 1 || f->seen->definition != ZDD_DEFINITION_TARGET)
        return false;
    return gets_safe(f, capacity_of_going_back(f, f->plan->old.instances).min_healthy, gone) ||
           gets_safe(f, 1, gone);
}
