/**
 * @file tests/sim/world_time.c
 * @brief A seeded Marathon with faults: what happens in it while time passes.
 */
#include "tests/sim/world.h"

#define TICK_MS 500
#define BURST 5
#define SLOW_PCT 20
#define LATE_EVENT_MS 5000
#define STUCK_MS 30000
#define STAY_MAX_MS 300000
#define ELECTION_MAX_MS 15000
#define JUMP_MAX_MS INT64_C(600000)

void world_news(struct world *w)
{
    const bool late = world_fault(w, w->faults.event_late);

    if (w->event_count == WORLD_EVENTS_MAX)
        return; /* those that are on their way tell the same */
    if (world_fault(w, w->faults.event_lost))
        return;
    w->event_at_ms[w->event_count++] =
        w->now_ms + (late ? (int64_t)(world_draw(w) % LATE_EVENT_MS) : 0);
}

bool world_event(struct world *w)
{
    for (size_t i = 0; i < w->event_count; i++) {
        if (w->event_at_ms[i] > w->now_ms)
            continue;
        if (world_fault(w, w->faults.event_doubled))
            w->event_at_ms[i] = w->now_ms + (int64_t)(world_draw(w) % LATE_EVENT_MS);
        else
            w->event_at_ms[i] = w->event_at_ms[--w->event_count];
        return true;
    }
    return false;
}

/* How many of one generation @p event could happen to. */
static int32_t count_in(const struct zdd_twin_generation *g, enum zdd_twin_event event)
{
    switch (event) {
    case ZDD_TWIN_ENDED:
        return g->killing;
    case ZDD_TWIN_STARTED:
        return g->starting;
    case ZDD_TWIN_HEALTHY:
        return g->fresh + g->ill;
    case ZDD_TWIN_DIED:
    case ZDD_TWIN_CRASHED:
        return g->fresh + g->healthy + g->ill + g->starting;
    case ZDD_TWIN_ILL:
        return g->healthy;
    case ZDD_TWIN_RELAUNCHED:
        return g->waiting;
    case ZDD_TWIN_EVENT_COUNT:
        break;
    }
    return 0;
}

typedef bool may_happen(const struct world *w, int32_t generation);

static bool to_any(const struct world *w, int32_t generation)
{
    (void)w;
    (void)generation;
    return true;
}

static bool to_target(const struct world *w, int32_t generation)
{
    return w->is_target[generation];
}

/* A scale has one version only: what never starts there are the ones on top. */
static bool to_startable(const struct world *w, int32_t generation)
{
    const bool target = w->is_target[generation] || w->plan->action == ZDD_ACTION_SCALE;

    return w->target_health != TARGET_STAGED || !target;
}

static bool to_healable(const struct world *w, int32_t generation)
{
    return w->target_health == TARGET_WELL || !w->is_target[generation];
}

/* Let @p event happen to one of those it may happen to. @return false when there is none */
static bool happen(struct world *w, enum zdd_twin_event event, may_happen *may)
{
    int32_t allowed = 0, before = 0, which;

    for (int32_t i = 0; i <= w->twin.current; i++)
        allowed += may(w, i) ? count_in(&w->twin.generation[i], event) : 0;
    if (allowed == 0)
        return false;
    which = (int32_t)(world_draw(w) % (uint64_t)allowed);
    for (int32_t i = 0; i <= w->twin.current; i++) {
        const int32_t here = count_in(&w->twin.generation[i], event);

        if (may(w, i) && which < here)
            break;
        which -= may(w, i) ? here : 0;
        before += here;
    }
    w->forced = before + which;
    zdd_twin_happen(&w->twin, event);
    w->moves++;
    world_news(w);
    return true;
}

/* Marathon's own life: what is ordered to end ends, what is launched starts and turns healthy. */
static void live_on(struct world *w)
{
    const bool stuck = w->now_ms < w->stuck_until_ms;

    if (!stuck && w->now_ms >= w->stay_until_ms && world_chance(w, 30))
        (void)happen(w, ZDD_TWIN_ENDED, to_any);
    if (!stuck && world_chance(w, 40))
        (void)happen(w, ZDD_TWIN_STARTED, to_startable);
    if (world_chance(w, 25))
        (void)happen(w, ZDD_TWIN_HEALTHY, to_healable);
    if (world_chance(w, 20))
        (void)happen(w, ZDD_TWIN_RELAUNCHED, to_any);
}

