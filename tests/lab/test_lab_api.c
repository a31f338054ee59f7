/**
 * @file tests/lab/test_lab_api.c
 * @brief Writing and reading apps and groups over HTTP, refusals, and faults in answers
 * (marathon.md §1).
 */
#include "tests/support/spec.h"

#include "tests/lab/lab.h"

#include "server/base/clock.h"

#include <stdio.h>
#include <string.h>

static const char *const fast[] = {"--speed", "100", NULL};
static const char sleeper[] = "{\"cmd\":\"exec sleep 1000\",\"portDefinitions\":[]}";

static void create(struct lab *lab, const char *path, const char *body)
{
    char id[64];

    assert_int_equal(lab_change(lab, "PUT", path, body, id), 201);
    assert_true(lab_await(lab, id));
}

static void refusals_have_marathons_shapes(void **state)
{
    static const struct {
        const char *method, *path, *body;
        long status;
        const char *pointer, *text; /* what the answer says where */
    } rows[] = {
        {"GET", "/v2/nothing", NULL, 500, "/message", "URI not found: /v2/nothing"},
        {"DELETE", "/v2/info", NULL, 405, "/message", "Method Not Allowed"},
        {"GET", "/v2/apps/none", NULL, 404, "/message", "App '/none' does not exist"},
        {"PATCH", "/v2/apps/none", "{}", 404, "/message", "App '/none' does not exist"},
        {"DELETE", "/v2/apps/none", NULL, 404, "/message", "App '/none' does not exist"},
        {"POST", "/v2/apps/none/restart", NULL, 404, "/message", "App '/none' does not exist"},
        {"POST", "/v2/apps", "{\"id\":\"/a\"", 400, "/message", "Invalid JSON"},
        {"POST", "/v2/apps", "{\"cmd\":\"sleep 1\"}", 422, "/details/0/path", "/id"},
        {"POST", "/v2/apps", "{\"id\":\"/a\",\"cmd\":\"sleep 1\",\"cpus\":0}", 422,
         "/details/0/path", "/cpus"},
        {"POST", "/v2/apps", "{\"id\":\"/a\",\"cmd\":\"sleep 1\",\"healthChecks\":[{\"path\":3}]}",
         422, "/details/0/path", "/healthChecks(0)/path"},
        {"POST", "/v2/apps", "{\"id\":\"/taken\",\"cmd\":\"sleep 1\"}", 409, "/message",
         "An app with id [/taken] already exists."},
        {"PUT", "/v2/apps/taken", "{\"version\":\"yesterday\"}", 422, "/message",
         "Invalid format: \"yesterday\""},
        {"PUT", "/v2/apps/taken", "{\"version\":\"2001-01-01T00:00:00.000Z\",\"cmd\":\"ab\"}", 422,
         "/details/0/path", "/version"},
        {"GET", "/v2/apps/taken/versions/2001-01-01T00:00:00.000Z", NULL, 404, "/message",
         "App '/taken' does not exist in version 2001-01-01T00:00:00.000Z"},
        {"DELETE", "/v2/apps/taken/tasks/none.x", NULL, 404, "/message",
         "Task 'none.x' does not exist"},
        {"POST", "/v2/tasks/delete", "{\"ids\":[\"nonsense\"]}", 400, "/message",
         "unknown task id: 'nonsense'"},
        {"DELETE", "/v2/deployments/none", NULL, 404, "/message",
         "Deployment plan 'none' does not exist"},
        {"GET", "/v2/groups/none", NULL, 404, "/message", "Group '/none' does not exist"},
        {"DELETE", "/v2/queue/taken/delay", NULL, 404, "/message",
         "Application /taken not found in tasks queue."},
        {"GET", "/v2/apps?label=a+in+(b", NULL, 422, "/message", "Can not parse label selector"},
    };
    struct lab *lab = lab_start(fast);

    (void)state;
    create(lab, "/v2/apps/taken", sleeper);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        ZDD_AUTO_JSON json_t *answer = NULL;
        const char *text;

        assert_int_equal(lab_call(lab, rows[i].method, rows[i].path, rows[i].body, &answer),
                         rows[i].status);
        text = json_string_value(zdd_json_at(answer, rows[i].pointer));
        assert_non_null(text);
        assert_string_equal(text, rows[i].text);
    }
    lab_stop(lab);
}

