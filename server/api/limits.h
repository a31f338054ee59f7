/**
 * @file server/api/limits.h
 * @brief How often somebody may call: token buckets (RateLimit headers: draft-ietf-httpapi-
 * ratelimit-headers-10), one for each token, and one for each address whose tokens were refused.
 *
 * Memory is bounded: of very many, the one that is idle for longest is forgotten, which gives it a
 * full bucket again.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct zdd_limits;

/** A bucket holds what comes in so many seconds. */
#define ZDD_RATE_BURST_S 5

struct zdd_limits_options {
    unsigned per_second; /* calls of one token, ZDD_RATE_BURST_S times as many at once; 0: no limit,
                            of refused tokens neither */
};

/** Of one address: refused tokens at once, and seconds until one more is told so. */
#define ZDD_LOGIN_BURST 20
#define ZDD_LOGIN_EVERY_S 6

/** What became of one call. */
struct zdd_limit {
    bool allowed;
    unsigned limit;     /* calls that may come at once; 0: there is no limit */
    unsigned remaining; /* of these, now */
    unsigned reset_s;   /* until all of them may come again */
    unsigned retry_s;   /* when it is not allowed: until one may, 1 at least */
};

/** @return NULL without memory */
struct zdd_limits *zdd_limits_new(const struct zdd_limits_options *options);
/** NULL is fine. @return NULL */
struct zdd_limits *zdd_limits_free(struct zdd_limits *limits);

/** Count a call of token @p id. From any thread. @param mono_ms  by zdd_mono_ms() */
struct zdd_limit zdd_limits_call(struct zdd_limits *limits, const char *id, int64_t mono_ms);

/**
 * A token that came from @p address was refused; not allowed: say that it comes too often. All
 * addresses of one IPv6 network (/64) count as one.
 *
 * Whoever has a good one is let in all the same: guessing 256 random bits is hopeless at any speed,
 * and a neighbour behind the same address must not lock him out.
 */
struct zdd_limit zdd_limits_refused(struct zdd_limits *limits, const char *address,
                                    int64_t mono_ms);
