/**
 * @file storage/writer.c
 * @brief The one writer: bodies that wait are committed together, each undone alone if it fails.
 */
#include "storage/inside.h"

#include <assert.h>
#include <stdlib.h>

#define BACKLOG_MAX 65536U /* bodies that wait; promised in store.h */

static void init_waiting(struct zdd_job *job)
{
    pthread_mutex_init(&job->lock, NULL);
    pthread_cond_init(&job->ended, NULL);
}

/* The waiting caller owns the job: after the unlock it may be gone. */
static void answer(struct zdd_job *job)
{
    if (job->done) {
        job->done(job->cls, job->err);
        free(job);
        return;
    }
    pthread_mutex_lock(&job->lock);
    job->finished = true;
    pthread_cond_signal(&job->ended);
    pthread_mutex_unlock(&job->lock);
}

static bool lacks_room(enum zdd_err err)
{
    return err == ZDD_ERR_STORE_FULL || err == ZDD_ERR_STORE_READ_ONLY;
}

/* Run one body; what it wrote is undone when it fails, unless it is @p alone: then the whole
 * transaction will be. @return false when the transaction itself is lost */
static bool run_body(struct zdd_store *store, struct zdd_job *job, bool alone)
{
    struct zdd_tx tx = {.store = store, .conn = &store->main};
    const struct zdd_heads before = store->heads;

    tx.conn->failed = ZDD_ERR_NONE;
    job->err = alone ? ZDD_ERR_NONE : zdd_conn_run(tx.conn, "SAVEPOINT body");
    if (job->err == ZDD_ERR_NONE)
        job->err = job->body(&tx, job->cls);
    if (job->err == ZDD_ERR_NONE) /* a failure that the body overlooked fails it all the same */
        job->err = tx.conn->failed;
    if (tx.conn->failed != ZDD_ERR_NONE)
        atomic_fetch_add(&store->failures, 1);
    if (lacks_room(tx.conn->failed))
        atomic_store(&store->writable, false);
    if (!zdd_conn_in_transaction(tx.conn))
        return false;
    if (alone || job->err == ZDD_ERR_NONE)
        return alone || zdd_conn_run(tx.conn, "RELEASE body") == ZDD_ERR_NONE;
    store->heads = before;
    return zdd_conn_run(tx.conn, "ROLLBACK TO body") == ZDD_ERR_NONE &&
           zdd_conn_run(tx.conn, "RELEASE body") == ZDD_ERR_NONE;
}

/* Nothing of the group has happened. @return false when not even that could be said (no memory):
 * begin() tries again */
static bool undo(struct zdd_store *store)
{
    struct zdd_conn *conn = &store->main;

    store->heads = (struct zdd_heads){0};
    return !zdd_conn_in_transaction(conn) || zdd_conn_run(conn, "ROLLBACK") == ZDD_ERR_NONE;
}

/* Another process may have written (a command beside the server): what we know of the ends of the
 * lists may be old. */
static enum zdd_err notice_others(struct zdd_store *store)
{
    ZDD_STMT stmt = zdd_stmt_prepare(&store->main, "PRAGMA data_version");
    const enum zdd_err err = zdd_stmt_row(&stmt, ZDD_ERR_STORE_BROKEN);
    int64_t version;

    if (err != ZDD_ERR_NONE)
        return err;
    version = zdd_column_int(&stmt, 0);
    if (version != store->data_version)
        store->heads = (struct zdd_heads){0};
    store->data_version = version;
    return ZDD_ERR_NONE;
}

static enum zdd_err begin(struct zdd_store *store)
{
    enum zdd_err err = ZDD_ERR_NO_MEMORY;

    if (zdd_conn_in_transaction(&store->main) && !undo(store))
        return err;
    err = zdd_conn_run(&store->main, "BEGIN IMMEDIATE");
    if (err == ZDD_ERR_NONE)
        err = notice_others(store);
    if (err == ZDD_ERR_NONE)
        return err;
    (void)undo(store);
    atomic_fetch_add(&store->failures, 1);
    if (lacks_room(err))
        atomic_store(&store->writable, false);
    return err;
}

