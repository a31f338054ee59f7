/**
 * @file tests/unit/strategies/test_preview.c
 * @brief What a plan says it will do: figures, timeline, steps.
 */
#include "strategies/preview.h"

#include "tests/unit/strategies/facts.h"

#include <string.h>
#include <time.h>

static struct zdd_preview preview(struct zdd_plan plan)
{
    const struct zdd_strategy *strategy = zdd_strategy_find(plan.strategy);
    struct zdd_preview v;

    assert_non_null(strategy);
    memset(&v, 0x5a, sizeof(v)); /* nothing of it may be left */
    zdd_preview_make(strategy, &plan, &v);
    return v;
}

static struct zdd_plan shares(double health, double over)
{
    return a_plan(.target = facts_of_app(.minimum_health_capacity = health,
                                         .maximum_over_capacity = over));
}

static const struct zdd_moment *last(const struct zdd_preview *v)
{
    assert_true(v->moment_count > 0);
    return &v->moment[v->moment_count - 1];
}

/* Time goes on, counts are counts, and it ends as it shall. */
static void check_timeline(const struct zdd_preview *v, int32_t old, int32_t new)
{
    assert_true(v->moment_count <= ZDD_TIMELINE_MAX);
    assert_int_equal(v->moment[0].t, 0);
    assert_string_equal(v->moment[0].note, "before");
    for (size_t i = 0; i < v->moment_count; i++) {
        const struct zdd_moment *m = &v->moment[i];

        assert_true(i == 0 || m->t > m[-1].t);
        assert_true(m->old_instances >= m->healthy_old && m->healthy_old >= 0);
        assert_true(m->new_instances >= m->healthy_new && m->healthy_new >= 0);
        assert_true(m->ending >= 0);
        assert_true(m->healthy_old + m->healthy_new >= v->lowest_serving);
        assert_true(m->old_instances + m->new_instances + m->ending <= v->peak_instances);
        assert_true(strlen(m->note) > 0);
    }
    if (v->hangs)
        return;
    assert_int_equal(last(v)->old_instances, old);
    assert_int_equal(last(v)->new_instances, new);
    assert_int_equal(last(v)->healthy_new, new);
    assert_int_equal(last(v)->ending, 0);
}

static void the_worked_table_is_foreseen(void **state)
{
    static const struct {
        double health, over;
        int32_t min, max, killed, peak, lowest;
    } rows[] = {
        {1, 1, 4, 8, 0, 8, 4}, {0.25, 0.25, 1, 5, 3, 5, 1}, {0.5, 0.1, 2, 4, 2, 4, 2},
        {0, 0, 0, 4, 4, 4, 0}, {1, 0, 4, 5, 0, 5, 4},       {0.5, 0.5, 2, 6, 2, 6, 2},
    };

    (void)state;
    for (size_t i = 0; i < ZDD_COUNT(rows); i++) {
        const struct zdd_preview v = preview(shares(rows[i].health, rows[i].over));

        assert_int_equal(v.min_healthy, rows[i].min);
        assert_int_equal(v.max_instances, rows[i].max);
        assert_int_equal(v.killed_at_once, rows[i].killed);
        assert_int_equal(v.peak_instances, rows[i].peak);
        assert_int_equal(v.lowest_serving, rows[i].lowest);
        assert_false(v.hangs);
        assert_int_equal(v.arithmetic, ZDD_PROOF_PROVED);
        check_timeline(&v, 0, 4);
    }
}

static void the_example_of_the_contract_comes_out(void **state)
{
    const struct zdd_preview v = preview(shares(0.25, 0.25));

    (void)state;
    assert_int_equal(v.moment[0].old_instances, 4);
    assert_int_equal(v.moment[0].healthy_old, 4);
    assert_int_equal(v.moment[1].old_instances, 1);
    assert_int_equal(v.moment[1].new_instances, 1);
    assert_int_equal(v.moment[1].healthy_old, 1);
    assert_int_equal(v.moment[1].healthy_new, 0);
    assert_int_equal(v.moment[1].ending, 3);
    assert_string_equal(v.moment[1].note, "3 told to end at once, 1 started");
    assert_float_equal(v.peak_extra_cpus, 0.5, 1e-9);
    assert_float_equal(v.peak_extra_mem_mib, 64, 1e-9);
}

