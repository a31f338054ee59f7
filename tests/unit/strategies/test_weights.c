/**
 * @file tests/unit/strategies/test_weights.c
 * @brief Weights for a share: the measured table of marathon-lb.md §4.a, and what holds for all.
 */
#include "strategies/weights.h"
#include "tests/support/spec.h"

#include <math.h>

static void assert_near(double is, double wanted, double points)
{
    if (fabs(is - wanted) > points)
        fail_msg("%.5f is not within %.5f of %.5f", is, points, wanted);
}

static void the_measured_shares_come_out(void **state)
{
    /* weights of three old servers and of one new server, and the share that was measured */
    static const struct {
        int32_t old_weight, new_weight;
        double share_pct;
    } rows[] = {
        {80, 20, 7.690}, {100, 75, 20.0}, {99, 3, 1.0},    {66, 1, 0.5},
        {256, 1, 0.13},  {50, 150, 50},   {0, 100, 100.0}, {100, 0, 0.0},
    };

    (void)state;
    for (size_t i = 0; i < ZDD_COUNT(rows); i++)
        assert_near(zdd_weights_share(rows[i].old_weight, 3, rows[i].new_weight, 1),
                    rows[i].share_pct, 0.01);
    assert_near(zdd_weights_share(0, 3, 0, 1), 0, 0);
}

static void round_shares_are_exact_for_common_sizes(void **state)
{
    static const int32_t sizes[][2] = {{1, 1}, {3, 1}, {4, 4}, {10, 1}};
    static const double shares[] = {0.5, 1, 2, 5, 10, 20, 25, 100.0 / 3, 50};

    (void)state;
    for (size_t i = 0; i < ZDD_COUNT(sizes); i++) {
        for (size_t k = 0; k < ZDD_COUNT(shares); k++) {
            const struct zdd_weights w = zdd_weights_for(shares[k], sizes[i][0], sizes[i][1]);

            assert_near(w.share_pct, shares[k], 1e-9);
            assert_near(w.error_points, 0, 1e-9);
        }
    }
}

static void eighty_to_twenty_of_three_to_one_is_the_known_ratio(void **state)
{
    const struct zdd_weights w = zdd_weights_for(20, 3, 1);

    (void)state;
    assert_int_equal(w.old_weight * 75, w.new_weight * 100);
    assert_int_equal(w.old_weight, ZDD_WEIGHT_MAX); /* the largest of the equal ones */
}

static void nothing_and_everything_are_exact(void **state)
{
    (void)state;
    for (int32_t old = 1; old <= 50; old += 7) {
        const struct zdd_weights none = zdd_weights_for(0, old, 3);
        const struct zdd_weights all = zdd_weights_for(100, old, 3);

        assert_int_equal(none.new_weight, 0);
        assert_true(none.old_weight > 0);
        assert_near(none.share_pct, 0, 0);
        assert_int_equal(all.old_weight, 0);
        assert_true(all.new_weight > 0);
        assert_near(all.share_pct, 100, 0);
        assert_near(none.error_points + all.error_points, 0, 0);
    }
}

static void a_share_below_the_floor_becomes_the_floor_and_says_so(void **state)
{
    struct zdd_weights w;

    (void)state;
    assert_near(zdd_weights_floor(1, 1), 0.389, 0.001);
    assert_near(zdd_weights_floor(3, 1), 0.130, 0.001);
    assert_near(zdd_weights_floor(10, 1), 0.039, 0.001);
    assert_near(zdd_weights_floor(1, 50), 16.34, 0.01);

    w = zdd_weights_for(1, 1, 50);
    assert_int_equal(w.old_weight, ZDD_WEIGHT_MAX);
    assert_int_equal(w.new_weight, 1);
    assert_near(w.share_pct, zdd_weights_floor(1, 50), 1e-9);
    assert_near(w.error_points, 15.34, 0.01);

    w = zdd_weights_for(0.0001, 3, 1);
    assert_int_equal(w.new_weight, 1);
    w = zdd_weights_for(99.9999, 1, 3);
    assert_int_equal(w.old_weight, 1);
    assert_true(w.error_points < 0);
}

