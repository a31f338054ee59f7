/**
 * @file strategies/model/verify.c
 * @brief Rounds of checks, and what they amount to.
 */
#include "strategies/model/verify.h"

#include "strategies/model/limits.h"

#include <assert.h>
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

const char *zdd_finding_name(enum zdd_finding round)
{
    return rounds[round].name;
}

void zdd_rounds_add(char record[static ZDD_ROUND_MAX + 1], enum zdd_finding round)
{
    const size_t size = strlen(record);

    assert(size < ZDD_ROUND_MAX);
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

bool zdd_verify_is_bad(const struct zdd_verify *verify, const char *record)
{
    const struct zdd_rounds sum = zdd_rounds_of(record);

    return sum.failed > verify->failure_limit || sum.errors_in_row > verify->failure_limit;
}

bool zdd_verify_is_good(const struct zdd_verify *verify, const char *record)
{
    return zdd_rounds_of(record).done >= verify->rounds && !zdd_verify_is_bad(verify, record);
}
