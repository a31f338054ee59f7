/**
 * @file tests/lab/test_marathon_s1_2.c
 * @brief Every row of the endpoint table, marathon.md §1.2.
 */
#include "tests/support/spec.h"

#include "tests/lab/marathon.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TWO "[{\"id\":\"/x/a\"," SLEEPER ",\"labels\":{\"k\":\"v\"}},{\"id\":\"/x/b\"," SLEEPER "}]"

static void s1_2_get_apps_filters_by_cmd_id_and_label_and_counts_always(void **state)
{
    static const struct marathon_row rows[] = {
        {"GET /v2/apps", NULL, 200, "/apps/1/tasksRunning", "1"},
        {"GET /v2/apps", NULL, 200, "/apps/1/deployments", "[]"},
        {"GET /v2/apps", NULL, 200, "/apps/0/tasks", NULL},
        {"GET /v2/apps?id=X/A", NULL, 200, "/apps/0/id", "\"/x/a\""},
        {"GET /v2/apps?id=X/A", NULL, 200, "/apps/1", NULL},
        {"GET /v2/apps?cmd=SLEEP", NULL, 200, "/apps/1/id", "*"},
        {"GET /v2/apps?cmd=wake", NULL, 200, "/apps", "[]"},
        {"GET /v2/apps?label=k", NULL, 200, "/apps/0/id", "\"/x/a\""},
        {"GET /v2/apps?label=k==v&id=b", NULL, 200, "/apps", "[]"}, /* all are ANDed */
    };

    marathon_change(*state, "PUT /v2/apps", TWO, 200);
    MARATHON_ROWS(*state, rows);
}

static void s1_2_post_apps_answers_201_with_the_app_its_deployment_and_counts_0(void **state)
{
    ZDD_AUTO_JSON json_t *app =
        marathon_get(*state, "POST /v2/apps", "{\"id\":\"/a\"," SLEEPER "}", 201);

    marathon_at(app, "/id", "\"/a\"");
    marathon_at(app, "/deployments/0/id", "*");
    marathon_at(app, "/tasksStaged", "0");
    marathon_at(app, "/tasksRunning", "0");
    marathon_at(app, "/tasksHealthy", "0");
    marathon_at(app, "/tasksUnhealthy", "0");
    marathon_at(app, "/tasks", NULL);
    assert_true(lab_await(*state, marathon_text(app, "/deployments/0/id")));
    marathon_says(*state, "POST /v2/apps", "{\"id\":\"/a\"," SLEEPER "}", 409, "/deployments",
                  NULL);
}

static void s1_2_post_apps_names_the_deployment_and_a_location_without_v2(void **state)
{
    char *text = marathon_bytes(*state, "POST /v2/apps", "{\"id\":\"/g/a\"," SLEEPER "}",
                                "Content-Type: application/json\r\n");
    struct lab *lab = *state;
    char location[200];

    snprintf(location, sizeof(location), "Location: %s/g/a\r\n", lab->run.url);
    assert_int_equal(strncmp(text, "HTTP/1.1 201 ", 13), 0);
    assert_non_null(strstr(text, "\r\nMarathon-Deployment-Id: "));
    assert_non_null(strstr(text, location));
    free(text);
}

static void s1_2_put_apps_takes_an_array_creates_and_posts_no_event(void **state)
{
    static const struct marathon_row rows[] = {
        {"PUT /v2/apps", "[{\"id\":\"/x/a\",\"labels\":{\"n\":\"1\"}}]", 200, "/deploymentId", "*"},
        {"GET /v2/apps/x/a", NULL, 200, "/app/cmd", "\"exec sleep 1000\""}, /* partial by default */
        {"PUT /v2/apps", "[{\"cmd\":\"sleep 1\"}]", 422, "/message", "*"},
    };
    const size_t from = lab_event_count(*state);
    ZDD_AUTO_JSON json_t *events = NULL;

    marathon_change(*state, "PUT /v2/apps", TWO, 200);
    events = marathon_since(*state, from);
    assert_int_equal(lab_count(events, "api_post_event", NULL, NULL), 0);
    MARATHON_ROWS(*state, rows);
}

static void s1_2_put_apps_with_partial_update_false_wants_whole_apps(void **state)
{
    marathon_change(*state, "PUT /v2/apps", TWO, 200);
    marathon_change(*state, "PUT /v2/apps?partialUpdate=false", "[{\"id\":\"/x/a\"," SLEEPER "}]",
                    200);
    marathon_says(*state, "GET /v2/apps/x/a", NULL, 200, "/app/labels", "{}");
    marathon_says(*state, "PUT /v2/apps?partialUpdate=false", "[{\"id\":\"/x/a\"}]", 422,
                  "/message", "\"Object is not valid\"");
}

static void s1_2_put_apps_honours_locks_unless_force(void **state)
{
    char id[64];

    marathon_create(*state, "/v2/apps/a", SLEEPER);
    marathon_begin(*state, "PUT /v2/apps/a", "{" STUCK "}", 200, id);
    marathon_says(*state, "PUT /v2/apps", "[{\"id\":\"/a\",\"instances\":2}]", 409,
                  "/deployments/0/id", "*");
    marathon_says(*state, "PUT /v2/apps?force=true", "[{\"id\":\"/a\",\"instances\":2}]", 200,
                  "/deploymentId", "*");
}

static void s1_2_patch_apps_takes_an_array_and_knows_all_ids(void **state)
{
    static const struct marathon_row rows[] = {
        {"PATCH /v2/apps", "[{\"id\":\"/x/a\",\"labels\":{\"n\":\"2\"}}]", 200, "/version", "*"},
        {"PATCH /v2/apps", "[{\"id\":\"/x/none\",\"instances\":1}]", 404, "/message",
         "\"App '/x/none' does not exist\""},
        {"PATCH /v2/apps", "{\"id\":\"/x/a\"}", 422, "/details/0/errors/0",
         "\"error.expected.jsarray\""},
    };

    marathon_change(*state, "PUT /v2/apps", TWO, 200);
    MARATHON_ROWS(*state, rows);
}

