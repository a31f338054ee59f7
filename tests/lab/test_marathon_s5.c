/**
 * @file tests/lab/test_marathon_s5.c
 * @brief Health and readiness, marathon.md §5, row by row.
 */
#include "tests/support/spec.h"

#include "tests/lab/marathon.h"

#include "server/base/clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool has_kill(const json_t *events, const void *cls)
{
    (void)cls;
    return lab_count(events, "unhealthy_instance_kill_event", NULL, NULL) > 0;
}

static bool has_killed(const json_t *events, const void *cls)
{
    (void)cls;
    return lab_count(events, "status_update_event", "taskStatus", "TASK_KILLED") > 0;
}

/* Run an app whose check never passes until the first kill; @return the events up to it */
static json_t *until_killed(struct lab *lab, const char *members)
{
    json_t *events;
    size_t kill;
    char id[64];

    marathon_begin(lab, "PUT /v2/apps/a", members, 201, id);
    lab_until(lab, has_kill, NULL);
    events = lab_events(lab, 0);
    kill = marathon_place(events, 0, "unhealthy_instance_kill_event", NULL, NULL);
    while (json_array_size(events) > kill + 1)
        json_array_remove(events, json_array_size(events) - 1);
    return events;
}

/* A check that fails, and what is counted at once: no grace. */
#define FAILING(protocol, more)                                                                    \
    "{" SERVICE ",\"healthChecks\":[{\"protocol\":\"" protocol "\"," more                          \
    "\"gracePeriodSeconds\":0,\"intervalSeconds\":5,\"delaySeconds\":1}]}"

/* --- §5.1 --------------------------------------------------------------------------------------
 */

static void s5_1_all_instances_of_a_version_are_probed_at_the_same_ticks(void **state)
{
    ZDD_AUTO_JSON json_t *tasks = NULL;

    /* First tick after 5 s, then every 60: two tasks, started apart, hear the same tick. */
    marathon_create(*state, "/v2/apps/a",
                    SERVICE ",\"instances\":2,\"healthChecks\":[{\"path\":\"/health\","
                            "\"intervalSeconds\":60}]");
    tasks = marathon_get(*state, "GET /v2/apps/a/tasks", NULL, 200);
    assert_int_equal(json_array_size(json_object_get(tasks, "tasks")), 2);
    for (int i = 0; i < 2; i++) {
        char pointer[80];

        snprintf(pointer, sizeof(pointer), "/tasks/%d/healthCheckResults/0/alive", i);
        marathon_at(tasks, pointer, "true");
    }
}

static void s5_1_a_status_outside_200_to_399_is_a_failure(void **state)
{
    struct lab *lab = *state;
    char id[64];

    marathon_begin(lab, "PUT /v2/apps/a",
                   "{" SERVICE ",\"healthChecks\":[{\"path\":\"/no\",\"intervalSeconds\":1}]}", 201,
                   id);
    lab_until_json(lab, "/v2/apps/a", "/app/tasksUnhealthy", "1"); /* 404 */
}

/* Answers TLS with a certificate of its own, made on the spot, for another name. On a busy machine
 * that takes longer than the usual grace, and who is killed for that begins anew: PATIENT. */
#define PATIENT "\"gracePeriodSeconds\":86400,\"intervalSeconds\":10,\"timeoutSeconds\":20"
#define TLS                                                                                        \
    "\"cmd\":\"openssl req -x509 -newkey ec -pkeyopt "                                             \
    "ec_paramgen_curve:prime256v1 -nodes -subj /CN=elsewhere -days 1 -keyout key "                 \
    "-out cert 2>/dev/null && exec openssl s_server -quiet -accept $PORT0 -key key -cert cert "    \
    "-www\""

static void s5_1_https_does_not_verify_certificates(void **state)
{
    marathon_create(*state, "/v2/apps/a",
                    TLS ",\"healthChecks\":[{\"protocol\":\"HTTPS\",\"path\":\"/\"," PATIENT "}]");
    marathon_says(*state, "GET /v2/apps/a", NULL, 200, "/app/tasksHealthy", "1");
}

