/**
 * @file tests/sim/begin.c
 * @brief What one seed asks for, and what will go wrong.
 */
#include "server/base/crypto.h"
#include "storage/plans.h"
#include "strategies/clearing.h"
#include "strategies/pair_steps.h"
#include "strategies/timing.h"
#include "tests/sim/checks.h"

#include <assert.h>
#include <inttypes.h>
#include <string.h>

#define CALM_MS 250000
#define HOLDS_MAX INT64_C(20) /* of one play */

static const double shares[] = {0, 0.1, 0.25, 0.5, 0.75, 1};

static double draw_share(struct world *dice)
{
    return shares[world_draw(dice) % ZDD_COUNT(shares)];
}

static const struct zdd_strategy *draw_strategy(struct world *dice)
{
    size_t count = 0;

    while (zdd_strategy_at(count) && !zdd_strategy_at(count)->write_program)
        count++;
    assert(count > 0);
    return zdd_strategy_at(world_draw(dice) % count);
}

/* One to eight, fewer more often: large apps only repeat what small ones do. */
static int32_t draw_instances(struct world *dice)
{
    const uint64_t a = world_draw(dice) % 8, b = world_draw(dice) % 8;

    return 1 + (int32_t)(a < b ? a : b);
}

static void draw_facts(struct zdd_plan *p, struct world *dice)
{
    p->old = (struct zdd_app_facts){
        .instances = draw_instances(dice),
        .minimum_health_capacity = draw_share(dice),
        .maximum_over_capacity = draw_share(dice),
        .has_health_checks = world_chance(dice, 70),
        .start_ms = 30000,
    };
    p->old.has_marathon_checks = p->old.has_health_checks;
    p->target = p->old;
    p->target.minimum_health_capacity = draw_share(dice);
    p->target.maximum_over_capacity = draw_share(dice);
    if (world_chance(dice, 20))
        p->target.instances = draw_instances(dice);
    p->seen = (struct zdd_precondition){
        .exists = true, .running = p->old.instances, .healthy = p->old.instances};
    snprintf(p->seen.version, sizeof(p->seen.version), "2024-05-01T10:00:01.000Z");
    snprintf(p->seen.config_version, sizeof(p->seen.config_version), "2024-05-01T10:00:01.000Z");
}

static void draw_action(struct zdd_plan *p, struct world *dice)
{
    p->action = ZDD_ACTION_UPGRADE;
    if (strcmp(p->strategy, "scale") == 0) {
        p->action = ZDD_ACTION_SCALE;
        p->target = p->old;
        p->target.instances = draw_instances(dice) - (int32_t)(world_draw(dice) % 2);
        if (p->target.instances == p->old.instances)
            p->action = ZDD_ACTION_NONE;
    } else if (strcmp(p->strategy, "restart") == 0) {
        p->action = ZDD_ACTION_RESTART;
        p->target = p->old;
    } else if (world_chance(dice, 10)) {
        p->action = ZDD_ACTION_CREATE;
        p->old = (struct zdd_app_facts){0};
        p->seen = (struct zdd_precondition){0};
    }
}

static void make_plan(struct sim *s, struct world *dice)
{
    const struct zdd_strategy *strategy = draw_strategy(dice);
    struct zdd_plan *p = &s->plan;

    *p = (struct zdd_plan){.created_at_ms = dice->now_ms};
    snprintf(p->strategy, sizeof(p->strategy), "%s", strategy->name);
    snprintf(p->app_id, sizeof(p->app_id), "/sim/%" PRIu64, dice->seed);
    zdd_uuid7(dice->now_ms, p->id);
    snprintf(p->digest, sizeof(p->digest), "sha256:%064d", 0);
    p->replace_rule = world_chance(dice, 25) ? ZDD_REPLACE_1_10 : ZDD_REPLACE_CLASSIC;
    p->on_failure = world_chance(dice, 75) ? ZDD_ON_FAILURE_ROLLBACK : ZDD_ON_FAILURE_HOLD;
    p->deadline_ms = 30000 + (int64_t)(world_draw(dice) % 10) * 30000;
    draw_facts(p, dice);
    draw_action(p, dice);
    zdd_preview_make(strategy, p, &s->preview);
}

unsigned up_to(struct world *dice, unsigned most)
{
    return (unsigned)(world_draw(dice) % most);
}

unsigned in_some(struct world *dice, unsigned share, unsigned rate)
{
    return world_chance(dice, share) ? rate : 0;
}

