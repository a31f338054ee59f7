/**
 * @file strategies/advice.h
 * @brief What follows from a preview: verdict, warnings, suggestion, the price of going back.
 */
#pragma once

#include "strategies/preview.h"

/** Complete @p preview, whose figures are there, with what an operator should know. Pure. */
void zdd_advice_give(const struct zdd_strategy *strategy, const struct zdd_plan *plan,
                     struct zdd_preview *preview);

/** What going back would be, in short. */
struct zdd_way_back {
    const char *mode; /* as in struct zdd_preview */
    int64_t estimate_ms;
};

/** The way back of @p plan, the longest that it may come to, as zdd_advice_give() puts it into the
 * preview. Pure, and cheap: lists of deployments ask it for each row. */
struct zdd_way_back zdd_advice_way_back(const struct zdd_plan *plan);

/** The way back of a deployment over a pair from where it is: one weight as long as no old instance
 * has been given up. */
struct zdd_way_back zdd_advice_way_back_now(const struct zdd_plan *plan, const struct zdd_run *run);
