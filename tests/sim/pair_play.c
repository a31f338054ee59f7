/**
 * @file tests/sim/pair_play.c
 * @brief A play over two apps behind balancers: what one seed asks for, and what will go wrong.
 */
#include "server/base/crypto.h"
#include "strategies/builtin.h"
#include "strategies/timing.h"
#include "tests/sim/checks.h"
#include "tests/support/pair_options.h"

#include <assert.h>
#include <inttypes.h>
#include <string.h>

#define HOLDS_MAX INT64_C(20) /* of one play */
#define MOMENT_MIN_MS 20
#define MOMENT_MAX_MS 400
#define SILENT_MAX_MS 15000
#define SECONDS_MAX 20

struct zdd_verify pair_draw_verify(struct world *dice)
{
    struct zdd_verify verify = {.rounds = 1 + (int32_t)up_to(dice, 5),
                                .on_inconclusive = ZDD_INCONCLUSIVE_FAILS};

    verify.interval_ms = 1000 * (1 + (int32_t)up_to(dice, 10));
    verify.failure_limit = (int32_t)(world_draw(dice) % (uint64_t)verify.rounds);
    verify.error_limit = verify.failure_limit;
    return verify;
}

static void draw_program(struct zdd_plan *p, struct world *dice)
{
    union zdd_option_value options[PAIR_OPTIONS] = pair_options();
    struct zdd_complaint complaint[ZDD_COMPLAINT_MAX];
    struct zdd_verify verify;

    options[PROMOTE].choice = world_chance(dice, 30);
    options[KEEP_OLD].integer = (int64_t)up_to(dice, 3) * (SECONDS_MAX / 2);
    options[DRAIN].integer = 1 + (int64_t)up_to(dice, SECONDS_MAX);
    options[ON_DRAIN_TIMEOUT].choice = world_chance(dice, 40);
    options[CUTOVER].choice = world_chance(dice, 60);
    if (options[CUTOVER].choice == 1 && world_chance(dice, 30))
        options[INITIAL].integer = 1 + (int64_t)up_to(dice, 3);
    if (options[CUTOVER].choice == 1 && world_chance(dice, 30))
        options[LINEAR].integer = 1 + (int64_t)up_to(dice, 3);
    if (*p->pair.old_id && p->target.instances > 1 && world_chance(dice, 20))
        options[NEW_INSTANCES].integer = 1 + up_to(dice, (unsigned)p->target.instances - 1);
    if (options[CUTOVER].choice == 1 || options[NEW_INSTANCES].integer > 0)
        options[KEEP_OLD].integer = INT64_MIN;
    if (world_chance(dice, 40)) {
        verify = pair_draw_verify(dice);
        options[VERIFY].verify = &verify;
    }
    assert(zdd_blue_green.param_count == PAIR_OPTIONS);
    assert(zdd_blue_green.check(options, p, complaint) == 0);
    zdd_blue_green.write_program(options, p);
}

static void make_plan(struct sim *s, const struct zdd_strategy *strategy, pair_draw *draw,
                      struct world *dice)
{
    struct zdd_plan *p = &s->plan;

    *p = (struct zdd_plan){.created_at_ms = dice->now_ms, .action = ZDD_ACTION_CREATE};
    snprintf(p->strategy, sizeof(p->strategy), "%s", strategy->name);
    snprintf(p->app_id, sizeof(p->app_id), "/pair/%" PRIu64, dice->seed);
    zdd_uuid7(dice->now_ms, p->id);
    snprintf(p->digest, sizeof(p->digest), "sha256:%064d", 0);
    p->on_failure = world_chance(dice, 70) ? ZDD_ON_FAILURE_ROLLBACK : ZDD_ON_FAILURE_HOLD;
    p->target = (struct zdd_app_facts){.instances = 1 + (int32_t)up_to(dice, 5),
                                       .minimum_health_capacity = 1,
                                       .maximum_over_capacity = 1,
                                       .has_health_checks = true,
                                       .has_marathon_checks = true,
                                       .start_ms = 30000};
    snprintf(p->pair.new_id, sizeof(p->pair.new_id), "%.200s-green", p->app_id);
    if (world_chance(dice, 90)) {
        p->old = p->target;
        p->old.instances = 1 + (int32_t)up_to(dice, 5);
        p->pair.old_serving = p->old.instances;
        p->pair.must_adopt = world_chance(dice, 30);
        snprintf(p->pair.old_id, sizeof(p->pair.old_id), "%.200s%s", p->app_id,
                 p->pair.must_adopt ? "" : "-blue");
    }
    p->pair.sticky = world_chance(dice, 20);
    draw(p, dice);
    p->deadline_ms = zdd_timing_deadline_ms(p) / (1 + (int64_t)up_to(dice, 8));
    zdd_preview_make(strategy, p, &s->preview);
    p->pair.floor = s->preview.lowest_serving;
}

