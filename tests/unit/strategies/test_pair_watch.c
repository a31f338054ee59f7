/**
 * @file tests/unit/strategies/test_pair_watch.c
 * @brief Checks while both versions get requests: in a step, beside the steps, and what follows.
 */
#include "strategies/judge/trial.h"
#include "strategies/pair.h"
#include "strategies/pair_verify.h"
#include "strategies/pair_watch.h"
#include "tests/unit/strategies/facts.h"

#include <string.h>

/* 0 shift, 1 start, 2 join, 3 weight, 4 verify, 5 its own gate, 6 pause, 7 start, 8 join, 9 shift
 */
static const char program[] = "shift 0;start 1;join;weight 2000;verify 3;gate;pause 60000;"
                              "start 3;join;shift 10000;drain;retire;settle";

static const struct zdd_verify checks = {
    .rounds = 3,
    .interval_ms = 10000,
    .failure_limit = 1,
    .error_limit = 1,
    .min_requests = 100,
    .on_inconclusive = ZDD_INCONCLUSIVE_GATES,
    .counted_count = 1,
    .counted = {{.metric = ZDD_METRIC_ERROR_RATE, .worse_than_old = true}}};

static struct zdd_plan a_canary(enum zdd_on_failure on_failure)
{
    struct zdd_plan plan = a_plan(.strategy = "canary", .action = ZDD_ACTION_CREATE,
                                  .on_failure = on_failure, .old = facts_of_app(.instances = 3));
    struct zdd_gate gate = zdd_gate_plain();

    plan.seen = (struct zdd_precondition){0};
    memcpy(plan.pair.old_id, "/x", sizeof("/x"));
    plan.pair.old_serving = 3;
    plan.pair.drain_ms = 1000;
    plan.verifies.beside = checks;
    zdd_verifies_add(&plan.verifies, &checks);
    memcpy(gate.name, "verify-1", sizeof("verify-1"));
    zdd_gates_add(&plan.gates, &gate);
    assert_true(zdd_program_parse(program, &plan.program));
    return plan;
}

static struct zdd_run at_step(enum zdd_phase phase, int32_t step)
{
    struct zdd_run run = a_run(.ordered = true, .phase = phase, .step = step, .verify_set = 1,
                               .traffic_seen_at_ms = T0);

    run.traffic = zdd_traffic_base();
    run.traffic.side[ZDD_SIDE_OLD].weight = 256;
    run.traffic.side[ZDD_SIDE_NEW].weight = 192;
    run.trial.since_ms = run.trial.until_ms = T0;
    if (phase == ZDD_PHASE_GATED)
        run.hold = ZDD_HOLD_GATE;
    return run;
}

static struct zdd_observation a_look(int64_t now_ms)
{
    struct zdd_observation o = seen(.definition = ZDD_DEFINITION_TARGET, .instances = 1,
                                    .current = serving(1), .now_ms = now_ms);

    o.peer = (struct zdd_peer){
        .definition = ZDD_DEFINITION_TARGET, .instances = 3, .current = serving(3)};
    o.balance.known = true;
    for (int side = 0; side < ZDD_SIDE_COUNT; side++)
        o.balance.side[side] = (struct zdd_side_balance){.servers = 3, .up = 3, .told = true};
    return o;
}

/* The program's own checks alone. */
static struct zdd_plan stepwise(void)
{
    struct zdd_plan plan = a_canary(ZDD_ON_FAILURE_ROLLBACK);

    plan.verifies.beside = (struct zdd_verify){0};
    return plan;
}

static void a_round_waits_for_requests_and_looks_each_second(void **state)
{
    const struct zdd_plan plan = stepwise();
    const struct zdd_run run = at_step(ZDD_PHASE_VERIFYING, 4);
    struct zdd_decision d = decide(plan, run, a_look(T0));

    (void)state;
    assert_rule(d, "pair/wait-verify");
    assert_int_equal(d.wake_at_ms, T0 + ZDD_JUDGE_POLL_MS);
    d = decide(plan, run, a_look(T0 + 9500));
    assert_int_equal(d.wake_at_ms, T0 + 10000);
    d = decide(plan, run, a_look(T0 + 10000));
    assert_rule(d, "pair/measure");
    assert_order(d, ZDD_ORDER_MEASURE, 1, false);
}

