/**
 * @file tests/unit/strategies/model/test_err.c
 * @brief The error vocabulary: slugs are public, sentences are sentences.
 */
#include "strategies/model/err.h"

#include "tests/support/spec.h"

#include <string.h>

static void every_error_has_a_slug_of_its_own_and_a_sentence(void **state)
{
    (void)state;
    for (int i = 0; i < ZDD_ERR_COUNT; i++) {
        const char *slug = zdd_err_slug((enum zdd_err)i);
        const char *text = zdd_err_text((enum zdd_err)i);

        assert_true(strlen(slug) > 0 && strlen(slug) < 32); /* fits run.error_code */
        assert_int_equal(strspn(slug, "abcdefghijklmnopqrstuvwxyz-"), strlen(slug));
        assert_int_equal(text[strlen(text) - 1], '.');
        assert_true(text[0] >= 'A' && text[0] <= 'Z');
        assert_true(zdd_err_class((enum zdd_err)i) < ZDD_CLASS_COUNT);
        for (int k = 0; k < i; k++)
            assert_string_not_equal(slug, zdd_err_slug((enum zdd_err)k));
    }
}

static void only_what_is_no_error_is_of_the_class_ok(void **state)
{
    (void)state;
    assert_int_equal(ZDD_ERR_NONE, 0);
    for (int i = 0; i < ZDD_ERR_COUNT; i++)
        assert_int_equal(zdd_err_class((enum zdd_err)i) == ZDD_CLASS_OK,
                         i == ZDD_ERR_NONE || i == ZDD_ERR_LATER);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_error_has_a_slug_of_its_own_and_a_sentence),
        cmocka_unit_test(only_what_is_no_error_is_of_the_class_ok),
    };

    return cmocka_run_group_tests_name("strategies/model/err", tests, NULL, NULL);
}
