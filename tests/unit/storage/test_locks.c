/**
 * @file tests/unit/storage/test_locks.c
 * @brief Deployments of a pair, of either colour and of the plain app exclude each other.
 */
#include "tests/unit/storage/fixture.h"

#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

static int setup(void **state)
{
    struct place *place = calloc(1, sizeof(*place));

    assert_non_null(place);
    place_make(place);
    *state = place;
    return 0;
}

static int teardown(void **state)
{
    place_remove(*state);
    free(*state);
    return 0;
}

static const char *const ids[] = {"/shop", "/shop-blue", "/shop-green", "/shop/blue",
                                  "/shop/green"};

static struct zdd_run inserted(struct zdd_store *store, struct zdd_run run,
                               enum zdd_when_busy when_busy)
{
    char busy[ZDD_ID_SIZE];

    assert_good(insert_run(store, &run, when_busy, busy));
    return run;
}

static void ended(struct zdd_store *store, struct zdd_run *run, const char *expected_next)
{
    char next[ZDD_ID_SIZE];

    run->phase = ZDD_PHASE_SUCCEEDED;
    run->ended_at_ms = 7000;
    assert_good(advance_run(store, run, run->revision, false, next));
    assert_string_equal(next, expected_next);
}

static void whoever_is_first_excludes_the_others(void **state)
{
    (void)state;
    for (size_t a = 0; a < ZDD_COUNT(ids); a++) {
        for (size_t b = 0; b < ZDD_COUNT(ids); b++) {
            struct zdd_store *store = open_memory();
            struct zdd_run first = a_run(), second = a_run(.id = "run-2");
            char busy[ZDD_ID_SIZE], live[ZDD_ID_SIZE];

            memcpy(first.app_id, ids[a], strlen(ids[a]) + 1);
            memcpy(second.app_id, ids[b], strlen(ids[b]) + 1);
            first = inserted(store, first, ZDD_WHEN_BUSY_REJECT);
            assert_err(ZDD_ERR_APP_BUSY, insert_run(store, &second, ZDD_WHEN_BUSY_REJECT, busy));
            assert_string_equal(busy, "run-1");
            assert_good(zdd_run_of_app(store, ids[b], live));
            assert_string_equal(live, "run-1");
            assert_good(insert_run(store, &second, ZDD_WHEN_BUSY_QUEUE, busy));
            assert_false(second.active);
            ended(store, &first, "run-2");
            assert_true(load_run(store, "run-2").active);
            assert_string_equal(load_run(store, "run-2").app_id, ids[b]);
            zdd_store_free(store);
        }
    }
}

static void other_apps_go_on(void **state)
{
    static const char *const others[] = {"/shop-red", "/shop/web", "/sho", "/shop2", "/blue"};
    struct zdd_store *store = open_memory();

    (void)state;
    inserted(store, a_run(.app_id = "/shop-blue"), ZDD_WHEN_BUSY_REJECT);
    for (size_t i = 0; i < ZDD_COUNT(others); i++) {
        struct zdd_run other = a_run();

        other.id[0] = (char)('a' + i);
        memcpy(other.app_id, others[i], strlen(others[i]) + 1);
        assert_true(inserted(store, other, ZDD_WHEN_BUSY_REJECT).active);
    }
    zdd_store_free(store);
}

static void superseding_reaches_the_whole_pair(void **state)
{
    struct zdd_store *store = open_memory();

    (void)state;
    inserted(store, a_run(), ZDD_WHEN_BUSY_REJECT);
    inserted(store, a_run(.id = "run-2", .app_id = "/shop-green"), ZDD_WHEN_BUSY_QUEUE);
    inserted(store, a_run(.id = "run-3", .app_id = "/shop-blue"), ZDD_WHEN_BUSY_SUPERSEDE);
    assert_int_equal(load_run(store, "run-1").command, ZDD_COMMAND_ABORT);
    assert_string_equal(load_run(store, "run-1").superseded_by, "run-3");
    assert_int_equal(load_run(store, "run-2").phase, ZDD_PHASE_CANCELED);
    zdd_store_free(store);
}

/* Whatever the code forgets to ask: the index refuses. */
static void the_index_itself_allows_one_live_deployment(void **state)
{
    const struct place *place = *state;
    struct zdd_store *store = open_file(place->path);
    sqlite3 *raw = NULL;

    inserted(store, a_run(), ZDD_WHEN_BUSY_REJECT);
    inserted(store, a_run(.id = "run-2", .app_id = "/shop-blue"), ZDD_WHEN_BUSY_QUEUE);
    zdd_store_free(store);
    assert_int_equal(sqlite3_open(place->path, &raw), SQLITE_OK);
    assert_int_equal(sqlite3_exec(raw, "UPDATE run SET active = 1", NULL, NULL, NULL),
                     SQLITE_CONSTRAINT);
    assert_int_equal(sqlite3_close(raw), SQLITE_OK);
}

/* Rows from before there were locks have the app's id there. */
static void who_was_queued_before_there_were_locks_is_not_forgotten(void **state)
{
    const struct place *place = *state;
    struct zdd_store *store = open_file(place->path);
    struct zdd_run live;

    live = inserted(store, a_run(.app_id = "/shop-blue"), ZDD_WHEN_BUSY_REJECT);
    inserted(store, a_run(.id = "run-2", .app_id = "/shop-blue"), ZDD_WHEN_BUSY_QUEUE);
    zdd_store_free(store);
    tamper(place->path, "UPDATE run SET lock = app_id");
    store = open_file(place->path);
    ended(store, &live, "run-2");
    assert_true(load_run(store, "run-2").active);
    zdd_store_free(store);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whoever_is_first_excludes_the_others),
        cmocka_unit_test(other_apps_go_on),
        cmocka_unit_test(superseding_reaches_the_whole_pair),
        CASE(the_index_itself_allows_one_live_deployment),
        CASE(who_was_queued_before_there_were_locks_is_not_forgotten),
    };

    return cmocka_run_group_tests_name("storage/locks", tests, NULL, NULL);
}
