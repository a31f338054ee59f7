/**
 * @file strategies/advice.h
 * @brief What follows from a preview: verdict, warnings, suggestion, the price of going back.
 */
#pragma once

#include "strategies/preview.h"

/** Complete @p preview, whose figures are there, with what an operator should know. Pure. */
void zdd_advice_give(const struct zdd_strategy *strategy, const struct zdd_plan *plan,
                     struct zdd_preview *preview);
