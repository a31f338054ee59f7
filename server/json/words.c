/**
 * @file server/json/words.c
 * @brief The pieces sentences about wrong JSON are made of.
 */
#include "server/json/words.h"

#include "server/base/utf8.h"

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NAME_MAX_BYTES 48  /* longer names are never compared: nobody mistypes that far */
#define FAR_MAX 4          /* letters wrong in a name that is still recognized */
#define QUOTE_MAX_BYTES 40 /* how much of a wrong text is quoted back */
#define SHORT_SCALE 10000  /* four decimals */
#define EXACT_INTEGER 9.007199254740992e15 /* 2^53: up to here a double holds every integer */

void zdd_words_trim(char *text)
{
    const size_t size = strlen(text);
    size_t start = size;
    size_t wanted;

    while (start > 0 && size - start < 4) {
        const unsigned char byte = (unsigned char)text[--start];

        if (byte < 0x80)
            return;
        if ((byte & 0xC0) == 0x80)
            continue;
        wanted = byte >= 0xF0 ? 4 : byte >= 0xE0 ? 3 : 2;
        if (size - start < wanted)
            text[start] = '\0';
        return;
    }
}

void zdd_words_cut(const char *text, char *ret_text, size_t size)
{
    snprintf(ret_text, size, "%s", text);
    zdd_words_trim(ret_text);
}

/* Replace every byte that is no UTF-8, and every character that @p is_unwanted too. */
static void replace(char *text, bool (*is_unwanted)(unsigned char byte))
{
    size_t left = strlen(text);

    while (left > 0) {
        const size_t step = zdd_utf8_step(text, left);

        if (step == 0 || is_unwanted((unsigned char)*text))
            *text = '?';
        text += step > 0 ? step : 1;
        left -= step > 0 ? step : 1;
    }
}

static bool is_none(unsigned char byte)
{
    (void)byte;
    return false;
}

static bool is_control(unsigned char byte)
{
    return byte < 0x20 || byte == 0x7F;
}

void zdd_words_utf8(char *text)
{
    replace(text, is_none);
}

void zdd_words_plain(char *text)
{
    replace(text, is_control);
}

static char *digits_before(char *end, uint64_t value)
{
    do {
        *--end = (char)('0' + value % 10);
        value /= 10;
    } while (value > 0);
    return end;
}

/*
 * The common case, ten times as fast as printf: at most four decimals. When the division
 * gives the value back, reading the text does too, for both round to the nearest double.
 */
static bool write_short(double value, char ret_text[static 32])
{
    const double scaled = round(fabs(value) * SHORT_SCALE);
    char reversed[32];
    char *const end = reversed + sizeof(reversed);
    char *at = end;
    uint64_t number, decimals;

    if (!(scaled <= EXACT_INTEGER) || scaled / SHORT_SCALE != fabs(value))
        return false;
    number = (uint64_t)scaled;
    /* The scale before the decimals keeps their leading zeros; then the point takes its place. */
    decimals = number % SHORT_SCALE + SHORT_SCALE;
    while (decimals % 10 == 0)
        decimals /= 10;
    if (decimals > 1) {
        at = digits_before(at, decimals);
        *at = '.';
    }
    at = digits_before(at, number / SHORT_SCALE);
    if (value < 0)
        *--at = '-';
    memcpy(ret_text, at, (size_t)(end - at));
    ret_text[end - at] = '\0';
    return true;
}

void zdd_words_number(double value, char ret_text[static 32])
{
    static const int digits[] = {15, 16, 17}; /* 17 always reads back the same */

    if (write_short(value, ret_text))
        return;
    if (fabs(value) <= EXACT_INTEGER && value == trunc(value)) {
        snprintf(ret_text, 32, "%lld", (long long)value);
        return;
    }
    for (size_t i = 0; i < sizeof(digits) / sizeof(digits[0]); i++) {
        snprintf(ret_text, 32, "%.*g", digits[i], value);
        if (strtod(ret_text, NULL) == value)
            return;
    }
}

