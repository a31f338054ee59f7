/**
 * @file tests/lab/test_e2e_truth.c
 * @brief What a plan says is what happens, number by number.
 *
 * The plan comes from POST /v1/plans; what happened is read off Marathon's own event stream, task
 * by task. Which numbers can be compared at all, although processes start and end as they like:
 * how many are killed at once and how many are launched at once is decided in one moment; from
 * then on each end makes room for at most one start, and each new instance that serves costs at
 * most one that served. So neither the lowest nor the highest number depends on who is faster.
 */
#include "tests/support/spec.h"

#include "tests/lab/e2e.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BATCH 5 /* apps that are deployed side by side: their ports must suffice */
#define TASK_MAX 64
#define HANG_DEADLINE_S 1

struct row {
    const char *strategy;
    int before, after; /* instances */
    double m, o;
};

static const struct row replaces[] = {
    /* the table of marathon.md §4.4 */
    {"rolling", 4, 4, 1, 1},
    {"rolling", 4, 4, 0.25, 0.25},
    {"rolling", 4, 4, 0.5, 0.1},
    {"rolling", 4, 4, 0, 0},
    {"rolling", 4, 4, 1, 0},
    {"rolling", 4, 4, 0.5, 0.5},
    /* other sizes */
    {"rolling", 1, 1, 1, 0},
    {"rolling", 1, 1, 0.5, 0},
    {"rolling", 2, 2, 0.5, 0.5},
    {"rolling", 3, 3, 0.75, 0.25},
    {"rolling", 3, 3, 0, 1},
    {"rolling", 5, 5, 0.25, 0.5},
    {"rolling", 5, 5, 0.9, 0.1},
    {"rolling", 6, 6, 0.3, 0.7},
    {"rolling", 6, 6, 1, 0.25},
    /* another number of instances in the same breath */
    {"rolling", 3, 2, 1, 1},
    {"rolling", 6, 3, 0.5, 0.5},
    {"rolling", 5, 1, 1, 0},
    {"rolling", 2, 5, 0.5, 0.5},
    {"rolling", 1, 4, 1, 0.5},
};

/* Strategies that do not depend on the rule; m and o are of the definition. */
static const struct row others[] = {
    {"recreate", 1, 1, 1, 1}, {"recreate", 3, 3, 0.5, 0.5}, {"recreate", 4, 2, 1, 1},
    {"scale", 4, 6, 1, 1},    {"scale", 6, 2, 1, 1},        {"scale", 3, 0, 1, 1},
    {"scale", 0, 3, 1, 1},    {"restart", 4, 4, 0.5, 0.5},  {"restart", 3, 3, 1, 0.34},
    {"restart", 2, 2, 0, 0},
};

struct world {
    struct e2e *e;
    bool rule_110;
    enum e2e_checks checks;
    int apps, compared, hung;
};

/* One app of a batch, through its two deployments. */
struct subject {
    const struct row *row;
    char app_id[32];
    json_t *plan;
    char id[E2E_ID_SIZE];
    size_t from; /* where the events of the deployment begin */
};

/* What was seen. */
struct seen {
    int killed_at_once; /* told to end before the first new instance ran */
    int lowest, peak;   /* serving; existing, those that are ending too */
    int touched;        /* instances that were told to end, or launched */
};

struct task {
    char id[200];
    bool old, exists, runs, healthy;
};

struct fleet {
    bool checked; /* health checks tell who serves; without them whoever runs */
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
    int existing = 0;
    int serving = 0;

    for (size_t i = 0; i < fleet->count; i++) {
        const struct task *task = &fleet->task[i];

        existing += task->exists;
        serving += task->runs && (task->healthy || !fleet->checked);
    }
    seen->peak = existing > seen->peak ? existing : seen->peak;
    seen->lowest = serving < seen->lowest ? serving : seen->lowest;
}

static bool is_one_of(const char *word, const char *const *words)
{
    for (; *words; words++)
        if (strcmp(word, *words) == 0)
            return true;
    return false;
}

/* Take one event of the app in. @return false when it is of no task */
static bool take(struct fleet *fleet, const json_t *event, bool before, struct task **ret_task)
{
    static const char *const alive[] = {"Provisioned", "Starting", "Running", "Killing", NULL};
    const char *type = zdd_json_text(event, "eventType", "");
    const char *condition = zdd_json_text(event, "condition", "");
    struct task *task;

    if (strcmp(type, "instance_changed_event") != 0 &&
        strcmp(type, "instance_health_changed_event") != 0)
        return false;
    task = find(fleet, zdd_json_text(event, "instanceId", ""));
    *ret_task = task;
    if (before)
        task->old = true;
    if (strcmp(type, "instance_health_changed_event") == 0) {
        task->healthy = zdd_json_bool(event, "healthy", false);
        return true;
    }
    task->exists = is_one_of(condition, alive);
    task->runs = strcmp(condition, "Running") == 0;
    return true;
}

