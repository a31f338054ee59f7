/**
 * @file tests/unit/strategies/test_capacity.c
 * @brief Marathon's replace arithmetic against the worked table, row by row (marathon.md §4).
 */
#include "strategies/capacity.h"
#include "tests/support/spec.h"

#define ask(...)                                                                                   \
    zdd_capacity_of(&(struct zdd_capacity_ask){.wanted = 4,                                        \
                                               .counted = 4,                                       \
                                               .known = 4,                                         \
                                               .minimum_health_capacity = 1,                       \
                                               .maximum_over_capacity = 1,                         \
                                               __VA_ARGS__})

static void assert_capacity(struct zdd_capacity c, int32_t min, int32_t max, int32_t kills)
{
    assert_int_equal(c.min_healthy, min);
    assert_int_equal(c.max_instances, max);
    assert_int_equal(c.kill_at_once, kills);
}

static void the_worked_table_of_four_instances_comes_out(void **state)
{
    static const struct {
        double health, over;
        int32_t min, max, kills, launches;
        bool exceeded;
    } rows[] = {
        {1, 1, 4, 8, 0, 4, false}, {0.25, 0.25, 1, 5, 3, 1, false}, {0.5, 0.1, 2, 4, 2, 0, false},
        {0, 0, 0, 4, 4, 0, false}, {1, 0, 4, 5, 0, 1, true},        {0.5, 0.5, 2, 6, 2, 2, false},
    };

    (void)state;
    for (size_t i = 0; i < ZDD_COUNT(rows); i++) {
        const struct zdd_capacity c =
            ask(.minimum_health_capacity = rows[i].health, .maximum_over_capacity = rows[i].over);

        assert_capacity(c, rows[i].min, rows[i].max, rows[i].kills);
        assert_int_equal(c.cap_exceeded, rows[i].exceeded);
        assert_int_equal(zdd_capacity_launch(4, c.max_instances, 4, 0), rows[i].launches);
    }
}

static void one_instance_gets_a_second_place(void **state)
{
    (void)state;
    assert_capacity(ask(.wanted = 1, .counted = 1, .known = 1, .maximum_over_capacity = 0), 1, 2,
                    0);
    /* ceil(0.5) is 1 and trunc(1.0) is 1: nothing could move either. */
    assert_capacity(ask(.wanted = 1, .counted = 1, .known = 1, .minimum_health_capacity = 0.5,
                        .maximum_over_capacity = 0),
                    1, 2, 0);
}

static void more_than_wanted_are_killed_at_once(void **state)
{
    struct zdd_capacity c;

    (void)state;
    c = ask(.wanted = 2, .counted = 3, .known = 3);
    assert_capacity(c, 2, 4, 1);
    assert_int_equal(zdd_capacity_launch(2, c.max_instances, 3, 0), 1);
    assert_int_equal(zdd_capacity_launch(2, c.max_instances, 2, 1), 1);

    c = ask(.wanted = 1, .counted = 10, .known = 10, .maximum_over_capacity = 0);
    assert_capacity(c, 1, 2, 9);
    assert_int_equal(zdd_capacity_launch(1, c.max_instances, 2, 0), 0); /* after 8 have ended … */
    assert_int_equal(zdd_capacity_launch(1, c.max_instances, 1, 0), 1); /* … and after the ninth */
}

static void when_nothing_runs_everything_starts_at_once(void **state)
{
    const struct zdd_capacity c = ask(.counted = 0, .known = 0, .maximum_over_capacity = 0);

    (void)state;
    assert_capacity(c, 4, 4, 0); /* the cap stays: 4 are more than 0 that run */
    assert_int_equal(zdd_capacity_launch(4, c.max_instances, 0, 0), 4);
}

