/**
 * @file tests/unit/server/yaml/test_yaml.c
 * @brief What is read of YAML, what is refused, and where it stood.
 */
#include "server/base/cleanup.h"
#include "server/yaml/yaml.h"
#include "tests/support/spec.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct zdd_yaml *read(const char *text)
{
    struct zdd_json_error error = {0};
    struct zdd_yaml *yaml = NULL;

    if (zdd_yaml_read(text, strlen(text), &yaml, &error) != ZDD_ERR_NONE)
        fail_msg("%s\nline %d, column %d: %s", text, error.line, error.column, error.text);
    return yaml;
}

static void assert_reads(const char *text, const char *wanted)
{
    struct zdd_yaml *yaml = read(text);
    ZDD_AUTO_FREE char *got = zdd_json_canonical(zdd_yaml_tree(yaml));

    assert_string_equal(got, wanted);
    zdd_yaml_free(yaml);
}

static void assert_refused(const char *text, size_t size, int line, int column, const char *words)
{
    struct zdd_json_error error = {0};
    struct zdd_yaml *yaml = NULL;

    assert_int_equal(zdd_yaml_read(text, size, &yaml, &error), ZDD_ERR_BODY_MALFORMED);
    assert_null(yaml);
    if (error.line != line || error.column != column || !strstr(error.text, words))
        fail_msg("%.*s\nis refused at line %d, column %d: %s\nwanted %d, %d: %s", (int)size, text,
                 error.line, error.column, error.text, line, column, words);
}

static void mappings_lists_and_words_become_a_tree(void **state)
{
    (void)state;
    assert_reads(
        "a: 1\nb: [x, 2.5, true, null, \"3\", 'it''s']\nc:\n  - d: ~\n    e:\n",
        "{\"a\":1,\"b\":[\"x\",2.5,true,null,\"3\",\"it's\"],\"c\":[{\"d\":null,\"e\":null}]}");
    assert_reads("--- {a: {b: []}}\n...\n", "{\"a\":{\"b\":[]}}");
    assert_reads("- |\n  two\n  lines\n- >-\n  one\n  line\n", "[\"two\\nlines\\n\",\"one line\"]");
    assert_reads("just a text", "\"just a text\"");
    assert_reads("\"\\u00e4\\n\": # a note\n  ä", "{\"ä\\n\":\"ä\"}");
    assert_reads("10099: shop/port\n0.9: x\ntrue: y",
                 "{\"0.9\":\"x\",\"10099\":\"shop/port\",\"true\":\"y\"}");
}

