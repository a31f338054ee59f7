/**
 * @file tests/unit/server/engine/test_move.c
 * @brief A decision applied to a deployment's record: phases, holds, deadlines.
 */
#include "server/engine/move.h"

#include "tests/unit/strategies/facts.h"

#include <stdio.h>
#include <string.h>

static struct zdd_run moved(struct zdd_run run, struct zdd_decision d, int64_t now_ms)
{
    const struct zdd_plan plan = a_plan();

    zdd_move(zdd_strategy_find("rolling"), &plan, &d, now_ms, &run);
    return run;
}

#define a_decision(...) ((struct zdd_decision){.rule = "test/rule", __VA_ARGS__})

static void the_first_look_starts_the_clocks_and_no_other(void **state)
{
    const struct zdd_plan plan = a_plan(.deadline_ms = 5000);
    struct zdd_run run = {.phase = ZDD_PHASE_PENDING};

    (void)state;
    assert_true(zdd_move_start(&plan, &run, T0));
    assert_int_equal(run.started_at_ms, T0);
    assert_int_equal(run.phase_since_ms, T0);
    assert_int_equal(run.deadline_at_ms, T0 + 5000);
    assert_int_equal(run.step_deadline_at_ms, T0 + 5000);
    assert_false(zdd_move_start(&plan, &run, T0 + 1000));
    assert_int_equal(run.started_at_ms, T0);
    assert_int_equal(run.deadline_at_ms, T0 + 5000);
}

static void a_new_phase_begins_with_its_own_time_and_a_clean_slate(void **state)
{
    const struct zdd_run run =
        moved(a_run(.phase = ZDD_PHASE_APPLYING, .outcome = ZDD_OUTCOME_FAILED, .attempt = 3,
                    .ordered = true),
              a_decision(.phase = ZDD_PHASE_ROLLING, .wake_at_ms = T0 + 77), T0 + 50);

    (void)state;
    assert_int_equal(run.phase, ZDD_PHASE_ROLLING);
    assert_int_equal(run.phase_since_ms, T0 + 50);
    assert_int_equal(run.step_deadline_at_ms, T0 + 50 + 600000);
    assert_int_equal(run.deadline_at_ms, DEADLINE); /* the whole has one deadline */
    assert_int_equal(run.step, 1);
    assert_int_equal(run.outcome, ZDD_OUTCOME_NONE);
    assert_int_equal(run.attempt, 0);
    assert_int_equal(run.wake_at_ms, T0 + 77);
    assert_int_equal(run.ended_at_ms, 0);
}

static void the_same_phase_keeps_everything(void **state)
{
    const struct zdd_run before = a_run(.phase = ZDD_PHASE_APPLYING, .attempt = 3,
                                        .outcome = ZDD_OUTCOME_FAILED, .ordered = true);
    const struct zdd_run run =
        moved(before, a_decision(.phase = ZDD_PHASE_APPLYING, .wake_at_ms = T0 + 1), T0 + 50);

    (void)state;
    assert_int_equal(run.phase_since_ms, T0);
    assert_int_equal(run.attempt, 3);
    assert_int_equal(run.outcome, ZDD_OUTCOME_FAILED);
    assert_int_equal(run.step_deadline_at_ms, DEADLINE);
    assert_false(zdd_move_matters(&before, &run)); /* a timer alone is not worth writing */
}

