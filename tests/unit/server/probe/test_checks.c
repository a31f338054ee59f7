/**
 * @file tests/unit/server/probe/test_checks.c
 * @brief What may stand in `verify`, and which hosts may be asked.
 */
#include "server/probe/hosts.h"
#include "server/probe/verify.h"
#include "strategies/model/verifies.h"

#include "tests/support/spec.h"

#include <math.h>
#include <string.h>

static json_t *parsed(const char *text)
{
    json_t *json = NULL;

    assert_int_equal(zdd_json_read(text, strlen(text), &json, NULL), ZDD_ERR_NONE);
    return json;
}

static void nothing_is_asked_for_by_nothing(void **state)
{
    struct zdd_field_errors errors = {0};
    struct zdd_verify_options options;

    (void)state;
    assert_true(zdd_verify_read(NULL, "#/v", ZDD_VERIFY_UNSEEN, &options, &errors));
    assert_int_equal(options.verify.rounds, 0);
    assert_null(options.checks);
}

static void what_is_left_out_has_its_default(void **state)
{
    ZDD_AUTO_JSON json_t *json = parsed("{\"checks\":[{\"source\":\"http\",\"url\":\"/ready\"}]}");
    ZDD_AUTO_JSON json_t *once =
        parsed("{\"checks\":[{\"source\":\"http\",\"url\":\"/ready\"}],\"count\":1}");
    struct zdd_field_errors errors = {0};
    struct zdd_verify_options options;
    struct zdd_checks checks;

    (void)state;
    assert_true(zdd_verify_read(json, "#/v", ZDD_VERIFY_UNSEEN, &options, &errors));
    assert_int_equal(options.verify.rounds, 6);
    assert_int_equal(options.verify.interval_ms, 10000);
    assert_int_equal(options.verify.failure_limit, 1);
    assert_true(zdd_checks_read(options.checks, "#", &checks, &errors));
    assert_int_equal(checks.count, 1);
    assert_string_equal(checks.check[0].url, "/ready");
    assert_true(zdd_check_asks_instances(&checks.check[0]));
    assert_null(checks.check[0].pointer);
    assert_null(checks.check[0].equals);
    assert_true(isnan(checks.check[0].min) && isnan(checks.check[0].max));
    assert_true(zdd_verify_read(once, "#/v", ZDD_VERIFY_UNSEEN, &options, &errors));
    assert_int_equal(options.verify.failure_limit, 0);
}

static void everything_that_is_given_is_read(void **state)
{
    ZDD_AUTO_JSON json_t *json =
        parsed("{\"checks\":[{\"source\":\"http\",\"url\":\"https://mon.example:9/api?q=1\","
               "\"pointer\":\"/a/0\",\"min\":-1,\"max\":2.5},{\"source\":\"http\",\"url\":\"/x\","
               "\"pointer\":\"\",\"equals\":true}],\"intervalSeconds\":3600,\"count\":60,"
               "\"failureLimit\":59}");
    struct zdd_field_errors errors = {0};
    struct zdd_verify_options options;
    struct zdd_checks checks;

    (void)state;
    assert_true(zdd_verify_read(json, "#/v", ZDD_VERIFY_UNSEEN, &options, &errors));
    assert_int_equal(options.verify.rounds, ZDD_ROUND_MAX);
    assert_int_equal(options.verify.interval_ms, 3600000);
    assert_int_equal(options.verify.failure_limit, 59);
    assert_true(zdd_checks_read(options.checks, "#", &checks, &errors));
    assert_false(zdd_check_asks_instances(&checks.check[0]));
    assert_string_equal(checks.check[0].pointer, "/a/0");
    assert_true(checks.check[0].min == -1 && checks.check[0].max == 2.5);
    assert_string_equal(checks.check[1].pointer, "");
    assert_true(json_is_true(checks.check[1].equals));
}

#define HTTP(more) "{\"checks\":[{\"source\":\"http\"," more "}]}"
#define PROMETHEUS(more) "{\"checks\":[{\"source\":\"prometheus\"," more "}]}"
#define HAPROXY(more) "{\"checks\":[{\"source\":\"haproxy\"," more "}]}"
#define ONE "\"checks\":[{\"source\":\"http\",\"url\":\"/\"}]"

