/**
 * @file tests/sim/world.c
 * @brief A seeded Marathon with faults: what it shows, and what becomes of orders.
 */
#include "tests/sim/world.h"

#include <assert.h>
#include <stdarg.h>
#include <string.h>

#define SLOW_TICKS_MAX 20 /* a call that takes longer ends without an answer */

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
    assert(forced < count);
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
                        .config_version = 1,
                        .tick = world_tick,
                        .carry_out = world_carry_out};
    zdd_twin_init(&w->twin, plan);
    w->twin.choose = choose;
    w->twin.cls = w;
}

void world_stamp(char text[ZDD_VERSION_SIZE], int number)
{
    const unsigned n = (unsigned)number;

    snprintf(text, ZDD_VERSION_SIZE, "2024-05-01T10:%02u:%02u.000Z", n / 60 % 60, n % 60);
}

void world_name_deployment(int number, char id[ZDD_ID_SIZE])
{
    snprintf(id, ZDD_ID_SIZE, "00000000-0000-4000-8000-%012d", number);
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
    world_stamp(v->version, w->version);
    world_stamp(v->config_version, w->config_version);
    zdd_twin_sides(&w->twin, &v->current, &v->outdated);
    if (w->twin.deployment != ZDD_TWIN_IDLE) {
        v->lock_count = 1;
        world_name_deployment(w->twin.deployment_number, v->lock[0]);
    }
}

void world_linger(struct world *w)
{
    if (!world_fault(w, w->faults.call_slow))
        return;
    for (uint64_t i = 1 + world_draw(w) % SLOW_TICKS_MAX; i > 0; i--) {
        w->tick(w);
        if (w->on_time)
            w->on_time(w->cls);
    }
    world_tell(w, "… the call is slow");
}

enum zdd_err world_say_nothing(struct world *w)
{
    static const enum zdd_err errors[] = {ZDD_ERR_CLUSTER_DOWN, ZDD_ERR_CLUSTER_SLOW,
                                          ZDD_ERR_CLUSTER_NONSENSE, ZDD_ERR_CLUSTER_UNWELL,
                                          ZDD_ERR_CLUSTER_FORBIDDEN};

    return errors[world_draw(w) % ZDD_COUNT(errors)];
}

static bool is_silent(const struct world *w)
{
    return w->now_ms < w->silent_until_ms;
}

bool world_is_deaf(struct world *w)
{
    if (!is_silent(w) && !world_fault(w, w->faults.look_fails))
        return false;
    world_tell(w, "a look gets no answer");
    return true;
}

static enum zdd_err observe(void *cls, const struct zdd_app_ask *asks, size_t count,
                            struct zdd_app_view *ret_views,
                            char reason[static ZDD_CLUSTER_REASON_SIZE])
{
    struct world *w = cls;

    (void)asks;
    world_linger(w);
    if (world_is_deaf(w)) {
        snprintf(reason, ZDD_CLUSTER_REASON_SIZE, "simulated silence");
        return world_say_nothing(w);
    }
    for (size_t i = 0; i < count; i++)
        view(w, &ret_views[i]);
    w->looks_seen++;
    w->rests_on = w->moves;
    world_linger(w); /* what was seen grows old */
    return ZDD_ERR_NONE;
}

/* Another definition has instances of its own. When all generations are taken, the twin merges the
 * two oldest. */
static void note_generation(struct world *w, int32_t before, bool anew)
{
    const int32_t last = ZDD_TWIN_GENERATIONS - 1;

    if (anew && before == last) {
        w->is_target[0] = w->is_target[0] || w->is_target[1];
        for (int32_t i = 1; i < last; i++)
            w->is_target[i] = w->is_target[i + 1];
    }
    w->is_target[w->twin.current] = w->twin.definition == ZDD_DEFINITION_TARGET;
    w->config_version = w->version;
}

