/**
 * @file tests/lab/test_marathon_s2_3.c
 * @brief Which change does what, marathon.md §2.3, member by member; the task's environment §2.4.
 */
#include "tests/support/spec.h"

#include "tests/lab/marathon.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The three times of /a. */
struct times {
    char version[40], scaled[40], configured[40];
};

static struct times times_of(struct lab *lab)
{
    ZDD_AUTO_JSON json_t *app = marathon_get(lab, "GET /v2/apps/a", NULL, 200);
    struct times times;

    snprintf(times.version, sizeof(times.version), "%s", marathon_text(app, "/app/version"));
    snprintf(times.scaled, sizeof(times.scaled), "%s",
             marathon_text(app, "/app/versionInfo/lastScalingAt"));
    snprintf(times.configured, sizeof(times.configured), "%s",
             marathon_text(app, "/app/versionInfo/lastConfigChangeAt"));
    return times;
}

/* Change /a; @return the names of the actions, "StartApplication ScaleApplication" */
static void actions_of(struct lab *lab, const char *call, const char *body, char ret[static 200])
{
    const size_t from = lab_event_count(lab);
    ZDD_AUTO_JSON json_t *events = NULL;
    const json_t *steps;
    size_t at = 0;
    char id[64];

    marathon_begin(lab, call, body, strncmp(call, "PUT /v2/apps/n", 14) == 0 ? 201 : 200, id);
    assert_true(lab_await(lab, id));
    events = marathon_since(lab, from);
    steps = zdd_json_at(marathon_event(events, "deployment_success", "id", id), "/plan/steps");
    *ret = '\0';
    for (size_t s = 0; s < json_array_size(steps); s++) {
        const json_t *actions = json_object_get(json_array_get(steps, s), "actions");

        for (size_t a = 0; a < json_array_size(actions); a++)
            at += (size_t)snprintf(ret + at, 200 - at, "%s%s", at ? " " : "",
                                   zdd_json_text(json_array_get(actions, a), "action", ""));
    }
}

static void assert_actions(struct lab *lab, const char *call, const char *body,
                           const char *expected)
{
    char actions[200];

    actions_of(lab, call, body, actions);
    if (strcmp(actions, expected) != 0)
        fail_msg("%s %s: \"%s\", not \"%s\"", call, body ? body : "", actions, expected);
}

static void s2_3_a_new_app_has_one_time_thrice_and_starts_and_scales(void **state)
{
    ZDD_AUTO_JSON json_t *app = NULL;

    assert_actions(*state, "PUT /v2/apps/n", "{" SLEEPER "}", "StartApplication ScaleApplication");
    app = marathon_get(*state, "GET /v2/apps/n", NULL, 200);
    assert_string_equal(marathon_text(app, "/app/version"),
                        marathon_text(app, "/app/versionInfo/lastScalingAt"));
    assert_string_equal(marathon_text(app, "/app/version"),
                        marathon_text(app, "/app/versionInfo/lastConfigChangeAt"));
}

static void s2_3_any_compared_member_restarts_all_tasks_at_three_new_times(void **state)
{
    struct times before;
    struct times after;

    marathon_create(*state, "/v2/apps/a", SLEEPER);
    before = times_of(*state);
    assert_actions(*state, "PUT /v2/apps/a", "{\"cmd\":\"exec sleep 1001\"}", "RestartApplication");
    after = times_of(*state);
    assert_true(strcmp(after.version, before.version) > 0);
    assert_string_equal(after.version, after.scaled);
    assert_string_equal(after.version, after.configured);
}

static void s2_3_instances_alone_scale_and_keep_the_config_time_and_the_tasks(void **state)
{
    ZDD_AUTO_JSON json_t *first = NULL;
    ZDD_AUTO_JSON json_t *tasks = NULL;
    struct times before;
    struct times after;

    marathon_create(*state, "/v2/apps/a", SLEEPER);
    before = times_of(*state);
    first = marathon_get(*state, "GET /v2/apps/a/tasks", NULL, 200);
    assert_actions(*state, "PUT /v2/apps/a", "{\"instances\":2}", "ScaleApplication");
    after = times_of(*state);
    assert_true(strcmp(after.version, before.version) > 0);
    assert_string_equal(after.version, after.scaled);
    assert_string_equal(after.configured, before.configured);
    tasks = marathon_get(*state, "GET /v2/apps/a/tasks", NULL, 200);
    assert_string_equal(marathon_text(tasks, "/tasks/0/id"), marathon_text(first, "/tasks/0/id"));
    assert_string_equal(marathon_text(tasks, "/tasks/0/version"), before.version);
}

