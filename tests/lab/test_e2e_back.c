/**
 * @file tests/lab/test_e2e_back.c
 * @brief Deployments that go back, are held, or are told to end; and who comes second.
 */
#include "tests/support/spec.h"

#include "tests/lab/e2e.h"

#include <stdio.h>
#include <string.h>

static const char *const fast[] = {"--speed", "50", NULL};
static const char *const fast_110[] = {"--speed", "50", "--marathon", "1.10", NULL};

#define SHOP "/shop"

static json_t *shop(const char *version)
{
    return e2e_app(&(struct e2e_app){
        .id = SHOP, .version = version, .instances = 4, .checks = E2E_HEALTH, .health_ms = 20});
}

static json_t *gated(const char *version, const char *gate)
{
    return e2e_app(&(struct e2e_app){
        .id = SHOP, .version = version, .instances = 4, .checks = E2E_HEALTH, .gate = gate});
}

/* @p request with these two members. */
static json_t *bounded(json_t *request, int deadline_s, const char *on_failure)
{
    json_object_set_new(request, "deadlineSeconds", json_integer(deadline_s));
    json_object_set_new(request, "onFailure", json_string(on_failure));
    return request;
}

/* Old version under load, a new one that fails in its own way, and everything is as before. */
static void goes_back_unnoticed(struct e2e *e, json_t *bad, double m, double o)
{
    struct e2e_load load;
    struct e2e_counts counts;
    ZDD_AUTO_JSON json_t *run = NULL;
    char id[E2E_ID_SIZE];

    e2e_deploy_well(e, e2e_rolling(shop("0.9"), m, o));
    load = e2e_load_start(e, SHOP);
    e2e_load_until(&load, "0.9");
    e2e_deploy(e, bounded(e2e_rolling(bad, m, o), 1, "rollback"), id);
    e2e_await(e, id, "rolled-back");
    run = e2e_get(e, id);
    assert_string_equal(json_string_value(zdd_json_at(run, "/error/code")), "deadline");
    e2e_load_until(&load, "0.9");
    counts = e2e_load_stop(&load);
    assert_int_equal(counts.failed, 0);
    assert_int_equal(counts.by_new, 0);
    e2e_check_app(e, SHOP, "0.9", 4);
}

static json_t *sick(void)
{
    return e2e_app(&(struct e2e_app){
        .id = SHOP, .version = "1.0", .instances = 4, .checks = E2E_HEALTH, .sick = true});
}

static void each_capacity(const char *const *lab_options)
{
    static const double capacities[][2] = {{1, 1}, {0.5, 0.5}, {0.25, 0.25}, {1, 0.25}};

    for (size_t i = 0; i < sizeof(capacities) / sizeof(capacities[0]); i++) {
        struct e2e *e = e2e_start(lab_options, NULL);

        print_message("[          ] (%.2f, %.2f)\n", capacities[i][0], capacities[i][1]);
        goes_back_unnoticed(e, sick(), capacities[i][0], capacities[i][1]);
        e2e_stop(e);
    }
}

static void a_sick_version_is_taken_back_and_no_request_fails(void **state)
{
    (void)state;
    each_capacity(fast);
}

static void nor_by_the_rule_of_110(void **state)
{
    (void)state;
    each_capacity(fast_110);
}

/* The most common accident: Marathon counts instances that crash as capacity, although they do not
 * even run. */
static void crashing(const char *const *lab_options, double m, double o)
{
    const struct e2e_app bad[] = {
        {.id = SHOP, .version = "1.0", .instances = 4, .checks = E2E_HEALTH, .cmd = "exit 1"},
        {.id = SHOP, .version = "1.0", .instances = 4, .checks = E2E_HEALTH, .image = "no/such:1"},
        {.id = SHOP,
         .version = "1.0",
         .instances = 4,
         .checks = E2E_HEALTH,
         .cmd = "sleep 0.1; exit 1"},
    };
    struct e2e *e = e2e_start(lab_options, NULL);

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        goes_back_unnoticed(e, e2e_app(&bad[i]), m, o);
    e2e_stop(e);
}

static void a_version_that_crashes_or_does_not_exist_is_taken_back(void **state)
{
    (void)state;
    crashing(fast, 1, 1);
    crashing(fast, 1, 0.25);
}

static void and_by_the_rule_of_110(void **state)
{
    (void)state;
    crashing(fast_110, 1, 1);
    crashing(fast_110, 0.25, 0.25);
}

