/**
 * @file storage/checkpoint.c
 * @brief What the log holds goes back into the database file, while the writer goes on.
 */
#include "storage/inside.h"

/* Pages of 4 KiB. Often, so that little is left for the writer; rarely enough that pages which are
 * written again and again are copied once. */
#define LOG_STEP 1000
/* A log that is written all the time begins anew only when nothing is left to copy, and only the
 * writer can wait for that moment: by copying the rest itself. 32 MiB, read anew after a crash in
 * less than a tenth of a second. */
#define LOG_MAX 8192

static const char setup_sql[] = "PRAGMA synchronous = FULL;"
                                "PRAGMA busy_timeout = 5000;"
                                "PRAGMA trusted_schema = OFF;";

/* It waits for nobody: what a reader still needs stays in the log for the next time. */
static const char copy_sql[] = "PRAGMA wal_checkpoint(PASSIVE)";

/* After each commit, by the writer. */
static int note_size(void *cls, sqlite3 *raw, const char *schema, int pages)
{
    struct zdd_checkpoint *checkpoint = cls;

    (void)raw;
    (void)schema;
    checkpoint->log_pages = pages;
    return SQLITE_OK;
}

/* @return false when the store closes */
static bool wait_until_wanted(struct zdd_checkpoint *checkpoint)
{
    bool closing;

    pthread_mutex_lock(&checkpoint->lock);
    while (!checkpoint->wanted && !checkpoint->closing)
        pthread_cond_wait(&checkpoint->news, &checkpoint->lock);
    checkpoint->wanted = false;
    closing = checkpoint->closing;
    pthread_mutex_unlock(&checkpoint->lock);
    return !closing;
}

/* What was written stays safe in the log, whatever happens here: the next step tries again. */
static void copy(struct zdd_store *store, struct zdd_conn *conn)
{
    if (zdd_conn_run(conn, copy_sql) != ZDD_ERR_NONE)
        atomic_fetch_add(&store->failures, 1);
}

static void *work(void *cls)
{
    struct zdd_store *store = cls;

    while (wait_until_wanted(&store->checkpoint)) /* ends when the store closes */
        copy(store, &store->checkpoint.conn);
    return NULL;
}

enum zdd_err zdd_checkpoint_start(struct zdd_store *store)
{
    struct zdd_checkpoint *checkpoint = &store->checkpoint;
    enum zdd_err err =
        zdd_conn_open(&checkpoint->conn, store->path, SQLITE_OPEN_READWRITE, &store->trouble);

    if (err == ZDD_ERR_NONE)
        err = zdd_conn_exec(&checkpoint->conn, setup_sql);
    if (err != ZDD_ERR_NONE)
        return err;
    if (pthread_create(&checkpoint->thread, NULL, work, store) != 0)
        return ZDD_ERR_NO_MEMORY;
    checkpoint->threaded = true;
    (void)sqlite3_wal_hook(store->main.raw, note_size, checkpoint); /* instead of SQLite's own */
    return ZDD_ERR_NONE;
}

void zdd_checkpoint_stop(struct zdd_store *store)
{
    struct zdd_checkpoint *checkpoint = &store->checkpoint;

    if (checkpoint->threaded) {
        pthread_mutex_lock(&checkpoint->lock);
        checkpoint->closing = true;
        pthread_cond_signal(&checkpoint->news);
        pthread_mutex_unlock(&checkpoint->lock);
        pthread_join(checkpoint->thread, NULL);
    }
    zdd_conn_close(&checkpoint->conn);
}

static void ask(struct zdd_checkpoint *checkpoint)
{
    checkpoint->asked_pages = checkpoint->log_pages;
    pthread_mutex_lock(&checkpoint->lock);
    checkpoint->wanted = true;
    pthread_cond_signal(&checkpoint->news);
    pthread_mutex_unlock(&checkpoint->lock);
}

void zdd_checkpoint_mind(struct zdd_store *store)
{
    struct zdd_checkpoint *checkpoint = &store->checkpoint;

    if (checkpoint->log_pages < checkpoint->asked_pages)
        checkpoint->asked_pages = 0; /* the log has begun anew */
    if (checkpoint->log_pages >= LOG_MAX)
        copy(store, &store->main); /* while the thread copies: not this time */
    else if (checkpoint->log_pages - checkpoint->asked_pages >= LOG_STEP)
        ask(checkpoint);
}
