/**
 * @file tests/lab/test_marathon_s4.c
 * @brief Rolling replace, scale down and start, marathon.md §4, row by row.
 */
#include "tests/support/spec.h"

#include "tests/lab/marathon.h"

#include "deploy/lab/replace.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TASK_MAX 64

/* What was seen between the PUT and the end. */
struct seen {
    int killed_at_once;   /* asked to end before the first new task ran */
    int launched_at_once; /* scheduled before the first old task had ended */
    int peak, lowest;     /* alive tasks; tasks that serve */
};

struct task {
    char id[200];
    bool is_new, serves, alive;
};

struct fleet {
    struct task task[TASK_MAX];
    size_t count;
};

static struct task *find(struct fleet *fleet, const char *id)
{
    for (size_t i = 0; i < fleet->count; i++)
        if (strcmp(fleet->task[i].id, id) == 0)
            return &fleet->task[i];
    assert_true(fleet->count < TASK_MAX);
    snprintf(fleet->task[fleet->count].id, sizeof(fleet->task[0].id), "%s", id);
    return &fleet->task[fleet->count++];
}

static void count(const struct fleet *fleet, struct seen *seen)
{
    int alive = 0;
    int serving = 0;

    for (size_t i = 0; i < fleet->count; i++) {
        alive += fleet->task[i].alive;
        serving += fleet->task[i].serves;
    }
    seen->peak = alive > seen->peak ? alive : seen->peak;
    seen->lowest = serving < seen->lowest ? serving : seen->lowest;
}

/* Follow instance_changed_event: the only kind that shows each instance from Scheduled to Killed.
 */
static struct seen follow(const json_t *events, size_t from, const char *new_version)
{
    struct seen seen = {.lowest = 1000};
    struct fleet fleet = {0};
    bool new_ran = false;
    bool old_ended = false;

    for (size_t i = 0; i < json_array_size(events); i++) {
        const json_t *event = json_array_get(events, i);
        const char *condition = zdd_json_text(event, "condition", "");
        struct task *task;
        bool first;

        if (strcmp(zdd_json_text(event, "eventType", ""), "instance_changed_event") != 0)
            continue;
        task = find(&fleet, zdd_json_text(event, "instanceId", ""));
        task->is_new = strcmp(zdd_json_text(event, "runSpecVersion", ""), new_version) == 0;
        first = !task->alive;
        task->alive = strcmp(condition, "Killed") != 0;
        old_ended = old_ended || (i >= from && !task->alive);
        if (i >= from && !new_ran)
            seen.killed_at_once += strcmp(condition, "Killing") == 0;
        if (i >= from && !old_ended)
            seen.launched_at_once += first && strcmp(condition, "Scheduled") == 0;
        if (strcmp(condition, "Running") == 0)
            task->serves = first || task->is_new || i < from || !task->serves;
        else
            task->serves = false;
        new_ran = new_ran || (task->is_new && task->serves);
        if (i >= from)
            count(&fleet, &seen);
    }
    return seen;
}

static const char *const marathon_110[] = {"--speed",    "100",  "--task-killing",
                                           "--marathon", "1.10", NULL};

static void create(struct lab *lab, int instances)
{
    char members[200];

    snprintf(members, sizeof(members), SLEEPER ",\"instances\":%d", instances);
    marathon_create(lab, "/v2/apps/a", members);
}

static struct seen upgrade(struct lab *lab, int instances, const char *m, const char *o)
{
    const size_t from = lab_event_count(lab);
    ZDD_AUTO_JSON json_t *answer = NULL;
    ZDD_AUTO_JSON json_t *events = NULL;
    char body[400];

    snprintf(body, sizeof(body),
             "{\"instances\":%d,\"labels\":{\"round\":\"%zu\"},\"upgradeStrategy\":"
             "{\"minimumHealthCapacity\":%s,\"maximumOverCapacity\":%s}}",
             instances, from, m, o);
    answer = marathon_get(lab, "PUT /v2/apps/a", body, 200);
    assert_true(lab_await(lab, marathon_text(answer, "/deploymentId")));
    events = marathon_since(lab, 0);
    return follow(events, from, marathon_text(answer, "/version"));
}

/* --- §4.1 --------------------------------------------------------------------------------------
 */

static struct zdd_lab_replace_start begin(int n, double m, double o, int present)
{
    return zdd_lab_replace_begin(&(struct zdd_lab_replace){
        .instances = n, .minimum_health = m, .over_capacity = o, .present = present});
}

static void s4_1_min_healthy_is_rounded_up_in_doubles(void **state)
{
    (void)state;
    assert_int_equal(begin(100, 0.07, 1, 100).min_healthy, 8); /* 7.000000000000001 */
    assert_int_equal(begin(4, 0.25, 1, 4).min_healthy, 1);
    assert_int_equal(begin(4, 0.26, 1, 4).min_healthy, 2);
}

static void s4_1_max_capacity_is_cut(void **state)
{
    (void)state;
    assert_int_equal(begin(4, 0.5, 0.1, 4).max_capacity, 4);
    assert_int_equal(begin(4, 0.5, 0.25, 4).max_capacity, 5);
}

static void s4_1_without_room_a_stateless_app_gets_one_more(void **state)
{
    (void)state;
    assert_int_equal(begin(4, 1, 0, 4).max_capacity, 5);
    assert_int_equal(begin(4, 1, 0, 3).max_capacity, 4); /* there is room already */
}

static void s4_1_without_room_a_resident_app_kills_one_instead(void **state)
{
    const struct zdd_lab_replace_start start = zdd_lab_replace_begin(&(struct zdd_lab_replace){
        .instances = 4, .minimum_health = 1, .over_capacity = 0, .present = 4, .resident = true});

    (void)state;
    assert_int_equal(start.max_capacity, 4);
    assert_int_equal(start.kill_at_once, 1);
}

