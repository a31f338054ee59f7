/**
 * @file strategies/pair_params.h
 * @brief The options that blue-green and canary have in common.
 */
#pragma once

#include "strategies/strategy.h"

#define ZDD_PAIR_SECONDS_MAX 86400 /* of any time that is asked for: a day */
#define ZDD_PAIR_KEEP_S 300        /* how long the old version is kept, when nobody says */

/** What the option router may say; ended by NULL. */
extern const char *const zdd_pair_routers[];
extern const char zdd_pair_router_text[]; /* of that option, for people */
/** What the option onDrainTimeout may say; ended by NULL. */
extern const char *const zdd_pair_drain_timeouts[];

/** Rows of a strategy's params. */
#define ZDD_PAIR_DRAIN_PARAM                                                                       \
    {                                                                                              \
        .name = "drainSeconds", .kind = ZDD_PARAM_INT, .min = 1, .max = ZDD_PAIR_SECONDS_MAX,      \
        .fallback = 300,                                                                           \
        .text = "How long a request under way may take to end before its instance goes; "          \
                "absent: 300."                                                                     \
    }
#define ZDD_PAIR_DRAIN_TIMEOUT_PARAM                                                               \
    {                                                                                              \
        .name = "onDrainTimeout", .kind = ZDD_PARAM_CHOICE, .choices = zdd_pair_drain_timeouts,    \
        .text = "When requests take longer: hold waits for an operator, kill removes the old "     \
                "instances all the same."                                                          \
    }
#define ZDD_PAIR_ROUTER_PARAM                                                                      \
    {                                                                                              \
        .name = "router", .kind = ZDD_PARAM_CHOICE, .choices = zdd_pair_routers,                   \
        .text = zdd_pair_router_text                                                               \
    }

/** @return true unless an option in whole numbers is absent */
bool zdd_option_is_given(const union zdd_option_value *value);
/** @return an option in whole numbers, or what @p param says when it is absent */
int32_t zdd_option_number(const struct zdd_param *param, const union zdd_option_value *value);
/** @return an option in seconds, at most ZDD_PAIR_SECONDS_MAX, in milliseconds */
int32_t zdd_option_ms(const struct zdd_param *param, const union zdd_option_value *value);
