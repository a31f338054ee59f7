/**
 * @file storage/db.c
 * @brief The only place where SQLite result codes become ours.
 */
#include "storage/db.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static enum zdd_err err_of_errno(int number, enum zdd_err other)
{
    switch (number) {
    case ENOSPC:
    case EDQUOT:
    case EFBIG: /* the process's own limit of file size: room is what lacks here as well */
        return ZDD_ERR_STORE_FULL;
    case EROFS:
    case EACCES:
    case EPERM:
        return ZDD_ERR_STORE_READ_ONLY;
    default:
        return other;
    }
}

static enum zdd_err err_of_io(int rc, int number)
{
    if (rc == SQLITE_IOERR_NOMEM)
        return ZDD_ERR_NO_MEMORY;
    if (rc == SQLITE_IOERR_CORRUPTFS)
        return ZDD_ERR_STORE_CORRUPT;
    return err_of_errno(number, ZDD_ERR_STORE_BROKEN);
}

/* @p number is errno: sqlite3_system_errno() misses failures of a commit. */
static enum zdd_err err_of(int rc, int number)
{
    switch (rc & 0xff) {
    case SQLITE_OK:
    case SQLITE_ROW:
    case SQLITE_DONE:
        return ZDD_ERR_NONE;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_PROTOCOL:
        return ZDD_ERR_STORE_BUSY;
    case SQLITE_NOMEM:
        return ZDD_ERR_NO_MEMORY;
    case SQLITE_FULL:
        return ZDD_ERR_STORE_FULL;
    case SQLITE_READONLY:
    case SQLITE_PERM:
        return ZDD_ERR_STORE_READ_ONLY;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return ZDD_ERR_STORE_CORRUPT;
    case SQLITE_CANTOPEN:
        return err_of_errno(number, ZDD_ERR_STORE_CANNOT_OPEN);
    case SQLITE_IOERR:
        return err_of_io(rc, number);
    default:
        return ZDD_ERR_STORE_BROKEN;
    }
}

void zdd_conn_note(struct zdd_conn *conn, const char *words, const char *sql)
{
    struct zdd_trouble *trouble = conn->trouble;

    pthread_mutex_lock(&trouble->lock);
    (void)snprintf(trouble->text, sizeof(trouble->text), "%.110s%s%.60s", words, sql ? " in: " : "",
                   sql ? sql : "");
    pthread_mutex_unlock(&trouble->lock);
}

/* SQLite's own words: the error that callers get says what to do, not what happened. */
enum zdd_err zdd_conn_fail(struct zdd_conn *conn, int rc, const char *sql)
{
    const int number = errno;
    const enum zdd_err err = err_of(rc, number);
    char words[120];

    if (err == ZDD_ERR_NONE)
        return err;
    if (conn->failed == ZDD_ERR_NONE)
        conn->failed = err;
    (void)snprintf(words, sizeof(words), "%.70s (sqlite %d, errno %d)",
                   conn->raw ? sqlite3_errmsg(conn->raw) : sqlite3_errstr(rc), rc, number);
    zdd_conn_note(conn, words, sql);
    return err;
}

enum zdd_err zdd_conn_open(struct zdd_conn *conn, const char *path, int flags,
                           struct zdd_trouble *trouble)
{
    int rc;
    enum zdd_err err;

    memset(conn, 0, sizeof(*conn));
    conn->trouble = trouble;
    errno = 0;
    /* NOMUTEX: a connection is used by one thread at a time, so SQLite need not lock as well. */
    rc = sqlite3_open_v2(path, &conn->raw, flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE,
                         NULL);
    err = zdd_conn_fail(conn, rc, path);
    /* SQLite is content with reading where it may not write; who asked to write is not. */
    if (err == ZDD_ERR_NONE && (flags & SQLITE_OPEN_READWRITE) &&
        sqlite3_db_readonly(conn->raw, "main") == 1)
        err = zdd_conn_fail(conn, SQLITE_READONLY, path);
    if (err != ZDD_ERR_NONE)
        zdd_conn_close(conn);
    return err;
}

void zdd_conn_close(struct zdd_conn *conn)
{
    for (unsigned i = 0; i < ZDD_SLOT_COUNT; i++) {
        assert(!conn->slots[i].busy);
        sqlite3_finalize(conn->slots[i].raw);
    }
    memset(conn->slots, 0, sizeof(conn->slots));
    sqlite3_close(conn->raw);
    conn->raw = NULL;
}

enum zdd_err zdd_conn_exec(struct zdd_conn *conn, const char *sql)
{
    errno = 0;
    return zdd_conn_fail(conn, sqlite3_exec(conn->raw, sql, NULL, NULL, NULL), sql);
}

enum zdd_err zdd_conn_run(struct zdd_conn *conn, const char *sql)
{
    ZDD_STMT stmt = zdd_stmt_prepare(conn, sql);

    return zdd_stmt_end(&stmt);
}

enum zdd_err zdd_conn_number(struct zdd_conn *conn, const char *sql, int64_t *ret_number)
{
    sqlite3_stmt *raw = NULL;
    int64_t number = 0;
    int rc;

    errno = 0;
    rc = sqlite3_prepare_v2(conn->raw, sql, -1, &raw, NULL);
    if (rc == SQLITE_OK) {
        rc = sqlite3_step(raw);
        if (rc == SQLITE_ROW)
            number = sqlite3_column_int64(raw, 0);
    }

    const enum zdd_err err = zdd_conn_fail(conn, rc, sql);

    sqlite3_finalize(raw);
    if (err == ZDD_ERR_NONE)
        *ret_number = number;
    return err;
}

bool zdd_conn_in_transaction(const struct zdd_conn *conn)
{
    return sqlite3_get_autocommit(conn->raw) == 0;
}
