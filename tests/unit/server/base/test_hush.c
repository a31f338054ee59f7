/**
 * @file tests/unit/server/base/test_hush.c
 * @brief Texts of others, without secrets.
 */
#include "tests/support/spec.h"

#include "server/base/hush.h"

static const struct zdd_unspoken secrets[] = {
    {"hunter2", "<1>"}, {"hunter2-long", "<2>"}, {"a\"b\\c", "<3>"}, {"abc", "<4>"}, {"", "<5>"}};
static const struct zdd_unspoken_list list = {.count = 5, .item = secrets};

static void check(const char *text, const char *expected)
{
    ZDD_AUTO_BUF struct zdd_buf buf = {0};
    const bool changed = zdd_hush(&buf, text, &list);

    assert_int_equal(buf.err, ZDD_ERR_NONE);
    assert_true(changed);
    assert_string_equal(buf.data, expected);
}

static void every_secret_is_replaced_and_the_longest_counts(void **state)
{
    (void)state;
    check("hunter2", "<1>");
    check("hunter2hunter2 and hunter2-long!", "<1><1> and <2>!");
    check("xhunter2x", "x<1>x");
}

static void a_secret_is_found_as_json_writes_it_too(void **state)
{
    (void)state;
    check("as it is: a\"b\\c.", "as it is: <3>.");
    check("{\"env\":\"a\\\"b\\\\c\"}", "{\"env\":\"<3>\"}");
}

static void a_short_secret_counts_only_where_it_stands_alone(void **state)
{
    (void)state;
    check("abc", "<4>");
    check("=abc;", "=<4>;");
    check("abcd zabc 'abc'", "abcd zabc '<4>'");
}

static void what_has_no_secret_stays(void **state)
{
    static const char text[] = "Object is not valid";
    ZDD_AUTO_BUF struct zdd_buf buf = {0};

    (void)state;
    assert_false(zdd_hush(&buf, text, &list));
    assert_string_equal(buf.data, text);
    zdd_buf_clear(&buf);
    assert_false(zdd_hush(&buf, "", &list));
    assert_int_equal(buf.size, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_secret_is_replaced_and_the_longest_counts),
        cmocka_unit_test(a_secret_is_found_as_json_writes_it_too),
        cmocka_unit_test(a_short_secret_counts_only_where_it_stands_alone),
        cmocka_unit_test(what_has_no_secret_stays),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
