/**
 * @file tests/lab/test_marathon_s7.c
 * @brief Backoff and the launch queue, marathon.md §7, row by row.
 */
#include "tests/support/spec.h"

#include "tests/lab/marathon.h"

#include "server/base/clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A task that ends at once; @p rules are its backoff. */
#define CRASH(rules) "{\"cmd\":\"exit 3\",\"portDefinitions\":[]," rules "}"
#define AN_HOUR "\"backoffSeconds\":3600,\"maxLaunchDelaySeconds\":3600"

/* The waiting time of the only queued app, in whole seconds of the lab; -1 when it is not there. */
static json_int_t time_left(struct lab *lab)
{
    ZDD_AUTO_JSON json_t *queue = marathon_get(lab, "GET /v2/queue", NULL, 200);
    const json_t *left = zdd_json_at(queue, "/queue/0/delay/timeLeftSeconds");

    return left ? json_integer_value(left) : -1;
}

static void crash(struct lab *lab, const char *body)
{
    char id[64];

    marathon_begin(lab, "PUT /v2/apps/a", body, 201, id);
    lab_until_json(lab, "/v2/apps/a", "/app/lastTaskFailure/state", "\"TASK_FAILED\"");
    lab_until_json(lab, "/v2/queue", "/queue/0/delay/overdue", "false");
}

static void s7_1_the_first_delay_is_backoff_seconds(void **state)
{
    crash(*state, CRASH(AN_HOUR)); /* 36 s at this speed */
    assert_in_range(time_left(*state), 20, 36);
}

static void s7_1_the_first_delay_is_not_more_than_the_maximum(void **state)
{
    crash(*state, CRASH("\"backoffSeconds\":86400,\"maxLaunchDelaySeconds\":3600"));
    assert_in_range(time_left(*state), 20, 36);
}

static bool has_failed_twice(const json_t *events, const void *cls)
{
    (void)cls;
    return lab_count(events, "status_update_event", "taskStatus", "TASK_FAILED") == 2;
}

static void s7_1_each_further_failure_multiplies_the_delay_up_to_the_maximum(void **state)
{
    char id[64];

    /* 10 s, then 4000 s: 40 s at this speed. */
    marathon_begin(*state, "PUT /v2/apps/a",
                   CRASH("\"backoffSeconds\":10,\"backoffFactor\":400,"
                         "\"maxLaunchDelaySeconds\":86400"),
                   201, id);
    lab_until(*state, has_failed_twice, NULL);
    lab_until_json(*state, "/v2/queue", "/queue/0/delay/overdue", "false");
    assert_in_range(time_left(*state), 20, 40);
}

static void s7_1_failed_and_finished_are_failures(void **state)
{
    char id[64];

    marathon_begin(*state, "PUT /v2/apps/a",
                   "{\"cmd\":\"exit 0\",\"portDefinitions\":[]," AN_HOUR "}", 201, id);
    lab_until_json(*state, "/v2/queue", "/queue/0/delay/overdue", "false");
    marathon_says(*state, "GET /v2/apps/a/tasks", NULL, 200, "/tasks/0/state", "\"TASK_FINISHED\"");
    assert_in_range(time_left(*state), 20, 36);
}

static void s7_1_killed_is_no_failure(void **state)
{
    ZDD_AUTO_JSON json_t *tasks = NULL;
    char expected[300];
    const char *id;

    marathon_create(*state, "/v2/apps/a", SLEEPER "," AN_HOUR);
    tasks = marathon_get(*state, "GET /v2/apps/a/tasks", NULL, 200);
    marathon_says(*state, "DELETE /v2/apps/a/tasks", NULL, 200, NULL, NULL);
    id = marathon_text(tasks, "/tasks/0/id");
    snprintf(expected, sizeof(expected), "\"%.*s2\"", (int)strlen(id) - 1, id);
    lab_until_json(*state, "/v2/tasks?status=running", "/tasks/0/id", expected);
}

