/**
 * @file tests/unit/server/cluster/test_marathon_read.c
 * @brief App objects as Marathon 1.3 to 1.10 print them, read as views.
 */
#include "server/cluster/marathon_read.h"
#include "server/cluster/marathon_tasks.h"
#include "tests/support/spec.h"

#include <stdio.h>
#include <string.h>

#define OLD "2024-05-01T09:00:00.000Z"
#define NEW "2024-05-01T10:00:00.000Z"
#define SCALED "2024-05-01T11:00:00.000Z"

/* One task: id, state, version, what else. */
#define TASK(id, state, version, more)                                                             \
    "{\"id\":\"shop_cart.instance-" id "._app.1\",\"appId\":\"/shop/cart\",\"state\":\"" state     \
    "\",\"version\":\"" version "\"" more "}"
#define ALIVE ",\"healthCheckResults\":[{\"alive\":true,\"instanceId\":\"x\"}]"
#define DEAD ",\"healthCheckResults\":[{\"alive\":false,\"instanceId\":\"x\"}]"
#define UNKNOWN ",\"healthCheckResults\":[]"
#define HTTP_CHECK "\"healthChecks\":[{\"protocol\":\"HTTP\",\"path\":\"/health\"}],"

/* An app of Marathon 1.5 and later; @p more are members with a comma after each. */
#define APP(more, tasks)                                                                           \
    "{\"id\":\"/shop/cart\",\"cmd\":\"sleep 100\",\"instances\":4,\"version\":\"" SCALED           \
    "\",\"versionInfo\":{\"lastScalingAt\":\"" SCALED "\",\"lastConfigChangeAt\":\"" NEW           \
    "\"}," more "\"deployments\":[],\"tasks\":[" tasks "]}"

static json_t *parse(const char *text)
{
    json_t *json = NULL;
    struct zdd_json_error error = {0};

    if (zdd_json_read(text, strlen(text), &json, &error) != ZDD_ERR_NONE)
        fail_msg("%d:%d %s", error.line, error.column, error.text);
    return json;
}

static struct zdd_app_view read_with(const char *text, const char *target, const char *previous)
{
    const struct zdd_app_ask ask = {"/shop/cart", target, previous, NULL};
    ZDD_AUTO_JSON json_t *app = parse(text);
    struct zdd_app_view view = {0};

    assert_int_equal(zdd_marathon_read_app(app, &ask, &view), ZDD_ERR_NONE);
    return view;
}

static struct zdd_app_view read_app(const char *text)
{
    return read_with(text, NULL, NULL);
}

static void assert_side(struct zdd_side side, int total, int staged, int running, int healthy,
                        int ready)
{
    assert_int_equal(side.total, total);
    assert_int_equal(side.staged, staged);
    assert_int_equal(side.running, running);
    assert_int_equal(side.healthy, healthy);
    assert_int_equal(side.ready, ready);
}

static void tasks_of_an_older_config_are_outdated_and_scaling_does_not_age_them(void **state)
{
    const struct zdd_app_view view = read_app(
        APP("", TASK("a", "TASK_RUNNING", OLD, "") "," TASK("b", "TASK_RUNNING", NEW, "") "," TASK(
                    "c", "TASK_RUNNING", SCALED, "")));

    (void)state;
    assert_true(view.exists);
    assert_int_equal(view.instances, 4);
    assert_string_equal(view.version, SCALED);
    assert_string_equal(view.config_version, NEW);
    assert_string_equal(view.outdated_version, OLD);
    assert_side(view.current, 2, 0, 2, 2, 2);
    assert_side(view.outdated, 1, 0, 1, 1, 1);
}

static void
a_task_newer_than_the_app_is_outdated_because_a_revert_has_a_version_in_the_past(void **state)
{
    const struct zdd_app_view view =
        read_app(APP("", TASK("a", "TASK_RUNNING", "2024-05-01T11:00:00.001Z", "")));

    (void)state;
    assert_side(view.current, 0, 0, 0, 0, 0);
    assert_side(view.outdated, 1, 0, 1, 1, 1);
    assert_string_equal(view.outdated_version, "2024-05-01T11:00:00.001Z");
}

