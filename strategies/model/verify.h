/**
 * @file strategies/model/verify.h
 * @brief Checks of a new version before it gets requests, as rules see them: how often, and how
 * many may fail. What is checked is the business of whoever asks.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define ZDD_ROUND_MAX 60      /* rounds of checks in one step */
#define ZDD_MEASURED_SIZE 200 /* what the last round found, as words */

struct zdd_verify {
    int32_t rounds;        /* 0: nothing is checked */
    int32_t interval_ms;   /* from one round to the next */
    int32_t failure_limit; /* rounds that may fail, below `rounds` */
};

/** What a round of checks found. */
enum zdd_finding {
    ZDD_FINDING_PASSED, /* every check */
    ZDD_FINDING_FAILED, /* a check says that the new version is bad */
    ZDD_FINDING_ERROR,  /* somebody else who was to be asked did not tell: nothing is known */
    ZDD_FINDING_COUNT
};

/** Rounds so far, of their record: one letter each, "ppfpep". */
struct zdd_rounds {
    int32_t done, passed, failed;
    int32_t errors_in_row; /* at the end */
};

const char *zdd_finding_name(enum zdd_finding round); /* "passed" */
/** Add @p round to the record, which must have room; asserted. */
void zdd_rounds_add(char record[static ZDD_ROUND_MAX + 1], enum zdd_finding round);
struct zdd_rounds zdd_rounds_of(const char *record);

/** @return true when more rounds than may have failed, or said nothing one after the other */
bool zdd_verify_is_bad(const struct zdd_verify *verify, const char *record);
/** @return true when all rounds are done and it is not bad */
bool zdd_verify_is_good(const struct zdd_verify *verify, const char *record);
