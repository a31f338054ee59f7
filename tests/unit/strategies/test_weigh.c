/**
 * @file tests/unit/strategies/test_weigh.c
 * @brief Weights, pauses and gates: when they end, what operators may say, and that a share stays
 * while instances come and go.
 */
#include "strategies/pair.h"
#include "strategies/weights.h"
#include "tests/unit/strategies/facts.h"

#include <string.h>

/* 0 shift, 1 start, 2 join, 3 weight, 4 pause, 5 gate, 6 start, 7 join, 8 weight, 9 pause, 10 shift
 */
static const char program[] =
    "shift 0;start 1;join;weight 2000;pause 60000;gate;start 2;join;"
    "weight 5000;pause 60000;start 4;join;shift 10000;drain;retire;settle";

static struct zdd_plan a_canary(const char *gates)
{
    struct zdd_plan plan = a_plan(.strategy = "canary", .action = ZDD_ACTION_CREATE,
                                  .old = facts_of_app(.instances = 3));

    plan.seen = (struct zdd_precondition){0};
    memcpy(plan.pair.old_id, "/x", sizeof("/x"));
    plan.pair.old_serving = 3;
    plan.pair.drain_ms = 1000;
    assert_true(zdd_program_parse(program, &plan.program));
    assert_true(zdd_gates_parse(gates, &plan.gates));
    return plan;
}

static struct zdd_traffic weights(int32_t old_weight, int32_t new_weight)
{
    struct zdd_traffic traffic = zdd_traffic_base();

    traffic.side[ZDD_SIDE_OLD].weight = old_weight;
    traffic.side[ZDD_SIDE_NEW].weight = new_weight;
    return traffic;
}

#define a_canary_run(...)                                                                          \
    a_run(.ordered = true, .traffic = weights(256, 192), .traffic_seen_at_ms = T0, __VA_ARGS__)

/* Both apps as the program wants them, on one balancer that does what it was told. */
static struct zdd_observation a_look(int32_t old, int32_t new, int32_t wanted)
{
    struct zdd_observation o =
        seen(.definition = ZDD_DEFINITION_TARGET, .instances = wanted, .current = serving(new));

    o.peer = (struct zdd_peer){
        .definition = ZDD_DEFINITION_TARGET, .instances = 3, .current = serving(old)};
    o.balance.known = true;
    o.balance.side[ZDD_SIDE_OLD] =
        (struct zdd_side_balance){.servers = old, .up = old, .told = true};
    o.balance.side[ZDD_SIDE_NEW] =
        (struct zdd_side_balance){.servers = new, .up = new, .told = true};
    o.balance.side[ZDD_SIDE_LEAVING].told = true;
    return o;
}

static void assert_weights(const struct zdd_decision *d, int32_t old_weight, int32_t new_weight)
{
    assert_int_equal(d->order_count, 1);
    assert_int_equal(d->order[0].kind, ZDD_ORDER_SET_TRAFFIC);
    assert_int_equal(d->order[0].traffic.side[ZDD_SIDE_OLD].weight, old_weight);
    assert_int_equal(d->order[0].traffic.side[ZDD_SIDE_NEW].weight, new_weight);
}

static void a_weight_ends_when_every_balancer_has_it(void **state)
{
    const struct zdd_plan plan = a_canary("");
    struct zdd_run run =
        a_run(.ordered = true, .phase = ZDD_PHASE_WEIGHING, .step = 3, .traffic = weights(256, 0));
    struct zdd_observation look = a_look(3, 1, 1);
    struct zdd_decision d = decide(plan, run, look);

    (void)state;
    assert_rule(d, "pair/weigh");
    assert_weights(&d, 256, 192);
    run.traffic = weights(256, 192);
    look.balance.side[ZDD_SIDE_NEW].told = false;
    d = decide(plan, run, look);
    assert_rule(d, "pair/weigh");
    assert_no_order(d);
    look.balance.side[ZDD_SIDE_NEW].told = true;
    d = decide(plan, run, look);
    assert_rule(d, "pair/weighed");
    assert_phase(d, ZDD_PHASE_PAUSING);
    assert_int_equal(d.step, 4);
    assert_int_equal(d.sight, ZDD_SIGHT_SEEN);
}

