/**
 * @file tests/lab/test_marathon_s1.c
 * @brief Conventions, writing apps, tasks and their end, groups: marathon.md §1.1, §1.4, §1.5,
 * §1.7; and the faults of §10.
 */
#include "tests/support/spec.h"

#include "tests/lab/marathon.h"

#include "server/base/clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- §1.1 ---------------------------------------------------------------------------------------
 */

static void s1_1_ids_may_lack_or_double_their_slash(void **state)
{
    marathon_create(*state, "/v2/apps//g//a", SLEEPER);
    marathon_says(*state, "GET /v2/apps/g/a", NULL, 200, "/app/id", "\"/g/a\"");
    marathon_says(*state, "GET /v2/groups//g", NULL, 200, "/id", "\"/g\"");
}

static void s1_1_unknown_members_and_nulls_are_ignored_and_reals_may_be_whole(void **state)
{
    marathon_create(*state, "/v2/apps/a",
                    SLEEPER ",\"colour\":\"red\",\"mem\":32.0,\"instances\":1.0,\"user\":null");
    marathon_says(*state, "GET /v2/apps/a", NULL, 200, "/app/colour", NULL);
    marathon_says(*state, "GET /v2/apps/a", NULL, 200, "/app/user", NULL);
}

static void s1_1_times_have_three_fraction_digits_and_z(void **state)
{
    ZDD_AUTO_JSON json_t *app = NULL;
    const char *version;

    marathon_create(*state, "/v2/apps/a", SLEEPER);
    app = marathon_get(*state, "GET /v2/apps/a", NULL, 200);
    version = marathon_text(app, "/app/version");
    assert_int_equal(strlen(version), 24);
    assert_int_equal(version[19], '.');
    assert_int_equal(version[23], 'Z');
}

static void s1_1_every_answer_has_the_leaders_headers(void **state)
{
    static const char *const calls[] = {"GET /v2/apps", "GET /v2/nothing", "DELETE /v2/info",
                                        "GET /ping", "GET /v2/apps/none"};
    struct lab *lab = *state;
    char leader[200];

    snprintf(leader, sizeof(leader), "\r\nX-Marathon-Leader: %s\r\n", lab->run.url);
    for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
        char *text = marathon_bytes(lab, calls[i], NULL, "");

        assert_non_null(strstr(text, leader));
        assert_non_null(strstr(text, "\r\nX-Frame-Options: DENY\r\n"));
        assert_non_null(strstr(text, "\r\nX-XSS-Protection: 1; mode=block\r\n"));
        assert_non_null(strstr(text, "\r\nCache-Control: no-cache, no-store, must-revalidate\r\n"));
        assert_non_null(strstr(text, "\r\nPragma: no-cache\r\n"));
        assert_non_null(strstr(text, "\r\nExpires: 0\r\n"));
        free(text);
    }
}

static void s1_1_mutations_name_their_deployment_in_header_and_body(void **state)
{
    char *text = marathon_bytes(*state, "PUT /v2/apps/a", "{" SLEEPER "}",
                                "Content-Type: application/json\r\n");
    ZDD_AUTO_JSON json_t *answer = json_loads(strstr(text, "\r\n\r\n") + 4, 0, NULL);
    char header[120];

    marathon_members(answer, "version deploymentId");
    snprintf(header, sizeof(header), "\r\nMarathon-Deployment-Id: %s\r\n",
             marathon_text(answer, "/deploymentId"));
    assert_non_null(strstr(text, header));
    free(text);
}

static void s1_1_the_answer_comes_after_the_deployment_was_started(void **state)
{
    char expected[100];
    char id[64];

    marathon_begin(*state, "PUT /v2/apps/a", "{" SLEEPER "," STUCK "}", 201, id);
    snprintf(expected, sizeof(expected), "\"%s\"", id);
    marathon_says(*state, "GET /v2/deployments", NULL, 200, "/0/id", expected);
}

/* --- §1.4 ---------------------------------------------------------------------------------------
 */

static void s1_4_given_members_replace_whole_values_and_none_can_be_unset(void **state)
{
    marathon_create(*state, "/v2/apps/a",
                    SLEEPER ",\"env\":{\"A\":\"1\",\"B\":\"2\"},\"labels\":{\"a\":\"b\"}");
    marathon_change(*state, "PUT /v2/apps/a", "{\"env\":{\"C\":\"3\"},\"labels\":null}", 200);
    marathon_says(*state, "GET /v2/apps/a", NULL, 200, "/app/env", "{\"C\":\"3\"}");
    marathon_says(*state, "GET /v2/apps/a", NULL, 200, "/app/labels", "{\"a\":\"b\"}");
}

