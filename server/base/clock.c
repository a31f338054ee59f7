/**
 * @file server/base/clock.c
 * @brief Reading the clocks; RFC 3339 both ways.
 */
#include "server/base/clock.h"

#include <assert.h>
#include <pthread.h>
#include <string.h>
#include <time.h>

#define MS_PER_S 1000
#define S_PER_DAY 86400
#define LATEST_MS INT64_C(253402300799999) /* 9999-12-31T23:59:59.999Z */
#define FRACTION_MAX 9                     /* digits: nanoseconds */

static int64_t read_ms(clockid_t clock)
{
    struct timespec now;
    const int failed = clock_gettime(clock, &now);

    assert(!failed); /* both clocks exist on every system we build for */
    return (int64_t)now.tv_sec * MS_PER_S + now.tv_nsec / 1000000;
}

int64_t zdd_now_ms(void)
{
    return read_ms(CLOCK_REALTIME);
}

int64_t zdd_mono_ms(void)
{
    return read_ms(CLOCK_MONOTONIC);
}

static pthread_once_t once = PTHREAD_ONCE_INIT;
static int64_t anchor_ms; /* UTC at the zero of the other clock; written once */

static void set_anchor(void)
{
    anchor_ms = zdd_now_ms() - zdd_mono_ms();
}

int64_t zdd_steady_ms(void)
{
    pthread_once(&once, set_anchor);
    return anchor_ms + zdd_mono_ms();
}

/* The last @p count digits of @p value; by hand, as each row of a list has several times. */
static void put_digits(char *to, int count, unsigned value)
{
    while (count > 0) {
        to[--count] = (char)('0' + value % 10);
        value /= 10;
    }
}

void zdd_time_format(int64_t ms, char text[static ZDD_TIME_SIZE])
{
    struct tm tm;
    time_t seconds;

    if (ms < 0)
        ms = 0;
    if (ms > LATEST_MS)
        ms = LATEST_MS;
    seconds = (time_t)(ms / MS_PER_S);
    gmtime_r(&seconds, &tm);
    memcpy(text, "0000-00-00T00:00:00.000Z", ZDD_TIME_SIZE);
    put_digits(text, 4, (unsigned)(tm.tm_year + 1900));
    put_digits(text + 5, 2, (unsigned)(tm.tm_mon + 1));
    put_digits(text + 8, 2, (unsigned)tm.tm_mday);
    put_digits(text + 11, 2, (unsigned)tm.tm_hour);
    put_digits(text + 14, 2, (unsigned)tm.tm_min);
    put_digits(text + 17, 2, (unsigned)tm.tm_sec);
    put_digits(text + 20, 3, (unsigned)(ms % MS_PER_S));
}

/* Read exactly @p digits digits; moves @p at behind them. */
static bool read_digits(const char **at, int digits, int least, int most, int *ret)
{
    int value = 0;

    for (int i = 0; i < digits; i++, (*at)++) {
        if (**at < '0' || **at > '9')
            return false;
        value = value * 10 + (**at - '0');
    }
    if (value < least || value > most)
        return false;
    *ret = value;
    return true;
}

static bool read_char(const char **at, char upper, char lower)
{
    if (**at != upper && **at != lower)
        return false;
    (*at)++;
    return true;
}

static int days_in_month(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    const bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

    return month == 2 && leap ? 29 : days[month - 1];
}

/* Days since 1970-01-01 in the Gregorian calendar, years 0 to 9999. */
static int64_t days_since_1970(int year, int month, int day)
{
    const int64_t y = year - (month <= 2); /* a year that starts in March ends with the leap day */
    const int64_t month_of_y = (month + 9) % 12;
    const int64_t era = (y + 400) / 400 - 1; /* y is -1 at least */
    const int64_t year_of_era = y - era * 400;
    const int64_t day_of_year = (153 * month_of_y + 2) / 5 + day - 1;

    return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year -
           719468;
}

static bool read_date(const char **at, int64_t *ret_days)
{
    int year;
    int month;
    int day;

    if (!read_digits(at, 4, 0, 9999, &year) || !read_char(at, '-', '-') ||
        !read_digits(at, 2, 1, 12, &month) || !read_char(at, '-', '-') ||
        !read_digits(at, 2, 1, days_in_month(year, month), &day))
        return false;
    *ret_days = days_since_1970(year, month, day);
    return true;
}

/* Milliseconds of the day; a 60th second (leap) counts as the next one. */
static bool read_clock(const char **at, int64_t *ret_ms)
{
    int hour;
    int minute;
    int second;
    int scale = 100;

    if (!read_digits(at, 2, 0, 23, &hour) || !read_char(at, ':', ':') ||
        !read_digits(at, 2, 0, 59, &minute) || !read_char(at, ':', ':') ||
        !read_digits(at, 2, 0, 60, &second))
        return false;
    *ret_ms = ((int64_t)hour * 3600 + (int64_t)minute * 60 + second) * MS_PER_S;
    if (!read_char(at, '.', '.'))
        return true;
    for (int i = 0; i <= FRACTION_MAX; i++, scale /= 10) {
        int digit;

        if (!read_digits(at, 1, 0, 9, &digit))
            return i > 0;
        *ret_ms += (int64_t)digit * scale; /* the scale is 0 behind the milliseconds */
    }
    return false;
}

static bool read_offset(const char **at, int64_t *ret_ms)
{
    const int64_t sign = **at == '-' ? -1 : 1;
    int hour;
    int minute;

    *ret_ms = 0;
    if (read_char(at, 'Z', 'z'))
        return true;
    if (!read_char(at, '+', '-') || !read_digits(at, 2, 0, 23, &hour) || !read_char(at, ':', ':') ||
        !read_digits(at, 2, 0, 59, &minute))
        return false;
    *ret_ms = sign * ((int64_t)hour * 3600 + (int64_t)minute * 60) * MS_PER_S;
    return true;
}

bool zdd_time_parse(const char *text, int64_t *ret_ms)
{
    int64_t days;
    int64_t clock_ms;
    int64_t offset_ms;

    if (!read_date(&text, &days) || !read_char(&text, 'T', 't') || !read_clock(&text, &clock_ms) ||
        !read_offset(&text, &offset_ms) || *text != '\0')
        return false;
    *ret_ms = days * S_PER_DAY * MS_PER_S + clock_ms - offset_ms;
    return true;
}
