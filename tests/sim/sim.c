/**
 * @file tests/sim/sim.c
 * @brief Every strategy of the registry, the real engine step and the real store against a seeded
 * world of faults.
 *
 * `sim` runs seeds 1 to 200, `sim --seeds N` seeds 1 to N, `sim SEED` replays one and
 * tells its story. Seeds that once failed stand in seeds.txt and run each time.
 * Invariants: design.md §3. Virtual time; nothing sleeps.
 */
#include "server/base/crypto.h"
#include "server/base/log.h"
#include "server/engine/step.h"
#include "storage/audit.h"
#include "storage/intents.h"
#include "storage/plans.h"
#include "storage/runs.h"
#include "strategies/clearing.h"
#include "strategies/preview.h"
#include "strategies/timing.h"
#include "tests/sim/world.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define CALM_MS 400000    /* after this long no new fault happens */
#define GRACE_MS 120000   /* beyond all deadlines: looks come late when the world is silent */
#define OPERATOR_MS 60000 /* how long a held deployment waits for its operator */
#define SWEEP_MS 45000
#define JUMP_MAX_MS 600000

#ifndef SEEDS_FILE
#    error "SEEDS_FILE names the list of seeds that once failed"
#endif

struct sim {
    struct world world;
    struct zdd_store *store;
    struct zdd_stepper stepper;
    struct zdd_plan plan;
    struct zdd_preview preview;
    struct zdd_run run; /* as last loaded */
    int64_t wake_at_ms, sweep_at_ms, held_at_ms, end_by_ms;
    int32_t floor, undo_floor, cap, undo_cap;
    unsigned rollbacks, commands;
    bool undo_seen, dead;
    enum zdd_phase phase;
    const char *failure;
    char words[300];
};

__attribute__((format(printf, 2, 3))) static void fail(struct sim *s, const char *format, ...)
{
    va_list args;

    if (s->failure)
        return;
    va_start(args, format);
    vsnprintf(s->words, sizeof(s->words), format, args);
    va_end(args);
    s->failure = s->words;
    world_tell(&s->world, "VIOLATION: %s", s->words);
}

static void make_plan(struct sim *s, struct world *dice)
{
    static const double shares[] = {0, 0.1, 0.25, 0.5, 0.75, 1};
    struct zdd_plan *p = &s->plan;
    const struct zdd_strategy *strategy;
    size_t count = 0;

    while (zdd_strategy_at(count))
        count++;
    strategy = zdd_strategy_at(world_draw(dice) % count);
    *p = (struct zdd_plan){.action = ZDD_ACTION_UPGRADE, .created_at_ms = dice->now_ms};
    snprintf(p->strategy, sizeof(p->strategy), "%s", strategy->name);
    snprintf(p->app_id, sizeof(p->app_id), "/sim/%" PRIu64, dice->seed);
    zdd_uuid7(dice->now_ms, p->id);
    snprintf(p->digest, sizeof(p->digest), "sha256:%064d", 0);
    p->replace_rule = world_chance(dice, 25) ? ZDD_REPLACE_1_10 : ZDD_REPLACE_CLASSIC;
    p->on_failure = world_chance(dice, 75) ? ZDD_ON_FAILURE_ROLLBACK : ZDD_ON_FAILURE_HOLD;
    p->deadline_ms = 60000 + (int64_t)(world_draw(dice) % 10) * 60000;
    p->old = (struct zdd_app_facts){
        .instances = 1 + (int32_t)(world_draw(dice) % 8),
        .minimum_health_capacity = shares[world_draw(dice) % ZDD_COUNT(shares)],
        .maximum_over_capacity = shares[world_draw(dice) % ZDD_COUNT(shares)],
        .has_health_checks = world_chance(dice, 70),
        .start_ms = 30000,
    };
    p->old.has_marathon_checks = p->old.has_health_checks;
    p->target = p->old;
    p->target.minimum_health_capacity = shares[world_draw(dice) % ZDD_COUNT(shares)];
    p->target.maximum_over_capacity = shares[world_draw(dice) % ZDD_COUNT(shares)];
    if (world_chance(dice, 20))
        p->target.instances = 1 + (int32_t)(world_draw(dice) % 8);
    p->seen = (struct zdd_precondition){
        .exists = true, .running = p->old.instances, .healthy = p->old.instances};
    snprintf(p->seen.version, sizeof(p->seen.version), "2024-05-01T10:00:01.000Z");
    snprintf(p->seen.config_version, sizeof(p->seen.config_version), "2024-05-01T10:00:01.000Z");
    if (strcmp(strategy->name, "scale") == 0) {
        p->action = ZDD_ACTION_SCALE;
        p->target = p->old;
        p->target.instances = (int32_t)(world_draw(dice) % 9);
        if (p->target.instances == p->old.instances)
            p->action = ZDD_ACTION_NONE;
    } else if (strcmp(strategy->name, "restart") == 0) {
        p->action = ZDD_ACTION_RESTART;
        p->target = p->old;
    } else if (world_chance(dice, 10)) {
        p->action = ZDD_ACTION_CREATE;
        p->old = (struct zdd_app_facts){0};
        p->seen = (struct zdd_precondition){0};
    }
    zdd_preview_make(strategy, p, &s->preview);
}

