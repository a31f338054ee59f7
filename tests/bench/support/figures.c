/**
 * @file tests/bench/support/figures.c
 * @brief What a benchmark measures.
 */
#include "tests/bench/support/figures.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static const char *bound_of(const struct bench_figure *figure)
{
    static const char *const texts[] = {"at least", "at most", ""};

    return texts[figure->bound];
}

static bool is_met(const struct bench_figure *figure)
{
    if (figure->bound == BENCH_AT_LEAST)
        return figure->value >= figure->target;
    return figure->bound == BENCH_ONLY_SAID || figure->value <= figure->target;
}

void bench_say(const struct bench_figure *figure)
{
    /* None of the texts needs escaping: they are constants of the benchmarks. */
    printf("{\"row\":%d,\"what\":\"%s\",\"value\":%.3f,\"unit\":\"%s\",\"bound\":\"%s\"",
           figure->row, figure->what, figure->value, figure->unit, bound_of(figure));
    if (figure->bound != BENCH_ONLY_SAID)
        printf(",\"target\":%g,\"met\":%s", figure->target, is_met(figure) ? "true" : "false");
    printf(",\"note\":\"%s\"}\n", figure->note ? figure->note : "");
    fflush(stdout);
}

int64_t bench_now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

void bench_sleep_ms(int64_t ms)
{
    struct timespec left = {ms / 1000, ms % 1000 * 1000000};

    while (nanosleep(&left, &left) != 0 && errno == EINTR)
        continue;
}

static int by_value(const void *a, const void *b)
{
    const double *x = a;
    const double *y = b;

    return (*x > *y) - (*x < *y);
}

double bench_percentile(double *values, size_t count, double percent)
{
    size_t at;

    if (count == 0)
        return 0;
    qsort(values, count, sizeof(*values), by_value);
    at = (size_t)((double)count * percent / 100);
    return values[at < count ? at : count - 1];
}

double bench_median(double *values, size_t count)
{
    return bench_percentile(values, count, 50);
}

uint64_t bench_resident(long pid)
{
    char path[64], line[128];
    unsigned long kib = 0;
    FILE *file;

    if (pid)
        snprintf(path, sizeof(path), "/proc/%ld/status", pid);
    else
        snprintf(path, sizeof(path), "/proc/self/status");
    file = fopen(path, "re");
    while (file && kib == 0 && fgets(line, sizeof(line), file)) {
        if (strncmp(line, "VmRSS:", 6) == 0)
            kib = strtoul(line + 6, NULL, 10);
    }
    if (file)
        fclose(file);
    return (uint64_t)kib * 1024;
}

int64_t bench_option(int argc, char *const *argv, const char *name, int64_t otherwise)
{
    for (int i = 1; i + 1 < argc; i++) {
        if (strncmp(argv[i], "--", 2) == 0 && strcmp(argv[i] + 2, name) == 0)
            return strtoll(argv[i + 1], NULL, 10);
    }
    return otherwise;
}

void bench_fail(const char *words, ...)
{
    va_list args;

    va_start(args, words);
    vfprintf(stderr, words, args);
    va_end(args);
    fputc('\n', stderr);
    exit(1);
}
