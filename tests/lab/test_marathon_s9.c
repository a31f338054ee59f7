/**
 * @file tests/lab/test_marathon_s9.c
 * @brief The client traps, marathon.md §9, one by one: each can be stepped into here too.
 */
#include "tests/support/spec.h"

#include "tests/lab/marathon.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void stuck(struct lab *lab, char ret_id[static 64])
{
    marathon_create(lab, "/v2/apps/a", SLEEPER);
    marathon_begin(lab, "PUT /v2/apps/a", "{" STUCK "}", 200, ret_id);
    lab_until_json(lab, "/v2/apps/a", "/app/tasksRunning", "2");
}

static json_t *app_of(struct lab *lab)
{
    ZDD_AUTO_JSON json_t *answer = marathon_get(lab, "GET /v2/apps/a", NULL, 200);

    return json_incref(json_object_get(answer, "app"));
}

static void s9_1_delete_app_forces_delete_group_does_not_and_put_is_a_patch(void **state)
{
    char id[64];

    marathon_create(*state, "/v2/apps/g/a", SLEEPER ",\"labels\":{\"x\":\"y\"}");
    marathon_begin(*state, "PUT /v2/apps/g/a", "{" STUCK "}", 200, id);
    marathon_says(*state, "GET /v2/apps/g/a", NULL, 200, "/app/labels/x", "\"y\"");
    marathon_says(*state, "DELETE /v2/groups/g", NULL, 409, "/deployments/0/id", "*");
    marathon_says(*state, "DELETE /v2/apps/g/a", NULL, 200, "/deploymentId", "*");
}

static void s9_2_a_version_inside_a_partial_put_is_422_and_a_full_one_tolerates_it(void **state)
{
    ZDD_AUTO_JSON json_t *app = NULL;
    char *text;

    marathon_create(*state, "/v2/apps/a", SLEEPER);
    app = app_of(*state);
    text = json_dumps(app, 0);
    marathon_says(*state, "PUT /v2/apps/a", text, 422, "/details/0/path", "\"/version\"");
    marathon_change(*state, "PUT /v2/apps/a?partialUpdate=false", text, 200);
    free(text);
    marathon_says(*state, "GET /v2/apps/a/versions", NULL, 200, "/versions/1", NULL);
}

static void s9_3_partial_updates_cannot_unset_and_full_ones_reset_instances(void **state)
{
    marathon_create(*state, "/v2/apps/a",
                    SLEEPER ",\"instances\":2,\"user\":null,\"labels\":{\"a\":\"b\"}");
    marathon_change(*state, "PUT /v2/apps/a", "{\"labels\":null}", 200);
    marathon_says(*state, "GET /v2/apps/a", NULL, 200, "/app/labels", "{\"a\":\"b\"}");
    marathon_says(*state, "PUT /v2/apps/a", "{\"cmd\":null,\"args\":[\"sleep\",\"1000\"]}", 422,
                  "/message", "\"Object is not valid\"");
    marathon_change(*state, "PUT /v2/apps/a?partialUpdate=false",
                    "{\"args\":[\"sleep\",\"1000\"],\"portDefinitions\":[]}", 200);
    marathon_says(*state, "GET /v2/apps/a", NULL, 200, "/app/instances", "1");
    marathon_says(*state, "GET /v2/apps/a", NULL, 200, "/app/cmd", NULL);
}

static void s9_4_resource_limits_vanish_on_a_partial_update_and_make_a_scale_a_restart(void **state)
{
    ZDD_AUTO_JSON json_t *before = NULL;
    ZDD_AUTO_JSON json_t *after = NULL;

    marathon_create(*state, "/v2/apps/a", SLEEPER ",\"resourceLimits\":{\"mem\":256}");
    before = app_of(*state);
    marathon_change(*state, "PUT /v2/apps/a", "{\"instances\":2}", 200);
    after = app_of(*state);
    marathon_at(before, "/resourceLimits/mem", "256");
    marathon_at(after, "/resourceLimits", NULL);
    assert_string_not_equal(marathon_text(after, "/tasks/0/id"),
                            marathon_text(before, "/tasks/0/id"));
}