static void pass(struct zdd_store *store, enum zdd_store_point point)
{
    if (store->passes)
        store->passes(store->fate, point);
}

static enum zdd_err commit(struct zdd_store *store)
{
    struct zdd_tx tx = {.store = store, .conn = &store->main};
    enum zdd_err err = zdd_audit_settle(&tx);

    pass(store, ZDD_STORE_POINT_BEFORE_COMMIT);
    if (err == ZDD_ERR_NONE)
        err = zdd_conn_run(tx.conn, "COMMIT");
    if (err == ZDD_ERR_NONE) {
        pass(store, ZDD_STORE_POINT_AFTER_COMMIT);
        atomic_fetch_add(&store->commits, 1);
        atomic_store(&store->writable, true);
        return err;
    }
    (void)undo(store);
    atomic_fetch_add(&store->failures, 1);
    if (lacks_room(err))
        atomic_store(&store->writable, false);
    return err;
}

/* Bodies of the group that had worked get @p err. */
static void fail_all(struct zdd_job *group, enum zdd_err err)
{
    for (struct zdd_job *job = group; job; job = job->next) {
        if (job->err == ZDD_ERR_NONE)
            job->err = err;
    }
}

/* Buckets by powers of two. */
static void count_batch(struct zdd_store *store, int worked)
{
    size_t i = 0;

    atomic_fetch_add(&store->bodies, (uint64_t)worked);
    while (i < ZDD_BATCH_BUCKETS && worked > 1 << i)
        i++;
    if (i < ZDD_BATCH_BUCKETS)
        atomic_fetch_add(&store->batch[i], 1);
}

/* Run the bodies inside the open transaction. @return how many worked, or -1 when it is lost */
static int run_bodies(struct zdd_store *store, struct zdd_job *group)
{
    const bool alone = !group->next;
    int worked = 0;

    for (struct zdd_job *job = group; job; job = job->next) {
        if (!run_body(store, job, alone))
            return -1;
        if (job->err == ZDD_ERR_NONE)
            worked++;
    }
    return worked;
}

static void run_group(struct zdd_store *store, struct zdd_job *group)
{
    enum zdd_err err = begin(store);
    int worked;

    if (err != ZDD_ERR_NONE) {
        fail_all(group, err);
        return;
    }
    worked = run_bodies(store, group);
    if (worked > 0) {
        err = commit(store);
    } else {
        if (worked < 0) /* why, the connection knows; and it is never nothing */
            err = store->main.failed != ZDD_ERR_NONE ? store->main.failed : ZDD_ERR_STORE_BROKEN;
        (void)undo(store);
    }
    fail_all(group, err);
    if (err == ZDD_ERR_NONE)
        count_batch(store, worked);
}

/* Tell the listener when the events have grown since @p before. */
static void tell(struct zdd_store *store, const struct zdd_heads *before)
{
    struct zdd_listener *listener = &store->listener;
    const struct zdd_heads *now = &store->heads;

    if (!now->events_known || (before->events_known && before->event_seq == now->event_seq))
        return;
    pthread_mutex_lock(&listener->lock);
    if (listener->wake)
        listener->wake(listener->cls, now->event_seq);
    pthread_mutex_unlock(&listener->lock);
}

static void write_group(struct zdd_store *store, struct zdd_job *group)
{
    pthread_mutex_lock(&store->main_lock);

    const struct zdd_heads before = store->heads;

    assert(!store->writing && "a body must not write through the store");
    store->writing = true;
    run_group(store, group);
    zdd_stamps_settle(store);
    store->writing = false;
    tell(store, &before);
    pthread_mutex_unlock(&store->main_lock);
}

static void answer_group(struct zdd_job *group)
{
    while (group) {
        struct zdd_job *next = group->next;

        answer(group);
        group = next;
    }
}

