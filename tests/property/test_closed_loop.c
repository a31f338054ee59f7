/**
 * @file tests/property/test_closed_loop.c
 * @brief Strategies against the twin with everything left to chance: what the plan promised is kept
 * on the way there and on the way back, and every deployment ends.
 *
 * Pure: no store, no engine, no lost messages (tests/sim has those), so thousands of seeds
 * take a second. `SEED=n` in the environment replays one and tells its story, `SEEDS=n` plays so
 * many.
 */
#include "server/engine/move.h"
#include "server/engine/tell.h"
#include "strategies/preview.h"
#include "strategies/timing.h"
#include "strategies/twin.h"
#include "tests/support/spec.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SEEDS 20000
#define EVENTS_MAX 20000 /* one deployment has some hundred */

/* How the new version behaves. */
enum health { HEALTH_GOOD, HEALTH_NONE, HEALTH_SOME, HEALTH_CRASHES, HEALTH_COUNT };

struct loop {
    uint64_t seed, random;
    bool tells;
    const struct zdd_strategy *strategy;
    struct zdd_plan plan;
    struct zdd_run run;
    struct zdd_twin twin;
    struct zdd_preview preview;
    enum health health;
    int32_t turned_healthy; /* of the new version */
    int32_t forced;         /* the index that choose() gives next, -1: any */
    int our_deployment;     /* number of the twin's, 0: none */
    bool put_back;          /* our last order that was done put the previous definition back */
    int64_t now_ms;
    int32_t floor, undo_floor;
    bool is_slow;  /* things happen between a look and its order */
    bool is_rough; /* tasks die and fall ill: no floor can be promised */
    bool went_back;
    int32_t raced; /* what happened between looks and their orders */
    int32_t sick;  /* most instances of a half sick version at a time, on the way back */
    bool crashed;
};

static uint64_t draw(struct loop *l)
{
    /* SplitMix64 (Vigna, 2015): any seed is a good seed. */
    uint64_t z = (l->random += 0x9e3779b97f4a7c15u);

    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

static int32_t below(struct loop *l, int32_t count)
{
    return (int32_t)(draw(l) % (uint64_t)count);
}

static bool chance(struct loop *l, int32_t percent)
{
    return below(l, 100) < percent;
}

#define tell(l, ...)                                                                               \
    do {                                                                                           \
        if ((l)->tells)                                                                            \
            print_message(__VA_ARGS__);                                                            \
    } while (0)

#define must(l, condition)                                                                         \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            print_error("seed %llu violates %s (replay with SEED=%llu)\n",                         \
                        (unsigned long long)(l)->seed, #condition, (unsigned long long)(l)->seed); \
            fail();                                                                                \
        }                                                                                          \
    } while (0)

static int32_t choose(void *cls, int32_t count)
{
    struct loop *l = cls;
    const int32_t forced = l->forced;

    l->forced = -1;
    return forced >= 0 ? forced : below(l, count);
}

static struct zdd_app_facts some_facts(struct loop *l)
{
    static const double shares[] = {0, 0.1, 0.25, 0.5, 0.75, 0.9, 1};
    struct zdd_app_facts facts = {
        .instances = 1 + below(l, 9),
        .minimum_health_capacity = shares[below(l, (int32_t)ZDD_COUNT(shares))],
        .maximum_over_capacity = shares[below(l, (int32_t)ZDD_COUNT(shares))],
        .has_health_checks = chance(l, 80),
        .start_ms = 30000,
    };

    facts.has_marathon_checks = facts.has_health_checks && chance(l, 70);
    return facts;
}

