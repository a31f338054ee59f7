/**
 * @file storage/store.c
 * @brief Open and close: lock, connections, schema, writer.
 */
#include "storage/store.h"

#include "storage/inside.h"
#include "storage/lock.h"
#include "storage/migrate.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define GROUP_MAX 512 /* writes in a commit: keeps the wait of the first one short */
#define READERS_DEFAULT 4

/* FULL: a commit is on the disk before it is answered. The log file shrinks to 64 MiB after a long
 * reader held it up. */
static const char writer_sql[] = "PRAGMA synchronous = FULL;"
                                 "PRAGMA busy_timeout = 5000;"
                                 "PRAGMA foreign_keys = ON;"
                                 "PRAGMA trusted_schema = OFF;"
                                 "PRAGMA temp_store = MEMORY;"
                                 "PRAGMA secure_delete = OFF;"
                                 "PRAGMA cache_size = -8192;"
                                 "PRAGMA journal_size_limit = 67108864;";

static bool init_locks(struct zdd_store *store)
{
    pthread_mutexattr_t recursive;
    pthread_condattr_t monotonic;
    bool good;

    if (pthread_mutexattr_init(&recursive) != 0)
        return false;
    if (pthread_condattr_init(&monotonic) != 0) {
        pthread_mutexattr_destroy(&recursive);
        return false;
    }
    good = pthread_mutexattr_settype(&recursive, PTHREAD_MUTEX_RECURSIVE) == 0 &&
           pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC) == 0 &&
           pthread_mutex_init(&store->main_lock, &recursive) == 0 &&
           pthread_mutex_init(&store->trouble.lock, NULL) == 0 &&
           pthread_mutex_init(&store->pool.lock, NULL) == 0 &&
           pthread_cond_init(&store->pool.back, &monotonic) == 0 &&
           pthread_mutex_init(&store->queue.lock, NULL) == 0 &&
           pthread_cond_init(&store->queue.filled, NULL) == 0 &&
           pthread_mutex_init(&store->checkpoint.lock, NULL) == 0 &&
           pthread_cond_init(&store->checkpoint.news, NULL) == 0 &&
           pthread_mutex_init(&store->listener.lock, NULL) == 0;
    pthread_mutexattr_destroy(&recursive);
    pthread_condattr_destroy(&monotonic);
    return good;
}

static void destroy_locks(struct zdd_store *store)
{
    pthread_mutex_destroy(&store->main_lock);
    pthread_mutex_destroy(&store->trouble.lock);
    pthread_mutex_destroy(&store->pool.lock);
    pthread_cond_destroy(&store->pool.back);
    pthread_mutex_destroy(&store->queue.lock);
    pthread_cond_destroy(&store->queue.filled);
    pthread_mutex_destroy(&store->checkpoint.lock);
    pthread_cond_destroy(&store->checkpoint.news);
    pthread_mutex_destroy(&store->listener.lock);
}

static struct zdd_store *new_store(const struct zdd_store_options *options)
{
    struct zdd_store *store = calloc(1, sizeof(*store));

    if (!store)
        return NULL;
    store->path = strdup(options->path);
    if (!store->path || !init_locks(store)) {
        free(store->path);
        free(store);
        return NULL;
    }
    store->memory = strcmp(options->path, ":memory:") == 0;
    store->read_only = options->read_only;
    store->lock_fd = -1;
    store->passes = options->passes;
    store->fate = options->fate;
    store->queue.end = &store->queue.first;
    store->queue.group_max = options->group_max ? options->group_max : GROUP_MAX;
    atomic_init(&store->writable, !options->read_only);
    return store;
}

