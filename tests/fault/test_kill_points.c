/**
 * @file tests/fault/test_kill_points.c
 * @brief kill -9 of the server at the n-th passing of each named point, for n = 1, 2, … until a
 * deployment passes untouched: the next start brings it to its right end, and does nothing twice.
 *
 * The points come from server/engine/points.def and storage/points.def. Real processes; points are
 * tried side by side, each in a process of its own with its own lab: `test_kill_points SCENARIO
 * POINT FIRST STRIDE` tries one by hand.
 */
#define _GNU_SOURCE /* prctl */
#include "tests/support/spec.h"

#include "tests/lab/e2e.h"

#include "server/base/clock.h"
#include "server/cli/fate.h"
#include "strategies/model/limits.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define PASSINGS_MAX 60 /* a deployment of two instances takes some ten steps */
#define SIDE_BY_SIDE 20 /* most of the time is waiting: for an order that may be late, 15 s */
#define KILLED (128 + SIGKILL)

static const char *const points[] = {
#define ZDD_POINT(name, text_name, text) text_name,
#include "server/engine/points.def"
#undef ZDD_POINT
#define ZDD_STORE_POINT(name, text_name, text) text_name,
#include "storage/points.def"
#undef ZDD_STORE_POINT
};

struct scenario {
    const char *name, *strategy;
    bool sick;
    int stride;         /* processes for each point */
    const char *end;    /* state */
    const char *serves; /* version at the end */
    /* That Marathon has then: one of the creation, one of each order. To take new instances away
     * a count is asked for twice, another one and the right one; when the answer to that is lost,
     * nobody can tell the right count from the one before, and the pair is asked for again. Where
     * the deadline passes before the first order, there is only the one of the creation. */
    size_t versions, versions_most;
};

static const struct scenario scenarios[] = {
    {"rolling", "rolling", false, 1, "succeeded", "1.0", 2, 2},
    {"recreate", "recreate", false, 1, "succeeded", "1.0", 3, 3},
    {"rollback", "rolling", true, 7, "rolled-back", "0.9", 5, 7},
};

/* What a process of its own works on. */
struct task {
    const struct scenario *scenario;
    const char *point;
    int first, stride;
};

/* One deployment that is to be killed. */
struct victim {
    struct e2e *e;
    const struct task *task;
    int passing;
    char app_id[32], key[80], id[E2E_ID_SIZE];
    bool killed;
};

static json_t *definition(const char *app_id, const char *version, bool sick)
{
    return e2e_app(&(struct e2e_app){
        .id = app_id, .version = version, .instances = 2, .checks = E2E_HEALTH, .sick = sick});
}

/* The old version, put there by somebody else. */
static void create_app(const struct victim *v)
{
    ZDD_AUTO_JSON json_t *app = definition(v->app_id, "0.9", false);
    char *text = json_dumps(app, JSON_COMPACT);
    char deployment[64];

    assert_int_equal(lab_change(v->e->lab, "POST", "/v2/apps", text, deployment), 201);
    assert_true(lab_await(v->e->lab, deployment));
    free(text);
}

static void boot_to_die(const struct victim *v)
{
    char fate[64];

    snprintf(fate, sizeof(fate), "%s:%d", v->task->point, v->passing);
    assert_int_equal(setenv(ZDD_FATE_ENV, fate, 1), 0);
    e2e_boot(v->e);
    assert_int_equal(unsetenv(ZDD_FATE_ENV), 0);
}

/* The server is gone: by its own hand, once. Start another one that lives. */
static void outlive(struct victim *v)
{
    assert_false(v->killed);
    v->killed = true;
    v->e->api = apiclient_free(v->e->api);
    assert_int_equal(serverrun_wait(&v->e->server, E2E_WAIT_MS), KILLED);
    e2e_boot(v->e);
}

/* Ask until there is an answer: the server may die over it. */
static struct apiclient_answer ask(struct victim *v, const struct apiclient_request *request)
{
    struct apiclient_answer answer = apiclient_send(v->e->api, request);

    if (answer.status == 0) {
        outlive(v);
        answer = apiclient_send(v->e->api, request);
    }
    assert_int_not_equal(answer.status, 0);
    return answer;
}

/* A client that got no answer asks again with the same key: there is one deployment at the end. */
static void deploy(struct victim *v)
{
    const struct scenario *scenario = v->task->scenario;
    ZDD_AUTO_JSON json_t *request = e2e_request(
        scenario->strategy, definition(v->app_id, scenario->sick ? "sick" : "1.0", scenario->sick));
    APICLIENT_AUTO struct apiclient_answer answer = {0};
    char *text;

    if (scenario->sick)
        json_object_set_new(request, "deadlineSeconds", json_integer(1));
    json_object_set_new(request, "onFailure", json_string("rollback"));
    text = json_dumps(request, JSON_COMPACT);
    answer = ask(
        v, &(struct apiclient_request){
               .path = "/v1/deployments", .body = text, .header = {v->key}, .may_be_cut = true});
    free(text);
    if (answer.status != 202)
        fail_msg("%ld %s", answer.status, answer.body);
    snprintf(v->id, sizeof(v->id), "%s", apiclient_text(&answer, "/id"));
}

static void follow(struct victim *v)
{
    const int64_t until_ms = zdd_mono_ms() + E2E_WAIT_MS;
    char path[128];
    char etag[64] = "If-None-Match: \"0\"";
    const struct apiclient_request request = {
        .path = path, .header = {etag, "Prefer: wait=1"}, .may_be_cut = true};
    bool ended = false;

    snprintf(path, sizeof(path), "/v1/deployments/%s", v->id);
    while (!ended) {
        struct apiclient_answer answer = ask(v, &request);

        if (answer.status == 200) {
            ended = *apiclient_text(&answer, "/endedAt") != '\0';
            snprintf(etag, sizeof(etag), "If-None-Match: \"%lld\"",
                     (long long)apiclient_int(&answer, "/revision"));
        }
        apiclient_answer_release(&answer);
        if (!ended && zdd_mono_ms() > until_ms) {
            e2e_tell(v->e, v->id);
            fail_msg("%s, passing %d: it does not end", v->task->point, v->passing);
        }
    }
}

