/**
 * @file tests/unit/server/engine/test_balance.c
 * @brief Which servers a pair has, what the balancers are told of them, and what their answers add
 * up to.
 */
#include "server/engine/balance.h"

#include "tests/support/spec.h"

#include <stdio.h>
#include <string.h>

#define a_spot(is_healthy, ...)                                                                    \
    {                                                                                              \
        .healthy = (is_healthy),                                                                   \
        .port_count = sizeof((const char *[]){__VA_ARGS__}) / sizeof(char *), .address = {         \
            __VA_ARGS__                                                                            \
        }                                                                                          \
    }
#define spots_of(array) ((struct zdd_spots){ZDD_COUNT(array), array})

static void assert_endpoints(const struct zdd_fleet *fleet, enum zdd_pair_side side,
                             const char *expected)
{
    char text[1000] = "";

    for (size_t i = 0; i < fleet->endpoint_count[side]; i++) {
        const struct zdd_endpoint *e = &fleet->endpoints[side][i];
        const size_t used = strlen(text);

        (void)snprintf(text + used, sizeof(text) - used, "%s=%s ", e->backend, e->address);
    }
    assert_string_equal(text, expected);
}

static void each_port_of_each_instance_is_a_server_of_its_backend(void **state)
{
    struct zdd_spot old[] = {a_spot(true, "10.0.0.1:1", "10.0.0.1:2"),
                             a_spot(false, "10.0.0.2:1", "10.0.0.2:2")};
    struct zdd_spot new[] = {a_spot(true, "10.0.0.3:1", "10.0.0.3:2")};
    const struct zdd_spots spots[] = {spots_of(old), spots_of(new)};
    struct zdd_fleet fleet;

    (void)state;
    assert_int_equal(zdd_fleet_of(spots, "shop_80 shop_443", &fleet), ZDD_ERR_NONE);
    assert_endpoints(&fleet, ZDD_SIDE_OLD,
                     "shop_80=10.0.0.1:1 shop_443=10.0.0.1:2 shop_80=10.0.0.2:1 "
                     "shop_443=10.0.0.2:2 ");
    assert_endpoints(&fleet, ZDD_SIDE_NEW, "shop_80=10.0.0.3:1 shop_443=10.0.0.3:2 ");
    assert_int_equal(fleet.instances[ZDD_SIDE_OLD], 2);
    assert_int_equal(fleet.healthy[ZDD_SIDE_OLD], 1);
    assert_int_equal(fleet.instances[ZDD_SIDE_NEW], 1);
    assert_int_equal(fleet.healthy[ZDD_SIDE_NEW], 1);
    assert_int_equal(fleet.ports, 2);
    zdd_fleet_release(&fleet);
    assert_null(fleet.endpoints[ZDD_SIDE_OLD]);
    assert_int_equal(fleet.endpoint_count[ZDD_SIDE_OLD], 0);
}

static void ports_without_a_backend_are_behind_no_balancer(void **state)
{
    struct zdd_spot old[] = {a_spot(true, "10.0.0.1:1", "10.0.0.1:2", "10.0.0.1:3")};
    const struct zdd_spots spots[] = {spots_of(old), {0}};
    static const struct {
        const char *backends, *endpoints;
        int32_t ports;
    } rows[] = {
        {"", "", 0},
        {"shop_80", "shop_80=10.0.0.1:1 ", 1},
        {"a b", "a=10.0.0.1:1 b=10.0.0.1:2 ", 2},
        {"a b c", "a=10.0.0.1:1 b=10.0.0.1:2 c=10.0.0.1:3 ", 3},
        {"a b c d", "a=10.0.0.1:1 b=10.0.0.1:2 c=10.0.0.1:3 ", 3},
        {"- b", "b=10.0.0.1:2 ", 1},
        {"a - c", "a=10.0.0.1:1 c=10.0.0.1:3 ", 2},
        {"a - -", "a=10.0.0.1:1 ", 1},
    };

    (void)state;
    for (size_t i = 0; i < ZDD_COUNT(rows); i++) {
        struct zdd_fleet fleet;

        assert_int_equal(zdd_fleet_of(spots, rows[i].backends, &fleet), ZDD_ERR_NONE);
        assert_endpoints(&fleet, ZDD_SIDE_OLD, rows[i].endpoints);
        assert_int_equal(fleet.instances[ZDD_SIDE_OLD], 1);
        assert_int_equal(fleet.ports, rows[i].ports);
        zdd_fleet_release(&fleet);
    }
}