static void make_plan(struct loop *l)
{
    struct zdd_plan *p = &l->plan;
    int32_t count = 0;

    do
        count++;
    while (zdd_strategy_at((size_t)count) && !zdd_strategy_at((size_t)count)->write_program);
    l->strategy = zdd_strategy_at((size_t)below(l, count));
    *p = (struct zdd_plan){.action = ZDD_ACTION_UPGRADE,
                           .replace_rule = chance(l, 30) ? ZDD_REPLACE_1_10 : ZDD_REPLACE_CLASSIC,
                           .on_failure =
                               chance(l, 80) ? ZDD_ON_FAILURE_ROLLBACK : ZDD_ON_FAILURE_HOLD,
                           .old = some_facts(l)};
    p->target = p->old;
    p->target.minimum_health_capacity = some_facts(l).minimum_health_capacity;
    p->target.maximum_over_capacity = some_facts(l).maximum_over_capacity;
    if (chance(l, 30))
        p->target.instances = below(l, 10);
    p->seen = (struct zdd_precondition){
        .exists = true, .running = p->old.instances, .healthy = p->old.instances};
    if (l->strategy->source == ZDD_TARGET_FROM_CLUSTER) {
        const int32_t instances = below(l, 10);

        p->action = strcmp(l->strategy->name, "scale") == 0 ? ZDD_ACTION_SCALE : ZDD_ACTION_RESTART;
        p->target = p->old;
        if (p->action == ZDD_ACTION_SCALE)
            p->target.instances = instances;
        if (p->action == ZDD_ACTION_SCALE && instances == p->old.instances)
            p->action = ZDD_ACTION_NONE;
    } else if (chance(l, 10)) {
        p->action = ZDD_ACTION_CREATE;
        p->old = (struct zdd_app_facts){0};
        p->seen = (struct zdd_precondition){0};
    }
    p->deadline_ms = 60000 + 10000 * (int64_t)below(l, 60);
    zdd_preview_make(l->strategy, p, &l->preview);
}

static int32_t min32(int32_t a, int32_t b)
{
    return a < b ? a : b;
}

/* What @p facts promise of @p healthy instances. */
static int32_t promised(const struct zdd_app_facts *facts, int32_t healthy)
{
    const double exact = (double)facts->instances * facts->minimum_health_capacity;
    const int32_t whole = (int32_t)exact;

    return min32(exact > (double)whole ? whole + 1 : whole, healthy);
}

static void set_floors(struct loop *l)
{
    l->floor = min32(l->preview.lowest_serving, l->preview.min_healthy);
    l->undo_floor = min32(l->floor, promised(&l->plan.old, l->plan.seen.healthy));
    if (l->plan.action == ZDD_ACTION_SCALE) /* both ways only the number changes */
        l->undo_floor = min32(l->plan.old.instances, l->plan.target.instances);
}

static struct zdd_observation observe(const struct loop *l)
{
    struct zdd_observation seen = {
        .now_ms = l->now_ms,
        .reachable = true,
        .definition = l->twin.definition,
        .instances = l->twin.facts.instances,
        .locked = l->twin.deployment != ZDD_TWIN_IDLE,
        .locked_by_us =
            l->twin.deployment != ZDD_TWIN_IDLE && l->twin.deployment_number == l->our_deployment,
        .tasks_fail = l->crashed,
        .put_back_by_us = l->put_back && l->twin.definition == ZDD_DEFINITION_PREVIOUS,
    };

    if (l->plan.action == ZDD_ACTION_SCALE && l->twin.exists)
        seen.definition = seen.instances == l->plan.target.instances ? ZDD_DEFINITION_TARGET
                                                                     : ZDD_DEFINITION_PREVIOUS;
    zdd_twin_sides(&l->twin, &seen.current, &seen.outdated);
    return seen;
}

static bool carry_out(struct loop *l, const struct zdd_order *order)
{
    struct zdd_app_facts facts =
        order->kind == ZDD_ORDER_PUT_PREVIOUS ? l->plan.old : l->plan.target;
    enum zdd_definition definition =
        order->kind == ZDD_ORDER_PUT_PREVIOUS ? ZDD_DEFINITION_PREVIOUS : ZDD_DEFINITION_TARGET;

    facts.instances = order->instances;
    if (l->plan.action == ZDD_ACTION_SCALE)
        definition = l->twin.definition;
    switch (order->kind) {
    case ZDD_ORDER_PUT_TARGET:
    case ZDD_ORDER_PUT_PREVIOUS:
        return zdd_twin_put(&l->twin, definition, &facts, order->force);
    case ZDD_ORDER_RESTART:
        return zdd_twin_restart(&l->twin, order->force);
    case ZDD_ORDER_DELETE:
        return zdd_twin_delete(&l->twin, order->force);
    case ZDD_ORDER_SET_TRAFFIC:
    case ZDD_ORDER_ADOPT_OLD:
    case ZDD_ORDER_DELETE_OLD:
    case ZDD_ORDER_MEASURE:
    case ZDD_ORDER_KILL_LEAVING:
    case ZDD_ORDER_RESTORE_OLD:
    case ZDD_ORDER_KIND_COUNT:
        break;
    }
    return false;
}

