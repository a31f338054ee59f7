/**
 * @file tests/lab/test_router_agent.c
 * @brief The router marathon-lb with real HAProxies: shares, cutovers without a lost request,
 * drains, reloads, and what happens while either side is away.
 */
#include "tests/lab/router_desk.h"

#include "server/base/clock.h"
#include "strategies/weights.h"
#include "tests/support/spec.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define SPLIT_REQUESTS 20000
#define PATIENCE_MS 20000

static void pause_ms(long ms)
{
    nanosleep(&(struct timespec){.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000}, NULL);
}

/* Ports first, then the router that names them, then HAProxy that asks its agent. */
static void begin(struct desk *desk, size_t rigs)
{
    for (size_t i = 0; i < rigs; i++) {
        struct rig_options options = desk_rig(desk);

        rig_start(&desk->rig[i], &options);
    }
    desk_open_agent(desk, rigs);
    for (size_t i = 0; i < rigs; i++) {
        struct rig_options options = desk_rig(desk);

        options.source = i == 0 ? NULL : "127.0.0.2";
        options.state_file = true;
        rig_change(&desk->rig[i], &options);
        rig_reload(&desk->rig[i]);
    }
}

static void assert_share(const struct desk_count *count, double wanted_pct)
{
    const double share = 100.0 * count->by[DESK_OLD] / count->answered;

    print_message("%.3f %% of %u requests, wanted %.3f %%\n", share, count->answered, wanted_pct);
    assert_int_equal(count->wrong, 0);
    assert_true(share > wanted_pct - 0.5 && share < wanted_pct + 0.5);
}

static void a_share_is_what_the_weights_promise(void **state)
{
    static const double shares[] = {20, 1, 50};
    struct desk *desk = *state;

    begin(desk, 1);
    for (size_t i = 0; i < ZDD_COUNT(shares); i++) {
        const struct zdd_weights w = zdd_weights_for(shares[i], DESK_OLD, DESK_SERVERS - DESK_OLD);
        struct desk_count count;

        desk_set(desk, serves(w.old_weight), serves(w.new_weight));
        desk_await(desk, old_weight_is, w.old_weight);
        desk_await(desk, new_weight_is, w.new_weight);
        assert_true(desk->view.balancer[0].weights_obeyed);
        assert_int_equal(desk->view.balancer[0].strangers, 0);
        count = desk_ask(&desk->rig[0], SPLIT_REQUESTS, 8);
        assert_int_equal(count.answered, SPLIT_REQUESTS);
        assert_share(&count, w.share_pct);
    }
}

static void nothing_and_everything_are_exact(void **state)
{
    struct desk *desk = *state;
    struct desk_count count;

    begin(desk, 1);
    desk_set(desk, serves(ZDD_WEIGHT_MAX), serves(0));
    desk_await(desk, old_weight_is, ZDD_WEIGHT_MAX);
    desk_await(desk, new_weight_is, 0);
    count = desk_ask(&desk->rig[0], 2000, 8);
    assert_int_equal(count.wrong, 0);
    assert_int_equal(count.by[DESK_OLD], 0);
    desk_shift(desk, 0, ZDD_WEIGHT_MAX);
    count = desk_ask(&desk->rig[0], 2000, 8);
    assert_int_equal(count.wrong, 0);
    assert_int_equal(count.by[DESK_OLD], 2000);
}

static void raise_see_lower_loses_no_request(void **state)
{
    struct desk *desk = *state;
    struct desk_load load;
    int flips = 0;

    begin(desk, 1);
    desk_set(desk, serves(100), serves(0));
    desk_await(desk, old_weight_is, 100);
    desk_await(desk, new_weight_is, 0);
    desk_load_start(&load, &desk->rig[0], 4000);
    while (!desk_load_over(&load)) {
        desk_shift(desk, flips % 2 ? 100 : 0, flips % 2 ? 0 : 100);
        flips++;
    }
    desk_load_join(&load);
    print_message("%d flips, %u requests, %u wrong\n", flips, load.count.answered,
                  load.count.wrong);
    assert_int_equal(load.count.wrong, 0);
    assert_true(flips >= 1);
    assert_true(load.count.by[0] > 0 && load.count.by[DESK_OLD] > 0);
}

