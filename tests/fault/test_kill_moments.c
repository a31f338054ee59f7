/**
 * @file tests/fault/test_kill_moments.c
 * @brief kill -9 of the server at random moments, over all strategies, ways back and commands: the
 * store opens, the run ends as if nothing had happened, no task is lost or left over, nothing is
 * done twice, the audit chain is whole, and no request fails that the plan did not announce.
 *
 * ZDD_KILLS says how many kills (24), ZDD_SEED which ones; both are printed. `tests/run --kills
 * 300` is the long run.
 */
#include "tests/support/spec.h"

#include "tests/lab/e2e.h"

#include "server/base/clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define SHOP "/shop"
#define KILLS 24          /* while a deployment is under way */
#define KILLS_MAX 100000  /* of ZDD_KILLS */
#define MOMENT_MAX_MS 300 /* between a start of the server and its end */
#define ROUND_KILLS_MAX 4 /* of one deployment, before and after a command each */
#define INSTANCES 4

/* Slow enough for several kills in one deployment. */
static const char *const slow[] = {"--speed", "20", "--start-delay", "40", NULL};

enum kind {
    ROLLING_BARE,
    ROLLING_HEALTH,
    ROLLING_READY,
    RECREATE,
    SCALE,
    RESTART,
    CREATE,
    ABORT,
    ROLL_BACK,
    SICK,
    KIND_COUNT
};

static const struct story {
    const char *name, *strategy;
    enum e2e_checks checks;
    const char *command; /* sent half-way */
    const char *end;
    /* What Marathon has to do, and not once more. Clearing may be ordered again when a kill hides
     * that it was done; before anything was ordered there is nothing to go back to. */
    int restarts_min, restarts_max, scales_min, scales_max;
} stories[KIND_COUNT] = {
    [ROLLING_BARE] = {"rolling, no checks", "rolling", E2E_NO_CHECKS, NULL, "succeeded", 1, 1, 0,
                      0},
    [ROLLING_HEALTH] = {"rolling, health checks", "rolling", E2E_HEALTH, NULL, "succeeded", 1, 1, 0,
                        0},
    [ROLLING_READY] = {"rolling, readiness checks", "rolling", E2E_READY, NULL, "succeeded", 1, 1,
                       0, 0},
    [RECREATE] = {"recreate", "recreate", E2E_HEALTH, NULL, "succeeded", 1, 1, 1, 1},
    [SCALE] = {"scale", "scale", E2E_HEALTH, NULL, "succeeded", 0, 0, 1, 1},
    [RESTART] = {"restart", "restart", E2E_HEALTH, NULL, "succeeded", 1, 1, 0, 0},
    [CREATE] = {"create", "rolling", E2E_HEALTH, NULL, "succeeded", 0, 0, 1, 1},
    [ABORT] = {"abort", "rolling", E2E_HEALTH, "abort", "canceled", 0, 2, 0, 10},
    [ROLL_BACK] = {"rollback by command", "rolling", E2E_HEALTH, "rollback", "rolled-back", 2, 2, 0,
                   10},
    [SICK] = {"rollback by itself", "rolling", E2E_HEALTH, NULL, "rolled-back", 2, 2, 0, 10},
};

struct game {
    struct e2e *e;
    uint64_t random;
    long kills; /* of a server with work to do */
    int versions;
    char running[16]; /* of the shop */
    int instances;
    char gate[128];
    long answered;
};

/* SplitMix64: any seed is a good one. */
static uint64_t draw(struct game *g, uint64_t count)
{
    uint64_t z = g->random += 0x9e3779b97f4a7c15u;

    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return (z ^ (z >> 31)) % count;
}

static uint64_t number_of(const char *name, uint64_t otherwise)
{
    const char *wanted = getenv(name);
    const uint64_t number = wanted ? strtoull(wanted, NULL, 10) : otherwise;

    print_message("             %s=%llu\n", name, (unsigned long long)number);
    return number;
}

