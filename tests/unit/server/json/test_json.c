/**
 * @file tests/unit/server/json/test_json.c
 * @brief What is read, what is refused, and where an error is said to be.
 */
#include "server/base/buf.h"
#include "server/base/cleanup.h"
#include "server/json/json.h"
#include "server/json/quick.h"
#include "tests/support/spec.h"

#include <stdio.h>
#include <string.h>

static json_t *parse(const char *text)
{
    json_t *json = NULL;

    assert_int_equal(zdd_json_read(text, strlen(text), &json, NULL), ZDD_ERR_NONE);
    return json;
}

static struct zdd_json_error refused(const char *text, size_t size)
{
    struct zdd_json_error error = {0};
    json_t *json = NULL;

    assert_int_equal(zdd_json_read(text, size, &json, &error), ZDD_ERR_BODY_MALFORMED);
    assert_null(json);
    assert_true(error.line >= 1);
    assert_true(error.column >= 1);
    assert_true(error.text[0]);
    return error;
}

static void any_json_value_is_read_whole(void **state)
{
    static const char *const texts[] = {
        "{}",
        "[]",
        "null",
        "true",
        "0",
        "-1.5e3",
        "\"\"",
        " {\"a\" : [1, 2.5, \"\\u00e9\"]}\n",
        "9223372036854775807",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        ZDD_AUTO_JSON json_t *json = parse(texts[i]);

        assert_non_null(json);
    }
}

