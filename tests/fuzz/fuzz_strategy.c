/**
 * @file tests/fuzz/fuzz_strategy.c
 * @brief Any bytes make a state that every strategy answers with a rule, an end in sight and orders
 * that keep what is promised.
 */
#include "strategies/preview.h"
#include "strategies/strategy.h"
#include "tests/fuzz/fuzz.h"

#include <math.h>
#include <string.h>

#define TIME_MAX INT64_C(4102444800000) /* the year 2100 */

/* Draws values from the input; 0 when it is used up. */
struct source {
    const uint8_t *at, *end;
};

static uint64_t draw(struct source *source, size_t size)
{
    uint64_t value = 0;

    for (size_t i = 0; i < size && source->at < source->end; i++)
        value = value << 8 | *source->at++;
    return value;
}

static int32_t pick(struct source *source, int32_t count)
{
    return (int32_t)(draw(source, 2) % (uint64_t)count);
}

static int64_t a_time(struct source *source)
{
    const uint64_t kind = draw(source, 1);

    /* Around one moment, so that deadlines lie close together; now and then anything. */
    if (kind % 4 == 0)
        return 0;
    if (kind % 4 == 1)
        return (int64_t)(draw(source, 8) % (uint64_t)TIME_MAX);
    return INT64_C(1700000000000) + (int64_t)draw(source, 3) - 0x800000;
}

static bool flip(struct source *source)
{
    return draw(source, 1) % 2 == 1;
}

static double share(struct source *source)
{
    static const double usual[] = {0, 0.25, 0.5, 1};
    const uint64_t kind = draw(source, 1);

    return kind < 200 ? usual[kind % ZDD_COUNT(usual)] : (double)draw(source, 2) / 65535.0;
}

static struct zdd_app_facts facts_of(struct source *source)
{
    return (struct zdd_app_facts){
        .instances = flip(source) ? pick(source, 12) : pick(source, ZDD_INSTANCES_MAX + 1),
        .minimum_health_capacity = share(source),
        .maximum_over_capacity = share(source),
        .cpus = (double)draw(source, 1),
        .mem_mib = (double)draw(source, 2),
        .start_ms = pick(source, 65535) * 1000,
        .has_health_checks = flip(source),
        .has_marathon_checks = flip(source),
        .has_readiness_checks = flip(source),
        .single_instance = flip(source),
        .fixed_ports = flip(source),
        .unique_hostname = flip(source),
        .oldest_first = flip(source),
        .resident = flip(source),
    };
}

/* A side as Marathon can show it: nothing is healthy that does not run. */
static struct zdd_side side_of(struct source *source)
{
    struct zdd_side side = {.total = pick(source, flip(source) ? 12 : ZDD_INSTANCES_MAX)};

    side.running = pick(source, side.total + 1);
    side.staged = pick(source, side.total - side.running + 1);
    side.healthy = pick(source, side.running + 1);
    side.ready = pick(source, side.healthy + 1);
    return side;
}

static struct zdd_observation observation_of(struct source *source)
{
    struct zdd_observation seen = {.now_ms = a_time(source), .reachable = !flip(source)};

    if (!seen.reachable)
        return seen;
    seen.definition = (enum zdd_definition)pick(source, ZDD_DEFINITION_COUNT);
    seen.locked = flip(source);
    seen.locked_by_us = seen.locked && flip(source);
    if (seen.definition == ZDD_DEFINITION_ABSENT)
        return seen;
    seen.instances = pick(source, flip(source) ? 12 : ZDD_INSTANCES_MAX);
    seen.current = side_of(source);
    seen.outdated = side_of(source);
    return seen;
}

static struct zdd_plan plan_of(struct source *source)
{
    struct zdd_plan plan = {
        .action = (enum zdd_action)pick(source, ZDD_ACTION_COUNT),
        .on_failure = (enum zdd_on_failure)pick(source, ZDD_ON_FAILURE_COUNT),
        .replace_rule = (enum zdd_replace_rule)pick(source, ZDD_REPLACE_COUNT),
        .deadline_ms = 1000 + (int64_t)draw(source, 4),
        .target = facts_of(source),
    };

    plan.seen.exists = plan.action != ZDD_ACTION_CREATE;
    if (!plan.seen.exists)
        return plan;
    plan.old = facts_of(source);
    plan.seen.running = pick(source, plan.old.instances + 3);
    plan.seen.healthy = pick(source, plan.seen.running + 1);
    return plan;
}

/* Of a deployment over one app, and not final: those of a pair are never entered without a program.
 * In this order, because the corpus picks by number. */
static const enum zdd_phase phases[] = {
    ZDD_PHASE_PENDING,  ZDD_PHASE_STOPPING,  ZDD_PHASE_APPLYING, ZDD_PHASE_ROLLING,
    ZDD_PHASE_CLEARING, ZDD_PHASE_REVERTING, ZDD_PHASE_UNDOING,
};

