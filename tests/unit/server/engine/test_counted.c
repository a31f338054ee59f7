/**
 * @file tests/unit/server/engine/test_counted.c
 * @brief Checks by counters become a part of a round's report.
 */
#include "server/engine/counted.h"
#include "server/engine/measured.h"
#include "tests/support/spec.h"

#include <stdio.h>
#include <string.h>

#define T0 1000000

/* One set beside the steps, and one of a step: at most 1 %, of 100 requests. */
static struct zdd_plan a_plan(void)
{
    const struct zdd_verify verify = {
        .rounds = 3,
        .min_requests = 100,
        .counted_count = 1,
        .counted = {{.place = 2, .metric = ZDD_METRIC_ERROR_RATE, .has_max = true, .max = 10000}}};
    struct zdd_plan plan = {.verifies = {.beside = verify}};

    zdd_verifies_add(&plan.verifies, &verify);
    return plan;
}

static struct zdd_run a_run(int64_t failures)
{
    struct zdd_run run = {.phase_since_ms = T0, .verify_set = 1};

    run.trial.until_ms = T0 + 1;
    run.trial.new_side.round[ZDD_ROUND_STEP] =
        (struct zdd_window){.requests = 100, .failures = failures, .rerouted = 7};
    return run;
}

static struct zdd_probe_report report_of(enum zdd_finding result, const char *data)
{
    struct zdd_probe_report report = {.result = result};

    snprintf(report.data, sizeof(report.data), "%s", data);
    return report;
}

static void a_verdict_stands_behind_the_other_checks(void **state)
{
    const struct zdd_plan plan = a_plan();
    const struct zdd_run run = a_run(2);
    struct zdd_probe_report report = report_of(ZDD_FINDING_PASSED, "[{\"check\":0}]");

    (void)state;
    zdd_counted_add(&plan, &run, 1, T0 + 2, &report);
    assert_int_equal(report.result, ZDD_FINDING_FAILED);
    assert_string_equal(report.words, "2 % of 100 requests failed, 1 % may");
    assert_string_equal(
        report.data,
        "[{\"check\":0},{\"check\":2,\"result\":\"failed\",\"measure\":\"errorRate\","
        "\"value\":0.02,\"oldValue\":0,\"new\":{\"requests\":100,\"failures\":2,\"refused\":0,"
        "\"econ\":0,\"eresp\":0,\"wretr\":0,\"wredis\":7},\"old\":{\"requests\":0,\"failures\":0,"
        "\"refused\":0,\"econ\":0,\"eresp\":0,\"wretr\":0,\"wredis\":0},\"text\":\"2 % of 100 "
        "requests failed, 1 % may\"}]");
}

static void what_is_only_observed_decides_nothing(void **state)
{
    struct zdd_plan plan = a_plan();
    const struct zdd_run run = a_run(50);
    struct zdd_probe_report report = report_of(ZDD_FINDING_PASSED, "[]");

    (void)state;
    plan.verifies.step[0].counted[0].observe_only = true;
    zdd_counted_add(&plan, &run, 1, T0 + 2, &report);
    assert_int_equal(report.result, ZDD_FINDING_PASSED);
    assert_non_null(strstr(report.data, "\"observeOnly\":true}]"));
}

static void a_worse_finding_of_another_check_stays(void **state)
{
    const struct zdd_plan plan = a_plan();
    struct zdd_run run = a_run(0);
    struct zdd_probe_report report = report_of(ZDD_FINDING_ERROR, "[]");

    (void)state;
    run.trial.new_side.round[ZDD_ROUND_STEP].requests = 5;
    zdd_counted_add(&plan, &run, 1, T0 + 2, &report);
    assert_int_equal(report.result, ZDD_FINDING_ERROR);
    report = report_of(ZDD_FINDING_PASSED, "[]");
    zdd_counted_add(&plan, &run, 1, T0 + 2, &report);
    assert_int_equal(report.result, ZDD_FINDING_INCONCLUSIVE);
    assert_string_equal(report.words, "5 of 100 requests");
}

static void both_sets_have_rounds_of_their_own(void **state)
{
    const struct zdd_plan plan = a_plan();
    const struct zdd_run run = a_run(50);
    struct zdd_probe_report report = report_of(ZDD_FINDING_PASSED, "[]");

    (void)state;
    zdd_counted_add(&plan, &run, ZDD_VERIFY_BESIDE, T0 + 2, &report);
    assert_int_equal(report.result, ZDD_FINDING_INCONCLUSIVE);
    assert_string_equal(report.words, "0 of 100 requests");
}

