/**
 * @file tests/unit/strategies/judge/test_verdict.c
 * @brief What a check by counters finds, and what it says about it.
 */
#include "strategies/judge/trial.h"
#include "strategies/judge/verdict.h"
#include "tests/support/spec.h"

#define PERCENT 10000 /* of a share in millionths */

static struct zdd_window of(int64_t requests, int64_t failures)
{
    return (struct zdd_window){.requests = requests, .answers = requests, .failures = failures};
}

/* One look at both versions: requests and failures of the new one, and of the old one. */
static struct zdd_trial a_trial(struct zdd_window new_side, struct zdd_window old_side)
{
    struct zdd_trial trial = {.since_ms = 1};

    zdd_trial_add(&trial, 1, &new_side, &old_side);
    return trial;
}

static struct zdd_verdict judge(const struct zdd_trial *trial, struct zdd_counted check)
{
    const struct zdd_verify verify = {
        .rounds = 3, .min_requests = 300, .counted_count = 1, .counted = {check}};
    const struct zdd_hearing hearing = {trial, &verify, ZDD_ROUND_STEP, true};

    return zdd_verdict_of(&hearing, &check);
}

static const struct zdd_counted one_percent = {
    .metric = ZDD_METRIC_ERROR_RATE, .has_max = true, .max = PERCENT};
static const struct zdd_counted not_worse = {.metric = ZDD_METRIC_ERROR_RATE,
                                             .worse_than_old = true};

#define assert_finds(verdict, wanted, said)                                                        \
    do {                                                                                           \
        const struct zdd_verdict v_ = (verdict);                                                   \
        assert_string_equal(v_.words, said);                                                       \
        assert_string_equal(zdd_finding_name(v_.finding), zdd_finding_name(wanted));               \
    } while (0)

static void a_rate_fails_above_its_maximum_and_not_at_it(void **state)
{
    struct zdd_trial trial = a_trial(of(400, 4), of(1600, 0));

    (void)state;
    assert_finds(judge(&trial, one_percent), ZDD_FINDING_PASSED, "");
    trial = a_trial(of(400, 5), of(1600, 0));
    assert_finds(judge(&trial, one_percent), ZDD_FINDING_FAILED,
                 "1.25 % of 400 requests failed, 1 % may");
    assert_true(judge(&trial, one_percent).value == 5.0 / 400);
}

static void too_few_requests_say_nothing_unless_it_is_lost_already(void **state)
{
    struct zdd_trial trial = a_trial(of(12, 0), of(48, 0));

    (void)state;
    assert_finds(judge(&trial, one_percent), ZDD_FINDING_INCONCLUSIVE, "12 of 300 requests");
    trial = a_trial(of(299, 3), of(48, 0));
    assert_finds(judge(&trial, one_percent), ZDD_FINDING_INCONCLUSIVE, "299 of 300 requests");
    trial = a_trial(of(300, 3), of(48, 0));
    assert_finds(judge(&trial, one_percent), ZDD_FINDING_PASSED, "");
    /* Whatever the other 288 become: more than three of 300 have failed. */
    trial = a_trial(of(12, 4), of(48, 0));
    assert_finds(judge(&trial, one_percent), ZDD_FINDING_FAILED,
                 "33.33 % of 12 requests failed, 1 % may");
}

static void refused_connections_are_counted_by_themselves(void **state)
{
    const struct zdd_counted check = {
        .metric = ZDD_METRIC_CONNECT_ERRORS, .has_max = true, .max = PERCENT / 2};
    struct zdd_window window = of(1000, 400);
    struct zdd_trial trial;

    (void)state;
    window.refused = 5;
    trial = a_trial(window, of(4000, 0));
    assert_finds(judge(&trial, check), ZDD_FINDING_PASSED, "");
    window.refused = 6;
    trial = a_trial(window, of(4000, 0));
    assert_finds(judge(&trial, check), ZDD_FINDING_FAILED,
                 "0.6 % of 1000 requests found no connection, 0.5 % may");
}

static void a_time_fails_above_its_maximum(void **state)
{
    const struct zdd_counted check = {
        .metric = ZDD_METRIC_RESPONSE_MS, .has_max = true, .max = 200000};
    struct zdd_trial trial = a_trial(of(300, 0), of(1200, 0));

    (void)state;
    trial.new_side.answer_us = 200000;
    assert_finds(judge(&trial, check), ZDD_FINDING_PASSED, "");
    trial.new_side.answer_us = 350000;
    assert_finds(judge(&trial, check), ZDD_FINDING_FAILED, "an answer takes 350 ms, 200 ms may");
    trial = a_trial(of(299, 0), of(1200, 0));
    trial.new_side.answer_us = 350000;
    assert_finds(judge(&trial, check), ZDD_FINDING_INCONCLUSIVE, "299 of 300 requests");
}

