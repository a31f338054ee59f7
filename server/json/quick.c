/**
 * @file server/json/quick.c
 * @brief Plain JSON to a tree of jansson's, in half the time of its own reader.
 */
#include "server/json/quick.h"

#include "server/base/cleanup.h"
#include "server/base/utf8.h"
#include "server/json/json.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define KEY_SIZE 128       /* bytes with the NUL; longer keys are unusual */
#define REAL_SIZE 48       /* the same of a number with a fraction or an exponent */
#define INTEGER_DIGITS 18  /* always fit in an int64 */
#define UNESCAPED_MAX 1024 /* bytes of a text with escapes */

struct scan {
    const char *at, *end;
    unsigned depth;
};

static json_t *read_value(struct scan *scan);

static void skip_space(struct scan *scan)
{
    while (scan->at < scan->end &&
           (*scan->at == ' ' || *scan->at == '\n' || *scan->at == '\t' || *scan->at == '\r'))
        scan->at++;
}

/* Take @p byte, with space before it. */
static bool take(struct scan *scan, char byte)
{
    skip_space(scan);
    if (scan->at == scan->end || *scan->at != byte)
        return false;
    scan->at++;
    return true;
}

/* Behind the opening quote: find the end of what needs no change. @return false when there is
 * something else than a quote or a backslash at that end */
static bool skip_plain(struct scan *scan)
{
    while (scan->at < scan->end && *scan->at != '"' && *scan->at != '\\') {
        const unsigned char byte = (unsigned char)*scan->at;
        const size_t step =
            byte < 0x80 ? 1 : zdd_utf8_step(scan->at, (size_t)(scan->end - scan->at));

        if (byte < ' ' || step == 0)
            return false;
        scan->at += step;
    }
    return scan->at < scan->end;
}

/* @return what stands for backslash and @p byte; NUL when that is unusual */
static char unescape(char byte)
{
    static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
    const char *found = byte ? strchr(from, byte) : NULL;

    if (!found)
        return '\0';
    return to[found - from];
}

/* A text with escapes, from @p start on; the first of them is next. */
static json_t *read_escaped(struct scan *scan, const char *start)
{
    char text[UNESCAPED_MAX];
    size_t used = 0;

    while (true) { /* ends with the text */
        const size_t plain = (size_t)(scan->at - start);

        if (plain + 1 >= sizeof(text) - used)
            return NULL;
        memcpy(text + used, start, plain);
        used += plain;
        if (*scan->at++ == '"')
            return json_stringn_nocheck(text, used);
        if (scan->at == scan->end)
            return NULL;
        text[used] = unescape(*scan->at++);
        start = scan->at;
        if (!text[used++] || !skip_plain(scan))
            return NULL;
    }
}

static json_t *read_text(struct scan *scan)
{
    const char *start = scan->at;

    if (!skip_plain(scan))
        return NULL;
    if (*scan->at == '\\')
        return read_escaped(scan, start);
    return json_stringn_nocheck(start, (size_t)(scan->at++ - start));
}

static bool read_key(struct scan *scan, char key[static KEY_SIZE])
{
    const char *start;
    size_t size;

    if (!take(scan, '"'))
        return false;
    start = scan->at;
    if (!skip_plain(scan) || *scan->at == '\\')
        return false;
    size = (size_t)(scan->at++ - start);
    if (size >= KEY_SIZE)
        return false;
    memcpy(key, start, size);
    key[size] = '\0';
    return true;
}

static json_t *read_object(struct scan *scan)
{
    ZDD_AUTO_JSON json_t *object = json_object();
    size_t count = 0;
    char key[KEY_SIZE];

    if (take(scan, '}'))
        return ZDD_TAKE(object);
    do {
        json_t *value = read_key(scan, key) && take(scan, ':') ? read_value(scan) : NULL;

        /* jansson takes the reference, and measures the key before it says no to NULL: without a
         * value there may be none. A duplicate adds no member. */
        if (!value || json_object_set_new_nocheck(object, key, value) != 0 ||
            json_object_size(object) != ++count)
            return NULL;
    } while (take(scan, ','));
    return take(scan, '}') ? ZDD_TAKE(object) : NULL;
}