static void a_pause_ends_by_time_or_by_promote(void **state)
{
    const struct zdd_plan plan = a_canary("");
    const struct zdd_run run = a_canary_run(.phase = ZDD_PHASE_PAUSING, .step = 4);
    struct zdd_run promoted = run;
    struct zdd_observation look = a_look(3, 1, 1);
    struct zdd_decision d;

    (void)state;
    look.now_ms = T0 + 59999;
    d = decide(plan, run, look);
    assert_rule(d, "pair/pause");
    assert_waits_for(d, "pause");
    assert_int_equal(d.wake_at_ms, T0 + 60000);
    look.now_ms = T0 + 60000;
    d = decide(plan, run, look);
    assert_rule(d, "pair/paused-enough");
    assert_phase(d, ZDD_PHASE_GATED);
    assert_hold(d, ZDD_HOLD_GATE);
    look.now_ms = T0;
    promoted.command = ZDD_COMMAND_PROMOTE;
    d = decide(plan, promoted, look);
    assert_rule(d, "pair/promoted-on");
    assert_true(d.take_command);
    assert_int_equal(d.step, 5);
}

static void while_it_pauses_requests_are_counted_now_and_then(void **state)
{
    const struct zdd_decision d =
        decide(a_canary(""), a_canary_run(.phase = ZDD_PHASE_PAUSING, .step = 4), a_look(3, 1, 1));

    (void)state;
    assert_rule(d, "pair/pause");
    assert_int_equal(d.wake_at_ms, T0 + ZDD_SHARE_POLL_MS);
}

static void when_instances_come_or_go_the_share_stays(void **state)
{
    const struct zdd_plan plan = a_canary("");
    const struct zdd_run pausing = a_canary_run(.phase = ZDD_PHASE_PAUSING, .step = 4);
    const struct zdd_run growing = a_canary_run(.phase = ZDD_PHASE_ROLLING, .step = 6);
    const struct zdd_run gated =
        a_canary_run(.phase = ZDD_PHASE_GATED, .step = 5, .hold = ZDD_HOLD_GATE);
    struct zdd_decision d = decide(plan, growing, a_look(3, 2, 2));
    const struct zdd_weights w = zdd_weights_for(20, 3, 2);
    const struct zdd_weights fewer = zdd_weights_for(20, 2, 1);

    (void)state;
    assert_rule(d, "pair/keep-share");
    assert_phase(d, ZDD_PHASE_ROLLING);
    assert_weights(&d, w.old_weight, w.new_weight);
    /* Two old ones have to do what three did: the new one gets as much as before, no more. */
    d = decide(plan, pausing, a_look(2, 1, 1));
    assert_rule(d, "pair/keep-share");
    assert_weights(&d, fewer.old_weight, fewer.new_weight);
    d = decide(plan, gated, a_look(2, 1, 1));
    assert_rule(d, "pair/gate-share");
    assert_hold(d, ZDD_HOLD_GATE);
    assert_weights(&d, fewer.old_weight, fewer.new_weight);
}

/* A new leader of Marathon knows no results of checks. */
static void a_version_without_results_keeps_the_weight_of_those_it_shall_have(void **state)
{
    struct zdd_observation look = a_look(3, 0, 1);
    struct zdd_decision d;

    (void)state;
    look.current.total = look.current.running = 1;
    d = decide(a_canary(""), a_canary_run(.phase = ZDD_PHASE_PAUSING, .step = 4), look);
    assert_rule(d, "pair/pause");
    assert_no_order(d);
}