/* As after a resume: the round has all of its time, and what was seen before it does not hold. */
static void checks_that_begin_anew_wait_for_requests_again(void **state)
{
    const struct zdd_plan plan = stepwise();
    struct zdd_run run = at_step(ZDD_PHASE_VERIFYING, 4);
    struct zdd_decision d;

    (void)state;
    run.measured_at_ms = T0 + 60000;
    d = decide(plan, run, a_look(T0 + 69999));
    assert_rule(d, "pair/wait-verify");
    assert_int_equal(d.wake_at_ms, T0 + 70000);
    d = decide(plan, run, a_look(T0 + 70000));
    assert_rule(d, "pair/measure");
}

static void a_clear_failure_is_said_at_once_and_then_it_goes_back(void **state)
{
    const struct zdd_plan plan = stepwise();
    struct zdd_run run = at_step(ZDD_PHASE_VERIFYING, 4);
    struct zdd_decision d;

    (void)state;
    run.trial.errors.condemned = true;
    d = decide(plan, run, a_look(T0 + 1));
    assert_rule(d, "pair/measure");
    zdd_trial_tell(&run.trial, &plan.verifies, 1);
    memcpy(run.rounds, "f", sizeof("f")); /* failureLimit lets one pass: this is not one */
    d = decide(plan, run, a_look(T0 + 1));
    assert_rule(d, "pair/verify-back");
    assert_phase(d, ZDD_PHASE_CLEARING);
    assert_cause(d, ZDD_CAUSE_VERIFY_FAILED);
}

/* The checks of a step may look at other figures than those beside the steps. */
static void what_one_set_has_said_another_has_to_say_for_itself(void **state)
{
    struct zdd_plan plan = a_canary(ZDD_ON_FAILURE_ROLLBACK);
    struct zdd_run run = at_step(ZDD_PHASE_VERIFYING, 4);
    struct zdd_decision d;

    (void)state;
    plan.verifies.beside.counted[0].metric = ZDD_METRIC_CONNECT_ERRORS;
    run.trial.errors.condemned = true;
    zdd_trial_tell(&run.trial, &plan.verifies, ZDD_VERIFY_BESIDE); /* has nothing to say */
    d = decide(plan, run, a_look(T0 + 1));
    assert_rule(d, "pair/measure");
    run.trial.refusals.condemned = true;
    zdd_trial_tell(&run.trial, &plan.verifies, 1);
    d = decide(plan, run, a_look(T0 + 1));
    assert_rule(d, "pair/watch");
    assert_order(d, ZDD_ORDER_MEASURE, ZDD_VERIFY_BESIDE, false);
    zdd_trial_tell(&run.trial, &plan.verifies, ZDD_VERIFY_BESIDE);
    d = decide(plan, run, a_look(T0 + 1));
    assert_rule(d, "pair/watch-back");
}

static void rounds_that_say_too_little_lead_to_the_gate_and_others_past_it(void **state)
{
    const struct zdd_plan plan = stepwise();
    struct zdd_run run = at_step(ZDD_PHASE_VERIFYING, 4);
    struct zdd_decision d;

    (void)state;
    memcpy(run.rounds, "ppi", sizeof("ppi"));
    d = decide(plan, run, a_look(T0));
    assert_rule(d, "pair/verify-asks");
    assert_phase(d, ZDD_PHASE_GATED);
    assert_int_equal(d.step, 5);
    assert_hold(d, ZDD_HOLD_GATE);
    memcpy(run.rounds, "pip", sizeof("pip"));
    d = decide(plan, run, a_look(T0));
    assert_rule(d, "pair/verified");
    assert_phase(d, ZDD_PHASE_PAUSING);
    assert_int_equal(d.step, 6);
}

static void its_own_gate_is_none_that_somebody_asked_for(void **state)
{
    struct zdd_plan plan = stepwise();
    struct zdd_run run = at_step(ZDD_PHASE_VERIFYING, 4);

    (void)state;
    assert_true(zdd_pair_is_own_gate(&plan, 5));
    assert_false(zdd_pair_is_own_gate(&plan, 4));
    assert_false(zdd_pair_is_own_gate(&plan, 6));
    plan.verifies.step[0].on_inconclusive = ZDD_INCONCLUSIVE_WAITS;
    assert_false(zdd_pair_is_own_gate(&plan, 5));
    memcpy(run.rounds, "ppp", sizeof("ppp"));
    assert_int_equal(decide(plan, run, a_look(T0)).step, 5);
}