static void the_cap_is_bent_only_when_it_would_block(void **state)
{
    (void)state;
    /* As many run as may: bent. One less: there is room for one already. */
    assert_capacity(ask(.maximum_over_capacity = 0, .counted = 4), 4, 5, 0);
    assert_capacity(ask(.maximum_over_capacity = 0, .counted = 3), 4, 4, 0);
    assert_capacity(ask(.maximum_over_capacity = 0, .counted = 5), 4, 5, 1);
}

static void what_keeps_data_is_killed_instead_of_doubled(void **state)
{
    struct zdd_capacity c = ask(.maximum_over_capacity = 0, .resident = true);

    (void)state;
    assert_capacity(c, 4, 4, 1);
    assert_false(c.cap_exceeded);
    assert_capacity(ask(.maximum_over_capacity = 0, .resident = true, .counted = 6), 4, 4, 3);
    assert_capacity(ask(.resident = true), 4, 8, 0);
}

static void doubles_are_taken_as_marathon_takes_them(void **state)
{
    (void)state;
    /* 100 x 0.07 is 7.000000000000001 */
    assert_int_equal(ask(.wanted = 100, .minimum_health_capacity = 0.07).min_healthy, 8);
    assert_int_equal(ask(.wanted = 100, .minimum_health_capacity = 0.08).min_healthy, 8);
    assert_int_equal(ask(.wanted = 4, .minimum_health_capacity = 0.75).min_healthy, 3);
    assert_int_equal(ask(.wanted = 4, .minimum_health_capacity = 0.76).min_healthy, 4);
    /* 100 x (1 + 0.1) is 110.00000000000001: cut */
    assert_int_equal(ask(.wanted = 10, .maximum_over_capacity = 0.1).max_instances, 11);
    assert_int_equal(ask(.wanted = 100, .maximum_over_capacity = 0.1).max_instances, 110);
    assert_int_equal(
        ask(.minimum_health_capacity = 0.5, .maximum_over_capacity = 0.24).max_instances, 4);
    assert_int_equal(ask(.wanted = 10000, .maximum_over_capacity = 1).max_instances, 20000);
}

static void a_share_that_double_cannot_hold_is_cut_below(void **state)
{
    (void)state;
    /* 100 x (1 + 0.15) is 114.99999999999999 */
    assert_int_equal(ask(.wanted = 100, .maximum_over_capacity = 0.15).max_instances, 114);
}

static void the_rule_of_1_10_counts_only_what_it_considers_healthy(void **state)
{
    (void)state;
    /* HTTP checks: Mesos reports none healthy. One by one, or not at all. */
    assert_capacity(ask(.rule = ZDD_REPLACE_1_10, .counted = 0), 4, 8, 0);
    assert_capacity(ask(.rule = ZDD_REPLACE_1_10, .counted = 0, .minimum_health_capacity = 0.25,
                        .maximum_over_capacity = 0.25),
                    1, 5, 0);
    assert_capacity(ask(.rule = ZDD_REPLACE_1_10, .counted = 0, .maximum_over_capacity = 0), 4, 4,
                    0); /* no room is made: 4 exist, 4 may, it hangs */
}

static void the_rule_of_1_10_kills_what_is_known_above_the_wanted(void **state)
{
    (void)state;
    /* After a leader change: 4 old and 4 new that are not healthy yet. */
    assert_capacity(ask(.rule = ZDD_REPLACE_1_10, .counted = 0, .known = 8), 4, 8, 4);
    assert_capacity(ask(.rule = ZDD_REPLACE_1_10, .counted = 0, .known = 4), 4, 8, 0);
    assert_capacity(ask(.rule = ZDD_REPLACE_1_10, .counted = 0, .known = 5), 4, 8, 1);
    /* The larger of both counts. */
    assert_capacity(
        ask(.rule = ZDD_REPLACE_1_10, .counted = 4, .known = 5, .minimum_health_capacity = 0), 0, 8,
        4);
    /* The classic rule does not look at it. */
    assert_capacity(ask(.counted = 4, .known = 8), 4, 8, 0);
}

