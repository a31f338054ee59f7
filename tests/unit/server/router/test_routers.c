/**
 * @file tests/unit/server/router/test_routers.c
 * @brief What holds for every router of the table, and what options they refuse.
 */
#include "server/router/routers.h"
#include "tests/support/spec.h"

#include <string.h>

static const char *const urls[] = {"http://127.0.0.1:1"};
static const char *const sockets[] = {"127.0.0.1:1"};

/* Options that fit each driver; nobody listens at the balancers they name. */
static struct zdd_router_options fitting(const char *driver)
{
    struct zdd_router_options options = {.driver = driver, .agent_listen = "127.0.0.1:0"};

    if (strcmp(driver, "marathon-lb") == 0 || strcmp(driver, "vamp") == 0) {
        options.balancers = urls;
        options.balancer_count = 1;
    } else if (strcmp(driver, "haproxy") == 0) {
        options.balancers = sockets;
        options.balancer_count = 1;
    }
    return options;
}

static void every_router_opens_starts_and_closes(void **state)
{
    const struct zdd_router_driver *driver;
    size_t count = 0;

    (void)state;
    for (; (driver = zdd_router_driver(count)) != NULL; count++) {
        const struct zdd_router_options options = fitting(driver->name);
        struct zdd_router router = {0};
        char reason[ZDD_ROUTER_REASON_SIZE];

        assert_int_equal(zdd_router_open(&options, &router, reason), ZDD_ERR_NONE);
        assert_string_equal(router.ops->name, driver->name);
        assert_in_range(router.ops->means, 0, ZDD_MEANS_COUNT - 1);
        assert_true(driver->text[0] && driver->text[strlen(driver->text) - 1] == '.');
        assert_int_equal(zdd_router_start(&router, reason), ZDD_ERR_NONE);
        router.ops->forget(router.cls, "/nobody");
        zdd_router_close(&router);
        assert_null(router.ops);
        zdd_router_close(&router);
    }
    assert_int_equal(count, 5);
}

static void a_router_without_balancers_sees_none_and_takes_every_order(void **state)
{
    static const char *const names[] = {"instances", "none"};
    static const struct zdd_endpoint one[] = {{"svc_80", "10.0.0.1:1"}};

    (void)state;
    for (size_t i = 0; i < ZDD_COUNT(names); i++) {
        const struct zdd_router_options options = fitting(names[i]);
        const struct zdd_router_order order = {.pair = "/svc", .side = {{ZDD_SERVES, 5, one, 1}}};
        const struct zdd_router_ask asks[2] = {
            {.pair = "/svc", .endpoints = {one}, .endpoint_count = {1}}, {.pair = "/web"}};
        struct zdd_router_view views[2] = {{.balancer_count = 5}, {.balancer_count = 5}};
        struct zdd_router router;
        struct zdd_agent_stats stats;
        char reason[ZDD_ROUTER_REASON_SIZE];
        uint16_t port;

        assert_int_equal(zdd_router_open(&options, &router, reason), ZDD_ERR_NONE);
        assert_int_equal(router.ops->means, i == 0 ? ZDD_MEANS_COUNTS : ZDD_MEANS_NOTHING);
        assert_int_equal(router.ops->set(router.cls, &order, reason), ZDD_ERR_NONE);
        assert_int_equal(router.ops->observe(router.cls, asks, 2, 0, views, reason), ZDD_ERR_NONE);
        assert_int_equal(views[0].balancer_count, 0);
        assert_int_equal(views[1].receipt_count, 0);
        assert_true(views[1].taken_at_ms > 0);
        assert_false(zdd_router_agent(&router, &port, &stats));
        zdd_router_close(&router);
    }
}

static void balancers_that_are_not_there_are_told(void **state)
{
    static const char *const names[] = {"marathon-lb", "haproxy", "vamp"};

    (void)state;
    for (size_t i = 0; i < ZDD_COUNT(names); i++) {
        const struct zdd_router_options options = fitting(names[i]);
        const struct zdd_router_ask ask = {.pair = "/svc"};
        struct zdd_router_view view;
        struct zdd_router router;
        char reason[ZDD_ROUTER_REASON_SIZE] = "";

        assert_int_equal(zdd_router_open(&options, &router, reason), ZDD_ERR_NONE);
        assert_int_equal(router.ops->means, ZDD_MEANS_WEIGHTS);
        assert_int_equal(router.ops->observe(router.cls, &ask, 1, 0, &view, reason),
                         ZDD_ERR_ROUTER_DOWN);
        assert_int_equal(view.balancer_count, 1);
        assert_false(view.balancer[0].reachable);
        assert_non_null(strstr(reason, "127.0.0.1:1"));
        zdd_router_close(&router);
    }
}

static void options_that_cannot_be_are_refused_with_words(void **state)
{
    static const struct {
        const char *driver, *balancer, *words;
    } rows[] = {
        {"nginx", NULL, "nginx"},
        {"marathon-lb", NULL, "1 to 8"},
        {"haproxy", NULL, "1 to 8"},
        {"marathon-lb", "127.0.0.1:9090", "http://HOST:PORT"},
        {"marathon-lb", "/run/haproxy.sock", "http://HOST:PORT"},
        {"haproxy", "http://127.0.0.1:9090", "path of a socket"},
        {"haproxy", "lb", "lb"},
        {"vamp", NULL, "the one address"},
        {"vamp", "127.0.0.1:8080", "http://HOST:8080"},
        {"vamp", "http://127.0.0.1:8080?a", "http://HOST:8080"},
        {"instances", "http://127.0.0.1:9090", "no load balancers"},
        {"none", "http://127.0.0.1:9090", "no load balancers"},
    };

    (void)state;
    for (size_t i = 0; i < ZDD_COUNT(rows); i++) {
        const struct zdd_router_options options = {.driver = rows[i].driver,
                                                   .agent_listen = "127.0.0.1:0",
                                                   .balancers = &rows[i].balancer,
                                                   .balancer_count = rows[i].balancer ? 1 : 0};
        struct zdd_router router = {0};
        char reason[ZDD_ROUTER_REASON_SIZE] = "";

        assert_int_equal(zdd_router_open(&options, &router, reason), ZDD_ERR_BODY_INVALID);
        if (!strstr(reason, rows[i].words))
            fail_msg("\"%s\" does not say \"%s\"", reason, rows[i].words);
        assert_null(router.ops);
    }
}

static void an_agent_that_cannot_listen_is_told_at_the_start(void **state)
{
    struct zdd_router_options options = fitting("marathon-lb");
    struct zdd_router router = {0};
    struct zdd_agent_stats stats;
    char reason[ZDD_ROUTER_REASON_SIZE] = "";
    uint16_t port;

    (void)state;
    options.agent_listen = "192.0.2.1:1"; /* an address of nobody (RFC 5737) */
    assert_int_equal(zdd_router_open(&options, &router, reason), ZDD_ERR_NONE);
    assert_false(zdd_router_agent(&router, &port, &stats));
    assert_int_equal(zdd_router_start(&router, reason), ZDD_ERR_INTERNAL);
    assert_non_null(strstr(reason, "192.0.2.1:1"));
    assert_false(zdd_router_agent(&router, &port, &stats));
    zdd_router_close(&router);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_router_opens_starts_and_closes),
        cmocka_unit_test(a_router_without_balancers_sees_none_and_takes_every_order),
        cmocka_unit_test(balancers_that_are_not_there_are_told),
        cmocka_unit_test(options_that_cannot_be_are_refused_with_words),
        cmocka_unit_test(an_agent_that_cannot_listen_is_told_at_the_start),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
