/**
 * @file tests/lab/test_lab_deployments.c
 * @brief Plans: created, locked, forced, cancelled, undone, scaled (marathon.md §1.3, §1.6, §3,
 * §4.7).
 */
#include "tests/support/spec.h"

#include "tests/lab/lab.h"

#include <stdio.h>
#include <string.h>

static const char *const fast[] = {"--speed", "100", NULL};

/* A task that never becomes healthy: its roll-out stays where it is. */
#define STUCK                                                                                      \
    "\"healthChecks\":[{\"protocol\":\"TCP\",\"port\":1,\"gracePeriodSeconds\":86400,"             \
    "\"intervalSeconds\":5}]"

static void create(struct lab *lab, const char *path, int instances)
{
    char body[300];
    char id[64];

    snprintf(body, sizeof(body),
             "{\"cmd\":\"exec sleep 1000\",\"portDefinitions\":[],\"instances\":%d}", instances);
    assert_int_equal(lab_change(lab, "PUT", path, body, id), 201);
    assert_true(lab_await(lab, id));
}

static void start_stuck(struct lab *lab, const char *path, char ret_id[static 64])
{
    assert_int_equal(lab_change(lab, "PUT", path, "{" STUCK "}", ret_id), 200);
    lab_until_json(lab, "/v2/deployments", "/0/currentStep", "1");
}

/* The order in which the named kinds of event came, as "info step info …". */
static void names_of(const json_t *events, char *ret, size_t size)
{
    size_t at = 0;

    *ret = '\0';
    for (size_t i = 0; i < json_array_size(events) && at + 60 < size; i++) {
        const char *type = zdd_json_text(json_array_get(events, i), "eventType", "");

        if (strcmp(type, "instance_changed_event") != 0 && strcmp(type, "status_update_event") != 0)
            at += (size_t)snprintf(ret + at, size - at, "%s%s", at ? " " : "", type);
    }
}

static void creating_an_app_starts_then_scales(void **state)
{
    struct lab *lab = lab_start(fast);
    ZDD_AUTO_JSON json_t *events = NULL;
    const size_t from = lab_event_count(lab);
    char names[1000];

    (void)state;
    create(lab, "/v2/apps/zdd/a", 2);
    events = lab_events(lab, from);
    names_of(events, names, sizeof(names));
    assert_string_equal(names, "deployment_info deployment_step_success deployment_info "
                               "group_change_success api_post_event deployment_step_success "
                               "deployment_success");
    assert_int_equal(lab_count(events, "instance_changed_event", "condition", "Scheduled"), 2);
    assert_int_equal(lab_count(events, "instance_changed_event", "condition", "Provisioned"), 2);
    assert_int_equal(lab_count(events, "instance_changed_event", "condition", "Running"), 2);
    assert_int_equal(lab_count(events, "status_update_event", "taskStatus", "TASK_STARTING"), 2);
    assert_int_equal(lab_count(events, "group_change_success", "groupId", "/zdd"), 1);
    lab_stop(lab);
}

static void a_locked_app_answers_409_with_the_deployment(void **state)
{
    struct lab *lab = lab_start(fast);
    ZDD_AUTO_JSON json_t *answer = NULL;
    char id[64];

    (void)state;
    create(lab, "/v2/apps/a", 1);
    create(lab, "/v2/apps/b", 1);
    start_stuck(lab, "/v2/apps/a", id);
    assert_int_equal(lab_call(lab, "PUT", "/v2/apps/a", "{\"instances\":3}", &answer), 409);
    assert_string_equal(zdd_json_text(zdd_json_at(answer, "/deployments/0"), "id", ""), id);
    assert_int_equal(lab_call(lab, "PUT", "/v2/apps/b", "{\"instances\":2}", NULL), 200);
    lab_stop(lab);
}

