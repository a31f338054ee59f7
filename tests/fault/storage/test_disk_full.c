/**
 * @file tests/fault/storage/test_disk_full.c
 * @brief No room: nothing is half written, and the store goes on when there is room again.
 */
#include "storage/backup.h"
#include "storage/inside.h"
#include "tests/support/quick_schema.h"
#include "tests/unit/storage/fixture.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#define BODY_SIZE 8000 /* of a plan: a few of them fill the room that is left */
#define PLANS_MAX 2000

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

static enum zdd_err add_plan(struct zdd_store *store, int number)
{
    char body[BODY_SIZE + 1];
    struct zdd_plan plan = a_plan(.created_at_ms = 1);

    memset(body, 'x', BODY_SIZE);
    body[BODY_SIZE] = '\0';
    (void)snprintf(plan.id, sizeof(plan.id), "plan-%d", number);
    return insert_plan(store, &plan, body);
}

/* Add plans until there is no room. @return how many went in */
static int fill(struct zdd_store *store, int from)
{
    for (int i = from; i < PLANS_MAX; i++) {
        const enum zdd_err err = add_plan(store, i);

        if (err != ZDD_ERR_NONE) {
            assert_err(ZDD_ERR_STORE_FULL, err);
            return i;
        }
    }
    fail_msg("there was room for everything");
    return 0;
}

static void assert_plans(struct zdd_store *store, int count)
{
    struct zdd_plan plan;
    char id[ZDD_ID_SIZE];

    for (int i = 0; i <= count; i++) {
        (void)snprintf(id, sizeof(id), "plan-%d", i);
        assert_err(i < count ? ZDD_ERR_NONE : ZDD_ERR_PLAN_UNKNOWN,
                   zdd_plan_load(store, id, &plan, NULL));
    }
}

/* The limit of the process's files stands for the disk: write() then fails like on a full one. */
static void limit_files(rlim_t size)
{
    struct rlimit limit;

    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    limit.rlim_cur = size;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static void nothing_is_lost_on_a_full_disk_and_space_brings_it_back(void **state)
{
    const struct place *place = *state;
    struct zdd_store *store = open_file(place->path);
    struct zdd_store_stats stats;
    char trouble[ZDD_TROUBLE_SIZE];
    int count;

    assert_int_not_equal(signal(SIGXFSZ, SIG_IGN), SIG_ERR);
    assert_good(append_entry(store, a_new_entry(.time_ms = 1)));
    limit_files(1024UL * 1024);
    count = fill(store, 0);
    assert_true(count > 0);
    assert_false(zdd_store_writable(store));
    zdd_store_stats(store, &stats);
    assert_true(stats.failures > 0);
    zdd_store_trouble(store, trouble);
    assert_int_not_equal(trouble[0], '\0');
    assert_err(ZDD_ERR_STORE_FULL, add_plan(store, count)); /* and again */
    assert_plans(store, count);                             /* reading goes on */

    limit_files(RLIM_INFINITY);
    assert_good(add_plan(store, count)); /* without opening it anew */
    assert_true(zdd_store_writable(store));
    assert_plans(store, count + 1);
    assert_good(append_entry(store, a_new_entry(.time_ms = 2)));
    zdd_store_free(store);

    struct zdd_audit_verdict verdict;

    store = open_file(place->path);
    assert_plans(store, count + 1);
    assert_good(zdd_audit_verify(store, &verdict));
    assert_true(verdict.ok);
    assert_int_equal(verdict.entries, 2);
    zdd_store_free(store);
}

static void a_backup_without_room_leaves_nothing_behind(void **state)
{
    const struct place *place = *state;
    struct zdd_store *store = open_file(place->path);
    char to[160], part[170];
    char reason[300];

    (void)snprintf(to, sizeof(to), "%s/copy.db", place->dir);
    (void)snprintf(part, sizeof(part), "%s.part", to);
    assert_int_not_equal(signal(SIGXFSZ, SIG_IGN), SIG_ERR);
    for (int i = 0; i < 100; i++)
        assert_good(add_plan(store, i));
    limit_files(256UL * 1024);
    assert_err(ZDD_ERR_STORE_FULL, zdd_store_backup(store, to, reason));
    limit_files(RLIM_INFINITY);
    assert_non_null(strstr(reason, part));
    assert_int_not_equal(access(to, F_OK), 0);
    assert_int_not_equal(access(part, F_OK), 0);
    assert_good(zdd_store_backup(store, to, reason));
    zdd_store_free(store);
    store = open_file(to);
    assert_plans(store, 100);
    zdd_store_free(store);
}

struct event_call {
    struct zdd_event event;
    enum zdd_err err;
    atomic_bool done;
};

static enum zdd_err append_event_body(struct zdd_tx *tx, void *cls)
{
    struct event_call *call = cls;

    return zdd_event_append(tx, &call->event);
}

static enum zdd_err append_large_body(struct zdd_tx *tx, void *cls)
{
    static char data[1024 * 1024];
    struct event_call *call = cls;

    memset(data, 'x', sizeof(data) - 1);
    call->event.data = data;
    return zdd_event_append(tx, &call->event);
}

static void note(void *cls, enum zdd_err err)
{
    struct event_call *call = cls;

    call->err = err;
    call->done = true;
}

/* Here the statement fails, not the commit: SQLite then takes back the whole transaction. */
static void a_body_that_finds_no_room_fails_its_group_and_no_other(void **state)
{
    const struct place *place = *state;
    struct zdd_store *store = open_file(place->path);
    struct event_call calls[3] = {{.event = a_new_event(.time_ms = 1)},
                                  {.event = a_new_event(.time_ms = 2)},
                                  {.event = a_new_event(.time_ms = 3)}};
    char trouble[ZDD_TROUBLE_SIZE];
    struct gate gate;
    int64_t first;
    int64_t last;

    assert_good(append_event(store, a_new_event(.time_ms = 1)));
    gate_init(&gate);
    gate_close(store, &gate); /* the writer waits, so its connection is ours */
    assert_int_equal(sqlite3_exec(store->main.raw, "PRAGMA max_page_count = 100", NULL, NULL, NULL),
                     SQLITE_OK);
    assert_good(zdd_store_submit(store, append_event_body, &calls[0], note));
    assert_good(zdd_store_submit(store, append_large_body, &calls[1], note));
    assert_good(zdd_store_submit(store, append_event_body, &calls[2], note));
    gate_open(&gate);
    for (int i = 0; i < 5000 && !calls[2].done; i++)
        assert_int_equal(nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL), 0);
    gate_destroy(&gate);
    for (int i = 0; i < 3; i++) {
        assert_true(calls[i].done);
        assert_err(ZDD_ERR_STORE_FULL, calls[i].err);
    }
    assert_good(append_event(store, a_new_event(.time_ms = 4)));
    zdd_store_trouble(store, trouble);
    assert_non_null(strstr(trouble, "database or disk is full"));
    assert_good(zdd_event_range(store, &first, &last));
    assert_int_equal(last, 2); /* the one before, and the one after: no gap */
    zdd_store_free(store);
}

