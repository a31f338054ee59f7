/**
 * @file tests/unit/strategies/test_timing.c
 * @brief How long each phase may take.
 */
#include "tests/unit/strategies/facts.h"

static int32_t waves(struct zdd_plan plan)
{
    return zdd_timing_waves(&plan, &plan.target);
}

#define forty(...)                                                                                 \
    a_plan(.target = facts_of_app(.instances = 40, __VA_ARGS__),                                   \
           .seen = {.exists = true, .running = 40, .healthy = 40})

static void as_many_start_together_as_have_room(void **state)
{
    (void)state;
    assert_int_equal(waves(forty(.maximum_over_capacity = 1)), 1);
    assert_int_equal(waves(forty(.maximum_over_capacity = 0.25)), 4);
    assert_int_equal(waves(forty(.maximum_over_capacity = 0)), 40); /* the one that is bent in */
    assert_int_equal(waves(forty(.minimum_health_capacity = 0, .maximum_over_capacity = 0)), 1);
    assert_int_equal(waves(forty(.minimum_health_capacity = 0.5, .maximum_over_capacity = 0)), 2);
    assert_int_equal(waves(forty(.maximum_over_capacity = 0.3)), 4); /* 12, 12, 12, 4 */
}

static void on_1_10_what_mesos_does_not_see_stays_in_the_way(void **state)
{
    struct zdd_plan plan = forty(.minimum_health_capacity = 0.25, .maximum_over_capacity = 0.25);

    (void)state;
    assert_int_equal(waves(plan), 1);
    plan.replace_rule = ZDD_REPLACE_1_10;
    assert_int_equal(waves(plan), 4);
    plan.target.has_marathon_checks = false; /* COMMAND checks: Mesos sees those */
    assert_int_equal(waves(plan), 1);
    plan.target.has_marathon_checks = true;
    plan.target.maximum_over_capacity = 0; /* it hangs; no division by nothing */
    assert_int_equal(waves(plan), 40);
}

static void what_does_not_replace_starts_at_once(void **state)
{
    struct zdd_plan plan = forty();

    (void)state;
    plan.action = ZDD_ACTION_SCALE;
    assert_int_equal(waves(plan), 1);
    plan.action = ZDD_ACTION_CREATE;
    assert_int_equal(waves(plan), 1);
    plan.action = ZDD_ACTION_RESTART;
    assert_int_equal(waves(plan), 4);
    plan.target.instances = 0;
    assert_int_equal(waves(plan), 1);
}

static void a_wave_is_a_launch_a_kill_and_the_time_to_turn_healthy(void **state)
{
    struct zdd_plan plan = forty(.start_ms = 60000);

    (void)state;
    assert_int_equal(zdd_timing_roll_ms(&plan, &plan.target), 4 * (10000 + 30000 + 60000));
}

static void the_default_deadline_is_twice_that_within_five_minutes_and_a_day(void **state)
{
    struct zdd_plan plan = forty(.start_ms = 60000);

    (void)state;
    assert_int_equal(zdd_timing_deadline_ms(&plan), 800000);
    plan.target.start_ms = 0;
    assert_int_equal(zdd_timing_deadline_ms(&plan), 320000);
    plan.target.maximum_over_capacity = 1;
    assert_int_equal(zdd_timing_deadline_ms(&plan), 300000);
    plan.target.instances = 10000;
    plan.seen.running = 10000;
    plan.target.maximum_over_capacity = 0;
    plan.target.start_ms = INT32_MAX;
    assert_int_equal(zdd_timing_deadline_ms(&plan), 86400000);
}

static void going_forward_each_step_has_the_whole_time_and_going_back_its_own(void **state)
{
    const struct zdd_plan plan = a_plan(.deadline_ms = 123456);
    static const enum zdd_phase forward[] = {ZDD_PHASE_PENDING, ZDD_PHASE_STOPPING,
                                             ZDD_PHASE_APPLYING, ZDD_PHASE_ROLLING};

    (void)state;
    for (size_t i = 0; i < ZDD_COUNT(forward); i++)
        assert_int_equal(zdd_timing_limit_ms(&plan, forward[i]), 123456);
    assert_int_equal(zdd_timing_limit_ms(&plan, ZDD_PHASE_CLEARING), 600000);
    assert_int_equal(zdd_timing_limit_ms(&plan, ZDD_PHASE_REVERTING), 600000);
    /* 4 waves of 100 s, twice; and 3 more, twice, when 9 are put back and 5 of them go again. */
    assert_int_equal(zdd_timing_limit_ms(&plan, ZDD_PHASE_UNDOING), 800000 + 600000);
}

