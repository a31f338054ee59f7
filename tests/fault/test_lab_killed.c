/**
 * @file tests/fault/test_lab_killed.c
 * @brief Marathon dies in mid-roll and comes back without a memory: what was under way is held,
 * told in words that help, and has a way out.
 */
#include "tests/support/spec.h"

#include "tests/lab/e2e.h"

#include <stdio.h>
#include <string.h>

#define SHOP "/shop"

static const char *const fast[] = {"--speed", "50", NULL};

static json_t *shop(const char *version, const char *gate)
{
    return e2e_app(&(struct e2e_app){
        .id = SHOP, .version = version, .instances = 2, .checks = E2E_HEALTH, .gate = gate});
}

/* kill -9; the next one listens on the same port. */
static void lose_lab(struct e2e *e, char ret_listen[static 32])
{
    snprintf(ret_listen, 32, "127.0.0.1:%u", (unsigned)e->lab->run.port);
    labrun_crash(&e->lab->run);
    e->lab = lab_leave(e->lab);
}

static void start_lab_again(struct e2e *e, const char *listen)
{
    const char *const options[] = {"--speed", "50", "--listen", listen, NULL};

    e->lab = lab_start(options);
}

static void an_app_that_is_gone_holds_its_deployment_and_says_so(void **state)
{
    struct e2e *e = e2e_start(fast, NULL);
    ZDD_AUTO_JSON json_t *run = NULL;
    char gate[128];
    char listen[32];
    char id[E2E_ID_SIZE];

    (void)state;
    e2e_gate(e, gate);
    e2e_deploy_well(e, e2e_rolling(shop("0.9", NULL), 1, 1));
    e2e_deploy(e, e2e_rolling(shop("1.0", gate), 1, 1), id);
    e2e_until(e, id, "/phase", "rolling");
    e2e_until(e, id, "/waitingFor/code", "tasks");
    lose_lab(e, listen);
    e2e_until(e, id, "/waitingFor/code", "marathon");
    e2e_until_explained(e, id, "Marathon does not answer");
    start_lab_again(e, listen);
    e2e_until(e, id, "/state", "paused");
    run = e2e_get(e, id);
    assert_string_equal(json_string_value(zdd_json_at(run, "/error/code")), "foreign-change");
    e2e_until_explained(e, id, "has no app");
    e2e_command(e, id, "rollback");
    e2e_await(e, id, "rolled-back");
    e2e_check_app(e, SHOP, "0.9", 2);
    e2e_stop(e);
}

static void a_new_app_that_is_gone_too_can_be_given_up(void **state)
{
    struct e2e *e = e2e_start(fast, NULL);
    char gate[128];
    char listen[32];
    char id[E2E_ID_SIZE];

    (void)state;
    e2e_gate(e, gate);
    e2e_deploy(e, e2e_rolling(shop("1.0", gate), 1, 1), id);
    e2e_until(e, id, "/phase", "rolling");
    e2e_until(e, id, "/waitingFor/code", "tasks");
    lose_lab(e, listen);
    e2e_until(e, id, "/waitingFor/code", "marathon");
    start_lab_again(e, listen);
    e2e_until(e, id, "/state", "paused");
    e2e_until_explained(e, id, "has no app");
    e2e_command(e, id, "abort");
    e2e_await(e, id, "canceled");
    assert_int_equal(lab_call(e->lab, "GET", "/v2/apps" SHOP, NULL, NULL), 404);
    e2e_deploy_well(e, e2e_rolling(shop("1.0", NULL), 1, 1));
    e2e_check_app(e, SHOP, "1.0", 2);
    e2e_stop(e);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_app_that_is_gone_holds_its_deployment_and_says_so),
        cmocka_unit_test(a_new_app_that_is_gone_too_can_be_given_up),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
