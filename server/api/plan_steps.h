/**
 * @file server/api/plan_steps.h
 * @brief The steps of a canary as JSON: read into plain wishes, and described by a schema.
 *
 * A list of {"weight":20}, {"pauseSeconds":60}, {"scale":2}, {"gate":"go-live", …},
 * {"verify":{…}} and presets,
 * {"preset":"linear","by":10,"everySeconds":60} or
 * {"preset":"exponential","from":1,"everySeconds":60}; one preset may stand in place of the list.
 */
#pragma once

#include "server/json/fields.h"
#include "strategies/wishes.h"

/** Read @p value, which stands at @p pointer. Errors are appended; then @p ret_wishes has what
 * could be read. The checks of the n-th step of its verifies, borrowed, become ret_checks[n]. */
void zdd_plan_steps_read(const json_t *value, const char *pointer, struct zdd_wishes *ret_wishes,
                         json_t *ret_checks[static ZDD_VERIFY_STEP_MAX],
                         struct zdd_field_errors *errors);

/** Say in @p schema, an object, what zdd_plan_steps_read() accepts. */
void zdd_plan_steps_schema(json_t *schema);
