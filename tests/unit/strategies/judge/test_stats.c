/**
 * @file tests/unit/strategies/judge/test_stats.c
 * @brief Tests of two samples against published figures.
 */
#include "strategies/judge/stats.h"
#include "tests/support/spec.h"

#include <math.h>

static void assert_near(double is, double wanted, double error)
{
    if (!(fabs(is - wanted) <= error))
        fail_msg("%.10f is not within %g of %.10f", is, error, wanted);
}

/* Abramowitz and Stegun, table 26.1 and 26.5. */
static void the_tail_of_the_normal_distribution_is_that_of_the_tables(void **state)
{
    (void)state;
    assert_near(zdd_stats_normal_tail(0), 0.5, 1e-12);
    assert_near(zdd_stats_normal_tail(1), 0.1586552539, 1e-10);
    assert_near(zdd_stats_normal_tail(1.959963985), 0.025, 1e-10);
    assert_near(zdd_stats_normal_tail(2.326347874), 0.01, 1e-10);
    assert_near(zdd_stats_normal_tail(3.090232306), 0.001, 1e-10);
    assert_near(zdd_stats_normal_tail(-1), 0.8413447461, 1e-10);
}

/* The lady tasting tea (Fisher 1935): all four cups right 1 of 70, three or more 17 of 70; and the
 * convictions of twins (Fisher 1962): 10 of 13 against 2 of 17. */
static void fishers_test_gives_fishers_own_figures(void **state)
{
    (void)state;
    assert_near(zdd_stats_fisher((struct zdd_tries){4, 4}, (struct zdd_tries){4, 0}), 1.0 / 70,
                1e-12);
    assert_near(zdd_stats_fisher((struct zdd_tries){4, 3}, (struct zdd_tries){4, 1}), 17.0 / 70,
                1e-12);
    assert_near(zdd_stats_fisher((struct zdd_tries){13, 10}, (struct zdd_tries){17, 2}),
                0.0004651809, 1e-10);
}

static void fishers_test_sums_to_one_over_all_outcomes(void **state)
{
    /* P(X >= k) - P(X >= k + 1) = P(X = k); over all k with the same margins they are everything */
    const int64_t failures = 60;
    double last = 1;

    (void)state;
    for (int64_t k = 1; k <= failures; k++) {
        const double p =
            zdd_stats_fisher((struct zdd_tries){500, k}, (struct zdd_tries){2000, failures - k});

        assert_true(p <= last && p > 0);
        last = p;
    }
    /* all failures on the new side: the product of (500 - i) / (2500 - i) */
    double all = 1;

    for (int64_t i = 0; i < failures; i++)
        all *= (double)(500 - i) / (double)(2500 - i);
    assert_near(last / all, 1, 1e-9);
}

static void a_better_version_is_never_suspicious(void **state)
{
    (void)state;
    assert_true(zdd_stats_fisher((struct zdd_tries){1000, 1}, (struct zdd_tries){1000, 9}) > 0.9);
    assert_true(zdd_stats_two_proportion((struct zdd_tries){100000, 900},
                                         (struct zdd_tries){100000, 1000}) > 0.9);
}

static void nothing_seen_is_no_evidence(void **state)
{
    (void)state;
    assert_near(zdd_stats_fisher((struct zdd_tries){0, 0}, (struct zdd_tries){10, 1}), 1, 0);
    assert_near(zdd_stats_fisher((struct zdd_tries){10, 1}, (struct zdd_tries){0, 0}), 1, 0);
    assert_near(zdd_stats_two_proportion((struct zdd_tries){10, 0}, (struct zdd_tries){10, 0}), 1,
                0);
    assert_near(zdd_stats_two_proportion((struct zdd_tries){10, 10}, (struct zdd_tries){10, 10}), 1,
                0);
    assert_near(zdd_stats_more_failures((struct zdd_tries){0, 0}, (struct zdd_tries){0, 0}), 1, 0);
    assert_near(zdd_stats_mann_whitney(NULL, 0, NULL, 0), 1, 0);
}

/* NIST/SEMATECH e-Handbook, 7.3.3: 12 defective of 200 against 17 of 200 gives z = 0.9645 with the
 * pooled proportion. */
static void the_z_test_pools_the_proportions(void **state)
{
    (void)state;
    assert_near(zdd_stats_two_proportion((struct zdd_tries){200, 17}, (struct zdd_tries){200, 12}),
                zdd_stats_normal_tail(0.9640), 1e-4);
}

static void for_large_numbers_both_tests_agree(void **state)
{
    const struct zdd_tries new_side = {100000, 1070};
    const struct zdd_tries old_side = {100000, 1000};
    const double exact = zdd_stats_fisher(new_side, old_side);

    (void)state;
    assert_near(zdd_stats_two_proportion(new_side, old_side), exact, 0.005);
    assert_near(zdd_stats_more_failures(new_side, old_side),
                zdd_stats_two_proportion(new_side, old_side), 0);
    assert_near(zdd_stats_more_failures((struct zdd_tries){100, 3}, (struct zdd_tries){100, 1}),
                zdd_stats_fisher((struct zdd_tries){100, 3}, (struct zdd_tries){100, 1}), 0);
}

