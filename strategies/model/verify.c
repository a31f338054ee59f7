/**
 * @file strategies/model/verify.c
 * @brief Rounds of checks, and what they amount to.
 */
#include "strategies/model/verify.h"

#include "strategies/model/limits.h"

#include <stddef.h>
#include <string.h>

static const struct {
    const char *name;
    char letter;
} rounds[] = {
    [ZDD_FINDING_PASSED] = {"passed", 'p'},
    [ZDD_FINDING_FAILED] = {"failed", 'f'},
    [ZDD_FINDING_ERROR] = {"error", 'e'},
};
_Static_assert(ZDD_COUNT(rounds) == ZDD_FINDING_COUNT, "each result needs a name");

static const char *const inconclusive[] = {
    [ZDD_INCONCLUSIVE_WAITS] = "wait",
    [ZDD_INCONCLUSIVE_GATES] = "gate",
    [ZDD_INCONCLUSIVE_PASSES] = "pass",
    [ZDD_INCONCLUSIVE_FAILS] = "fail",
};
_Static_assert(ZDD_COUNT(inconclusive) == ZDD_INCONCLUSIVE_COUNT, "each needs a name");

static const char *const measures[] = {
    [ZDD_METRIC_ERROR_RATE] = "errorRate",
    [ZDD_METRIC_CONNECT_ERRORS] = "connectErrors",
    [ZDD_METRIC_RESPONSE_MS] = "responseMs",
};
_Static_assert(ZDD_COUNT(measures) == ZDD_METRIC_COUNT, "each measure needs a name");

const char *zdd_on_inconclusive_name(enum zdd_on_inconclusive on_inconclusive)
{
    return inconclusive[on_inconclusive];
}

const char *zdd_metric_name(enum zdd_metric measure)
{
    return measures[measure];
}

static bool find(const char *const *names, size_t count, const char *name, size_t *ret_index)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(names[i], name) == 0) {
            *ret_index = i;
            return true;
        }
    }
    return false;
}

bool zdd_on_inconclusive_parse(const char *name, enum zdd_on_inconclusive *ret_on_inconclusive)
{
    size_t index;

    if (!find(inconclusive, ZDD_COUNT(inconclusive), name, &index))
        return false;
    *ret_on_inconclusive = (enum zdd_on_inconclusive)index;
    return true;
}

bool zdd_metric_parse(const char *name, enum zdd_metric *ret_measure)
{
    size_t index;

    if (!find(measures, ZDD_COUNT(measures), name, &index))
        return false;
    *ret_measure = (enum zdd_metric)index;
    return true;
}

const char *zdd_finding_name(enum zdd_finding round)
{
    return rounds[round].name;
}

void zdd_rounds_add(char record[static ZDD_ROUND_MAX + 1], enum zdd_finding round)
{
    size_t size = strlen(record);

    if (size == ZDD_ROUND_MAX)
        memmove(record, record + 1, size--);
    record[size] = rounds[round].letter;
    record[size + 1] = '\0';
}

struct zdd_rounds zdd_rounds_of(const char *record)
{
    struct zdd_rounds sum = {0};

    for (; *record; record++) {
        sum.done++;
        sum.passed += *record == rounds[ZDD_FINDING_PASSED].letter;
        sum.failed += *record == rounds[ZDD_FINDING_FAILED].letter;
        sum.errors_in_row = *record == rounds[ZDD_FINDING_ERROR].letter ? sum.errors_in_row + 1 : 0;
    }
    return sum;
}

/* Beyond the limit they say nothing, and onInconclusive says what that means. */
static bool is_silent(const struct zdd_verify *verify, const struct zdd_rounds *sum)
{
    return sum->errors_in_row > verify->error_limit;
}

bool zdd_verify_is_bad(const struct zdd_verify *verify, const char *record)
{
    const struct zdd_rounds sum = zdd_rounds_of(record);

    return sum.failed > verify->failure_limit ||
           (is_silent(verify, &sum) && verify->on_inconclusive == ZDD_INCONCLUSIVE_FAILS);
}

bool zdd_verify_is_good(const struct zdd_verify *verify, const char *record)
{
    const struct zdd_rounds sum = zdd_rounds_of(record);

    if (is_silent(verify, &sum) && verify->on_inconclusive != ZDD_INCONCLUSIVE_PASSES)
        return false;
    return sum.done >= verify->rounds && sum.failed <= verify->failure_limit;
}