/* Did the server outlive its deployment? It may have been dying when it told the end. */
static void settle(struct victim *v)
{
    int status;

    if (v->killed)
        return;
    status = e2e_drain(v->e);
    v->killed = status == KILLED;
    if (!v->killed)
        assert_int_equal(status, 0);
    e2e_boot(v->e);
}

static void check(struct victim *v)
{
    const struct scenario *scenario = v->task->scenario;
    size_t versions;
    char path[64];
    ZDD_AUTO_JSON json_t *of_app = NULL;

    e2e_await(v->e, v->id, scenario->end);
    e2e_check_app(v->e, v->app_id, scenario->serves, 2);
    versions = e2e_version_count(v->e, v->app_id);
    if ((versions < scenario->versions || versions > scenario->versions_most) &&
        !(versions == 1 && scenario->sick && e2e_had_nothing_to_undo(v->e, v->id))) {
        e2e_tell(v->e, v->id);
        fail_msg("%s, passing %d: %zu versions", v->task->point, v->passing, versions);
    }
    snprintf(path, sizeof(path), "/v1/deployments?appId=%s", v->app_id);
    of_app = e2e_all(v->e, path);
    assert_int_equal(json_array_size(of_app), 1);
    e2e_check_records(v->e);
    snprintf(path, sizeof(path), "/v2/apps/%s", v->app_id);
    assert_int_equal(lab_call(v->e->lab, "DELETE", path, NULL, NULL), 200);
}

/* @return whether the server was killed */
static bool kill_at(struct e2e *e, const struct task *task, int passing)
{
    struct victim v = {.e = e, .task = task, .passing = passing};

    snprintf(v.app_id, sizeof(v.app_id), "/kill-%d", passing);
    snprintf(v.key, sizeof(v.key), "Idempotency-Key: \"%s-%d\"", task->point, passing);
    create_app(&v);
    assert_int_equal(e2e_drain(e), 0);
    boot_to_die(&v);
    deploy(&v);
    follow(&v);
    settle(&v);
    check(&v);
    return v.killed;
}

static void it_ends_right_wherever_it_is_killed(void **state)
{
    static const char *const fast[] = {"--speed", "50", NULL};
    const struct task *task = *state;
    struct e2e *e = e2e_start(fast, NULL);
    int passing = task->first;

    while (passing < PASSINGS_MAX && kill_at(e, task, passing))
        passing += task->stride;
    print_message("%s, %s: untouched at passing %d\n", task->scenario->name, task->point, passing);
    assert_true(passing < PASSINGS_MAX);
    if (task->first == 1) /* else nobody passes there: the point is forgotten */
        assert_true(passing > 1);
    e2e_stop(e);
}

static int work_on(char *const *words)
{
    struct task task = {.point = words[1],
                        .first = (int)strtol(words[2], NULL, 10),
                        .stride = (int)strtol(words[3], NULL, 10)};
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_prestate(it_ends_right_wherever_it_is_killed, &task)};

    for (size_t i = 0; i < ZDD_COUNT(scenarios); i++) {
        if (strcmp(scenarios[i].name, words[0]) == 0)
            task.scenario = &scenarios[i];
    }
    if (!task.scenario || task.first < 1 || task.stride < 1) {
        fputs("usage: test_kill_points [SCENARIO POINT FIRST STRIDE]\n", stderr);
        return 2;
    }
    return cmocka_run_group_tests_name(task.point, tests, NULL, NULL);
}

static void begin(const struct scenario *scenario, const char *point, int first)
{
    char first_text[12];
    char stride[12];
    const char *const argv[] = {"test_kill_points", scenario->name, point,
                                first_text,         stride,         NULL};
    pid_t pid;

    snprintf(first_text, sizeof(first_text), "%d", first);
    snprintf(stride, sizeof(stride), "%d", scenario->stride);
    fflush(NULL);
    pid = fork();
    assert_true(pid >= 0);
    if (pid > 0)
        return;
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    (void)execv("/proc/self/exe", (char *const *)(uintptr_t)argv);
    _exit(127);
}

/* @return whether one that ended had done well */
static bool end_one(void)
{
    int status = 0;

    assert_true(waitpid(-1, &status, 0) > 0); /* each has its own end of waiting */
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static void at_each_point(void **state)
{
    const struct scenario *scenario = *state;
    int running = 0;
    int failed = 0;

    for (size_t i = 0; i < ZDD_COUNT(points); i++) {
        for (int first = 1; first <= scenario->stride; first++) {
            if (running == SIDE_BY_SIDE) {
                failed += !end_one();
                running--;
            }
            begin(scenario, points[i], first);
            running++;
        }
    }
    for (; running > 0; running--)
        failed += !end_one();
    assert_int_equal(failed, 0);
}

int main(int argc, char **argv)
{
    struct scenario copy[ZDD_COUNT(scenarios)];
    struct CMUnitTest tests[ZDD_COUNT(scenarios)];

    if (argc == 5)
        return work_on(argv + 1);
    memcpy(copy, scenarios, sizeof(copy));
    for (size_t i = 0; i < ZDD_COUNT(scenarios); i++)
        tests[i] = (struct CMUnitTest){
            .name = copy[i].name, .test_func = at_each_point, .initial_state = &copy[i]};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