static void on_1_10_some_shares_hang(void **state)
{
    static const struct {
        double health, over;
    } hanging[] = {{0, 0}, {1, 0}, {0.5, 0.1}};

    (void)state;
    for (size_t i = 0; i < ZDD_COUNT(hanging); i++) {
        struct zdd_plan plan = shares(hanging[i].health, hanging[i].over);
        struct zdd_preview v;

        plan.replace_rule = ZDD_REPLACE_1_10;
        v = preview(plan);
        assert_true(v.hangs);
        assert_int_equal(v.arithmetic, ZDD_PROOF_REFUTED);
        assert_int_equal(v.killed_at_once, 0);
        assert_int_equal(v.lowest_serving, 4);
        assert_int_equal(v.reason_count > 0, 1);
        check_timeline(&v, 0, 0);
        /* Mesos sees COMMAND checks, and no checks at all need no sight. */
        plan.old.has_marathon_checks = false;
        assert_false(preview(plan).hangs);
        plan.old.has_health_checks = false;
        assert_false(preview(plan).hangs);
    }
}

static void on_1_10_the_rest_goes_one_by_one(void **state)
{
    struct zdd_plan plan = shares(0.25, 0.25);
    struct zdd_preview v;

    (void)state;
    plan.replace_rule = ZDD_REPLACE_1_10;
    v = preview(plan);
    assert_false(v.hangs);
    assert_int_equal(v.killed_at_once, 0);
    assert_int_equal(v.lowest_serving, 4);
    assert_int_equal(v.peak_instances, 5);
    check_timeline(&v, 0, 4);
    plan = shares(0.5, 0.5);
    plan.replace_rule = ZDD_REPLACE_1_10;
    v = preview(plan);
    assert_int_equal(v.killed_at_once, 0);
    assert_int_equal(v.peak_instances, 6);
}

static void recreate_stops_all_before_it_starts_any(void **state)
{
    struct zdd_plan plan = shares(1, 1);
    struct zdd_preview v;

    (void)state;
    memcpy(plan.strategy, "recreate", sizeof("recreate"));
    for (int rule = 0; rule < ZDD_REPLACE_COUNT; rule++) {
        plan.replace_rule = (enum zdd_replace_rule)rule;
        v = preview(plan);
        assert_int_equal(v.killed_at_once, 4);
        assert_int_equal(v.lowest_serving, 0);
        assert_int_equal(v.peak_instances, 4);
        assert_int_equal(v.step_count, 3);
        assert_string_equal(v.step[0].kind, "stop-old");
        assert_false(v.hangs);
        check_timeline(&v, 0, 4);
        for (size_t i = 0; i < v.moment_count; i++)
            assert_true(v.moment[i].old_instances == 0 || v.moment[i].new_instances == 0);
    }
}

static struct zdd_plan a_scale(int32_t from, int32_t to)
{
    return a_plan(.strategy = "scale", .action = ZDD_ACTION_SCALE,
                  .old = facts_of_app(.instances = from), .target = facts_of_app(.instances = to),
                  .seen = {.exists = true, .running = from, .healthy = from});
}