static void an_operator_moves_the_share_both_ways_and_the_program_goes_on(void **state)
{
    const struct zdd_plan plan = a_canary("");
    struct zdd_run run = a_canary_run(.phase = ZDD_PHASE_PAUSING, .step = 4,
                                      .command = ZDD_COMMAND_WEIGHT, .command_value = 500);
    const struct zdd_weights w = zdd_weights_for(5, 3, 1);
    struct zdd_observation look = a_look(3, 1, 1);
    struct zdd_decision d = decide(plan, run, look);

    (void)state;
    assert_rule(d, "pair/weight");
    assert_true(d.take_command && d.steered);
    assert_int_equal(d.share, 500);
    run.command = ZDD_COMMAND_NONE;
    run.steered = true;
    run.share = 500;
    d = decide(plan, run, look);
    assert_rule(d, "pair/keep-share"); /* both serve: at once */
    assert_weights(&d, w.old_weight, w.new_weight);
    run.traffic = weights(w.old_weight, w.new_weight);
    look.now_ms = T0 + 60000;
    look.balance.side[ZDD_SIDE_OLD].told = false;
    assert_rule(decide(plan, run, look), "pair/steer-pause"); /* not before every balancer has it */
    look.balance.side[ZDD_SIDE_OLD].told = true;
    d = decide(plan, run, look);
    assert_rule(d, "pair/paused-enough");
    assert_true(d.steered);
    /* The next weight of the program is its own again. */
    run.phase = ZDD_PHASE_JOINING;
    run.step = 7;
    look = a_look(3, 2, 2);
    run.traffic = weights(zdd_weights_for(5, 3, 2).old_weight, zdd_weights_for(5, 3, 2).new_weight);
    d = decide(plan, run, look);
    assert_rule(d, "pair/joined");
    assert_false(d.steered);
}

static void an_operator_takes_all_requests_away_in_the_right_order(void **state)
{
    const struct zdd_plan plan = a_canary("");
    struct zdd_run run = a_canary_run(.phase = ZDD_PHASE_PAUSING, .step = 4, .steered = true);
    struct zdd_observation look = a_look(3, 1, 1);
    struct zdd_decision d;

    (void)state;
    look.balance.side[ZDD_SIDE_OLD].told = false;
    d = decide(plan, run, look);
    assert_rule(d, "pair/steer-pause");
    assert_no_order(d); /* nobody has seen the old one at work */
    look.balance.side[ZDD_SIDE_OLD].told = true;
    d = decide(plan, run, look);
    assert_rule(d, "pair/steer-pause");
    assert_weights(&d, 256, 0);
    run.traffic = weights(256, 0);
    run.share = ZDD_SHARE_ALL;
    d = decide(plan, run, look);
    assert_weights(&d, 256, 256);
}

static void weight_and_promote_have_no_use_elsewhere(void **state)
{
    const struct zdd_plan plan = a_canary("");
    const struct zdd_run joining = a_canary_run(.phase = ZDD_PHASE_JOINING, .step = 2);
    struct zdd_run run = joining;

    (void)state;
    run.command = ZDD_COMMAND_WEIGHT;
    assert_rule(decide(plan, run, a_look(3, 1, 1)), "common/no-such-command");
    assert_false(zdd_run_allows(&joining, ZDD_COMMAND_WEIGHT));
    run.command = ZDD_COMMAND_PROMOTE;
    assert_rule(decide(plan, run, a_look(3, 1, 1)), "common/no-such-command");
    assert_false(zdd_run_allows(&joining, ZDD_COMMAND_PROMOTE));
    run = joining;
    run.phase = ZDD_PHASE_WEIGHING;
    assert_true(zdd_run_allows(&run, ZDD_COMMAND_WEIGHT));
    assert_false(zdd_run_allows(&run, ZDD_COMMAND_PROMOTE));
    run.phase = ZDD_PHASE_PAUSING;
    assert_true(zdd_run_allows(&run, ZDD_COMMAND_WEIGHT));
    assert_true(zdd_run_allows(&run, ZDD_COMMAND_PROMOTE));
    run.hold = ZDD_HOLD_OPERATOR;
    assert_false(zdd_run_allows(&run, ZDD_COMMAND_PROMOTE));
    assert_false(zdd_run_allows(&run, ZDD_COMMAND_WEIGHT));
    run = (struct zdd_run){.active = true, .phase = ZDD_PHASE_GATED, .hold = ZDD_HOLD_GATE};
    assert_true(zdd_run_allows(&run, ZDD_COMMAND_PROMOTE));
    run.hold = ZDD_HOLD_NONE; /* an operator has resumed it: it is closed again in a moment */
    assert_false(zdd_run_allows(&run, ZDD_COMMAND_PROMOTE));
    run = (struct zdd_run){.active = true, .phase = ZDD_PHASE_RETIRING};
    assert_false(zdd_run_allows(&run, ZDD_COMMAND_ROLLBACK));
    assert_false(zdd_run_allows(&run, ZDD_COMMAND_ABORT));
    run.hold = ZDD_HOLD_FOREIGN;
    assert_true(zdd_run_allows(&run, ZDD_COMMAND_ABORT));
}

