/**
 * @file strategies/preview_pair.h
 * @brief PRIVATE to strategies/: the play behind the preview of a deployment over a pair.
 */
#pragma once

#include "strategies/preview.h"

/** Fill the figures and the timeline of @p preview. Pure. */
void zdd_preview_pair(const struct zdd_strategy *strategy, const struct zdd_plan *plan,
                      struct zdd_preview *preview);
