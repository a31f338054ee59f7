/**
 * @file tests/sim/pair_marathon.c
 * @brief Two apps in a seeded Marathon: what it shows, what becomes of orders, and its own life.
 */
#include "tests/sim/play.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define ILL_MAX_MS 20000

static bool lives(const struct pair_task *t)
{
    return t->state != TASK_FREE && t->state != TASK_ENDED;
}

static int32_t count(const struct pair_world *p, enum zdd_pair_side side, enum task_state from,
                     enum task_state to)
{
    int32_t n = 0;

    for (int i = 0; i < PAIR_TASKS_MAX; i++)
        n += p->task[i].side == side && p->task[i].state >= from && p->task[i].state <= to;
    return n;
}

static void count_task(const struct pair_task *t, struct zdd_side *sum)
{
    sum->total++;
    sum->staged += t->state == TASK_STAGED;
    sum->running += t->state == TASK_RUNNING || t->state == TASK_HEALTHY;
    sum->healthy += t->state == TASK_HEALTHY;
    sum->sick += t->state == TASK_RUNNING && t->ill;
    sum->ready = sum->healthy;
}

static void view(const struct sim *s, enum zdd_pair_side side, struct zdd_app_view *v)
{
    const struct pair_app *app = &s->pair.app[side];

    *v = (struct zdd_app_view){.exists = app->definition != ZDD_DEFINITION_ABSENT};
    if (app->deployment > 0) {
        v->lock_count = 1;
        world_name_deployment(app->deployment, v->lock[0]);
    }
    if (!v->exists)
        return; /* its tasks are not told either (marathon.md §1.2) */
    v->fits_target = app->definition == ZDD_DEFINITION_TARGET;
    v->fits_previous = app->definition == ZDD_DEFINITION_PREVIOUS;
    v->instances = app->wanted;
    v->failed_at_ms = side == ZDD_SIDE_NEW ? s->world.crashed_at_ms : 0;
    world_stamp(v->version, app->version);
    world_stamp(v->config_version, app->config_version);
    for (int i = 0; i < PAIR_TASKS_MAX; i++) {
        const struct pair_task *t = &s->pair.task[i];

        if (t->side == side && lives(t))
            count_task(t, t->outdated ? &v->outdated : &v->current);
    }
}

static enum zdd_err show_spots(const struct sim *s, enum zdd_pair_side side,
                               struct zdd_spots *spots)
{
    const struct pair_world *p = &s->pair;

    *spots = (struct zdd_spots){.spot = calloc(PAIR_TASKS_MAX, sizeof(struct zdd_spot))};
    if (!spots->spot)
        return ZDD_ERR_NO_MEMORY;
    for (int i = 0; i < PAIR_TASKS_MAX && p->app[side].definition != ZDD_DEFINITION_ABSENT; i++) {
        const struct pair_task *t = &p->task[i];
        struct zdd_spot *spot = &spots->spot[spots->count];

        if (t->side != side || (t->state != TASK_RUNNING && t->state != TASK_HEALTHY))
            continue;
        spot->healthy = t->state == TASK_HEALTHY;
        spot->port_count = (uint8_t)p->ports;
        snprintf(spot->task, sizeof(spot->task), PAIR_TASK, t->number);
        world_stamp(spot->since, t->number);
        for (int port = 0; port < p->ports; port++)
            snprintf(spot->address[port], ZDD_SPOT_SIZE, PAIR_ADDRESS, port + 1,
                     PAIR_FIRST_PORT + t->number);
        spots->count++;
    }
    return ZDD_ERR_NONE;
}

/* A sweep asks by the name that both have in common, which need not be an app. */
static bool side_of(const struct sim *s, const char *app_id, enum zdd_pair_side *ret_side)
{
    if (strcmp(app_id, s->plan.pair.new_id) == 0)
        *ret_side = ZDD_SIDE_NEW;
    else if (strcmp(app_id, s->plan.pair.old_id) == 0)
        *ret_side = ZDD_SIDE_OLD;
    else
        return false;
    return true;
}

