/**
 * @file server/secrets/marker.h
 * @brief What stands in a definition instead of a secret: `‹redacted:` 32 hex digits `›`. Pure.
 */
#pragma once

#include "storage/secrets.h"

#include <stdbool.h>
#include <stddef.h>

#define ZDD_MARKER_HEAD "\xE2\x80\xB9redacted:"
#define ZDD_MARKER_TAIL "\xE2\x80\xBA"
#define ZDD_MARKER_SIZE                                                                            \
    (sizeof(ZDD_MARKER_HEAD) + sizeof(ZDD_MARKER_TAIL) + ZDD_SECRET_DIGEST_SIZE - 2)

void zdd_marker_write(const char *digest, char ret_marker[static ZDD_MARKER_SIZE]);

/** @return true, and its digest, when all @p size bytes at @p text are one marker */
bool zdd_marker_read(const char *text, size_t size, char ret_digest[static ZDD_SECRET_DIGEST_SIZE]);
