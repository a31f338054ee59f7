/**
 * @file strategies/rules.c
 * @brief The table reader that all strategies share.
 */
#include "strategies/rules.h"

#include <assert.h>

bool zdd_rules_try(const struct zdd_rule *rules, size_t count, const struct zdd_facts *facts,
                   struct zdd_decision *decision)
{
    assert(!zdd_phase_is_final(facts->run->phase));
    for (size_t i = 0; i < count; i++) {
        const struct zdd_rule *rule = &rules[i];

        if (rule->from != ZDD_ANY_PHASE && rule->from != facts->run->phase)
            continue;
        if (!rule->when(facts))
            continue;
        *decision = (struct zdd_decision){
            .phase = rule->to == ZDD_SAME_PHASE ? facts->run->phase : rule->to,
            .hold = facts->run->hold,
            .cause = facts->run->cause,
            .step = facts->run->step,
            .steered = facts->run->steered,
            .share = facts->run->share,
            .rule = rule->id,
            .waiting = rule->waiting,
        };
        if (rule->emit)
            rule->emit(facts, decision);
        return true;
    }
    return false;
}

void zdd_emit(struct zdd_decision *decision, enum zdd_order_kind kind, int32_t instances,
              bool force)
{
    assert(decision->order_count < ZDD_ORDER_MAX);
    assert(instances >= 0);
    decision->order[decision->order_count++] =
        (struct zdd_order){.kind = kind, .instances = instances, .force = force};
}
