/**
 * @file strategies/judge/pace.c
 * @brief Mann and Whitney's test at a few fixed moments.
 */
#include "strategies/judge/pace.h"

/* A look at each of these numbers of values, and at the last one again whenever values have been
 * joined. The budget is spent by halves, so it lasts for ever. */
static const int32_t looks[] = {8, 16, ZDD_PACE_VALUES};
#define LAST_LOOK ((int32_t)(sizeof(looks) / sizeof(looks[0])) - 1)

static double mean(const double *values, int32_t count)
{
    double sum = 0;

    for (int32_t i = 0; i < count; i++)
        sum += values[i];
    return sum / count;
}

static bool is_noticeable(const struct zdd_pace *pace)
{
    const double new_ms = mean(pace->new_ms, pace->count);
    const double old_ms = mean(pace->old_ms, pace->count);

    return new_ms > old_ms * ZDD_PACE_FACTOR && new_ms > old_ms + ZDD_PACE_DIFFERENCE_MS;
}

static void look(struct zdd_pace *pace)
{
    double spend = ZDD_PACE_BUDGET / 2;

    for (int32_t i = 0; i < pace->looks; i++)
        spend /= 2;
    pace->looks++;
    pace->p = zdd_stats_mann_whitney(pace->new_ms, (size_t)pace->count, pace->old_ms,
                                     (size_t)pace->count);
    if (pace->p < spend && is_noticeable(pace))
        pace->condemned = true;
}

static void join_pairs(struct zdd_pace *pace)
{
    for (int32_t i = 0; i < ZDD_PACE_VALUES / 2; i++) {
        pace->new_ms[i] = mean(&pace->new_ms[2 * i], 2);
        pace->old_ms[i] = mean(&pace->old_ms[2 * i], 2);
    }
    pace->count = ZDD_PACE_VALUES / 2;
}

void zdd_pace_add(struct zdd_pace *pace, double new_ms, double old_ms)
{
    const int32_t next = pace->looks < LAST_LOOK ? looks[pace->looks] : ZDD_PACE_VALUES;

    pace->new_ms[pace->count] = new_ms;
    pace->old_ms[pace->count] = old_ms;
    pace->count++;
    if (pace->count == next)
        look(pace);
    if (pace->count == ZDD_PACE_VALUES)
        join_pairs(pace);
}
