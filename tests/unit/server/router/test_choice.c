/**
 * @file tests/unit/server/router/test_choice.c
 * @brief Several routers as one: each pair by its own.
 */
#include "tests/support/spec.h"

#include "server/router/choice.h"

#include <stdio.h>
#include <string.h>

/* A router that notes what it is asked. */
struct fake {
    char log[400];
    enum zdd_err err; /* of a look */
};

static enum zdd_err set(void *cls, const struct zdd_router_order *order,
                        char reason[static ZDD_ROUTER_REASON_SIZE])
{
    struct fake *fake = cls;

    (void)reason;
    strncat(fake->log, " set ", sizeof(fake->log) - strlen(fake->log) - 1);
    strncat(fake->log, order->pair, sizeof(fake->log) - strlen(fake->log) - 1);
    return ZDD_ERR_NONE;
}

/* The name of each pair becomes the name of its balancer. */
static enum zdd_err observe(void *cls, const struct zdd_router_ask *asks, size_t count,
                            int64_t max_age_ms, struct zdd_router_view *ret_views,
                            char reason[static ZDD_ROUTER_REASON_SIZE])
{
    struct fake *fake = cls;

    assert_int_equal(max_age_ms, 50);
    strncat(fake->log, " look", sizeof(fake->log) - strlen(fake->log) - 1);
    memset(ret_views, 0, count * sizeof(*ret_views));
    for (size_t i = 0; i < count; i++) {
        strncat(fake->log, asks[i].pair, sizeof(fake->log) - strlen(fake->log) - 1);
        ret_views[i].balancer_count = 1;
        ret_views[i].balancer[0].reachable = fake->err == ZDD_ERR_NONE;
        snprintf(ret_views[i].balancer[0].name, ZDD_BALANCER_NAME_SIZE, "%s", asks[i].pair);
    }
    if (fake->err != ZDD_ERR_NONE)
        snprintf(reason, ZDD_ROUTER_REASON_SIZE, "is away");
    return fake->err;
}

static void forget(void *cls, const char *pair)
{
    struct fake *fake = cls;

    strncat(fake->log, " forget ", sizeof(fake->log) - strlen(fake->log) - 1);
    strncat(fake->log, pair, sizeof(fake->log) - strlen(fake->log) - 1);
}

static const struct zdd_router_ops agent_ops = {"marathon-lb", ZDD_MEANS_WEIGHTS, set, observe,
                                                forget};
static const struct zdd_router_ops socket_ops = {"haproxy", ZDD_MEANS_WEIGHTS, set, observe,
                                                 forget};

struct world {
    struct fake agent, socket;
    struct zdd_choice choice;
    struct zdd_router router;
    char reason[ZDD_ROUTER_REASON_SIZE];
};

static void open_world(struct world *w)
{
    *w = (struct world){0};
    w->choice.count = 2;
    w->choice.router[0] = (struct zdd_router){&agent_ops, &w->agent};
    w->choice.router[1] = (struct zdd_router){&socket_ops, &w->socket};
    w->router = zdd_choice_router(&w->choice);
}

static void each_order_goes_to_the_router_of_its_pair(void **state)
{
    struct world w;
    const struct zdd_router_order first = {.pair = "/a", .router = "haproxy"};
    const struct zdd_router_order second = {.pair = "/b", .router = "marathon-lb"};

    (void)state;
    open_world(&w);
    assert_int_equal(w.router.ops->set(w.router.cls, &first, w.reason), ZDD_ERR_NONE);
    assert_int_equal(w.router.ops->set(w.router.cls, &second, w.reason), ZDD_ERR_NONE);
    assert_string_equal(w.agent.log, " set /b");
    assert_string_equal(w.socket.log, " set /a");
}

