/**
 * @file strategies/pair_unwell.c
 * @brief What a pair's rules do when an instance of the new version fails while it has a share.
 */
#include "strategies/pair_unwell.h"

#include "strategies/pair.h"
#include "strategies/pair_weigh.h"
#include "strategies/share.h"

static bool is_growing(enum zdd_phase phase)
{
    return phase == ZDD_PHASE_APPLYING || phase == ZDD_PHASE_ROLLING || phase == ZDD_PHASE_JOINING;
}

/* Instances that were UP on every balancer before the present step. Whoever was told to go far has
 * left out some of the steps before it: then it is those that were there at the last look. */
static int32_t joined(const struct zdd_facts *f)
{
    const struct zdd_program *program = &f->plan->program;
    const int32_t seen = f->run->new_side.healthy;
    int32_t started = 0;
    int32_t count = 0;

    for (int32_t i = 0; i < f->run->step && i < program->count; i++) {
        if (program->step[i].kind == ZDD_STEP_START)
            started = program->step[i].value;
        if (program->step[i].kind == ZDD_STEP_JOIN)
            count = started;
    }
    return f->run->steered && is_growing(f->run->phase) && seen < count ? seen : count;
}

/* It is ours still, and as large as it was ordered to be at least. */
static bool is_ours(const struct zdd_facts *f)
{
    return f->seen->reachable && f->seen->definition == ZDD_DEFINITION_TARGET &&
           f->seen->instances >= joined(f);
}

static bool gets_requests(const struct zdd_facts *f)
{
    return zdd_pair_has_share(f) && zdd_share_is_split(f->plan, f->run) &&
           f->run->traffic.side[ZDD_SIDE_NEW].weight > 0 &&
           (f->run->hold == ZDD_HOLD_NONE || f->run->hold == ZDD_HOLD_GATE);
}

bool zdd_pair_is_unwell(const struct zdd_facts *f)
{
    return zdd_pair_is(f) && gets_requests(f) && is_ours(f) &&
           (f->seen->current.sick > 0 || f->seen->current.running < joined(f));
}

bool zdd_pair_unwell_goes_back(const struct zdd_facts *f)
{
    return zdd_pair_is_unwell(f) && f->plan->on_failure == ZDD_ON_FAILURE_ROLLBACK;
}

bool zdd_pair_unwell_stays(const struct zdd_facts *f)
{
    return zdd_pair_is_unwell(f) && f->plan->on_failure == ZDD_ON_FAILURE_HOLD;
}

void zdd_pair_unwell_back(const struct zdd_facts *f, struct zdd_decision *d)
{
    (void)f;
    d->cause = ZDD_CAUSE_UNWELL;
    d->hold = ZDD_HOLD_NONE;
}

void zdd_pair_unwell_hold(const struct zdd_facts *f, struct zdd_decision *d)
{
    zdd_pair_unwell_back(f, d);
    d->hold = ZDD_HOLD_FAILURE;
}