static void an_instance_with_every_port_that_a_pair_can_have_fits(void **state)
{
    struct zdd_spot old[] = {a_spot(true, "h:1", "h:2", "h:3", "h:4", "h:5", "h:6", "h:7", "h:8"),
                             a_spot(true, "i:1", "i:2", "i:3", "i:4", "i:5", "i:6", "i:7", "i:8")};
    const struct zdd_spots spots[] = {spots_of(old), {0}};
    struct zdd_fleet fleet;

    (void)state;
    assert_int_equal(zdd_fleet_of(spots, "a b c d e f g h", &fleet), ZDD_ERR_NONE);
    assert_int_equal(fleet.endpoint_count[ZDD_SIDE_OLD], 2 * ZDD_APP_PORT_MAX);
    assert_int_equal(fleet.ports, ZDD_APP_PORT_MAX);
    assert_string_equal(fleet.endpoints[ZDD_SIDE_OLD][15].backend, "h");
    assert_string_equal(fleet.endpoints[ZDD_SIDE_OLD][15].address, "i:8");
    zdd_fleet_release(&fleet);
}

static void the_oldest_leave_whatever_else_comes_and_goes(void **state)
{
    struct zdd_spot old[] = {a_spot(true, "10.0.0.2:1"), a_spot(true, "10.0.0.1:1"),
                             a_spot(false, "10.0.0.3:1")};
    const struct zdd_spots spots[] = {spots_of(old), {0}};
    static const struct {
        int32_t wanted, most, stay;
        const char *stayers, *leavers;
    } rows[] = {
        {3, 3, 10000, "a=10.0.0.3:1 a=10.0.0.2:1 a=10.0.0.1:1 ", ""},
        {3, 3, 3, "a=10.0.0.3:1 a=10.0.0.2:1 a=10.0.0.1:1 ", ""},
        {3, 3, 2, "a=10.0.0.3:1 a=10.0.0.2:1 ", "a=10.0.0.1:1 "},
        {3, 3, 0, "", "a=10.0.0.3:1 a=10.0.0.2:1 a=10.0.0.1:1 "},
        /* One is not running now: its place is among those that stay. */
        {4, 4, 3, "a=10.0.0.3:1 a=10.0.0.2:1 ", "a=10.0.0.1:1 "},
        /* One has been killed, and still runs. */
        {2, 3, 2, "a=10.0.0.3:1 a=10.0.0.2:1 ", "a=10.0.0.1:1 "},
        /* More than the deployment knows of are somebody else's. */
        {9, 3, 2, "a=10.0.0.3:1 a=10.0.0.2:1 ", "a=10.0.0.1:1 "},
        {9, 2, 2, "a=10.0.0.3:1 a=10.0.0.2:1 a=10.0.0.1:1 ", ""},
    };
    struct zdd_fleet fleet;

    (void)state;
    for (size_t i = 0; i < ZDD_COUNT(old); i++)
        (void)snprintf(old[i].since, sizeof(old[i].since), "2024-05-01T10:00:0%c.000Z",
                       old[i].address[0][7]);
    assert_int_equal(zdd_fleet_of(spots, "a", &fleet), ZDD_ERR_NONE);
    for (size_t i = 0; i < ZDD_COUNT(rows); i++) {
        fleet.old_wanted = rows[i].wanted;
        fleet.old_most = rows[i].most;
        zdd_fleet_part(&fleet, rows[i].stay);
        assert_endpoints(&fleet, ZDD_SIDE_OLD, rows[i].stayers);
        assert_endpoints(&fleet, ZDD_SIDE_LEAVING, rows[i].leavers);
        assert_int_equal(fleet.instances[ZDD_SIDE_OLD] + fleet.instances[ZDD_SIDE_LEAVING], 3);
        assert_int_equal(fleet.healthy[ZDD_SIDE_OLD] + fleet.healthy[ZDD_SIDE_LEAVING], 2);
    }
    zdd_fleet_release(&fleet);
}