static void s7_1_an_app_with_a_delay_launches_one_at_a_time(void **state)
{
    ZDD_AUTO_JSON json_t *queue = NULL;
    char id[64];

    /* Three are wanted; the first one fails, and the others wait as long as it does. */
    lab_faults(*state, "[{\"name\":\"task-start-fail\",\"count\":1}]");
    marathon_begin(*state, "PUT /v2/apps/a",
                   "{" SLEEPER ",\"backoffSeconds\":1800,\"maxLaunchDelaySeconds\":3600}", 201, id);
    lab_until_json(*state, "/v2/queue", "/queue/0/count", "1");
    marathon_begin(*state, "PUT /v2/apps/a?force=true", "{\"instances\":3}", 200, id);
    lab_until_json(*state, "/v2/queue", "/queue/0/count", "3");
    queue = marathon_get(*state, "GET /v2/queue", NULL, 200);
    marathon_at(queue, "/queue/0/delay/overdue", "false");
    marathon_says(*state, "DELETE /v2/queue/a/delay", NULL, 204, NULL, NULL);
    lab_until_json(*state, "/v2/apps/a", "/app/tasksRunning", "3");
}

static void s7_1_a_restart_resets_the_delay(void **state)
{
    crash(*state, CRASH(AN_HOUR));
    /* By force the plan that waits is overridden; the new one starts at once. */
    marathon_change(*state, "PUT /v2/apps/a?force=true", "{\"cmd\":\"exec sleep 1000\"}", 200);
}

static void s7_1_a_stop_resets_the_delay(void **state)
{
    crash(*state, CRASH(AN_HOUR));
    marathon_change(*state, "DELETE /v2/apps/a", NULL, 200);
    marathon_says(*state, "GET /v2/queue", NULL, 200, "/queue", "[]");
    marathon_create(*state, "/v2/apps/a", SLEEPER);
}

static void s7_1_delete_of_the_delay_resets_it(void **state)
{
    crash(*state, CRASH(AN_HOUR));
    marathon_says(*state, "DELETE /v2/queue/a/delay", NULL, 204, NULL, NULL);
    lab_until(*state, has_failed_twice, NULL); /* it was launched again at once */
}

static void s7_1_scaling_keeps_the_delay(void **state)
{
    char id[64];

    crash(*state, CRASH(AN_HOUR));
    marathon_begin(*state, "PUT /v2/apps/a?force=true", "{\"instances\":2}", 200, id);
    lab_until_json(*state, "/v2/queue", "/queue/0/count", "2");
    marathon_says(*state, "GET /v2/queue", NULL, 200, "/queue/0/delay/overdue", "false");
    assert_in_range(time_left(*state), 20, 36);
}

static void s7_1_a_new_configuration_has_a_delay_of_its_own(void **state)
{
    crash(*state, CRASH(AN_HOUR));
    marathon_change(*state, "PUT /v2/apps/a?force=true", "{\"cmd\":\"exec sleep 1000\"}", 200);
    marathon_says(*state, "GET /v2/queue", NULL, 200, "/queue", "[]");
}

static int64_t time_of(const json_t *event)
{
    int64_t ms = 0;

    assert_true(zdd_time_parse(zdd_json_text(event, "timestamp", ""), &ms));
    return ms;
}

static bool has_third_start(const json_t *events, const void *cls)
{
    (void)cls;
    return lab_count(events, "instance_changed_event", "condition", "Provisioned") == 3;
}

