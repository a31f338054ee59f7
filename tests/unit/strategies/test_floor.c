/**
 * @file tests/unit/strategies/test_floor.c
 * @brief When the promised floor counts as broken, what serves then, and what the rules do.
 */
#include "strategies/floor.h"

#include "tests/unit/strategies/facts.h"

#include <string.h>

#define FLOOR 3

static const struct zdd_traffic cut_over = {.side = {{ZDD_SERVES, 0}, {ZDD_SERVES, 256}},
                                            .old_stay = ZDD_INSTANCES_MAX};
static const struct zdd_traffic all_old = {.side = {{ZDD_SERVES, 256}, {ZDD_SERVES, 0}},
                                           .old_stay = ZDD_INSTANCES_MAX};

/* One balancer, on which as many would be left without help. */
#define sight_of(n)                                                                                \
    ((struct zdd_floor_sight){.known = true, .complete = true, .serving = (n), .carried = (n)})

static enum zdd_floor_news judge(struct zdd_floor_watch *watch, struct zdd_floor_sight sight)
{
    return zdd_floor_judge(watch, FLOOR, &sight);
}

static void two_looks_in_a_row_below_it_break_it(void **state)
{
    struct zdd_floor_watch watch = {.reached = true};

    (void)state;
    assert_int_equal(judge(&watch, sight_of(FLOOR - 1)), ZDD_FLOOR_NO_NEWS);
    assert_false(watch.broken);
    assert_int_equal(judge(&watch, sight_of(FLOOR - 1)), ZDD_FLOOR_VIOLATED);
    assert_true(watch.broken);
    assert_int_equal(judge(&watch, sight_of(0)), ZDD_FLOOR_NO_NEWS); /* it is known by now */
}

static void one_look_alone_may_have_met_a_reload(void **state)
{
    struct zdd_floor_watch watch = {.reached = true};

    (void)state;
    for (int i = 0; i < 10; i++) {
        assert_int_equal(judge(&watch, sight_of(0)), ZDD_FLOOR_NO_NEWS);
        assert_int_equal(judge(&watch, sight_of(FLOOR)), ZDD_FLOOR_NO_NEWS);
    }
    assert_false(watch.broken);
}

static void what_nobody_sees_neither_breaks_nor_mends_it(void **state)
{
    struct zdd_floor_watch watch = {.reached = true};

    (void)state;
    assert_int_equal(judge(&watch, sight_of(0)), ZDD_FLOOR_NO_NEWS);
    assert_int_equal(judge(&watch, (struct zdd_floor_sight){0}), ZDD_FLOOR_NO_NEWS);
    assert_int_equal(judge(&watch, sight_of(0)), ZDD_FLOOR_VIOLATED);
    for (int i = 0; i < 5; i++)
        assert_int_equal(judge(&watch, (struct zdd_floor_sight){0}), ZDD_FLOOR_NO_NEWS);
    assert_true(watch.broken);
}

static void only_what_was_there_can_be_missed(void **state)
{
    struct zdd_floor_watch watch = {0};

    (void)state;
    for (int i = 0; i < 5; i++)
        assert_int_equal(judge(&watch, sight_of(FLOOR - 1)), ZDD_FLOOR_NO_NEWS);
    assert_int_equal(judge(&watch, sight_of(FLOOR)), ZDD_FLOOR_NO_NEWS);
    assert_int_equal(judge(&watch, sight_of(FLOOR - 1)), ZDD_FLOOR_NO_NEWS);
    assert_int_equal(judge(&watch, sight_of(FLOOR - 1)), ZDD_FLOOR_VIOLATED);
}

static void it_is_mended_when_enough_serve_without_help_on_every_balancer(void **state)
{
    static const struct zdd_floor_sight not_yet[] = {
        {true, true, FLOOR - 1, FLOOR},
        {true, true, FLOOR, FLOOR - 1}, /* those that help may not go on for ever */
        {true, false, FLOOR, FLOOR},
    };
    struct zdd_floor_watch watch = {.reached = true, .broken = true};

    (void)state;
    for (size_t i = 0; i < ZDD_COUNT(not_yet); i++) {
        assert_int_equal(judge(&watch, sight_of(FLOOR)), ZDD_FLOOR_NO_NEWS);
        assert_int_equal(judge(&watch, not_yet[i]), ZDD_FLOOR_NO_NEWS);
        assert_true(watch.broken);
    }
    assert_int_equal(judge(&watch, sight_of(FLOOR)), ZDD_FLOOR_NO_NEWS);
    assert_int_equal(judge(&watch, sight_of(FLOOR)), ZDD_FLOOR_RESTORED);
    assert_false(watch.broken);
}

