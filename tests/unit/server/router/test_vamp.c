/**
 * @file tests/unit/server/router/test_vamp.c
 * @brief Shares through VAMP's gateways: which route is whose, what is set, what is seen.
 */
#include "server/router/routers.h"
#include "server/router/vamp_gateways.h"
#include "tests/support/spec.h"
#include "tests/unit/server/router/vamp_stand.h"

#include <stdio.h>
#include <string.h>

/* Two old servers and one new one, behind one port. */
static const struct zdd_endpoint old[] = {{"shop_10080", "10.0.0.1:31001"},
                                          {"shop_10080", "10.0.0.2:31001"}};
static const struct zdd_endpoint new[] = {{"shop_10080", "10.0.0.1:31002"}};
static const struct zdd_endpoint more_new[] = {{"shop_10080", "10.0.0.1:31002"},
                                               {"shop_10080", "10.0.0.3:31002"}};

#define TARGET(host, port) "{\"name\":\"t\",\"host\":\"" host "\",\"port\":" port "}"
#define OLD_TARGETS TARGET("10.0.0.1", "31001") "," TARGET("10.0.0.2", "31001")
#define NEW_TARGETS "{\"url\":\"http://10.0.0.1:31002/\"}"
#define ROUTE(name, weight, targets)                                                               \
    "\"" name "\":{\"kind\":\"route\",\"weight\":\"" weight "%\",\"balance\":\"default\","         \
    "\"targets\":[" targets "]}"
#define GATEWAY(name, routes)                                                                      \
    "{\"name\":\"" name "\",\"kind\":\"gateways\",\"port\":\"10080/http\",\"sticky\":null,"        \
    "\"routes\":{" routes "}}"
#define SHOP                                                                                       \
    GATEWAY("shop/shop/web",                                                                       \
            ROUTE("shop:1", "100", OLD_TARGETS) "," ROUTE("shop:2", "0", NEW_TARGETS))
#define OTHER GATEWAY("other/web", ROUTE("other", "100", TARGET("10.0.0.9", "80")))

struct world {
    struct vamp_stand stand;
    struct zdd_router router;
};

static int setup(void **state)
{
    static struct world world;
    const char *url;

    vamp_stand_start(&world.stand);
    url = world.stand.peer.url;
    const struct zdd_router_options options = {
        .driver = "vamp", .balancers = &url, .balancer_count = 1};
    char reason[ZDD_ROUTER_REASON_SIZE];

    assert_int_equal(zdd_router_open(&options, &world.router, reason), ZDD_ERR_NONE);
    *state = &world;
    return 0;
}

static int teardown(void **state)
{
    struct world *world = *state;

    zdd_router_close(&world->router);
    vamp_stand_stop(&world->stand);
    return 0;
}

/* An order for the pair: how each side serves, and weights of its servers. */
static struct zdd_router_order order(enum zdd_serving old_serving, int32_t old_weight,
                                     enum zdd_serving new_serving, int32_t new_weight)
{
    return (struct zdd_router_order){
        .pair = "/shop",
        .side = {{old_serving, old_weight, old, 2}, {new_serving, new_weight, new, 1}}};
}

static enum zdd_err set(struct world *world, const struct zdd_router_order *what)
{
    char reason[ZDD_ROUTER_REASON_SIZE] = "";
    const enum zdd_err err = world->router.ops->set(world->router.cls, what, reason);

    if (err != ZDD_ERR_NONE)
        print_message("%s\n", reason);
    return err;
}

static struct zdd_balancer_view look(struct world *world)
{
    const struct zdd_router_ask ask = {
        .pair = "/shop", .endpoints = {old, new}, .endpoint_count = {2, 1}};
    struct zdd_router_view view;
    char reason[ZDD_ROUTER_REASON_SIZE];

    assert_int_equal(world->router.ops->observe(world->router.cls, &ask, 1, 0, &view, reason),
                     ZDD_ERR_NONE);
    assert_int_equal(view.balancer_count, 1);
    assert_int_equal(view.receipt_count, 0);
    assert_true(view.taken_at_ms > 0 && view.balancer[0].reachable);
    return view.balancer[0];
}

static void assert_weights(struct world *world, int old_percent, int new_percent)
{
    assert_int_equal(vamp_stand_weight(&world->stand, "shop/shop/web", "shop:1"), old_percent);
    assert_int_equal(vamp_stand_weight(&world->stand, "shop/shop/web", "shop:2"), new_percent);
}