static void s1_4_a_full_definition_fills_the_gaps_with_defaults(void **state)
{
    marathon_create(*state, "/v2/apps/a", SLEEPER ",\"mem\":64,\"instances\":2");
    marathon_change(*state, "PUT /v2/apps/a?partialUpdate=false", "{" SLEEPER "}", 200);
    marathon_says(*state, "GET /v2/apps/a", NULL, 200, "/app/mem", "128");
    marathon_says(*state, "GET /v2/apps/a", NULL, 200, "/app/instances", "1");
}

static void s1_4_a_rollback_by_version_makes_a_new_version(void **state)
{
    ZDD_AUTO_JSON json_t *first = NULL;
    ZDD_AUTO_JSON json_t *answer = NULL;
    char body[120];

    marathon_create(*state, "/v2/apps/a", SLEEPER);
    first = marathon_get(*state, "GET /v2/apps/a", NULL, 200);
    marathon_change(*state, "PUT /v2/apps/a", "{\"instances\":2,\"labels\":{\"a\":\"b\"}}", 200);
    snprintf(body, sizeof(body), "{\"id\":\"/a\",\"version\":\"%s\"}",
             marathon_text(first, "/app/version"));
    answer = marathon_get(*state, "PUT /v2/apps/a", body, 200);
    assert_true(lab_await(*state, marathon_text(answer, "/deploymentId")));
    marathon_says(*state, "GET /v2/apps/a", NULL, 200, "/app/labels", "{}");
    assert_true(strcmp(marathon_text(answer, "/version"), marathon_text(first, "/app/version")) >
                0);
}

static void s1_4_the_definition_changes_at_once_and_a_deleted_app_is_gone_at_once(void **state)
{
    char id[64];

    marathon_create(*state, "/v2/apps/a", STUBBORN);
    marathon_begin(*state, "PUT /v2/apps/a", "{" STUCK "}", 200, id);
    marathon_says(*state, "GET /v2/apps/a", NULL, 200, "/app/healthChecks/0/protocol", "\"TCP\"");
    marathon_begin(*state, "DELETE /v2/apps/a", NULL, 200, id);
    marathon_says(*state, "GET /v2/apps/a", NULL, 404, NULL, NULL);
    lab_until_json(*state, "/v2/deployments", "/0/affectedApps/0", "\"/a\"");
    marathon_says(*state, "GET /v2/tasks", NULL, 200, "/tasks/0/appId", "\"/a\"");
}

/* --- §1.5 ---------------------------------------------------------------------------------------
 */

static void s1_5_a_task_has_these_members(void **state)
{
    ZDD_AUTO_JSON json_t *tasks = NULL;
    const json_t *task;

    marathon_create(*state, "/v2/apps/g/a",
                    SERVICE ",\"healthChecks\":[{\"path\":\"/health\",\"intervalSeconds\":1}]");
    tasks = marathon_get(*state, "GET /v2/apps/g/a/tasks", NULL, 200);
    task = zdd_json_at(tasks, "/tasks/0");
    marathon_members(task, "id appId host slaveId state stagedAt startedAt version ports "
                           "servicePorts role ipAddresses localVolumes healthCheckResults");
    marathon_at(task, "/ipAddresses", "[{\"ipAddress\":\"127.0.0.1\",\"protocol\":\"IPv4\"}]");
    marathon_at(task, "/servicePorts", "[]");
    marathon_at(task, "/healthCheckResults/0/alive", "true");
    marathon_at(task, "/healthCheckResults/0/consecutiveFailures", "0");
    marathon_at(task, "/healthCheckResults/0/firstSuccess", "*");
    marathon_at(task, "/healthCheckResults/0/lastSuccess", "*");
    assert_int_equal(strncmp(marathon_text(task, "/id"),
                             marathon_text(task, "/healthCheckResults/0/instanceId"),
                             strlen(marathon_text(task, "/healthCheckResults/0/instanceId"))),
                     0);
}

