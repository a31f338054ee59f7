/**
 * @file tests/fault/storage/test_memory.c
 * @brief The n-th allocation of SQLite fails, for one n after the other until all goes well: after
 * each, the store is whole and works.
 */
#include "tests/support/quick_schema.h"
#include "tests/unit/storage/fixture.h"

#include <sqlite3.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#define TURNS_MAX 500000 /* an open makes over 50 000 allocations, the first use some 2000 */

static sqlite3_mem_methods real;
static atomic_int countdown; /* 0: off; the allocation that takes it from 1 to 0 fails */

static bool fails_now(void)
{
    int left = countdown;

    while (left > 0 && !atomic_compare_exchange_weak(&countdown, &left, left - 1))
        ; /* somebody else counted down: look again */
    return left == 1;
}

static void *failing_malloc(int size)
{
    return fails_now() ? NULL : real.xMalloc(size);
}

static void *failing_realloc(void *old, int size)
{
    return fails_now() ? NULL : real.xRealloc(old, size);
}

static int install(void **state)
{
    sqlite3_mem_methods failing;

    (void)state;
    if (sqlite3_config(SQLITE_CONFIG_GETMALLOC, &real) != SQLITE_OK)
        return 1;
    failing = real;
    failing.xMalloc = failing_malloc;
    failing.xRealloc = failing_realloc;
    return sqlite3_config(SQLITE_CONFIG_MALLOC, &failing) == SQLITE_OK ? 0 : 1;
}

struct errand {
    struct zdd_run run;
    char next[ZDD_ID_SIZE];
};

static enum zdd_err write_all(struct zdd_tx *tx, void *cls)
{
    struct errand *errand = cls;
    struct zdd_event event = a_new_event(.run_id = errand->run.id, .app_id = "/shop");
    const struct zdd_audit entry = a_new_entry(.run_id = errand->run.id);
    char busy[ZDD_ID_SIZE];
    enum zdd_err err = zdd_run_insert(tx, &errand->run, "{}", ZDD_WHEN_BUSY_SUPERSEDE, busy);

    if (err == ZDD_ERR_NONE)
        err = zdd_event_append(tx, &event);
    return err == ZDD_ERR_NONE ? zdd_audit_append(tx, &entry) : err;
}

static bool skip_run(void *cls, const struct zdd_run_peek *peek)
{
    struct zdd_run run;

    if (zdd_run_peek_load(peek, &run, NULL) == ZDD_ERR_NONE)
        (*(int *)cls)++;
    return true;
}

/* Write and read back. @return the first error */
static enum zdd_err use(struct zdd_store *store, int number, bool *ret_written)
{
    struct errand errand = {.run = a_run(.created_at_ms = 1)};
    const struct zdd_run_filter filter = {.state = ZDD_STATE_QUEUED, .limit = 10};
    int count = 0;
    enum zdd_err err;

    (void)snprintf(errand.run.id, sizeof(errand.run.id), "run-%d", number);
    err = zdd_store_write(store, write_all, &errand);
    *ret_written = err == ZDD_ERR_NONE;
    if (err == ZDD_ERR_NONE)
        err = zdd_run_load(store, errand.run.id, &errand.run, NULL);
    if (err == ZDD_ERR_NONE)
        err = zdd_run_list(store, &filter, skip_run, &count);
    return err;
}

static void assert_whole(struct zdd_store *store, int written)
{
    struct zdd_audit_verdict verdict;
    int64_t count;
    int64_t first;
    int64_t last;

    assert_good(zdd_run_count(store, "/shop", &count));
    assert_int_equal(count, written);
    assert_good(zdd_event_range(store, &first, &last));
    assert_int_equal(last, written);
    assert_good(zdd_audit_verify(store, &verdict));
    assert_true(verdict.ok);
    assert_int_equal(verdict.entries, written);
}

static struct zdd_store_options options_for(const struct place *place)
{
    return (struct zdd_store_options){
        .path = place->path, .inline_writer = true, .reader_count = 1};
}

/* Opening parses the schema, which takes thousands of allocations: some of them are tried. */
static void an_open_that_fails_leaves_nothing_in_the_way(void **state)
{
    bool went_well = false;
    int failed = 0;

    (void)state;
    for (int n = 1; n < TURNS_MAX && !went_well; n += 1 + n / 10) {
        struct place place;
        struct zdd_store_options options;
        struct zdd_store *store = NULL;
        char reason[300] = "";
        enum zdd_err err;

        place_make(&place);
        options = options_for(&place);
        countdown = n;
        err = zdd_store_open(&options, &store, reason);
        went_well = countdown > 0; /* the n-th allocation never came */
        countdown = 0;
        failed += err != ZDD_ERR_NONE;
        if (err != ZDD_ERR_NONE) {
            assert_err(ZDD_ERR_NO_MEMORY, err);
            assert_non_null(strstr(reason, place.path));
            store = open_with(&options);
        }
        assert_whole(store, 0);
        zdd_store_free(store);
        place_remove(&place);
    }
    assert_true(went_well);
    assert_true(failed > 10);
}

/* From the first use, which prepares every statement, to one that only steps them. */
static void a_store_survives_the_failure_of_any_allocation(void **state)
{
    struct place place;
    struct zdd_store_options options;
    struct zdd_store *store;
    int written = 0;
    int failed = 0;
    int well_in_a_row = 0;

    (void)state;
    place_make(&place);
    options = options_for(&place);
    store = open_with(&options);
    for (int n = 1, turn = 1; turn < TURNS_MAX && well_in_a_row < 3; n++, turn++) {
        bool this_one;
        enum zdd_err err;

        countdown = n;
        err = use(store, turn, &this_one);
        well_in_a_row = countdown > 0 ? well_in_a_row + 1 : 0;
        countdown = 0;
        written += this_one;
        failed += err != ZDD_ERR_NONE;
        if (err != ZDD_ERR_NONE)
            assert_err(ZDD_ERR_NO_MEMORY, err);
        assert_whole(store, written);
    }
    assert_int_equal(well_in_a_row, 3);
    assert_true(failed > 10);
    assert_true(written > 3);
    zdd_store_free(store);
    place_remove(&place);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_open_that_fails_leaves_nothing_in_the_way),
        cmocka_unit_test(a_store_survives_the_failure_of_any_allocation),
    };

    quick_schema_off(); /* how a database comes to be is part of it */
    return cmocka_run_group_tests(tests, install, NULL);
}