static void s7_1_no_activity_for_the_maximum_forgets_the_delay(void **state)
{
    static const char *const slower[] = {"--speed", "20", NULL};
    struct lab *lab = marathon_other(state, slower);
    ZDD_AUTO_JSON json_t *tasks = NULL;
    ZDD_AUTO_JSON json_t *events = NULL;
    int64_t until_ms;
    size_t failed;
    size_t again;
    char path[700];
    FILE *file;

    /* The first delay is 1 s, the second would be 60: 50 ms and 3 s here. */
    lab_faults(lab, "[{\"name\":\"task-start-fail\",\"count\":1}]");
    marathon_create(lab, "/v2/apps/a",
                    "\"cmd\":\"while [ ! -e end ]; do sleep 0.02; done; exit 1\","
                    "\"portDefinitions\":[],\"backoffSeconds\":1,\"backoffFactor\":400,"
                    "\"maxLaunchDelaySeconds\":60");
    tasks = marathon_get(lab, "GET /v2/apps/a/tasks", NULL, 200);
    until_ms = zdd_mono_ms() + 3200; /* quiet for longer than the maximum and the delay */
    marathon_create(lab, "/v2/apps/clock", SLEEPER ",\"instances\":0");
    while (zdd_mono_ms() < until_ms)
        marathon_change(lab, "PUT /v2/apps/clock", "{\"instances\":0}", 200);
    snprintf(path, sizeof(path), "%s/%s/end", lab->run.dir, marathon_text(tasks, "/tasks/0/id"));
    file = fopen(path, "we");
    assert_non_null(file);
    fclose(file);
    lab_until(lab, has_third_start, NULL);
    events = lab_events(lab, 0);
    failed = marathon_place(events, 0, "status_update_event", "taskStatus", "TASK_FAILED");
    failed = marathon_place(events, failed + 1, "status_update_event", "taskStatus", "TASK_FAILED");
    again = marathon_place(events, failed, "instance_changed_event", "condition", "Provisioned");
    assert_true(time_of(json_array_get(events, again)) - time_of(json_array_get(events, failed)) <
                2900);
}

static void s7_1_a_new_leader_has_no_delays(void **state)
{
    crash(*state, CRASH(AN_HOUR));
    lab_faults(*state, "[{\"name\":\"leader-switch\",\"count\":1}]");
    lab_until_json(*state, "/lab/state", "/faults/0/struck", "1");
    /* The next failure is a first one: it is launched at once, and waits anew. */
    lab_until_json(*state, "/v2/queue", "/queue/0/delay/overdue", "false");
    assert_in_range(time_left(*state), 20, 36);
}

/* --- §7.2 ---------------------------------------------------------------------------------------
 */

static struct lab *full(void **state)
{
    static const char *const small[] = {"--speed", "100", "--max-instances", "1", NULL};
    struct lab *lab = marathon_other(state, small);
    char id[64];

    marathon_begin(lab, "PUT /v2/apps/a", "{" SLEEPER ",\"instances\":3}", 201, id);
    lab_until_json(lab, "/v2/queue", "/queue/0/count", "2");
    return lab;
}

static void s7_2_an_item_has_these_members(void **state)
{
    struct lab *lab = full(state);
    ZDD_AUTO_JSON json_t *queue = marathon_get(lab, "GET /v2/queue", NULL, 200);

    marathon_members(zdd_json_at(queue, "/queue/0"),
                     "app count role since delay processedOffersSummary");
    marathon_at(queue, "/queue/0/app/cmd", "\"exec sleep 1000\""); /* the full app */
    marathon_at(queue, "/queue/0/role", "\"*\"");
    marathon_members(zdd_json_at(queue, "/queue/0/delay"), "timeLeftSeconds overdue");
    marathon_members(zdd_json_at(queue, "/queue/0/processedOffersSummary"),
                     "processedOffersCount unusedOffersCount lastUnusedOfferAt "
                     "rejectSummaryLastOffers rejectSummaryLaunchAttempt");
}

static void s7_2_without_a_delay_it_is_overdue_with_no_time_left(void **state)
{
    struct lab *lab = full(state);

    marathon_says(lab, "GET /v2/queue", NULL, 200, "/queue/0/delay",
                  "{\"timeLeftSeconds\":0,\"overdue\":true}");
}

static void s7_2_running_apps_are_absent(void **state)
{
    marathon_create(*state, "/v2/apps/a", SLEEPER);
    marathon_says(*state, "GET /v2/queue", NULL, 200, "/queue", "[]");
}

static void s7_2_reject_lists_hold_ten_reasons_in_funnel_order(void **state)
{
    static const char *const reasons[] = {
        "UnfulfilledRole",        "UnfulfilledConstraint", "NoCorrespondingReservationFound",
        "AgentMaintenance",       "InsufficientCpus",      "InsufficientMemory",
        "InsufficientDisk",       "InsufficientGpus",      "InsufficientPorts",
        "DeclinedScarceResources"};
    struct lab *lab = full(state);
    ZDD_AUTO_JSON json_t *queue = marathon_get(lab, "GET /v2/queue", NULL, 200);
    const json_t *list =
        zdd_json_at(queue, "/queue/0/processedOffersSummary/rejectSummaryLaunchAttempt");
    json_int_t processed = json_integer_value(zdd_json_at(list, "/0/processed"));

    assert_int_equal(json_array_size(list), 10);
    for (size_t i = 0; i < 10; i++) {
        const json_t *entry = json_array_get(list, i);

        assert_string_equal(zdd_json_text(entry, "reason", ""), reasons[i]);
        assert_int_equal(zdd_json_int(entry, "processed", -1), processed);
        processed -= zdd_json_int(entry, "declined", 0);
    }
}

