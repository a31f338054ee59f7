/**
 * @file tests/unit/strategies/test_pair_steps.c
 * @brief Each step of a program as one sentence, with its number in the unit that people use.
 */
#include "strategies/pair_steps.h"

#include "strategies/model/limits.h"
#include "strategies/model/traffic.h"
#include "strategies/preview.h"
#include "tests/support/spec.h"

#include <string.h>

static void assert_says(enum zdd_step_kind kind, int32_t value, const char *expected)
{
    char text[ZDD_STEP_TEXT_SIZE];

    zdd_pair_step_say(&(struct zdd_program_step){kind, value}, text, sizeof(text));
    assert_string_equal(text, expected);
}

static void each_kind_says_what_is_done(void **state)
{
    (void)state;
    assert_says(ZDD_STEP_ADOPT, 0,
                "Give the old app the labels of a pair; Marathon replaces its instances one by "
                "one.");
    assert_says(ZDD_STEP_START, 1, "Start 1 instance of the new version; healthy and ready.");
    assert_says(ZDD_STEP_START, 4, "Start 4 instances of the new version; healthy and ready.");
    assert_says(ZDD_STEP_JOIN, 0, "Wait until every balancer has all new instances UP.");
    assert_says(ZDD_STEP_VERIFY, 6, "Check the new version, 6 rounds.");
    assert_says(ZDD_STEP_WEIGHT, 50,
                "Give the new version 0.5 % of the requests, seen on every balancer.");
    assert_says(ZDD_STEP_PAUSE, 60000, "Wait 60 s.");
    assert_says(ZDD_STEP_GATE, 0, "Wait until somebody decides.");
    assert_says(ZDD_STEP_DRAIN, 0, "Wait until no request is under way at the old version.");
    assert_says(ZDD_STEP_RETIRE, 0, "Remove the old app.");
    assert_says(ZDD_STEP_SETTLE, 0, "Give every server its own weight again.");
}

static void shares_are_told_in_percent_and_times_in_seconds(void **state)
{
    (void)state;
    assert_says(ZDD_STEP_SHIFT, 0,
                "Give the new version 0 % of the requests, seen on every balancer.");
    assert_says(ZDD_STEP_SHIFT, 20 * ZDD_SHARE_PERCENT,
                "Give the new version 20 % of the requests, seen on every balancer.");
    assert_says(ZDD_STEP_SHIFT, ZDD_SHARE_ALL,
                "Give the new version 100 % of the requests, seen on every balancer.");
    assert_says(ZDD_STEP_KEEP, 300000, "Keep the old version hot for 300 s.");
    assert_says(ZDD_STEP_KEEP, 86400000, "Keep the old version hot for 86400 s.");
}

static void no_sentence_is_cut_by_what_shows_it(void **state)
{
    (void)state;
    for (int kind = 0; kind < ZDD_STEP_KIND_COUNT; kind++) {
        char text[ZDD_STEP_TEXT_SIZE];

        zdd_pair_step_say(&(struct zdd_program_step){(enum zdd_step_kind)kind, INT32_MAX}, text,
                          sizeof(text));
        assert_int_equal(text[strlen(text) - 1], '.');
    }
}

static void what_does_not_fit_is_cut_within_its_bounds(void **state)
{
    char text[12] = "###########";

    (void)state;
    zdd_pair_step_say(&(struct zdd_program_step){ZDD_STEP_RETIRE, 0}, text, 11);
    assert_string_equal(text, "Remove the");
}

static void a_plan_tells_what_its_checks_count(void **state)
{
    const struct zdd_verify counts = {
        .rounds = 6,
        .interval_ms = 10000,
        .counted_count = 3,
        .counted = {{.metric = ZDD_METRIC_RESPONSE_MS},
                    {.metric = ZDD_METRIC_ERROR_RATE},
                    {.metric = ZDD_METRIC_ERROR_RATE}},
    };
    const struct zdd_verify asks = {.rounds = 2, .interval_ms = 1000};
    struct zdd_plan plan = {0};
    char text[ZDD_STEP_TEXT_SIZE];

    (void)state;
    assert_true(zdd_program_parse("weight 2000;verify 6;verify 2", &plan.program));
    zdd_verifies_add(&plan.verifies, &counts);
    zdd_verifies_add(&plan.verifies, &asks);
    zdd_pair_step_tell(&plan, 1, text, sizeof(text));
    assert_string_equal(text, "Watch both versions for 60 s by the balancers' counters: errors, "
                              "times.");
    zdd_pair_step_tell(&plan, 2, text, sizeof(text));
    assert_string_equal(text, "Check the new version, 2 rounds.");
    zdd_pair_step_tell(&plan, 0, text, sizeof(text));
    assert_string_equal(text, "Give the new version 20 % of the requests, seen on every balancer.");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_plan_tells_what_its_checks_count),
        cmocka_unit_test(each_kind_says_what_is_done),
        cmocka_unit_test(shares_are_told_in_percent_and_times_in_seconds),
        cmocka_unit_test(no_sentence_is_cut_by_what_shows_it),
        cmocka_unit_test(what_does_not_fit_is_cut_within_its_bounds),
    };

    return cmocka_run_group_tests_name("strategies/pair_steps", tests, NULL, NULL);
}
