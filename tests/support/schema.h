/**
 * @file tests/support/schema.h
 * @brief The part of JSON Schema (2020-12) that openapi.json uses, as a check of real answers.
 *
 * A keyword that is not known here fails the test: nothing is silently unchecked.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>

#define SCHEMA_ERROR_SIZE 400

/**
 * Does @p value fit @p schema?
 *
 * Objects whose schema names properties and says nothing of others are closed here: an answer
 * has no member that the contract does not name, although clients must not rely on that.
 *
 * @param document   what "$ref": "#/…" points into
 * @param ret_error  where and why not, when false
 */
bool schema_fits(const json_t *document, const json_t *schema, const json_t *value,
                 char ret_error[static SCHEMA_ERROR_SIZE]);

/** Follow a "$ref" of @p json, if it is one, through @p document. Fails the test when it leads
 * nowhere. @return borrowed */
const json_t *schema_follow(const json_t *document, const json_t *json);