static void a_partial_update_keeps_and_a_full_one_resets(void **state)
{
    struct lab *lab = lab_start(fast);
    char id[64];

    (void)state;
    create(lab, "/v2/apps/a",
           "{\"cmd\":\"exec sleep 1000\",\"portDefinitions\":[],\"instances\":2,"
           "\"labels\":{\"A\":\"1\",\"B\":\"2\"}}");
    assert_int_equal(lab_change(lab, "PUT", "/v2/apps/a", "{\"labels\":{\"A\":\"3\"}}", id), 200);
    assert_true(lab_await(lab, id));
    lab_until_json(lab, "/v2/apps/a", "/app/labels", "{\"A\":\"3\"}"); /* the whole value */
    lab_until_json(lab, "/v2/apps/a", "/app/instances", "2");
    assert_int_equal(lab_change(lab, "PUT", "/v2/apps/a?partialUpdate=false", sleeper, id), 200);
    assert_true(lab_await(lab, id));
    lab_until_json(lab, "/v2/apps/a", "/app/labels", "{}");
    lab_until_json(lab, "/v2/apps/a", "/app/instances", "1");
    lab_stop(lab);
}

static void an_old_version_comes_back_with_its_instances(void **state)
{
    struct lab *lab = lab_start(fast);
    ZDD_AUTO_JSON json_t *first = NULL;
    ZDD_AUTO_JSON json_t *answer = NULL;
    char body[100];
    char id[64];

    (void)state;
    create(lab, "/v2/apps/a", sleeper);
    assert_int_equal(lab_call(lab, "GET", "/v2/apps/a", NULL, &first), 200);
    assert_int_equal(
        lab_change(lab, "PUT", "/v2/apps/a", "{\"instances\":3,\"labels\":{\"a\":\"b\"}}", id),
        200);
    assert_true(lab_await(lab, id));
    snprintf(body, sizeof(body), "{\"version\":\"%s\"}",
             zdd_json_text(json_object_get(first, "app"), "version", ""));
    assert_int_equal(lab_call(lab, "PUT", "/v2/apps/a", body, &answer), 200);
    assert_true(lab_await(lab, zdd_json_text(answer, "deploymentId", "")));
    lab_until_json(lab, "/v2/apps/a", "/app/instances", "1");
    lab_until_json(lab, "/v2/apps/a", "/app/labels", "{}");
    assert_string_not_equal(zdd_json_text(answer, "version", ""),
                            zdd_json_text(json_object_get(first, "app"), "version", ""));
    lab_stop(lab);
}

static void service_ports_are_unique_and_kept(void **state)
{
    struct lab *lab = lab_start(fast);
    char id[64];

    (void)state;
    create(lab, "/v2/apps/a", "{\"cmd\":\"exec sleep 1000\"}");
    create(lab, "/v2/apps/b", "{\"cmd\":\"exec sleep 1000\"}");
    lab_until_json(lab, "/v2/apps/a", "/app/portDefinitions/0/port", "10000");
    lab_until_json(lab, "/v2/apps/b", "/app/portDefinitions/0/port", "10001");
    assert_int_equal(lab_change(lab, "PUT", "/v2/apps/b?partialUpdate=false",
                                "{\"cmd\":\"exec sleep 1000\"}", id),
                     200);
    assert_true(lab_await(lab, id)); /* zeros again are no change: no steps */
    lab_until_json(lab, "/v2/apps/b", "/app/portDefinitions/0/port", "10001");
    lab_stop(lab);
}

static void many_apps_change_in_one_plan(void **state)
{
    struct lab *lab = lab_start(fast);
    ZDD_AUTO_JSON json_t *list = NULL;
    char id[64];

    (void)state;
    assert_int_equal(lab_change(lab, "PUT", "/v2/apps",
                                "[{\"id\":\"/x/a\",\"cmd\":\"exec sleep 99\",\"portDefinitions\":"
                                "[],\"labels\":{\"k\":\"v\"}},{\"id\":\"/x/b\",\"cmd\":"
                                "\"exec sleep 99\",\"portDefinitions\":[]}]",
                                id),
                     200);
    assert_true(lab_await(lab, id));
    assert_int_equal(
        lab_call(lab, "PATCH", "/v2/apps", "[{\"id\":\"/x/c\",\"instances\":1}]", NULL), 404);
    assert_int_equal(lab_call(lab, "GET", "/v2/apps?label=k==v", NULL, &list), 200);
    assert_int_equal(json_array_size(json_object_get(list, "apps")), 1);
    lab_until_json(lab, "/v2/apps?label=k+notin+(v,w)", "/apps", "[]");
    lab_until_json(lab, "/v2/apps?id=X/B&embed=apps.tasks", "/apps/0/tasks/0/state",
                   "\"TASK_RUNNING\"");
    lab_until_json(lab, "/v2/groups/x", "/apps/1/id", "\"/x/a\"");
    lab_until_json(lab, "/v2/groups", "/groups/0/id", "\"/x\"");
    assert_int_equal(lab_call(lab, "POST", "/v2/groups", "{\"id\":\"/x/a\"}", NULL), 409);
    assert_int_equal(lab_change(lab, "PUT", "/v2/groups/x", "{\"scaleBy\":2}", id), 200);
    assert_true(lab_await(lab, id));
    lab_until_json(lab, "/v2/apps/x/a", "/app/instances", "2");
    assert_int_equal(lab_change(lab, "DELETE", "/v2/groups/x", NULL, id), 200);
    assert_true(lab_await(lab, id));
    lab_until_json(lab, "/v2/apps", "/apps", "[]");
    lab_stop(lab);
}