static void
going_back_is_a_step_of_its_own_and_clearing_and_putting_back_share_its_time(void **state)
{
    struct zdd_run run = moved(a_run(.phase = ZDD_PHASE_ROLLING, .step = 1),
                               a_decision(.phase = ZDD_PHASE_CLEARING), T0 + 1000);

    (void)state;
    assert_int_equal(run.step, 2);
    assert_int_equal(run.step_deadline_at_ms, T0 + 1000 + ZDD_REVERT_LIMIT_MS);
    run.attempt = 2;
    run.outcome = ZDD_OUTCOME_FAILED;

    run = moved(run, a_decision(.phase = ZDD_PHASE_REVERTING), T0 + 2000);
    assert_int_equal(run.step_deadline_at_ms, T0 + 1000 + ZDD_REVERT_LIMIT_MS);
    assert_int_equal(run.attempt, 2);
    assert_int_equal(run.outcome, ZDD_OUTCOME_NONE);
    assert_int_equal(run.phase_since_ms, T0 + 2000);

    run = moved(run, a_decision(.phase = ZDD_PHASE_CLEARING), T0 + 3000);
    assert_int_equal(run.step_deadline_at_ms, T0 + 1000 + ZDD_REVERT_LIMIT_MS);
    assert_int_equal(run.attempt, 2);

    run = moved(run, a_decision(.phase = ZDD_PHASE_UNDOING), T0 + 4000);
    assert_int_equal(run.step, 2);
    assert_int_equal(run.attempt, 0);
    assert_int_equal(run.step_deadline_at_ms, T0 + 4000 + 1400000);

    run = moved(run, a_decision(.phase = ZDD_PHASE_CLEARING), T0 + 5000); /* an operator, again */
    assert_int_equal(run.step_deadline_at_ms, T0 + 5000 + ZDD_REVERT_LIMIT_MS);
}

static void the_end_is_noted_and_nothing_wakes_it_any_more(void **state)
{
    static const struct {
        enum zdd_phase from, to;
        int32_t before, after; /* steps */
    } ends[] = {
        {ZDD_PHASE_ROLLING, ZDD_PHASE_SUCCEEDED, 1, 1},
        {ZDD_PHASE_PENDING, ZDD_PHASE_SUCCEEDED, 0, 1},
        {ZDD_PHASE_APPLYING, ZDD_PHASE_FAILED, 0, 0},
        {ZDD_PHASE_APPLYING, ZDD_PHASE_CANCELED, 0, 0},
        {ZDD_PHASE_UNDOING, ZDD_PHASE_ROLLED_BACK, 2, 2},
        {ZDD_PHASE_UNDOING, ZDD_PHASE_FAILED, 2, 2},
    };

    (void)state;
    for (size_t i = 0; i < ZDD_COUNT(ends); i++) {
        const struct zdd_run run =
            moved(a_run(.phase = ends[i].from, .step = ends[i].before),
                  a_decision(.phase = ends[i].to, .cause = ZDD_CAUSE_DEADLINE), T0 + 9);

        assert_int_equal(run.ended_at_ms, T0 + 9);
        assert_int_equal(run.wake_at_ms, 0);
        assert_int_equal(run.step, ends[i].after);
        assert_int_equal(run.cause, ZDD_CAUSE_DEADLINE);
    }
}

static void a_pause_stops_the_deadlines(void **state)
{
    struct zdd_run run =
        moved(a_run(.phase = ZDD_PHASE_ROLLING),
              a_decision(.phase = ZDD_PHASE_ROLLING, .hold = ZDD_HOLD_OPERATOR), T0 + 1000);

    (void)state;
    assert_int_equal(run.held_since_ms, T0 + 1000);
    assert_int_equal(run.deadline_at_ms, DEADLINE);
    run = moved(run, a_decision(.phase = ZDD_PHASE_ROLLING, .hold = ZDD_HOLD_OPERATOR), T0 + 2000);
    assert_int_equal(run.held_since_ms, T0 + 1000);
    run = moved(run, a_decision(.phase = ZDD_PHASE_ROLLING, .hold = ZDD_HOLD_NONE), T0 + 61000);
    assert_int_equal(run.held_since_ms, 0);
    assert_int_equal(run.deadline_at_ms, DEADLINE + 60000);
    assert_int_equal(run.step_deadline_at_ms, DEADLINE + 60000);
}

