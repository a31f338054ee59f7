/**
 * @file strategies/judge/suspicion.c
 * @brief A test martingale, and a few looks at strata.
 */
#include "strategies/judge/suspicion.h"

#include "strategies/judge/window.h"

#include <math.h>

/* The new version fails so many times as often: each gets the same part of the first half. */
static const double rivals[] = {2, 3, 5, 10, 30};
_Static_assert(sizeof(rivals) / sizeof(rivals[0]) == ZDD_RIVAL_COUNT, "one ratio for each rival");

/* Of both sides. A stratum of so many is over, whatever the share: what happens to the service
 * meanwhile is no fault of either side. Shorter ones would see less, by a part of so many. */
#define STRATUM_MAX 200

/* Requests of the new side at which Fisher's test is asked, and what it may spend: together the
 * second half. Most of it where a tripled rate of errors becomes visible. */
static const struct {
    int64_t requests;
    double p_max;
} looks[] = {
    {250, 0.0002}, {1000, 0.0058}, {4000, 0.0004}, {16000, 0.0002}, {64000, 0.0001},
};
#define LOOK_COUNT ((int32_t)(sizeof(looks) / sizeof(looks[0])))

static void add(struct zdd_tries *sum, struct zdd_tries more)
{
    sum->requests = zdd_count_sum(sum->requests, more.requests);
    sum->failures = zdd_count_sum(sum->failures, more.failures);
}

/*
 * If both are alike, a failure of this window is one of the new side with the chance that any
 * request has, w. If the new side fails r times as often, with r w / (r w + 1 - w).
 */
static void weigh(struct zdd_suspicion *s, struct zdd_tries new_side, struct zdd_tries old_side)
{
    const double w = (double)new_side.requests / (double)(new_side.requests + old_side.requests);

    for (int i = 0; i < ZDD_RIVAL_COUNT; i++) {
        const double sum = rivals[i] * w + 1 - w;

        s->log_ratio[i] +=
            (double)new_side.failures * log(rivals[i] / sum) - (double)old_side.failures * log(sum);
    }
}

/* A side without requests cannot be compared with. */
static struct zdd_strata with(const struct zdd_strata *closed, const struct zdd_stratum *stratum)
{
    const struct zdd_tries *new_side = &stratum->new_side;
    const struct zdd_tries *old_side = &stratum->old_side;
    const int64_t failures = new_side->failures + old_side->failures;
    struct zdd_strata all = *closed;

    if (new_side->requests == 0 || old_side->requests == 0)
        return all;
    all.requests = zdd_count_sum(all.requests, new_side->requests);
    all.failures = zdd_count_sum(all.failures, failures);
    all.new_failures = zdd_count_sum(all.new_failures, new_side->failures);
    all.expected += (double)failures * (double)new_side->requests /
                    (double)(new_side->requests + old_side->requests);
    return all;
}

static void close_stratum(struct zdd_suspicion *s)
{
    s->closed = with(&s->closed, &s->open);
    s->open = (struct zdd_stratum){0};
}

static void look(struct zdd_suspicion *s)
{
    const struct zdd_strata all = with(&s->closed, &s->open);

    if (s->looks >= LOOK_COUNT || all.requests < looks[s->looks].requests)
        return;
    s->p = zdd_stats_at_least(all.new_failures, all.failures, all.expected);
    if (s->p < looks[s->looks].p_max)
        s->condemned = true;
    /* A window that passes two of them at once has been looked at once. */
    while (s->looks < LOOK_COUNT && all.requests >= looks[s->looks].requests)
        s->looks++;
}

double zdd_suspicion_odds(const struct zdd_suspicion *suspicion)
{
    double sum = 0;

    for (int i = 0; i < ZDD_RIVAL_COUNT; i++)
        sum += exp(suspicion->log_ratio[i]);
    return sum / ZDD_RIVAL_COUNT;
}

void zdd_suspicion_add(struct zdd_suspicion *suspicion, bool same_share, struct zdd_tries new_side,
                       struct zdd_tries old_side)
{
    struct zdd_stratum *open = &suspicion->open;

    if (!same_share)
        close_stratum(suspicion);
    add(&open->new_side, new_side);
    add(&open->old_side, old_side);
    if (open->new_side.requests + open->old_side.requests >= STRATUM_MAX)
        close_stratum(suspicion);
    if (new_side.requests > 0 && old_side.requests > 0)
        weigh(suspicion, new_side, old_side);
    if (zdd_suspicion_odds(suspicion) > ZDD_ODDS_MAX)
        suspicion->condemned = true;
    look(suspicion);
}