static void s4_1_immediate_kills_are_what_is_above_min_healthy(void **state)
{
    (void)state;
    assert_int_equal(begin(4, 0.5, 1, 4).kill_at_once, 2);
    assert_int_equal(begin(4, 1, 1, 3).kill_at_once, 0);
    assert_int_equal(begin(1, 1, 0, 10).kill_at_once, 9);
}

/* --- §4.2 --------------------------------------------------------------------------------------
 */

static void s4_2_rule_1_adopts_instances_already_on_the_new_version(void **state)
{
    char id[64];

    /* A change of leader in mid-roll: the one that was started is not started again. */
    create(*state, 1);
    marathon_begin(*state, "PUT /v2/apps/a", "{" STUCK "}", 200, id);
    lab_until_json(*state, "/v2/apps/a", "/app/tasksRunning", "2");
    lab_faults(*state, "[{\"name\":\"leader-switch\",\"count\":1}]");
    lab_until_json(*state, "/v2/apps/a", "/app/tasksRunning", "1"); /* K0: both count (§4.6) */
    marathon_says(*state, "GET /v2/apps/a/tasks", NULL, 200, "/tasks/1", NULL);
    marathon_says(*state, "GET /v2/deployments", NULL, 200, "/0/currentStep", "1");
}

static void s4_2_rule_1_resets_the_launch_delay(void **state)
{
    char id[64];

    marathon_begin(*state, "PUT /v2/apps/a",
                   "{\"cmd\":\"exit 1\",\"portDefinitions\":[],\"backoffSeconds\":3600,"
                   "\"maxLaunchDelaySeconds\":3600}",
                   201, id);
    lab_until_json(*state, "/v2/queue", "/queue/0/delay/overdue", "false");
    marathon_change(*state, "PUT /v2/apps/a?force=true", "{\"cmd\":\"exec sleep 1000\"}", 200);
    lab_until_json(*state, "/v2/queue", "/queue", "[]");
}

static void s4_2_rule_2_launches_as_far_as_the_capacity_goes(void **state)
{
    (void)state;
    assert_int_equal(zdd_lab_replace_launch(4, 0, 5, 4), 1);
    assert_int_equal(zdd_lab_replace_launch(4, 1, 5, 4), 0); /* one being killed still counts */
    assert_int_equal(zdd_lab_replace_launch(4, 1, 5, 1), 3);
    assert_int_equal(zdd_lab_replace_launch(4, 4, 9, 0), 0);
}

static void s4_2_rule_3_each_new_ready_one_kills_exactly_one(void **state)
{
    struct lab *lab = *state;
    ZDD_AUTO_JSON json_t *answer = NULL;
    ZDD_AUTO_JSON json_t *events = NULL;
    int ready = 0;
    int killed = 0;
    size_t from;

    create(lab, 4);
    from = lab_event_count(lab);
    answer = marathon_get(lab, "PUT /v2/apps/a", "{\"labels\":{\"a\":\"b\"}}", 200);
    assert_true(lab_await(lab, marathon_text(answer, "/deploymentId")));
    events = marathon_since(lab, from);
    for (size_t i = 0; i < json_array_size(events); i++) {
        const json_t *event = json_array_get(events, i);
        const bool is_new =
            strcmp(zdd_json_text(event, "version", ""), marathon_text(answer, "/version")) == 0;

        if (strcmp(zdd_json_text(event, "eventType", ""), "status_update_event") != 0)
            continue;
        ready += is_new && strcmp(zdd_json_text(event, "taskStatus", ""), "TASK_RUNNING") == 0;
        killed += strcmp(zdd_json_text(event, "taskStatus", ""), "TASK_KILLING") == 0;
        assert_true(killed <= ready); /* (1,1): none before, one for each */
    }
    assert_int_equal(killed, 4);
    assert_int_equal(ready, 4);
}

static void s4_2_rule_4_the_end_of_an_old_one_makes_room_for_a_new_one(void **state)
{
    struct seen seen;

    create(*state, 4);
    seen = upgrade(*state, 4, "0", "0"); /* none fits before one has ended */
    assert_int_equal(seen.launched_at_once, 0);
    assert_int_equal(seen.peak, 4);
}

static void s4_2_rule_5_a_failed_new_one_is_relaunched_as_the_same_instance(void **state)
{
    struct lab *lab = *state;
    ZDD_AUTO_JSON json_t *answer = NULL;
    ZDD_AUTO_JSON json_t *events = NULL;
    const char *first;
    char expected[300];
    size_t from;

    create(lab, 1);
    from = lab_event_count(lab);
    lab_faults(lab, "[{\"name\":\"task-start-fail\",\"count\":1}]");
    answer = marathon_get(lab, "PUT /v2/apps/a", "{\"labels\":{\"a\":\"b\"}}", 200);
    assert_true(lab_await(lab, marathon_text(answer, "/deploymentId")));
    events = marathon_since(lab, from);
    first = zdd_json_text(
        marathon_event(events, "status_update_event", "taskStatus", "TASK_FAILED"), "taskId", "");
    snprintf(expected, sizeof(expected), "%.*s2", (int)strlen(first) - 1, first);
    (void)marathon_event(events, "status_update_event", "taskId", expected);
    assert_int_equal(lab_count(events, "instance_changed_event", "condition", "Scheduled"), 1);
}

static void s4_2_rule_6_an_old_one_that_fails_is_replaced_by_a_new_one(void **state)
{
    struct lab *lab = *state;
    ZDD_AUTO_JSON json_t *tasks = NULL;
    char call[300];
    char id[64];

    /* (0.5, 0) with two: one old is kept until the new one is healthy, which it never is. */
    create(lab, 2);
    marathon_begin(lab, "PUT /v2/apps/a",
                   "{" STUCK ",\"upgradeStrategy\":{\"minimumHealthCapacity\":0.5,"
                   "\"maximumOverCapacity\":0}}",
                   200, id);
    lab_until_json(lab, "/v2/apps/a?embed=app.taskStats",
                   "/app/tasksStats/withLatestConfig/stats/counts/running", "1");
    tasks = marathon_get(lab, "GET /v2/apps/a/tasks", NULL, 200);
    snprintf(call, sizeof(call), "DELETE /v2/apps/a/tasks/%s", marathon_text(tasks, "/tasks/0/id"));
    marathon_says(lab, call, NULL, 200, NULL, NULL);
    lab_until_json(lab, "/v2/apps/a?embed=app.taskStats",
                   "/app/tasksStats/withLatestConfig/stats/counts/running", "2");
    marathon_says(lab, "GET /v2/apps/a?embed=app.taskStats", NULL, 200,
                  "/app/tasksStats/withOutdatedConfig", NULL);
}