static void full_leaves_out_what_is_before_the_promotion_but_no_gate(void **state)
{
    const struct zdd_plan plan = a_canary("");
    struct zdd_run run = a_canary_run(.phase = ZDD_PHASE_GATED, .step = 5, .hold = ZDD_HOLD_GATE,
                                      .command = ZDD_COMMAND_PROMOTE, .command_value = 1);
    struct zdd_decision d = decide(plan, run, a_look(3, 1, 1));

    (void)state;
    assert_rule(d, "pair/promoted");
    assert_phase(d, ZDD_PHASE_APPLYING);
    assert_int_equal(d.step, 10); /* all of the app starts */
    assert_true(d.steered);       /* beside the share that there was */
    assert_int_equal(d.share, 2000);
    run.phase = ZDD_PHASE_PAUSING;
    run.step = 4;
    run.hold = ZDD_HOLD_NONE;
    d = decide(plan, run, a_look(3, 1, 1));
    assert_int_equal(d.step, 5);
    assert_phase(d, ZDD_PHASE_GATED);
}

static void a_start_that_leads_to_a_gate_is_not_left_out(void **state)
{
    struct zdd_plan plan = a_canary("");
    const struct zdd_run run = a_canary_run(.phase = ZDD_PHASE_PAUSING, .step = 4,
                                            .command = ZDD_COMMAND_PROMOTE, .command_value = 1);
    struct zdd_decision d;

    (void)state;
    zdd_verifies_add(&plan.verifies, &(struct zdd_verify){.rounds = 3});
    assert_true(zdd_program_parse("shift 0;start 1;join;weight 2000;pause 60000;start 2;join;"
                                  "weight 5000;verify 3;gate;start 4;join;shift 10000;drain;retire;"
                                  "settle",
                                  &plan.program));
    d = decide(plan, run, a_look(3, 1, 1));
    assert_int_equal(d.step, 5);
    assert_phase(d, ZDD_PHASE_APPLYING);
    /* Checks are left out as pauses are: what they would look at is left out too. */
    assert_true(zdd_program_parse("shift 0;start 1;join;weight 2000;pause 60000;start 2;join;"
                                  "weight 5000;verify 3;start 4;join;shift 10000;drain;retire;"
                                  "settle",
                                  &plan.program));
    d = decide(plan, run, a_look(3, 1, 1));
    assert_int_equal(d.step, 9);
}

