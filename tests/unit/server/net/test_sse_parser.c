/**
 * @file tests/unit/server/net/test_sse_parser.c
 * @brief Event streams in any slicing, by the rules of WHATWG HTML.
 */
#include "server/net/sse.h"
#include "tests/support/spec.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Writes "name=data;" for each event. */
static void note(void *cls, const char *event, const char *data, size_t size)
{
    zdd_buf_printf(cls, "%s=%s;", event, data);
    assert_int_equal(strlen(data), size);
}

/* The events of @p bytes when they come in three pieces, cut at @p first and @p second. */
static void assert_events_cut(const char *bytes, size_t size, size_t first, size_t second,
                              const char *wanted)
{
    ZDD_AUTO_BUF struct zdd_buf log = {0};
    struct zdd_sse_parser parser = {.on_event = note, .cls = &log};

    zdd_sse_feed(&parser, bytes, first);
    zdd_sse_feed(&parser, bytes + first, second - first);
    zdd_sse_feed(&parser, bytes + second, size - second);
    zdd_sse_release(&parser);
    if (strcmp(log.size ? log.data : "", wanted) != 0)
        fail_msg("cut at %zu and %zu: \"%s\" instead of \"%s\"", first, second,
                 log.size ? log.data : "", wanted);
}

/* The same, whole, byte by byte, and cut at every two places. */
static void assert_events(const char *bytes, const char *wanted)
{
    const size_t size = strlen(bytes);
    ZDD_AUTO_BUF struct zdd_buf log = {0};
    struct zdd_sse_parser parser = {.on_event = note, .cls = &log};

    for (size_t i = 0; i < size; i++)
        zdd_sse_feed(&parser, bytes + i, 1);
    zdd_sse_release(&parser);
    assert_string_equal(log.size ? log.data : "", wanted);
    for (size_t first = 0; first <= size; first++) {
        for (size_t second = first; second <= size; second++)
            assert_events_cut(bytes, size, first, second, wanted);
    }
}

static void frames_of_marathon_become_events(void **state)
{
    (void)state;
    assert_events("event: deployment_info\r\ndata: {\"a\":1}\r\n\r\n"
                  "event: status_update_event\r\ndata: {\"b\":2}\r\n\r\n",
                  "deployment_info={\"a\":1};status_update_event={\"b\":2};");
}

static void lines_end_with_cr_or_lf_or_both(void **state)
{
    (void)state;
    assert_events("event: a\ndata: 1\n\nevent: b\ndata: 2\n\n", "a=1;b=2;");
    assert_events("event: a\rdata: 1\r\revent: b\rdata: 2\r\r", "a=1;b=2;");
    assert_events("event: a\r\ndata: 1\n\revent: b\rdata: 2\r\n\n", "a=1;b=2;");
}

static void a_heartbeat_of_cr_and_lf_in_two_packets_is_no_event(void **state)
{
    (void)state;
    assert_events("\r\n\r\n\r\n", "");
    assert_events("\r\nevent: a\r\ndata: 1\r\n\r\n\r\n\r\ndata: 2\r\n\r\n", "a=1;message=2;");
}

static void a_heartbeat_inside_a_frame_ends_it(void **state)
{
    (void)state;
    assert_events("event: a\r\n\r\ndata: 1\r\n\r\n", "message=1;");
}

static void several_data_lines_are_joined(void **state)
{
    (void)state;
    assert_events("data: a\ndata: b\ndata\ndata:c\n\n", "message=a\nb\n\nc;");
}

static void the_examples_of_the_standard_come_out_as_printed_there(void **state)
{
    (void)state;
    assert_events("data: YHOO\ndata: +2\ndata: 10\n\n", "message=YHOO\n+2\n10;");
    assert_events(": test stream\n\ndata: first event\nid: 1\n\ndata:second event\nid\n\n"
                  "data:  third event\n\n",
                  "message=first event;message=second event;message= third event;");
    assert_events("data\n\ndata\ndata\n\ndata:", "message=;message=\n;");
    assert_events("data:test\n\ndata: test\n\n", "message=test;message=test;");
}

static void an_event_without_its_empty_line_is_forgotten(void **state)
{
    (void)state;
    assert_events("data: 1\n\ndata: 2\n", "message=1;");
    assert_events("data: 1\n\ndata: 2", "message=1;");
}

static void a_name_without_data_is_no_event_and_names_nothing_later(void **state)
{
    (void)state;
    assert_events("event: a\n\ndata: 1\n\n", "message=1;");
    assert_events("event: a\nevent: b\ndata: 1\n\n", "b=1;");
    assert_events("event: a\nevent\ndata: 1\n\n", "message=1;");
}

static void comments_ids_retries_and_unknown_fields_are_ignored(void **state)
{
    (void)state;
    assert_events(": hello\nid: 7\nretry: 100\nfoo: bar\nDATA: no\n data: no\ndata : no\n"
                  "data: 1\n:\n\n",
                  "message=1;");
}

static void a_byte_order_mark_is_ignored_at_the_start_only(void **state)
{
    (void)state;
    assert_events("\xEF\xBB\xBF"
                  "data: 1\n\n",
                  "message=1;");
    assert_events("data: 1\n\n\xEF\xBB\xBF"
                  "data: 2\n\n",
                  "message=1;");
    assert_events("\xEF\xBB\xBF\n\ndata: 1\n\n", "message=1;");
}

static void a_value_loses_one_space_and_keeps_its_colons(void **state)
{
    (void)state;
    assert_events("data:  a:b: c\n\n", "message= a:b: c;");
    assert_events("data: \n\n", "message=;");
}