static void each_state_counts_where_it_belongs(void **state)
{
    static const struct {
        const char *name;
        int total, staged, running;
    } rows[] = {
        {"TASK_STAGING", 1, 1, 0},     {"TASK_STARTING", 1, 1, 0}, {"TASK_RUNNING", 1, 0, 1},
        {"TASK_KILLING", 1, 0, 0},     {"TASK_KILLED", 0, 0, 0},   {"TASK_FINISHED", 0, 0, 0},
        {"TASK_FAILED", 0, 0, 0},      {"TASK_ERROR", 0, 0, 0},    {"TASK_LOST", 0, 0, 0},
        {"TASK_GONE", 0, 0, 0},        {"TASK_DROPPED", 0, 0, 0},  {"TASK_UNKNOWN", 0, 0, 0},
        {"TASK_UNREACHABLE", 1, 0, 0}, {"TASK_FUTURE", 1, 0, 0},
    };

    (void)state;
    for (size_t i = 0; i < ZDD_COUNT(rows); i++) {
        char app[1000];
        struct zdd_app_view view;

        snprintf(app, sizeof(app), APP("", TASK("a", "%s", NEW, "")), rows[i].name);
        view = read_app(app);
        if (view.current.total != rows[i].total || view.current.staged != rows[i].staged ||
            view.current.running != rows[i].running || view.current.healthy != rows[i].running)
            fail_msg("%s", rows[i].name);
        assert_int_equal(view.outdated.total, 0);
    }
}

static void an_ended_task_without_a_version_is_not_counted(void **state)
{
    const struct zdd_app_view view =
        read_app(APP("", "{\"id\":\"shop_cart.instance-a._app.2\",\"state\":\"TASK_FAILED\"}"));

    (void)state;
    assert_int_equal(view.current.total, 0);
    assert_int_equal(view.outdated.total, 0);
    assert_string_equal(view.outdated_version, "");
}

static void with_checks_only_living_results_make_a_task_healthy(void **state)
{
    const struct zdd_app_view view = read_app(
        APP(HTTP_CHECK,
            TASK("a", "TASK_RUNNING", NEW, ALIVE) "," TASK("b", "TASK_RUNNING", NEW, DEAD) "," TASK(
                "c", "TASK_RUNNING", NEW, UNKNOWN) "," TASK("d", "TASK_RUNNING", NEW, "")));

    (void)state;
    assert_side(view.current, 4, 0, 4, 1, 1);
}

static void a_check_without_a_result_yet_keeps_the_task_from_being_healthy(void **state)
{
#define TWO_CHECKS "\"healthChecks\":[{\"protocol\":\"HTTP\"},{\"protocol\":\"TCP\"}],"
    const struct zdd_app_view one =
        read_app(APP(TWO_CHECKS, TASK("a", "TASK_RUNNING", NEW, ALIVE)));
    const struct zdd_app_view both = read_app(
        APP(TWO_CHECKS, TASK("a", "TASK_RUNNING", NEW,
                             ",\"healthCheckResults\":[{\"alive\":true},{\"alive\":true}]")));
    const struct zdd_app_view one_dead = read_app(
        APP(TWO_CHECKS, TASK("a", "TASK_RUNNING", NEW,
                             ",\"healthCheckResults\":[{\"alive\":true},{\"alive\":false}]")));

    (void)state;
    assert_side(one.current, 1, 0, 1, 0, 0);
    assert_side(both.current, 1, 0, 1, 1, 1);
    assert_side(one_dead.current, 1, 0, 1, 0, 0);
}

