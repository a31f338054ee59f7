/**
 * @file strategies/builtin.h
 * @brief The strategies: each is a table, see the .c files.
 */
#pragma once

#include "strategies/strategy.h"

extern const struct zdd_strategy zdd_rolling;
extern const struct zdd_strategy zdd_recreate;
extern const struct zdd_strategy zdd_scale;
extern const struct zdd_strategy zdd_restart;
extern const struct zdd_strategy zdd_canary;
extern const struct zdd_strategy zdd_blue_green;

/** All rows of a deployment over a pair. */
#define ZDD_PAIR_RULES 100
extern const struct zdd_rule zdd_pair_rules[ZDD_PAIR_RULES];

/** Rows of PENDING that rolling, scale and restart share: apply the target when nothing stands in
 * the way. */
#define ZDD_START_RULES 7
extern const struct zdd_rule zdd_start_rules[ZDD_START_RULES];
