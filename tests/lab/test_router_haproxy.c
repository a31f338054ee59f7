/**
 * @file tests/lab/test_router_haproxy.c
 * @brief The router haproxy with real HAProxies: orders over the Runtime API, by TCP and by path.
 */
#include "server/router/probe.h"
#include "tests/lab/router_desk.h"

#include "tests/support/spec.h"

#include <stdio.h>
#include <string.h>

static void begin(struct desk *desk, struct rig_options options, bool by_path)
{
    struct zdd_router_options router = {.driver = "haproxy", .balancer_count = 1};
    const char *target;

    rig_start(&desk->rig[0], &options);
    target = by_path ? desk->rig[0].cli_path : desk->rig[0].cli_url;
    router.balancers = &target;
    assert_int_equal(zdd_router_open(&router, &desk->router, desk->reason), ZDD_ERR_NONE);
    assert_int_equal(zdd_router_start(&desk->router, desk->reason), ZDD_ERR_NONE);
}

static void an_order_is_obeyed_when_it_has_been_said(struct desk *desk, bool by_path)
{
    const struct zdd_balancer_view *view = &desk->view.balancer[0];
    struct desk_count count;

    begin(desk, desk_rig(desk), by_path);
    desk_set(desk, serves(100), serves(75));
    assert_int_equal(desk_look(desk), ZDD_ERR_NONE);
    assert_string_equal(view->name, by_path ? desk->rig[0].cli_path : desk->rig[0].cli_url);
    assert_true(old_weight_is(view, 100));
    assert_true(new_weight_is(view, 75));
    assert_true(view->weights_obeyed);
    assert_true(view->started_at_ms > 0);
    assert_int_equal(desk->view.receipt_count, 0);
    count = desk_ask(&desk->rig[0], 4000, 8);
    assert_int_equal(count.wrong, 0);
    assert_in_range(count.by[DESK_OLD], 4000 * 195 / 1000, 4000 * 205 / 1000);

    desk_set(desk, drains, serves(100));
    assert_int_equal(desk_look(desk), ZDD_ERR_NONE);
    assert_true(old_stopped_are(view, DESK_OLD));
    assert_true(all_are_up(view, DESK_SERVERS));
    desk_set(desk, rests, serves(100));
    assert_int_equal(desk_look(desk), ZDD_ERR_NONE);
    assert_true(old_stopped_are(view, DESK_OLD));
    assert_true(all_are_up(view, DESK_SERVERS - DESK_OLD));
    assert_int_equal(desk_ask(&desk->rig[0], 500, 4).by[DESK_OLD], 500);
    desk_set(desk, serves(3), serves(0));
    assert_int_equal(desk_look(desk), ZDD_ERR_NONE);
    assert_true(old_weight_is(view, 3));
    assert_true(old_stopped_are(view, 0));
    assert_int_equal(desk_ask(&desk->rig[0], 500, 4).by[DESK_OLD], 0);
}

static void note_fault(void *cls, const char *text)
{
    char *said = cls;

    snprintf(said, ZDD_ROUTER_REASON_SIZE, "%s", text);
}

static bool probe(const char *address, char said[static ZDD_ROUTER_REASON_SIZE])
{
    const struct zdd_router_options options = {.balancers = &address, .balancer_count = 1};

    said[0] = '\0';
    return zdd_haproxy_probe(&options, note_fault, said);
}

static void a_probe_tells_what_a_runtime_api_is_good_for(void **state)
{
    struct desk *desk = *state;
    struct rig_options options = desk_rig(desk);
    char said[ZDD_ROUTER_REASON_SIZE];

    begin(desk, options, true);
    assert_true(probe(desk->rig[0].cli_path, said));
    assert_true(probe(desk->rig[0].cli_url, said));
    assert_string_equal(said, "");
    assert_false(probe("/nowhere.sock", said));
    assert_non_null(strstr(said, "/nowhere.sock: No such file"));
    assert_false(probe("not an address", said));
    assert_true(*said);
}

static void a_probe_tells_a_level_that_is_too_low(void **state)
{
    struct desk *desk = *state;
    struct rig_options options = desk_rig(desk);
    char said[ZDD_ROUTER_REASON_SIZE];

    options.operator_only = true;
    begin(desk, options, true);
    assert_false(probe(desk->rig[0].cli_path, said));
    assert_non_null(strstr(said, "level admin"));
}

static void an_order_goes_over_tcp(void **state)
{
    an_order_is_obeyed_when_it_has_been_said(*state, false);
}

static void an_order_goes_over_a_unix_socket(void **state)
{
    an_order_is_obeyed_when_it_has_been_said(*state, true);
}

