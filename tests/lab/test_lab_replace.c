/**
 * @file tests/lab/test_lab_replace.c
 * @brief Rolling replace on real processes: every row of marathon.md §4.4, and the rule of 1.10.
 */
#include "tests/support/spec.h"

#include "tests/lab/lab.h"

#include <stdio.h>
#include <string.h>

#define TASK_MAX 64

static const char *const classic[] = {"--speed", "100", "--task-killing", NULL};
static const char *const marathon_110[] = {"--speed",    "100",  "--task-killing",
                                           "--marathon", "1.10", NULL};

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

static void create(struct lab *lab, const char *path, int instances)
{
    char body[200];
    char id[64];

    snprintf(body, sizeof(body),
             "{\"cmd\":\"exec sleep 1000\",\"portDefinitions\":[],\"instances\":%d}", instances);
    assert_int_equal(lab_change(lab, "PUT", path, body, id), 201);
    assert_true(lab_await(lab, id));
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
    assert_int_equal(lab_call(lab, "PUT", "/v2/apps/a", body, &answer), 200);
    assert_true(lab_await(lab, zdd_json_text(answer, "deploymentId", "")));
    events = lab_events(lab, 0);
    return follow(events, from, zdd_json_text(answer, "version", ""));
}

static void each_row_of_the_table_is_what_happens(void **state)
{
    static const struct {
        const char *m, *o;
        int killed, launched, peak, lowest;
    } rows[] = {
        {"1", "1", 0, 4, 8, 4},       {"0.25", "0.25", 3, 1, 5, 1}, {"0.5", "0.1", 2, 0, 4, 2},
        {"0", "0", 4, 0, 4, 0},       {"1", "0", 0, 1, 5, 4},       {"0.5", "0.5", 2, 2, 6, 2},
        {"0.75", "0.25", 1, 1, 5, 3},
    };
    struct lab *lab = lab_start(classic);

    (void)state;
    create(lab, "/v2/apps//a", 4);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const struct seen seen = upgrade(lab, 4, rows[i].m, rows[i].o);

        assert_int_equal(seen.killed_at_once, rows[i].killed);
        assert_int_equal(seen.launched_at_once, rows[i].launched);
        assert_int_equal(seen.peak, rows[i].peak);
        assert_int_equal(seen.lowest, rows[i].lowest);
    }
    lab_stop(lab);
}

static void other_sizes_follow_the_same_arithmetic(void **state)
{
    struct lab *lab = lab_start(classic);
    struct seen seen;

    (void)state;
    create(lab, "/v2/apps/a", 1);
    seen = upgrade(lab, 1, "1", "0"); /* cap 1 becomes 2: start one, then kill one */
    assert_int_equal(seen.peak, 2);
    assert_int_equal(seen.lowest, 1);
    lab_stop(lab);
}

static void fewer_instances_and_new_content_kill_the_surplus_first(void **state)
{
    struct lab *lab = lab_start(classic);
    struct seen seen;

    (void)state;
    create(lab, "/v2/apps/a", 10);
    seen = upgrade(lab, 1, "1", "0"); /* R=10: nine at once, launch when only one is left */
    assert_int_equal(seen.killed_at_once, 9);
    assert_int_equal(seen.lowest, 1);
    lab_until_json(lab, "/v2/apps/a", "/app/tasksRunning", "1");
    lab_stop(lab);
}

static void marathon_110_without_checks_counts_everything_as_healthy(void **state)
{
    struct lab *lab = lab_start(marathon_110);
    struct seen seen;

    (void)state;
    create(lab, "/v2/apps//a", 4);
    seen = upgrade(lab, 4, "0.25", "0.25");
    assert_int_equal(seen.killed_at_once, 3);
    lab_stop(lab);
}

static const char http_app[] =
    "{\"id\":\"/a\",\"container\":{\"type\":\"DOCKER\",\"docker\":{\"image\":"
    "\"mhausenblas/simpleservice:0.4.0\"}},\"instances\":4,\"healthChecks\":[{\"protocol\":"
    "\"HTTP\",\"path\":\"/health\",\"intervalSeconds\":5}]}";

static void marathon_110_with_http_checks_goes_one_by_one(void **state)
{
    struct lab *lab = lab_start(marathon_110);
    struct seen seen;
    char id[64];

    (void)state;
    assert_int_equal(lab_change(lab, "PUT", "/v2/apps/a", http_app, id), 201);
    assert_true(lab_await(lab, id));
    seen = upgrade(lab, 4, "0.25", "0.25");
    assert_int_equal(seen.killed_at_once, 0);
    assert_int_equal(seen.peak, 5);
    lab_stop(lab);
}

static void marathon_110_with_http_checks_and_no_room_hangs_until_an_old_one_dies(void **state)
{
    struct lab *lab = lab_start(marathon_110);
    ZDD_AUTO_JSON json_t *answer = NULL;
    ZDD_AUTO_JSON json_t *tasks = NULL;
    ZDD_AUTO_JSON json_t *events = NULL;
    char id[64];
    char path[300];
    size_t from;

    (void)state;
    assert_int_equal(lab_change(lab, "PUT", "/v2/apps/a", http_app, id), 201);
    assert_true(lab_await(lab, id));
    from = lab_event_count(lab);
    assert_int_equal(lab_call(lab, "PUT", "/v2/apps/a",
                              "{\"labels\":{\"a\":\"b\"},\"upgradeStrategy\":"
                              "{\"minimumHealthCapacity\":1,\"maximumOverCapacity\":0}}",
                              &answer),
                     200);
    /* Another app goes through whole deployments meanwhile: time passes, and nothing moves here. */
    create(lab, "/v2/apps/clock", 1);
    for (int i = 0; i < 5; i++) {
        assert_int_equal(lab_change(lab, "POST", "/v2/apps/clock/restart", NULL, id), 200);
        assert_true(lab_await(lab, id));
    }
    lab_until_json(lab, "/v2/deployments", "/0/currentStep", "1");
    assert_int_equal(lab_call(lab, "GET", "/v2/apps/a/tasks", NULL, &tasks), 200);
    events = lab_events(lab, from);
    assert_int_equal(lab_count(events, "instance_changed_event", "runSpecId", "/a"), 0);
    assert_int_equal(json_array_size(json_object_get(tasks, "tasks")), 4);
    snprintf(path, sizeof(path), "/v2/apps/a/tasks/%s",
             zdd_json_text(zdd_json_at(tasks, "/tasks/0"), "id", ""));
    assert_int_equal(lab_call(lab, "DELETE", path, NULL, NULL), 200);
    assert_true(lab_await(lab, zdd_json_text(answer, "deploymentId", "")));
    lab_stop(lab);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_row_of_the_table_is_what_happens),
        cmocka_unit_test(other_sizes_follow_the_same_arithmetic),
        cmocka_unit_test(fewer_instances_and_new_content_kill_the_surplus_first),
        cmocka_unit_test(marathon_110_without_checks_counts_everything_as_healthy),
        cmocka_unit_test(marathon_110_with_http_checks_goes_one_by_one),
        cmocka_unit_test(marathon_110_with_http_checks_and_no_room_hangs_until_an_old_one_dies),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