static void s5_1_a_redirect_is_healthy_and_not_followed(void **state)
{
    /* It leads to where nobody answers. */
    marathon_create(
        *state, "/v2/apps/a",
        "\"cmd\":\"exec perl -MIO::Socket::INET -e '$s = IO::Socket::INET->new(LocalAddr => "
        "q(127.0.0.1), LocalPort => $ENV{PORT0}, Listen => 5, ReuseAddr => 1); while ($c = "
        "$s->accept) { <$c>; print $c qq(HTTP/1.1 302 Found\\r\\nLocation: http://127.0.0.1:1/"
        "\\r\\nContent-Length: 0\\r\\nConnection: close\\r\\n\\r\\n); close $c }'\","
        "\"healthChecks\":[{\"path\":\"/\"," PATIENT "}]");
    marathon_says(*state, "GET /v2/apps/a", NULL, 200, "/app/tasksHealthy", "1");
}

static void s5_1_a_path_gets_its_leading_slash(void **state)
{
    marathon_create(*state, "/v2/apps/a",
                    SERVICE ",\"healthChecks\":[{\"path\":\"health\",\"intervalSeconds\":1}]");
    marathon_says(*state, "GET /v2/apps/a", NULL, 200, "/app/tasksHealthy", "1");
}

static void s5_1_a_timeout_is_a_failure(void **state)
{
    char id[64];

    /* The service waits for HTTP, the check for TLS. */
    marathon_begin(*state, "PUT /v2/apps/a",
                   "{" SERVICE ",\"healthChecks\":[{\"protocol\":\"HTTPS\",\"path\":\"/health\","
                   "\"intervalSeconds\":1,\"timeoutSeconds\":1}]}",
                   201, id);
    lab_until_json(*state, "/v2/apps/a", "/app/tasksUnhealthy", "1");
}

static void s5_1_tcp_is_healthy_when_it_connects(void **state)
{
    marathon_create(*state, "/v2/apps/a",
                    SERVICE ",\"healthChecks\":[{\"protocol\":\"TCP\",\"intervalSeconds\":1}]");
    marathon_says(*state, "GET /v2/apps/a", NULL, 200, "/app/tasksHealthy", "1");
}

static void s5_1_tcp_that_does_not_connect_is_a_failure(void **state)
{
    ZDD_AUTO_JSON json_t *events =
        until_killed(*state, FAILING("TCP", "\"port\":1,\"maxConsecutiveFailures\":1,"));

    assert_int_equal(lab_count(events, "failed_health_check_event", NULL, NULL), 2);
}

static void s5_1_failures_in_grace_are_ignored_before_the_first_success(void **state)
{
    ZDD_AUTO_JSON json_t *events = NULL;
    char id[64];

    marathon_begin(*state, "PUT /v2/apps/a",
                   "{" SERVICE ",\"healthChecks\":[{\"path\":\"/no\",\"gracePeriodSeconds\":86400,"
                   "\"intervalSeconds\":1,\"maxConsecutiveFailures\":1}]}",
                   201, id);
    lab_until_json(*state, "/v2/apps/a", "/app/tasks/0/healthCheckResults/0/alive", "false");
    events = marathon_since(*state, 0);
    assert_int_equal(lab_count(events, "failed_health_check_event", NULL, NULL), 0);
    assert_int_equal(lab_count(events, "unhealthy_instance_kill_event", NULL, NULL), 0);
}

static void s5_1_an_ignored_failure_still_shows_the_task_unhealthy(void **state)
{
    ZDD_AUTO_JSON json_t *events = NULL;
    char id[64];

    marathon_begin(*state, "PUT /v2/apps/a",
                   "{" SERVICE ",\"healthChecks\":[{\"path\":\"/no\",\"gracePeriodSeconds\":86400,"
                   "\"intervalSeconds\":1}]}",
                   201, id);
    lab_until_json(*state, "/v2/apps/a", "/app/tasksUnhealthy", "1");
    marathon_says(*state, "GET /v2/apps/a", NULL, 200,
                  "/app/tasks/0/healthCheckResults/0/consecutiveFailures", "0");
    events = marathon_since(*state, 0);
    marathon_at(marathon_event(events, "instance_health_changed_event", NULL, NULL), "/healthy",
                "false");
    assert_int_equal(lab_count(events, "instance_health_changed_event", NULL, NULL), 1);
}