static json_int_t unused_offers(struct lab *lab)
{
    ZDD_AUTO_JSON json_t *queue = marathon_get(lab, "GET /v2/queue", NULL, 200);

    return json_integer_value(
        zdd_json_at(queue, "/queue/0/processedOffersSummary/unusedOffersCount"));
}

static void s7_2_offers_are_counted_while_it_waits(void **state)
{
    struct lab *lab = full(state);
    const int64_t until_ms = zdd_mono_ms() + LAB_WAIT_MS;
    const json_int_t before = unused_offers(lab);

    while (unused_offers(lab) <= before) /* the next one comes after 5 s: 50 ms here */
        assert_true(zdd_mono_ms() < until_ms);
}

/* --- §7.3 ---------------------------------------------------------------------------------------
 */

static void s7_3_resources_one_reason_dominates(void **state)
{
    struct lab *lab = full(state);

    marathon_says(lab, "GET /v2/queue", NULL, 200,
                  "/queue/0/processedOffersSummary/rejectSummaryLastOffers/4/declined", "1");
}

static void s7_3_a_constraint_that_one_host_cannot_meet(void **state)
{
    char id[64];

    marathon_begin(*state, "PUT /v2/apps/a",
                   "{" SLEEPER ",\"instances\":2,\"constraints\":[[\"hostname\",\"UNIQUE\"]]}", 201,
                   id);
    lab_until_json(*state, "/v2/queue",
                   "/queue/0/processedOffersSummary/rejectSummaryLastOffers/1/declined", "1");
}

static void s7_3_ports_that_are_taken(void **state)
{
    struct lab *lab = *state;
    char body[200];
    char id[64];

    snprintf(body, sizeof(body),
             "{\"cmd\":\"exec sleep 1000\",\"instances\":2,\"requirePorts\":true,"
             "\"portDefinitions\":[{\"port\":%u}]}",
             lab->run.port_to);
    marathon_begin(lab, "PUT /v2/apps/a", body, 201, id);
    lab_until_json(lab, "/v2/queue",
                   "/queue/0/processedOffersSummary/rejectSummaryLastOffers/8/declined", "1");
    marathon_says(lab, "GET /v2/apps/a", NULL, 200, "/app/tasksRunning", "1");
}

static void s7_3_a_stuck_queue(void **state)
{
    char id[64];

    lab_faults(*state, "[{\"name\":\"stuck-queue\"}]");
    marathon_begin(*state, "PUT /v2/apps/a", "{" SLEEPER "}", 201, id);
    lab_until_json(*state, "/v2/queue", "/queue/0/delay/overdue", "true");
    lab_faults(*state, "[]");
    assert_true(lab_await(*state, id));
}

static void s7_3_a_crash_loop_is_queued_with_a_fresh_failure(void **state)
{
    crash(*state, CRASH(AN_HOUR));
    marathon_says(*state, "GET /v2/queue", NULL, 200, "/queue/0/delay/overdue", "false");
    marathon_says(*state, "GET /v2/apps/a", NULL, 200, "/app/lastTaskFailure/message",
                  "\"Command exited with status 3\"");
}

static void s7_3_a_slow_start_is_staging_and_not_waiting(void **state)
{
    static const char *const slow[] = {"--speed", "100", "--start-delay", "600000", NULL};
    struct lab *lab = marathon_other(state, slow);
    char id[64];

    marathon_begin(lab, "PUT /v2/apps/a", "{" SLEEPER "}", 201, id);
    lab_until_json(lab, "/v2/apps/a/tasks", "/tasks/0/state", "\"TASK_STAGING\"");
    marathon_says(lab, "GET /v2/apps/a", NULL, 200, "/app/tasksStaged", "1");
    marathon_says(lab, "GET /v2/queue", NULL, 200, "/queue", "[]");
}