static void beside_the_steps_rounds_are_made_in_every_step(void **state)
{
    static const struct {
        enum zdd_phase phase;
        int32_t step;
        const char *waiting;
    } places[] = {
        {ZDD_PHASE_WEIGHING, 3, "balancer"}, {ZDD_PHASE_VERIFYING, 4, "verify"},
        {ZDD_PHASE_GATED, 5, "promote"},     {ZDD_PHASE_PAUSING, 6, "pause"},
        {ZDD_PHASE_ROLLING, 7, "tasks"},
    };
    const struct zdd_plan plan = a_canary(ZDD_ON_FAILURE_ROLLBACK);

    (void)state;
    for (size_t i = 0; i < ZDD_COUNT(places); i++) {
        const struct zdd_run run = at_step(places[i].phase, places[i].step);
        struct zdd_decision d = decide(plan, run, a_look(T0 + 9999));

        assert_string_not_equal(d.rule, "pair/watch");
        d = decide(plan, run, a_look(T0 + 10000));
        assert_rule(d, "pair/watch");
        assert_order(d, ZDD_ORDER_MEASURE, ZDD_VERIFY_BESIDE, false);
        assert_phase(d, places[i].phase);
        assert_waits_for(d, places[i].waiting);
        assert_hold(d, run.hold);
    }
}

static void while_it_is_watched_nobody_sleeps_longer_than_a_second(void **state)
{
    struct zdd_plan plan = a_canary(ZDD_ON_FAILURE_ROLLBACK);
    const struct zdd_run run = at_step(ZDD_PHASE_PAUSING, 6);
    struct zdd_decision d = decide(plan, run, a_look(T0));

    (void)state;
    assert_rule(d, "pair/pause");
    assert_int_equal(d.wake_at_ms, T0 + ZDD_JUDGE_POLL_MS);
    d = decide(plan, run, a_look(T0 + 9500));
    assert_int_equal(d.wake_at_ms, T0 + 10000); /* the next round */
    plan.verifies.beside.rounds = 0;
    d = decide(plan, run, a_look(T0));
    assert_int_equal(d.wake_at_ms, T0 + ZDD_SHARE_POLL_MS);
}

/* Three instances are ordered, and one serves yet. */
static struct zdd_observation starting(int64_t now_ms)
{
    struct zdd_observation o = a_look(now_ms);

    o.instances = 3;
    return o;
}

static void nor_while_further_instances_start(void **state)
{
    struct zdd_plan plan = a_canary(ZDD_ON_FAILURE_ROLLBACK);
    struct zdd_run run = at_step(ZDD_PHASE_ROLLING, 7);
    struct zdd_decision d;

    (void)state;
    d = decide(plan, run, starting(T0));
    assert_int_equal(d.wake_at_ms, T0 + ZDD_JUDGE_POLL_MS);
    d = decide(plan, run, starting(T0 + 9500));
    assert_int_equal(d.wake_at_ms, T0 + 10000);
    run.trial.since_ms = 0; /* nobody has counted anything */
    d = decide(plan, run, starting(T0));
    assert_int_equal(d.wake_at_ms, DEADLINE);
    plan.verifies.beside.rounds = 0;
    run.trial.since_ms = T0;
    d = decide(plan, run, starting(T0));
    assert_int_equal(d.wake_at_ms, DEADLINE);
}

/* Else a round that cannot be made, again and again, would keep the deployment for ever. */
static void rounds_beside_hold_up_neither_commands_nor_deadlines(void **state)
{
    const struct zdd_plan plan = a_canary(ZDD_ON_FAILURE_ROLLBACK);
    struct zdd_run run = at_step(ZDD_PHASE_PAUSING, 6);

    (void)state;
    assert_rule(decide(plan, run, a_look(T0 + 10000)), "pair/watch");
    run.command = ZDD_COMMAND_PROMOTE;
    assert_rule(decide(plan, run, a_look(T0 + 10000)), "pair/promoted-on");
    run.command = ZDD_COMMAND_NONE;
    run.step_deadline_at_ms = T0 + 10000;
    assert_rule(decide(plan, run, a_look(T0 + 10000)), "pair/too-long-back");
    run = at_step(ZDD_PHASE_GATED, 5);
    run.step_deadline_at_ms = T0 + 10000; /* runs at no gate */
    assert_rule(decide(plan, run, a_look(T0 + 10000)), "pair/watch");
    run.command = ZDD_COMMAND_PROMOTE;
    assert_rule(decide(plan, run, a_look(T0 + 10000)), "pair/promoted");
}

