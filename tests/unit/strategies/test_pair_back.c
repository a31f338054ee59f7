/**
 * @file tests/unit/strategies/test_pair_back.c
 * @brief Balancers with which a new version gets no further: none that lists it, or one that does
 * not obey weights.
 */
#include "tests/unit/strategies/facts.h"

#include <string.h>

#define DRAIN_MS 2000

/* Healthy, not under way to any balancer; the old version has all requests. */
static struct zdd_run returning(enum zdd_phase phase)
{
    return a_run(.phase = phase, .ordered = true, .cause = ZDD_CAUSE_DEADLINE,
                 .traffic = {.side = {{ZDD_SERVES, 256}, {ZDD_SERVES, 1}, {ZDD_DRAINS, 0}},
                             .old_stay = ZDD_INSTANCES_MAX});
}

static struct zdd_decision decision(struct zdd_run run, int64_t now_ms, int32_t listed)
{
    struct zdd_plan plan =
        a_plan(.strategy = "blue-green", .seen = {0}, .pair = {.drain_ms = DRAIN_MS});

    memcpy(plan.pair.old_id, "/shop/cart-blue", sizeof("/shop/cart-blue"));
    memcpy(plan.pair.new_id, "/shop/cart-green", sizeof("/shop/cart-green"));
    zdd_program_add(&plan.program, ZDD_STEP_START, 4);
    zdd_program_add(&plan.program, ZDD_STEP_JOIN, 0);
    return decide(
        plan, run,
        seen(.now_ms = now_ms, .definition = ZDD_DEFINITION_TARGET, .current = serving(4),
             .peer = {.definition = ZDD_DEFINITION_PREVIOUS, .instances = 4, .current = serving(4)},
             .balance = {.known = true,
                         .side = {{.servers = 4, .up = 4, .told = true}, {.servers = listed}}}));
}

static void a_version_that_nobody_lists_is_told_to_go_without_being_seen(void **state)
{
    const struct zdd_run run = returning(ZDD_PHASE_RETURNING);
    struct zdd_decision d = decision(run, T0, 0);

    (void)state;
    assert_int_equal(d.order_count, 1);
    assert_int_equal(d.order[0].traffic.side[ZDD_SIDE_OLD].weight, 256);
    assert_int_equal(d.order[0].traffic.side[ZDD_SIDE_NEW].serving, ZDD_DRAINS);
    /* One that is listed, and has not been seen to have its weight, may have requests. */
    d = decision(run, T0, 1);
    assert_no_order(d);
}

static void it_is_left_alone_for_as_long_as_a_request_may_take(void **state)
{
    struct zdd_run run = returning(ZDD_PHASE_RETURNING);

    (void)state;
    run.traffic.side[ZDD_SIDE_NEW] = (struct zdd_side_setting){ZDD_DRAINS, 0};
    assert_phase(decision(run, T0 + DRAIN_MS - 1, 0), ZDD_PHASE_RETURNING);
    assert_phase(decision(run, T0 + DRAIN_MS, 0), ZDD_PHASE_CLEARING);
    assert_phase(decision(run, T0 + DRAIN_MS, 1), ZDD_PHASE_RETURNING);
}

/* Everybody's requests are back; what is waited for is the end of those that were under way. */
static void what_is_waited_for_at_last_are_requests_under_way(void **state)
{
    struct zdd_plan plan = a_plan(.strategy = "blue-green", .pair = {.drain_ms = DRAIN_MS});
    struct zdd_run run = returning(ZDD_PHASE_RETURNING);
    struct zdd_observation view =
        seen(.now_ms = T0, .definition = ZDD_DEFINITION_TARGET, .current = serving(4),
             .peer = {.definition = ZDD_DEFINITION_PREVIOUS, .instances = 4, .current = serving(4)},
             .balance = {.known = true,
                         .side = {{.servers = 4, .up = 4, .told = true},
                                  {.servers = 4, .up = 4, .told = true, .sessions = 1}}});

    (void)state;
    memcpy(plan.pair.old_id, "/shop/cart-blue", sizeof("/shop/cart-blue"));
    memcpy(plan.pair.new_id, "/shop/cart-green", sizeof("/shop/cart-green"));
    run.traffic.side[ZDD_SIDE_NEW] = (struct zdd_side_setting){ZDD_DRAINS, 0};
    assert_string_equal(decide(plan, run, view).waiting, "drain");
    view.balance.side[ZDD_SIDE_NEW].told = false;
    assert_string_equal(decide(plan, run, view).waiting, "balancer");
}

static void without_marathon_the_share_is_taken_from_the_new_version(void **state)
{
    struct zdd_plan plan =
        a_plan(.strategy = "canary", .pair = {.drain_ms = DRAIN_MS, .old_serving = 4},
               .old = facts_of_app(.instances = 4));
    struct zdd_run run = returning(ZDD_PHASE_CLEARING);
    struct zdd_observation blind =
        seen(.now_ms = T0, .balance = {.known = true,
                                       .side = {{.servers = 4, .up = 4, .told = true},
                                                {.servers = 1, .up = 1, .told = true}}});
    struct zdd_decision d;

    (void)state;
    plan.seen = (struct zdd_precondition){0};
    memcpy(plan.pair.old_id, "/shop/cart-blue", sizeof("/shop/cart-blue"));
    zdd_program_add(&plan.program, ZDD_STEP_START, 1);
    blind.reachable = false;
    assert_rule(decide(plan, run, blind), "pair/return-blind");
    run.phase = ZDD_PHASE_RETURNING;
    d = decide(plan, run, blind);
    assert_rule(d, "pair/shift-blind");
    assert_int_equal(d.order_count, 1);
    assert_int_equal(d.order[0].traffic.side[ZDD_SIDE_NEW].serving, ZDD_DRAINS);
    assert_int_equal(d.sight,
                     ZDD_SIGHT_LOST);        /* it may have grown meanwhile: that proves nothing */
    blind.balance.side[ZDD_SIDE_OLD].up = 0; /* the old version cannot carry it */
    assert_no_order(decide(plan, run, blind));
    blind.balance.known = false;
    assert_rule(decide(plan, run, blind), "pair/return-silence");
    blind.balance.known = true;
    run.traffic.side[ZDD_SIDE_NEW] = (struct zdd_side_setting){ZDD_DRAINS, 0};
    assert_rule(decide(plan, run, blind), "pair/return-silence"); /* the rest waits */
    run = returning(ZDD_PHASE_CLEARING);
    zdd_program_add(&plan.program, ZDD_STEP_SHED, 2); /* old ones are missing perhaps */
    assert_rule(decide(plan, run, blind), "undo/no-answer");
}