/* Follow the app's tasks from the first one on; measure from event @p from on. */
static struct seen follow(const json_t *events, const char *app_id, size_t from, bool checked)
{
    struct fleet *fleet = calloc(1, sizeof(*fleet));
    struct seen seen = {.lowest = TASK_MAX};
    bool new_ran = false;

    assert_non_null(fleet);
    fleet->checked = checked;
    for (size_t i = 0; i <= json_array_size(events); i++) {
        const json_t *event = json_array_get(events, i);
        const char *condition = zdd_json_text(event, "condition", "");
        struct task *task = NULL;

        if (i == from)
            count(fleet, &seen); /* as it was before */
        if (!event || strcmp(zdd_json_text(event, "runSpecId", ""), app_id) != 0 ||
            !take(fleet, event, i < from, &task) || i < from)
            continue;
        new_ran = new_ran || (!task->old && task->runs);
        seen.killed_at_once += !new_ran && strcmp(condition, "Killing") == 0;
        seen.touched += strcmp(condition, "Killing") == 0 || strcmp(condition, "Provisioned") == 0;
        count(fleet, &seen);
    }
    free(fleet);
    return seen;
}

static int number(const json_t *plan, const char *pointer)
{
    const json_t *value = zdd_json_at(plan, pointer);

    if (!json_is_integer(value))
        fail_msg("the plan has no number at %s", pointer);
    return (int)json_integer_value(value);
}

static int at(const json_t *moment, const char *key)
{
    return (int)zdd_json_int(moment, key, -1);
}

/* The timeline must tell the same as the numbers above it, and end as it really ended. */
static void check_timeline(const json_t *plan, const struct seen *seen, int instances)
{
    const json_t *timeline = zdd_json_at(plan, "/capacity/timeline");
    const json_t *last = json_array_get(timeline, json_array_size(timeline) - 1);
    int lowest = TASK_MAX;
    int peak = 0;

    assert_true(json_array_size(timeline) >= 2);
    for (size_t i = 0; i < json_array_size(timeline); i++) {
        const json_t *m = json_array_get(timeline, i);
        const int serving = at(m, "healthyOld") + at(m, "healthyNew");
        const int existing = at(m, "old") + at(m, "new") + at(m, "ending");

        lowest = serving < lowest ? serving : lowest;
        peak = existing > peak ? existing : peak;
    }
    assert_int_equal(lowest, seen->lowest);
    assert_int_equal(peak, seen->peak);
    assert_int_equal(at(json_array_get(timeline, 1), "ending"), seen->killed_at_once);
    assert_int_equal(at(last, "ending"), 0);
    assert_int_equal(at(last, "old") + at(last, "new"), instances);
    assert_int_equal(at(last, "healthyOld") + at(last, "healthyNew"), instances);
}

static bool has_warning(const json_t *plan, const char *code)
{
    const json_t *warnings = json_object_get(plan, "warnings");

    for (size_t i = 0; i < json_array_size(warnings); i++)
        if (strcmp(zdd_json_text(json_array_get(warnings, i), "code", ""), code) == 0)
            return true;
    return false;
}

static void compare(struct world *w, const struct subject *s, int before, int after)
{
    ZDD_AUTO_JSON json_t *events = lab_events(w->e->lab, 0);
    const struct seen seen = follow(events, s->app_id, s->from, w->checks == E2E_HEALTH);
    const struct row *row = s->row;
    const json_t *plan = s->plan;
    const int extra = seen.peak > before ? seen.peak - before : 0;
    const double cpus = json_real_value(zdd_json_at(plan, "/capacity/peakExtra/cpus"));

    print_message("             %s %d to %d (%.2f, %.2f): killed at once %d/%d, lowest %d/%d, "
                  "peak %d/%d\n",
                  row->strategy, before, after, row->m, row->o,
                  number(plan, "/capacity/killedAtOnce"), seen.killed_at_once,
                  number(plan, "/capacity/lowestServing"), seen.lowest,
                  number(plan, "/capacity/peakInstances"), seen.peak);
    assert_int_equal(number(plan, "/capacity/killedAtOnce"), seen.killed_at_once);
    assert_int_equal(number(plan, "/capacity/lowestServing"), seen.lowest);
    assert_int_equal(number(plan, "/capacity/peakInstances"), seen.peak);
    assert_true(cpus > 0.1 * extra - 0.001 && cpus < 0.1 * extra + 0.001);
    assert_string_equal(json_string_value(zdd_json_at(plan, "/verdict/arithmetic")), "proved");
    assert_int_equal(has_warning(plan, "serves-none"), before > 0 && after > 0 && seen.lowest == 0);
    assert_int_equal(has_warning(plan, "hangs-on-1.10"), false);
    check_timeline(plan, &seen, after);
    w->compared++;
}

