/**
 * @file tests/unit/strategies/judge/test_pace.c
 * @brief A slower version is found, one as fast is not condemned by chance.
 */
#include "strategies/judge/pace.h"
#include "tests/support/spec.h"

#define TRIALS 10000

/* xorshift64* (S. Vigna): the same trials in each run. @return 0 to 1 */
static double draw(uint64_t *seed)
{
    *seed ^= *seed >> 12;
    *seed ^= *seed << 25;
    *seed ^= *seed >> 27;
    return (double)((*seed * 0x2545f4914f6cdd1du) >> 11) / 9007199254740992.0;
}

/* The sum of some uniform ones is nearly normal, as means are. */
static double around(uint64_t *seed, double middle)
{
    double sum = 0;

    for (int i = 0; i < 12; i++)
        sum += draw(seed) - 0.5;
    return middle * (1 + sum / 10);
}

/* @return after how many values it is condemned; 0 for never */
static int deploy(uint64_t *seed, double old_ms, double new_ms, int values)
{
    struct zdd_pace pace = {0};

    for (int i = 1; i <= values; i++) {
        zdd_pace_add(&pace, around(seed, new_ms), around(seed, old_ms));
        if (pace.condemned)
            return i;
    }
    return 0;
}

static void a_version_as_fast_is_condemned_once_in_a_hundred_at_most(void **state)
{
    uint64_t seed = 3;
    int alarms = 0;

    (void)state;
    for (int i = 0; i < TRIALS; i++) {
        struct zdd_pace pace = {0};
        bool alarm = false;

        /* Of p alone: that nobody minds a small difference would hide a wrong budget. */
        for (int n = 0; n < 100; n++) {
            const int32_t before = pace.looks;
            double spend = ZDD_PACE_BUDGET / 2;

            zdd_pace_add(&pace, around(&seed, 100), around(&seed, 100));
            for (int32_t k = 0; k < before; k++)
                spend /= 2;
            alarm = alarm || (pace.looks > before && pace.p < spend);
        }
        alarms += alarm;
    }
    print_message("%d of %d by p alone\n", alarms, TRIALS);
    assert_in_range(alarms, 1, (int)(TRIALS * ZDD_PACE_BUDGET));
}

static void a_version_half_as_fast_is_found_at_the_first_look(void **state)
{
    uint64_t seed = 4;

    (void)state;
    for (int i = 0; i < 1000; i++)
        assert_int_equal(deploy(&seed, 50, 100, 100), 8);
}

static void a_difference_that_nobody_minds_is_none(void **state)
{
    uint64_t seed = 5;

    (void)state;
    assert_int_equal(deploy(&seed, 1, 3, 200), 0);     /* 2 ms */
    assert_int_equal(deploy(&seed, 100, 110, 200), 0); /* a tenth */
}

static void a_faster_version_is_welcome(void **state)
{
    uint64_t seed = 6;

    (void)state;
    assert_int_equal(deploy(&seed, 100, 50, 200), 0);
}

static void what_becomes_slow_later_is_found_too(void **state)
{
    struct zdd_pace pace = {0};
    uint64_t seed = 7;
    int values = 0;

    (void)state;
    for (int i = 0; i < 40; i++)
        zdd_pace_add(&pace, around(&seed, 50), around(&seed, 50));
    while (!pace.condemned && values < 200) {
        zdd_pace_add(&pace, around(&seed, 150), around(&seed, 50));
        values++;
    }
    assert_true(pace.condemned);
    assert_in_range(values, 1, 64);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_version_as_fast_is_condemned_once_in_a_hundred_at_most),
        cmocka_unit_test(a_version_half_as_fast_is_found_at_the_first_look),
        cmocka_unit_test(a_difference_that_nobody_minds_is_none),
        cmocka_unit_test(a_faster_version_is_welcome),
        cmocka_unit_test(what_becomes_slow_later_is_found_too),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
