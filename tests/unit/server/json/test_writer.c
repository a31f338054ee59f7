/**
 * @file tests/unit/server/json/test_writer.c
 * @brief Commas, escapes and numbers of the JSON writer.
 */
#include "server/json/json.h"
#include "server/json/writer.h"
#include "tests/support/spec.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static void commas_come_by_themselves(void **state)
{
    ZDD_AUTO_BUF struct zdd_buf buf = {0};
    struct zdd_writer w = {.buf = &buf};

    (void)state;
    zdd_w_object(&w, NULL);
    zdd_w_text(&w, "a", "x");
    zdd_w_array(&w, "b");
    zdd_w_int(&w, NULL, 1);
    zdd_w_object(&w, NULL);
    zdd_w_end_object(&w);
    zdd_w_array(&w, NULL);
    zdd_w_end_array(&w);
    zdd_w_bool(&w, NULL, true);
    zdd_w_end_array(&w);
    zdd_w_null(&w, "c");
    zdd_w_raw(&w, "d", "{\"e\":[]}");
    zdd_w_bool(&w, "f", false);
    zdd_w_end_object(&w);
    assert_int_equal(buf.err, ZDD_ERR_NONE);
    assert_string_equal(
        buf.data, "{\"a\":\"x\",\"b\":[1,{},[],true],\"c\":null,\"d\":{\"e\":[]},\"f\":false}");
}

static void what_is_missing_is_null(void **state)
{
    ZDD_AUTO_BUF struct zdd_buf buf = {0};
    struct zdd_writer w = {.buf = &buf};

    (void)state;
    zdd_w_array(&w, NULL);
    zdd_w_text(&w, NULL, NULL);
    zdd_w_time(&w, NULL, 0);
    zdd_w_raw(&w, NULL, NULL);
    zdd_w_raw(&w, NULL, "");
    zdd_w_real(&w, NULL, (double)NAN);
    zdd_w_real(&w, NULL, -HUGE_VAL);
    zdd_w_json(&w, NULL, NULL);
    zdd_w_end_array(&w);
    assert_string_equal(buf.data, "[null,null,null,null,null,null,null]");
}

/* Write {key: value}, parse it again, and look whether both came through. */
static void assert_comes_back(const char *key, const char *value)
{
    ZDD_AUTO_BUF struct zdd_buf buf = {0};
    struct zdd_writer w = {.buf = &buf};
    json_t *json = NULL;

    zdd_w_object(&w, NULL);
    zdd_w_int(&w, "first", 1);
    zdd_w_text(&w, key, value);
    zdd_w_end_object(&w);
    assert_int_equal(zdd_json_read(buf.data, buf.size, &json, NULL), ZDD_ERR_NONE);
    assert_string_equal(zdd_json_text(json, key, NULL), value);
    json_decref(json);
}

static void keys_and_texts_of_any_kind_come_back(void **state)
{
    char at_limit[121], over_limit[122];

    (void)state;
    memset(at_limit, 'k', 120);
    at_limit[120] = '\0';
    memset(over_limit, 'k', 121);
    over_limit[121] = '\0';
    assert_comes_back("", "");
    assert_comes_back("plain", "a \"quoted\" \\ text\n\t\x01\x7f");
    assert_comes_back("with \"quotes\"", "x");
    assert_comes_back("back\\slash\n", "x");
    assert_comes_back("\xC3\xA9\xE2\x82\xAC", "\xF0\x9F\x98\x80");
    assert_comes_back(at_limit, "at the limit of the fast way");
    assert_comes_back(over_limit, "beyond it");
}

static void assert_real(double value, const char *wanted)
{
    ZDD_AUTO_BUF struct zdd_buf buf = {0};
    struct zdd_writer w = {.buf = &buf};

    zdd_w_real(&w, NULL, value);
    assert_string_equal(buf.data, wanted);
    assert_true(strtod(buf.data, NULL) == value);
}

static void reals_are_as_short_as_they_can_be(void **state)
{
    (void)state;
    assert_real(0.0, "0");
    assert_real(-0.0, "0");
    assert_real(1.0, "1");
    assert_real(-32.0, "-32");
    assert_real(0.1, "0.1");
    assert_real(19.7, "19.7");
    assert_real(1.15, "1.15");
    assert_real(-0.5, "-0.5");
    assert_real(0.0001, "0.0001");
    assert_real(0.00001, "1e-05");
    assert_real(10.0203, "10.0203");
    assert_real(100.5, "100.5");
    assert_real(1234567.8901, "1234567.8901");
    assert_real(900719925474.0991, "900719925474.0991");
    assert_real(0.12345, "0.12345");
    assert_real(0.1 + 0.2, "0.30000000000000004");
    assert_real(1.0 / 3.0, "0.3333333333333333");
    assert_real(9007199254740992.0, "9007199254740992");
    assert_real(1e22, "1e+22");
    assert_real(DBL_MAX, "1.7976931348623157e+308");
    assert_real(DBL_MIN, "2.2250738585072014e-308");
    assert_real(5e-324, "4.94065645841247e-324");
}