static void s1_2_patch_apps_honours_locks_unless_force(void **state)
{
    char id[64];

    marathon_create(*state, "/v2/apps/a", SLEEPER);
    marathon_begin(*state, "PUT /v2/apps/a", "{" STUCK "}", 200, id);
    marathon_says(*state, "PATCH /v2/apps", "[{\"id\":\"/a\",\"instances\":2}]", 409,
                  "/deployments/0/id", "*");
    marathon_says(*state, "PATCH /v2/apps?force=true", "[{\"id\":\"/a\",\"instances\":2}]", 200,
                  "/deploymentId", "*");
}

static void s1_2_get_app_embeds_counts_tasks_failure_and_deployments(void **state)
{
    static const struct marathon_row rows[] = {
        {"GET /v2/apps/a", NULL, 200, "/app/id", "\"/a\""},
        {"GET /v2/apps/a", NULL, 200, "/app/tasks/0/appId", "\"/a\""},
        {"GET /v2/apps/a", NULL, 200, "/app/lastTaskFailure/state", "\"TASK_FAILED\""},
        {"GET /v2/apps/a", NULL, 200, "/app/deployments", "*"},
        {"GET /v2/apps/a", NULL, 200, "/app/tasksStaged", "*"},
        {"GET /v2/apps/a", NULL, 200, "/app/readinessCheckResults", NULL},
        {"GET /v2/apps//a", NULL, 200, "/app/id", "\"/a\""}, /* §1.1: doubled slashes */
    };
    char id[64];

    marathon_begin(*state, "PUT /v2/apps/a",
                   "{\"cmd\":\"exit 1\",\"portDefinitions\":[],\"backoffSeconds\":3600,"
                   "\"maxLaunchDelaySeconds\":3600}",
                   201, id);
    lab_until_json(*state, "/v2/apps/a", "/app/lastTaskFailure/state", "\"TASK_FAILED\"");
    MARATHON_ROWS(*state, rows);
}

static void s1_2_get_app_ending_in_a_star_lists_the_group(void **state)
{
    static const struct marathon_row rows[] = {
        {"GET /v2/apps/x/*", NULL, 200, "/*/1/id", "*"},
        {"GET /v2/apps/x/*", NULL, 200, "/*/2", NULL},
        {"GET /v2/apps/none/*", NULL, 200, "/*", "[]"},
    };

    marathon_change(*state, "PUT /v2/apps", TWO, 200);
    marathon_create(*state, "/v2/apps/y", SLEEPER);
    MARATHON_ROWS(*state, rows);
}

static void s1_2_put_app_answers_201_for_a_new_one_and_200_for_an_update(void **state)
{
    ZDD_AUTO_JSON json_t *made =
        marathon_get(*state, "PUT /v2/apps/a", "{\"id\":\"/other\"," SLEEPER "}", 201);
    ZDD_AUTO_JSON json_t *changed = NULL;

    marathon_members(made, "version deploymentId");
    assert_true(lab_await(*state, marathon_text(made, "/deploymentId")));
    marathon_says(*state, "GET /v2/apps/a", NULL, 200, "/app/id", "\"/a\""); /* the path wins */
    marathon_says(*state, "GET /v2/apps/other", NULL, 404, NULL, NULL);
    changed = marathon_get(*state, "PUT /v2/apps/a", "{\"instances\":2}", 200);
    marathon_members(changed, "version deploymentId");
}

static void s1_2_put_app_is_partial_unless_told_otherwise(void **state)
{
    marathon_create(*state, "/v2/apps/a", SLEEPER ",\"labels\":{\"a\":\"1\",\"b\":\"2\"}");
    marathon_change(*state, "PUT /v2/apps/a", "{\"labels\":{\"c\":\"3\"}}", 200);
    marathon_says(*state, "GET /v2/apps/a", NULL, 200, "/app/labels", "{\"c\":\"3\"}");
    marathon_says(*state, "GET /v2/apps/a", NULL, 200, "/app/cmd", "\"exec sleep 1000\"");
    marathon_change(*state, "PUT /v2/apps/a?partialUpdate=false", "{" SLEEPER "}", 200);
    marathon_says(*state, "GET /v2/apps/a", NULL, 200, "/app/labels", "{}");
}

static void s1_2_put_app_with_force_overrides_the_lock(void **state)
{
    char old[64];

    marathon_create(*state, "/v2/apps/a", SLEEPER);
    marathon_begin(*state, "PUT /v2/apps/a", "{" STUCK "}", 200, old);
    marathon_says(*state, "PUT /v2/apps/a", "{\"instances\":3}", 409, "/deployments/0/id", "*");
    marathon_change(*state, "PUT /v2/apps/a?force=true", "{\"healthChecks\":[]}", 200);
    assert_false(lab_await(*state, old));
}

static void s1_2_patch_app_changes_and_knows_the_app(void **state)
{
    marathon_create(*state, "/v2/apps/a", SLEEPER);
    marathon_says(*state, "PATCH /v2/apps/a", "{\"labels\":{\"a\":\"b\"}}", 200, "/deploymentId",
                  "*");
    marathon_says(*state, "PATCH /v2/apps/none", "{\"instances\":1}", 404, "/message",
                  "\"App '/none' does not exist\"");
}

static void s1_2_patch_of_an_unknown_app_may_be_422_first(void **state)
{
    marathon_says(*state, "PATCH /v2/apps/none", "{\"instances\":\"one\"}", 422, "/message",
                  "\"Invalid JSON\"");
}

static void s1_2_delete_app_answers_a_result_and_404(void **state)
{
    ZDD_AUTO_JSON json_t *result = NULL;

    marathon_create(*state, "/v2/apps/a", SLEEPER);
    result = marathon_get(*state, "DELETE /v2/apps/a", NULL, 200);
    marathon_members(result, "version deploymentId");
    marathon_says(*state, "DELETE /v2/apps/a", NULL, 404, "/message",
                  "\"App '/a' does not exist\"");
}

