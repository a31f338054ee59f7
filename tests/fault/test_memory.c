/**
 * @file tests/fault/test_memory.c
 * @brief The n-th allocation fails, for n = 1, 2, … until all goes untouched: a whole deployment,
 * step by step and by sweeps.
 */
#include "tests/fault/failing_memory.h"
#include "tests/fault/journey.h"
#include "tests/support/sparse.h"

#include "server/base/crypto.h"
#include "server/base/log.h"

#define ALLOCATIONS_MAX 200000

struct loop {
    bool sweeps;
    int versions; /* of the app, untouched */
    int more;     /* n grows by this part of itself, in percent: SQLite's allocations are many */
};

/* @return whether an allocation failed */
static bool fail_at(const struct journey_kind *kind, const struct loop *loop, int n, int *errors)
{
    struct zdd_store *store = open_memory();
    struct journey j;
    enum zdd_err err;
    bool failed;

    journey_init(&j, kind, store);
    j.sweeps = loop->sweeps;
    j.inside = memory_inside;
    memory_fail_at(n);
    err = journey_begin(&j);
    if (err != ZDD_ERR_NONE) {
        assert_err(ZDD_ERR_NO_MEMORY, err);
        assert_good(journey_begin(&j)); /* as a caller who tries again */
    }
    journey_run(&j);
    failed = memory_heal();
    journey_check(&j, loop->versions);
    assert_in_range(j.errors, 0, 1);
    *errors += (int)j.errors + (err != ZDD_ERR_NONE);
    zdd_store_free(store);
    return failed;
}

static void fail_each(bool sweeps, int more)
{
    struct loop loop = {.sweeps = sweeps, .more = more};

    for (const struct journey_kind *kind = journey_kinds; kind->title; kind++) {
        int errors = 0;
        int n = 1;

        loop.versions = journey_untouched(kind);
        while (n < ALLOCATIONS_MAX && fail_at(kind, &loop, n, &errors))
            n += SPARSE + n * loop.more / 100;
        print_message("%s: untouched at allocation %d, %d errors\n", kind->title, n, errors);
        assert_true(n < ALLOCATIONS_MAX);
        assert_true(errors > 10 / SPARSE); /* else the loop fails nothing */
    }
}

static void any_allocation_of_a_deployment_may_fail(void **state)
{
    (void)state;
    fail_each(false, 0);
}

static void or_of_its_sweeps(void **state)
{
    (void)state;
    fail_each(true, 0);
}

static void or_of_sqlite_below_them(void **state)
{
    (void)state;
    memory_with_sqlite(true);
    fail_each(true, 20);
    fail_each(false, 27);
    memory_with_sqlite(false);
}

static int setup(void **state)
{
    (void)state;
    zdd_log_level_set(ZDD_LOG_ERROR);
    return memory_install() && zdd_crypto_init() ? 0 : 1;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_allocation_of_a_deployment_may_fail),
        cmocka_unit_test(or_of_its_sweeps),
        cmocka_unit_test(or_of_sqlite_below_them),
    };

    return cmocka_run_group_tests(tests, setup, NULL);
}