static void an_answer_can_get_lost_after_the_change_was_made(void **state)
{
    struct lab *lab = lab_start(fast);

    (void)state;
    lab_faults(lab, "[{\"name\":\"lost-answer\",\"count\":1,\"method\":\"PUT\"}]");
    assert_int_equal(lab_call(lab, "PUT", "/v2/apps/a", sleeper, NULL), -1);
    lab_until_json(lab, "/v2/apps/a", "/app/tasksRunning", "1");
    lab_stop(lab);
}

static void answers_can_be_refusals_nonsense_and_late(void **state)
{
    struct lab *lab = lab_start(fast);
    ZDD_AUTO_JSON json_t *answer = NULL;
    ZDD_AUTO_JSON json_t *html = NULL;
    ZDD_AUTO_JSON json_t *cut = NULL;
    int64_t began_ms;

    (void)state;
    create(lab, "/v2/apps/a", sleeper);
    lab_faults(lab, "[{\"name\":\"answer-409\",\"count\":1},"
                    "{\"name\":\"answer-503-html\",\"count\":1,\"method\":\"GET\"},"
                    "{\"name\":\"truncated-json\",\"count\":1,\"skip\":1,\"method\":\"GET\"},"
                    "{\"name\":\"slow-answer\",\"count\":1,\"ms\":300,\"path\":\"/v2/info\"}]");
    assert_int_equal(lab_call(lab, "PUT", "/v2/apps/a", "{\"instances\":2}", &answer), 409);
    assert_int_equal(json_array_size(json_object_get(answer, "deployments")), 1);
    assert_int_equal(lab_call(lab, "GET", "/v2/apps/a", NULL, &html), 503);
    assert_null(html);
    assert_int_equal(lab_call(lab, "GET", "/v2/apps/a", NULL, &cut), 200);
    assert_null(cut);
    began_ms = zdd_mono_ms();
    assert_int_equal(lab_call(lab, "GET", "/v2/info", NULL, NULL), 200);
    assert_in_range(zdd_mono_ms() - began_ms, 290, 10000);
    lab_until_json(lab, "/v2/apps/a", "/app/instances", "1");
    lab_stop(lab);
}

static void tasks_can_fail_to_start_wait_and_linger(void **state)
{
    struct lab *lab = lab_start(fast);
    char id[64];

    (void)state;
    lab_faults(lab, "[{\"name\":\"task-start-fail\",\"count\":1},"
                    "{\"name\":\"stuck-queue\",\"count\":1},"
                    "{\"name\":\"late-vanish\",\"count\":1,\"ms\":600000}]");
    create(lab, "/v2/apps/a", sleeper);
    lab_until_json(lab, "/v2/apps/a", "/app/lastTaskFailure/state", "\"TASK_FAILED\"");
    lab_until_json(lab, "/v2/apps/a", "/app/tasksRunning", "1");
    assert_int_equal(lab_change(lab, "PUT", "/v2/apps/a", "{\"instances\":0}", id), 200);
    assert_true(lab_await(lab, id));
    lab_until_json(lab, "/v2/apps/a/tasks", "/tasks/0/state", "\"TASK_KILLED\"");
    lab_until_json(lab, "/lab/state", "/faults/1/struck", "1");
    lab_stop(lab);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refusals_have_marathons_shapes),
        cmocka_unit_test(a_partial_update_keeps_and_a_full_one_resets),
        cmocka_unit_test(an_old_version_comes_back_with_its_instances),
        cmocka_unit_test(service_ports_are_unique_and_kept),
        cmocka_unit_test(many_apps_change_in_one_plan),
        cmocka_unit_test(an_answer_can_get_lost_after_the_change_was_made),
        cmocka_unit_test(answers_can_be_refusals_nonsense_and_late),
        cmocka_unit_test(tasks_can_fail_to_start_wait_and_linger),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