static void a_scale_keeps_the_version(void **state)
{
    struct zdd_preview v;

    (void)state;
    v = preview(a_scale(4, 7));
    assert_int_equal(v.killed_at_once, 0);
    assert_int_equal(v.peak_instances, 7);
    assert_int_equal(v.lowest_serving, 4);
    assert_int_equal(last(&v)->old_instances, 7);
    assert_int_equal(last(&v)->healthy_old, 7);
    assert_int_equal(last(&v)->new_instances, 0);
    assert_float_equal(v.peak_extra_cpus, 1.5, 1e-9);

    v = preview(a_scale(4, 1));
    assert_int_equal(v.killed_at_once, 3);
    assert_int_equal(v.peak_instances, 4);
    assert_int_equal(v.lowest_serving, 1);
    assert_int_equal(last(&v)->old_instances, 1);
    assert_float_equal(v.peak_extra_cpus, 0, 1e-9);

    v = preview(a_scale(4, 0));
    assert_int_equal(v.lowest_serving, 0);
    assert_int_equal(last(&v)->old_instances, 0);
    assert_int_equal(last(&v)->ending, 0);

    v = preview(a_scale(0, 3));
    assert_int_equal(v.lowest_serving, 0);
    assert_int_equal(last(&v)->healthy_old, 3);
}

static void a_restart_goes_by_its_own_capacity(void **state)
{
    struct zdd_plan plan = shares(0.5, 0.5);
    struct zdd_preview v;

    (void)state;
    memcpy(plan.strategy, "restart", sizeof("restart"));
    plan.action = ZDD_ACTION_RESTART;
    plan.old = plan.target;
    v = preview(plan);
    assert_int_equal(v.killed_at_once, 2);
    assert_int_equal(v.peak_instances, 6);
    assert_int_equal(v.lowest_serving, 2);
    check_timeline(&v, 0, 4);
}

static void a_new_app_has_only_new_instances(void **state)
{
    const struct zdd_preview v =
        preview(a_plan(.action = ZDD_ACTION_CREATE, .old = {0}, .seen = {0}));

    (void)state;
    assert_int_equal(v.killed_at_once, 0);
    assert_int_equal(v.lowest_serving, 0);
    assert_int_equal(v.peak_instances, 4);
    check_timeline(&v, 0, 4);
    assert_float_equal(v.peak_extra_cpus, 2, 1e-9);
}

static void nothing_to_do_is_one_moment(void **state)
{
    struct zdd_plan plan = a_plan(.action = ZDD_ACTION_NONE);
    const struct zdd_preview v = preview(plan);

    (void)state;
    assert_int_equal(v.moment_count, 1);
    assert_int_equal(v.moment[0].old_instances, 4);
    assert_int_equal(v.killed_at_once, 0);
    assert_int_equal(v.lowest_serving, 4);
    assert_int_equal(v.peak_instances, 4);
    assert_int_equal(v.warning_count, 0);
    assert_false(v.has_suggestion);
}

static void down_to_zero_with_another_version_ends(void **state)
{
    const struct zdd_preview v = preview(a_plan(.target = facts_of_app(.instances = 0)));

    (void)state;
    assert_false(v.hangs);
    assert_int_equal(v.lowest_serving, 0);
    check_timeline(&v, 0, 0);
}

static void more_and_fewer_instances_of_another_version(void **state)
{
    struct zdd_preview v;

    (void)state;
    v = preview(a_plan(.target = facts_of_app(.instances = 8)));
    assert_int_equal(v.killed_at_once, 0);
    assert_int_equal(v.peak_instances, 10);
    assert_int_equal(v.lowest_serving, 4);
    check_timeline(&v, 0, 8);
    v = preview(a_plan(.target = facts_of_app(.instances = 2)));
    assert_int_equal(v.killed_at_once, 2);
    assert_int_equal(v.lowest_serving, 2);
    check_timeline(&v, 0, 2);
}

static void ill_originals_are_not_counted_as_serving(void **state)
{
    struct zdd_plan plan = shares(1, 0.25);
    struct zdd_preview v;

    (void)state;
    plan.seen.healthy = 2;
    v = preview(plan);
    assert_int_equal(v.lowest_serving, 2);
    assert_int_equal(v.moment[0].old_instances, 4);
    assert_int_equal(v.moment[0].healthy_old, 2);
    check_timeline(&v, 0, 4);
    plan = shares(0.5, 0.5);
    plan.seen.healthy = 2;
    v = preview(plan); /* two are killed, and these may be the two that serve */
    assert_int_equal(v.lowest_serving, 0);
    assert_int_equal(v.arithmetic, ZDD_PROOF_REFUTED);
}

