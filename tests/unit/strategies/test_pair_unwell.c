/**
 * @file tests/unit/strategies/test_pair_unwell.c
 * @brief A new version that has a share and loses an instance goes back at once, whatever step
 * runs.
 */
#include "strategies/pair.h"
#include "tests/unit/strategies/facts.h"

#include <string.h>

/* 0 shift, 1 start, 2 join, 3 weight, 4 pause, 5 gate, 6 start, 7 join, 8 verify, 9 start, 10 join,
 * 11 shift */
static const char program[] = "shift 0;start 1;join;weight 2000;pause 60000;gate;start 2;join;"
                              "verify 3;start 4;join;shift 10000;drain;retire;settle";

static struct zdd_plan a_canary(enum zdd_on_failure on_failure)
{
    struct zdd_plan plan = a_plan(.strategy = "canary", .action = ZDD_ACTION_CREATE,
                                  .on_failure = on_failure, .old = facts_of_app(.instances = 3));

    plan.seen = (struct zdd_precondition){0};
    memcpy(plan.pair.old_id, "/x", sizeof("/x"));
    plan.pair.old_serving = 3;
    plan.pair.drain_ms = 1000;
    zdd_verifies_add(&plan.verifies, &(struct zdd_verify){.rounds = 3, .interval_ms = 10000});
    assert_true(zdd_program_parse(program, &plan.program));
    return plan;
}

static struct zdd_run at_step(enum zdd_phase phase, int32_t step)
{
    struct zdd_run run = a_run(.ordered = true, .phase = phase, .step = step, .verify_set = 1,
                               .traffic_seen_at_ms = T0);

    run.traffic = zdd_traffic_base();
    run.traffic.side[ZDD_SIDE_OLD].weight = 256;
    run.traffic.side[ZDD_SIDE_NEW].weight = 192;
    if (phase == ZDD_PHASE_GATED)
        run.hold = ZDD_HOLD_GATE;
    return run;
}

/* So many new instances are wanted, run, and are ill. */
static struct zdd_observation a_look(int32_t wanted, int32_t running, int32_t sick)
{
    struct zdd_observation o = seen(.definition = ZDD_DEFINITION_TARGET, .instances = wanted);

    o.current = (struct zdd_side){.total = wanted,
                                  .running = running,
                                  .healthy = running - sick,
                                  .ready = running - sick,
                                  .sick = sick};
    o.peer = (struct zdd_peer){
        .definition = ZDD_DEFINITION_TARGET, .instances = 3, .current = serving(3)};
    o.balance.known = true;
    for (int side = 0; side < ZDD_SIDE_COUNT; side++)
        o.balance.side[side] = (struct zdd_side_balance){.servers = 3, .up = 3, .told = true};
    return o;
}

static const struct {
    enum zdd_phase phase;
    int32_t step, wanted, joined;
} places[] = {
    {ZDD_PHASE_PAUSING, 4, 1, 1}, {ZDD_PHASE_GATED, 5, 1, 1},    {ZDD_PHASE_APPLYING, 6, 2, 1},
    {ZDD_PHASE_ROLLING, 6, 2, 1}, {ZDD_PHASE_JOINING, 7, 2, 1},  {ZDD_PHASE_VERIFYING, 8, 2, 2},
    {ZDD_PHASE_ROLLING, 9, 4, 2}, {ZDD_PHASE_JOINING, 10, 4, 2},
};

static void a_lost_or_ill_instance_takes_it_back_in_every_step(void **state)
{
    const struct zdd_plan plan = a_canary(ZDD_ON_FAILURE_ROLLBACK);

    (void)state;
    for (size_t i = 0; i < ZDD_COUNT(places); i++) {
        const struct zdd_run run = at_step(places[i].phase, places[i].step);
        const int32_t wanted = places[i].wanted, joined = places[i].joined;
        struct zdd_decision d = decide(plan, run, a_look(wanted, joined - 1, 0));

        assert_rule(d, "pair/unwell-back");
        assert_phase(d, ZDD_PHASE_CLEARING);
        assert_cause(d, ZDD_CAUSE_UNWELL);
        assert_hold(d, ZDD_HOLD_NONE);
        d = decide(plan, run, a_look(wanted, wanted, 1));
        assert_rule(d, "pair/unwell-back");
        d = decide(plan, run, a_look(wanted, joined, 0));
        assert_string_not_equal(d.rule, "pair/unwell-back");
    }
}

static void whoever_wants_a_hold_gets_one(void **state)
{
    const struct zdd_plan plan = a_canary(ZDD_ON_FAILURE_HOLD);
    const struct zdd_decision d = decide(plan, at_step(ZDD_PHASE_GATED, 5), a_look(1, 0, 0));

    (void)state;
    assert_rule(d, "pair/unwell-hold");
    assert_phase(d, ZDD_PHASE_GATED);
    assert_cause(d, ZDD_CAUSE_UNWELL);
    assert_hold(d, ZDD_HOLD_FAILURE);
    assert_waits_for(d, "operator");
}

