/**
 * @file server/probe/judge.h
 * @brief What one answer says about a check. Pure.
 */
#pragma once

#include "server/probe/checks.h"

#define ZDD_PROBE_SAID_SIZE 100
#define ZDD_PROBE_VALUE_SIZE 48

/** What was found at one place. */
struct zdd_probe_verdict {
    enum zdd_finding finding;
    char said[ZDD_PROBE_SAID_SIZE];   /* "said 503", "has 7 at /errors, above 5" */
    char value[ZDD_PROBE_VALUE_SIZE]; /* what was judged, JSON; "" when there is none or it is long
                                       */
};

/**
 * Judge an answer. A page of the new version that cannot be judged speaks against it; one of
 * anybody else says nothing about it.
 */
void zdd_probe_judge(const struct zdd_check *check, long status, const char *body, size_t size,
                     struct zdd_probe_verdict *ret_verdict);

/** The same for a place that gave no answer; @p why says what happened. */
void zdd_probe_judge_silence(const struct zdd_check *check, const char *why,
                             struct zdd_probe_verdict *ret_verdict);
