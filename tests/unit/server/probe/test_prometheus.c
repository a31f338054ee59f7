/**
 * @file tests/unit/server/probe/test_prometheus.c
 * @brief What Prometheus is asked, and what its answers say. The answers are those of Prometheus
 * 2.42, as it gave them.
 */
#include "server/probe/prometheus.h"

#include "tests/support/spec.h"

#include <math.h>
#include <string.h>

#define NONE (double)NAN
#define SUCCESS(data) "{\"status\":\"success\",\"data\":{" data "}}"
#define SCALAR(value) SUCCESS("\"resultType\":\"scalar\",\"result\":[1795443468.714,\"" value "\"]")
#define VECTOR(samples) SUCCESS("\"resultType\":\"vector\",\"result\":[" samples "]")
#define SAMPLE(value)                                                                              \
    "{\"metric\":{\"__name__\":\"up\",\"job\":\"self\"},\"value\":[1795443468.704,\"" value "\"]}"

struct row {
    double min, max;
    long status;
    const char *body;
    enum zdd_finding finding;
    const char *said, *value;
    bool is_about_query;
};

static void judge(const struct row *row)
{
    const struct zdd_check check = {.source = ZDD_SOURCE_PROMETHEUS,
                                    .url = "http://p:9090",
                                    .query = "up",
                                    .min = row->min,
                                    .max = row->max};
    struct zdd_probe_verdict verdict;

    memset(&verdict, 'x', sizeof(verdict));
    zdd_prometheus_judge(&check, row->status, row->body, strlen(row->body), &verdict);
    assert_string_equal(verdict.said, row->said);
    assert_string_equal(verdict.value, row->value);
    assert_string_equal(zdd_finding_name(verdict.finding), zdd_finding_name(row->finding));
    assert_int_equal(verdict.is_about_query, row->is_about_query);
}

