/**
 * @file deploy/lab/flaws.c
 * @brief Errors, dropped connections, delays, crashes and bad health.
 */
#include "deploy/lab/flaws.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define PERCENT_MAX 100
#define REQUESTS_MAX 1000000000
#define FLAW_DELAY_MAX_MS 10000

const char zdd_flaws_help[] =
    "  ERROR_PERCENT  so many of a hundred requests are answered 500\n"
    "  DROP_PERCENT   so many are not answered: the connection is closed\n"
    "  DELAY_MS       each answer comes so many milliseconds later\n"
    "  CRASH_AFTER    the program ends with status 1 when it has had so many requests\n"
    "  SICK_AFTER     /health says 503 when it has had so many requests\n";

int64_t zdd_flaws_number(const char *name, int64_t otherwise, int64_t max)
{
    const char *text = getenv(name);
    char *end = NULL;
    long value;

    if (!text || !*text)
        return otherwise;
    errno = 0;
    value = strtol(text, &end, 10);
    if (errno || *end || value < 0 || value > max) {
        fprintf(stderr, "simpleservice: %s must be a whole number from 0 to %lld, not \"%s\"\n",
                name, (long long)max, text);
        exit(2);
    }
    return value;
}

struct zdd_flaws zdd_flaws_read(void)
{
    return (struct zdd_flaws){
        .error_percent = zdd_flaws_number("ERROR_PERCENT", 0, PERCENT_MAX),
        .drop_percent = zdd_flaws_number("DROP_PERCENT", 0, PERCENT_MAX),
        .delay_ms = zdd_flaws_number("DELAY_MS", 0, FLAW_DELAY_MAX_MS),
        .crash_after = zdd_flaws_number("CRASH_AFTER", 0, REQUESTS_MAX),
        .sick_after = zdd_flaws_number("SICK_AFTER", 0, REQUESTS_MAX),
    };
}

/* Whether the n-th request is one of those: the part grows to the next whole number with it. */
static bool hits(int64_t percent, int64_t n)
{
    return n * percent / PERCENT_MAX > (n - 1) * percent / PERCENT_MAX;
}

void zdd_flaws_spoil(struct zdd_flaws *flaws, struct zdd_tiny_answer *answer)
{
    flaws->requests++;
    if (flaws->crash_after > 0 && flaws->requests >= flaws->crash_after) {
        fprintf(stderr, "simpleservice: CRASH_AFTER %lld requests\n", (long long)flaws->requests);
        _exit(1);
    }
    answer->delay_ms += flaws->delay_ms;
    if (hits(flaws->error_percent, flaws->requests))
        answer->status = 500;
    if (hits(flaws->drop_percent, flaws->requests))
        answer->status = ZDD_TINY_DROPPED;
}

bool zdd_flaws_are_sick(const struct zdd_flaws *flaws)
{
    return flaws->sick_after > 0 && flaws->requests >= flaws->sick_after;
}