static void s2_3_instances_and_a_compared_member_are_one_restart(void **state)
{
    struct times after;

    marathon_create(*state, "/v2/apps/a", SLEEPER);
    assert_actions(*state, "PUT /v2/apps/a", "{\"instances\":2,\"labels\":{\"a\":\"b\"}}",
                   "RestartApplication");
    after = times_of(*state);
    assert_string_equal(after.version, after.scaled);
    assert_string_equal(after.version, after.configured);
    marathon_says(*state, "GET /v2/apps/a", NULL, 200, "/app/tasksRunning", "2");
}

static void s2_3_whatever_ends_at_0_instances_is_a_scale_to_0(void **state)
{
    struct times before;
    struct times after;

    marathon_create(*state, "/v2/apps/a", SLEEPER);
    before = times_of(*state);
    assert_actions(*state, "PUT /v2/apps/a", "{\"instances\":0,\"labels\":{\"a\":\"b\"}}",
                   "ScaleApplication");
    after = times_of(*state);
    assert_true(strcmp(after.configured, before.configured) > 0);
    assert_actions(*state, "PUT /v2/apps/a", "{\"labels\":{\"a\":\"c\"}}", "ScaleApplication");
}

static void s2_3_post_restart_keeps_the_scaling_time(void **state)
{
    struct times before;
    struct times after;

    marathon_create(*state, "/v2/apps/a", SLEEPER);
    before = times_of(*state);
    assert_actions(*state, "POST /v2/apps/a/restart", NULL, "RestartApplication");
    after = times_of(*state);
    assert_true(strcmp(after.version, before.version) > 0);
    assert_string_equal(after.scaled, before.scaled);
    assert_string_equal(after.version, after.configured);
}

static void s2_3_nothing_changes_nothing(void **state)
{
    struct times before;
    struct times after;

    marathon_create(*state, "/v2/apps/a", SLEEPER);
    before = times_of(*state);
    assert_actions(*state, "PUT /v2/apps/a", "{\"instances\":1}", "");
    after = times_of(*state);
    assert_string_equal(after.version, before.version);
    assert_string_equal(after.scaled, before.scaled);
    assert_string_equal(after.configured, before.configured);
}

static void s2_3_each_compared_member_restarts(void **state)
{
    static const char *const bodies[] = {
        "{\"cmd\":\"exec sleep 1001\"}",
        "{\"user\":\"anna\"}",
        "{\"env\":{\"A\":\"1\"}}",
        "{\"cpus\":2}",
        "{\"mem\":64}",
        "{\"disk\":1}",
        "{\"gpus\":1}",
        "{\"executor\":\"/opt/run\"}",
        "{\"constraints\":[[\"rack\",\"GROUP_BY\"]]}",
        "{\"fetch\":[{\"uri\":\"http://a/b\"}]}",
        "{\"portDefinitions\":[{\"port\":12000}]}",
        "{\"portDefinitions\":[]}",
        "{\"backoffSeconds\":2}",
        "{\"backoffFactor\":2}",
        "{\"maxLaunchDelaySeconds\":30}",
        ("{\"healthChecks\":[{\"protocol\":\"COMMAND\",\"command\":{\"value\":\"true\"},"
         "\"delaySeconds\":1}]}"),
        "{\"check\":{\"tcp\":{\"portIndex\":0}}}",
        "{\"taskKillGracePeriodSeconds\":2}",
        "{\"upgradeStrategy\":{\"minimumHealthCapacity\":0,\"maximumOverCapacity\":0}}",
        "{\"labels\":{\"a\":\"b\"}}",
        "{\"acceptedResourceRoles\":[\"*\"]}",
        "{\"secrets\":{\"s\":{\"source\":\"x\"}}}",
        "{\"unreachableStrategy\":\"disabled\"}",
        "{\"killSelection\":\"OLDEST_FIRST\"}",
        "{\"tty\":true}",
        "{\"role\":\"other\"}",
        "{\"resourceLimits\":{\"mem\":64}}",
    };

    marathon_create(*state, "/v2/apps/a", "\"cmd\":\"exec sleep 1000\"");
    for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++)
        assert_actions(*state, "PUT /v2/apps/a", bodies[i], "RestartApplication");
}

static void s2_3_require_ports_restarts(void **state)
{
    struct lab *lab = *state;
    char members[200];

    /* No second one fits on the port, so the old one goes first. */
    snprintf(members, sizeof(members),
             "\"cmd\":\"exec sleep 1000\",\"portDefinitions\":[{\"port\":%u}],"
             "\"upgradeStrategy\":{\"minimumHealthCapacity\":0,\"maximumOverCapacity\":0}",
             lab->run.port_to);
    marathon_create(lab, "/v2/apps/a", members);
    assert_actions(lab, "PUT /v2/apps/a", "{\"requirePorts\":true}", "RestartApplication");
}