static void nobody_is_a_fleet_too(void **state)
{
    const struct zdd_spots spots[ZDD_SIDE_COUNT] = {{0}};
    struct zdd_fleet fleet;

    (void)state;
    assert_int_equal(zdd_fleet_of(spots, "shop_80", &fleet), ZDD_ERR_NONE);
    assert_endpoints(&fleet, ZDD_SIDE_OLD, "");
    assert_endpoints(&fleet, ZDD_SIDE_NEW, "");
    assert_int_equal(fleet.instances[ZDD_SIDE_OLD] + fleet.instances[ZDD_SIDE_NEW], 0);
    zdd_fleet_release(&fleet);
    zdd_fleet_release(&fleet);
}

static void addresses_are_told_in_their_order_whatever_the_list(void **state)
{
    struct zdd_spot there[] = {a_spot(true, "10.0.0.2:7", "10.0.0.2:8"),
                               a_spot(false, "10.0.0.10:1"),
                               {.healthy = true},
                               a_spot(true, "10.0.0.1:9")};
    char told[ZDD_ADDRESSES_SIZE] = "from before";

    (void)state;
    zdd_spots_print(&spots_of(there), told);
    assert_string_equal(told, "10.0.0.10:1 10.0.0.1:9 10.0.0.2:7");
    zdd_spots_print(&(struct zdd_spots){0}, told);
    assert_string_equal(told, "");
}

static void of_many_addresses_the_first_in_order_are_told(void **state)
{
    struct zdd_spot there[ZDD_ADDRESSES_MAX + 4];
    struct zdd_spot backwards[ZDD_COUNT(there)];
    char told[ZDD_ADDRESSES_SIZE], again[ZDD_ADDRESSES_SIZE];

    (void)state;
    for (size_t i = 0; i < ZDD_COUNT(there); i++) {
        there[i] = (struct zdd_spot){.port_count = 1};
        snprintf(there[i].address[0], ZDD_SPOT_SIZE,
                 "[2001:db8:1111:2222:3333:4444:5555:%zu]:65535", 1000 + i);
        backwards[ZDD_COUNT(there) - 1 - i] = there[i];
    }
    zdd_spots_print(&spots_of(there), told);
    zdd_spots_print(&spots_of(backwards), again);
    assert_string_equal(told, again);
    assert_non_null(strstr(told, ":1015]:65535"));
    assert_null(strstr(told, ":1016]:65535"));
}

/* Two healthy instances of each version, behind one port. */
static const struct zdd_fleet pair_of_two = {.instances = {2, 2}, .healthy = {2, 2}, .ports = 1};

static const struct zdd_traffic half = {.side = {{ZDD_SERVES, 100}, {ZDD_SERVES, 100}}};

/* @p n servers that are UP with the weight @p w. */
#define up_with(n, w, ...)                                                                         \
    {                                                                                              \
        .servers = (n), .listed = (n), .up = (n), .weight_min = (w), .weight_max = (w),            \
        __VA_ARGS__                                                                                \
    }
#define up(n, w) up_with(n, w, .stopped = 0)
#define a_balancer(...)                                                                            \
    {                                                                                              \
        .reachable = true, .weights_obeyed = true, __VA_ARGS__                                     \
    }

static struct zdd_balance balance_of(struct zdd_router_view view, struct zdd_traffic traffic)
{
    return zdd_balance_of(&view, &traffic, &pair_of_two);
}

static void balancers_that_have_not_all_answered_tell_nothing(void **state)
{
    const struct zdd_router_view deaf = {
        .balancer_count = 2,
        .balancer = {a_balancer(.side = {up(2, 100), up(2, 100)}), {.reachable = false}}};
    const struct zdd_balance b = balance_of(deaf, half);
    const struct zdd_balance nobody = balance_of((struct zdd_router_view){0}, half);

    (void)state;
    assert_false(b.known);
    assert_int_equal(b.side[ZDD_SIDE_OLD].servers, 0);
    assert_int_equal(b.side[ZDD_SIDE_OLD].up, 0);
    assert_false(b.side[ZDD_SIDE_OLD].told);
    assert_false(nobody.known);
    assert_int_equal(nobody.side[ZDD_SIDE_NEW].up, 0);
    assert_false(nobody.side[ZDD_SIDE_NEW].told);
}