static enum zdd_err insert(struct zdd_tx *tx, void *cls)
{
    static char target[] = "{\"t\":1}";
    static char previous[] = "{\"p\":1}";
    static char body[] = "{}";
    struct sim *s = cls;
    const struct zdd_strategy *strategy = zdd_strategy_find(s->plan.strategy);
    struct zdd_plan_texts texts = {
        {body}, {body}, {target}, {s->plan.seen.exists ? previous : NULL}};
    char busy[ZDD_ID_SIZE];
    enum zdd_err err = zdd_plan_insert(tx, &s->plan, &texts, "sim");

    s->run = (struct zdd_run){.created_at_ms = s->world.now_ms, .wake_at_ms = s->world.now_ms};
    zdd_uuid7(s->world.now_ms, s->run.id);
    memcpy(s->run.plan_id, s->plan.id, sizeof(s->run.plan_id));
    memcpy(s->run.app_id, s->plan.app_id, sizeof(s->run.app_id));
    memcpy(s->run.strategy, s->plan.strategy, sizeof(s->run.strategy));
    snprintf(s->run.created_by, sizeof(s->run.created_by), "sim");
    if (err == ZDD_ERR_NONE)
        err = zdd_run_insert(tx, &s->run, NULL, ZDD_WHEN_BUSY_REJECT, busy);
    for (size_t i = 0; err == ZDD_ERR_NONE && i < strategy->step_count; i++) {
        struct zdd_step_row row = {.index = (int32_t)i};

        snprintf(row.kind, sizeof(row.kind), "%s", strategy->steps[i].kind);
        snprintf(row.text, sizeof(row.text), "%s", strategy->steps[i].text);
        snprintf(row.state, sizeof(row.state), "pending");
        err = zdd_step_insert(tx, s->run.id, &row);
    }
    return err;
}

struct wanted {
    enum zdd_order_kind kind;
    int32_t instances;
    bool found;
};

static bool last_intent(void *cls, const struct zdd_intent_row *row, const char *detail)
{
    struct wanted *wanted = cls;

    (void)detail;
    wanted->found = row->closed_at_ms == 0 && row->order.kind == wanted->kind &&
                    row->order.instances == wanted->instances;
    return true;
}

/* Intent before effect: the newest entry of the journal is this very order, and open. */
static void check_order(void *cls, enum zdd_order_kind kind, const struct zdd_cluster_order *order)
{
    struct sim *s = cls;
    struct wanted wanted = {kind, order->instances, false};

    if (zdd_intent_list(s->store, s->run.id, last_intent, &wanted) != ZDD_ERR_NONE || !wanted.found)
        fail(s, "order %d (%d instances) has no open intent in the journal", (int)kind,
             (int)order->instances);
    if (order->force && s->world.twin.deployment == ZDD_TWIN_IDLE)
        return; /* it ended since the look: force then forces nothing */
}

static bool dies(void *cls, enum zdd_point point)
{
    struct sim *s = cls;

    if (!world_fault(&s->world, s->world.faults.engine_dies))
        return false;
    world_tell(&s->world, "the engine dies %s", zdd_point_name(point));
    s->dead = true;
    return true;
}

