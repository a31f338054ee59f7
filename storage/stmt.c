/**
 * @file storage/stmt.c
 * @brief Statements: taken, bound, stepped, read, given back.
 */
#include "storage/db.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define SQL_MAX 4096 /* the longest statement that is put together, twice over */

/* The slot of @p key, an empty one for it, or NULL when it is in use or there is no room. */
static struct zdd_slot *find_slot(struct zdd_conn *conn, const void *key, uint32_t mask)
{
    const uint64_t hash = ((uint64_t)(uintptr_t)key ^ ((uint64_t)mask << 40)) *
                          UINT64_C(0x9E3779B97F4A7C15); /* Fibonacci hashing */
    unsigned at = (unsigned)(hash >> 55);

    _Static_assert(ZDD_SLOT_COUNT == 512, "the hash has 9 bits");
    for (unsigned i = 0; i < ZDD_SLOT_COUNT; i++) {
        struct zdd_slot *slot = &conn->slots[at];

        if (!slot->key || (slot->key == key && slot->mask == mask))
            return slot->busy ? NULL : slot;
        at = (at + 1) % ZDD_SLOT_COUNT;
    }
    return NULL;
}

static const char *text_of(const struct zdd_stmt *stmt)
{
    const char *sql = stmt->raw ? sqlite3_sql(stmt->raw) : NULL;

    return sql ? sql : "";
}

static void stick(struct zdd_stmt *stmt, int rc)
{
    if (stmt->err == ZDD_ERR_NONE)
        stmt->err = zdd_conn_fail(stmt->conn, rc, text_of(stmt));
}

/* Put the parts together; false when they are longer than SQL_MAX. */
static bool join(const char *const parts[], unsigned count, uint32_t mask, char sql[SQL_MAX])
{
    size_t size = 0;

    for (unsigned i = 0; i < count; i++) {
        if (!(mask >> i & 1U))
            continue;

        const size_t more = strlen(parts[i]);

        if (size + more >= SQL_MAX)
            return false;
        memcpy(sql + size, parts[i], more);
        size += more;
    }
    sql[size] = '\0';
    return true;
}

/* Take the kept statement of @p key, or prepare @p sql (NULL: to be joined from parts). */
static struct zdd_stmt take(struct zdd_conn *conn, const char *sql, const char *const parts[],
                            unsigned count, uint32_t mask)
{
    const void *key = sql ? (const void *)sql : (const void *)parts;
    struct zdd_stmt stmt = {.conn = conn, .slot = find_slot(conn, key, mask)};
    char joined[SQL_MAX];
    int rc;

    if (stmt.slot && stmt.slot->key) {
        stmt.raw = stmt.slot->raw;
        stmt.slot->busy = true;
        return stmt;
    }
    if (!sql) {
        const bool fits = join(parts, count, mask, joined);

        assert(fits && "the parts are constants of ours");
        sql = joined;
    }
    errno = 0;
    rc = sqlite3_prepare_v3(conn->raw, sql, -1, stmt.slot ? SQLITE_PREPARE_PERSISTENT : 0,
                            &stmt.raw, NULL);
    stmt.err = zdd_conn_fail(conn, rc, sql);
    if (stmt.slot && stmt.err == ZDD_ERR_NONE)
        *stmt.slot = (struct zdd_slot){.key = key, .mask = mask, .busy = true, .raw = stmt.raw};
    else
        stmt.slot = NULL;
    return stmt;
}

struct zdd_stmt zdd_stmt_prepare(struct zdd_conn *conn, const char *sql)
{
    return take(conn, sql, NULL, 0, 0);
}

struct zdd_stmt zdd_stmt_compose(struct zdd_conn *conn, const char *const parts[], unsigned count,
                                 uint32_t mask)
{
    return take(conn, NULL, parts, count, mask);
}

void zdd_stmt_done(struct zdd_stmt *stmt)
{
    if (!stmt->slot) {
        sqlite3_finalize(stmt->raw);
    } else {
        sqlite3_reset(stmt->raw);
        sqlite3_clear_bindings(stmt->raw); /* what was bound was borrowed */
        stmt->slot->busy = false;
    }
    stmt->raw = NULL;
    stmt->slot = NULL;
}

/* A name that the SQL lacks has place 0, which SQLite reports as out of range. */
static int place_of(const struct zdd_stmt *stmt, const char *name)
{
    return stmt->err == ZDD_ERR_NONE ? sqlite3_bind_parameter_index(stmt->raw, name) : 0;
}

void zdd_bind_int(struct zdd_stmt *stmt, const char *name, int64_t value)
{
    zdd_place_int(stmt, place_of(stmt, name), value);
}

void zdd_bind_text(struct zdd_stmt *stmt, const char *name, const char *value)
{
    zdd_place_text(stmt, place_of(stmt, name), value);
}

void zdd_bind_blob(struct zdd_stmt *stmt, const char *name, const void *value, int size)
{
    const int place = place_of(stmt, name);

    if (stmt->err == ZDD_ERR_NONE)
        stick(stmt, sqlite3_bind_blob(stmt->raw, place, value, size, SQLITE_STATIC));
}