struct filler {
    struct zdd_store *store;
    int number;
    atomic_int good, full, other;
    pthread_t thread;
};

static void *fill_on(void *cls)
{
    struct filler *filler = cls;
    char body[BODY_SIZE + 1];

    memset(body, 'x', BODY_SIZE);
    body[BODY_SIZE] = '\0';
    for (int i = 0; i < 100; i++) {
        struct zdd_plan plan = a_plan(.created_at_ms = 1);
        enum zdd_err err;

        (void)snprintf(plan.id, sizeof(plan.id), "plan-%d-%d", filler->number, i);
        err = insert_plan(filler->store, &plan, body);
        filler->good += err == ZDD_ERR_NONE;
        filler->full += err == ZDD_ERR_STORE_FULL;
        filler->other += err != ZDD_ERR_NONE && err != ZDD_ERR_STORE_FULL;
    }
    return NULL;
}

static bool count_plan(void *cls, const char *id, const char *body)
{
    (void)id;
    (void)body;
    (*(int *)cls)++;
    return true;
}

static void each_of_many_callers_learns_what_became_of_its_own(void **state)
{
    const struct place *place = *state;
    struct zdd_store *store = open_file(place->path);
    const struct zdd_plan_filter filter = {.limit = PLANS_MAX};
    static struct filler fillers[16];
    int good = 0;
    int full = 0;
    int count = 0;

    assert_int_not_equal(signal(SIGXFSZ, SIG_IGN), SIG_ERR);
    limit_files(2048UL * 1024);
    for (int i = 0; i < 16; i++) {
        fillers[i] = (struct filler){.store = store, .number = i};
        assert_int_equal(pthread_create(&fillers[i].thread, NULL, fill_on, &fillers[i]), 0);
    }
    for (int i = 0; i < 16; i++) {
        assert_int_equal(pthread_join(fillers[i].thread, NULL), 0);
        assert_int_equal(fillers[i].other, 0);
        good += fillers[i].good;
        full += fillers[i].full;
    }
    limit_files(RLIM_INFINITY);
    assert_true(full > 0);
    assert_int_equal(good + full, 1600);
    zdd_store_free(store);
    store = open_file(place->path);
    assert_good(zdd_plan_list(store, &filter, count_plan, &count));
    assert_int_equal(count, good); /* those that were told so, and no other */
    zdd_store_free(store);
}

static void a_disk_without_room_for_the_schema_is_told_at_the_start(void **state)
{
    const struct place *place = *state;
    char reason[300];
    enum zdd_err err;

    assert_int_not_equal(signal(SIGXFSZ, SIG_IGN), SIG_ERR);
    limit_files(8192);
    err = open_fails(&(struct zdd_store_options){.path = place->path}, reason);
    limit_files(RLIM_INFINITY);
    assert_err(ZDD_ERR_STORE_FULL, err);
    assert_non_null(strstr(reason, "is full"));
    assert_non_null(strstr(reason, place->path));
    zdd_store_free(open_file(place->path)); /* nothing half done is in the way */
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        CASE(nothing_is_lost_on_a_full_disk_and_space_brings_it_back),
        CASE(a_backup_without_room_leaves_nothing_behind),
        CASE(a_body_that_finds_no_room_fails_its_group_and_no_other),
        CASE(each_of_many_callers_learns_what_became_of_its_own),
        CASE(a_disk_without_room_for_the_schema_is_told_at_the_start),
    };

    quick_schema_off(); /* how a database comes to be is part of it */
    return cmocka_run_group_tests(tests, NULL, NULL);
}
