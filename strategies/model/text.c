/**
 * @file strategies/model/text.c
 * @brief Words and whole numbers of canonical texts.
 */
#include "strategies/model/text.h"

#include <stddef.h>
#include <string.h>

#define DIGITS_MAX 10 /* of an int32_t */

char *zdd_text_append(char *at, const char *text)
{
    const size_t size = strlen(text);

    memcpy(at, text, size); /* NOLINT(bugprone-not-null-terminated-result): the end is put last */
    return at + size;
}

char *zdd_text_append_number(char *at, int32_t value)
{
    char digits[DIGITS_MAX];
    size_t count = 0;

    do {
        digits[count++] = (char)('0' + value % 10);
        value /= 10;
    } while (value > 0);
    while (count > 0)
        *at++ = digits[--count];
    return at;
}

bool zdd_text_read_number(const char **at, int32_t *ret_value)
{
    int64_t value = 0;
    const char *first = *at;

    for (; **at >= '0' && **at <= '9'; (*at)++) {
        value = value * 10 + (**at - '0');
        if (value > INT32_MAX)
            return false;
    }
    *ret_value = (int32_t)value;
    return *at > first;
}
