/**
 * @file tests/sim/pair_balancer.c
 * @brief Balancers that reload, lag and fall silent, and the requests that pass through them.
 */
#include "strategies/weights.h"
#include "tests/sim/play.h"

#include <stdlib.h>
#include <string.h>

#define CUT_MAX_MS 20000
#define LAG_MAX_MS 10000
#define RELOAD_MAX_MS 3000 /* from a change of the list to the reload for it */
#define ASK_PCT 60         /* servers of which a balancer asks in one moment */
#define REQUEST_PCT 40

static bool answers(const struct pair_task *t)
{
    return t->state == TASK_HEALTHY || (t->state == TASK_ENDING && t->served);
}

static bool takes(const struct pair_task *t, const struct pair_row *row)
{
    return row->listed && answers(t) && row->setting.serving == ZDD_SERVES &&
           row->setting.weight > 0;
}

int pair_takers(const struct sim *s, int b, enum zdd_pair_side side)
{
    int n = 0;

    for (int i = 0; i < PAIR_TASKS_MAX; i++)
        n += s->pair.task[i].side == side && takes(&s->pair.task[i], &s->pair.balancer[b].row[i]);
    return n;
}

bool pair_serves_everywhere(const struct sim *s, int task)
{
    for (int b = 0; b < s->pair.balancer_count; b++) {
        if (!takes(&s->pair.task[task], &s->pair.balancer[b].row[task]))
            return false;
    }
    return s->pair.task[task].state == TASK_HEALTHY;
}

static bool is_cut(const struct sim *s, int b)
{
    return s->world.now_ms < s->pair.balancer[b].cut_until_ms;
}

void pair_reload(struct sim *s, int b)
{
    struct pair_balancer *balancer = &s->pair.balancer[b];

    balancer->reload_at_ms = 0;
    /* In the engine's time, as its balancers tell it; it grows with each process, and only with it.
     */
    if (s->world.now_ms + s->world.clock_skew_ms > balancer->started_at_ms)
        balancer->started_at_ms = s->world.now_ms + s->world.clock_skew_ms;
    else
        balancer->started_at_ms++;
    for (int i = 0; i < PAIR_TASKS_MAX; i++) {
        struct pair_row *row = &balancer->row[i];

        if (s->pair.task[i].state != TASK_HEALTHY)
            *row = (struct pair_row){0};
        else if (!row->listed) /* the others keep what they had */
            *row = (struct pair_row){.listed = true,
                                     .listed_at_ms = s->world.now_ms,
                                     .setting = {ZDD_SERVES, ZDD_WEIGHT_BASE}};
        row->requests = 0;
    }
    for (int i = 0; i < PAIR_REQUESTS_MAX; i++)
        s->pair.request[i].hidden |= s->pair.request[i].busy && s->pair.request[i].balancer == b;
    world_tell(&s->world, "balancer %d reloads", b);
}

static bool is_list_old(const struct sim *s, int b)
{
    for (int i = 0; i < PAIR_TASKS_MAX; i++) {
        if (s->pair.balancer[b].row[i].listed != (s->pair.task[i].state == TASK_HEALTHY))
            return true;
    }
    return false;
}

static void ask_for_weights(struct sim *s, int b)
{
    const bool lags = s->world.now_ms < s->pair.balancer[b].lags_until_ms;

    for (int i = 0; i < PAIR_TASKS_MAX && !lags && !is_cut(s, b); i++) {
        struct pair_row *row = &s->pair.balancer[b].row[i];

        if (!row->listed || !s->pair.is_said[i] || !world_chance(&s->world, ASK_PCT) ||
            world_fault(&s->world, s->world.faults.weight_lost))
            continue;
        row->setting = s->pair.said[i];
        row->asked = true;
    }
}