static void s1_2_delete_app_forces_by_default(void **state)
{
    char id[64];

    marathon_create(*state, "/v2/apps/a", SLEEPER);
    marathon_begin(*state, "PUT /v2/apps/a", "{" STUCK "}", 200, id);
    marathon_says(*state, "DELETE /v2/apps/a?force=false", NULL, 409, "/deployments/0/id", "*");
    marathon_says(*state, "DELETE /v2/apps/a", NULL, 200, "/deploymentId", "*");
    assert_false(lab_await(*state, id));
}

static void s1_2_post_restart_makes_a_new_version_and_replaces_all_tasks(void **state)
{
    ZDD_AUTO_JSON json_t *before = NULL;
    ZDD_AUTO_JSON json_t *after = NULL;
    ZDD_AUTO_JSON json_t *result = NULL;

    marathon_create(*state, "/v2/apps/a", SLEEPER);
    before = marathon_get(*state, "GET /v2/apps/a", NULL, 200);
    result = marathon_get(*state, "POST /v2/apps/a/restart", NULL, 200);
    marathon_members(result, "version deploymentId");
    assert_true(lab_await(*state, marathon_text(result, "/deploymentId")));
    after = marathon_get(*state, "GET /v2/apps/a", NULL, 200);
    assert_string_equal(marathon_text(after, "/app/version"), marathon_text(result, "/version"));
    assert_string_not_equal(marathon_text(after, "/app/tasks/0/id"),
                            marathon_text(before, "/app/tasks/0/id"));
    marathon_says(*state, "POST /v2/apps/none/restart", NULL, 404, NULL, NULL);
}

static void s1_2_post_restart_honours_locks_unless_force(void **state)
{
    char id[64];

    marathon_create(*state, "/v2/apps/a", SLEEPER);
    marathon_begin(*state, "PUT /v2/apps/a", "{" STUCK "}", 200, id);
    marathon_says(*state, "POST /v2/apps/a/restart", NULL, 409, "/deployments/0/id", "*");
    marathon_says(*state, "POST /v2/apps/a/restart?force=true", NULL, 200, "/deploymentId", "*");
}

static void s1_2_get_versions_keeps_at_most_50(void **state)
{
    ZDD_AUTO_JSON json_t *answer = NULL;
    char body[100];

    marathon_create(*state, "/v2/apps/a", SLEEPER ",\"instances\":0");
    for (int i = 0; i < 52; i++) {
        snprintf(body, sizeof(body), "{\"labels\":{\"n\":\"%d\"}}", i);
        marathon_change(*state, "PUT /v2/apps/a", body, 200);
    }
    answer = marathon_get(*state, "GET /v2/apps/a/versions", NULL, 200);
    marathon_members(answer, "versions");
    assert_int_equal(json_array_size(json_object_get(answer, "versions")), 50);
}

static void s1_2_get_version_is_a_bare_app(void **state)
{
    ZDD_AUTO_JSON json_t *versions = NULL;
    char call[200];

    marathon_create(*state, "/v2/apps/a", SLEEPER);
    versions = marathon_get(*state, "GET /v2/apps/a/versions", NULL, 200);
    snprintf(call, sizeof(call), "GET /v2/apps/a/versions/%s",
             marathon_text(versions, "/versions/0"));
    marathon_says(*state, call, NULL, 200, "/id", "\"/a\"");
    marathon_says(*state, call, NULL, 200, "/app", NULL);
    marathon_says(*state, "GET /v2/apps/a/versions/2001-01-01T00:00:00.000Z", NULL, 404, "/message",
                  "*");
    marathon_says(*state, "GET /v2/apps/a/versions/yesterday", NULL, 422, "/details", NULL);
}

static void s1_2_get_app_tasks_and_of_a_group(void **state)
{
    marathon_change(*state, "PUT /v2/apps", TWO, 200);
    marathon_says(*state, "GET /v2/apps/x/a/tasks", NULL, 200, "/tasks/0/appId", "\"/x/a\"");
    marathon_says(*state, "GET /v2/apps/x/a/tasks", NULL, 200, "/tasks/1", NULL);
    marathon_says(*state, "GET /v2/apps/x/*/tasks", NULL, 200, "/tasks/1/id", "*");
    marathon_says(*state, "GET /v2/apps/none/tasks", NULL, 404, NULL, NULL);
}

static void s1_2_delete_app_tasks_by_host(void **state)
{
    marathon_create(*state, "/v2/apps/a", SLEEPER ",\"instances\":2");
    marathon_says(*state, "DELETE /v2/apps/a/tasks?host=elsewhere", NULL, 200, "/tasks", "[]");
    marathon_says(*state, "DELETE /v2/apps/a/tasks?host=*", NULL, 200, "/tasks/1/id", "*");
    marathon_says(*state, "DELETE /v2/apps/none/tasks", NULL, 404, NULL, NULL);
}

static void s1_2_delete_app_tasks_with_scale_answers_a_result(void **state)
{
    ZDD_AUTO_JSON json_t *result = NULL;

    marathon_create(*state, "/v2/apps/a", SLEEPER ",\"instances\":2");
    result = marathon_get(*state, "DELETE /v2/apps/a/tasks?scale=true", NULL, 200);
    marathon_members(result, "version deploymentId");
    assert_true(lab_await(*state, marathon_text(result, "/deploymentId")));
    marathon_says(*state, "GET /v2/apps/a", NULL, 200, "/app/instances", "0");
}

static void s1_2_delete_app_tasks_with_scale_and_wipe_is_400(void **state)
{
    marathon_create(*state, "/v2/apps/a", SLEEPER);
    marathon_says(*state, "DELETE /v2/apps/a/tasks?scale=true&wipe=true", NULL, 400, "/message",
                  "*");
    marathon_says(*state, "POST /v2/tasks/delete?scale=true&wipe=true", "{\"ids\":[]}", 400,
                  "/message", "*");
}

