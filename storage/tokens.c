/**
 * @file storage/tokens.c
 * @brief Bearer tokens at rest, and the words of their scopes.
 */
#include "storage/tokens.h"

#include "storage/inside.h"
#include "storage/stamps.h"

#include <string.h>

static const struct {
    enum zdd_scope scope;
    const char *name;
} scopes[] = {
    {ZDD_SCOPE_READ, "read"},       {ZDD_SCOPE_PLAN, "plan"},   {ZDD_SCOPE_DEPLOY, "deploy"},
    {ZDD_SCOPE_PROMOTE, "promote"}, {ZDD_SCOPE_ABORT, "abort"}, {ZDD_SCOPE_ADMIN, "admin"},
};

const char *zdd_scope_name(enum zdd_scope scope)
{
    for (size_t i = 0; i < ZDD_COUNT(scopes); i++) {
        if (scopes[i].scope == scope)
            return scopes[i].name;
    }
    return "";
}

/* The bit of the word of @p size bytes, 0 for none. */
static unsigned scope_of(const char *word, size_t size)
{
    for (size_t i = 0; i < ZDD_COUNT(scopes); i++) {
        if (strlen(scopes[i].name) == size && memcmp(scopes[i].name, word, size) == 0)
            return scopes[i].scope;
    }
    return 0;
}

unsigned zdd_scopes_parse(const char *list)
{
    unsigned bits = 0;
    const char *word = list;

    while (word) { /* ends with the list */
        const char *comma = strchr(word, ',');
        const unsigned bit = scope_of(word, comma ? (size_t)(comma - word) : strlen(word));

        if (bit == 0)
            return 0;
        bits |= bit;
        word = comma ? comma + 1 : NULL;
    }
    return bits;
}

/* An expired token is not live: its name is free for the new one. */
static enum zdd_err free_name(struct zdd_tx *tx, const struct zdd_token *token)
{
    ZDD_STMT stmt =
        zdd_stmt_prepare(tx->conn, "UPDATE token SET revoked_at_ms = expires_at_ms"
                                   " WHERE name = :name AND revoked_at_ms = 0"
                                   "   AND expires_at_ms <> 0 AND expires_at_ms <= :now_ms");

    zdd_bind_text(&stmt, ":name", token->name);
    zdd_bind_int(&stmt, ":now_ms", token->created_at_ms);
    return zdd_stmt_end(&stmt);
}

enum zdd_err zdd_token_insert(struct zdd_tx *tx, const struct zdd_token *token,
                              const char *hash_hex)
{
    enum zdd_err err = free_name(tx, token);

    zdd_stamp_touch(tx, ZDD_STAMP_TOKENS);
    if (err != ZDD_ERR_NONE)
        return err;

    ZDD_STMT stmt = zdd_stmt_prepare(
        tx->conn, "INSERT INTO token (id, name, hash, scopes, app_prefix, created_at_ms,"
                  " expires_at_ms) VALUES (:id, :name, :hash, :scopes, :app_prefix,"
                  " :created_at_ms, :expires_at_ms)"
                  " ON CONFLICT (name) WHERE revoked_at_ms = 0 DO NOTHING RETURNING no");

    zdd_bind_text(&stmt, ":id", token->id);
    zdd_bind_text(&stmt, ":name", token->name);
    zdd_bind_text(&stmt, ":hash", hash_hex);
    zdd_bind_int(&stmt, ":scopes", token->scopes);
    zdd_bind_text(&stmt, ":app_prefix", token->app_prefix);
    zdd_bind_int(&stmt, ":created_at_ms", token->created_at_ms);
    zdd_bind_int(&stmt, ":expires_at_ms", token->expires_at_ms);
    err = zdd_stmt_row(&stmt, ZDD_ERR_TOKEN_NAME_TAKEN);
    return err == ZDD_ERR_NONE ? zdd_stmt_end(&stmt) : err;
}

#define TOKEN_COLUMNS "id, name, scopes, app_prefix, created_at_ms, expires_at_ms, revoked_at_ms"

