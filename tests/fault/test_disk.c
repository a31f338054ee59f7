/**
 * @file tests/fault/test_disk.c
 * @brief The n-th write or fsync of the database fails, for n = 1, 2, … until a whole deployment
 * passes untouched: each ends as it should, and is whole when the store is opened again.
 */
#include "tests/fault/failing_disk.h"
#include "tests/fault/journey.h"
#include "tests/support/quick_schema.h"
#include "tests/support/sparse.h"

#include "server/base/crypto.h"
#include "server/base/log.h"

#include <signal.h>
#include <sqlite3.h>
#include <sys/wait.h>
#include <unistd.h>

#define WRITES_MAX 5000

static const struct disk_fault faults[] = {
    {"a write fails", false, SQLITE_IOERR_WRITE, 1, 1},
    {"the disk is full", false, SQLITE_FULL, 1, 7},
    {"the disk is full for a while", false, SQLITE_FULL, 7, 13},
    {"a sync fails", true, SQLITE_IOERR_FSYNC, 1, 1},
    {"syncs fail for a while", true, SQLITE_IOERR_FSYNC, 3, 1},
};

static struct zdd_store *reopen(const struct place *place)
{
    return open_with(&(struct zdd_store_options){
        .path = place->path, .holder = "test", .inline_writer = true, .reader_count = 1});
}

static void begin(struct journey *j)
{
    int tries = 1;

    while (journey_begin(j) != ZDD_ERR_NONE) { /* as a caller who tries again */
        assert_true(tries < 10);
        tries++;
        j->errors++;
    }
}

struct loop {
    const struct journey_kind *kind;
    const struct disk_fault *fault;
    int versions; /* of the app, untouched */
    int errors;
};

/* @return whether something failed */
static bool fail_at(struct loop *loop, int n)
{
    const struct disk_fault *fault = loop->fault;
    struct place place;
    struct journey j;
    bool failed;

    place_make(&place);
    journey_init(&j, loop->kind, reopen(&place));
    j.stepper.store = j.store;
    disk_fail_at(n, fault);
    begin(&j);
    journey_run(&j);
    failed = disk_heal();
    assert_true(!failed || j.errors > 0); /* nobody overlooks it */
    assert_in_range(j.errors, 0, fault->times);
    loop->errors += (int)j.errors;
    journey_check(&j, loop->versions);
    zdd_store_free(j.store);
    j.store = reopen(&place);
    assert_good(zdd_run_load(j.store, j.run.id, &j.run, NULL));
    journey_check(&j, loop->versions);
    zdd_store_free(j.store);
    place_remove(&place);
    return failed;
}

/* Those that go back have gone forward before, so they are tried more closely. */
static void fail_each(struct loop *loop)
{
    const int stride = loop->fault->stride * (loop->kind->sick ? 1 : 3);
    int n = 1;

    while (n < WRITES_MAX && fail_at(loop, n))
        n += stride * SPARSE;
    print_message("%s, %s: untouched at %d, %d errors\n", loop->kind->title, loop->fault->title, n,
                  loop->errors);
    assert_true(n < WRITES_MAX);
    assert_true(n > 1); /* else the loop fails nothing */
}

static void any_write_or_sync_may_fail(void **state)
{
    (void)state;
    for (const struct journey_kind *kind = journey_kinds; kind->title; kind++) {
        const int versions = journey_untouched(kind);

        for (size_t i = 0; i < ZDD_COUNT(faults); i++)
            fail_each(&(struct loop){.kind = kind, .fault = &faults[i], .versions = versions});
    }
}

/* @return whether the process was killed before the database was there */
static bool kill_open_at(const struct place *place, int n)
{
    static const struct disk_fault kills = {"the process is killed", false, DISK_KILLS, 1, 1};
    const pid_t child = fork();
    int status = 0;

    if (child == 0) {
        struct zdd_store *store = NULL;
        char reason[300];

        disk_fail_at(n, &kills);
        _exit(zdd_store_open(&(struct zdd_store_options){.path = place->path, .holder = "test"},
                             &store, reason) == ZDD_ERR_NONE
                  ? 0
                  : 1);
    }
    assert_true(child > 0);
    assert_int_equal(waitpid(child, &status, 0), child);
    if (WIFEXITED(status))
        assert_int_equal(WEXITSTATUS(status), 0);
    return WIFSIGNALED(status);
}

static void a_first_start_that_is_killed_is_finished_by_the_next(void **state)
{
    const int versions = journey_untouched(&journey_kinds[0]);
    bool killed = true;
    int n = 0;

    (void)state;
    quick_schema_off();
    while (killed) { /* ends: a schema has so many pages */
        struct place place;
        struct journey j;

        place_make(&place);
        killed = kill_open_at(&place, ++n);
        journey_init(&j, &journey_kinds[0], reopen(&place));
        assert_good(journey_begin(&j));
        journey_run(&j);
        journey_check(&j, versions);
        zdd_store_free(j.store);
        place_remove(&place);
    }
    print_message("untouched at write %d\n", n);
    assert_true(n > 20);
}

static int setup(void **state)
{
    (void)state;
    zdd_log_level_set(ZDD_LOG_ERROR);
    return disk_install() && zdd_crypto_init() ? 0 : 1;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_write_or_sync_may_fail),
        cmocka_unit_test(a_first_start_that_is_killed_is_finished_by_the_next), /* the last */
    };

    return cmocka_run_group_tests(tests, setup, NULL);
}