static json_t *app_of(const struct world *w, const struct subject *s, const char *version,
                      int instances, bool with_strategy)
{
    json_t *app =
        e2e_app(&(struct e2e_app){.id = s->app_id, .version = version, .checks = w->checks});

    json_object_set_new(app, "instances", json_integer(instances));
    if (with_strategy)
        json_object_set_new(app, "upgradeStrategy",
                            json_pack("{s:f, s:f}", "minimumHealthCapacity", s->row->m,
                                      "maximumOverCapacity", s->row->o));
    return app;
}

/* Create the app, or bring it where the row wants it. */
static json_t *request_of(const struct world *w, const struct subject *s, bool create)
{
    const struct row *row = s->row;
    const bool rolling = strcmp(row->strategy, "rolling") == 0;

    if (create)
        return e2e_request("rolling", app_of(w, s, "0.9", row->before, !rolling));
    if (rolling)
        return e2e_rolling(app_of(w, s, "1.0", row->after, false), row->m, row->o);
    if (strcmp(row->strategy, "recreate") == 0)
        return e2e_request("recreate", app_of(w, s, "1.0", row->after, true));
    if (strcmp(row->strategy, "scale") == 0)
        return json_pack("{s:s, s:s, s:{s:i}}", "strategy", "scale", "appId", s->app_id, "options",
                         "instances", row->after);
    return json_pack("{s:s, s:s}", "strategy", row->strategy, "appId", s->app_id);
}

/* Instances that are too many by the rule of 1.10 go at once, and never again any (marathon.md
 * §4.6): no old one counts as healthy. */
static int surplus(const struct row *row)
{
    return row->before > row->after ? row->before - row->after : 0;
}

/* It hangs when what stays leaves no room to launch. */
static bool should_hang(const struct world *w, const struct row *row)
{
    return w->rule_110 && w->checks != E2E_NO_CHECKS && strcmp(row->strategy, "scale") != 0 &&
           strcmp(row->strategy, "recreate") != 0 &&
           (int)(row->after * (1 + row->o)) <= row->before - surplus(row);
}

static void start(struct world *w, struct subject *s, bool create)
{
    json_t *request = request_of(w, s, create);

    assert_non_null(request);
    if (!create && should_hang(w, s->row)) {
        json_object_set_new(request, "deadlineSeconds", json_integer(HANG_DEADLINE_S));
        json_object_set_new(request, "onFailure", json_string("hold"));
    }
    json_decref(s->plan);
    s->plan = e2e_plan(w->e, request);
    json_decref(request);
    s->from = lab_event_count(w->e->lab);
    e2e_deploy_plan(w->e, s->plan, s->id);
}

static void check_hanging(struct world *w, const struct subject *s)
{
    ZDD_AUTO_JSON json_t *events = NULL;
    struct seen seen;

    assert_string_equal(json_string_value(zdd_json_at(s->plan, "/verdict/arithmetic")), "refuted");
    assert_true(has_warning(s->plan, "hangs-on-1.10"));
    e2e_until(w->e, s->id, "/state", "paused");
    (void)lab_event_count(w->e->lab);
    events = lab_events(w->e->lab, 0);
    seen = follow(events, s->app_id, s->from, w->checks == E2E_HEALTH);
    print_message("             %s %d to %d (%.2f, %.2f): hangs, as it was said\n",
                  s->row->strategy, s->row->before, s->row->after, s->row->m, s->row->o);
    assert_int_equal(seen.touched, surplus(s->row));
    assert_int_equal(seen.killed_at_once, surplus(s->row));
    assert_int_equal(seen.lowest, s->row->before - surplus(s->row));
    assert_int_equal(number(s->plan, "/capacity/killedAtOnce"), seen.killed_at_once);
    assert_int_equal(number(s->plan, "/capacity/lowestServing"), seen.lowest);
    assert_int_equal(number(s->plan, "/capacity/peakInstances"), s->row->before);
    w->hung++;
    e2e_command(w->e, s->id, "abort");
    e2e_await(w->e, s->id, "canceled");
    e2e_check_app(w->e, s->app_id, "0.9", s->row->before);
}