static void help_raises_the_old_version_and_touches_nothing_else(void **state)
{
    static const struct zdd_side_setting away[] = {
        {ZDD_SERVES, 0}, {ZDD_DRAINS, 0}, {ZDD_RESTS, 0}, {ZDD_SERVES, 100}};

    (void)state;
    for (size_t i = 0; i < ZDD_COUNT(away); i++) {
        const struct zdd_traffic ordered = {.side = {away[i], {ZDD_SERVES, 77}},
                                            .old_stay = ZDD_INSTANCES_MAX};
        const struct zdd_traffic helped = zdd_floor_traffic(&ordered);

        assert_int_equal(helped.side[ZDD_SIDE_OLD].serving, ZDD_SERVES);
        assert_int_equal(helped.side[ZDD_SIDE_OLD].weight, ZDD_WEIGHT_MAX);
        assert_int_equal(helped.side[ZDD_SIDE_NEW].serving, ZDD_SERVES);
        assert_int_equal(helped.side[ZDD_SIDE_NEW].weight, 77);
    }
}

/* Its servers share what comes, whatever they weigh, and what is told last stays at the end. */
static void an_old_version_that_has_all_requests_keeps_its_weight(void **state)
{
    const struct zdd_traffic base_and_rest = {.side = {{ZDD_SERVES, 1}, {ZDD_RESTS, 0}},
                                              .old_stay = ZDD_INSTANCES_MAX};
    const struct zdd_traffic nobody = {.side = {{ZDD_DRAINS, 0}, {ZDD_RESTS, 0}},
                                       .old_stay = ZDD_INSTANCES_MAX};
    struct zdd_traffic helped = zdd_floor_traffic(&base_and_rest);

    (void)state;
    assert_true(zdd_traffic_same(&helped, &base_and_rest));
    helped = zdd_floor_traffic(&all_old);
    assert_true(zdd_traffic_same(&helped, &all_old));
    helped = zdd_floor_traffic(&nobody);
    assert_int_equal(helped.side[ZDD_SIDE_OLD].weight, ZDD_WEIGHT_MAX);
    assert_int_equal(helped.side[ZDD_SIDE_NEW].serving, ZDD_RESTS);
}

static void it_is_not_promised_until_who_takes_over_is_replaced_and_taken_in(void **state)
{
    struct zdd_plan plan = a_plan(.pair = {.floor = FLOOR}, .seen = {.exists = true});
    struct zdd_run run = a_run(.ordered = true, .phase = ZDD_PHASE_ROLLING);

    (void)state;
    zdd_program_add(&plan.program, ZDD_STEP_START, FLOOR);
    assert_false(zdd_floor_is_promised(&plan, &run));
    run.phase = ZDD_PHASE_APPLYING;
    assert_false(zdd_floor_is_promised(&plan, &run));
    run.phase = ZDD_PHASE_JOINING;
    assert_false(zdd_floor_is_promised(&plan, &run));
    run.phase = ZDD_PHASE_SHIFTING;
    assert_true(zdd_floor_is_promised(&plan, &run));
}

static void it_is_promised_from_the_first_weights_to_the_end(void **state)
{
    struct zdd_plan plan = a_plan(.pair = {.floor = FLOOR});
    struct zdd_run run = a_run(.ordered = true);

    (void)state;
    for (int phase = 0; phase < ZDD_PHASE_COUNT; phase++) {
        run.phase = (enum zdd_phase)phase;
        assert_int_equal(zdd_floor_is_promised(&plan, &run), phase != ZDD_PHASE_PENDING &&
                                                                 phase != ZDD_PHASE_ADOPTING &&
                                                                 !zdd_phase_is_final(run.phase));
    }
    run.phase = ZDD_PHASE_KEEPING;
    run.ordered = false;
    assert_false(zdd_floor_is_promised(&plan, &run));
    run.ordered = true;
    plan.pair.floor = 0;
    assert_false(zdd_floor_is_promised(&plan, &run));
}

/* From here on: the rules. */