/* Tell the COMMAND check "test -e <dir>/<task>.ok" of a task what to find. */
static void set_healthy(const struct lab *lab, const char *task, bool healthy)
{
    char path[700];
    FILE *file;

    snprintf(path, sizeof(path), "%s/%s.ok", lab->run.dir, task);
    if (!healthy) {
        assert_int_equal(remove(path), 0);
        return;
    }
    file = fopen(path, "we");
    assert_non_null(file);
    fclose(file);
}

static void s4_2_rule_7_one_that_was_healthy_once_counts_though_it_turned_sick(void **state)
{
    struct lab *lab = *state;
    ZDD_AUTO_JSON json_t *tasks = NULL;
    char members[600];
    char id[64];

    snprintf(members, sizeof(members),
             "{" SLEEPER ",\"instances\":2,\"healthChecks\":[{\"protocol\":\"COMMAND\",\"command\":"
             "{\"value\":\"test -e %s/$MESOS_TASK_ID.ok\"},\"delaySeconds\":1,"
             "\"intervalSeconds\":2,\"gracePeriodSeconds\":86400,"
             "\"maxConsecutiveFailures\":100000}]}",
             lab->run.dir);
    marathon_begin(lab, "PUT /v2/apps/a", members, 201, id);
    lab_until_json(lab, "/v2/apps/a", "/app/tasksRunning", "2");
    tasks = marathon_get(lab, "GET /v2/apps/a/tasks", NULL, 200);
    set_healthy(lab, marathon_text(tasks, "/tasks/0/id"), true);
    lab_until_json(lab, "/v2/apps/a", "/app/tasksHealthy", "1");
    set_healthy(lab, marathon_text(tasks, "/tasks/0/id"), false);
    lab_until_json(lab, "/v2/apps/a", "/app/tasksUnhealthy", "1");
    marathon_says(lab, "GET /v2/deployments", NULL, 200, "/0/id", "*");
    set_healthy(lab, marathon_text(tasks, "/tasks/1/id"), true);
    assert_true(lab_await(lab, id));
    marathon_says(lab, "GET /v2/apps/a", NULL, 200, "/app/tasksUnhealthy", "1");
}

static void s4_2_kill_selection_is_not_used_in_a_replace(void **state)
{
    struct lab *lab = *state;
    ZDD_AUTO_JSON json_t *tasks = NULL;
    ZDD_AUTO_JSON json_t *left = NULL;
    char id[64];

    /* Two, the second younger: the immediate kill takes the first in order, not the youngest. */
    create(lab, 1);
    marathon_change(lab, "PUT /v2/apps/a", "{\"instances\":2}", 200);
    tasks = marathon_get(lab, "GET /v2/apps/a/tasks", NULL, 200);
    marathon_begin(lab, "PUT /v2/apps/a",
                   "{" STUCK ",\"upgradeStrategy\":{\"minimumHealthCapacity\":0.5,"
                   "\"maximumOverCapacity\":0}}",
                   200, id);
    lab_until_json(lab, "/v2/apps/a?embed=app.taskStats",
                   "/app/tasksStats/withLatestConfig/stats/counts/running", "1");
    left = marathon_get(lab, "GET /v2/apps/a/tasks", NULL, 200);
    assert_string_equal(marathon_text(left, "/tasks/0/id"), marathon_text(tasks, "/tasks/1/id"));
}

static void s4_2_at_most_100_kills_are_under_way_at_once(void **state)
{
    struct lab *lab = *state;
    ZDD_AUTO_JSON json_t *events = NULL;
    int at_once = 0;
    int most = 0;
    char id[64];

    /* All are asked in one go, before the end of any can be seen. */
    marathon_create(lab, "/v2/apps/a", SLEEPER ",\"instances\":103");
    marathon_begin(lab, "DELETE /v2/apps/a", NULL, 200, id);
    assert_true(lab_await(lab, id));
    events = marathon_since(lab, 0);
    for (size_t i = 0; i < json_array_size(events); i++) {
        const char *status = zdd_json_text(json_array_get(events, i), "taskStatus", "");

        at_once += strcmp(status, "TASK_KILLING") == 0;
        at_once -= strcmp(status, "TASK_KILLED") == 0;
        most = at_once > most ? at_once : most;
    }
    assert_int_equal(most, 100);
    assert_int_equal(lab_count(events, "status_update_event", "taskStatus", "TASK_KILLED"), 103);
}

/* --- §4.3 --------------------------------------------------------------------------------------
 */

#define READY(path)                                                                                \
    "\"portDefinitions\":[{\"name\":\"api\"}],\"readinessChecks\":[{\"path\":\"" path              \
    "\",\"portName\":\"api\",\"intervalSeconds\":5,\"timeoutSeconds\":1}]"
#define HEALTH "\"healthChecks\":[{\"path\":\"/health\",\"intervalSeconds\":1}]"

static void s4_3_without_checks_running_is_healthy_and_ready(void **state)
{
    ZDD_AUTO_JSON json_t *events = NULL;
    size_t running;

    create(*state, 1);
    events = marathon_since(*state, 0);
    running = marathon_place(events, 0, "status_update_event", "taskStatus", "TASK_RUNNING");
    (void)marathon_place(events, running, "deployment_success", NULL, NULL);
    assert_int_equal(lab_count(events, "instance_health_changed_event", NULL, NULL), 0);
}

