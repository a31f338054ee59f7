/**
 * @file storage/idempotency.c
 * @brief Answers that are kept for callers who ask again.
 */
#include "storage/idempotency.h"

#include "storage/inside.h"

#include <string.h>

static const char find_sql[] = "SELECT operation, body_hash, status, location, body"
                               " FROM idempotency WHERE owner = :owner AND key = :key";

static bool same(struct zdd_stmt *stmt, const struct zdd_idem *idem)
{
    const char *operation = zdd_column_text(stmt, 0);
    const char *body_hash = zdd_column_text(stmt, 1);

    return operation && body_hash && strcmp(operation, idem->operation) == 0 &&
           strcmp(body_hash, idem->body_hash) == 0;
}

static enum zdd_err find(struct zdd_conn *conn, const struct zdd_idem *idem,
                         struct zdd_idem_answer *ret_answer)
{
    ZDD_STMT stmt = zdd_stmt_prepare(conn, find_sql);
    struct zdd_idem_answer answer;
    enum zdd_err err;

    zdd_bind_text(&stmt, ":owner", idem->owner);
    zdd_bind_text(&stmt, ":key", idem->key);
    err = zdd_stmt_row(&stmt, ZDD_ERR_RUN_UNKNOWN);
    if (err != ZDD_ERR_NONE)
        return err;
    zdd_column_copy(&stmt, 0, ret_answer->operation, sizeof(ret_answer->operation));
    if (!same(&stmt, idem))
        return stmt.err == ZDD_ERR_NONE ? ZDD_ERR_KEY_REUSED : stmt.err;
    answer = *ret_answer;
    answer.status = (int)zdd_column_int(&stmt, 2);
    zdd_column_copy(&stmt, 3, answer.location, sizeof(answer.location));
    answer.body.data = zdd_column_dup(&stmt, 4);
    if (stmt.err != ZDD_ERR_NONE) {
        zdd_text_release(&answer.body);
        return stmt.err;
    }
    *ret_answer = answer;
    return ZDD_ERR_NONE;
}

enum zdd_err zdd_idem_find(struct zdd_store *store, const struct zdd_idem *idem,
                           struct zdd_idem_answer *ret_answer)
{
    ZDD_READER reader = zdd_reader_borrow(store);

    return reader.err == ZDD_ERR_NONE ? find(reader.conn, idem, ret_answer) : reader.err;
}

enum zdd_err zdd_idem_find_tx(struct zdd_tx *tx, const struct zdd_idem *idem,
                              struct zdd_idem_answer *ret_answer)
{
    return find(tx->conn, idem, ret_answer);
}

enum zdd_err zdd_idem_keep(struct zdd_tx *tx, const struct zdd_idem *idem, int status,
                           const char *location, const char *body, int64_t now_ms)
{
    ZDD_STMT stmt = zdd_stmt_prepare(
        tx->conn, "INSERT INTO idempotency (owner, key, operation, body_hash, status, location,"
                  " created_at_ms, body) VALUES (:owner, :key, :operation, :body_hash, :status,"
                  " :location, :created_at_ms, :body) ON CONFLICT DO NOTHING RETURNING status");
    enum zdd_err err;

    zdd_bind_text(&stmt, ":owner", idem->owner);
    zdd_bind_text(&stmt, ":key", idem->key);
    zdd_bind_text(&stmt, ":operation", idem->operation);
    zdd_bind_text(&stmt, ":body_hash", idem->body_hash);
    zdd_bind_int(&stmt, ":status", status);
    zdd_bind_text(&stmt, ":location", location ? location : "");
    zdd_bind_int(&stmt, ":created_at_ms", now_ms);
    zdd_bind_text(&stmt, ":body", body);
    err = zdd_stmt_row(&stmt, ZDD_ERR_KEY_REUSED);
    return err == ZDD_ERR_NONE ? zdd_stmt_end(&stmt) : err;
}

enum zdd_err zdd_idem_prune(struct zdd_tx *tx, int64_t before_ms, int max)
{
    ZDD_STMT stmt =
        zdd_stmt_prepare(tx->conn, "DELETE FROM idempotency WHERE rowid IN"
                                   " (SELECT rowid FROM idempotency INDEXED BY idempotency_age"
                                   "   WHERE created_at_ms < :before_ms LIMIT :max)");

    zdd_bind_int(&stmt, ":before_ms", before_ms);
    zdd_bind_int(&stmt, ":max", max);
    return zdd_stmt_end(&stmt);
}