static void draw_faults(struct world *w)
{
    if (world_chance(w, 25))
        return;
    w->faults = (struct faults){
        .look_fails = world_chance(w, 50) ? up_to(w, 30) : 0,
        .call_slow = in_some(w, 30, 10),
        .order_lost = up_to(w, 20),
        .answer_lost = up_to(w, 20),
        .order_late = up_to(w, 10),
        .order_twice = in_some(w, 20, 20),
        .order_refused = in_some(w, 20, 20),
        .event_lost = up_to(w, 40),
        .event_doubled = up_to(w, 20),
        .event_late = up_to(w, 30),
        .task_dies = in_some(w, 20, 3),
        .version_ill = in_some(w, 15, 1),
        .foreign_change = in_some(w, 10, 1),
        .clock_jump = in_some(w, 10, 1),
        .router_fails = world_chance(w, 50) ? up_to(w, 20) : 0,
        .balancer_cut = in_some(w, 40, 2),
        .balancer_lags = in_some(w, 40, 2),
        .balancer_reloads = in_some(w, 50, 3),
        .weight_lost = world_chance(w, 50) ? up_to(w, 60) : 0,
        .requests_too_long = in_some(w, 50, 10),
        .check_fails = world_chance(w, 50) ? up_to(w, 60) : 0,
        .engine_dies = in_some(w, 50, 5),
        .command = in_some(w, 40, 1),
        .store_fails = in_some(w, 30, 20),
        .store_breaks = in_some(w, 10, 2),
    };
}

/* Forward all phases, a retry for each hold, and back. */
static int64_t end_by_ms(const struct sim *s)
{
    int64_t end_ms = s->world.now_ms + PAIR_CALM_MS + GRACE_MS + 4 * s->plan.deadline_ms;

    for (int phase = 0; phase < ZDD_PHASE_COUNT; phase++)
        end_ms += zdd_timing_limit_ms(&s->plan, (enum zdd_phase)phase);
    return end_ms + HOLDS_MAX * (OPERATOR_MS + GRACE_MS);
}

static struct pair_app first_app(struct sim *s, int32_t instances)
{
    return (struct pair_app){.definition = ZDD_DEFINITION_PREVIOUS,
                             .wanted = instances,
                             .version = ++s->world.version,
                             .config_version = 1};
}

/* What runs before: the old app, and balancers that know it. */
static void set_scene(struct sim *s)
{
    struct pair_world *p = &s->pair;

    p->ports = 1 + (int)world_chance(&s->world, 30);
    p->balancer_count = 1 + (int)up_to(&s->world, PAIR_BALANCERS_MAX);
    p->told = p->ordered = zdd_traffic_base();
    if (s->plan.seen.exists)
        p->app[ZDD_SIDE_NEW] = first_app(s, s->plan.seen.running);
    for (int32_t i = 0; i < s->plan.seen.running; i++)
        (void)pair_launch(s, ZDD_SIDE_NEW, TASK_HEALTHY);
    if (*s->plan.pair.old_id)
        p->app[ZDD_SIDE_OLD] = first_app(s, s->plan.old.instances);
    for (int32_t i = 0; i < s->plan.old.instances; i++)
        (void)pair_launch(s, ZDD_SIDE_OLD, TASK_HEALTHY);
    for (int b = 0; b < p->balancer_count; b++)
        pair_reload(s, b);
}