/* The service ends when it is told to; its shell stays and holds the task. */
#define FRAIL                                                                                      \
    "frail:1=${LAB%/*}/simpleservice & while [ ! -e sick ]; do sleep 0.02; done; kill $!; exec "   \
    "sleep 1000"

static void s5_1_after_the_first_success_every_failure_counts_even_in_grace(void **state)
{
    static const char frail[] = FRAIL;
    static const char *const options[] = {"--speed", "100", "--image", frail, NULL};
    struct lab *lab = marathon_other(state, options);
    ZDD_AUTO_JSON json_t *tasks = NULL;
    ZDD_AUTO_JSON json_t *events = NULL;
    char path[700];
    FILE *file;
    size_t healthy;
    size_t sick;

    marathon_create(lab, "/v2/apps/a",
                    "\"container\":{\"docker\":{\"image\":\"frail:1\"}},\"env\":{\"LAB\":"
                    "\"" LAB_PROGRAM "\"},\"healthChecks\":[{\"path\":\"/health\","
                    "\"gracePeriodSeconds\":86400,\"intervalSeconds\":1,"
                    "\"maxConsecutiveFailures\":2}]");
    tasks = marathon_get(lab, "GET /v2/apps/a/tasks", NULL, 200);
    snprintf(path, sizeof(path), "%s/%s/sick", lab->run.dir, marathon_text(tasks, "/tasks/0/id"));
    file = fopen(path, "we");
    assert_non_null(file);
    fclose(file);
    lab_until(lab, has_kill, NULL);
    events = lab_events(lab, 0);
    healthy = marathon_place(events, 0, "health_status_changed_event", NULL, NULL);
    sick = marathon_place(events, healthy + 1, "health_status_changed_event", NULL, NULL);
    marathon_at(json_array_get(events, healthy), "/alive", "true");
    marathon_at(json_array_get(events, sick), "/alive", "false"); /* one failure is enough */
    assert_true(sick < marathon_place(events, 0, "unhealthy_instance_kill_event", NULL, NULL));
    assert_true(lab_count(events, "failed_health_check_event", NULL, NULL) >= 3);
}

static void s5_1_the_kill_comes_at_failure_number_max_plus_one(void **state)
{
    ZDD_AUTO_JSON json_t *events =
        until_killed(*state, FAILING("HTTP", "\"path\":\"/no\",\"maxConsecutiveFailures\":3,"));

    assert_int_equal(lab_count(events, "failed_health_check_event", NULL, NULL), 4);
}

static bool has_failed_often(const json_t *events, const void *cls)
{
    (void)cls;
    return lab_count(events, "failed_health_check_event", NULL, NULL) >= 6;
}

static void s5_1_a_max_of_0_never_kills(void **state)
{
    ZDD_AUTO_JSON json_t *tasks = NULL;
    ZDD_AUTO_JSON json_t *events = NULL;
    char id[64];

    marathon_begin(*state, "PUT /v2/apps/a",
                   FAILING("HTTP", "\"path\":\"/no\",\"maxConsecutiveFailures\":0,"), 201, id);
    lab_until(*state, has_failed_often, NULL); /* the counter itself may pass unseen */
    tasks = marathon_get(*state, "GET /v2/apps/a/tasks", NULL, 200);
    assert_in_range(
        json_integer_value(zdd_json_at(tasks, "/tasks/0/healthCheckResults/0/consecutiveFailures")),
        6, 1000000);
    events = marathon_since(*state, 0);
    assert_int_equal(lab_count(events, "unhealthy_instance_kill_event", NULL, NULL), 0);
}