static void live(struct sim *s, int b)
{
    struct world *w = &s->world;
    struct pair_balancer *balancer = &s->pair.balancer[b];

    if (world_fault(w, w->faults.balancer_cut)) {
        balancer->cut_until_ms = w->now_ms + (int64_t)(world_draw(w) % CUT_MAX_MS);
        world_tell(w, "balancer %d is cut off until %.1f s", b,
                   (double)balancer->cut_until_ms / 1000.0);
    }
    if (world_fault(w, w->faults.balancer_lags))
        balancer->lags_until_ms = w->now_ms + (int64_t)(world_draw(w) % LAG_MAX_MS);
    if (balancer->reload_at_ms == 0 && is_list_old(s, b))
        balancer->reload_at_ms = w->now_ms + (int64_t)(world_draw(w) % RELOAD_MAX_MS);
    if ((balancer->reload_at_ms > 0 && w->now_ms >= balancer->reload_at_ms) ||
        world_fault(w, w->faults.balancer_reloads))
        pair_reload(s, b);
    ask_for_weights(s, b);
}

void pair_balancers_live(struct sim *s)
{
    for (int b = 0; b < s->pair.balancer_count; b++)
        live(s, b);
    for (int i = 0; i < PAIR_TASKS_MAX; i++) {
        bool listed = false;

        for (int b = 0; b < s->pair.balancer_count; b++)
            listed = listed || s->pair.balancer[b].row[i].listed;
        if (s->pair.task[i].state == TASK_ENDED && !listed)
            s->pair.task[i].state = TASK_FREE;
    }
}

/* Which task balancer @p b gives the next request to; -1: none. */
static int choose(struct sim *s, int b)
{
    const struct pair_balancer *balancer = &s->pair.balancer[b];
    int chosen = -1;
    uint64_t count = 0;

    /* Whoever has any weight may be the next, and what is rare by weight is what hurts. */
    for (int i = 0; i < PAIR_TASKS_MAX; i++) {
        if (takes(&s->pair.task[i], &balancer->row[i]) && world_draw(&s->world) % ++count == 0)
            chosen = i;
    }
    return chosen;
}

static void begin_request(struct sim *s, struct pair_request *r)
{
    const int b = (int)(world_draw(&s->world) % (uint64_t)s->pair.balancer_count);
    const int32_t allowed_ms = s->plan.pair.drain_ms;
    const int task = choose(s, b);
    int64_t length_ms = 1 + (int64_t)(world_draw(&s->world) % (uint64_t)allowed_ms);

    if (world_fault(&s->world, s->world.faults.requests_too_long))
        length_ms = 4 * (int64_t)allowed_ms;
    if (task < 0)
        return;
    *r = (struct pair_request){.busy = true,
                               .task = task,
                               .balancer = b,
                               .began_ms = s->world.now_ms,
                               .ends_ms = s->world.now_ms + length_ms};
    s->pair.balancer[b].row[task].requests++;
    s->pair.begun[s->pair.task[task].side]++;
}

void pair_requests_live(struct sim *s)
{
    for (int i = 0; i < PAIR_REQUESTS_MAX; i++) {
        struct pair_request *r = &s->pair.request[i];

        r->busy = r->busy && s->world.now_ms < r->ends_ms;
    }
    for (int i = 0; i < s->pair.balancer_count; i++) {
        struct pair_request *r =
            &s->pair.request[world_draw(&s->world) % (uint64_t)PAIR_REQUESTS_MAX];

        if (!r->busy && world_chance(&s->world, REQUEST_PCT))
            begin_request(s, r);
    }
}

int pair_task_of(struct sim *s, const struct zdd_endpoint *endpoint, enum zdd_pair_side side)
{
    int host = 0, port = 0;
    char backend[ZDD_BACKEND_SIZE];

    if (sscanf(endpoint->address, PAIR_ADDRESS, &host, &port) != 2)
        violate(s, "endpoint %s is no address", endpoint->address);
    snprintf(backend, sizeof(backend), "sim_%d", host);
    if (strcmp(backend, endpoint->backend) != 0)
        violate(s, "endpoint %s is put behind %s", endpoint->address, endpoint->backend);
    for (int i = 0; i < PAIR_TASKS_MAX; i++) {
        const struct pair_task *t = &s->pair.task[i];

        if (t->state == TASK_FREE || PAIR_FIRST_PORT + t->number != port)
            continue;
        if (t->side != (side == ZDD_SIDE_NEW ? ZDD_SIDE_NEW : ZDD_SIDE_OLD))
            violate(s, "endpoint %s is put on the wrong side", endpoint->address);
        return i;
    }
    return -1;
}