static bool has_second_start(const json_t *events, const void *cls)
{
    (void)cls;
    return lab_count(events, "instance_changed_event", "condition", "Provisioned") == 2;
}

static void s7_3_a_start_that_takes_300_s_is_killed_and_tried_again(void **state)
{
    static const char *const slow[] = {"--speed", "1000", "--start-delay", "600000", NULL};
    struct lab *lab = marathon_other(state, slow);
    ZDD_AUTO_JSON json_t *events = NULL;
    size_t killed;
    char id[64];

    marathon_begin(lab, "PUT /v2/apps/a", "{" SLEEPER "}", 201, id);
    lab_until(lab, has_second_start, NULL);
    events = lab_events(lab, 0);
    killed = marathon_place(events, 0, "status_update_event", "taskStatus", "TASK_KILLED");
    (void)marathon_place(events, killed, "instance_changed_event", "condition", "Provisioned");
    assert_int_equal(lab_count(events, "instance_changed_event", "condition", "Scheduled"), 1);
}

static void s7_3_health_that_does_not_pass(void **state)
{
    char id[64];

    marathon_begin(*state, "PUT /v2/apps/a", "{" SLEEPER "," STUCK "}", 201, id);
    lab_until_json(*state, "/v2/apps/a", "/app/tasks/0/healthCheckResults/0/alive", "false");
    marathon_says(*state, "GET /v2/queue", NULL, 200, "/queue", "[]");
}

static void s7_3_readiness_that_does_not_come(void **state)
{
    char id[64];

    marathon_begin(*state, "PUT /v2/apps/a",
                   "{" SERVICE ",\"portDefinitions\":[{\"name\":\"api\"}],\"readinessChecks\":"
                   "[{\"path\":\"/no\",\"portName\":\"api\",\"intervalSeconds\":5,"
                   "\"timeoutSeconds\":1}]}",
                   201, id);
    lab_until_json(*state, "/v2/deployments", "/0/currentActions/0/readinessCheckResults/0/ready",
                   "false");
    marathon_says(*state, "GET /v2/apps/a", NULL, 200, "/app/tasksRunning", "1");
}

static void s7_3_old_tasks_that_are_slow_to_end(void **state)
{
    char id[64];

    marathon_create(*state, "/v2/apps/a", STUBBORN);
    marathon_begin(*state, "PUT /v2/apps/a", "{\"cmd\":\"exec sleep 1000\",\"healthChecks\":[]}",
                   200, id);
    lab_until_json(*state, "/v2/apps/a/tasks", "/tasks/0/state", "\"TASK_KILLING\"");
    marathon_says(*state, "GET /v2/deployments", NULL, 200, "/0/currentStep", "1");
    assert_true(lab_await(*state, id));
}

static void s7_3_nothing_moves_on_110_with_http_checks_and_no_room(void **state)
{
    static const char *const marathon_110[] = {"--speed", "100", "--marathon", "1.10", NULL};
    struct lab *lab = marathon_other(state, marathon_110);
    ZDD_AUTO_JSON json_t *events = NULL;
    size_t from;
    char id[64];

    marathon_create(lab, "/v2/apps/a",
                    SERVICE ",\"healthChecks\":[{\"path\":\"/health\",\"intervalSeconds\":5}],"
                            "\"upgradeStrategy\":{\"minimumHealthCapacity\":0,"
                            "\"maximumOverCapacity\":0}");
    from = lab_event_count(lab);
    marathon_begin(lab, "PUT /v2/apps/a", "{\"labels\":{\"a\":\"b\"}}", 200, id);
    marathon_create(lab, "/v2/apps/clock", SLEEPER); /* time passes elsewhere */
    marathon_change(lab, "POST /v2/apps/clock/restart", NULL, 200);
    events = marathon_since(lab, from);
    assert_int_equal(lab_count(events, "instance_changed_event", "runSpecId", "/a"), 0);
    marathon_says(lab, "GET /v2/queue", NULL, 200, "/queue", "[]");
    marathon_says(lab, "GET /v2/deployments", NULL, 200, "/0/currentStep", "1");
}