static bool is_live(struct game *g, const char *id)
{
    ZDD_AUTO_JSON json_t *run = e2e_get(g->e, id);

    return !json_is_string(json_object_get(run, "endedAt"));
}

/* Kill and start again until the deployment has ended, or it has been enough. */
static void kill_during(struct game *g, const char *id)
{
    const int most = 1 + (int)draw(g, ROUND_KILLS_MAX);

    for (int i = 0; i < most; i++) {
        const uint64_t us = draw(g, UINT64_C(1000) * MOMENT_MAX_MS);

        /* The random moment is what is tested: it waits for nothing. */
        nanosleep(&(struct timespec){.tv_nsec = (long)us * 1000}, NULL);
        if (!is_live(g, id))
            return;
        e2e_kill(g->e);
        e2e_boot(g->e);
        g->kills++;
    }
}

/* How many steps of Marathon's deployments had this action. */
static int count_actions(const json_t *events, const char *action)
{
    int count = 0;

    for (size_t i = 0; i < json_array_size(events); i++) {
        const json_t *event = json_array_get(events, i);
        const json_t *first = zdd_json_at(event, "/currentStep/actions/0");

        count += strcmp(zdd_json_text(event, "eventType", ""), "deployment_info") == 0 &&
                 strcmp(zdd_json_text(first, "action", ""), action) == 0;
    }
    return count;
}

static json_t *request_of(struct game *g, enum kind kind, const char *app_id, const char *version)
{
    const struct story *story = &stories[kind];
    json_t *app;
    json_t *request;

    if (kind == SCALE)
        return json_pack("{s:s, s:s, s:{s:i}}", "strategy", "scale", "appId", app_id, "options",
                         "instances", g->instances == INSTANCES ? INSTANCES + 2 : INSTANCES);
    if (kind == RESTART)
        return json_pack("{s:s, s:s}", "strategy", "restart", "appId", app_id);
    app = e2e_app(&(struct e2e_app){.id = app_id,
                                    .version = version,
                                    .instances = g->instances,
                                    .checks = story->checks,
                                    .health_ms = story->checks == E2E_NO_CHECKS ? 0 : 60,
                                    .sick = kind == SICK,
                                    .gate = story->command ? g->gate : NULL});
    if (kind == RECREATE)
        return e2e_request("recreate", app);
    request = e2e_rolling(app, 1, 0.5);
    if (kind == SICK)
        json_object_set_new(request, "deadlineSeconds", json_integer(1));
    return request;
}

static bool announces_failures(const json_t *plan)
{
    const json_t *warnings = json_object_get(plan, "warnings");

    for (size_t i = 0; i < json_array_size(warnings); i++) {
        const char *code = zdd_json_text(json_array_get(warnings, i), "code", "");

        if (strcmp(code, "serves-none") == 0 || strcmp(code, "checks-are-new") == 0)
            return true;
    }
    return false;
}

/* What is in place when the story has ended. */
static void note_end(struct game *g, enum kind kind, const char *version)
{
    const struct story *story = &stories[kind];

    if (strcmp(story->end, "succeeded") != 0 || kind == CREATE)
        return;
    if (kind == SCALE)
        g->instances = g->instances == INSTANCES ? INSTANCES + 2 : INSTANCES;
    if (kind == SCALE || kind == RESTART)
        return;
    snprintf(g->running, sizeof(g->running), "%s", version);
}

static void check_marathon(struct game *g, const struct story *story, const char *id, size_t from,
                           long kills)
{
    ZDD_AUTO_JSON json_t *events = NULL;
    int restarts;
    int scales;

    (void)lab_event_count(g->e->lab);
    events = lab_events(g->e->lab, from);
    restarts = count_actions(events, "RestartApplication");
    scales = count_actions(events, "ScaleApplication");
    print_message("             %4ld %s, killed %ld times: %d restarts, %d scalings in Marathon\n",
                  g->kills, story->name, kills, restarts, scales);
    if (restarts == 0 && story == &stories[SICK]) /* the deadline came before the first order */
        assert_true(e2e_had_nothing_to_undo(g->e, id));
    else
        assert_in_range(restarts, story->restarts_min, story->restarts_max);
    assert_in_range(scales, story->scales_min, story->scales_max);
}

