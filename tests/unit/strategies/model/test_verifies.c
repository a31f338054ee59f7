/**
 * @file tests/unit/strategies/model/test_verifies.c
 * @brief Sets of checks as text, and back.
 */
#include "strategies/model/verifies.h"

#include "strategies/model/limits.h"
#include "tests/support/spec.h"

#include <string.h>

static void assert_same(const char *text)
{
    char back[ZDD_VERIFIES_TEXT_SIZE];
    struct zdd_verifies verifies;

    assert_true(zdd_verifies_parse(text, &verifies));
    zdd_verifies_print(&verifies, back);
    assert_string_equal(back, text);
}

static void what_is_written_is_read_again(void **state)
{
    (void)state;
    assert_same("");
    assert_same("6 10000 1 1 100 wait");
    assert_same(";6 10000 1 1 0 fail");
    assert_same("6 10000 1 1 100 wait;1 1000 0 0 100 gate;60 3600000 59 59 1000000000 pass");
    assert_same("6 10000 1 1 100 wait errorRate 0 7 10000 connectErrors 1 2 0 responseMs 3 5 1;1 "
                "1000 0 0 1 fail errorRate 0 0 0");
}

static void the_largest_one_fits(void **state)
{
    const struct zdd_counted counted = {.place = ZDD_CHECK_MAX - 1,
                                        .metric = ZDD_METRIC_CONNECT_ERRORS,
                                        .has_max = true,
                                        .max = INT32_MAX,
                                        .worse_than_old = true,
                                        .observe_only = true};
    struct zdd_verify largest = {.rounds = ZDD_ROUND_MAX,
                                 .interval_ms = INT32_MAX,
                                 .failure_limit = INT32_MAX,
                                 .error_limit = INT32_MAX,
                                 .min_requests = INT32_MAX,
                                 .on_inconclusive = ZDD_INCONCLUSIVE_GATES,
                                 .counted_count = ZDD_CHECK_MAX};
    struct zdd_verifies verifies = {0};
    char text[ZDD_VERIFIES_TEXT_SIZE];

    (void)state;
    for (int i = 0; i < ZDD_CHECK_MAX; i++)
        largest.counted[i] = counted;
    verifies.beside = largest;
    for (int i = 0; i < ZDD_VERIFY_STEP_MAX; i++)
        zdd_verifies_add(&verifies, &largest);
    zdd_verifies_print(&verifies, text);
    assert_true(strlen(text) < sizeof(text));
    assert_same(text);
}

static void sets_are_known_by_their_number(void **state)
{
    const struct zdd_verifies verifies = {
        .beside = {.rounds = 9}, .count = 2, .step = {{.rounds = 1}, {.rounds = 2}}};

    (void)state;
    assert_int_equal(zdd_verifies_set(&verifies, ZDD_VERIFY_BESIDE)->rounds, 9);
    assert_int_equal(zdd_verifies_set(&verifies, 1)->rounds, 1);
    assert_int_equal(zdd_verifies_set(&verifies, 2)->rounds, 2);
}

static void what_was_never_written_is_refused(void **state)
{
    static const char *const texts[] = {
        "6",
        ";",
        "6 10000 1 1 100",
        "6 10000 1 1 100 ",
        "6 10000 1 1 100 waits",
        "6 10000 1 1 100 wait ",
        "6 10000 1 1 100 wait;",
        "6 10000 1 1 100 wait;;1 1000 0 0 100 gate",
        "0 10000 1 1 100 wait",
        "61 10000 1 1 100 wait",
        "6 10000 1 1 100 wait errorRate 4 0 0",
        "6 10000 1 1 100 wait errorRate 0 8 0",
        "6 10000 1 1 100 wait errorRate 0 0",
        "6 10000 1 1 100 wait rate 0 0 0",
        "6 10000 1 1 100 wait errorRate 0 0 2147483648",
        "6 10000 1 1 100 wait errorRate 0 0 0 errorRate 0 0 0 errorRate 0 0 0 errorRate 0 0 0 "
        "errorRate 0 0 0",
        ";1 1 0 0 0 fail;1 1 0 0 0 fail;1 1 0 0 0 fail;1 1 0 0 0 fail;1 1 0 0 0 fail;"
        "1 1 0 0 0 fail;1 1 0 0 0 fail;1 1 0 0 0 fail;1 1 0 0 0 fail",
    };

    (void)state;
    for (size_t i = 0; i < ZDD_COUNT(texts); i++) {
        struct zdd_verifies verifies = {.count = 7};

        if (zdd_verifies_parse(texts[i], &verifies))
            fail_msg("read: %s", texts[i]);
        assert_int_equal(verifies.count, 7);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_is_read_again),
        cmocka_unit_test(the_largest_one_fits),
        cmocka_unit_test(sets_are_known_by_their_number),
        cmocka_unit_test(what_was_never_written_is_refused),
    };

    return cmocka_run_group_tests_name("strategies/model/verifies", tests, NULL, NULL);
}