static void force_overrides_and_the_old_plan_fails(void **state)
{
    struct lab *lab = lab_start(fast);
    char old[64];
    char new[64];

    (void)state;
    create(lab, "/v2/apps/a", 2);
    start_stuck(lab, "/v2/apps/a", old);
    assert_int_equal(lab_change(lab, "PUT", "/v2/apps/a?force=true",
                                "{\"healthChecks\":[],\"labels\":{\"a\":\"b\"}}", new),
                     200);
    assert_false(lab_await(lab, old));
    assert_true(lab_await(lab, new));
    lab_until_json(lab, "/v2/apps/a", "/app/tasksRunning", "2");
    lab_stop(lab);
}

static void deleting_an_app_forces_unless_told_otherwise(void **state)
{
    struct lab *lab = lab_start(fast);
    ZDD_AUTO_JSON json_t *events = NULL;
    char old[64];
    char id[64];
    char names[1000];
    size_t from;

    (void)state;
    create(lab, "/v2/apps/a", 2);
    start_stuck(lab, "/v2/apps/a", old);
    assert_int_equal(lab_call(lab, "DELETE", "/v2/apps/a?force=false", NULL, NULL), 409);
    from = lab_event_count(lab);
    assert_int_equal(lab_change(lab, "DELETE", "/v2/apps/a", NULL, id), 200);
    assert_int_equal(lab_call(lab, "GET", "/v2/apps/a", NULL, NULL), 404);
    assert_true(lab_await(lab, id));
    events = lab_events(lab, from);
    assert_int_equal(lab_count(events, "app_terminated_event", "appId", "/a"), 1);
    assert_int_equal(lab_count(events, "api_post_event", NULL, NULL), 0);
    names_of(events, names, sizeof(names));
    assert_non_null(strstr(names, "app_terminated_event deployment_step_success "
                                  "deployment_success"));
    lab_stop(lab);
}

static void a_forced_cancel_stops_the_plan_where_it_is(void **state)
{
    struct lab *lab = lab_start(fast);
    char path[120];
    char id[64];
    ZDD_AUTO_JSON json_t *app = NULL;

    (void)state;
    create(lab, "/v2/apps/a", 2);
    start_stuck(lab, "/v2/apps/a", id);
    snprintf(path, sizeof(path), "/v2/deployments/%s?force=true", id);
    assert_int_equal(lab_call(lab, "DELETE", path, NULL, NULL), 202);
    assert_false(lab_await(lab, id));
    assert_int_equal(lab_call(lab, "GET", "/v2/apps/a", NULL, &app), 200);
    assert_int_equal(json_array_size(zdd_json_at(app, "/app/healthChecks")), 1); /* not reverted */
    assert_int_equal(lab_call(lab, "DELETE", path, NULL, NULL), 404);
    lab_stop(lab);
}

static void a_rollback_is_a_new_plan_that_replaces_all_tasks(void **state)
{
    struct lab *lab = lab_start(fast);
    ZDD_AUTO_JSON json_t *before = NULL;
    ZDD_AUTO_JSON json_t *answer = NULL;
    ZDD_AUTO_JSON json_t *after = NULL;
    ZDD_AUTO_JSON json_t *events = NULL;
    const char *was;
    const char *is;
    char path[120];
    char id[64];
    size_t from;

    (void)state;
    create(lab, "/v2/apps/zdd/a", 2);
    assert_int_equal(lab_call(lab, "GET", "/v2/apps/zdd/a", NULL, &before), 200);
    start_stuck(lab, "/v2/apps/zdd/a", id);
    from = lab_event_count(lab);
    snprintf(path, sizeof(path), "/v2/deployments/%s", id);
    assert_int_equal(lab_call(lab, "DELETE", path, NULL, &answer), 200);
    assert_false(lab_await(lab, id));
    assert_true(lab_await(lab, zdd_json_text(answer, "deploymentId", "")));
    assert_int_equal(lab_call(lab, "GET", "/v2/apps/zdd/a", NULL, &after), 200);
    was = zdd_json_text(zdd_json_at(before, "/app"), "version", "");
    is = zdd_json_text(zdd_json_at(after, "/app"), "version", "");
    /* The constant of the process: a third version, older than the first. */
    assert_true(strcmp(is, was) < 0);
    assert_int_equal(json_array_size(zdd_json_at(after, "/app/healthChecks")), 0);
    assert_int_equal(json_array_size(zdd_json_at(after, "/app/tasks")), 2);
    assert_string_equal(zdd_json_text(zdd_json_at(after, "/app/tasks/0"), "version", ""), is);
    assert_string_equal(zdd_json_text(zdd_json_at(after, "/app/tasks/1"), "version", ""), is);
    events = lab_events(lab, from);
    assert_int_equal(lab_count(events, "group_change_success", "groupId", "/"), 1);
    lab_stop(lab);
}

