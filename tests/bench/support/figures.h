/**
 * @file tests/bench/support/figures.h
 * @brief What a benchmark measures, how it says so, and its arithmetic.
 *
 * Figures go to standard output as one JSON object a line (tests/bench/run makes the table);
 * everything for the eyes of who waits goes to standard error.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum bench_bound { BENCH_AT_LEAST, BENCH_AT_MOST, BENCH_ONLY_SAID };

struct bench_figure {
    int row;          /* of the targets' table */
    const char *what; /* "GET /v1/deployments/{id} against hello" */
    const char *unit; /* "×", "ms", "KiB" */
    double value;
    enum bench_bound bound;
    double target;
    const char *note; /* how it came about, or NULL */
};

/** Say one figure. */
void bench_say(const struct bench_figure *figure);

/** @return nanoseconds of a clock that never jumps */
int64_t bench_now_ns(void);

/** Wait; benchmarks only. */
void bench_sleep_ms(int64_t ms);

/** Sort @p values and @return the one that @p percent of them do not exceed; 0 for none. */
double bench_percentile(double *values, size_t count, double percent);
double bench_median(double *values, size_t count);

/** @return the resident bytes of process @p pid (0: this one); 0 when it cannot be read */
uint64_t bench_resident(long pid);

/** @return the value of "--@p name N" among the arguments, or @p otherwise */
int64_t bench_option(int argc, char *const *argv, const char *name, int64_t otherwise);

/** End the program with @p words on standard error. */
__attribute__((noreturn, format(printf, 1, 2))) void bench_fail(const char *words, ...);