static void launching_is_bounded_by_what_is_missing_and_by_the_room(void **state)
{
    (void)state;
    assert_int_equal(zdd_capacity_launch(4, 5, 4, 0), 1);
    assert_int_equal(zdd_capacity_launch(4, 5, 4, 1), 0);
    assert_int_equal(zdd_capacity_launch(4, 5, 3, 1), 1); /* the old one has ended, not before */
    assert_int_equal(zdd_capacity_launch(4, 8, 4, 3), 1);
    assert_int_equal(zdd_capacity_launch(4, 8, 0, 4), 0);
    assert_int_equal(zdd_capacity_launch(4, 8, 0, 5), 0); /* more than wanted is no debt */
    assert_int_equal(zdd_capacity_launch(4, 5, 9, 0), 0); /* nor is more than allowed */
    assert_int_equal(zdd_capacity_launch(4, 5, 0, 0), 4);
}

static void who_counts_depends_on_the_rule_and_the_checks(void **state)
{
    const struct zdd_app_facts none = {0};
    const struct zdd_app_facts http = {.has_health_checks = true, .has_marathon_checks = true};
    const struct zdd_app_facts command = {.has_health_checks = true};
    const struct zdd_app_facts readiness = {.has_readiness_checks = true};
    const struct zdd_app_facts both = {.has_health_checks = true, .has_readiness_checks = true};

    (void)state;
    assert_int_equal(zdd_capacity_counted(ZDD_REPLACE_CLASSIC, &http, 4, 1), 4);
    assert_int_equal(zdd_capacity_counted(ZDD_REPLACE_CLASSIC, &readiness, 4, 1), 4);
    assert_int_equal(zdd_capacity_counted(ZDD_REPLACE_1_10, &none, 4, 4), 4);
    assert_int_equal(zdd_capacity_counted(ZDD_REPLACE_1_10, &http, 4, 4), 0);
    assert_int_equal(zdd_capacity_counted(ZDD_REPLACE_1_10, &command, 4, 3), 3);
    assert_int_equal(zdd_capacity_counted(ZDD_REPLACE_1_10, &readiness, 4, 4), 0);
    assert_int_equal(zdd_capacity_counted(ZDD_REPLACE_1_10, &both, 4, 3), 3);
}

static void what_marathon_wants_and_has_not_got_is_there_too(void **state)
{
    struct zdd_plan plan = {.old = {.instances = 4}, .seen = {.exists = true, .running = 2}};

    (void)state;
    assert_int_equal(zdd_capacity_present(&plan), 4);
    plan.seen.running = 6; /* a surplus that nobody has taken away yet */
    assert_int_equal(zdd_capacity_present(&plan), 6);
    plan.seen.exists = false;
    assert_int_equal(zdd_capacity_present(&plan), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_worked_table_of_four_instances_comes_out),
        cmocka_unit_test(one_instance_gets_a_second_place),
        cmocka_unit_test(more_than_wanted_are_killed_at_once),
        cmocka_unit_test(when_nothing_runs_everything_starts_at_once),
        cmocka_unit_test(the_cap_is_bent_only_when_it_would_block),
        cmocka_unit_test(what_keeps_data_is_killed_instead_of_doubled),
        cmocka_unit_test(doubles_are_taken_as_marathon_takes_them),
        cmocka_unit_test(a_share_that_double_cannot_hold_is_cut_below),
        cmocka_unit_test(the_rule_of_1_10_counts_only_what_it_considers_healthy),
        cmocka_unit_test(the_rule_of_1_10_kills_what_is_known_above_the_wanted),
        cmocka_unit_test(launching_is_bounded_by_what_is_missing_and_by_the_room),
        cmocka_unit_test(who_counts_depends_on_the_rule_and_the_checks),
        cmocka_unit_test(what_marathon_wants_and_has_not_got_is_there_too),
    };

    return cmocka_run_group_tests_name("strategies/capacity", tests, NULL, NULL);
}
