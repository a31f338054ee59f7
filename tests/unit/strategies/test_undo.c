/**
 * @file tests/unit/strategies/test_undo.c
 * @brief The way back, row by row.
 */
#include "tests/unit/strategies/facts.h"

#define clearing(...)                                                                              \
    a_run(.phase = ZDD_PHASE_CLEARING, .ordered = true, .cause = ZDD_CAUSE_DEADLINE, __VA_ARGS__)
#define reverting(...)                                                                             \
    a_run(.phase = ZDD_PHASE_REVERTING, .ordered = true, .cause = ZDD_CAUSE_DEADLINE, __VA_ARGS__)
#define undoing(...)                                                                               \
    a_run(.phase = ZDD_PHASE_UNDOING, .ordered = true, .cause = ZDD_CAUSE_DEADLINE, __VA_ARGS__)
#define target_seen(...) seen(.definition = ZDD_DEFINITION_TARGET, __VA_ARGS__)

/* 4 originals that serve, and 2 new ones that do not. */
#define sick_target_seen(...)                                                                      \
    target_seen(.locked = true, .locked_by_us = true, .current = {.total = 2, .running = 2},       \
                .outdated = serving(4), __VA_ARGS__)

static const struct zdd_plan *created(void)
{
    static struct zdd_plan plan;

    plan = a_plan(.action = ZDD_ACTION_CREATE, .old = {0}, .seen = {0});
    return &plan;
}

static void each_phase_back_has_its_end(void **state)
{
    static const enum zdd_phase phases[] = {ZDD_PHASE_CLEARING, ZDD_PHASE_REVERTING,
                                            ZDD_PHASE_UNDOING};
    static const char *const late[] = {"undo/clear-late", "undo/late", "undo/too-long"};
    static const char *const silent[] = {"undo/no-answer", "undo/silence", "undo/wait-answer"};

    (void)state;
    for (size_t i = 0; i < ZDD_COUNT(phases); i++) {
        const struct zdd_run run =
            a_run(.phase = phases[i], .ordered = true, .cause = ZDD_CAUSE_ABORTED,
                  .deadline_at_ms = T0 - 1, /* the whole's deadline is no matter any more */
                  .step_deadline_at_ms = T0 + 1000);
        struct zdd_decision d =
            decide(a_plan(), run, seen(.now_ms = T0 + 1000, .reachable = false));

        assert_rule(d, late[i]);
        assert_phase(d, ZDD_PHASE_FAILED);
        assert_cause(d, ZDD_CAUSE_UNDO_DEADLINE);

        d = decide(a_plan(), run, seen(.now_ms = T0 + 999, .reachable = false));
        assert_rule(d, silent[i]);
        assert_phase(d, phases[i]);
        assert_waits_for(d, "marathon");
        assert_cause(d, ZDD_CAUSE_ABORTED);
        assert_int_equal(d.wake_at_ms, T0 + 1000);
    }
}

static void an_app_that_was_at_rest_goes_back_to_no_instances(void **state)
{
    const struct zdd_plan plan =
        a_plan(.old = facts_of_app(.instances = 0), .seen = {.exists = true});
    struct zdd_decision d;

    (void)state;
    d = decide(
        plan, clearing(),
        target_seen(.locked = true, .locked_by_us = true, .current = {.total = 4, .running = 4}));
    assert_rule(d, "undo/put-back");
    assert_order(d, ZDD_ORDER_PUT_PREVIOUS, 0, true);
    d = decide(plan, undoing(), seen(.instances = 0));
    assert_rule(d, "undo/done");
}

static void somebody_elses_definition_holds_it_in_each_phase(void **state)
{
    const struct zdd_observation foreign =
        seen(.definition = ZDD_DEFINITION_FOREIGN, .locked = true);
    struct zdd_decision d;

    (void)state;
    d = decide(a_plan(), clearing(.unsure_until_ms = DEADLINE), foreign);
    assert_rule(d, "undo/foreign");
    assert_hold(d, ZDD_HOLD_FOREIGN);
    d = decide(a_plan(), reverting(), foreign);
    assert_rule(d, "undo/others-hands");
    assert_hold(d, ZDD_HOLD_FOREIGN);
    d = decide(a_plan(), undoing(), foreign);
    assert_rule(d, "undo/changed");
    assert_hold(d, ZDD_HOLD_FOREIGN);
    d = decide(a_plan(), undoing(), seen(.instances = 5));
    assert_rule(d, "undo/changed");
}

