/**
 * @file tests/lab/test_marathon_s3.c
 * @brief Plans and deployments, marathon.md §3, row by row; what cancels them, §1.6.
 */
#include "tests/support/spec.h"

#include "tests/lab/marathon.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The steps of the deployment that a call makes, as JSON text; it is waited for. */
static void assert_steps(struct lab *lab, const char *call, const char *body, long status,
                         const char *expected)
{
    const size_t from = lab_event_count(lab);
    ZDD_AUTO_JSON json_t *events = NULL;
    char id[64];

    marathon_begin(lab, call, body, status, id);
    assert_true(lab_await(lab, id));
    events = marathon_since(lab, from);
    marathon_at(marathon_event(events, "deployment_success", "id", id), "/plan/steps", expected);
}

static void s3_1_create_is_start_then_scale(void **state)
{
    assert_steps(*state, "PUT /v2/apps/a", "{" SLEEPER "}", 201,
                 "[{\"actions\":[{\"action\":\"StartApplication\",\"app\":\"/a\"}]},"
                 "{\"actions\":[{\"action\":\"ScaleApplication\",\"app\":\"/a\"}]}]");
}

static void s3_1_a_config_update_is_restart(void **state)
{
    marathon_create(*state, "/v2/apps/a", SLEEPER);
    assert_steps(*state, "PUT /v2/apps/a", "{\"labels\":{\"a\":\"b\"}}", 200,
                 "[{\"actions\":[{\"action\":\"RestartApplication\",\"app\":\"/a\"}]}]");
}

static void s3_1_scale_and_kill_and_scale_are_scale(void **state)
{
    static const char scale[] =
        "[{\"actions\":[{\"action\":\"ScaleApplication\",\"app\":\"/a\"}]}]";

    marathon_create(*state, "/v2/apps/a", SLEEPER);
    assert_steps(*state, "PUT /v2/apps/a", "{\"instances\":3}", 200, scale);
    assert_steps(*state, "DELETE /v2/apps/a/tasks?scale=true", NULL, 200, scale);
}

static void s3_1_delete_is_stop(void **state)
{
    marathon_create(*state, "/v2/apps/a", SLEEPER);
    assert_steps(*state, "DELETE /v2/apps/a", NULL, 200,
                 "[{\"actions\":[{\"action\":\"StopApplication\",\"app\":\"/a\"}]}]");
}

static void s3_1_nothing_to_do_is_no_step(void **state)
{
    marathon_create(*state, "/v2/apps/a", SLEEPER);
    assert_steps(*state, "PUT /v2/apps/a", "{\"instances\":1}", 200, "[]");
}

static void s3_1_all_stops_then_all_starts_then_by_depth_of_dependencies(void **state)
{
    ZDD_AUTO_JSON json_t *plan = NULL;

    marathon_change(*state, "PUT /v2/groups/g",
                    "{\"apps\":[{\"id\":\"old1\"," SLEEPER "},{\"id\":\"old2\"," SLEEPER
                    ",\"dependencies\":[\"old1\"]}]}",
                    200);
    plan = marathon_get(*state, "PUT /v2/groups/g?dryRun=true",
                        "{\"apps\":[{\"id\":\"web\"," SLEEPER ",\"dependencies\":[\"/g/api\"]},"
                        "{\"id\":\"api\"," SLEEPER ",\"dependencies\":[\"/g/db\"]},"
                        "{\"id\":\"db\"," SLEEPER "},{\"id\":\"log\"," SLEEPER "}]}",
                        200);
    assert_int_equal(json_array_size(json_object_get(plan, "steps")), 5);
    marathon_at(plan, "/steps/0/actions/0/action", "\"StopApplication\"");
    marathon_at(plan, "/steps/0/actions/1/action", "\"StopApplication\""); /* both in one step */
    marathon_at(plan, "/steps/1/actions/3/action", "\"StartApplication\"");
    marathon_at(plan, "/steps/2/actions/1/action", "\"ScaleApplication\""); /* db and log */
    marathon_at(plan, "/steps/3/actions", "[{\"action\":\"ScaleApplication\",\"app\":\"/g/api\"}]");
    marathon_at(plan, "/steps/4/actions", "[{\"action\":\"ScaleApplication\",\"app\":\"/g/web\"}]");
}

