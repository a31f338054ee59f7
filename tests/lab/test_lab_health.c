/**
 * @file tests/lab/test_lab_health.c
 * @brief Health and readiness on real processes (marathon.md §5), and what cannot be launched (§7).
 */
#include "tests/support/spec.h"

#include "tests/lab/lab.h"

#include <stdio.h>
#include <string.h>

static const char *const fast[] = {"--speed", "100", NULL};

#define SERVICE                                                                                    \
    "\"container\":{\"type\":\"DOCKER\",\"docker\":{\"image\":\"mhausenblas/simpleservice:0.4.0\"" \
    "}}"

static void create(struct lab *lab, const char *body, char ret_id[static 64])
{
    assert_int_equal(lab_change(lab, "PUT", "/v2/apps/a", body, ret_id), 201);
}

static bool has_kill(const json_t *events, const void *cls)
{
    (void)cls;
    return lab_count(events, "unhealthy_instance_kill_event", NULL, NULL) > 0;
}

static size_t place_of(const json_t *events, const char *type, size_t from)
{
    for (size_t i = from; i < json_array_size(events); i++)
        if (strcmp(zdd_json_text(json_array_get(events, i), "eventType", ""), type) == 0)
            return i;
    return json_array_size(events);
}

/* Failures before the first kill of an app whose check never passes. */
static void kill_comes_after(const char *body, size_t failures)
{
    struct lab *lab = lab_start(fast);
    ZDD_AUTO_JSON json_t *events = NULL;
    char id[64];
    size_t kill;
    size_t count = 0;

    create(lab, body, id);
    lab_until(lab, has_kill, NULL);
    events = lab_events(lab, 0);
    kill = place_of(events, "unhealthy_instance_kill_event", 0);
    for (size_t i = 0; i < kill; i++)
        count += place_of(events, "failed_health_check_event", i) == i;
    assert_int_equal(count, failures);
    assert_int_equal(lab_count(events, "health_status_changed_event", NULL, NULL), 0);
    lab_until_json(lab, "/v2/apps/a", "/app/lastTaskFailure/state", "\"TASK_KILLED\"");
    lab_stop(lab);
}

static void the_kill_comes_at_failure_number_max_plus_one(void **state)
{
    (void)state;
    kill_comes_after("{" SERVICE ",\"healthChecks\":[{\"protocol\":\"HTTP\",\"path\":\"/no\","
                     "\"gracePeriodSeconds\":0,\"intervalSeconds\":5,"
                     "\"maxConsecutiveFailures\":3}]}",
                     4);
}

static void the_agent_kills_at_failure_number_max(void **state)
{
    (void)state;
    kill_comes_after("{" SERVICE ",\"healthChecks\":[{\"protocol\":\"COMMAND\",\"command\":"
                     "{\"value\":\"exit 1\"},\"gracePeriodSeconds\":0,\"delaySeconds\":1,"
                     "\"intervalSeconds\":5,\"maxConsecutiveFailures\":3}]}",
                     3);
}

static void a_killed_task_is_relaunched_without_delay(void **state)
{
    struct lab *lab = lab_start(fast);
    char id[64];

    (void)state;
    create(lab,
           "{" SERVICE ",\"backoffSeconds\":3600,\"maxLaunchDelaySeconds\":86400,\"healthChecks\":"
           "[{\"protocol\":\"HTTP\",\"path\":\"/no\",\"gracePeriodSeconds\":0,"
           "\"intervalSeconds\":5,\"maxConsecutiveFailures\":1}]}",
           id);
    lab_until(lab, has_kill, NULL);
    lab_until_json(lab, "/v2/queue", "/queue", "[]");
    lab_until_json(lab, "/v2/apps/a", "/app/tasksRunning", "1");
    lab_stop(lab);
}

static void grace_hides_failures_but_shows_the_task_unhealthy(void **state)
{
    struct lab *lab = lab_start(fast);
    ZDD_AUTO_JSON json_t *events = NULL;
    char id[64];

    (void)state;
    create(lab,
           "{" SERVICE ",\"healthChecks\":[{\"protocol\":\"HTTP\",\"path\":\"/no\","
           "\"gracePeriodSeconds\":86400,\"intervalSeconds\":5,\"maxConsecutiveFailures\":1}]}",
           id);
    lab_until_json(lab, "/v2/apps/a", "/app/tasksUnhealthy", "1");
    lab_until_json(lab, "/v2/apps/a", "/app/tasks/0/healthCheckResults/0/consecutiveFailures", "0");
    events = lab_events(lab, 0);
    assert_int_equal(lab_count(events, "failed_health_check_event", NULL, NULL), 0);
    assert_int_equal(lab_count(events, "instance_health_changed_event", NULL, NULL), 1);
    lab_stop(lab);
}

static void every_kind_of_check_can_pass(void **state)
{
    struct lab *lab = lab_start(fast);
    ZDD_AUTO_JSON json_t *events = NULL;
    char id[64];

    (void)state;
    create(lab,
           "{" SERVICE ",\"healthChecks\":[{\"protocol\":\"HTTP\",\"path\":\"/health\","
           "\"intervalSeconds\":5},{\"protocol\":\"TCP\",\"intervalSeconds\":5},"
           "{\"protocol\":\"COMMAND\",\"command\":{\"value\":\"test -n \\\"$PORT0\\\"\"},"
           "\"delaySeconds\":1,\"intervalSeconds\":5}]}",
           id);
    assert_true(lab_await(lab, id));
    events = lab_events(lab, 0);
    assert_int_equal(lab_count(events, "add_health_check_event", "appId", "/a"), 3);
    assert_int_equal(lab_count(events, "health_status_changed_event", "appId", "/a"), 3);
    lab_until_json(lab, "/v2/apps/a", "/app/tasksHealthy", "1");
    lab_stop(lab);
}