static enum zdd_err set_at_once(void *cls, const struct zdd_router_order *order,
                                char reason[static ZDD_ROUTER_REASON_SIZE])
{
    struct sim *s = cls;

    if (world_fault(&s->world, s->world.faults.router_fails)) {
        s->world.blurred = true;
        snprintf(reason, ZDD_ROUTER_REASON_SIZE, "simulated silence");
        return ZDD_ERR_ROUTER_DOWN;
    }
    pair_check_told(s, order);
    memset(s->pair.is_said, 0, sizeof(s->pair.is_said));
    for (int side = 0; side < ZDD_SIDE_COUNT; side++) {
        for (size_t i = 0; i < order->side[side].endpoint_count; i++) {
            const int task =
                pair_task_of(s, &order->side[side].endpoints[i], (enum zdd_pair_side)side);

            if (task < 0)
                continue;
            s->pair.is_said[task] = true;
            s->pair.said[task] = s->pair.told.side[side];
        }
    }
    return ZDD_ERR_NONE;
}

static enum zdd_err set(void *cls, const struct zdd_router_order *order,
                        char reason[static ZDD_ROUTER_REASON_SIZE])
{
    struct sim *s = cls;
    enum zdd_err err;

    world_linger(&s->world);
    err = set_at_once(cls, order, reason);
    world_linger(&s->world);
    return err;
}

static void add_row(const struct sim *s, int b, int task, struct zdd_side_traffic *sum)
{
    const struct pair_row *row = &s->pair.balancer[b].row[task];
    const int32_t weight = row->setting.weight;

    if (sum->servers == 0 || weight < sum->weight_min)
        sum->weight_min = weight;
    if (sum->servers == 0 || weight > sum->weight_max)
        sum->weight_max = weight;
    sum->servers++;
    sum->up += answers(&s->pair.task[task]);
    sum->stopped += row->setting.serving != ZDD_SERVES;
}

static void show(struct sim *s, int b, const struct zdd_router_ask *ask,
                 struct zdd_balancer_view *v)
{
    for (int side = 0; side < ZDD_SIDE_COUNT; side++) {
        for (size_t i = 0; i < ask->endpoint_count[side]; i++) {
            const int task = pair_task_of(s, &ask->endpoints[side][i], (enum zdd_pair_side)side);

            if (task >= 0 && s->pair.balancer[b].row[task].listed)
                add_row(s, b, task, &v->side[side]);
            /* Each has come in by one port. */
            if (task >= 0 && i % (size_t)s->pair.ports == 0)
                v->side[side].counters.requests += s->pair.balancer[b].row[task].requests;
            for (int k = 0; k < PAIR_REQUESTS_MAX; k++) {
                const struct pair_request *r = &s->pair.request[k];

                v->side[side].sessions += task >= 0 && r->busy && !r->hidden && r->task == task &&
                                          r->balancer == b && i % (size_t)s->pair.ports == 0;
            }
        }
        /* All ports of a task are there, or none. */
        v->side[side].listed = v->side[side].servers / s->pair.ports;
        v->side[side].up /= s->pair.ports;
    }
}

/* The share of the new version among those that take requests; how many they are does not count. */
static double share_on(const struct sim *s, int b)
{
    int64_t sum[ZDD_VERSION_COUNT] = {0};

    for (int i = 0; i < PAIR_TASKS_MAX; i++) {
        const struct pair_row *row = &s->pair.balancer[b].row[i];

        if (takes(&s->pair.task[i], row))
            sum[s->pair.task[i].side] += row->setting.weight;
    }
    return zdd_weights_share(1, (int32_t)sum[ZDD_SIDE_OLD], 1, (int32_t)sum[ZDD_SIDE_NEW]);
}

/* @return false when it does not answer */
static bool look_at(struct sim *s, int b, const struct zdd_router_ask *ask,
                    struct zdd_router_view *view)
{
    struct world *w = &s->world;
    struct zdd_balancer_view *v = &view->balancer[b];

