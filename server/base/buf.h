/**
 * @file server/base/buf.h
 * @brief A growing text with a limit; its first failure sticks, so write freely and check once.
 */
#pragma once

#include "strategies/model/err.h"

#include <stddef.h>
#include <stdint.h>

struct zdd_buf {
    char *data;       /* NUL-terminated when size > 0; NULL while empty */
    size_t size;      /* bytes without the NUL */
    size_t capacity;  /* bytes allocated */
    size_t max;       /* most bytes it may hold; 0 means 64 MiB */
    enum zdd_err err; /* NONE, NO_MEMORY or BODY_TOO_BIG (over max) */
};

#define ZDD_AUTO_BUF __attribute__((cleanup(zdd_buf_release)))

/** Append all of it or, when it does not fit, nothing; then buf->err is set and nothing more goes
 * in. */
void zdd_buf_append(struct zdd_buf *buf, const void *data, size_t size);
/** Make room for @p more bytes at once, for who knows how many come. Without it nothing is wrong
 * but the time. */
void zdd_buf_reserve(struct zdd_buf *buf, size_t more);
void zdd_buf_text(struct zdd_buf *buf, const char *text);
__attribute__((format(printf, 2, 3))) void zdd_buf_printf(struct zdd_buf *buf, const char *format,
                                                          ...);

/** Append @p text as a JSON string with its quotes; invalid UTF-8 becomes U+FFFD; NULL becomes
 * null. */
void zdd_buf_json_string(struct zdd_buf *buf, const char *text);

/** Empty it, keep the memory; a failure is forgotten. */
void zdd_buf_clear(struct zdd_buf *buf);

/** Free the memory; the value may be used again, with the same max. */
void zdd_buf_release(struct zdd_buf *buf);

/** @return the text, to free() by the caller, "" for an empty one; NULL when buf->err was set. The
 * buffer is empty after. */
char *zdd_buf_take(struct zdd_buf *buf);