static void a_check_that_mesos_runs_needs_one_result(void **state)
{
    const struct zdd_app_view view = read_app(
        APP("\"healthChecks\":[{\"protocol\":\"COMMAND\"},{\"protocol\":\"MESOS_HTTP\"}],",
            TASK("a", "TASK_RUNNING", NEW, ALIVE) "," TASK("b", "TASK_RUNNING", NEW, UNKNOWN)));

    (void)state;
    assert_side(view.current, 2, 0, 2, 1, 1);
}

static void
an_outdated_task_is_judged_by_its_results_else_by_the_definition_it_came_from(void **state)
{
    const char *checked = "{\"id\":\"/shop/cart\",\"cmd\":\"sleep 100\","
                          "\"healthChecks\":[{\"protocol\":\"HTTP\",\"path\":\"/health\"}]}";
    const char *unchecked = "{\"id\":\"/shop/cart\",\"cmd\":\"sleep 99\"}";
    const char *app = APP(
        HTTP_CHECK, TASK("a", "TASK_RUNNING", OLD, "") "," TASK(
                        "b", "TASK_RUNNING", OLD, DEAD) "," TASK("c", "TASK_RUNNING", OLD, ALIVE));

    (void)state;
    /* the app is the target: without results the previous definition tells */
    assert_int_equal(read_with(app, checked, unchecked).outdated.healthy, 2);
    assert_int_equal(read_with(app, checked, checked).outdated.healthy, 1);
    /* the app is the previous one again: outdated tasks are the target's */
    assert_int_equal(read_with(app, unchecked, checked).outdated.healthy, 2);
    /* nothing known but the app itself */
    assert_int_equal(read_app(app).outdated.healthy, 1);
}

static void a_refused_readiness_keeps_a_healthy_task_from_being_ready(void **state)
{
    const struct zdd_app_view view = read_app(
        APP("\"readinessCheckResults\":["
            "{\"name\":\"r\",\"taskId\":\"shop_cart.instance-a._app.1\",\"ready\":false},"
            "{\"name\":\"r\",\"taskId\":\"shop_cart.instance-b._app.1\",\"ready\":true},"
            "{\"name\":\"r\",\"taskId\":\"shop_cart.instance-c\",\"ready\":false}],",
            TASK("a", "TASK_RUNNING", NEW, "") "," TASK("b", "TASK_RUNNING", NEW, "") "," TASK(
                "c", "TASK_RUNNING", NEW, "") "," TASK("d", "TASK_RUNNING", NEW, "")));

    (void)state;
    assert_side(view.current, 4, 0, 4, 4, 2);
}

static void only_who_has_been_well_can_fall_ill(void **state)
{
    const struct zdd_app_view view = read_app(
        "{\"id\":\"/shop/cart\",\"instances\":3,\"version\":\"" NEW "\",\"healthChecks\":[{}],"
        "\"tasks\":[{\"id\":\"a\",\"state\":\"TASK_RUNNING\",\"version\":\"" NEW
        "\",\"healthCheckResults\":[{\"alive\":false,\"firstSuccess\":\"" NEW "\"}]},"
        "{\"id\":\"b\",\"state\":\"TASK_RUNNING\",\"version\":\"" NEW
        "\",\"healthCheckResults\":[{\"alive\":false,\"firstSuccess\":null}]},"
        "{\"id\":\"c\",\"state\":\"TASK_STAGING\",\"version\":\"" NEW
        "\",\"healthCheckResults\":[{\"alive\":false,\"firstSuccess\":\"" NEW "\"}]}]}");

    (void)state;
    assert_int_equal(view.current.running, 2);
    assert_int_equal(view.current.sick, 1);
}