static struct zdd_plan pair_plan(enum zdd_on_failure on_failure)
{
    struct zdd_plan plan = a_plan(.strategy = "blue-green", .on_failure = on_failure, .seen = {0},
                                  .pair = {.old_id = "/shop/cart-blue",
                                           .new_id = "/shop/cart-green",
                                           .old_serving = 4,
                                           .floor = FLOOR,
                                           .drain_ms = 1000});

    zdd_program_add(&plan.program, ZDD_STEP_SHIFT, ZDD_SHARE_ALL);
    zdd_program_add(&plan.program, ZDD_STEP_KEEP, 60000);
    zdd_program_add(&plan.program, ZDD_STEP_DRAIN, 0);
    zdd_program_add(&plan.program, ZDD_STEP_RETIRE, 0);
    return plan;
}

static struct zdd_observation broken_pair(void)
{
    return seen(.definition = ZDD_DEFINITION_TARGET, .current = serving(4), .floor_broken = true,
                .peer = {.definition = ZDD_DEFINITION_TARGET,
                         .instances = 4,
                         .current = serving(4)},
                .balance = {.known = true,
                            .reloaded_at_ms = 1,
                            .side = {{.servers = 4, .up = 4, .told = true},
                                     {.servers = 4, .up = 4, .told = true}}});
}

static void a_new_version_with_requests_loses_them(void **state)
{
    const struct zdd_plan plan = pair_plan(ZDD_ON_FAILURE_ROLLBACK);
    static const enum zdd_hold holds[] = {ZDD_HOLD_NONE, ZDD_HOLD_GATE};

    (void)state;
    for (size_t i = 0; i < ZDD_COUNT(holds); i++) {
        for (int reachable = 0; reachable <= 1; reachable++) {
            struct zdd_observation now = broken_pair();
            struct zdd_decision d;

            now.reachable = reachable != 0; /* it is the balancers' affair alone */
            d = decide(plan,
                       a_run(.phase = ZDD_PHASE_KEEPING, .step = 1, .ordered = true,
                             .hold = holds[i], .traffic = cut_over),
                       now);
            assert_rule(d, "pair/floor-back");
            assert_phase(d, ZDD_PHASE_RETURNING);
            assert_cause(d, ZDD_CAUSE_FLOOR);
            assert_hold(d, ZDD_HOLD_NONE);
            assert_order(d, ZDD_ORDER_SET_TRAFFIC, 0, false);
            assert_int_equal(d.order[0].traffic.side[ZDD_SIDE_OLD].weight, ZDD_WEIGHT_MAX);
            assert_int_equal(d.order[0].traffic.side[ZDD_SIDE_NEW].weight, 256);
        }
    }
}

static void on_failure_hold_waits_for_an_operator_with_the_old_version_serving(void **state)
{
    const struct zdd_decision d =
        decide(pair_plan(ZDD_ON_FAILURE_HOLD),
               a_run(.phase = ZDD_PHASE_KEEPING, .step = 1, .ordered = true, .traffic = cut_over),
               broken_pair());

    (void)state;
    assert_rule(d, "pair/floor-hold");
    assert_phase(d, ZDD_PHASE_KEEPING);
    assert_cause(d, ZDD_CAUSE_FLOOR);
    assert_hold(d, ZDD_HOLD_FAILURE);
    assert_order(d, ZDD_ORDER_SET_TRAFFIC, 0, false);
    assert_int_equal(d.order[0].traffic.side[ZDD_SIDE_OLD].weight, ZDD_WEIGHT_MAX);
}

static void who_is_held_stays_held(void **state)
{
    static const enum zdd_hold holds[] = {ZDD_HOLD_OPERATOR, ZDD_HOLD_FAILURE, ZDD_HOLD_FOREIGN};

    (void)state;
    for (size_t i = 0; i < ZDD_COUNT(holds); i++) {
        const struct zdd_decision d =
            decide(pair_plan(ZDD_ON_FAILURE_ROLLBACK),
                   a_run(.phase = ZDD_PHASE_KEEPING, .step = 1, .ordered = true, .hold = holds[i],
                         .traffic = cut_over),
                   broken_pair());

        assert_rule(d, "common/held");
        assert_no_order(d);
    }
}

