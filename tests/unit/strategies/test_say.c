/**
 * @file tests/unit/strategies/test_say.c
 * @brief Sentences with numbers.
 */
#include "strategies/say.h"
#include "tests/support/spec.h"

#include <string.h>

#define assert_says(wanted, ...)                                                                   \
    do {                                                                                           \
        char text[64];                                                                             \
                                                                                                   \
        zdd_say(text, sizeof(text), __VA_ARGS__);                                                  \
        assert_string_equal(text, wanted);                                                         \
    } while (0)

static void numbers_stand_where_the_pattern_says(void **state)
{
    (void)state;
    assert_says("3 of 4 instances", "%1 of %2 instances", 3, 4);
    assert_says("4 of 3, 4", "%2 of %1, %2", 3, 4);
    assert_says("", "", 1, 2);
    assert_says("none", "none", 1, 2);
    assert_says("0", "%1", 0, 0);
    assert_says("-7", "%1", -7, 0);
}

static void the_ends_of_the_range_are_numbers_too(void **state)
{
    (void)state;
    assert_says("9223372036854775807", "%1", INT64_MAX, 0);
    assert_says("-9223372036854775808", "%1", INT64_MIN, 0);
}

static void a_percent_sign_is_written_twice(void **state)
{
    (void)state;
    assert_says("20 %", "%1 %%", 20, 0);
    assert_says("%20", "%%%1", 20, 0);
    assert_says("end %", "end %", 1, 2);     /* alone at the end it is itself */
    assert_says("% of %", "%3 of %0", 1, 2); /* there are no other numbers */
}

static void what_does_not_fit_is_cut(void **state)
{
    char text[8];

    (void)state;
    for (size_t size = 1; size <= sizeof(text); size++) {
        memset(text, 'x', sizeof(text));
        zdd_say(text, size, "ab%1cd", 123, 0);
        assert_int_equal(strlen(text), size - 1 < 7 ? size - 1 : 7);
        assert_memory_equal(text, "ab123cd", size - 1);
        if (size < sizeof(text))
            assert_int_equal(text[size], 'x');
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_stand_where_the_pattern_says),
        cmocka_unit_test(the_ends_of_the_range_are_numbers_too),
        cmocka_unit_test(a_percent_sign_is_written_twice),
        cmocka_unit_test(what_does_not_fit_is_cut),
    };

    return cmocka_run_group_tests_name("strategies/say", tests, NULL, NULL);
}
