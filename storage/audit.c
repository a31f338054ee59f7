/**
 * @file storage/audit.c
 * @brief The audit log: append.
 */
#include "storage/audit.h"

#include "storage/chain.h"
#include "storage/inside.h"

#include <string.h>

/* An action longer than that is its own family as far as the buffer goes. */
void zdd_audit_family(const char *action, char ret_family[static ZDD_FAMILY_SIZE])
{
    const char *dot = strchr(action, '.');
    size_t size = dot ? (size_t)(dot - action) + 1 : strlen(action);

    if (size >= ZDD_FAMILY_SIZE)
        size = ZDD_FAMILY_SIZE - 1;
    memcpy(ret_family, action, size);
    ret_family[size] = '\0';
}

/*
 * The chain goes on from audit_head, not from the newest row: when somebody cut rows off, the gap
 * stays and tells. Rows that somebody added are skipped, so that their numbers do not stop us.
 */
static const char head_sql[] = "SELECT max(coalesce((SELECT entries FROM audit_head), 0),"
                               "           coalesce((SELECT max(seq) FROM audit), 0)),"
                               "       (SELECT hash FROM audit_head)";

static enum zdd_err know_chain(struct zdd_tx *tx)
{
    struct zdd_heads *heads = &tx->store->heads;
    enum zdd_err err;

    if (heads->chain_known)
        return ZDD_ERR_NONE;

    ZDD_STMT stmt = zdd_stmt_prepare(tx->conn, head_sql);

    err = zdd_stmt_row(&stmt, ZDD_ERR_STORE_BROKEN);
    if (err != ZDD_ERR_NONE)
        return err;
    memset(heads->chain, 0, sizeof(heads->chain)); /* the first entry hangs on zeros */
    if (sqlite3_column_bytes(stmt.raw, 1) == ZDD_CHAIN_HASH_SIZE)
        memcpy(heads->chain, sqlite3_column_blob(stmt.raw, 1), sizeof(heads->chain));
    heads->audit_seq = zdd_column_int(&stmt, 0);
    heads->chain_known = true;
    heads->chain_moved = false;
    return ZDD_ERR_NONE;
}

static enum zdd_err insert(struct zdd_tx *tx, const struct zdd_audit *entry,
                           const unsigned char hash[static ZDD_CHAIN_HASH_SIZE])
{
    ZDD_STMT stmt = zdd_stmt_prepare(
        tx->conn, "INSERT INTO audit (seq, time_ms, actor, remote, action, family, app_id, run_id,"
                  " reason, result, request_id, data, hash) VALUES (:seq, :time_ms, :actor,"
                  " :remote, :action, :family, :app_id, :run_id, :reason, :result, :request_id,"
                  " :data, :hash)");
    char family[ZDD_FAMILY_SIZE];

    zdd_audit_family(entry->action, family);
    zdd_bind_int(&stmt, ":seq", entry->seq);
    zdd_bind_int(&stmt, ":time_ms", entry->time_ms);
    zdd_bind_text(&stmt, ":actor", entry->actor);
    zdd_bind_text(&stmt, ":remote", entry->remote);
    zdd_bind_text(&stmt, ":action", entry->action);
    zdd_bind_text(&stmt, ":family", family);
    zdd_bind_text(&stmt, ":app_id", entry->app_id);
    zdd_bind_text(&stmt, ":run_id", entry->run_id);
    zdd_bind_text(&stmt, ":reason", entry->reason);
    zdd_bind_text(&stmt, ":result", entry->result);
    zdd_bind_text(&stmt, ":request_id", entry->request_id);
    zdd_bind_text(&stmt, ":data", entry->data);
    zdd_bind_blob(&stmt, ":hash", hash, ZDD_CHAIN_HASH_SIZE);
    return zdd_stmt_end(&stmt);
}

enum zdd_err zdd_audit_append(struct zdd_tx *tx, const struct zdd_audit *entry)
{
    struct zdd_heads *heads = &tx->store->heads;
    struct zdd_audit row = *entry;
    unsigned char hash[ZDD_CHAIN_HASH_SIZE];
    enum zdd_err err = know_chain(tx);

    if (err != ZDD_ERR_NONE)
        return err;
    row.seq = heads->audit_seq + 1;
    zdd_chain_hash(heads->chain, &row, hash);
    err = insert(tx, &row, hash);
    if (err != ZDD_ERR_NONE)
        return err;
    heads->audit_seq = row.seq;
    memcpy(heads->chain, hash, sizeof(hash));
    heads->chain_moved = true;
    return ZDD_ERR_NONE;
}

enum zdd_err zdd_audit_settle(struct zdd_tx *tx)
{
    struct zdd_heads *heads = &tx->store->heads;
    enum zdd_err err;

    if (!heads->chain_known || !heads->chain_moved)
        return ZDD_ERR_NONE;

    ZDD_STMT stmt = zdd_stmt_prepare(
        tx->conn, "INSERT INTO audit_head (one, entries, hash) VALUES (1, :entries, :hash)"
                  " ON CONFLICT DO UPDATE SET entries = excluded.entries, hash = excluded.hash");

    zdd_bind_int(&stmt, ":entries", heads->audit_seq);
    zdd_bind_blob(&stmt, ":hash", heads->chain, sizeof(heads->chain));
    err = zdd_stmt_end(&stmt);
    if (err == ZDD_ERR_NONE)
        heads->chain_moved = false;
    return err;
}