/* One sentence for a tired operator: what, which file, what to do. */
static void explain(const struct zdd_store *store, enum zdd_err err, int found,
                    char ret_reason[static ZDD_REASON_TEXT_SIZE])
{
    const char *path = store->path;
    const int newest = zdd_store_schema_newest();

    if (err == ZDD_ERR_STORE_CANNOT_OPEN && access(path, F_OK) != 0 && errno == ENOENT) {
        (void)snprintf(ret_reason, ZDD_REASON_TEXT_SIZE,
                       "There is no database %.100s: give the right one with --db.", path);
        return;
    }
    switch ((int)err) {
    case ZDD_ERR_STORE_NEWER:
        (void)snprintf(ret_reason, ZDD_REASON_TEXT_SIZE,
                       "The database %.100s has schema %d, this program knows schemas up to %d: "
                       "use the newer program that wrote it, or restore an older backup.",
                       path, found, newest);
        break;
    case ZDD_ERR_STORE_CORRUPT:
        (void)snprintf(ret_reason, ZDD_REASON_TEXT_SIZE,
                       "The file %.100s is damaged or no database: keep a copy of it and restore "
                       "a backup.",
                       path);
        break;
    case ZDD_ERR_STORE_FULL:
        (void)snprintf(ret_reason, ZDD_REASON_TEXT_SIZE,
                       "The disk that holds %.100s is full: free some space and start again.",
                       path);
        break;
    case ZDD_ERR_STORE_READ_ONLY:
        (void)snprintf(ret_reason, ZDD_REASON_TEXT_SIZE,
                       "The database %.100s cannot be written: give this user the right to write "
                       "it and its directory, or mount the file system writable.",
                       path);
        break;
    case ZDD_ERR_STORE_BUSY:
        (void)snprintf(ret_reason, ZDD_REASON_TEXT_SIZE,
                       "Another program (a backup, the sqlite3 shell?) locks the database %.100s: "
                       "end it and start again.",
                       path);
        break;
    default:
        (void)snprintf(ret_reason, ZDD_REASON_TEXT_SIZE, "Cannot open the database %.80s: %.180s.",
                       path, store->trouble.text);
    }
}

/* Counting every allocation under one lock would slow all connections. Refused once SQLite is in
 * use, which is fine. */
static void tune_sqlite(void)
{
    (void)sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
}

/* A file system without shared memory (some network ones) silently keeps the old mode. */
static enum zdd_err start_log(struct zdd_conn *conn)
{
    ZDD_STMT stmt = zdd_stmt_prepare(conn, "PRAGMA journal_mode = WAL");
    enum zdd_err err = zdd_stmt_row(&stmt, ZDD_ERR_STORE_BROKEN);
    const char *mode = err == ZDD_ERR_NONE ? zdd_column_text(&stmt, 0) : NULL;

    if (err != ZDD_ERR_NONE || (mode && strcmp(mode, "wal") == 0))
        return err;
    zdd_conn_note(conn, "its file system cannot do write-ahead logging; use a local disk", NULL);
    return ZDD_ERR_STORE_CANNOT_OPEN;
}

static enum zdd_err open_main(struct zdd_store *store, int *ret_version)
{
    const int create = store->memory ? SQLITE_OPEN_CREATE : 0;
    struct zdd_conn *conn = &store->main;
    enum zdd_err err =
        zdd_conn_open(conn, store->path, SQLITE_OPEN_READWRITE | create, &store->trouble);