bool world_put(struct world *w, enum zdd_definition definition, const struct zdd_app_facts *facts,
               bool force)
{
    const int32_t generation = w->twin.current;
    const bool config = !w->twin.exists || definition != w->twin.definition;
    const bool anew = w->twin.exists || zdd_twin_total(&w->twin) > 0;
    const bool changes = config || facts->instances != w->twin.facts.instances;

    if (!zdd_twin_put(&w->twin, definition, facts, force))
        return false;
    if (changes)
        w->version++;
    if (config)
        note_generation(w, generation, anew);
    return true;
}

static bool put(struct world *w, enum zdd_order_kind kind, const struct zdd_cluster_order *order)
{
    struct zdd_app_facts facts = kind == ZDD_ORDER_PUT_PREVIOUS ? w->plan->old : w->plan->target;
    enum zdd_definition definition =
        kind == ZDD_ORDER_PUT_PREVIOUS ? ZDD_DEFINITION_PREVIOUS : ZDD_DEFINITION_TARGET;

    facts.instances = order->instances;
    if (w->plan->action == ZDD_ACTION_SCALE && w->twin.exists &&
        w->twin.definition != ZDD_DEFINITION_FOREIGN)
        definition = w->twin.definition; /* other instances, the same definition */
    return world_put(w, definition, &facts, order->force);
}

static bool restart(struct world *w, const struct zdd_cluster_order *order)
{
    const int32_t generation = w->twin.current;

    if (!zdd_twin_restart(&w->twin, order->force))
        return false;
    w->version++;
    note_generation(w, generation, true);
    return true;
}

static void tell_tasks(struct world *w)
{
    for (int32_t i = 0; w->story && i <= w->twin.current; i++) {
        const struct zdd_twin_generation *g = &w->twin.generation[i];

        if (g->starting + g->fresh + g->healthy + g->ill + g->killing + g->waiting > 0)
            world_tell(
                w, "    of %s: %d start, %d run, %d serve, %d are ill, %d wait, %d are to end",
                w->is_target[i] ? "the target" : "the others", (int)g->starting, (int)g->fresh,
                (int)g->healthy, (int)g->ill, (int)g->waiting, (int)g->killing);
    }
}

bool world_carry_out(struct world *w, enum zdd_order_kind kind,
                     const struct zdd_cluster_order *order, unsigned rests_on)
{
    bool done = false;

    switch (kind) {
    case ZDD_ORDER_PUT_TARGET:
    case ZDD_ORDER_PUT_PREVIOUS:
        done = put(w, kind, order);
        break;
    case ZDD_ORDER_RESTART:
        done = w->twin.exists && restart(w, order);
        break;
    case ZDD_ORDER_DELETE:
        done = !w->twin.exists || zdd_twin_delete(&w->twin, order->force);
        break;
    case ZDD_ORDER_SET_TRAFFIC:
    case ZDD_ORDER_ADOPT_OLD:
    case ZDD_ORDER_DELETE_OLD:
    case ZDD_ORDER_MEASURE:
    case ZDD_ORDER_KILL_LEAVING:
    case ZDD_ORDER_RESTORE_OLD:
    case ZDD_ORDER_KIND_COUNT:
        break;
    }
    world_tell(w, "  Marathon %s %s(%d)%s", done ? "carries out" : "is locked against",
               zdd_order_name(kind), (int)order->instances, order->force ? " by force" : "");
    if (done) {
        w->troubles.stale += (int)(w->moves - rests_on);
        world_news(w);
    }
    return done;
}

/* The definition is stored; what should have carried it out never begins. */
static void carry_out_half(struct world *w, enum zdd_order_kind kind,
                           const struct zdd_cluster_order *order)
{
    struct zdd_twin_generation before[ZDD_TWIN_GENERATIONS];
    const int32_t generation = w->twin.current;

    memcpy(before, w->twin.generation, sizeof(before));
    if (!world_carry_out(w, kind, order, w->rests_on))
        return;
    world_tell(w, "  … and dies half-way: nothing of it begins");
    if (generation + 1 < ZDD_TWIN_GENERATIONS || w->twin.current == generation)
        memcpy(w->twin.generation, before, sizeof(before));
    zdd_twin_cancel(&w->twin);
    w->troubles.halves++;
}