static void s4_3_with_readiness_alone_the_first_accepted_answer_counts(void **state)
{
    char id[64];

    marathon_begin(*state, "PUT /v2/apps/a", "{" SERVICE "," READY("/no") "}", 201, id);
    lab_until_json(*state, "/v2/deployments", "/0/currentActions/0/readinessCheckResults/0/ready",
                   "false");
    marathon_change(*state, "PUT /v2/apps/a?force=true", "{" READY("/info") "}", 200);
}

static void s4_3_with_health_alone_the_first_healthy_event_counts(void **state)
{
    ZDD_AUTO_JSON json_t *events = NULL;
    size_t healthy;

    marathon_create(*state, "/v2/apps/a", SERVICE "," HEALTH);
    events = marathon_since(*state, 0);
    healthy = marathon_healthy(events, 0);
    (void)marathon_place(events, healthy, "deployment_success", NULL, NULL);
}

static void s4_3_with_both_both_count(void **state)
{
    char id[64];

    marathon_begin(*state, "PUT /v2/apps/a", "{" SERVICE "," HEALTH "," READY("/no") "}", 201, id);
    lab_until_json(*state, "/v2/apps/a", "/app/tasksHealthy", "1");
    lab_until_json(*state, "/v2/deployments", "/0/currentActions/0/readinessCheckResults/0/ready",
                   "false");
    marathon_change(*state, "PUT /v2/apps/a?force=true", "{" READY("/info") "}", 200);
    marathon_says(*state, "GET /v2/apps/a", NULL, 200, "/app/tasksHealthy", "1");
}

static void s4_3_with_several_health_checks_all_must_be_known_and_alive(void **state)
{
    char id[64];

    marathon_begin(*state, "PUT /v2/apps/a",
                   "{" SERVICE ",\"healthChecks\":[{\"path\":\"/health\",\"intervalSeconds\":1},"
                   "{\"path\":\"/no\",\"intervalSeconds\":1}]}",
                   201, id);
    lab_until_json(*state, "/v2/apps/a", "/app/tasksUnhealthy", "1");
    marathon_says(*state, "GET /v2/deployments", NULL, 200, "/0/currentStep", "2");
}

/* --- §4.4 --------------------------------------------------------------------------------------
 */

static void check_row(struct lab *lab, const char *m, const char *o, struct seen expected)
{
    struct seen seen;

    create(lab, 4);
    seen = upgrade(lab, 4, m, o);
    assert_int_equal(seen.killed_at_once, expected.killed_at_once);
    assert_int_equal(seen.launched_at_once, expected.launched_at_once);
    assert_int_equal(seen.peak, expected.peak);
    assert_int_equal(seen.lowest, expected.lowest);
}

static void s4_4_row_1_and_1(void **state)
{
    check_row(*state, "1", "1", (struct seen){0, 4, 8, 4});
}

static void s4_4_row_a_quarter_and_a_quarter(void **state)
{
    check_row(*state, "0.25", "0.25", (struct seen){3, 1, 5, 1});
}

static void s4_4_row_a_half_and_a_tenth(void **state)
{
    check_row(*state, "0.5", "0.1", (struct seen){2, 0, 4, 2});
}

static void s4_4_row_0_and_0(void **state)
{
    check_row(*state, "0", "0", (struct seen){4, 0, 4, 0});
}

static void s4_4_row_1_and_0(void **state)
{
    check_row(*state, "1", "0", (struct seen){0, 1, 5, 4});
}

static void s4_4_row_a_half_and_a_half(void **state)
{
    check_row(*state, "0.5", "0.5", (struct seen){2, 2, 6, 2});
}

static void s4_4_one_of_one_starts_one_then_kills_one(void **state)
{
    struct seen seen;

    create(*state, 1);
    seen = upgrade(*state, 1, "1", "0");
    assert_int_equal(seen.peak, 2);
    assert_int_equal(seen.lowest, 1);
    seen = upgrade(*state, 1, "0.5", "0");
    assert_int_equal(seen.peak, 2);
    assert_int_equal(seen.lowest, 1);
}

static void s4_4_two_wanted_of_three_kill_one_and_launch_one(void **state)
{
    struct seen seen;

    create(*state, 3);
    seen = upgrade(*state, 2, "1", "1");
    assert_int_equal(seen.killed_at_once, 1);
    assert_int_equal(seen.launched_at_once, 1);
    assert_int_equal(seen.peak, 4);
}

static void s4_4_one_wanted_of_ten_kills_nine_and_launches_after(void **state)
{
    struct seen seen;

    create(*state, 10);
    seen = upgrade(*state, 1, "1", "0");
    assert_int_equal(seen.killed_at_once, 9);
    assert_int_equal(seen.launched_at_once, 0);
    assert_int_equal(seen.lowest, 1);
    lab_until_json(*state, "/v2/apps/a", "/app/tasksRunning", "1");
}

static void s4_4_with_none_present_all_that_fit_launch_at_once(void **state)
{
    static const char *const small[] = {"--speed",         "100", "--task-killing",
                                        "--max-instances", "1",   NULL};
    struct lab *lab = marathon_other(state, small);
    char id[64];

    /* One waits for room behind another app; its replacement starts from nothing that runs. */
    marathon_create(lab, "/v2/apps/other", SLEEPER);
    marathon_begin(lab, "PUT /v2/apps/a", "{" SLEEPER "}", 201, id);
    lab_until_json(lab, "/v2/queue", "/queue/0/count", "1");
    marathon_begin(lab, "PUT /v2/apps/a?force=true", "{\"instances\":2,\"labels\":{\"a\":\"b\"}}",
                   200, id);
    lab_until_json(lab, "/v2/queue", "/queue/0/count", "2");
    assert_int_equal(zdd_lab_replace_launch(2, 0, 4, 0), 2);
}