static void s9_5_an_upgrade_strategy_needs_both_members(void **state)
{
    marathon_says(*state, "PUT /v2/apps/a",
                  "{" SLEEPER ",\"upgradeStrategy\":{\"maximumOverCapacity\":1}}", 422, "/details",
                  "[{\"path\":\"/upgradeStrategy/minimumHealthCapacity\",\"errors\":"
                  "[\"error.path.missing\"]}]");
}

static void s9_6_edits_of_labels_strategy_or_checks_alone_restart_all_tasks(void **state)
{
    static const char *const bodies[] = {
        "{\"labels\":{\"a\":\"b\"}}",
        "{\"upgradeStrategy\":{\"minimumHealthCapacity\":0,\"maximumOverCapacity\":1}}",
        "{\"healthChecks\":[{\"protocol\":\"COMMAND\",\"command\":{\"value\":\"true\"},"
        "\"delaySeconds\":1}]}",
    };

    marathon_create(*state, "/v2/apps/a", SLEEPER);
    for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
        ZDD_AUTO_JSON json_t *before = app_of(*state);
        ZDD_AUTO_JSON json_t *after = NULL;

        marathon_change(*state, "PUT /v2/apps/a", bodies[i], 200);
        after = app_of(*state);
        assert_string_not_equal(marathon_text(after, "/tasks/0/id"),
                                marathon_text(before, "/tasks/0/id"));
    }
}

static void s9_7_a_no_op_returns_a_version_that_no_app_has(void **state)
{
    ZDD_AUTO_JSON json_t *answer = NULL;
    ZDD_AUTO_JSON json_t *app = NULL;

    marathon_create(*state, "/v2/apps/a", SLEEPER);
    answer = marathon_get(*state, "PUT /v2/apps/a", "{\"instances\":1}", 200);
    assert_true(lab_await(*state, marathon_text(answer, "/deploymentId")));
    app = app_of(*state);
    assert_true(strcmp(marathon_text(answer, "/version"), marathon_text(app, "/version")) > 0);
    marathon_says(*state, "GET /v2/apps/a/versions", NULL, 200, "/versions/1", NULL);
}

static void s9_8_not_in_the_list_may_mean_cancelled_or_overridden(void **state)
{
    ZDD_AUTO_JSON json_t *events = NULL;
    char id[64];

    stuck(*state, id);
    marathon_change(*state, "PUT /v2/apps/a?force=true", "{\"healthChecks\":[]}", 200);
    marathon_says(*state, "GET /v2/deployments", NULL, 200, "", "[]");
    events = marathon_since(*state, 0);
    assert_int_equal(lab_count(events, "deployment_failed", "id", id), 1);
    assert_int_equal(lab_count(events, "deployment_success", "id", id), 0);
}

static void s9_9_success_is_not_health_and_a_deployment_never_fails_by_itself(void **state)
{
    struct lab *lab = *state;
    ZDD_AUTO_JSON json_t *events = NULL;

    /* It runs, that is enough; that it ends right after is nobody's concern. */
    marathon_create(lab, "/v2/apps/a",
                    "\"cmd\":\"sleep 0.2; exit 1\",\"portDefinitions\":[],\"backoffSeconds\":3600,"
                    "\"maxLaunchDelaySeconds\":3600");
    lab_until_json(lab, "/v2/apps/a", "/app/lastTaskFailure/state", "\"TASK_FAILED\"");
    events = marathon_since(lab, 0);
    assert_int_equal(lab_count(events, "deployment_success", NULL, NULL), 1);
    assert_int_equal(lab_count(events, "deployment_failed", NULL, NULL), 0);
    marathon_says(lab, "GET /v2/apps/a", NULL, 200, "/app/tasksRunning", "0");
}