static void s3_1_steps_run_one_after_another(void **state)
{
    char id[64];

    marathon_begin(*state, "PUT /v2/groups/g",
                   "{\"apps\":[{\"id\":\"db\"," SLEEPER "," STUCK "},{\"id\":\"web\"," SLEEPER
                   ",\"dependencies\":[\"/g/db\"]}]}",
                   200, id);
    lab_until_json(*state, "/v2/apps/g/db", "/app/tasksRunning", "1");
    lab_until_json(*state, "/v2/deployments", "/0/currentStep", "2");
    marathon_says(*state, "GET /v2/apps/g/web/tasks", NULL, 200, "/tasks", "[]");
}

static void s3_1_dependents_of_a_changed_app_are_not_restarted(void **state)
{
    marathon_create(*state, "/v2/apps/db", SLEEPER);
    marathon_create(*state, "/v2/apps/web", SLEEPER ",\"dependencies\":[\"/db\"]");
    assert_steps(*state, "POST /v2/apps/db/restart", NULL, 200,
                 "[{\"actions\":[{\"action\":\"RestartApplication\",\"app\":\"/db\"}]}]");
}

static void s3_1_scale_decommissions_the_surplus_before_it_starts_anything(void **state)
{
    ZDD_AUTO_JSON json_t *tasks = NULL;
    ZDD_AUTO_JSON json_t *events = NULL;
    char body[400];
    size_t from;

    /* Two are sentenced, one comes back as the target is 1: kills first. */
    marathon_create(*state, "/v2/apps/a", SLEEPER ",\"instances\":3");
    tasks = marathon_get(*state, "GET /v2/apps/a/tasks", NULL, 200);
    from = lab_event_count(*state);
    snprintf(body, sizeof(body), "{\"ids\":[\"%s\",\"%s\"]}", marathon_text(tasks, "/tasks/0/id"),
             marathon_text(tasks, "/tasks/2/id"));
    marathon_change(*state, "POST /v2/tasks/delete?scale=true", body, 200);
    events = marathon_since(*state, from);
    assert_int_equal(lab_count(events, "status_update_event", "taskStatus", "TASK_KILLED"), 2);
    assert_int_equal(lab_count(events, "instance_changed_event", "condition", "Scheduled"), 0);
    marathon_says(*state, "GET /v2/apps/a/tasks", NULL, 200, "/tasks/1", NULL);
}

static void s3_1_stop_drops_checks_kills_resets_the_delay_and_tells_the_end(void **state)
{
    ZDD_AUTO_JSON json_t *events = NULL;
    char story[600];
    size_t from;

    marathon_create(*state, "/v2/apps/a",
                    SERVICE ",\"healthChecks\":[{\"path\":\"/health\",\"intervalSeconds\":1}]");
    from = lab_event_count(*state);
    marathon_change(*state, "DELETE /v2/apps/a", NULL, 200);
    events = marathon_since(*state, from);
    marathon_story(events, story, sizeof(story));
    assert_non_null(strstr(story, "remove_health_check_event"));
    assert_non_null(strstr(story, "app_terminated_event deployment_step_success "
                                  "deployment_success"));
}

static void s3_2_the_list_has_these_members(void **state)
{
    ZDD_AUTO_JSON json_t *list = NULL;
    char id[64];

    marathon_create(*state, "/v2/apps/a", SLEEPER);
    marathon_begin(*state, "PUT /v2/apps/a", "{" STUCK "}", 200, id);
    lab_until_json(*state, "/v2/deployments", "/0/currentStep", "1");
    list = marathon_get(*state, "GET /v2/deployments", NULL, 200);
    marathon_members(json_array_get(list, 0), "id version affectedApps affectedPods steps "
                                              "currentActions currentStep totalSteps");
    assert_string_equal(marathon_text(list, "/0/id"), id);
    marathon_at(list, "/0/affectedApps", "[\"/a\"]");
    marathon_at(list, "/0/affectedPods", "[]");
    marathon_at(list, "/0/steps",
                "[{\"actions\":[{\"action\":\"RestartApplication\",\"app\":\"/a\"}]}]");
    marathon_at(
        list, "/0/currentActions",
        "[{\"action\":\"RestartApplication\",\"app\":\"/a\",\"readinessCheckResults\":[]}]");
    marathon_at(list, "/0/totalSteps", "1");
}