static void the_worst_balancer_counts_and_sessions_add_up(void **state)
{
    const struct zdd_router_view view = {
        .balancer_count = 3,
        .balancer = {
            a_balancer(.started_at_ms = 5, .side = {up_with(2, 100, .sessions = 1, .queue = 2),
                                                    {.servers = 2, .up = 1}}),
            a_balancer(.started_at_ms = 9,
                       .side = {up_with(2, 100, .sessions = 10), {.servers = 1}}),
            a_balancer(.started_at_ms = 7, .side = {up_with(3, 100, .queue = 100), up(2, 100)}),
        }};
    const struct zdd_balance b = balance_of(view, half);

    (void)state;
    assert_true(b.known);
    assert_int_equal(b.side[ZDD_SIDE_OLD].servers, 3);
    assert_int_equal(b.side[ZDD_SIDE_OLD].up, 2);
    assert_int_equal(b.side[ZDD_SIDE_OLD].sessions, 113);
    assert_int_equal(b.side[ZDD_SIDE_NEW].servers, 2);
    assert_int_equal(b.side[ZDD_SIDE_NEW].up, 0);
    assert_int_equal(b.side[ZDD_SIDE_NEW].sessions, 0);
    assert_true(b.side[ZDD_SIDE_OLD].told);
    assert_false(b.side[ZDD_SIDE_NEW].told); /* one balancer has not heard of all */
}

static void one_balancer_that_ignores_weights_is_one_too_many(void **state)
{
    struct zdd_router_view view = {.balancer_count = 2,
                                   .balancer = {a_balancer(.side = {up(2, 100), up(2, 100)}),
                                                a_balancer(.side = {up(2, 100), up(2, 100)})}};

    (void)state;
    assert_false(balance_of(view, half).weights_ignored);
    view.balancer[0].weights_obeyed = false;
    assert_true(balance_of(view, half).weights_ignored);
    assert_true(balance_of(view, half).side[ZDD_SIDE_NEW].told);
}

static bool is_told(struct zdd_side_traffic old, struct zdd_side_setting setting)
{
    const struct zdd_router_view view = {.balancer_count = 1,
                                         .balancer = {a_balancer(.side = {old, up(2, 100)})}};
    const struct zdd_balance b =
        balance_of(view, (struct zdd_traffic){.side = {setting, {ZDD_SERVES, 100}}});

    assert_true(b.side[ZDD_SIDE_NEW].told);
    return b.side[ZDD_SIDE_OLD].told;
}

static void told_is_who_serves_with_exactly_the_weight(void **state)
{
    const struct zdd_side_setting serve = {ZDD_SERVES, 100};

    (void)state;
    assert_true(is_told((struct zdd_side_traffic)up(2, 100), serve));
    assert_true(is_told((struct zdd_side_traffic)up(3, 100), serve));  /* one is not healthy */
    assert_false(is_told((struct zdd_side_traffic)up(1, 100), serve)); /* one is not listed */
    assert_false(is_told((struct zdd_side_traffic)up(2, 99), serve));
    assert_false(is_told((struct zdd_side_traffic)up(2, 101), serve));
    assert_false(is_told(
        (struct zdd_side_traffic){
            .servers = 2, .listed = 2, .up = 2, .weight_min = 1, .weight_max = 100},
        serve));
    assert_false(is_told(
        (struct zdd_side_traffic){
            .servers = 2, .listed = 2, .up = 2, .weight_min = 100, .weight_max = 101},
        serve));
    assert_false(is_told((struct zdd_side_traffic)up_with(2, 100, .stopped = 1), serve));
    assert_true(is_told((struct zdd_side_traffic)up(2, 0), (struct zdd_side_setting){0}));
}

static void told_is_who_stopped_when_it_shall_drain_or_rest(void **state)
{
    static const enum zdd_serving servings[] = {ZDD_DRAINS, ZDD_RESTS};

    (void)state;
    for (size_t i = 0; i < ZDD_COUNT(servings); i++) {
        const struct zdd_side_setting stop = {servings[i], 0};

        assert_true(is_told((struct zdd_side_traffic)up_with(2, 0, .stopped = 2), stop));
        /* The weight of one who takes nothing does not matter. */
        assert_true(is_told((struct zdd_side_traffic)up_with(2, 77, .stopped = 2), stop));
        assert_false(is_told((struct zdd_side_traffic)up_with(2, 0, .stopped = 1), stop));
        assert_false(is_told((struct zdd_side_traffic)up(2, 0), stop));
        assert_false(is_told((struct zdd_side_traffic)up_with(1, 0, .stopped = 1), stop));
    }
}

