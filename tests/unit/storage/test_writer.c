/**
 * @file tests/unit/storage/test_writer.c
 * @brief Many threads: group commit, each body undone alone, readers that do not wait.
 */
#include "tests/unit/storage/fixture.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WRITERS 64
#define WRITES_EACH 20
#define BACKLOG 65536 /* promised in store.h */

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

struct body {
    struct zdd_event event;
    enum zdd_err fail_with; /* after the event was appended */
    atomic_int done;
    _Atomic enum zdd_err err;
};

static enum zdd_err append(struct zdd_tx *tx, void *cls)
{
    struct body *body = cls;
    const enum zdd_err err = zdd_event_append(tx, &body->event);

    return err == ZDD_ERR_NONE ? body->fail_with : err;
}

static void note(void *cls, enum zdd_err err)
{
    struct body *body = cls;

    body->err = err;
    body->done++;
}

static int64_t last_event(struct zdd_store *store)
{
    int64_t first;
    int64_t last;

    assert_good(zdd_event_range(store, &first, &last));
    return last;
}

static void bodies_that_wait_share_one_commit(void **state)
{
    const struct place *place = *state;
    struct zdd_store *store = open_file(place->path);
    struct zdd_store_stats stats;
    static struct body bodies[100];
    struct gate gate;

    memset(bodies, 0, sizeof(bodies));
    gate_init(&gate);
    gate_close(store, &gate);
    for (int i = 0; i < 100; i++) {
        bodies[i].event = a_new_event(.app_id = "/shop");
        bodies[i].fail_with = i % 10 == 3 ? ZDD_ERR_APP_BUSY : ZDD_ERR_NONE;
        assert_good(zdd_store_submit(store, append, &bodies[i], note));
    }
    gate_open(&gate);
    assert_good(append_event(store, a_new_event(.app_id = "/last"))); /* waits behind all of them */

    int64_t seq = 0;

    for (int i = 0; i < 100; i++) {
        assert_int_equal(bodies[i].done, 1);
        assert_err(bodies[i].fail_with, bodies[i].err);
        if (bodies[i].fail_with == ZDD_ERR_NONE)
            assert_int_equal(bodies[i].event.seq, ++seq); /* those that failed gave theirs back */
    }
    assert_int_equal(last_event(store), 91);
    zdd_store_stats(store, &stats);
    assert_int_equal(stats.bodies, 92);
    assert_in_range(stats.commits, 2, 3); /* the gate, the hundred, and perhaps the last one */
    assert_int_equal(stats.failures, 0);
    zdd_store_free(store);
    gate_destroy(&gate);
}

static void a_commit_takes_as_many_as_it_may_and_no_more(void **state)
{
    const struct place *place = *state;
    struct zdd_store *store = open_with(
        &(struct zdd_store_options){.path = place->path, .holder = "test", .group_max = 10});
    struct zdd_store_stats stats;
    static struct body bodies[95];
    struct gate gate;

    memset(bodies, 0, sizeof(bodies));
    gate_init(&gate);
    gate_close(store, &gate);
    for (int i = 0; i < 95; i++) {
        bodies[i].event = a_new_event(.app_id = "/shop");
        assert_good(zdd_store_submit(store, append, &bodies[i], note));
    }
    gate_open(&gate);
    assert_good(append_event(store, a_new_event(.app_id = "/last")));
    assert_int_equal(last_event(store), 96);
    zdd_store_stats(store, &stats);
    assert_in_range(stats.commits, 11, 12); /* the gate, ten groups, and perhaps the last one */
    zdd_store_free(store);
    gate_destroy(&gate);
}

static enum zdd_err overlook_a_failure(struct zdd_tx *tx, void *cls)
{
    struct body *body = cls;
    struct zdd_event broken = a_new_event(.app_id = "");
    const enum zdd_err err = zdd_event_append(tx, &body->event);

    if (err != ZDD_ERR_NONE || zdd_event_append(tx, &broken) == ZDD_ERR_NONE)
        return ZDD_ERR_INTERNAL;
    return ZDD_ERR_NONE; /* as if nothing had happened */
}

static void a_failure_that_a_body_overlooks_undoes_it_all_the_same(void **state)
{
    const struct place *place = *state;
    struct zdd_store *store = open_file(place->path);
    struct body body = {.event = a_new_event(.app_id = "/shop")};
    struct zdd_store_stats stats;

    assert_err(ZDD_ERR_STORE_BROKEN, zdd_store_write(store, overlook_a_failure, &body));
    assert_int_equal(last_event(store), 0);
    zdd_store_stats(store, &stats);
    assert_int_equal(stats.failures, 1);
    assert_int_equal(stats.commits, 0);
    zdd_store_free(store);
}

