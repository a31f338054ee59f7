/**
 * @file tests/fault/storage/test_migration.c
 * @brief A migration of a filled database, killed at many of its writes and each of its syncs: the
 * database is wholly of one version, with all its rows, and the next start brings it to the newest.
 */
#include "storage/inside.h"
#include "storage/migrate.h"
#include "tests/fault/failing_disk.h"
#include "tests/support/quick_schema.h"
#include "tests/unit/storage/fixture.h"

#include <sqlite3.h>
#include <sys/wait.h>
#include <unistd.h>

#define ROWS 400
#define WRITES_MAX 1000
#define WRITE_STRIDE 5 /* most writes are of pages of one commit, and one is like the other */
#define NEWEST 3

static const struct zdd_migration steps[NEWEST] = {
    {1, "CREATE TABLE a (x INTEGER, filler TEXT) STRICT;"
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 400)"
        " INSERT INTO a SELECT i, printf('%.*c', 300, 'x') FROM n"},
    {2, "ALTER TABLE a ADD COLUMN y INTEGER; UPDATE a SET y = 2 * x"},
    {3, "CREATE TABLE b (z INTEGER, filler TEXT) STRICT;"
        "INSERT INTO b SELECT x + y, filler FROM a; DROP TABLE a"},
};

/* What the rows of each version add up to. */
static const char *const sums[NEWEST] = {"SELECT sum(x) FROM a", "SELECT sum(y) FROM a",
                                         "SELECT sum(z) FROM b"};

static enum zdd_err migrate(const char *path, int to)
{
    struct zdd_trouble trouble = {.lock = PTHREAD_MUTEX_INITIALIZER};
    static struct zdd_conn conn; /* large */
    int found = 0;
    enum zdd_err err;

    err = zdd_conn_open(&conn, path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, &trouble);
    if (err == ZDD_ERR_NONE)
        err = zdd_schema_version(&conn, &found);
    if (err == ZDD_ERR_NONE)
        err = zdd_migrate(&conn, steps, (size_t)to, found);
    zdd_conn_close(&conn);
    return err;
}

/* @return whether the process was killed before the newest version was there */
static bool kill_at(const char *path, int n, bool sync)
{
    const struct disk_fault kills = {"the process is killed", sync, DISK_KILLS, 1, 1};
    const pid_t child = fork();
    int status = 0;

    if (child == 0) {
        disk_fail_at(n, &kills);
        _exit(migrate(path, NEWEST) == ZDD_ERR_NONE ? 0 : 1);
    }
    assert_true(child > 0);
    assert_int_equal(waitpid(child, &status, 0), child);
    if (WIFEXITED(status))
        assert_int_equal(WEXITSTATUS(status), 0);
    return WIFSIGNALED(status);
}

static void check_version(const char *path, int version)
{
    assert_in_range(version, 1, NEWEST);
    assert_int_equal(ask(path, sums[version - 1]), version * ROWS * (ROWS + 1) / 2);
    assert_int_equal(ask(path, "SELECT count(*) FROM pragma_integrity_check"
                               " WHERE integrity_check = 'ok'"),
                     1);
}

/* @return how many of the databases were found at each version; sums[0] is of version 1 */
static void kill_at_each(bool sync, int stride, int seen[static NEWEST])
{
    bool killed = true;
    int n = 1 - stride;

    while (killed && n < WRITES_MAX) {
        struct place place;
        int version;

        place_make(&place);
        assert_good(migrate(place.path, 1));
        n += stride;
        killed = kill_at(place.path, n, sync);
        version = (int)ask(place.path, "PRAGMA user_version");
        check_version(place.path, version);
        seen[version - 1]++;
        assert_good(migrate(place.path, NEWEST));
        check_version(place.path, NEWEST);
        place_remove(&place);
    }
    print_message("untouched at %s %d; found: %d of version 1, %d of 2, %d of 3\n",
                  sync ? "sync" : "write", n, seen[0], seen[1], seen[2]);
    assert_false(killed);
}

static void it_is_of_one_version_wherever_a_write_is_the_last(void **state)
{
    int seen[NEWEST] = {0};

    (void)state;
    kill_at_each(false, WRITE_STRIDE, seen);
    assert_true(seen[0] > 0 && seen[1] > 0 && seen[2] > 0);
}

static void or_a_sync(void **state)
{
    int seen[NEWEST] = {0};

    (void)state;
    kill_at_each(true, 1, seen);
    assert_true(seen[0] + seen[1] > 0);
}

static int setup(void **state)
{
    (void)state;
    return disk_install() ? 0 : 1;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_is_of_one_version_wherever_a_write_is_the_last),
        cmocka_unit_test(or_a_sync),
    };

    quick_schema_off(); /* how a database comes to be is part of it */
    return cmocka_run_group_tests(tests, setup, NULL);
}