static void finish(struct world *w, const struct subject *s, bool create)
{
    const char *const version =
        create || strcmp(s->row->strategy, "scale") == 0 || strcmp(s->row->strategy, "restart") == 0
            ? "0.9"
            : "1.0";
    const int before = create ? 0 : s->row->before;
    const int after = create ? s->row->before : s->row->after;

    if (!create && should_hang(w, s->row)) {
        check_hanging(w, s);
        return;
    }
    e2e_await(w->e, s->id, "succeeded");
    (void)lab_event_count(w->e->lab);
    compare(w, s, before, after);
    e2e_check_app(w->e, s->app_id, version, after);
}

static void clear_away(struct world *w, const struct subject *s)
{
    char path[64];
    char id[64];

    snprintf(path, sizeof(path), "/v2/apps/%s", s->app_id);
    assert_int_equal(lab_change(w->e->lab, "DELETE", path, NULL, id), 200);
    assert_true(lab_await(w->e->lab, id));
}

static void run_batch(struct world *w, const struct row *rows, size_t size)
{
    struct subject subjects[BATCH] = {0};

    for (size_t i = 0; i < size; i++) {
        subjects[i].row = &rows[i];
        snprintf(subjects[i].app_id, sizeof(subjects[i].app_id), "/t/a%d", w->apps++);
    }
    for (int create = 1; create >= 0; create--) {
        for (size_t i = 0; i < size; i++)
            start(w, &subjects[i], create);
        for (size_t i = 0; i < size; i++)
            finish(w, &subjects[i], create);
    }
    for (size_t i = 0; i < size; i++) {
        clear_away(w, &subjects[i]);
        json_decref(subjects[i].plan);
    }
}

static void run_rows(struct world *w, const struct row *rows, size_t size)
{
    for (size_t i = 0; i < size; i += BATCH)
        run_batch(w, rows + i, size - i < BATCH ? size - i : BATCH);
}

static void run_world(enum e2e_checks checks, bool rule_110)
{
    const char *const options[] = {
        "--speed", "100", "--marathon", rule_110 ? "1.10" : "classic", "--task-killing", NULL};
    struct world w = {.e = e2e_start(options, NULL), .rule_110 = rule_110, .checks = checks};
    const size_t replace_count = sizeof(replaces) / sizeof(replaces[0]);
    int hanging = 0;

    for (size_t i = 0; i < replace_count; i++)
        hanging += should_hang(&w, &replaces[i]);
    run_rows(&w, replaces, replace_count);
    assert_int_equal(w.hung, hanging);
    assert_int_equal(w.compared, 2 * (int)replace_count - hanging);
    e2e_stop(w.e);
}

static void by_the_classic_rule_without_checks(void **state)
{
    (void)state;
    run_world(E2E_NO_CHECKS, false);
}

static void by_the_classic_rule_with_health_checks(void **state)
{
    (void)state;
    run_world(E2E_HEALTH, false);
}

static void by_the_classic_rule_with_readiness_checks(void **state)
{
    (void)state;
    run_world(E2E_READY, false);
}

static void by_the_rule_of_110_without_checks(void **state)
{
    (void)state;
    run_world(E2E_NO_CHECKS, true);
}

static void by_the_rule_of_110_with_health_checks(void **state)
{
    (void)state;
    run_world(E2E_HEALTH, true);
}

static void by_the_rule_of_110_with_readiness_checks(void **state)
{
    (void)state;
    run_world(E2E_READY, true);
}

static void recreate_scale_and_restart(void **state)
{
    static const char *const options[] = {"--speed", "100", "--task-killing", NULL};
    struct world w = {.e = e2e_start(options, NULL), .checks = E2E_HEALTH};

    (void)state;
    run_rows(&w, others, sizeof(others) / sizeof(others[0]));
    e2e_stop(w.e);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(by_the_classic_rule_without_checks),
        cmocka_unit_test(by_the_classic_rule_with_health_checks),
        cmocka_unit_test(by_the_classic_rule_with_readiness_checks),
        cmocka_unit_test(by_the_rule_of_110_without_checks),
        cmocka_unit_test(by_the_rule_of_110_with_health_checks),
        cmocka_unit_test(by_the_rule_of_110_with_readiness_checks),
        cmocka_unit_test(recreate_scale_and_restart),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
