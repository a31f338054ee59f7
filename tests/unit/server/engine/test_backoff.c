/**
 * @file tests/unit/server/engine/test_backoff.c
 * @brief How long to wait after failures in a row.
 */
#include "server/engine/backoff.h"

#include "tests/support/spec.h"

static void the_span_doubles_up_to_its_maximum(void **state)
{
    static const int64_t spans_ms[] = {500, 500, 1000, 2000, 4000, 8000, 16000, 30000, 30000};

    (void)state;
    for (int failures = 0; failures < 9; failures++) {
        const int64_t span_ms = spans_ms[failures];

        assert_int_equal(zdd_backoff_ms(failures, 500, 30000, 0), span_ms / 2);
        assert_int_equal(zdd_backoff_ms(failures, 500, 30000, (uint64_t)(span_ms / 2)), span_ms);
        assert_int_equal(zdd_backoff_ms(failures, 500, 30000, (uint64_t)(span_ms / 2) + 1),
                         span_ms / 2);
    }
}

static void neither_many_failures_nor_big_dice_overflow(void **state)
{
    (void)state;
    for (int bit = 0; bit < 64; bit++) {
        const int64_t ms = zdd_backoff_ms(INT32_MAX, 250, 15000, UINT64_MAX >> bit);

        assert_true(ms >= 7500 && ms <= 15000);
    }
    assert_int_equal(zdd_backoff_ms(-5, 250, 15000, 0), 125);
    assert_int_equal(zdd_backoff_ms(3, 1, 1, 12345), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_span_doubles_up_to_its_maximum),
        cmocka_unit_test(neither_many_failures_nor_big_dice_overflow),
    };

    return cmocka_run_group_tests_name("server/engine/backoff", tests, NULL, NULL);
}
