/**
 * @file server/base/log.c
 * @brief Lines in logfmt or JSON, each written by one call, without the heap: it must work when
 * memory is short.
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

/* What a line has at its end when pairs were left out. */
static const char *const cut_marks[] = {
    [ZDD_LOG_LOGFMT] = " truncated=true",
    [ZDD_LOG_JSON] = ",\"truncated\":\"true\"",
};
#define END_ROOM 32 /* for the mark and the line's end */

struct line {
    char text[LINE_MAX_BYTES];
    size_t size;
    bool full;
    enum zdd_log_format format;
};

static _Atomic int least_level = ZDD_LOG_INFO;
static _Atomic int log_format = ZDD_LOG_LOGFMT;

void zdd_log_level_set(enum zdd_log_level level)
{
    atomic_store(&least_level, (int)level);
}

void zdd_log_format_set(enum zdd_log_format format)
{
    atomic_store(&log_format, (int)format);
}

static void add(struct line *line, const char *text, size_t size)
{
    if (size > sizeof(line->text) - line->size - END_ROOM)
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

/* A byte that is no character of its own, as its number. */
static void add_number(struct line *line, unsigned char byte)
{
    static const char digits[] = "0123456789abcdef";
    const char high = digits[byte >> 4], low = digits[byte & 15];

    if (line->format == ZDD_LOG_LOGFMT)
        add(line, (const char[]){'\\', 'x', high, low}, 4);
    else if (byte < 0x80)
        add(line, (const char[]){'\\', 'u', '0', '0', high, low}, 6);
    else
        add(line, "\\ufffd", 6);
}

static void add_character(struct line *line, const char *text, size_t size)
{
    const unsigned char byte = (unsigned char)text[0];

    if (size > 1 || (byte >= ' ' && byte < 0x7F && byte != '"' && byte != '\\')) {
        add(line, text, size);
    } else if (byte == '\n') {
        add(line, "\\n", 2);
    } else if (byte == '"' || byte == '\\') {
        add(line, (const char[]){'\\', text[0]}, 2);
    } else {
        add_number(line, byte);
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
    if (line->format == ZDD_LOG_JSON) {
        add(line, line->size > 0 ? ",\"" : "{\"", 2);
        add(line, key, strlen(key));
        add(line, "\":", 2);
    } else {
        if (line->size > 0)
            add(line, " ", 1);
        add(line, key, strlen(key));
        add(line, "=", 1);
    }
    if (line->format == ZDD_LOG_JSON || needs_quotes(value, size))
        add_quoted(line, value, size);
    else
        add(line, value, size);
    if (line->full)
        line->size = before; /* half a value could be taken for a whole one */
}

/* There is room: add() left it. */
static void finish(struct line *line)
{
    const char *mark = cut_marks[line->format];
    const char *end = line->format == ZDD_LOG_JSON ? "}\n" : "\n";

    if (line->full) {
        memcpy(line->text + line->size, mark, strlen(mark));
        line->size += strlen(mark);
    }
    memcpy(line->text + line->size, end, strlen(end));
    line->size += strlen(end);
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
    line.format = (enum zdd_log_format)atomic_load(&log_format);
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
    finish(&line);
    (void)fwrite(line.text, 1, line.size, stderr); /* unbuffered: one write, and stdio locks it */
}