static void plain_words_mean_what_they_mean_in_every_yaml(void **state)
{
    static const struct {
        const char *word, *json;
    } rows[] = {
        {"0", "0"},
        {"-7", "-7"},
        {"+7", "7"},
        {"9223372036854775807", "9223372036854775807"},
        {"0.9", "0.9"},
        {"-.5", "-0.5"},
        {"5.", "5"},
        {"1e3", "1000"},
        {"2.5E-1", "0.25"},
        {"1.2.3", "\"1.2.3\""},
        {"0/http", "\"0/http\""},
        {"80%", "\"80%\""},
        {"32MB", "\"32MB\""},
        {"redis:3", "\"redis:3\""},
        {"simpleservice:0.9", "\"simpleservice:0.9\""},
        {"2024-05-01", "\"2024-05-01\""},
        {"1e", "\"1e\""},
        {"0x", "\"0x\""},
        {"0xyz", "\"0xyz\""},
        {"1-2", "\"1-2\""},
        {"Null", "null"},
        {"~", "null"},
        {"TRUE", "true"},
        {"False", "false"},
        {"y", "\"y\""},
        {"tRUE", "\"tRUE\""},
        {"'yes'", "\"yes\""},
        {"\"010\"", "\"010\""},
        {"'null'", "\"null\""},
        {"''", "\"\""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char wanted[64], text[64];

        snprintf(wanted, sizeof(wanted), "[%s]", rows[i].json);
        snprintf(text, sizeof(text), "- %s", rows[i].word);
        assert_reads(text, wanted);
    }
}

static void words_that_two_readers_read_differently_are_refused(void **state)
{
    static const char *const words[] = {
        "yes",   "No",   "ON",    "off",   "010",  "-007",  "00",   "0x1F", "0o17",
        "0b1",   "1_00", "10:30", "1:2:3", ".inf", "-.Inf", ".nan", "00.5", "9223372036854775808",
        "1e999",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        char text[64];

        snprintf(text, sizeof(text), "a: 1\nb: %s", words[i]);
        assert_refused(text, strlen(text), 2, 4, "quotes");
    }
}

static void what_is_refused_is_told_with_line_and_column(void **state)
{
    static const struct {
        const char *text;
        int line, column;
        const char *words;
    } rows[] = {
        {"", 1, 1, "the text has none"},
        {"# only a note\n", 1, 1, "the text has none"},
        {"a: 1\na: 2\n", 2, 1, "\"a\" stands twice; the first is in line 1"},
        {"x:\n  a: {c: 1}\n  b: 2\n  a: 2\n", 4, 3, "\"a\" stands twice; the first is in line 2"},
        {"{a: 1, \"a\": 2}", 1, 8, "stands twice"},
        {"a: &x 1", 1, 4, "anchors are not read"},
        {"a: &x {b: 1}", 1, 4, "anchors are not read"},
        {"- &x [1]", 1, 3, "anchors are not read"},
        {"a: *x", 1, 4, "aliases are not read"},
        {"*x : 1", 1, 1, "aliases are not read"},
        {"a: !!str 1", 1, 4, "tags are not read"},
        {"a: !mine {}", 1, 4, "tags are not read"},
        {"- !!seq []", 1, 3, "tags are not read"},
        {"%YAML 1.2\n--- a", 1, 1, "directives (%) are not read"},
        {"%TAG ! x:\n--- a", 1, 1, "directives (%) are not read"},
        {"a: 1\n---\nb: 2", 2, 1, "a second document begins"},
        {"<<: {a: 1}", 1, 1, "merging by <<"},
        {"? [a]\n: 1", 1, 3, "a name must be a text"},
        {"{a: {{b: 1}: 2}}", 1, 6, "a name must be a text"},
        {"'': 1", 1, 1, "a name is missing"},
        {"a: \"x\\0y\"", 1, 4, "U+0000"},
        {"a: [1, 2", 2, 1, "did not find expected"},
        {"a: 1\n  b: 2", 2, 4, "mapping values are not allowed"},
        {"a:\n\t- 1", 2, 1, "cannot start any token"},
        {"a: \"open\nb: 1", 2, 5, "unexpected end of stream"},
        {"ab\xFF", 1, 3, "no text that YAML allows"},
        {"\xC3\xA4\nb\x01", 2, 2, "control characters are not allowed"},
        {"a: \"\\ud800\"", 1, 7, "Unicode"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        assert_refused(rows[i].text, strlen(rows[i].text), rows[i].line, rows[i].column,
                       rows[i].words);
    assert_refused("a\0b", 3, 1, 2, "control characters");
    assert_refused("\xFF\xFE\x61\x00", 4, 1, 1, "no text that YAML allows"); /* UTF-16 */
}

static void each_limit_holds_and_one_less_is_fine(void **state)
{
    struct zdd_json_error error;
    struct zdd_yaml *yaml = NULL;
    char *text = calloc(1, ZDD_YAML_SIZE_MAX + 2);
    size_t used = 0;

    (void)state;
    memset(text, '[', ZDD_YAML_DEPTH_MAX);
    memset(text + ZDD_YAML_DEPTH_MAX, ']', ZDD_YAML_DEPTH_MAX);
    assert_int_equal(zdd_yaml_read(text, (size_t)2 * ZDD_YAML_DEPTH_MAX, &yaml, &error),
                     ZDD_ERR_NONE);
    zdd_yaml_free(yaml);
    memset(text, '[', ZDD_YAML_DEPTH_MAX + 1);
    assert_refused(text, ZDD_YAML_DEPTH_MAX + 1, 1, ZDD_YAML_DEPTH_MAX + 1, "inside each other");

    for (size_t i = 1; i < ZDD_YAML_VALUE_MAX; i++) /* the list itself is one */
        used += (size_t)snprintf(text + used, 5, "- a\n");
    assert_int_equal(zdd_yaml_read(text, used, &yaml, &error), ZDD_ERR_NONE);
    assert_int_equal(json_array_size(zdd_yaml_tree(yaml)), ZDD_YAML_VALUE_MAX - 1);
    zdd_yaml_free(yaml);
    used += (size_t)snprintf(text + used, 5, "- a\n");
    assert_int_equal(zdd_yaml_read(text, used, &yaml, &error), ZDD_ERR_BODY_TOO_BIG);
    assert_int_equal(error.line, ZDD_YAML_VALUE_MAX);

    memset(text, 'a', ZDD_YAML_SIZE_MAX + 1);
    assert_int_equal(zdd_yaml_read(text, ZDD_YAML_SIZE_MAX, &yaml, &error), ZDD_ERR_NONE);
    zdd_yaml_free(yaml);
    assert_int_equal(zdd_yaml_read(text, ZDD_YAML_SIZE_MAX + 1, &yaml, &error),
                     ZDD_ERR_BODY_TOO_BIG);
    assert_non_null(strstr(error.text, "65537 bytes"));

    memset(text, 'a', ZDD_YAML_NAME_MAX + 1);
    memcpy(text + ZDD_YAML_NAME_MAX, ": 1", 4);
    assert_int_equal(zdd_yaml_read(text, ZDD_YAML_NAME_MAX + 3, &yaml, &error), ZDD_ERR_NONE);
    zdd_yaml_free(yaml);
    memcpy(text + ZDD_YAML_NAME_MAX, "a: 1", 5);
    assert_refused(text, ZDD_YAML_NAME_MAX + 4, 1, 1, "more than 255 bytes");
    free(text);
}

static void every_value_remembers_where_it_stood(void **state)
{
    static const struct {
        const char *pointer;
        int line, column;
    } rows[] = {
        {"", 1, 1},
        {"/name", 1, 7},
        {"/a~1b", 2, 1},     /* a mapping: where its name stands */
        {"/a~1b/c", 3, 3},   /* a list too */
        {"/a~1b/c/0", 4, 7}, /* an element where it begins itself */
        {"/a~1b/c/0/yes~0", 4, 14},
        {"/a~1b/c/1", 5, 7},
        {"/a~1b/c/2/0", 6, 8},  /* the same value in memory, */
        {"/a~1b/c/2/1", 6, 14}, /* but not in the text */
        {"/a~1b/c/9", 3, 3},    /* not there: the list that has no such element */
        {"/a~1b/none/x", 2, 1},
        {"/name/x", 1, 7},
        {"/last", 7, 7},
        {"/\xC3\xA4", 8, 5}, /* columns are characters */
    };
    struct zdd_yaml *yaml = read("name: x\n"
                                 "a/b:\n"
                                 "  c:\n"
                                 "    - {yes~: true}\n"
                                 "    - true\n"
                                 "    - [true, true]\n"
                                 "last: ~\n"
                                 "\xC3\xA4:  1\n");

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const struct zdd_yaml_place place = zdd_yaml_place_of(yaml, rows[i].pointer);

        if (place.line != rows[i].line || place.column != rows[i].column)
            fail_msg("%s stands at %d:%d, not %d:%d", rows[i].pointer, place.line, place.column,
                     rows[i].line, rows[i].column);
    }
    zdd_yaml_free(yaml);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mappings_lists_and_words_become_a_tree),
        cmocka_unit_test(plain_words_mean_what_they_mean_in_every_yaml),
        cmocka_unit_test(words_that_two_readers_read_differently_are_refused),
        cmocka_unit_test(what_is_refused_is_told_with_line_and_column),
        cmocka_unit_test(each_limit_holds_and_one_less_is_fine),
        cmocka_unit_test(every_value_remembers_where_it_stood),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
