/**
 * @file tests/unit/strategies/test_pair_traffic.c
 * @brief How long requests under way are waited for, whatever the clocks did meanwhile; and what
 * becomes of users who stick to a version.
 */
#include "strategies/pair.h"

#include "tests/unit/strategies/facts.h"

#include <string.h>

#define DRAIN_MS 2000
#define TOLD_AT T0

static bool is_over(int64_t told_at_ms, int64_t same_since_ms, int64_t now_ms)
{
    const struct zdd_plan plan = a_plan(.strategy = "blue-green", .pair = {.drain_ms = DRAIN_MS});
    const struct zdd_run run = a_run(.traffic_seen_at_ms = told_at_ms);
    const struct zdd_observation now = seen(.now_ms = now_ms, .same_since_ms = same_since_ms);

    return zdd_pair_drain_time_is_over(&(struct zdd_facts){&plan, &run, &now});
}

static void requests_have_their_time_from_the_moment_the_weights_were_seen(void **state)
{
    (void)state;
    assert_false(is_over(TOLD_AT, 0, TOLD_AT + DRAIN_MS - 1));
    assert_true(is_over(TOLD_AT, 0, TOLD_AT + DRAIN_MS));
    assert_false(is_over(0, 0, TOLD_AT + 1000 * DRAIN_MS)); /* they have not been seen */
}

/* It came while nobody looked, and a balancer has just told it its weight; or this process has
 * just begun to look, and the one before wrote its times by another clock. */
static void an_instance_that_was_not_there_before_starts_it_anew(void **state)
{
    const int64_t came_at_ms = TOLD_AT + 5 * DRAIN_MS;

    (void)state;
    assert_false(is_over(TOLD_AT, came_at_ms, came_at_ms + DRAIN_MS - 1));
    assert_true(is_over(TOLD_AT, came_at_ms, came_at_ms + DRAIN_MS));
    assert_true(is_over(TOLD_AT, TOLD_AT - 1, TOLD_AT + DRAIN_MS));
}

static enum zdd_sight sight_of(int64_t told_at_ms)
{
    struct zdd_plan plan = a_plan(.strategy = "blue-green", .pair = {.drain_ms = DRAIN_MS});
    const struct zdd_run run =
        a_run(.phase = ZDD_PHASE_SHIFTING, .ordered = true, .traffic = zdd_traffic_base(),
              .traffic_seen_at_ms = told_at_ms);
    const struct zdd_observation now =
        seen(.balance = {.known = true, .side = {{.told = true}, {.told = true}}});
    struct zdd_decision d = {0};
    struct zdd_traffic aim;

    zdd_program_add(&plan.program, ZDD_STEP_SHIFT, 0);
    aim = zdd_pair_aim(&(struct zdd_facts){&plan, &run, &now});
    zdd_pair_move(&(struct zdd_facts){&plan, &run, &now}, &aim, &d);
    return d.sight;
}

static void what_was_seen_in_the_future_was_not_seen(void **state)
{
    (void)state;
    assert_int_equal(sight_of(0), ZDD_SIGHT_SEEN);
    assert_int_equal(sight_of(T0), ZDD_SIGHT_SEEN);
    assert_int_equal(sight_of(T0 + 1), ZDD_SIGHT_LOST);
}

/* What the old and the new version are told at last. */
static struct zdd_traffic aim_of(bool sticky, enum zdd_phase phase, enum zdd_step_kind kind,
                                 int32_t value)
{
    struct zdd_plan plan =
        a_plan(.strategy = "canary", .pair = {.sticky = sticky}, .seen = {.exists = false});
    const struct zdd_run run = a_run(.phase = phase, .traffic = zdd_traffic_base());
    const struct zdd_observation now = seen(.current = serving(1), .peer.current = serving(4));

    zdd_program_add(&plan.program, kind, value);
    return zdd_pair_aim(&(struct zdd_facts){&plan, &run, &now});
}

/* Drain keeps them, and so does a weight of 0 (marathon-lb.md §4.d). */
static void users_who_stick_are_moved_by_the_end_of_a_version_and_by_no_weight(void **state)
{
    struct zdd_traffic t = aim_of(true, ZDD_PHASE_WEIGHING, ZDD_STEP_WEIGHT, 2000);

    (void)state;
    assert_int_equal(t.side[ZDD_SIDE_OLD].serving, ZDD_SERVES);
    assert_int_equal(t.side[ZDD_SIDE_NEW].serving, ZDD_SERVES);
    t = aim_of(true, ZDD_PHASE_WEIGHING, ZDD_STEP_WEIGHT, 0);
    assert_int_equal(t.side[ZDD_SIDE_NEW].serving, ZDD_SERVES);
    assert_int_equal(t.side[ZDD_SIDE_NEW].weight, 0);
    t = aim_of(true, ZDD_PHASE_SHIFTING, ZDD_STEP_SHIFT, 10000);
    assert_int_equal(t.side[ZDD_SIDE_OLD].serving, ZDD_SERVES);
    assert_int_equal(t.side[ZDD_SIDE_OLD].weight, 0);
    t = aim_of(true, ZDD_PHASE_DRAINING, ZDD_STEP_DRAIN, 0);
    assert_int_equal(t.side[ZDD_SIDE_OLD].serving, ZDD_RESTS);
    t = aim_of(true, ZDD_PHASE_RETURNING, ZDD_STEP_WEIGHT, 2000);
    assert_int_equal(t.side[ZDD_SIDE_NEW].serving, ZDD_RESTS);
    assert_int_equal(t.side[ZDD_SIDE_OLD].serving, ZDD_SERVES);
    t = aim_of(false, ZDD_PHASE_DRAINING, ZDD_STEP_DRAIN, 0);
    assert_int_equal(t.side[ZDD_SIDE_OLD].serving, ZDD_DRAINS);
    t = aim_of(false, ZDD_PHASE_RETURNING, ZDD_STEP_WEIGHT, 2000);
    assert_int_equal(t.side[ZDD_SIDE_NEW].serving, ZDD_DRAINS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(requests_have_their_time_from_the_moment_the_weights_were_seen),
        cmocka_unit_test(an_instance_that_was_not_there_before_starts_it_anew),
        cmocka_unit_test(what_was_seen_in_the_future_was_not_seen),
        cmocka_unit_test(users_who_stick_are_moved_by_the_end_of_a_version_and_by_no_weight),
    };

    return cmocka_run_group_tests_name("strategies/pair_traffic", tests, NULL, NULL);
}