static struct zdd_run run_of(struct source *source)
{
    struct zdd_run run = {
        .active = true,
        .phase = phases[pick(source, ZDD_COUNT(phases))],
        .hold = (enum zdd_hold)pick(source, ZDD_HOLD_COUNT),
        .command = (enum zdd_command)pick(source, ZDD_COMMAND_COUNT),
        .cause = (enum zdd_cause)pick(source, ZDD_CAUSE_COUNT),
        .outcome = (enum zdd_outcome)pick(source, ZDD_OUTCOME_COUNT),
        .ordered = flip(source),
        .attempt = pick(source, 100),
        .phase_since_ms = a_time(source),
        .ordered_at_ms = a_time(source),
        .unsure_until_ms = a_time(source),
        .held_since_ms = a_time(source),
        .deadline_at_ms = a_time(source),
        .step_deadline_at_ms = a_time(source),
    };

    if (flip(source))
        memcpy(run.superseded_by, "0190a1b2-c3d4-7e5f-8a6b-7c8d9e0f1a2b", ZDD_ID_SIZE);
    return run;
}

static void check_orders(const struct zdd_facts *facts, const struct zdd_decision *d)
{
    FUZZ_CHECK(d->order_count <= ZDD_ORDER_MAX);
    FUZZ_CHECK(d->order_count == 0 || facts->seen->reachable);
    for (size_t i = 0; i < d->order_count; i++) {
        FUZZ_CHECK(d->order[i].kind < ZDD_ORDER_KIND_COUNT);
        FUZZ_CHECK(d->order[i].instances >= 0 && d->order[i].instances <= ZDD_INSTANCES_MAX);
        /* The lock of somebody else is never broken. */
        FUZZ_CHECK(!d->order[i].force || !facts->seen->locked || facts->seen->locked_by_us);
    }
}

static void check_decision(const struct zdd_strategy *strategy, const struct zdd_facts *facts)
{
    const struct zdd_decision d = zdd_strategy_decide(strategy, facts);
    const struct zdd_decision again = zdd_strategy_decide(strategy, facts);
    const int32_t step = zdd_strategy_step_of(strategy, d.phase);

    FUZZ_CHECK(d.rule && strchr(d.rule, '/'));
    FUZZ_CHECK(d.phase < ZDD_PHASE_COUNT && d.hold < ZDD_HOLD_COUNT && d.cause < ZDD_CAUSE_COUNT);
    FUZZ_CHECK(again.rule == d.rule && again.phase == d.phase && again.wake_at_ms == d.wake_at_ms);
    FUZZ_CHECK(step >= 0 && step <= (int32_t)strategy->step_count);
    FUZZ_CHECK(d.wake_at_ms >= 0);
    /* Whoever waits has a clock or a human to wait for; both deadlines are set at the start. */
    if (!zdd_phase_is_final(d.phase) && d.hold == ZDD_HOLD_NONE && d.phase == facts->run->phase &&
        facts->run->step_deadline_at_ms > 0 && facts->run->deadline_at_ms > 0)
        FUZZ_CHECK(d.wake_at_ms > 0);
    check_orders(facts, &d);
}

/* Only a strategy whose own rules speak of it ever enters that phase. */
static bool can_be_stopping(const struct zdd_strategy *strategy)
{
    for (size_t i = 0; i < strategy->rule_count; i++) {
        if (strategy->rules[i].from == ZDD_PHASE_STOPPING)
            return true;
    }
    return false;
}

static void check_preview(const struct zdd_strategy *strategy, const struct zdd_plan *plan)
{
    struct zdd_preview preview;

    zdd_preview_make(strategy, plan, &preview);
    FUZZ_CHECK(preview.moment_count <= ZDD_TIMELINE_MAX && preview.step_count <= ZDD_STEP_MAX);
    FUZZ_CHECK(preview.warning_count <= ZDD_WARNING_MAX);
    FUZZ_CHECK(preview.killed_at_once >= 0 && preview.lowest_serving >= 0);
    FUZZ_CHECK(preview.peak_instances >= 0 && preview.deadline_ms > 0);
    FUZZ_CHECK(isfinite(preview.peak_extra_cpus) && isfinite(preview.peak_extra_mem_mib));
    for (size_t i = 0; i < preview.moment_count; i++) {
        const struct zdd_moment *m = &preview.moment[i];

        FUZZ_CHECK(m->healthy_old >= 0 && m->healthy_old <= m->old_instances);
        FUZZ_CHECK(m->healthy_new >= 0 && m->healthy_new <= m->new_instances);
        FUZZ_CHECK(m->ending >= 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct source source = {data, data + size};
    const bool with_preview = draw(&source, 1) % 16 == 0; /* it is a thousand times as long */
    const struct zdd_plan plan = plan_of(&source);
    const struct zdd_run run = run_of(&source);
    const struct zdd_observation seen = observation_of(&source);

    for (size_t i = 0; zdd_strategy_at(i); i++) {
        if (zdd_strategy_at(i)->write_program)
            continue; /* needs a program, and two apps */
        if (run.phase != ZDD_PHASE_STOPPING || can_be_stopping(zdd_strategy_at(i)))
            check_decision(zdd_strategy_at(i), &(struct zdd_facts){&plan, &run, &seen});
        if (with_preview && plan.old.instances <= 100 && plan.target.instances <= 100)
            check_preview(zdd_strategy_at(i), &plan);
    }
    return 0;
}