static void s9_10_two_rollbacks_carry_the_same_version_of_the_past(void **state)
{
    char first[40] = "";

    marathon_create(*state, "/v2/apps/a", SLEEPER);
    for (int i = 0; i < 2; i++) {
        ZDD_AUTO_JSON json_t *answer = NULL;
        ZDD_AUTO_JSON json_t *before = app_of(*state);
        ZDD_AUTO_JSON json_t *after = NULL;
        char call[120];
        char id[64];

        marathon_begin(*state, "PUT /v2/apps/a", "{" STUCK "}", 200, id);
        snprintf(call, sizeof(call), "DELETE /v2/deployments/%s", id);
        answer = marathon_get(*state, call, NULL, 200);
        assert_true(lab_await(*state, marathon_text(answer, "/deploymentId")));
        after = app_of(*state);
        if (i == 0) {
            assert_true(
                strcmp(marathon_text(after, "/version"), marathon_text(before, "/version")) < 0);
            snprintf(first, sizeof(first), "%s", marathon_text(after, "/version"));
        }
        assert_string_equal(marathon_text(after, "/version"), first);
    }
}

static void
s9_11_after_a_scale_tasks_are_older_than_their_app_and_ended_ones_have_no_version(void **state)
{
    ZDD_AUTO_JSON json_t *app = NULL;
    char id[64];

    marathon_create(*state, "/v2/apps/a", SLEEPER);
    marathon_change(*state, "PUT /v2/apps/a", "{\"instances\":2}", 200);
    app = app_of(*state);
    assert_true(strcmp(marathon_text(app, "/tasks/0/version"), marathon_text(app, "/version")) < 0);
    marathon_begin(*state, "PUT /v2/apps/b",
                   "{\"cmd\":\"exit 1\",\"portDefinitions\":[],\"backoffSeconds\":3600,"
                   "\"maxLaunchDelaySeconds\":3600}",
                   201, id);
    lab_until_json(*state, "/v2/apps/b/tasks", "/tasks/0/state", "\"TASK_FAILED\"");
    marathon_says(*state, "GET /v2/apps/b/tasks", NULL, 200, "/tasks/0/version", NULL);
    marathon_says(*state, "GET /v2/apps/b/tasks", NULL, 200, "/tasks/0/ports", NULL);
}

static void s9_12_instances_come_back_with_an_old_version(void **state)
{
    ZDD_AUTO_JSON json_t *app = NULL;
    char body[100];

    marathon_create(*state, "/v2/apps/a", SLEEPER);
    app = app_of(*state);
    marathon_change(*state, "PUT /v2/apps/a", "{\"instances\":3}", 200);
    snprintf(body, sizeof(body), "{\"version\":\"%s\"}", marathon_text(app, "/version"));
    marathon_change(*state, "PUT /v2/apps/a", body, 200);
    marathon_says(*state, "GET /v2/apps/a", NULL, 200, "/app/instances", "1");
}

static void s9_13_a_forced_cancel_leaves_a_mix_of_which_the_new_ones_die_first(void **state)
{
    ZDD_AUTO_JSON json_t *before = NULL;
    char call[120];
    char expected[300];
    char id[64];

    stuck(*state, id);
    before = app_of(*state);
    snprintf(call, sizeof(call), "DELETE /v2/deployments/%s?force=true", id);
    marathon_says(*state, call, NULL, 202, NULL, NULL);
    lab_until_json(*state, "/v2/apps/a", "/app/tasksRunning", "1");
    snprintf(expected, sizeof(expected), "\"%s\"", marathon_text(before, "/tasks/0/id"));
    marathon_says(*state, "GET /v2/apps/a", NULL, 200, "/app/tasks/0/id", expected);
}

static void s9_14_the_stream_has_no_ids_and_no_replay(void **state)
{
    char *text;

    marathon_create(*state, "/v2/apps/a", SLEEPER);
    /* A change of leader ends the stream after two seconds: then all that was said is there. */
    lab_faults(*state, "[{\"name\":\"leader-switch\",\"count\":1,\"skip\":10}]");
    text = marathon_bytes(*state, "GET /v2/events", NULL,
                          "Accept: text/event-stream\r\nLast-Event-ID: 1\r\n");
    assert_non_null(strstr(text, "\r\n\r\nevent: event_stream_attached\r\ndata: {"));
    assert_null(strstr(text, "deployment_"));
    assert_null(strstr(text, "\nid:"));
    assert_null(strstr(text, "\nretry:"));
    free(text);
}

