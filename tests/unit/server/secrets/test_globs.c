/**
 * @file tests/unit/server/secrets/test_globs.c
 * @brief Patterns of names.
 */
#include "tests/support/spec.h"

#include "server/secrets/globs.h"

#include <string.h>

static bool fits(const char *list, const char *name)
{
    struct zdd_globs globs;

    assert_null(zdd_globs_read(list, &globs));
    return zdd_globs_fit(&globs, name, strlen(name));
}

static void a_star_is_any_signs_and_case_is_no_difference(void **state)
{
    (void)state;
    assert_true(fits("*PASSWORD*", "PASSWORD"));
    assert_true(fits("*PASSWORD*", "db_password_2"));
    assert_true(fits("*password*", "DB_PASSWORD"));
    assert_false(fits("*PASSWORD*", "PASSWORT"));
    assert_false(fits("*PASSWORD*", ""));
    assert_true(fits("*", ""));
    assert_true(fits("*_AUTH", "HAPROXY_0_AUTH"));
    assert_false(fits("*_AUTH", "AUTHOR_AUTHORS"));
    assert_true(fits("*A*B*C*", "xxAyyBzzC"));
    assert_false(fits("*A*B*C*", "xxAyyCzzB"));
    assert_true(fits("*AB", "AAB")); /* goes back to where the star began */
}

static void a_question_mark_is_one_sign_and_a_pattern_without_star_is_the_whole_name(void **state)
{
    (void)state;
    assert_true(fits("SI?", "sig"));
    assert_false(fits("SI?", "si"));
    assert_false(fits("SIG", "SIGN"));
    assert_true(fits("a.b-c_1", "A.B-C_1"));
}

static void any_of_a_list_counts_and_an_empty_list_fits_nothing(void **state)
{
    (void)state;
    assert_true(fits(" A , *B*,C", "xbx"));
    assert_true(fits(" A , *B*,C", "c"));
    assert_false(fits(" A , *B*,C", "d"));
    assert_false(fits("", "A"));
    assert_false(fits("  ", ""));
}

static void what_is_no_list_of_patterns_is_refused(void **state)
{
    struct zdd_globs globs;
    char many[3 * (ZDD_GLOB_MAX + 1) + 1];
    char wide[ZDD_GLOB_SIZE + 1];

    (void)state;
    assert_non_null(zdd_globs_read("A,,B", &globs));
    assert_non_null(zdd_globs_read("A,", &globs));
    assert_non_null(zdd_globs_read(",A", &globs));
    assert_non_null(zdd_globs_read("A B", &globs));
    assert_non_null(zdd_globs_read("[A-Z]", &globs));
    assert_non_null(zdd_globs_read("\xC3\xA4", &globs));
    for (size_t i = 0; i < sizeof(many) - 1; i++)
        many[i] = "ab,"[i % 3];
    many[sizeof(many) - 2] = '\0';
    assert_non_null(zdd_globs_read(many, &globs));
    many[3 * (size_t)ZDD_GLOB_MAX - 1] = '\0';
    assert_null(zdd_globs_read(many, &globs));
    assert_int_equal(globs.count, ZDD_GLOB_MAX);
    memset(wide, 'A', sizeof(wide));
    wide[ZDD_GLOB_SIZE] = '\0';
    assert_non_null(zdd_globs_read(wide, &globs));
    wide[ZDD_GLOB_SIZE - 1] = '\0';
    assert_null(zdd_globs_read(wide, &globs));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_star_is_any_signs_and_case_is_no_difference),
        cmocka_unit_test(a_question_mark_is_one_sign_and_a_pattern_without_star_is_the_whole_name),
        cmocka_unit_test(any_of_a_list_counts_and_an_empty_list_fits_nothing),
        cmocka_unit_test(what_is_no_list_of_patterns_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