/* HAProxy knows nothing any more; the next look says it again. */
static void after_a_reload_it_is_said_again(void **state)
{
    struct desk *desk = *state;
    const struct zdd_balancer_view *view = &desk->view.balancer[0];
    int64_t before_ms;

    begin(desk, desk_rig(desk), true);
    desk_set(desk, drains, serves(75));
    assert_int_equal(desk_look(desk), ZDD_ERR_NONE);
    before_ms = view->started_at_ms;
    rig_reload(&desk->rig[0]);
    assert_int_equal(desk_look(desk), ZDD_ERR_NONE);
    assert_int_not_equal(view->started_at_ms, before_ms);
    assert_true(old_stopped_are(view, 0)); /* what is seen is what was, not what is hoped */
    desk_await(desk, old_stopped_are, DESK_OLD);
    desk_await(desk, new_weight_is, 75);
}

static void a_server_that_comes_later_is_told_too(void **state)
{
    struct desk *desk = *state;
    struct rig_options options = desk_rig(desk);

    options.server_count = DESK_OLD;
    begin(desk, options, true);
    desk_set(desk, serves(100), serves(75));
    assert_int_equal(desk_look(desk), ZDD_ERR_NONE);
    assert_int_equal(desk->view.balancer[0].side[ZDD_SIDE_NEW].servers, 0);
    options.server_count = DESK_SERVERS;
    rig_change(&desk->rig[0], &options);
    rig_reload(&desk->rig[0]);
    desk_await(desk, new_weight_is, 75);
    desk_await(desk, old_weight_is, 100);
}

static void what_is_forgotten_is_left_alone(void **state)
{
    struct desk *desk = *state;

    begin(desk, desk_rig(desk), true);
    desk_set(desk, serves(100), serves(75));
    desk->router.ops->forget(desk->router.cls, "/svc");
    rig_reload(&desk->rig[0]);
    for (int i = 0; i < 3; i++)
        assert_int_equal(desk_look(desk), ZDD_ERR_NONE);
    assert_true(old_weight_is(&desk->view.balancer[0], 1));
}

static enum zdd_err set_old(struct desk *desk, int32_t weight)
{
    const struct zdd_router_order order = {
        .pair = "/svc",
        .side = {{ZDD_SERVES, weight, desk->endpoint, DESK_OLD}, {ZDD_SERVES, 1, NULL, 0}}};

    return desk->router.ops->set(desk->router.cls, &order, desk->reason);
}

static void a_balancer_that_refuses_is_told_with_its_words(void **state)
{
    struct desk *desk = *state;
    struct rig_options options = desk_rig(desk);

    options.operator_only = true;
    begin(desk, options, true);
    assert_int_equal(set_old(desk, 5), ZDD_ERR_ROUTER_DOWN);
    assert_non_null(strstr(desk->reason, "Permission denied"));
    assert_int_equal(desk_look(desk), ZDD_ERR_NONE); /* looking is allowed */

    options.operator_only = false;
    options.balance = "static-rr";
    rig_change(&desk->rig[0], &options);
    rig_reload(&desk->rig[0]);
    assert_int_equal(set_old(desk, 5), ZDD_ERR_ROUTER_DOWN);
    assert_non_null(strstr(desk->reason, "static"));
    assert_int_equal(desk_look(desk), ZDD_ERR_NONE);
    assert_false(desk->view.balancer[0].weights_obeyed);
}

static void a_balancer_that_is_away_hears_it_when_it_is_back(void **state)
{
    struct desk *desk = *state;

    begin(desk, desk_rig(desk), false);
    rig_kill(&desk->rig[0]);
    assert_int_equal(set_old(desk, 5), ZDD_ERR_ROUTER_DOWN);
    assert_non_null(strstr(desk->reason, desk->rig[0].cli_url));
    rig_again(&desk->rig[0]);
    desk_await(desk, old_weight_is, 5);
}

#define SPEC(test) cmocka_unit_test_setup_teardown(test, desk_set_up, desk_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        SPEC(a_probe_tells_what_a_runtime_api_is_good_for),
        SPEC(a_probe_tells_a_level_that_is_too_low),
        SPEC(an_order_goes_over_tcp),
        SPEC(an_order_goes_over_a_unix_socket),
        SPEC(after_a_reload_it_is_said_again),
        SPEC(a_server_that_comes_later_is_told_too),
        SPEC(what_is_forgotten_is_left_alone),
        SPEC(a_balancer_that_refuses_is_told_with_its_words),
        SPEC(a_balancer_that_is_away_hears_it_when_it_is_back),
    };

    if (!rig_possible())
        return 77;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