static void s5_1_a_killed_one_ends_as_task_killed_without_delay(void **state)
{
    char id[64];

    marathon_begin(*state, "PUT /v2/apps/a",
                   "{" SERVICE ",\"backoffSeconds\":3600,\"maxLaunchDelaySeconds\":86400,"
                   "\"healthChecks\":[{\"path\":\"/no\",\"gracePeriodSeconds\":0,"
                   "\"intervalSeconds\":5,\"maxConsecutiveFailures\":1}]}",
                   201, id);
    lab_until(*state, has_kill, NULL);
    lab_until_json(*state, "/v2/apps/a", "/app/lastTaskFailure/state", "\"TASK_KILLED\"");
    lab_until_json(*state, "/v2/queue", "/queue", "[]");
    lab_until_json(*state, "/v2/apps/a", "/app/tasksRunning", "1");
}

static void s5_1_unreachable_instances_are_not_killed(void **state)
{
    char id[64];

    marathon_begin(*state, "PUT /v2/apps/a",
                   "{" SERVICE ",\"unreachableStrategy\":\"disabled\",\"healthChecks\":"
                   "[{\"path\":\"/no\",\"gracePeriodSeconds\":0,\"intervalSeconds\":100,"
                   "\"maxConsecutiveFailures\":1}]}",
                   201, id);
    lab_until_json(*state, "/v2/apps/a", "/app/tasksRunning", "1");
    lab_faults(*state, "[{\"name\":\"task-unreachable\",\"count\":1,\"ms\":600000}]");
    lab_until_json(*state, "/v2/apps/a/tasks", "/tasks/0/state", "\"TASK_UNREACHABLE\"");
    /* Another app's checks pass many ticks meanwhile. */
    marathon_create(*state, "/v2/apps/b",
                    SERVICE ",\"healthChecks\":[{\"path\":\"/health\",\"intervalSeconds\":100}]");
    for (int i = 0; i < 2; i++)
        marathon_change(*state, "POST /v2/apps/b/restart", NULL, 200);
    marathon_says(*state, "GET /v2/apps/a/tasks", NULL, 200, "/tasks/0/state",
                  "\"TASK_UNREACHABLE\"");
}

static void s5_1_a_new_leader_has_no_results(void **state)
{
    static const char first[] = "/tasks/0/healthCheckResults/0/firstSuccess";
    const int64_t until_ms = zdd_mono_ms() + LAB_WAIT_MS;
    ZDD_AUTO_JSON json_t *before = NULL;
    bool is_new = false;

    marathon_create(*state, "/v2/apps/a",
                    SERVICE ",\"healthChecks\":[{\"path\":\"/health\",\"intervalSeconds\":500}]");
    before = marathon_get(*state, "GET /v2/apps/a/tasks", NULL, 200);
    lab_faults(*state, "[{\"name\":\"leader-switch\",\"count\":1}]");
    while (!is_new) { /* the first success is another one: the old one was forgotten */
        ZDD_AUTO_JSON json_t *after = marathon_get(*state, "GET /v2/apps/a/tasks", NULL, 200);

        is_new = *marathon_text(after, first) &&
                 strcmp(marathon_text(after, first), marathon_text(before, first)) > 0;
        assert_true(zdd_mono_ms() < until_ms);
    }
}

/* --- §5.2 --------------------------------------------------------------------------------------
 */

static void passes(struct lab *lab, const char *check)
{
    ZDD_AUTO_JSON json_t *events = NULL;
    char members[400];

    snprintf(members, sizeof(members),
             SERVICE ",\"healthChecks\":[{%s,\"delaySeconds\":1,\"intervalSeconds\":5}]", check);
    marathon_create(lab, "/v2/apps/a", members);
    marathon_says(lab, "GET /v2/apps/a", NULL, 200, "/app/tasksHealthy", "1");
    events = marathon_since(lab, 0);
    /* The result travels as one more TASK_RUNNING. */
    assert_int_equal(lab_count(events, "status_update_event", "taskStatus", "TASK_RUNNING"), 2);
}

static void s5_2_command_passes_on_exit_0(void **state)
{
    passes(*state, "\"protocol\":\"COMMAND\",\"command\":{\"value\":\"test -n \\\"$PORT0\\\"\"}");
}

static void s5_2_mesos_http_passes_on_a_good_status(void **state)
{
    passes(*state, "\"protocol\":\"MESOS_HTTP\",\"path\":\"/health\"");
}

