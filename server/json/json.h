/**
 * @file server/json/json.h
 * @brief Reading JSON from outside safely: bounded depth, no duplicate keys, errors with a place.
 */
#pragma once

#include "strategies/model/err.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ZDD_JSON_DEPTH_MAX 64 /* containers inside each other; jansson's own limit is 2048 */

static inline void zdd_auto_json(json_t **json)
{
    json_decref(*json);
}

#define ZDD_AUTO_JSON __attribute__((cleanup(zdd_auto_json)))

/** Where and why a text is not acceptable JSON. */
struct zdd_json_error {
    int line;       /* from 1 */
    int column;     /* from 1 */
    char text[160]; /* "string or '}' expected": no value of the input is quoted, it may be
                       secret */
};

/**
 * Read a whole text as one JSON value.
 *
 * Refused: invalid UTF-8, duplicate members, "\u0000", more than ZDD_JSON_DEPTH_MAX
 * levels (checked before parsing, so nothing deep is ever built), anything after the value.
 *
 * @param[out] ret_json   new reference, set on success only
 * @param[out] ret_error  may be NULL; filled on failure
 * @return ZDD_ERR_NONE, ZDD_ERR_BODY_MALFORMED or ZDD_ERR_NO_MEMORY
 */
ZDD_MUST_CHECK enum zdd_err zdd_json_read(const char *text, size_t size, json_t **ret_json,
                                          struct zdd_json_error *ret_error);

/**
 * @return how many values @p text holds at most, without parsing it: what a tree of it would cost
 *         is known before one is built
 */
size_t zdd_json_count(const char *text, size_t size);

/**
 * Compact text, members sorted: the same value always gives the same text (for digests).
 * @return to free(), NULL without memory
 */
char *zdd_json_canonical(const json_t *json);

/**
 * @return the keys of @p object in byte order, NULL after the last; the array is to free(), the
 *         keys are borrowed; NULL without memory
 */
const char **zdd_json_keys(const json_t *object);

/**
 * @return true when both have the same value: numbers by value (32 equals 32.0), members in any
 *         order; two NULLs are the same
 */
bool zdd_json_same(const json_t *a, const json_t *b);

/** @return member @p key of @p object as text, or @p otherwise when absent or no string */
const char *zdd_json_text(const json_t *object, const char *key, const char *otherwise);

/** @return member @p key as an integer (a real is cut), or @p otherwise when absent or no number */
int64_t zdd_json_int(const json_t *object, const char *key, int64_t otherwise);

/** @return member @p key as a real, or @p otherwise */
double zdd_json_real(const json_t *object, const char *key, double otherwise);

/** @return member @p key as a truth value, or @p otherwise */
int zdd_json_bool(const json_t *object, const char *key, int otherwise);

/** @return true when @p token, @p size bytes between two slashes of a RFC 6901 pointer, stands for
 * the member @p key */
bool zdd_json_token_is(const char *token, size_t size, const char *key);

/** Walk a RFC 6901 pointer ("/a/0/b~1c"). @return borrowed, NULL when it leads nowhere */
json_t *zdd_json_at(const json_t *json, const char *pointer);