static int64_t sim_now(void *cls)
{
    const struct sim *s = cls;

    return s->world.now_ms + s->world.clock_skew_ms;
}

struct command_ask {
    struct sim *sim;
    enum zdd_command command;
};

static enum zdd_err leave_command(struct zdd_tx *tx, void *cls)
{
    struct command_ask *ask = cls;
    struct zdd_run run;

    return zdd_run_command(tx, ask->sim->run.id, -1, ask->command, ask->sim->world.now_ms, &run);
}

static void command(struct sim *s, enum zdd_command what)
{
    struct command_ask ask = {s, what};
    const enum zdd_err err = zdd_store_write(s->store, leave_command, &ask);

    if (err == ZDD_ERR_NONE) {
        world_tell(&s->world, "an operator says %s", zdd_command_name(what));
        s->commands++;
        s->wake_at_ms = sim_now(s);
    } else if (err != ZDD_ERR_COMMAND_REFUSED && err != ZDD_ERR_RUN_FINISHED) {
        fail(s, "a command gave error %d", (int)err);
    }
}

static void be_operator(struct sim *s)
{
    static const enum zdd_command any[] = {ZDD_COMMAND_PAUSE, ZDD_COMMAND_RESUME, ZDD_COMMAND_ABORT,
                                           ZDD_COMMAND_ROLLBACK, ZDD_COMMAND_RETRY};
    static const enum zdd_command ending[] = {ZDD_COMMAND_ROLLBACK, ZDD_COMMAND_ABORT,
                                              ZDD_COMMAND_RETRY, ZDD_COMMAND_RESUME};

    if (world_fault(&s->world, s->world.faults.command))
        command(s, any[world_draw(&s->world) % ZDD_COUNT(any)]);
    if (s->run.hold == ZDD_HOLD_NONE) {
        s->held_at_ms = 0;
        return;
    }
    if (s->held_at_ms == 0)
        s->held_at_ms = s->world.now_ms;
    if (s->world.now_ms < s->held_at_ms + OPERATOR_MS || s->run.command != ZDD_COMMAND_NONE)
        return;
    s->held_at_ms = s->world.now_ms;
    /* Late in the day only what ends it helps. */
    command(s, ending[world_draw(&s->world) % (s->world.calm ? 2 : ZDD_COUNT(ending))]);
}

static void step(struct sim *s)
{
    struct zdd_step_report report;
    enum zdd_err err = zdd_step(&s->stepper, s->run.id, NULL, &report);

    if (err != ZDD_ERR_NONE)
        fail(s, "a step gave error %d", (int)err);
    if (zdd_run_load(s->store, s->run.id, &s->run, NULL) != ZDD_ERR_NONE)
        fail(s, "the deployment is gone from the store");
    if (s->run.phase != s->phase)
        world_tell(&s->world, "phase %s -> %s (%s) %s", zdd_phase_name(s->phase),
                   zdd_phase_name(s->run.phase), zdd_cause_name(s->run.cause), s->run.waiting_text);
    if (s->run.phase == ZDD_PHASE_CLEARING &&
        !zdd_phase_is_undo(s->phase)) /* later ones are an operator's */
        s->rollbacks++;
    s->phase = s->run.phase;
    s->undo_seen = s->undo_seen || zdd_phase_is_undo(s->run.phase);
    s->wake_at_ms = report.wake_at_ms ? report.wake_at_ms : INT64_MAX;
    if (report.unreachable && s->wake_at_ms > sim_now(s) + 2000)
        s->wake_at_ms = sim_now(s) + 2000; /* the engine's probe */
    if (s->dead) {
        s->dead = false;
        s->wake_at_ms = sim_now(s) + 3000; /* the next start looks at everything */
    }
}

static bool is_due(struct sim *s)
{
    struct world *w = &s->world;

    if (w->event_waits && w->now_ms >= w->event_at_ms) {
        w->event_waits = world_fault(w, w->faults.event_doubled);
        if (!world_fault(w, w->faults.event_lost))
            return true;
    }
    if (w->now_ms >= s->sweep_at_ms) {
        s->sweep_at_ms = w->now_ms + SWEEP_MS;
        return true;
    }
    return sim_now(s) >= s->wake_at_ms;
}

/* Never below the promised floor, never above the cap, unless the cluster or other people did it.
 */
