/**
 * @file tests/lab/router_desk.c
 * @brief What tests of the router with real balancers share.
 */
#include "tests/lab/router_desk.h"

#include "server/base/clock.h"
#include "tests/bench/support/load.h"
#include "tests/support/spec.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define PATIENCE_MS 20000
#define PAUSE_NS 5000000L

int desk_set_up(void **state)
{
    struct desk *desk = calloc(1, sizeof(*desk));

    assert_non_null(desk);
    desk->servers = tiny_start(DESK_SERVERS);
    for (int i = 0; i < DESK_SERVERS; i++) {
        struct zdd_endpoint *endpoint = &desk->endpoint[i];

        snprintf(endpoint->backend, sizeof(endpoint->backend), RIG_BACKEND);
        snprintf(endpoint->address, sizeof(endpoint->address), "127.0.0.1:%u",
                 tiny_port(desk->servers, i));
    }
    *state = desk;
    return 0;
}

int desk_tear_down(void **state)
{
    struct desk *desk = *state;

    for (size_t i = 0; i < DESK_RIGS; i++)
        rig_stop(&desk->rig[i]);
    zdd_router_close(&desk->router);
    tiny_stop(desk->servers);
    free(desk);
    return 0;
}

/* The balancers' ports are taken before they run, so the router may know them at once. */
void desk_open_agent(struct desk *desk, size_t rigs)
{
    const char *const urls[DESK_RIGS] = {desk->rig[0].stats_url, desk->rig[1].stats_url};
    const struct zdd_router_options options = {
        .driver = "marathon-lb",
        .balancers = urls,
        .balancer_count = rigs,
        .agent_listen = desk->listen[0] ? desk->listen : "127.0.0.1:0",
    };
    struct zdd_agent_stats unused;
    uint16_t port;

    if (zdd_router_open(&options, &desk->router, desk->reason) != ZDD_ERR_NONE ||
        zdd_router_start(&desk->router, desk->reason) != ZDD_ERR_NONE)
        fail_msg("%s", desk->reason);
    assert_true(zdd_router_agent(&desk->router, &port, &unused));
    snprintf(desk->listen, sizeof(desk->listen), "127.0.0.1:%u", port);
}

struct rig_options desk_rig(const struct desk *desk)
{
    struct rig_options options = {.server_count = DESK_SERVERS};
    struct zdd_agent_stats unused;

    for (int i = 0; i < DESK_SERVERS; i++)
        options.port[i] = tiny_port(desk->servers, i);
    if (desk->router.ops)
        (void)zdd_router_agent(&desk->router, &options.agent_port, &unused);
    return options;
}

void desk_set(struct desk *desk, struct zdd_side_order old, struct zdd_side_order new)
{
    struct zdd_router_order order = {.pair = "/svc", .side = {old, new}};

    order.side[ZDD_SIDE_OLD].endpoints = desk->endpoint;
    order.side[ZDD_SIDE_OLD].endpoint_count = DESK_OLD;
    order.side[ZDD_SIDE_NEW].endpoints = desk->endpoint + DESK_OLD;
    order.side[ZDD_SIDE_NEW].endpoint_count = DESK_SERVERS - DESK_OLD;
    if (desk->router.ops->set(desk->router.cls, &order, desk->reason) != ZDD_ERR_NONE)
        fail_msg("%s", desk->reason);
}

enum zdd_err desk_look(struct desk *desk)
{
    const struct zdd_router_ask ask = {.pair = "/svc",
                                       .endpoints = {desk->endpoint, desk->endpoint + DESK_OLD},
                                       .endpoint_count = {DESK_OLD, DESK_SERVERS - DESK_OLD}};

    return desk->router.ops->observe(desk->router.cls, &ask, 1, 0, &desk->view, desk->reason);
}

static bool holds(struct desk *desk, bool (*is_so)(const struct zdd_balancer_view *, int),
                  int number)
{
    if (desk_look(desk) != ZDD_ERR_NONE)
        return false;
    for (size_t i = 0; i < desk->view.balancer_count; i++) {
        const struct zdd_balancer_view *view = &desk->view.balancer[i];

        if (view->reachable && !is_so(view, number))
            return false;
    }
    return true;
}