static void going_back_out_of_a_hold_gets_its_own_time(void **state)
{
    const struct zdd_run run =
        moved(a_run(.phase = ZDD_PHASE_ROLLING, .hold = ZDD_HOLD_FAILURE, .held_since_ms = T0),
              a_decision(.phase = ZDD_PHASE_CLEARING), T0 + 5000);

    (void)state;
    assert_int_equal(run.hold, ZDD_HOLD_NONE);
    assert_int_equal(run.deadline_at_ms, DEADLINE + 5000);
    assert_int_equal(run.step_deadline_at_ms, T0 + 5000 + ZDD_REVERT_LIMIT_MS);
}

static void a_retry_starts_the_clocks_anew(void **state)
{
    const struct zdd_run run =
        moved(a_run(.phase = ZDD_PHASE_ROLLING, .hold = ZDD_HOLD_FAILURE, .attempt = 4,
                    .outcome = ZDD_OUTCOME_REFUSED, .held_since_ms = DEADLINE),
              a_decision(.phase = ZDD_PHASE_ROLLING, .fresh_deadlines = true), DEADLINE + 5000);

    (void)state;
    assert_int_equal(run.deadline_at_ms, DEADLINE + 5000 + 600000);
    assert_int_equal(run.step_deadline_at_ms, DEADLINE + 5000 + 600000);
    assert_int_equal(run.attempt, 0);
    assert_int_equal(run.outcome, ZDD_OUTCOME_NONE);
    assert_int_equal(run.held_since_ms, 0);
}

static void an_order_is_unsure_until_its_answer_says_otherwise(void **state)
{
    const struct zdd_run run =
        moved(a_run(), a_decision(.phase = ZDD_PHASE_APPLYING, .order_count = 1), T0 + 100);

    (void)state;
    assert_true(run.ordered);
    assert_int_equal(run.unsure_until_ms, T0 + 100 + ZDD_UNSURE_MS);
    assert_false(moved(a_run(), a_decision(.phase = ZDD_PHASE_APPLYING), T0).ordered);
    assert_true(moved(a_run(.ordered = true), a_decision(.phase = ZDD_PHASE_ROLLING), T0).ordered);
}

static void what_callers_or_a_restart_would_miss_is_written(void **state)
{
    const struct zdd_run same = a_run();
    struct zdd_run run[16];
    size_t count = 0;

    (void)state;
    for (size_t i = 0; i < ZDD_COUNT(run); i++)
        run[i] = same;
    run[count++].phase = ZDD_PHASE_ROLLING;
    run[count++].hold = ZDD_HOLD_OPERATOR;
    run[count++].cause = ZDD_CAUSE_DEADLINE;
    run[count++].step = 1;
    run[count++].started_at_ms = 1;
    run[count++].outcome = ZDD_OUTCOME_ACKED;
    run[count++].deadline_at_ms = 1;
    run[count++].step_deadline_at_ms = 1;
    run[count++].unsure_until_ms = 1;
    run[count++].old_side.instances = 1;
    run[count++].new_side.healthy = 1;
    run[count++].new_side.version[0] = '2';
    run[count++].waiting_code[0] = 't';
    run[count++].error_code[0] = 'd';
    run[count++].target_version[0] = '2';
    run[count++].deployment_id[0] = '0';
    assert_int_equal(count, ZDD_COUNT(run));
    for (size_t i = 0; i < count; i++) {
        assert_true(zdd_move_matters(&same, &run[i]));
        assert_true(zdd_move_matters(&run[i], &same));
        assert_false(zdd_move_matters(&run[i], &run[i]));
    }
}

static void
another_reason_to_wait_for_marathon_is_worth_writing_and_its_numbers_are_not(void **state)
{
    const struct zdd_run waits =
        a_run(.waiting_code = "marathon", .waiting_text = "Marathon does not show it yet.");
    const struct zdd_run silent =
        a_run(.waiting_code = "marathon", .waiting_text = "Marathon does not answer: after 3 ms");
    const struct zdd_run later =
        a_run(.waiting_code = "marathon", .waiting_text = "Marathon does not answer: after 4 ms");

    (void)state;
    assert_true(zdd_move_matters(&waits, &silent));
    assert_true(zdd_move_matters(&silent, &waits));
    assert_false(zdd_move_matters(&silent, &later));
}