static void s5_2_mesos_https_passes_on_a_good_status(void **state)
{
    marathon_create(
        *state, "/v2/apps/a",
        TLS
        ",\"healthChecks\":[{\"protocol\":\"MESOS_HTTPS\",\"path\":\"/\",\"delaySeconds\":1," PATIENT
        "}]");
    marathon_says(*state, "GET /v2/apps/a", NULL, 200, "/app/tasksHealthy", "1");
}

static void s5_2_mesos_tcp_passes_on_a_connection(void **state)
{
    passes(*state, "\"protocol\":\"MESOS_TCP\"");
}

static void s5_2_command_fails_on_another_exit_and_kills_at_failure_number_max(void **state)
{
    ZDD_AUTO_JSON json_t *events =
        until_killed(*state, FAILING("COMMAND", "\"command\":{\"value\":\"exit 1\"},"
                                                "\"maxConsecutiveFailures\":3,"));

    assert_int_equal(lab_count(events, "failed_health_check_event", NULL, NULL), 3);
}

static void s5_2_mesos_http_fails_and_kills_at_failure_number_max(void **state)
{
    ZDD_AUTO_JSON json_t *events = until_killed(
        *state, FAILING("MESOS_HTTP", "\"path\":\"/no\",\"maxConsecutiveFailures\":2,"));

    assert_int_equal(lab_count(events, "failed_health_check_event", NULL, NULL), 2);
}

static void s5_2_mesos_tcp_fails_and_kills_at_failure_number_max(void **state)
{
    ZDD_AUTO_JSON json_t *events =
        until_killed(*state, FAILING("MESOS_TCP", "\"port\":1,\"maxConsecutiveFailures\":2,"));

    assert_int_equal(lab_count(events, "failed_health_check_event", NULL, NULL), 2);
}

static void s5_2_a_max_of_0_kills_at_the_first_failure(void **state)
{
    ZDD_AUTO_JSON json_t *events =
        until_killed(*state, FAILING("COMMAND", "\"command\":{\"value\":\"exit 1\"},"
                                                "\"maxConsecutiveFailures\":0,"));

    assert_int_equal(lab_count(events, "failed_health_check_event", NULL, NULL), 1);
}

static void s5_2_a_command_that_takes_too_long_has_failed(void **state)
{
    ZDD_AUTO_JSON json_t *events = until_killed(
        *state, FAILING("COMMAND", "\"command\":{\"value\":\"sleep 1000\"},\"timeoutSeconds\":1,"
                                   "\"maxConsecutiveFailures\":1,"));

    assert_int_equal(lab_count(events, "failed_health_check_event", NULL, NULL), 1);
}

static void s5_2_the_agent_keeps_failures_in_grace_to_itself(void **state)
{
    ZDD_AUTO_JSON json_t *events = NULL;
    char members[1000];
    char path[300];
    char id[64];
    struct lab *lab = *state;

    /* Each run leaves a line; after three of them nothing has been told. */
    snprintf(path, sizeof(path), "%s/ran", lab->run.dir);
    snprintf(members, sizeof(members),
             "{" SLEEPER ",\"healthChecks\":[{\"protocol\":\"COMMAND\",\"command\":{\"value\":"
             "\"echo x >> %s; test $(wc -l < %s) -ge 4\"},\"delaySeconds\":1,\"intervalSeconds\":1,"
             "\"gracePeriodSeconds\":86400,\"maxConsecutiveFailures\":1}]}",
             path, path);
    marathon_begin(lab, "PUT /v2/apps/a", members, 201, id);
    assert_true(lab_await(lab, id));
    events = marathon_since(lab, 0);
    assert_int_equal(lab_count(events, "failed_health_check_event", NULL, NULL), 0);
    assert_int_equal(lab_count(events, "instance_health_changed_event", NULL, NULL), 1);
}

static void s5_2_a_killed_one_ends_as_task_killed(void **state)
{
    char id[64];

    marathon_begin(*state, "PUT /v2/apps/a",
                   FAILING("MESOS_TCP", "\"port\":1,\"maxConsecutiveFailures\":1,"), 201, id);
    lab_until(*state, has_kill, NULL);
    lab_until_json(*state, "/v2/apps/a", "/app/lastTaskFailure/state", "\"TASK_KILLED\"");
}

