/**
 * @file strategies/judge/verdict.h
 * @brief What a check by counters finds in one round, and why, in words.
 */
#pragma once

#include "strategies/model/trial.h"

struct zdd_verdict {
    enum zdd_finding finding;
    double value;     /* of the new version: a share from 0 to 1, or milliseconds */
    double old_value; /* of the old one */
    double p;         /* of the last fixed look of the comparison; 0: there was none */
    double odds;      /* how many times likelier "it is worse" has become; 0: not asked */
    char words[ZDD_MEASURED_SIZE]; /* what is not well, or not known; "" when it passes */
};

/** A round that is to be judged. */
struct zdd_hearing {
    const struct zdd_trial *trial;
    const struct zdd_verify *verify;
    enum zdd_round_kind kind;
    bool told; /* a balancer has told its counters since the last round */
};

/**
 * Judge it by @p check, one of its set.
 *
 * Above the maximum it fails; so does what cannot get below it any more by the time there are
 * minRequests. A comparison fails as soon as it condemns the new version. Otherwise with fewer
 * requests of the new version, or none of the old one to compare with, the round says nothing.
 */
struct zdd_verdict zdd_verdict_of(const struct zdd_hearing *hearing,
                                  const struct zdd_counted *check);

/** @return true when @p finding weighs more than @p other: failed, error, inconclusive, passed */
bool zdd_finding_outweighs(enum zdd_finding finding, enum zdd_finding other);