static void so_is_another_reason_to_wait_for_balancers(void **state)
{
    static const char *const codes[] = {"balancer", "drain"};

    (void)state;
    for (size_t i = 0; i < ZDD_COUNT(codes); i++) {
        struct zdd_run deaf = a_run(.waiting_text = "Not every balancer has answered yet.");
        struct zdd_run busy =
            a_run(.waiting_text = "Requests that are still under way at the old version: 7.");
        struct zdd_run less =
            a_run(.waiting_text = "Requests that are still under way at the old version: 6.");

        struct zdd_run named =
            a_run(.waiting_text = "A balancer is silent: 10.0.0.5:9090 does not answer.");

        (void)snprintf(deaf.waiting_code, sizeof(deaf.waiting_code), "%s", codes[i]);
        memcpy(busy.waiting_code, deaf.waiting_code, sizeof(busy.waiting_code));
        memcpy(less.waiting_code, deaf.waiting_code, sizeof(less.waiting_code));
        memcpy(named.waiting_code, deaf.waiting_code, sizeof(named.waiting_code));
        assert_true(zdd_move_matters(&deaf, &named));
        assert_true(zdd_move_matters(&deaf, &busy));
        assert_false(zdd_move_matters(&busy, &less));
    }
}

/* A program of three steps: shift, start, shift. */
static struct zdd_run moved_over_pair(struct zdd_run run, struct zdd_decision d, int64_t now_ms)
{
    struct zdd_plan plan = a_plan(.strategy = "blue-green");

    zdd_program_add(&plan.program, ZDD_STEP_SHIFT, 0);
    zdd_program_add(&plan.program, ZDD_STEP_START, 4);
    zdd_program_add(&plan.program, ZDD_STEP_SHIFT, ZDD_SHARE_ALL);
    zdd_move(zdd_strategy_find("blue-green"), &plan, &d, now_ms, &run);
    return run;
}

static void over_a_pair_the_decision_says_the_step(void **state)
{
    struct zdd_run run = moved_over_pair(a_run(.phase = ZDD_PHASE_ROLLING, .step = 1),
                                         a_decision(.phase = ZDD_PHASE_SHIFTING, .step = 2), T0);

    (void)state;
    assert_int_equal(run.step, 2);
    /* The same phase again in another step begins anew. */
    run = moved_over_pair(a_run(.phase = ZDD_PHASE_SHIFTING, .step = 0, .attempt = 3),
                          a_decision(.phase = ZDD_PHASE_SHIFTING, .step = 2), T0 + 50);
    assert_int_equal(run.step, 2);
    assert_int_equal(run.attempt, 0);
    assert_int_equal(run.phase_since_ms, T0 + 50);
    assert_int_equal(run.step_deadline_at_ms, T0 + 50 + ZDD_SHIFT_LIMIT_MS);
    /* Going back is the step behind the last. */
    run = moved_over_pair(a_run(.phase = ZDD_PHASE_SHIFTING, .step = 2),
                          a_decision(.phase = ZDD_PHASE_CLEARING, .step = 2), T0);
    assert_int_equal(run.step, 3);
    /* And the step in which it failed stays. */
    run = moved_over_pair(a_run(.phase = ZDD_PHASE_SHIFTING, .step = 2),
                          a_decision(.phase = ZDD_PHASE_FAILED, .step = 0), T0);
    assert_int_equal(run.step, 2);
}