static void draw_faults(struct world *w)
{
    /* A third of the worlds is perfect, the others have what the dice say. */
    if (world_chance(w, 33))
        return;
    w->faults = (struct faults){
        .look_fails = world_chance(w, 50) ? up_to(w, 30) : 0,
        .call_slow = in_some(w, 30, 10),
        .order_lost = up_to(w, 20),
        .answer_lost = up_to(w, 20),
        .order_late = up_to(w, 10),
        .order_half = in_some(w, 20, 15),
        .order_twice = in_some(w, 20, 20),
        .order_refused = in_some(w, 20, 20),
        .event_lost = up_to(w, 40),
        .event_doubled = up_to(w, 20),
        .event_late = up_to(w, 30),
        .task_dies = in_some(w, 30, 1),
        .task_ill = in_some(w, 30, 1),
        .tasks_stuck = in_some(w, 20, 1),
        .tasks_stay = in_some(w, 10, 1),
        .leader_change = in_some(w, 20, 1),
        .foreign_change = in_some(w, 15, 1),
        .foreign_scale = in_some(w, 15, 1),
        .foreign_cancel = in_some(w, 15, 1),
        .foreign_delete = in_some(w, 7, 1),
        .clock_jump = in_some(w, 10, 1),
        .engine_dies = in_some(w, 40, 5),
        .command = in_some(w, 40, 1),
        .store_fails = in_some(w, 30, 20),
        .store_breaks = in_some(w, 10, 2),
    };
    if (w->faults.task_ill > 0 && world_chance(w, 25))
        w->faults.task_ill = 4; /* they flap */
}

static enum target_health draw_health(struct world *w)
{
    static const enum target_health bad[] = {TARGET_SICK, TARGET_SICK, TARGET_CRASHING,
                                             TARGET_STAGED};

    return world_chance(w, 30) ? bad[world_draw(w) % ZDD_COUNT(bad)] : TARGET_WELL;
}

static enum pace draw_pace(struct world *w)
{
    static const enum pace paces[] = {PACE_STEADY, PACE_SLOW, PACE_BURSTS, PACE_BURSTS,
                                      PACE_BURSTS};

    return paces[world_draw(w) % ZDD_COUNT(paces)];
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

static struct bounds bounds_of(const struct sim *s)
{
    const struct zdd_plan *p = &s->plan;
    const bool stops = strcmp(p->strategy, "recreate") == 0 || p->action == ZDD_ACTION_CREATE;
    const bool crashes = s->world.target_health == TARGET_CRASHING;
    struct zdd_app_facts restored = p->old;
    struct bounds b = {0};

    b.floor = stops ? 0 : min32(s->preview.lowest_serving, s->preview.min_healthy);
    b.undo_floor = stops ? 0 : min32(b.floor, promised(&p->old, p->seen.healthy));
    if (crashes && p->old.minimum_health_capacity < 1)
        b.undo_floor =
            0; /* only where none may be missing this many can be put back (clearing.h) */
    if (crashes && !p->target.has_health_checks)
        b.floor = b.undo_floor = 0; /* each start passes for success and costs an original */
    b.cap = max32(max32(p->seen.running, s->preview.peak_instances),
                  max32(most(&p->target), most(&p->old)));
    /* Going back may put more instances back than ran, so that Marathon kills none at once. */
    restored.instances = zdd_clearing_restored_max(p);
    b.undo_cap = max32(b.cap, most(&restored));
    b.end_by_ms = s->world.now_ms + 4 * p->deadline_ms + ZDD_CLEAR_LIMIT_MS + ZDD_REVERT_LIMIT_MS +
                  zdd_timing_limit_ms(p, ZDD_PHASE_UNDOING) + CALM_MS + HOLDS_MAX * OPERATOR_MS +
                  GRACE_MS;
    return b;
}

/* @p run of the same plan, not yet stored. */
static void name_run(const struct sim *s, struct zdd_run *run)
{
    *run = (struct zdd_run){.created_at_ms = s->world.now_ms,
                            .wake_at_ms = s->world.now_ms,
                            .traffic = zdd_traffic_base()};
    zdd_uuid7(s->world.now_ms, run->id);
    memcpy(run->plan_id, s->plan.id, sizeof(run->plan_id));
    memcpy(run->app_id, s->plan.app_id, sizeof(run->app_id));
    memcpy(run->strategy, s->plan.strategy, sizeof(run->strategy));
    snprintf(run->created_by, sizeof(run->created_by), "sim");
}

static enum zdd_err insert_steps(struct zdd_tx *tx, const struct sim *s)
{
    const struct zdd_strategy *strategy = zdd_strategy_find(s->plan.strategy);
    const struct zdd_program *program = &s->plan.program;
    const size_t count = program->count > 0 ? (size_t)program->count : strategy->step_count;
    enum zdd_err err = ZDD_ERR_NONE;