static void over_somebody_elses_change_only_an_operator_goes_back(void **state)
{
    const struct zdd_observation foreign = seen(.definition = ZDD_DEFINITION_FOREIGN);
    const struct zdd_observation deleted = seen(.definition = ZDD_DEFINITION_ABSENT);
    struct zdd_decision d;

    (void)state;
    d = decide(a_plan(), clearing(.cause = ZDD_CAUSE_OPERATOR), foreign);
    assert_rule(d, "undo/put-back");
    assert_order(d, ZDD_ORDER_PUT_PREVIOUS, 4, false);
    d = decide(a_plan(), clearing(.cause = ZDD_CAUSE_OPERATOR), deleted);
    assert_rule(d, "undo/put-back");
    d = decide(a_plan(), reverting(.cause = ZDD_CAUSE_OPERATOR), foreign);
    assert_rule(d, "undo/once-more");
    /* Their Marathon deployment is waited for all the same. */
    d = decide(a_plan(), clearing(.cause = ZDD_CAUSE_OPERATOR),
               seen(.definition = ZDD_DEFINITION_FOREIGN, .locked = true));
    assert_rule(d, "undo/locked");
}

static void an_order_that_may_still_arrive_is_waited_for(void **state)
{
    const struct zdd_run run = clearing(.unsure_until_ms = T0 + 5000);
    struct zdd_decision d;

    (void)state;
    /* Seen back or not, locked or not. */
    d = decide(a_plan(), run, seen(.now_ms = T0 + 4999));
    assert_rule(d, "undo/may-arrive");
    assert_no_order(d);
    assert_int_equal(d.wake_at_ms, T0 + 5000);
    d = decide(a_plan(), run, sick_target_seen(.now_ms = T0 + 4999));
    assert_rule(d, "undo/may-arrive");
    d = decide(a_plan(), run, seen(.now_ms = T0 + 4999, .locked = true));
    assert_rule(d, "undo/may-arrive");
    d = decide(*created(), run, seen(.now_ms = T0 + 4999, .definition = ZDD_DEFINITION_ABSENT));
    assert_rule(d, "undo/may-arrive");

    d = decide(a_plan(), run, seen(.now_ms = T0 + 5000));
    assert_rule(d, "undo/nothing-to-undo");
    assert_phase(d, ZDD_PHASE_UNDOING);
    d = decide(*created(), run, seen(.now_ms = T0 + 5000, .definition = ZDD_DEFINITION_ABSENT));
    assert_rule(d, "undo/nothing-to-undo");
}

static void somebody_elses_marathon_deployment_is_never_overridden(void **state)
{
    struct zdd_decision d;

    (void)state;
    d = decide(a_plan(), clearing(), sick_target_seen(.locked_by_us = false));
    assert_rule(d, "undo/locked");
    assert_waits_for(d, "marathon-lock");
    assert_no_order(d);
    d = decide(a_plan(), clearing(), seen(.locked = true)); /* nor passed over: what will it do? */
    assert_rule(d, "undo/locked");
}

static void sick_new_instances_are_scaled_away_first(void **state)
{
    struct zdd_decision d;

    (void)state;
    /* The count is there already, and Marathon would do nothing: one more first. */
    d = decide(a_plan(), clearing(), sick_target_seen(.instances = 4));
    assert_rule(d, "undo/clear");
    assert_phase(d, ZDD_PHASE_CLEARING);
    assert_order(d, ZDD_ORDER_PUT_TARGET, 5, true);
    assert_waits_for(d, "tasks");

    d = decide(a_plan(), clearing(.outcome = ZDD_OUTCOME_ACKED, .ordered_at_ms = T0),
               sick_target_seen(.instances = 5));
    assert_rule(d, "undo/clear");
    assert_order(d, ZDD_ORDER_PUT_TARGET, 4, true);

    d = decide(a_plan(), clearing(.outcome = ZDD_OUTCOME_ACKED, .ordered_at_ms = T0),
               sick_target_seen(.instances = 4));
    assert_rule(d, "undo/wait-clear");
    assert_no_order(d);
    assert_int_equal(d.wake_at_ms, T0 + 10000);

    d = decide(a_plan(), clearing(), sick_target_seen(.instances = 6, .locked = false));
    assert_order(d, ZDD_ORDER_PUT_TARGET, 4, false); /* nothing to override: no force */
}