static void the_65537th_body_that_waits_is_refused(void **state)
{
    const struct place *place = *state;
    struct zdd_store *store = open_file(place->path);
    struct body *bodies = calloc(BACKLOG, sizeof(*bodies));
    struct body extra = {.event = a_new_event(.app_id = "/shop")};
    struct gate gate;
    int done = 0;

    assert_non_null(bodies);
    gate_init(&gate);
    gate_close(store, &gate);
    for (int i = 0; i < BACKLOG; i++) {
        bodies[i].event = a_new_event(.app_id = "/shop");
        assert_good(zdd_store_submit(store, append, &bodies[i], note));
    }
    assert_err(ZDD_ERR_TOO_MANY_CALLS, zdd_store_submit(store, append, &extra, note));
    assert_int_equal(extra.done, 0);
    gate_open(&gate);
    assert_good(append_event(store, a_new_event(.app_id = "/last"))); /* waits behind all of them */
    assert_good(zdd_store_submit(store, append, &extra, note));       /* and there is room again */
    zdd_store_free(store);                                            /* finishes what waits */
    for (int i = 0; i < BACKLOG; i++)
        done += bodies[i].done;
    assert_int_equal(done, BACKLOG);
    assert_int_equal(extra.done, 1);
    store = open_file(place->path);
    assert_int_equal(last_event(store), BACKLOG + 2);
    zdd_store_free(store);
    gate_destroy(&gate);
    free(bodies);
}

/* Writers and readers at once. cmocka's asserts belong to the main thread: others count. */
struct crowd {
    struct zdd_store *store;
    atomic_int wrong;
    atomic_bool stop;
};

struct errand {
    struct zdd_run run;
    char busy[ZDD_ID_SIZE];
};

static enum zdd_err deploy(struct zdd_tx *tx, void *cls)
{
    struct errand *errand = cls;
    struct zdd_event event = a_new_event(.run_id = errand->run.id, .app_id = errand->run.app_id);
    const struct zdd_audit entry =
        a_new_entry(.run_id = errand->run.id, .app_id = errand->run.app_id);
    enum zdd_err err = zdd_run_insert(tx, &errand->run, NULL, ZDD_WHEN_BUSY_REJECT, errand->busy);

    if (err == ZDD_ERR_NONE)
        err = zdd_event_append(tx, &event);
    return err == ZDD_ERR_NONE ? zdd_audit_append(tx, &entry) : err;
}

struct writer {
    struct crowd *crowd;
    int number;
    pthread_t thread;
};

static void *write_many(void *cls)
{
    const struct writer *writer = cls;

    for (int i = 0; i < WRITES_EACH; i++) {
        struct errand errand = {.run = a_run(.created_at_ms = 1)};
        const int number = writer->number * WRITES_EACH + i;
        struct zdd_run back;

        (void)snprintf(errand.run.id, sizeof(errand.run.id), "run-%d", number);
        (void)snprintf(errand.run.app_id, sizeof(errand.run.app_id), "/app/%d", number);
        if (zdd_store_write(writer->crowd->store, deploy, &errand) != ZDD_ERR_NONE ||
            zdd_run_load(writer->crowd->store, errand.run.id, &back, NULL) != ZDD_ERR_NONE)
            writer->crowd->wrong++; /* what was answered must be visible at once */
        errand.run.id[0] = 'x';
        if (zdd_store_write(writer->crowd->store, deploy, &errand) != ZDD_ERR_APP_BUSY)
            writer->crowd->wrong++;
    }
    return NULL;
}

static bool expect_next(void *cls, const struct zdd_event *event)
{
    int64_t *last = cls;
    const bool next = event->seq == *last + 1;

    *last = next ? event->seq : -1;
    return next;
}

/* Follow the events as a stream would: no gap, no repetition, whatever the writers do. */
static void *read_many(void *cls)
{
    struct crowd *crowd = cls;
    int64_t last = 0;

    while (!crowd->stop) { /* until the writers are done */
        const struct zdd_event_filter filter = {.after_seq = last, .limit = 100};

        if (zdd_event_list(crowd->store, &filter, expect_next, &last) != ZDD_ERR_NONE || last < 0) {
            crowd->wrong++;
            return NULL;
        }
    }
    return NULL;
}

static void run_crowd(struct crowd *crowd)
{
    struct writer writers[WRITERS];
    pthread_t readers[4];

    for (int i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&readers[i], NULL, read_many, crowd), 0);
    for (int i = 0; i < WRITERS; i++) {
        writers[i] = (struct writer){.crowd = crowd, .number = i};
        assert_int_equal(pthread_create(&writers[i].thread, NULL, write_many, &writers[i]), 0);
    }
    for (int i = 0; i < WRITERS; i++)
        assert_int_equal(pthread_join(writers[i].thread, NULL), 0);
    crowd->stop = true;
    for (int i = 0; i < 4; i++)
        assert_int_equal(pthread_join(readers[i], NULL), 0);
}

