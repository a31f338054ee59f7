/**
 * @file storage/store.h
 * @brief The database: one file, one writer with group commit, many readers.
 *
 * Opening takes an exclusive lock on "<path>.lock" (flock, so it ends with the
 * process), sets WAL and synchronous=FULL, and brings the schema up to date.
 * Writes run on one thread; all that wait are committed together, so that many
 * callers share one fsync. Reads use connections of their own and never wait for
 * the writer.
 *
 * Lists call a visitor for each row while they hold a read connection: it should
 * be quick. It may read on, which takes one more connection for each level (there
 * are 64, then it gets STORE_BUSY), and it may write, which the list does not see.
 * In a store in memory all share one connection: there a visitor must not write
 * unless the writer is inline; that is asserted.
 */
#pragma once

#include "storage/points.h"
#include "strategies/model/err.h"

#include <stdbool.h>
#include <stdint.h>

struct zdd_store;
struct zdd_tx; /* an open write transaction, only valid inside a zdd_tx_body */

struct zdd_store_options {
    const char *path;    /* file name; ":memory:" for tests (then one shared in-memory database, no
                            lock file) */
    const char *holder;  /* who we are, written into the lock file: "zdd-server pid 4711 on
                            127.0.0.1:8090" */
    bool standby;        /* wait for the lock instead of ZDD_ERR_STORE_HELD */
    const bool *give_up; /* polled while standing by; NULL: never */
    bool inline_writer;  /* no thread: zdd_store_write() works in the caller's thread (simulator,
                            command line) */
    bool read_only;      /* no lock, no migration, no writes (command line) */
    bool beside; /* write although a server may hold the lock; the lock is taken only to create or
                    migrate the file (command line, with inline_writer) */
    unsigned reader_count; /* read connections; 0 means 4 */
    unsigned group_max;    /* writes in one commit at most; 0 means 512, 1 gives each its own (what
                              group commit gains is measured with it) */
    zdd_store_passes *passes; /* fault tests; NULL: nobody wants to know */
    void *fate;               /* handed to passes */
};

/**
 * Open, lock and migrate.
 * @param[out] ret_store  owned by the caller; set on success only
 * @param[out] ret_reason one sentence on failure: what, which file, and who holds it
 * @return ZDD_ERR_NONE, STORE_HELD, STORE_NEWER, STORE_CORRUPT, STORE_CANNOT_OPEN, STORE_FULL,
 * STORE_READ_ONLY, NO_MEMORY or STORE_BROKEN
 */
ZDD_MUST_CHECK enum zdd_err zdd_store_open(const struct zdd_store_options *options,
                                           struct zdd_store **ret_store,
                                           char ret_reason[static 300]);

/** Finish the writes that wait, close; NULL is fine. @return NULL */
struct zdd_store *zdd_store_free(struct zdd_store *store);

/** What happens inside a transaction; an error undoes all of this body, and of no other. A failure
 * of the database that the body overlooks undoes it, too. It runs once: never again, also when the
 * commit fails. It must not write through the store, only through @p tx. */
typedef enum zdd_err zdd_tx_body(struct zdd_tx *tx, void *cls);

/**
 * Run @p body in a transaction of its own and wait until it is durable.
 * @return what @p body returned, or the error of the commit; then nothing of it has happened.
 * ZDD_ERR_STORE_FULL and STORE_READ_ONLY pass when there is room again; nothing needs to be
 * reopened
 */
ZDD_MUST_CHECK enum zdd_err zdd_store_write(struct zdd_store *store, zdd_tx_body *body, void *cls);

/**
 * The same without waiting: @p done is called exactly once, on the writer's thread, after the
 * commit; it must be quick and must not write. @p cls must live until then.
 * @return ZDD_ERR_NONE; ZDD_ERR_TOO_MANY_CALLS when 65 536 bodies wait already, or
 * ZDD_ERR_NO_MEMORY (@p done is then not called)
 */
ZDD_MUST_CHECK enum zdd_err zdd_store_submit(struct zdd_store *store, zdd_tx_body *body, void *cls,
                                             void (*done)(void *cls, enum zdd_err err));

#define ZDD_BATCH_BUCKETS 10

/** Figures for metrics. */
struct zdd_store_stats {
    uint64_t commits; /* fsyncs */
    uint64_t bodies;  /* transactions they carried */
    uint64_t failures;
    uint64_t batch[ZDD_BATCH_BUCKETS]; /* commits that carried at most 1, 2, 4 … 512 of them; each
                                          is counted once, larger ones nowhere */
};
void zdd_store_stats(const struct zdd_store *store, struct zdd_store_stats *ret_stats);

/** @return whether the store can be written now: the last commit did not fail for lack of space */
bool zdd_store_writable(const struct zdd_store *store);

#define ZDD_TROUBLE_SIZE 200

/** What the database itself last complained about, in its own words, for the log; "" for nothing
 * so far. */
void zdd_store_trouble(struct zdd_store *store, char ret_text[static ZDD_TROUBLE_SIZE]);

/** @return the newest schema this program knows */
int zdd_store_schema_newest(void);