static void s3_2_the_step_counts_from_1_and_create_is_at_its_second(void **state)
{
    char id[64];

    marathon_begin(*state, "PUT /v2/apps/a", "{" SLEEPER "," STUCK "}", 201, id);
    lab_until_json(*state, "/v2/deployments", "/0/currentStep", "2");
    marathon_says(*state, "GET /v2/deployments", NULL, 200, "/0/totalSteps", "2");
    marathon_says(*state, "GET /v2/deployments", NULL, 200, "/0/currentActions/0/action",
                  "\"ScaleApplication\"");
}

static void s3_2_readiness_results_show_with_the_last_response_if_kept(void **state)
{
    ZDD_AUTO_JSON json_t *list = NULL;
    char id[64];

    marathon_begin(
        *state, "PUT /v2/apps/a",
        "{" SERVICE ",\"portDefinitions\":[{\"name\":\"api\"}],\"readinessChecks\":"
        "[{\"name\":\"warm\",\"path\":\"/no\",\"portName\":\"api\",\"intervalSeconds\":5,"
        "\"timeoutSeconds\":1,\"preserveLastResponse\":true}]}",
        201, id);
    lab_until_json(*state, "/v2/deployments", "/0/currentActions/0/readinessCheckResults/0/ready",
                   "false");
    list = marathon_get(*state, "GET /v2/deployments", NULL, 200);
    marathon_members(zdd_json_at(list, "/0/currentActions/0/readinessCheckResults/0"),
                     "name taskId ready lastResponse");
    marathon_members(zdd_json_at(list, "/0/currentActions/0/readinessCheckResults/0/lastResponse"),
                     "status contentType body");
    lab_until_json(*state, "/v2/deployments",
                   "/0/currentActions/0/readinessCheckResults/0/lastResponse/status", "404");
}

static void s3_2_a_finished_plan_disappears(void **state)
{
    marathon_create(*state, "/v2/apps/a", SLEEPER);
    marathon_says(*state, "GET /v2/deployments", NULL, 200, "", "[]");
}

static void s3_2_a_plan_has_no_timeout(void **state)
{
    char id[64];

    /* While it hangs, whole deployments pass elsewhere: Marathon's minutes, at this speed. */
    marathon_create(*state, "/v2/apps/a", SLEEPER);
    marathon_begin(*state, "PUT /v2/apps/a", "{" STUCK "}", 200, id);
    marathon_create(*state, "/v2/apps/b",
                    SERVICE ",\"healthChecks\":[{\"path\":\"/health\",\"intervalSeconds\":20}]");
    for (int i = 0; i < 5; i++)
        marathon_change(*state, "POST /v2/apps/b/restart", NULL, 200);
    lab_until_json(*state, "/v2/deployments", "/0/currentStep", "1");
}

/* How many events there have been, and how many changes of leader. */
static json_int_t published(struct lab *lab)
{
    ZDD_AUTO_JSON json_t *inside = marathon_get(lab, "GET /lab/state", NULL, 200);

    return json_integer_value(json_object_get(inside, "published"));
}

static void s3_2_a_new_leader_begins_the_same_plan_at_step_1(void **state)
{
    char expected[100];
    char id[64];
    json_int_t before;

    marathon_create(*state, "/v2/apps/a", SLEEPER);
    marathon_begin(*state, "PUT /v2/apps/a", "{" STUCK "}", 200, id);
    lab_until_json(*state, "/v2/apps/a", "/app/tasksRunning", "2");
    before = published(*state);
    lab_faults(*state, "[{\"name\":\"leader-switch\",\"count\":1}]");
    lab_until_json(*state, "/lab/state", "/faults/0/struck", "1");
    lab_until_json(*state, "/v2/deployments", "/0/currentStep", "1");
    snprintf(expected, sizeof(expected), "\"%s\"", id);
    marathon_says(*state, "GET /v2/deployments", NULL, 200, "/0/id", expected);
    assert_true(published(*state) > before); /* deployment_info again, though no stream heard it */
}