static void check_capacity(struct sim *s)
{
    const int32_t serving = zdd_twin_serving(&s->world.twin);
    const int32_t total = zdd_twin_total(&s->world.twin);

    if (s->world.troubles.cluster || s->world.troubles.foreign)
        return;
    if (serving < (s->undo_seen ? s->undo_floor : s->floor))
        fail(s, "%d instances serve, %d are promised", (int)serving,
             (int)(s->undo_seen ? s->undo_floor : s->floor));
    if (total > (s->undo_seen ? s->undo_cap : s->cap))
        fail(s, "%d instances exist, %d are the most", (int)total,
             (int)(s->undo_seen ? s->undo_cap : s->cap));
}

static int32_t min32(int32_t a, int32_t b)
{
    return a < b ? a : b;
}

static int32_t max32(int32_t a, int32_t b)
{
    return a > b ? a : b;
}

static int32_t promised(const struct zdd_app_facts *f, int32_t at_start)
{
    const double exact = (double)f->instances * f->minimum_health_capacity;
    const int32_t whole = (int32_t)exact;

    return min32(exact > (double)whole ? whole + 1 : whole, at_start);
}

static int32_t most(const struct zdd_app_facts *f)
{
    return (int32_t)((double)f->instances * (1.0 + f->maximum_over_capacity)) + 1;
}

static void set_bounds(struct sim *s)
{
    const struct zdd_plan *p = &s->plan;
    const bool stops = strcmp(p->strategy, "recreate") == 0 || p->action == ZDD_ACTION_CREATE;

    s->floor = stops ? 0 : min32(s->preview.lowest_serving, s->preview.min_healthy);
    s->undo_floor = stops ? 0 : min32(s->floor, promised(&p->old, p->seen.healthy));
    if (s->world.crashing_target && p->old.minimum_health_capacity < 1)
        s->undo_floor =
            0; /* only where none may be missing this many can be put back (clearing.h) */
    if (s->world.crashing_target && !p->target.has_health_checks)
        s->floor = s->undo_floor = 0; /* each start passes for success and costs an original */
    s->cap = max32(max32(p->seen.running, s->preview.peak_instances),
                   max32(most(&p->target), most(&p->old)));
    /* Going back may put more instances back than ran, so that Marathon kills none at once. */
    struct zdd_app_facts restored = p->old;

    restored.instances = zdd_clearing_restored_max(p);
    s->undo_cap = max32(s->cap, most(&restored));
    s->end_by_ms = s->world.now_ms + 4 * p->deadline_ms + ZDD_CLEAR_LIMIT_MS + ZDD_REVERT_LIMIT_MS +
                   zdd_timing_limit_ms(p, ZDD_PHASE_UNDOING) + CALM_MS + 20 * OPERATOR_MS +
                   GRACE_MS;
}

static void check_end(struct sim *s)
{
    const struct zdd_twin *t = &s->world.twin;
    const bool back = s->run.phase == ZDD_PHASE_ROLLED_BACK ||
                      (s->run.phase == ZDD_PHASE_CANCELED && s->undo_seen);
    struct zdd_side now, old;

    zdd_twin_sides(t, &now, &old);
    if (s->rollbacks > 1)
        fail(s, "it went back %d times", (int)s->rollbacks);
    if (s->run.ended_at_ms == 0)
        fail(s, "it ended without an end time");
    if (s->world.late.pending || s->world.troubles.foreign)
        return;
    if (s->run.phase == ZDD_PHASE_SUCCEEDED && s->plan.action != ZDD_ACTION_NONE &&
        (t->facts.instances != s->plan.target.instances || old.total > 0))
        fail(s, "it succeeded with %d instances wanted and %d old ones", (int)t->facts.instances,
             (int)old.total);
    if (s->run.phase == ZDD_PHASE_SUCCEEDED && s->plan.action == ZDD_ACTION_UPGRADE &&
        t->definition != ZDD_DEFINITION_TARGET)
        fail(s, "it succeeded with definition %d", (int)t->definition);
    if (back && s->plan.seen.exists &&
        (t->facts.instances != s->plan.old.instances ||
         (s->plan.action == ZDD_ACTION_UPGRADE && t->definition != ZDD_DEFINITION_PREVIOUS)))
        fail(s, "it went back to %d instances of definition %d", (int)t->facts.instances,
             (int)t->definition);
    if (back && !s->plan.seen.exists && t->exists)
        fail(s, "it went back and the new app is still there");
}