static void push(struct zdd_queue *queue, struct zdd_job *job)
{
    *queue->end = job;
    queue->end = &job->next;
    queue->depth++;
    pthread_cond_signal(&queue->filled);
}

/* The next bodies, at most group_max; NULL when the store closes. */
static struct zdd_job *pop_group(struct zdd_queue *queue)
{
    struct zdd_job *group;
    struct zdd_job **end;

    pthread_mutex_lock(&queue->lock);
    while (!queue->first && !queue->closing)
        pthread_cond_wait(&queue->filled, &queue->lock);
    group = queue->first;
    end = &group;
    for (unsigned i = 0; *end && i < queue->group_max; i++) {
        end = &(*end)->next;
        queue->depth--;
    }
    queue->first = *end;
    if (!queue->first)
        queue->end = &queue->first;
    *end = NULL;
    pthread_mutex_unlock(&queue->lock);
    return group;
}

static void *work(void *cls)
{
    struct zdd_store *store = cls;
    struct zdd_job *group = pop_group(&store->queue);

    while (group) { /* until the store closes */
        write_group(store, group);
        answer_group(group);
        zdd_checkpoint_mind(store);
        group = pop_group(&store->queue);
    }
    return NULL;
}

bool zdd_writer_start(struct zdd_store *store)
{
    store->queue.threaded = pthread_create(&store->queue.thread, NULL, work, store) == 0;
    return store->queue.threaded;
}

void zdd_writer_stop(struct zdd_store *store)
{
    struct zdd_queue *queue = &store->queue;

    if (!queue->threaded)
        return;
    pthread_mutex_lock(&queue->lock);
    queue->closing = true;
    pthread_cond_signal(&queue->filled);
    pthread_mutex_unlock(&queue->lock);
    pthread_join(queue->thread, NULL);
}

static void wait_for(struct zdd_job *job)
{
    pthread_mutex_lock(&job->lock);
    while (!job->finished) /* ends: the writer answers every body, also when the store closes */
        pthread_cond_wait(&job->ended, &job->lock);
    pthread_mutex_unlock(&job->lock);
}

enum zdd_err zdd_store_write(struct zdd_store *store, zdd_tx_body *body, void *cls)
{
    struct zdd_job job = {.body = body, .cls = cls};

    if (store->read_only)
        return ZDD_ERR_STORE_READ_ONLY;
    if (!store->queue.threaded) {
        write_group(store, &job);
        return job.err;
    }
    assert(!pthread_equal(pthread_self(), store->queue.thread) && "it would wait for itself");
    assert(!(store->memory && zdd_reader_held_in_memory()) && "the writer would wait for us");
    init_waiting(&job);
    pthread_mutex_lock(&store->queue.lock);
    push(&store->queue, &job);
    pthread_mutex_unlock(&store->queue.lock);
    wait_for(&job);
    pthread_cond_destroy(&job.ended);
    pthread_mutex_destroy(&job.lock);
    return job.err;
}

enum zdd_err zdd_store_submit(struct zdd_store *store, zdd_tx_body *body, void *cls,
                              void (*done)(void *cls, enum zdd_err err))
{
    struct zdd_job *job;
    bool room;

    if (store->read_only || !store->queue.threaded) {
        done(cls, zdd_store_write(store, body, cls));
        return ZDD_ERR_NONE;
    }
    job = calloc(1, sizeof(*job));
    if (!job)
        return ZDD_ERR_NO_MEMORY;
    job->body = body;
    job->cls = cls;
    job->done = done;
    pthread_mutex_lock(&store->queue.lock);
    room = store->queue.depth < BACKLOG_MAX;
    if (room)
        push(&store->queue, job);
    pthread_mutex_unlock(&store->queue.lock);
    if (!room)
        free(job);
    return room ? ZDD_ERR_NONE : ZDD_ERR_TOO_MANY_CALLS;
}