/* @p u of the n times m pairs are those in which the new value is the higher one. */
static double p_of_u(size_t n, size_t m, size_t u)
{
    double new_values[ZDD_STATS_EXACT_MAX], old_values[ZDD_STATS_EXACT_MAX];

    for (size_t i = 0; i < m; i++)
        old_values[i] = (double)i;
    for (size_t i = 0; i < n; i++) { /* as many as fit above all old values, then one between */
        const size_t above = u > m ? m : u;

        new_values[i] = (double)above - 0.5 + 0.001 * (double)i;
        u -= above;
    }
    assert_int_equal(u, 0);
    return zdd_stats_mann_whitney(new_values, n, old_values, m);
}

/* Critical values of U (smaller one of both sums) for a one-sided test: Mann and Whitney 1947,
 * extended by D. Auble, Bulletin of the Institute of Educational Research 1, 1953. */
static void critical_values_of_u_are_those_of_the_tables(void **state)
{
    static const struct {
        size_t n, m, critical;
        double alpha;
    } rows[] = {
        {5, 5, 4, 0.05},    {5, 5, 1, 0.01},    {8, 8, 15, 0.05},    {8, 8, 9, 0.01},
        {10, 10, 27, 0.05}, {10, 10, 19, 0.01}, {20, 20, 138, 0.05}, {20, 20, 114, 0.01},
        {5, 10, 11, 0.05},  {12, 7, 14, 0.01},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const size_t all = rows[i].n * rows[i].m;

        assert_true(p_of_u(rows[i].n, rows[i].m, all - rows[i].critical) <= rows[i].alpha);
        assert_true(p_of_u(rows[i].n, rows[i].m, all - rows[i].critical - 1) > rows[i].alpha);
    }
}

static void with_ties_or_many_values_the_normal_distribution_does(void **state)
{
    /* Each value occurs on both sides alike: nothing is higher. */
    static const double same[] = {1, 1, 2, 2, 3, 3, 4, 4};
    /* By hand: U = 46 of 64, variance 64 / 12 * (17 - 138 / 240) = 87.6, z = 13.5 / 9.36. */
    static const double high[] = {5, 6, 6, 7, 8, 8, 9, 9};
    static const double low[] = {3, 4, 5, 6, 6, 7, 8, 8};
    double many_new[40], many_old[40];

    (void)state;
    assert_true(zdd_stats_mann_whitney(same, 8, same, 8) > 0.5);
    assert_near(zdd_stats_mann_whitney(high, 8, low, 8), 0.0745967, 1e-6);
    for (int i = 0; i < 40; i++) {
        many_old[i] = i;
        many_new[i] = i + 10.5; /* 1165 pairs of 1600: z = 364.5 / 103.92 */
    }
    assert_near(zdd_stats_mann_whitney(many_new, 40, many_old, 40), 0.00022625, 1e-7);
    assert_near(zdd_stats_mann_whitney((double[]){1, 1}, 2, (double[]){1, 1}, 2), 1, 0);
}

/* R. Newcombe, Statistics in Medicine 17, 1998, table I, method 3. */
static void wilsons_interval_is_that_of_newcombes_table(void **state)
{
    static const struct {
        int64_t hits, all;
        double low, high;
    } rows[] = {
        {81, 263, 0.2553, 0.3662},
        {15, 148, 0.0624, 0.1605},
        {0, 20, 0.0000, 0.1611},
        {1, 29, 0.0061, 0.1718},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const struct zdd_interval is = zdd_stats_wilson(rows[i].hits, rows[i].all, 1.959964);

        assert_near(is.low, rows[i].low, 0.00005);
        assert_near(is.high, rows[i].high, 0.00005);
    }
    assert_near(zdd_stats_wilson(0, 0, 1.96).high, 1, 0);
    assert_near(zdd_stats_wilson(20, 20, 1.96).high, 1, 1e-12);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_tail_of_the_normal_distribution_is_that_of_the_tables),
        cmocka_unit_test(fishers_test_gives_fishers_own_figures),
        cmocka_unit_test(fishers_test_sums_to_one_over_all_outcomes),
        cmocka_unit_test(a_better_version_is_never_suspicious),
        cmocka_unit_test(nothing_seen_is_no_evidence),
        cmocka_unit_test(the_z_test_pools_the_proportions),
        cmocka_unit_test(for_large_numbers_both_tests_agree),
        cmocka_unit_test(critical_values_of_u_are_those_of_the_tables),
        cmocka_unit_test(with_ties_or_many_values_the_normal_distribution_does),
        cmocka_unit_test(wilsons_interval_is_that_of_newcombes_table),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
