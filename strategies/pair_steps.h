/**
 * @file strategies/pair_steps.h
 * @brief The steps of a program in words.
 */
#pragma once

#include "strategies/model/program.h"

#include <stddef.h>

/** Write what @p step does as one sentence, cut at @p size. */
void zdd_pair_step_say(const struct zdd_program_step *step, char *text, size_t size);