static void s1_2_delete_app_tasks_with_wipe_answers_when_they_are_gone(void **state)
{
    ZDD_AUTO_JSON json_t *killed = NULL;
    ZDD_AUTO_JSON json_t *events = NULL;

    marathon_create(*state, "/v2/apps/a", SLEEPER ",\"instances\":2");
    killed = marathon_get(*state, "DELETE /v2/apps/a/tasks?wipe=true", NULL, 200);
    assert_int_equal(json_array_size(json_object_get(killed, "tasks")), 2);
    events = marathon_since(*state, 0);
    assert_int_equal(lab_count(events, "status_update_event", "taskStatus", "TASK_KILLED"), 2);
    lab_until_json(*state, "/v2/apps/a", "/app/tasksRunning", "2"); /* others */
}

static void s1_2_delete_task_answers_the_task_or_a_result(void **state)
{
    ZDD_AUTO_JSON json_t *tasks = NULL;
    char call[300];

    marathon_create(*state, "/v2/apps/a", SLEEPER ",\"instances\":2");
    tasks = marathon_get(*state, "GET /v2/apps/a/tasks", NULL, 200);
    snprintf(call, sizeof(call), "DELETE /v2/apps/a/tasks/%s", marathon_text(tasks, "/tasks/0/id"));
    marathon_says(*state, call, NULL, 200, "/task/appId", "\"/a\"");
    snprintf(call, sizeof(call), "DELETE /v2/apps/a/tasks/%s?scale=true",
             marathon_text(tasks, "/tasks/1/id"));
    marathon_says(*state, call, NULL, 200, "/deploymentId", "*");
    marathon_says(*state, "DELETE /v2/apps/a/tasks/none.x", NULL, 404, NULL, NULL);
    marathon_says(*state, "DELETE /v2/apps/none/tasks/none.x", NULL, 404, NULL, NULL);
}

static void s1_2_delete_task_with_wipe_answers_when_it_is_gone(void **state)
{
    ZDD_AUTO_JSON json_t *tasks = NULL;
    ZDD_AUTO_JSON json_t *events = NULL;
    char call[300];

    marathon_create(*state, "/v2/apps/a", SLEEPER);
    tasks = marathon_get(*state, "GET /v2/apps/a/tasks", NULL, 200);
    snprintf(call, sizeof(call), "DELETE /v2/apps/a/tasks/%s?wipe=true",
             marathon_text(tasks, "/tasks/0/id"));
    marathon_says(*state, call, NULL, 200, "/task/appId", "\"/a\"");
    events = marathon_since(*state, 0);
    assert_int_equal(lab_count(events, "status_update_event", "taskStatus", "TASK_KILLED"), 1);
}

static void s1_2_get_tasks_filters_by_status_and_ignores_unknown_ones(void **state)
{
    static const struct marathon_row rows[] = {
        {"GET /v2/tasks", NULL, 200, "/tasks/0/state", "\"TASK_RUNNING\""},
        {"GET /v2/tasks?status=running", NULL, 200, "/tasks/0/state", "\"TASK_RUNNING\""},
        {"GET /v2/tasks?status[]=running&status[]=staging", NULL, 200, "/tasks/0/id", "*"},
        {"GET /v2/tasks?status=staging", NULL, 200, "/tasks", "[]"},
        {"GET /v2/tasks?status=asleep", NULL, 200, "/tasks/0/id", "*"},
    };

    marathon_create(*state, "/v2/apps/a", SLEEPER);
    MARATHON_ROWS(*state, rows);
}

static void s1_2_get_tasks_is_json_only(void **state)
{
    char *text = marathon_bytes(*state, "GET /v2/tasks", NULL, "Accept: text/plain\r\n");

    assert_int_equal(strncmp(text, "HTTP/1.1 406 ", 13), 0);
    free(text);
}

static void s1_2_post_tasks_delete_kills_by_id_and_skips_unknown_ones(void **state)
{
    ZDD_AUTO_JSON json_t *tasks = NULL;
    char body[400];

    marathon_create(*state, "/v2/apps/a", SLEEPER ",\"instances\":2");
    tasks = marathon_get(*state, "GET /v2/tasks", NULL, 200);
    snprintf(body, sizeof(body), "{\"ids\":[\"%s\",\"a.none\"]}",
             marathon_text(tasks, "/tasks/0/id"));
    marathon_says(*state, "POST /v2/tasks/delete", body, 200, "/tasks/0/appId", "\"/a\"");
    marathon_says(*state, "POST /v2/tasks/delete", "{\"ids\":[\"a.none\"]}", 200, "/tasks", "[]");
    marathon_says(*state, "POST /v2/tasks/delete", "{\"ids\":[\"nonsense\"]}", 400, "/message",
                  "*");
}

static void s1_2_post_tasks_delete_with_scale_answers_a_result(void **state)
{
    ZDD_AUTO_JSON json_t *tasks = NULL;
    char body[400];

    marathon_create(*state, "/v2/apps/a", SLEEPER ",\"instances\":2");
    tasks = marathon_get(*state, "GET /v2/tasks", NULL, 200);
    snprintf(body, sizeof(body), "{\"ids\":[\"%s\"]}", marathon_text(tasks, "/tasks/0/id"));
    marathon_change(*state, "POST /v2/tasks/delete?scale=true", body, 200);
    marathon_says(*state, "GET /v2/apps/a", NULL, 200, "/app/instances", "1");
}

static void s1_2_get_deployments_is_an_array(void **state)
{
    char id[64];

    marathon_says(*state, "GET /v2/deployments", NULL, 200, "", "[]");
    marathon_create(*state, "/v2/apps/a", SLEEPER);
    marathon_begin(*state, "PUT /v2/apps/a", "{" STUCK "}", 200, id);
    lab_until_json(*state, "/v2/deployments", "/0/affectedApps/0", "\"/a\"");
}