static void clearing_is_over_when_the_sick_ones_are_gone(void **state)
{
    const struct zdd_decision d =
        decide(a_plan(), clearing(.outcome = ZDD_OUTCOME_ACKED, .ordered_at_ms = T0),
               target_seen(.locked = true, .locked_by_us = true, .current = ending(2),
                           .outdated = serving(4)));

    (void)state;
    assert_rule(d, "undo/put-back");
    assert_phase(d, ZDD_PHASE_REVERTING);
    assert_order(d, ZDD_ORDER_PUT_PREVIOUS, 4, true);
}

/* 2 originals that serve; of 4 new ones 2 do, and which ones scaling down would take is open. */
#define half_sick_target_seen(...)                                                                 \
    target_seen(.locked = true, .locked_by_us = true, .instances = 6,                              \
                .current = {.total = 4, .running = 4, .healthy = 2}, .outdated = serving(2),       \
                __VA_ARGS__)

static void waiting_for_what_cannot_be_told_apart_has_an_end(void **state)
{
    const struct zdd_run run =
        clearing(.outcome = ZDD_OUTCOME_ACKED, .ordered_at_ms = T0, .phase_since_ms = T0 - 1);
    struct zdd_decision d;

    (void)state;
    d = decide(a_plan(), run, half_sick_target_seen(.now_ms = T0 + 59999));
    assert_rule(d, "undo/wait-clear");
    d = decide(a_plan(), run, half_sick_target_seen(.now_ms = T0 + 60000));
    assert_rule(d, "undo/put-back");
    assert_order(d, ZDD_ORDER_PUT_PREVIOUS, 6, true); /* so many that none is killed at once */
}

static void waiting_for_the_cleared_to_end_lasts_until_they_have(void **state)
{
    const struct zdd_run run = clearing(.outcome = ZDD_OUTCOME_ACKED, .ordered_at_ms = T0);
    struct zdd_plan plan = a_plan();
    struct zdd_decision d;

    (void)state;
    d = decide(plan, run, sick_target_seen(.now_ms = T0 + 100000));
    assert_rule(d, "undo/wait-clear");    /* told to end or not: Marathon may not show which */
    plan.replace_rule = ZDD_REPLACE_1_10; /* it counts those that are ending as well */
    d = decide(plan, run, sick_target_seen(.now_ms = T0 + 100000, .current = ending(2)));
    assert_rule(d, "undo/wait-clear");
    d = decide(plan, run, sick_target_seen(.now_ms = T0 + 100000, .current = {0}));
    assert_rule(d, "undo/put-back");
}

static void what_cannot_be_cleared_is_not_put_back_over_what_serves(void **state)
{
    const struct zdd_run run = clearing(.outcome = ZDD_OUTCOME_REFUSED);
    struct zdd_decision d;

    (void)state;
    d = decide(a_plan(), run, sick_target_seen());
    assert_rule(d, "undo/clear-refused");
    assert_phase(d, ZDD_PHASE_FAILED);
    assert_cause(d, ZDD_CAUSE_REFUSED);
    assert_no_order(d);
    d = decide(a_plan(), run, target_seen(.outdated = serving(4))); /* nothing to clear any more */
    assert_rule(d, "undo/put-back");
}

static void the_previous_definition_is_put_back_over_our_own_deployment(void **state)
{
    struct zdd_decision d;

    (void)state;
    d = decide(a_plan(.old = facts_of_app(.instances = 3)), clearing(),
               target_seen(.locked = true, .locked_by_us = true, .outdated = serving(3),
                           .current = serving(2)));
    assert_rule(d, "undo/put-back");
    assert_order(d, ZDD_ORDER_PUT_PREVIOUS, 3, true);
    d = decide(a_plan(), clearing(), target_seen(.current = serving(4)));
    assert_order(d, ZDD_ORDER_PUT_PREVIOUS, 4, false);
    d = decide(a_plan(), clearing(), seen(.instances = 0)); /* recreate had stopped them */
    assert_order(d, ZDD_ORDER_PUT_PREVIOUS, 4, false);
}

