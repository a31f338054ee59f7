/**
 * @file tests/unit/strategies/model/test_verify.c
 * @brief Rounds of checks: how they are counted, and when they speak for or against a version.
 */
#include "strategies/model/verify.h"

#include "strategies/model/limits.h"
#include "tests/support/spec.h"

#include <string.h>

static void rounds_are_counted_by_what_they_found(void **state)
{
    const struct zdd_rounds none = zdd_rounds_of(""), some = zdd_rounds_of("ppfpeepe"),
                            late = zdd_rounds_of("fee");

    (void)state;
    assert_int_equal(none.done + none.passed + none.failed + none.errors_in_row, 0);
    assert_int_equal(some.done, 8);
    assert_int_equal(some.passed, 4);
    assert_int_equal(some.failed, 1);
    assert_int_equal(some.errors_in_row, 1);
    assert_int_equal(late.errors_in_row, 2);
}

static void a_record_grows_by_one_letter_each_and_keeps_the_last_ones(void **state)
{
    char record[ZDD_ROUND_MAX + 1] = "";

    (void)state;
    zdd_rounds_add(record, ZDD_FINDING_PASSED);
    zdd_rounds_add(record, ZDD_FINDING_FAILED);
    zdd_rounds_add(record, ZDD_FINDING_ERROR);
    assert_string_equal(record, "pfe");
    assert_int_equal(zdd_rounds_of(record).done, 3);
    while (strlen(record) < ZDD_ROUND_MAX)
        zdd_rounds_add(record, ZDD_FINDING_PASSED);
    assert_int_equal(zdd_rounds_of(record).done, ZDD_ROUND_MAX);
    assert_int_equal(zdd_rounds_of(record).failed, 1);
    zdd_rounds_add(record, ZDD_FINDING_PASSED);
    zdd_rounds_add(record, ZDD_FINDING_ERROR); /* the oldest two go */
    assert_int_equal(strlen(record), ZDD_ROUND_MAX);
    assert_int_equal(zdd_rounds_of(record).failed, 0);
    assert_int_equal(zdd_rounds_of(record).errors_in_row, 1);
}

static void more_failures_than_allowed_are_bad_and_all_rounds_are_needed_to_be_good(void **state)
{
    static const struct {
        int32_t rounds, limit;
        const char *record;
        bool bad, good;
    } rows[] = {
        {3, 0, "", false, false},   {3, 0, "pp", false, false},  {3, 0, "ppp", false, true},
        {3, 0, "f", true, false},   {3, 1, "f", false, false},   {3, 1, "fpf", true, false},
        {3, 1, "fpp", false, true}, {3, 1, "ppf", false, true},  {3, 2, "ffp", false, true},
        {3, 1, "e", false, false},  {3, 1, "ee", true, false},   {3, 1, "epe", false, true},
        {3, 0, "pe", true, false},  {4, 1, "fepe", false, true}, {4, 1, "pfee", true, false},
        {1, 0, "p", false, true},   {1, 0, "e", true, false},    {2, 1, "ppp", false, true},
    };

    (void)state;
    for (size_t i = 0; i < ZDD_COUNT(rows); i++) {
        const struct zdd_verify verify = {.rounds = rows[i].rounds,
                                          .failure_limit = rows[i].limit,
                                          .error_limit = rows[i].limit,
                                          .on_inconclusive = ZDD_INCONCLUSIVE_FAILS};

        assert_int_equal(zdd_verify_is_bad(&verify, rows[i].record), rows[i].bad);
        assert_int_equal(zdd_verify_is_good(&verify, rows[i].record), rows[i].good);
    }
}

static void rounds_that_say_nothing_count_as_is_wanted(void **state)
{
    static const struct {
        enum zdd_on_inconclusive counts_as;
        const char *record;
        bool bad, good;
    } rows[] = {
        {ZDD_INCONCLUSIVE_WAITS, "pee", false, false},
        {ZDD_INCONCLUSIVE_WAITS, "pe", false, false},
        {ZDD_INCONCLUSIVE_WAITS, "ppe", false, true},
        {ZDD_INCONCLUSIVE_WAITS, "eep", false, true},
        {ZDD_INCONCLUSIVE_WAITS, "fee", true, false},
        {ZDD_INCONCLUSIVE_GATES, "pee", false, false},
        {ZDD_INCONCLUSIVE_PASSES, "pee", false, true},
        {ZDD_INCONCLUSIVE_PASSES, "ee", false, false},
        {ZDD_INCONCLUSIVE_FAILS, "pee", true, false},
        {ZDD_INCONCLUSIVE_FAILS, "ppe", false, true},
    };

    (void)state;
    for (size_t i = 0; i < ZDD_COUNT(rows); i++) {
        const struct zdd_verify verify = {
            .rounds = 3, .error_limit = 1, .on_inconclusive = rows[i].counts_as};

        assert_int_equal(zdd_verify_is_bad(&verify, rows[i].record), rows[i].bad);
        assert_int_equal(zdd_verify_is_good(&verify, rows[i].record), rows[i].good);
    }
}

