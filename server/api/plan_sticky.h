/**
 * @file server/api/plan_sticky.h
 * @brief Users who stick to their version: which rule a plan follows, and what is said of it.
 */
#pragma once

#include "server/api/plan_note.h"
#include "server/router/sticky.h"
#include "strategies/model/plan.h"

#include <stddef.h>

#define ZDD_STICKY_NOTE_MAX 4

/**
 * Note in @p plan, whose program is there, whether its users stick and whether its weights divide
 * new users only.
 * @param[out] ret_notes  what labels do not do although they stand there; room for
 *                        ZDD_STICKY_NOTE_MAX
 * @return how many
 */
size_t zdd_plan_sticky(const struct zdd_sticky *sticky, struct zdd_plan *plan,
                       struct zdd_plan_note *ret_notes);