static void hidden_instances_are_not_scaled_away_but_outnumbered(void **state)
{
    struct zdd_decision d;

    (void)state;
    /* Of the 5 that Marathon wants, one crashes all the time. */
    d = decide(a_plan(), clearing(),
               target_seen(.locked = true, .locked_by_us = true, .outdated = serving(4)));
    assert_rule(d, "undo/put-back");
    assert_order(d, ZDD_ORDER_PUT_PREVIOUS, 5, true);
    d = decide(a_plan(), reverting(.outcome = ZDD_OUTCOME_ACKED, .ordered_at_ms = T0),
               seen(.instances = 5, .put_back_by_us = true, .locked = true, .locked_by_us = true));
    assert_rule(d, "undo/reverted");
}

static void what_was_put_back_on_top_goes_when_all_serve(void **state)
{
    struct zdd_decision d;

    (void)state;
#define five(...) seen(.instances = 5, .put_back_by_us = true, __VA_ARGS__)
    d = decide(a_plan(), undoing(), five(.current = serving(5), .locked = true));
    assert_rule(d, "undo/wait-tasks");
    d = decide(a_plan(), undoing(), five(.current = serving(4)));
    assert_rule(d, "undo/wait-tasks");
    d = decide(a_plan(), undoing(), five(.current = serving(5), .outdated = ending(1)));
    assert_rule(d, "undo/wait-tasks");
    d = decide(a_plan(), undoing(), five(.current = serving(5)));
    assert_rule(d, "undo/surplus");
    assert_order(d, ZDD_ORDER_PUT_PREVIOUS, 4, false);
    d = decide(a_plan(), undoing(.outcome = ZDD_OUTCOME_ACKED, .ordered_at_ms = T0),
               five(.current = serving(5)));
    assert_rule(d, "undo/wait-tasks"); /* it is on its way */
#undef five
    d = decide(a_plan(), undoing(.outcome = ZDD_OUTCOME_ACKED, .ordered_at_ms = T0),
               seen(.current = serving(4), .put_back_by_us = true));
    assert_rule(d, "undo/done");
    d = decide(a_plan(), undoing(), seen(.instances = 10, .put_back_by_us = true));
    assert_rule(d, "undo/changed"); /* never so many */
}

static void a_new_app_is_deleted(void **state)
{
    struct zdd_decision d;

    (void)state;
    d = decide(
        *created(), clearing(),
        target_seen(.locked = true, .locked_by_us = true, .current = {.total = 4, .running = 4}));
    assert_rule(d, "undo/put-back");
    assert_order(d, ZDD_ORDER_DELETE, 0, true);
    d = decide(*created(), reverting(.outcome = ZDD_OUTCOME_ACKED, .ordered_at_ms = T0),
               seen(.definition = ZDD_DEFINITION_ABSENT, .locked = true));
    assert_rule(d, "undo/reverted");
    d = decide(*created(), undoing(), seen(.definition = ZDD_DEFINITION_ABSENT, .locked = true));
    assert_rule(d, "undo/wait-tasks"); /* its tasks are still ending */
    d = decide(*created(), undoing(), seen(.definition = ZDD_DEFINITION_ABSENT));
    assert_rule(d, "undo/done");
    d = decide(*created(), undoing(), target_seen());
    assert_rule(d, "undo/changed");
}

static void seen_back_it_is_watched(void **state)
{
    struct zdd_decision d;

    (void)state;
    d = decide(a_plan(), reverting(.outcome = ZDD_OUTCOME_REFUSED, .step_deadline_at_ms = T0),
               seen(.locked = true)); /* however it came about */
    assert_rule(d, "undo/reverted");
    assert_phase(d, ZDD_PHASE_UNDOING);
    assert_no_order(d);
    d = decide(a_plan(), reverting(.outcome = ZDD_OUTCOME_ACKED, .ordered_at_ms = T0),
               seen(.instances = 5));
    assert_rule(d, "undo/wait-reverted"); /* the count belongs to it */
}

