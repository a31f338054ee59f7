/**
 * @file tests/api/sse_reader.c
 * @brief Reading server-sent events out of chunks.
 */
#include "tests/api/sse_reader.h"

#include "tests/support/contract.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void append(struct sse_reader *reader, const char *data, size_t size)
{
    reader->text = realloc(reader->text, reader->size + size + 1);
    assert_non_null(reader->text);
    memcpy(reader->text + reader->size, data, size);
    reader->size += size;
    reader->text[reader->size] = '\0';
}

static void consume(struct wire *wire, size_t size)
{
    memmove(wire->data, wire->data + size, wire->size - size);
    wire->size -= size;
}

/* Take one chunk off the wire. */
static void read_chunk(struct sse_reader *reader)
{
    struct wire *wire = &reader->wire;
    size_t line = 0;
    unsigned long size;

    for (;;) {
        while (line + 1 < wire->size && memcmp(wire->data + line, "\r\n", 2) != 0)
            line++;
        if (line + 1 < wire->size)
            break;
        if (!wire_fill(wire, wire->size + 1)) {
            reader->over = true;
            return;
        }
    }
    size = strtoul(wire->data, NULL, 16);
    if (!wire_fill(wire, line + 2 + size + 2)) {
        reader->over = true;
        return;
    }
    append(reader, wire->data + line + 2, size);
    consume(wire, line + 2 + size + 2);
    reader->over = size == 0;
}

void sse_open(struct sse_reader *reader, struct api_world *world, const char *path,
              const char *last_event_id)
{
    char request[600];
    size_t size = 4;

    *reader = (struct sse_reader){.wire = wire_open(world->port), .contract = contract_load()};
    snprintf(request, sizeof(request),
             "GET %s HTTP/1.1\r\nHost: test\r\nAuthorization: Bearer %s\r\n"
             "Accept: text/event-stream\r\n%s%s%s\r\n",
             path, world->token, last_event_id ? "Last-Event-ID: " : "",
             last_event_id ? last_event_id : "", last_event_id ? "\r\n" : "");
    wire_send(&reader->wire, request);
    assert_true(wire_expect(&reader->wire, "\r\n\r\n"));
    while (memcmp(reader->wire.data + size - 4, "\r\n\r\n", 4) != 0)
        size++;
    snprintf(reader->head, sizeof(reader->head), "%.*s", (int)size, reader->wire.data);
    consume(&reader->wire, size);
}

void sse_close(struct sse_reader *reader)
{
    wire_close(&reader->wire);
    json_decref(reader->contract);
    free(reader->text);
}

/* One block up to its empty line, into @p ret_block. @return false at the end of the stream */
static bool next_block(struct sse_reader *reader, char *ret_block, size_t size)
{
    const char *end;
    size_t used;

    while (!reader->text || !(end = strstr(reader->text, "\n\n"))) {
        if (reader->over)
            return false;
        read_chunk(reader);
    }
    used = (size_t)(end - reader->text) + 2;
    assert_true(used < size);
    memcpy(ret_block, reader->text, used);
    ret_block[used] = '\0';
    memmove(reader->text, reader->text + used, reader->size - used + 1);
    reader->size -= used;
    return true;
}

static bool read_event(struct sse_reader *reader, const char *block, struct sse_event *event)
{
    const char *data = strstr(block, "\ndata: ");
    const char *type = strstr(block, "\nevent: ");

    if (strncmp(block, "id: ", 4) != 0 || !type || !data)
        return false;
    event->id = strtoll(block + 4, NULL, 10);
    snprintf(event->type, sizeof(event->type), "%.*s", (int)strcspn(type + 8, "\n"), type + 8);
    event->data = json_loadb(data + 7, strcspn(data + 7, "\n"), JSON_REJECT_DUPLICATES, NULL);
    assert_non_null(event->data);
    if (strcmp(event->type, "reset") == 0)
        return true;
    contract_check_value(reader->contract, "Event", event->data);
    assert_int_equal(json_integer_value(json_object_get(event->data, "seq")), event->id);
    assert_string_equal(json_string_value(json_object_get(event->data, "type")), event->type);
    return true;
}

bool sse_next(struct sse_reader *reader, struct sse_event *ret_event)
{
    static char block[65536];

    *ret_event = (struct sse_event){0};
    while (next_block(reader, block, sizeof(block))) {
        if (read_event(reader, block, ret_event))
            return true;
    }
    return false;
}

int64_t sse_expect(struct sse_reader *reader, const char *type)
{
    struct sse_event event;

    if (!sse_next(reader, &event))
        fail_msg("the stream ended before %s", type);
    assert_string_equal(event.type, type);
    json_decref(event.data);
    return event.id;
}

void sse_expect_comment(struct sse_reader *reader)
{
    char block[2000] = "";

    do {
        assert_true(next_block(reader, block, sizeof(block)));
        assert_null(strstr(block, "event:"));
    } while (block[0] != ':');
}