static void the_error_tells_why_the_tasks_failed(void **state)
{
    struct e2e *e = e2e_start(fast, NULL);
    ZDD_AUTO_JSON json_t *run = NULL;
    char id[E2E_ID_SIZE];
    const char *text;

    (void)state;
    e2e_deploy_well(e, e2e_rolling(shop("0.9"), 1, 1));
    e2e_deploy(e,
               bounded(e2e_rolling(e2e_app(&(struct e2e_app){.id = SHOP,
                                                             .version = "1.0",
                                                             .instances = 4,
                                                             .checks = E2E_HEALTH,
                                                             .cmd = "exit 7"}),
                                   1, 1),
                       1, "hold"),
               id);
    e2e_until(e, id, "/state", "paused");
    run = e2e_get(e, id);
    text = json_string_value(zdd_json_at(run, "/error/text"));
    if (!text)
        text = json_string_value(zdd_json_at(run, "/error/detail"));
    assert_non_null(text);
    assert_non_null(strstr(text, "exited with status 7"));
    e2e_until_explained(e, id, "exited with status 7");
    e2e_command(e, id, "rollback");
    e2e_await(e, id, "rolled-back");
    e2e_check_app(e, SHOP, "0.9", 4);
    e2e_stop(e);
}

/* A deployment whose new instances never serve, held after its deadline. */
static void hold_one(struct e2e *e, const char *gate, char ret_id[static E2E_ID_SIZE])
{
    e2e_deploy(e, bounded(e2e_rolling(gated("1.0", gate), 0.5, 0.5), 1, "hold"), ret_id);
    e2e_until(e, ret_id, "/state", "paused");
}

static void held_after_a_failure_it_can_be_retried_rolled_back_or_aborted(void **state)
{
    struct e2e *e = e2e_start(fast, NULL);
    struct e2e_load load;
    struct e2e_counts counts;
    char gate[128];
    char id[E2E_ID_SIZE];

    (void)state;
    e2e_deploy_well(e, e2e_rolling(shop("0.9"), 0.5, 0.5));
    load = e2e_load_start(e, SHOP);
    e2e_gate(e, gate);

    hold_one(e, gate, id);
    e2e_command(e, id, "rollback");
    e2e_await(e, id, "rolled-back");
    e2e_check_app(e, SHOP, "0.9", 4);

    hold_one(e, gate, id);
    e2e_command(e, id, "abort");
    e2e_await(e, id, "canceled");
    e2e_check_app(e, SHOP, "0.9", 4);

    hold_one(e, gate, id);
    e2e_command(e, id, "retry");
    e2e_until(e, id, "/state", "running");
    e2e_gate_open(gate);
    e2e_await(e, id, "succeeded");
    e2e_check_app(e, SHOP, "1.0", 4);

    e2e_load_until(&load, "1.0");
    counts = e2e_load_stop(&load);
    assert_int_equal(counts.failed, 0);
    e2e_stop(e);
}

static void told_in_mid_roll_it_goes_back_as_a_whole(void **state)
{
    static const struct {
        const char *command, *end;
        double m, o;
    } cases[] = {
        {"rollback", "rolled-back", 1, 1},
        {"abort", "canceled", 1, 1},
        {"rollback", "rolled-back", 0.5, 0.5},
        {"abort", "canceled", 0.25, 0.25},
    };
    struct e2e *e = e2e_start(fast, NULL);
    struct e2e_load load;
    struct e2e_counts counts;
    char gate[128];
    char id[E2E_ID_SIZE];

    (void)state;
    e2e_gate(e, gate);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        e2e_deploy_well(e, e2e_rolling(shop("0.9"), cases[i].m, cases[i].o));
        load = e2e_load_start(e, SHOP);
        e2e_load_until(&load, "0.9");
        e2e_deploy(e, e2e_rolling(gated("1.0", gate), cases[i].m, cases[i].o), id);
        e2e_until(e, id, "/phase", "rolling");
        e2e_command(e, id, cases[i].command);
        e2e_await(e, id, cases[i].end);
        e2e_load_until(&load, "0.9");
        counts = e2e_load_stop(&load);
        assert_int_equal(counts.failed, 0);
        e2e_check_app(e, SHOP, "0.9", 4);
    }
    e2e_stop(e);
}