static void s4_4_none_wanted_is_a_scale(void **state)
{
    ZDD_AUTO_JSON json_t *events = NULL;

    create(*state, 2);
    marathon_change(*state, "PUT /v2/apps/a", "{\"instances\":0,\"labels\":{\"a\":\"b\"}}", 200);
    events = marathon_since(*state, 0);
    assert_int_equal(lab_count(events, "instance_changed_event", "condition", "Killed"), 2);
    marathon_at(json_array_get(events, marathon_place(events, 0, "deployment_success", NULL, NULL)),
                "/plan/steps/0/actions/0/action", "\"StartApplication\"");
}

/* --- §4.5 --------------------------------------------------------------------------------------
 */

/* One letter per event that the recording knows; the rest is newer than it. */
static char letter_of(const json_t *event)
{
    static const struct {
        const char *type, *status;
        char letter;
    } letters[] = {
        {"deployment_info", NULL, 'i'},
        {"add_health_check_event", NULL, 'a'},
        {"group_change_success", NULL, 'g'},
        {"api_post_event", NULL, 'p'},
        {"status_update_event", "TASK_KILLING", 'K'},
        {"status_update_event", "TASK_STAGING", 'S'},
        {"status_update_event", "TASK_RUNNING", 'R'},
        {"status_update_event", "TASK_KILLED", 'D'},
        {"health_status_changed_event", NULL, 'h'},
        {"deployment_step_success", NULL, 's'},
        {"deployment_success", NULL, 'e'},
    };

    for (size_t i = 0; i < sizeof(letters) / sizeof(letters[0]); i++)
        if (strcmp(zdd_json_text(event, "eventType", ""), letters[i].type) == 0 &&
            (!letters[i].status ||
             strcmp(zdd_json_text(event, "taskStatus", ""), letters[i].status) == 0))
            return letters[i].letter;
    return '\0';
}

static size_t count_letter(const char *text, char letter)
{
    size_t count = 0;

    for (; *text; text++)
        count += *text == letter;
    return count;
}

static void s4_5_an_upgrade_of_base_min_over_sounds_like_the_recording(void **state)
{
    /* The stubborn service takes its time to end, as a container does: the first new task
     * is healthy before the old ones are gone. */
    static const char *const options[] = {
        "--speed",
        "100",
        "--task-killing",
        "--image",
        "stubborn:*=trap 'sleep 3; exit 137' TERM; ${LAB%/*}/simpleservice & wait",
        NULL};
    struct lab *lab = marathon_other(state, options);
    ZDD_AUTO_JSON json_t *events = NULL;
    char heard[256] = "";
    size_t size = 0;
    char id[64];
    size_t from;

    assert_int_equal(
        lab_change(lab, "PUT", "/v2/apps/zdd/base-min-over",
                   "{\"instances\":4,\"container\":{\"type\":\"DOCKER\",\"docker\":{\"image\":"
                   "\"stubborn:1\",\"network\":\"HOST\"}},\"env\":{\"LAB\":\"" LAB_PROGRAM
                   "\",\"SIMPLE_SERVICE_VERSION\":\"0.9\"},\"taskKillGracePeriodSeconds\":10,"
                   "\"upgradeStrategy\":{\"minimumHealthCapacity\":0.25,"
                   "\"maximumOverCapacity\":0.25},\"healthChecks\":[{\"protocol\":\"HTTP\","
                   "\"path\":\"/health\",\"gracePeriodSeconds\":300,\"intervalSeconds\":60}]}",
                   id),
        201);
    assert_true(lab_await(lab, id));
    from = lab_event_count(lab);
    assert_int_equal(lab_change(lab, "PUT", "/v2/apps/zdd/base-min-over",
                                "{\"env\":{\"LAB\":\"" LAB_PROGRAM
                                "\",\"SIMPLE_SERVICE_VERSION\":\"1.0\"}}",
                                id),
                     200);
    assert_true(lab_await(lab, id));
    events = lab_events(lab, from);
    for (size_t i = 0; i < json_array_size(events) && size + 1 < sizeof(heard); i++) {
        const char letter = letter_of(json_array_get(events, i));

        if (letter)
            heard[size++] = letter;
    }
    /* The counts of the recording, its beginning, its first health, and its end. */
    assert_int_equal(strncmp(heard, "iagpKKKSR", 9), 0);
    assert_int_equal(strncmp(strchr(heard, 'h'), "hK", 2), 0);
    assert_null(memchr(heard, 'D', (size_t)(strchr(heard, 'h') - heard)));
    assert_string_equal(heard + size - 2, "se");
    assert_int_equal(count_letter(heard, 'K'), 4);
    assert_int_equal(count_letter(heard, 'D'), 4);
    assert_int_equal(count_letter(heard, 'S'), 4);
    assert_int_equal(count_letter(heard, 'R'), 4);
    assert_int_equal(count_letter(heard, 'h'), 4);
}

/* --- §4.6 --------------------------------------------------------------------------------------
 */

static const char http_app[] = SERVICE ",\"instances\":4,\"healthChecks\":[{\"protocol\":\"HTTP\","
                                       "\"path\":\"/health\",\"intervalSeconds\":5}]";

static void s4_6_without_checks_110_counts_everything_as_healthy(void **state)
{
    struct lab *lab = marathon_other(state, marathon_110);
    struct seen seen;

    create(lab, 4);
    seen = upgrade(lab, 4, "0.25", "0.25");
    assert_int_equal(seen.killed_at_once, 3);
}

static void s4_6_with_http_checks_110_goes_one_by_one(void **state)
{
    struct lab *lab = marathon_other(state, marathon_110);
    struct seen seen;

    marathon_create(lab, "/v2/apps/a", http_app);
    seen = upgrade(lab, 4, "0.25", "0.25");
    assert_int_equal(seen.killed_at_once, 0);
    assert_int_equal(seen.peak, 5);
}

