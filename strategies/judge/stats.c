/**
 * @file strategies/judge/stats.c
 * @brief Tests of two samples, and an interval.
 */
#include "strategies/judge/stats.h"

#include <assert.h>
#include <math.h>
#include <stdbool.h>

/* Above so many tries a bound does: the sum has some ten square roots of them, 50 microseconds. */
#define EXACT_MAX 1000000

#define HALF_LOG_2_PI 0.91893853320467274178
#define SQRT_2 1.41421356237309504880
#define STIRLING_MIN 16 /* from here on three terms of Stirling's series have 12 right digits */
#define NEGLIGIBLE 1e-18
#define U_SIZE (ZDD_STATS_EXACT_MAX * ZDD_STATS_EXACT_MAX + 1)

double zdd_stats_normal_tail(double z)
{
    return 0.5 * erfc(z / SQRT_2);
}

static double log_factorial(int64_t number)
{
    const double n = (double)number;
    double sum = 0;

    if (number >= STIRLING_MIN)
        return n * log(n) - n + HALF_LOG_2_PI + 0.5 * log(n) + 1 / (12 * n) -
               1 / (360 * n * n * n) + 1 / (1260 * n * n * n * n * n);
    for (int64_t i = 2; i <= number; i++)
        sum += log((double)i);
    return sum;
}

static double log_choose(int64_t all, int64_t some)
{
    return log_factorial(all) - log_factorial(some) - log_factorial(all - some);
}

static double at_most_one(double p)
{
    return p < 1 ? p : 1;
}

/* Chernoff's bound, in the form of W. Hoeffding, JASA 58, 1963, theorem 1: some three standard
 * deviations out it is ten times the chance itself, and it costs nothing. */
static double tail_bound(double hits, double tries, double expected)
{
    const double misses = tries - hits;
    const double rest = misses > 0 ? misses * log(misses / (tries - expected)) : 0;

    return at_most_one(exp(-(hits * log(hits / expected) + rest)));
}

double zdd_stats_at_least(int64_t hits, int64_t tries, double expected)
{
    const double chance = expected / (double)tries;
    double term, sum;

    assert(hits >= 0 && hits <= tries && expected >= 0);
    if ((double)hits < expected + 1)
        return 1;
    if (tries > EXACT_MAX)
        return tail_bound((double)hits, (double)tries, expected);
    term = exp(log_choose(tries, hits) + (double)hits * log(chance) +
               (double)(tries - hits) * log(1 - chance));
    sum = term;
    for (int64_t k = hits; k < tries && term > NEGLIGIBLE * sum; k++) {
        term *= (double)(tries - k) / (double)(k + 1) * chance / (1 - chance);
        sum += term;
    }
    return at_most_one(sum);
}

/* How often a new value is above an old one, out of all pairs; equal ones count as half. */
static double count_u(const double *new_values, size_t new_count, const double *old_values,
                      size_t old_count)
{
    double u = 0;

    for (size_t i = 0; i < new_count; i++) {
        for (size_t k = 0; k < old_count; k++) {
            if (new_values[i] > old_values[k])
                u += 1;
            else if (!(new_values[i] < old_values[k]))
                u += 0.5;
        }
    }
    return u;
}

static size_t count_equal(const double *values, size_t count, double value)
{
    size_t equal = 0;

    for (size_t i = 0; i < count; i++)
        if (!(values[i] < value) && !(values[i] > value))
            equal++;
    return equal;
}

/* Each value adds t² - 1 for the t values equal to it, itself too: the sum over the groups of ties
 * of t³ - t. */
static double count_ties(const double *values, size_t count, const double *others,
                         size_t other_count)
{
    double ties = 0;

    for (size_t i = 0; i < count; i++) {
        const double t = (double)(count_equal(values, count, values[i]) +
                                  count_equal(others, other_count, values[i]));

        ties += t * t - 1;
    }
    return ties;
}

/*
 * The numbers of arrangements with each U are the coefficients of Gauss's binomial
 * product of (1 - x^(m+i)) / (1 - x^i) over i = 1..n. All are whole and below 2^53.
 */
static double exact_tail(size_t n, size_t m, size_t u)
{
    double ways[U_SIZE] = {1};
    const size_t last = n * m;
    double tail = 0, all = 0;

    for (size_t i = 1; i <= n; i++) {
        for (size_t at = last; at >= m + i; at--)
            ways[at] -= ways[at - m - i];
        for (size_t at = i; at <= last; at++)
            ways[at] += ways[at - i];
    }
    for (size_t at = 0; at <= last; at++) {
        all += ways[at];
        if (at >= u)
            tail += ways[at];
    }
    return tail / all;
}

static double normal_u_tail(double n, double m, double u, double ties)
{
    const double all = n + m;
    const double variance = n * m / 12 * (all + 1 - ties / (all * (all - 1)));

    if (variance <= 0)
        return 1; /* all values are equal */
    return at_most_one(zdd_stats_normal_tail((u - n * m / 2 - 0.5) / sqrt(variance)));
}

double zdd_stats_mann_whitney(const double *new_values, size_t new_count, const double *old_values,
                              size_t old_count)
{
    double u, ties;

    if (new_count == 0 || old_count == 0)
        return 1;
    u = count_u(new_values, new_count, old_values, old_count);
    ties = count_ties(new_values, new_count, old_values, old_count) +
           count_ties(old_values, old_count, new_values, new_count);
    if (ties <= 0 && new_count <= ZDD_STATS_EXACT_MAX && old_count <= ZDD_STATS_EXACT_MAX)
        return exact_tail(new_count, old_count, (size_t)u);
    return normal_u_tail((double)new_count, (double)old_count, u, ties);
}

struct zdd_interval zdd_stats_wilson(int64_t hits, int64_t all, double z)
{
    const double n = (double)all;
    double share, middle, half, scale;

    assert(hits >= 0 && hits <= all);
    if (all == 0)
        return (struct zdd_interval){0, 1};
    share = (double)hits / n;
    scale = 1 + z * z / n;
    middle = (share + z * z / (2 * n)) / scale;
    half = z * sqrt(share * (1 - share) / n + z * z / (4 * n * n)) / scale;
    return (struct zdd_interval){
        .low = middle > half ? middle - half : 0,
        .high = middle + half < 1 ? middle + half : 1,
    };
}