static void marathon_1_3_prints_nulls_and_both_old_and_new_names(void **state)
{
    const struct zdd_app_view view = read_app(
        "{\"id\":\"/shop/cart\",\"cmd\":\"sleep 100\",\"args\":null,\"user\":null,\"env\":{},"
        "\"instances\":2,\"cpus\":0.1,\"mem\":32,\"disk\":0,\"gpus\":0,\"executor\":\"\","
        "\"constraints\":[],\"uris\":[],\"fetch\":[],\"storeUrls\":[],\"backoffSeconds\":1,"
        "\"backoffFactor\":1.15,\"maxLaunchDelaySeconds\":3600,\"container\":null,"
        "\"healthChecks\":[{\"path\":\"/health\",\"protocol\":\"HTTP\",\"portIndex\":0,"
        "\"gracePeriodSeconds\":300,\"intervalSeconds\":60,\"timeoutSeconds\":20,"
        "\"maxConsecutiveFailures\":3,\"ignoreHttp1xx\":false}],\"readinessChecks\":[],"
        "\"dependencies\":[],\"upgradeStrategy\":{\"minimumHealthCapacity\":1,"
        "\"maximumOverCapacity\":1},\"labels\":{},\"acceptedResourceRoles\":null,"
        "\"ipAddress\":null,\"version\":\"" NEW "\",\"residency\":null,\"secrets\":{},"
        "\"taskKillGracePeriodSeconds\":null,\"ports\":[10000],\"portDefinitions\":"
        "[{\"port\":10000,\"protocol\":\"tcp\",\"labels\":{}}],\"requirePorts\":false,"
        "\"versionInfo\":{\"lastScalingAt\":\"" NEW "\",\"lastConfigChangeAt\":\"" NEW "\"},"
        "\"tasksStaged\":0,\"tasksRunning\":2,\"tasksHealthy\":1,\"tasksUnhealthy\":0,"
        "\"deployments\":[],\"lastTaskFailure\":null,\"tasks\":["
        "{\"id\":\"shop_cart.4c1bafa0-8d5e-11e6-8d5f-02421a0b7a0c\",\"slaveId\":\"S1\","
        "\"host\":\"10.0.0.7\",\"state\":\"TASK_RUNNING\",\"startedAt\":\"" NEW
        "\",\"stagedAt\":\"" NEW "\",\"ports\":[31001],\"version\":\"" NEW "\","
        "\"ipAddresses\":[],\"appId\":\"/shop/cart\",\"healthCheckResults\":[{\"alive\":true,"
        "\"consecutiveFailures\":0,\"firstSuccess\":\"" NEW "\",\"lastFailure\":null,"
        "\"lastSuccess\":\"" NEW "\",\"lastFailureCause\":null,\"taskId\":\"t\"}]},"
        "{\"id\":\"shop_cart.4c1bafa0-8d5e-11e6-8d5f-02421a0b7a0d\",\"host\":\"10.0.0.8\","
        "\"startedAt\":\"" NEW "\",\"stagedAt\":\"" NEW "\",\"version\":\"" NEW
        "\",\"appId\":\"/shop/cart\",\"healthCheckResults\":[null]}]}");

    (void)state;
    assert_side(view.current, 2, 0, 2, 1, 1);
    assert_int_equal(view.failed_at_ms, 0);
    assert_string_equal(view.failure, "");
}

static void without_version_info_the_version_is_the_config_version(void **state)
{
    const struct zdd_app_view view =
        read_app("{\"id\":\"/shop/cart\",\"instances\":1.0,\"version\":\"2024-05-01T10:00:00Z\","
                 "\"tasks\":[{\"id\":\"a\",\"version\":\"" OLD "\"}]}");

    (void)state;
    assert_int_equal(view.instances, 1);
    assert_string_equal(view.version, NEW); /* brought into the form that sorts */
    assert_string_equal(view.config_version, NEW);
    assert_side(view.outdated, 1, 1, 0, 0, 0); /* no state, not started: staged */
}