static void s4_6_with_http_checks_and_no_room_110_hangs_until_an_old_one_dies(void **state)
{
    struct lab *lab = marathon_other(state, marathon_110);
    ZDD_AUTO_JSON json_t *tasks = NULL;
    ZDD_AUTO_JSON json_t *events = NULL;
    char path[300];
    char id[64];
    size_t from;

    marathon_create(lab, "/v2/apps/a", http_app);
    from = lab_event_count(lab);
    marathon_begin(lab, "PUT /v2/apps/a",
                   "{\"labels\":{\"a\":\"b\"},\"upgradeStrategy\":"
                   "{\"minimumHealthCapacity\":1,\"maximumOverCapacity\":0}}",
                   200, id);
    /* Another app goes through whole deployments meanwhile: time passes, nothing moves here. */
    marathon_create(lab, "/v2/apps/clock", SLEEPER);
    for (int i = 0; i < 5; i++)
        marathon_change(lab, "POST /v2/apps/clock/restart", NULL, 200);
    lab_until_json(lab, "/v2/deployments", "/0/currentStep", "1");
    tasks = marathon_get(lab, "GET /v2/apps/a/tasks", NULL, 200);
    events = marathon_since(lab, from);
    assert_int_equal(lab_count(events, "instance_changed_event", "runSpecId", "/a"), 0);
    assert_int_equal(json_array_size(json_object_get(tasks, "tasks")), 4);
    snprintf(path, sizeof(path), "DELETE /v2/apps/a/tasks/%s", marathon_text(tasks, "/tasks/0/id"));
    marathon_says(lab, path, NULL, 200, NULL, NULL);
    assert_true(lab_await(lab, id));
}

static void s4_6_with_agent_side_checks_110_counts_the_reported_flag(void **state)
{
    struct lab *lab = marathon_other(state, marathon_110);
    struct seen seen;

    marathon_create(lab, "/v2/apps/a",
                    SERVICE ",\"instances\":4,\"healthChecks\":[{\"protocol\":\"MESOS_HTTP\","
                            "\"path\":\"/health\",\"delaySeconds\":1,\"intervalSeconds\":5}]");
    seen = upgrade(lab, 4, "0.25", "0.25");
    assert_int_equal(seen.killed_at_once, 3);
}

static void s4_6_fewer_wanted_than_known_kill_the_difference_on_110(void **state)
{
    (void)state;
    assert_int_equal(zdd_lab_replace_begin(&(struct zdd_lab_replace){.instances = 4,
                                                                     .minimum_health = 1,
                                                                     .over_capacity = 1,
                                                                     .present = 0,
                                                                     .known = 8,
                                                                     .rule_110 = true})
                         .kill_at_once,
                     4);
}

/* --- §4.7 --------------------------------------------------------------------------------------
 */

static bool is_task_of(const json_t *answer, const char *id)
{
    const json_t *tasks = json_object_get(answer, "tasks");

    for (size_t i = 0; i < json_array_size(tasks); i++)
        if (strcmp(zdd_json_text(json_array_get(tasks, i), "id", ""), id) == 0)
            return true;
    return false;
}

/* Two tasks, the second started later; scale down to one: is the first one left? */
static bool first_survives(struct lab *lab, const char *selection)
{
    ZDD_AUTO_JSON json_t *one = NULL;
    ZDD_AUTO_JSON json_t *left = NULL;
    char members[200];

    snprintf(members, sizeof(members), SLEEPER ",\"killSelection\":\"%s\"", selection);
    marathon_create(lab, "/v2/apps/a", members);
    one = marathon_get(lab, "GET /v2/apps/a/tasks", NULL, 200);
    marathon_change(lab, "PUT /v2/apps/a", "{\"instances\":2}", 200);
    marathon_change(lab, "PUT /v2/apps/a", "{\"instances\":1}", 200);
    left = marathon_get(lab, "GET /v2/apps/a/tasks", NULL, 200);
    assert_int_equal(json_array_size(json_object_get(left, "tasks")), 1);
    return is_task_of(left, marathon_text(one, "/tasks/0/id"));
}

static void s4_7_the_youngest_goes_first(void **state)
{
    assert_true(first_survives(*state, "YOUNGEST_FIRST"));
}

static void s4_7_the_oldest_goes_first_when_asked(void **state)
{
    assert_false(first_survives(*state, "OLDEST_FIRST"));
}

static void s4_7_the_sentenced_go_before_all_others(void **state)
{
    ZDD_AUTO_JSON json_t *tasks = NULL;
    ZDD_AUTO_JSON json_t *left = NULL;
    char call[300];

    create(*state, 3);
    tasks = marathon_get(*state, "GET /v2/apps/a/tasks", NULL, 200);
    snprintf(call, sizeof(call), "DELETE /v2/apps/a/tasks/%s?scale=true",
             marathon_text(tasks, "/tasks/0/id"));
    marathon_change(*state, call, NULL, 200);
    left = marathon_get(*state, "GET /v2/apps/a/tasks", NULL, 200);
    assert_int_equal(json_array_size(json_object_get(left, "tasks")), 2);
    assert_false(is_task_of(left, marathon_text(tasks, "/tasks/0/id")));
}

static void s4_7_the_unreachable_go_before_the_running(void **state)
{
    ZDD_AUTO_JSON json_t *tasks = NULL;
    ZDD_AUTO_JSON json_t *left = NULL;

    marathon_create(*state, "/v2/apps/a", SLEEPER ",\"unreachableStrategy\":\"disabled\"");
    tasks = marathon_get(*state, "GET /v2/apps/a/tasks", NULL, 200);
    lab_faults(*state, "[{\"name\":\"task-unreachable\",\"count\":1,\"ms\":600000}]");
    lab_until_json(*state, "/v2/apps/a/tasks", "/tasks/0/state", "\"TASK_UNREACHABLE\"");
    marathon_change(*state, "PUT /v2/apps/a", "{\"instances\":2}", 200);
    marathon_change(*state, "PUT /v2/apps/a", "{\"instances\":1}", 200);
    left = marathon_get(*state, "GET /v2/apps/a/tasks", NULL, 200);
    assert_false(is_task_of(left, marathon_text(tasks, "/tasks/0/id")));
    marathon_at(left, "/tasks/0/state", "\"TASK_RUNNING\"");
}