static void each_word_is_read_as_it_is_written(void **state)
{
    enum zdd_on_inconclusive counts_as;
    enum zdd_metric metric;

    (void)state;
    for (int i = 0; i < ZDD_INCONCLUSIVE_COUNT; i++) {
        assert_true(zdd_on_inconclusive_parse(zdd_on_inconclusive_name((enum zdd_on_inconclusive)i),
                                              &counts_as));
        assert_int_equal(counts_as, i);
    }
    for (int i = 0; i < ZDD_METRIC_COUNT; i++) {
        assert_true(zdd_metric_parse(zdd_metric_name((enum zdd_metric)i), &metric));
        assert_int_equal(metric, i);
    }
    assert_false(zdd_on_inconclusive_parse("waits", &counts_as));
    assert_false(zdd_metric_parse("", &metric));
}

static void each_finding_has_its_word(void **state)
{
    (void)state;
    assert_string_equal(zdd_finding_name(ZDD_FINDING_PASSED), "passed");
    assert_string_equal(zdd_finding_name(ZDD_FINDING_FAILED), "failed");
    assert_string_equal(zdd_finding_name(ZDD_FINDING_ERROR), "error");
}

static void too_few_requests_wait_ask_pass_or_fail(void **state)
{
    struct zdd_verify v = {.rounds = 3, .failure_limit = 0, .error_limit = 0};

    (void)state;
    v.on_inconclusive = ZDD_INCONCLUSIVE_GATES;
    assert_false(zdd_verify_is_unsure(&v, "pi"));
    assert_true(zdd_verify_is_unsure(&v, "ppi"));
    assert_false(zdd_verify_is_good(&v, "ppi"));
    assert_false(zdd_verify_is_bad(&v, "ppi"));
    assert_true(zdd_verify_is_good(&v, "iip")); /* what was missing has come */
    assert_true(zdd_verify_is_unsure(&v, "ppe"));
    v.on_inconclusive = ZDD_INCONCLUSIVE_PASSES;
    assert_true(zdd_verify_is_good(&v, "iii"));
    assert_false(zdd_verify_is_unsure(&v, "iii"));
    v.on_inconclusive = ZDD_INCONCLUSIVE_FAILS;
    assert_true(zdd_verify_is_bad(&v, "pi"));
    v.failure_limit = 1;
    assert_false(zdd_verify_is_bad(&v, "ppi"));
    assert_true(zdd_verify_is_good(&v, "ppi"));
    v.on_inconclusive = ZDD_INCONCLUSIVE_WAITS;
    assert_false(zdd_verify_is_good(&v, "ppi"));
    assert_false(zdd_verify_is_bad(&v, "ppi"));
    assert_false(zdd_verify_is_unsure(&v, "ppi"));
}

static void a_round_that_waits_is_the_same_as_the_next(void **state)
{
    struct zdd_verify v = {.on_inconclusive = ZDD_INCONCLUSIVE_WAITS};
    char record[ZDD_ROUND_MAX + 1] = "";

    (void)state;
    zdd_verify_add(&v, record, ZDD_FINDING_PASSED);
    zdd_verify_add(&v, record, ZDD_FINDING_INCONCLUSIVE);
    zdd_verify_add(&v, record, ZDD_FINDING_INCONCLUSIVE);
    assert_string_equal(record, "pi");
    zdd_verify_add(&v, record, ZDD_FINDING_FAILED);
    assert_string_equal(record, "pf");
    v.on_inconclusive = ZDD_INCONCLUSIVE_GATES;
    zdd_verify_add(&v, record, ZDD_FINDING_INCONCLUSIVE);
    zdd_verify_add(&v, record, ZDD_FINDING_INCONCLUSIVE);
    assert_string_equal(record, "pfii");
    assert_string_equal(zdd_rounds_last(record, 3), "fii");
    assert_string_equal(zdd_rounds_last(record, 9), "pfii");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rounds_are_counted_by_what_they_found),
        cmocka_unit_test(a_record_grows_by_one_letter_each_and_keeps_the_last_ones),
        cmocka_unit_test(more_failures_than_allowed_are_bad_and_all_rounds_are_needed_to_be_good),
        cmocka_unit_test(rounds_that_say_nothing_count_as_is_wanted),
        cmocka_unit_test(each_word_is_read_as_it_is_written),
        cmocka_unit_test(each_finding_has_its_word),
        cmocka_unit_test(too_few_requests_wait_ask_pass_or_fail),
        cmocka_unit_test(a_round_that_waits_is_the_same_as_the_next),
    };

    return cmocka_run_group_tests_name("strategies/model/verify", tests, NULL, NULL);
}