static void assert_crowd_wrote(struct zdd_store *store)
{
    struct zdd_audit_verdict verdict;

    assert_int_equal(last_event(store), WRITERS * WRITES_EACH);
    assert_good(zdd_audit_verify(store, &verdict));
    assert_true(verdict.ok);
    assert_int_equal(verdict.entries, WRITERS * WRITES_EACH);
}

static void many_writers_and_readers_meet_no_trouble(void **state)
{
    const struct place *place = *state;
    struct crowd crowd = {.store = open_file(place->path)};
    struct zdd_store_stats stats;

    run_crowd(&crowd);
    assert_int_equal(crowd.wrong, 0);
    assert_crowd_wrote(crowd.store);
    zdd_store_stats(crowd.store, &stats);
    assert_int_equal(stats.bodies, WRITERS * WRITES_EACH);
    assert_true(stats.commits < stats.bodies);
    crowd.store = zdd_store_free(crowd.store);
}

static void the_same_in_memory_and_inline(void **state)
{
    struct crowd crowd = {.store = open_memory()};

    (void)state;
    run_crowd(&crowd);
    assert_int_equal(crowd.wrong, 0);
    assert_crowd_wrote(crowd.store);
    crowd.store = zdd_store_free(crowd.store);
    crowd = (struct crowd){.store = open_with(&(struct zdd_store_options){.path = ":memory:"})};
    run_crowd(&crowd);
    assert_int_equal(crowd.wrong, 0);
    assert_crowd_wrote(crowd.store);
    crowd.store = zdd_store_free(crowd.store);
}

/* A visitor that reads on, deeper and deeper. */
struct dive {
    struct zdd_store *store;
    int depth, max;
    enum zdd_err deepest;
};

static bool dive_on(void *cls, const struct zdd_event *event)
{
    struct dive *dive = cls;
    const struct zdd_event_filter filter = {.limit = 1};

    (void)event;
    if (++dive->depth < dive->max) {
        const enum zdd_err err = zdd_event_list(dive->store, &filter, dive_on, dive);

        if (err != ZDD_ERR_NONE)
            dive->deepest = err;
    }
    return dive->deepest == ZDD_ERR_NONE;
}

static enum zdd_err dive_in(struct zdd_store *store, int max)
{
    struct dive dive = {.store = store, .max = max};
    const struct zdd_event_filter filter = {.limit = 1};
    const enum zdd_err err = zdd_event_list(store, &filter, dive_on, &dive);

    assert_good(err);
    return dive.deepest;
}

static void a_visitor_may_read_on_down_to_a_limit(void **state)
{
    const struct place *place = *state;
    struct zdd_store *store =
        open_with(&(struct zdd_store_options){.path = place->path, .reader_count = 1});

    assert_good(append_event(store, a_new_event(.app_id = "/shop")));
    assert_good(dive_in(store, 64));
    assert_err(ZDD_ERR_STORE_BUSY, dive_in(store, 65));
    assert_good(dive_in(store, 64)); /* what was opened for it was given back */
    zdd_store_free(store);
}

static bool write_on(void *cls, const struct zdd_event *event)
{
    return append_event(cls, a_new_event(.app_id = event->app_id)) == ZDD_ERR_NONE;
}

static void a_visitor_of_a_file_may_even_write(void **state)
{
    const struct place *place = *state;
    struct zdd_store *store = open_file(place->path);
    const struct zdd_event_filter filter = {.limit = 100};

    assert_good(append_event(store, a_new_event(.app_id = "/a")));
    assert_good(append_event(store, a_new_event(.app_id = "/b")));
    assert_good(zdd_event_list(store, &filter, write_on, store));
    assert_int_equal(last_event(store), 4); /* the list showed what was there when it began */
    zdd_store_free(store);
}

static void submit_without_a_thread_is_done_when_it_returns(void **state)
{
    struct zdd_store *store = open_memory();
    struct body body = {.event = a_new_event(.app_id = "/shop")};

    (void)state;
    assert_good(zdd_store_submit(store, append, &body, note));
    assert_int_equal(body.done, 1);
    assert_good(body.err);
    body.fail_with = ZDD_ERR_APP_BUSY;
    assert_good(zdd_store_submit(store, append, &body, note));
    assert_int_equal(body.done, 2);
    assert_err(ZDD_ERR_APP_BUSY, body.err);
    zdd_store_free(store);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        CASE(bodies_that_wait_share_one_commit),
        CASE(a_commit_takes_as_many_as_it_may_and_no_more),
        CASE(a_failure_that_a_body_overlooks_undoes_it_all_the_same),
        CASE(the_65537th_body_that_waits_is_refused),
        CASE(many_writers_and_readers_meet_no_trouble),
        cmocka_unit_test(the_same_in_memory_and_inline),
        CASE(a_visitor_may_read_on_down_to_a_limit),
        CASE(a_visitor_of_a_file_may_even_write),
        cmocka_unit_test(submit_without_a_thread_is_done_when_it_returns),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