static void what_is_wrong_is_named_by_its_pointer(void **state)
{
    static const struct {
        const char *verify, *pointer, *words;
    } rows[] = {
        {"{}", "#/v/checks", "required"},
        {"{\"checks\":[]}", "#/v/checks", ""},
        {"{\"checks\":[1]}", "#/v/checks/0", "object"},
        {"{\"checks\":[{\"url\":\"/\"}]}", "#/v/checks/0/source", "required"},
        {"{\"checks\":[{\"source\":\"haproxy\",\"measure\":\"errorRate\",\"max\":1}]}",
         "#/v/checks/0/source", "must be http or prometheus"},
        {"{\"checks\":[{\"source\":\"tea\",\"url\":\"/\"}]}", "#/v/checks/0/source", "http"},
        {HTTP("\"pointer\":\"/a\",\"max\":1"), "#/v/checks/0/url", "required"},
        {HTTP("\"url\":\"ready\""), "#/v/checks/0/url", "path"},
        {HTTP("\"url\":\"//evil.example/\""), "#/v/checks/0/url", "path"},
        {HTTP("\"url\":\"/a b\""), "#/v/checks/0/url", "path"},
        {HTTP("\"url\":\"/a\\r\\nX: y\""), "#/v/checks/0/url", "path"},
        {HTTP("\"url\":\"/caf\\u00e9\""), "#/v/checks/0/url", "path"},
        {HTTP("\"url\":\"http://caf\\u00e9/\""), "#/v/checks/0/url", "path"},
        {HTTP("\"url\":\"/\",\"pointer\":\"/\\u00e9\",\"max\":1"), "#/v/checks/0/pointer",
         "Pointer"},
        {HTTP("\"url\":\"file:///etc/passwd\""), "#/v/checks/0/url", "http"},
        {HTTP("\"url\":\"http://me:secret@host/\""), "#/v/checks/0/url", "credentials"},
        {HTTP("\"url\":\"/\",\"max\":1"), "#/v/checks/0/pointer", "missing"},
        {HTTP("\"url\":\"/\",\"equals\":1"), "#/v/checks/0/pointer", "missing"},
        {HTTP("\"url\":\"/\",\"pointer\":\"/a\""), "#/v/checks/0/pointer", "needs max"},
        {HTTP("\"url\":\"/\",\"pointer\":\"a\",\"max\":1"), "#/v/checks/0/pointer", "Pointer"},
        {HTTP("\"url\":\"/\",\"pointer\":\"/~2\",\"max\":1"), "#/v/checks/0/pointer", "Pointer"},
        {HTTP("\"url\":\"/\",\"pointer\":\"/a\",\"max\":1,\"equals\":1"), "#/v/checks/0/equals",
         "beside"},
        {HTTP("\"url\":\"/\",\"pointer\":\"/a\",\"min\":2,\"max\":1"), "#/v/checks/0/min", "above"},
        {HTTP("\"url\":\"/\",\"pointer\":\"/a\",\"equals\":[]"), "#/v/checks/0/equals", "text"},
        {HTTP("\"url\":\"/\",\"worseThanOld\":true"), "#/v/checks/0/worseThanOld", "known here"},
        {HTTP("\"url\":\"/\",\"query\":\"up\""), "#/v/checks/0/query", "known here"},
        {HTTP("\"url\":\"/\",\"observeOnly\":1"), "#/v/checks/0/observeOnly", "true or false"},
        {"{" ONE ",\"minRequests\":1}", "#/v/minRequests", "no requests"},
        {"{" ONE ",\"onInconclusive\":\"ask\"}", "#/v/onInconclusive", "\"wait\", \"gate\""},
        {"{" ONE ",\"onInconclusive\":\"gate\"}", "#/v/onInconclusive", "promote is manual"},
        {"{" ONE ",\"errorLimit\":60}", "#/v/errorLimit", "from 0 to 59"},
        {PROMETHEUS("\"query\":\"up\",\"min\":1"), "#/v/checks/0/url", "required"},
        {PROMETHEUS("\"url\":\"http://p:9090\",\"min\":1"), "#/v/checks/0/query", "required"},
        {PROMETHEUS("\"url\":\"http://p:9090\",\"query\":\"\",\"min\":1"), "#/v/checks/0/query",
         "1 to 1000"},
        {PROMETHEUS("\"url\":\"http://p:9090\",\"query\":\"up\""), "#/v/checks/0/max", "missing"},
        {PROMETHEUS("\"url\":\"http://p:9090\",\"query\":\"up\",\"max\":1,\"min\":2"),
         "#/v/checks/0/min", "above"},
        {PROMETHEUS("\"url\":\"/api\",\"query\":\"up\",\"max\":1"), "#/v/checks/0/url",
         "like http://"},
        {PROMETHEUS("\"url\":\"http://p?a=b\",\"query\":\"up\",\"max\":1"), "#/v/checks/0/url",
         "follows a ?"},
        {PROMETHEUS("\"url\":\"http://p\",\"query\":\"up\",\"equals\":1"), "#/v/checks/0/equals",
         "known here"},
        {"{" ONE ",\"count\":2,\"failureLimit\":2}", "#/v/failureLimit", "below count"},
        {"{" ONE ",\"count\":61}", "#/v/count", "60"},
        {"{" ONE ",\"count\":0}", "#/v/count", "1"},
        {"{" ONE ",\"intervalSeconds\":0}", "#/v/intervalSeconds", "1"},
        {"{" ONE ",\"cuont\":1}", "#/v/cuont", "count"},
        {"{\"checks\":[{\"source\":\"http\",\"url\":\"/\"},{\"source\":\"http\",\"url\":\"/\"},"
         "{\"source\":\"http\",\"url\":\"/\"},{\"source\":\"http\",\"url\":\"/\"},"
         "{\"source\":\"http\",\"url\":\"/\"}]}",
         "#/v/checks", "4"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        ZDD_AUTO_JSON json_t *json = parsed(rows[i].verify);
        struct zdd_field_errors errors = {0};
        struct zdd_verify_options options;

        assert_false(zdd_verify_read(json, "#/v", ZDD_VERIFY_UNSEEN, &options, &errors));
        assert_int_equal(options.verify.rounds, 0);
        assert_string_equal(errors.error[0].pointer, rows[i].pointer);
        if (!strstr(errors.error[0].detail, rows[i].words))
            fail_msg("%s: %s", rows[i].verify, errors.error[0].detail);
    }
}

static void counters_are_asked_for_where_there_are_requests(void **state)
{
    ZDD_AUTO_JSON json_t *json =
        parsed("{\"checks\":[{\"source\":\"http\",\"url\":\"/\"},{\"source\":\"haproxy\","
               "\"measure\":\"errorRate\",\"max\":0.01,\"worseThanOld\":true},"
               "{\"source\":\"haproxy\",\"measure\":\"responseMs\",\"max\":12.5,"
               "\"observeOnly\":true},{\"source\":\"haproxy\",\"measure\":\"connectErrors\","
               "\"worseThanOld\":true}],\"minRequests\":300,\"errorLimit\":4,"
               "\"onInconclusive\":\"gate\"}");
    struct zdd_field_errors errors = {0};
    struct zdd_verifies verifies = {0};
    struct zdd_verify_options options;
    char text[ZDD_VERIFIES_TEXT_SIZE];

    (void)state;
    assert_true(zdd_verify_read(json, "#/v", ZDD_VERIFY_SHARED, &options, &errors));
    zdd_verifies_add(&verifies, &options.verify);
    zdd_verifies_print(&verifies, text);
    assert_string_equal(text, ";6 10000 1 4 300 gate errorRate 1 3 10000 responseMs 2 5 12500 "
                              "connectErrors 3 2 0");
}

static void what_counters_cannot_say_is_named(void **state)
{
    static const struct {
        const char *verify, *pointer, *words;
    } rows[] = {
        {HAPROXY("\"max\":0.1"), "#/v/checks/0/measure", "required"},
        {HAPROXY("\"measure\":\"latency\",\"max\":1"), "#/v/checks/0/measure", "errorRate"},
        {HAPROXY("\"measure\":\"errorRate\""), "#/v/checks/0/max", "worseThanOld"},
        {HAPROXY("\"measure\":\"errorRate\",\"worseThanOld\":false"), "#/v/checks/0/max",
         "missing"},
        {HAPROXY("\"measure\":\"errorRate\",\"max\":5"), "#/v/checks/0/max", "from 0 to 1"},
        {HAPROXY("\"measure\":\"connectErrors\",\"max\":1.01"), "#/v/checks/0/max", "from 0 to 1"},
        {HAPROXY("\"measure\":\"responseMs\",\"max\":-1"), "#/v/checks/0/max", "from 0"},
        {HAPROXY("\"measure\":\"responseMs\",\"max\":600001"), "#/v/checks/0/max", "600000"},
        {HAPROXY("\"measure\":\"responseMs\",\"min\":1"), "#/v/checks/0/min", "max"},
        {HAPROXY("\"measure\":\"responseMs\",\"max\":1,\"url\":\"/\""), "#/v/checks/0/url", ""},
        {"{" ONE ",\"minRequests\":0}", "#/v/minRequests", "from 1"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        ZDD_AUTO_JSON json_t *json = parsed(rows[i].verify);
        struct zdd_field_errors errors = {0};
        struct zdd_verify_options options;

        assert_false(zdd_verify_read(json, "#/v", ZDD_VERIFY_SHARED, &options, &errors));
        assert_string_equal(errors.error[0].pointer, rows[i].pointer);
        if (!strstr(errors.error[0].detail, rows[i].words))
            fail_msg("%s: %s", rows[i].verify, errors.error[0].detail);
    }
}

static void without_words_rounds_that_say_nothing_wait_or_fail(void **state)
{
    ZDD_AUTO_JSON json_t *json = parsed("{" ONE ",\"count\":9,\"failureLimit\":3}");
    struct zdd_field_errors errors = {0};
    struct zdd_verify_options options;

    (void)state;
    assert_true(zdd_verify_read(json, "#/v", ZDD_VERIFY_UNSEEN, &options, &errors));
    assert_int_equal(options.verify.on_inconclusive, ZDD_INCONCLUSIVE_FAILS);
    assert_int_equal(options.verify.error_limit, 3);
    assert_int_equal(options.verify.min_requests, 0);
    assert_true(zdd_verify_read(json, "#/v", ZDD_VERIFY_SHARED, &options, &errors));
    assert_int_equal(options.verify.on_inconclusive, ZDD_INCONCLUSIVE_WAITS);
    assert_int_equal(options.verify.error_limit, 3);
    assert_int_equal(options.verify.min_requests, 100);
}

static void only_hosts_of_the_list_may_be_asked(void **state)
{
    static const struct {
        const char *url, *hosts;
        bool allowed;
    } rows[] = {
        {"http://mon.example/a", "", false},
        {"http://mon.example/a", "mon.example", true},
        {"http://MON.example:9090/a", "mon.example", true},
        {"http://mon.example:9090/a", "x,mon.example:9090", true},
        {"http://mon.example:9091/a", "mon.example:9090", false},
        {"http://mon.example/a", "mon.example:80", false},
        {"http://mon.example.evil/a", "mon.example", false},
        {"http://evil/mon.example", "mon.example", false},
        {"http://evil?mon.example", "mon.example", false},
        {"http://amon.example/", "mon.example", false},
        {"https://[::1]:8443/", "[::1]", true},
        {"https://[::1]:8443/", "[::1]:8443", true},
        {"https://[::1]:8443/", "[::2]", false},
        {"http://a/", ",,", false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (zdd_check_host_allowed(rows[i].url, rows[i].hosts) != rows[i].allowed)
            fail_msg("%s by \"%s\"", rows[i].url, rows[i].hosts);
    }
}

static void hosts_that_are_not_allowed_are_complained_of(void **state)
{
    ZDD_AUTO_JSON json_t *list = parsed("[{\"url\":\"/a\"},{\"url\":\"http://a/\"},"
                                        "{\"url\":\"http://b/\"}]");
    struct zdd_field_errors errors = {0};

    (void)state;
    assert_true(zdd_checks_hosts_allowed(list, "#/c", "a,b", &errors));
    assert_false(zdd_checks_hosts_allowed(list, "#/c", "a", &errors));
    assert_int_equal(errors.count, 1);
    assert_string_equal(errors.error[0].pointer, "#/c/2/url");
    assert_non_null(strstr(errors.error[0].detail, "leads to b, which"));
    assert_non_null(strstr(errors.error[0].detail, "verify-hosts"));
    assert_true(zdd_checks_hosts_allowed(NULL, "#/c", "", &errors));
}

static void a_form_can_be_drawn_from_the_schema(void **state)
{
    ZDD_AUTO_JSON json_t *schema = zdd_verify_schema(ZDD_VERIFY_UNSEEN);
    ZDD_AUTO_JSON json_t *shared = zdd_verify_schema(ZDD_VERIFY_SHARED);

    (void)state;
    assert_string_equal(json_string_value(zdd_json_at(
                            schema, "/properties/checks/items/oneOf/0/properties/url/type")),
                        "string");
    assert_int_equal(json_array_size(zdd_json_at(schema, "/properties/checks/items/oneOf")), 2);
    assert_int_equal(json_array_size(zdd_json_at(shared, "/properties/checks/items/oneOf")), 3);
    assert_non_null(zdd_json_at(shared, "/properties/minRequests"));
    assert_int_equal(json_array_size(zdd_json_at(shared, "/properties/onInconclusive/enum")), 4);
    assert_int_equal(json_array_size(zdd_json_at(schema, "/properties/onInconclusive/enum")), 3);
    assert_int_equal(json_integer_value(zdd_json_at(schema, "/properties/count/maximum")), 60);
    assert_null(zdd_json_at(schema, "/properties/minRequests"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_asked_for_by_nothing),
        cmocka_unit_test(what_is_left_out_has_its_default),
        cmocka_unit_test(everything_that_is_given_is_read),
        cmocka_unit_test(what_is_wrong_is_named_by_its_pointer),
        cmocka_unit_test(counters_are_asked_for_where_there_are_requests),
        cmocka_unit_test(what_counters_cannot_say_is_named),
        cmocka_unit_test(without_words_rounds_that_say_nothing_wait_or_fail),
        cmocka_unit_test(only_hosts_of_the_list_may_be_asked),
        cmocka_unit_test(hosts_that_are_not_allowed_are_complained_of),
        cmocka_unit_test(a_form_can_be_drawn_from_the_schema),
    };

    return cmocka_run_group_tests_name("server/probe/checks", tests, NULL, NULL);
}
