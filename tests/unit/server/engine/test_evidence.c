/**
 * @file tests/unit/server/engine/test_evidence.c
 * @brief What a step's end rests on, as JSON: apps, balancers, shares, receipts, the drain proof.
 */
#include "server/engine/evidence.h"

#include "server/json/json.h"
#include "tests/unit/strategies/facts.h"

#include <stdio.h>
#include <string.h>

/* 2024-05-01T10:00:00.000Z: times of workers count from there, as in life. */
#define NOW INT64_C(1714557600000)

#define a_side(...)                                                                                \
    {                                                                                              \
        .servers = 4, .up = 4, __VA_ARGS__                                                         \
    }

/* A step of each kind, of a deployment from blue to green. */
enum { ADOPT, SHIFT_0, START, JOIN, GATE, SHIFT_40, KEEP, DRAIN, RETIRE, SETTLE, BACK };

static struct zdd_plan pair_plan(void)
{
    struct zdd_plan plan =
        a_plan(.pair = {.old_id = "/shop-blue", .new_id = "/shop-green", .drain_ms = 30000},
               .seen = {0});

    zdd_program_add(&plan.program, ZDD_STEP_ADOPT, 0);
    zdd_program_add(&plan.program, ZDD_STEP_SHIFT, 0);
    zdd_program_add(&plan.program, ZDD_STEP_START, 4);
    zdd_program_add(&plan.program, ZDD_STEP_JOIN, 0);
    zdd_program_add(&plan.program, ZDD_STEP_GATE, 0);
    zdd_program_add(&plan.program, ZDD_STEP_SHIFT, 4000);
    zdd_program_add(&plan.program, ZDD_STEP_KEEP, 60000);
    zdd_program_add(&plan.program, ZDD_STEP_DRAIN, 0);
    zdd_program_add(&plan.program, ZDD_STEP_RETIRE, 0);
    zdd_program_add(&plan.program, ZDD_STEP_SETTLE, 0);
    return plan;
}

/* Everything seen, on two balancers of which one is a little off. */
static struct zdd_scene a_scene(void)
{
    return (struct zdd_scene){
        .reachable = true,
        .balanced = true,
        .app = {.exists = true,
                .version = "2024-05-01T10:00:00.000Z",
                .instances = 4,
                .current = serving(4)},
        .old_app = {.exists = true, .instances = 4, .current = serving(4), .lock_count = 1},
        .balancers = {.taken_at_ms = NOW - 20,
                      .balancer_count = 3,
                      .balancer = {{.name = "10.0.0.5:9090",
                                    .reachable = true,
                                    .started_at_ms = NOW - 60000,
                                    .side = {a_side(.weight_sum = 600),
                                             a_side(.weight_min = 100, .weight_max = 101,
                                                    .weight_sum = 400, .sessions = 7)}},
                                   {.name = "a \"lb\"",
                                    .reachable = true,
                                    .started_at_ms = 3,
                                    .side = {a_side(.weight_sum = 625, .stopped = 4, .queue = 2),
                                             a_side(.weight_sum = 375)}},
                                   {.name = "10.0.0.7:9090"}},
                      .receipt_count = 2,
                      .receipt = {{.source = "10.0.0.5", .fetched = 8, .total = 8, .last_ms = NOW},
                                  {.source = "10.0.0.6", .fetched = 0, .total = 8}}},
    };
}

static json_t *told(const struct zdd_plan *plan, const struct zdd_run *run,
                    const struct zdd_scene *scene, const struct zdd_observation *o)
{
    ZDD_AUTO_BUF struct zdd_buf buf = {0};
    json_t *json = NULL;

    zdd_buf_text(&buf, "{\"first\":1");
    zdd_evidence_tell(&buf, &(struct zdd_evidence){plan, run, scene, o});
    zdd_buf_text(&buf, "}");
    assert_int_equal(zdd_json_read(buf.data, buf.size, &json, NULL), ZDD_ERR_NONE);
    return json;
}

