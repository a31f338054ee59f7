/**
 * @file strategies/pair_sizes.h
 * @brief PRIVATE to strategies/: through which sizes a new version grows while the old one shrinks.
 */
#pragma once

#include "strategies/model/limits.h"
#include "strategies/model/program.h"

#include <stdbool.h>
#include <stdint.h>

/** What stands in a stepwise program besides three steps for each size, with room for more of it.
 */
#define ZDD_SIZES_OVERHEAD 15
#define ZDD_SIZES_MAX ((ZDD_PROGRAM_MAX - ZDD_SIZES_OVERHEAD) / 3 + 2)

/** How to grow. */
struct zdd_growth {
    int32_t first;  /* instances to begin with, at least 1 */
    double factor;  /* by which they grow, at least 1; always by one at least */
    int32_t linear; /* 0: by the factor; else by so many each time */
};

struct zdd_sizes {
    int32_t count;
    int32_t size[ZDD_SIZES_MAX]; /* rising; the last is all of them */
};

/**
 * The sizes from the first to @p last, at least 1: with a factor of 1.5, and beginning with 1, they
 * are those of zdd.py (marathon-lb.md §2.2): 1, 2, 3, 5, 8, 12, 18, 27…
 * @return false when there are more than ZDD_SIZES_MAX
 */
bool zdd_sizes_of(const struct zdd_growth *growth, int32_t last, struct zdd_sizes *ret_sizes);

/**
 * How many of @p old instances stay beside @p started of @p wanted new ones: as large a part as is
 * missing of the new ones, rounded up. Both together are never fewer than the smaller version.
 */
int32_t zdd_sizes_stay(int32_t old, int32_t started, int32_t wanted);
