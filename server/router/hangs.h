/**
 * @file server/router/hangs.h
 * @brief Balancers that take a question and do not answer: one look waits for such a one, and then
 * nobody does. It is asked in the background, less and less often, until it answers. Thread-safe.
 */
#pragma once

#include "server/router/stats.h"

/* Between two questions in the background. */
#define ZDD_HANGS_BASE_MS 500
#define ZDD_HANGS_MAX_MS 5000

struct zdd_hangs;

/** @param limit_ms  of one question. @return NULL without memory */
struct zdd_hangs *zdd_hangs_new(zdd_stats_look *look, void *cls, int64_t limit_ms);

/** Waits for questions under way. NULL is fine. @return NULL */
struct zdd_hangs *zdd_hangs_free(struct zdd_hangs *hangs);

/** A look at @p place has failed after @p took_ms. When that was long, it hangs from now on. */
void zdd_hangs_note(struct zdd_hangs *hangs, const struct zdd_place *place, int64_t took_ms,
                    const char *reason);

/** @return true when it hangs: do not ask it; @p ret_reason says why, else it is untouched */
bool zdd_hangs_does(struct zdd_hangs *hangs, const struct zdd_place *place,
                    char ret_reason[static ZDD_ROUTER_REASON_SIZE]);