static json_t *told_of(int step, const struct zdd_scene *scene, struct zdd_observation o)
{
    const struct zdd_plan plan = pair_plan();
    const struct zdd_run run =
        a_run(.step = step, .phase_since_ms = NOW - 61000, .traffic_seen_at_ms = NOW - 29000);

    o.now_ms = NOW;
    return told(&plan, &run, scene, &o);
}

static int64_t number(const json_t *json, const char *pointer)
{
    const json_t *found = zdd_json_at(json, pointer);

    if (!json_is_integer(found))
        fail_msg("%s is no whole number", pointer);
    return json_integer_value(found);
}

static const char *text(const json_t *json, const char *pointer)
{
    const char *found = json_string_value(zdd_json_at(json, pointer));

    if (!found)
        fail_msg("%s is no text", pointer);
    return found;
}

static void both_apps_are_told_as_marathon_showed_them(void **state)
{
    const struct zdd_scene scene = a_scene();
    ZDD_AUTO_JSON json_t *json = told_of(START, &scene, seen());

    (void)state;
    assert_string_equal(text(json, "/seenAt"), "2024-05-01T10:00:00.000Z");
    assert_true(json_is_true(zdd_json_at(json, "/marathon/new/exists")));
    assert_string_equal(text(json, "/marathon/new/version"), "2024-05-01T10:00:00.000Z");
    assert_int_equal(number(json, "/marathon/new/ready"), 4);
    assert_true(json_is_false(zdd_json_at(json, "/marathon/new/locked")));
    assert_true(json_is_null(zdd_json_at(json, "/marathon/old/version")));
    assert_true(json_is_true(zdd_json_at(json, "/marathon/old/locked")));
    assert_int_equal(number(json, "/marathon/old/outdated"), 0);
}

static void each_balancer_is_told_by_name(void **state)
{
    const struct zdd_scene scene = a_scene();
    ZDD_AUTO_JSON json_t *json = told_of(JOIN, &scene, seen());

    (void)state;
    assert_int_equal(json_array_size(json_object_get(json, "balancers")), 3);
    assert_string_equal(text(json, "/balancersSeenAt"), "2024-05-01T09:59:59.980Z");
    assert_string_equal(text(json, "/balancers/0/workerStartedAt"), "2024-05-01T09:59:00.000Z");
    assert_int_equal(number(json, "/balancers/0/new/up"), 4);
    assert_int_equal(number(json, "/balancers/0/new/weightMin"), 100);
    assert_int_equal(number(json, "/balancers/0/new/weightMax"), 101);
    assert_int_equal(number(json, "/balancers/0/new/sessions"), 7);
    assert_string_equal(text(json, "/balancers/1/name"), "a \"lb\"");
    assert_true(json_is_null(zdd_json_at(json, "/balancers/1/workerStartedAt")));
    assert_int_equal(number(json, "/balancers/1/old/stopped"), 4);
    assert_int_equal(number(json, "/balancers/1/old/queue"), 2);
    /* Of one that did not answer nothing is made up. */
    assert_true(json_is_false(zdd_json_at(json, "/balancers/2/reachable")));
    assert_null(zdd_json_at(json, "/balancers/2/old"));
}

static void receipts_say_who_has_fetched_how_much_and_when(void **state)
{
    const struct zdd_scene scene = a_scene();
    ZDD_AUTO_JSON json_t *json = told_of(SHIFT_40, &scene, seen());

    (void)state;
    assert_string_equal(text(json, "/receipts/0/source"), "10.0.0.5");
    assert_int_equal(number(json, "/receipts/0/fetched"), 8);
    assert_string_equal(text(json, "/receipts/0/lastAt"), "2024-05-01T10:00:00.000Z");
    assert_int_equal(number(json, "/receipts/1/total"), 8);
    assert_true(json_is_null(zdd_json_at(json, "/receipts/1/lastAt")));
}