static void s4_7_running_ones_go_before_those_that_never_launched(void **state)
{
    static const char *const small[] = {"--speed", "100", "--max-instances", "1", NULL};
    struct lab *lab = marathon_other(state, small);
    ZDD_AUTO_JSON json_t *before = NULL;
    ZDD_AUTO_JSON json_t *after = NULL;
    char id[64];

    marathon_create(lab, "/v2/apps/a", SLEEPER);
    before = marathon_get(lab, "GET /v2/apps/a/tasks", NULL, 200);
    marathon_begin(lab, "PUT /v2/apps/a", "{\"instances\":2}", 200, id);
    lab_until_json(lab, "/v2/queue", "/queue/0/count", "1");
    marathon_change(lab, "PUT /v2/apps/a?force=true", "{\"instances\":1}", 200);
    lab_until_json(lab, "/v2/apps/a", "/app/tasksRunning", "1");
    after = marathon_get(lab, "GET /v2/apps/a/tasks", NULL, 200);
    assert_string_not_equal(marathon_text(after, "/tasks/0/id"),
                            marathon_text(before, "/tasks/0/id"));
}

static void s4_7_the_scale_check_trims_what_a_forced_cancel_left(void **state)
{
    ZDD_AUTO_JSON json_t *before = NULL;
    ZDD_AUTO_JSON json_t *after = NULL;
    char call[120];
    char id[64];

    create(*state, 1);
    before = marathon_get(*state, "GET /v2/apps/a/tasks", NULL, 200);
    marathon_begin(*state, "PUT /v2/apps/a", "{" STUCK "}", 200, id);
    lab_until_json(*state, "/v2/apps/a", "/app/tasksRunning", "2");
    snprintf(call, sizeof(call), "DELETE /v2/deployments/%s?force=true", id);
    marathon_says(*state, call, NULL, 202, NULL, NULL);
    /* Nobody asks for anything: the check every 300 s (3 s here) does it, and takes the new one. */
    lab_until_json(*state, "/v2/apps/a", "/app/tasksRunning", "1");
    after = marathon_get(*state, "GET /v2/apps/a/tasks", NULL, 200);
    assert_string_equal(marathon_text(after, "/tasks/0/id"), marathon_text(before, "/tasks/0/id"));
    marathon_says(*state, "GET /v2/deployments", NULL, 200, "", "[]");
}

static bool has_killed(const json_t *events, const void *cls)
{
    (void)cls;
    return lab_count(events, "status_update_event", "taskStatus", "TASK_KILLED") > 0;
}

static void s4_7_the_scale_check_leaves_locked_apps_alone(void **state)
{
    ZDD_AUTO_JSON json_t *events = NULL;
    char call[120];
    char other[64];
    char id[64];

    /* The check comes while /a is locked with one task too many, and trims /b beside it. */
    create(*state, 1);
    marathon_create(*state, "/v2/apps/b", SLEEPER);
    marathon_begin(*state, "PUT /v2/apps/a", "{" STUCK "}", 200, id);
    marathon_begin(*state, "PUT /v2/apps/b", "{" STUCK "}", 200, other);
    lab_until_json(*state, "/v2/apps/a", "/app/tasksRunning", "2");
    lab_until_json(*state, "/v2/apps/b", "/app/tasksRunning", "2");
    snprintf(call, sizeof(call), "DELETE /v2/deployments/%s?force=true", other);
    marathon_says(*state, call, NULL, 202, NULL, NULL);
    lab_until(*state, has_killed, NULL);
    marathon_says(*state, "GET /v2/apps/b", NULL, 200, "/app/tasksRunning", "1");
    marathon_says(*state, "GET /v2/apps/a", NULL, 200, "/app/tasksRunning", "2");
    events = marathon_since(*state, 0);
    assert_int_equal(lab_count(events, "status_update_event", "taskStatus", "TASK_KILLED"), 1);
}

static void s4_7_an_inactive_unreachable_one_is_replaced_and_trimmed_when_it_returns(void **state)
{
    marathon_create(*state, "/v2/apps/a",
                    SLEEPER ",\"unreachableStrategy\":{\"inactiveAfterSeconds\":10,"
                            "\"expungeAfterSeconds\":86400}");
    lab_faults(*state, "[{\"name\":\"task-unreachable\",\"count\":1,\"ms\":5000}]");
    lab_until_json(*state, "/v2/apps/a/tasks", "/tasks/0/state", "\"TASK_UNREACHABLE\"");
    lab_until_json(*state, "/v2/apps/a/tasks", "/tasks/1/state", "\"TASK_RUNNING\"");
    lab_until(*state, has_killed, NULL);
    marathon_says(*state, "GET /v2/apps/a/tasks", NULL, 200, "/tasks/0/state", "\"TASK_RUNNING\"");
    marathon_says(*state, "GET /v2/apps/a/tasks", NULL, 200, "/tasks/1", NULL);
}

/* --- §4.8 --------------------------------------------------------------------------------------
 */

static void s4_8_a_scale_waits_for_those_it_starts_alone(void **state)
{
    char call[120];
    char id[64];

    /* Those that are there are unhealthy: nobody asks. */
    marathon_begin(*state, "PUT /v2/apps/a", "{" SLEEPER "," STUCK ",\"instances\":2}", 201, id);
    lab_until_json(*state, "/v2/apps/a", "/app/tasksRunning", "2");
    snprintf(call, sizeof(call), "DELETE /v2/deployments/%s?force=true", id);
    marathon_says(*state, call, NULL, 202, NULL, NULL);
    marathon_change(*state, "PUT /v2/apps/a", "{\"instances\":1}", 200);
    marathon_says(*state, "GET /v2/apps/a", NULL, 200, "/app/tasksHealthy", "0");
}

static void s4_8_failed_ones_are_tried_again_for_ever(void **state)
{
    lab_faults(*state, "[{\"name\":\"task-start-fail\",\"count\":3}]");
    marathon_create(*state, "/v2/apps/a", SLEEPER ",\"backoffSeconds\":1");
    marathon_says(*state, "GET /lab/state", NULL, 200, "/faults/0/struck", "3");
}

