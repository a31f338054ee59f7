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

#define KEY_MAX_BYTES 120 /* longer keys, and keys that need escapes, take the slow way */

/* Copy @p key when it is plain ASCII without escapes and short. @return its size, 0 when it is not
 * so */
static size_t copy_plain(char *to, const char *key)
{
    size_t size = 0;

    for (; key[size]; size++) {
        const unsigned char byte = (unsigned char)key[size];

        if (size == KEY_MAX_BYTES || byte < 0x20 || byte >= 0x7F || byte == '"' || byte == '\\')
            return 0;
        to[size] = key[size];
    }
    return size;
}

/* One append for comma, key and colon: this is where the time goes. */
static void begin_value(struct zdd_writer *w, const char *key)
{
    char head[KEY_MAX_BYTES + 4]; /* comma, two quotes, colon */
    size_t used = 0, size;

    if (w->comma)
        head[used++] = ',';
    w->comma = true;
    if (!key) {
        zdd_buf_append(w->buf, head, used);
        return;
    }
    size = copy_plain(head + used + 1, key);
    if (size == 0) {
        zdd_buf_append(w->buf, head, used);
        zdd_buf_json_string(w->buf, key);
        zdd_buf_append(w->buf, ":", 1);
        return;
    }
    head[used] = '"';
    used += size + 1;
    head[used++] = '"';
    head[used++] = ':';
    zdd_buf_append(w->buf, head, used);
}

void zdd_w_object(struct zdd_writer *w, const char *key)
{
    begin_value(w, key);
    zdd_buf_append(w->buf, "{", 1);
    w->comma = false;
}

void zdd_w_array(struct zdd_writer *w, const char *key)
{
    begin_value(w, key);
    zdd_buf_append(w->buf, "[", 1);
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
    begin_value(w, key);
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
    begin_value(w, key);
    zdd_buf_append(w->buf, digits + at, sizeof(digits) - at);
}

void zdd_w_real(struct zdd_writer *w, const char *key, double value)
{
    char text[32];

    if (!isfinite(value)) {
        zdd_w_null(w, key);
        return;
    }
    zdd_words_number(value, text);
    begin_value(w, key);
    zdd_buf_text(w->buf, text);
}

void zdd_w_bool(struct zdd_writer *w, const char *key, bool value)
{
    begin_value(w, key);
    zdd_buf_text(w->buf, value ? "true" : "false");
}

void zdd_w_null(struct zdd_writer *w, const char *key)
{
    begin_value(w, key);
    zdd_buf_append(w->buf, "null", 4);
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
    begin_value(w, key);
    zdd_buf_append(w->buf, text, sizeof(text));
}

void zdd_w_raw(struct zdd_writer *w, const char *key, const char *json)
{
    begin_value(w, key);
    zdd_buf_text(w->buf, json && *json ? json : "null");
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