static void undoing_a_creation_removes_the_app(void **state)
{
    struct lab *lab = lab_start(fast);
    ZDD_AUTO_JSON json_t *answer = NULL;
    char path[120];
    char id[64];

    (void)state;
    assert_int_equal(lab_change(lab, "PUT", "/v2/apps/a",
                                "{\"cmd\":\"exec sleep 1000\",\"portDefinitions\":[]," STUCK "}",
                                id),
                     201);
    lab_until_json(lab, "/v2/apps/a", "/app/tasksRunning", "1");
    snprintf(path, sizeof(path), "/v2/deployments/%s", id);
    assert_int_equal(lab_call(lab, "DELETE", path, NULL, &answer), 200);
    assert_true(lab_await(lab, zdd_json_text(answer, "deploymentId", "")));
    assert_int_equal(lab_call(lab, "GET", "/v2/apps/a", NULL, NULL), 404);
    lab_until_json(lab, "/v2/tasks", "/tasks", "[]");
    lab_stop(lab);
}

static void an_update_that_changes_nothing_succeeds_at_once_without_steps(void **state)
{
    struct lab *lab = lab_start(fast);
    ZDD_AUTO_JSON json_t *before = NULL;
    ZDD_AUTO_JSON json_t *answer = NULL;
    ZDD_AUTO_JSON json_t *after = NULL;
    ZDD_AUTO_JSON json_t *events = NULL;
    size_t from;

    (void)state;
    create(lab, "/v2/apps/a", 1);
    assert_int_equal(lab_call(lab, "GET", "/v2/apps/a", NULL, &before), 200);
    from = lab_event_count(lab);
    assert_int_equal(lab_call(lab, "PUT", "/v2/apps/a", "{\"instances\":1}", &answer), 200);
    assert_true(lab_await(lab, zdd_json_text(answer, "deploymentId", "")));
    assert_int_equal(lab_call(lab, "GET", "/v2/apps/a", NULL, &after), 200);
    assert_string_equal(zdd_json_text(zdd_json_at(after, "/app"), "version", ""),
                        zdd_json_text(zdd_json_at(before, "/app"), "version", ""));
    assert_string_not_equal(zdd_json_text(answer, "version", ""),
                            zdd_json_text(zdd_json_at(after, "/app"), "version", ""));
    events = lab_events(lab, from);
    assert_int_equal(lab_count(events, "deployment_info", NULL, NULL), 0);
    lab_stop(lab);
}

static bool is_task_of(const json_t *tasks, const char *id)
{
    for (size_t i = 0; i < json_array_size(tasks); i++)
        if (strcmp(zdd_json_text(json_array_get(tasks, i), "id", ""), id) == 0)
            return true;
    return false;
}