static void s4_8_missing_instances_are_noticed(void **state)
{
    ZDD_AUTO_JSON json_t *tasks = NULL;
    char call[300];
    char id[64];

    /* A wiped instance leaves a hole in a start under way. */
    marathon_begin(*state, "PUT /v2/apps/a", "{" SLEEPER "," STUCK ",\"instances\":2}", 201, id);
    lab_until_json(*state, "/v2/apps/a", "/app/tasksRunning", "2");
    tasks = marathon_get(*state, "GET /v2/apps/a/tasks", NULL, 200);
    snprintf(call, sizeof(call), "DELETE /v2/apps/a/tasks/%s?wipe=true",
             marathon_text(tasks, "/tasks/0/id"));
    marathon_says(*state, call, NULL, 200, NULL, NULL);
    lab_until_json(*state, "/v2/apps/a", "/app/tasksRunning", "2");
    marathon_says(*state, "GET /v2/deployments", NULL, 200, "/0/currentStep", "2");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        MARATHON_TEST_KILLING(s4_1_min_healthy_is_rounded_up_in_doubles),
        MARATHON_TEST_KILLING(s4_1_max_capacity_is_cut),
        MARATHON_TEST_KILLING(s4_1_without_room_a_stateless_app_gets_one_more),
        MARATHON_TEST_KILLING(s4_1_without_room_a_resident_app_kills_one_instead),
        MARATHON_TEST_KILLING(s4_1_immediate_kills_are_what_is_above_min_healthy),
        MARATHON_TEST(s4_2_rule_1_adopts_instances_already_on_the_new_version),
        MARATHON_TEST_KILLING(s4_2_rule_1_resets_the_launch_delay),
        MARATHON_TEST_KILLING(s4_2_rule_2_launches_as_far_as_the_capacity_goes),
        MARATHON_TEST_KILLING(s4_2_rule_3_each_new_ready_one_kills_exactly_one),
        MARATHON_TEST_KILLING(s4_2_rule_4_the_end_of_an_old_one_makes_room_for_a_new_one),
        MARATHON_TEST_KILLING(s4_2_rule_5_a_failed_new_one_is_relaunched_as_the_same_instance),
        MARATHON_TEST_KILLING(s4_2_rule_6_an_old_one_that_fails_is_replaced_by_a_new_one),
        MARATHON_TEST_KILLING(s4_2_rule_7_one_that_was_healthy_once_counts_though_it_turned_sick),
        MARATHON_TEST_KILLING(s4_2_kill_selection_is_not_used_in_a_replace),
        MARATHON_TEST_KILLING(s4_2_at_most_100_kills_are_under_way_at_once),
        MARATHON_TEST_KILLING(s4_3_without_checks_running_is_healthy_and_ready),
        MARATHON_TEST_KILLING(s4_3_with_readiness_alone_the_first_accepted_answer_counts),
        MARATHON_TEST_KILLING(s4_3_with_health_alone_the_first_healthy_event_counts),
        MARATHON_TEST_KILLING(s4_3_with_both_both_count),
        MARATHON_TEST_KILLING(s4_3_with_several_health_checks_all_must_be_known_and_alive),
        MARATHON_TEST_KILLING(s4_4_row_1_and_1),
        MARATHON_TEST_KILLING(s4_4_row_a_quarter_and_a_quarter),
        MARATHON_TEST_KILLING(s4_4_row_a_half_and_a_tenth),
        MARATHON_TEST_KILLING(s4_4_row_0_and_0),
        MARATHON_TEST_KILLING(s4_4_row_1_and_0),
        MARATHON_TEST_KILLING(s4_4_row_a_half_and_a_half),
        MARATHON_TEST_KILLING(s4_4_one_of_one_starts_one_then_kills_one),
        MARATHON_TEST_KILLING(s4_4_two_wanted_of_three_kill_one_and_launch_one),
        MARATHON_TEST_KILLING(s4_4_one_wanted_of_ten_kills_nine_and_launches_after),
        MARATHON_TEST_KILLING(s4_4_with_none_present_all_that_fit_launch_at_once),
        MARATHON_TEST_KILLING(s4_4_none_wanted_is_a_scale),
        MARATHON_TEST_KILLING(s4_5_an_upgrade_of_base_min_over_sounds_like_the_recording),
        MARATHON_TEST_KILLING(s4_6_without_checks_110_counts_everything_as_healthy),
        MARATHON_TEST_KILLING(s4_6_with_http_checks_110_goes_one_by_one),
        MARATHON_TEST_KILLING(s4_6_with_http_checks_and_no_room_110_hangs_until_an_old_one_dies),
        MARATHON_TEST_KILLING(s4_6_with_agent_side_checks_110_counts_the_reported_flag),
        MARATHON_TEST_KILLING(s4_6_fewer_wanted_than_known_kill_the_difference_on_110),
        MARATHON_TEST_KILLING(s4_7_the_youngest_goes_first),
        MARATHON_TEST_KILLING(s4_7_the_oldest_goes_first_when_asked),
        MARATHON_TEST_KILLING(s4_7_the_sentenced_go_before_all_others),
        MARATHON_TEST_KILLING(s4_7_the_unreachable_go_before_the_running),
        MARATHON_TEST_KILLING(s4_7_running_ones_go_before_those_that_never_launched),
        MARATHON_TEST_KILLING(s4_7_the_scale_check_trims_what_a_forced_cancel_left),
        MARATHON_TEST_KILLING(s4_7_the_scale_check_leaves_locked_apps_alone),
        MARATHON_TEST_KILLING(
            s4_7_an_inactive_unreachable_one_is_replaced_and_trimmed_when_it_returns),
        MARATHON_TEST_KILLING(s4_8_a_scale_waits_for_those_it_starts_alone),
        MARATHON_TEST_KILLING(s4_8_failed_ones_are_tried_again_for_ever),
        MARATHON_TEST_KILLING(s4_8_missing_instances_are_noticed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
