/**
 * @file tests/lab/test_e2e_foreign.c
 * @brief Others work on the same app: it is noticed, told, held, and there is a way out. Marathon
 * itself refuses, or has no room.
 */
#include "tests/support/spec.h"

#include "tests/lab/e2e.h"

#include <stdio.h>
#include <string.h>

static const char *const fast[] = {"--speed", "50", NULL};

#define SHOP "/shop"
#define SHOP_PATH "/v2/apps/shop"

static json_t *shop(const char *version)
{
    return e2e_app(
        &(struct e2e_app){.id = SHOP, .version = version, .instances = 4, .checks = E2E_HEALTH});
}

static json_t *gated(const char *version, const char *gate)
{
    return e2e_app(&(struct e2e_app){
        .id = SHOP, .version = version, .instances = 4, .checks = E2E_HEALTH, .gate = gate});
}

/* What the other one sends straight to Marathon. @p body is stolen. */
static void other_puts(struct e2e *e, json_t *body)
{
    char *text = json_dumps(body, JSON_COMPACT);

    assert_int_equal(
        lab_call(e->lab, "PUT", SHOP_PATH "?force=true&partialUpdate=false", text, NULL), 200);
    free(text);
    json_decref(body);
}

/* Version 0.9 runs, 1.0 is on its way and waits at the gate. */
static struct e2e *in_mid_roll(char gate[static 128], char ret_id[static E2E_ID_SIZE])
{
    struct e2e *e = e2e_start(fast, NULL);

    e2e_gate(e, gate);
    e2e_deploy_well(e, e2e_rolling(shop("0.9"), 1, 1));
    e2e_deploy(e, e2e_rolling(gated("1.0", gate), 1, 1), ret_id);
    e2e_until(e, ret_id, "/phase", "rolling");
    e2e_until(e, ret_id, "/waitingFor/code", "tasks");
    return e;
}

static void until_held(struct e2e *e, const char *id)
{
    ZDD_AUTO_JSON json_t *run = NULL;

    e2e_until(e, id, "/state", "paused");
    run = e2e_get(e, id);
    assert_string_equal(json_string_value(zdd_json_at(run, "/error/code")), "foreign-change");
    assert_string_equal(json_string_value(zdd_json_at(run, "/waitingFor/code")), "operator");
    e2e_until_explained(e, id, "find out who else changed " SHOP);
}

static void another_definition_holds_it_and_abort_leaves_that_alone(void **state)
{
    char gate[128];
    char id[E2E_ID_SIZE];
    struct e2e *e = in_mid_roll(gate, id);

    (void)state;
    other_puts(e, shop("3.0"));
    until_held(e, id);
    e2e_until_explained(e, id, "neither the new one nor the one before");
    e2e_command(e, id, "abort");
    e2e_await(e, id, "canceled");
    lab_until_json(e->lab, "/v2/deployments", "", "[]");
    e2e_check_app(e, SHOP, "3.0", 4);
    e2e_stop(e);
}

static void rollback_goes_back_over_the_other_definition(void **state)
{
    char gate[128];
    char id[E2E_ID_SIZE];
    struct e2e *e = in_mid_roll(gate, id);

    (void)state;
    other_puts(e, shop("3.0"));
    until_held(e, id);
    lab_until_json(e->lab, "/v2/deployments", "", "[]");
    e2e_command(e, id, "rollback");
    e2e_await(e, id, "rolled-back");
    e2e_check_app(e, SHOP, "0.9", 4);
    e2e_stop(e);
}

static void resume_goes_on_once_the_change_is_undone(void **state)
{
    char gate[128];
    char id[E2E_ID_SIZE];
    struct e2e *e = in_mid_roll(gate, id);
    json_t *ours = gated("1.0", gate);

    (void)state;
    other_puts(e, shop("3.0"));
    until_held(e, id);
    json_object_set_new(
        ours, "upgradeStrategy",
        json_pack("{s:f, s:f}", "minimumHealthCapacity", 1.0, "maximumOverCapacity", 1.0));
    other_puts(e, ours);
    e2e_gate_open(gate);
    e2e_command(e, id, "resume");
    e2e_await(e, id, "succeeded");
    e2e_check_app(e, SHOP, "1.0", 4);
    e2e_stop(e);
}

