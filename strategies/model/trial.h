/**
 * @file strategies/model/trial.h
 * @brief What balancers have counted of both versions of a pair, and what speaks against the new
 * one: as plain values, kept with the deployment.
 */
#pragma once

#include "strategies/model/verifies.h"

#include <stdbool.h>
#include <stdint.h>

#define ZDD_RIVAL_COUNT 5  /* "fails so many times as often", see suspicion.c */
#define ZDD_PACE_VALUES 32 /* of each side; then two by two become one */

/* Of requests, and of what became of them. A million a second come to that in 35 years: who says
 * more lies. Two of them still have a sum, and a double holds each. */
#define ZDD_COUNT_MAX ((int64_t)1 << 50)

/** Requests, and how many of them failed: 0 ≤ failures ≤ requests. */
struct zdd_tries {
    int64_t requests;
    int64_t failures;
};

/** Windows of the same share, one behind the other. */
struct zdd_stratum {
    struct zdd_tries new_side, old_side;
};

/** Strata in which both sides had requests. */
struct zdd_strata {
    int64_t requests;     /* of the new side */
    int64_t failures;     /* of both sides … */
    int64_t new_failures; /* … of these, of the new one … */
    double expected;      /* … and so many of these if both were alike */
};

/** What has been learnt of failures so far. All zero: nothing. */
struct zdd_suspicion {
    struct zdd_stratum open;           /* the last windows, which are not in … */
    struct zdd_strata closed;          /* … these */
    double log_ratio[ZDD_RIVAL_COUNT]; /* of each rival's likelihood to that of "both alike" */
    int32_t looks;                     /* of the fixed ones that are done */
    double p;                          /* of the last fixed look; 0 before */
    bool condemned;                    /* stays, whatever comes */
};

/** … and of the time that answers take. */
struct zdd_pace {
    double new_ms[ZDD_PACE_VALUES], old_ms[ZDD_PACE_VALUES];
    int32_t count;  /* of values on each side */
    int32_t looks;  /* that are done */
    double p;       /* of the last look; 0 before */
    bool condemned; /* stays, whatever comes */
};

/** One side in one window. All are from 0 to ZDD_COUNT_MAX. */
struct zdd_window {
    int64_t requests;
    int64_t chosen;
    int64_t answers;
    int64_t failures; /* answered 5xx, or without a whole answer; those that HAProxy gave to another
                         server in secret too. At most `requests` */
    int64_t refused;  /* connections; at most `requests` */
    /* What else was counted: reasons to be shown, parts of the failures. */
    int64_t broken, retried, rerouted;
};

/** Whose rounds of checks: both may go on at the same time. */
enum zdd_round_kind { ZDD_ROUND_BESIDE, ZDD_ROUND_STEP, ZDD_ROUND_KIND_COUNT };

/** One side. */
struct zdd_tried {
    struct zdd_window all;                         /* since both versions get requests */
    struct zdd_window round[ZDD_ROUND_KIND_COUNT]; /* since the last one that could say something */
    int64_t answers;                               /* since the last value of the pace */
    int64_t answer_us; /* mean time of an answer, microseconds; 0: none is known */
};

/** All of it. All zero: nothing has been counted. */
struct zdd_trial {
    int64_t since_ms;       /* both versions have got requests since then; 0: they never did */
    int64_t until_ms;       /* all is counted up to there */
    int64_t share_since_ms; /* of the last window; 0: its share was on the move */
    int32_t edition;        /* grows whenever somebody else than who counts has changed it */
    struct zdd_tried new_side, old_side;
    struct zdd_suspicion errors, refusals;
    struct zdd_pace pace;
    /* By set: a round of it has said that its comparison condemns the new version. */
    bool told[ZDD_VERIFY_SET_MAX];
    /* Rounds of the checks beside the steps; those of a step stand in the deployment. */
    char rounds[ZDD_ROUND_MAX + 1];
    int32_t round_count;
    int64_t measured_at_ms;
};