static void without_requests_the_new_version_is_not_to_blame(void **state)
{
    const struct zdd_decision d = decide(
        pair_plan(ZDD_ON_FAILURE_ROLLBACK),
        a_run(.phase = ZDD_PHASE_SHIFTING, .ordered = true, .traffic = all_old), broken_pair());

    (void)state;
    assert_rule(d, "pair/shift"); /* more servers can only help */
    assert_order(d, ZDD_ORDER_SET_TRAFFIC, 0, false);
    assert_int_equal(d.order[0].traffic.side[ZDD_SIDE_OLD].weight, 256);
    assert_int_equal(d.order[0].traffic.side[ZDD_SIDE_NEW].weight, 256);
}

static void nothing_is_removed_before_enough_serve(void **state)
{
    static const struct {
        enum zdd_phase phase;
        const char *rule, *mended;
        struct zdd_traffic traffic;
    } rows[] = {
        {ZDD_PHASE_RETIRING,
         "pair/floor-old",
         "pair/retire",
         {.side = {{ZDD_DRAINS, 0}, {ZDD_SERVES, 256}, {ZDD_DRAINS, 0}},
          .old_stay = ZDD_INSTANCES_MAX}},
        {ZDD_PHASE_CLEARING,
         "pair/floor-new",
         "undo/put-back",
         {.side = {{ZDD_SERVES, 256}, {ZDD_DRAINS, 0}, {ZDD_DRAINS, 0}},
          .old_stay = ZDD_INSTANCES_MAX}},
    };

    (void)state;
    for (size_t i = 0; i < ZDD_COUNT(rows); i++) {
        const struct zdd_plan plan = pair_plan(ZDD_ON_FAILURE_ROLLBACK);
        struct zdd_run run =
            a_run(.phase = rows[i].phase, .step = 3, .ordered = true, .traffic = rows[i].traffic,
                  .traffic_seen_at_ms = T0 - 5000, .old_side.healthy = 4, .new_side.healthy = 4);
        struct zdd_observation now = broken_pair();
        struct zdd_decision d = decide(plan, run, now);

        assert_rule(d, rows[i].rule);
        assert_waits_for(d, "floor");
        assert_no_order(d);
        now.floor_broken = false;
        d = decide(plan, run, now);
        assert_rule(d, rows[i].mended);
        assert_int_equal(d.order_count, 1);
        /* Who is late ends all the same. */
        now.floor_broken = true;
        now.now_ms = run.step_deadline_at_ms;
        d = decide(plan, run, now);
        assert_phase(d, ZDD_PHASE_FAILED);
    }
}

static void nothing_is_lowered_before_enough_serve(void **state)
{
    const struct zdd_plan plan = pair_plan(ZDD_ON_FAILURE_ROLLBACK);
    const struct zdd_run run = a_run(.phase = ZDD_PHASE_RETURNING, .step = 4, .ordered = true,
                                     .traffic = {.side = {{ZDD_SERVES, 256}, {ZDD_SERVES, 256}},
                                                 .old_stay = ZDD_INSTANCES_MAX});
    struct zdd_observation now = broken_pair();
    struct zdd_decision d = decide(plan, run, now);

    (void)state;
    assert_no_order(d);
    now.floor_broken = false;
    d = decide(plan, run, now);
    assert_order(d, ZDD_ORDER_SET_TRAFFIC, 0, false);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_looks_in_a_row_below_it_break_it),
        cmocka_unit_test(one_look_alone_may_have_met_a_reload),
        cmocka_unit_test(what_nobody_sees_neither_breaks_nor_mends_it),
        cmocka_unit_test(only_what_was_there_can_be_missed),
        cmocka_unit_test(it_is_mended_when_enough_serve_without_help_on_every_balancer),
        cmocka_unit_test(help_raises_the_old_version_and_touches_nothing_else),
        cmocka_unit_test(an_old_version_that_has_all_requests_keeps_its_weight),
        cmocka_unit_test(it_is_not_promised_until_who_takes_over_is_replaced_and_taken_in),
        cmocka_unit_test(it_is_promised_from_the_first_weights_to_the_end),
        cmocka_unit_test(a_new_version_with_requests_loses_them),
        cmocka_unit_test(on_failure_hold_waits_for_an_operator_with_the_old_version_serving),
        cmocka_unit_test(who_is_held_stays_held),
        cmocka_unit_test(without_requests_the_new_version_is_not_to_blame),
        cmocka_unit_test(nothing_is_removed_before_enough_serve),
        cmocka_unit_test(nothing_is_lowered_before_enough_serve),
    };

    return cmocka_run_group_tests_name("strategies/floor", tests, NULL, NULL);
}