static void s4_8_a_new_leader_finds_nothing_to_start_and_the_plan_succeeds(void **state)
{
    char id[64];

    /* A start waits only for those it starts itself: unhealthy ones that are there do not count. */
    marathon_begin(*state, "PUT /v2/apps/a", "{" SLEEPER "," STUCK "}", 201, id);
    lab_until_json(*state, "/v2/apps/a", "/app/tasksRunning", "1");
    marathon_says(*state, "GET /v2/deployments", NULL, 200, "/0/currentStep", "2");
    lab_faults(*state, "[{\"name\":\"leader-switch\",\"count\":1}]");
    lab_until_json(*state, "/v2/deployments", "", "[]");
    marathon_says(*state, "GET /v2/apps/a", NULL, 200, "/app/tasksHealthy", "0");
}

static void s1_6_a_rollback_replaces_all_tasks_by_a_third_version_of_the_past(void **state)
{
    ZDD_AUTO_JSON json_t *before = NULL;
    ZDD_AUTO_JSON json_t *answer = NULL;
    ZDD_AUTO_JSON json_t *after = NULL;
    char call[120];
    char id[64];

    marathon_create(*state, "/v2/apps/a", SLEEPER ",\"instances\":2");
    before = marathon_get(*state, "GET /v2/apps/a", NULL, 200);
    marathon_begin(*state, "PUT /v2/apps/a", "{" STUCK "}", 200, id);
    snprintf(call, sizeof(call), "DELETE /v2/deployments/%s", id);
    answer = marathon_get(*state, call, NULL, 200);
    assert_false(lab_await(*state, id));
    assert_true(lab_await(*state, marathon_text(answer, "/deploymentId")));
    after = marathon_get(*state, "GET /v2/apps/a", NULL, 200);
    assert_true(
        strcmp(marathon_text(after, "/app/version"), marathon_text(before, "/app/version")) < 0);
    marathon_at(after, "/app/healthChecks", NULL);
    assert_int_equal(json_array_size(zdd_json_at(after, "/app/tasks")), 2);
    for (int i = 0; i < 2; i++) {
        char pointer[40];

        snprintf(pointer, sizeof(pointer), "/app/tasks/%d/version", i);
        assert_string_equal(marathon_text(after, pointer), marathon_text(after, "/app/version"));
    }
}

static void s1_6_a_rollback_of_a_creation_removes_and_of_a_deletion_restores(void **state)
{
    ZDD_AUTO_JSON json_t *answer = NULL;
    ZDD_AUTO_JSON json_t *again = NULL;
    char call[120];
    char id[64];

    marathon_begin(*state, "PUT /v2/apps/a", "{" SLEEPER "," STUCK "}", 201, id);
    snprintf(call, sizeof(call), "DELETE /v2/deployments/%s", id);
    answer = marathon_get(*state, call, NULL, 200);
    assert_true(lab_await(*state, marathon_text(answer, "/deploymentId")));
    marathon_says(*state, "GET /v2/apps/a", NULL, 404, NULL, NULL);

    /* The app ignores SIGTERM, so its deletion takes the grace period. */
    marathon_create(*state, "/v2/apps/b", STUBBORN);
    marathon_begin(*state, "DELETE /v2/apps/b", NULL, 200, id);
    snprintf(call, sizeof(call), "DELETE /v2/deployments/%s", id);
    again = marathon_get(*state, call, NULL, 200);
    marathon_says(*state, "GET /v2/apps/b", NULL, 200, "/app/id", "\"/b\"");
    assert_true(lab_await(*state, marathon_text(again, "/deploymentId")));
}

