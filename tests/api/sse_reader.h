/**
 * @file tests/api/sse_reader.h
 * @brief A reader of an event stream, byte by byte over a raw socket, each event held against the
 * contract.
 */
#pragma once

#include "tests/api/api_world.h"
#include "tests/api/wire.h"

struct sse_event {
    int64_t id;
    char type[64];
    json_t *data; /* owned */
};

struct sse_reader {
    struct wire wire;
    json_t *contract;
    char *text; /* decoded, not consumed yet */
    size_t size;
    char head[2000];
    bool over; /* the stream has ended */
};

/** Connect and ask for @p path; reads the headers. @p last_event_id NULL: none. */
void sse_open(struct sse_reader *reader, struct api_world *world, const char *path,
              const char *last_event_id);
void sse_close(struct sse_reader *reader);

/** The next event. @return false when the stream has ended before */
bool sse_next(struct sse_reader *reader, struct sse_event *ret_event);

/** The next event must be of this type. @return its id */
int64_t sse_expect(struct sse_reader *reader, const char *type);

/** Wait for the next comment (a line with a colon alone); there must be no event before it. */
void sse_expect_comment(struct sse_reader *reader);