static void without_a_share_nothing_is_lost(void **state)
{
    const struct zdd_plan plan = a_canary(ZDD_ON_FAILURE_ROLLBACK);
    struct zdd_run run = at_step(ZDD_PHASE_PAUSING, 4);
    const struct zdd_observation look = a_look(1, 0, 0);

    (void)state;
    run.steered = true; /* somebody has said 0 % */
    assert_string_not_equal(decide(plan, run, look).rule, "pair/unwell-back");
    run.steered = false;
    run.traffic.side[ZDD_SIDE_NEW].weight = 0; /* the share is still to be ordered */
    assert_string_not_equal(decide(plan, run, look).rule, "pair/unwell-back");
}

/* From the gate straight to all of them: those of the size in between were never started. */
static void sizes_that_were_left_out_are_not_lost(void **state)
{
    const struct zdd_plan plan = a_canary(ZDD_ON_FAILURE_ROLLBACK);
    struct zdd_run run = at_step(ZDD_PHASE_APPLYING, 9);

    (void)state;
    run.steered = true; /* the share stays what it was */
    run.share = 2000;
    run.new_side.healthy = 1;
    assert_string_not_equal(decide(plan, run, a_look(4, 1, 0)).rule, "pair/unwell-back");
    assert_rule(decide(plan, run, a_look(4, 0, 0)), "pair/unwell-back");
    run.new_side.healthy = 2; /* they were started: somebody has only said another share */
    assert_rule(decide(plan, run, a_look(4, 1, 0)), "pair/unwell-back");
}

static void an_operators_hold_and_somebody_elses_change_come_first(void **state)
{
    const struct zdd_plan plan = a_canary(ZDD_ON_FAILURE_ROLLBACK);
    struct zdd_run run = at_step(ZDD_PHASE_PAUSING, 4);
    struct zdd_observation look = a_look(1, 0, 0);

    (void)state;
    run.hold = ZDD_HOLD_OPERATOR;
    assert_rule(decide(plan, run, look), "common/held");
    run.hold = ZDD_HOLD_NONE;
    look.instances = 0; /* it was scaled down */
    assert_rule(decide(plan, run, look), "pair/new-changed");
    look.instances = 1;
    look.definition = ZDD_DEFINITION_FOREIGN;
    assert_rule(decide(plan, run, look), "pair/new-changed");
    look.reachable = false;
    assert_rule(decide(plan, run, look), "pair/silence");
}

/* The new app is gone, or the old one is: nobody shall decide about a share that there is not. */
static void a_gate_sees_what_somebody_else_does(void **state)
{
    const struct zdd_plan plan = a_canary(ZDD_ON_FAILURE_ROLLBACK);
    struct zdd_run run = at_step(ZDD_PHASE_GATED, 5);
    struct zdd_observation look = a_look(0, 0, 0);
    struct zdd_decision d;

    (void)state;
    look.definition = ZDD_DEFINITION_ABSENT;
    d = decide(plan, run, look);
    assert_rule(d, "pair/gate-changed");
    assert_phase(d, ZDD_PHASE_GATED);
    assert_int_equal(d.hold, ZDD_HOLD_FOREIGN);
    assert_cause(d, ZDD_CAUSE_FOREIGN_CHANGE);
    run.command = ZDD_COMMAND_PROMOTE; /* is taken: the next step sees it too */
    assert_rule(decide(plan, run, look), "pair/promoted");
    run.command = ZDD_COMMAND_ROLLBACK;
    assert_rule(decide(plan, run, look), "common/go-back");
    run.command = ZDD_COMMAND_NONE;
    run.hold = ZDD_HOLD_FOREIGN;
    assert_rule(decide(plan, run, look), "common/held");
    run.hold = ZDD_HOLD_NONE; /* resumed: it stands at its gate, or is held again */
    assert_rule(decide(plan, run, look), "pair/gate-changed");
    assert_rule(decide(plan, run, a_look(1, 1, 0)), "pair/gate");
    look = a_look(1, 1, 0);
    look.peer.definition = ZDD_DEFINITION_ABSENT;
    assert_rule(decide(plan, run, look), "pair/gate-changed");
    look.reachable = false;
    assert_rule(decide(plan, run, look), "pair/gate");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_lost_or_ill_instance_takes_it_back_in_every_step),
        cmocka_unit_test(whoever_wants_a_hold_gets_one),
        cmocka_unit_test(without_a_share_nothing_is_lost),
        cmocka_unit_test(sizes_that_were_left_out_are_not_lost),
        cmocka_unit_test(an_operators_hold_and_somebody_elses_change_come_first),
        cmocka_unit_test(a_gate_sees_what_somebody_else_does),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