static void who_is_not_there_needs_not_be_told(void **state)
{
    const struct zdd_fleet only_old = {.instances = {2, 1}, .healthy = {2, 0}, .ports = 1};
    const struct zdd_traffic traffic = {.side = {{ZDD_SERVES, 256}, {ZDD_SERVES, 0}}};
    const struct zdd_router_view view = {.balancer_count = 1,
                                         .balancer = {a_balancer(.side = {up(2, 256), {0}})}};
    const struct zdd_balance b = zdd_balance_of(&view, &traffic, &only_old);

    (void)state;
    assert_true(b.side[ZDD_SIDE_OLD].told);
    assert_true(b.side[ZDD_SIDE_NEW].told);
    assert_int_equal(b.side[ZDD_SIDE_NEW].servers, 0);
    assert_int_equal(b.side[ZDD_SIDE_NEW].up, 0);
}

/* Servers in all backends, and in the one that has the fewest, all with weight 100. */
#define side_of(all, fewest, fewest_up)                                                            \
    {                                                                                              \
        .servers = (all), .listed = (fewest), .up = (fewest_up), .weight_min = 100,                \
        .weight_max = 100                                                                          \
    }

static void servers_of_several_ports_count_as_instances(void **state)
{
    const struct zdd_fleet fleet = {.instances = {2, 2}, .healthy = {2, 2}, .ports = 3};
    const struct zdd_router_view view = {
        .balancer_count = 1,
        .balancer = {a_balancer(.side = {side_of(6, 2, 1), side_of(5, 1, 1)})}};
    const struct zdd_balance b = zdd_balance_of(&view, &half, &fleet);

    (void)state;
    assert_int_equal(b.side[ZDD_SIDE_OLD].servers, 2);
    assert_int_equal(b.side[ZDD_SIDE_OLD].up, 1); /* where the fewest are */
    assert_true(b.side[ZDD_SIDE_OLD].told);
    assert_int_equal(b.side[ZDD_SIDE_NEW].servers, 2); /* one of them in part */
    assert_int_equal(b.side[ZDD_SIDE_NEW].up, 1);
    assert_false(b.side[ZDD_SIDE_NEW].told);
}

static struct zdd_floor_sight sight_of(struct zdd_router_view view, char *weakest)
{
    const struct zdd_traffic cut_over = {.side = {{ZDD_SERVES, 0}, {ZDD_SERVES, 256}},
                                         .old_stay = ZDD_INSTANCES_MAX};

    return zdd_balance_sight(&view, &cut_over, weakest);
}

static void who_serves_is_counted_where_they_are_fewest(void **state)
{
    char weakest[ZDD_BALANCER_NAME_SIZE];
    const struct zdd_router_view view = {
        .balancer_count = 3,
        .balancer = {
            a_balancer(.name = "a", .serving = 5, .side = {{.up = 4}, {.up = 4}}),
            a_balancer(.name = "b", .serving = 3, .side = {{.up = 4}, {.up = 3}}),
            a_balancer(.name = "c", .serving = 6, .side = {{.up = 4}, {.up = 2}}),
        }};
    const struct zdd_floor_sight sight = sight_of(view, weakest);

    (void)state;
    assert_true(sight.known && sight.complete);
    assert_int_equal(sight.serving, 3);
    assert_string_equal(weakest, "b");
    assert_int_equal(sight.carried, 2); /* of the new version alone, and on c */
}

static void balancers_that_do_not_answer_count_for_nothing(void **state)
{
    char weakest[ZDD_BALANCER_NAME_SIZE] = "x";
    struct zdd_router_view view = {
        .balancer_count = 2,
        .balancer = {{.name = "deaf"},
                     a_balancer(.name = "b", .serving = 3, .side = {{0}, {.up = 3}})}};
    struct zdd_floor_sight sight = sight_of(view, weakest);

    (void)state;
    assert_true(sight.known);
    assert_false(sight.complete);
    assert_int_equal(sight.serving, 3);
    assert_string_equal(weakest, "b");
    view.balancer[1].reachable = false;
    sight = sight_of(view, weakest);
    assert_false(sight.known || sight.complete);
    assert_string_equal(weakest, "");
    assert_false(sight_of((struct zdd_router_view){0}, weakest).known);
}

