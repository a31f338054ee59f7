/**
 * @file server/base/utf8.h
 * @brief One character of UTF-8 at a time.
 */
#pragma once

#include <stddef.h>

/**
 * @return the bytes (1 to 4) of the character that @p text starts with; 0 when @p size is 0 or the
 *         bytes are no well-formed UTF-8 (overlong forms, surrogates and values above U+10FFFF are
 * not)
 */
size_t zdd_utf8_step(const char *text, size_t size);