static void s1_2_delete_deployment_rolls_back_by_a_new_one(void **state)
{
    ZDD_AUTO_JSON json_t *result = NULL;
    char call[120];
    char id[64];

    marathon_create(*state, "/v2/apps/a", SLEEPER);
    marathon_begin(*state, "PUT /v2/apps/a", "{" STUCK "}", 200, id);
    snprintf(call, sizeof(call), "DELETE /v2/deployments/%s", id);
    result = marathon_get(*state, call, NULL, 200);
    marathon_members(result, "version deploymentId");
    assert_string_not_equal(marathon_text(result, "/deploymentId"), id);
    assert_true(lab_await(*state, marathon_text(result, "/deploymentId")));
}

static void s1_2_delete_deployment_by_force_is_202_without_a_body(void **state)
{
    char call[120];
    char id[64];
    char *text;

    marathon_create(*state, "/v2/apps/a", SLEEPER);
    marathon_begin(*state, "PUT /v2/apps/a", "{" STUCK "}", 200, id);
    snprintf(call, sizeof(call), "DELETE /v2/deployments/%s?force=true", id);
    text = marathon_bytes(*state, call, NULL, "");
    assert_int_equal(strncmp(text, "HTTP/1.1 202 ", 13), 0);
    assert_string_equal(strstr(text, "\r\n\r\n"), "\r\n\r\n");
    free(text);
    marathon_says(*state, call, NULL, 404, "/message", "*");
}

static void s1_2_get_of_one_deployment_is_405(void **state)
{
    marathon_says(*state, "GET /v2/deployments/3f0c6c1e-0a61-4c55-a3f2-9b1f7a2b7d11", NULL, 405,
                  "/message", "*");
}

static void s1_2_get_groups_embeds_all_unless_asked_otherwise(void **state)
{
    static const struct marathon_row rows[] = {
        {"GET /v2/groups", NULL, 200, "/groups/0/apps/1/id", "*"},
        {"GET /v2/groups", NULL, 200, "/groups/0/apps/0/tasks", NULL},
        {"GET /v2/groups/x", NULL, 200, "/id", "\"/x\""},
        {"GET /v2/groups/x?embed=group.groups", NULL, 200, "/apps", "[]"},
        {"GET /v2/groups?embed=group.apps", NULL, 200, "/groups", "[]"},
        {"GET /v2/groups/x?embed=group.apps&embed=group.apps.tasks", NULL, 200,
         "/apps/0/tasks/0/state", "\"TASK_RUNNING\""},
        {"GET /v2/groups/x/apps", NULL, 200, "/1/id", "*"},
        {"GET /v2/groups/none", NULL, 404, "/message", "\"Group '/none' does not exist\""},
    };

    marathon_change(*state, "PUT /v2/apps", TWO, 200);
    MARATHON_ROWS(*state, rows);
}

static void s1_2_get_groups_versions_and_one_of_them(void **state)
{
    ZDD_AUTO_JSON json_t *versions = NULL;
    char call[200];

    marathon_create(*state, "/v2/apps/x/a", SLEEPER ",\"instances\":2");
    marathon_change(*state, "PUT /v2/apps/x/a", "{\"instances\":1}", 200);
    versions = marathon_get(*state, "GET /v2/groups/versions", NULL, 200);
    assert_int_equal(json_array_size(versions), 2);
    snprintf(call, sizeof(call), "GET /v2/groups/versions/%s", marathon_text(versions, "/1"));
    marathon_says(*state, call, NULL, 200, "/groups/0/apps/0/instances", "2");
    snprintf(call, sizeof(call), "GET /v2/groups/x/versions/%s", marathon_text(versions, "/1"));
    marathon_says(*state, call, NULL, 200, "/apps/0/instances", "2");
    marathon_says(*state, "GET /v2/groups/x/versions/2001-01-01T00:00:00.000Z", NULL, 404, NULL,
                  NULL);
    marathon_says(*state, "GET /v2/groups/versions/yesterday", NULL, 422, NULL, NULL);
    marathon_says(*state, "GET /v2/groups/none/versions", NULL, 404, NULL, NULL);
}

static void s1_2_post_groups_creates_and_refuses_what_is_there(void **state)
{
    ZDD_AUTO_JSON json_t *result = marathon_get(
        *state, "POST /v2/groups", "{\"id\":\"/x\",\"apps\":[{\"id\":\"a\"," SLEEPER "}]}", 201);

    marathon_members(result, "version deploymentId");
    assert_true(lab_await(*state, marathon_text(result, "/deploymentId")));
    marathon_says(*state, "POST /v2/groups", "{\"id\":\"/x\"}", 409, "/deployments", NULL);
    marathon_says(*state, "POST /v2/groups", "{\"id\":\"/x/a\"}", 409, "/deployments", NULL);
}

static void s1_2_put_groups_changes_and_a_dry_run_only_tells(void **state)
{
    marathon_change(*state, "PUT /v2/groups/x", "{\"apps\":[{\"id\":\"a\"," SLEEPER "}]}", 200);
    marathon_says(*state, "PUT /v2/groups/x?dryRun=true", "{\"apps\":[]}", 200,
                  "/steps/0/actions/0/action", "\"StopApplication\"");
    marathon_says(*state, "GET /v2/apps/x/a", NULL, 200, "/app/id", "*");
}

static void s1_2_put_groups_with_scale_by_scales_all_apps(void **state)
{
    marathon_change(*state, "PUT /v2/apps", TWO, 200);
    marathon_change(*state, "PUT /v2/groups/x", "{\"scaleBy\":2}", 200);
    marathon_says(*state, "GET /v2/apps/x/a", NULL, 200, "/app/instances", "2");
    marathon_says(*state, "GET /v2/apps/x/b", NULL, 200, "/app/instances", "2");
}

