/**
 * @file tests/unit/server/json/test_patch.c
 * @brief Merge patch by the table of RFC 7396, and differences.
 */
#include "server/base/cleanup.h"
#include "server/json/patch.h"
#include "tests/support/spec.h"

#include <stdio.h>
#include <string.h>

static json_t *parse(const char *text)
{
    json_t *json = NULL;

    assert_int_equal(zdd_json_read(text, strlen(text), &json, NULL), ZDD_ERR_NONE);
    return json;
}

static void assert_text(const json_t *json, const char *wanted)
{
    ZDD_AUTO_FREE char *text = zdd_json_canonical(json);

    assert_string_equal(text, wanted);
}

static void every_row_of_the_rfc_comes_out_as_printed_there(void **state)
{
    static const struct {
        const char *target, *patch, *result;
    } rows[] = {
        {"{\"a\":\"b\"}", "{\"a\":\"c\"}", "{\"a\":\"c\"}"},
        {"{\"a\":\"b\"}", "{\"b\":\"c\"}", "{\"a\":\"b\",\"b\":\"c\"}"},
        {"{\"a\":\"b\"}", "{\"a\":null}", "{}"},
        {"{\"a\":\"b\",\"b\":\"c\"}", "{\"a\":null}", "{\"b\":\"c\"}"},
        {"{\"a\":[\"b\"]}", "{\"a\":\"c\"}", "{\"a\":\"c\"}"},
        {"{\"a\":\"c\"}", "{\"a\":[\"b\"]}", "{\"a\":[\"b\"]}"},
        {"{\"a\":{\"b\":\"c\"}}", "{\"a\":{\"b\":\"d\",\"c\":null}}", "{\"a\":{\"b\":\"d\"}}"},
        {"{\"a\":[{\"b\":\"c\"}]}", "{\"a\":[1]}", "{\"a\":[1]}"},
        {"[\"a\",\"b\"]", "[\"c\",\"d\"]", "[\"c\",\"d\"]"},
        {"{\"a\":\"b\"}", "[\"c\"]", "[\"c\"]"},
        {"{\"a\":\"foo\"}", "null", "null"},
        {"{\"a\":\"foo\"}", "\"bar\"", "\"bar\""},
        {"{\"e\":null}", "{\"a\":1}", "{\"a\":1,\"e\":null}"},
        {"[1,2]", "{\"a\":\"b\",\"c\":null}", "{\"a\":\"b\"}"},
        {"{}", "{\"a\":{\"bb\":{\"ccc\":null}}}", "{\"a\":{\"bb\":{}}}"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        ZDD_AUTO_JSON json_t *target = parse(rows[i].target);
        ZDD_AUTO_JSON json_t *patch = parse(rows[i].patch);
        ZDD_AUTO_JSON json_t *result = zdd_json_merge_patch(target, patch);

        assert_text(result, rows[i].result);
        assert_text(target, rows[i].target);
        assert_text(patch, rows[i].patch);
    }
}

static void a_patch_on_nothing_makes_a_document_without_nulls(void **state)
{
    ZDD_AUTO_JSON json_t *patch = parse("{\"a\":{\"b\":1,\"c\":null},\"d\":[null]}");
    ZDD_AUTO_JSON json_t *result = zdd_json_merge_patch(NULL, patch);

    (void)state;
    assert_text(result, "{\"a\":{\"b\":1},\"d\":[null]}");
}

static void assert_diff(const char *from_text, const char *to_text, size_t max, const char *wanted)
{
    ZDD_AUTO_JSON json_t *from = from_text ? parse(from_text) : NULL;
    ZDD_AUTO_JSON json_t *to = to_text ? parse(to_text) : NULL;
    ZDD_AUTO_JSON json_t *diff = zdd_json_diff(from, to, max);

    assert_text(diff, wanted);
}

static void the_same_value_has_no_difference(void **state)
{
    (void)state;
    assert_diff("{\"a\":{\"b\":[1,{\"c\":32}]}}", "{\"a\":{\"b\":[1,{\"c\":32.0}]}}", 9, "[]");
    assert_diff("[]", "[]", 9, "[]");
    assert_diff(NULL, NULL, 9, "[]");
}

static void rows_say_what_was_and_what_is(void **state)
{
    (void)state;
    assert_diff("{\"b\":1,\"env\":{\"V\":\"0.9\"},\"x\":[1]}",
                "{\"a\":{\"n\":1},\"env\":{\"V\":\"1.0\"},\"x\":[1,2]}", 9,
                "[{\"op\":\"add\",\"path\":\"/a\",\"value\":{\"n\":1}},"
                "{\"from\":1,\"op\":\"remove\",\"path\":\"/b\"},"
                "{\"from\":\"0.9\",\"op\":\"replace\",\"path\":\"/env/V\",\"value\":\"1.0\"},"
                "{\"from\":[1],\"op\":\"replace\",\"path\":\"/x\",\"value\":[1,2]}]");
}

static void arrays_of_the_same_length_are_compared_element_by_element(void **state)
{
    (void)state;
    assert_diff("{\"h\":[{\"p\":1},{\"p\":2}]}", "{\"h\":[{\"p\":1},{\"p\":3}]}", 9,
                "[{\"from\":2,\"op\":\"replace\",\"path\":\"/h/1/p\",\"value\":3}]");
    assert_diff("[1,2]", "[2,1]", 9,
                "[{\"from\":1,\"op\":\"replace\",\"path\":\"/0\",\"value\":2},"
                "{\"from\":2,\"op\":\"replace\",\"path\":\"/1\",\"value\":1}]");
}

static void paths_are_escaped_and_the_document_itself_is_the_empty_path(void **state)
{
    (void)state;
    assert_diff("{\"a/b\":{\"~\":1}}", "{\"a/b\":{\"~\":2}}", 9,
                "[{\"from\":1,\"op\":\"replace\",\"path\":\"/a~1b/~0\",\"value\":2}]");
    assert_diff("1", "[]", 9, "[{\"from\":1,\"op\":\"replace\",\"path\":\"\",\"value\":[]}]");
    assert_diff(NULL, "{}", 9, "[{\"op\":\"add\",\"path\":\"\",\"value\":{}}]");
    assert_diff("{}", NULL, 9, "[{\"from\":{},\"op\":\"remove\",\"path\":\"\"}]");
    assert_diff("{\"\":1}", "{\"\":2}", 9,
                "[{\"from\":1,\"op\":\"replace\",\"path\":\"/\",\"value\":2}]");
}

static void after_the_last_row_that_fits_one_says_more(void **state)
{
    static const char from[] = "{\"a\":1,\"b\":{\"c\":1,\"d\":1}}";
    static const char to[] = "{\"a\":2,\"b\":{\"c\":2,\"d\":2}}";
    static const char a[] = "{\"from\":1,\"op\":\"replace\",\"path\":\"/a\",\"value\":2}";
    static const char c[] = "{\"from\":1,\"op\":\"replace\",\"path\":\"/b/c\",\"value\":2}";
    static const char d[] = "{\"from\":1,\"op\":\"replace\",\"path\":\"/b/d\",\"value\":2}";
    char wanted[300];

    (void)state;
    snprintf(wanted, sizeof(wanted), "[%s,%s,%s]", a, c, d);
    assert_diff(from, to, 3, wanted);
    snprintf(wanted, sizeof(wanted), "[%s,%s,{\"op\":\"more\"}]", a, c);
    assert_diff(from, to, 2, wanted);
    assert_diff(from, to, 0, "[{\"op\":\"more\"}]");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_row_of_the_rfc_comes_out_as_printed_there),
        cmocka_unit_test(a_patch_on_nothing_makes_a_document_without_nulls),
        cmocka_unit_test(the_same_value_has_no_difference),
        cmocka_unit_test(rows_say_what_was_and_what_is),
        cmocka_unit_test(arrays_of_the_same_length_are_compared_element_by_element),
        cmocka_unit_test(paths_are_escaped_and_the_document_itself_is_the_empty_path),
        cmocka_unit_test(after_the_last_row_that_fits_one_says_more),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
