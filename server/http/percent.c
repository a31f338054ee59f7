/**
 * @file server/http/percent.c
 * @brief Percent-decoding.
 */
#include "server/http/percent.h"

#include "server/base/utf8.h"

#include <string.h>

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

static bool is_utf8(const char *text)
{
    size_t left = strlen(text);

    while (left > 0) {
        const size_t step = zdd_utf8_step(text, left);

        if (step == 0)
            return false;
        text += step;
        left -= step;
    }
    return true;
}

bool zdd_percent_decode(char *text, bool plus_is_space)
{
    char *to = text;

    for (const char *from = text; *from; from++) {
        if (*from == '%') {
            const int high = hex_value(from[1]);
            const int low = high < 0 ? -1 : hex_value(from[2]);

            if (low < 0 || high * 16 + low == 0)
                return false;
            *to++ = (char)(high * 16 + low);
            from += 2;
        } else {
            *to++ = *from == '+' && plus_is_space ? ' ' : *from;
        }
    }
    *to = '\0';
    return is_utf8(text);
}