void desk_await(struct desk *desk, bool (*is_so)(const struct zdd_balancer_view *view, int number),
                int number)
{
    const struct timespec pause = {.tv_nsec = PAUSE_NS};
    const int64_t until_ms = zdd_mono_ms() + PATIENCE_MS;

    while (!holds(desk, is_so, number)) {
        if (zdd_mono_ms() > until_ms)
            fail_msg("it does not happen (%d); old: %d servers, weight %d to %d, %d stopped, %d "
                     "sessions; new: weight %d; %s",
                     number, desk->view.balancer[0].side[0].servers,
                     desk->view.balancer[0].side[0].weight_min,
                     desk->view.balancer[0].side[0].weight_max,
                     desk->view.balancer[0].side[0].stopped,
                     desk->view.balancer[0].side[0].sessions,
                     desk->view.balancer[0].side[1].weight_max, desk->reason);
        nanosleep(&pause, NULL);
    }
}

static bool weight_is(const struct zdd_side_traffic *side, int number, int servers)
{
    return side->servers == servers && side->weight_min == number && side->weight_max == number;
}

bool old_weight_is(const struct zdd_balancer_view *view, int number)
{
    return weight_is(&view->side[ZDD_SIDE_OLD], number, DESK_OLD);
}

bool new_weight_is(const struct zdd_balancer_view *view, int number)
{
    return weight_is(&view->side[ZDD_SIDE_NEW], number, DESK_SERVERS - DESK_OLD);
}

bool old_stopped_are(const struct zdd_balancer_view *view, int number)
{
    return view->side[ZDD_SIDE_OLD].stopped == number;
}

bool old_sessions_are(const struct zdd_balancer_view *view, int number)
{
    return view->side[ZDD_SIDE_OLD].sessions == number;
}

bool all_are_up(const struct zdd_balancer_view *view, int number)
{
    return view->side[ZDD_SIDE_OLD].up + view->side[ZDD_SIDE_NEW].up == number;
}

void desk_shift(struct desk *desk, int32_t old_weight, int32_t new_weight)
{
    const bool forward = new_weight > 0;
    const struct zdd_balancer_view *view = &desk->view.balancer[0];
    int32_t before;

    assert_int_equal(desk_look(desk), ZDD_ERR_NONE);
    if (forward) {
        before = view->side[ZDD_SIDE_OLD].weight_max;
        desk_set(desk, serves(before), serves(new_weight));
        desk_await(desk, new_weight_is, new_weight);
    } else {
        before = view->side[ZDD_SIDE_NEW].weight_max;
        desk_set(desk, serves(old_weight), serves(before));
        desk_await(desk, old_weight_is, old_weight);
    }
    desk_set(desk, serves(old_weight), serves(new_weight));
    desk_await(desk, forward ? old_weight_is : new_weight_is, forward ? old_weight : new_weight);
}

static size_t make(void *cls, uint64_t number, char text[static LOAD_REQUEST_SIZE])
{
    (void)cls;
    (void)number;
    return load_get(text, "/", NULL);
}

static void count_reply(void *cls, uint64_t number, const char *text, size_t size)
{
    struct desk_count *count = cls;
    const char *body = load_body(text);

    (void)number;
    (void)size;
    if (body[0] == 's' && body[1] >= '0' && body[1] < '0' + DESK_SERVERS)
        count->by[body[1] - '0']++;
    else
        count->wrong++;
}

static void ask_many(const struct rig *rig, uint64_t requests, int64_t ms, unsigned connections,
                     struct desk_count *count)
{
    const struct load_options options = {.port = rig->front_port,
                                         .connections = connections,
                                         .request_max = requests,
                                         .time_max_ms = ms,
                                         .status = 200,
                                         .make = make,
                                         .reply = count_reply,
                                         .cls = count};
    struct load_result result;

    (void)load_run(&options, &result);
    count->answered = (unsigned)result.answered;
    count->wrong += (unsigned)result.wrong;
}

struct desk_count desk_ask(const struct rig *rig, unsigned requests, unsigned connections)
{
    struct desk_count count = {0};

    ask_many(rig, requests, 60000, connections, &count);
    return count;
}

static void *run(void *cls)
{
    struct desk_load *load = cls;

    ask_many(load->rig, 100000000, load->ms, 8, &load->count);
    __atomic_store_n(&load->over, 1, __ATOMIC_SEQ_CST);
    return NULL;
}

void desk_load_start(struct desk_load *load, const struct rig *rig, int64_t ms)
{
    *load = (struct desk_load){.rig = rig, .ms = ms};
    assert_int_equal(pthread_create(&load->thread, NULL, run, load), 0);
}

bool desk_load_over(struct desk_load *load)
{
    return __atomic_load_n(&load->over, __ATOMIC_SEQ_CST) != 0;
}

void desk_load_join(struct desk_load *load)
{
    pthread_join(load->thread, NULL);
}