static void traffic_counts_as_seen_from_the_first_look_that_shows_it(void **state)
{
    struct zdd_run run = a_run(.phase = ZDD_PHASE_SHIFTING);

    (void)state;
    run = moved_over_pair(run, a_decision(.phase = ZDD_PHASE_SHIFTING, .sight = ZDD_SIGHT_SEEN),
                          T0 + 5);
    assert_int_equal(run.traffic_seen_at_ms, T0 + 5);
    run = moved_over_pair(run, a_decision(.phase = ZDD_PHASE_SHIFTING, .sight = ZDD_SIGHT_SEEN),
                          T0 + 9);
    assert_int_equal(run.traffic_seen_at_ms, T0 + 5);
    /* Who says nothing of it leaves it; who has lost it of sight begins anew. */
    run = moved_over_pair(run, a_decision(.phase = ZDD_PHASE_KEEPING, .step = 1), T0 + 10);
    assert_int_equal(run.traffic_seen_at_ms, T0 + 5);
    run = moved_over_pair(run, a_decision(.phase = ZDD_PHASE_SHIFTING, .sight = ZDD_SIGHT_LOST),
                          T0 + 11);
    assert_int_equal(run.traffic_seen_at_ms, 0);
}

static void ordered_traffic_is_noted_and_not_seen_yet(void **state)
{
    const struct zdd_traffic wanted = {.side = {{ZDD_DRAINS, 0}, {ZDD_SERVES, 256}}};
    struct zdd_run run =
        a_run(.phase = ZDD_PHASE_SHIFTING, .traffic = zdd_traffic_base(), .traffic_seen_at_ms = T0);
    const struct zdd_traffic before = run.traffic;

    (void)state;
    run = moved_over_pair(run,
                          a_decision(.phase = ZDD_PHASE_SHIFTING, .sight = ZDD_SIGHT_SEEN,
                                     .order_count = 1,
                                     .order = {{.kind = ZDD_ORDER_DELETE_OLD, .traffic = wanted}}),
                          T0);
    assert_true(zdd_traffic_same(&run.traffic, &before)); /* that order is not about traffic */
    assert_int_equal(run.traffic_seen_at_ms, T0);
    run = moved_over_pair(run,
                          a_decision(.phase = ZDD_PHASE_SHIFTING, .sight = ZDD_SIGHT_SEEN,
                                     .order_count = 1,
                                     .order = {{.kind = ZDD_ORDER_SET_TRAFFIC, .traffic = wanted}}),
                          T0 + 1);
    assert_true(zdd_traffic_same(&run.traffic, &wanted));
    assert_int_equal(run.traffic_seen_at_ms, 0);
    assert_true(run.ordered);
}

static void that_traffic_was_seen_is_worth_writing(void **state)
{
    const struct zdd_run unseen = a_run(), seen_now = a_run(.traffic_seen_at_ms = T0);

    (void)state;
    assert_true(zdd_move_matters(&unseen, &seen_now));
    assert_true(zdd_move_matters(&seen_now, &unseen));
}

static void checks_begin_anew_with_their_step_and_when_told(void **state)
{
    struct zdd_run measured =
        a_run(.phase = ZDD_PHASE_SHIFTING, .step = 1, .rounds = "pf", .measured_at_ms = T0,
              .measured = "/ready said no", .hold = ZDD_HOLD_FAILURE, .held_since_ms = T0);
    const struct zdd_decision anew =
        a_decision(.phase = ZDD_PHASE_SHIFTING, .step = 1, .fresh_evidence = true);
    struct zdd_run run =
        moved_over_pair(measured, a_decision(.phase = ZDD_PHASE_GATED, .step = 2), T0 + 1);

    (void)state;
    assert_int_equal(zdd_run_round_begun_ms(&measured), T0);
    assert_string_equal(run.rounds, "pf"); /* what they found stays to be seen */
    run = moved_over_pair(run, a_decision(.phase = ZDD_PHASE_VERIFYING, .step = 1), T0 + 2);
    assert_string_equal(run.rounds, "");
    assert_string_equal(run.measured, "");
    assert_int_equal(run.measured_at_ms, 0);
    assert_int_equal(zdd_run_round_begun_ms(&run), T0 + 2);
    measured.trial.since_ms = T0;
    measured.trial.errors.condemned = true;
    measured.trial.edition = 4;
    run = moved_over_pair(measured, anew, T0 + 3);
    assert_string_equal(run.rounds, "");
    assert_string_equal(run.measured, "");
    assert_int_equal(zdd_run_round_begun_ms(&run), T0 + 3);
    assert_int_equal(run.trial.since_ms, 0);
    assert_false(run.trial.errors.condemned);
    assert_int_equal(run.trial.edition, 5); /* whoever counts hears of it */
    assert_int_equal(run.step_deadline_at_ms, measured.step_deadline_at_ms + 3);
}