static void s9_15_a_repeated_running_can_be_a_kill_request(void **state)
{
    ZDD_AUTO_JSON json_t *events = NULL;
    size_t from;

    marathon_create(*state, "/v2/apps/a", SLEEPER);
    from = lab_event_count(*state);
    marathon_change(*state, "PUT /v2/apps/a", "{\"instances\":0}", 200);
    events = marathon_since(*state, from);
    assert_int_equal(lab_count(events, "instance_changed_event", "condition", "Running"), 1);
    assert_int_equal(lab_count(events, "instance_changed_event", "condition", "Killed"), 1);
}

static void s9_16_ids_of_tasks_and_instances_differ_by_the_incarnation(void **state)
{
    ZDD_AUTO_JSON json_t *events = NULL;
    const char *instance;
    const char *task;

    marathon_create(*state, "/v2/apps/g/a", SLEEPER);
    events = marathon_since(*state, 0);
    task = zdd_json_text(marathon_event(events, "status_update_event", NULL, NULL), "taskId", "");
    instance = zdd_json_text(marathon_event(events, "instance_changed_event", NULL, NULL),
                             "instanceId", "");
    assert_int_equal(strncmp(instance, "g_a.instance-", 13), 0);
    assert_int_equal(strncmp(task, instance, strlen(instance)), 0);
    assert_string_equal(task + strlen(instance), "._app.1");
}

static void s9_17_409_has_two_meanings_and_403_may_be_too_many(void **state)
{
    ZDD_AUTO_JSON json_t *duplicate = NULL;
    ZDD_AUTO_JSON json_t *locked = NULL;
    char id[64];

    stuck(*state, id);
    duplicate = marathon_get(*state, "POST /v2/apps", "{\"id\":\"/a\"," SLEEPER "}", 409);
    locked = marathon_get(*state, "PUT /v2/apps/a", "{\"instances\":2}", 409);
    marathon_at(duplicate, "/deployments", NULL);
    marathon_at(locked, "/deployments/0/id", "*");
}

static void s9_18_health_answers_can_be_an_interval_late(void **state)
{
    ZDD_AUTO_JSON json_t *before = NULL;
    ZDD_AUTO_JSON json_t *events = NULL;
    char expected[300];
    const char *id;
    size_t from;
    size_t running;

    /* The one that replaces a killed one waits for the tick that all share. */
    marathon_create(*state, "/v2/apps/a",
                    SERVICE ",\"healthChecks\":[{\"path\":\"/health\",\"intervalSeconds\":100}]");
    before = app_of(*state);
    id = marathon_text(before, "/tasks/0/id");
    from = lab_event_count(*state);
    marathon_says(*state, "DELETE /v2/apps/a/tasks", NULL, 200, NULL, NULL);
    snprintf(expected, sizeof(expected), "\"%.*s2\"", (int)strlen(id) - 1, id);
    lab_until_json(*state, "/v2/apps/a/tasks", "/tasks/0/id", expected);
    lab_until_json(*state, "/v2/apps/a/tasks", "/tasks/0/healthCheckResults/0/alive", "true");
    events = marathon_since(*state, from);
    running = marathon_place(events, 0, "status_update_event", "taskStatus", "TASK_RUNNING");
    assert_true(marathon_healthy(events, running) > running);
    assert_int_equal(lab_count(events, "add_health_check_event", NULL, NULL), 0); /* no new clock */
}