/* --- §5.3 --------------------------------------------------------------------------------------
 */

static void s5_3_a_deployment_step_adds_one_check_each(void **state)
{
    ZDD_AUTO_JSON json_t *events = NULL;
    const json_t *event;
    size_t info;

    marathon_create(*state, "/v2/apps/a",
                    SERVICE ",\"healthChecks\":[{\"path\":\"/health\",\"intervalSeconds\":1},"
                            "{\"protocol\":\"TCP\",\"intervalSeconds\":1}]");
    events = marathon_since(*state, 0);
    assert_int_equal(lab_count(events, "add_health_check_event", "appId", "/a"), 2);
    info = marathon_place(events, 0, "deployment_info", NULL, NULL);
    (void)marathon_place(events, info, "add_health_check_event", NULL, NULL);
    event = marathon_event(events, "add_health_check_event", NULL, NULL);
    marathon_members(event, "eventType timestamp appId version healthCheck");
}

static void s5_3_a_pure_scale_adds_the_check_of_its_new_version(void **state)
{
    ZDD_AUTO_JSON json_t *events = NULL;
    size_t from;

    marathon_create(*state, "/v2/apps/a",
                    SERVICE ",\"healthChecks\":[{\"path\":\"/health\",\"intervalSeconds\":1}]");
    from = lab_event_count(*state);
    marathon_change(*state, "PUT /v2/apps/a", "{\"instances\":2}", 200);
    events = marathon_since(*state, from);
    assert_int_equal(lab_count(events, "add_health_check_event", NULL, NULL), 1);
}

static void s5_3_a_counted_failure_is_told(void **state)
{
    ZDD_AUTO_JSON json_t *events =
        until_killed(*state, FAILING("HTTP", "\"path\":\"/no\",\"maxConsecutiveFailures\":1,"));
    const json_t *event = marathon_event(events, "failed_health_check_event", NULL, NULL);

    marathon_members(event, "eventType timestamp appId healthCheck taskId");
    assert_null(strstr(zdd_json_text(event, "taskId", "._app."), "._app.")); /* an instance id */
}

static void s5_3_alive_and_the_aggregate_are_told_in_this_order(void **state)
{
    ZDD_AUTO_JSON json_t *events = NULL;
    size_t alive;

    marathon_create(*state, "/v2/apps/a",
                    SERVICE ",\"healthChecks\":[{\"path\":\"/health\",\"intervalSeconds\":1}]");
    events = marathon_since(*state, 0);
    alive = marathon_place(events, 0, "health_status_changed_event", NULL, NULL);
    assert_int_equal(marathon_healthy(events, 0), alive + 1);
}

static void s5_3_the_kill_is_told_before_the_tasks_end(void **state)
{
    ZDD_AUTO_JSON json_t *events = NULL;
    size_t kill;
    char id[64];

    marathon_begin(*state, "PUT /v2/apps/a",
                   FAILING("HTTP", "\"path\":\"/no\",\"maxConsecutiveFailures\":1,"), 201, id);
    lab_until(*state, has_killed, NULL);
    events = marathon_since(*state, 0);
    kill = marathon_place(events, 0, "unhealthy_instance_kill_event", NULL, NULL);
    marathon_members(json_array_get(events, kill),
                     "eventType timestamp appId taskId instanceId version reason host slaveId");
    (void)marathon_place(events, kill, "status_update_event", "taskStatus", "TASK_KILLED");
}

static void s5_3_a_never_healthy_task_has_no_change_of_status(void **state)
{
    ZDD_AUTO_JSON json_t *events =
        until_killed(*state, FAILING("HTTP", "\"path\":\"/no\",\"maxConsecutiveFailures\":3,"));

    assert_int_equal(lab_count(events, "health_status_changed_event", NULL, NULL), 0);
}

static bool has_removed(const json_t *events, const void *cls)
{
    (void)cls;
    return lab_count(events, "remove_health_check_event", NULL, NULL) > 0;
}

