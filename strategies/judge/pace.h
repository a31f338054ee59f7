/**
 * @file strategies/judge/pace.h
 * @brief Whether the new version answers more slowly than the old one.
 *
 * HAProxy tells a mean over the last 1024 answers of each server, no percentiles and no sums, so
 * two looks say different things only when about as many answers lie between them: a value of this
 * comparison is the mean of one such stretch, of both versions side by side. Mann and Whitney's
 * test compares their order at a few numbers of values that are fixed beforehand; a difference that
 * no user would notice is none.
 */
#pragma once

#include "strategies/judge/stats.h"

#define ZDD_PACE_STRETCH 1024    /* answers of each server between two values */
#define ZDD_PACE_BUDGET 0.01     /* chance that a version as fast as the old one is condemned */
#define ZDD_PACE_FACTOR 1.2      /* slower by less than this factor … */
#define ZDD_PACE_DIFFERENCE_MS 5 /* … or by fewer milliseconds: nobody minds */

/** Take in the means of one more stretch, milliseconds. */
void zdd_pace_add(struct zdd_pace *pace, double new_ms, double old_ms);
