/**
 * @file strategies/model/verifies.h
 * @brief All sets of checks of a plan.
 *
 * A set is known by its number: ZDD_VERIFY_BESIDE, or n for that of the n-th step VERIFY.
 */
#pragma once

#include "strategies/model/verify.h"

#define ZDD_VERIFY_BESIDE 0   /* the set whose rounds are made during all steps */
#define ZDD_VERIFY_STEP_MAX 8 /* steps that verify, of one program */
#define ZDD_VERIFY_SET_MAX (ZDD_VERIFY_STEP_MAX + 1)
#define ZDD_VERIFY_TEXT_SIZE (80 + ZDD_CHECK_MAX * 40) /* numbers and words */
#define ZDD_VERIFIES_TEXT_SIZE (ZDD_VERIFY_SET_MAX * ZDD_VERIFY_TEXT_SIZE)

struct zdd_verifies {
    struct zdd_verify beside; /* while both versions get requests; without rounds: none */
    int32_t count;            /* of steps */
    struct zdd_verify step[ZDD_VERIFY_STEP_MAX];
};

/** Append the checks of one more step. The caller knows that there is room; asserted. */
void zdd_verifies_add(struct zdd_verifies *verifies, const struct zdd_verify *verify);

/** @return the set with that number, 0 to `count`; asserted */
const struct zdd_verify *zdd_verifies_set(const struct zdd_verifies *verifies, int32_t set);

/**
 * The canonical text, that beside the steps first: ";6 10000 1 1 100 wait errorRate 0 5 10000".
 * Of a check by counters: measure, place, 1 for a maximum, 2 for worse than old, 4 for only
 * observed, added up, and the maximum.
 */
void zdd_verifies_print(const struct zdd_verifies *verifies,
                        char ret_text[static ZDD_VERIFIES_TEXT_SIZE]);
/** @return false when @p text is none; "" is no checks at all */
bool zdd_verifies_parse(const char *text, struct zdd_verifies *ret_verifies);