void zdd_token_read(struct zdd_stmt *stmt, struct zdd_token *ret_token)
{
    *ret_token = (struct zdd_token){
        .scopes = (unsigned)zdd_column_int(stmt, 2),
        .created_at_ms = zdd_column_int(stmt, 4),
        .expires_at_ms = zdd_column_int(stmt, 5),
        .revoked_at_ms = zdd_column_int(stmt, 6),
    };
    zdd_column_copy(stmt, 0, ret_token->id, sizeof(ret_token->id));
    zdd_column_copy(stmt, 1, ret_token->name, sizeof(ret_token->name));
    zdd_column_copy(stmt, 3, ret_token->app_prefix, sizeof(ret_token->app_prefix));
}

enum zdd_err zdd_token_find(struct zdd_store *store, const char *hash_hex, int64_t now_ms,
                            struct zdd_token *ret_token)
{
    ZDD_READER reader = zdd_reader_borrow(store);
    struct zdd_token token;
    enum zdd_err err;

    if (reader.err != ZDD_ERR_NONE)
        return reader.err;

    ZDD_STMT stmt = zdd_stmt_prepare(
        reader.conn, "SELECT " TOKEN_COLUMNS " FROM token WHERE hash = :hash AND revoked_at_ms = 0"
                     " AND (expires_at_ms = 0 OR expires_at_ms > :now_ms)");

    zdd_bind_text(&stmt, ":hash", hash_hex);
    zdd_bind_int(&stmt, ":now_ms", now_ms);
    err = zdd_stmt_row(&stmt, ZDD_ERR_TOKEN_UNKNOWN);
    if (err != ZDD_ERR_NONE)
        return err;
    zdd_token_read(&stmt, &token);
    if (stmt.err == ZDD_ERR_NONE)
        *ret_token = token;
    return stmt.err;
}

enum zdd_err zdd_token_revoked(struct zdd_store *store, int64_t *ret_count)
{
    ZDD_READER reader = zdd_reader_borrow(store);
    enum zdd_err err;

    if (reader.err != ZDD_ERR_NONE)
        return reader.err;

    ZDD_STMT stmt =
        zdd_stmt_prepare(reader.conn, "SELECT count(*) FROM token WHERE revoked_at_ms <> 0");

    err = zdd_stmt_row(&stmt, ZDD_ERR_STORE_BROKEN);
    if (err == ZDD_ERR_NONE)
        *ret_count = zdd_column_int(&stmt, 0);
    return err == ZDD_ERR_NONE ? stmt.err : err;
}

enum zdd_err zdd_token_list(struct zdd_store *store,
                            bool (*visit)(void *cls, const struct zdd_token *token), void *cls)
{
    ZDD_READER reader = zdd_reader_borrow(store);

    if (reader.err != ZDD_ERR_NONE)
        return reader.err;

    ZDD_STMT stmt =
        zdd_stmt_prepare(reader.conn, "SELECT " TOKEN_COLUMNS " FROM token ORDER BY no");

    while (zdd_stmt_next(&stmt)) { /* ends with the rows: tokens are made by hand */
        struct zdd_token token;

        zdd_token_read(&stmt, &token);
        if (stmt.err != ZDD_ERR_NONE || !visit(cls, &token))
            break;
    }
    return stmt.err;
}

enum zdd_err zdd_token_revoke(struct zdd_tx *tx, const char *id, int64_t now_ms)
{
    ZDD_STMT stmt = zdd_stmt_prepare(tx->conn, "UPDATE token SET revoked_at_ms ="
                                               " iif(revoked_at_ms = 0, :now_ms, revoked_at_ms)"
                                               " WHERE id = :id RETURNING no");
    enum zdd_err err;

    zdd_stamp_touch(tx, ZDD_STAMP_TOKENS);
    zdd_bind_int(&stmt, ":now_ms", now_ms);
    zdd_bind_text(&stmt, ":id", id);
    err = zdd_stmt_row(&stmt, ZDD_ERR_TOKEN_UNKNOWN);
    return err == ZDD_ERR_NONE ? zdd_stmt_end(&stmt) : err;
}
