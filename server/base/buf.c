/**
 * @file server/base/buf.c
 * @brief The growing text.
 */
#include "server/base/buf.h"

#include "server/base/cleanup.h"
#include "server/base/utf8.h"

#include <assert.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEFAULT_MAX ((size_t)64 * 1024 * 1024) /* bytes */
#define FIRST_CAPACITY ((size_t)256)           /* bytes; most replies and log lines fit */

/* Room for @p more bytes and the NUL, or the sticky error. */
static bool reserve(struct zdd_buf *buf, size_t more)
{
    const size_t max = buf->max ? buf->max : DEFAULT_MAX;
    size_t capacity = buf->capacity ? buf->capacity : FIRST_CAPACITY;
    char *grown;

    assert(max <= SIZE_MAX / 4); /* so that doubling below cannot wrap */
    if (buf->err != ZDD_ERR_NONE)
        return false;
    if (more > max || buf->size > max - more) {
        buf->err = ZDD_ERR_BODY_TOO_BIG;
        return false;
    }
    while (capacity < buf->size + more + 1)
        capacity *= 2;
    if (capacity == buf->capacity)
        return true;
    grown = realloc(buf->data, capacity);
    if (!grown) {
        buf->err = ZDD_ERR_NO_MEMORY;
        return false;
    }
    buf->data = grown;
    buf->capacity = capacity;
    return true;
}

void zdd_buf_append(struct zdd_buf *buf, const void *data, size_t size)
{
    if (size == 0 || !reserve(buf, size))
        return;
    memcpy(buf->data + buf->size, data, size);
    buf->size += size;
    buf->data[buf->size] = '\0';
}

void zdd_buf_reserve(struct zdd_buf *buf, size_t more)
{
    const size_t max = buf->max ? buf->max : DEFAULT_MAX;

    if (buf->err == ZDD_ERR_NONE && buf->size < max)
        (void)reserve(buf, more < max - buf->size ? more : max - buf->size);
}

void zdd_buf_text(struct zdd_buf *buf, const char *text)
{
    zdd_buf_append(buf, text, strlen(text));
}

void zdd_buf_printf(struct zdd_buf *buf, const char *format, ...)
{
    va_list args;
    va_list again;
    int size;

    va_start(args, format);
    va_copy(again, args);
    size = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (size < 0)
        buf->err = buf->err != ZDD_ERR_NONE ? buf->err : ZDD_ERR_NO_MEMORY;
    else if (size > 0 && reserve(buf, (size_t)size)) {
        vsnprintf(buf->data + buf->size, (size_t)size + 1, format, again);
        buf->size += (size_t)size;
    }
    va_end(again);
}

static bool is_plain(unsigned char byte)
{
    return byte >= 0x20 && byte < 0x7F && byte != '"' && byte != '\\';
}

/* One character below U+0080 that is_plain() refuses. */
static void append_escape(struct zdd_buf *buf, unsigned char byte)
{
    static const char from[] = "\"\\\b\f\n\r\t";
    static const char to[] = "\"\\bfnrt";
    const char *found = strchr(from, byte);

    if (found)
        zdd_buf_append(buf, (const char[]){'\\', to[found - from]}, 2);
    else
        zdd_buf_printf(buf, "\\u%04x", byte);
}

void zdd_buf_json_string(struct zdd_buf *buf, const char *text)
{
    size_t left;

    if (!text) {
        zdd_buf_text(buf, "null");
        return;
    }
    left = strlen(text);
    zdd_buf_append(buf, "\"", 1);
    while (left > 0 && buf->err == ZDD_ERR_NONE) {
        size_t step = 0;

        while (step < left && is_plain((unsigned char)text[step]))
            step++;
        if (step > 0) {
            zdd_buf_append(buf, text, step);
        } else {
            step = zdd_utf8_step(text, left);
            if (step == 0)
                zdd_buf_append(buf, "\xEF\xBF\xBD", 3);
            else if (step == 1)
                append_escape(buf, (unsigned char)text[0]);
            else
                zdd_buf_append(buf, text, step);
            step += step == 0;
        }
        text += step;
        left -= step;
    }
    zdd_buf_append(buf, "\"", 1);
}

void zdd_buf_clear(struct zdd_buf *buf)
{
    buf->size = 0;
    buf->err = ZDD_ERR_NONE;
    if (buf->data)
        buf->data[0] = '\0';
}

void zdd_buf_release(struct zdd_buf *buf)
{
    free(buf->data);
    *buf = (struct zdd_buf){.max = buf->max};
}

char *zdd_buf_take(struct zdd_buf *buf)
{
    char *text = NULL;

    if (buf->err == ZDD_ERR_NONE)
        text = buf->data ? ZDD_TAKE(buf->data) : calloc(1, 1);
    zdd_buf_release(buf);
    return text;
}
