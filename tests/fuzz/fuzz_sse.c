/**
 * @file tests/fuzz/fuzz_sse.c
 * @brief An event stream in any slicing gives the same events.
 */
#include "server/net/sse.h"
#include "tests/fuzz/fuzz.h"

#include <string.h>

struct record {
    struct zdd_buf text; /* each event's name and data, with their sizes */
    size_t count;
};

static void note(void *cls, const char *event, const char *data, size_t size)
{
    struct record *record = cls;

    FUZZ_CHECK(data[size] == '\0' && event);
    zdd_buf_printf(&record->text, "%s %zu ", event, size);
    zdd_buf_append(&record->text, data, size);
    record->count++;
}

/* A size from 1 to @p max; each piece has its own, drawn from @p seed. */
static size_t piece_size(uint32_t *seed, size_t max)
{
    *seed = *seed * 1664525u + 1013904223u;
    return 1 + (*seed >> 16) % max;
}

static struct record play(const uint8_t *data, size_t size, size_t piece_max, uint32_t seed)
{
    struct record record = {0};
    struct zdd_sse_parser parser = {.on_event = note, .cls = &record};

    while (size > 0) {
        size_t piece = piece_max ? piece_size(&seed, piece_max) : size;

        if (piece > size)
            piece = size;
        zdd_sse_feed(&parser, (const char *)data, piece);
        data += piece;
        size -= piece;
    }
    zdd_sse_release(&parser);
    return record;
}

static void must_be_same(const struct record *a, const struct record *b)
{
    FUZZ_CHECK(a->count == b->count && a->text.size == b->text.size);
    FUZZ_CHECK(a->text.size == 0 || memcmp(a->text.data, b->text.data, a->text.size) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const size_t pieces[] = {1, 2, 3, 7, 50};
    struct record whole = play(data, size, 0, 0);

    for (size_t i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++) {
        struct record sliced = play(data, size, pieces[i], (uint32_t)size);

        must_be_same(&whole, &sliced);
        zdd_buf_release(&sliced.text);
    }
    zdd_buf_release(&whole.text);
    return 0;
}
