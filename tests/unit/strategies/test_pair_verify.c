/**
 * @file tests/unit/strategies/test_pair_verify.c
 * @brief When a new version is checked, and what follows from the rounds.
 */
#include "strategies/pair_verify.h"

#include "tests/unit/strategies/facts.h"

#include <string.h>

#define INTERVAL 10000

static struct zdd_plan verified_plan(enum zdd_on_failure on_failure)
{
    struct zdd_plan plan =
        a_plan(.strategy = "blue-green", .on_failure = on_failure,
               .pair = {.old_id = "/shop/cart-blue",
                        .new_id = "/shop/cart-green",
                        .old_serving = 4,
                        .drain_ms = 1000},
               .verifies = {.count = 1,
                            .step = {{.rounds = 3,
                                      .interval_ms = INTERVAL,
                                      .failure_limit = 1,
                                      .error_limit = 1,
                                      .on_inconclusive = ZDD_INCONCLUSIVE_FAILS}}});

    zdd_program_add(&plan.program, ZDD_STEP_VERIFY, 3);
    zdd_program_add(&plan.program, ZDD_STEP_SHIFT, ZDD_SHARE_ALL);
    return plan;
}

/* Everything is there, and the old app is as it was. */
static struct zdd_decision after(const char *rounds, int64_t measured_at_ms, int64_t now_ms,
                                 enum zdd_on_failure on_failure, int32_t ready)
{
    struct zdd_run run =
        a_run(.phase = ZDD_PHASE_VERIFYING, .verify_set = 1, .ordered = true,
              .measured_at_ms = measured_at_ms, .outcome = ZDD_OUTCOME_ACKED, .ordered_at_ms = T0);
    struct zdd_observation o =
        seen(.now_ms = now_ms, .definition = ZDD_DEFINITION_TARGET, .current = serving(4),
             .peer = {.definition = ZDD_DEFINITION_TARGET, .instances = 4, .current = serving(4)});

    memcpy(run.rounds, rounds, strlen(rounds));
    o.current.ready = ready;
    return decide(verified_plan(on_failure), run, o);
}

static struct zdd_decision at(const char *rounds, int64_t measured_at_ms, int64_t now_ms)
{
    return after(rounds, measured_at_ms, now_ms, ZDD_ON_FAILURE_ROLLBACK, 4);
}

/* What balancers show of four new servers while they join. */
static struct zdd_decision joining_before(enum zdd_step_kind next, int32_t up, bool told)
{
    struct zdd_plan plan = verified_plan(ZDD_ON_FAILURE_ROLLBACK);
    const struct zdd_observation o =
        seen(.definition = ZDD_DEFINITION_TARGET, .current = serving(4),
             .peer = {.definition = ZDD_DEFINITION_TARGET, .instances = 4, .current = serving(4)},
             .balance = {.known = true, .side = {[ZDD_SIDE_NEW] = {.up = up, .told = told}}});

    plan.program.count = 0;
    zdd_program_add(&plan.program, ZDD_STEP_JOIN, 0);
    zdd_program_add(&plan.program, next, next == ZDD_STEP_GATE ? 0 : 3);
    return decide(plan, a_run(.phase = ZDD_PHASE_JOINING, .ordered = true), o);
}

static struct zdd_decision joining(int32_t up, bool told)
{
    return joining_before(ZDD_STEP_VERIFY, up, told);
}

static void a_step_that_lasts_says_at_once_what_it_waits_for(void **state)
{
    (void)state;
    assert_string_equal(joining_before(ZDD_STEP_GATE, 4, true).waiting, "promote");
    assert_string_equal(joining_before(ZDD_STEP_KEEP, 4, true).waiting, "keep-old");
}

static void checks_begin_when_all_are_up_and_told_to_take_nothing(void **state)
{
    (void)state;
    assert_rule(joining(3, true), "pair/wait-joined");
    assert_rule(joining(4, false), "pair/wait-joined"); /* still at the weight of a newcomer */
    assert_rule(joining(4, true), "pair/joined");
    assert_phase(joining(4, true), ZDD_PHASE_VERIFYING);
}

static void the_first_round_is_made_at_once(void **state)
{
    const struct zdd_decision d = at("", 0, T0);

    (void)state;
    assert_rule(d, "pair/measure");
    assert_order(d, ZDD_ORDER_MEASURE, 1, false); /* of the first set */
    assert_phase(d, ZDD_PHASE_VERIFYING);
    assert_waits_for(d, "verify");
}

static void the_next_one_when_the_interval_is_over(void **state)
{
    struct zdd_decision d = at("p", T0, T0 + INTERVAL - 1);

    (void)state;
    assert_rule(d, "pair/wait-verify");
    assert_no_order(d);
    assert_int_equal(d.wake_at_ms, T0 + INTERVAL);
    assert_rule(at("p", T0, T0 + INTERVAL), "pair/measure");
    /* A clock that was set back does not stop it. */
    assert_rule(at("p", T0, T0 - 1), "pair/measure");
}

static void nobody_is_checked_while_instances_are_missing(void **state)
{
    const struct zdd_decision d = after("", 0, T0, ZDD_ON_FAILURE_ROLLBACK, 3);

    (void)state;
    assert_rule(d, "pair/verify-tasks");
    assert_no_order(d);
    assert_waits_for(d, "tasks");
}

static void a_version_that_passed_goes_on(void **state)
{
    const struct zdd_decision d = at("pfp", T0, T0 + 1);

    (void)state;
    assert_rule(d, "pair/verified");
    assert_phase(d, ZDD_PHASE_SHIFTING);
    assert_int_equal(d.step, 1);
    assert_int_equal(d.cause, ZDD_CAUSE_NONE);
}

static void a_version_that_failed_goes_back_or_is_held(void **state)
{
    struct zdd_decision d = at("ff", T0, T0 + 1);

    (void)state;
    assert_rule(d, "pair/verify-back");
    assert_phase(d, ZDD_PHASE_CLEARING);
    assert_cause(d, ZDD_CAUSE_VERIFY_FAILED);
    d = after("ff", T0, T0 + 1, ZDD_ON_FAILURE_HOLD, 4);
    assert_rule(d, "pair/verify-hold");
    assert_phase(d, ZDD_PHASE_VERIFYING);
    assert_hold(d, ZDD_HOLD_FAILURE);
    assert_cause(d, ZDD_CAUSE_VERIFY_FAILED);
    assert_rule(at("ee", T0, T0 + 1), "pair/verify-back");
}

static void the_step_has_time_for_every_round(void **state)
{
    const struct zdd_plan plan = verified_plan(ZDD_ON_FAILURE_HOLD);

    (void)state;
    assert_int_equal(zdd_timing_limit_ms(&plan, ZDD_PHASE_VERIFYING),
                     3 * (INTERVAL + ZDD_PROBE_MS) + ZDD_SHIFT_LIMIT_MS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_step_that_lasts_says_at_once_what_it_waits_for),
        cmocka_unit_test(checks_begin_when_all_are_up_and_told_to_take_nothing),
        cmocka_unit_test(the_first_round_is_made_at_once),
        cmocka_unit_test(the_next_one_when_the_interval_is_over),
        cmocka_unit_test(nobody_is_checked_while_instances_are_missing),
        cmocka_unit_test(a_version_that_passed_goes_on),
        cmocka_unit_test(a_version_that_failed_goes_back_or_is_held),
        cmocka_unit_test(the_step_has_time_for_every_round),
    };

    return cmocka_run_group_tests_name("strategies/pair_verify", tests, NULL, NULL);
}