static void a_router_that_this_server_has_not_is_told(void **state)
{
    struct world w;
    const struct zdd_router_order order = {.pair = "/a", .router = "haproxy"};
    const struct zdd_router_ask ask = {.pair = "/a", .router = "haproxy"};
    struct zdd_router_view view = {.balancer_count = 3};

    (void)state;
    open_world(&w);
    w.choice.count = 1;
    assert_int_equal(w.router.ops->set(w.router.cls, &order, w.reason), ZDD_ERR_ROUTER_DOWN);
    assert_non_null(strstr(w.reason, "the router haproxy, which this server was started without"));
    assert_int_equal(w.router.ops->observe(w.router.cls, &ask, 1, 50, &view, w.reason),
                     ZDD_ERR_ROUTER_DOWN);
    assert_int_equal(view.balancer_count, 0);
    assert_string_equal(w.agent.log, "");
}

static void a_look_asks_each_router_once_and_mixes_nothing_up(void **state)
{
    static const struct zdd_router_ask asks[] = {{.pair = "/a", .router = "haproxy"},
                                                 {.pair = "/b", .router = "marathon-lb"},
                                                 {.pair = "/c", .router = "gone"},
                                                 {.pair = "/d", .router = "marathon-lb"},
                                                 {.pair = "/e", .router = "haproxy"}};
    struct zdd_router_view views[ZDD_COUNT(asks)];
    struct world w;

    (void)state;
    open_world(&w);
    assert_int_equal(
        w.router.ops->observe(w.router.cls, asks, ZDD_COUNT(asks), 50, views, w.reason),
        ZDD_ERR_ROUTER_DOWN);
    assert_non_null(strstr(w.reason, "gone"));
    assert_string_equal(w.socket.log, " look/a/e");
    assert_int_equal(strlen(w.agent.log), strlen(" look/b/d"));
    for (size_t i = 0; i < ZDD_COUNT(asks); i++) {
        const bool gone = strcmp(asks[i].router, "gone") == 0;

        assert_int_equal(views[i].balancer_count, gone ? 0 : 1);
        assert_string_equal(views[i].balancer[0].name, gone ? "" : asks[i].pair);
    }
}

static void one_that_is_away_hides_nothing_of_the_other(void **state)
{
    static const struct zdd_router_ask asks[] = {{.pair = "/a", .router = "haproxy"},
                                                 {.pair = "/b", .router = "marathon-lb"}};
    struct zdd_router_view views[ZDD_COUNT(asks)];
    struct world w;

    (void)state;
    open_world(&w);
    w.socket.err = ZDD_ERR_ROUTER_DOWN;
    assert_int_equal(w.router.ops->observe(w.router.cls, asks, 2, 50, views, w.reason),
                     ZDD_ERR_ROUTER_DOWN);
    assert_string_equal(w.reason, "is away");
    assert_false(views[0].balancer[0].reachable);
    assert_true(views[1].balancer[0].reachable);
    w.socket.err = ZDD_ERR_NO_MEMORY;
    assert_int_equal(w.router.ops->observe(w.router.cls, asks, 2, 50, views, w.reason),
                     ZDD_ERR_NO_MEMORY);
    assert_int_equal(w.router.ops->observe(w.router.cls, asks, 0, 50, views, w.reason),
                     ZDD_ERR_NONE);
}

static void a_pair_that_ends_is_forgotten_by_all(void **state)
{
    struct world w;

    (void)state;
    open_world(&w);
    w.router.ops->forget(w.router.cls, "/a");
    assert_string_equal(w.agent.log, " forget /a");
    assert_string_equal(w.socket.log, " forget /a");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_order_goes_to_the_router_of_its_pair),
        cmocka_unit_test(a_router_that_this_server_has_not_is_told),
        cmocka_unit_test(a_look_asks_each_router_once_and_mixes_nothing_up),
        cmocka_unit_test(one_that_is_away_hides_nothing_of_the_other),
        cmocka_unit_test(a_pair_that_ends_is_forgotten_by_all),
    };

    return cmocka_run_group_tests_name("server/router/choice", tests, NULL, NULL);
}