static enum zdd_err observe(void *cls, const struct zdd_app_ask *asks, size_t ask_count,
                            struct zdd_app_view *ret_views,
                            char reason[static ZDD_CLUSTER_REASON_SIZE])
{
    struct sim *s = (struct sim *)((char *)cls - offsetof(struct sim, world));
    struct world *w = cls;

    world_linger(w);
    if (world_is_deaf(w)) {
        snprintf(reason, ZDD_CLUSTER_REASON_SIZE, "simulated silence");
        return world_say_nothing(w);
    }
    for (size_t i = 0; i < ask_count; i++) {
        enum zdd_pair_side side;

        ret_views[i] = (struct zdd_app_view){0};
        if (!side_of(s, asks[i].app_id, &side))
            continue;
        if (side == ZDD_SIDE_NEW)
            s->pair.looked_at_ms = w->now_ms;
        s->pair.app[side].seen = s->pair.app[side].definition;
        s->pair.app[side].seen_wanted = s->pair.app[side].wanted;
        view(s, side, &ret_views[i]);
        if (asks[i].spots && show_spots(s, side, asks[i].spots) != ZDD_ERR_NONE)
            return ZDD_ERR_NO_MEMORY;
    }
    w->looks_seen++;
    world_linger(w); /* what was seen grows old */
    return ZDD_ERR_NONE;
}

/* Whoever has seen an app to be what it shall be does not order it. */
static void check_need(struct sim *s, const struct zdd_cluster_order *order, bool goes)
{
    const bool is_new = strcmp(order->app_id, s->plan.pair.new_id) == 0;
    const struct pair_app *app = &s->pair.app[is_new ? ZDD_SIDE_NEW : ZDD_SIDE_OLD];
    const bool is_as_seen =
        goes ? app->seen == ZDD_DEFINITION_ABSENT
             : app->seen == ZDD_DEFINITION_TARGET && app->seen_wanted == order->instances;

    if (is_as_seen)
        violate(s, "nobody needs the order to %s %s", goes ? "remove" : "put", order->app_id);
    if (goes && is_new && s->plan.seen.exists)
        violate(s, "%s is removed, and it was there before", order->app_id);
}

static enum zdd_err put(void *cls, const struct zdd_cluster_order *order,
                        struct zdd_cluster_ack *ack)
{
    struct sim *s = (struct sim *)((char *)cls - offsetof(struct sim, world));
    const bool target = strcmp(order->definition, s->texts.target.data) == 0;
    const char *wanted_id = target ? s->plan.pair.new_id : s->plan.pair.old_id;
    /* While it is adopted nothing of it has gone yet. */
    const enum zdd_order_kind old_kind =
        s->run.phase == ZDD_PHASE_ADOPTING || s->run.phase == ZDD_PHASE_PENDING
            ? ZDD_ORDER_ADOPT_OLD
            : ZDD_ORDER_RESTORE_OLD;

    if (strcmp(order->app_id, wanted_id) != 0)
        violate(s, "app %s gets the other one's definition", order->app_id);
    check_need(s, order, false);
    return world_send(cls, target ? ZDD_ORDER_PUT_TARGET : old_kind, order, ack);
}

static enum zdd_err remove_app(void *cls, const struct zdd_cluster_order *order,
                               struct zdd_cluster_ack *ack)
{
    struct sim *s = (struct sim *)((char *)cls - offsetof(struct sim, world));
    const bool is_new = strcmp(order->app_id, s->plan.pair.new_id) == 0;

    if (zdd_wards_is_broken(s->stepper.wards, s->run.app_id))
        violate(s, "%s is removed although too few serve", order->app_id);
    if (s->pair.removal_sent_ms == 0)
        s->pair.removal_sent_ms = s->world.now_ms;
    check_need(s, order, true);
    return world_send(cls, is_new ? ZDD_ORDER_DELETE : ZDD_ORDER_DELETE_OLD, order, ack);
}

/* Its list has to live as long as it may be late. */
static enum zdd_err kill(void *cls, const struct zdd_cluster_order *order,
                         struct zdd_cluster_ack *ack)
{
    struct sim *s = (struct sim *)((char *)cls - offsetof(struct sim, world));
    struct zdd_cluster_order kept = *order;
    struct pair_kill *kill = &s->pair.kill[0];

