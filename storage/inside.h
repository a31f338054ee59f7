/**
 * @file storage/inside.h
 * @brief PRIVATE to storage/: what a store is made of.
 */
#pragma once

#include "storage/db.h"
#include "storage/store.h"

#include <pthread.h>
#include <stdatomic.h>

#define ZDD_CHAIN_HASH_SIZE 32 /* SHA-256 */

/** The ends of the two growing lists. Only the writer touches them; a copy brings them back when a
 * body is undone. */
struct zdd_heads {
    bool events_known; /* false: read event_seq before use */
    int64_t event_seq;
    bool chain_known; /* false: read the rest before use */
    bool chain_moved; /* audit_head lags behind */
    int64_t audit_seq;
    unsigned char chain[ZDD_CHAIN_HASH_SIZE];
};

#define ZDD_STAMP_COUNT 2048 /* keys that share a number make each other read once more */

/** See stamps.h. The numbers are read by all, the rest is the writer's. */
struct zdd_stamps {
    _Atomic uint64_t number[ZDD_STAMP_COUNT];
    uint16_t touched[ZDD_STAMP_COUNT]; /* which are odd */
    unsigned touched_count;
};

/** Read connections: most are opened at the start, a few more when a visitor reads on. */
struct zdd_pool {
    pthread_mutex_t lock;
    pthread_cond_t back; /* one came back; measured by CLOCK_MONOTONIC */
    unsigned kept;       /* so many stay open */
    unsigned open;       /* so many are */
    unsigned idle_count;
    struct zdd_conn **idle;
};

/** A body that waits for its turn. */
struct zdd_job {
    struct zdd_job *next;
    zdd_tx_body *body;
    void *cls;
    void (*done)(void *cls, enum zdd_err err); /* NULL: a caller waits for `ended` */
    enum zdd_err err;
    bool finished;
    pthread_mutex_t lock;
    pthread_cond_t ended;
};

struct zdd_queue {
    pthread_mutex_t lock;
    pthread_cond_t filled;
    struct zdd_job *first, **end;
    unsigned depth;
    unsigned group_max;
    bool closing;
    bool threaded;
    pthread_t thread;
};

struct zdd_listener {
    pthread_mutex_t lock;
    void (*wake)(void *cls, int64_t last_seq);
    void *cls;
};

/** The thread that copies the log back, for a file with a writer's thread. */
struct zdd_checkpoint {
    struct zdd_conn conn; /* the thread's */
    int log_pages;        /* in the log since the last commit; this and the next are the writer's */
    int asked_pages;      /* in the log when the thread was asked last */
    pthread_mutex_t lock;
    pthread_cond_t news;
    bool wanted, closing;
    bool threaded;
    pthread_t thread;
};

struct zdd_store {
    char *path;
    bool memory;    /* one connection for all, under main_lock */
    bool read_only; /* only the pool is open */
    int lock_fd;
    struct zdd_trouble trouble;
    pthread_mutex_t main_lock; /* recursive: in memory a visitor may read on */
    struct zdd_conn main;
    bool writing;         /* under main_lock: a body is running */
    int64_t data_version; /* as SQLite counts the commits of other processes */
    struct zdd_heads heads;
    struct zdd_stamps stamps;
    struct zdd_pool pool;
    struct zdd_queue queue;
    struct zdd_checkpoint checkpoint;
    struct zdd_listener listener;
    _Atomic uint64_t commits, bodies, failures;
    _Atomic uint64_t batch[ZDD_BATCH_BUCKETS];
    _Atomic bool writable;
    zdd_store_passes *passes; /* NULL: nobody wants to know */
    void *fate;
};

struct zdd_tx {
    struct zdd_store *store;
    struct zdd_conn *conn;
};

/** A connection to read with; conn NULL when err says why. It goes back at the end of the scope. */
struct zdd_reader {
    struct zdd_store *store;
    struct zdd_conn *conn;
    enum zdd_err err;
};

#define ZDD_READER __attribute__((cleanup(zdd_reader_return))) struct zdd_reader

/**
 * Wait for a read connection. A thread that holds one already gets another one at once, so that
 * visitors that read on cannot lock each other out; STORE_BUSY when there are too many of them, or
 * none came back in five seconds.
 */
struct zdd_reader zdd_reader_borrow(struct zdd_store *store);
void zdd_reader_return(struct zdd_reader *reader);
/** @return whether this thread reads a store in memory right now */
bool zdd_reader_held_in_memory(void);

ZDD_MUST_CHECK enum zdd_err zdd_pool_open(struct zdd_store *store, unsigned count);
void zdd_pool_close(struct zdd_store *store);

/** Start the writer's thread. @return false when the system has none */
bool zdd_writer_start(struct zdd_store *store);
/** Let it finish what waits, and end. */
void zdd_writer_stop(struct zdd_store *store);

/** Start to copy the log back beside the writer; before the writer starts. */
ZDD_MUST_CHECK enum zdd_err zdd_checkpoint_start(struct zdd_store *store);
/** After the writer's end. */
void zdd_checkpoint_stop(struct zdd_store *store);
/** The writer has answered a group: see that the log does not grow for ever. */
void zdd_checkpoint_mind(struct zdd_store *store);

/** What @p key stands for changes in this transaction; before or after it is written. */
void zdd_stamp_touch(struct zdd_tx *tx, const char *key);
/** The transaction is committed or undone; before anybody hears of it. */
void zdd_stamps_settle(struct zdd_store *store);

struct zdd_stmt;
struct zdd_token;
/** Read the first seven columns of a row: id, name, scopes, app_prefix, created, expires, revoked.
 */
void zdd_token_read(struct zdd_stmt *stmt, struct zdd_token *ret_token);

/** The deployment has ended: steps that never began are skipped. */
ZDD_MUST_CHECK enum zdd_err zdd_steps_skip(struct zdd_tx *tx, const char *run_id);

/** Write audit_head if the chain moved; the writer calls it right before each commit. */
ZDD_MUST_CHECK enum zdd_err zdd_audit_settle(struct zdd_tx *tx);