static void readiness_holds_the_deployment_and_shows_in_it(void **state)
{
    struct lab *lab = lab_start(fast);
    char id[64];

    (void)state;
    create(lab,
           "{" SERVICE ",\"portDefinitions\":[{\"name\":\"api\"}],\"readinessChecks\":"
           "[{\"name\":\"warm\",\"path\":\"/no\",\"portName\":\"api\",\"intervalSeconds\":5,"
           "\"timeoutSeconds\":1,\"httpStatusCodesForReady\":[200],"
           "\"preserveLastResponse\":true}]}",
           id);
    lab_until_json(lab, "/v2/deployments",
                   "/0/currentActions/0/readinessCheckResults/0/lastResponse/status", "404");
    lab_until_json(lab, "/v2/deployments", "/0/currentActions/0/readinessCheckResults/0/ready",
                   "false");
    assert_int_equal(
        lab_change(lab, "PUT", "/v2/apps/a?force=true",
                   "{\"readinessChecks\":[{\"name\":\"warm\",\"path\":\"/info\",\"portName\":"
                   "\"api\",\"intervalSeconds\":5,\"timeoutSeconds\":1}]}",
                   id),
        200);
    assert_true(lab_await(lab, id));
    lab_stop(lab);
}

static void a_full_cluster_queues_what_does_not_fit(void **state)
{
    static const char *const small[] = {"--speed", "100", "--max-instances", "2", NULL};
    struct lab *lab = lab_start(small);
    char id[64];

    (void)state;
    create(lab, "{\"cmd\":\"exec sleep 1000\",\"portDefinitions\":[],\"instances\":3}", id);
    lab_until_json(lab, "/v2/apps/a", "/app/tasksRunning", "2");
    lab_until_json(lab, "/v2/queue", "/queue/0/count", "1");
    lab_until_json(lab, "/v2/queue", "/queue/0/delay/overdue", "true");
    lab_until_json(lab, "/v2/queue",
                   "/queue/0/processedOffersSummary/rejectSummaryLastOffers/4/reason",
                   "\"InsufficientCpus\"");
    lab_until_json(lab, "/v2/queue",
                   "/queue/0/processedOffersSummary/rejectSummaryLastOffers/4/declined", "1");
    assert_int_equal(lab_change(lab, "PUT", "/v2/apps/a?force=true", "{\"instances\":2}", id), 200);
    assert_true(lab_await(lab, id));
    lab_until_json(lab, "/v2/queue", "/queue", "[]");
    lab_stop(lab);
}

static void two_instances_on_one_fixed_port_wait_for_it(void **state)
{
    struct lab *lab = lab_start(fast);
    char body[300];
    char id[64];

    (void)state;
    snprintf(body, sizeof(body),
             "{\"cmd\":\"exec sleep 1000\",\"instances\":2,\"requirePorts\":true,"
             "\"portDefinitions\":[{\"port\":%u}]}",
             lab->run.port_to);
    create(lab, body, id);
    lab_until_json(lab, "/v2/queue",
                   "/queue/0/processedOffersSummary/rejectSummaryLastOffers/8/declined", "1");
    lab_until_json(lab, "/v2/apps/a", "/app/tasksRunning", "1");
    lab_stop(lab);
}

static void a_crash_loop_waits_longer_each_time(void **state)
{
    struct lab *lab = lab_start(fast);
    ZDD_AUTO_JSON json_t *tasks = NULL;
    char id[64];

    (void)state;
    create(lab,
           "{\"cmd\":\"exit 3\",\"portDefinitions\":[],\"backoffSeconds\":10,"
           "\"backoffFactor\":400,\"maxLaunchDelaySeconds\":86400}",
           id);
    /* The first delay is 0.1 s here, the second 40 s: the second incarnation waits in the queue. */
    lab_until_json(lab, "/v2/apps/a", "/app/lastTaskFailure/message",
                   "\"Command exited with status 3\"");
    lab_until_json(lab, "/v2/queue", "/queue/0/delay/overdue", "false");
    lab_until_json(lab, "/v2/queue", "/queue/0/delay/timeLeftSeconds", "39");
    assert_int_equal(lab_call(lab, "GET", "/v2/apps/a/tasks", NULL, &tasks), 200);
    assert_string_equal(zdd_json_text(zdd_json_at(tasks, "/tasks/0"), "state", ""), "TASK_FAILED");
    assert_null(zdd_json_at(tasks, "/tasks/0/version"));
    assert_int_equal(lab_call(lab, "DELETE", "/v2/queue/a/delay", NULL, NULL), 204);
    lab_stop(lab);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_kill_comes_at_failure_number_max_plus_one),
        cmocka_unit_test(the_agent_kills_at_failure_number_max),
        cmocka_unit_test(a_killed_task_is_relaunched_without_delay),
        cmocka_unit_test(grace_hides_failures_but_shows_the_task_unhealthy),
        cmocka_unit_test(every_kind_of_check_can_pass),
        cmocka_unit_test(readiness_holds_the_deployment_and_shows_in_it),
        cmocka_unit_test(a_full_cluster_queues_what_does_not_fit),
        cmocka_unit_test(two_instances_on_one_fixed_port_wait_for_it),
        cmocka_unit_test(a_crash_loop_waits_longer_each_time),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