static void locks_and_the_last_failure_are_kept(void **state)
{
    const struct zdd_app_view view = read_app(
        "{\"id\":\"/shop/cart\",\"instances\":1,\"version\":\"" NEW "\",\"tasks\":[],"
        "\"deployments\":[{\"id\":\"3f0c6c1e-0a61-4c55-a3f2-9b1f7a2b7d11\"},"
        "{\"id\":\"b\"},{\"id\":\"c\"},{\"id\":\"d\"},{\"id\":\"e\"}],"
        "\"lastTaskFailure\":{\"appId\":\"/shop/cart\",\"host\":\"10.0.0.7\","
        "\"message\":\"Command exited with status 1\",\"state\":\"TASK_FAILED\","
        "\"taskId\":\"t\",\"timestamp\":\"1970-01-01T00:00:01.500Z\",\"version\":\"" NEW "\"}}");

    (void)state;
    assert_int_equal(view.lock_count, 5);
    assert_string_equal(view.lock[0], "3f0c6c1e-0a61-4c55-a3f2-9b1f7a2b7d11");
    assert_string_equal(view.lock[ZDD_LOCK_MAX - 1], "d");
    assert_int_equal(view.failed_at_ms, 1500);
    assert_string_equal(view.failure, "TASK_FAILED: Command exited with status 1");
}

static void a_definition_fits_with_whatever_instances(void **state)
{
    const char *app = APP("", "");
    const char *same = "{\"id\":\"/shop/cart\",\"cmd\":\"sleep 100\",\"instances\":9}";
    const char *other = "{\"id\":\"/shop/cart\",\"cmd\":\"sleep 200\",\"instances\":4}";
    struct zdd_app_view view = read_with(app, same, other);

    (void)state;
    assert_true(view.fits_target);
    assert_false(view.fits_previous);
    view = read_with(app, other, same);
    assert_false(view.fits_target);
    assert_true(view.fits_previous);
}

static void what_is_not_the_app_asked_for_is_nonsense(void **state)
{
    static const char *const texts[] = {
        "null",
        "[]",
        "{}",
        "{\"id\":\"/shop/other\",\"instances\":1,\"tasks\":[]}",
        "{\"id\":\"/shop/cart\",\"tasks\":[]}",
        "{\"id\":\"/shop/cart\",\"instances\":\"4\",\"tasks\":[]}",
        "{\"id\":\"/shop/cart\",\"instances\":-1,\"tasks\":[]}",
        "{\"id\":\"/shop/cart\",\"instances\":4}",
        "{\"id\":\"/shop/cart\",\"instances\":4,\"tasks\":{}}",
    };
    const struct zdd_app_ask ask = {"/shop/cart", NULL, NULL, NULL};

    (void)state;
    for (size_t i = 0; i < ZDD_COUNT(texts); i++) {
        ZDD_AUTO_JSON json_t *app = parse(texts[i]);
        struct zdd_app_view view = {.instances = 77};

        if (zdd_marathon_read_app(app, &ask, &view) != ZDD_ERR_CLUSTER_NONSENSE)
            fail_msg("%s", texts[i]);
        assert_int_equal(view.instances, 77);
    }
}

static void an_app_is_found_among_all_by_its_whole_id(void **state)
{
    ZDD_AUTO_JSON json_t *answer = parse("{\"apps\":[{\"id\":\"/shop/cart2\"},"
                                         "{\"id\":\"/shop/cart\",\"instances\":3}]}");

    ZDD_AUTO_JSON json_t *by_id = zdd_marathon_apps_by_id(answer);

    (void)state;
    assert_int_equal(
        json_integer_value(json_object_get(json_object_get(by_id, "/shop/cart"), "instances")), 3);
    assert_null(json_object_get(by_id, "/shop"));
}

static void an_app_under_removal_is_locked_by_what_removes_it(void **state)
{
    ZDD_AUTO_JSON json_t *deployments =
        parse("[{\"id\":\"one\",\"affectedApps\":[\"/other\"]},"
              "{\"id\":\"two\",\"affectedApps\":[\"/other\",\"/shop/cart\"]},"
              "{\"id\":\"three\",\"affectedApps\":[\"/shop/cart2\"]}]");
    struct zdd_app_view view = {0};

    (void)state;
    zdd_marathon_read_removal(deployments, "/shop/cart", &view);
    assert_int_equal(view.lock_count, 1);
    assert_string_equal(view.lock[0], "two");
}

