/**
 * @file server/engine/backoff.h
 * @brief How long to wait after failures in a row: exponential with full jitter in its upper half
 * (AWS, "Exponential Backoff And Jitter").
 */
#pragma once

#include <stdint.h>

/** @return between half of and the whole of min(@p max_ms, @p base_ms × 2^(failures − 1)) */
static inline int64_t zdd_backoff_ms(int failures, int64_t base_ms, int64_t max_ms, uint64_t random)
{
    int64_t span = base_ms;

    for (int i = 1; i < failures && span < max_ms; i++)
        span *= 2;
    if (span > max_ms)
        span = max_ms;
    return span / 2 + (int64_t)(random % (uint64_t)(span / 2 + 1));
}