static void s1_2_put_groups_with_version_brings_the_group_back(void **state)
{
    ZDD_AUTO_JSON json_t *versions = NULL;
    char body[100];

    marathon_change(*state, "PUT /v2/apps", TWO, 200);
    versions = marathon_get(*state, "GET /v2/groups/versions", NULL, 200);
    marathon_change(*state, "DELETE /v2/apps/x/a", NULL, 200);
    marathon_change(*state, "PUT /v2/apps/x/b", "{\"instances\":2}", 200);
    snprintf(body, sizeof(body), "{\"version\":\"%s\"}", marathon_text(versions, "/0"));
    marathon_change(*state, "PUT /v2/groups/x", body, 200);
    marathon_says(*state, "GET /v2/apps/x/a", NULL, 200, "/app/id", "*");
    marathon_says(*state, "GET /v2/apps/x/b", NULL, 200, "/app/instances", "1");
    marathon_says(*state, "PUT /v2/groups/x", "{\"version\":\"2001-01-01T00:00:00.000Z\"}", 404,
                  NULL, NULL);
}

static void s1_2_delete_groups_stops_all_apps_and_honours_locks_by_default(void **state)
{
    char id[64];

    marathon_change(*state, "PUT /v2/apps", TWO, 200);
    marathon_begin(*state, "PUT /v2/apps/x/a", "{" STUCK "}", 200, id);
    marathon_says(*state, "DELETE /v2/groups/x", NULL, 409, "/deployments/0/id", "*");
    marathon_change(*state, "DELETE /v2/groups/x?force=true", NULL, 200);
    marathon_says(*state, "GET /v2/apps", NULL, 200, "/apps", "[]");
    marathon_says(*state, "DELETE /v2/groups/x", NULL, 404, "/message",
                  "\"Group '/x' does not exist\"");
}

static void s1_2_get_queue_shows_what_waits(void **state)
{
    static const char *const small[] = {"--speed", "100", "--max-instances", "1", NULL};
    struct lab *lab = marathon_other(state, small);
    char id[64];

    marathon_says(lab, "GET /v2/queue", NULL, 200, "/queue", "[]");
    marathon_begin(lab, "PUT /v2/apps/a", "{" SLEEPER ",\"instances\":3}", 201, id);
    lab_until_json(lab, "/v2/queue", "/queue/0/count", "2");
    marathon_says(lab, "GET /v2/queue", NULL, 200, "/queue/0/app/id", "\"/a\"");
}

static void s1_2_delete_queue_delay_is_204_or_404(void **state)
{
    char id[64];

    marathon_begin(*state, "PUT /v2/apps/a",
                   "{\"cmd\":\"exit 1\",\"portDefinitions\":[],\"backoffSeconds\":3600,"
                   "\"maxLaunchDelaySeconds\":3600}",
                   201, id);
    lab_until_json(*state, "/v2/queue", "/queue/0/delay/overdue", "false");
    marathon_says(*state, "DELETE /v2/queue/a/delay", NULL, 204, NULL, NULL);
    marathon_create(*state, "/v2/apps/b", SLEEPER);
    marathon_says(*state, "DELETE /v2/queue/b/delay", NULL, 404, "/message", "*");
}

static void s1_2_get_info_names_marathon_and_its_leader(void **state)
{
    struct lab *lab = *state;
    ZDD_AUTO_JSON json_t *info = marathon_get(lab, "GET /v2/info", NULL, 200);
    char leader[64];

    marathon_members(info, "name version buildref elected leader frameworkId marathon_config "
                           "zookeeper_config http_config");
    snprintf(leader, sizeof(leader), "\"127.0.0.1:%u\"", lab->run.port);
    marathon_at(info, "/name", "\"marathon\"");
    marathon_at(info, "/elected", "true");
    marathon_at(info, "/leader", leader);
}

static void s1_2_get_leader_and_delete_makes_another(void **state)
{
    struct lab *lab = *state;
    char leader[64];

    snprintf(leader, sizeof(leader), "\"127.0.0.1:%u\"", lab->run.port);
    marathon_says(lab, "GET /v2/leader", NULL, 200, "/leader", leader);
    marathon_says(lab, "DELETE /v2/leader", NULL, 200, "/message", "*");
    lab_until_json(lab, "/lab/state", "/streams", "0"); /* the new leader has closed them */
}

/* @return the status of GET /ping with this Accept; the body is in @p ret_body */
static long ping(struct lab *lab, const char *accept, char ret_body[static 64])
{
    char headers[100];
    char *text;
    long status;

    snprintf(headers, sizeof(headers), "Accept: %s\r\n", accept);
    text = marathon_bytes(lab, "GET /ping", NULL, headers);
    status = strtol(text + 9, NULL, 10);
    snprintf(ret_body, 64, "%s", strstr(text, "\r\n\r\n") + 4);
    free(text);
    return status;
}

static void s1_2_ping_is_text_json_or_204_as_asked(void **state)
{
    char body[64];

    assert_int_equal(ping(*state, "*/*", body), 200);
    assert_string_equal(body, "pong");
    assert_int_equal(ping(*state, "application/json", body), 200);
    assert_string_equal(body, "\"pong\"");
    assert_int_equal(ping(*state, "image/png", body), 204);
    assert_string_equal(body, "");
}

static void s1_2_metrics_are_json_or_prometheus_text(void **state)
{
    char *text = marathon_bytes(*state, "GET /metrics/prometheus", NULL, "");

    marathon_says(*state, "GET /metrics", NULL, 200, "/gauges", "*");
    assert_int_equal(strncmp(text, "HTTP/1.1 200 ", 13), 0);
    assert_non_null(strstr(text, "Content-Type: text/plain"));
    assert_non_null(strstr(text, "\nmarathon_instances_running_gauge 0\n"));
    free(text);
}