static void a_share_is_set_and_seen(void **state)
{
    struct world *world = *state;
    const struct zdd_router_order canary = order(ZDD_SERVES, 200, ZDD_SERVES, 100);
    struct zdd_balancer_view view;

    vamp_stand_add(&world->stand, OTHER);
    vamp_stand_add(&world->stand, SHOP);
    assert_int_equal(set(world, &canary), ZDD_ERR_NONE);
    assert_weights(world, 80, 20); /* 2 × 200 to 1 × 100 */
    assert_int_equal(vamp_stand_weight(&world->stand, "other/web", "other"), 100);
    view = look(world);
    assert_int_equal(view.side[ZDD_SIDE_OLD].servers, 2);
    assert_int_equal(view.side[ZDD_SIDE_OLD].listed, 2);
    assert_int_equal(view.side[ZDD_SIDE_OLD].up, 2);
    assert_int_equal(view.side[ZDD_SIDE_OLD].weight_min, 200);
    assert_int_equal(view.side[ZDD_SIDE_OLD].weight_max, 200);
    assert_int_equal(view.side[ZDD_SIDE_NEW].weight_min, 100);
    assert_int_equal(view.side[ZDD_SIDE_NEW].weight_sum, 100);
    assert_int_equal(view.serving, 3);
    assert_int_equal(view.strangers, 0);
    assert_true(view.weights_obeyed);
    assert_int_equal(vamp_stand_puts(&world->stand), 1);
    assert_int_equal(set(world, &canary), ZDD_ERR_NONE); /* the same again changes nothing */
    assert_int_equal(vamp_stand_puts(&world->stand), 1);
}

static void all_else_in_a_gateway_stays(void **state)
{
    struct world *world = *state;
    const struct zdd_router_order canary = order(ZDD_SERVES, 2, ZDD_SERVES, 1);
    json_t *gateway;

    vamp_stand_add(&world->stand, SHOP);
    assert_int_equal(set(world, &canary), ZDD_ERR_NONE);
    gateway = vamp_stand_gateway(&world->stand, 0);
    assert_string_equal(json_string_value(json_object_get(gateway, "port")), "10080/http");
    assert_true(json_is_null(json_object_get(gateway, "sticky")));
    assert_int_equal(json_array_size(json_object_get(
                         json_object_get(json_object_get(gateway, "routes"), "shop:1"), "targets")),
                     2);
    json_decref(gateway);
}

static void what_somebody_else_sets_is_no_weight_that_was_said(void **state)
{
    struct world *world = *state;
    const struct zdd_router_order canary = order(ZDD_SERVES, 200, ZDD_SERVES, 100);
    struct zdd_balancer_view view;

    vamp_stand_add(&world->stand, SHOP);
    view = look(world); /* before any order: served or not is all that can be told */
    assert_int_equal(view.side[ZDD_SIDE_OLD].weight_min, 1);
    assert_int_equal(view.side[ZDD_SIDE_NEW].weight_max, 0);
    assert_int_equal(set(world, &canary), ZDD_ERR_NONE);
    vamp_stand_clear(&world->stand);
    vamp_stand_add(&world->stand, SHOP); /* 100 and 0 again */
    view = look(world);
    assert_int_equal(view.side[ZDD_SIDE_OLD].weight_min, 0);
    assert_int_equal(view.side[ZDD_SIDE_OLD].weight_max, ZDD_WEIGHT_MAX);
    assert_weights(world, 80, 20); /* seen as it was, and said again */
    assert_int_equal(look(world).side[ZDD_SIDE_OLD].weight_min, 200);
}

static void a_share_is_not_said_again_for_other_servers_than_it_was_meant_for(void **state)
{
    struct world *world = *state;
    const struct zdd_router_order canary = order(ZDD_SERVES, 200, ZDD_SERVES, 100);
    const struct zdd_router_ask one_more = {
        .pair = "/shop", .endpoints = {old, more_new}, .endpoint_count = {2, 2}};
    struct zdd_router_view view;
    char reason[ZDD_ROUTER_REASON_SIZE];

    vamp_stand_add(&world->stand, SHOP);
    assert_int_equal(set(world, &canary), ZDD_ERR_NONE);
    assert_int_equal(world->router.ops->observe(world->router.cls, &one_more, 1, 0, &view, reason),
                     ZDD_ERR_NONE);
    assert_weights(world, 80, 20); /* 67 and 33 by weight: whoever decides says so first */
}