static void set_faults(struct world *w)
{
    /* A third of the worlds is perfect, the others have what the dice say. */
    if (world_chance(w, 33))
        return;
    w->faults = (struct faults){
        .look_fails = (unsigned)(world_draw(w) % 30),
        .order_lost = (unsigned)(world_draw(w) % 20),
        .answer_lost = (unsigned)(world_draw(w) % 20),
        .order_late = (unsigned)(world_draw(w) % 10),
        .order_refused = world_chance(w, 20) ? 20 : 0,
        .event_lost = (unsigned)(world_draw(w) % 40),
        .event_doubled = (unsigned)(world_draw(w) % 20),
        .event_late = (unsigned)(world_draw(w) % 30),
        .task_dies = world_chance(w, 30) ? 1 : 0,
        .task_ill = world_chance(w, 30) ? 1 : 0,
        .leader_change = world_chance(w, 20) ? 1 : 0,
        .tasks_stuck = world_chance(w, 20) ? 1 : 0,
        .clock_jump = world_chance(w, 10) ? 1 : 0,
        .foreign_change = world_chance(w, 15) ? 1 : 0,
        .foreign_scale = world_chance(w, 15) ? 1 : 0,
        .foreign_cancel = world_chance(w, 15) ? 1 : 0,
        .engine_dies = world_chance(w, 50) ? 10 : 0,
        .command = world_chance(w, 40) ? 1 : 0,
    };
}

static enum zdd_phase simulate(uint64_t seed, struct zdd_store *store, FILE *story,
                               const char **ret_failure, char words[300])
{
    static struct sim s;
    int64_t began_ms;

    memset(&s, 0, sizeof(s));
    s.store = store;
    s.world = (struct world){.seed = seed, .random = seed, .now_ms = 1000000};
    make_plan(&s, &s.world);
    const uint64_t random = s.world.random;

    world_init(&s.world, seed, &s.plan);
    s.world.random = random;
    s.world.story = story;
    s.world.on_order = check_order;
    s.world.cls = &s;
    s.world.sick_target = world_chance(&s.world, 30);
    s.world.crashing_target = s.world.sick_target && seed % 3 == 0;
    set_faults(&s.world);
    s.stepper = (struct zdd_stepper){.store = store,
                                     .cluster = world_cluster(&s.world),
                                     .now_ms = sim_now,
                                     .clock = &s,
                                     .dies = dies,
                                     .fate = &s};
    atomic_store(&s.stepper.random, seed);
    began_ms = s.world.now_ms;
    set_bounds(&s);
    world_tell(
        &s.world,
        "%s %s: %d -> %d instances, min %.2f over %.2f (before: %.2f %.2f), rule %s, %s, floor %d/%d cap %d%s",
        s.plan.strategy, zdd_action_name(s.plan.action), (int)s.plan.old.instances,
        (int)s.plan.target.instances, s.plan.target.minimum_health_capacity,
        s.plan.target.maximum_over_capacity, s.plan.old.minimum_health_capacity,
        s.plan.old.maximum_over_capacity, zdd_replace_rule_name(s.plan.replace_rule),
        zdd_on_failure_name(s.plan.on_failure), (int)s.floor, (int)s.undo_floor, (int)s.cap,
        s.world.crashing_target ? ", the new version crashes"
        : s.world.sick_target   ? ", the new version is sick"
                                : "");
    if (zdd_store_write(store, insert, &s) != ZDD_ERR_NONE)
        fail(&s, "the deployment could not be stored");
    while (!s.failure && !zdd_phase_is_final(s.run.phase)) {
        if (is_due(&s))
            step(&s);
        check_capacity(&s);
        if (zdd_phase_is_final(s.run.phase))
            break;
        be_operator(&s);
        world_tick(&s.world);
        check_capacity(&s);
        s.world.calm = s.world.now_ms > began_ms + CALM_MS;
        /* Each jump of the clock may move every deadline by its length. */
        if (s.world.now_ms > s.end_by_ms + s.world.clock_jumps * JUMP_MAX_MS)
            fail(&s, "it has not ended after %d s, phase %d",
                 (int)((s.world.now_ms - began_ms) / 1000), (int)s.run.phase);
    }
    if (!s.failure)
        check_end(&s);
    *ret_failure = s.failure;
    memcpy(words, s.words, 300);
    world_tell(&s.world, "end: %s, %u orders", zdd_phase_name(s.run.phase), s.world.orders_seen);
    return s.run.phase;
}

