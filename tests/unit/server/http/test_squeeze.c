/**
 * @file tests/unit/server/http/test_squeeze.c
 * @brief Which replies are compressed, for whom, and that nothing of them is lost.
 */
#include "server/base/crypto.h"
#include "server/http/squeeze.h"
#include "tests/support/spec.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

static void text_is_compressed_and_streams_are_not(void **state)
{
    (void)state;
    assert_true(zdd_squeeze_fits("application/json"));
    assert_true(zdd_squeeze_fits("application/problem+json"));
    assert_true(zdd_squeeze_fits("text/plain; charset=utf-8"));
    assert_false(zdd_squeeze_fits("text/event-stream"));
    assert_false(zdd_squeeze_fits("application/x-ndjson"));
    assert_false(zdd_squeeze_fits("image/png"));
}

static void the_header_decides_by_name_and_weight(void **state)
{
    static const struct {
        const char *header;
        bool wanted;
    } rows[] = {
        {NULL, false},          {"", false},
        {"gzip", true},         {"GZIP", true},
        {"br, gzip", true},     {"deflate,gzip;q=0.5", true},
        {"gzip;q=0", false},    {"gzip; q=0.000", false},
        {"*;q=0.1", true},      {"*;q=0", false},
        {"gzip;q=0, *", false}, {"*, gzip;q=0", false},
        {"identity", false},    {"gzipped", false},
        {"x-gzip", false},      {" , ,gzip", true},
        {"gzip;level=9", true}, {";;;", false},
        {"gzip;q=", false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (zdd_squeeze_wanted(rows[i].header) != rows[i].wanted)
            fail_msg("\"%s\" must be %s", rows[i].header, rows[i].wanted ? "taken" : "left");
    }
}

/* What a caller makes of it. */
static void expect_same(const struct zdd_buf *squeezed, const char *text, size_t size)
{
    unsigned char *back = malloc(size);
    z_stream z = {.next_in = (unsigned char *)squeezed->data,
                  .avail_in = (unsigned)squeezed->size,
                  .next_out = back,
                  .avail_out = (unsigned)size};

    assert_non_null(back);
    assert_int_equal(inflateInit2(&z, 31), Z_OK);
    assert_int_equal(inflate(&z, Z_FINISH), Z_STREAM_END);
    assert_int_equal(z.total_out, size);
    assert_memory_equal(back, text, size);
    inflateEnd(&z);
    free(back);
}

static void what_comes_out_is_what_went_in(void **state)
{
    struct zdd_buf reply = {0};
    char *text;
    size_t size;

    (void)state;
    for (int i = 0; i < 500; i++)
        zdd_buf_printf(&reply, "{\"id\":%d,\"appId\":\"/shop/web\"},", i);
    size = reply.size;
    text = malloc(size);
    assert_non_null(text);
    memcpy(text, reply.data, size);
    assert_true(zdd_squeeze(&reply));
    assert_true(reply.size < size / 3);
    expect_same(&reply, text, size);
    zdd_buf_release(&reply);
    free(text);
}

static void what_does_not_shrink_stays(void **state)
{
    struct zdd_buf reply = {0}, empty = {0};
    char noise[2000];

    (void)state;
    zdd_random(noise, sizeof(noise));
    zdd_buf_append(&reply, noise, sizeof(noise));
    assert_false(zdd_squeeze(&reply));
    assert_int_equal(reply.size, sizeof(noise));
    assert_memory_equal(reply.data, noise, sizeof(noise));
    assert_false(zdd_squeeze(&empty));
    zdd_buf_release(&reply);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_is_compressed_and_streams_are_not),
        cmocka_unit_test(the_header_decides_by_name_and_weight),
        cmocka_unit_test(what_comes_out_is_what_went_in),
        cmocka_unit_test(what_does_not_shrink_stays),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
