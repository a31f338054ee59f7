/**
 * @file tests/unit/strategies/test_forward.c
 * @brief The way forward, row by row: apply the target, watch Marathon carry it out.
 */
#include "tests/unit/strategies/facts.h"

#define applying(...) a_run(.phase = ZDD_PHASE_APPLYING, .ordered = true, __VA_ARGS__)
#define rolling(...) a_run(.phase = ZDD_PHASE_ROLLING, .ordered = true, __VA_ARGS__)
#define target_seen(...) seen(.definition = ZDD_DEFINITION_TARGET, __VA_ARGS__)

static void the_target_in_place_is_what_it_waited_for(void **state)
{
    struct zdd_decision d;

    (void)state;
    d = decide(a_plan(), applying(), target_seen(.locked = true));
    assert_rule(d, "forward/applied");
    assert_phase(d, ZDD_PHASE_ROLLING);
    assert_no_order(d);

    /* Late or refused, what is seen counts. */
    d = decide(a_plan(), applying(.outcome = ZDD_OUTCOME_REFUSED), target_seen(.now_ms = DEADLINE));
    assert_rule(d, "forward/applied");

    /* Another count is not ours yet. */
    d = decide(a_plan(), applying(), target_seen(.instances = 5));
    assert_rule(d, "forward/send");
}

static void what_marathon_refuses_for_good_has_failed(void **state)
{
    struct zdd_decision d;

    (void)state;
    d = decide(a_plan(), applying(.outcome = ZDD_OUTCOME_REFUSED), seen(.now_ms = DEADLINE));
    assert_rule(d, "forward/refused"); /* the refusal tells more than the lateness */
    assert_phase(d, ZDD_PHASE_FAILED);
    assert_cause(d, ZDD_CAUSE_REFUSED);

    d = decide(a_plan(), applying(.outcome = ZDD_OUTCOME_REFUSED), seen(.reachable = false));
    assert_rule(d, "forward/no-answer"); /* not known whether anything is half done */
}

static void a_refusal_half_way_goes_back(void **state)
{
    struct zdd_decision d;

    (void)state;
    d = decide(a_plan(.strategy = "recreate"), applying(.outcome = ZDD_OUTCOME_REFUSED),
               seen(.instances = 0));
    assert_rule(d, "forward/refused-midway");
    assert_phase(d, ZDD_PHASE_CLEARING);
    assert_cause(d, ZDD_CAUSE_REFUSED);

    d = decide(a_plan(.strategy = "recreate"), applying(.outcome = ZDD_OUTCOME_REFUSED),
               seen(.instances = 4));
    assert_rule(d, "forward/refused");
}

static void a_target_with_another_count_is_neither_refused_nor_sent_again(void **state)
{
    const struct zdd_decision d =
        decide(a_plan(), applying(.outcome = ZDD_OUTCOME_REFUSED), target_seen(.instances = 5));

    (void)state;
    assert_rule(d, "forward/wait-applied");
    assert_no_order(d);
}

static void late_goes_back_holds_or_fails_as_asked(void **state)
{
    struct zdd_decision d;
    const enum zdd_phase phases[] = {ZDD_PHASE_APPLYING, ZDD_PHASE_ROLLING};
    static const char *const back[] = {"forward/late-go-back", "forward/too-long-back"};
    static const char *const hold[] = {"forward/late-hold", "forward/too-long-hold"};
    static const char *const fail[] = {"forward/late", "forward/too-long"};

    (void)state;
    for (size_t i = 0; i < ZDD_COUNT(phases); i++) {
        const struct zdd_run run = a_run(.phase = phases[i], .ordered = true);
        const struct zdd_observation late = seen(.now_ms = DEADLINE, .reachable = false);

        d = decide(a_plan(), run, late);
        assert_rule(d, back[i]);
        assert_phase(d, ZDD_PHASE_CLEARING);
        assert_cause(d, ZDD_CAUSE_DEADLINE);
        assert_no_order(d);

        d = decide(a_plan(.on_failure = ZDD_ON_FAILURE_HOLD), run, late);
        assert_rule(d, hold[i]);
        assert_phase(d, phases[i]);
        assert_hold(d, ZDD_HOLD_FAILURE);
        assert_cause(d, ZDD_CAUSE_DEADLINE);
        assert_int_equal(d.wake_at_ms, 0);

        d = decide(a_plan(.strategy = "restart", .action = ZDD_ACTION_RESTART), run, late);
        assert_rule(d, fail[i]);
        assert_phase(d, ZDD_PHASE_FAILED);
        assert_cause(d, ZDD_CAUSE_DEADLINE);

        d = decide(a_plan(), run, seen(.now_ms = DEADLINE - 1, .reachable = false));
        assert_phase(d, phases[i]);
        assert_hold(d, ZDD_HOLD_NONE);
        assert_int_equal(d.wake_at_ms, DEADLINE);
    }
}