static void s7_3_gone_but_not_healthy_after_a_cancel(void **state)
{
    char call[120];
    char id[64];

    marathon_begin(*state, "PUT /v2/apps/a", "{" SLEEPER "," STUCK "}", 201, id);
    lab_until_json(*state, "/v2/apps/a", "/app/tasksRunning", "1");
    snprintf(call, sizeof(call), "DELETE /v2/deployments/%s?force=true", id);
    marathon_says(*state, call, NULL, 202, NULL, NULL);
    marathon_says(*state, "GET /v2/deployments", NULL, 200, "", "[]");
    marathon_says(*state, "GET /v2/apps/a", NULL, 200, "/app/tasksHealthy", "0");
}

static void s10_at_most_five_launches_in_one_round_of_offers(void **state)
{
    static const char *const options[] = {"--tasks-per-offer", "5", NULL};
    struct lab *lab = marathon_other(state, options);
    ZDD_AUTO_JSON json_t *events = NULL;
    char id[64];

    /* The next offer comes after 5 s: until then three of eight wait. */
    marathon_begin(lab, "PUT /v2/apps/a", "{" SLEEPER ",\"instances\":8}", 201, id);
    lab_until_json(lab, "/v2/apps/a", "/app/tasksRunning", "5");
    marathon_says(lab, "GET /v2/queue", NULL, 200, "/queue/0/count", "3");
    assert_true(lab_await(lab, id));
    events = marathon_since(lab, 0);
    assert_int_equal(lab_count(events, "instance_changed_event", "condition", "Provisioned"), 8);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        MARATHON_TEST(s7_1_the_first_delay_is_backoff_seconds),
        MARATHON_TEST(s7_1_the_first_delay_is_not_more_than_the_maximum),
        MARATHON_TEST(s7_1_each_further_failure_multiplies_the_delay_up_to_the_maximum),
        MARATHON_TEST(s7_1_failed_and_finished_are_failures),
        MARATHON_TEST(s7_1_killed_is_no_failure),
        MARATHON_TEST(s7_1_an_app_with_a_delay_launches_one_at_a_time),
        MARATHON_TEST(s7_1_a_restart_resets_the_delay),
        MARATHON_TEST(s7_1_a_stop_resets_the_delay),
        MARATHON_TEST(s7_1_delete_of_the_delay_resets_it),
        MARATHON_TEST(s7_1_scaling_keeps_the_delay),
        MARATHON_TEST(s7_1_a_new_configuration_has_a_delay_of_its_own),
        MARATHON_TEST(s7_1_no_activity_for_the_maximum_forgets_the_delay),
        MARATHON_TEST(s7_1_a_new_leader_has_no_delays),
        MARATHON_TEST(s7_2_an_item_has_these_members),
        MARATHON_TEST(s7_2_without_a_delay_it_is_overdue_with_no_time_left),
        MARATHON_TEST(s7_2_running_apps_are_absent),
        MARATHON_TEST(s7_2_reject_lists_hold_ten_reasons_in_funnel_order),
        MARATHON_TEST(s7_2_offers_are_counted_while_it_waits),
        MARATHON_TEST(s7_3_resources_one_reason_dominates),
        MARATHON_TEST(s7_3_a_constraint_that_one_host_cannot_meet),
        MARATHON_TEST(s7_3_ports_that_are_taken),
        MARATHON_TEST(s7_3_a_stuck_queue),
        MARATHON_TEST(s7_3_a_crash_loop_is_queued_with_a_fresh_failure),
        MARATHON_TEST(s7_3_a_slow_start_is_staging_and_not_waiting),
        MARATHON_TEST(s7_3_a_start_that_takes_300_s_is_killed_and_tried_again),
        MARATHON_TEST(s7_3_health_that_does_not_pass),
        MARATHON_TEST(s7_3_readiness_that_does_not_come),
        MARATHON_TEST_KILLING(s7_3_old_tasks_that_are_slow_to_end),
        MARATHON_TEST(s7_3_nothing_moves_on_110_with_http_checks_and_no_room),
        MARATHON_TEST(s7_3_gone_but_not_healthy_after_a_cancel),
        MARATHON_TEST(s10_at_most_five_launches_in_one_round_of_offers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