static void pass_moment(struct world *w)
{
    struct sim *s = w->cls;

    w->now_ms += MOMENT_MIN_MS + (int64_t)(world_draw(w) % (MOMENT_MAX_MS - MOMENT_MIN_MS));
    if (w->faults.look_fails > 0 && world_draw(w) % 1000 == 0 && !w->calm)
        w->silent_until_ms = w->now_ms + (int64_t)(world_draw(w) % SILENT_MAX_MS);
    world_tick_around(w);
    pair_marathon_lives(s);
    pair_balancers_live(s);
    pair_requests_live(s);
    pair_watch(s);
}

static void tell_plan(struct sim *s)
{
    const struct zdd_plan *p = &s->plan;
    char program[ZDD_PROGRAM_TEXT_SIZE];

    zdd_program_print(&p->program, program);
    world_tell(&s->world, "%s: %d -> %d instances, %d balancers, the new version is %s",
               p->strategy, (int)p->old.instances, (int)p->target.instances, s->pair.balancer_count,
               s->world.target_health == TARGET_WELL ? "well" : "not well");
    world_tell(&s->world, "%s; %s on failure, a request may take %d s%s", program,
               zdd_on_failure_name(p->on_failure), (int)p->pair.drain_ms / 1000,
               p->pair.kill_undrained ? ", then its instance goes all the same" : "");
}

void pair_begin(struct sim *s, uint64_t seed, const struct zdd_strategy *strategy, pair_draw *draw)
{
    static char target[] = "{\"t\":1}", previous[] = "{\"p\":1}", adopted[] = "{\"a\":1}";
    static char survivor[] = "{\"s\":1}";
    static char body[] = "{}", backends[] = "sim_1 sim_2", checks[] = "[]";
    static const enum target_health bad[] = {TARGET_SICK, TARGET_CRASHING, TARGET_STAGED};
    struct world dice = {.seed = seed, .random = seed, .now_ms = 1000000};
    FILE *const story = s->world.story;

    make_plan(s, strategy, draw, &dice);
    s->world = (struct world){.seed = seed,
                              .random = dice.random,
                              .now_ms = dice.now_ms,
                              .plan = &s->plan,
                              .forced = -1,
                              .story = story,
                              .cls = s,
                              .tick = pass_moment,
                              .carry_out = pair_carry_out};
    if (world_chance(&s->world, 20))
        s->world.target_health = bad[up_to(&s->world, ZDD_COUNT(bad))];
    draw_faults(&s->world);
    set_scene(s);
    s->bounds = (struct bounds){.undo_cap = ZDD_INSTANCES_MAX, .end_by_ms = end_by_ms(s)};
    s->texts = (struct zdd_plan_texts){.body = {body},
                                       .request = {body},
                                       .target = {target},
                                       .previous = {*s->plan.pair.old_id ? previous : NULL},
                                       .adopted = {s->plan.pair.must_adopt ? adopted : NULL},
                                       .survivor = {s->plan.seen.exists ? survivor : NULL},
                                       .backends = {backends},
                                       .checks = {checks}};
    store_request(s);
    tell_plan(s);
}

static void begin(struct sim *s, uint64_t seed)
{
    pair_begin(s, seed, &zdd_blue_green, draw_program);
}

void pair_forget(struct sim *s)
{
    if (world_chance(&s->world, 50))
        memset(s->pair.is_said, 0, sizeof(s->pair.is_said));
    zdd_wards_free(s->stepper.wards);
    s->stepper.wards = zdd_wards_new();
    zdd_measure_free(s->stepper.measure);
    s->stepper.measure = zdd_measure_new();
    s->pair.low_since_ms = 0;
}

const struct scenery two_apps = {
    .option = "--pair",
    .seeds_file = SEEDS_DIR "pair_seeds.txt",
    .begin = begin,
    PAIR_WORLD,
};