static void sick_ones_above_the_wanted_are_killed_while_others_turn_healthy(void **state)
{
    (void)state;
    for (int32_t running = 1; running <= 12; running++) {
        for (int32_t healthy = 0; healthy <= running; healthy++) {
            struct zdd_plan plan = shares(0.5, 0.5);
            struct zdd_preview v;

            plan.seen.running = running;
            plan.seen.healthy = healthy;
            v = preview(plan);
            check_timeline(&v, 0, 4);
            plan.action = ZDD_ACTION_SCALE;
            plan.old.instances = running;
            memcpy(plan.strategy, "scale", sizeof("scale"));
            v = preview(plan);
            assert_false(v.hangs);
            assert_int_equal(last(&v)->old_instances, 4);
        }
    }
}

static void surplus_nobody_wanted_any_more_is_no_trap(void **state)
{
    struct zdd_plan plan = shares(1, 1);
    struct zdd_preview v;

    (void)state;
    /* Scaled to zero a moment ago, two still run: stopping changes nothing, the scale check kills
     * one while the other turns healthy. */
    memcpy(plan.strategy, "recreate", sizeof("recreate"));
    plan.old.instances = 0;
    plan.seen.running = 2;
    plan.seen.healthy = 0;
    v = preview(plan);
    assert_false(v.hangs);
    check_timeline(&v, 0, 4);
    plan.seen.healthy = 2; /* nothing has to happen first */
    v = preview(plan);
    assert_false(v.hangs);
    check_timeline(&v, 0, 4);
}

/* Marathon counts what it could not launch, kills as if it were there, and hits what serves. */
static void missing_instances_are_counted_and_cost_serving_ones(void **state)
{
    struct zdd_plan plan = shares(0.5, 0.5);
    struct zdd_preview v;

    (void)state;
    plan.seen.running = plan.seen.healthy = 2;
    v = preview(plan);
    assert_int_equal(v.killed_at_once, 2);
    assert_int_equal(v.lowest_serving, 0);
    assert_int_equal(v.arithmetic, ZDD_PROOF_REFUTED);
    check_timeline(&v, 0, 4);
    plan = shares(1, 0.25);
    plan.seen.running = plan.seen.healthy = 2;
    v = preview(plan);
    assert_int_equal(v.killed_at_once, 0);
    assert_int_equal(v.lowest_serving, 2);
    check_timeline(&v, 0, 4);
}

/* A missing one that is killed makes room at once, while others are still ending. */
static void the_most_exist_together_when_kills_end_last(void **state)
{
    struct zdd_plan plan =
        a_plan(.replace_rule = ZDD_REPLACE_1_10,
               .old = facts_of_app(.instances = 8, .has_marathon_checks = true),
               .target = facts_of_app(.instances = 8, .has_marathon_checks = true,
                                      .minimum_health_capacity = 0, .maximum_over_capacity = 0.25),
               .seen = {.exists = true, .running = 3, .healthy = 3});
    struct zdd_preview v;

    (void)state;
    v = preview(plan);
    assert_int_equal(v.max_instances, 10);
    assert_int_equal(v.peak_instances, 9);
    check_timeline(&v, 0, 8);
}

/* Running ones weigh less than those that were never launched (marathon.md §4.7). */
static void scaling_down_takes_running_ones_before_missing_ones(void **state)
{
    struct zdd_plan plan = a_plan(.action = ZDD_ACTION_SCALE, .strategy = "scale",
                                  .target = facts_of_app(.instances = 2),
                                  .seen = {.exists = true, .running = 2, .healthy = 2});
    struct zdd_preview v;

    (void)state;
    v = preview(plan);
    assert_int_equal(v.killed_at_once, 2);
    assert_int_equal(v.lowest_serving, 0);
    assert_int_equal(last(&v)->old_instances, 2); /* in the end they are launched */
    assert_int_equal(last(&v)->healthy_old, 2);
    assert_false(v.hangs);
}

