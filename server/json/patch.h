/**
 * @file server/json/patch.h
 * @brief Merge patch (RFC 7396) and the difference of two documents (in the words of RFC 6902).
 */
#pragma once

#include "server/json/json.h"

/** @return a new document: @p target changed by merge patch @p patch; NULL without memory. Both
 * arguments are left alone; what does not change is shared with @p target, so that nobody may
 * change it inside the result either. */
json_t *zdd_json_merge_patch(const json_t *target, const json_t *patch);

/**
 * What changes from @p from to @p to: an array of
 * {"op":"add|remove|replace","path","from"?,"value"?}. Objects are compared member by member in
 * sorted order, arrays element by element when they have the same length, else as a whole. At most
 * @p max rows; one more row {"op":"more"} says that there were more.
 * Numbers are compared by value. A NULL document is one that is not there. @return new reference,
 * NULL without memory
 */
json_t *zdd_json_diff(const json_t *from, const json_t *to, size_t max);