static void a_clear_difference_fails_however_few_requests_there_are(void **state)
{
    struct zdd_trial trial = a_trial(of(40, 8), of(160, 0));
    const struct zdd_verify verify = {.counted_count = 1, .counted = {not_worse}};
    struct zdd_verify observed = verify;
    struct zdd_verdict verdict = judge(&trial, not_worse);

    (void)state;
    assert_finds(verdict, ZDD_FINDING_FAILED,
                 "20 % of 40 requests failed, of the old version 0 % of 160: that is no chance");
    assert_true(verdict.odds > 300);
    assert_true(zdd_trial_condemns(&trial, &verify));
    observed.counted[0].observe_only = true;
    assert_false(zdd_trial_condemns(&trial, &observed));
    trial = a_trial(of(400, 8), of(1600, 32)); /* both fail alike */
    assert_finds(judge(&trial, not_worse), ZDD_FINDING_PASSED, "");
    assert_false(zdd_trial_condemns(&trial, &verify));
}

static void there_must_be_somebody_to_compare_with(void **state)
{
    const struct zdd_trial trial = a_trial(of(400, 0), of(0, 0));

    (void)state;
    assert_finds(judge(&trial, not_worse), ZDD_FINDING_INCONCLUSIVE,
                 "the old version had no request to compare with");
    assert_finds(judge(&trial, one_percent), ZDD_FINDING_PASSED, "");
}

static void silent_balancers_are_no_finding(void **state)
{
    const struct zdd_trial trial = a_trial(of(400, 0), of(1600, 0));
    const struct zdd_verify verify = {.min_requests = 300};
    const struct zdd_hearing hearing = {&trial, &verify, ZDD_ROUND_STEP, false};

    (void)state;
    assert_finds(zdd_verdict_of(&hearing, &one_percent), ZDD_FINDING_ERROR,
                 "no balancer has told its counters");
}

static void a_round_that_ends_takes_its_own_counts_only(void **state)
{
    struct zdd_trial trial = a_trial(of(400, 5), of(1600, 0));

    (void)state;
    zdd_trial_end_round(&trial, ZDD_ROUND_STEP);
    assert_finds(judge(&trial, one_percent), ZDD_FINDING_INCONCLUSIVE, "0 of 300 requests");
    assert_int_equal(trial.new_side.round[ZDD_ROUND_BESIDE].failures, 5);
    assert_int_equal(trial.new_side.all.requests, 400);
}

static void means_are_compared_when_enough_answers_lie_between_them(void **state)
{
    struct zdd_trial trial = {.since_ms = 1};
    const struct zdd_window window = of(1024, 0);
    const struct zdd_window both = of(2048, 0);

    (void)state;
    zdd_trial_add(&trial, 1, &window, &window);
    zdd_trial_pace(&trial, (struct zdd_answers){90000, 1}, (struct zdd_answers){10000, 2});
    assert_int_equal(trial.pace.count, 0); /* two old servers want twice as many */
    for (int i = 0; i < 8; i++) {
        zdd_trial_add(&trial, 1, &window, &both);
        zdd_trial_pace(&trial, (struct zdd_answers){90000, 1}, (struct zdd_answers){10000, 2});
    }
    assert_int_equal(trial.pace.count, 8);
    assert_true(zdd_trial_is_condemned(&trial, ZDD_METRIC_RESPONSE_MS));
    assert_false(zdd_trial_is_condemned(&trial, ZDD_METRIC_ERROR_RATE));
    assert_finds(judge(&trial, (struct zdd_counted){.metric = ZDD_METRIC_RESPONSE_MS,
                                                    .worse_than_old = true}),
                 ZDD_FINDING_FAILED,
                 "an answer takes 90 ms, of the old version 10 ms: that is no chance");
}

static void the_worst_finding_is_that_of_the_round(void **state)
{
    (void)state;
    assert_true(zdd_finding_outweighs(ZDD_FINDING_FAILED, ZDD_FINDING_ERROR));
    assert_true(zdd_finding_outweighs(ZDD_FINDING_ERROR, ZDD_FINDING_INCONCLUSIVE));
    assert_true(zdd_finding_outweighs(ZDD_FINDING_INCONCLUSIVE, ZDD_FINDING_PASSED));
    assert_false(zdd_finding_outweighs(ZDD_FINDING_PASSED, ZDD_FINDING_PASSED));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_rate_fails_above_its_maximum_and_not_at_it),
        cmocka_unit_test(too_few_requests_say_nothing_unless_it_is_lost_already),
        cmocka_unit_test(refused_connections_are_counted_by_themselves),
        cmocka_unit_test(a_time_fails_above_its_maximum),
        cmocka_unit_test(a_clear_difference_fails_however_few_requests_there_are),
        cmocka_unit_test(there_must_be_somebody_to_compare_with),
        cmocka_unit_test(silent_balancers_are_no_finding),
        cmocka_unit_test(a_round_that_ends_takes_its_own_counts_only),
        cmocka_unit_test(means_are_compared_when_enough_answers_lie_between_them),
        cmocka_unit_test(the_worst_finding_is_that_of_the_round),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