static void a_refused_way_back_has_failed(void **state)
{
    struct zdd_decision d;

    (void)state;
    d = decide(a_plan(), reverting(.outcome = ZDD_OUTCOME_REFUSED),
               target_seen(.now_ms = DEADLINE));
    assert_rule(d, "undo/refused");
    assert_phase(d, ZDD_PHASE_FAILED);
    assert_cause(d, ZDD_CAUSE_REFUSED);
    d = decide(a_plan(), reverting(.outcome = ZDD_OUTCOME_REFUSED),
               target_seen(.reachable = false));
    assert_rule(d, "undo/silence");
}

static void a_lost_order_back_is_given_again_after_a_new_look_at_what_to_clear(void **state)
{
    struct zdd_decision d;

    (void)state;
    d = decide(a_plan(),
               reverting(.outcome = ZDD_OUTCOME_FAILED, .attempt = 2, .ordered_at_ms = T0),
               target_seen(.now_ms = T0 + 499));
    assert_rule(d, "undo/wait-reverted");
    assert_waits_for(d, "marathon");
    assert_int_equal(d.wake_at_ms, T0 + 500);
    d = decide(a_plan(),
               reverting(.outcome = ZDD_OUTCOME_FAILED, .attempt = 2, .ordered_at_ms = T0),
               target_seen(.now_ms = T0 + 500));
    assert_rule(d, "undo/once-more");
    assert_phase(d, ZDD_PHASE_CLEARING);
    assert_no_order(d);
    d = decide(a_plan(), reverting(.outcome = ZDD_OUTCOME_ACKED, .ordered_at_ms = T0),
               target_seen(.now_ms = T0 + 9999));
    assert_rule(d, "undo/wait-reverted");
    d = decide(a_plan(), reverting(), target_seen());
    assert_rule(d, "undo/once-more");
}

static void it_is_undone_when_all_and_only_the_restored_ones_serve(void **state)
{
    struct zdd_decision d;

    (void)state;
    d = decide(a_plan(), undoing(), seen(.now_ms = DEADLINE, .current = serving(4)));
    assert_rule(d, "undo/done"); /* just in time is in time */
    assert_phase(d, ZDD_PHASE_ROLLED_BACK);
    assert_cause(d, ZDD_CAUSE_DEADLINE);
    assert_int_equal(d.wake_at_ms, 0);

    d = decide(a_plan(), undoing(), seen(.current = serving(4), .locked = true));
    assert_rule(d, "undo/wait-tasks");
    assert_waits_for(d, "tasks");
    d = decide(a_plan(), undoing(), seen(.current = serving(3)));
    assert_rule(d, "undo/wait-tasks");
    d = decide(a_plan(), undoing(), seen(.current = serving(5)));
    assert_rule(d, "undo/wait-tasks");
    d = decide(a_plan(), undoing(), seen(.current = serving(4), .outdated = ending(1)));
    assert_rule(d, "undo/wait-tasks");
    d = decide(a_plan(), undoing(), seen(.current = {.total = 4, .running = 4, .healthy = 3}));
    assert_rule(d, "undo/wait-tasks");
}

static void those_that_were_ill_before_may_be_ill_again(void **state)
{
    const struct zdd_plan plan = a_plan(.seen = {.exists = true, .running = 4, .healthy = 3});

    (void)state;
    assert_rule(decide(plan, undoing(), seen(.current = {.total = 4, .running = 4, .healthy = 3})),
                "undo/done");
    assert_rule(decide(plan, undoing(), seen(.current = {.total = 4, .running = 4, .healthy = 2})),
                "undo/wait-tasks");
}

static void who_was_told_to_end_is_canceled(void **state)
{
    static const enum zdd_cause told[] = {ZDD_CAUSE_ABORTED, ZDD_CAUSE_SUPERSEDED};

    (void)state;
    for (size_t i = 0; i < ZDD_COUNT(told); i++) {
        const struct zdd_decision d = decide(a_plan(), undoing(.cause = told[i]),
                                             seen(.now_ms = DEADLINE, .current = serving(4)));

        assert_rule(d, "undo/done-aborted");
        assert_phase(d, ZDD_PHASE_CANCELED);
        assert_cause(d, told[i]);
    }
    assert_rule(decide(a_plan(), undoing(.cause = ZDD_CAUSE_OPERATOR), seen(.current = serving(4))),
                "undo/done");
    assert_rule(decide(a_plan(), undoing(.cause = ZDD_CAUSE_ABORTED), seen(.current = serving(3))),
                "undo/wait-tasks");
}