static void s1_2_the_root_leads_to_the_ui(void **state)
{
    char *text = marathon_bytes(*state, "GET /", NULL, "");

    assert_int_equal(strncmp(text, "HTTP/1.1 302 ", 13), 0);
    assert_non_null(strstr(text, "/ui/\r\n"));
    free(text);
}

static void s1_2_there_are_no_plugins_and_no_pods(void **state)
{
    static const struct marathon_row rows[] = {
        {"GET /v2/plugins", NULL, 200, "/plugins", "[]"},
        {"GET /v2/pods", NULL, 200, "", "[]"},
        {"GET /v2/pods/::status", NULL, 200, "", "[]"},
        {"GET /v2/pods/p", NULL, 404, "/message", "\"Pod '/p' does not exist\""},
        {"GET /v2/pods/p::status", NULL, 404, "/message", "*"},
        {"DELETE /v2/pods/p", NULL, 404, "/message", "\"Pod '/p' does not exist\""},
        {"POST /v2/pods", "{\"id\":\"/p\",\"containers\":[]}", 422, "/details/0/path",
         "\"/containers\""},
        {"PUT /v2/pods/p", "{\"id\":\"/p\"}", 422, "/message", "\"Object is not valid\""},
        {"POST /v2/pods", "[]", 422, "/message", "\"Invalid JSON\""},
        {"GET /v2/eventSubscriptions", NULL, 500, "/message", "*"}, /* up to 1.4 only */
    };

    MARATHON_ROWS(*state, rows);
}

static void s1_2_embed_tokens_with_each_prefix(void **state)
{
    static const struct marathon_row rows[] = {
        {"GET /v2/apps?embed=apps.tasks", NULL, 200, "/apps/0/tasks/0/id", "*"},
        {"GET /v2/apps?embed=app.tasks", NULL, 200, "/apps/0/tasks/0/id", "*"},
        {"GET /v2/apps?embed=group.apps.tasks", NULL, 200, "/apps/0/tasks/0/id", "*"},
        {"GET /v2/apps?embed=tasks", NULL, 200, "/apps/0/tasks/0/id", "*"},
        {"GET /v2/apps?embed=apps.deployments", NULL, 200, "/apps/0/deployments", "[]"},
        {"GET /v2/apps?embed=apps.readiness", NULL, 200, "/apps/0/readinessCheckResults", "[]"},
        {"GET /v2/apps?embed=apps.failures", NULL, 200, "/apps/0/tasks/0/id", "*"},
        {"GET /v2/apps?embed=apps.counts", NULL, 200, "/apps/0/tasksRunning", "1"},
        {"GET /v2/apps?embed=apps.nonsense", NULL, 200, "/apps/0/tasks", NULL},
    };

    marathon_create(*state, "/v2/apps/a", SLEEPER);
    MARATHON_ROWS(*state, rows);
}

static void s1_2_embed_last_task_failure_where_there_is_one(void **state)
{
    char id[64];

    marathon_begin(*state, "PUT /v2/apps/a",
                   "{\"cmd\":\"exit 3\",\"portDefinitions\":[],\"backoffSeconds\":3600,"
                   "\"maxLaunchDelaySeconds\":3600}",
                   201, id);
    lab_until_json(*state, "/v2/apps?embed=apps.lastTaskFailure", "/apps/0/lastTaskFailure/message",
                   "\"Command exited with status 3\"");
    marathon_says(*state, "GET /v2/apps", NULL, 200, "/apps/0/lastTaskFailure", NULL);
}

static void s1_2_embed_task_stats_lands_in_tasks_stats(void **state)
{
    ZDD_AUTO_JSON json_t *apps = NULL;

    marathon_create(*state, "/v2/apps/a", SLEEPER);
    marathon_change(*state, "PUT /v2/apps/a", "{\"instances\":2}", 200);
    apps = marathon_get(*state, "GET /v2/apps?embed=apps.taskStats", NULL, 200);
    marathon_at(apps, "/apps/0/taskStats", NULL);
    marathon_members(zdd_json_at(apps, "/apps/0/tasksStats"),
                     "startedAfterLastScaling withLatestConfig totalSummary");
    marathon_at(apps, "/apps/0/tasksStats/startedAfterLastScaling/stats/counts",
                "{\"staged\":0,\"running\":1,\"healthy\":0,\"unhealthy\":0}");
    marathon_at(apps, "/apps/0/tasksStats/totalSummary/stats/counts",
                "{\"staged\":0,\"running\":2,\"healthy\":0,\"unhealthy\":0}");
    marathon_members(zdd_json_at(apps, "/apps/0/tasksStats/totalSummary/stats/lifeTime"),
                     "averageSeconds medianSeconds");
}

static void s1_2_embed_task_stats_tell_outdated_tasks_apart(void **state)
{
    char id[64];

    marathon_create(*state, "/v2/apps/a", SLEEPER);
    marathon_begin(*state, "PUT /v2/apps/a", "{" STUCK "}", 200, id);
    lab_until_json(*state, "/v2/apps/a?embed=app.taskStats",
                   "/app/tasksStats/withLatestConfig/stats/counts/running", "1");
    marathon_says(*state, "GET /v2/apps/a?embed=app.taskStats", NULL, 200,
                  "/app/tasksStats/withOutdatedConfig/stats/counts/running", "1");
}