static void bad_rounds_beside_take_it_back_from_a_gate_too(void **state)
{
    struct zdd_run run = at_step(ZDD_PHASE_GATED, 5);
    struct zdd_decision d;

    (void)state;
    memcpy(run.trial.rounds, "ffppp", sizeof("ffppp")); /* of which the last three count */
    d = decide(a_canary(ZDD_ON_FAILURE_ROLLBACK), run, a_look(T0));
    assert_string_not_equal(d.rule, "pair/watch-back");
    memcpy(run.trial.rounds, "ppfpf", sizeof("ppfpf"));
    d = decide(a_canary(ZDD_ON_FAILURE_ROLLBACK), run, a_look(T0));
    assert_rule(d, "pair/watch-back");
    assert_phase(d, ZDD_PHASE_CLEARING);
    assert_hold(d, ZDD_HOLD_NONE);
    assert_cause(d, ZDD_CAUSE_VERIFY_FAILED);
    d = decide(a_canary(ZDD_ON_FAILURE_HOLD), run, a_look(T0));
    assert_rule(d, "pair/watch-hold");
    assert_hold(d, ZDD_HOLD_FAILURE);
    assert_phase(d, ZDD_PHASE_GATED);
}

static void an_operators_hold_and_a_share_of_none_stop_the_rounds(void **state)
{
    const struct zdd_plan plan = a_canary(ZDD_ON_FAILURE_ROLLBACK);
    struct zdd_run run = at_step(ZDD_PHASE_PAUSING, 6);

    (void)state;
    memcpy(run.trial.rounds, "fff", sizeof("fff"));
    run.hold = ZDD_HOLD_OPERATOR;
    assert_rule(decide(plan, run, a_look(T0 + 10000)), "common/held");
    run.hold = ZDD_HOLD_NONE;
    run.steered = true; /* 0 % */
    assert_string_not_equal(decide(plan, run, a_look(T0 + 10000)).rule, "pair/watch-back");
}

static void a_clock_that_was_set_back_puts_no_round_off(void **state)
{
    const struct zdd_plan plan = a_canary(ZDD_ON_FAILURE_ROLLBACK);
    struct zdd_run run = at_step(ZDD_PHASE_PAUSING, 6);

    (void)state;
    run.trial.measured_at_ms = T0 + 3600000;
    assert_rule(decide(plan, run, a_look(T0 + 1)), "pair/watch");
    run.trial.measured_at_ms = 0; /* the first one neither */
    run.trial.since_ms = T0 + 3600000;
    assert_rule(decide(plan, run, a_look(T0 + 1)), "pair/watch");
    run.trial.measured_at_ms = T0 + 1; /* that was one round, and no row of them */
    assert_string_not_equal(decide(plan, run, a_look(T0 + 2)).rule, "pair/watch");
    run = at_step(ZDD_PHASE_VERIFYING, 4);
    run.phase_since_ms = T0 + 3600000;
    assert_rule(decide(stepwise(), run, a_look(T0 + 1)), "pair/measure");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_round_waits_for_requests_and_looks_each_second),
        cmocka_unit_test(checks_that_begin_anew_wait_for_requests_again),
        cmocka_unit_test(a_clear_failure_is_said_at_once_and_then_it_goes_back),
        cmocka_unit_test(what_one_set_has_said_another_has_to_say_for_itself),
        cmocka_unit_test(rounds_that_say_too_little_lead_to_the_gate_and_others_past_it),
        cmocka_unit_test(its_own_gate_is_none_that_somebody_asked_for),
        cmocka_unit_test(beside_the_steps_rounds_are_made_in_every_step),
        cmocka_unit_test(while_it_is_watched_nobody_sleeps_longer_than_a_second),
        cmocka_unit_test(nor_while_further_instances_start),
        cmocka_unit_test(rounds_beside_hold_up_neither_commands_nor_deadlines),
        cmocka_unit_test(bad_rounds_beside_take_it_back_from_a_gate_too),
        cmocka_unit_test(an_operators_hold_and_a_share_of_none_stop_the_rounds),
        cmocka_unit_test(a_clock_that_was_set_back_puts_no_round_off),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