/* Two tasks, the second started later; scale down to one: who is left? */
static void scale_down(const char *selection, bool first_survives)
{
    struct lab *lab = lab_start(fast);
    ZDD_AUTO_JSON json_t *one = NULL;
    ZDD_AUTO_JSON json_t *left = NULL;
    char body[200];
    char id[64];

    snprintf(body, sizeof(body),
             "{\"cmd\":\"exec sleep 1000\",\"portDefinitions\":[],\"killSelection\":\"%s\"}",
             selection);
    assert_int_equal(lab_change(lab, "PUT", "/v2/apps/a", body, id), 201);
    assert_true(lab_await(lab, id));
    assert_int_equal(lab_call(lab, "GET", "/v2/apps/a/tasks", NULL, &one), 200);
    assert_int_equal(lab_change(lab, "PUT", "/v2/apps/a", "{\"instances\":2}", id), 200);
    assert_true(lab_await(lab, id));
    assert_int_equal(lab_change(lab, "PUT", "/v2/apps/a", "{\"instances\":1}", id), 200);
    assert_true(lab_await(lab, id));
    assert_int_equal(lab_call(lab, "GET", "/v2/apps/a/tasks", NULL, &left), 200);
    assert_int_equal(json_array_size(json_object_get(left, "tasks")), 1);
    assert_int_equal(is_task_of(json_object_get(left, "tasks"),
                                zdd_json_text(zdd_json_at(one, "/tasks/0"), "id", "")),
                     first_survives);
    lab_stop(lab);
}

static void scaling_down_kills_the_youngest_first(void **state)
{
    (void)state;
    scale_down("YOUNGEST_FIRST", true);
}

static void scaling_down_kills_the_oldest_first_when_asked_to(void **state)
{
    (void)state;
    scale_down("OLDEST_FIRST", false);
}

static void scaling_keeps_tasks_and_their_version(void **state)
{
    struct lab *lab = lab_start(fast);
    ZDD_AUTO_JSON json_t *app = NULL;
    const json_t *info;
    char id[64];

    (void)state;
    create(lab, "/v2/apps/a", 1);
    assert_int_equal(lab_change(lab, "PUT", "/v2/apps/a", "{\"instances\":2}", id), 200);
    assert_true(lab_await(lab, id));
    assert_int_equal(lab_call(lab, "GET", "/v2/apps/a", NULL, &app), 200);
    info = zdd_json_at(app, "/app/versionInfo");
    assert_string_equal(zdd_json_text(info, "lastScalingAt", ""),
                        zdd_json_text(zdd_json_at(app, "/app"), "version", ""));
    assert_string_equal(zdd_json_text(zdd_json_at(app, "/app/tasks/0"), "version", ""),
                        zdd_json_text(info, "lastConfigChangeAt", ""));
    assert_string_equal(zdd_json_text(zdd_json_at(app, "/app/tasks/1"), "version", ""),
                        zdd_json_text(info, "lastScalingAt", ""));
    lab_stop(lab);
}

static void kill_and_scale_takes_the_named_task(void **state)
{
    struct lab *lab = lab_start(fast);
    ZDD_AUTO_JSON json_t *tasks = NULL;
    ZDD_AUTO_JSON json_t *left = NULL;
    const char *oldest;
    char path[300];
    char id[64];

    (void)state;
    create(lab, "/v2/apps/a", 3);
    assert_int_equal(lab_call(lab, "GET", "/v2/apps/a/tasks", NULL, &tasks), 200);
    oldest = zdd_json_text(zdd_json_at(tasks, "/tasks/0"), "id", "");
    snprintf(path, sizeof(path), "/v2/apps/a/tasks/%s?scale=true", oldest);
    assert_int_equal(lab_change(lab, "DELETE", path, NULL, id), 200);
    assert_true(lab_await(lab, id));
    assert_int_equal(lab_call(lab, "GET", "/v2/apps/a/tasks", NULL, &left), 200);
    assert_int_equal(json_array_size(json_object_get(left, "tasks")), 2);
    assert_false(is_task_of(json_object_get(left, "tasks"), oldest));
    lab_until_json(lab, "/v2/apps/a", "/app/instances", "2");
    lab_stop(lab);
}

