/**
 * @file tests/support/pair_options.h
 * @brief Options of the strategy blue-green, of which a test says only what matters.
 */
#pragma once

#include "strategies/strategy.h"

#include <math.h>

/* In the order of its params. */
enum {
    PROMOTE,
    KEEP_OLD,
    DRAIN,
    ON_DRAIN_TIMEOUT,
    ROUTER,
    TAKE_OVER,
    VERIFY,
    CUTOVER,
    INITIAL,
    GROWTH,
    LINEAR,
    NEW_INSTANCES,
    PAIR_OPTIONS
};

#define STEPWISE                                                                                   \
    {                                                                                              \
        .choice = 1                                                                                \
    }
#define ABSENT                                                                                     \
    {                                                                                              \
        .integer = INT64_MIN                                                                       \
    }

/* Every number absent, every choice the first, unless said otherwise. */
#define pair_options(...)                                                                          \
    {                                                                                              \
        [PROMOTE] = {.choice = 0}, [KEEP_OLD] = ABSENT, [DRAIN] = ABSENT, [INITIAL] = ABSENT,      \
        [GROWTH] = {.real = (double)NAN}, [LINEAR] = ABSENT, [NEW_INSTANCES] = ABSENT, __VA_ARGS__ \
    }
