/**
 * @file tests/unit/server/router/test_traces.c
 * @brief What labels tell of the deployment that an app came by.
 */
#include "server/router/traces.h"

#include "tests/support/spec.h"

#include <stdio.h>

static json_t *labelled(const char *labels)
{
    char text[600];
    json_t *app;

    snprintf(text, sizeof(text), "{\"id\":\"/x\",\"labels\":{%s}}", labels);
    app = json_loads(text, 0, NULL);
    assert_non_null(app);
    return app;
}

static void zdd_pys_labels_are_read(void **state)
{
    json_t *app = labelled("\"HAPROXY_DEPLOYMENT_STARTED_AT\":\"2024-05-01T10:00:00.123456\","
                           "\"HAPROXY_DEPLOYMENT_TARGET_INSTANCES\":\"4\","
                           "\"HAPROXY_DEPLOYMENT_NEW_INSTANCES\":\"1\","
                           "\"HAPROXY_DEPLOYMENT_GROUP\":\"x\"");
    const struct zdd_traces traces = zdd_traces_of(app);

    (void)state;
    assert_string_equal(traces.started_at, "2024-05-01T10:00:00.123456");
    assert_true(traces.started_ms == 1714557600123);
    assert_int_equal(traces.target, 4);
    assert_int_equal(traces.new_instances, 1);
    assert_false(traces.is_dressed);
    json_decref(app);
}

static void ours_are_told_apart(void **state)
{
    json_t *app =
        labelled("\"HAPROXY_DEPLOYMENT_GROUP\":\"x\",\"HAPROXY_DEPLOYMENT_TARGET_INSTANCES\":"
                 "\"1000000\",\"HAPROXY_DEPLOYMENT_NEW_INSTANCES\":\"0\","
                 "\"HAPROXY_1_BACKEND_SERVER_OPTIONS\":\"server x agent-check\"");
    const struct zdd_traces traces = zdd_traces_of(app);

    (void)state;
    assert_true(traces.is_dressed);
    assert_int_equal(traces.target, 0); /* more than any app has: it says nothing */
    assert_int_equal(traces.new_instances, 0);
    json_decref(app);
}

static void what_is_no_count_and_no_time_is_as_if_absent(void **state)
{
    static const char *const counts[] = {
        "", "x", "4x", "-4", "4.0", "10001", "99999999999999999999"};
    json_t *none = json_loads("{\"id\":\"/x\"}", 0, NULL);
    struct zdd_traces traces = zdd_traces_of(none);
    int64_t ms;

    (void)state;
    assert_null(traces.started_at);
    assert_true(traces.started_ms == 0 && traces.target == 0 && !traces.is_dressed);
    json_decref(none);
    for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
        char labels[200];
        json_t *app;

        snprintf(labels, sizeof(labels),
                 "\"HAPROXY_DEPLOYMENT_TARGET_INSTANCES\":\"%s\",\"HAPROXY_DEPLOYMENT_STARTED_AT\":"
                 "\"yesterday\"",
                 counts[i]);
        app = labelled(labels);
        traces = zdd_traces_of(app);
        assert_int_equal(traces.target, 0);
        assert_string_equal(traces.started_at, "yesterday");
        assert_true(traces.started_ms == 0);
        json_decref(app);
    }
    assert_true(zdd_started_parse("2024-05-01 10:00:00", &ms) && ms == 1714557600000);
    assert_true(zdd_started_parse("2024-05-01", &ms) && ms == 1714521600000);
    assert_true(zdd_started_parse("2024-05-01T10:00:00Z", &ms) && ms == 1714557600000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(zdd_pys_labels_are_read),
        cmocka_unit_test(ours_are_told_apart),
        cmocka_unit_test(what_is_no_count_and_no_time_is_as_if_absent),
    };

    return cmocka_run_group_tests_name("server/router/traces", tests, NULL, NULL);
}
