/**
 * @file tests/unit/strategies/facts.h
 * @brief Builders: a plan, a deployment and a look at the cluster, of which a test says only what
 * matters.
 *
 * By default /shop/cart goes from 4 healthy instances of one definition to 4 of another,
 * at the time T0, long before any deadline, with one instance more at a time.
 */
#pragma once

#include "strategies/strategy.h"
#include "strategies/timing.h"
#include "tests/support/spec.h"

#define T0 1000000
#define DEADLINE (T0 + 600000)

#define facts_of_app(...)                                                                          \
    {                                                                                              \
        .instances = 4, .minimum_health_capacity = 1, .maximum_over_capacity = 0.25, .cpus = 0.5,  \
        .mem_mib = 64, .start_ms = 60000, .has_health_checks = true, .has_marathon_checks = true,  \
        __VA_ARGS__                                                                                \
    }

#define a_plan(...)                                                                                \
    ((struct zdd_plan){.strategy = "rolling",                                                      \
                       .app_id = "/shop/cart",                                                     \
                       .action = ZDD_ACTION_UPGRADE,                                               \
                       .on_failure = ZDD_ON_FAILURE_ROLLBACK,                                      \
                       .deadline_ms = 600000,                                                      \
                       .old = facts_of_app(),                                                      \
                       .target = facts_of_app(),                                                   \
                       .seen = {.exists = true, .running = 4, .healthy = 4},                       \
                       __VA_ARGS__})

#define a_run(...)                                                                                 \
    ((struct zdd_run){.active = true,                                                              \
                      .started_at_ms = T0,                                                         \
                      .phase_since_ms = T0,                                                        \
                      .deadline_at_ms = DEADLINE,                                                  \
                      .step_deadline_at_ms = DEADLINE,                                             \
                      __VA_ARGS__})

#define seen(...)                                                                                  \
    ((struct zdd_observation){.now_ms = T0,                                                        \
                              .reachable = true,                                                   \
                              .definition = ZDD_DEFINITION_PREVIOUS,                               \
                              .instances = 4,                                                      \
                              __VA_ARGS__})

/* @p n instances that run and serve; @p n that are being killed. */
#define serving(n)                                                                                 \
    {                                                                                              \
        .total = (n), .running = (n), .healthy = (n), .ready = (n)                                 \
    }
#define ending(n)                                                                                  \
    {                                                                                              \
        .total = (n)                                                                               \
    }

static inline struct zdd_decision decide(struct zdd_plan plan, struct zdd_run run,
                                         struct zdd_observation observation)
{
    const struct zdd_strategy *strategy = zdd_strategy_find(plan.strategy);

    assert_non_null(strategy);
    return zdd_strategy_decide(strategy, &(struct zdd_facts){&plan, &run, &observation});
}

#define assert_rule(d, id) assert_string_equal((d).rule, (id))
#define assert_phase(d, wanted)                                                                    \
    assert_string_equal(zdd_phase_name((d).phase), zdd_phase_name(wanted))
#define assert_cause(d, wanted)                                                                    \
    assert_string_equal(zdd_cause_name((d).cause), zdd_cause_name(wanted))
#define assert_hold(d, wanted) assert_string_equal(zdd_hold_name((d).hold), zdd_hold_name(wanted))
#define assert_waits_for(d, code) assert_string_equal((d).waiting, (code))
#define assert_no_order(d) assert_int_equal((d).order_count, 0)

static inline void assert_order_is(const struct zdd_decision *d, enum zdd_order_kind kind,
                                   int32_t instances, bool force)
{
    assert_int_equal(d->order_count, 1);
    assert_string_equal(zdd_order_name(d->order[0].kind), zdd_order_name(kind));
    assert_int_equal(d->order[0].instances, instances);
    assert_int_equal(d->order[0].force, force);
}

#define assert_order(d, kind, instances, force) assert_order_is(&(d), kind, instances, force)
