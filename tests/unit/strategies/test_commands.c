/**
 * @file tests/unit/strategies/test_commands.c
 * @brief What operators may say in any phase, and what holds a deployment.
 */
#include "tests/unit/strategies/facts.h"

static const enum zdd_phase forward_phases[] = {ZDD_PHASE_PENDING, ZDD_PHASE_STOPPING,
                                                ZDD_PHASE_APPLYING, ZDD_PHASE_ROLLING};
static const enum zdd_phase undo_phases[] = {ZDD_PHASE_CLEARING, ZDD_PHASE_REVERTING,
                                             ZDD_PHASE_UNDOING};

static void a_pause_holds_it_where_it_is_and_orders_nothing(void **state)
{
    (void)state;
    for (size_t i = 0; i < ZDD_COUNT(forward_phases); i++) {
        const enum zdd_phase phase = forward_phases[i];
        const struct zdd_decision d =
            decide(a_plan(), a_run(.phase = phase, .command = ZDD_COMMAND_PAUSE, .ordered = true),
                   seen(.now_ms = DEADLINE)); /* the operator comes before the deadline */

        assert_rule(d, "common/pause");
        assert_phase(d, phase);
        assert_hold(d, ZDD_HOLD_OPERATOR);
        assert_waits_for(d, "operator");
        assert_true(d.take_command);
        assert_no_order(d);
        assert_int_equal(d.wake_at_ms, 0);
    }
}

static void a_pause_does_not_make_a_failure_look_like_a_wish(void **state)
{
    const struct zdd_decision d =
        decide(a_plan(),
               a_run(.phase = ZDD_PHASE_ROLLING, .command = ZDD_COMMAND_PAUSE,
                     .hold = ZDD_HOLD_FAILURE, .cause = ZDD_CAUSE_DEADLINE),
               seen());

    (void)state;
    assert_rule(d, "common/pause");
    assert_hold(d, ZDD_HOLD_FAILURE);
    assert_cause(d, ZDD_CAUSE_DEADLINE);
}

static void a_resume_ends_each_kind_of_hold(void **state)
{
    (void)state;
    for (int hold = ZDD_HOLD_OPERATOR; hold < ZDD_HOLD_COUNT; hold++) {
        const struct zdd_decision d =
            decide(a_plan(),
                   a_run(.phase = ZDD_PHASE_ROLLING, .command = ZDD_COMMAND_RESUME,
                         .hold = (enum zdd_hold)hold, .cause = ZDD_CAUSE_FOREIGN_CHANGE),
                   seen());

        assert_rule(d, "common/resume");
        assert_phase(d, ZDD_PHASE_ROLLING);
        assert_hold(d, ZDD_HOLD_NONE);
        assert_cause(d, ZDD_CAUSE_NONE);
        assert_true(d.take_command);
        assert_false(d.fresh_deadlines);
        assert_no_order(d);
    }
}

