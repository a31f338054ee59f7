/**
 * @file strategies/rules.h
 * @brief A strategy as a table: first row that fits decides.
 */
#pragma once

#include "strategies/model/decision.h"
#include "strategies/model/observation.h"
#include "strategies/model/plan.h"
#include "strategies/model/run.h"

/** Everything a rule may look at. All borrowed, none of it changes. */
struct zdd_facts {
    const struct zdd_plan *plan;
    const struct zdd_run *run;
    const struct zdd_observation *seen;
};

#define ZDD_ANY_PHASE ZDD_PHASE_COUNT  /* in `from`: the row is tried in every phase */
#define ZDD_SAME_PHASE ZDD_PHASE_COUNT /* in `to`: the phase stays */

struct zdd_rule {
    const char *id; /* "strategy/what-happened"; ends up in the event log */
    enum zdd_phase from;
    bool (*when)(const struct zdd_facts *facts);
    enum zdd_phase to;
    void (*emit)(const struct zdd_facts *facts, struct zdd_decision *decision); /* NULL: no order */
    const char *waiting; /* code of what it waits for, NULL: nothing */
};

/**
 * Try @p rules in order.
 * @return true when a row fitted; then @p decision says so. Pure: the same arguments always give
 * the same decision.
 */
bool zdd_rules_try(const struct zdd_rule *rules, size_t count, const struct zdd_facts *facts,
                   struct zdd_decision *decision);

/** Append an order to @p decision. */
void zdd_emit(struct zdd_decision *decision, enum zdd_order_kind kind, int32_t instances,
              bool force);
