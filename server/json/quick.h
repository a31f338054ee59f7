/**
 * @file server/json/quick.h
 * @brief Inside server/json only: the quick way to read plain JSON.
 */
#pragma once

#include <jansson.h>

/**
 * Read what nearly all documents consist of. What is unusual (a long number, \u escapes, escapes in
 * a key, more than ZDD_JSON_DEPTH_MAX levels), wrong, or finds no memory is left to jansson, which
 * also has the words for it. What is read here is what jansson would read: a fuzz target compares.
 * @return new reference, or NULL: ask jansson
 */
json_t *zdd_json_quick(const char *text, size_t size);
