/**
 * @file tests/fault/storage/test_crash.c
 * @brief Killed at any moment: what was acknowledged is there, and nothing is half there.
 */
#include "storage/intents.h"
#include "tests/support/quick_schema.h"
#include "tests/unit/storage/fixture.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define ROUNDS 20
#define WRITERS 8
#define KILL_AFTER_MAX_US 60000 /* an open and a few commits take a fraction of it */

/* Shared with the child, so that it survives it: what each writer was told is done. */
struct acknowledged {
    _Atomic int count[WRITERS];
};

struct writer {
    struct zdd_store *store;
    struct acknowledged *acknowledged;
    int number;
    pthread_t thread;
};

/* Number n of a writer: one deployment with step, order, event and audit entry; all or nothing. */
struct errand {
    struct zdd_run run;
    int64_t seq;
};

static void name_run(struct zdd_run *run, int writer, int number)
{
    (void)snprintf(run->id, sizeof(run->id), "run-%d-%d", writer, number);
    (void)snprintf(run->app_id, sizeof(run->app_id), "/app/%d/%d", writer, number);
}

static enum zdd_err write_all(struct zdd_tx *tx, void *cls)
{
    struct errand *errand = cls;
    const char *id = errand->run.id;
    const struct zdd_step_row step = {.kind = "update-app", .state = "pending"};
    const struct zdd_order order = {.kind = ZDD_ORDER_PUT_TARGET, .instances = 4};
    struct zdd_event event = a_new_event(.run_id = id, .app_id = errand->run.app_id);
    const struct zdd_audit entry = a_new_entry(.run_id = id);
    char busy[ZDD_ID_SIZE];
    enum zdd_err err = zdd_run_insert(tx, &errand->run, NULL, ZDD_WHEN_BUSY_REJECT, busy);

    if (err == ZDD_ERR_NONE)
        err = zdd_step_insert(tx, id, &step);
    if (err == ZDD_ERR_NONE)
        err = zdd_intent_open(tx, &(struct zdd_intent){id, 0, "rolling/apply", &order, 1},
                              &errand->seq);
    if (err == ZDD_ERR_NONE)
        err = zdd_event_append(tx, &event);
    return err == ZDD_ERR_NONE ? zdd_audit_append(tx, &entry) : err;
}

static void *write_on(void *cls)
{
    const struct writer *writer = cls;

    for (int i = writer->acknowledged->count[writer->number];; i++) { /* until it is killed */
        struct errand errand = {.run = a_run(.created_at_ms = 1)};

        name_run(&errand.run, writer->number, i);
        if (zdd_store_write(writer->store, write_all, &errand) != ZDD_ERR_NONE)
            _exit(4);
        writer->acknowledged->count[writer->number] = i + 1;
    }
    return NULL;
}

/* The child: open, recover, write until it is killed. */
static void write_until_killed(const char *path, struct acknowledged *acknowledged)
{
    struct zdd_store *store = NULL;
    struct writer writers[WRITERS];
    char reason[300];

    if (zdd_store_open(&(struct zdd_store_options){.path = path}, &store, reason) != ZDD_ERR_NONE)
        _exit(2);
    for (int i = 0; i < WRITERS; i++) {
        writers[i] = (struct writer){.store = store, .acknowledged = acknowledged, .number = i};
        if (pthread_create(&writers[i].thread, NULL, write_on, &writers[i]) != 0)
            _exit(3);
    }
    pause();
    _exit(5);
}

static bool count_step(void *cls, const struct zdd_step_row *step, const char *evidence)
{
    (void)step;
    (void)evidence;
    (*(int *)cls)++;
    return true;
}

static bool count_intent(void *cls, const struct zdd_intent_row *row, const char *detail)
{
    (void)row;
    (void)detail;
    (*(int *)cls)++;
    return true;
}

