/**
 * @file strategies/model/verify.h
 * @brief Checks of a new version, as rules see them: how often, how many may fail, and what is
 * wanted of the balancers' counters. Other sources are the business of whoever asks them.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define ZDD_ROUND_MAX 60      /* rounds of checks in one step */
#define ZDD_MEASURED_SIZE 200 /* what the last round found, as words */
#define ZDD_CHECK_MAX 4       /* of one set: each is asked of each instance */
#define ZDD_MILLION 1000000

/** What becomes of rounds that say nothing. */
enum zdd_on_inconclusive {
    ZDD_INCONCLUSIVE_WAITS,  /* more are made */
    ZDD_INCONCLUSIVE_GATES,  /* somebody has to decide */
    ZDD_INCONCLUSIVE_PASSES, /* as if they had passed */
    ZDD_INCONCLUSIVE_FAILS,  /* as if they had failed */
    ZDD_INCONCLUSIVE_COUNT
};

/** What balancers count of each version. */
enum zdd_metric {
    ZDD_METRIC_ERROR_RATE,     /* requests that failed, of all */
    ZDD_METRIC_CONNECT_ERRORS, /* connections that were refused, of all requests */
    ZDD_METRIC_RESPONSE_MS,    /* mean time to the answer */
    ZDD_METRIC_COUNT
};

/** A check by the balancers' counters. */
struct zdd_counted {
    int32_t place; /* among the checks of its set */
    enum zdd_metric metric;
    bool has_max;
    int32_t max;         /* of the new version: a share in millionths, or a time in microseconds */
    bool worse_than_old; /* it must not be worse than the old version */
    bool observe_only;   /* is measured and kept, and decides nothing */
};

/** One set of checks. */
struct zdd_verify {
    int32_t rounds;        /* 0: nothing is checked */
    int32_t interval_ms;   /* from one round to the next */
    int32_t failure_limit; /* rounds that may fail, below `rounds` */
    int32_t error_limit;   /* rounds in a row in which somebody who is asked may not tell */
    int32_t min_requests;  /* that counters must have of the new version to say anything */
    enum zdd_on_inconclusive on_inconclusive;
    int32_t counted_count; /* of its checks, those by counters */
    struct zdd_counted counted[ZDD_CHECK_MAX];
};

/** What a round of checks found. */
enum zdd_finding {
    ZDD_FINDING_PASSED,       /* every check */
    ZDD_FINDING_FAILED,       /* a check says that the new version is bad */
    ZDD_FINDING_ERROR,        /* somebody else who was to be asked did not tell: nothing is known */
    ZDD_FINDING_INCONCLUSIVE, /* too few requests of the new version to say anything */
    ZDD_FINDING_COUNT
};

/** Rounds so far, of their record: one letter each, "ppfpep". */
struct zdd_rounds {
    int32_t done, passed, failed, inconclusive;
    int32_t errors_in_row; /* at the end */
    bool ends_inconclusive;
};

const char *zdd_finding_name(enum zdd_finding round); /* "passed" */
/** Add @p round to the record, which keeps the last ZDD_ROUND_MAX. */
void zdd_rounds_add(char record[static ZDD_ROUND_MAX + 1], enum zdd_finding round);
struct zdd_rounds zdd_rounds_of(const char *record);
/** @return the part of @p record that is about the last @p count rounds */
const char *zdd_rounds_last(const char *record, int32_t count);

/** Add @p round as @p verify wants it: one that said nothing and waits for more requests is the
 * same one as the next. */
void zdd_verify_add(const struct zdd_verify *verify, char record[static ZDD_ROUND_MAX + 1],
                    enum zdd_finding round);

/** @return true when more rounds have failed than may, or more have said nothing one after the
 * other than may where that counts as failed */
bool zdd_verify_is_bad(const struct zdd_verify *verify, const char *record);
/** @return true when all rounds are done, it is not bad, and it is not the last ones that say
 * nothing, or that counts as passed */
bool zdd_verify_is_good(const struct zdd_verify *verify, const char *record);
/** @return true when all rounds are done, the last ones say nothing, and somebody has to decide
 * what becomes of that */
bool zdd_verify_is_unsure(const struct zdd_verify *verify, const char *record);

const char *zdd_on_inconclusive_name(enum zdd_on_inconclusive on_inconclusive); /* "wait" */
const char *zdd_metric_name(enum zdd_metric measure);                           /* "errorRate" */
bool zdd_on_inconclusive_parse(const char *name, enum zdd_on_inconclusive *ret_on_inconclusive);
bool zdd_metric_parse(const char *name, enum zdd_metric *ret_measure);