static void s1_6_a_rollback_leaves_other_apps_alone(void **state)
{
    ZDD_AUTO_JSON json_t *answer = NULL;
    char call[120];
    char id[64];

    marathon_create(*state, "/v2/apps/a", SLEEPER);
    marathon_create(*state, "/v2/apps/b", SLEEPER);
    marathon_begin(*state, "PUT /v2/apps/a", "{" STUCK "}", 200, id);
    marathon_change(*state, "PUT /v2/apps/b", "{\"labels\":{\"n\":\"2\"}}", 200);
    snprintf(call, sizeof(call), "DELETE /v2/deployments/%s", id);
    answer = marathon_get(*state, call, NULL, 200);
    assert_true(lab_await(*state, marathon_text(answer, "/deploymentId")));
    marathon_says(*state, "GET /v2/apps/b", NULL, 200, "/app/labels", "{\"n\":\"2\"}");
}

static void s1_6_a_forced_cancel_leaves_a_mix_and_the_definition(void **state)
{
    /* At this pace the scale check, which ends the mix, is 15 s away. */
    static const char *const slow[] = {"--speed", "1", NULL};
    struct lab *lab = marathon_other(state, slow);
    ZDD_AUTO_JSON json_t *tasks = NULL;
    char call[120];
    char id[64];

    marathon_create(lab, "/v2/apps/a", SLEEPER);
    marathon_begin(lab, "PUT /v2/apps/a", "{" STUCK "}", 200, id);
    lab_until_json(lab, "/v2/apps/a", "/app/tasksRunning", "2");
    snprintf(call, sizeof(call), "DELETE /v2/deployments/%s?force=true", id);
    marathon_says(lab, call, NULL, 202, NULL, NULL);
    assert_false(lab_await(lab, id));
    marathon_says(lab, "GET /v2/apps/a", NULL, 200, "/app/healthChecks/0/protocol", "\"TCP\"");
    tasks = marathon_get(lab, "GET /v2/apps/a/tasks", NULL, 200);
    assert_string_not_equal(marathon_text(tasks, "/tasks/0/version"),
                            marathon_text(tasks, "/tasks/1/version"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        MARATHON_TEST(s3_1_create_is_start_then_scale),
        MARATHON_TEST(s3_1_a_config_update_is_restart),
        MARATHON_TEST(s3_1_scale_and_kill_and_scale_are_scale),
        MARATHON_TEST(s3_1_delete_is_stop),
        MARATHON_TEST(s3_1_nothing_to_do_is_no_step),
        MARATHON_TEST(s3_1_all_stops_then_all_starts_then_by_depth_of_dependencies),
        MARATHON_TEST(s3_1_steps_run_one_after_another),
        MARATHON_TEST(s3_1_dependents_of_a_changed_app_are_not_restarted),
        MARATHON_TEST(s3_1_scale_decommissions_the_surplus_before_it_starts_anything),
        MARATHON_TEST(s3_1_stop_drops_checks_kills_resets_the_delay_and_tells_the_end),
        MARATHON_TEST(s3_2_the_list_has_these_members),
        MARATHON_TEST(s3_2_the_step_counts_from_1_and_create_is_at_its_second),
        MARATHON_TEST(s3_2_readiness_results_show_with_the_last_response_if_kept),
        MARATHON_TEST(s3_2_a_finished_plan_disappears),
        MARATHON_TEST(s3_2_a_plan_has_no_timeout),
        MARATHON_TEST(s3_2_a_new_leader_begins_the_same_plan_at_step_1),
        MARATHON_TEST(s4_8_a_new_leader_finds_nothing_to_start_and_the_plan_succeeds),
        MARATHON_TEST(s1_6_a_rollback_replaces_all_tasks_by_a_third_version_of_the_past),
        MARATHON_TEST(s1_6_a_rollback_of_a_creation_removes_and_of_a_deletion_restores),
        MARATHON_TEST(s1_6_a_rollback_leaves_other_apps_alone),
        MARATHON_TEST(s1_6_a_forced_cancel_leaves_a_mix_and_the_definition),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
