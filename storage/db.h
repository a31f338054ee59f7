/**
 * @file storage/db.h
 * @brief PRIVATE to storage/: one SQLite connection, and statements that give themselves back.
 */
#pragma once

#include "storage/store.h"
#include "strategies/model/err.h"

#include <pthread.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>

/* Twice what there can be, all shapes of all lists included; a statement that finds no place is
 * prepared anew each time. */
#define ZDD_SLOT_COUNT 512

/* What the database last complained about, for the log; shared by all connections of a store. */
struct zdd_trouble {
    pthread_mutex_t lock;
    char text[ZDD_TROUBLE_SIZE];
};

/* A statement that was prepared once and waits for its next use. */
struct zdd_slot {
    const void *key; /* address of the SQL, or of its parts */
    uint32_t mask;   /* which parts */
    bool busy;
    sqlite3_stmt *raw;
};

/** Used by one thread at a time. */
struct zdd_conn {
    sqlite3 *raw;
    enum zdd_err failed; /* first failure of the database since somebody set it to NONE */
    struct zdd_trouble *trouble;
    struct zdd_slot slots[ZDD_SLOT_COUNT];
};

/** @param flags  of sqlite3_open_v2(). A connection that failed to open needs no closing. */
ZDD_MUST_CHECK enum zdd_err zdd_conn_open(struct zdd_conn *conn, const char *path, int flags,
                                          struct zdd_trouble *trouble);
/** Close it and its statements; all zero is fine, too. */
void zdd_conn_close(struct zdd_conn *conn);

/** Run all statements of @p sql; rows are dropped. Not kept for the next time. */
ZDD_MUST_CHECK enum zdd_err zdd_conn_exec(struct zdd_conn *conn, const char *sql);

/** Run one kept statement without parameters; @p sql must be a constant. */
ZDD_MUST_CHECK enum zdd_err zdd_conn_run(struct zdd_conn *conn, const char *sql);

/** The number in the first column of the first row, e.g. of a PRAGMA. Not kept. */
ZDD_MUST_CHECK enum zdd_err zdd_conn_number(struct zdd_conn *conn, const char *sql,
                                            int64_t *ret_number);

/** What @p rc means, with errno, which was 0 before the call that gave it; a failure is noted in
 * conn->failed and for zdd_store_trouble(). */
enum zdd_err zdd_conn_fail(struct zdd_conn *conn, int rc, const char *sql);

/** Keep @p words for zdd_store_trouble(); @p sql may be NULL. */
void zdd_conn_note(struct zdd_conn *conn, const char *words, const char *sql);

/** @return whether a transaction is open: SQLite ends it by itself after some failures */
bool zdd_conn_in_transaction(const struct zdd_conn *conn);

/**
 * A prepared statement whose first failure sticks: bind freely, check once.
 * Declare with ZDD_STMT; it goes back to its connection when the scope ends. What is bound is
 * borrowed until then.
 */
struct zdd_stmt {
    sqlite3_stmt *raw;
    enum zdd_err err;
    struct zdd_conn *conn;
    struct zdd_slot *slot; /* NULL: not kept */
};

#define ZDD_STMT __attribute__((cleanup(zdd_stmt_done))) struct zdd_stmt

/** @param sql  a constant: its address is the key it is kept under */
struct zdd_stmt zdd_stmt_prepare(struct zdd_conn *conn, const char *sql);

/** The same for a statement put together from those of the constant @p parts (at most 32) whose
 * bit is set in @p mask. */
struct zdd_stmt zdd_stmt_compose(struct zdd_conn *conn, const char *const parts[], unsigned count,
                                 uint32_t mask);
void zdd_stmt_done(struct zdd_stmt *stmt);

/** Bind by name; a name that the SQL lacks is an error. */
void zdd_bind_int(struct zdd_stmt *stmt, const char *name, int64_t value);
/** NULL binds NULL. */
void zdd_bind_text(struct zdd_stmt *stmt, const char *name, const char *value);
void zdd_bind_blob(struct zdd_stmt *stmt, const char *name, const void *value, int size);

/** The same by place, first is 1: for wide tables, where looking up names would show. */
void zdd_place_int(struct zdd_stmt *stmt, int place, int64_t value);
void zdd_place_real(struct zdd_stmt *stmt, int place, double value);
void zdd_place_text(struct zdd_stmt *stmt, int place, const char *value);
/** For a text that does not outlive the call. */
void zdd_place_copied_text(struct zdd_stmt *stmt, int place, const char *value);

/** @return ZDD_ERR_NONE with a row to read, @p none when there is no row, else the failure */
ZDD_MUST_CHECK enum zdd_err zdd_stmt_row(struct zdd_stmt *stmt, enum zdd_err none);

/**
 * Step once more. @return true with a row to read; false at the end or at a failure, which
 * stmt->err tells apart
 */
bool zdd_stmt_next(struct zdd_stmt *stmt);

/** Run @p stmt to its end; rows that are left are dropped. */
ZDD_MUST_CHECK enum zdd_err zdd_stmt_end(struct zdd_stmt *stmt);

/** Note that what was read cannot be right: the file is damaged. */
void zdd_stmt_damaged(struct zdd_stmt *stmt, const char *what);

/* Columns of the present row. A column that does not fit, or an allocation that fails, sticks. */
int64_t zdd_column_int(const struct zdd_stmt *stmt, int column);
/** Copy into @p buffer; NULL becomes "". */
void zdd_column_copy(struct zdd_stmt *stmt, int column, char *buffer, size_t size);
/** Borrowed until the next step; NULL when the column is NULL or stmt->err was set. */
const char *zdd_column_text(struct zdd_stmt *stmt, int column);
/** The same for JSON and other long texts, which pages without structure hold: bytes that are no
 * UTF-8 are damage that SQLite does not see. */
const char *zdd_column_document(struct zdd_stmt *stmt, int column);
/** @return a copy of a document to free(), or NULL when the column is NULL or stmt->err was set */
char *zdd_column_dup(struct zdd_stmt *stmt, int column);