static void s1_5_service_ports_are_in_the_list_of_all_tasks_only(void **state)
{
    marathon_create(*state, "/v2/apps/a", "\"cmd\":\"exec sleep 1000\"");
    marathon_says(*state, "GET /v2/tasks", NULL, 200, "/tasks/0/servicePorts", "[10000]");
    marathon_says(*state, "GET /v2/apps/a/tasks", NULL, 200, "/tasks/0/servicePorts", "[]");
}

static void s1_5_one_that_waits_for_relaunch_has_a_terminal_state_and_no_version(void **state)
{
    ZDD_AUTO_JSON json_t *tasks = NULL;
    char id[64];

    marathon_begin(*state, "PUT /v2/apps/a",
                   "{\"cmd\":\"exit 1\",\"portDefinitions\":[],\"backoffSeconds\":3600,"
                   "\"maxLaunchDelaySeconds\":3600}",
                   201, id);
    lab_until_json(*state, "/v2/apps/a/tasks", "/tasks/0/state", "\"TASK_FAILED\"");
    tasks = marathon_get(*state, "GET /v2/apps/a/tasks", NULL, 200);
    marathon_at(tasks, "/tasks/0/version", NULL);
    marathon_at(tasks, "/tasks/0/ports", NULL);
    marathon_at(tasks, "/tasks/0/stagedAt", NULL);
    marathon_at(tasks, "/tasks/0/startedAt", NULL);
}

static void s1_5_one_that_was_never_launched_is_not_listed(void **state)
{
    char id[64];

    lab_faults(*state, "[{\"name\":\"stuck-queue\"}]");
    marathon_begin(*state, "PUT /v2/apps/a", "{" SLEEPER "}", 201, id);
    lab_until_json(*state, "/v2/queue", "/queue/0/count", "1");
    marathon_says(*state, "GET /v2/apps/a/tasks", NULL, 200, "/tasks", "[]");
}

static void s1_5_counts_follow_the_states_and_the_results(void **state)
{
    char id[64];

    marathon_begin(*state, "PUT /v2/apps/a", "{" SLEEPER "," STUCK ",\"instances\":2}", 201, id);
    lab_until_json(*state, "/v2/apps/a", "/app/tasksUnhealthy", "2");
    marathon_says(*state, "GET /v2/apps/a", NULL, 200, "/app/tasksRunning", "2");
    marathon_says(*state, "GET /v2/apps/a", NULL, 200, "/app/tasksStaged", "0");
    marathon_says(*state, "GET /v2/apps/a", NULL, 200, "/app/tasksHealthy", "0");
    marathon_create(*state, "/v2/apps/b", SLEEPER); /* without results it is neither */
    marathon_says(*state, "GET /v2/apps/b", NULL, 200, "/app/tasksHealthy", "0");
    marathon_says(*state, "GET /v2/apps/b", NULL, 200, "/app/tasksUnhealthy", "0");
}

static void s1_5_the_last_task_failure_has_these_members_and_ends_with_the_app(void **state)
{
    ZDD_AUTO_JSON json_t *app = NULL;
    char id[64];

    marathon_begin(*state, "PUT /v2/apps/a",
                   "{\"cmd\":\"exit 1\",\"portDefinitions\":[],\"backoffSeconds\":3600,"
                   "\"maxLaunchDelaySeconds\":3600}",
                   201, id);
    lab_until_json(*state, "/v2/apps/a", "/app/lastTaskFailure/state", "\"TASK_FAILED\"");
    app = marathon_get(*state, "GET /v2/apps/a", NULL, 200);
    marathon_members(zdd_json_at(app, "/app/lastTaskFailure"),
                     "appId host message state taskId timestamp version slaveId");
    marathon_change(*state, "DELETE /v2/apps/a", NULL, 200);
    marathon_create(*state, "/v2/apps/a", SLEEPER);
    marathon_says(*state, "GET /v2/apps/a", NULL, 200, "/app/lastTaskFailure", NULL);
}

static void s1_5_a_kill_with_scale_counts_what_is_active_and_never_below_0(void **state)
{
    marathon_create(*state, "/v2/apps/a", SLEEPER ",\"instances\":3");
    marathon_change(*state, "DELETE /v2/apps/a/tasks?scale=true", NULL, 200);
    marathon_says(*state, "GET /v2/apps/a", NULL, 200, "/app/instances", "0");
    marathon_change(*state, "DELETE /v2/apps/a/tasks?scale=true", NULL, 200);
    marathon_says(*state, "GET /v2/apps/a", NULL, 200, "/app/instances", "0");
}