static void a_share_is_told_by_the_balancer_that_misses_it_most(void **state)
{
    struct zdd_scene scene = a_scene();
    ZDD_AUTO_JSON json_t *json = told_of(SHIFT_40, &scene, seen());
    ZDD_AUTO_JSON json_t *exact = NULL;
    ZDD_AUTO_JSON json_t *idle = NULL;

    (void)state;
    assert_true(json_number_value(zdd_json_at(json, "/share/wanted")) == 40);
    assert_true(json_number_value(zdd_json_at(json, "/share/achieved")) == 37.5);
    assert_true(json_number_value(zdd_json_at(json, "/share/errorPoints")) == -2.5);
    scene.balancers.balancer_count = 1;
    exact = told_of(SHIFT_40, &scene, seen());
    assert_true(json_number_value(zdd_json_at(exact, "/share/achieved")) == 40);
    assert_true(json_number_value(zdd_json_at(exact, "/share/errorPoints")) == 0);
    scene.balanced = false;
    idle = told_of(SHIFT_40, &scene, seen());
    assert_null(json_object_get(idle, "share"));
    assert_null(json_object_get(idle, "balancers"));
}

static void only_what_sets_weights_tells_a_share(void **state)
{
    static const struct {
        int step;
        bool shares;
    } rows[] = {{SHIFT_0, true}, {START, false}, {DRAIN, false}, {SETTLE, true}, {BACK, false}};
    const struct zdd_scene scene = a_scene();

    (void)state;
    for (size_t i = 0; i < ZDD_COUNT(rows); i++) {
        ZDD_AUTO_JSON json_t *json = told_of(rows[i].step, &scene, seen());

        assert_int_equal(json_object_get(json, "share") != NULL, rows[i].shares);
    }
}

static void a_gate_and_a_kept_version_tell_their_time(void **state)
{
    const struct zdd_scene scene = a_scene();
    ZDD_AUTO_JSON json_t *kept = told_of(KEEP, &scene, seen());
    ZDD_AUTO_JSON json_t *gate = told_of(GATE, &scene, seen());

    (void)state;
    assert_string_equal(text(kept, "/kept/since"), "2024-05-01T09:58:59.000Z");
    assert_string_equal(text(kept, "/kept/until"), "2024-05-01T10:00:00.000Z");
    assert_null(json_object_get(kept, "gate"));
    assert_string_equal(text(gate, "/gate/since"), "2024-05-01T09:58:59.000Z");
    assert_null(json_object_get(gate, "kept"));
}

static json_t *drained(int32_t sessions, int64_t reloaded_at_ms, int64_t told_at_ms)
{
    const struct zdd_plan plan = pair_plan();
    const struct zdd_run run = a_run(.step = DRAIN, .traffic_seen_at_ms = told_at_ms);
    const struct zdd_scene scene = a_scene();
    const struct zdd_observation o =
        seen(.now_ms = NOW, .balance = {.known = true,
                                        .reloaded_at_ms = reloaded_at_ms,
                                        .side = {{.servers = 4, .sessions = sessions}}});
    json_t *json = told(&plan, &run, &scene, &o);

    assert_int_equal(number(json, "/drain/drainSeconds"), 30);
    assert_int_equal(number(json, "/drain/underWay"), sessions);
    return json;
}

static void the_drain_proof_says_why_old_workers_hide_nothing(void **state)
{
    ZDD_AUTO_JSON json_t *old_workers = drained(0, NOW - 30000, NOW - 29999);
    ZDD_AUTO_JSON json_t *long_told = drained(0, NOW - 29999, NOW - 30000);
    ZDD_AUTO_JSON json_t *untimed = drained(0, 3, NOW - 29999);

    (void)state;
    assert_string_equal(text(old_workers, "/drain/proof"), "no-young-worker");
    assert_string_equal(text(old_workers, "/drain/newestWorkerSeenAt"), "2024-05-01T09:59:30.000Z");
    assert_string_equal(text(old_workers, "/drain/toldAt"), "2024-05-01T09:59:30.001Z");
    assert_string_equal(text(long_told, "/drain/proof"), "time-over");
    assert_true(json_is_null(zdd_json_at(untimed, "/drain/newestWorkerSeenAt")));
}