static void s1_2_label_selectors_of_every_kind(void **state)
{
    static const struct marathon_row rows[] = {
        {"GET /v2/apps?label=k", NULL, 200, "/apps/0/id", "*"},
        {"GET /v2/apps?label=k==v", NULL, 200, "/apps/0/id", "*"},
        {"GET /v2/apps?label=k!=v", NULL, 200, "/apps", "[]"},
        {"GET /v2/apps?label=k!=w", NULL, 200, "/apps/0/id", "*"},
        {"GET /v2/apps?label=none!=w", NULL, 200, "/apps", "[]"}, /* the key must exist */
        {"GET /v2/apps?label=k+in+(u,v)", NULL, 200, "/apps/0/id", "*"},
        {"GET /v2/apps?label=k+notin+(u,v)", NULL, 200, "/apps", "[]"},
        {"GET /v2/apps?label=none+notin+(u)", NULL, 200, "/apps", "[]"},
        {"GET /v2/apps?label=k==v,l==w", NULL, 200, "/apps", "[]"},
        {"GET /v2/apps?label=k==v,s", NULL, 200, "/apps/0/id", "*"},
        {"GET /v2/apps?label=s==a%5C%20b", NULL, 200, "/apps/0/id", "*"},
        {"GET /v2/apps?label=k+in+(u", NULL, 422, "/message", "*"},
    };

    marathon_create(*state, "/v2/apps/a", SLEEPER ",\"labels\":{\"k\":\"v\",\"s\":\"a b\"}");
    MARATHON_ROWS(*state, rows);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        MARATHON_TEST(s1_2_get_apps_filters_by_cmd_id_and_label_and_counts_always),
        MARATHON_TEST(s1_2_post_apps_answers_201_with_the_app_its_deployment_and_counts_0),
        MARATHON_TEST(s1_2_post_apps_names_the_deployment_and_a_location_without_v2),
        MARATHON_TEST(s1_2_put_apps_takes_an_array_creates_and_posts_no_event),
        MARATHON_TEST(s1_2_put_apps_with_partial_update_false_wants_whole_apps),
        MARATHON_TEST(s1_2_put_apps_honours_locks_unless_force),
        MARATHON_TEST(s1_2_patch_apps_takes_an_array_and_knows_all_ids),
        MARATHON_TEST(s1_2_patch_apps_honours_locks_unless_force),
        MARATHON_TEST(s1_2_get_app_embeds_counts_tasks_failure_and_deployments),
        MARATHON_TEST(s1_2_get_app_ending_in_a_star_lists_the_group),
        MARATHON_TEST(s1_2_put_app_answers_201_for_a_new_one_and_200_for_an_update),
        MARATHON_TEST(s1_2_put_app_is_partial_unless_told_otherwise),
        MARATHON_TEST(s1_2_put_app_with_force_overrides_the_lock),
        MARATHON_TEST(s1_2_patch_app_changes_and_knows_the_app),
        MARATHON_TEST(s1_2_patch_of_an_unknown_app_may_be_422_first),
        MARATHON_TEST(s1_2_delete_app_answers_a_result_and_404),
        MARATHON_TEST(s1_2_delete_app_forces_by_default),
        MARATHON_TEST(s1_2_post_restart_makes_a_new_version_and_replaces_all_tasks),
        MARATHON_TEST(s1_2_post_restart_honours_locks_unless_force),
        MARATHON_TEST(s1_2_get_versions_keeps_at_most_50),
        MARATHON_TEST(s1_2_get_version_is_a_bare_app),
        MARATHON_TEST(s1_2_get_app_tasks_and_of_a_group),
        MARATHON_TEST(s1_2_delete_app_tasks_by_host),
        MARATHON_TEST(s1_2_delete_app_tasks_with_scale_answers_a_result),
        MARATHON_TEST(s1_2_delete_app_tasks_with_scale_and_wipe_is_400),
        MARATHON_TEST(s1_2_delete_app_tasks_with_wipe_answers_when_they_are_gone),
        MARATHON_TEST(s1_2_delete_task_answers_the_task_or_a_result),
        MARATHON_TEST(s1_2_delete_task_with_wipe_answers_when_it_is_gone),
        MARATHON_TEST(s1_2_get_tasks_filters_by_status_and_ignores_unknown_ones),
        MARATHON_TEST(s1_2_get_tasks_is_json_only),
        MARATHON_TEST(s1_2_post_tasks_delete_kills_by_id_and_skips_unknown_ones),
        MARATHON_TEST(s1_2_post_tasks_delete_with_scale_answers_a_result),
        MARATHON_TEST(s1_2_get_deployments_is_an_array),
        MARATHON_TEST(s1_2_delete_deployment_rolls_back_by_a_new_one),
        MARATHON_TEST(s1_2_delete_deployment_by_force_is_202_without_a_body),
        MARATHON_TEST(s1_2_get_of_one_deployment_is_405),
        MARATHON_TEST(s1_2_get_groups_embeds_all_unless_asked_otherwise),
        MARATHON_TEST(s1_2_get_groups_versions_and_one_of_them),
        MARATHON_TEST(s1_2_post_groups_creates_and_refuses_what_is_there),
        MARATHON_TEST(s1_2_put_groups_changes_and_a_dry_run_only_tells),
        MARATHON_TEST(s1_2_put_groups_with_scale_by_scales_all_apps),
        MARATHON_TEST(s1_2_put_groups_with_version_brings_the_group_back),
        MARATHON_TEST(s1_2_delete_groups_stops_all_apps_and_honours_locks_by_default),
        MARATHON_TEST(s1_2_get_queue_shows_what_waits),
        MARATHON_TEST(s1_2_delete_queue_delay_is_204_or_404),
        MARATHON_TEST(s1_2_get_info_names_marathon_and_its_leader),
        MARATHON_TEST(s1_2_get_leader_and_delete_makes_another),
        MARATHON_TEST(s1_2_ping_is_text_json_or_204_as_asked),
        MARATHON_TEST(s1_2_metrics_are_json_or_prometheus_text),
        MARATHON_TEST(s1_2_the_root_leads_to_the_ui),
        MARATHON_TEST(s1_2_there_are_no_plugins_and_no_pods),
        MARATHON_TEST(s1_2_embed_tokens_with_each_prefix),
        MARATHON_TEST(s1_2_embed_last_task_failure_where_there_is_one),
        MARATHON_TEST(s1_2_embed_task_stats_lands_in_tasks_stats),
        MARATHON_TEST(s1_2_embed_task_stats_tell_outdated_tasks_apart),
        MARATHON_TEST(s1_2_label_selectors_of_every_kind),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
