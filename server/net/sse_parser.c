/**
 * @file server/net/sse_parser.c
 * @brief The parser of event streams (WHATWG HTML, "Parsing an event stream").
 */
#include "server/net/sse.h"

#include <string.h>

#define NAME_MAX_BYTES ((size_t)256)         /* of an event's name */
#define KEEP_MAX_BYTES ((size_t)1024 * 1024) /* memory kept from one event to the next */

static void empty(struct zdd_buf *buf)
{
    if (buf->capacity > KEEP_MAX_BYTES)
        zdd_buf_release(buf);
    else
        zdd_buf_clear(buf);
}

static void drop_event(struct zdd_sse_parser *parser)
{
    parser->dropping = true;
    empty(&parser->data);
}

static void dispatch(struct zdd_sse_parser *parser)
{
    if (parser->dropping) {
        parser->dropped++;
    } else if (parser->data.size > 0) {
        parser->data.data[--parser->data.size] = '\0'; /* each line left its line feed behind */
        parser->on_event(parser->cls, parser->event.size ? parser->event.data : "message",
                         parser->data.data, parser->data.size);
    }
    parser->dropping = false;
    empty(&parser->event);
    empty(&parser->data);
}

static bool is_field(const char *line, size_t size, const char *name)
{
    return size == strlen(name) && memcmp(line, name, size) == 0;
}

/* One line that is not empty. `id` and `retry` are ignored: Marathon knows no replay. */
static void take_field(struct zdd_sse_parser *parser, const char *line, size_t size)
{
    const char *colon = memchr(line, ':', size);
    const size_t name = colon ? (size_t)(colon - line) : size;
    const char *value = colon ? colon + 1 : line + size;
    size_t rest = (size_t)(line + size - value);

    if (rest > 0 && *value == ' ') {
        value++;
        rest--;
    }
    if (is_field(line, name, "event")) {
        zdd_buf_clear(&parser->event);
        zdd_buf_append(&parser->event, value, rest);
    } else if (is_field(line, name, "data")) {
        zdd_buf_append(&parser->data, value, rest);
        zdd_buf_append(&parser->data, "\n", 1);
    }
    if (parser->event.err != ZDD_ERR_NONE || parser->data.err != ZDD_ERR_NONE)
        drop_event(parser);
}

static void end_line(struct zdd_sse_parser *parser)
{
    static const char bom[] = "\xEF\xBB\xBF";
    const char *line = parser->line.size ? parser->line.data : "";
    size_t size = parser->line.size;

    if (!parser->began && size >= 3 && memcmp(line, bom, 3) == 0) {
        line += 3;
        size -= 3;
    }
    parser->began = true;
    if (size == 0)
        dispatch(parser);
    else if (!parser->dropping)
        take_field(parser, line, size);
    empty(&parser->line);
}

/* While an event is dropped, one byte stands for its whole line: empty or not is all that counts.
 */
static void add_to_line(struct zdd_sse_parser *parser, const char *bytes, size_t size)
{
    if (parser->dropping && parser->line.size > 0)
        return;
    zdd_buf_append(&parser->line, bytes, parser->dropping ? 1 : size);
    if (parser->line.err == ZDD_ERR_NONE)
        return;
    drop_event(parser);
    empty(&parser->line);
    zdd_buf_append(&parser->line, "x", 1);
}

void zdd_sse_feed(struct zdd_sse_parser *parser, const char *bytes, size_t size)
{
    const char *const end = bytes + size;

    parser->event.max = NAME_MAX_BYTES;
    parser->data.max = ZDD_SSE_EVENT_MAX;
    parser->line.max = ZDD_SSE_EVENT_MAX;
    while (bytes < end) {
        const char *at = bytes;

        if (parser->last_was_cr && *bytes == '\n')
            at = ++bytes; /* the second half of CRLF */
        parser->last_was_cr = false;
        while (at < end && *at != '\n' && *at != '\r')
            at++;
        if (at > bytes)
            add_to_line(parser, bytes, (size_t)(at - bytes));
        if (at == end)
            return;
        parser->last_was_cr = *at == '\r';
        end_line(parser);
        bytes = at + 1;
    }
}

void zdd_sse_release(struct zdd_sse_parser *parser)
{
    zdd_buf_release(&parser->line);
    zdd_buf_release(&parser->event);
    zdd_buf_release(&parser->data);
    parser->began = parser->last_was_cr = parser->dropping = false;
}
