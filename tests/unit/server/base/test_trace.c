/**
 * @file tests/unit/server/base/test_trace.c
 * @brief Header traceparent: read and written.
 */
#include "server/base/crypto.h"
#include "server/base/trace.h"
#include "tests/support/spec.h"

#include <string.h>

#define TRACE "4bf92f3577b34da6a3ce929d0e0e4736"
#define PARENT "00f067aa0ba902b7"

static void the_trace_is_read_from_a_sound_header_only(void **state)
{
    static const struct {
        const char *header;
        bool sound;
    } rows[] = {
        {"00-" TRACE "-" PARENT "-01", true},
        {"00-" TRACE "-" PARENT "-00", true},
        {"cc-" TRACE "-" PARENT "-01-what-the-future-brings", true},
        {"00-" TRACE "-" PARENT "-01-more", false},
        {"cc-" TRACE "-" PARENT "-01.more", false},
        {"00-" TRACE "-" PARENT "-01 ", false},
        {"ff-" TRACE "-" PARENT "-01", false},
        {"00-00000000000000000000000000000000-" PARENT "-01", false},
        {"00-" TRACE "-0000000000000000-01", false},
        {"00-4BF92F3577B34DA6A3CE929D0E0E4736-" PARENT "-01", false},
        {"00-" TRACE "-" PARENT "-1", false},
        {"00-" TRACE "-" PARENT, false},
        {"00-" TRACE, false},
        {"00-", false},
        {"00", false},
        {"", false},
        {NULL, false},
    };
    char id[ZDD_TRACE_ID_SIZE];

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (zdd_trace_read(rows[i].header, id) != rows[i].sound)
            fail_msg("%s", rows[i].header);
        assert_string_equal(id, rows[i].sound ? TRACE : "");
    }
}

static void a_deployment_is_a_trace(void **state)
{
    char header[ZDD_TRACE_HEADER_SIZE], again[ZDD_TRACE_HEADER_SIZE], id[ZDD_TRACE_ID_SIZE];

    (void)state;
    assert_true(zdd_trace_write("0192a3b4-c5d6-7e8f-9012-3456789abcde", header));
    assert_true(zdd_trace_read(header, id));
    assert_string_equal(id, "0192a3b4c5d67e8f90123456789abcde");
    assert_true(zdd_trace_write("0192a3b4-c5d6-7e8f-9012-3456789abcde", again));
    assert_string_not_equal(header, again); /* each request has a parent-id of its own */
    assert_false(zdd_trace_write("my-request-7", header));
    assert_string_equal(header, "");
    assert_false(zdd_trace_write("0192a3b4-c5d6-7e8f-9012-3456789abcde0", header));
    assert_false(zdd_trace_write("", header));
}

static int group_setup(void **state)
{
    (void)state;
    return zdd_crypto_init() ? 0 : -1;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_trace_is_read_from_a_sound_header_only),
        cmocka_unit_test(a_deployment_is_a_trace),
    };

    return cmocka_run_group_tests(tests, group_setup, NULL);
}