static void another_number_of_instances_holds_it(void **state)
{
    char gate[128];
    char id[E2E_ID_SIZE];
    struct e2e *e = in_mid_roll(gate, id);

    (void)state;
    assert_int_equal(lab_call(e->lab, "PUT", SHOP_PATH "?force=true", "{\"instances\": 6}", NULL),
                     200);
    until_held(e, id);
    e2e_command(e, id, "rollback");
    e2e_await(e, id, "rolled-back");
    e2e_check_app(e, SHOP, "0.9", 4);
    e2e_stop(e);
}

static void a_cancelled_deployment_of_marathon_is_taken_back(void **state)
{
    char gate[128];
    char id[E2E_ID_SIZE];
    char path[128];
    struct e2e *e = in_mid_roll(gate, id);
    ZDD_AUTO_JSON json_t *list = NULL;
    ZDD_AUTO_JSON json_t *run = NULL;

    (void)state;
    assert_int_equal(lab_call(e->lab, "GET", "/v2/deployments", NULL, &list), 200);
    snprintf(path, sizeof(path), "/v2/deployments/%s?force=true",
             zdd_json_text(json_array_get(list, 0), "id", ""));
    assert_int_equal(lab_call(e->lab, "DELETE", path, NULL, NULL), 202);
    e2e_await(e, id, "rolled-back");
    run = e2e_get(e, id);
    assert_string_equal(json_string_value(zdd_json_at(run, "/error/code")), "foreign-cancel");
    e2e_check_app(e, SHOP, "0.9", 4);
    e2e_stop(e);
}

static void a_deleted_app_holds_it_and_rollback_brings_it_back(void **state)
{
    char gate[128];
    char id[E2E_ID_SIZE];
    struct e2e *e = in_mid_roll(gate, id);

    (void)state;
    assert_int_equal(lab_call(e->lab, "DELETE", SHOP_PATH, NULL, NULL), 200);
    until_held(e, id);
    e2e_until_explained(e, id, "has no app");
    e2e_command(e, id, "rollback");
    e2e_await(e, id, "rolled-back");
    e2e_check_app(e, SHOP, "0.9", 4);
    e2e_stop(e);
}

static void a_deployment_of_somebody_else_is_waited_for(void **state)
{
    struct e2e *e = e2e_start(fast, NULL);
    ZDD_AUTO_JSON json_t *list = NULL;
    char gate[128];
    char id[E2E_ID_SIZE];

    (void)state;
    e2e_gate(e, gate);
    e2e_deploy_well(e, e2e_rolling(shop("0.9"), 1, 1));
    other_puts(e, gated("3.0", gate));
    assert_int_equal(lab_call(e->lab, "GET", "/v2/deployments", NULL, &list), 200);
    e2e_deploy(e, e2e_rolling(shop("1.0"), 1, 1), id);
    e2e_until(e, id, "/waitingFor/code", "marathon-lock");
    e2e_until_explained(e, id, zdd_json_text(json_array_get(list, 0), "id", "?"));
    assert_int_equal(e2e_version_count(e, SHOP), 2); /* nothing was sent */
    e2e_gate_open(gate);
    e2e_await(e, id, "succeeded");
    e2e_check_app(e, SHOP, "1.0", 4);
    e2e_stop(e);
}

/* More health checks than the lab runs: our own check knows no such limit. */
static json_t *too_much_for_marathon(void)
{
    json_t *app = shop("1.0");
    json_t *checks = json_object_get(app, "healthChecks");

    while (json_array_size(checks) < 9) {
        json_t *check = json_deep_copy(json_array_get(checks, 0));
        char path[16];

        snprintf(path, sizeof(path), "/h%zu", json_array_size(checks));
        json_object_set_new(check, "path", json_string(path));
        json_array_append_new(checks, check);
    }
    return app;
}

static void what_marathon_refuses_fails_with_its_own_words(void **state)
{
    struct e2e *e = e2e_start(fast, NULL);
    ZDD_AUTO_JSON json_t *run = NULL;
    char id[E2E_ID_SIZE];
    const char *words;

    (void)state;
    e2e_deploy_well(e, e2e_rolling(shop("0.9"), 1, 1));
    e2e_deploy(e, e2e_rolling(too_much_for_marathon(), 1, 1), id);
    e2e_await(e, id, "failed");
    run = e2e_get(e, id);
    words = json_string_value(zdd_json_at(run, "/error/text"));
    assert_string_equal(json_string_value(zdd_json_at(run, "/error/code")), "marathon-refused");
    assert_non_null(strstr(words, "Object is not valid"));
    assert_non_null(strstr(words, "zdd-lab runs at most 8 health checks"));
    assert_non_null(strstr(words, "#/app/healthChecks"));
    e2e_check_app(e, SHOP, "0.9", 4);
    e2e_stop(e);
}

