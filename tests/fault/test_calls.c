/**
 * @file tests/fault/test_calls.c
 * @brief The n-th call to Marathon goes wrong, for n = 1, 2, … until a deployment passes untouched:
 * each ends as it should, and nothing is done twice.
 */
#include "tests/fault/journey.h"
#include "tests/support/sparse.h"

#include "server/base/crypto.h"
#include "server/base/log.h"

#include <stdio.h>

#define CALLS_MAX 500

static const struct journey_fault faults[] = {
    {"nobody listens", ZDD_ERR_CLUSTER_DOWN, false},
    {"no answer in time", ZDD_ERR_CLUSTER_SLOW, false},
    {"carried out, but no answer", ZDD_ERR_CLUSTER_SLOW, true},
    {"carried out, connection cut", ZDD_ERR_CLUSTER_DOWN, true},
    {"carried out, answer garbled", ZDD_ERR_CLUSTER_NONSENSE, true},
    {"status 500", ZDD_ERR_CLUSTER_UNWELL, false},
    {"carried out, status 500", ZDD_ERR_CLUSTER_UNWELL, true},
    {"status 401", ZDD_ERR_CLUSTER_FORBIDDEN, false},
    {"too many deployments", ZDD_ERR_CLUSTER_LIMIT, false},
    {"no memory", ZDD_ERR_NO_MEMORY, false},
    {"carried out, no memory for the answer", ZDD_ERR_NO_MEMORY, true},
};

/* @return whether a call failed */
static bool fail_at(const struct journey_kind *kind, const struct journey_fault *fault,
                    unsigned from, unsigned count, int versions)
{
    struct zdd_store *store = open_memory();
    struct journey j;

    journey_init(&j, kind, store);
    j.fault = fault;
    j.fail_from = from;
    j.fail_to = from + count - 1;
    j.sweeps = from % 2 == 0;
    assert_good(journey_begin(&j));
    journey_run(&j);
    journey_check(&j, versions);
    assert_int_equal(j.errors, 0); /* Marathon's troubles are no errors of a step */
    zdd_store_free(store);
    return j.calls >= from;
}

/* Each fault, @p count calls in a row. */
static void fail_each(unsigned count)
{
    for (const struct journey_kind *kind = journey_kinds; kind->title; kind++) {
        const int versions = journey_untouched(kind);

        for (size_t i = 0; i < ZDD_COUNT(faults); i++) {
            unsigned from = 1;

            while (from < CALLS_MAX && fail_at(kind, &faults[i], from, count, versions))
                from += SPARSE + count / 3; /* long failures overlap */
            assert_true(from > 2 && from < CALLS_MAX);
        }
    }
}

static void any_call_may_fail(void **state)
{
    (void)state;
    fail_each(1);
}

static void and_five_in_a_row(void **state)
{
    (void)state;
    fail_each(5);
}

static int setup(void **state)
{
    (void)state;
    zdd_log_level_set(ZDD_LOG_ERROR);
    return zdd_crypto_init() ? 0 : 1;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_call_may_fail),
        cmocka_unit_test(and_five_in_a_row),
    };

    return cmocka_run_group_tests(tests, setup, NULL);
}
