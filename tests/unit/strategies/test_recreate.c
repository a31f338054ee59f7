/**
 * @file tests/unit/strategies/test_recreate.c
 * @brief Recreate, row by row: all old ones stop, and only when that is seen the new ones start.
 */
#include "tests/unit/strategies/facts.h"

#define recreate(...) a_plan(.strategy = "recreate", __VA_ARGS__)
#define stopping(...) a_run(.phase = ZDD_PHASE_STOPPING, .ordered = true, __VA_ARGS__)

static void it_begins_as_others_do(void **state)
{
    struct zdd_decision d;

    (void)state;
    d = decide(recreate(.action = ZDD_ACTION_NONE), a_run(),
               seen(.reachable = false, .now_ms = DEADLINE));
    assert_rule(d, "recreate/nothing-to-do");
    d = decide(recreate(), a_run(), seen(.now_ms = DEADLINE, .reachable = false));
    assert_rule(d, "recreate/late");
    assert_phase(d, ZDD_PHASE_FAILED);
    assert_cause(d, ZDD_CAUSE_DEADLINE);
    d = decide(recreate(), a_run(), seen(.now_ms = DEADLINE - 1, .reachable = false));
    assert_rule(d, "recreate/no-answer");
    assert_waits_for(d, "marathon");
    d = decide(recreate(), a_run(), seen(.definition = ZDD_DEFINITION_ABSENT, .locked = true));
    assert_rule(d, "recreate/foreign");
    assert_phase(d, ZDD_PHASE_FAILED);
    assert_cause(d, ZDD_CAUSE_FOREIGN_CHANGE);
    d = decide(recreate(), a_run(), seen(.definition = ZDD_DEFINITION_TARGET, .locked = true));
    assert_rule(d, "recreate/locked");
    assert_waits_for(d, "marathon-lock");
    d = decide(recreate(), a_run(), seen(.definition = ZDD_DEFINITION_TARGET));
    assert_rule(d, "recreate/already-there");
    assert_phase(d, ZDD_PHASE_ROLLING);
    assert_no_order(d);
}

static void a_new_app_has_nothing_to_stop(void **state)
{
    const struct zdd_decision d =
        decide(recreate(.action = ZDD_ACTION_CREATE, .old = {0}, .seen = {0}), a_run(),
               seen(.definition = ZDD_DEFINITION_ABSENT, .instances = 0));

    (void)state;
    assert_rule(d, "recreate/create");
    assert_phase(d, ZDD_PHASE_APPLYING);
    assert_order(d, ZDD_ORDER_PUT_TARGET, 4, false);
}

static void the_first_order_scales_the_old_ones_to_zero(void **state)
{
    const struct zdd_decision d = decide(recreate(), a_run(), seen());

    (void)state;
    assert_rule(d, "recreate/stop");
    assert_phase(d, ZDD_PHASE_STOPPING);
    assert_order(d, ZDD_ORDER_PUT_PREVIOUS, 0, false);
    assert_waits_for(d, "tasks");
}

static void the_new_ones_start_when_the_last_old_one_has_ended(void **state)
{
    const struct zdd_run run = stopping(.outcome = ZDD_OUTCOME_ACKED, .ordered_at_ms = T0);
    struct zdd_decision d;

    (void)state;
    d = decide(recreate(), run, seen(.instances = 0, .current = ending(1)));
    assert_rule(d, "recreate/wait-stopped");
    assert_int_equal(d.wake_at_ms, DEADLINE); /* nothing is asked for its sake until then */
    d = decide(recreate(), run, seen(.instances = 0, .outdated = ending(1)));
    assert_rule(d, "recreate/wait-stopped");
    d = decide(recreate(), run, seen(.instances = 0, .locked = true, .locked_by_us = true));
    assert_rule(d, "recreate/wait-stopped");
    assert_no_order(d);

    d = decide(recreate(), run, seen(.instances = 0, .now_ms = DEADLINE));
    assert_rule(d, "recreate/start"); /* just in time; the next phase sees the deadline */
    assert_phase(d, ZDD_PHASE_APPLYING);
    assert_order(d, ZDD_ORDER_PUT_TARGET, 4, false);
}

/* Found by the simulator: the first stop came late, when the new ones ran, and stopped them. */
static void a_stop_that_may_still_arrive_is_waited_for(void **state)
{
    const struct zdd_run run =
        stopping(.outcome = ZDD_OUTCOME_ACKED, .ordered_at_ms = T0, .unsure_until_ms = T0 + 15000);
    struct zdd_decision d;

    (void)state;
    d = decide(recreate(), run, seen(.instances = 0, .now_ms = T0 + 14999));
    assert_rule(d, "recreate/may-arrive");
    assert_no_order(d);
    assert_int_equal(d.wake_at_ms, T0 + 15000);
    assert_waits_for(d, "marathon");
    d = decide(recreate(), run, seen(.instances = 0, .now_ms = T0 + 14999, .current = ending(1)));
    assert_rule(d, "recreate/wait-stopped");
    d = decide(recreate(), run, seen(.instances = 0, .now_ms = T0 + 15000));
    assert_rule(d, "recreate/start");
}