static void the_deadline_that_came_first_is_named(void **state)
{
    struct zdd_run run = rolling(.step_deadline_at_ms = DEADLINE - 1000);

    (void)state;
    assert_cause(decide(a_plan(), run, target_seen(.now_ms = DEADLINE - 1000)),
                 ZDD_CAUSE_STEP_DEADLINE);
    assert_cause(decide(a_plan(), run, target_seen(.now_ms = DEADLINE)), ZDD_CAUSE_DEADLINE);
    /* The whole one alone, too, and from its very moment on. */
    run.step_deadline_at_ms = INT64_MAX;
    assert_cause(decide(a_plan(), run, target_seen(.now_ms = DEADLINE)), ZDD_CAUSE_DEADLINE);
    assert_cause(decide(a_plan(), run, target_seen(.now_ms = DEADLINE - 1)), ZDD_CAUSE_NONE);
}

static void what_others_put_there_is_not_undone_when_it_is_late(void **state)
{
    const struct zdd_run run = a_run(.phase = ZDD_PHASE_ROLLING, .ordered = false);
    struct zdd_decision d;

    (void)state;
    d = decide(a_plan(), run, target_seen(.now_ms = DEADLINE));
    assert_rule(d, "forward/too-long");
    assert_phase(d, ZDD_PHASE_FAILED);
}

static void silence_is_waited_out(void **state)
{
    struct zdd_decision d;

    (void)state;
    d = decide(a_plan(), applying(), seen(.reachable = false));
    assert_rule(d, "forward/no-answer");
    assert_waits_for(d, "marathon");
    assert_no_order(d);
    d = decide(a_plan(), rolling(), seen(.reachable = false));
    assert_rule(d, "forward/silence");
    assert_waits_for(d, "marathon");
    assert_no_order(d);
}

static void somebody_elses_definition_holds_it(void **state)
{
    struct zdd_decision d;

    (void)state;
    d = decide(a_plan(), applying(), seen(.definition = ZDD_DEFINITION_FOREIGN, .locked = true));
    assert_rule(d, "forward/foreign");
    assert_hold(d, ZDD_HOLD_FOREIGN);
    assert_cause(d, ZDD_CAUSE_FOREIGN_CHANGE);

    d = decide(a_plan(), applying(), seen(.definition = ZDD_DEFINITION_ABSENT));
    assert_rule(d, "forward/foreign");

    d = decide(a_plan(.seen = {0}), applying(), seen(.definition = ZDD_DEFINITION_ABSENT));
    assert_rule(d, "forward/send"); /* a new app that is not there yet */
}

static void others_deployments_are_waited_for(void **state)
{
    struct zdd_decision d;

    (void)state;
    d = decide(a_plan(), applying(.outcome = ZDD_OUTCOME_LOCKED), seen(.locked = true));
    assert_rule(d, "forward/locked");
    assert_waits_for(d, "marathon-lock");
    assert_no_order(d);

    d = decide(a_plan(), applying(.outcome = ZDD_OUTCOME_LOCKED), seen());
    assert_rule(d, "forward/send"); /* the lock is gone: at once */

    d = decide(a_plan(), applying(), seen(.locked = true, .locked_by_us = true));
    assert_rule(d, "forward/wait-applied"); /* our own is under way: no order into it */
}

static void an_order_without_an_answer_is_given_again_later_and_later(void **state)
{
    static const int64_t waits_ms[] = {250, 500, 1000, 2000, 4000, 8000, 10000, 10000};
    struct zdd_decision d;

    (void)state;
    for (size_t i = 0; i < ZDD_COUNT(waits_ms); i++) {
        const struct zdd_run run =
            applying(.outcome = ZDD_OUTCOME_FAILED, .attempt = (int32_t)i + 1, .ordered_at_ms = T0);

        d = decide(a_plan(), run, seen(.now_ms = T0 + waits_ms[i] - 1));
        assert_rule(d, "forward/wait-applied");
        assert_no_order(d);
        assert_int_equal(d.wake_at_ms, T0 + waits_ms[i]);
        d = decide(a_plan(), run, seen(.now_ms = T0 + waits_ms[i]));
        assert_rule(d, "forward/send");
        assert_order(d, ZDD_ORDER_PUT_TARGET, 4, false);
    }
    d = decide(a_plan(), applying(.attempt = 2000000000, .outcome = ZDD_OUTCOME_FAILED), seen());
    assert_rule(d, "forward/send");
}