void zdd_words_quote(const char *value, char ret_text[static ZDD_WORDS_QUOTE_SIZE])
{
    char cut[QUOTE_MAX_BYTES + 1];

    snprintf(cut, sizeof(cut), "%s", value);
    zdd_words_trim(cut);
    zdd_words_plain(cut);
    snprintf(ret_text, ZDD_WORDS_QUOTE_SIZE, "\"%s%s\"", cut,
             strlen(value) > strlen(cut) ? "…" : "");
}

void zdd_words_value(const json_t *json, char ret_text[static ZDD_WORDS_VALUE_SIZE])
{
    const char *word = "nothing";

    if (json_is_string(json)) {
        char quoted[ZDD_WORDS_QUOTE_SIZE];

        zdd_words_quote(json_string_value(json), quoted);
        snprintf(ret_text, ZDD_WORDS_VALUE_SIZE, "the text %s", quoted);
        return;
    }
    if (json_is_integer(json)) {
        snprintf(ret_text, ZDD_WORDS_VALUE_SIZE, "%" JSON_INTEGER_FORMAT, json_integer_value(json));
        return;
    }
    if (json_is_real(json)) {
        char number[32];

        zdd_words_number(json_real_value(json), number);
        snprintf(ret_text, ZDD_WORDS_VALUE_SIZE, "%s", number);
        return;
    }
    if (json_is_object(json))
        word = "an object";
    else if (json_is_array(json))
        word = "an array";
    else if (json_is_boolean(json))
        word = json_is_true(json) ? "true" : "false";
    else if (json)
        word = "null";
    snprintf(ret_text, ZDD_WORDS_VALUE_SIZE, "%s", word);
}

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* How many letters must be added, left out, changed or swapped with their neighbour. */
static size_t distance(const char *a, const char *b)
{
    size_t rows[3][NAME_MAX_BYTES + 1];
    size_t *before = rows[0], *last = rows[1], *now = rows[2];
    const size_t width = strlen(b);

    for (size_t j = 0; j <= width; j++)
        last[j] = before[j] = j;
    for (size_t i = 1; a[i - 1]; i++) {
        size_t *const spare = before;

        now[0] = i;
        for (size_t j = 1; j <= width; j++) {
            now[j] =
                smaller(smaller(last[j], now[j - 1]) + 1, last[j - 1] + (a[i - 1] != b[j - 1]));
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                now[j] = smaller(now[j], before[j - 2] + 1);
        }
        before = last;
        last = now;
        now = spare;
    }
    return last[width];
}

const char *zdd_words_nearest(const char *name, const char *const names[], size_t count)
{
    const size_t size = strlen(name);
    const char *nearest = NULL;
    size_t best = smaller(size / 3, FAR_MAX - 1) + 1; /* from here on it is another word, no slip */

    for (size_t i = 0; i < count && size <= NAME_MAX_BYTES; i++) {
        size_t far;

        if (strlen(names[i]) > NAME_MAX_BYTES)
            continue;
        far = distance(name, names[i]);
        if (far < best) {
            best = far;
            nearest = names[i];
        }
    }
    return nearest;
}

void zdd_words_list(const char *const names[], size_t count, char *ret_text, size_t size)
{
    static const char more[] = ", …";
    size_t used = 0;

    ret_text[0] = '\0';
    for (size_t i = 0; i < count; i++) {
        const size_t needed = strlen(names[i]) + 4; /* quotes, comma, space */

        if (used + needed + sizeof(more) > size) {
            snprintf(ret_text + used, size - used, "%s", used ? more : "…");
            zdd_words_trim(ret_text);
            return;
        }
        used += (size_t)snprintf(ret_text + used, size - used, "%s\"%s\"", i ? ", " : "", names[i]);
    }
}