static void what_comes_behind_does_not_wait_again(void **state)
{
    struct zdd_run run = returning(ZDD_PHASE_CLEARING);

    (void)state;
    assert_phase(decision(run, T0, 0), ZDD_PHASE_RETURNING); /* nothing has been ordered yet */
    run.traffic.side[ZDD_SIDE_NEW] = (struct zdd_side_setting){ZDD_DRAINS, 0};
    assert_false(strcmp(decision(run, T0, 0).rule, "pair/return-first") == 0);
}

static struct zdd_decision joining(const char *old_id, bool weights_ignored)
{
    struct zdd_plan plan = a_plan(.strategy = "blue-green");
    const int32_t old = *old_id ? 4 : 0;

    memcpy(plan.pair.old_id, old_id, strlen(old_id) + 1);
    memcpy(plan.pair.new_id, "/shop/cart-green", sizeof("/shop/cart-green"));
    zdd_program_add(&plan.program, ZDD_STEP_JOIN, 0);
    zdd_program_add(&plan.program, ZDD_STEP_SETTLE, 0);
    return decide(plan, a_run(.phase = ZDD_PHASE_JOINING, .ordered = true),
                  seen(.definition = ZDD_DEFINITION_TARGET, .current = serving(4),
                       .peer = {.definition = ZDD_DEFINITION_PREVIOUS,
                                .instances = old,
                                .current = serving(old)},
                       .balance = {.known = true,
                                   .weights_ignored = weights_ignored,
                                   .side = {{.servers = old, .up = old, .told = true},
                                            {.servers = 4, .up = 4, .told = true}}}));
}

static void a_version_joins_where_weights_are_obeyed_or_nobody_served_before(void **state)
{
    (void)state;
    assert_rule(joining("/shop/cart-blue", false), "pair/joined");
    assert_rule(joining("/shop/cart-blue", true), "pair/wait-joined");
    assert_rule(joining("", true), "pair/joined");
}

/* Both apps were there before, so nothing is removed: requests under way do not matter. */
static void both_are_left_as_soon_as_their_weights_are_even(void **state)
{
    const struct zdd_traffic base = zdd_traffic_base();
    struct zdd_plan plan = a_plan(.strategy = "blue-green", .pair = {.drain_ms = DRAIN_MS});
    struct zdd_run run =
        a_run(.phase = ZDD_PHASE_RETURNING, .ordered = true, .cause = ZDD_CAUSE_DEADLINE,
              .traffic = {{{ZDD_DRAINS, 0}, {ZDD_SERVES, 256}}});
    struct zdd_observation busy =
        seen(.now_ms = T0, .definition = ZDD_DEFINITION_TARGET, .current = serving(4),
             .peer = {.definition = ZDD_DEFINITION_TARGET, .instances = 4, .current = serving(4)},
             .balance = {.known = true,
                         .side = {{.servers = 4, .up = 4, .sessions = 9, .told = true},
                                  {.servers = 4, .up = 4, .sessions = 9, .told = true}}});
    struct zdd_decision d;

    (void)state;
    memcpy(plan.pair.old_id, "/shop/cart-blue", sizeof("/shop/cart-blue"));
    memcpy(plan.pair.new_id, "/shop/cart-green", sizeof("/shop/cart-green"));
    zdd_program_add(&plan.program, ZDD_STEP_START, 4);
    d = decide(plan, run, busy);
    assert_int_equal(d.order_count, 1);
    assert_true(zdd_traffic_same(&d.order[0].traffic, &base));
    run.traffic = base;
    assert_phase(decide(plan, run, busy), ZDD_PHASE_CLEARING);
    run.phase = ZDD_PHASE_CLEARING;
    d = decide(plan, run, busy);
    assert_phase(d, ZDD_PHASE_ROLLED_BACK);
    assert_no_order(d);
    run.cause = ZDD_CAUSE_ABORTED;
    assert_phase(decide(plan, run, busy), ZDD_PHASE_CANCELED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_version_that_nobody_lists_is_told_to_go_without_being_seen),
        cmocka_unit_test(it_is_left_alone_for_as_long_as_a_request_may_take),
        cmocka_unit_test(both_are_left_as_soon_as_their_weights_are_even),
        cmocka_unit_test(what_is_waited_for_at_last_are_requests_under_way),
        cmocka_unit_test(without_marathon_the_share_is_taken_from_the_new_version),
        cmocka_unit_test(what_comes_behind_does_not_wait_again),
        cmocka_unit_test(a_version_joins_where_weights_are_obeyed_or_nobody_served_before),
    };

    return cmocka_run_group_tests_name("strategies/pair_back", tests, NULL, NULL);
}
