/**
 * @file tests/lab/router_desk.h
 * @brief What tests of the router with real balancers share: servers, one or two balancers, the
 * router between them, and a client that counts who answers.
 */
#pragma once

#include "server/router/routers.h"
#include "tests/lab/haproxy_rig.h"
#include "tests/lab/tiny_servers.h"

#include <pthread.h>

#define DESK_SERVERS 4 /* three old ones and a new one */
#define DESK_OLD 3
#define DESK_RIGS 2

struct desk {
    struct tiny_servers *servers;
    struct rig rig[DESK_RIGS];
    struct zdd_router router;
    struct zdd_endpoint endpoint[DESK_SERVERS];
    struct zdd_router_view view;
    char reason[ZDD_ROUTER_REASON_SIZE];
    char listen[32]; /* where the agent listens, from its second start on */
};

/** What a client saw. */
struct desk_count {
    unsigned wrong; /* other statuses, broken connections */
    unsigned answered;
    unsigned by[DESK_SERVERS];
};

/** cmocka's set-up and tear-down; the state is a struct desk with servers and nothing else. */
int desk_set_up(void **state);
int desk_tear_down(void **state);

/** Open and start the router marathon-lb for @p rigs balancers (not running yet). */
void desk_open_agent(struct desk *desk, size_t rigs);

/** Options of a balancer with all servers and the agent of the router, if it has one. */
struct rig_options desk_rig(const struct desk *desk);

/** Say what both sides shall do: the old ones and the new one. */
void desk_set(struct desk *desk, struct zdd_side_order old, struct zdd_side_order new);
#define serves(number) ((struct zdd_side_order){.serving = ZDD_SERVES, .weight = (number)})
#define drains ((struct zdd_side_order){.serving = ZDD_DRAINS})
#define rests ((struct zdd_side_order){.serving = ZDD_RESTS})

/** Look now. @return the error; the view is in desk->view */
enum zdd_err desk_look(struct desk *desk);

/** Look until @p is_so, of each reachable balancer; fails the test after a while. */
void desk_await(struct desk *desk, bool (*is_so)(const struct zdd_balancer_view *view, int number),
                int number);

/** Conditions for desk_await: weights, stopped servers, sessions, … */
bool old_weight_is(const struct zdd_balancer_view *view, int number);
bool new_weight_is(const struct zdd_balancer_view *view, int number);
bool old_stopped_are(const struct zdd_balancer_view *view, int number);
bool old_sessions_are(const struct zdd_balancer_view *view, int number);
bool all_are_up(const struct zdd_balancer_view *view, int number);

/** Raise the new side, see it, lower the old one: the order that never leaves nobody serving. */
void desk_shift(struct desk *desk, int32_t old_weight, int32_t new_weight);

/** Ask the frontend of @p rig, over keep-alive connections. */
struct desk_count desk_ask(const struct rig *rig, unsigned requests, unsigned connections);

/** The same in a thread of its own, for a time. */
struct desk_load {
    const struct rig *rig;
    int64_t ms;
    struct desk_count count;
    int over; /* set when it has ended */
    pthread_t thread;
};
void desk_load_start(struct desk_load *load, const struct rig *rig, int64_t ms);
bool desk_load_over(struct desk_load *load);
void desk_load_join(struct desk_load *load);
