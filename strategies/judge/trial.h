/**
 * @file strategies/judge/trial.h
 * @brief What the balancers' counters say of both versions, look after look.
 */
#pragma once

#include "strategies/judge/window.h"
#include "strategies/model/trial.h"

/** @return whose rounds those of checks number @p set are */
enum zdd_round_kind zdd_trial_kind(int32_t set);

/**
 * Take in what both versions have had since the last look, of all balancers.
 * @param share_since_ms  since when all of them give the present share; 0: not yet, or not again
 */
void zdd_trial_add(struct zdd_trial *trial, int64_t share_since_ms,
                   const struct zdd_window *new_window, const struct zdd_window *old_window);

/** One side's answers as the balancers show them now. */
struct zdd_answers {
    int64_t mean_us; /* over the last ones of each server */
    int32_t servers;
};

/** Take in how long answers take now, behind zdd_trial_add(). */
void zdd_trial_pace(struct zdd_trial *trial, struct zdd_answers new_side,
                    struct zdd_answers old_side);

/** A round of checks has been made of what came since the last one. */
void zdd_trial_end_round(struct zdd_trial *trial, enum zdd_round_kind kind);

/** … of set @p set: when it condemns the new version, that has been said. */
void zdd_trial_tell(struct zdd_trial *trial, const struct zdd_verifies *verifies, int32_t set);

/** @return true when the new version is worse by @p metric beyond chance */
bool zdd_trial_is_condemned(const struct zdd_trial *trial, enum zdd_metric metric);
/** @return true when a check of @p verify that decides compares both versions, and the new one is
 * worse beyond chance */
bool zdd_trial_condemns(const struct zdd_trial *trial, const struct zdd_verify *verify);
/** @return true when set @p set condemns it and no round of that set has said so */
bool zdd_trial_must_tell(const struct zdd_trial *trial, const struct zdd_verifies *verifies,
                         int32_t set);
/** @return true when set @p set condemns it and a round of that set has said so */
bool zdd_trial_has_told(const struct zdd_trial *trial, const struct zdd_verifies *verifies,
                        int32_t set);
