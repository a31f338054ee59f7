/**
 * @file server/http/percent.h
 * @brief Percent-decoding (RFC 3986 section 2.1), strictly.
 */
#pragma once

#include <stdbool.h>

/**
 * Decode @p text in place.
 * @param plus_is_space  "+" means a space, as in queries
 * @return false when an escape is broken or means NUL, or the result is no UTF-8; @p text is spoilt
 * then
 */
bool zdd_percent_decode(char *text, bool plus_is_space);