static void a_drain_that_was_cut_off_says_what_it_cost(void **state)
{
    ZDD_AUTO_JSON json_t *busy = drained(3, NOW - 30000, NOW - 30000);
    ZDD_AUTO_JSON json_t *young = drained(0, NOW - 29999, NOW - 29999);
    const struct zdd_scene scene = a_scene();
    ZDD_AUTO_JSON json_t *unknown = told_of(DRAIN, &scene, seen());

    (void)state;
    assert_true(json_is_null(zdd_json_at(busy, "/drain/proof")));
    assert_true(json_is_null(zdd_json_at(young, "/drain/proof")));
    assert_true(json_is_null(zdd_json_at(unknown, "/drain/proof")));
    assert_true(json_is_null(zdd_json_at(unknown, "/drain/underWay")));
}

static void what_was_not_seen_is_not_told(void **state)
{
    const struct zdd_scene blind = {.reachable = false};
    const struct zdd_plan plan = a_plan();
    const struct zdd_run run = a_run();
    const struct zdd_observation o = seen();
    ZDD_AUTO_JSON json_t *json = told_of(START, &blind, seen());
    ZDD_AUTO_JSON json_t *one_app = told(&plan, &run, &blind, &o);

    (void)state;
    assert_int_equal(json_object_size(json), 2); /* "first" and when */
    assert_int_equal(json_object_size(one_app), 1);
}

/* As much as there can be at all fits easily into a row. */
static void the_largest_evidence_is_bounded(void **state)
{
    struct zdd_scene scene = a_scene();
    const struct zdd_plan plan = pair_plan();
    const struct zdd_run run = a_run(.step = SETTLE);
    const struct zdd_observation o = seen(.now_ms = NOW);
    ZDD_AUTO_BUF struct zdd_buf buf = {0};

    (void)state;
    for (size_t i = 0; i < ZDD_BALANCER_MAX; i++) {
        scene.balancers.balancer[i] = scene.balancers.balancer[0];
        memset(scene.balancers.balancer[i].name, 1, ZDD_BALANCER_NAME_SIZE - 1);
    }
    for (size_t i = 0; i < ZDD_SOURCE_MAX; i++)
        scene.balancers.receipt[i] = scene.balancers.receipt[0];
    scene.balancers.balancer_count = ZDD_BALANCER_MAX;
    scene.balancers.receipt_count = ZDD_SOURCE_MAX;
    zdd_evidence_tell(&buf, &(struct zdd_evidence){&plan, &run, &scene, &o});
    assert_int_equal(buf.err, ZDD_ERR_NONE);
    assert_in_range(buf.size, 4000, 16000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_apps_are_told_as_marathon_showed_them),
        cmocka_unit_test(each_balancer_is_told_by_name),
        cmocka_unit_test(receipts_say_who_has_fetched_how_much_and_when),
        cmocka_unit_test(a_share_is_told_by_the_balancer_that_misses_it_most),
        cmocka_unit_test(only_what_sets_weights_tells_a_share),
        cmocka_unit_test(a_gate_and_a_kept_version_tell_their_time),
        cmocka_unit_test(the_drain_proof_says_why_old_workers_hide_nothing),
        cmocka_unit_test(a_drain_that_was_cut_off_says_what_it_cost),
        cmocka_unit_test(what_was_not_seen_is_not_told),
        cmocka_unit_test(the_largest_evidence_is_bounded),
    };

    return cmocka_run_group_tests_name("server/engine/evidence", tests, NULL, NULL);
}
