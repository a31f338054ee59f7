/**
 * @file tests/sim/canary_play.c
 * @brief A play over a canary: weights, pauses, gates and growth in any order.
 */
#include "strategies/builtin.h"
#include "tests/sim/play.h"
#include "tests/support/canary_options.h"

#include <assert.h>
#include <string.h>

#define WISHES_MAX 6
#define SECONDS_MAX 20
#define SMALL_SHARE 200 /* in hundredths of a percent */
#define RUNG_MIN 1500   /* a preset has no more than these */

static int32_t between(struct world *dice, int32_t low, int32_t high)
{
    return low + (int32_t)(world_draw(dice) % (uint64_t)(high - low + 1));
}

/* One of the people, or all, or whoever may promote. */
static void draw_gate(struct world *dice, struct zdd_gates *gates)
{
    static const char *const approvers[] = {"", "ann", "ann,bob", "ann,bob,eve"};
    static const int32_t quorums[] = {3, 1, 2, 3};
    const size_t choice = world_draw(dice) % ZDD_COUNT(approvers);
    struct zdd_gate gate = {.quorum = between(dice, 1, quorums[choice]),
                            .expires_ms = world_chance(dice, 60) ? 1000 * between(dice, 1, 20) : 0,
                            .on_expiry =
                                (enum zdd_gate_default)(world_draw(dice) % ZDD_GATE_DEFAULT_COUNT)};

    snprintf(gate.approvers, sizeof(gate.approvers), "%s", approvers[choice]);
    snprintf(gate.name, sizeof(gate.name), "gate-%d", (int)gates->count);
    zdd_gates_add(gates, &gate);
}

static struct zdd_wish draw_wish(struct world *dice, int32_t *size, int32_t most,
                                 struct zdd_wishes *wishes)
{
    struct zdd_verify verify;
    struct zdd_wish wish = {.kind = (enum zdd_wish_kind)(world_draw(dice) % ZDD_WISH_LINEAR)};

    if (wish.kind == ZDD_WISH_WEIGHT)
        wish.value = between(dice, 0, world_chance(dice, 30) ? SMALL_SHARE : ZDD_SHARE_ALL - 1);
    if (wish.kind == ZDD_WISH_PAUSE)
        wish.value = 1000 * between(dice, 1, SECONDS_MAX);
    if (wish.kind == ZDD_WISH_SCALE)
        wish.value = *size = between(dice, *size, most);
    if (wish.kind == ZDD_WISH_GATE)
        draw_gate(dice, &wishes->gates);
    if (wish.kind == ZDD_WISH_VERIFY) {
        verify = pair_draw_verify(dice);
        zdd_verifies_add(&wishes->verifies, &verify);
    }
    return wish;
}

/* One preset, or a list. @return whether the size of the canary is said */
static bool draw_wishes(struct world *dice, int32_t first, int32_t most, struct zdd_wishes *wishes)
{
    int32_t size = first;

    if (world_chance(dice, 20)) {
        wishes->wish[wishes->count++] = (struct zdd_wish){
            .kind = world_chance(dice, 50) ? ZDD_WISH_LINEAR : ZDD_WISH_EXPONENTIAL,
            .value = between(dice, RUNG_MIN, ZDD_SHARE_ALL - 1),
            .every_ms = 1000 * between(dice, 1, SECONDS_MAX)};
        return world_chance(dice, 50);
    }
    for (int32_t i = between(dice, 1, WISHES_MAX); i > 0; i--)
        wishes->wish[wishes->count++] = draw_wish(dice, &size, most, wishes);
    return true;
}

static void draw_canary(struct zdd_plan *p, struct world *dice)
{
    const int32_t first = between(dice, 1, p->target.instances);
    struct zdd_wishes wishes = {.count = 0};
    const bool sized = draw_wishes(dice, first, p->target.instances, &wishes);
    union zdd_option_value options[CANARY_OPTIONS] = canary_options(wishes_of(&wishes));
    struct zdd_complaint complaint[ZDD_COMPLAINT_MAX];
    struct world aside = {.random = ~dice->random}; /* kept seeds go on as they did */
    struct zdd_verify beside;

    if (world_chance(&aside, 25)) {
        beside = pair_draw_verify(&aside);
        options[CANARY_VERIFY].verify = &beside;
    }
    if (sized)
        options[CANARY_INSTANCES].integer = first;
    options[CANARY_KEEP].integer = 10 * between(dice, 0, 2);
    options[CANARY_DRAIN].integer = between(dice, 1, SECONDS_MAX);
    options[CANARY_ON_DRAIN].choice = world_chance(dice, 40);
    assert(zdd_canary.param_count == CANARY_OPTIONS);
    assert(zdd_canary.check(options, p, complaint) == 0);
    zdd_canary.write_program(options, p);
}

static void begin(struct sim *s, uint64_t seed)
{
    pair_begin(s, seed, &zdd_canary, draw_canary);
    s->world.faults.command *= 2; /* there is more to say */
}

const struct scenery canary = {
    .option = "--canary",
    .seeds_file = SEEDS_DIR "canary_seeds.txt",
    .begin = begin,
    PAIR_WORLD,
};