    *v = (struct zdd_balancer_view){.weights_obeyed = true};
    snprintf(v->name, sizeof(v->name), "b%d", b);
    if (is_cut(s, b) || world_fault(w, w->faults.router_fails))
        return false;
    v->reachable = true;
    show(s, b, ask, v);
    v->serving = pair_takers(s, b, ZDD_SIDE_OLD) + pair_takers(s, b, ZDD_SIDE_NEW);
    v->started_at_ms = s->pair.balancer[b].started_at_ms;
    return true;
}

static void begin_view(const struct sim *s, struct zdd_router_view *ret_view)
{
    *ret_view = (struct zdd_router_view){.taken_at_ms = s->world.now_ms,
                                         .balancer_count = (size_t)s->pair.balancer_count};
}

static enum zdd_err observe(void *cls, const struct zdd_router_ask *asks, size_t count,
                            int64_t max_age_ms, struct zdd_router_view *ret_views,
                            char reason[static ZDD_ROUTER_REASON_SIZE])
{
    struct sim *s = cls;
    bool any = false;

    (void)count; /* one at a time */
    (void)max_age_ms;
    begin_view(s, ret_views);
    s->pair.servers_known_ms = s->pair.looked_at_ms;
    for (int b = 0; b < s->pair.balancer_count; b++) {
        s->pair.balancer[b].share_pct = -1;
        if (look_at(s, b, &asks[0], ret_views)) {
            s->pair.balancer[b].share_pct = share_on(s, b);
            any = true;
            world_linger(&s->world); /* the figures grow old */
        } else {
            s->world.blurred = true;
        }
    }
    if (any)
        return ZDD_ERR_NONE;
    snprintf(reason, ZDD_ROUTER_REASON_SIZE, "simulated silence");
    return ZDD_ERR_ROUTER_DOWN;
}

static enum zdd_err observe_at_once(void *cls, const struct zdd_router_ask *asks, size_t count,
                                    int64_t max_age_ms, struct zdd_router_view *ret_views,
                                    char reason[static ZDD_ROUTER_REASON_SIZE])
{
    struct sim *s = cls;

    (void)count;
    (void)max_age_ms;
    (void)reason;
    begin_view(s, ret_views);
    for (int b = 0; b < s->pair.balancer_count; b++)
        (void)look_at(s, b, &asks[0], ret_views);
    return ZDD_ERR_NONE;
}

static void forget(void *cls, const char *pair)
{
    struct sim *s = cls;

    (void)pair;
    memset(s->pair.is_said, 0, sizeof(s->pair.is_said));
}

static const struct zdd_router_ops ops = {
    .name = "sim", .means = ZDD_MEANS_WEIGHTS, .set = set, .observe = observe, .forget = forget};

struct zdd_router pair_router(struct sim *s)
{
    return (struct zdd_router){&ops, s};
}

static void wake(void *cls, const char *run_id, const char *pair)
{
    struct sim *s = cls;

    if (strcmp(run_id, s->run.id) != 0 || strcmp(pair, s->run.app_id) != 0)
        violate(s, "the watchdog wakes somebody else");
    world_tell(&s->world, "the floor is %s",
               zdd_wards_is_broken(s->stepper.wards, pair) ? "broken" : "well again");
    s->pair.violations += zdd_wards_is_broken(s->stepper.wards, pair);
    s->wake_at_ms = sim_now(s);
}

void pair_watch(struct sim *s)
{
    static const struct zdd_router_ops own_time = {.name = "sim",
                                                   .means = ZDD_MEANS_WEIGHTS,
                                                   .set = set_at_once,
                                                   .observe = observe_at_once,
                                                   .forget = forget};
    const struct zdd_watch watch = {.wards = s->stepper.wards,
                                    .router = {&own_time, s},
                                    .store = s->store,
                                    .now_ms = sim_now,
                                    .wake = wake,
                                    .cls = s};
    struct zdd_store_stats before, after;

    if (s->world.now_ms < s->pair.watch_at_ms)
        return;
    s->pair.watch_at_ms = s->world.now_ms + ZDD_WATCH_MS;
    zdd_store_stats(s->store, &before);
    zdd_watch_look(&watch);
    zdd_store_stats(s->store, &after);
    s->foreign_bodies += after.bodies - before.bodies;
}