static void s5_3_a_check_is_removed_with_its_app(void **state)
{
    ZDD_AUTO_JSON json_t *events = NULL;

    marathon_create(*state, "/v2/apps/a",
                    SERVICE ",\"healthChecks\":[{\"path\":\"/health\",\"intervalSeconds\":1}]");
    marathon_change(*state, "DELETE /v2/apps/a", NULL, 200);
    events = marathon_since(*state, 0);
    marathon_members(marathon_event(events, "remove_health_check_event", "appId", "/a"),
                     "eventType timestamp appId");
}

static void
s5_3_checks_of_stale_versions_go_at_the_reconcile_not_at_the_end_of_a_roll_out(void **state)
{
    static const char *const faster[] = {"--speed", "1000", NULL};
    struct lab *lab = marathon_other(state, faster);
    ZDD_AUTO_JSON json_t *events = NULL;
    size_t end;

    marathon_create(lab, "/v2/apps/a",
                    SERVICE ",\"healthChecks\":[{\"path\":\"/health\",\"intervalSeconds\":30}]");
    marathon_change(lab, "POST /v2/apps/a/restart", NULL, 200);
    lab_until(lab, has_removed, NULL); /* every 600 s: 0.6 s here */
    events = lab_events(lab, 0);
    end = marathon_place(events, 0, "deployment_success", NULL, NULL);
    end = marathon_place(events, end + 1, "deployment_success", NULL, NULL);
    (void)marathon_place(events, end, "remove_health_check_event", NULL, NULL);
}

/* --- §5.4 --------------------------------------------------------------------------------------
 */

#define READY(path, more)                                                                          \
    "\"portDefinitions\":[{\"name\":\"api\"}],\"readinessChecks\":[{\"name\":\"warm\",\"path\":"   \
    "\"" path "\",\"portName\":\"api\",\"intervalSeconds\":5,\"timeoutSeconds\":1" more "}]"

static void s5_4_the_first_question_comes_at_running_and_listed_statuses_are_accepted(void **state)
{
    ZDD_AUTO_JSON json_t *events = NULL;

    marathon_create(*state, "/v2/apps/a",
                    SERVICE "," READY("/no", ",\"httpStatusCodesForReady\":[201,404]"));
    events = marathon_since(*state, 0);
    for (size_t i = 0; i < json_array_size(events); i++) /* no event speaks of readiness */
        assert_null(strstr(zdd_json_text(json_array_get(events, i), "eventType", ""), "readiness"));
}

static void s5_4_no_answer_counts_as_504_text_plain(void **state)
{
    char id[64];

    marathon_begin(*state, "PUT /v2/apps/a",
                   "{\"cmd\":\"exec sleep 1000\"," READY("/", ",\"preserveLastResponse\":true") "}",
                   201, id);
    lab_until_json(*state, "/v2/deployments",
                   "/0/currentActions/0/readinessCheckResults/0/lastResponse/status", "504");
    marathon_says(*state, "GET /v2/deployments", NULL, 200,
                  "/0/currentActions/0/readinessCheckResults/0/lastResponse/contentType",
                  "\"text/plain\"");
}

static void s5_4_results_show_in_deployments_and_in_apps_if_embedded(void **state)
{
    char id[64];

    marathon_begin(*state, "PUT /v2/apps/a", "{" SERVICE "," READY("/no", "") "}", 201, id);
    lab_until_json(*state, "/v2/deployments", "/0/currentActions/0/readinessCheckResults/0/ready",
                   "false");
    marathon_says(*state, "GET /v2/deployments", NULL, 200,
                  "/0/currentActions/0/readinessCheckResults/0/lastResponse", NULL);
    marathon_says(*state, "GET /v2/apps?embed=apps.readiness", NULL, 200,
                  "/apps/0/readinessCheckResults/0/name", "\"warm\"");
}