static uint64_t mark_of(struct zdd_spots old)
{
    const struct zdd_spots spots[ZDD_SIDE_COUNT] = {old};
    struct zdd_fleet fleet;
    uint64_t mark;

    assert_int_equal(zdd_fleet_of(spots, "shop_80", &fleet), ZDD_ERR_NONE);
    mark = fleet.healthy_mark;
    zdd_fleet_release(&fleet);
    return mark;
}

static void the_healthy_instances_have_a_mark(void **state)
{
    struct zdd_spot ab[] = {a_spot(true, "10.0.0.1:1"), a_spot(true, "10.0.0.2:1")};
    struct zdd_spot ba[] = {a_spot(true, "10.0.0.2:1"), a_spot(true, "10.0.0.1:1")};
    struct zdd_spot with_sick[] = {a_spot(true, "10.0.0.1:1"), a_spot(false, "10.0.0.3:1"),
                                   a_spot(true, "10.0.0.2:1")};
    struct zdd_spot ac[] = {a_spot(true, "10.0.0.1:1"), a_spot(true, "10.0.0.3:1")};
    struct zdd_spot a[] = {a_spot(true, "10.0.0.1:1")};

    (void)state;
    assert_true(mark_of(spots_of(ab)) == mark_of(spots_of(ba)));
    assert_true(mark_of(spots_of(ab)) == mark_of(spots_of(with_sick)));
    assert_true(mark_of(spots_of(ab)) != mark_of(spots_of(ac))); /* as many, and others */
    assert_true(mark_of(spots_of(ab)) != mark_of(spots_of(a)));
}

static void a_fleet_lives_as_long_as_somebody_has_it(void **state)
{
    struct zdd_spot old[] = {a_spot(true, "10.0.0.1:1")};
    const struct zdd_spots spots[ZDD_SIDE_COUNT] = {spots_of(old)};
    struct zdd_fleet fleet, shared, none = {0};

    (void)state;
    assert_int_equal(zdd_fleet_of(spots, "shop_80", &fleet), ZDD_ERR_NONE);
    shared = zdd_fleet_share(&fleet);
    zdd_fleet_release(&fleet);
    assert_int_equal(fleet.endpoint_count[ZDD_SIDE_OLD], 0);
    assert_endpoints(&shared, ZDD_SIDE_OLD, "shop_80=10.0.0.1:1 ");
    zdd_fleet_release(&shared);
    shared = zdd_fleet_share(&none);
    zdd_fleet_release(&shared);
}

struct fake_router {
    enum zdd_err answer;
    struct zdd_router_order order;
    struct zdd_router_ask ask;
    size_t asks;
};

static enum zdd_err set(void *cls, const struct zdd_router_order *order,
                        char reason[static ZDD_ROUTER_REASON_SIZE])
{
    struct fake_router *fake = cls;

    fake->order = *order;
    if (fake->answer != ZDD_ERR_NONE)
        (void)snprintf(reason, ZDD_ROUTER_REASON_SIZE, "nobody there");
    return fake->answer;
}

static enum zdd_err observe(void *cls, const struct zdd_router_ask *asks, size_t count,
                            int64_t max_age_ms, struct zdd_router_view *ret_views,
                            char reason[static ZDD_ROUTER_REASON_SIZE])
{
    struct fake_router *fake = cls;

    (void)reason;
    assert_true(max_age_ms >= 0);
    fake->ask = asks[0];
    fake->asks += count;
    ret_views[0] = (struct zdd_router_view){.taken_at_ms = 7};
    return fake->answer;
}

static const struct zdd_router_ops router_ops = {.set = set, .observe = observe};

