/**
 * @file storage/pool.c
 * @brief Read connections: borrowed for a call, never for longer.
 */
#include "storage/inside.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <time.h>

#define POOL_MAX 64    /* connections; each visitor that reads on holds one more */
#define WAIT_MAX_SEC 5 /* reads take milliseconds: after this something is badly wrong */

/* 256 MiB mapped: reading a page needs no system call; and never a write by mistake. */
static const char setup_sql[] = "PRAGMA query_only = ON;"
                                "PRAGMA mmap_size = 268435456;"
                                "PRAGMA busy_timeout = 5000;"
                                "PRAGMA trusted_schema = OFF;";

/* How many this thread holds, of any store: then it must not wait for another one. */
static _Thread_local unsigned held;
static _Thread_local unsigned held_in_memory;

static struct zdd_conn *open_one(struct zdd_store *store, enum zdd_err *ret_err)
{
    struct zdd_conn *conn = malloc(sizeof(*conn));

    *ret_err = ZDD_ERR_NO_MEMORY;
    if (!conn)
        return NULL;
    *ret_err = zdd_conn_open(conn, store->path,
                             store->read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE,
                             &store->trouble);
    if (*ret_err == ZDD_ERR_NONE) {
        *ret_err = zdd_conn_exec(conn, setup_sql);
        if (*ret_err == ZDD_ERR_NONE)
            return conn;
        zdd_conn_close(conn);
    }
    free(conn);
    return NULL;
}

static void close_one(struct zdd_conn *conn)
{
    zdd_conn_close(conn);
    free(conn);
}

enum zdd_err zdd_pool_open(struct zdd_store *store, unsigned count)
{
    struct zdd_pool *pool = &store->pool;
    enum zdd_err err = ZDD_ERR_NONE;

    assert(count >= 1);
    pool->kept = count < POOL_MAX ? count : POOL_MAX;
    pool->idle = calloc(POOL_MAX, sizeof(struct zdd_conn *));
    if (!pool->idle)
        return ZDD_ERR_NO_MEMORY;
    while (pool->open < pool->kept) {
        struct zdd_conn *conn = open_one(store, &err);

        if (!conn)
            return err;
        pool->idle[pool->idle_count++] = conn;
        pool->open++;
    }
    return ZDD_ERR_NONE;
}

void zdd_pool_close(struct zdd_store *store)
{
    struct zdd_pool *pool = &store->pool;

    assert(pool->idle_count == pool->open && "somebody still reads");
    while (pool->idle_count > 0)
        close_one(pool->idle[--pool->idle_count]);
    free(pool->idle);
}

/* Wait until one is back; false after WAIT_MAX_SEC. The pool is locked. */
static bool wait_for_one(struct zdd_pool *pool)
{
    struct timespec until;

    if (pool->idle_count > 0)
        return true;
    if (clock_gettime(CLOCK_MONOTONIC, &until) != 0)
        return false;
    until.tv_sec += WAIT_MAX_SEC;
    while (pool->idle_count == 0) {
        if (pthread_cond_timedwait(&pool->back, &pool->lock, &until) == ETIMEDOUT)
            return pool->idle_count > 0;
    }
    return true;
}

static struct zdd_conn *take(struct zdd_store *store, enum zdd_err *ret_err)
{
    struct zdd_pool *pool = &store->pool;
    struct zdd_conn *conn = NULL;
    bool grow = false;

    *ret_err = ZDD_ERR_STORE_BUSY;
    pthread_mutex_lock(&pool->lock);
    if (pool->idle_count == 0 && held > 0)
        grow = pool->open < POOL_MAX;
    else if (wait_for_one(pool))
        conn = pool->idle[--pool->idle_count];
    if (grow)
        pool->open++;
    pthread_mutex_unlock(&pool->lock);
    if (!grow)
        return conn;

    conn = open_one(store, ret_err);
    if (!conn) {
        pthread_mutex_lock(&pool->lock);
        pool->open--;
        pthread_mutex_unlock(&pool->lock);
    }
    return conn;
}

struct zdd_reader zdd_reader_borrow(struct zdd_store *store)
{
    struct zdd_reader reader = {.store = store};

    if (store->memory) {
        pthread_mutex_lock(&store->main_lock);
        held_in_memory++;
        reader.conn = &store->main;
        return reader;
    }
    reader.conn = take(store, &reader.err);
    if (reader.conn) {
        reader.err = ZDD_ERR_NONE;
        held++;
    }
    return reader;
}

static void give_back(struct zdd_pool *pool, struct zdd_conn *conn)
{
    bool extra;

    pthread_mutex_lock(&pool->lock);
    extra = pool->open > pool->kept;
    if (extra)
        pool->open--;
    else
        pool->idle[pool->idle_count++] = conn;
    pthread_cond_signal(&pool->back);
    pthread_mutex_unlock(&pool->lock);
    if (extra)
        close_one(conn);
}

void zdd_reader_return(struct zdd_reader *reader)
{
    if (!reader->conn)
        return;
    if (reader->store->memory) {
        held_in_memory--;
        pthread_mutex_unlock(&reader->store->main_lock);
    } else {
        held--;
        give_back(&reader->store->pool, reader->conn);
    }
    reader->conn = NULL;
}

bool zdd_reader_held_in_memory(void)
{
    return held_in_memory > 0;
}