    if (s->world.late.pending && s->world.late.order.tasks == kill->task)
        kill++;
    if (strcmp(order->app_id, s->plan.pair.old_id) != 0)
        violate(s, "tasks of app %s are killed", order->app_id);
    if (zdd_wards_is_broken(s->stepper.wards, s->run.app_id))
        violate(s, "old instances are killed although too few serve");
    if (!zdd_program_has(&s->plan.program, ZDD_STEP_SHED))
        violate(s, "the old version is whole until it goes, and some are killed");
    assert(order->task_count <= PAIR_TASKS_MAX);
    for (size_t i = 0; i < order->task_count; i++) {
        snprintf(kill->text[i], sizeof(kill->text[i]), "%.15s", order->tasks[i]);
        kill->task[i] = kill->text[i];
    }
    kept.tasks = kill->task;
    return world_send(cls, ZDD_ORDER_KILL_LEAVING, &kept, ack);
}

static enum zdd_err restart(void *cls, const struct zdd_cluster_order *order,
                            struct zdd_cluster_ack *ack)
{
    return world_send(cls, ZDD_ORDER_RESTART, order, ack); /* no intent asks for it */
}

static const struct zdd_cluster_ops ops = {
    .observe = observe, .put = put, .restart = restart, .remove = remove_app, .kill = kill};

struct zdd_cluster pair_cluster(struct sim *s)
{
    return (struct zdd_cluster){&ops, &s->world};
}

struct pair_task *pair_launch(struct sim *s, enum zdd_pair_side side, enum task_state state)
{
    for (int i = 0; i < PAIR_TASKS_MAX; i++) {
        struct pair_task *t = &s->pair.task[i];

        if (t->state != TASK_FREE)
            continue;
        *t = (struct pair_task){.state = state,
                                .side = side,
                                .number = ++s->pair.last_number,
                                .healthy_at_ms = s->world.now_ms};
        s->pair.is_said[i] = false;
        return t;
    }
    return NULL;
}

static void tell_to_end(struct pair_task *t, bool removed)
{
    t->served = t->state == TASK_HEALTHY;
    t->removed = removed;
    t->state = TASK_ENDING;
}

static void begin_deployment(struct sim *s, struct pair_app *app)
{
    /* As the answer to an order tells it. */
    app->deployment = s->world.twin.deployment_number = ++s->pair.last_deployment;
    world_news(&s->world);
}

static bool put_app(struct sim *s, enum zdd_pair_side side, int32_t instances, bool force)
{
    struct pair_app *app = &s->pair.app[side];
    const bool other = app->definition != ZDD_DEFINITION_TARGET;

    if (app->deployment > 0 && !force)
        return false;
    if (!other && app->wanted == instances)
        return true;
    if (!other && instances < app->wanted && s->world.troubles.foreign == 0)
        violate(s, "an order asks for %d instances where %d serve", (int)instances,
                (int)app->wanted);
    app->version = ++s->world.version;
    app->wanted = instances;
    if (other) {
        app->config_version = app->version;
        app->definition = ZDD_DEFINITION_TARGET;
        for (int i = 0; i < PAIR_TASKS_MAX; i++)
            s->pair.task[i].outdated |= s->pair.task[i].side == side;
    }
    begin_deployment(s, app);
    return true;
}

static bool delete_app(struct sim *s, enum zdd_pair_side side, bool force)
{
    struct pair_app *app = &s->pair.app[side];

    if (app->definition == ZDD_DEFINITION_ABSENT)
        return true;
    if (app->deployment > 0 && !force)
        return false;
    pair_check_removal(s, side);
    app->definition = ZDD_DEFINITION_ABSENT;
    app->wanted = 0;
    for (int i = 0; i < PAIR_TASKS_MAX; i++) {
        struct pair_task *t = &s->pair.task[i];

        if (t->side == side && t->state > TASK_FREE && t->state < TASK_ENDING)
            tell_to_end(t, true);
    }
    begin_deployment(s, app);
    return true;
}