static void any_real_reads_back_the_same(void **state)
{
    uint64_t seed = 1;

    (void)state;
    for (int i = 0; i < 20000; i++) {
        ZDD_AUTO_BUF struct zdd_buf buf = {0};
        struct zdd_writer w = {.buf = &buf};
        double value;

        seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        if (i % 2)
            memcpy(&value, &seed, sizeof(value)); /* any bits */
        else
            value = (double)(int64_t)(seed >> 30) / 1e4; /* few decimals */
        if (!isfinite(value))
            continue;
        zdd_w_real(&w, NULL, value);
        if (strtod(buf.data, NULL) != value)
            fail_msg("%.17g became %s", value, buf.data);
        assert_true(buf.size <= 24);
    }
}

/* A character that needs an escape, at each place of a text of each length around the word size. */
static void no_special_character_slips_through_at_any_place(void **state)
{
    static const char specials[] = "\"\\\x01\x1f\x7f\n";

    (void)state;
    for (size_t size = 1; size <= 20; size++) {
        for (size_t at = 0; at < size; at++) {
            for (const char *special = specials; *special; special++) {
                char text[21] = {0};

                memset(text, 'a', size);
                text[at] = *special;
                assert_comes_back("key", text);
                assert_comes_back(text, "value");
            }
        }
    }
}

static void assert_int(int64_t value, const char *wanted)
{
    ZDD_AUTO_BUF struct zdd_buf buf = {0};
    struct zdd_writer w = {.buf = &buf};

    zdd_w_int(&w, NULL, value);
    assert_string_equal(buf.data, wanted);
}

static void integers_reach_from_end_to_end(void **state)
{
    (void)state;
    assert_int(0, "0");
    assert_int(-1, "-1");
    assert_int(10, "10");
    assert_int(INT64_MAX, "9223372036854775807");
    assert_int(INT64_MIN, "-9223372036854775808");
}

static void times_have_milliseconds(void **state)
{
    ZDD_AUTO_BUF struct zdd_buf buf = {0};
    struct zdd_writer w = {.buf = &buf};

    (void)state;
    zdd_w_object(&w, NULL);
    zdd_w_time(&w, "t", 1714557600007);
    zdd_w_time(&w, "u", 1);
    zdd_w_end_object(&w);
    assert_string_equal(buf.data,
                        "{\"t\":\"2024-05-01T10:00:00.007Z\",\"u\":\"1970-01-01T00:00:00.001Z\"}");
}

static void a_whole_tree_is_written_with_its_members_sorted(void **state)
{
    ZDD_AUTO_BUF struct zdd_buf buf = {0};
    struct zdd_writer w = {.buf = &buf};
    json_t *tree = json_pack("{s:i, s:[f, s, b, n], s:{}}", "z", 1, "a", 2.0, "x", 1, "m");

    (void)state;
    zdd_w_object(&w, NULL);
    zdd_w_json(&w, "tree", tree);
    zdd_w_int(&w, "after", 1);
    zdd_w_end_object(&w);
    json_decref(tree);
    assert_string_equal(buf.data,
                        "{\"tree\":{\"a\":[2,\"x\",true,null],\"m\":{},\"z\":1},\"after\":1}");
}

static void a_full_buffer_sticks_and_writes_nothing_half(void **state)
{
    ZDD_AUTO_BUF struct zdd_buf buf = {.max = 8};
    struct zdd_writer w = {.buf = &buf};

    (void)state;
    zdd_w_array(&w, NULL);
    zdd_w_text(&w, NULL, "much more than eight bytes");
    zdd_w_end_array(&w);
    assert_int_equal(buf.err, ZDD_ERR_BODY_TOO_BIG);
    assert_true(buf.size <= 8);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(commas_come_by_themselves),
        cmocka_unit_test(what_is_missing_is_null),
        cmocka_unit_test(keys_and_texts_of_any_kind_come_back),
        cmocka_unit_test(reals_are_as_short_as_they_can_be),
        cmocka_unit_test(any_real_reads_back_the_same),
        cmocka_unit_test(no_special_character_slips_through_at_any_place),
        cmocka_unit_test(integers_reach_from_end_to_end),
        cmocka_unit_test(times_have_milliseconds),
        cmocka_unit_test(a_whole_tree_is_written_with_its_members_sorted),
        cmocka_unit_test(a_full_buffer_sticks_and_writes_nothing_half),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
