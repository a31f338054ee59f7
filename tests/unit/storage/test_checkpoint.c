/**
 * @file tests/unit/storage/test_checkpoint.c
 * @brief The log goes back into the database file beside the writer, and does not grow for ever.
 */
#include "tests/unit/storage/fixture.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#define TEXT_SIZE (1 << 20) /* of an event: 256 pages and a few */
#define NAPS_MAX 12000      /* a minute */

static int setup(void **state)
{
    static struct place place;

    place_make(&place);
    *state = &place;
    return 0;
}

static int teardown(void **state)
{
    place_remove(*state);
    return 0;
}

static off_t size_of(const char *path, const char *ending)
{
    char name[160];
    struct stat status;

    snprintf(name, sizeof(name), "%s%s", path, ending);
    assert_int_equal(stat(name, &status), 0);
    return status.st_size;
}

static void write_events(struct zdd_store *store, int count)
{
    char *text = malloc(TEXT_SIZE + 1);

    assert_non_null(text);
    memset(text, 'x', TEXT_SIZE);
    memcpy(text, "{\"a\":\"", 6);
    memcpy(text + TEXT_SIZE - 2, "\"}", 3);
    for (int i = 0; i < count; i++)
        assert_good(append_event(store, a_new_event(.data = text)));
    free(text);
}

static void a_step_of_the_log_goes_back_while_the_store_is_open(void **state)
{
    const struct place *place = *state;
    const struct timespec nap = {.tv_nsec = 5000000};
    struct zdd_store *store = open_file(place->path);

    write_events(store, 6);
    for (int i = 0; i < NAPS_MAX && size_of(place->path, "") < (off_t)3 * TEXT_SIZE; i++)
        nanosleep(&nap, NULL);
    assert_true(size_of(place->path, "") >= (off_t)3 * TEXT_SIZE);
    zdd_store_free(store);
}

static void a_log_that_is_written_all_the_time_begins_anew(void **state)
{
    const struct place *place = *state;
    struct zdd_store *store = open_file(place->path);

    write_events(store, 120);
    /* 32 MiB, and what came while the thread was copying itself */
    assert_in_range(size_of(place->path, "-wal"), 1, 64 * TEXT_SIZE);
    zdd_store_free(store);
    assert_int_equal(ask(place->path, "SELECT count(*) FROM event"), 120);
}

static sqlite3 *begin_to_read(const char *path)
{
    sqlite3 *raw = NULL;

    assert_int_equal(sqlite3_open_v2(path, &raw, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_exec(raw, "BEGIN; SELECT count(*) FROM event", NULL, NULL, NULL),
                     SQLITE_OK);
    return raw;
}

static void what_a_long_reader_needs_stays_and_goes_when_it_has_ended(void **state)
{
    const struct place *place = *state;
    struct zdd_store *store = open_file(place->path);
    struct zdd_store_stats stats;
    sqlite3 *reader = begin_to_read(place->path);

    write_events(store, 80);
    assert_true(size_of(place->path, "-wal") >= (off_t)80 * TEXT_SIZE);
    sqlite3_close(reader);
    write_events(store, 40);
    assert_in_range(size_of(place->path, "-wal"), 1, 65 * TEXT_SIZE);
    zdd_store_stats(store, &stats);
    assert_int_equal(stats.failures, 0);
    zdd_store_free(store);
    assert_int_equal(ask(place->path, "SELECT count(*) FROM event"), 120);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        CASE(a_step_of_the_log_goes_back_while_the_store_is_open),
        CASE(a_log_that_is_written_all_the_time_begins_anew),
        CASE(what_a_long_reader_needs_stays_and_goes_when_it_has_ended),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
