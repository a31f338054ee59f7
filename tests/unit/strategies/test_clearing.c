/**
 * @file tests/unit/strategies/test_clearing.c
 * @brief What has to go before the previous definition may be put back.
 */
#include "strategies/clearing.h"
#include "tests/unit/strategies/facts.h"

/* 4 instances, all to be kept, 4 more at a time, when going forward and when going back. */
static struct zdd_plan at_once(void)
{
    return a_plan(.old = facts_of_app(.maximum_over_capacity = 1),
                  .target = facts_of_app(.maximum_over_capacity = 1));
}

static int32_t keep(struct zdd_plan plan, struct zdd_side current, struct zdd_side outdated)
{
    const struct zdd_run run = a_run(.phase = ZDD_PHASE_CLEARING, .ordered = true);
    const struct zdd_observation observation =
        seen(.definition = ZDD_DEFINITION_TARGET, .current = current, .outdated = outdated);

    return zdd_clearing_keep(&(struct zdd_facts){&plan, &run, &observation});
}

#define side(...) ((struct zdd_side){__VA_ARGS__})
#define fit(n) ((struct zdd_side)serving(n))

static void what_serves_is_no_danger(void **state)
{
    (void)state;
    /* 4 that serve: Marathon keeps all 4. One more than 4: one may be killed at once. */
    assert_int_equal(keep(at_once(), fit(2), fit(2)), ZDD_CLEARING_NONE);
    assert_int_equal(keep(at_once(), fit(3), fit(2)), ZDD_CLEARING_NONE);
    assert_int_equal(keep(at_once(), side(.total = 0), fit(4)), ZDD_CLEARING_NONE);
}

static void sick_new_ones_would_count_as_capacity_so_they_go_first(void **state)
{
    (void)state;
    assert_int_equal(keep(at_once(), side(.total = 4, .running = 4), fit(4)), 4);
    assert_int_equal(keep(at_once(), side(.total = 1, .running = 1), fit(4)), 4);
    assert_int_equal(keep(at_once(), side(.total = 4, .staged = 4), fit(4)), 4);
    assert_int_equal(keep(at_once(), side(.total = 2, .staged = 2), fit(3)), 3);
    /* Those that are being killed already are no capacity, nor worth keeping. */
    assert_int_equal(keep(at_once(), side(.total = 4), fit(4)), ZDD_CLEARING_NONE);
    assert_int_equal(keep(at_once(), side(.total = 2, .running = 2),
                          side(.total = 4, .running = 3, .healthy = 3)),
                     3);
}

static void starting_ones_go_before_serving_ones(void **state)
{
    (void)state;
    assert_int_equal(
        keep(at_once(), side(.total = 3, .staged = 1, .running = 2, .healthy = 2), fit(2)), 4);
}

static void serving_new_ones_stay_even_if_the_originals_carry_it_alone(void **state)
{
    (void)state;
    assert_int_equal(
        keep(at_once(), side(.total = 4, .staged = 2, .running = 2, .healthy = 2), fit(4)), 6);
}

static void sick_and_healthy_that_run_cannot_be_told_apart(void **state)
{
    (void)state;
    /* The originals carry it alone: all new ones may go. */
    assert_int_equal(keep(at_once(), side(.total = 3, .running = 3, .healthy = 1), fit(4)), 4);
    /* They do not: only what has not started goes, the rest is waited for. */
    assert_int_equal(
        keep(at_once(), side(.total = 4, .staged = 1, .running = 3, .healthy = 2), fit(2)), 5);
}

static void what_the_previous_definition_allows_to_lose_is_no_reason(void **state)
{
    struct zdd_plan plan = at_once();

    (void)state;
    plan.old.minimum_health_capacity = 0.5;
    /* Of 6, 4 may be killed, and in the worst case these are the 4 that serve. */
    assert_int_equal(keep(plan, side(.total = 2, .running = 2), fit(4)), 4);
    /* Of 4 that serve, 2 may be killed: that is what it allows. */
    assert_int_equal(keep(plan, side(.total = 0), fit(4)), ZDD_CLEARING_NONE);
    plan.old.minimum_health_capacity = 0;
    assert_int_equal(keep(plan, side(.total = 2, .running = 2), fit(4)), 4);
}

static void where_nothing_serves_nothing_is_lost(void **state)
{
    (void)state;
    assert_int_equal(keep(at_once(), side(.total = 6, .running = 6), side(.total = 0)),
                     ZDD_CLEARING_NONE);
}

static void only_an_upgrade_whose_target_is_in_place_is_cleared(void **state)
{
    struct zdd_plan plan = at_once();
    const struct zdd_side sick = side(.total = 4, .running = 4);
    const struct zdd_side old = fit(4);
    const struct zdd_run run = a_run(.phase = ZDD_PHASE_CLEARING, .ordered = true);
    const struct zdd_observation elsewhere = seen(.current = sick, .outdated = old);

    (void)state;
    assert_int_equal(zdd_clearing_keep(&(struct zdd_facts){&plan, &run, &elsewhere}),
                     ZDD_CLEARING_NONE);
    plan.action = ZDD_ACTION_SCALE;
    assert_int_equal(keep(plan, sick, old), ZDD_CLEARING_NONE);
    plan = at_once();
    plan.old.instances = 0;
    assert_int_equal(keep(plan, sick, old), ZDD_CLEARING_NONE);
}