static void a_side_without_servers_gets_nothing(void **state)
{
    struct zdd_weights w = zdd_weights_for(20, 0, 2);

    (void)state;
    assert_near(w.share_pct, 100, 0);
    assert_near(w.error_points, 80, 0);
    assert_true(w.new_weight > 0);
    w = zdd_weights_for(20, 2, 0);
    assert_near(w.share_pct, 0, 0);
    assert_true(w.old_weight > 0);
    w = zdd_weights_for(100, 2, 0);
    assert_near(w.error_points, -100, 0);
    w = zdd_weights_for(50, 0, 0);
    assert_near(w.share_pct, 0, 0);
}

/* Against trying all pairs of weights. */
static double least_error(double share_pct, int32_t old, int32_t new)
{
    double least = 1000;

    for (int32_t a = 1; a <= ZDD_WEIGHT_MAX; a++) {
        for (int32_t b = 1; b <= ZDD_WEIGHT_MAX; b++)
            least = fmin(least, fabs(zdd_weights_share(a, old, b, new) - share_pct));
    }
    return least;
}

static void no_other_pair_of_weights_is_nearer(void **state)
{
    static const int32_t counts[] = {1, 2, 3, 7, 10, 50, 1000};
    static const double shares[] = {0.01, 0.37, 1, 12.3, 33, 50, 66.6, 87.65, 99, 99.99};

    (void)state;
    for (size_t i = 0; i < ZDD_COUNT(counts); i++) {
        for (size_t k = 0; k < ZDD_COUNT(counts); k++) {
            const double share = shares[(i * 3 + k) % ZDD_COUNT(shares)];
            const struct zdd_weights w = zdd_weights_for(share, counts[i], counts[k]);

            assert_near(fabs(w.error_points), least_error(share, counts[i], counts[k]), 1e-8);
        }
    }
}

/* One cell of the grid: what holds whatever is asked. */
static void check(double share, int32_t old, int32_t new, double *worst)
{
    const struct zdd_weights w = zdd_weights_for(share, old, new);
    const double floor = zdd_weights_floor(old, new), ceiling = 100 - zdd_weights_floor(new, old);

    assert_in_range(w.old_weight, 1, ZDD_WEIGHT_MAX);
    assert_in_range(w.new_weight, 1, ZDD_WEIGHT_MAX);
    assert_near(w.share_pct, zdd_weights_share(w.old_weight, old, w.new_weight, new), 1e-9);
    assert_near(w.error_points, w.share_pct - share, 1e-9);
    if (share < floor)
        assert_near(w.share_pct, floor, 1e-9);
    else if (share > ceiling)
        assert_near(w.share_pct, ceiling, 1e-9);
    else
        *worst = fmax(*worst, fabs(w.error_points));
}

static void within_what_can_be_had_the_error_is_small(void **state)
{
    double worst = 0, worst_50 = 0;

    (void)state;
    for (int i = 0; i < 286; i++) {
        const double share = 0.05 + 0.35 * i;

        for (int32_t old = 1; old <= 10; old++) {
            for (int32_t new = 1; new <= 10; new ++)
                check(share, old, new, &worst);
        }
        check(share, 50, 1, &worst_50);
        check(share, 1, 50, &worst_50);
    }
    assert_true(worst < 0.05);
    assert_true(worst_50 < 0.08);
    print_message("worst error up to 10:10 %.3f points, of 50:1 and 1:50 %.3f\n", worst, worst_50);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_measured_shares_come_out),
        cmocka_unit_test(round_shares_are_exact_for_common_sizes),
        cmocka_unit_test(eighty_to_twenty_of_three_to_one_is_the_known_ratio),
        cmocka_unit_test(nothing_and_everything_are_exact),
        cmocka_unit_test(a_share_below_the_floor_becomes_the_floor_and_says_so),
        cmocka_unit_test(a_side_without_servers_gets_nothing),
        cmocka_unit_test(no_other_pair_of_weights_is_nearer),
        cmocka_unit_test(within_what_can_be_had_the_error_is_small),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
