/**
 * @file strategies/advice_pair.h
 * @brief PRIVATE to strategies/: warnings, and those of a deployment over a pair.
 */
#pragma once

#include "strategies/preview.h"

/** Add a warning: @p pattern is one of zdd_say(), with the numbers @p a and @p b. Room is asserted.
 */
void zdd_advice_warn(struct zdd_preview *preview, const char *code, const char *pattern, int64_t a,
                     int64_t b);

/** Add those that follow from the pair and the shares of its program. */
void zdd_advice_of_pair(const struct zdd_plan *plan, struct zdd_preview *preview);
