/**
 * @file tests/unit/server/base/test_clock.c
 * @brief What time looks like as text, and which texts are times.
 */
#include "server/base/clock.h"
#include "tests/support/spec.h"

#include <inttypes.h>
#include <time.h>

#define HOUR_S 3600

/* How far somebody has set the wall clock. */
static time_t jump_s;

int __real_clock_gettime(clockid_t clock, struct timespec *ret_time);
int __wrap_clock_gettime(clockid_t clock, struct timespec *ret_time);

int __wrap_clock_gettime(clockid_t clock, struct timespec *ret_time)
{
    const int failed = __real_clock_gettime(clock, ret_time);

    if (clock == CLOCK_REALTIME)
        ret_time->tv_sec += jump_s;
    return failed;
}

static void formats(int64_t ms, const char *expected)
{
    char text[ZDD_TIME_SIZE];

    zdd_time_format(ms, text);
    assert_string_equal(text, expected);
}

static void parses(const char *text, int64_t expected)
{
    int64_t ms = -7;

    if (!zdd_time_parse(text, &ms))
        fail_msg("'%s' is a time", text);
    assert_int_equal(ms, expected);
}

static void refuses(const char *text)
{
    int64_t ms = -7;

    if (zdd_time_parse(text, &ms))
        fail_msg("'%s' is no time, but gave %" PRId64, text, ms);
    assert_int_equal(ms, -7);
}

static void who_sets_the_clock_does_not_change_how_long_something_took(void **state)
{
    const int64_t steady_ms = zdd_steady_ms();

    (void)state;
    assert_in_range(zdd_now_ms() - steady_ms, 0, 60000); /* the real time, as it was */
    jump_s = HOUR_S;
    assert_in_range(zdd_now_ms() - steady_ms, HOUR_S * 1000, HOUR_S * 1000 + 60000);
    assert_in_range(zdd_steady_ms() - steady_ms, 0, 60000);
    jump_s = -HOUR_S;
    assert_in_range(zdd_steady_ms() - steady_ms, 0, 60000);
    jump_s = 0;
}

static void a_time_is_written_with_milliseconds_in_utc(void **state)
{
    (void)state;
    formats(0, "1970-01-01T00:00:00.000Z");
    formats(1714557600000, "2024-05-01T10:00:00.000Z");
    formats(1709251199999, "2024-02-29T23:59:59.999Z");
    formats(253402300799999, "9999-12-31T23:59:59.999Z");
}

static void times_outside_the_years_1970_to_9999_become_the_nearest_end(void **state)
{
    (void)state;
    formats(-1, "1970-01-01T00:00:00.000Z");
    formats(INT64_MIN, "1970-01-01T00:00:00.000Z");
    formats(253402300800000, "9999-12-31T23:59:59.999Z");
    formats(INT64_MAX, "9999-12-31T23:59:59.999Z");
}

static void every_written_time_reads_back_the_same(void **state)
{
    (void)state;
    /* A step of 11 days and a bit passes through every month, leap day and century. */
    for (int64_t ms = 0; ms <= 253402300799999; ms += 958204777) {
        char text[ZDD_TIME_SIZE];
        int64_t back = -1;

        zdd_time_format(ms, text);
        assert_true(zdd_time_parse(text, &back));
        assert_int_equal(back, ms);
    }
}

static void offsets_and_fractions_are_understood(void **state)
{
    (void)state;
    parses("2024-05-01T12:00:00+02:00", 1714557600000);
    parses("2024-05-01T04:30:00-05:30", 1714557600000);
    parses("2024-05-01T10:00:00-00:00", 1714557600000);
    parses("2024-05-01t10:00:00z", 1714557600000);
    parses("2024-05-01T10:00:00.1Z", 1714557600100);
    parses("2024-05-01T10:00:00.12Z", 1714557600120);
    parses("2024-05-01T10:00:00.1239Z", 1714557600123);
    parses("2024-05-01T10:00:00.123456789Z", 1714557600123);
    parses("1969-12-31T23:59:59.999Z", -1);
    parses("2016-12-31T23:59:60Z", 1483228800000);
    parses("0000-01-01T00:00:00Z", -62167219200000);
}

static void what_is_no_time_is_refused(void **state)
{
    static const char *const texts[] = {
        "",
        "2024",
        "2024-05-01",
        "2024-05-01T10:00:00",
        "2024-05-01 10:00:00Z",
        "2024-05-01T10:00Z",
        "2024-00-01T10:00:00Z",
        "2024-13-01T10:00:00Z",
        "2024-05-00T10:00:00Z",
        "2024-04-31T10:00:00Z",
        "2023-02-29T10:00:00Z",
        "1900-02-29T10:00:00Z",
        "2024-05-01T24:00:00Z",
        "2024-05-01T10:60:00Z",
        "2024-05-01T10:00:61Z",
        "2024-05-01T10:00:00.Z",
        "2024-05-01T10:00:00.1234567890Z",
        "2024-05-01T10:00:00+24:00",
        "2024-05-01T10:00:00+02:60",
        "2024-05-01T10:00:00+0200",
        "2024-05-01T10:00:00Zx",
        "2024-05-01T10:00:00Z ",
        " 2024-05-01T10:00:00Z",
        "+024-05-01T10:00:00Z",
        "2024-5-01T10:00:00Z",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        refuses(texts[i]);
    parses("2000-02-29T00:00:00Z", 951782400000); /* 2000 was a leap year, 1900 was not */
}

static void the_clocks_go_forward(void **state)
{
    const int64_t mono = zdd_mono_ms();

    (void)state;
    assert_true(zdd_now_ms() > 1700000000000); /* after 2023 */
    assert_true(zdd_mono_ms() >= mono);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_sets_the_clock_does_not_change_how_long_something_took),
        cmocka_unit_test(a_time_is_written_with_milliseconds_in_utc),
        cmocka_unit_test(times_outside_the_years_1970_to_9999_become_the_nearest_end),
        cmocka_unit_test(every_written_time_reads_back_the_same),
        cmocka_unit_test(offsets_and_fractions_are_understood),
        cmocka_unit_test(what_is_no_time_is_refused),
        cmocka_unit_test(the_clocks_go_forward),
    };

    return cmocka_run_group_tests_name("server/base/clock", tests, NULL, NULL);
}