static void obey(struct loop *l, const struct zdd_order *order)
{
    const bool done = carry_out(l, order);

    tell(l, "  %s(%d)%s: %s\n", zdd_order_name(order->kind), (int)order->instances,
         order->force ? " by force" : "", done ? "done" : "locked");
    l->run.outcome = done ? ZDD_OUTCOME_ACKED : ZDD_OUTCOME_LOCKED;
    l->run.ordered_at_ms = l->now_ms;
    l->run.unsure_until_ms = 0;
    if (!done)
        return;
    l->our_deployment = l->twin.deployment_number;
    l->put_back = order->kind == ZDD_ORDER_PUT_PREVIOUS;
}

/*
 * Sick instances of a half sick or slow version count as capacity when the previous definition is
 * put back, and Marathon may kill serving ones in their place. Where none may be missing, more
 * of the previous version outweigh them; where some may, that many fewer are promised. (A
 * version that is sick altogether costs nothing: it is cleared away.) Each task that starts or
 * ends between a look and the order that follows from it may cost one too.
 */
static int32_t floor_now(struct loop *l)
{
    const struct zdd_twin_generation *now = &l->twin.generation[l->twin.current];

    if (l->health == HEALTH_CRASHES && !l->plan.target.has_health_checks)
        return 0; /* without checks each start passes for success and costs an original */
    if (!l->went_back)
        return l->floor;
    /* Crashing instances count as capacity too, and only more of the previous version outweigh
     * them: as many as are bearable suffice where none may be missing (clearing.h). */
    if (l->health == HEALTH_CRASHES && l->plan.old.minimum_health_capacity < 1)
        return 0;
    if (l->health != HEALTH_NONE && l->twin.definition == ZDD_DEFINITION_TARGET &&
        l->plan.old.minimum_health_capacity < 1 && now->fresh > l->sick)
        l->sick = now->fresh;
    return l->undo_floor - l->sick - l->raced;
}

static void check_floor(struct loop *l)
{
    const int32_t serving = zdd_twin_serving(&l->twin);
    const int32_t floor = floor_now(l);

    if (l->is_rough)
        return;
    if (serving < floor)
        print_error("%d serve, %d are promised%s\n", (int)serving, (int)floor,
                    l->went_back ? " on the way back" : "");
    must(l, serving >= floor);
}

/* Tasks of a version that crashes do so while it is in place, soon after they have started. */
static bool crash(struct loop *l)
{
    const struct zdd_twin_generation *now = &l->twin.generation[l->twin.current];
    const int32_t all = zdd_twin_possible(&l->twin, ZDD_TWIN_CRASHED);
    const int32_t mine = now->starting + now->fresh + now->healthy + now->ill;

    if (l->health != HEALTH_CRASHES || l->twin.definition != ZDD_DEFINITION_TARGET || mine == 0 ||
        l->plan.action == ZDD_ACTION_SCALE || l->plan.action == ZDD_ACTION_RESTART)
        return false;
    l->forced = all - mine + below(l, mine); /* earlier generations are counted first */
    zdd_twin_happen(&l->twin, ZDD_TWIN_CRASHED);
    l->crashed = true;
    return true;
}

/* Tasks of the target turn healthy as the loop's dice said, all others do. @return false when none
 * may */
static bool turn_healthy(struct loop *l)
{
    const bool target =
        l->twin.definition == ZDD_DEFINITION_TARGET && l->plan.action != ZDD_ACTION_SCALE;
    const struct zdd_twin_generation *now = &l->twin.generation[l->twin.current];
    const int32_t all = zdd_twin_possible(&l->twin, ZDD_TWIN_HEALTHY);
    const int32_t mine = now->fresh + now->ill;
    const bool never = l->health == HEALTH_NONE || l->health == HEALTH_CRASHES;

    if (all == 0)
        return false;
    if (target && never && all == mine)
        return false;
    if (target && never)
        l->forced = below(l, all - mine); /* earlier generations are counted first */
    if (target && l->health == HEALTH_SOME && l->turned_healthy >= l->plan.target.instances / 2)
        return false;
    l->turned_healthy += target;
    zdd_twin_happen(&l->twin, ZDD_TWIN_HEALTHY);
    return true;
}