    for (size_t i = 0; err == ZDD_ERR_NONE && i < count; i++) {
        struct zdd_step_row row = {.index = (int32_t)i};

        snprintf(row.kind, sizeof(row.kind), "%s",
                 program->count > 0 ? zdd_step_kind_name(program->step[i].kind)
                                    : strategy->steps[i].kind);
        if (program->count > 0)
            zdd_pair_step_say(&program->step[i], row.text, sizeof(row.text));
        else
            snprintf(row.text, sizeof(row.text), "%s", strategy->steps[i].text);
        snprintf(row.state, sizeof(row.state), "pending");
        err = zdd_step_insert(tx, s->run.id, &row);
    }
    return err;
}

static enum zdd_err insert(struct zdd_tx *tx, void *cls)
{
    struct sim *s = cls;
    char busy[ZDD_ID_SIZE];
    enum zdd_err err = zdd_plan_insert(tx, &s->plan, &s->texts, "sim");

    name_run(s, &s->run);
    if (err == ZDD_ERR_NONE)
        err = zdd_run_insert(tx, &s->run, NULL, ZDD_WHEN_BUSY_REJECT, busy);
    if (err == ZDD_ERR_NONE)
        err = insert_steps(tx, s);
    if (err == ZDD_ERR_NONE && world_chance(&s->world, 10)) {
        struct zdd_run second;

        name_run(s, &second);
        err = zdd_run_insert(tx, &second, NULL, ZDD_WHEN_BUSY_QUEUE, busy);
        memcpy(s->queued_id, second.id, sizeof(second.id));
    }
    return err;
}

void store_request(struct sim *s)
{
    if (zdd_store_write(s->store, insert, s) != ZDD_ERR_NONE)
        violate(s, "the deployment could not be stored");
}

static void tell_plan(struct sim *s)
{
    static const char *const health[] = {[TARGET_WELL] = "well",
                                         [TARGET_SICK] = "sick",
                                         [TARGET_CRASHING] = "crashing",
                                         [TARGET_STAGED] = "never starting"};
    const struct zdd_plan *p = &s->plan;

    world_tell(&s->world, "%s %s: %d -> %d instances, the new version is %s", p->strategy,
               zdd_action_name(p->action), (int)p->old.instances, (int)p->target.instances,
               health[s->world.target_health]);
    world_tell(&s->world, "min %.2f over %.2f (before: %.2f %.2f), rule %s, %s, %s",
               p->target.minimum_health_capacity, p->target.maximum_over_capacity,
               p->old.minimum_health_capacity, p->old.maximum_over_capacity,
               zdd_replace_rule_name(p->replace_rule), zdd_on_failure_name(p->on_failure),
               p->target.has_health_checks ? "health checks" : "no checks");
    world_tell(&s->world, "floor %d, going back %d; cap %d, going back %d", (int)s->bounds.floor,
               (int)s->bounds.undo_floor, (int)s->bounds.cap, (int)s->bounds.undo_cap);
}

static void begin(struct sim *s, uint64_t seed)
{
    static char target[] = "{\"t\":1}";
    static char previous[] = "{\"p\":1}";
    static char body[] = "{}";
    struct world dice = {.seed = seed, .random = seed, .now_ms = 1000000};
    FILE *const story = s->world.story;

    make_plan(s, &dice);
    world_init(&s->world, seed, &s->plan);
    s->world.random = dice.random;
    s->world.story = story;
    s->world.target_health = draw_health(&s->world);
    s->world.pace = draw_pace(&s->world);
    draw_faults(&s->world);
    s->bounds = bounds_of(s);
    s->texts = (struct zdd_plan_texts){.body = {body},
                                       .request = {body},
                                       .target = {target},
                                       .previous = {s->plan.seen.exists ? previous : NULL}};
    store_request(s);
    tell_plan(s);
}

static struct zdd_cluster cluster(struct sim *s)
{
    return world_cluster(&s->world);
}

const struct scenery one_app = {
    .option = "",
    .seeds_file = SEEDS_DIR "seeds.txt",
    .begin = begin,
    .cluster = cluster,
    .check_moment = check_capacity,
    .check_end = check_end,
    .calm_ms = CALM_MS,
};