/* Each task that Marathon has is one of the app's, and they are all there. */
static void check_tasks(struct game *g)
{
    ZDD_AUTO_JSON json_t *inside = NULL;

    e2e_check_app(g->e, SHOP, g->running, g->instances);
    assert_int_equal(lab_call(g->e->lab, "GET", "/lab/state", NULL, &inside), 200);
    assert_int_equal(zdd_json_int(inside, "active", -1), g->instances);
    assert_int_equal(zdd_json_int(inside, "waiting", -1), 0);
}

static void remove_app(struct game *g, const char *app_id)
{
    char path[64];
    char id[64];

    snprintf(path, sizeof(path), "/v2/apps%s", app_id);
    assert_int_equal(lab_change(g->e->lab, "DELETE", path, NULL, id), 200);
    assert_true(lab_await(g->e->lab, id));
}

/* One deployment from its plan to its end, killed now and then. */
static void follow(struct game *g, enum kind kind, const json_t *plan,
                   char ret_id[static E2E_ID_SIZE])
{
    const struct story *story = &stories[kind];

    e2e_deploy_plan(g->e, plan, ret_id);
    kill_during(g, ret_id);
    if (kind == ROLL_BACK) /* before, there is nothing to go back from */
        e2e_until(g->e, ret_id, "/phase", "rolling");
    if (story->command) {
        e2e_command(g->e, ret_id, story->command);
        kill_during(g, ret_id);
    }
    e2e_await(g->e, ret_id, story->end);
}

static void play(struct game *g, enum kind kind)
{
    const size_t from = lab_event_count(g->e->lab);
    const long before = g->kills;
    ZDD_AUTO_JSON json_t *request = NULL;
    ZDD_AUTO_JSON json_t *plan = NULL;
    struct e2e_load load;
    struct e2e_counts counts;
    char version[16];
    char app_id[32] = SHOP;
    char id[E2E_ID_SIZE];

    snprintf(version, sizeof(version), "1.%d", ++g->versions);
    if (kind == CREATE)
        snprintf(app_id, sizeof(app_id), "/new-%d", g->versions);
    request = request_of(g, kind, app_id, version);
    plan = e2e_plan(g->e, request);
    load = e2e_load_start(g->e, SHOP);
    follow(g, kind, plan, id);
    counts = e2e_load_stop(&load);
    if (!announces_failures(plan))
        assert_int_equal(counts.failed, 0);
    g->answered += counts.answered;
    note_end(g, kind, version);
    check_marathon(g, &stories[kind], id, from, g->kills - before);
    if (kind == CREATE) {
        e2e_check_app(g->e, app_id, version, g->instances);
        remove_app(g, app_id);
    }
    check_tasks(g);
    e2e_check_records(g->e);
}

static void no_moment_is_a_bad_one(void **state)
{
    const uint64_t wanted = number_of("ZDD_KILLS", KILLS);
    struct game g = {.random = number_of("ZDD_SEED", (uint64_t)zdd_now_ms() % 1000000007u),
                     .running = "1.0",
                     .instances = INSTANCES};

    (void)state;
    assert_in_range(wanted, 1, KILLS_MAX);
    g.e = e2e_start(slow, NULL);
    e2e_gate(g.e, g.gate); /* it stays closed */
    e2e_deploy_well(
        g.e, e2e_rolling(
                 e2e_app(&(struct e2e_app){
                     .id = SHOP, .version = "1.0", .instances = INSTANCES, .checks = E2E_HEALTH}),
                 1, 0.5));
    for (int story = (int)draw(&g, KIND_COUNT); g.kills < (long)wanted; story++)
        play(&g, (enum kind)(story % KIND_COUNT));
    print_message("             %ld kills, %ld requests answered\n", g.kills, g.answered);
    e2e_stop(g.e);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(no_moment_is_a_bad_one)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