/* A target that cannot live; Marathon waits longer and longer before it starts it again. */
static void crash(struct world *w)
{
    if (world_chance(w, 6) && happen(w, ZDD_TWIN_CRASHED, to_target))
        w->crashed_at_ms = w->now_ms;
}

static void live_at_pace(struct world *w)
{
    const int rounds = w->pace == PACE_BURSTS ? BURST : 1;

    if (w->pace == PACE_SLOW && !world_chance(w, SLOW_PCT))
        return;
    for (int i = 0; i < rounds; i++)
        live_on(w);
    if (w->target_health == TARGET_CRASHING)
        crash(w);
}

static void break_tasks(struct world *w)
{
    if (world_fault(w, w->faults.task_dies) && happen(w, ZDD_TWIN_DIED, to_any)) {
        world_tell(w, "a task dies");
        w->troubles.tasks++;
    }
    if (world_fault(w, w->faults.task_ill) && happen(w, ZDD_TWIN_ILL, to_any)) {
        world_tell(w, "a task falls ill");
        w->troubles.tasks++;
    }
    if (world_fault(w, w->faults.tasks_stuck)) {
        world_tell(w, "tasks are stuck");
        w->stuck_until_ms = w->now_ms + STUCK_MS;
    }
    if (w->now_ms >= w->stay_until_ms && world_fault(w, w->faults.tasks_stay)) {
        w->stay_until_ms = w->now_ms + (int64_t)(world_draw(w) % STAY_MAX_MS);
        world_tell(w, "tasks refuse to die until %.1f s", (double)w->stay_until_ms / 1000.0);
    }
}

/* Results of Marathon's own checks live in the leader's memory (marathon.md §5.1). */
static void forget_health(struct world *w)
{
    for (int32_t i = 0; i <= w->twin.current; i++) {
        struct zdd_twin_generation *g = &w->twin.generation[i];
        const struct zdd_app_facts *facts =
            i == w->twin.current ? &w->twin.facts : &w->twin.old_facts;

        if (!facts->has_marathon_checks)
            continue;
        g->fresh += g->healthy + g->ill;
        g->healthy = g->ill = 0;
    }
}

static void change_leader(struct world *w)
{
    w->silent_until_ms = w->now_ms + (int64_t)(world_draw(w) % ELECTION_MAX_MS);
    world_tell(w, "Marathon has a new leader, silent until %.1f s",
               (double)w->silent_until_ms / 1000.0);
    w->troubles.leaders++;
    forget_health(w);
    zdd_twin_failover(&w->twin);
    world_news(w);
}

static void interfere(struct world *w)
{
    struct zdd_app_facts facts = w->twin.facts;
    const char *deed = NULL;

    if (world_fault(w, w->faults.foreign_cancel) && w->twin.deployment != ZDD_TWIN_IDLE) {
        deed = "cancels Marathon's deployment";
        zdd_twin_cancel(&w->twin);
    } else if (world_fault(w, w->faults.foreign_change) && w->twin.exists) {
        deed = "puts another definition";
        (void)world_put(w, ZDD_DEFINITION_FOREIGN, &facts, true);
    } else if (world_fault(w, w->faults.foreign_scale) && w->twin.exists) {
        deed = "scales up by one";
        facts.instances++;
        (void)world_put(w, w->twin.definition, &facts, true);
    } else if (world_fault(w, w->faults.foreign_delete) && w->twin.exists) {
        deed = "deletes the app";
        (void)zdd_twin_delete(&w->twin, true);
    }
    if (!deed)
        return;
    world_tell(w, "somebody %s", deed);
    w->troubles.foreign++;
    world_news(w);
}

void world_tick_around(struct world *w)
{
    if (w->late.pending && w->now_ms >= w->late.at_ms) {
        w->late.pending = false;
        world_tell(w, "the late order arrives");
        (void)w->carry_out(w, w->late.kind, &w->late.order, w->late.rests_on);
    }
    if (world_fault(w, w->faults.leader_change))
        change_leader(w);
    if (world_fault(w, w->faults.clock_jump)) {
        w->clock_skew_ms += (int64_t)(world_draw(w) % (uint64_t)(2 * JUMP_MAX_MS)) - JUMP_MAX_MS;
        w->clock_jumps++;
        world_tell(w, "the clock is set to %+d s", (int)(w->clock_skew_ms / 1000));
    }
}

void world_tick(struct world *w)
{
    w->now_ms += TICK_MS;
    world_tick_around(w);
    live_at_pace(w);
    break_tasks(w);
    interfere(w);
}