static void who_has_told_nothing_since_the_last_round_is_silent(void **state)
{
    const struct zdd_plan plan = a_plan();
    struct zdd_run run = a_run(0);
    struct zdd_probe_report report = report_of(ZDD_FINDING_PASSED, "[]");

    (void)state;
    snprintf(run.rounds, sizeof(run.rounds), "p");
    run.measured_at_ms = T0 + 1;
    zdd_counted_add(&plan, &run, 1, T0 + 2, &report);
    assert_int_equal(report.result, ZDD_FINDING_ERROR);
}

static void who_tells_now_is_not_silent_where_the_clock_was_set_back(void **state)
{
    const struct zdd_plan plan = a_plan();
    struct zdd_run run = a_run(0);
    struct zdd_probe_report report = report_of(ZDD_FINDING_PASSED, "[]");

    (void)state;
    run.phase_since_ms = T0 + 3600000;
    zdd_counted_add(&plan, &run, 1, run.trial.until_ms, &report);
    assert_int_equal(report.result, ZDD_FINDING_PASSED);
}

static void what_has_no_room_is_left_out_but_counts(void **state)
{
    const struct zdd_plan plan = a_plan();
    const struct zdd_run run = a_run(2);
    struct zdd_probe_report report = report_of(ZDD_FINDING_PASSED, "[]");
    const size_t size = sizeof(report.data) - 20;

    (void)state;
    memset(report.data, ' ', size);
    snprintf(report.data + size, 20, "]");
    zdd_counted_add(&plan, &run, 1, T0 + 2, &report);
    assert_int_equal(report.result, ZDD_FINDING_FAILED);
    assert_int_equal(strlen(report.data), size + 1);
}

/* A round that said nothing goes on; the next one has only what came since the last that did. */
static void a_round_that_says_something_ends(void **state)
{
    static const struct {
        enum zdd_finding finding;
        int64_t left;
    } rows[] = {{ZDD_FINDING_PASSED, 0},
                {ZDD_FINDING_FAILED, 0},
                {ZDD_FINDING_INCONCLUSIVE, 100},
                {ZDD_FINDING_ERROR, 100}};
    const struct zdd_plan plan = a_plan();

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const struct zdd_probe_report report = report_of(rows[i].finding, "[]");
        struct zdd_run run = a_run(2);

        run.trial.new_side.round[ZDD_ROUND_BESIDE].requests = 50;
        zdd_measured_take(&report, &plan, 1, T0 + 2, &run);
        assert_int_equal(run.trial.new_side.round[ZDD_ROUND_STEP].requests, rows[i].left);
        assert_int_equal(run.trial.new_side.round[ZDD_ROUND_BESIDE].requests, 50);
        assert_int_equal(run.trial.edition, 1);
    }
}

static void what_was_acknowledged_is_told(void **state)
{
    struct zdd_run run = {.measured = "5 % of \"all\""};
    ZDD_AUTO_BUF struct zdd_buf buf = {0};

    (void)state;
    zdd_measured_tell_acknowledged(&buf, &run);
    assert_string_equal(buf.data, ",\"acknowledged\":{\"text\":\"5 % of \\\"all\\\"\"}");
    zdd_buf_clear(&buf);
    run = (struct zdd_run){.trial = {.since_ms = 1}};
    run.trial.new_side.all = (struct zdd_window){.requests = 100, .failures = 5};
    run.trial.old_side.all.requests = 400;
    zdd_measured_tell_acknowledged(&buf, &run);
    assert_string_equal(buf.data, ",\"acknowledged\":{\"text\":null,\"new\":{\"requests\":100,"
                                  "\"failures\":5},\"old\":{\"requests\":400,\"failures\":0}}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_verdict_stands_behind_the_other_checks),
        cmocka_unit_test(what_is_only_observed_decides_nothing),
        cmocka_unit_test(a_worse_finding_of_another_check_stays),
        cmocka_unit_test(both_sets_have_rounds_of_their_own),
        cmocka_unit_test(who_has_told_nothing_since_the_last_round_is_silent),
        cmocka_unit_test(who_tells_now_is_not_silent_where_the_clock_was_set_back),
        cmocka_unit_test(what_has_no_room_is_left_out_but_counts),
        cmocka_unit_test(a_round_that_says_something_ends),
        cmocka_unit_test(what_was_acknowledged_is_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
