/**
 * @file server/base/ticker.h
 * @brief A thread that does one thing now and then, until it is told to end.
 */
#pragma once

#include <stdint.h>

struct zdd_ticker;

/** What is done. It runs without a lock, never twice at a time.
 * @return milliseconds until it is done again */
typedef int64_t zdd_tick(void *cls);

/** Do @p tick after @p first_ms, and again as long after its end as it says.
 * @param cls for @p tick, borrowed until zdd_ticker_free()
 * @return NULL without memory or thread */
struct zdd_ticker *zdd_ticker_start(zdd_tick *tick, void *cls, int64_t first_ms);

/** Waits for a tick under way, and for no other. NULL is fine. @return NULL */
struct zdd_ticker *zdd_ticker_free(struct zdd_ticker *ticker);