/* Those that are not there (any more) change nothing, nor do those that end already. */
static bool kill_tasks(struct sim *s, const struct zdd_cluster_order *order)
{
    struct pair_app *app = &s->pair.app[ZDD_SIDE_OLD];
    bool changed = false;

    if (app->definition == ZDD_DEFINITION_ABSENT)
        return true;
    if (app->deployment > 0 && !order->force)
        return false;
    for (size_t i = 0; i < order->task_count; i++) {
        for (int k = 0; k < PAIR_TASKS_MAX; k++) {
            struct pair_task *t = &s->pair.task[k];
            char id[16];

            snprintf(id, sizeof(id), PAIR_TASK, t->number);
            if (t->state == TASK_FREE || t->state >= TASK_ENDING ||
                strcmp(id, order->tasks[i]) != 0)
                continue;
            pair_check_kill(s, k);
            tell_to_end(t, true);
            app->wanted--;
            changed = true;
        }
    }
    if (changed) {
        app->version = ++s->world.version;
        begin_deployment(s, app);
    }
    return true;
}

bool pair_carry_out(struct world *w, enum zdd_order_kind kind,
                    const struct zdd_cluster_order *order, unsigned rests_on)
{
    struct sim *s = w->cls;
    bool done = false;

    (void)rests_on;
    if (kind == ZDD_ORDER_PUT_TARGET)
        done = put_app(s, ZDD_SIDE_NEW, order->instances, order->force);
    else if (kind == ZDD_ORDER_KILL_LEAVING)
        done = kill_tasks(s, order);
    else if (kind == ZDD_ORDER_ADOPT_OLD || kind == ZDD_ORDER_RESTORE_OLD)
        done = put_app(s, ZDD_SIDE_OLD, order->instances, order->force);
    else if (kind == ZDD_ORDER_DELETE)
        done = delete_app(s, ZDD_SIDE_NEW, order->force);
    else if (kind == ZDD_ORDER_DELETE_OLD)
        done = delete_app(s, ZDD_SIDE_OLD, order->force);
    else
        violate(s, "a pair has no use for %s", zdd_order_name(kind));
    world_tell(w, "  Marathon %s %s(%d)%s", done ? "carries out" : "is locked against",
               zdd_order_name(kind), (int)order->instances, order->force ? " by force" : "");
    return done;
}

void pair_end_task(struct sim *s, int task)
{
    for (int i = 0; i < PAIR_REQUESTS_MAX; i++) {
        struct pair_request *r = &s->pair.request[i];

        if (!r->busy || r->task != task)
            continue;
        pair_check_lost(s, task, r);
        r->busy = false;
    }
    s->pair.task[task].state = TASK_ENDED;
    world_news(&s->world);
}

static void live_task(struct sim *s, int i)
{
    struct pair_task *t = &s->pair.task[i];
    const enum target_health health =
        t->side == ZDD_SIDE_NEW ? s->world.target_health : TARGET_WELL;

    if (t->state == TASK_STAGED && health != TARGET_STAGED && world_chance(&s->world, 20)) {
        t->state = TASK_RUNNING;
        world_news(&s->world);
    } else if (t->state == TASK_RUNNING && health == TARGET_WELL && world_chance(&s->world, 15) &&
               s->world.now_ms >= s->pair.ill_until_ms[t->side]) {
        t->state = TASK_HEALTHY;
        t->ill = false;
        t->healthy_at_ms = s->world.now_ms;
        world_news(&s->world);
    } else if (t->state == TASK_RUNNING && health == TARGET_CRASHING &&
               world_chance(&s->world, 5)) {
        s->world.crashed_at_ms = s->world.now_ms;
        pair_end_task(s, i);
    } else if (t->state == TASK_ENDING && world_chance(&s->world, 20)) {
        pair_end_task(s, i);
    }
}

/* One of the outdated goes when as many others as are wanted serve on every balancer. */
static void replace(struct sim *s, enum zdd_pair_side side)
{
    struct pair_task *victim = NULL;
    int32_t left = 0;

    for (int i = 0; i < PAIR_TASKS_MAX; i++) {
        struct pair_task *t = &s->pair.task[i];

        if (t->side != side || t->state == TASK_FREE || t->state >= TASK_ENDING)
            continue;
        if (t->outdated && !victim)
            victim = t;
        else
            left += pair_serves_everywhere(s, i);
    }
    if (victim && left >= s->pair.app[side].wanted && world_chance(&s->world, 30))
        tell_to_end(victim, false);
}