/* The order does not arrive, or not now. @return what the caller hears; NONE: it arrives */
static enum zdd_err go_astray(struct world *w, enum zdd_order_kind kind,
                              const struct zdd_cluster_order *order, struct zdd_cluster_ack *ack)
{
    if (is_silent(w) || world_fault(w, w->faults.order_lost)) {
        world_tell(w, "  is lost");
        return world_chance(w, 20) ? ZDD_ERR_CLUSTER_LIMIT : world_say_nothing(w);
    }
    if (!w->late.pending && world_fault(w, w->faults.order_late)) {
        world_tell(w, "  is late");
        w->late = (struct late_order){true, w->now_ms + 500 + (int64_t)(world_draw(w) % 11500),
                                      w->rests_on, kind, *order};
        return ZDD_ERR_CLUSTER_SLOW;
    }
    if (world_fault(w, w->faults.order_refused)) {
        snprintf(ack->words, sizeof(ack->words), "Object is not valid");
        world_tell(w, "  is refused");
        return ZDD_ERR_CLUSTER_REFUSED;
    }
    return ZDD_ERR_NONE;
}

/* It has arrived. */
static enum zdd_err answer(struct world *w, enum zdd_order_kind kind,
                           const struct zdd_cluster_order *order, struct zdd_cluster_ack *ack)
{
    if (kind == ZDD_ORDER_RESTART && !w->twin.exists)
        return ZDD_ERR_APP_UNKNOWN;
    if (world_fault(w, w->faults.order_half)) {
        carry_out_half(w, kind, order);
        return world_say_nothing(w);
    }
    if (!w->carry_out(w, kind, order, w->rests_on)) {
        ack->lock_count = 1;
        world_name_deployment(w->twin.deployment_number, ack->lock[0]);
        return ZDD_ERR_CLUSTER_LOCKED;
    }
    world_stamp(ack->version, w->version);
    world_name_deployment(w->twin.deployment_number, ack->deployment_id);
    if (world_fault(w, w->faults.order_twice))
        (void)w->carry_out(w, kind, order, w->rests_on);
    return ZDD_ERR_NONE;
}

enum zdd_err world_send(struct world *w, enum zdd_order_kind kind,
                        const struct zdd_cluster_order *order, struct zdd_cluster_ack *ack)
{
    enum zdd_err err;

    w->orders_seen++;
    world_tell(w, "order %s(%d)%s", zdd_order_name(kind), (int)order->instances,
               order->force ? " by force" : "");
    tell_tasks(w);
    if (w->on_order)
        w->on_order(w->cls, kind, order);
    world_linger(w);
    err = go_astray(w, kind, order, ack);
    if (err == ZDD_ERR_NONE)
        err = answer(w, kind, order, ack);
    world_linger(w);
    if (err != ZDD_ERR_NONE || !world_fault(w, w->faults.answer_lost))
        return err;
    world_tell(w, "  but its answer is lost");
    *ack = (struct zdd_cluster_ack){0};
    return world_say_nothing(w);
}

static enum zdd_err send_put(void *cls, const struct zdd_cluster_order *order,
                             struct zdd_cluster_ack *ack)
{
    /* The definitions' texts say which one it is. */
    return world_send(cls,
                      strcmp(order->definition, "{\"t\":1}") == 0 ? ZDD_ORDER_PUT_TARGET
                                                                  : ZDD_ORDER_PUT_PREVIOUS,
                      order, ack);
}

static enum zdd_err send_restart(void *cls, const struct zdd_cluster_order *order,
                                 struct zdd_cluster_ack *ack)
{
    return world_send(cls, ZDD_ORDER_RESTART, order, ack);
}

static enum zdd_err send_remove(void *cls, const struct zdd_cluster_order *order,
                                struct zdd_cluster_ack *ack)
{
    return world_send(cls, ZDD_ORDER_DELETE, order, ack);
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