static void s2_3_container_networks_args_and_readiness_checks_restart_too(void **state)
{
    marathon_create(*state, "/v2/apps/a", SERVICE ",\"portDefinitions\":[{\"name\":\"p\"}]");
    assert_actions(*state, "PUT /v2/apps/a", "{\"args\":[\"x\"]}", "RestartApplication");
    assert_actions(*state, "PUT /v2/apps/a",
                   "{\"readinessChecks\":[{\"portName\":\"p\",\"path\":\"/info\"}]}",
                   "RestartApplication");
    assert_actions(*state, "PUT /v2/apps/a",
                   "{\"readinessChecks\":[],\"container\":{\"type\":\"DOCKER\",\"docker\":"
                   "{\"image\":\"mhausenblas/simpleservice:0.5.0\"}}}",
                   "RestartApplication");
    assert_actions(*state, "PUT /v2/apps/a", "{\"networks\":[{\"mode\":\"container/bridge\"}]}",
                   "RestartApplication");
}

static void s2_3_dependencies_restart(void **state)
{
    marathon_create(*state, "/v2/apps/b", SLEEPER);
    marathon_create(*state, "/v2/apps/a", SLEEPER);
    assert_actions(*state, "PUT /v2/apps/a", "{\"dependencies\":[\"/b\"]}", "RestartApplication");
}

static void s2_3_executor_resources_are_not_compared(void **state)
{
    marathon_create(*state, "/v2/apps/a", SLEEPER);
    assert_actions(*state, "PUT /v2/apps/a", "{\"executorResources\":{\"cpus\":0.2,\"mem\":32}}",
                   "");
}

static void s2_3_the_new_strategy_governs_its_own_roll_out(void **state)
{
    ZDD_AUTO_JSON json_t *events = NULL;
    size_t killed;
    size_t scheduled;
    size_t before;

    marathon_create(*state, "/v2/apps/a",
                    SLEEPER ",\"upgradeStrategy\":{\"minimumHealthCapacity\":1,"
                            "\"maximumOverCapacity\":1}");
    before = lab_event_count(*state);
    marathon_change(*state, "PUT /v2/apps/a",
                    "{\"upgradeStrategy\":{\"minimumHealthCapacity\":0,"
                    "\"maximumOverCapacity\":0}}",
                    200);
    events = marathon_since(*state, before);
    /* (1,1) would start first; (0,0) kills first. */
    killed = marathon_place(events, 0, "instance_changed_event", "condition", "Killed");
    scheduled = marathon_place(events, 0, "instance_changed_event", "condition", "Scheduled");
    assert_true(killed < scheduled);
}

static void s2_3_a_task_runs_the_current_config_when_not_older_than_the_config_change(void **state)
{
    ZDD_AUTO_JSON json_t *app = NULL;

    marathon_create(*state, "/v2/apps/a", SLEEPER);
    marathon_change(*state, "PUT /v2/apps/a", "{\"instances\":2}", 200);
    app = marathon_get(*state, "GET /v2/apps/a", NULL, 200);
    assert_true(
        strcmp(marathon_text(app, "/app/tasks/0/version"), marathon_text(app, "/app/version")) < 0);
    for (int i = 0; i < 2; i++) {
        char pointer[40];

        snprintf(pointer, sizeof(pointer), "/app/tasks/%d/version", i);
        assert_true(strcmp(marathon_text(app, pointer),
                           marathon_text(app, "/app/versionInfo/lastConfigChangeAt")) >= 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        MARATHON_TEST(s2_3_a_new_app_has_one_time_thrice_and_starts_and_scales),
        MARATHON_TEST(s2_3_any_compared_member_restarts_all_tasks_at_three_new_times),
        MARATHON_TEST(s2_3_instances_alone_scale_and_keep_the_config_time_and_the_tasks),
        MARATHON_TEST(s2_3_instances_and_a_compared_member_are_one_restart),
        MARATHON_TEST(s2_3_whatever_ends_at_0_instances_is_a_scale_to_0),
        MARATHON_TEST(s2_3_post_restart_keeps_the_scaling_time),
        MARATHON_TEST(s2_3_nothing_changes_nothing),
        MARATHON_TEST(s2_3_each_compared_member_restarts),
        MARATHON_TEST(s2_3_require_ports_restarts),
        MARATHON_TEST(s2_3_container_networks_args_and_readiness_checks_restart_too),
        MARATHON_TEST(s2_3_dependencies_restart),
        MARATHON_TEST(s2_3_executor_resources_are_not_compared),
        MARATHON_TEST(s2_3_the_new_strategy_governs_its_own_roll_out),
        MARATHON_TEST(s2_3_a_task_runs_the_current_config_when_not_older_than_the_config_change),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