static void what_is_no_json_is_refused(void **state)
{
    static const char *const texts[] = {
        " ",        "{",
        "[1,]",     "{\"a\":1,}",
        "{} {}",    "{}x",
        "nul",      "'a'",
        "{a:1}",    "01",
        "+1",       ".5",
        "1.",       "\"\\x\"",
        "\"a\nb\"", "\"\\ud800\"",
        "[1e999]",  "9223372036854775808",
        "NaN",      "// no comments\n1",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        refused(texts[i], strlen(texts[i]));
}

static void an_empty_text_is_refused_in_plain_words(void **state)
{
    (void)state;
    assert_string_equal(refused("", 0).text, "a JSON value is expected, but the text is empty");
    assert_string_equal(refused(NULL, 0).text, "a JSON value is expected, but the text is empty");
}

static void doubled_members_are_refused(void **state)
{
    static const char text[] = "{\"a\": 1,\n \"b\": {\"c\": 1, \"c\": 1}}";
    const struct zdd_json_error error = refused(text, sizeof(text) - 1);

    (void)state;
    assert_int_equal(error.line, 2);
    assert_non_null(strstr(error.text, "duplicate"));
}

static void nul_characters_are_refused_escaped_or_not(void **state)
{
    static const char *const escaped[] = {"\"a\\u0000b\"", "{\"a\\u0000\":1}", "[1,\"\\u0000\"]"};

    (void)state;
    refused("\"a\0b\"", 5);
    refused("{}\0", 3);
    for (size_t i = 0; i < sizeof(escaped) / sizeof(escaped[0]); i++) {
        const struct zdd_json_error error = refused(escaped[i], strlen(escaped[i]));

        assert_string_equal(error.text, "the character \\u0000 is not allowed in a text");
    }
}

static void wrong_utf8_is_refused(void **state)
{
    (void)state;
    refused("\"\xFF\"", 3);
    refused("\"\xC0\x80\"", 4);         /* overlong */
    refused("\"\xED\xA0\x80\"", 5);     /* a surrogate */
    refused("\"\xF4\x90\x80\x80\"", 6); /* above U+10FFFF */
    refused("\"\xE2\x82", 3);           /* cut off */
}

static void an_error_names_line_and_column_in_characters(void **state)
{
    static const char text[] = "{\n  \"\xC3\xA9\xC3\xA9\": !\n}";
    const struct zdd_json_error error = refused(text, sizeof(text) - 1);

    (void)state;
    assert_int_equal(error.line, 2);
    assert_int_equal(error.column, 9);
}

static void error_texts_are_one_line_of_whole_characters(void **state)
{
    char text[600];
    size_t used = 0;

    (void)state;
    text[used++] = '[';
    for (size_t i = 0; i < 250; i++) {
        text[used++] = '\xC3';
        text[used++] = '\xA9';
    }
    text[used] = '\0';
    const struct zdd_json_error error = refused(text, used);
    assert_true(strlen(error.text) < sizeof(error.text));

    const struct zdd_json_error control = refused("\"a\nb\"", 5);
    assert_null(strpbrk(control.text, "\n\r\t\x1b"));
}

/* [[[…]]] with @p depth levels, a deep text hidden in a string included. */
static char *nested(size_t depth, const char *innermost)
{
    ZDD_AUTO_BUF struct zdd_buf buf = {0};

    for (size_t i = 0; i < depth; i++)
        zdd_buf_text(&buf, i % 2 ? "{\"k\":" : "[");
    zdd_buf_text(&buf, innermost);
    for (size_t i = depth; i-- > 0;)
        zdd_buf_text(&buf, i % 2 ? "}" : "]");
    return zdd_buf_take(&buf);
}

static void sixty_four_levels_are_read_and_sixty_five_are_not(void **state)
{
    ZDD_AUTO_FREE char *deep = nested(ZDD_JSON_DEPTH_MAX, "1");
    ZDD_AUTO_FREE char *deeper = nested(ZDD_JSON_DEPTH_MAX + 1, "1");
    ZDD_AUTO_JSON json_t *json = parse(deep);
    const struct zdd_json_error error = refused(deeper, strlen(deeper));

    (void)state;
    assert_non_null(json);
    assert_string_equal(error.text, "more than 64 arrays and objects inside each other");
    assert_int_equal(error.line, 1);
    assert_int_equal(error.column, 1 + 32 * 1 + 32 * 5);
}

static void the_place_of_too_many_levels_is_told_by_line_too(void **state)
{
    ZDD_AUTO_BUF struct zdd_buf buf = {0};
    struct zdd_json_error error;

    (void)state;
    zdd_buf_text(&buf, "[\n\n \"\xC3\xA9\",");
    for (int i = 0; i < ZDD_JSON_DEPTH_MAX; i++)
        zdd_buf_text(&buf, "[");
    error = refused(buf.data, buf.size);
    assert_int_equal(error.line, 3);
    assert_int_equal(error.column, 1 + strlen(" \"e\",") + ZDD_JSON_DEPTH_MAX - 1);
}

static void brackets_inside_strings_are_no_levels(void **state)
{
    ZDD_AUTO_BUF struct zdd_buf buf = {0};

    (void)state;
    zdd_buf_text(&buf, "[\"\\\"");
    for (size_t i = 0; i < 200; i++)
        zdd_buf_text(&buf, "[{\\\\\\\"");
    zdd_buf_text(&buf, "\", 1]");
    ZDD_AUTO_JSON json_t *json = parse(buf.data);
    assert_int_equal(json_array_size(json), 2);
}

static void many_siblings_are_not_deep(void **state)
{
    ZDD_AUTO_BUF struct zdd_buf buf = {0};

    (void)state;
    zdd_buf_text(&buf, "[");
    for (size_t i = 0; i < 1000; i++)
        zdd_buf_text(&buf, "[],{},");
    zdd_buf_text(&buf, "1]");
    ZDD_AUTO_JSON json_t *json = parse(buf.data);
    assert_int_equal(json_array_size(json), 2001);
}

static void assert_canonical(const char *text, const char *wanted)
{
    ZDD_AUTO_JSON json_t *json = parse(text);
    ZDD_AUTO_FREE char *canonical = zdd_json_canonical(json);

    assert_string_equal(canonical, wanted);
}

static void the_canonical_text_sorts_members_and_writes_numbers_by_value(void **state)
{
    (void)state;
    assert_canonical("{\"b\":1,\"a\":[true,null,{\"d\":0.1,\"c\":32.0}]}",
                     "{\"a\":[true,null,{\"c\":32,\"d\":0.1}],\"b\":1}");
    assert_canonical("{\"b\": 1e0, \"a\": \"x\\u00e9\\n\"}", "{\"a\":\"x\xC3\xA9\\n\",\"b\":1}");
    assert_canonical("[]", "[]");
    assert_canonical("\"x\"", "\"x\"");
}

static void members_are_read_with_a_fallback(void **state)
{
    ZDD_AUTO_JSON json_t *json =
        parse("{\"t\":\"x\",\"i\":7,\"r\":2.9,\"b\":true,\"n\":null,\"big\":1e300,\"low\":-1e300}");

    (void)state;
    assert_string_equal(zdd_json_text(json, "t", "-"), "x");
    assert_string_equal(zdd_json_text(json, "i", "-"), "-");
    assert_null(zdd_json_text(json, "absent", NULL));
    assert_int_equal(zdd_json_int(json, "i", -1), 7);
    assert_int_equal(zdd_json_int(json, "r", -1), 2);
    assert_int_equal(zdd_json_int(json, "t", -1), -1);
    assert_int_equal(zdd_json_int(json, "n", -1), -1);
    assert_true(zdd_json_int(json, "big", 0) == INT64_MAX);
    assert_true(zdd_json_int(json, "low", 0) == INT64_MIN);
    assert_true(zdd_json_real(json, "i", 0) == 7.0);
    assert_true(zdd_json_real(json, "r", 0) == 2.9);
    assert_true(zdd_json_real(json, "t", 0.5) == 0.5);
    assert_true(zdd_json_bool(json, "b", false));
    assert_true(zdd_json_bool(json, "i", true));
    assert_false(zdd_json_bool(NULL, "b", false));
}

static void a_pointer_leads_to_members_elements_and_escaped_names(void **state)
{
    ZDD_AUTO_JSON json_t *json = parse("{\"a\":[10,{\"b/c\":1,\"m~n\":2,\"\":3}],\"0\":4}");

    (void)state;
    assert_ptr_equal(zdd_json_at(json, ""), json);
    assert_int_equal(json_integer_value(zdd_json_at(json, "/a/0")), 10);
    assert_int_equal(json_integer_value(zdd_json_at(json, "/a/1/b~1c")), 1);
    assert_int_equal(json_integer_value(zdd_json_at(json, "/a/1/m~0n")), 2);
    assert_int_equal(json_integer_value(zdd_json_at(json, "/a/1/")), 3);
    assert_int_equal(json_integer_value(zdd_json_at(json, "/0")), 4);
}

static void a_pointer_that_leads_nowhere_is_null(void **state)
{
    static const char *const pointers[] = {
        "a",     "/b",     "/a/2", "/a/-", "/a/01", "/a/",
        "/a/1x", "/a/0/x", "/a~",  "/a~2", "/aa",   "/a/99999999999999999999",
        "#/a",
    };
    ZDD_AUTO_JSON json_t *json = parse("{\"a\":[1,2]}");

    (void)state;
    for (size_t i = 0; i < sizeof(pointers) / sizeof(pointers[0]); i++)
        assert_null(zdd_json_at(json, pointers[i]));
    assert_null(zdd_json_at(NULL, "/a"));
}

static bool same(const char *a, const char *b)
{
    ZDD_AUTO_JSON json_t *first = parse(a);
    ZDD_AUTO_JSON json_t *second = parse(b);

    return zdd_json_same(first, second);
}

static void values_are_the_same_by_value(void **state)
{
    (void)state;
    assert_true(same("{\"a\":32,\"b\":[1,2]}", "{\"b\":[1.0,2],\"a\":32.0}"));
    assert_true(same("\"x\"", "\"x\""));
    assert_true(same("null", "null"));
    assert_true(zdd_json_same(NULL, NULL));
    assert_false(same("32", "32.5"));
    assert_false(same("9007199254740993", "9007199254740992"));
    assert_false(same("[1,2]", "[2,1]"));
    assert_false(same("[1]", "[1,1]"));
    assert_false(same("{\"a\":1}", "{\"b\":1}"));
    assert_false(same("{\"a\":1}", "{\"a\":1,\"b\":1}"));
    assert_false(same("true", "false"));
    assert_false(same("1", "\"1\""));
    assert_false(same("{}", "[]"));
}

static json_t *slowly(const char *text, size_t size)
{
    return json_loadb(text, size, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, NULL);
}

static void plain_documents_are_read_quickly_and_as_jansson_reads_them(void **state)
{
    static const char *const texts[] = {
        "{}",
        "[]",
        " [ ] ",
        "null",
        "true",
        "0",
        "-0",
        "-1.5e3",
        "1E+2",
        "0.1",
        "123456789012345678",
        "-123456789012345678",
        "\"\"",
        "\"a \\\"b\\\\ \\/ \\b\\f\\n\\r\\t c\"",
        "\"\xC3\xA9 \xE2\x82\xAC \xF0\x9F\x98\x80\"",
        " {\"a\" : [1, 2.5, {\"b\":false,\"\":null}] ,\r\n\t\"c\":{ } }\n",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        ZDD_AUTO_JSON json_t *quick = zdd_json_quick(texts[i], strlen(texts[i]));
        ZDD_AUTO_JSON json_t *slow = slowly(texts[i], strlen(texts[i]));

        if (!quick || !json_equal(quick, slow))
            fail_msg("%s", texts[i]);
    }
}

static void try_bytes(const char *text, size_t size)
{
    ZDD_AUTO_JSON json_t *quick = zdd_json_quick(text, size);
    ZDD_AUTO_JSON json_t *slow = quick ? slowly(text, size) : NULL;

    if (quick && !(slow && json_equal(quick, slow)))
        fail_msg("%.*s", (int)size, text);
}

static void no_damage_to_a_document_is_read_otherwise_than_by_jansson(void **state)
{
    static const char document[] =
        "{\"id\":\"/a/b\",\"n\":[0,-1,1.5e3,10],\"t\":\"x\\n\xC3\xA9\",\"b\":true,\"z\":null,\"o\":{}}";
    char text[sizeof(document)];

    (void)state;
    for (size_t at = 0; at + 1 < sizeof(document); at++) {
        try_bytes(document, at);
        memcpy(text, document, sizeof(text));
        for (unsigned byte = 0; byte < 256; byte++) {
            text[at] = (char)byte;
            try_bytes(text, sizeof(text) - 1);
        }
        memmove(text + at, document + at + 1, sizeof(text) - at - 1);
        try_bytes(text, sizeof(text) - 2);
    }
}

static void what_is_unusual_is_left_to_jansson(void **state)
{
    static const char *const texts[] = {
        "1234567890123456789",
        "\"\\u00e9\"",
        "{\"a\\n\":1}",
        "{\"a\":1,\"a\":1}",
        "1e999",
        "01",
        "-",
        "1.",
        "1e",
        "\"\x01\"",
        "\"\xFF\"",
        "tru",
        "[1] 2",
        "[1,]",
        "{\"a\"}",
        "",
    };
    char deep[200] = "", number[80] = "0.", text[3000] = "\"\\n", key[300] = "{\"";

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        if (zdd_json_quick(texts[i], strlen(texts[i])))
            fail_msg("%s", texts[i]);
    }
    memset(deep, '[', 65);
    memset(deep + 65, ']', 65);
    assert_null(zdd_json_quick(deep, 130));
    memset(number + 2, '1', 70);
    assert_null(zdd_json_quick(number, 72));
    memset(text + 3, 'x', 2000);
    text[2003] = '"';
    assert_null(zdd_json_quick(text, 2004));
    memset(key + 2, 'k', 200);
    memcpy(key + 202, "\":1}", 5);
    assert_null(zdd_json_quick(key, 206));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_documents_are_read_quickly_and_as_jansson_reads_them),
        cmocka_unit_test(no_damage_to_a_document_is_read_otherwise_than_by_jansson),
        cmocka_unit_test(what_is_unusual_is_left_to_jansson),
        cmocka_unit_test(any_json_value_is_read_whole),
        cmocka_unit_test(what_is_no_json_is_refused),
        cmocka_unit_test(an_empty_text_is_refused_in_plain_words),
        cmocka_unit_test(doubled_members_are_refused),
        cmocka_unit_test(nul_characters_are_refused_escaped_or_not),
        cmocka_unit_test(wrong_utf8_is_refused),
        cmocka_unit_test(an_error_names_line_and_column_in_characters),
        cmocka_unit_test(error_texts_are_one_line_of_whole_characters),
        cmocka_unit_test(sixty_four_levels_are_read_and_sixty_five_are_not),
        cmocka_unit_test(the_place_of_too_many_levels_is_told_by_line_too),
        cmocka_unit_test(brackets_inside_strings_are_no_levels),
        cmocka_unit_test(many_siblings_are_not_deep),
        cmocka_unit_test(the_canonical_text_sorts_members_and_writes_numbers_by_value),
        cmocka_unit_test(members_are_read_with_a_fallback),
        cmocka_unit_test(a_pointer_leads_to_members_elements_and_escaped_names),
        cmocka_unit_test(a_pointer_that_leads_nowhere_is_null),
        cmocka_unit_test(values_are_the_same_by_value),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
