/**
 * @file strategies/pair_steps.h
 * @brief The steps of a program in words.
 */
#pragma once

#include "strategies/model/plan.h"

#include <stddef.h>

/** Write what step @p index of @p plan does as one sentence, cut at @p size. */
void zdd_pair_step_tell(const struct zdd_plan *plan, int32_t index, char *text, size_t size);
/** The same of a step whose plan is not at hand: what it checks is not told. */
void zdd_pair_step_say(const struct zdd_program_step *step, char *text, size_t size);
