/**
 * @file strategies/judge/trial.c
 * @brief Windows of both versions become suspicion, or none.
 */
#include "strategies/judge/trial.h"

#include "strategies/judge/pace.h"
#include "strategies/judge/suspicion.h"
#include "strategies/model/verifies.h"

#define US_OF_MS 1000

enum zdd_round_kind zdd_trial_kind(int32_t set)
{
    return set == ZDD_VERIFY_BESIDE ? ZDD_ROUND_BESIDE : ZDD_ROUND_STEP;
}

static struct zdd_tries failures_of(const struct zdd_window *window)
{
    return (struct zdd_tries){window->requests, window->failures};
}

static struct zdd_tries refusals_of(const struct zdd_window *window)
{
    return (struct zdd_tries){window->requests, window->refused};
}

static void add(struct zdd_tried *side, const struct zdd_window *window)
{
    zdd_window_add(&side->all, window);
    for (int kind = 0; kind < ZDD_ROUND_KIND_COUNT; kind++)
        zdd_window_add(&side->round[kind], window);
    side->answers = zdd_count_sum(side->answers, window->answers);
}

void zdd_trial_add(struct zdd_trial *trial, int64_t share_since_ms,
                   const struct zdd_window *new_window, const struct zdd_window *old_window)
{
    const bool same = share_since_ms != 0 && share_since_ms == trial->share_since_ms;

    trial->share_since_ms = share_since_ms;
    add(&trial->new_side, new_window);
    add(&trial->old_side, old_window);
    zdd_suspicion_add(&trial->errors, same, failures_of(new_window), failures_of(old_window));
    zdd_suspicion_add(&trial->refusals, same, refusals_of(new_window), refusals_of(old_window));
}

/* Means say different things only when so many answers lie between them. */
static bool is_stretch(const struct zdd_tried *side, int32_t servers)
{
    return servers > 0 && side->answers >= (int64_t)ZDD_PACE_STRETCH * servers;
}

void zdd_trial_pace(struct zdd_trial *trial, struct zdd_answers new_side,
                    struct zdd_answers old_side)
{
    trial->new_side.answer_us = new_side.mean_us;
    trial->old_side.answer_us = old_side.mean_us;
    if (!is_stretch(&trial->new_side, new_side.servers) ||
        !is_stretch(&trial->old_side, old_side.servers))
        return;
    trial->new_side.answers = trial->old_side.answers = 0;
    zdd_pace_add(&trial->pace, (double)new_side.mean_us / US_OF_MS,
                 (double)old_side.mean_us / US_OF_MS);
}

void zdd_trial_end_round(struct zdd_trial *trial, enum zdd_round_kind kind)
{
    trial->new_side.round[kind] = trial->old_side.round[kind] = (struct zdd_window){0};
}

bool zdd_trial_is_condemned(const struct zdd_trial *trial, enum zdd_metric metric)
{
    if (metric == ZDD_METRIC_RESPONSE_MS)
        return trial->pace.condemned;
    return metric == ZDD_METRIC_ERROR_RATE ? trial->errors.condemned : trial->refusals.condemned;
}

bool zdd_trial_condemns(const struct zdd_trial *trial, const struct zdd_verify *verify)
{
    for (int32_t i = 0; i < verify->counted_count; i++) {
        const struct zdd_counted *check = &verify->counted[i];

        if (check->worse_than_old && !check->observe_only &&
            zdd_trial_is_condemned(trial, check->metric))
            return true;
    }
    return false;
}

void zdd_trial_tell(struct zdd_trial *trial, const struct zdd_verifies *verifies, int32_t set)
{
    trial->told[set] =
        trial->told[set] || zdd_trial_condemns(trial, zdd_verifies_set(verifies, set));
}

bool zdd_trial_must_tell(const struct zdd_trial *trial, const struct zdd_verifies *verifies,
                         int32_t set)
{
    return !trial->told[set] && zdd_trial_condemns(trial, zdd_verifies_set(verifies, set));
}

bool zdd_trial_has_told(const struct zdd_trial *trial, const struct zdd_verifies *verifies,
                        int32_t set)
{
    return trial->told[set] && zdd_trial_condemns(trial, zdd_verifies_set(verifies, set));
}