static void where_scaling_down_takes_the_originals_or_data_it_is_left_out(void **state)
{
    struct zdd_plan plan = at_once();

    (void)state;
    plan.target.oldest_first = true;
    assert_int_equal(keep(plan, side(.total = 4, .running = 4), fit(4)), ZDD_CLEARING_NONE);
    plan = at_once();
    plan.target.resident = true;
    assert_int_equal(keep(plan, side(.total = 4, .running = 4), fit(4)), ZDD_CLEARING_NONE);
}

static void by_the_rule_of_1_10_what_mesos_does_not_see_is_no_capacity(void **state)
{
    struct zdd_plan plan = at_once();

    (void)state;
    plan.replace_rule = ZDD_REPLACE_1_10;
    /* HTTP checks: H is 0, but more are known than wanted, and those are killed at once. */
    assert_int_equal(keep(plan, side(.total = 2, .running = 2), fit(4)), 4);
    assert_int_equal(keep(plan, side(.total = 2, .running = 2), fit(2)), ZDD_CLEARING_NONE);
}

/* With how many it is put back while Marathon's replace by the target goes on. */
static int32_t restored(struct zdd_plan plan, struct zdd_side current, struct zdd_side outdated)
{
    const struct zdd_run run = a_run(.phase = ZDD_PHASE_CLEARING, .ordered = true);
    const struct zdd_observation observation =
        seen(.definition = ZDD_DEFINITION_TARGET, .locked = true, .locked_by_us = true,
             .current = current, .outdated = outdated);
    const struct zdd_facts facts = {&plan, &run, &observation};

    assert_int_equal(zdd_clearing_keep(&facts), ZDD_CLEARING_NONE);
    assert_true(zdd_clearing_restored(&facts) <= zdd_clearing_restored_max(&plan));
    return zdd_clearing_restored(&facts);
}

static void instances_that_marathon_does_not_list_count_as_well(void **state)
{
    struct zdd_plan plan = at_once();

    (void)state;
    /* 4 originals, 4 new ones that crash at once or wait for room: 8 for Marathon. Put back with 8,
     * none is killed; with 4, it would be 4, and maybe those that serve. */
    assert_int_equal(restored(plan, side(.total = 0), fit(4)), 8);
    assert_int_equal(restored(plan, side(.total = 1, .staged = 1), fit(4)), 8);
    assert_int_equal(restored(plan, fit(3), fit(4)), 5); /* 3 may go: 4 of 7 are left */
    assert_int_equal(restored(plan, side(.total = 0), side(.total = 0)), 4); /* none to lose */
    plan.old.maximum_over_capacity = plan.target.maximum_over_capacity = 0.25;
    assert_int_equal(restored(plan, side(.total = 0), fit(4)), 5);
    plan.old.maximum_over_capacity = 0; /* no room on top: Marathon itself adds one */
    assert_int_equal(restored(plan, side(.total = 0), fit(4)), 5);
}

static void a_small_minimum_health_asks_for_more_than_is_bearable(void **state)
{
    struct zdd_plan plan = at_once();

    (void)state;
    plan.old.minimum_health_capacity = plan.target.minimum_health_capacity = 0.5;
    plan.old.maximum_over_capacity = plan.target.maximum_over_capacity = 0.5;
    /* 2 serve, 6 count: 9 put back may cost one, 11 would cost none. */
    assert_int_equal(restored(plan, side(.total = 0), fit(2)), 9);
    plan.old.minimum_health_capacity = plan.target.minimum_health_capacity = 0.25;
    plan.old.maximum_over_capacity = plan.target.maximum_over_capacity = 0.25;
    assert_int_equal(restored(plan, side(.total = 0), fit(1)), 4);
}

static void by_the_rule_of_1_10_only_the_number_of_all_matters(void **state)
{
    struct zdd_plan plan = at_once();

    (void)state;
    plan.replace_rule = ZDD_REPLACE_1_10;
    plan.old.minimum_health_capacity = 0.25;
    assert_int_equal(restored(plan, side(.total = 0), fit(4)), 5); /* 3 may go, 1 is promised */
    plan.old.minimum_health_capacity = 1;
    assert_int_equal(restored(plan, side(.total = 0), fit(4)), 8);
    plan.old.maximum_over_capacity = 0; /* it launches nothing unless there is room for one more */
    assert_int_equal(restored(plan, side(.total = 0), fit(4)), 9);
}

static void what_was_scaled_away_is_not_hidden(void **state)
{
    const struct zdd_plan plan = at_once();
    const struct zdd_run cleared = a_run(.phase = ZDD_PHASE_CLEARING, .ordered = true,
                                         .outcome = ZDD_OUTCOME_ACKED, .ordered_at_ms = T0);
    const struct zdd_observation observation =
        seen(.definition = ZDD_DEFINITION_TARGET, .locked = true, .locked_by_us = true,
             .outdated = fit(4));

    (void)state;
    assert_int_equal(zdd_clearing_restored(&(struct zdd_facts){&plan, &cleared, &observation}), 4);
}

