/**
 * @file server/http/percent.c
 * @brief Percent-decoding.
 */
#include "server/http/percent.h"

#include "server/base/utf8.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* @return the value of two hexadecimal digits, 0 when these are none */
static unsigned hex_pair(const char *text)
{
    char digits[3] = "";

    if (!isxdigit((unsigned char)text[0]) || !isxdigit((unsigned char)text[1]))
        return 0;
    memcpy(digits, text, 2);
    return (unsigned)strtoul(digits, NULL, 16);
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
            const unsigned char byte = (unsigned char)hex_pair(from + 1);

            if (byte == 0)
                return false;
            *to++ = (char)byte;
            from += 2;
        } else if (*from == '+' && plus_is_space) {
            *to++ = ' ';
        } else {
            *to++ = *from;
        }
    }
    *to = '\0';
    return is_utf8(text);
}