static void live_app(struct sim *s, enum zdd_pair_side side)
{
    struct pair_app *app = &s->pair.app[side];
    const int32_t all = count(&s->pair, side, TASK_STAGED, TASK_HEALTHY);
    int32_t outdated = 0;

    for (int i = 0; i < PAIR_TASKS_MAX; i++) {
        const struct pair_task *task = &s->pair.task[i];

        outdated += task->outdated && task->side == side && task->state > TASK_FREE &&
                    task->state < TASK_ENDING;
    }
    if (app->definition != ZDD_DEFINITION_ABSENT) {
        if (all < app->wanted + (outdated > 0) && world_chance(&s->world, 30))
            (void)pair_launch(s, side, TASK_STAGED);
        if (outdated > 0)
            replace(s, side);
    }
    if (app->deployment > 0 && outdated == 0 &&
        count(&s->pair, side, TASK_ENDING, TASK_ENDING) == 0 && all == app->wanted &&
        count(&s->pair, side, TASK_HEALTHY, TASK_HEALTHY) == all && world_chance(&s->world, 50)) {
        app->deployment = 0;
        world_news(&s->world);
    }
}

/* What an ill instance has accepted is lost. */
static void fall_ill(struct sim *s, int i)
{
    world_tell(&s->world, "task %d falls ill", s->pair.task[i].number);
    s->pair.task[i].state = TASK_RUNNING;
    s->pair.task[i].ill = true;
    for (int k = 0; k < PAIR_REQUESTS_MAX; k++)
        s->pair.request[k].busy &= s->pair.request[k].task != i;
}

static void break_version(struct sim *s)
{
    const enum zdd_pair_side side = world_chance(&s->world, 80) ? ZDD_SIDE_NEW : ZDD_SIDE_OLD;

    if (!world_chance(&s->world, 20))
        return;
    s->pair.ill_until_ms[side] =
        s->world.now_ms + (int64_t)(world_draw(&s->world) % (uint64_t)ILL_MAX_MS);
    for (int i = 0; i < PAIR_TASKS_MAX; i++) {
        if (s->pair.task[i].side == side && s->pair.task[i].state == TASK_HEALTHY)
            fall_ill(s, i);
    }
    s->world.troubles.tasks++;
    world_news(&s->world);
}

static void break_task(struct sim *s)
{
    const int i = (int)(world_draw(&s->world) % PAIR_TASKS_MAX);
    struct pair_task *t = &s->pair.task[i];

    if (t->state != TASK_HEALTHY)
        return;
    s->world.troubles.tasks++;
    if (world_chance(&s->world, 50)) {
        world_tell(&s->world, "task %d dies", t->number);
        pair_end_task(s, i);
    } else {
        fall_ill(s, i);
    }
    world_news(&s->world);
}

/* Another definition in the place of one that exists; its tasks stay. */
static void interfere(struct sim *s)
{
    struct pair_app *app = &s->pair.app[world_draw(&s->world) % ZDD_SIDE_COUNT];

    if (app->definition == ZDD_DEFINITION_ABSENT || !world_chance(&s->world, 10))
        return;
    world_tell(&s->world, "somebody else changes the %s app",
               app == &s->pair.app[ZDD_SIDE_OLD] ? "old" : "new");
    app->definition = ZDD_DEFINITION_FOREIGN;
    app->version = ++s->world.version;
    s->world.troubles.foreign++;
    world_news(&s->world);
}

void pair_marathon_lives(struct sim *s)
{
    struct world *w = &s->world;

    for (int side = 0; side < ZDD_SIDE_COUNT; side++)
        live_app(s, (enum zdd_pair_side)side);
    for (int i = 0; i < PAIR_TASKS_MAX; i++)
        live_task(s, i);
    if (world_fault(w, w->faults.task_dies))
        break_task(s);
    if (world_fault(w, w->faults.version_ill))
        break_version(s);
    if (world_fault(w, w->faults.foreign_change))
        interfere(s);
}