static void the_balancers_are_told_and_asked_of_the_pair_s_servers(void **state)
{
    struct fake_router fake = {0};
    const struct zdd_router router = {&router_ops, &fake};
    struct zdd_spot old[] = {a_spot(true, "10.0.0.1:1")};
    struct zdd_spot new[] = {a_spot(true, "10.0.0.2:1"), a_spot(true, "10.0.0.3:1")};
    const struct zdd_spots spots[] = {spots_of(old), spots_of(new)};
    const struct zdd_traffic traffic = {.side = {{ZDD_DRAINS, 0}, {ZDD_SERVES, 256}}};
    char reason[ZDD_ROUTER_REASON_SIZE] = "from before";
    struct zdd_router_view view = {0};
    struct zdd_fleet fleet;

    (void)state;
    assert_int_equal(zdd_fleet_of(spots, "shop_80", &fleet), ZDD_ERR_NONE);
    assert_int_equal(zdd_balance_tell(&router, "/shop", &traffic, &fleet, reason), ZDD_ERR_NONE);
    assert_string_equal(reason, "");
    assert_string_equal(fake.order.pair, "/shop");
    assert_int_equal(fake.order.side[ZDD_SIDE_OLD].serving, ZDD_DRAINS);
    assert_int_equal(fake.order.side[ZDD_SIDE_OLD].endpoint_count, 1);
    assert_int_equal(fake.order.side[ZDD_SIDE_NEW].serving, ZDD_SERVES);
    assert_int_equal(fake.order.side[ZDD_SIDE_NEW].weight, 256);
    assert_int_equal(fake.order.side[ZDD_SIDE_NEW].endpoint_count, 2);
    assert_string_equal(fake.order.side[ZDD_SIDE_NEW].endpoints[1].address, "10.0.0.3:1");
    assert_int_equal(zdd_balance_look(&router, "/shop", &fleet, &view, reason), ZDD_ERR_NONE);
    assert_int_equal(view.taken_at_ms, 7);
    assert_int_equal(fake.asks, 1);
    assert_string_equal(fake.ask.pair, "/shop");
    assert_int_equal(fake.ask.endpoint_count[ZDD_SIDE_OLD], 1);
    assert_string_equal(fake.ask.endpoints[ZDD_SIDE_NEW][0].address, "10.0.0.2:1");
    fake.answer = ZDD_ERR_ROUTER_DOWN;
    assert_int_equal(zdd_balance_tell(&router, "/shop", &traffic, &fleet, reason),
                     ZDD_ERR_ROUTER_DOWN);
    assert_string_equal(reason, "nobody there");
    assert_int_equal(zdd_balance_look(&router, "/shop", &fleet, &view, reason),
                     ZDD_ERR_ROUTER_DOWN);
    assert_string_equal(reason, "");
    zdd_fleet_release(&fleet);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_port_of_each_instance_is_a_server_of_its_backend),
        cmocka_unit_test(ports_without_a_backend_are_behind_no_balancer),
        cmocka_unit_test(an_instance_with_every_port_that_a_pair_can_have_fits),
        cmocka_unit_test(the_oldest_leave_whatever_else_comes_and_goes),
        cmocka_unit_test(nobody_is_a_fleet_too),
        cmocka_unit_test(addresses_are_told_in_their_order_whatever_the_list),
        cmocka_unit_test(of_many_addresses_the_first_in_order_are_told),
        cmocka_unit_test(balancers_that_have_not_all_answered_tell_nothing),
        cmocka_unit_test(the_worst_balancer_counts_and_sessions_add_up),
        cmocka_unit_test(one_balancer_that_ignores_weights_is_one_too_many),
        cmocka_unit_test(told_is_who_serves_with_exactly_the_weight),
        cmocka_unit_test(told_is_who_stopped_when_it_shall_drain_or_rest),
        cmocka_unit_test(who_is_not_there_needs_not_be_told),
        cmocka_unit_test(servers_of_several_ports_count_as_instances),
        cmocka_unit_test(who_serves_is_counted_where_they_are_fewest),
        cmocka_unit_test(balancers_that_do_not_answer_count_for_nothing),
        cmocka_unit_test(the_healthy_instances_have_a_mark),
        cmocka_unit_test(a_fleet_lives_as_long_as_somebody_has_it),
        cmocka_unit_test(the_balancers_are_told_and_asked_of_the_pair_s_servers),
    };

    return cmocka_run_group_tests_name("server/engine/balance", tests, NULL, NULL);
}