static void s1_5_wipe_expunges_the_unreachable_at_once(void **state)
{
    ZDD_AUTO_JSON json_t *before = NULL;
    ZDD_AUTO_JSON json_t *after = NULL;

    marathon_create(*state, "/v2/apps/a", SLEEPER ",\"unreachableStrategy\":\"disabled\"");
    lab_faults(*state, "[{\"name\":\"task-unreachable\",\"count\":1,\"ms\":600000}]");
    lab_until_json(*state, "/v2/apps/a/tasks", "/tasks/0/state", "\"TASK_UNREACHABLE\"");
    before = marathon_get(*state, "DELETE /v2/apps/a/tasks?wipe=true", NULL, 200);
    lab_until_json(*state, "/v2/apps/a", "/app/tasksRunning", "1");
    after = marathon_get(*state, "GET /v2/apps/a/tasks", NULL, 200);
    marathon_at(after, "/tasks/1", NULL);
    assert_string_not_equal(marathon_text(after, "/tasks/0/id"),
                            marathon_text(before, "/tasks/0/id"));
}

static void s1_5_a_failed_task_outside_a_deployment_is_relaunched_in_its_own_version(void **state)
{
    ZDD_AUTO_JSON json_t *before = NULL;
    ZDD_AUTO_JSON json_t *after = NULL;
    char expected[300];
    const char *id;

    marathon_create(*state, "/v2/apps/a", SLEEPER);
    before = marathon_get(*state, "GET /v2/apps/a", NULL, 200);
    marathon_change(*state, "PUT /v2/apps/a", "{\"instances\":2}", 200);
    marathon_says(*state, "DELETE /v2/apps/a/tasks", NULL, 200, NULL, NULL);
    id = marathon_text(before, "/app/tasks/0/id");
    snprintf(expected, sizeof(expected), "\"%.*s2\"", (int)strlen(id) - 1, id);
    lab_until_json(*state, "/v2/apps/a/tasks", "/tasks/0/id", expected);
    after = marathon_get(*state, "GET /v2/apps/a/tasks", NULL, 200);
    assert_string_equal(marathon_text(after, "/tasks/0/version"),
                        marathon_text(before, "/app/version"));
}

/* --- §1.7 ---------------------------------------------------------------------------------------
 */

static void s1_7_a_group_has_these_members_and_parents_come_by_themselves(void **state)
{
    ZDD_AUTO_JSON json_t *group = NULL;

    marathon_create(*state, "/v2/apps/x/y/a", SLEEPER);
    group = marathon_get(*state, "GET /v2/groups/x", NULL, 200);
    marathon_at(group, "/groups/0/id", "\"/x/y\"");
    marathon_at(group, "/groups/0/apps/0/id", "\"/x/y/a\"");
    json_object_del(group, "dependencies");
    marathon_members(group, "id version apps groups pods enforceRole");
}

static void s1_7_a_group_and_an_app_may_not_share_an_id(void **state)
{
    marathon_create(*state, "/v2/apps/x/a", SLEEPER);
    marathon_says(*state, "PUT /v2/groups/x/a", "{\"apps\":[]}", 422, "/message", "*");
    marathon_says(*state, "PUT /v2/apps/x", "{" SLEEPER "}", 422, "/message", "*");
}

static void s1_7_an_update_is_told_for_the_parent_group(void **state)
{
    ZDD_AUTO_JSON json_t *events = NULL;

    marathon_create(*state, "/v2/apps/x/y/a", SLEEPER);
    marathon_create(*state, "/v2/apps/b", SLEEPER);
    events = marathon_since(*state, 0);
    (void)marathon_event(events, "group_change_success", "groupId", "/x/y");
    (void)marathon_event(events, "group_change_success", "groupId", "/");
}

/* --- §10 ----------------------------------------------------------------------------------------
 */

