/**
 * @file server/base/log.c
 * @brief logfmt lines, each written by one call, without the heap: it must work when memory is
 * short.
 */
#include "server/base/log.h"

#include "server/base/clock.h"
#include "server/base/utf8.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define LINE_MAX_BYTES 8192 /* a pair that does not fit whole is left out, and the line says so */
#define VALUE_MAX_BYTES 512
#define CUT_MARK " truncated=true"

struct line {
    char text[LINE_MAX_BYTES];
    size_t size;
    bool full;
};

static _Atomic int least_level = ZDD_LOG_INFO;

void zdd_log_level_set(enum zdd_log_level level)
{
    atomic_store(&least_level, (int)level);
}

static void add(struct line *line, const char *text, size_t size)
{
    /* The mark and the line's end always keep their place. */
    if (size > sizeof(line->text) - line->size - sizeof(CUT_MARK))
        line->full = true;
    if (line->full)
        return;
    memcpy(line->text + line->size, text, size);
    line->size += size;
}

static bool needs_quotes(const char *value, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        const unsigned char byte = (unsigned char)value[i];

        if (byte <= ' ' || byte >= 0x7F || strchr("\"\\=", byte))
            return true;
    }
    return size == 0;
}

/* U+0080 to U+009F, which terminals may obey. */
static bool is_c1_control(const char *text, size_t size)
{
    return size == 2 && (unsigned char)text[0] == 0xC2 && (unsigned char)text[1] < 0xA0;
}

static void add_character(struct line *line, const char *text, size_t size)
{
    static const char digits[] = "0123456789abcdef";
    const unsigned char byte = (unsigned char)text[0];

    if (size > 1 || (byte >= ' ' && byte < 0x7F && byte != '"' && byte != '\\')) {
        add(line, text, size);
    } else if (byte == '\n') {
        add(line, "\\n", 2);
    } else if (byte == '"' || byte == '\\') {
        add(line, (const char[]){'\\', text[0]}, 2);
    } else {
        add(line, (const char[]){'\\', 'x', digits[byte >> 4], digits[byte & 15]}, 4);
    }
}

static void add_quoted(struct line *line, const char *value, size_t size)
{
    size_t step;

    add(line, "\"", 1);
    for (size_t i = 0; i < size; i += step) {
        step = zdd_utf8_step(value + i, size - i);
        if (step == 0 || is_c1_control(value + i, step))
            step = 1; /* a byte that is no character is written as its number */
        add_character(line, value + i, step);
    }
    add(line, "\"", 1);
}

static void add_pair(struct line *line, const char *key, const char *value)
{
    const size_t before = line->size;
    const size_t length = strnlen(value, VALUE_MAX_BYTES + 4);
    size_t size = 0;

    /* Cut between characters. */
    while (size < length) {
        const size_t step = zdd_utf8_step(value + size, length - size);

        if (size + (step ? step : 1) > VALUE_MAX_BYTES)
            break;
        size += step ? step : 1;
    }
    if (line->size > 0)
        add(line, " ", 1);
    add(line, key, strlen(key));
    add(line, "=", 1);
    if (needs_quotes(value, size))
        add_quoted(line, value, size);
    else
        add(line, value, size);
    if (line->full)
        line->size = before; /* half a value could be taken for a whole one */
}

void zdd_log(enum zdd_log_level level, const char *event, ...)
{
    static const char *const names[] = {"debug", "info", "warn", "error"};
    struct line line;
    char now[ZDD_TIME_SIZE];
    va_list args;

    if ((int)level < atomic_load(&least_level))
        return;
    line.size = 0;
    line.full = false;
    zdd_time_format(zdd_now_ms(), now);
    add_pair(&line, "time", now);
    add_pair(&line, "level", names[level]);
    add_pair(&line, "event", event);
    va_start(args, event);
    for (const char *key = va_arg(args, const char *); key; key = va_arg(args, const char *)) {
        const char *value = va_arg(args, const char *);

        if (value)
            add_pair(&line, key, value);
    }
    va_end(args);
    if (line.full) {
        memcpy(line.text + line.size, CUT_MARK, strlen(CUT_MARK));
        line.size += strlen(CUT_MARK);
    }
    line.text[line.size++] = '\n';
    (void)fwrite(line.text, 1, line.size, stderr); /* unbuffered: one write, and stdio locks it */
}