static void going_to_zero_the_stop_itself_makes_the_target(void **state)
{
    const struct zdd_plan plan =
        recreate(.action = ZDD_ACTION_SCALE, .target = facts_of_app(.instances = 0));
    const struct zdd_run run = stopping(.outcome = ZDD_OUTCOME_ACKED, .ordered_at_ms = T0);
    struct zdd_decision d;

    (void)state;
    d = decide(plan, run,
               seen(.definition = ZDD_DEFINITION_TARGET, .instances = 0, .current = ending(4)));
    assert_rule(d, "recreate/wait-stopped");
    assert_hold(d, ZDD_HOLD_NONE);
    d = decide(plan, run, seen(.definition = ZDD_DEFINITION_TARGET, .instances = 0));
    assert_rule(d, "recreate/start");

    d = decide(recreate(), run, seen(.definition = ZDD_DEFINITION_TARGET, .instances = 0));
    assert_rule(d, "recreate/changed"); /* of an upgrade the target has not been sent */
}

static void a_refused_stop_has_changed_nothing(void **state)
{
    struct zdd_decision d;

    (void)state;
    d = decide(recreate(), stopping(.outcome = ZDD_OUTCOME_REFUSED), seen(.now_ms = DEADLINE));
    assert_rule(d, "recreate/refused");
    assert_phase(d, ZDD_PHASE_FAILED);
    assert_cause(d, ZDD_CAUSE_REFUSED);
    d = decide(recreate(), stopping(.outcome = ZDD_OUTCOME_REFUSED), seen(.reachable = false));
    assert_rule(d, "recreate/silence");
    d = decide(recreate(), stopping(.outcome = ZDD_OUTCOME_REFUSED), seen(.instances = 0));
    assert_rule(d, "recreate/start"); /* stopped all the same: what is seen counts */
}

static void late_goes_back_or_holds(void **state)
{
    struct zdd_decision d;

    (void)state;
    d = decide(recreate(), stopping(), seen(.now_ms = DEADLINE, .reachable = false));
    assert_rule(d, "recreate/late-go-back");
    assert_phase(d, ZDD_PHASE_CLEARING);
    assert_cause(d, ZDD_CAUSE_DEADLINE);
    d = decide(recreate(.on_failure = ZDD_ON_FAILURE_HOLD), stopping(),
               seen(.now_ms = DEADLINE, .reachable = false));
    assert_rule(d, "recreate/late-hold");
    assert_hold(d, ZDD_HOLD_FAILURE);
    d = decide(recreate(), stopping(), seen(.now_ms = DEADLINE - 1, .reachable = false));
    assert_rule(d, "recreate/silence");
    assert_waits_for(d, "marathon");
    assert_int_equal(d.wake_at_ms, DEADLINE);
}

static void anything_but_the_previous_definition_is_somebody_elses(void **state)
{
    static const enum zdd_definition others[] = {ZDD_DEFINITION_ABSENT, ZDD_DEFINITION_TARGET,
                                                 ZDD_DEFINITION_FOREIGN};

    (void)state;
    for (size_t i = 0; i < ZDD_COUNT(others); i++) {
        const struct zdd_decision d =
            decide(recreate(), stopping(), seen(.definition = others[i], .locked = true));

        assert_rule(d, "recreate/changed");
        assert_hold(d, ZDD_HOLD_FOREIGN);
        assert_cause(d, ZDD_CAUSE_FOREIGN_CHANGE);
    }
}

static void the_stop_is_ordered_again_until_it_is_seen(void **state)
{
    const struct zdd_run acked = stopping(.outcome = ZDD_OUTCOME_ACKED, .ordered_at_ms = T0);
    struct zdd_decision d;

    (void)state;
    d = decide(recreate(), stopping(.outcome = ZDD_OUTCOME_LOCKED), seen(.locked = true));
    assert_rule(d, "recreate/wait-lock");
    d = decide(recreate(), stopping(), seen());
    assert_rule(d, "recreate/stop-again");
    assert_order(d, ZDD_ORDER_PUT_PREVIOUS, 0, false);
    d = decide(recreate(), acked, seen(.now_ms = T0 + 9999));
    assert_rule(d, "recreate/wait-stopped");
    assert_int_equal(d.wake_at_ms, T0 + 10000);
    d = decide(recreate(), acked, seen(.now_ms = T0 + 10000));
    assert_rule(d, "recreate/stop-again");
    d = decide(recreate(), acked, seen(.now_ms = T0 + 10000, .instances = 0, .current = ending(1)));
    assert_rule(d, "recreate/wait-stopped"); /* seen: there is nothing to repeat */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_begins_as_others_do),
        cmocka_unit_test(a_new_app_has_nothing_to_stop),
        cmocka_unit_test(the_first_order_scales_the_old_ones_to_zero),
        cmocka_unit_test(the_new_ones_start_when_the_last_old_one_has_ended),
        cmocka_unit_test(a_stop_that_may_still_arrive_is_waited_for),
        cmocka_unit_test(going_to_zero_the_stop_itself_makes_the_target),
        cmocka_unit_test(a_refused_stop_has_changed_nothing),
        cmocka_unit_test(late_goes_back_or_holds),
        cmocka_unit_test(anything_but_the_previous_definition_is_somebody_elses),
        cmocka_unit_test(the_stop_is_ordered_again_until_it_is_seen),
    };

    return cmocka_run_group_tests_name("strategies/recreate", tests, NULL, NULL);
}
