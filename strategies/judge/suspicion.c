/**
 * @file strategies/judge/suspicion.c
 * @brief A test martingale and a few exact looks.
 */
#include "strategies/judge/suspicion.h"

#include <math.h>

/* The new version fails so many times as often: each gets the same part of the first half. */
static const double rivals[] = {2, 3, 5, 10, 30};
_Static_assert(sizeof(rivals) / sizeof(rivals[0]) == ZDD_RIVAL_COUNT, "one ratio for each rival");

/* Requests of the new side at which the exact test is asked, and what it may spend: together the
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
    sum->requests += more.requests;
    sum->failures += more.failures;
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

static void look(struct zdd_suspicion *s)
{
    if (s->looks >= LOOK_COUNT || s->new_side.requests < looks[s->looks].requests)
        return;
    s->p = zdd_stats_more_failures(s->new_side, s->old_side);
    if (s->p < looks[s->looks].p_max)
        s->condemned = true;
    /* A window that passes two of them at once has been looked at once. */
    while (s->looks < LOOK_COUNT && s->new_side.requests >= looks[s->looks].requests)
        s->looks++;
}

double zdd_suspicion_odds(const struct zdd_suspicion *suspicion)
{
    double sum = 0;

    for (int i = 0; i < ZDD_RIVAL_COUNT; i++)
        sum += exp(suspicion->log_ratio[i]);
    return sum / ZDD_RIVAL_COUNT;
}

void zdd_suspicion_add(struct zdd_suspicion *suspicion, struct zdd_tries new_side,
                       struct zdd_tries old_side)
{
    add(&suspicion->new_side, new_side);
    add(&suspicion->old_side, old_side);
    if (new_side.requests > 0 && old_side.requests > 0)
        weigh(suspicion, new_side, old_side);
    if (zdd_suspicion_odds(suspicion) > ZDD_ODDS_MAX)
        suspicion->condemned = true;
    look(suspicion);
}