    if (err != ZDD_ERR_NONE)
        return err;
    (void)sqlite3_db_config(conn->raw, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    err = zdd_conn_exec(conn, writer_sql);
    if (err == ZDD_ERR_NONE)
        err = zdd_schema_version(conn, ret_version);
    if (err == ZDD_ERR_NONE && *ret_version > zdd_store_schema_newest())
        err = ZDD_ERR_STORE_NEWER; /* before anything is written to it */
    if (err == ZDD_ERR_NONE && !store->memory)
        err = start_log(conn);
    if (err == ZDD_ERR_NONE)
        err = zdd_migrate(conn, zdd_migrations, zdd_migration_count, *ret_version);
    return err;
}

/* Where nothing is to be created or migrated no lock is needed: SQLite keeps two writers apart. */
static bool open_beside(struct zdd_store *store)
{
    struct zdd_conn *conn = &store->main;
    int version = 0;

    if (zdd_conn_open(conn, store->path, SQLITE_OPEN_READWRITE, &store->trouble) != ZDD_ERR_NONE)
        return false;
    if (zdd_conn_exec(conn, writer_sql) == ZDD_ERR_NONE &&
        zdd_schema_version(conn, &version) == ZDD_ERR_NONE && version == zdd_store_schema_newest())
        return true;
    zdd_conn_close(conn);
    return false;
}

static enum zdd_err open_alone(struct zdd_store *store, const struct zdd_store_options *options,
                               char ret_reason[static ZDD_REASON_TEXT_SIZE])
{
    int version = 0;
    enum zdd_err err = ZDD_ERR_NONE;

    if (!store->memory) {
        err = zdd_lock_take(options, &store->lock_fd, ret_reason);
        if (err == ZDD_ERR_NONE)
            err = zdd_lock_create(store->path, ret_reason);
        if (err != ZDD_ERR_NONE)
            return err;
    }
    err = open_main(store, &version);
    if (err != ZDD_ERR_NONE)
        explain(store, err, version, ret_reason);
    return err;
}

static enum zdd_err open_to_write(struct zdd_store *store, const struct zdd_store_options *options,
                                  char ret_reason[static ZDD_REASON_TEXT_SIZE])
{
    const unsigned readers = options->reader_count ? options->reader_count : READERS_DEFAULT;
    enum zdd_err err = ZDD_ERR_NONE;

    if (!options->beside || store->memory || !open_beside(store))
        err = open_alone(store, options, ret_reason);
    if (err != ZDD_ERR_NONE)
        return err;
    if (!store->memory)
        err = zdd_pool_open(store, readers);
    if (err == ZDD_ERR_NONE && !options->inline_writer && !store->memory)
        err = zdd_checkpoint_start(store);
    if (err == ZDD_ERR_NONE && !options->inline_writer && !zdd_writer_start(store))
        err = ZDD_ERR_NO_MEMORY;
    if (err != ZDD_ERR_NONE)
        explain(store, err, 0, ret_reason);
    return err;
}

static enum zdd_err open_to_read(struct zdd_store *store, const struct zdd_store_options *options,
                                 char ret_reason[static ZDD_REASON_TEXT_SIZE])
{
    const int newest = zdd_store_schema_newest();
    int version = 0;
    enum zdd_err err =
        zdd_pool_open(store, options->reader_count ? options->reader_count : READERS_DEFAULT);

    if (err == ZDD_ERR_NONE)
        err = zdd_schema_version(store->pool.idle[0], &version);
    if (err == ZDD_ERR_NONE && version < newest) {
        (void)snprintf(ret_reason, ZDD_REASON_TEXT_SIZE,
                       "The database %.100s has schema %d, this program needs %d: let the server "
                       "open it once, then try again.",
                       store->path, version, newest);
        return ZDD_ERR_STORE_CANNOT_OPEN;
    }
    if (err == ZDD_ERR_NONE && version > newest)
        err = ZDD_ERR_STORE_NEWER;
    if (err != ZDD_ERR_NONE)
        explain(store, err, version, ret_reason);
    return err;
}

enum zdd_err zdd_store_open(const struct zdd_store_options *options, struct zdd_store **ret_store,
                            char ret_reason[static ZDD_REASON_TEXT_SIZE])
{
    static pthread_once_t tuned = PTHREAD_ONCE_INIT;
    struct zdd_store *store = new_store(options);
    enum zdd_err err;

    pthread_once(&tuned, tune_sqlite);
    ret_reason[0] = '\0';
    if (!store) {
        (void)snprintf(ret_reason, ZDD_REASON_TEXT_SIZE, "There is not enough memory to start.");
        return ZDD_ERR_NO_MEMORY;
    }
    assert(!(store->memory && store->read_only) && "nothing could ever be in it");
    if (store->read_only)
        err = open_to_read(store, options, ret_reason);
    else
        err = open_to_write(store, options, ret_reason);
    if (err != ZDD_ERR_NONE) {
        zdd_store_free(store);
        return err;
    }
    *ret_store = store;
    return ZDD_ERR_NONE;
}

struct zdd_store *zdd_store_free(struct zdd_store *store)
{
    if (!store)
        return NULL;
    zdd_writer_stop(store);
    zdd_checkpoint_stop(store);
    zdd_pool_close(store);
    zdd_conn_close(&store->main);
    zdd_lock_drop(store->lock_fd);
    destroy_locks(store);
    free(store->path);
    free(store);
    return NULL;
}

void zdd_store_stats(const struct zdd_store *store, struct zdd_store_stats *ret_stats)
{
    *ret_stats = (struct zdd_store_stats){
        .commits = atomic_load(&store->commits),
        .bodies = atomic_load(&store->bodies),
        .failures = atomic_load(&store->failures),
    };
    for (size_t i = 0; i < ZDD_BATCH_BUCKETS; i++)
        ret_stats->batch[i] = atomic_load(&store->batch[i]);
}

bool zdd_store_writable(const struct zdd_store *store)
{
    return atomic_load(&store->writable);
}

void zdd_store_trouble(struct zdd_store *store, char ret_text[static ZDD_TROUBLE_SIZE])
{
    pthread_mutex_lock(&store->trouble.lock);
    memcpy(ret_text, store->trouble.text, ZDD_TROUBLE_SIZE);
    pthread_mutex_unlock(&store->trouble.lock);
}
