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
 * Fisher's exact test: does the new version fail more often? Exact for any numbers, so for small
 * ones too (R. A. Fisher, Statistical Methods for Research Workers, §21.02).
 * @return p; 1 when a side has no requests or nothing failed
 */
double zdd_stats_fisher(struct zdd_tries new_side, struct zdd_tries old_side);

/**
 * The two-proportion z test with the pooled proportion: what Fisher's test comes to for large
 * numbers, at the cost of a few multiplications.
 * @return p; 1 when a side has no requests, nothing failed or everything did
 */
double zdd_stats_two_proportion(struct zdd_tries new_side, struct zdd_tries old_side);

/** @return p of the one that fits: Fisher's test while failures are few, the z test above */
double zdd_stats_more_failures(struct zdd_tries new_side, struct zdd_tries old_side);

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