static void an_accepted_order_that_is_not_seen_is_given_again_after_ten_seconds(void **state)
{
    const struct zdd_run run = applying(.outcome = ZDD_OUTCOME_ACKED, .ordered_at_ms = T0);
    struct zdd_decision d;

    (void)state;
    d = decide(a_plan(), run, seen(.now_ms = T0 + 9999));
    assert_rule(d, "forward/wait-applied");
    assert_waits_for(d, "marathon");
    assert_int_equal(d.wake_at_ms, T0 + 10000);
    d = decide(a_plan(), run, seen(.now_ms = T0 + 10000));
    assert_rule(d, "forward/send");
}

static void an_order_of_unknown_fate_is_given_again_at_once(void **state)
{
    (void)state;
    assert_rule(decide(a_plan(), applying(.ordered_at_ms = T0), seen()), "forward/send");
}

static void a_wait_never_sleeps_past_its_deadline(void **state)
{
    const struct zdd_decision d =
        decide(a_plan(), applying(.outcome = ZDD_OUTCOME_ACKED, .ordered_at_ms = DEADLINE - 5000),
               seen(.now_ms = DEADLINE - 4000));

    (void)state;
    assert_int_equal(d.wake_at_ms, DEADLINE);
}

static void when_waiting_for_nothing_in_particular_it_looks_again_in_ten_seconds(void **state)
{
    const struct zdd_decision d =
        decide(a_plan(), applying(.outcome = ZDD_OUTCOME_ACKED, .ordered_at_ms = T0),
               seen(.now_ms = T0 + 20000, .locked = true, .locked_by_us = true));

    (void)state;
    assert_rule(d, "forward/wait-applied");
    assert_int_equal(d.wake_at_ms, T0 + 30000);
}

static void it_is_done_when_all_and_only_the_new_ones_serve(void **state)
{
    struct zdd_decision d;

    (void)state;
    d = decide(a_plan(), rolling(), target_seen(.now_ms = DEADLINE, .current = serving(4)));
    assert_rule(d, "forward/done"); /* just in time is in time */
    assert_phase(d, ZDD_PHASE_SUCCEEDED);
    assert_int_equal(d.wake_at_ms, 0);

    d = decide(a_plan(), rolling(), target_seen(.current = serving(4), .locked = true));
    assert_rule(d, "forward/wait-tasks");
    assert_waits_for(d, "tasks");
    assert_int_equal(d.wake_at_ms, DEADLINE);
    d = decide(a_plan(), rolling(), target_seen(.current = serving(3)));
    assert_rule(d, "forward/wait-tasks");
    d = decide(a_plan(), rolling(), target_seen(.current = serving(5)));
    assert_rule(d, "forward/wait-tasks");
    d = decide(a_plan(), rolling(),
               target_seen(.current = {.total = 4, .running = 4, .healthy = 3}));
    assert_rule(d, "forward/wait-tasks");
    d = decide(a_plan(), rolling(), target_seen(.current = serving(4), .outdated = ending(1)));
    assert_rule(d, "forward/settles");
}

static void zero_instances_are_done_when_nothing_is_left(void **state)
{
    const struct zdd_plan plan = a_plan(.target = facts_of_app(.instances = 0));
    struct zdd_decision d;

    (void)state;
    d = decide(plan, rolling(), target_seen(.instances = 0, .current = ending(1)));
    assert_rule(d, "forward/wait-tasks");
    d = decide(plan, rolling(), target_seen(.instances = 0));
    assert_rule(d, "forward/done");
}

static void a_scale_asks_nothing_of_those_that_were_ill_before(void **state)
{
    const struct zdd_plan plan = a_plan(.strategy = "scale", .action = ZDD_ACTION_SCALE,
                                        .target = facts_of_app(.instances = 6),
                                        .seen = {.exists = true, .running = 4, .healthy = 3});
    struct zdd_decision d;

    (void)state;
    d = decide(plan, rolling(),
               target_seen(.instances = 6, .current = {.total = 6, .running = 6, .healthy = 5}));
    assert_rule(d, "forward/done");
    d = decide(plan, rolling(),
               target_seen(.instances = 6, .current = {.total = 6, .running = 6, .healthy = 4}));
    assert_rule(d, "forward/wait-tasks");
}

static void a_scale_below_the_ill_ones_asks_for_none(void **state)
{
    const struct zdd_plan plan = a_plan(.strategy = "scale", .action = ZDD_ACTION_SCALE,
                                        .target = facts_of_app(.instances = 1),
                                        .seen = {.exists = true, .running = 4, .healthy = 1});
    const struct zdd_decision d =
        decide(plan, rolling(), target_seen(.instances = 1, .current = {.total = 1, .running = 1}));

    (void)state;
    assert_rule(d, "forward/done");
}