static void the_replace_rule_changes_with_1_10_5(void **state)
{
    static const struct {
        const char *version;
        enum zdd_replace_rule rule;
    } rows[] = {
        {"0.15.3", ZDD_REPLACE_CLASSIC},  {"1.3.14", ZDD_REPLACE_CLASSIC},
        {"1.9.109", ZDD_REPLACE_CLASSIC}, {"1.10.0", ZDD_REPLACE_CLASSIC},
        {"1.10.4", ZDD_REPLACE_CLASSIC},  {"1.10.5", ZDD_REPLACE_1_10},
        {"1.10.19", ZDD_REPLACE_1_10},    {"1.10.17-c427ce965", ZDD_REPLACE_1_10},
        {"1.11.24", ZDD_REPLACE_1_10},    {"2.0.0", ZDD_REPLACE_1_10},
        {"1.10", ZDD_REPLACE_CLASSIC},    {"", ZDD_REPLACE_CLASSIC},
        {"latest", ZDD_REPLACE_CLASSIC},  {"1.x", ZDD_REPLACE_CLASSIC},
    };

    (void)state;
    for (size_t i = 0; i < ZDD_COUNT(rows); i++) {
        if (zdd_marathon_rule_of(rows[i].version) != rows[i].rule)
            fail_msg("%s", rows[i].version);
    }
}

static void info_is_marathons_or_nothing(void **state)
{
    ZDD_AUTO_JSON json_t *good = parse("{\"name\":\"marathon\",\"version\":\"1.10.19\","
                                       "\"leader\":\"10.0.0.1:8080\",\"elected\":true}");
    ZDD_AUTO_JSON json_t *other = parse("{\"name\":\"grafana\",\"version\":\"9\"}");
    ZDD_AUTO_JSON json_t *empty = parse("{}");
    struct zdd_cluster_info info;

    (void)state;
    assert_true(zdd_marathon_read_info(good, &info));
    assert_string_equal(info.version, "1.10.19");
    assert_string_equal(info.leader, "10.0.0.1:8080");
    assert_int_equal(info.replace_rule, ZDD_REPLACE_1_10);
    assert_false(zdd_marathon_read_info(other, &info));
    assert_false(zdd_marathon_read_info(empty, &info));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tasks_of_an_older_config_are_outdated_and_scaling_does_not_age_them),
        cmocka_unit_test(
            a_task_newer_than_the_app_is_outdated_because_a_revert_has_a_version_in_the_past),
        cmocka_unit_test(each_state_counts_where_it_belongs),
        cmocka_unit_test(an_ended_task_without_a_version_is_not_counted),
        cmocka_unit_test(with_checks_only_living_results_make_a_task_healthy),
        cmocka_unit_test(a_check_without_a_result_yet_keeps_the_task_from_being_healthy),
        cmocka_unit_test(a_check_that_mesos_runs_needs_one_result),
        cmocka_unit_test(
            an_outdated_task_is_judged_by_its_results_else_by_the_definition_it_came_from),
        cmocka_unit_test(a_refused_readiness_keeps_a_healthy_task_from_being_ready),
        cmocka_unit_test(only_who_has_been_well_can_fall_ill),
        cmocka_unit_test(marathon_1_3_prints_nulls_and_both_old_and_new_names),
        cmocka_unit_test(without_version_info_the_version_is_the_config_version),
        cmocka_unit_test(locks_and_the_last_failure_are_kept),
        cmocka_unit_test(a_definition_fits_with_whatever_instances),
        cmocka_unit_test(what_is_not_the_app_asked_for_is_nonsense),
        cmocka_unit_test(an_app_is_found_among_all_by_its_whole_id),
        cmocka_unit_test(an_app_under_removal_is_locked_by_what_removes_it),
        cmocka_unit_test(the_replace_rule_changes_with_1_10_5),
        cmocka_unit_test(info_is_marathons_or_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
