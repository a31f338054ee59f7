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
    [ZDD_FINDING_INCONCLUSIVE] = {"inconclusive", 'i'},
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

static bool is_letter_of(char letter, enum zdd_finding round)
{
    return letter == rounds[round].letter;
}

struct zdd_rounds zdd_rounds_of(const char *record)
{
    struct zdd_rounds sum = {0};

    for (; *record; record++) {
        const bool error = is_letter_of(*record, ZDD_FINDING_ERROR);

        sum.ends_inconclusive = is_letter_of(*record, ZDD_FINDING_INCONCLUSIVE);
        sum.done++;
        sum.passed += is_letter_of(*record, ZDD_FINDING_PASSED);
        sum.failed += is_letter_of(*record, ZDD_FINDING_FAILED);
        sum.inconclusive += sum.ends_inconclusive;
        sum.errors_in_row = error ? sum.errors_in_row + 1 : 0;
    }
    return sum;
}

const char *zdd_rounds_last(const char *record, int32_t count)
{
    const size_t size = strlen(record);

    return size > (size_t)count ? record + size - (size_t)count : record;
}

void zdd_verify_add(const struct zdd_verify *verify, char record[static ZDD_ROUND_MAX + 1],
                    enum zdd_finding round)
{
    const size_t size = strlen(record);

    if (verify->on_inconclusive == ZDD_INCONCLUSIVE_WAITS && size > 0 &&
        is_letter_of(record[size - 1], ZDD_FINDING_INCONCLUSIVE))
        record[size - 1] = '\0';
    zdd_rounds_add(record, round);
}

/* Beyond the limit they say nothing, and onInconclusive says what that means. */
static bool is_silent(const struct zdd_verify *verify, const struct zdd_rounds *sum)
{
    return sum->errors_in_row > verify->error_limit;
}

static int32_t failed_of(const struct zdd_verify *verify, const struct zdd_rounds *sum)
{
    const bool fails = verify->on_inconclusive == ZDD_INCONCLUSIVE_FAILS;

    return sum->failed + (fails ? sum->inconclusive : 0);
}

bool zdd_verify_is_bad(const struct zdd_verify *verify, const char *record)
{
    const struct zdd_rounds sum = zdd_rounds_of(record);

    return failed_of(verify, &sum) > verify->failure_limit ||
           (is_silent(verify, &sum) && verify->on_inconclusive == ZDD_INCONCLUSIVE_FAILS);
}

/* The last rounds say nothing, and nobody takes that for a pass. */
static bool is_open(const struct zdd_verify *verify, const struct zdd_rounds *sum)
{
    const bool fails = verify->on_inconclusive == ZDD_INCONCLUSIVE_FAILS;

    if (verify->on_inconclusive == ZDD_INCONCLUSIVE_PASSES)
        return false;
    return is_silent(verify, sum) || (sum->ends_inconclusive && !fails);
}

bool zdd_verify_is_good(const struct zdd_verify *verify, const char *record)
{
    const struct zdd_rounds sum = zdd_rounds_of(record);

    return !is_open(verify, &sum) && sum.done >= verify->rounds &&
           failed_of(verify, &sum) <= verify->failure_limit;
}

bool zdd_verify_is_unsure(const struct zdd_verify *verify, const char *record)
{
    const struct zdd_rounds sum = zdd_rounds_of(record);

    return verify->on_inconclusive == ZDD_INCONCLUSIVE_GATES && is_open(verify, &sum) &&
           sum.done >= verify->rounds;
}
