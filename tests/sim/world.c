/**
 * @file tests/sim/world.c
 * @brief A seeded Marathon with faults.
 */
#include "tests/sim/world.h"

#include <assert.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define TICK_MS 500

uint64_t world_draw(struct world *w)
{
    /* SplitMix64 (Vigna, 2015): any seed is a good seed. */
    uint64_t z = (w->random += 0x9e3779b97f4a7c15u);

    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

bool world_chance(struct world *w, unsigned percent)
{
    return world_draw(w) % 100 < percent;
}

bool world_fault(struct world *w, unsigned percent)
{
    return !w->calm && percent > 0 && world_draw(w) % 100 < percent;
}

void world_tell(struct world *w, const char *format, ...)
{
    va_list args;

    if (!w->story)
        return;
    fprintf(w->story, "%8.1f s  ", (double)w->now_ms / 1000.0);
    va_start(args, format);
    vfprintf(w->story, format, args);
    va_end(args);
    fputc('\n', w->story);
}

static int32_t choose(void *cls, int32_t count)
{
    struct world *w = cls;
    const int32_t forced = w->forced;

    w->forced = -1;
    return forced >= 0 ? forced : (int32_t)(world_draw(w) % (uint64_t)count);
}

void world_init(struct world *w, uint64_t seed, const struct zdd_plan *plan)
{
    *w = (struct world){.seed = seed,
                        .random = seed,
                        .now_ms = 1000000,
                        .plan = plan,
                        .forced = -1,
                        .version = 1,
                        .config_version = 1};
    zdd_twin_init(&w->twin, plan);
    w->twin.choose = choose;
    w->twin.cls = w;
    /* A new app's first tasks are the target's. */
    w->first_target_generation = plan->seen.exists ? w->twin.current + 1 : w->twin.current;
}

static void stamp(char text[ZDD_VERSION_SIZE], int number)
{
    const unsigned n = (unsigned)number;

    snprintf(text, ZDD_VERSION_SIZE, "2024-05-01T10:%02u:%02u.000Z", n / 60 % 60, n % 60);
}

static void name_deployment(const struct world *w, char id[ZDD_ID_SIZE])
{
    snprintf(id, ZDD_ID_SIZE, "00000000-0000-4000-8000-%012d", w->twin.deployment_number);
}

static void news(struct world *w)
{
    w->event_waits = true;
    w->event_at_ms = w->now_ms + (world_fault(w, w->faults.event_late) ? 5000 : 0);
}

static void view(const struct world *w, struct zdd_app_view *v)
{
    const bool restart = w->plan->action == ZDD_ACTION_RESTART;
    const bool same = w->plan->action == ZDD_ACTION_SCALE || restart;
    const bool foreign = w->twin.definition == ZDD_DEFINITION_FOREIGN;

    *v = (struct zdd_app_view){.exists = w->twin.exists,
                               .instances = w->twin.facts.instances,
                               .failed_at_ms = w->crashed_at_ms};
    if (!v->exists)
        return;
    v->fits_target = !foreign && (same || w->twin.definition == ZDD_DEFINITION_TARGET);
    v->fits_previous = !foreign && (same || w->twin.definition == ZDD_DEFINITION_PREVIOUS);
    stamp(v->version, w->version);
    stamp(v->config_version, w->config_version);
    zdd_twin_sides(&w->twin, &v->current, &v->outdated);
    if (w->twin.deployment != ZDD_TWIN_IDLE) {
        v->lock_count = 1;
        name_deployment(w, v->lock[0]);
    }
}

static enum zdd_err observe(void *cls, const struct zdd_app_ask *asks, size_t count,
                            struct zdd_app_view *ret_views,
                            char reason[static ZDD_CLUSTER_REASON_SIZE])
{
    struct world *w = cls;

    (void)asks;
    if (world_fault(w, w->faults.look_fails)) {
        snprintf(reason, ZDD_CLUSTER_REASON_SIZE, "simulated silence");
        world_tell(w, "a look gets no answer");
        return ZDD_ERR_CLUSTER_DOWN;
    }
    for (size_t i = 0; i < count; i++)
        view(w, &ret_views[i]);
    return ZDD_ERR_NONE;
}

static bool put(struct world *w, enum zdd_order_kind kind, const struct zdd_cluster_order *order)
{
    struct zdd_app_facts facts = kind == ZDD_ORDER_PUT_PREVIOUS ? w->plan->old : w->plan->target;
    enum zdd_definition definition =
        kind == ZDD_ORDER_PUT_PREVIOUS ? ZDD_DEFINITION_PREVIOUS : ZDD_DEFINITION_TARGET;
    const int32_t generation = w->twin.current;

    facts.instances = order->instances;
    if (w->plan->action == ZDD_ACTION_SCALE && w->twin.definition != ZDD_DEFINITION_FOREIGN)
        definition = w->twin.definition; /* other instances, the same definition */
    const bool changes =
        definition != w->twin.definition || facts.instances != w->twin.facts.instances;

    if (!zdd_twin_put(&w->twin, definition, &facts, order->force))
        return false;
    if (changes)
        w->version++;
    if (w->twin.current != generation || generation == ZDD_TWIN_GENERATIONS - 1)
        w->config_version = w->version;
    return true;
}

/* @return false when the app is locked */
static bool carry_out(struct world *w, enum zdd_order_kind kind,
                      const struct zdd_cluster_order *order)
{
    bool done = false;

    switch (kind) {
    case ZDD_ORDER_PUT_TARGET:
    case ZDD_ORDER_PUT_PREVIOUS:
        done = put(w, kind, order);
        break;
    case ZDD_ORDER_RESTART:
        done = zdd_twin_restart(&w->twin, order->force);
        if (done)
            w->config_version = ++w->version;
        break;
    case ZDD_ORDER_DELETE:
        done = !w->twin.exists || zdd_twin_delete(&w->twin, order->force);
        break;
    case ZDD_ORDER_KIND_COUNT:
        break;
    }
    world_tell(w, "  Marathon %s %s(%d)%s", done ? "carries out" : "is locked against",
               zdd_order_name(kind), (int)order->instances, order->force ? " by force" : "");
    if (done)
        news(w);
    return done;
}

static enum zdd_err send(struct world *w, enum zdd_order_kind kind,
                         const struct zdd_cluster_order *order, struct zdd_cluster_ack *ack)
{
    w->orders_seen++;
    world_tell(w, "order %s(%d)%s", zdd_order_name(kind), (int)order->instances,
               order->force ? " by force" : "");
    w->on_order(w->cls, kind, order);
    if (world_fault(w, w->faults.order_lost)) {
        world_tell(w, "  is lost");
        return ZDD_ERR_CLUSTER_DOWN;
    }
    if (world_fault(w, w->faults.order_late)) {
        world_tell(w, "  is late");
        w->late = (struct late_order){true, w->now_ms + 500 + (int64_t)(world_draw(w) % 11500),
                                      kind, *order};
        return ZDD_ERR_CLUSTER_SLOW;
    }
    if (world_fault(w, w->faults.order_refused)) {
        snprintf(ack->words, sizeof(ack->words), "Object is not valid");
        world_tell(w, "  is refused");
        return ZDD_ERR_CLUSTER_REFUSED;
    }
    if (!carry_out(w, kind, order)) {
        ack->lock_count = 1;
        name_deployment(w, ack->lock[0]);
        return ZDD_ERR_CLUSTER_LOCKED;
    }
    if (world_fault(w, w->faults.answer_lost)) {
        world_tell(w, "  but its answer is lost");
        return ZDD_ERR_CLUSTER_SLOW;
    }
    stamp(ack->version, w->version);
    name_deployment(w, ack->deployment_id);
    return ZDD_ERR_NONE;
}

static enum zdd_err send_put(void *cls, const struct zdd_cluster_order *order,
                             struct zdd_cluster_ack *ack)
{
    /* The definitions' texts say which one it is. */
    return send(cls,
                strcmp(order->definition, "{\"t\":1}") == 0 ? ZDD_ORDER_PUT_TARGET
                                                            : ZDD_ORDER_PUT_PREVIOUS,
                order, ack);
}

static enum zdd_err send_restart(void *cls, const struct zdd_cluster_order *order,
                                 struct zdd_cluster_ack *ack)
{
    return send(cls, ZDD_ORDER_RESTART, order, ack);
}

static enum zdd_err send_remove(void *cls, const struct zdd_cluster_order *order,
                                struct zdd_cluster_ack *ack)
{
    return send(cls, ZDD_ORDER_DELETE, order, ack);
}

static const struct zdd_cluster_ops ops = {
    .observe = observe,
    .put = send_put,
    .restart = send_restart,
    .remove = send_remove,
};

struct zdd_cluster world_cluster(struct world *w)
{
    return (struct zdd_cluster){&ops, w};
}

static void happen(struct world *w, enum zdd_twin_event event)
{
    zdd_twin_happen(&w->twin, event);
    news(w);
}

/* May a task of the world turn healthy now? Sick targets never do; the twin counts, so it is all of
 * them or none. */
static bool may_turn_healthy(const struct world *w)
{
    const int32_t generation = w->twin.current;

    return !(w->sick_target && w->twin.definition == ZDD_DEFINITION_TARGET &&
             generation >= w->first_target_generation);
}

/* A task of the target crashes, and Marathon waits before it starts it again. */
static void crash(struct world *w)
{
    const struct zdd_twin_generation *now = &w->twin.generation[w->twin.current];
    const int32_t all = zdd_twin_possible(&w->twin, ZDD_TWIN_CRASHED);
    const int32_t mine = now->starting + now->fresh + now->healthy + now->ill;

    if (may_turn_healthy(w) || mine == 0 || !world_chance(w, 40))
        return;
    w->forced = all - mine + (int32_t)(world_draw(w) % (uint64_t)mine); /* the newest come last */
    w->crashed_at_ms = w->now_ms;
    happen(w, ZDD_TWIN_CRASHED);
}

static void interfere(struct world *w)
{
    struct zdd_app_facts facts = w->twin.facts;

    if (world_fault(w, w->faults.foreign_cancel) && w->twin.deployment != ZDD_TWIN_IDLE) {
        world_tell(w, "somebody cancels Marathon's deployment");
        zdd_twin_cancel(&w->twin);
        w->troubles.foreign++;
        news(w);
    }
    if (world_fault(w, w->faults.foreign_change) && w->twin.exists) {
        world_tell(w, "somebody puts another definition");
        if (zdd_twin_put(&w->twin, ZDD_DEFINITION_FOREIGN, &facts, true))
            w->config_version = ++w->version;
        w->troubles.foreign++;
        news(w);
    }
    if (world_fault(w, w->faults.foreign_scale) && w->twin.exists) {
        facts.instances = facts.instances + 1;
        world_tell(w, "somebody scales to %d", (int)facts.instances);
        if (zdd_twin_put(&w->twin, w->twin.definition, &facts, true))
            w->version++;
        w->troubles.foreign++;
        news(w);
    }
}

/* Faults of the cluster and of the machine we run on. */
static void break_things(struct world *w)
{
    if (w->twin.deployment != ZDD_TWIN_IDLE && world_fault(w, w->faults.leader_change)) {
        world_tell(w, "Marathon has a new leader");
        w->troubles.cluster++;
        zdd_twin_failover(&w->twin);
        news(w);
    }
    if (world_fault(w, w->faults.tasks_stuck)) {
        world_tell(w, "tasks are stuck");
        w->stuck_until_ms = w->now_ms + 30000;
    }
    if (world_fault(w, w->faults.clock_jump)) {
        w->clock_skew_ms += (int64_t)(world_draw(w) % 1200000) - 600000;
        w->clock_jumps++;
        world_tell(w, "the clock is set to %+d s", (int)(w->clock_skew_ms / 1000));
    }
}

void world_tick(struct world *w)
{
    const bool stuck = w->now_ms < w->stuck_until_ms;

    w->now_ms += TICK_MS;
    if (w->late.pending && w->now_ms >= w->late.at_ms) {
        w->late.pending = false;
        world_tell(w, "the late order arrives");
        (void)carry_out(w, w->late.kind, &w->late.order);
    }
    break_things(w);
    if (!stuck && zdd_twin_possible(&w->twin, ZDD_TWIN_ENDED) && world_chance(w, 30))
        happen(w, ZDD_TWIN_ENDED);
    if (!stuck && zdd_twin_possible(&w->twin, ZDD_TWIN_STARTED) && world_chance(w, 40))
        happen(w, ZDD_TWIN_STARTED);
    if (zdd_twin_possible(&w->twin, ZDD_TWIN_HEALTHY) && may_turn_healthy(w) && world_chance(w, 25))
        happen(w, ZDD_TWIN_HEALTHY);
    if (zdd_twin_possible(&w->twin, ZDD_TWIN_DIED) && world_fault(w, w->faults.task_dies)) {
        world_tell(w, "a task dies");
        w->troubles.cluster++;
        happen(w, ZDD_TWIN_DIED);
    }
    if (zdd_twin_possible(&w->twin, ZDD_TWIN_ILL) && world_fault(w, w->faults.task_ill)) {
        world_tell(w, "a task falls ill");
        w->troubles.cluster++;
        happen(w, ZDD_TWIN_ILL);
    }
    if (zdd_twin_possible(&w->twin, ZDD_TWIN_RELAUNCHED) && world_chance(w, 20))
        happen(w, ZDD_TWIN_RELAUNCHED);
    if (w->crashing_target)
        crash(w);
    interfere(w);
}