static void s9_19_invalid_numbers_commands_and_reserved_ids(void **state)
{
    static const struct marathon_row rows[] = {
        {"POST /v2/apps", "{\"id\":\"/a\",\"cmd\":\"ab\",\"cpus\":0}", 422, "/details/0/path",
         "\"/cpus\""},
        {"POST /v2/apps", "{\"id\":\"/a\",\"cmd\":\"a\"}", 422, "/details/0/path", "\"/cmd\""},
        {"POST /v2/apps", "{\"id\":\"/a\",\"cmd\":\"ab\",\"instances\":0.5}", 422,
         "/details/0/path", "\"/instances\""},
        {"POST /v2/apps", "{\"id\":\"/a/tasks\",\"cmd\":\"ab\"}", 422, "/details/0/path",
         "\"/id\""},
        {"POST /v2/apps", "{\"id\":\"/a/versions\",\"cmd\":\"ab\"}", 422, "/details/0/path",
         "\"/id\""},
        {"POST /v2/apps", "{\"id\":\"/a/restart\",\"cmd\":\"ab\"}", 422, "/details/0/path",
         "\"/id\""},
    };

    MARATHON_ROWS(*state, rows);
}

static void s9_20_old_network_fields_are_taken_but_never_returned(void **state)
{
    ZDD_AUTO_JSON json_t *app = NULL;

    marathon_create(*state, "/v2/apps/a",
                    "\"container\":{\"docker\":{\"image\":\"mhausenblas/simpleservice:0.4.0\","
                    "\"network\":\"BRIDGE\",\"portMappings\":[{\"containerPort\":9876}]}}");
    app = app_of(*state);
    marathon_at(app, "/container/docker/network", NULL);
    marathon_at(app, "/container/portMappings/0/containerPort", "9876");
    marathon_at(app, "/tasks/0/ports/0", "*"); /* the host's */
    assert_int_not_equal(json_integer_value(zdd_json_at(app, "/tasks/0/ports/0")), 9876);
}

static void s9_21_service_port_0_is_replaced(void **state)
{
    marathon_create(*state, "/v2/apps/a",
                    "\"cmd\":\"exec sleep 1000\",\"portDefinitions\":[{\"port\":0}]");
    marathon_says(*state, "GET /v2/apps/a", NULL, 200, "/app/portDefinitions/0/port", "10000");
}

static void s9_22_versions_are_capped_at_50(void **state)
{
    ZDD_AUTO_JSON json_t *answer = NULL;

    marathon_create(*state, "/v2/apps/a", SLEEPER ",\"instances\":0");
    for (int i = 0; i < 50; i++)
        marathon_change(*state, "POST /v2/apps/a/restart", NULL, 200);
    answer = marathon_get(*state, "GET /v2/apps/a/versions", NULL, 200);
    assert_int_equal(json_array_size(json_object_get(answer, "versions")), 50);
}

static void s9_23_killing_may_never_show_and_the_instance_is_reused(void **state)
{
    ZDD_AUTO_JSON json_t *events = NULL;
    ZDD_AUTO_JSON json_t *before = NULL;
    char expected[300];
    const char *id;

    marathon_create(*state, "/v2/apps/a", SLEEPER);
    before = app_of(*state);
    marathon_says(*state, "DELETE /v2/apps/a/tasks", NULL, 200, NULL, NULL);
    id = marathon_text(before, "/tasks/0/id");
    snprintf(expected, sizeof(expected), "\"%.*s2\"", (int)strlen(id) - 1, id);
    lab_until_json(*state, "/v2/tasks?status=running", "/tasks/0/id", expected);
    events = marathon_since(*state, 0);
    assert_int_equal(lab_count(events, "status_update_event", "taskStatus", "TASK_KILLING"), 0);
}

static void s9_23_a_killed_task_may_linger_in_the_list(void **state)
{
    marathon_create(*state, "/v2/apps/a", SLEEPER);
    lab_faults(*state, "[{\"name\":\"late-vanish\",\"count\":1,\"ms\":600000}]");
    marathon_change(*state, "PUT /v2/apps/a", "{\"instances\":0}", 200);
    marathon_says(*state, "GET /v2/apps/a/tasks", NULL, 200, "/tasks/0/state", "\"TASK_KILLED\"");
}