static struct zdd_store *open_store(void)
{
    struct zdd_store *store = NULL;
    char reason[300];

    if (zdd_store_open(
            &(struct zdd_store_options){.path = ":memory:", .holder = "sim", .inline_writer = true},
            &store, reason) != ZDD_ERR_NONE) {
        fprintf(stderr, "sim: %s\n", reason);
        exit(EXIT_FAILURE);
    }
    return store;
}

/* @return false, and the story printed, when the seed fails */
static bool run_seed(uint64_t seed, struct zdd_store *store, size_t ended[ZDD_PHASE_COUNT])
{
    const char *failure;
    char words[300];
    const enum zdd_phase phase = simulate(seed, store, NULL, &failure, words);

    ended[phase]++;
    if (!failure)
        return true;
    printf("seed %" PRIu64 " failed: %s\nIts story (replay: sim %" PRIu64 "):\n", seed, words,
           seed);
    store = open_store();
    (void)simulate(seed, store, stdout, &failure, words);
    zdd_store_free(store);
    return false;
}

static bool run_kept_seeds(struct zdd_store *store, size_t ended[ZDD_PHASE_COUNT])
{
    FILE *file = fopen(SEEDS_FILE, "r");
    uint64_t seed;
    bool good = true;

    if (!file) {
        fprintf(stderr, "sim: cannot read %s\n", SEEDS_FILE);
        return false;
    }
    while (good && fscanf(file, "%" SCNu64 "%*[^\n]", &seed) == 1)
        good = run_seed(seed, store, ended);
    fclose(file);
    return good;
}

static bool chain_is_whole(struct zdd_store *store)
{
    struct zdd_audit_verdict verdict;

    if (zdd_audit_verify(store, &verdict) != ZDD_ERR_NONE || !verdict.ok) {
        printf("the audit chain is broken at %" PRId64 ": %s\n", verdict.broken_seq, verdict.why);
        return false;
    }
    return verdict.entries > 0;
}

static int run_seeds(uint64_t count)
{
    struct zdd_store *store = open_store();
    size_t ended[ZDD_PHASE_COUNT] = {0};
    bool good = run_kept_seeds(store, ended);

    for (uint64_t seed = 1; good && seed <= count; seed++) {
        good = run_seed(seed, store, ended);
        if (good && seed % 500 == 0) {
            good = chain_is_whole(store); /* and a fresh database, so that its size does not tell */
            zdd_store_free(store);
            store = open_store();
        }
    }
    good = good && (count % 500 == 0 || chain_is_whole(store));
    zdd_store_free(store);
    printf("%" PRIu64 " seeds: %zu succeeded, %zu rolled back, %zu canceled, %zu failed\n", count,
           ended[ZDD_PHASE_SUCCEEDED], ended[ZDD_PHASE_ROLLED_BACK], ended[ZDD_PHASE_CANCELED],
           ended[ZDD_PHASE_FAILED]);
    return good ? EXIT_SUCCESS : EXIT_FAILURE;
}

int main(int argc, char **argv)
{
    const char *failure;
    char words[300];
    struct zdd_store *store;

    if (!zdd_crypto_init())
        return EXIT_FAILURE;
    zdd_log_level_set(ZDD_LOG_ERROR);
    if (argc == 1)
        return run_seeds(200);
    if (argc == 3 && strcmp(argv[1], "--seeds") == 0)
        return run_seeds(strtoull(argv[2], NULL, 10));
    if (argc != 2) {
        fprintf(stderr, "usage: sim [SEED | --seeds N]\n");
        return 2;
    }
    store = open_store();
    (void)simulate(strtoull(argv[1], NULL, 10), store, stdout, &failure, words);
    zdd_store_free(store);
    return failure ? EXIT_FAILURE : EXIT_SUCCESS;
}