static void a_side_that_drains_or_rests_gets_nothing_and_stays_busy_for_a_while(void **state)
{
    struct world *world = *state;
    const struct zdd_router_order cutover = order(ZDD_DRAINS, 1, ZDD_SERVES, 256);
    const struct zdd_router_order back = order(ZDD_SERVES, 1, ZDD_RESTS, 0);
    struct zdd_balancer_view view;

    vamp_stand_add(&world->stand, SHOP);
    assert_int_equal(set(world, &cutover), ZDD_ERR_NONE);
    assert_weights(world, 0, 100);
    view = look(world);
    assert_int_equal(view.side[ZDD_SIDE_OLD].stopped, 2);
    assert_int_equal(view.side[ZDD_SIDE_OLD].sessions, 2); /* nobody knows: so not yet idle */
    assert_int_equal(view.side[ZDD_SIDE_NEW].stopped, 0);
    assert_int_equal(view.side[ZDD_SIDE_NEW].weight_min, 256);
    assert_int_equal(view.serving, 1);
    assert_int_equal(set(world, &back), ZDD_ERR_NONE);
    assert_weights(world, 100, 0);
    assert_int_equal(look(world).side[ZDD_SIDE_NEW].stopped, 1);
}

static void a_side_that_vamp_does_not_know_yet_leaves_its_share_to_the_other(void **state)
{
    struct world *world = *state;
    const struct zdd_router_order canary = order(ZDD_SERVES, 200, ZDD_SERVES, 100);
    const struct zdd_router_order all_new = order(ZDD_SERVES, 0, ZDD_SERVES, 1);

    vamp_stand_add(
        &world->stand,
        GATEWAY("shop/shop/web", ROUTE("shop:1", "60", OLD_TARGETS) "," ROUTE("shop:2", "40", "")));
    assert_int_equal(set(world, &canary), ZDD_ERR_NONE);
    assert_weights(world, 100, 0); /* the route without targets leads nowhere */
    assert_int_equal(look(world).side[ZDD_SIDE_NEW].listed, 0);
    assert_int_equal(set(world, &all_new), ZDD_ERR_NONE);
    assert_weights(world, 100, 0); /* what serves goes on until there is somebody else */
    assert_int_equal(look(world).side[ZDD_SIDE_OLD].weight_max, ZDD_WEIGHT_MAX);
}

static void routes_of_one_side_share_alike(void **state)
{
    struct world *world = *state;
    const struct zdd_router_order canary = order(ZDD_SERVES, 150, ZDD_SERVES, 100);

    vamp_stand_add(&world->stand,
                   GATEWAY("shop/shop/web",
                           ROUTE("a", "0", TARGET("10.0.0.1", "31001")) "," ROUTE(
                               "b", "0", TARGET("10.0.0.2", "31001")) "," ROUTE("shop:2", "100",
                                                                                NEW_TARGETS)));
    assert_int_equal(set(world, &canary), ZDD_ERR_NONE);
    assert_int_equal(vamp_stand_weight(&world->stand, "shop/shop/web", "a"), 38);
    assert_int_equal(vamp_stand_weight(&world->stand, "shop/shop/web", "b"), 37);
    assert_int_equal(vamp_stand_weight(&world->stand, "shop/shop/web", "shop:2"), 25);
    assert_int_equal(look(world).side[ZDD_SIDE_OLD].weight_min, 150);
}

static void routes_that_nobody_can_share_are_told_and_left_alone(void **state)
{
    static const struct {
        const char *routes, *words;
    } rows[] = {
        {ROUTE("all", "100", OLD_TARGETS "," NEW_TARGETS), "route all leads to both versions"},
        {ROUTE("shop:1", "90", OLD_TARGETS) "," ROUTE("else", "10", TARGET("10.0.0.9", "80")),
         "route else gets requests"},
    };
    struct world *world = *state;
    const struct zdd_router_order canary = order(ZDD_SERVES, 200, ZDD_SERVES, 100);

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char text[2000], reason[ZDD_ROUTER_REASON_SIZE] = "";

        vamp_stand_clear(&world->stand);
        snprintf(text, sizeof(text), "{\"name\":\"shop/shop/web\",\"routes\":{%s}}",
                 rows[i].routes);
        vamp_stand_add(&world->stand, text);
        assert_int_equal(world->router.ops->set(world->router.cls, &canary, reason),
                         ZDD_ERR_ROUTER_DOWN);
        if (!strstr(reason, rows[i].words))
            fail_msg("\"%s\" does not say \"%s\"", reason, rows[i].words);
        assert_int_equal(vamp_stand_puts(&world->stand), 0);
    }
}