static bool may_happen(struct loop *l, enum zdd_twin_event event)
{
    if (event == ZDD_TWIN_HEALTHY)
        return turn_healthy(l);
    if (event == ZDD_TWIN_CRASHED)
        return crash(l);
    if ((event == ZDD_TWIN_DIED || event == ZDD_TWIN_ILL) && (!l->is_rough || !chance(l, 10)))
        return false;
    if (zdd_twin_possible(&l->twin, event) == 0)
        return false;
    zdd_twin_happen(&l->twin, event);
    return true;
}

/* A few things happen, or nothing for a while. @return how many happened */
static int32_t let_time_pass(struct loop *l)
{
    int32_t happened = 0;

    for (int32_t n = below(l, 4); n > 0; n--) {
        happened += may_happen(l, (enum zdd_twin_event)below(l, ZDD_TWIN_EVENT_COUNT));
        check_floor(l);
    }
    l->now_ms += 1 + below(l, 3000);
    return happened;
}

/* One look and all that follows from it without another one. */
static void step(struct loop *l)
{
    for (int i = 0; i < 8 && !zdd_phase_is_final(l->run.phase); i++) {
        const struct zdd_observation seen = observe(l);
        const enum zdd_phase phase = l->run.phase;
        struct zdd_decision d;

        (void)zdd_move_start(&l->plan, &l->run, l->now_ms);
        d = zdd_strategy_decide(l->strategy, &(struct zdd_facts){&l->plan, &l->run, &seen});
        if (d.phase != phase || d.order_count > 0 || d.hold != l->run.hold)
            tell(l, "%7.1f s %s -> %s (%s) hold %s; serving %d of %d\n", (double)l->now_ms / 1e3,
                 zdd_phase_name(phase), zdd_phase_name(d.phase), d.rule, zdd_hold_name(d.hold),
                 (int)zdd_twin_serving(&l->twin), (int)zdd_twin_total(&l->twin));
        zdd_move(l->strategy, &l->plan, &d, l->now_ms, &l->run);
        zdd_tell_waiting(&l->run, d.waiting, &l->plan, &seen, NULL, NULL);
        if (d.take_command)
            l->run.command = ZDD_COMMAND_NONE;
        l->went_back = l->went_back || zdd_phase_is_undo(l->run.phase);
        if (d.order_count > 0) {
            if (l->is_slow) /* the cluster does not wait between a look and its order */
                l->raced += let_time_pass(l);
            obey(l, &d.order[0]);
            return;
        }
        if (l->run.phase == phase && !d.take_command)
            return;
    }
}

static void be_operator(struct loop *l)
{
    static const enum zdd_command commands[] = {ZDD_COMMAND_PAUSE, ZDD_COMMAND_RESUME,
                                                ZDD_COMMAND_ABORT, ZDD_COMMAND_ROLLBACK,
                                                ZDD_COMMAND_RETRY};
    const enum zdd_command command = commands[below(l, (int32_t)ZDD_COUNT(commands))];
    const bool held = l->run.hold != ZDD_HOLD_NONE;

    if (!chance(l, held ? 20 : 1) || l->run.command != ZDD_COMMAND_NONE ||
        !zdd_command_allowed(zdd_run_state(&l->run), command))
        return;
    tell(l, "%7.1f s an operator says %s\n", (double)l->now_ms / 1e3, zdd_command_name(command));
    l->run.command = command;
}

static bool warned(const struct loop *l, const char *code)
{
    for (size_t i = 0; i < l->preview.warning_count; i++) {
        if (strcmp(l->preview.warning[i].code, code) == 0)
            return true;
    }
    return false;
}