static void s10_answers_can_be_refusals_nonsense_and_late(void **state)
{
    struct lab *lab = *state;
    ZDD_AUTO_JSON json_t *answer = NULL;
    ZDD_AUTO_JSON json_t *cut = NULL;
    int64_t began_ms;

    marathon_create(lab, "/v2/apps/a", SLEEPER);
    lab_faults(lab, "[{\"name\":\"answer-409\",\"count\":1},"
                    "{\"name\":\"truncated-json\",\"count\":1,\"method\":\"GET\"},"
                    "{\"name\":\"slow-answer\",\"count\":1,\"ms\":300,\"path\":\"/v2/info\"}]");
    assert_int_equal(lab_call(lab, "PUT", "/v2/apps/a", "{\"instances\":2}", &answer), 409);
    assert_int_equal(json_array_size(json_object_get(answer, "deployments")), 1);
    assert_int_equal(lab_call(lab, "GET", "/v2/apps/a", NULL, &cut), 200);
    assert_null(cut);
    began_ms = zdd_mono_ms();
    assert_int_equal(lab_call(lab, "GET", "/v2/info", NULL, NULL), 200);
    assert_true(zdd_mono_ms() - began_ms >= 290);
    marathon_says(lab, "GET /v2/apps/a", NULL, 200, "/app/instances", "1");
}

static void s10_tasks_can_fail_to_start_and_wait(void **state)
{
    lab_faults(*state, "[{\"name\":\"task-start-fail\",\"count\":1},"
                       "{\"name\":\"stuck-queue\",\"count\":1}]");
    marathon_create(*state, "/v2/apps/a", SLEEPER);
    marathon_says(*state, "GET /v2/apps/a", NULL, 200, "/app/lastTaskFailure/state",
                  "\"TASK_FAILED\"");
    marathon_says(*state, "GET /lab/state", NULL, 200, "/faults/1/struck", "1");
}

static void s10_a_fault_that_does_not_exist_is_named_with_the_one_that_was_meant(void **state)
{
    ZDD_AUTO_JSON json_t *answer =
        marathon_get(*state, "POST /lab/faults", "{\"faults\":[{\"name\":\"drop-event\"}]}", 422);

    assert_string_equal(marathon_text(answer, "/message"),
                        "#/faults/0/name there is no fault \"drop-event\", did you mean "
                        "\"drop-events\"?; zdd-lab --help names them all");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        MARATHON_TEST(s1_1_ids_may_lack_or_double_their_slash),
        MARATHON_TEST(s1_1_unknown_members_and_nulls_are_ignored_and_reals_may_be_whole),
        MARATHON_TEST(s1_1_times_have_three_fraction_digits_and_z),
        MARATHON_TEST(s1_1_every_answer_has_the_leaders_headers),
        MARATHON_TEST(s1_1_mutations_name_their_deployment_in_header_and_body),
        MARATHON_TEST(s1_1_the_answer_comes_after_the_deployment_was_started),
        MARATHON_TEST(s1_4_given_members_replace_whole_values_and_none_can_be_unset),
        MARATHON_TEST(s1_4_a_full_definition_fills_the_gaps_with_defaults),
        MARATHON_TEST(s1_4_a_rollback_by_version_makes_a_new_version),
        MARATHON_TEST(s1_4_the_definition_changes_at_once_and_a_deleted_app_is_gone_at_once),
        MARATHON_TEST(s1_5_a_task_has_these_members),
        MARATHON_TEST(s1_5_service_ports_are_in_the_list_of_all_tasks_only),
        MARATHON_TEST(s1_5_one_that_waits_for_relaunch_has_a_terminal_state_and_no_version),
        MARATHON_TEST(s1_5_one_that_was_never_launched_is_not_listed),
        MARATHON_TEST(s1_5_counts_follow_the_states_and_the_results),
        MARATHON_TEST(s1_5_the_last_task_failure_has_these_members_and_ends_with_the_app),
        MARATHON_TEST(s1_5_a_kill_with_scale_counts_what_is_active_and_never_below_0),
        MARATHON_TEST(s1_5_wipe_expunges_the_unreachable_at_once),
        MARATHON_TEST(s1_5_a_failed_task_outside_a_deployment_is_relaunched_in_its_own_version),
        MARATHON_TEST(s1_7_a_group_has_these_members_and_parents_come_by_themselves),
        MARATHON_TEST(s1_7_a_group_and_an_app_may_not_share_an_id),
        MARATHON_TEST(s1_7_an_update_is_told_for_the_parent_group),
        MARATHON_TEST(s10_answers_can_be_refusals_nonsense_and_late),
        MARATHON_TEST(s10_tasks_can_fail_to_start_and_wait),
        MARATHON_TEST(s10_a_fault_that_does_not_exist_is_named_with_the_one_that_was_meant),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
