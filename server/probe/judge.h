/**
 * @file server/probe/judge.h
 * @brief What one answer says about a check. Pure.
 */
#pragma once

#include "server/probe/checks.h"

#define ZDD_PROBE_SAID_SIZE 140
#define ZDD_PROBE_VALUE_SIZE 48

/** What was found at one place. */
struct zdd_probe_verdict {
    enum zdd_finding finding;
    char said[ZDD_PROBE_SAID_SIZE];   /* "said 503", "has 7 at /errors, above 5" */
    char value[ZDD_PROBE_VALUE_SIZE]; /* what was judged, JSON; "" when there is none or it is long
                                       */
    bool is_about_query; /* it is the query's value, not the place, that is spoken of */
};

/** Set the finding and what is said, cut as below. */
__attribute__((format(printf, 3, 4))) void zdd_probe_find(struct zdd_probe_verdict *verdict,
                                                          enum zdd_finding finding,
                                                          const char *format, ...);

/** Copy as much of @p text as fits, in whole characters; what would break the line becomes a space.
 */
void zdd_probe_cut(char *to, size_t size, const char *text);

/**
 * Judge an answer. A page of the new version that cannot be judged speaks against it; one of
 * anybody else says nothing about it.
 */
void zdd_probe_judge(const struct zdd_check *check, long status, const char *body, size_t size,
                     struct zdd_probe_verdict *ret_verdict);

/** The same for a place that gave no answer; @p why says what happened. */
void zdd_probe_judge_silence(const struct zdd_check *check, const char *why,
                             struct zdd_probe_verdict *ret_verdict);