static void check_end(struct loop *l)
{
    const struct zdd_observation seen = observe(l);
    const bool back = l->run.phase == ZDD_PHASE_ROLLED_BACK ||
                      (l->run.phase == ZDD_PHASE_CANCELED && l->went_back);

    if (l->run.phase == ZDD_PHASE_SUCCEEDED && l->plan.action != ZDD_ACTION_NONE) {
        must(l, seen.definition == ZDD_DEFINITION_TARGET);
        must(l, seen.current.healthy == l->plan.target.instances || l->is_rough);
        must(l, seen.outdated.total == 0 && !seen.locked);
    }
    if (back && l->plan.seen.exists) {
        must(l, seen.definition == ZDD_DEFINITION_PREVIOUS);
        must(l, seen.current.healthy == l->plan.old.instances);
        must(l, seen.outdated.total == 0 && !seen.locked);
    }
    if (back && !l->plan.seen.exists)
        must(l, !l->twin.exists);
    /* Nobody disturbs it here: going back must work, unless the plan said that it hangs. */
    if (l->went_back && !l->is_rough && !warned(l, "hangs-on-1.10"))
        must(l, l->run.phase != ZDD_PHASE_FAILED);
    /* A version that never serves must not pass for a good one. */
    if ((l->health == HEALTH_NONE || l->health == HEALTH_CRASHES) && l->plan.target.instances > 0 &&
        l->plan.target.has_health_checks && l->plan.action != ZDD_ACTION_SCALE &&
        l->plan.action != ZDD_ACTION_NONE)
        must(l, l->run.phase != ZDD_PHASE_SUCCEEDED);
}

static void set_up(struct loop *l, uint64_t seed, bool tells)
{
    static const char *const healths[] = {"good", "sick", "half sick", "crashing"};

    memset(l, 0, sizeof(*l));
    l->seed = l->random = seed;
    l->tells = tells;
    l->forced = -1;
    l->now_ms = 1000000;
    make_plan(l);
    set_floors(l);
    l->health = (enum health)below(l, HEALTH_COUNT);
    l->is_rough = chance(l, 15);
    l->is_slow = chance(l, 30);
    l->run = (struct zdd_run){.active = true, .phase = ZDD_PHASE_PENDING};
    zdd_twin_init(&l->twin, &l->plan);
    l->twin.choose = choose;
    l->twin.cls = l;
    tell(l, "%s %s %d -> %d, min %.2f over %.2f (before %.2f %.2f), rule %s, floor %d/%d, %s%s%s\n",
         l->strategy->name, zdd_action_name(l->plan.action), (int)l->plan.old.instances,
         (int)l->plan.target.instances, l->plan.target.minimum_health_capacity,
         l->plan.target.maximum_over_capacity, l->plan.old.minimum_health_capacity,
         l->plan.old.maximum_over_capacity, zdd_replace_rule_name(l->plan.replace_rule),
         (int)l->floor, (int)l->undo_floor, healths[l->health], l->is_rough ? ", rough" : "",
         l->is_slow ? ", slow" : "");
}

static enum zdd_phase play(uint64_t seed, bool tells)
{
    struct loop l;

    set_up(&l, seed, tells);
    for (int i = 0; i < EVENTS_MAX && !zdd_phase_is_final(l.run.phase); i++) {
        step(&l);
        check_floor(&l);
        if (zdd_phase_is_final(l.run.phase))
            break;
        be_operator(&l);
        (void)let_time_pass(&l);
    }
    must(&l, zdd_phase_is_final(l.run.phase));
    check_end(&l);
    tell(&l, "end: %s (%s)\n", zdd_phase_name(l.run.phase), zdd_cause_name(l.run.cause));
    return l.run.phase;
}

static void what_was_promised_is_kept_and_every_deployment_ends(void **state)
{
    const char *one = getenv("SEED"), *more = getenv("SEEDS");
    const uint64_t seeds = more ? strtoull(more, NULL, 10) : SEEDS;
    size_t ended[ZDD_PHASE_COUNT] = {0};

    (void)state;
    if (one) {
        (void)play(strtoull(one, NULL, 10), true);
        return;
    }
    for (uint64_t seed = 1; seed <= seeds; seed++)
        ended[play(seed, false)]++;
    print_message("%zu succeeded, %zu rolled back, %zu canceled, %zu failed\n",
                  ended[ZDD_PHASE_SUCCEEDED], ended[ZDD_PHASE_ROLLED_BACK],
                  ended[ZDD_PHASE_CANCELED], ended[ZDD_PHASE_FAILED]);
    /* The dice reach each kind of end. */
    for (int phase = ZDD_PHASE_SUCCEEDED; phase < ZDD_PHASE_COUNT; phase++)
        assert_true(ended[phase] > 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_promised_is_kept_and_every_deployment_ends),
    };

    return cmocka_run_group_tests_name("property/closed-loop", tests, NULL, NULL);
}
