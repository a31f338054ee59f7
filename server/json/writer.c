/**
 * @file server/json/writer.c
 * @brief Writing JSON straight into a buffer.
 */
#include "server/json/writer.h"

#include "server/base/cleanup.h"
#include "server/base/clock.h"
#include "server/json/json.h"
#include "server/json/words.h"

#include <math.h>
#include <string.h>

#define PLAIN_MAX_BYTES 120 /* longer texts, and those that need escapes, take the slow way */
#define HEAD_MAX_BYTES (PLAIN_MAX_BYTES + 4) /* comma, two quotes, colon */
#define EACH_BYTE(value) (UINT64_C(0x0101010101010101) * (value))

/* Not 0 when a byte of @p word is 0. */
static uint64_t has_zero(uint64_t word)
{
    return (word - EACH_BYTE(1)) & ~word & EACH_BYTE(0x80);
}

/* Eight bytes at once: none outside ASCII, none below a space, no quote, backslash or DEL. */
static bool is_plain_word(uint64_t word)
{
    const uint64_t bad = (word & EACH_BYTE(0x80)) |
                         ((word - EACH_BYTE(0x20)) & ~word & EACH_BYTE(0x80)) |
                         has_zero(word ^ EACH_BYTE('"')) | has_zero(word ^ EACH_BYTE('\\')) |
                         has_zero(word ^ EACH_BYTE(0x7F));

    return bad == 0;
}

static bool is_plain(const char *text, size_t size)
{
    uint64_t word;

    for (; size >= sizeof(word); text += sizeof(word), size -= sizeof(word)) {
        memcpy(&word, text, sizeof(word));
        if (!is_plain_word(word))
            return false;
    }
    word = EACH_BYTE('x');
    memcpy(&word, text, size);
    return is_plain_word(word);
}

/* Write @p text in quotes when that is all it needs. @return bytes written, 0 when it needs more */
static size_t quote_plain(char to[static PLAIN_MAX_BYTES + 2], const char *text)
{
    const size_t size = strlen(text);

    if (size > PLAIN_MAX_BYTES || !is_plain(text, size))
        return 0;
    to[0] = '"';
    memcpy(to + 1, text, size + 1);
    to[size + 1] = '"'; /* where the NUL came to stand */
    return size + 2;
}

/*
 * Write what stands before a value, comma, key, colon, to @p head, so that it and the
 * value go out in one append: here the time goes. A key that needs escapes goes into
 * the buffer at once. @return bytes written to @p head
 */
static size_t begin_value(struct zdd_writer *w, const char *key, char head[static HEAD_MAX_BYTES])
{
    size_t used = 0, size;

    if (w->comma)
        head[used++] = ',';
    w->comma = true;
    if (!key)
        return used;
    size = quote_plain(head + used, key);
    used += size;
    if (size > 0) {
        head[used++] = ':';
        return used;
    }
    zdd_buf_append(w->buf, head, used);
    zdd_buf_json_string(w->buf, key);
    head[0] = ':';
    return 1;
}

/* A value of at most PLAIN_MAX_BYTES that is JSON already. */
static void write_value(struct zdd_writer *w, const char *key, const char *json, size_t size)
{
    char whole[HEAD_MAX_BYTES + PLAIN_MAX_BYTES];
    const size_t used = begin_value(w, key, whole);

    memcpy(whole + used, json, size);
    zdd_buf_append(w->buf, whole, used + size);
}

void zdd_w_object(struct zdd_writer *w, const char *key)
{
    write_value(w, key, "{", 1);
    w->comma = false;
}

void zdd_w_array(struct zdd_writer *w, const char *key)
{
    write_value(w, key, "[", 1);
    w->comma = false;
}

void zdd_w_end_object(struct zdd_writer *w)
{
    zdd_buf_append(w->buf, "}", 1);
    w->comma = true;
}

void zdd_w_end_array(struct zdd_writer *w)
{
    zdd_buf_append(w->buf, "]", 1);
    w->comma = true;
}

void zdd_w_text(struct zdd_writer *w, const char *key, const char *text)
{
    char whole[HEAD_MAX_BYTES + PLAIN_MAX_BYTES + 2];
    const size_t used = begin_value(w, key, whole);
    const size_t size = text ? quote_plain(whole + used, text) : 0;

    zdd_buf_append(w->buf, whole, used + size);
    if (size == 0)
        zdd_buf_json_string(w->buf, text);
}

void zdd_w_int(struct zdd_writer *w, const char *key, int64_t value)
{
    char digits[24];
    size_t at = sizeof(digits);
    uint64_t rest = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;

    do {
        digits[--at] = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest > 0);
    if (value < 0)
        digits[--at] = '-';
    write_value(w, key, digits + at, sizeof(digits) - at);
}

void zdd_w_real(struct zdd_writer *w, const char *key, double value)
{
    char text[32];

    if (!isfinite(value)) {
        zdd_w_null(w, key);
        return;
    }
    zdd_words_number(value, text);
    write_value(w, key, text, strlen(text));
}

void zdd_w_bool(struct zdd_writer *w, const char *key, bool value)
{
    write_value(w, key, value ? "true" : "false", value ? 4 : 5);
}

void zdd_w_null(struct zdd_writer *w, const char *key)
{
    write_value(w, key, "null", 4);
}

void zdd_w_time(struct zdd_writer *w, const char *key, int64_t ms)
{
    char text[ZDD_TIME_SIZE + 1]; /* two quotes instead of the NUL */

    if (ms == 0) {
        zdd_w_null(w, key);
        return;
    }
    text[0] = '"';
    zdd_time_format(ms, text + 1);
    text[ZDD_TIME_SIZE] = '"';
    write_value(w, key, text, sizeof(text));
}

void zdd_w_raw_sized(struct zdd_writer *w, const char *key, const char *json, size_t size)
{
    char head[HEAD_MAX_BYTES];
    const size_t used = begin_value(w, key, head);

    zdd_buf_append(w->buf, head, used);
    zdd_buf_append(w->buf, json, size);
}

void zdd_w_raw(struct zdd_writer *w, const char *key, const char *json)
{
    const char *text = json && *json ? json : "null";

    zdd_w_raw_sized(w, key, text, strlen(text));
}

static void write_object(struct zdd_writer *w, const char *key, const json_t *object)
{
    ZDD_AUTO_FREE const char **keys = zdd_json_keys(object);

    zdd_w_object(w, key);
    if (!keys)
        w->buf->err = ZDD_ERR_NO_MEMORY;
    for (size_t i = 0; keys && keys[i]; i++)
        zdd_w_json(w, keys[i], json_object_get(object, keys[i]));
    zdd_w_end_object(w);
}

static void write_array(struct zdd_writer *w, const char *key, const json_t *array)
{
    zdd_w_array(w, key);
    for (size_t i = 0; i < json_array_size(array); i++)
        zdd_w_json(w, NULL, json_array_get(array, i));
    zdd_w_end_array(w);
}

void zdd_w_json(struct zdd_writer *w, const char *key, const json_t *json)
{
    if (json_is_object(json))
        write_object(w, key, json);
    else if (json_is_array(json))
        write_array(w, key, json);
    else if (json_is_string(json))
        zdd_w_text(w, key, json_string_value(json));
    else if (json_is_integer(json))
        zdd_w_int(w, key, json_integer_value(json));
    else if (json_is_real(json))
        zdd_w_real(w, key, json_real_value(json));
    else if (json_is_boolean(json))
        zdd_w_bool(w, key, json_is_true(json));
    else
        zdd_w_null(w, key);
}