static void one_number_is_judged_by_its_bounds(void **state)
{
    static const struct row rows[] = {
        {NONE, 2, 200, SCALAR("2"), ZDD_FINDING_PASSED, "", "2", true},
        {NONE, 1.5, 200, SCALAR("2"), ZDD_FINDING_FAILED, "is 2, above 1.5", "2", true},
        {1, NONE, 200, VECTOR(SAMPLE("1")), ZDD_FINDING_PASSED, "", "1", true},
        {1, NONE, 200, VECTOR(SAMPLE("0")), ZDD_FINDING_FAILED, "is 0, below 1", "0", true},
        {0, 1, 200, VECTOR(SAMPLE("0.30000000000000004")), ZDD_FINDING_PASSED, "", "0.3", true},
        {NONE, 0, 200, VECTOR(SAMPLE("1e-07")), ZDD_FINDING_FAILED, "is 1e-07, above 0", "1e-07",
         true},
        {-5, -1, 200, SCALAR("-3"), ZDD_FINDING_PASSED, "", "-3", true},
        {NONE, 1, 200, SCALAR("1e+30"), ZDD_FINDING_FAILED, "is 1e+30, above 1", "1e+30", true},
        {NONE, 1, 200, SCALAR("+Inf"), ZDD_FINDING_FAILED, "is +Inf, above 1", "\"+Inf\"", true},
        {0, NONE, 200, SCALAR("-Inf"), ZDD_FINDING_FAILED, "is -Inf, below 0", "\"-Inf\"", true},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        judge(&rows[i]);
}

static void what_is_not_one_number_says_nothing_about_the_version(void **state)
{
    static const struct row rows[] = {
        {NONE, 1, 200, VECTOR(""), ZDD_FINDING_ERROR, "has no data", "", true},
        {NONE, 1, 200, SCALAR("NaN"), ZDD_FINDING_ERROR, "is NaN: that is no number", "", true},
        {NONE, 1, 200, VECTOR(SAMPLE("1") "," SAMPLE("2")), ZDD_FINDING_ERROR,
         "has several samples: it must come to one number", "", true},
        {NONE, 1, 200,
         SUCCESS("\"resultType\":\"matrix\",\"result\":[{\"metric\":{\"job\":\"self\"},"
                 "\"values\":[[1795443466.274,\"1\"],[1795443467.274,\"1\"]]}]"),
         ZDD_FINDING_ERROR, "is neither a scalar nor a vector: it must come to one number", "",
         true},
        {NONE, 1, 200, SUCCESS("\"resultType\":\"string\",\"result\":[1795443468.781,\"text\"]"),
         ZDD_FINDING_ERROR, "is neither a scalar nor a vector: it must come to one number", "",
         true},
        {NONE, 1, 200, VECTOR("{\"metric\":{},\"histogram\":[1,{\"count\":\"7\"}]}"),
         ZDD_FINDING_ERROR, "is no plain number", "", true},
        {NONE, 1, 200, SCALAR("0x10"), ZDD_FINDING_ERROR, "is no plain number", "", true},
        {NONE, 1, 200, SCALAR("1 "), ZDD_FINDING_ERROR, "is no plain number", "", true},
        {NONE, 1, 200, SCALAR(""), ZDD_FINDING_ERROR, "is no plain number", "", true},
        {NONE, 1, 200, SUCCESS("\"resultType\":\"scalar\""), ZDD_FINDING_ERROR,
         "is no plain number", "", true},
        {NONE, 1, 200, SUCCESS("\"resultType\":\"scalar\",\"result\":7"), ZDD_FINDING_ERROR,
         "is no plain number", "", true},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        judge(&rows[i]);
}

static void what_prometheus_cannot_do_is_told_in_its_words(void **state)
{
    static const struct row rows[] = {
        {NONE, 1, 400,
         "{\"status\":\"error\",\"errorType\":\"bad_data\",\"error\":\"invalid parameter "
         "\\\"query\\\": 1:4: parse error: missing unit character in duration\"}",
         ZDD_FINDING_ERROR,
         "said 400: invalid parameter \"query\": 1:4: parse error: missing unit character in "
         "duration",
         "", false},
        {NONE, 1, 422, "{\"status\":\"error\",\"error\":\"two\\nlines\"}", ZDD_FINDING_ERROR,
         "said 422: two lines", "", false},
        {NONE, 1, 503, "busy", ZDD_FINDING_ERROR, "said 503", "", false},
        {NONE, 1, 302, "", ZDD_FINDING_ERROR, "said 302", "", false},
        {NONE, 1, 200, "<html>", ZDD_FINDING_ERROR, "answered, but not as Prometheus does", "",
         false},
        {NONE, 1, 200, "", ZDD_FINDING_ERROR, "answered, but not as Prometheus does", "", false},
        {NONE, 1, 200, "[]", ZDD_FINDING_ERROR, "answered, but not as Prometheus does", "", false},
        {NONE, 1, 200, "{\"status\":\"success\"}", ZDD_FINDING_ERROR,
         "answered, but not as Prometheus does", "", false},
        {NONE, 1, 200, SUCCESS("\"result\":[]"), ZDD_FINDING_ERROR,
         "answered, but not as Prometheus does", "", false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        judge(&rows[i]);
}

static void long_words_end_with_a_whole_character(void **state)
{
    const struct zdd_check check = {.source = ZDD_SOURCE_PROMETHEUS, .min = NONE, .max = 1};
    struct zdd_probe_verdict verdict;
    char body[600] = "{\"error\":\"x";

    (void)state;
    while (strlen(body) < 500)
        strncat(body, "\xC3\xA9", sizeof(body) - strlen(body) - 1);
    strncat(body, "\"}", sizeof(body) - strlen(body) - 1);
    zdd_prometheus_judge(&check, 400, body, strlen(body), &verdict);
    assert_in_range(strlen(verdict.said), ZDD_PROBE_SAID_SIZE - 2, ZDD_PROBE_SAID_SIZE - 1);
    assert_string_equal(verdict.said + strlen(verdict.said) - 2, "\xC3\xA9");
}

static void the_url_asks_for_the_query_as_it_is(void **state)
{
    static const struct {
        const char *url, *query, *wanted;
    } rows[] = {
        {"http://p:9090", "up", "http://p:9090/api/v1/query?query=up&timeout=5s"},
        {"https://p/prom//", "1+1", "https://p/prom/api/v1/query?query=1%2B1&timeout=5s"},
        {"http://p", "up{job=\"a&b\"}\n> 0",
         "http://p/api/v1/query?query=up%7Bjob%3D%22a%26b%22%7D%0A%3E%200&timeout=5s"},
        {"http://p", "a{{appId}}b{{oldAppId}}c{{newAppId}}",
         "http://p/api/v1/query?query=a%2Fshop%2Fwebb%2Fshop%2Fweb-bluec%2Fshop%2Fweb-green"
         "&timeout=5s"},
    };
    const struct zdd_plan plan = {
        .app_id = "/shop/web", .pair = {.old_id = "/shop/web-blue", .new_id = "/shop/web-green"}};

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const struct zdd_check check = {.url = rows[i].url, .query = rows[i].query};
        ZDD_AUTO_BUF struct zdd_buf buf = {0};

        zdd_prometheus_url(&buf, &check, &plan);
        assert_int_equal(buf.err, ZDD_ERR_NONE);
        assert_string_equal(buf.data, rows[i].wanted);
    }
}

static void placeholders_are_the_three_that_there_are(void **state)
{
    (void)state;
    assert_true(zdd_prometheus_query_valid("up"));
    assert_true(zdd_prometheus_query_valid("{app=\"{{appId}}\",o=\"{{oldAppId}}\"}{{newAppId}}"));
    assert_false(zdd_prometheus_query_valid("{{version}}"));
    assert_false(zdd_prometheus_query_valid("{{appId}} {{appid}}"));
    assert_false(zdd_prometheus_query_valid("{{"));
    assert_false(zdd_prometheus_query_valid("{{{appId}}"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_number_is_judged_by_its_bounds),
        cmocka_unit_test(what_is_not_one_number_says_nothing_about_the_version),
        cmocka_unit_test(what_prometheus_cannot_do_is_told_in_its_words),
        cmocka_unit_test(long_words_end_with_a_whole_character),
        cmocka_unit_test(the_url_asks_for_the_query_as_it_is),
        cmocka_unit_test(placeholders_are_the_three_that_there_are),
    };

    return cmocka_run_group_tests_name("server/probe/prometheus", tests, NULL, NULL);
}