static void s9_24_after_a_lost_answer_post_is_409_and_put_is_safe(void **state)
{
    lab_faults(*state, "[{\"name\":\"lost-answer\",\"count\":1,\"method\":\"POST\"},"
                       "{\"name\":\"lost-answer\",\"count\":1,\"method\":\"PUT\"}]");
    assert_int_equal(lab_call(*state, "POST", "/v2/apps", "{\"id\":\"/a\"," SLEEPER "}", NULL), -1);
    marathon_says(*state, "POST /v2/apps", "{\"id\":\"/a\"," SLEEPER "}", 409, "/deployments",
                  NULL);
    lab_until_json(*state, "/v2/deployments", "", "[]");
    assert_int_equal(lab_call(*state, "PUT", "/v2/apps/a", "{" STUCK "}", NULL), -1);
    marathon_says(*state, "PUT /v2/apps/a", "{" STUCK "}", 200, NULL, NULL); /* nothing to do */
    marathon_says(*state, "PUT /v2/apps/a", "{\"labels\":{\"a\":\"b\"}}", 409, "/deployments/0/id",
                  "*"); /* but it is still rolling */
}

static void s9_25_get_of_one_deployment_does_not_exist(void **state)
{
    char call[120];
    char id[64];

    stuck(*state, id);
    snprintf(call, sizeof(call), "GET /v2/deployments/%s", id);
    marathon_says(*state, call, NULL, 405, "/message", "*");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        MARATHON_TEST(s9_1_delete_app_forces_delete_group_does_not_and_put_is_a_patch),
        MARATHON_TEST(s9_2_a_version_inside_a_partial_put_is_422_and_a_full_one_tolerates_it),
        MARATHON_TEST(s9_3_partial_updates_cannot_unset_and_full_ones_reset_instances),
        MARATHON_TEST(s9_4_resource_limits_vanish_on_a_partial_update_and_make_a_scale_a_restart),
        MARATHON_TEST(s9_5_an_upgrade_strategy_needs_both_members),
        MARATHON_TEST(s9_6_edits_of_labels_strategy_or_checks_alone_restart_all_tasks),
        MARATHON_TEST(s9_7_a_no_op_returns_a_version_that_no_app_has),
        MARATHON_TEST(s9_8_not_in_the_list_may_mean_cancelled_or_overridden),
        MARATHON_TEST(s9_9_success_is_not_health_and_a_deployment_never_fails_by_itself),
        MARATHON_TEST(s9_10_two_rollbacks_carry_the_same_version_of_the_past),
        MARATHON_TEST(
            s9_11_after_a_scale_tasks_are_older_than_their_app_and_ended_ones_have_no_version),
        MARATHON_TEST(s9_12_instances_come_back_with_an_old_version),
        MARATHON_TEST(s9_13_a_forced_cancel_leaves_a_mix_of_which_the_new_ones_die_first),
        MARATHON_TEST(s9_14_the_stream_has_no_ids_and_no_replay),
        MARATHON_TEST(s9_15_a_repeated_running_can_be_a_kill_request),
        MARATHON_TEST(s9_16_ids_of_tasks_and_instances_differ_by_the_incarnation),
        MARATHON_TEST(s9_17_409_has_two_meanings_and_403_may_be_too_many),
        MARATHON_TEST(s9_18_health_answers_can_be_an_interval_late),
        MARATHON_TEST(s9_19_invalid_numbers_commands_and_reserved_ids),
        MARATHON_TEST(s9_20_old_network_fields_are_taken_but_never_returned),
        MARATHON_TEST(s9_21_service_port_0_is_replaced),
        MARATHON_TEST(s9_22_versions_are_capped_at_50),
        MARATHON_TEST(s9_23_killing_may_never_show_and_the_instance_is_reused),
        MARATHON_TEST(s9_23_a_killed_task_may_linger_in_the_list),
        MARATHON_TEST(s9_24_after_a_lost_answer_post_is_409_and_put_is_safe),
        MARATHON_TEST(s9_25_get_of_one_deployment_does_not_exist),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