/* Found by the simulator: the 1.10 rule counted five that were ending and killed the last original
 * for it. */
static void those_that_end_are_waited_for_when_the_rule_counts_them(void **state)
{
    const struct zdd_app_facts three =
        facts_of_app(.instances = 3, .minimum_health_capacity = 0.1, .maximum_over_capacity = 0,
                     .has_health_checks = true, .has_marathon_checks = true);
    const struct zdd_plan plan =
        a_plan(.replace_rule = ZDD_REPLACE_1_10, .old = three,
               .target = facts_of_app(.instances = 3, .minimum_health_capacity = 0.5,
                                      .maximum_over_capacity = 1, .has_health_checks = true,
                                      .has_marathon_checks = true),
               .seen = {.exists = true, .running = 3, .healthy = 3});
    const struct zdd_side last = {.total = 1, .running = 1, .healthy = 1, .ready = 1};
    struct zdd_side last_and_ending = last;
    struct zdd_decision d;

    (void)state;
    last_and_ending.total = 3;
    d = decide(plan, clearing(.outcome = ZDD_OUTCOME_NONE),
               seen(.definition = ZDD_DEFINITION_TARGET, .instances = 1, .locked = true,
                    .locked_by_us = true, .current = {.total = 3}, .outdated = last_and_ending));
    assert_rule(d, "undo/wait-ends");
    assert_no_order(d);
    assert_waits_for(d, "tasks");
    assert_true(d.wake_at_ms > T0);
    d = decide(plan, clearing(.outcome = ZDD_OUTCOME_NONE),
               seen(.definition = ZDD_DEFINITION_TARGET, .instances = 1, .locked = true,
                    .locked_by_us = true, .current = {.total = 0}, .outdated = last));
    assert_rule(d, "undo/put-back");
    assert_order(d, ZDD_ORDER_PUT_PREVIOUS, 3, true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_phase_back_has_its_end),
        cmocka_unit_test(an_app_that_was_at_rest_goes_back_to_no_instances),
        cmocka_unit_test(somebody_elses_definition_holds_it_in_each_phase),
        cmocka_unit_test(over_somebody_elses_change_only_an_operator_goes_back),
        cmocka_unit_test(an_order_that_may_still_arrive_is_waited_for),
        cmocka_unit_test(those_that_end_are_waited_for_when_the_rule_counts_them),
        cmocka_unit_test(somebody_elses_marathon_deployment_is_never_overridden),
        cmocka_unit_test(sick_new_instances_are_scaled_away_first),
        cmocka_unit_test(clearing_is_over_when_the_sick_ones_are_gone),
        cmocka_unit_test(waiting_for_what_cannot_be_told_apart_has_an_end),
        cmocka_unit_test(waiting_for_the_cleared_to_end_lasts_until_they_have),
        cmocka_unit_test(what_cannot_be_cleared_is_not_put_back_over_what_serves),
        cmocka_unit_test(the_previous_definition_is_put_back_over_our_own_deployment),
        cmocka_unit_test(hidden_instances_are_not_scaled_away_but_outnumbered),
        cmocka_unit_test(what_was_put_back_on_top_goes_when_all_serve),
        cmocka_unit_test(a_new_app_is_deleted),
        cmocka_unit_test(seen_back_it_is_watched),
        cmocka_unit_test(a_refused_way_back_has_failed),
        cmocka_unit_test(a_lost_order_back_is_given_again_after_a_new_look_at_what_to_clear),
        cmocka_unit_test(it_is_undone_when_all_and_only_the_restored_ones_serve),
        cmocka_unit_test(those_that_were_ill_before_may_be_ill_again),
        cmocka_unit_test(who_was_told_to_end_is_canceled),
    };

    return cmocka_run_group_tests_name("strategies/undo", tests, NULL, NULL);
}