static void an_expired_gate_does_what_it_says(void **state)
{
    static const struct {
        const char *gates, *before, *after;
        enum zdd_phase phase;
    } rows[] = {
        {"go 1 5000 approve ", "pair/gate", "pair/gate-passes", ZDD_PHASE_APPLYING},
        {"go 1 5000 reject ", "pair/gate", "pair/gate-rejects", ZDD_PHASE_CLEARING},
        {"go 1 5000 hold ", "pair/gate", "pair/gate", ZDD_PHASE_GATED},
        {"go 1 0 hold ", "pair/gate", "pair/gate", ZDD_PHASE_GATED},
    };
    const struct zdd_run run =
        a_canary_run(.phase = ZDD_PHASE_GATED, .step = 5, .hold = ZDD_HOLD_GATE);

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const struct zdd_plan plan = a_canary(rows[i].gates);
        struct zdd_observation look = a_look(3, 1, 1);
        struct zdd_decision d;

        look.now_ms = T0 + 4999;
        d = decide(plan, run, look);
        assert_rule(d, rows[i].before);
        assert_true(d.wake_at_ms <= T0 + 4999 + ZDD_SHARE_POLL_MS && d.wake_at_ms > look.now_ms);
        look.now_ms = T0 + 5000;
        d = decide(plan, run, look);
        assert_rule(d, rows[i].after);
        assert_phase(d, rows[i].phase);
        assert_hold(d, rows[i].phase == ZDD_PHASE_GATED ? ZDD_HOLD_GATE : ZDD_HOLD_NONE);
        assert_cause(d, rows[i].phase == ZDD_PHASE_CLEARING ? ZDD_CAUSE_REJECTED : ZDD_CAUSE_NONE);
    }
}

static void no_deadline_runs_at_a_gate(void **state)
{
    const struct zdd_run run =
        a_canary_run(.phase = ZDD_PHASE_GATED, .step = 5, .hold = ZDD_HOLD_GATE);
    struct zdd_observation look = a_look(3, 1, 1);

    (void)state;
    look.now_ms = DEADLINE + 1000000;
    assert_rule(decide(a_canary(""), run, look), "pair/gate");
}

static void a_rejection_goes_back_and_says_why(void **state)
{
    struct zdd_run run = a_canary_run(.phase = ZDD_PHASE_GATED, .step = 5, .hold = ZDD_HOLD_GATE,
                                      .command = ZDD_COMMAND_ROLLBACK, .command_value = 1);
    struct zdd_decision d = decide(a_canary(""), run, a_look(3, 1, 1));

    (void)state;
    assert_rule(d, "common/go-back");
    assert_cause(d, ZDD_CAUSE_REJECTED);
    run.command_value = 0;
    d = decide(a_canary(""), run, a_look(3, 1, 1));
    assert_cause(d, ZDD_CAUSE_OPERATOR);
}

/* Both take requests, so the old one can have them all at once: one agent interval, not two. */
static void going_back_is_one_order_where_both_serve(void **state)
{
    struct zdd_run run = a_canary_run(.phase = ZDD_PHASE_RETURNING, .step = 16);
    struct zdd_observation look = a_look(3, 1, 1);
    struct zdd_decision d = decide(a_canary(""), run, look);

    (void)state;
    assert_rule(d, "pair/return");
    assert_weights(&d, 256, 0);
    assert_int_equal(d.order[0].traffic.side[ZDD_SIDE_NEW].serving, ZDD_DRAINS);
    /* As long as it is not seen that the old one takes any, it has to be raised first. */
    look.balance.side[ZDD_SIDE_OLD].told = false;
    d = decide(a_canary(""), run, look);
    assert_no_order(d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_weight_ends_when_every_balancer_has_it),
        cmocka_unit_test(a_pause_ends_by_time_or_by_promote),
        cmocka_unit_test(while_it_pauses_requests_are_counted_now_and_then),
        cmocka_unit_test(when_instances_come_or_go_the_share_stays),
        cmocka_unit_test(a_version_without_results_keeps_the_weight_of_those_it_shall_have),
        cmocka_unit_test(an_operator_moves_the_share_both_ways_and_the_program_goes_on),
        cmocka_unit_test(an_operator_takes_all_requests_away_in_the_right_order),
        cmocka_unit_test(weight_and_promote_have_no_use_elsewhere),
        cmocka_unit_test(full_leaves_out_what_is_before_the_promotion_but_no_gate),
        cmocka_unit_test(a_start_that_leads_to_a_gate_is_not_left_out),
        cmocka_unit_test(an_expired_gate_does_what_it_says),
        cmocka_unit_test(no_deadline_runs_at_a_gate),
        cmocka_unit_test(a_rejection_goes_back_and_says_why),
        cmocka_unit_test(going_back_is_one_order_where_both_serve),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