/* Is the writer's deployment there? If so, with all that belongs to it. */
static bool is_whole(struct zdd_store *store, int writer, int number)
{
    struct zdd_run run;
    int steps = 0;
    int intents = 0;
    enum zdd_err err;

    name_run(&run, writer, number);
    err = zdd_run_load(store, run.id, &run, NULL);
    assert_good(zdd_step_list(store, run.id, count_step, &steps));
    assert_good(zdd_intent_list(store, run.id, count_intent, &intents));
    assert_int_equal(steps, err == ZDD_ERR_NONE);
    assert_int_equal(intents, err == ZDD_ERR_NONE);
    return err == ZDD_ERR_NONE;
}

struct gaps {
    int64_t last;
    int count;
};

static bool see_event(void *cls, const struct zdd_event *event)
{
    struct gaps *gaps = cls;

    gaps->count += event->seq != gaps->last + 1;
    gaps->last = event->seq;
    return true;
}

static int64_t count_events_without_gap(struct zdd_store *store)
{
    struct gaps gaps = {0};
    struct zdd_event_filter filter = {.limit = 1000};
    int64_t before;

    do {
        before = gaps.last;
        filter.after_seq = before;
        assert_good(zdd_event_list(store, &filter, see_event, &gaps));
    } while (gaps.last > before); /* ends with the events */
    assert_int_equal(gaps.count, 0);
    return gaps.last;
}

/* Everything that was acknowledged, and at most one more of each writer: that counts from now on.
 */
static int64_t check(const char *path, struct acknowledged *acknowledged)
{
    struct zdd_store *store = open_file(path);
    struct zdd_audit_verdict verdict;
    int64_t whole = 0;

    for (int writer = 0; writer < WRITERS; writer++) {
        const int count = acknowledged->count[writer];

        for (int i = 0; i < count; i++)
            assert_true(is_whole(store, writer, i));
        acknowledged->count[writer] += is_whole(store, writer, count);
        assert_false(is_whole(store, writer, count + 1));
        whole += acknowledged->count[writer];
    }
    assert_int_equal(count_events_without_gap(store), whole);
    assert_good(zdd_audit_verify(store, &verdict));
    assert_true(verdict.ok);
    assert_int_equal(verdict.entries, whole);
    zdd_store_free(store);
    return whole;
}

static struct acknowledged *share_acknowledged(const struct place *place)
{
    struct acknowledged *acknowledged;
    char path[100];
    int fd;

    (void)snprintf(path, sizeof(path), "%s/acknowledged", place->dir);
    fd = open(path, O_RDWR | O_CREAT | O_EXCL, S_IRUSR | S_IWUSR);
    assert_true(fd >= 0);
    assert_int_equal(ftruncate(fd, sizeof(*acknowledged)), 0);
    acknowledged = mmap(NULL, sizeof(*acknowledged), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    assert_ptr_not_equal(acknowledged, MAP_FAILED);
    close(fd);
    return acknowledged;
}

static void nothing_that_was_acknowledged_is_lost_by_a_kill(void **state)
{
    struct acknowledged *acknowledged;
    unsigned seed = (unsigned)time(NULL);
    struct place place;
    int64_t whole = 0;

    (void)state;
    print_message("seed %u\n", seed);
    place_make(&place);
    acknowledged = share_acknowledged(&place);
    for (int round = 0; round < ROUNDS; round++) {
        const long delay_us = rand_r(&seed) % KILL_AFTER_MAX_US;
        const pid_t child = fork();
        int status;

        if (child == 0)
            write_until_killed(place.path, acknowledged);
        assert_true(child > 0);
        assert_int_equal(nanosleep(&(struct timespec){.tv_nsec = delay_us * 1000}, NULL), 0);
        assert_int_equal(kill(child, SIGKILL), 0);
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_true(WIFSIGNALED(status)); /* and did not end by itself, with an error */
        whole = check(place.path, acknowledged);
    }
    assert_true(whole > 0); /* some rounds got as far as to write */
    assert_int_equal(munmap(acknowledged, sizeof(*acknowledged)), 0);
    place_remove(&place);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_that_was_acknowledged_is_lost_by_a_kill),
    };

    quick_schema_off(); /* how a database comes to be is part of it */
    return cmocka_run_group_tests(tests, NULL, NULL);
}
