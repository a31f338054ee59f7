/**
 * @file server/base/utf8.c
 * @brief Well-formed UTF-8 by the table of RFC 3629 section 4.
 */
#include "server/base/utf8.h"

#include <stdbool.h>

static bool within(unsigned char byte, unsigned char least, unsigned char most)
{
    return byte >= least && byte <= most;
}

/* The second byte alone decides about overlong forms, surrogates and too large values. */
static bool second_fits(unsigned char first, unsigned char second)
{
    switch (first) {
    case 0xE0:
        return within(second, 0xA0, 0xBF);
    case 0xED:
        return within(second, 0x80, 0x9F);
    case 0xF0:
        return within(second, 0x90, 0xBF);
    case 0xF4:
        return within(second, 0x80, 0x8F);
    default:
        return within(second, 0x80, 0xBF);
    }
}

static size_t length_by_first(unsigned char first)
{
    if (first < 0x80)
        return 1;
    if (within(first, 0xC2, 0xDF))
        return 2;
    if (within(first, 0xE0, 0xEF))
        return 3;
    return within(first, 0xF0, 0xF4) ? 4 : 0;
}

size_t zdd_utf8_step(const char *text, size_t size)
{
    const unsigned char *bytes = (const unsigned char *)text;
    size_t length;

    if (size == 0)
        return 0;
    length = length_by_first(bytes[0]);
    if (length > size)
        return 0;
    if (length > 1 && !second_fits(bytes[0], bytes[1]))
        return 0;
    for (size_t i = 2; i < length; i++) {
        if (!within(bytes[i], 0x80, 0xBF))
            return 0;
    }
    return length;
}