static void a_round_of_checks_changes_nothing_in_the_cluster(void **state)
{
    const struct zdd_decision measure = a_decision(.phase = ZDD_PHASE_VERIFYING, .order_count = 1,
                                                   .order = {{.kind = ZDD_ORDER_MEASURE}});
    const struct zdd_run run = moved_over_pair(a_run(.phase = ZDD_PHASE_VERIFYING), measure, T0);

    (void)state;
    assert_false(run.ordered);
    assert_int_equal(run.unsure_until_ms, 0);
}

static void what_was_counted_is_written_every_few_seconds_whatever_the_clock_does(void **state)
{
    const struct zdd_run before = a_run(.split = {.since_ms = T0, .until_ms = T0 + 1000});
    struct zdd_run after = before;

    (void)state;
    after.split.until_ms += 1000;
    assert_false(zdd_move_matters(&before, &after));
    after.split.until_ms += 3000;
    assert_true(zdd_move_matters(&before, &after));
    after.split.until_ms = T0 - 3600000;
    assert_true(zdd_move_matters(&before, &after));
}

static void where_the_new_instances_are_is_worth_writing(void **state)
{
    const struct zdd_run here = a_run(.new_addresses = "10.0.0.1:1"),
                         there = a_run(.new_addresses = "10.0.0.1:2");

    (void)state;
    assert_true(zdd_move_matters(&here, &there));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_look_starts_the_clocks_and_no_other),
        cmocka_unit_test(a_new_phase_begins_with_its_own_time_and_a_clean_slate),
        cmocka_unit_test(the_same_phase_keeps_everything),
        cmocka_unit_test(
            going_back_is_a_step_of_its_own_and_clearing_and_putting_back_share_its_time),
        cmocka_unit_test(the_end_is_noted_and_nothing_wakes_it_any_more),
        cmocka_unit_test(
            another_reason_to_wait_for_marathon_is_worth_writing_and_its_numbers_are_not),
        cmocka_unit_test(so_is_another_reason_to_wait_for_balancers),
        cmocka_unit_test(a_pause_stops_the_deadlines),
        cmocka_unit_test(going_back_out_of_a_hold_gets_its_own_time),
        cmocka_unit_test(a_retry_starts_the_clocks_anew),
        cmocka_unit_test(an_order_is_unsure_until_its_answer_says_otherwise),
        cmocka_unit_test(what_callers_or_a_restart_would_miss_is_written),
        cmocka_unit_test(over_a_pair_the_decision_says_the_step),
        cmocka_unit_test(traffic_counts_as_seen_from_the_first_look_that_shows_it),
        cmocka_unit_test(ordered_traffic_is_noted_and_not_seen_yet),
        cmocka_unit_test(that_traffic_was_seen_is_worth_writing),
        cmocka_unit_test(checks_begin_anew_with_their_step_and_when_told),
        cmocka_unit_test(a_round_of_checks_changes_nothing_in_the_cluster),
        cmocka_unit_test(what_was_counted_is_written_every_few_seconds_whatever_the_clock_does),
        cmocka_unit_test(where_the_new_instances_are_is_worth_writing),
    };

    return cmocka_run_group_tests_name("server/engine/move", tests, NULL, NULL);
}