static void what_fails_after_it_was_scaled_is_hidden_again(void **state)
{
    const struct zdd_plan plan = at_once();
    const struct zdd_run cleared = a_run(.phase = ZDD_PHASE_CLEARING, .ordered = true,
                                         .outcome = ZDD_OUTCOME_ACKED, .ordered_at_ms = T0);
    struct zdd_observation observation =
        seen(.definition = ZDD_DEFINITION_TARGET, .instances = 5, .locked = true,
             .locked_by_us = true, .outdated = fit(4));
    const struct zdd_facts facts = {&plan, &cleared, &observation};

    (void)state;
    assert_int_equal(zdd_clearing_restored(&facts), 4); /* the fifth has not been launched */
    observation.tasks_fail = true;
    assert_int_equal(zdd_clearing_restored(&facts), 5); /* it may have been, and crashed */
}

static void data_is_not_doubled(void **state)
{
    struct zdd_plan plan = at_once();

    (void)state;
    plan.old.resident = plan.target.resident = true;
    assert_int_equal(zdd_clearing_restored_max(&plan), 4);
    assert_int_equal(restored(plan, side(.total = 0), fit(4)), 4);
}

static void tasks_that_fail_may_be_hidden_in_a_moment(void **state)
{
    const struct zdd_plan plan = at_once();
    const struct zdd_run run = a_run(.phase = ZDD_PHASE_CLEARING, .ordered = true);
    const struct zdd_observation observation =
        seen(.definition = ZDD_DEFINITION_TARGET, .locked = true, .locked_by_us = true,
             .tasks_fail = true, .current = side(.total = 4, .running = 4), .outdated = fit(4));
    const struct zdd_facts facts = {&plan, &run, &observation};

    (void)state;
    assert_int_equal(zdd_clearing_keep(&facts), ZDD_CLEARING_NONE);
    assert_int_equal(zdd_clearing_restored(&facts), 8);
}

static void where_the_oldest_would_go_first_more_are_put_back(void **state)
{
    struct zdd_plan plan = at_once();

    (void)state;
    plan.target.oldest_first = true;
    assert_int_equal(restored(plan, side(.total = 4, .running = 4), fit(4)), 8);
}

static void nothing_larger_than_the_limit_is_ever_asked_for(void **state)
{
    const int32_t most = ZDD_INSTANCES_MAX;
    struct zdd_plan plan = at_once();

    (void)state;
    plan.old.instances = plan.seen.running = plan.seen.healthy = plan.target.instances = most / 2;
    assert_int_equal(zdd_clearing_restored_max(&plan), most);
    plan.old.instances = plan.seen.running = plan.seen.healthy = most - 1;
    assert_int_equal(keep(plan, side(.total = 4, .running = 4), fit(most - 1)), most - 1);
    plan.old.instances = plan.seen.running = plan.seen.healthy = most;
    assert_int_equal(zdd_clearing_restored_max(&plan), most);
    assert_int_equal(keep(plan, side(.total = 4, .running = 4), fit(most)), ZDD_CLEARING_NONE);
    assert_int_equal(restored(plan, side(.total = 4, .running = 4), fit(most)), most);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_serves_is_no_danger),
        cmocka_unit_test(sick_new_ones_would_count_as_capacity_so_they_go_first),
        cmocka_unit_test(starting_ones_go_before_serving_ones),
        cmocka_unit_test(serving_new_ones_stay_even_if_the_originals_carry_it_alone),
        cmocka_unit_test(sick_and_healthy_that_run_cannot_be_told_apart),
        cmocka_unit_test(what_the_previous_definition_allows_to_lose_is_no_reason),
        cmocka_unit_test(where_nothing_serves_nothing_is_lost),
        cmocka_unit_test(only_an_upgrade_whose_target_is_in_place_is_cleared),
        cmocka_unit_test(where_scaling_down_takes_the_originals_or_data_it_is_left_out),
        cmocka_unit_test(by_the_rule_of_1_10_what_mesos_does_not_see_is_no_capacity),
        cmocka_unit_test(instances_that_marathon_does_not_list_count_as_well),
        cmocka_unit_test(a_small_minimum_health_asks_for_more_than_is_bearable),
        cmocka_unit_test(by_the_rule_of_1_10_only_the_number_of_all_matters),
        cmocka_unit_test(what_was_scaled_away_is_not_hidden),
        cmocka_unit_test(what_fails_after_it_was_scaled_is_hidden_again),
        cmocka_unit_test(data_is_not_doubled),
        cmocka_unit_test(tasks_that_fail_may_be_hidden_in_a_moment),
        cmocka_unit_test(where_the_oldest_would_go_first_more_are_put_back),
        cmocka_unit_test(nothing_larger_than_the_limit_is_ever_asked_for),
    };

    return cmocka_run_group_tests_name("strategies/clearing", tests, NULL, NULL);
}
