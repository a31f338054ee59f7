/**
 * @file storage/sessions.c
 * @brief Sessions of the dashboard at rest.
 */
#include "storage/sessions.h"

#include "storage/inside.h"
#include "storage/stamps.h"

static enum zdd_err prune(struct zdd_tx *tx, int64_t now_ms)
{
    ZDD_STMT stmt =
        zdd_stmt_prepare(tx->conn, "DELETE FROM session WHERE expires_at_ms <= :now_ms");

    zdd_bind_int(&stmt, ":now_ms", now_ms);
    return zdd_stmt_end(&stmt);
}

/* Leave room for one more. */
static enum zdd_err drop_oldest(struct zdd_tx *tx, const char *token_id)
{
    ZDD_STMT stmt = zdd_stmt_prepare(
        tx->conn, "DELETE FROM session WHERE hash IN"
                  " (SELECT hash FROM session WHERE token_id = :token_id"
                  "   ORDER BY created_at_ms DESC, hash DESC LIMIT -1 OFFSET :kept)");

    zdd_bind_text(&stmt, ":token_id", token_id);
    zdd_bind_int(&stmt, ":kept", ZDD_SESSION_MAX - 1);
    return zdd_stmt_end(&stmt);
}

enum zdd_err zdd_session_insert(struct zdd_tx *tx, const struct zdd_session *session)
{
    enum zdd_err err = prune(tx, session->created_at_ms);

    zdd_stamp_touch(tx, ZDD_STAMP_TOKENS);
    if (err == ZDD_ERR_NONE)
        err = drop_oldest(tx, session->token_id);
    if (err != ZDD_ERR_NONE)
        return err;

    ZDD_STMT stmt =
        zdd_stmt_prepare(tx->conn, "INSERT INTO session (hash, token_id, created_at_ms,"
                                   " expires_at_ms) VALUES (:hash, :token_id, :created_at_ms,"
                                   " :expires_at_ms)");

    zdd_bind_text(&stmt, ":hash", session->hash);
    zdd_bind_text(&stmt, ":token_id", session->token_id);
    zdd_bind_int(&stmt, ":created_at_ms", session->created_at_ms);
    zdd_bind_int(&stmt, ":expires_at_ms", session->expires_at_ms);
    return zdd_stmt_end(&stmt);
}

enum zdd_err zdd_session_find(struct zdd_store *store, const char *hash_hex, int64_t now_ms,
                              struct zdd_token *ret_token)
{
    ZDD_READER reader = zdd_reader_borrow(store);
    struct zdd_token token;
    enum zdd_err err;

    if (reader.err != ZDD_ERR_NONE)
        return reader.err;

    ZDD_STMT stmt = zdd_stmt_prepare(
        reader.conn,
        "SELECT t.id, t.name, t.scopes, t.app_prefix, t.created_at_ms,"
        " iif(t.expires_at_ms = 0, s.expires_at_ms, min(s.expires_at_ms, t.expires_at_ms)),"
        " t.revoked_at_ms FROM session AS s JOIN token AS t ON t.id = s.token_id"
        " WHERE s.hash = :hash AND s.expires_at_ms > :now_ms AND t.revoked_at_ms = 0"
        "   AND (t.expires_at_ms = 0 OR t.expires_at_ms > :now_ms)");

    zdd_bind_text(&stmt, ":hash", hash_hex);
    zdd_bind_int(&stmt, ":now_ms", now_ms);
    err = zdd_stmt_row(&stmt, ZDD_ERR_SESSION_UNKNOWN);
    if (err != ZDD_ERR_NONE)
        return err;
    zdd_token_read(&stmt, &token);
    if (stmt.err == ZDD_ERR_NONE)
        *ret_token = token;
    return stmt.err;
}

enum zdd_err zdd_session_delete(struct zdd_tx *tx, const char *hash_hex)
{
    ZDD_STMT stmt = zdd_stmt_prepare(tx->conn, "DELETE FROM session WHERE hash = :hash");

    zdd_stamp_touch(tx, ZDD_STAMP_TOKENS);
    zdd_bind_text(&stmt, ":hash", hash_hex);
    return zdd_stmt_end(&stmt);
}
