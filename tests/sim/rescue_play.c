/**
 * @file tests/sim/rescue_play.c
 * @brief A play over a pair whose apps both exist and serve, and one of which takes over.
 */
#include "strategies/builtin.h"
#include "tests/sim/play.h"
#include "tests/support/pair_options.h"

#include <assert.h>

#define SECONDS_MAX 20

/* It was left half-way: fewer instances than in the end may run of the one that stays. */
static void draw_rescue(struct zdd_plan *p, struct world *dice)
{
    union zdd_option_value options[PAIR_OPTIONS] = pair_options();
    struct zdd_complaint complaint[ZDD_COMPLAINT_MAX];
    struct zdd_verify verify;

    if (*p->pair.old_id == '\0') {
        p->old = p->target;
        snprintf(p->pair.old_id, sizeof(p->pair.old_id), "%.200s-blue", p->app_id);
        p->pair.old_serving = p->old.instances;
    }
    p->action = ZDD_ACTION_UPGRADE;
    p->seen.exists = true;
    p->seen.running = p->seen.healthy = 1 + (int32_t)up_to(dice, (unsigned)p->target.instances);
    options[PROMOTE].choice = world_chance(dice, 30);
    options[KEEP_OLD].integer = (int64_t)up_to(dice, 3) * (SECONDS_MAX / 2);
    options[DRAIN].integer = 1 + (int64_t)up_to(dice, SECONDS_MAX);
    options[ON_DRAIN_TIMEOUT].choice = world_chance(dice, 40);
    options[TAKE_OVER].choice = 1 + world_chance(dice, 50);
    if (world_chance(dice, 40)) {
        verify = pair_draw_verify(dice);
        options[VERIFY].verify = &verify;
    }
    assert(zdd_blue_green.check(options, p, complaint) == 0);
    zdd_blue_green.write_program(options, p);
}

static void begin(struct sim *s, uint64_t seed)
{
    pair_begin(s, seed, &zdd_blue_green, draw_rescue);
}

const struct scenery rescue = {
    .option = "--rescue",
    .seeds_file = SEEDS_DIR "rescue_seeds.txt",
    .begin = begin,
    PAIR_WORLD,
};