static void another_stream_starts_afresh(void **state)
{
    ZDD_AUTO_BUF struct zdd_buf log = {0};
    struct zdd_sse_parser parser = {.on_event = note, .cls = &log};
    static const char second[] = "\xEF\xBB\xBF"
                                 "\ndata: 2\n\n";

    (void)state;
    zdd_sse_feed(&parser, "event: a\ndata: 1\r", 17);
    zdd_sse_release(&parser);
    zdd_sse_feed(&parser, second, sizeof(second) - 1);
    zdd_sse_release(&parser);
    assert_string_equal(log.data, "message=2;");
}

/* Feed "data: xxx…" with @p size bytes of data, in blocks, in one line or in lines of a block. */
static void feed_large(struct zdd_sse_parser *parser, size_t size, bool one_line)
{
    static char block[1 << 16];

    memset(block, 'x', sizeof(block));
    zdd_sse_feed(parser, "event: large\n", 13);
    if (one_line)
        zdd_sse_feed(parser, "data:", 5);
    for (size_t left = size; left > 0;) {
        const size_t now = left < sizeof(block) ? left : sizeof(block);

        if (!one_line)
            zdd_sse_feed(parser, "data:", 5);
        zdd_sse_feed(parser, block, now);
        if (!one_line)
            zdd_sse_feed(parser, "\n", 1);
        left -= now;
    }
    zdd_sse_feed(parser, "\n\n", one_line ? 2 : 1);
}

static void count(void *cls, const char *event, const char *data, size_t size)
{
    size_t *sizes = cls;

    (void)event, (void)data;
    sizes[0]++;
    sizes[1] = size;
}

static void an_event_that_is_too_large_is_dropped_whole_and_counted(void **state)
{
    size_t seen[2] = {0};
    struct zdd_sse_parser parser = {.on_event = count, .cls = seen};

    (void)state;
    feed_large(&parser, ZDD_SSE_EVENT_MAX - 5, true); /* the line, its name included, just fits */
    assert_int_equal(seen[0], 1);
    assert_int_equal(seen[1], ZDD_SSE_EVENT_MAX - 5);
    feed_large(&parser, ZDD_SSE_EVENT_MAX - 4, true);
    assert_int_equal(seen[0], 1);
    assert_int_equal(parser.dropped, 1);
    feed_large(&parser, ZDD_SSE_EVENT_MAX + 1, false);
    assert_int_equal(seen[0], 1);
    assert_int_equal(parser.dropped, 2);
    zdd_sse_feed(&parser, "data: small\n\n", 13);
    assert_int_equal(seen[0], 2);
    assert_int_equal(seen[1], 5);
    assert_true(parser.data.capacity + parser.line.capacity < 4096u * 1024);
    zdd_sse_release(&parser);
}

static void lines_after_the_one_that_was_too_long_still_belong_to_the_dropped_event(void **state)
{
    size_t seen[2] = {0};
    struct zdd_sse_parser parser = {.on_event = count, .cls = seen};
    static char block[1 << 16];

    (void)state;
    zdd_sse_feed(&parser, "data: ", 6);
    for (size_t i = 0; i <= ZDD_SSE_EVENT_MAX / sizeof(block); i++)
        zdd_sse_feed(&parser, block, sizeof(block));
    zdd_sse_feed(&parser, "\ndata: more\n:\ndata: x\n", 22);
    assert_int_equal(parser.dropped, 0); /* not over yet */
    zdd_sse_feed(&parser, "\n", 1);
    assert_int_equal(parser.dropped, 1);
    assert_int_equal(seen[0], 0);
    zdd_sse_release(&parser);
}

static void an_event_with_a_name_over_256_bytes_is_dropped(void **state)
{
    size_t seen[2] = {0};
    struct zdd_sse_parser parser = {.on_event = count, .cls = seen};
    char name[258];

    (void)state;
    memset(name, 'n', sizeof(name));
    zdd_sse_feed(&parser, "event:", 6);
    zdd_sse_feed(&parser, name, 257);
    zdd_sse_feed(&parser, "\ndata: 1\n\nevent:", 16);
    zdd_sse_feed(&parser, name, 256);
    zdd_sse_feed(&parser, "\ndata: 1\n\n", 10);
    assert_int_equal(seen[0], 1);
    assert_int_equal(parser.dropped, 1);
    zdd_sse_release(&parser);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(frames_of_marathon_become_events),
        cmocka_unit_test(lines_end_with_cr_or_lf_or_both),
        cmocka_unit_test(a_heartbeat_of_cr_and_lf_in_two_packets_is_no_event),
        cmocka_unit_test(a_heartbeat_inside_a_frame_ends_it),
        cmocka_unit_test(several_data_lines_are_joined),
        cmocka_unit_test(the_examples_of_the_standard_come_out_as_printed_there),
        cmocka_unit_test(an_event_without_its_empty_line_is_forgotten),
        cmocka_unit_test(a_name_without_data_is_no_event_and_names_nothing_later),
        cmocka_unit_test(comments_ids_retries_and_unknown_fields_are_ignored),
        cmocka_unit_test(a_byte_order_mark_is_ignored_at_the_start_only),
        cmocka_unit_test(a_value_loses_one_space_and_keeps_its_colons),
        cmocka_unit_test(another_stream_starts_afresh),
        cmocka_unit_test(an_event_that_is_too_large_is_dropped_whole_and_counted),
        cmocka_unit_test(lines_after_the_one_that_was_too_long_still_belong_to_the_dropped_event),
        cmocka_unit_test(an_event_with_a_name_over_256_bytes_is_dropped),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
