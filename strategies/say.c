/**
 * @file strategies/say.c
 * @brief Sentences with numbers.
 */
#include "strategies/say.h"

#include <assert.h>

#define DIGITS_MAX 20 /* of an int64_t, with its sign */

struct sink {
    char *text;
    size_t size, used;
};

static void put(struct sink *sink, char c)
{
    if (sink->used + 1 < sink->size)
        sink->text[sink->used++] = c;
}

static void put_number(struct sink *sink, int64_t number)
{
    char digits[DIGITS_MAX];
    size_t count = 0;
    uint64_t rest = number < 0 ? (uint64_t)0 - (uint64_t)number : (uint64_t)number;

    if (number < 0)
        put(sink, '-');
    do {
        digits[count++] = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest > 0);
    while (count > 0)
        put(sink, digits[--count]);
}

/* As people write it: no more digits than there are. */
static void put_hundredths(struct sink *sink, int64_t number)
{
    const int64_t rest = number < 0 ? -(number % 100) : number % 100;

    if (number < 0 && number > -100)
        put(sink, '-');
    put_number(sink, number / 100);
    if (rest == 0)
        return;
    put(sink, '.');
    put(sink, (char)('0' + rest / 10));
    if (rest % 10 != 0)
        put(sink, (char)('0' + rest % 10));
}

void zdd_say(char *text, size_t size, const char *pattern, int64_t a, int64_t b)
{
    const int64_t numbers[] = {a, b};
    struct sink sink = {text, size, 0};

    assert(size > 0);
    for (; *pattern; pattern++) {
        if (*pattern != '%') {
            put(&sink, *pattern);
            continue;
        }
        pattern++;
        if (*pattern == '.' && (pattern[1] == '1' || pattern[1] == '2'))
            put_hundredths(&sink, numbers[*++pattern - '1']);
        else if (*pattern >= '1' && *pattern <= '2')
            put_number(&sink, numbers[*pattern - '1']);
        else
            put(&sink, '%');
        if (!*pattern)
            break;
    }
    text[sink.used] = '\0';
}
