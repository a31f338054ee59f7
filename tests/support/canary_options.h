/**
 * @file tests/support/canary_options.h
 * @brief Options of the strategy canary, of which a test says only what matters.
 */
#pragma once

#include "strategies/strategy.h"

/* In the order of its params. */
enum {
    CANARY_STEPS,
    CANARY_INSTANCES,
    CANARY_KEEP,
    CANARY_DRAIN,
    CANARY_ON_DRAIN,
    CANARY_ROUTER,
    CANARY_VERIFY,
    CANARY_OPTIONS
};

#define a_weight(percent)                                                                          \
    {                                                                                              \
        .kind = ZDD_WISH_WEIGHT, .value = (int32_t)((percent)*100)                                 \
    }
#define a_pause(seconds)                                                                           \
    {                                                                                              \
        .kind = ZDD_WISH_PAUSE, .value = (seconds)*1000                                            \
    }
#define a_scale(instances)                                                                         \
    {                                                                                              \
        .kind = ZDD_WISH_SCALE, .value = (instances)                                               \
    }
#define a_gate                                                                                     \
    {                                                                                              \
        .kind = ZDD_WISH_GATE                                                                      \
    }

#define a_verify                                                                                   \
    {                                                                                              \
        .kind = ZDD_WISH_VERIFY                                                                    \
    }

#define wishes_of(list)                                                                            \
    {                                                                                              \
        .wishes = (list)                                                                           \
    }

/* Every number absent, unless said otherwise. */
#define canary_options(...)                                                                        \
    {                                                                                              \
        [CANARY_INSTANCES] = {.integer = INT64_MIN}, [CANARY_KEEP] = {.integer = INT64_MIN},       \
        [CANARY_DRAIN] = {.integer = INT64_MIN}, [CANARY_ON_DRAIN] = {.choice = 0},                \
        [CANARY_ROUTER] = {.choice = 0}, [CANARY_VERIFY] = {.verify = NULL},                       \
        [CANARY_STEPS] = __VA_ARGS__                                                               \
    }
