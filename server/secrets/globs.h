/**
 * @file server/secrets/globs.h
 * @brief Which names are those of secrets: patterns like `*PASSWORD*`, in any case. Pure.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#define ZDD_GLOB_MAX 48
#define ZDD_GLOB_SIZE 64 /* with its NUL */

struct zdd_globs {
    size_t count;
    char glob[ZDD_GLOB_MAX][ZDD_GLOB_SIZE];
};

/**
 * Read patterns with commas between; blanks around each do not count. A pattern has letters,
 * digits, `_`, `-`, `.`, `*` for any signs and `?` for one. An empty list fits nothing.
 * @return NULL, or what is wrong with which
 */
const char *zdd_globs_read(const char *list, struct zdd_globs *ret_globs);

/** @return true when one of them fits all @p size bytes at @p name; a letter's case is no
 * difference */
bool zdd_globs_fit(const struct zdd_globs *globs, const char *name, size_t size);