static void once_in_place_anything_else_is_somebody_elses(void **state)
{
    struct zdd_decision d;

    (void)state;
    d = decide(a_plan(), rolling(), seen());
    assert_rule(d, "forward/changed");
    assert_hold(d, ZDD_HOLD_FOREIGN);
    assert_cause(d, ZDD_CAUSE_FOREIGN_CHANGE);
    d = decide(a_plan(), rolling(), target_seen(.instances = 5));
    assert_rule(d, "forward/changed"); /* another count too */
    d = decide(a_plan(), rolling(), seen(.definition = ZDD_DEFINITION_ABSENT));
    assert_rule(d, "forward/changed");
    d = decide(a_plan(.seen = {0}), rolling(), seen(.definition = ZDD_DEFINITION_ABSENT));
    assert_rule(d, "forward/changed");
}

static void a_vanished_deployment_is_believed_only_after_it_stayed_away(void **state)
{
    const struct zdd_observation gap =
        target_seen(.now_ms = T0 + 300000, .current = serving(3), .outdated = serving(1));
    struct zdd_run run = rolling(.waiting_code = "tasks", .waiting_since_ms = T0);
    struct zdd_decision d;

    (void)state;
    d = decide(a_plan(), run, gap); /* however long it rolled before */
    assert_rule(d, "forward/settles");
    assert_phase(d, ZDD_PHASE_ROLLING);
    assert_waits_for(d, "marathon-settles");
    assert_int_equal(d.wake_at_ms, T0 + 310000);

    run = rolling(.waiting_code = "marathon-settles", .waiting_since_ms = T0 + 290001);
    d = decide(a_plan(), run, gap);
    assert_rule(d, "forward/settles");
    assert_int_equal(d.wake_at_ms, T0 + 300001);

    run.waiting_since_ms = T0 + 290000;
    d = decide(a_plan(), run, gap);
    assert_rule(d, "forward/cancelled-back");
    assert_phase(d, ZDD_PHASE_CLEARING);
    assert_cause(d, ZDD_CAUSE_FOREIGN_CANCEL);

    d = decide(a_plan(.on_failure = ZDD_ON_FAILURE_HOLD), run, gap);
    assert_rule(d, "forward/cancelled");
    assert_hold(d, ZDD_HOLD_FAILURE);
    assert_cause(d, ZDD_CAUSE_FOREIGN_CANCEL);

    d = decide(a_plan(.strategy = "restart", .action = ZDD_ACTION_RESTART), run, gap);
    assert_rule(d, "forward/cancelled"); /* nothing to go back to */
}

static void missing_new_ones_alone_are_no_cancel(void **state)
{
    const struct zdd_run run =
        rolling(.waiting_code = "marathon-settles", .waiting_since_ms = T0 - 100000);

    (void)state;
    assert_rule(decide(a_plan(), run, target_seen(.current = serving(3))), "forward/wait-tasks");
    assert_rule(decide(a_plan(), run,
                       target_seen(.current = serving(3), .outdated = serving(1), .locked = true)),
                "forward/wait-tasks");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_target_in_place_is_what_it_waited_for),
        cmocka_unit_test(what_marathon_refuses_for_good_has_failed),
        cmocka_unit_test(a_refusal_half_way_goes_back),
        cmocka_unit_test(a_target_with_another_count_is_neither_refused_nor_sent_again),
        cmocka_unit_test(late_goes_back_holds_or_fails_as_asked),
        cmocka_unit_test(the_deadline_that_came_first_is_named),
        cmocka_unit_test(what_others_put_there_is_not_undone_when_it_is_late),
        cmocka_unit_test(silence_is_waited_out),
        cmocka_unit_test(somebody_elses_definition_holds_it),
        cmocka_unit_test(others_deployments_are_waited_for),
        cmocka_unit_test(an_order_without_an_answer_is_given_again_later_and_later),
        cmocka_unit_test(an_accepted_order_that_is_not_seen_is_given_again_after_ten_seconds),
        cmocka_unit_test(an_order_of_unknown_fate_is_given_again_at_once),
        cmocka_unit_test(a_wait_never_sleeps_past_its_deadline),
        cmocka_unit_test(when_waiting_for_nothing_in_particular_it_looks_again_in_ten_seconds),
        cmocka_unit_test(it_is_done_when_all_and_only_the_new_ones_serve),
        cmocka_unit_test(zero_instances_are_done_when_nothing_is_left),
        cmocka_unit_test(a_scale_asks_nothing_of_those_that_were_ill_before),
        cmocka_unit_test(a_scale_below_the_ill_ones_asks_for_none),
        cmocka_unit_test(once_in_place_anything_else_is_somebody_elses),
        cmocka_unit_test(a_vanished_deployment_is_believed_only_after_it_stayed_away),
        cmocka_unit_test(missing_new_ones_alone_are_no_cancel),
    };

    return cmocka_run_group_tests_name("strategies/forward", tests, NULL, NULL);
}