static void every_port_has_its_gateway_and_all_pages_are_read(void **state)
{
    struct world *world = *state;
    const struct zdd_router_order canary = order(ZDD_SERVES, 200, ZDD_SERVES, 100);
    char text[2000];

    for (int i = 0; i < 70; i++) {
        snprintf(text, sizeof(text), "{\"name\":\"many/%d\",\"routes\":{}}", i);
        vamp_stand_add(&world->stand, i == 35 ? SHOP : text);
    }
    vamp_stand_add(&world->stand, GATEWAY("shop/shop/api", ROUTE("shop:1", "100", OLD_TARGETS)));
    assert_int_equal(set(world, &canary), ZDD_ERR_NONE);
    assert_weights(world, 80, 20);
    assert_int_equal(vamp_stand_weight(&world->stand, "shop/shop/api", "shop:1"), 100);
    assert_int_equal(look(world).side[ZDD_SIDE_NEW].listed, 0); /* not behind every port yet */
    assert_int_equal(look(world).side[ZDD_SIDE_NEW].servers, 1);
    vamp_stand_unpage(&world->stand); /* whoever knows no pages gives all at once, each time */
    assert_int_equal(look(world).side[ZDD_SIDE_OLD].listed, 2);
}

static void one_look_serves_all_who_want_to_know(void **state)
{
    struct world *world = *state;
    const struct zdd_router_ask asks[] = {
        {.pair = "/shop", .endpoints = {old, new}, .endpoint_count = {2, 1}}, {.pair = "/none"}};
    struct zdd_router_view views[2];
    char reason[ZDD_ROUTER_REASON_SIZE];
    int before;

    vamp_stand_add(&world->stand, SHOP);
    assert_int_equal(world->router.ops->observe(world->router.cls, asks, 2, 0, views, reason),
                     ZDD_ERR_NONE);
    before = world->stand.requests;
    assert_int_equal(before, 1);
    assert_int_equal(world->router.ops->observe(world->router.cls, asks, 2, 60000, views, reason),
                     ZDD_ERR_NONE);
    assert_int_equal(world->stand.requests, before);
    assert_int_equal(views[0].balancer[0].side[ZDD_SIDE_OLD].servers, 2);
    assert_int_equal(views[1].balancer[0].side[ZDD_SIDE_OLD].servers, 0);
}

static void what_vamp_answers_wrongly_is_told(void **state)
{
    static const struct {
        int status;
        const char *garbage, *words;
    } rows[] = {
        {503, NULL, "answered 503"},
        {0, "<html>", "is no JSON"},
        {0, "{}", "are no list"},
    };
    struct world *world = *state;
    const struct zdd_router_ask ask = {.pair = "/shop"};

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct zdd_router_view view;
        char reason[ZDD_ROUTER_REASON_SIZE] = "";

        vamp_stand_spoil(&world->stand, rows[i].status, rows[i].garbage);
        assert_int_equal(world->router.ops->observe(world->router.cls, &ask, 1, -1, &view, reason),
                         ZDD_ERR_ROUTER_DOWN);
        assert_false(view.balancer[0].reachable);
        if (!strstr(reason, rows[i].words))
            fail_msg("\"%s\" does not say \"%s\"", reason, rows[i].words);
    }
}

static void a_change_that_vamp_refuses_is_told(void **state)
{
    struct world *world = *state;
    const struct zdd_router_order canary = order(ZDD_SERVES, 200, ZDD_SERVES, 100);
    char reason[ZDD_ROUTER_REASON_SIZE] = "";

    vamp_stand_add(&world->stand, SHOP);
    (void)look(world);
    vamp_stand_spoil(&world->stand, 400, NULL); /* the look before is young enough for the change */
    assert_int_equal(world->router.ops->set(world->router.cls, &canary, reason),
                     ZDD_ERR_ROUTER_DOWN);
    assert_non_null(strstr(reason, "answered 400"));
    assert_weights(world, 100, 0);
}

