/**
 * @file tests/unit/strategies/judge/test_stats.c
 * @brief Tests of two samples against published figures.
 */
#include "strategies/judge/stats.h"
#include "tests/support/spec.h"

#include <math.h>
#include <string.h>

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

/* National Bureau of Standards, Tables of the Binomial Probability Distribution, 1950, table 2;
 * Abramowitz and Stegun, p. 960: the chance of so many or more. */
static void the_tail_of_the_binomial_distribution_is_that_of_the_tables(void **state)
{
    (void)state;
    assert_near(zdd_stats_at_least(8, 10, 5), 0.0546875, 1e-12);
    assert_near(zdd_stats_at_least(10, 10, 5), 0.0009765625, 1e-12);
    assert_near(zdd_stats_at_least(3, 20, 1), 0.0754837, 1e-7);
    assert_near(zdd_stats_at_least(15, 20, 10), 0.0206947, 1e-7);
    assert_near(zdd_stats_at_least(4, 5, 2.5), 0.1875, 1e-12);
}

/* The chance of so many or more of the new side's failures, if both fail alike: hypergeometric. */
static void add_stratum(double *chance, size_t size, int new_side, int old_side, int failures)
{
    double sum[64] = {0};

    assert_true(size <= sizeof(sum) / sizeof(sum[0]));
    for (int k = 0; k <= failures; k++) {
        double term = 1; /* choose(new, k) * choose(old, failures - k) / choose(all, failures) */

        for (int i = 0; i < k; i++)
            term *= (double)(new_side - i) / (double)(i + 1);
        for (int i = 0; i < failures - k; i++)
            term *= (double)(old_side - i) / (double)(i + 1);
        for (int i = 0; i < failures; i++)
            term *= (double)(i + 1) / (double)(new_side + old_side - i);
        for (size_t at = 0; at + (size_t)k < size; at++)
            sum[at + (size_t)k] += chance[at] * term;
    }
    memcpy(chance, sum, size * sizeof(*chance));
}

/* The lady tasting tea (Fisher 1935): three cups right or more, 17 of 70; and the convictions of
 * twins (Fisher 1962): 10 of 13 against 2 of 17. */
static void one_stratum_is_never_less_likely_than_by_fishers_test(void **state)
{
    double tea[5] = {1}, twins[13] = {1};

    (void)state;
    add_stratum(tea, 5, 4, 4, 4);
    assert_near(tea[3] + tea[4], 17.0 / 70, 1e-12);
    assert_true(zdd_stats_at_least(3, 4, 2) >= 17.0 / 70);
    add_stratum(twins, 13, 13, 17, 12);
    assert_near(twins[10] + twins[11] + twins[12], 0.0004651809, 1e-10);
    assert_true(zdd_stats_at_least(10, 12, 12 * 13.0 / 30) >= 0.0004651809);
    /* Failures that are rare: both are nearly the same. 9 of 1000 against 1 of 1000. */
    assert_near(zdd_stats_at_least(9, 10, 5), 0.01062, 0.0002);
}

/* Whatever the shares: never below the true chance, and near to it when failures are few. */
static void several_strata_are_never_less_likely_than_they_are(void **state)
{
    static const struct {
        int new_side, old_side, failures;
    } strata[] = {{10, 190, 8}, {40, 160, 6}, {100, 100, 9}, {3, 5, 4}, {199, 1, 5}, {1, 99, 7}};
    const size_t size = 40;
    double chance[40] = {1}, expected = 0, tail = 0;
    int failures = 0;

    (void)state;
    for (size_t i = 0; i < sizeof(strata) / sizeof(strata[0]); i++) {
        add_stratum(chance, size, strata[i].new_side, strata[i].old_side, strata[i].failures);
        failures += strata[i].failures;
        expected += (double)strata[i].failures * strata[i].new_side /
                    (strata[i].new_side + strata[i].old_side);
    }
    assert_int_equal(failures, size - 1);
    for (int k = failures; k >= 0; k--) {
        tail += chance[k];
        assert_true(zdd_stats_at_least(k, failures, expected) >= tail * (1 - 1e-9));
    }
    assert_near(tail, 1, 1e-9);
}

static void above_a_million_tries_a_bound_does(void **state)
{
    /* A little above the exact one, and by ten times at most where it matters. */
    const double exact = zdd_stats_at_least(100900, 1000000, 100000);
    const double bound = zdd_stats_at_least(100901, 1000001, 100000.1);

    (void)state;
    assert_true(exact > 0.001 && exact < 0.002);
    assert_true(bound > exact && bound < 10 * exact);
    assert_near(zdd_stats_at_least(2000000, 2000000, 1000000), 0, 1e-300);
    assert_near(zdd_stats_at_least(2, (int64_t)1 << 50, 0.001), 1.8e-6, 1e-7); /* (e / 2000)² */
    assert_near(zdd_stats_at_least((int64_t)1 << 50, (int64_t)1 << 50, 1e15), 0, 1e-300);
}

static void a_better_version_is_never_suspicious(void **state)
{
    (void)state;
    assert_near(zdd_stats_at_least(1, 10, 5), 1, 0);
    assert_near(zdd_stats_at_least(5, 10, 5), 1, 0);
}

static void nothing_seen_is_no_evidence(void **state)
{
    (void)state;
    assert_near(zdd_stats_at_least(0, 0, 0), 1, 0);
    assert_near(zdd_stats_at_least(0, 10, 0), 1, 0);
    assert_near(zdd_stats_at_least(1, 1, 0.001), 1, 0); /* one failure condemns nobody */
    assert_near(zdd_stats_mann_whitney(NULL, 0, NULL, 0), 1, 0);
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
        cmocka_unit_test(the_tail_of_the_binomial_distribution_is_that_of_the_tables),
        cmocka_unit_test(one_stratum_is_never_less_likely_than_by_fishers_test),
        cmocka_unit_test(several_strata_are_never_less_likely_than_they_are),
        cmocka_unit_test(above_a_million_tries_a_bound_does),
        cmocka_unit_test(a_better_version_is_never_suspicious),
        cmocka_unit_test(nothing_seen_is_no_evidence),
        cmocka_unit_test(critical_values_of_u_are_those_of_the_tables),
        cmocka_unit_test(with_ties_or_many_values_the_normal_distribution_does),
        cmocka_unit_test(wilsons_interval_is_that_of_newcombes_table),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