static void s5_4_outside_a_deployment_nobody_asks(void **state)
{
    ZDD_AUTO_JSON json_t *tasks = NULL;
    char expected[300];

    marathon_create(*state, "/v2/apps/a", SERVICE "," READY("/info", ""));
    tasks = marathon_get(*state, "GET /v2/apps/a/tasks", NULL, 200);
    marathon_says(*state, "DELETE /v2/apps/a/tasks", NULL, 200, NULL, NULL);
    snprintf(expected, sizeof(expected), "\"%.*s2\"",
             (int)strlen(marathon_text(tasks, "/tasks/0/id")) - 1,
             marathon_text(tasks, "/tasks/0/id"));
    lab_until_json(*state, "/v2/apps/a/tasks", "/tasks/0/id", expected);
    lab_until_json(*state, "/v2/apps/a", "/app/tasksRunning", "1");
    marathon_says(*state, "GET /v2/apps?embed=apps.readiness", NULL, 200,
                  "/apps/0/readinessCheckResults", "[]");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        MARATHON_TEST(s5_1_all_instances_of_a_version_are_probed_at_the_same_ticks),
        MARATHON_TEST(s5_1_a_status_outside_200_to_399_is_a_failure),
        MARATHON_TEST(s5_1_https_does_not_verify_certificates),
        MARATHON_TEST(s5_1_a_redirect_is_healthy_and_not_followed),
        MARATHON_TEST(s5_1_a_path_gets_its_leading_slash),
        MARATHON_TEST(s5_1_a_timeout_is_a_failure),
        MARATHON_TEST(s5_1_tcp_is_healthy_when_it_connects),
        MARATHON_TEST(s5_1_tcp_that_does_not_connect_is_a_failure),
        MARATHON_TEST(s5_1_failures_in_grace_are_ignored_before_the_first_success),
        MARATHON_TEST(s5_1_an_ignored_failure_still_shows_the_task_unhealthy),
        MARATHON_TEST(s5_1_after_the_first_success_every_failure_counts_even_in_grace),
        MARATHON_TEST(s5_1_the_kill_comes_at_failure_number_max_plus_one),
        MARATHON_TEST(s5_1_a_max_of_0_never_kills),
        MARATHON_TEST(s5_1_a_killed_one_ends_as_task_killed_without_delay),
        MARATHON_TEST(s5_1_unreachable_instances_are_not_killed),
        MARATHON_TEST(s5_1_a_new_leader_has_no_results),
        MARATHON_TEST(s5_2_command_passes_on_exit_0),
        MARATHON_TEST(s5_2_mesos_http_passes_on_a_good_status),
        MARATHON_TEST(s5_2_mesos_https_passes_on_a_good_status),
        MARATHON_TEST(s5_2_mesos_tcp_passes_on_a_connection),
        MARATHON_TEST(s5_2_command_fails_on_another_exit_and_kills_at_failure_number_max),
        MARATHON_TEST(s5_2_mesos_http_fails_and_kills_at_failure_number_max),
        MARATHON_TEST(s5_2_mesos_tcp_fails_and_kills_at_failure_number_max),
        MARATHON_TEST(s5_2_a_max_of_0_kills_at_the_first_failure),
        MARATHON_TEST(s5_2_a_command_that_takes_too_long_has_failed),
        MARATHON_TEST(s5_2_the_agent_keeps_failures_in_grace_to_itself),
        MARATHON_TEST(s5_2_a_killed_one_ends_as_task_killed),
        MARATHON_TEST(s5_3_a_deployment_step_adds_one_check_each),
        MARATHON_TEST(s5_3_a_pure_scale_adds_the_check_of_its_new_version),
        MARATHON_TEST(s5_3_a_counted_failure_is_told),
        MARATHON_TEST(s5_3_alive_and_the_aggregate_are_told_in_this_order),
        MARATHON_TEST(s5_3_the_kill_is_told_before_the_tasks_end),
        MARATHON_TEST(s5_3_a_never_healthy_task_has_no_change_of_status),
        MARATHON_TEST(s5_3_a_check_is_removed_with_its_app),
        MARATHON_TEST(
            s5_3_checks_of_stale_versions_go_at_the_reconcile_not_at_the_end_of_a_roll_out),
        MARATHON_TEST(s5_4_the_first_question_comes_at_running_and_listed_statuses_are_accepted),
        MARATHON_TEST(s5_4_no_answer_counts_as_504_text_plain),
        MARATHON_TEST(s5_4_results_show_in_deployments_and_in_apps_if_embedded),
        MARATHON_TEST(s5_4_outside_a_deployment_nobody_asks),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
