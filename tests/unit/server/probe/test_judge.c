/**
 * @file tests/unit/server/probe/test_judge.c
 * @brief What one answer says about a check.
 */
#include "server/probe/judge.h"

#include "tests/support/spec.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct row {
    const char *url, *pointer;
    double min, max;
    const char *equals; /* JSON */
    long status;
    const char *body;
    enum zdd_finding finding;
    const char *said, *value;
};

#define OWN "/info"
#define OTHER "http://mon/"
#define NONE (double)NAN

static void judge(const struct row *row)
{
    ZDD_AUTO_JSON json_t *equals =
        row->equals ? json_loads(row->equals, JSON_DECODE_ANY, NULL) : NULL;
    const struct zdd_check check = {.url = row->url,
                                    .pointer = row->pointer,
                                    .min = row->min,
                                    .max = row->max,
                                    .equals = equals};
    struct zdd_probe_verdict verdict;

    memset(&verdict, 'x', sizeof(verdict));
    zdd_probe_judge(&check, row->status, row->body, row->body ? strlen(row->body) : 0, &verdict);
    assert_string_equal(zdd_finding_name(verdict.finding), zdd_finding_name(row->finding));
    assert_string_equal(verdict.said, row->said);
    assert_string_equal(verdict.value, row->value);
}

static void without_a_pointer_the_status_says_it(void **state)
{
    static const struct row rows[] = {
        {OWN, NULL, NONE, NONE, NULL, 200, "", ZDD_FINDING_PASSED, "", "200"},
        {OWN, NULL, NONE, NONE, NULL, 299, "x", ZDD_FINDING_PASSED, "", "299"},
        {OWN, NULL, NONE, NONE, NULL, 199, "", ZDD_FINDING_FAILED, "said 199", "199"},
        {OWN, NULL, NONE, NONE, NULL, 300, "", ZDD_FINDING_FAILED, "said 300", "300"},
        {OTHER, NULL, NONE, NONE, NULL, 503, "", ZDD_FINDING_FAILED, "said 503", "503"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        judge(&rows[i]);
}

static void numbers_are_held_against_both_bounds(void **state)
{
    static const char body[] = "{\"a\":{\"b\":5}}";
    static const struct row rows[] = {
        {OWN, "/a/b", 5, 5, NULL, 200, body, ZDD_FINDING_PASSED, "", "5"},
        {OWN, "/a/b", NONE, 4.9, NULL, 200, body, ZDD_FINDING_FAILED, "has 5 at /a/b, above 4.9",
         "5"},
        {OTHER, "/a/b", 5.5, NONE, NULL, 200, body, ZDD_FINDING_FAILED, "has 5 at /a/b, below 5.5",
         "5"},
        {OWN, "/a/b", -1e9, NONE, NULL, 200, body, ZDD_FINDING_PASSED, "", "5"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        judge(&rows[i]);
}

static void a_value_is_held_against_the_one_that_is_wanted(void **state)
{
    static const char body[] = "{\"v\":\"1.0\",\"n\":3.0,\"ok\":true,\"none\":null}";
    static const struct row rows[] = {
        {OWN, "/v", NONE, NONE, "\"1.0\"", 200, body, ZDD_FINDING_PASSED, "", "\"1.0\""},
        {OWN, "/n", NONE, NONE, "3", 200, body, ZDD_FINDING_PASSED, "", "3.0"},
        {OWN, "/ok", NONE, NONE, "false", 200, body, ZDD_FINDING_FAILED, "has true at /ok", "true"},
        {OWN, "/v", NONE, NONE, "\"1.1\"", 200, body, ZDD_FINDING_FAILED, "has \"1.0\" at /v",
         "\"1.0\""},
        {OWN, "/none", NONE, NONE, "0", 200, body, ZDD_FINDING_FAILED, "has null at /none", "null"},
        {OTHER, "", NONE, NONE, "7", 200, "7", ZDD_FINDING_PASSED, "", "7"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        judge(&rows[i]);
}

/* What cannot be judged speaks against the version that says it, and of nobody else. */
static void what_cannot_be_judged_is_blamed_on_who_said_it(void **state)
{
    static const struct {
        long status;
        const char *body, *said, *value;
    } rows[] = {
        {500, "{\"a\":1}", "said 500", ""},
        {200, "", "said no JSON", ""},
        {200, NULL, "said no JSON", ""},
        {200, "{\"a\":1} x", "said no JSON", ""},
        {200, "{}", "has nothing at /a", ""},
        {200, "{\"a\":\"1\"}", "has no number at /a", "\"1\""},
        {200, "{\"a\":[1]}", "has no number at /a", ""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct row row = {OWN,          "/a",           NONE,         9,
                          NULL,         rows[i].status, rows[i].body, ZDD_FINDING_FAILED,
                          rows[i].said, rows[i].value};

        judge(&row);
        row.url = OTHER;
        row.finding = ZDD_FINDING_ERROR;
        judge(&row);
    }
}

static void long_values_are_not_kept(void **state)
{
    const struct row row = {
        OWN,
        "/a",
        NONE,
        NONE,
        "1",
        200,
        "{\"a\":\"0123456789012345678901234567890123456789012345678901234567890123456789\"}",
        ZDD_FINDING_FAILED,
        "has something else at /a",
        ""};

    (void)state;
    judge(&row);
}

static void silence_is_judged_too(void **state)
{
    const struct zdd_check own = {.url = OWN, .min = NONE, .max = NONE};
    const struct zdd_check other = {.url = OTHER, .min = NONE, .max = NONE};
    struct zdd_probe_verdict verdict;

    (void)state;
    zdd_probe_judge_silence(&own, "cannot be reached", &verdict);
    assert_int_equal(verdict.finding, ZDD_FINDING_FAILED);
    assert_string_equal(verdict.said, "cannot be reached");
    zdd_probe_judge_silence(&other, "cannot be reached", &verdict);
    assert_int_equal(verdict.finding, ZDD_FINDING_ERROR);
    assert_string_equal(verdict.value, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_a_pointer_the_status_says_it),
        cmocka_unit_test(numbers_are_held_against_both_bounds),
        cmocka_unit_test(a_value_is_held_against_the_one_that_is_wanted),
        cmocka_unit_test(what_cannot_be_judged_is_blamed_on_who_said_it),
        cmocka_unit_test(long_values_are_not_kept),
        cmocka_unit_test(silence_is_judged_too),
    };

    return cmocka_run_group_tests_name("server/probe/judge", tests, NULL, NULL);
}