static void each_step_has_its_deadline(void **state)
{
    struct zdd_preview v;

    (void)state;
    v = preview(a_plan(.deadline_ms = 77000));
    assert_int_equal(v.step_count, 2);
    assert_string_equal(v.step[1].kind, "replace-tasks");
    assert_int_equal(v.step[0].deadline_ms, 77000);
    assert_int_equal(v.step[1].deadline_ms, 77000);
    assert_int_equal(v.deadline_ms, 800000); /* what is suggested, whatever was asked */
    v = preview(a_plan(.deadline_ms = 0));
    assert_int_equal(v.step[1].deadline_ms, 800000);
}

static void a_long_timeline_is_thinned_out_and_keeps_both_ends(void **state)
{
    struct zdd_plan plan =
        a_plan(.old = facts_of_app(.instances = 500),
               .target = facts_of_app(.instances = 500, .maximum_over_capacity = 0),
               .seen = {.exists = true, .running = 500, .healthy = 500});
    const struct zdd_preview v = preview(plan);

    (void)state;
    assert_true(v.moment_count > ZDD_TIMELINE_MAX / 2);
    check_timeline(&v, 0, 500);
    assert_int_equal(v.peak_instances, 501);
    assert_int_equal(v.lowest_serving, 500);
}

/* Of the processor: how long others keep it is not what is asked. */
static double milliseconds(void)
{
    return (double)clock() * 1e3 / (double)CLOCKS_PER_SEC;
}

static void ten_thousand_instances_one_by_one_take_no_time(void **state)
{
    struct zdd_plan plan =
        a_plan(.old = facts_of_app(.instances = ZDD_INSTANCES_MAX),
               .target = facts_of_app(.instances = ZDD_INSTANCES_MAX, .maximum_over_capacity = 0),
               .seen = {
                   .exists = true, .running = ZDD_INSTANCES_MAX, .healthy = ZDD_INSTANCES_MAX});
    const double began = milliseconds();
    struct zdd_preview v = preview(plan);

    (void)state;
    check_timeline(&v, 0, ZDD_INSTANCES_MAX);
    plan.target.maximum_over_capacity = 1;
    v = preview(plan);
    check_timeline(&v, 0, ZDD_INSTANCES_MAX);
    plan.target.minimum_health_capacity = 0;
    v = preview(plan);
    check_timeline(&v, 0, ZDD_INSTANCES_MAX);
    assert_true(milliseconds() - began < 2000); /* some 30 ms; with sanitizers more */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_worked_table_is_foreseen),
        cmocka_unit_test(the_example_of_the_contract_comes_out),
        cmocka_unit_test(on_1_10_some_shares_hang),
        cmocka_unit_test(on_1_10_the_rest_goes_one_by_one),
        cmocka_unit_test(recreate_stops_all_before_it_starts_any),
        cmocka_unit_test(a_scale_keeps_the_version),
        cmocka_unit_test(a_restart_goes_by_its_own_capacity),
        cmocka_unit_test(a_new_app_has_only_new_instances),
        cmocka_unit_test(nothing_to_do_is_one_moment),
        cmocka_unit_test(down_to_zero_with_another_version_ends),
        cmocka_unit_test(more_and_fewer_instances_of_another_version),
        cmocka_unit_test(ill_originals_are_not_counted_as_serving),
        cmocka_unit_test(sick_ones_above_the_wanted_are_killed_while_others_turn_healthy),
        cmocka_unit_test(surplus_nobody_wanted_any_more_is_no_trap),
        cmocka_unit_test(missing_instances_are_counted_and_cost_serving_ones),
        cmocka_unit_test(the_most_exist_together_when_kills_end_last),
        cmocka_unit_test(scaling_down_takes_running_ones_before_missing_ones),
        cmocka_unit_test(each_step_has_its_deadline),
        cmocka_unit_test(a_long_timeline_is_thinned_out_and_keeps_both_ends),
        cmocka_unit_test(ten_thousand_instances_one_by_one_take_no_time),
    };

    return cmocka_run_group_tests_name("strategies/preview", tests, NULL, NULL);
}