static void a_side_without_a_share_is_idle_after_a_minute(void **state)
{
    int64_t since = 0;

    (void)state;
    assert_int_equal(zdd_vamp_sessions(&since, false, 3, 1000), 3);
    assert_int_equal(zdd_vamp_sessions(&since, true, 3, 2000), 3);
    assert_int_equal(zdd_vamp_sessions(&since, true, 2, 61999), 2);
    assert_int_equal(zdd_vamp_sessions(&since, true, 2, 62000), 0);
    assert_int_equal(zdd_vamp_sessions(&since, false, 2, 62001), 2); /* it got requests again: */
    assert_int_equal(zdd_vamp_sessions(&since, true, 2, 62002), 2);  /* from the beginning */
    assert_int_equal(zdd_vamp_sessions(NULL, true, 2, 200000), 2);   /* of a pair nobody ordered */
}

static void percents_are_whole_and_leave_both_sides_something(void **state)
{
    static const struct {
        int32_t old_weight, new_weight;
        size_t old_count, new_count;
        int32_t old_percent, new_percent;
    } rows[] = {
        {100, 75, 3, 1, 80, 20}, {256, 1, 3, 1, 99, 1}, {1, 256, 1, 3, 1, 99}, {1, 1, 1, 1, 50, 50},
        {0, 1, 3, 1, 0, 100},    {1, 0, 3, 1, 100, 0},  {0, 0, 3, 1, 0, 0},    {1, 1, 0, 1, 0, 100},
        {1, 1, 1, 0, 100, 0},    {1, 1, 2, 1, 67, 33},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const struct zdd_vamp_order what = {{ZDD_SERVES, ZDD_SERVES},
                                            {rows[i].old_weight, rows[i].new_weight}};
        const size_t servers[] = {rows[i].old_count, rows[i].new_count};
        int32_t percents[ZDD_VERSION_COUNT];

        zdd_vamp_percents(&what, servers, percents);
        if (percents[0] != rows[i].old_percent || percents[1] != rows[i].new_percent)
            fail_msg("row %zu: %d and %d", i, (int)percents[0], (int)percents[1]);
    }
}

static void targets_are_addresses_or_urls_and_nothing_else(void **state)
{
    static const struct {
        const char *target;
        bool fits;
    } rows[] = {
        {"{\"host\":\"10.0.0.1\",\"port\":31002}", true},
        {"{\"url\":\"http://10.0.0.1:31002\"}", true},
        {"{\"url\":\"https://10.0.0.1:31002/a?b\"}", true},
        {"{\"host\":\"10.0.0.1\",\"port\":31003}", false},
        {"{\"host\":\"10.0.0.1\",\"port\":0}", false},
        {"{\"host\":\"10.0.0.1\",\"port\":96538}", false}, /* 31002 + 65536 */
        {"{\"host\":\"10.0.0.1\"}", false},
        {"{\"port\":31002}", false},
        {"{\"url\":\"10.0.0.1:31002\"}", false},
        {"{\"url\":\"http://10.0.0.1\"}", false},
        {"7", false},
    };
    const struct zdd_router_ask ask = {
        .pair = "/shop", .endpoints = {old, new}, .endpoint_count = {2, 1}};

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char text[300];
        struct zdd_vamp_sight sight;
        json_t *gateways;

        snprintf(text, sizeof(text), "[{\"name\":\"g\",\"routes\":{\"r\":{\"targets\":[%s]}}}]",
                 rows[i].target);
        gateways = json_loads(text, 0, NULL);
        assert_non_null(gateways);
        zdd_vamp_look(gateways, &ask, NULL, &sight);
        if ((sight.view.side[ZDD_SIDE_NEW].servers == 1) != rows[i].fits)
            fail_msg("%s", rows[i].target);
        json_decref(gateways);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_share_is_set_and_seen),
        TEST(all_else_in_a_gateway_stays),
        TEST(what_somebody_else_sets_is_no_weight_that_was_said),
        TEST(a_share_is_not_said_again_for_other_servers_than_it_was_meant_for),
        TEST(a_side_that_drains_or_rests_gets_nothing_and_stays_busy_for_a_while),
        TEST(a_side_that_vamp_does_not_know_yet_leaves_its_share_to_the_other),
        TEST(routes_of_one_side_share_alike),
        TEST(routes_that_nobody_can_share_are_told_and_left_alone),
        TEST(every_port_has_its_gateway_and_all_pages_are_read),
        TEST(one_look_serves_all_who_want_to_know),
        TEST(what_vamp_answers_wrongly_is_told),
        TEST(a_change_that_vamp_refuses_is_told),
        cmocka_unit_test(a_side_without_a_share_is_idle_after_a_minute),
        cmocka_unit_test(percents_are_whole_and_leave_both_sides_something),
        cmocka_unit_test(targets_are_addresses_or_urls_and_nothing_else),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
