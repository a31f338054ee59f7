/**
 * @file strategies/registry.c
 * @brief Every strategy, one row each, and how one decides.
 */
#include "strategies/builtin.h"
#include "strategies/guards.h"
#include "strategies/pair.h"
#include "strategies/pair_watch.h"
#include "strategies/timing.h"

#include <assert.h>
#include <string.h>

static const struct zdd_strategy *const registry[] = {&zdd_rolling, &zdd_recreate,   &zdd_scale,
                                                      &zdd_restart, &zdd_blue_green, &zdd_canary};

const struct zdd_strategy *zdd_strategy_find(const char *name)
{
    for (size_t i = 0; i < ZDD_COUNT(registry); i++) {
        if (strcmp(registry[i]->name, name) == 0)
            return registry[i];
    }
    return NULL;
}

const struct zdd_strategy *zdd_strategy_at(size_t index)
{
    return index < ZDD_COUNT(registry) ? registry[index] : NULL;
}

/* @p a may be 0 for none; deadlines are set before the first decision. */
static int64_t earlier(int64_t a, int64_t deadline)
{
    return a == 0 || deadline < a ? deadline : a;
}

/* Every state has a timer: whatever a rule says, the deadlines wake it. A hold waits for a human.
 */
static void set_timer(const struct zdd_facts *facts, struct zdd_decision *d)
{
    const bool gated = d->phase == ZDD_PHASE_GATED && d->hold == ZDD_HOLD_GATE;

    if (zdd_phase_is_final(d->phase) || (d->hold != ZDD_HOLD_NONE && !gated)) {
        d->wake_at_ms = 0;
        return;
    }
    if (d->phase != facts->run->phase || d->step != facts->run->step) {
        d->wake_at_ms = facts->seen->now_ms;
        return; /* the new phase looks at once and finds its own timer */
    }
    if (gated)
        return; /* it says itself when it expires; no deadline runs */
    if (zdd_pair_watch_wakes_ms(facts) < INT64_MAX)
        d->wake_at_ms = earlier(d->wake_at_ms, zdd_pair_watch_wakes_ms(facts));
    d->wake_at_ms = earlier(d->wake_at_ms, facts->run->step_deadline_at_ms);
    if (!zdd_phase_is_undo(d->phase))
        d->wake_at_ms = earlier(d->wake_at_ms, facts->run->deadline_at_ms);
}

/* What the balancers were seen to do they do no longer, or somebody else tells them: what rests on
 * it begins anew, whichever rule has decided. */
static void note_sight(const struct zdd_facts *facts, struct zdd_decision *d)
{
    const bool known = zdd_pair_is(facts) && facts->seen->balance.known;
    const bool holds = zdd_pair_is_set(facts, &facts->run->traffic) && !facts->seen->floor_broken;

    if (known && !holds && d->sight == ZDD_SIGHT_UNCHANGED)
        d->sight = ZDD_SIGHT_LOST;
}

struct zdd_decision zdd_strategy_decide(const struct zdd_strategy *strategy,
                                        const struct zdd_facts *facts)
{
    struct zdd_decision d = {.phase = facts->run->phase};
    const bool found = zdd_rules_try(zdd_command_rules, zdd_command_rule_count, facts, &d) ||
                       zdd_rules_try(strategy->rules, strategy->rule_count, facts, &d) ||
                       zdd_rules_try(zdd_forward_rules, zdd_forward_rule_count, facts, &d) ||
                       zdd_rules_try(zdd_undo_rules, zdd_undo_rule_count, facts, &d);

    assert(found && "the tables must cover every phase that is not final");
    set_timer(facts, &d);
    note_sight(facts, &d);
    return d;
}

int32_t zdd_strategy_step_of(const struct zdd_strategy *strategy, enum zdd_phase phase)
{
    if (phase == ZDD_PHASE_PENDING)
        return 0;
    if (zdd_phase_is_undo(phase))
        return (int32_t)strategy->step_count;
    for (size_t i = 0; i < strategy->step_count; i++) {
        if (strategy->steps[i].phase == phase)
            return (int32_t)i;
    }
    return (int32_t)strategy->step_count - 1;
}