static void refused_in_the_middle_of_recreate_the_old_ones_come_back(void **state)
{
    struct e2e *e = e2e_start(fast, NULL);
    ZDD_AUTO_JSON json_t *run = NULL;
    char id[E2E_ID_SIZE];

    (void)state;
    e2e_deploy_well(e, e2e_rolling(shop("0.9"), 1, 1));
    e2e_deploy(e, e2e_request("recreate", too_much_for_marathon()), id);
    e2e_await(e, id, "rolled-back");
    run = e2e_get(e, id);
    assert_string_equal(json_string_value(zdd_json_at(run, "/error/code")), "marathon-refused");
    e2e_check_app(e, SHOP, "0.9", 4);
    e2e_stop(e);
}

/* A cluster with room for twelve; somebody else's app takes what /shop leaves. */
static struct e2e *in_a_full_cluster(void)
{
    static const char *const full[] = {"--speed", "50", "--max-instances", "12", NULL};
    struct e2e *e = e2e_start(full, NULL);
    char id[64];

    e2e_deploy_well(e, e2e_rolling(shop("0.9"), 1, 1));
    assert_int_equal(lab_change(e->lab, "PUT", "/v2/apps/other",
                                "{\"cmd\": \"exec sleep 1000\", \"instances\": 8}", id),
                     201);
    assert_true(lab_await(e->lab, id));
    return e;
}

static void a_full_cluster_is_told_in_the_words_of_the_queue(void **state)
{
    struct e2e *e = in_a_full_cluster();
    ZDD_AUTO_JSON json_t *request = e2e_rolling(shop("1.1"), 1, 1);
    ZDD_AUTO_JSON json_t *plan = NULL;
    char id[E2E_ID_SIZE];

    (void)state;
    e2e_deploy(e, e2e_rolling(shop("1.0"), 1, 1), id);
    e2e_until_explained(e, id,
                        "4 instances wait in Marathon's launch queue: no agent has enough "
                        "free CPU (InsufficientCpus");
    plan = e2e_plan(e, request);
    assert_string_equal(json_string_value(zdd_json_at(plan, "/verdict/resources")), "refuted");
    assert_int_equal(lab_call(e->lab, "DELETE", "/v2/apps/other", NULL, NULL), 200);
    e2e_await(e, id, "succeeded");
    e2e_check_app(e, SHOP, "1.0", 4);
    e2e_stop(e);
}

/* What waits for room counts as capacity too: going back must not cost the originals. */
static void told_to_end_in_a_full_cluster_it_keeps_what_serves(void **state)
{
    struct e2e *e = in_a_full_cluster();
    struct e2e_load load;
    struct e2e_counts counts;
    char id[E2E_ID_SIZE];

    (void)state;
    load = e2e_load_start(e, SHOP);
    e2e_load_until(&load, "0.9");
    e2e_deploy(e, e2e_rolling(shop("1.0"), 1, 1), id);
    e2e_until_explained(e, id, "4 instances wait in Marathon's launch queue");
    e2e_command(e, id, "abort");
    e2e_until(e, id, "/phase", "undoing");
    e2e_load_until(&load, "0.9");
    assert_int_equal(lab_call(e->lab, "DELETE", "/v2/apps/other", NULL, NULL), 200);
    e2e_await(e, id, "canceled");
    e2e_load_until(&load, "0.9");
    counts = e2e_load_stop(&load);
    assert_int_equal(counts.failed, 0);
    e2e_check_app(e, SHOP, "0.9", 4);
    e2e_stop(e);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(another_definition_holds_it_and_abort_leaves_that_alone),
        cmocka_unit_test(rollback_goes_back_over_the_other_definition),
        cmocka_unit_test(resume_goes_on_once_the_change_is_undone),
        cmocka_unit_test(another_number_of_instances_holds_it),
        cmocka_unit_test(a_cancelled_deployment_of_marathon_is_taken_back),
        cmocka_unit_test(a_deleted_app_holds_it_and_rollback_brings_it_back),
        cmocka_unit_test(a_deployment_of_somebody_else_is_waited_for),
        cmocka_unit_test(what_marathon_refuses_fails_with_its_own_words),
        cmocka_unit_test(refused_in_the_middle_of_recreate_the_old_ones_come_back),
        cmocka_unit_test(a_full_cluster_is_told_in_the_words_of_the_queue),
        cmocka_unit_test(told_to_end_in_a_full_cluster_it_keeps_what_serves),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
