/**
 * @file tests/unit/server/base/test_buf.c
 * @brief What the growing text promises.
 */
#include "server/base/buf.h"
#include "server/base/utf8.h"
#include "tests/support/spec.h"

#include <stdlib.h>
#include <string.h>

static void text_grows_past_its_first_allocation_and_stays_terminated(void **state)
{
    ZDD_AUTO_BUF struct zdd_buf buf = {0};

    (void)state;
    for (int i = 0; i < 1000; i++)
        zdd_buf_printf(&buf, "%d,", i % 10);
    assert_int_equal(buf.err, ZDD_ERR_NONE);
    assert_int_equal(buf.size, 2000);
    assert_int_equal(strlen(buf.data), 2000);
    assert_memory_equal(buf.data + 1996, "8,9,", 4);
}

static void exactly_max_bytes_fit_and_one_more_does_not(void **state)
{
    ZDD_AUTO_BUF struct zdd_buf buf = {.max = 4};

    (void)state;
    zdd_buf_text(&buf, "abcd");
    assert_int_equal(buf.err, ZDD_ERR_NONE);
    zdd_buf_text(&buf, "e");
    assert_int_equal(buf.err, ZDD_ERR_BODY_TOO_BIG);
    assert_string_equal(buf.data, "abcd");
}

static void what_does_not_fit_whole_does_not_go_in_at_all_and_the_failure_sticks(void **state)
{
    ZDD_AUTO_BUF struct zdd_buf buf = {.max = 4};

    (void)state;
    zdd_buf_text(&buf, "abc");
    zdd_buf_printf(&buf, "%s", "de");
    assert_int_equal(buf.err, ZDD_ERR_BODY_TOO_BIG);
    zdd_buf_text(&buf, "d"); /* would fit */
    assert_string_equal(buf.data, "abc");
    assert_null(zdd_buf_take(&buf));
    zdd_buf_text(&buf, "new"); /* after take everything is as at first */
    assert_int_equal(buf.err, ZDD_ERR_NONE);
    assert_int_equal(buf.max, 4);
}

static void a_size_near_the_end_of_size_t_is_refused(void **state)
{
    ZDD_AUTO_BUF struct zdd_buf buf = {0};
    const volatile size_t huge = SIZE_MAX; /* volatile: the compiler would warn of what we test */

    (void)state;
    zdd_buf_text(&buf, "a");
    zdd_buf_append(&buf, "b", huge);
    assert_int_equal(buf.err, ZDD_ERR_BODY_TOO_BIG);
}

static void json_string(const char *text, const char *expected)
{
    ZDD_AUTO_BUF struct zdd_buf buf = {0};

    zdd_buf_json_string(&buf, text);
    assert_string_equal(buf.data, expected);
}

static void a_json_string_escapes_what_json_wants_escaped(void **state)
{
    (void)state;
    json_string(NULL, "null");
    json_string("", "\"\"");
    json_string("a\"b\\c/", "\"a\\\"b\\\\c/\"");
    json_string("\b\f\n\r\t\x01\x1f\x7f", "\"\\b\\f\\n\\r\\t\\u0001\\u001f\\u007f\"");
    json_string("gr\xC3\xBC\xC3\x9F \xF0\x9F\x98\x80", "\"gr\xC3\xBC\xC3\x9F \xF0\x9F\x98\x80\"");
}

static void invalid_utf8_becomes_the_replacement_character_byte_by_byte(void **state)
{
    (void)state;
    json_string("a\xFF"
                "b",
                "\"a\xEF\xBF\xBD"
                "b\"");
    json_string("\xC3", "\"\xEF\xBF\xBD\"");
    json_string("\xC0\xAF", "\"\xEF\xBF\xBD\xEF\xBF\xBD\"");
}

static void utf8_is_stepped_by_the_table_of_rfc_3629(void **state)
{
    (void)state;
    assert_int_equal(zdd_utf8_step("", 0), 0);
    assert_int_equal(zdd_utf8_step("\x7F", 1), 1);
    assert_int_equal(zdd_utf8_step("\x80", 1), 0);
    assert_int_equal(zdd_utf8_step("\xC1\xBF", 2), 0);
    assert_int_equal(zdd_utf8_step("\xC2\x80", 2), 2);
    assert_int_equal(zdd_utf8_step("\xC2\xC0", 2), 0);
    assert_int_equal(zdd_utf8_step("\xC2", 1), 0);
    assert_int_equal(zdd_utf8_step("\xE0\x9F\xBF", 3), 0);
    assert_int_equal(zdd_utf8_step("\xE0\xA0\x80", 3), 3);
    assert_int_equal(zdd_utf8_step("\xED\x9F\xBF", 3), 3);
    assert_int_equal(zdd_utf8_step("\xED\xA0\x80", 3), 0);
    assert_int_equal(zdd_utf8_step("\xEF\xBF\xBD", 3), 3);
    assert_int_equal(zdd_utf8_step("\xEF\xBF\x7F", 3), 0);
    assert_int_equal(zdd_utf8_step("\xF0\x8F\xBF\xBF", 4), 0);
    assert_int_equal(zdd_utf8_step("\xF0\x90\x80\x80", 4), 4);
    assert_int_equal(zdd_utf8_step("\xF4\x8F\xBF\xBF", 4), 4);
    assert_int_equal(zdd_utf8_step("\xF4\x90\x80\x80", 4), 0);
    assert_int_equal(zdd_utf8_step("\xF5\x80\x80\x80", 4), 0);
}

static void taking_an_empty_buffer_gives_an_empty_text(void **state)
{
    struct zdd_buf buf = {0};
    char *text = zdd_buf_take(&buf);

    (void)state;
    assert_string_equal(text, "");
    free(text);
}

static void taking_hands_the_memory_over(void **state)
{
    struct zdd_buf buf = {0};
    char *text;

    (void)state;
    zdd_buf_text(&buf, "abc");
    text = zdd_buf_take(&buf);
    assert_null(buf.data);
    assert_int_equal(buf.size, 0);
    assert_string_equal(text, "abc");
    free(text);
}

static void clearing_keeps_the_memory_and_forgets_the_failure(void **state)
{
    ZDD_AUTO_BUF struct zdd_buf buf = {.max = 3};
    const char *memory;

    (void)state;
    zdd_buf_text(&buf, "abc");
    memory = buf.data;
    zdd_buf_text(&buf, "d");
    zdd_buf_clear(&buf);
    assert_string_equal(buf.data, "");
    zdd_buf_text(&buf, "xyz");
    assert_int_equal(buf.err, ZDD_ERR_NONE);
    assert_ptr_equal(buf.data, memory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_grows_past_its_first_allocation_and_stays_terminated),
        cmocka_unit_test(exactly_max_bytes_fit_and_one_more_does_not),
        cmocka_unit_test(what_does_not_fit_whole_does_not_go_in_at_all_and_the_failure_sticks),
        cmocka_unit_test(a_size_near_the_end_of_size_t_is_refused),
        cmocka_unit_test(a_json_string_escapes_what_json_wants_escaped),
        cmocka_unit_test(invalid_utf8_becomes_the_replacement_character_byte_by_byte),
        cmocka_unit_test(utf8_is_stepped_by_the_table_of_rfc_3629),
        cmocka_unit_test(taking_an_empty_buffer_gives_an_empty_text),
        cmocka_unit_test(taking_hands_the_memory_over),
        cmocka_unit_test(clearing_keeps_the_memory_and_forgets_the_failure),
    };

    return cmocka_run_group_tests_name("server/base/buf", tests, NULL, NULL);
}