static json_t *read_array(struct scan *scan)
{
    ZDD_AUTO_JSON json_t *array = json_array();

    if (take(scan, ']'))
        return ZDD_TAKE(array);
    do {
        if (json_array_append_new(array, read_value(scan)) != 0)
            return NULL;
    } while (take(scan, ','));
    return take(scan, ']') ? ZDD_TAKE(array) : NULL;
}

static size_t skip_digits(struct scan *scan)
{
    const char *start = scan->at;

    while (scan->at < scan->end && *scan->at >= '0' && *scan->at <= '9')
        scan->at++;
    return (size_t)(scan->at - start);
}

static json_t *read_integer(const char *digits, size_t count, bool negative)
{
    json_int_t value = 0;

    for (size_t i = 0; i < count; i++)
        value = value * 10 + (digits[i] - '0');
    return json_integer(negative ? -value : value);
}

/* The number that began at @p start goes on with a fraction or an exponent. */
static json_t *read_real(struct scan *scan, const char *start)
{
    char text[REAL_SIZE], *end = NULL;
    size_t size;
    double value;

    if (*scan->at == '.') {
        scan->at++;
        if (skip_digits(scan) == 0)
            return NULL;
    }
    if (scan->at < scan->end && (*scan->at == 'e' || *scan->at == 'E')) {
        scan->at++;
        if (scan->at < scan->end && (*scan->at == '+' || *scan->at == '-'))
            scan->at++;
        if (skip_digits(scan) == 0)
            return NULL;
    }
    size = (size_t)(scan->at - start);
    if (size >= sizeof(text))
        return NULL;
    memcpy(text, start, size);
    text[size] = '\0';
    value = strtod(text, &end);
    return *end == '\0' && isfinite(value) ? json_real(value) : NULL;
}

static json_t *read_number(struct scan *scan)
{
    const char *start = scan->at;
    const bool negative = *start == '-';
    size_t count;

    scan->at += negative;
    count = skip_digits(scan);
    if (count == 0 || count > INTEGER_DIGITS || (count > 1 && start[negative] == '0'))
        return NULL;
    if (scan->at < scan->end && (*scan->at == '.' || *scan->at == 'e' || *scan->at == 'E'))
        return read_real(scan, start);
    return read_integer(start + negative, count, negative);
}

static json_t *read_word(struct scan *scan, const char *word, json_t *value)
{
    const size_t size = strlen(word);

    if ((size_t)(scan->end - scan->at) < size || memcmp(scan->at, word, size) != 0)
        return NULL; /* the three words are no references to give back */
    scan->at += size;
    return value;
}

static json_t *read_inside(struct scan *scan, json_t *(*read)(struct scan *scan))
{
    json_t *value;

    scan->at++;
    if (++scan->depth > ZDD_JSON_DEPTH_MAX)
        return NULL;
    value = read(scan);
    scan->depth--;
    return value;
}

static json_t *read_value(struct scan *scan)
{
    skip_space(scan);
    if (scan->at == scan->end)
        return NULL;
    switch (*scan->at) {
    case '{':
        return read_inside(scan, read_object);
    case '[':
        return read_inside(scan, read_array);
    case '"':
        scan->at++;
        return read_text(scan);
    case 't':
        return read_word(scan, "true", json_true());
    case 'f':
        return read_word(scan, "false", json_false());
    case 'n':
        return read_word(scan, "null", json_null());
    default:
        return read_number(scan);
    }
}

json_t *zdd_json_quick(const char *text, size_t size)
{
    struct scan scan = {.at = text, .end = text + size};
    ZDD_AUTO_JSON json_t *json = read_value(&scan);

    skip_space(&scan);
    return scan.at == scan.end ? ZDD_TAKE(json) : NULL;
}
