/**
 * @file server/base/hush.h
 * @brief Texts of others, without the secrets that they repeat. Pure.
 */
#pragma once

#include "server/base/buf.h"

#include <stdbool.h>

/** A text that is not to be told again, and what is told instead; both borrowed. */
struct zdd_unspoken {
    const char *text;
    const char *instead;
};

struct zdd_unspoken_list {
    size_t count;
    const struct zdd_unspoken *item;
};

/**
 * Append @p text to @p buf with every unspoken text replaced, as it is and as JSON writes it. Where
 * several begin at a place the longest counts. One of fewer than four bytes counts only where it
 * stands alone, between signs that are neither letters nor digits: else half of all sentences would
 * go. Without memory buf->err says so.
 * @return true when something was replaced
 */
bool zdd_hush(struct zdd_buf *buf, const char *text, const struct zdd_unspoken_list *list);