static void a_pause_gives_no_orders_and_resume_goes_on(void **state)
{
    struct e2e *e = e2e_start(fast, NULL);
    ZDD_AUTO_JSON json_t *run = NULL;
    char gate[128];
    char id[E2E_ID_SIZE];

    (void)state;
    e2e_gate(e, gate);
    e2e_deploy_well(e, e2e_rolling(shop("0.9"), 1, 1));
    e2e_deploy(e, e2e_rolling(gated("1.0", gate), 1, 1), id);
    e2e_until(e, id, "/phase", "rolling");
    e2e_command(e, id, "pause");
    e2e_until(e, id, "/state", "paused");
    e2e_gate_open(gate);
    lab_until_json(e->lab, "/v2/deployments", "", "[]"); /* what Marathon has begun goes on */
    run = e2e_get(e, id);
    assert_string_equal(zdd_json_text(run, "state", ""), "paused");
    e2e_command(e, id, "resume");
    e2e_await(e, id, "succeeded");
    e2e_check_app(e, SHOP, "1.0", 4);
    e2e_stop(e);
}

static void going_back_from_a_create_deletes_the_app(void **state)
{
    struct e2e *e = e2e_start(fast, NULL);
    char id[E2E_ID_SIZE];

    (void)state;
    e2e_deploy(e, bounded(e2e_rolling(sick(), 1, 1), 1, "rollback"), id);
    e2e_await(e, id, "rolled-back");
    assert_int_equal(lab_call(e->lab, "GET", "/v2/apps/shop", NULL, NULL), 404);
    lab_until_json(e->lab, "/v2/tasks", "/tasks", "[]");
    e2e_stop(e);
}

static json_t *when_busy(json_t *request, const char *what)
{
    json_object_set_new(request, "whenBusy", json_string(what));
    return request;
}

static void who_comes_second_is_refused_or_waits(void **state)
{
    struct e2e *e = e2e_start(fast, NULL);
    struct apiclient_answer refused;
    char gate[128];
    char first[E2E_ID_SIZE];
    char second[E2E_ID_SIZE];

    (void)state;
    e2e_gate(e, gate);
    e2e_deploy_well(e, e2e_rolling(shop("0.9"), 1, 1));
    e2e_deploy(e, e2e_rolling(gated("1.0", gate), 1, 1), first);
    e2e_until(e, first, "/phase", "rolling");
    refused = e2e_refused(e, e2e_rolling(shop("1.1"), 1, 1), 409, "app-busy");
    assert_string_equal(apiclient_text(&refused, "/deploymentId"), first);
    apiclient_answer_release(&refused);
    e2e_deploy(e, when_busy(e2e_rolling(shop("1.1"), 1, 1), "queue"), second);
    e2e_until(e, second, "/state", "queued");
    e2e_gate_open(gate);
    e2e_await(e, first, "succeeded");
    e2e_await(e, second, "succeeded");
    e2e_check_app(e, SHOP, "1.1", 4);
    e2e_stop(e);
}

static void who_supersedes_takes_the_place(void **state)
{
    struct e2e *e = e2e_start(fast, NULL);
    ZDD_AUTO_JSON json_t *run = NULL;
    char gate[128];
    char id[3][E2E_ID_SIZE];

    (void)state;
    e2e_gate(e, gate);
    e2e_deploy_well(e, e2e_rolling(shop("0.9"), 1, 1));
    e2e_deploy(e, e2e_rolling(gated("1.0", gate), 1, 1), id[0]);
    e2e_until(e, id[0], "/phase", "rolling");
    e2e_deploy(e, when_busy(e2e_rolling(shop("1.1"), 1, 1), "queue"), id[1]);
    e2e_deploy(e, when_busy(e2e_rolling(shop("1.2"), 1, 1), "supersede"), id[2]);
    e2e_await(e, id[0], "canceled");
    e2e_await(e, id[1], "canceled");
    e2e_await(e, id[2], "succeeded");
    e2e_check_app(e, SHOP, "1.2", 4);
    run = e2e_get(e, id[0]);
    assert_string_equal(json_string_value(zdd_json_at(run, "/error/code")), "superseded");
    e2e_stop(e);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_sick_version_is_taken_back_and_no_request_fails),
        cmocka_unit_test(nor_by_the_rule_of_110),
        cmocka_unit_test(a_version_that_crashes_or_does_not_exist_is_taken_back),
        cmocka_unit_test(and_by_the_rule_of_110),
        cmocka_unit_test(the_error_tells_why_the_tasks_failed),
        cmocka_unit_test(held_after_a_failure_it_can_be_retried_rolled_back_or_aborted),
        cmocka_unit_test(told_in_mid_roll_it_goes_back_as_a_whole),
        cmocka_unit_test(a_pause_gives_no_orders_and_resume_goes_on),
        cmocka_unit_test(going_back_from_a_create_deletes_the_app),
        cmocka_unit_test(who_comes_second_is_refused_or_waits),
        cmocka_unit_test(who_supersedes_takes_the_place),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