static void a_killed_task_comes_back_under_the_same_instance(void **state)
{
    struct lab *lab = lab_start(fast);
    ZDD_AUTO_JSON json_t *tasks = NULL;
    ZDD_AUTO_JSON json_t *events = NULL;
    ZDD_AUTO_JSON json_t *again = NULL;
    const char *task;
    char path[300];
    char expected[300];
    size_t from;

    (void)state;
    create(lab, "/v2/apps/a", 1);
    assert_int_equal(lab_call(lab, "GET", "/v2/apps/a/tasks", NULL, &tasks), 200);
    task = zdd_json_text(zdd_json_at(tasks, "/tasks/0"), "id", "");
    from = lab_event_count(lab);
    snprintf(path, sizeof(path), "/v2/apps/a/tasks/%s", task);
    assert_int_equal(lab_call(lab, "DELETE", path, NULL, NULL), 200);
    snprintf(expected, sizeof(expected), "\"%.*s2\"", (int)strlen(task) - 1, task);
    lab_until_json(lab, "/v2/apps/a/tasks", "/tasks/0/id", expected);
    lab_until_json(lab, "/v2/apps/a/tasks", "/tasks/0/state", "\"TASK_RUNNING\"");
    events = lab_events(lab, from);
    assert_int_equal(lab_count(events, "deployment_info", NULL, NULL), 0);
    assert_int_equal(lab_count(events, "instance_changed_event", "condition", "Scheduled"), 0);
    assert_int_equal(lab_count(events, "instance_changed_event", "condition", "Killed"), 1);
    assert_int_equal(lab_call(lab, "DELETE", "/v2/apps/a/tasks?scale=true&wipe=true", NULL, &again),
                     400);
    lab_stop(lab);
}

static void dependencies_make_steps_of_their_own(void **state)
{
    struct lab *lab = lab_start(fast);
    ZDD_AUTO_JSON json_t *answer = NULL;

    (void)state;
    assert_int_equal(
        lab_call(lab, "PUT", "/v2/groups?dryRun=true",
                 "{\"id\":\"/shop\",\"apps\":[{\"id\":\"web\",\"cmd\":\"exec sleep 9\","
                 "\"dependencies\":[\"/shop/db\"]},{\"id\":\"db\",\"cmd\":\"exec sleep 9\"}]}",
                 &answer),
        200);
    assert_int_equal(json_array_size(json_object_get(answer, "steps")), 3);
    assert_string_equal(zdd_json_text(zdd_json_at(answer, "/steps/1/actions/0"), "app", ""),
                        "/shop/db");
    assert_string_equal(zdd_json_text(zdd_json_at(answer, "/steps/2/actions/0"), "app", ""),
                        "/shop/web");
    assert_int_equal(lab_call(lab, "GET", "/v2/apps/shop/web", NULL, NULL), 404);
    lab_stop(lab);
}

static void a_change_of_leader_begins_the_plan_again(void **state)
{
    struct lab *lab = lab_start(fast);
    char id[64];

    (void)state;
    create(lab, "/v2/apps/a", 2);
    start_stuck(lab, "/v2/apps/a", id);
    lab_faults(lab, "[{\"name\":\"leader-switch\",\"count\":1}]");
    lab_until_json(lab, "/lab/state", "/streams", "0"); /* the stream is closed */
    lab_until_json(lab, "/v2/deployments", "/0/currentStep", "1");
    lab_stop(lab);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(creating_an_app_starts_then_scales),
        cmocka_unit_test(a_locked_app_answers_409_with_the_deployment),
        cmocka_unit_test(force_overrides_and_the_old_plan_fails),
        cmocka_unit_test(deleting_an_app_forces_unless_told_otherwise),
        cmocka_unit_test(a_forced_cancel_stops_the_plan_where_it_is),
        cmocka_unit_test(a_rollback_is_a_new_plan_that_replaces_all_tasks),
        cmocka_unit_test(undoing_a_creation_removes_the_app),
        cmocka_unit_test(an_update_that_changes_nothing_succeeds_at_once_without_steps),
        cmocka_unit_test(scaling_down_kills_the_youngest_first),
        cmocka_unit_test(scaling_down_kills_the_oldest_first_when_asked_to),
        cmocka_unit_test(scaling_keeps_tasks_and_their_version),
        cmocka_unit_test(kill_and_scale_takes_the_named_task),
        cmocka_unit_test(a_killed_task_comes_back_under_the_same_instance),
        cmocka_unit_test(dependencies_make_steps_of_their_own),
        cmocka_unit_test(a_change_of_leader_begins_the_plan_again),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
