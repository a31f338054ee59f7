/**
 * @file tests/unit/strategies/test_start.c
 * @brief How rolling, scale and restart begin: row by row, and which row wins.
 */
#include "tests/unit/strategies/facts.h"

static void a_plan_without_changes_is_done_before_anything_else_is_asked(void **state)
{
    const struct zdd_decision d =
        decide(a_plan(.action = ZDD_ACTION_NONE), a_run(),
               seen(.now_ms = DEADLINE, .reachable = false, .definition = ZDD_DEFINITION_FOREIGN));

    (void)state;
    assert_rule(d, "start/nothing-to-do");
    assert_phase(d, ZDD_PHASE_SUCCEEDED);
    assert_no_order(d);
    assert_int_equal(d.wake_at_ms, 0);
}

static void at_the_deadline_it_fails_and_a_moment_before_it_begins(void **state)
{
    struct zdd_decision d;

    (void)state;
    d = decide(a_plan(), a_run(), seen(.now_ms = DEADLINE));
    assert_rule(d, "start/late");
    assert_phase(d, ZDD_PHASE_FAILED);
    assert_cause(d, ZDD_CAUSE_DEADLINE);

    d = decide(a_plan(), a_run(), seen(.now_ms = DEADLINE - 1));
    assert_rule(d, "start/apply");

    d = decide(a_plan(), a_run(.step_deadline_at_ms = T0 + 10), seen(.now_ms = T0 + 10));
    assert_rule(d, "start/late");
    assert_cause(d, ZDD_CAUSE_STEP_DEADLINE);
    d = decide(a_plan(), a_run(.step_deadline_at_ms = T0 + 10), seen(.now_ms = T0 + 9));
    assert_rule(d, "start/apply");
}

static void nothing_ordered_needs_no_way_back_however_late(void **state)
{
    const struct zdd_decision d = decide(a_plan(.on_failure = ZDD_ON_FAILURE_HOLD), a_run(),
                                         seen(.now_ms = DEADLINE, .reachable = false));

    (void)state;
    assert_rule(d, "start/late");
    assert_hold(d, ZDD_HOLD_NONE);
}

static void while_marathon_is_silent_it_waits_until_its_deadline(void **state)
{
    const struct zdd_decision d = decide(a_plan(), a_run(), seen(.reachable = false));

    (void)state;
    assert_rule(d, "start/no-answer");
    assert_phase(d, ZDD_PHASE_PENDING);
    assert_waits_for(d, "marathon");
    assert_no_order(d);
    assert_int_equal(d.wake_at_ms, DEADLINE);
}

static void a_plan_that_rests_on_another_definition_fails_before_any_order(void **state)
{
    struct zdd_decision d;

    (void)state;
    d = decide(a_plan(), a_run(), seen(.definition = ZDD_DEFINITION_FOREIGN, .locked = true));
    assert_rule(d, "start/foreign");
    assert_phase(d, ZDD_PHASE_FAILED);
    assert_hold(d, ZDD_HOLD_NONE);
    assert_cause(d, ZDD_CAUSE_FOREIGN_CHANGE);
    assert_no_order(d);

    d = decide(a_plan(), a_run(), seen(.definition = ZDD_DEFINITION_ABSENT)); /* deleted */
    assert_rule(d, "start/foreign");
}

static void a_new_app_is_expected_to_be_absent(void **state)
{
    const struct zdd_plan plan = a_plan(.action = ZDD_ACTION_CREATE, .old = {0}, .seen = {0});
    struct zdd_decision d;

    (void)state;
    d = decide(plan, a_run(), seen(.definition = ZDD_DEFINITION_ABSENT, .instances = 0));
    assert_rule(d, "start/apply");
    assert_order(d, ZDD_ORDER_PUT_TARGET, 4, false);

    d = decide(plan, a_run(), seen(.definition = ZDD_DEFINITION_FOREIGN));
    assert_rule(d, "start/foreign");
}

static void any_marathon_deployment_is_waited_for(void **state)
{
    struct zdd_decision d;

    (void)state;
    d = decide(a_plan(), a_run(), seen(.locked = true));
    assert_rule(d, "start/locked");
    assert_waits_for(d, "marathon-lock");
    assert_no_order(d);
    assert_int_equal(d.wake_at_ms, DEADLINE);

    d = decide(a_plan(), a_run(),
               seen(.locked = true, .locked_by_us = true, .definition = ZDD_DEFINITION_TARGET));
    assert_rule(d, "start/locked");
}

static void what_is_there_already_is_not_ordered_again(void **state)
{
    struct zdd_decision d;

    (void)state;
    d = decide(a_plan(), a_run(), seen(.definition = ZDD_DEFINITION_TARGET));
    assert_rule(d, "start/already-there");
    assert_phase(d, ZDD_PHASE_ROLLING);
    assert_no_order(d);
    assert_int_equal(d.wake_at_ms, T0); /* the new phase looks at once */

    d = decide(a_plan(), a_run(), seen(.definition = ZDD_DEFINITION_TARGET, .instances = 3));
    assert_rule(d, "start/apply");
}

static void it_begins_with_one_order(void **state)
{
    struct zdd_decision d;

    (void)state;
    d = decide(a_plan(.target = facts_of_app(.instances = 6)), a_run(), seen());
    assert_rule(d, "start/apply");
    assert_phase(d, ZDD_PHASE_APPLYING);
    assert_order(d, ZDD_ORDER_PUT_TARGET, 6, false);
    assert_waits_for(d, "marathon");

    d = decide(a_plan(.strategy = "restart", .action = ZDD_ACTION_RESTART), a_run(), seen());
    assert_order(d, ZDD_ORDER_RESTART, 4, false);

    d = decide(a_plan(.strategy = "scale", .action = ZDD_ACTION_SCALE,
                      .target = facts_of_app(.instances = 0)),
               a_run(), seen());
    assert_order(d, ZDD_ORDER_PUT_TARGET, 0, false);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_plan_without_changes_is_done_before_anything_else_is_asked),
        cmocka_unit_test(at_the_deadline_it_fails_and_a_moment_before_it_begins),
        cmocka_unit_test(nothing_ordered_needs_no_way_back_however_late),
        cmocka_unit_test(while_marathon_is_silent_it_waits_until_its_deadline),
        cmocka_unit_test(a_plan_that_rests_on_another_definition_fails_before_any_order),
        cmocka_unit_test(a_new_app_is_expected_to_be_absent),
        cmocka_unit_test(any_marathon_deployment_is_waited_for),
        cmocka_unit_test(what_is_there_already_is_not_ordered_again),
        cmocka_unit_test(it_begins_with_one_order),
    };

    return cmocka_run_group_tests_name("strategies/start", tests, NULL, NULL);
}