static void while_nobody_answers_the_last_weight_stays(void **state)
{
    struct desk *desk = *state;
    struct desk_count count;

    begin(desk, 1);
    desk_set(desk, serves(60), serves(0));
    desk_await(desk, old_weight_is, 60);
    desk_await(desk, new_weight_is, 0);
    zdd_router_close(&desk->router);

    /* Some questions of the balancer go unanswered meanwhile. */
    count = desk_ask(&desk->rig[0], 4000, 4);
    pause_ms(300);
    assert_int_equal(count.wrong, 0);
    assert_int_equal(count.by[DESK_OLD], 0);
    assert_non_null(strstr(rig_ask(&desk->rig[0], "show stat"), "L4CON"));

    /* It comes back, at first without knowing anything: who is not known is not touched. */
    desk_open_agent(desk, 1);
    pause_ms(300);
    assert_int_equal(desk_look(desk), ZDD_ERR_NONE);
    assert_true(old_weight_is(&desk->view.balancer[0], 60));
    assert_true(new_weight_is(&desk->view.balancer[0], 0));
    desk_set(desk, serves(60), serves(20));
    desk_await(desk, new_weight_is, 20);
}

static void a_server_that_nothing_is_said_of_keeps_its_weight(void **state)
{
    struct desk *desk = *state;
    struct zdd_agent_stats stats;
    const int64_t until_ms = zdd_mono_ms() + PATIENCE_MS;
    uint16_t port;

    begin(desk, 1);
    desk_set(desk, serves(50), serves(30));
    desk_await(desk, new_weight_is, 30);
    desk_await(desk, old_weight_is, 50);
    desk->router.ops->forget(desk->router.cls, "/svc");
    do {
        pause_ms(5);
        assert_true(zdd_router_agent(&desk->router, &port, &stats));
    } while (stats.unknown < 20 && zdd_mono_ms() < until_ms);
    assert_true(stats.unknown >= 20);
    assert_int_equal(desk_look(desk), ZDD_ERR_NONE);
    assert_true(old_weight_is(&desk->view.balancer[0], 50));
    assert_true(new_weight_is(&desk->view.balancer[0], 30));
    assert_int_equal(desk->view.receipt_count, 0);
}

static void a_reload_is_noticed_and_takes_nothing_away(void **state)
{
    struct desk *desk = *state;
    int64_t before_ms;

    begin(desk, 1);
    desk_set(desk, serves(90), serves(10));
    desk_await(desk, old_weight_is, 90);
    desk_await(desk, new_weight_is, 10);
    assert_int_equal(desk_ask(&desk->rig[0], 1000, 4).wrong, 0);
    assert_int_equal(desk_look(desk), ZDD_ERR_NONE);
    before_ms = desk->view.balancer[0].started_at_ms;
    assert_true(before_ms > 0);
    assert_true(desk->view.balancer[0].side[ZDD_SIDE_OLD].counters.requests > 800);

    rig_reload(&desk->rig[0]);
    assert_int_equal(desk_look(desk), ZDD_ERR_NONE);
    assert_int_not_equal(desk->view.balancer[0].started_at_ms, before_ms);
    assert_int_equal(desk->view.balancer[0].side[ZDD_SIDE_OLD].counters.requests, 0);
    assert_true(old_weight_is(&desk->view.balancer[0], 90)); /* the state file */
    assert_true(new_weight_is(&desk->view.balancer[0], 10));
}

static void without_a_state_file_the_balancer_asks_again(void **state)
{
    struct desk *desk = *state;
    struct rig_options options;

    begin(desk, 1);
    desk_set(desk, serves(90), serves(10));
    desk_await(desk, old_weight_is, 90);
    options = desk_rig(desk);
    rig_change(&desk->rig[0], &options);
    rig_reload(&desk->rig[0]);
    desk_await(desk, old_weight_is, 90);
    desk_await(desk, new_weight_is, 10);
}

/* Reloads of the same second, on a balancer that does not tell when it started. */
static void a_reload_is_noticed_where_nobody_tells_the_time(void **state)
{
    struct desk *desk = *state;
    struct rig_options options;
    int64_t before;

    begin(desk, 1);
    options = desk_rig(desk);
    options.no_metrics = true;
    rig_change(&desk->rig[0], &options);
    rig_reload(&desk->rig[0]);
    assert_int_equal(desk_look(desk), ZDD_ERR_NONE);
    before = desk->view.balancer[0].started_at_ms;
    for (int i = 0; i < 3; i++) {
        assert_int_equal(desk_ask(&desk->rig[0], 100, 2).wrong, 0);
        assert_int_equal(desk_look(desk), ZDD_ERR_NONE);
        assert_int_equal(desk->view.balancer[0].started_at_ms, before);
        rig_reload(&desk->rig[0]);
        assert_int_equal(desk_look(desk), ZDD_ERR_NONE);
        assert_int_not_equal(desk->view.balancer[0].started_at_ms, before);
        before = desk->view.balancer[0].started_at_ms;
    }
}

