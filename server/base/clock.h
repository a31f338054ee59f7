/**
 * @file server/base/clock.h
 * @brief Time: two clocks to read, one text form.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define ZDD_TIME_SIZE 25 /* "2024-05-01T10:00:00.000Z" and the final NUL */

/** @return UTC milliseconds since 1970-01-01; may jump when somebody sets the clock */
int64_t zdd_now_ms(void);

/** @return UTC milliseconds as they were when the process asked first, and as many more as have
 * passed since: somebody who sets the clock changes nothing. For durations that a next process goes
 * on with; they still jump with a start */
int64_t zdd_steady_ms(void);

/** @return milliseconds of a clock that never jumps; only differences mean something */
int64_t zdd_mono_ms(void);

/** Write @p ms as RFC 3339 UTC with milliseconds, which is also Marathon's form. Years 1970 to
 * 9999; what lies outside becomes the nearest of them. */
void zdd_time_format(int64_t ms, char text[static ZDD_TIME_SIZE]);

/**
 * Read RFC 3339 ("Z" or "+hh:mm", 0 to 9 fraction digits, cut to milliseconds).
 * @param[out] ret_ms  UTC milliseconds, negative before 1970; set on success only
 * @return false when @p text is none
 */
bool zdd_time_parse(const char *text, int64_t *ret_ms);