void zdd_place_int(struct zdd_stmt *stmt, int place, int64_t value)
{
    if (stmt->err == ZDD_ERR_NONE)
        stick(stmt, sqlite3_bind_int64(stmt->raw, place, value));
}

void zdd_place_real(struct zdd_stmt *stmt, int place, double value)
{
    if (stmt->err == ZDD_ERR_NONE)
        stick(stmt, sqlite3_bind_double(stmt->raw, place, value));
}

void zdd_place_text(struct zdd_stmt *stmt, int place, const char *value)
{
    if (stmt->err == ZDD_ERR_NONE)
        stick(stmt, sqlite3_bind_text(stmt->raw, place, value, -1, SQLITE_STATIC));
}

void zdd_place_copied_text(struct zdd_stmt *stmt, int place, const char *value)
{
    if (stmt->err == ZDD_ERR_NONE)
        stick(stmt, sqlite3_bind_text(stmt->raw, place, value, -1, SQLITE_TRANSIENT));
}

enum zdd_err zdd_stmt_row(struct zdd_stmt *stmt, enum zdd_err none)
{
    if (zdd_stmt_next(stmt))
        return ZDD_ERR_NONE;
    return stmt->err == ZDD_ERR_NONE ? none : stmt->err;
}

bool zdd_stmt_next(struct zdd_stmt *stmt)
{
    int rc;

    if (stmt->err != ZDD_ERR_NONE)
        return false;
    errno = 0;
    rc = sqlite3_step(stmt->raw);
    if (rc != SQLITE_ROW)
        stick(stmt, rc);
    return rc == SQLITE_ROW;
}

enum zdd_err zdd_stmt_end(struct zdd_stmt *stmt)
{
    bool more = true;

    while (more) /* ends with the rows */
        more = zdd_stmt_next(stmt);
    return stmt->err;
}

void zdd_stmt_damaged(struct zdd_stmt *stmt, const char *what)
{
    if (stmt->err != ZDD_ERR_NONE)
        return;
    zdd_conn_note(stmt->conn, what, text_of(stmt));
    stmt->err = ZDD_ERR_STORE_CORRUPT;
    if (stmt->conn->failed == ZDD_ERR_NONE)
        stmt->conn->failed = stmt->err;
}

int64_t zdd_column_int(const struct zdd_stmt *stmt, int column)
{
    return sqlite3_column_int64(stmt->raw, column);
}

/* SQLite may have to copy a text to put its NUL: NULL can mean that there was no memory. */
const char *zdd_column_text(struct zdd_stmt *stmt, int column)
{
    const bool is_null = sqlite3_column_type(stmt->raw, column) == SQLITE_NULL;
    const char *text = is_null ? NULL : (const char *)sqlite3_column_text(stmt->raw, column);

    if (!text && !is_null)
        stick(stmt, SQLITE_NOMEM);
    return text;
}

void zdd_column_copy(struct zdd_stmt *stmt, int column, char *buffer, size_t size)
{
    const char *text = zdd_column_text(stmt, column);
    const size_t length = (size_t)sqlite3_column_bytes(stmt->raw, column);

    buffer[0] = '\0';
    if (!text)
        return;
    if (length >= size) {
        zdd_stmt_damaged(stmt, "a text is longer than the program ever writes");
        return;
    }
    memcpy(buffer, text, length);
    buffer[length] = '\0';
}

/* How many bytes follow this first one of a character; -1: it is none. */
static int bytes_after(unsigned char first)
{
    if (first < 0x80)
        return 0;
    if (first >= 0xC2 && first <= 0xDF)
        return 1;
    if (first >= 0xE0 && first <= 0xEF)
        return 2;
    return first >= 0xF0 && first <= 0xF4 ? 3 : -1;
}

static bool is_text(const char *text, size_t size)
{
    size_t i = 0;

    if (memchr(text, '\0', size))
        return false;
    while (i < size) {
        uint64_t eight;
        int after;

        if (i + sizeof(eight) <= size) {
            memcpy(&eight, text + i, sizeof(eight));
            if ((eight & UINT64_C(0x8080808080808080)) == 0) { /* ASCII, as nearly all of it */
                i += sizeof(eight);
                continue;
            }
        }
        after = bytes_after((unsigned char)text[i++]);
        for (; after > 0 && i < size && (text[i] & 0xC0) == 0x80; after--)
            i++;
        if (after != 0)
            return false;
    }
    return true;
}

const char *zdd_column_document(struct zdd_stmt *stmt, int column)
{
    const char *text = zdd_column_text(stmt, column);

    if (!text || is_text(text, (size_t)sqlite3_column_bytes(stmt->raw, column)))
        return text;
    zdd_stmt_damaged(stmt, "a document with bytes that are no text");
    return NULL;
}

char *zdd_column_dup(struct zdd_stmt *stmt, int column)
{
    const char *text = zdd_column_document(stmt, column);
    char *copy = NULL;

    if (!text)
        return NULL;

    const size_t size = (size_t)sqlite3_column_bytes(stmt->raw, column) + 1;

    copy = malloc(size);
    if (copy)
        memcpy(copy, text, size);
    else
        stick(stmt, SQLITE_NOMEM);
    return copy;
}
