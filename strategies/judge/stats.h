/**
 * @file strategies/judge/stats.h
 * @brief How likely a difference between two versions is by chance alone.
 *
 * All tests are one-sided: they ask whether the new version is worse, and never condemn it for
 * being better. A p is the chance of a difference as large as the one seen, or a larger one, if
 * both versions are alike.
 */
#pragma once

#include "strategies/model/trial.h"

#include <stddef.h>
#include <stdint.h>

/** An interval around a share, both ends 0 to 1. */
struct zdd_interval {
    double low, high;
};

/** @return the chance that a standard normal variable is above @p z */
double zdd_stats_normal_tail(double z);

/**
 * How likely are so many hits or more, in tries of which each has a chance of its own? Among all
 * chances that come to the same expectation, equal ones make many hits likeliest, as long as hits
 * are at least one above it (W. Hoeffding, Ann. Math. Stat. 27, 1956, theorem 4): so the tail of
 * the binomial distribution is a bound for each of them. Fisher's test asks for a hypergeometric
 * distribution, which is one of them (V. A. Vatutin, V. G. Mikhailov, Theory Probab. Appl. 27,
 * 1982), and so is a sum of several.
 *
 * @param expected  hits, 0 to @p tries
 * @return a bound for the chance, the least one up to a million tries; 1 when hits are fewer than
 *         one above @p expected
 */
double zdd_stats_at_least(int64_t hits, int64_t tries, double expected);

#define ZDD_STATS_EXACT_MAX 20 /* values on each side, for the exact distribution of U */

/**
 * Mann and Whitney's U test: are the values of the new version higher? It looks at their order
 * only, so one outlier is one value and no more (H. B. Mann, D. R. Whitney, Ann. Math. Stat. 18,
 * 1947). Exact up to ZDD_STATS_EXACT_MAX values on each side without ties, else by the normal
 * approximation with corrections for ties and continuity.
 * @return p; 1 when a side has no values
 */
double zdd_stats_mann_whitney(const double *new_values, size_t new_count, const double *old_values,
                              size_t old_count);

/**
 * Wilson's score interval for @p hits of @p all (E. B. Wilson, JASA 22, 1927); never leaves 0 to 1
 * and needs no large numbers.
 * @param z  1.96 for 95 %
 * @return 0 to 1 when @p all is 0
 */
struct zdd_interval zdd_stats_wilson(int64_t hits, int64_t all, double z);