/* A request that waits for its answer; to be read with slow_status(). */
static int ask_slowly(const struct rig *rig)
{
    static const char request[] = "GET /slow HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    const struct sockaddr_in address = {.sin_family = AF_INET,
                                        .sin_port = htons(rig->front_port),
                                        .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    assert_true(fd >= 0);
    assert_int_equal(connect(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
    assert_int_equal(send(fd, request, strlen(request), MSG_NOSIGNAL), (ssize_t)strlen(request));
    return fd;
}

static unsigned slow_status(int fd)
{
    char text[512] = "";
    size_t size = 0;
    ssize_t got;

    do {
        got = recv(fd, text + size, sizeof(text) - 1 - size, 0);
        size += got > 0 ? (size_t)got : 0;
    } while (got > 0 && size < sizeof(text) - 1);
    close(fd);
    return size > 9 ? (unsigned)strtoul(text + 9, NULL, 10) : 0;
}

/* Requests that wait at all old servers together. */
static int waiting_at_old(struct desk *desk)
{
    int sum = 0;

    for (int i = 0; i < DESK_OLD; i++)
        sum += tiny_waiting(desk->servers, i);
    return sum;
}

static void drain_with_requests_under_way(struct desk *desk, struct zdd_side_order how)
{
    enum { SLOW = 6 };
    const int64_t until_ms = zdd_mono_ms() + PATIENCE_MS;
    struct desk_count count;
    int fd[SLOW];

    begin(desk, 1);
    desk_set(desk, serves(100), serves(0));
    desk_await(desk, old_weight_is, 100);
    desk_await(desk, new_weight_is, 0);
    for (int i = 0; i < SLOW; i++)
        fd[i] = ask_slowly(&desk->rig[0]);
    while (waiting_at_old(desk) < SLOW && zdd_mono_ms() < until_ms)
        pause_ms(2);
    assert_int_equal(waiting_at_old(desk), SLOW);
    desk_await(desk, old_sessions_are, SLOW);

    desk_shift(desk, 0, 100);
    desk_set(desk, how, serves(100));
    desk_await(desk, old_stopped_are, DESK_OLD);
    assert_int_equal(desk->view.balancer[0].side[ZDD_SIDE_OLD].sessions, SLOW);
    assert_int_equal(desk->view.balancer[0].side[ZDD_SIDE_OLD].weight_sum, 0);
    count = desk_ask(&desk->rig[0], 2000, 8);
    assert_int_equal(count.wrong, 0);
    assert_int_equal(count.by[DESK_OLD], 2000);
    assert_int_equal(desk_look(desk), ZDD_ERR_NONE);
    assert_int_equal(desk->view.balancer[0].side[ZDD_SIDE_OLD].sessions, SLOW);

    tiny_release(desk->servers);
    for (int i = 0; i < SLOW; i++)
        assert_int_equal(slow_status(fd[i]), 200);
    desk_await(desk, old_sessions_are, 0);
}

static void a_drain_ends_when_the_last_request_has(void **state)
{
    drain_with_requests_under_way(*state, drains);
}

static void a_rest_ends_when_the_last_request_has(void **state)
{
    drain_with_requests_under_way(*state, rests);
}

static void every_order_undoes_every_other(void **state)
{
    const struct zdd_side_order orders[] = {serves(7), drains, rests,    serves(8),
                                            rests,     drains, serves(9)};
    struct desk *desk = *state;

    begin(desk, 1);
    for (size_t i = 0; i < ZDD_COUNT(orders); i++) {
        desk_set(desk, orders[i], serves(1));
        if (orders[i].serving == ZDD_SERVES) {
            desk_await(desk, old_stopped_are, 0);
            desk_await(desk, old_weight_is, orders[i].weight);
            desk_await(desk, all_are_up, DESK_SERVERS);
        } else {
            desk_await(desk, old_stopped_are, DESK_OLD);
            /* Of drain and rest only drain leaves them up. */
            desk_await(desk, all_are_up,
                       orders[i].serving == ZDD_DRAINS ? DESK_SERVERS : DESK_SERVERS - DESK_OLD);
        }
    }
}

static void each_of_two_balancers_has_a_receipt(void **state)
{
    struct desk *desk = *state;

    begin(desk, 2);
    desk_set(desk, serves(80), serves(60));
    desk_await(desk, old_weight_is, 80);
    desk_await(desk, new_weight_is, 60);
    assert_int_equal(desk->view.balancer_count, 2);
    assert_int_equal(desk->view.receipt_count, 2);
    for (size_t i = 0; i < 2; i++) {
        const struct zdd_router_receipt *receipt = &desk->view.receipt[i];

        assert_true(desk->view.balancer[i].reachable);
        assert_true(strcmp(receipt->source, "127.0.0.1") == 0 ||
                    strcmp(receipt->source, "127.0.0.2") == 0);
        assert_int_equal(receipt->fetched, DESK_SERVERS);
        assert_int_equal(receipt->total, DESK_SERVERS);
        assert_true(receipt->last_ms > 0);
    }
    assert_string_not_equal(desk->view.receipt[0].source, desk->view.receipt[1].source);
}

static void one_balancer_is_away_and_the_other_goes_on(void **state)
{
    struct desk *desk = *state;

    begin(desk, 2);
    desk_set(desk, serves(80), serves(60));
    desk_await(desk, new_weight_is, 60);
    rig_kill(&desk->rig[1]);
    assert_int_equal(desk_look(desk), ZDD_ERR_NONE);
    assert_true(desk->view.balancer[0].reachable);
    assert_false(desk->view.balancer[1].reachable);
    desk_set(desk, serves(80), serves(70));
    desk_await(desk, new_weight_is, 70);
    assert_int_equal(desk_ask(&desk->rig[0], 500, 4).wrong, 0);

    rig_again(&desk->rig[1]);
    desk_await(desk, new_weight_is, 70);
    assert_true(desk->view.balancer[1].reachable);

    rig_kill(&desk->rig[0]);
    rig_kill(&desk->rig[1]);
    assert_int_equal(desk_look(desk), ZDD_ERR_ROUTER_DOWN);
    assert_non_null(strstr(desk->reason, "127.0.0.1:"));
}

static void an_algorithm_that_ignores_weights_is_told(void **state)
{
    static const char *const algorithms[] = {"leastconn", "source", "static-rr", "roundrobin"};
    struct desk *desk = *state;

    begin(desk, 1);
    for (size_t i = 0; i < 2 * ZDD_COUNT(algorithms); i++) {
        struct rig_options options = desk_rig(desk);
        const char *algorithm = algorithms[i % ZDD_COUNT(algorithms)];

        options.no_legends = i >= ZDD_COUNT(algorithms);
        options.balance = algorithm;
        rig_change(&desk->rig[0], &options);
        rig_reload(&desk->rig[0]);
        assert_int_equal(desk_look(desk), ZDD_ERR_NONE);
        assert_int_equal(desk->view.balancer[0].weights_obeyed,
                         strcmp(algorithm, "roundrobin") == 0);
    }
}

static void a_server_of_neither_side_is_counted(void **state)
{
    struct desk *desk = *state;
    struct rig_options options;

    begin(desk, 1);
    options = desk_rig(desk);
    options.port[options.server_count++] = 9; /* discard: nobody is there */
    rig_change(&desk->rig[0], &options);
    rig_reload(&desk->rig[0]);
    desk_set(desk, serves(5), serves(5));
    desk_await(desk, old_weight_is, 5);
    assert_int_equal(desk->view.balancer[0].strangers, 1);
}

static void a_server_that_is_down_is_not_up(void **state)
{
    struct desk *desk = *state;
    struct rig_options options;

    begin(desk, 1);
    options = desk_rig(desk);
    options.extra = "check inter 50ms fall 2 rise 1";
    rig_change(&desk->rig[0], &options);
    rig_reload(&desk->rig[0]);
    desk_set(desk, serves(5), serves(5));
    desk_await(desk, all_are_up, DESK_SERVERS);
    desk->servers = tiny_stop(desk->servers);
    desk_await(desk, all_are_up, 0);
    assert_int_equal(desk->view.balancer[0].side[ZDD_SIDE_OLD].weight_sum, 0);
    desk->servers = tiny_start(1); /* for the tear-down */
}

#define SPEC(test) cmocka_unit_test_setup_teardown(test, desk_set_up, desk_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        SPEC(a_share_is_what_the_weights_promise),
        SPEC(nothing_and_everything_are_exact),
        SPEC(raise_see_lower_loses_no_request),
        SPEC(while_nobody_answers_the_last_weight_stays),
        SPEC(a_server_that_nothing_is_said_of_keeps_its_weight),
        SPEC(a_reload_is_noticed_and_takes_nothing_away),
        SPEC(without_a_state_file_the_balancer_asks_again),
        SPEC(a_reload_is_noticed_where_nobody_tells_the_time),
        SPEC(a_drain_ends_when_the_last_request_has),
        SPEC(a_rest_ends_when_the_last_request_has),
        SPEC(every_order_undoes_every_other),
        SPEC(each_of_two_balancers_has_a_receipt),
        SPEC(one_balancer_is_away_and_the_other_goes_on),
        SPEC(an_algorithm_that_ignores_weights_is_told),
        SPEC(a_server_of_neither_side_is_counted),
        SPEC(a_server_that_is_down_is_not_up),
    };

    if (!rig_possible())
        return 77;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