static void each_step_over_a_pair_has_a_time_of_its_own(void **state)
{
    const struct zdd_plan plan = a_plan(.deadline_ms = 123456, .pair = {.drain_ms = 7000},
                                        .program = {.count = 1, .step = {{ZDD_STEP_KEEP, 40000}}});

    (void)state;
    assert_int_equal(zdd_timing_limit_ms(&plan, ZDD_PHASE_SHIFTING), ZDD_SHIFT_LIMIT_MS);
    assert_int_equal(zdd_timing_limit_ms(&plan, ZDD_PHASE_SETTLING), ZDD_SHIFT_LIMIT_MS);
    assert_int_equal(zdd_timing_limit_ms(&plan, ZDD_PHASE_JOINING), ZDD_JOIN_LIMIT_MS);
    assert_int_equal(zdd_timing_limit_ms(&plan, ZDD_PHASE_KEEPING), 40000 + ZDD_SHIFT_LIMIT_MS);
    assert_int_equal(zdd_timing_limit_ms(&plan, ZDD_PHASE_DRAINING), 7000 + ZDD_SHIFT_LIMIT_MS);
    assert_int_equal(zdd_timing_limit_ms(&plan, ZDD_PHASE_RETIRING), ZDD_REVERT_LIMIT_MS + 7000);
    assert_int_equal(zdd_timing_limit_ms(&plan, ZDD_PHASE_RETURNING), ZDD_REVERT_LIMIT_MS + 7000);
}

static void the_way_back_is_measured_by_what_is_put_back(void **state)
{
    struct zdd_plan plan = a_plan(.old = facts_of_app(.start_ms = 200000));

    (void)state;
    assert_int_equal(zdd_timing_limit_ms(&plan, ZDD_PHASE_UNDOING), (4 + 3) * 240000 * 2);
    plan.old.resident = true; /* nothing is put back on top */
    assert_int_equal(zdd_timing_limit_ms(&plan, ZDD_PHASE_UNDOING), 4 * 240000 * 2);
    plan.old = (struct zdd_app_facts){0};
    assert_int_equal(zdd_timing_limit_ms(&plan, ZDD_PHASE_UNDOING), ZDD_DEADLINE_MIN_MS);
}

static void the_least_time_is_waves_and_the_waits_of_the_program(void **state)
{
    struct zdd_plan plan = forty(.maximum_over_capacity = 0.25);

    (void)state;
    assert_int_equal(zdd_timing_least_ms(&plan), 4 * ZDD_LAUNCH_LEAST_MS);
    plan.action = ZDD_ACTION_SCALE; /* downwards: nothing starts */
    plan.target.instances = 39;
    assert_int_equal(zdd_timing_least_ms(&plan), 0);
    plan.target.instances = 41;
    assert_int_equal(zdd_timing_least_ms(&plan), ZDD_LAUNCH_LEAST_MS);
    zdd_program_add(&plan.program, ZDD_STEP_PAUSE, 5000);
    zdd_program_add(&plan.program, ZDD_STEP_WEIGHT, 5000);
    zdd_program_add(&plan.program, ZDD_STEP_KEEP, 7000);
    plan.verifies.count = 1;
    plan.verifies.step[0] = (struct zdd_verify){.rounds = 3, .interval_ms = 100};
    assert_int_equal(zdd_timing_least_ms(&plan), ZDD_LAUNCH_LEAST_MS + 5000 + 7000 + 200);
}

static int64_t until(const char *program, struct zdd_run run)
{
    struct zdd_plan plan = a_plan(.strategy = "canary");

    assert_true(zdd_program_parse(program, &plan.program));
    assert_true(zdd_gates_parse("go 1 5000 hold ", &plan.gates));
    return zdd_timing_until_ms(&plan, &run);
}

static void what_passes_by_itself_has_a_known_end(void **state)
{
    static const char program[] = "shift 0;start 1;pause 7000;gate;keep 3000";

    (void)state;
    assert_int_equal(
        until(program, a_run(.phase = ZDD_PHASE_PAUSING, .step = 2, .phase_since_ms = 100)), 7100);
    assert_int_equal(until(program, a_run(.phase = ZDD_PHASE_GATED, .step = 3,
                                          .hold = ZDD_HOLD_GATE, .phase_since_ms = 100)),
                     5100);
    assert_int_equal(
        until(program, a_run(.phase = ZDD_PHASE_KEEPING, .step = 4, .phase_since_ms = 100)), 3100);
    /* Held, it does not run down; on the way, and beyond the program, nobody can say. */
    assert_int_equal(until(program, a_run(.phase = ZDD_PHASE_PAUSING, .step = 2,
                                          .hold = ZDD_HOLD_OPERATOR, .phase_since_ms = 100)),
                     0);
    assert_int_equal(until(program, a_run(.phase = ZDD_PHASE_ROLLING, .step = 1)), 0);
    assert_int_equal(until(program, a_run(.phase = ZDD_PHASE_RETURNING, .step = 5)), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(as_many_start_together_as_have_room),
        cmocka_unit_test(on_1_10_what_mesos_does_not_see_stays_in_the_way),
        cmocka_unit_test(what_does_not_replace_starts_at_once),
        cmocka_unit_test(a_wave_is_a_launch_a_kill_and_the_time_to_turn_healthy),
        cmocka_unit_test(the_default_deadline_is_twice_that_within_five_minutes_and_a_day),
        cmocka_unit_test(going_forward_each_step_has_the_whole_time_and_going_back_its_own),
        cmocka_unit_test(each_step_over_a_pair_has_a_time_of_its_own),
        cmocka_unit_test(the_way_back_is_measured_by_what_is_put_back),
        cmocka_unit_test(the_least_time_is_waves_and_the_waits_of_the_program),
        cmocka_unit_test(what_passes_by_itself_has_a_known_end),
    };

    return cmocka_run_group_tests_name("strategies/timing", tests, NULL, NULL);
}