static void whoever_resumes_after_a_verdict_has_read_it(void **state)
{
    static const struct {
        enum zdd_phase phase;
        enum zdd_hold hold;
        enum zdd_cause cause;
        bool fresh;
    } rows[] = {
        {ZDD_PHASE_ROLLING, ZDD_HOLD_FAILURE, ZDD_CAUSE_VERIFY_FAILED, true},
        {ZDD_PHASE_ROLLING, ZDD_HOLD_FAILURE, ZDD_CAUSE_STEP_DEADLINE, false},
        {ZDD_PHASE_ROLLING, ZDD_HOLD_OPERATOR, ZDD_CAUSE_NONE, false},
        {ZDD_PHASE_UNDOING, ZDD_HOLD_FAILURE, ZDD_CAUSE_VERIFY_FAILED, false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const struct zdd_decision d =
            decide(a_plan(),
                   a_run(.phase = rows[i].phase, .command = ZDD_COMMAND_RESUME,
                         .hold = rows[i].hold, .cause = rows[i].cause),
                   seen());

        assert_rule(d, "common/resume");
        assert_int_equal(d.fresh_evidence, rows[i].fresh);
        assert_false(d.fresh_deadlines);
    }
}

static void a_retry_resumes_with_fresh_deadlines(void **state)
{
    const struct zdd_decision d =
        decide(a_plan(),
               a_run(.phase = ZDD_PHASE_ROLLING, .command = ZDD_COMMAND_RETRY,
                     .hold = ZDD_HOLD_FAILURE, .cause = ZDD_CAUSE_DEADLINE),
               seen(.now_ms = DEADLINE));

    (void)state;
    assert_rule(d, "common/retry");
    assert_phase(d, ZDD_PHASE_ROLLING);
    assert_hold(d, ZDD_HOLD_NONE);
    assert_cause(d, ZDD_CAUSE_NONE);
    assert_true(d.fresh_deadlines);
    assert_true(d.fresh_evidence);
    assert_true(d.take_command);
}

static void on_the_way_back_its_reason_survives_hold_and_resume(void **state)
{
    (void)state;
    for (size_t i = 0; i < ZDD_COUNT(undo_phases); i++) {
        struct zdd_run run =
            a_run(.phase = undo_phases[i], .ordered = true, .cause = ZDD_CAUSE_ABORTED);
        struct zdd_decision d = decide(a_plan(), run, seen(.definition = ZDD_DEFINITION_FOREIGN));

        assert_hold(d, ZDD_HOLD_FOREIGN);
        assert_cause(d, ZDD_CAUSE_ABORTED);
        run.hold = d.hold;
        run.command = ZDD_COMMAND_RESUME;
        d = decide(a_plan(), run, seen());
        assert_hold(d, ZDD_HOLD_NONE);
        assert_cause(d, ZDD_CAUSE_ABORTED);
        run.command = ZDD_COMMAND_RETRY;
        assert_cause(decide(a_plan(), run, seen()), ZDD_CAUSE_ABORTED);
    }
}

static void commands_of_other_strategies_are_used_up_without_effect(void **state)
{
    static const enum zdd_command others[] = {ZDD_COMMAND_PROMOTE, ZDD_COMMAND_WEIGHT};

    (void)state;
    for (size_t i = 0; i < ZDD_COUNT(others); i++) {
        const struct zdd_decision d =
            decide(a_plan(),
                   a_run(.phase = ZDD_PHASE_ROLLING, .command = others[i],
                         .hold = ZDD_HOLD_OPERATOR, .cause = ZDD_CAUSE_DEADLINE),
                   seen());

        assert_rule(d, "common/no-such-command");
        assert_true(d.take_command);
        assert_hold(d, ZDD_HOLD_OPERATOR);
        assert_cause(d, ZDD_CAUSE_DEADLINE);
        assert_no_order(d);
    }
}

static void who_goes_back_already_is_not_told_twice(void **state)
{
    (void)state;
    for (size_t i = 0; i < ZDD_COUNT(undo_phases); i++) {
        struct zdd_run run = a_run(.phase = undo_phases[i], .ordered = true,
                                   .command = ZDD_COMMAND_ABORT, .cause = ZDD_CAUSE_DEADLINE);
        struct zdd_decision d = decide(a_plan(), run, seen());

        assert_rule(d, "common/going-back-already");
        assert_phase(d, undo_phases[i]);
        assert_cause(d, ZDD_CAUSE_DEADLINE);
        assert_true(d.take_command);

        run.command = ZDD_COMMAND_ROLLBACK;
        assert_rule(decide(a_plan(), run, seen()), "common/going-back-already");

        run.hold = ZDD_HOLD_OPERATOR; /* held on the way back: then it counts */
        d = decide(a_plan(), run, seen());
        assert_rule(d, "common/go-back");
        assert_hold(d, ZDD_HOLD_NONE);
    }
}

static void an_abort_over_somebody_elses_change_leaves_it_alone(void **state)
{
    (void)state;
    for (int phase = 0; phase < ZDD_PHASE_SUCCEEDED; phase++) {
        const struct zdd_decision d =
            decide(a_plan(),
                   a_run(.phase = (enum zdd_phase)phase, .ordered = phase != ZDD_PHASE_ROLLING,
                         .hold = ZDD_HOLD_FOREIGN, .cause = ZDD_CAUSE_FOREIGN_CHANGE,
                         .command = ZDD_COMMAND_ABORT),
                   seen(.definition = ZDD_DEFINITION_FOREIGN));

        assert_rule(d, "common/leave-to-others");
        assert_phase(d, ZDD_PHASE_CANCELED);
        assert_cause(d, ZDD_CAUSE_ABORTED);
        assert_hold(d, ZDD_HOLD_NONE);
        assert_no_order(d);
    }
}

static void a_rollback_over_somebody_elses_change_goes_back(void **state)
{
    const struct zdd_decision d =
        decide(a_plan(),
               a_run(.phase = ZDD_PHASE_ROLLING, .ordered = true, .hold = ZDD_HOLD_FOREIGN,
                     .cause = ZDD_CAUSE_FOREIGN_CHANGE, .command = ZDD_COMMAND_ROLLBACK),
               seen(.definition = ZDD_DEFINITION_FOREIGN));

    (void)state;
    assert_rule(d, "common/go-back");
    assert_phase(d, ZDD_PHASE_CLEARING);
    assert_cause(d, ZDD_CAUSE_OPERATOR);
    assert_hold(d, ZDD_HOLD_NONE);
    assert_no_order(d);
}

static void before_any_order_an_end_costs_nothing(void **state)
{
    struct zdd_decision d;

    (void)state;
    d = decide(a_plan(), a_run(.command = ZDD_COMMAND_ABORT), seen());
    assert_rule(d, "common/end-unstarted");
    assert_phase(d, ZDD_PHASE_CANCELED);
    assert_cause(d, ZDD_CAUSE_ABORTED);

    d = decide(a_plan(), a_run(.command = ZDD_COMMAND_ROLLBACK, .hold = ZDD_HOLD_FOREIGN), seen());
    assert_rule(d, "common/end-unstarted");
    assert_cause(d, ZDD_CAUSE_OPERATOR);

    d = decide(a_plan(), a_run(.command = ZDD_COMMAND_ABORT, .ordered = true), seen());
    assert_rule(d, "common/go-back");
}

static void a_restart_has_no_way_back(void **state)
{
    const struct zdd_plan plan = a_plan(.strategy = "restart", .action = ZDD_ACTION_RESTART);
    static const enum zdd_command ends[] = {ZDD_COMMAND_ABORT, ZDD_COMMAND_ROLLBACK};

    (void)state;
    for (size_t i = 0; i < ZDD_COUNT(ends); i++) {
        const struct zdd_decision d = decide(
            plan, a_run(.phase = ZDD_PHASE_ROLLING, .ordered = true, .command = ends[i]), seen());

        assert_rule(d, "common/end-as-it-is");
        assert_phase(d, ZDD_PHASE_CANCELED);
        assert_no_order(d);
    }
}

static void an_end_from_any_phase_forward_goes_back(void **state)
{
    (void)state;
    for (size_t i = 1; i < ZDD_COUNT(forward_phases); i++) {
        struct zdd_run run =
            a_run(.phase = forward_phases[i], .ordered = true, .command = ZDD_COMMAND_ABORT);
        struct zdd_decision d = decide(a_plan(), run, seen(.reachable = false));

        assert_rule(d, "common/go-back");
        assert_phase(d, ZDD_PHASE_CLEARING);
        assert_cause(d, ZDD_CAUSE_ABORTED);
        assert_true(d.take_command);

        run.command = ZDD_COMMAND_ROLLBACK;
        assert_cause(decide(a_plan(), run, seen()), ZDD_CAUSE_OPERATOR);
    }
}

static void an_abort_for_a_newer_deployment_says_so(void **state)
{
    struct zdd_run run =
        a_run(.phase = ZDD_PHASE_ROLLING, .ordered = true, .command = ZDD_COMMAND_ABORT,
              .superseded_by = "01900000-0000-7000-8000-000000000001");

    (void)state;
    assert_cause(decide(a_plan(), run, seen()), ZDD_CAUSE_SUPERSEDED);
    run.ordered = false;
    assert_cause(decide(a_plan(), run, seen()), ZDD_CAUSE_SUPERSEDED);
    run.command = ZDD_COMMAND_ROLLBACK; /* an operator's own wish comes later and counts */
    assert_cause(decide(a_plan(), run, seen()), ZDD_CAUSE_OPERATOR);
}

static void held_means_held_in_every_phase_and_however_late(void **state)
{
    (void)state;
    for (int phase = 0; phase < ZDD_PHASE_SUCCEEDED; phase++) {
        for (int hold = ZDD_HOLD_OPERATOR; hold < ZDD_HOLD_COUNT; hold++) {
            const struct zdd_decision d = decide(
                a_plan(),
                a_run(.phase = (enum zdd_phase)phase, .hold = (enum zdd_hold)hold, .ordered = true),
                seen(.now_ms = DEADLINE + 1));

            assert_rule(d, "common/held");
            assert_phase(d, (enum zdd_phase)phase);
            assert_hold(d, (enum zdd_hold)hold);
            assert_waits_for(d, "operator");
            assert_no_order(d);
            assert_false(d.take_command);
            assert_int_equal(d.wake_at_ms, 0);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_pause_holds_it_where_it_is_and_orders_nothing),
        cmocka_unit_test(a_pause_does_not_make_a_failure_look_like_a_wish),
        cmocka_unit_test(a_resume_ends_each_kind_of_hold),
        cmocka_unit_test(whoever_resumes_after_a_verdict_has_read_it),
        cmocka_unit_test(a_retry_resumes_with_fresh_deadlines),
        cmocka_unit_test(on_the_way_back_its_reason_survives_hold_and_resume),
        cmocka_unit_test(commands_of_other_strategies_are_used_up_without_effect),
        cmocka_unit_test(who_goes_back_already_is_not_told_twice),
        cmocka_unit_test(an_abort_over_somebody_elses_change_leaves_it_alone),
        cmocka_unit_test(a_rollback_over_somebody_elses_change_goes_back),
        cmocka_unit_test(before_any_order_an_end_costs_nothing),
        cmocka_unit_test(a_restart_has_no_way_back),
        cmocka_unit_test(an_end_from_any_phase_forward_goes_back),
        cmocka_unit_test(an_abort_for_a_newer_deployment_says_so),
        cmocka_unit_test(held_means_held_in_every_phase_and_however_late),
    };

    return cmocka_run_group_tests_name("strategies/commands", tests, NULL, NULL);
}
