/**
 * @file storage/secrets.c
 * @brief The vault's rows.
 */
#include "storage/secrets.h"

#include "storage/inside.h"

#include <assert.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

void zdd_secret_release(struct zdd_secret *secret)
{
    if (secret->value)
        sodium_memzero(secret->value, secret->size);
    free(secret->value);
    *secret = (struct zdd_secret){0};
}

void zdd_secrets_kept_release(struct zdd_secrets_kept *kept)
{
    for (size_t i = 0; i < kept->count; i++)
        zdd_secret_release(&kept->secret[i]);
    free(kept->secret);
    *kept = (struct zdd_secrets_kept){0};
}

const struct zdd_secret *zdd_secrets_kept_find(const struct zdd_secrets_kept *kept,
                                               const char *digest)
{
    for (size_t i = 0; i < kept->count; i++) {
        if (strcmp(kept->secret[i].digest, digest) == 0)
            return &kept->secret[i];
    }
    return NULL;
}

enum zdd_err zdd_secrets_kept_add(struct zdd_secrets_kept *kept, struct zdd_secret *secret)
{
    if (zdd_secrets_kept_find(kept, secret->digest)) {
        zdd_secret_release(secret);
        return ZDD_ERR_NONE;
    }
    if (kept->count == kept->room) {
        const size_t room = kept->room ? 2 * kept->room : 8;
        struct zdd_secret *grown = realloc(kept->secret, room * sizeof(*grown));

        if (!grown) {
            zdd_secret_release(secret);
            return ZDD_ERR_NO_MEMORY;
        }
        kept->secret = grown;
        kept->room = room;
    }
    kept->secret[kept->count++] = *secret;
    *secret = (struct zdd_secret){0};
    return ZDD_ERR_NONE;
}

enum zdd_err zdd_secrets_kept_join(struct zdd_secrets_kept *kept, struct zdd_secrets_kept *from)
{
    enum zdd_err err = ZDD_ERR_NONE;

    assert(kept->count == 0 || from->count == 0 || strcmp(kept->app_id, from->app_id) == 0);
    if (from->count > 0)
        memcpy(kept->app_id, from->app_id, sizeof(kept->app_id));
    for (size_t i = 0; i < from->count && err == ZDD_ERR_NONE; i++)
        err = zdd_secrets_kept_add(kept, &from->secret[i]);
    zdd_secrets_kept_release(from);
    return err;
}

static const char insert_sql[] = "INSERT INTO secret (app_id, digest, sealed_by, value)"
                                 " VALUES (:app_id, :digest, :sealed_by, :value)"
                                 " ON CONFLICT DO NOTHING";

static const char update_sql[] = "UPDATE secret SET sealed_by = :sealed_by, value = :value"
                                 " WHERE app_id = :app_id AND digest = :digest";

static enum zdd_err write_row(struct zdd_tx *tx, const char *sql, const char *app_id,
                              const struct zdd_secret *secret)
{
    ZDD_STMT stmt = zdd_stmt_prepare(tx->conn, sql);

    zdd_bind_text(&stmt, ":app_id", app_id);
    zdd_bind_text(&stmt, ":digest", secret->digest);
    zdd_bind_text(&stmt, ":sealed_by", secret->sealed_by);
    /* No bytes at no address would be NULL. */
    zdd_bind_blob(&stmt, ":value", secret->size > 0 ? (const void *)secret->value : "",
                  (int)secret->size);
    return zdd_stmt_end(&stmt);
}

enum zdd_err zdd_secrets_write(struct zdd_tx *tx, const struct zdd_secrets_kept *kept)
{
    enum zdd_err err = ZDD_ERR_NONE;

    for (size_t i = 0; i < kept->count && err == ZDD_ERR_NONE; i++)
        err = write_row(tx, insert_sql, kept->app_id, &kept->secret[i]);
    return err;
}

enum zdd_err zdd_secret_replace(struct zdd_tx *tx, const struct zdd_secret_row *row)
{
    return write_row(tx, update_sql, row->app_id, &row->secret);
}

/* @return a copy of a blob, one byte longer than it is; NULL when stmt->err was set */
static unsigned char *column_bytes(struct zdd_stmt *stmt, int column, size_t *ret_size)
{
    const void *bytes = sqlite3_column_blob(stmt->raw, column);
    const int size = sqlite3_column_bytes(stmt->raw, column);
    unsigned char *copy = stmt->err == ZDD_ERR_NONE ? calloc(1, (size_t)size + 1) : NULL;

    if (!copy || (size > 0 && !bytes)) {
        free(copy);
        if (stmt->err == ZDD_ERR_NONE)
            stmt->err = ZDD_ERR_NO_MEMORY;
        return NULL;
    }
    if (size > 0)
        memcpy(copy, bytes, (size_t)size);
    *ret_size = (size_t)size;
    return copy;
}

enum zdd_err zdd_secret_find(struct zdd_store *store, const char *app_id, const char *digest,
                             struct zdd_secret *ret_secret)
{
    ZDD_READER reader = zdd_reader_borrow(store);
    struct zdd_secret secret = {0};

    *ret_secret = (struct zdd_secret){0};
    if (reader.err != ZDD_ERR_NONE)
        return reader.err;

    ZDD_STMT stmt = zdd_stmt_prepare(reader.conn, "SELECT digest, sealed_by, value FROM secret"
                                                  " WHERE app_id = :app_id AND digest = :digest");

    zdd_bind_text(&stmt, ":app_id", app_id);
    zdd_bind_text(&stmt, ":digest", digest);
    if (!zdd_stmt_next(&stmt))
        return stmt.err;
    zdd_column_copy(&stmt, 0, secret.digest, sizeof(secret.digest));
    zdd_column_copy(&stmt, 1, secret.sealed_by, sizeof(secret.sealed_by));
    secret.value = column_bytes(&stmt, 2, &secret.size);
    if (stmt.err == ZDD_ERR_NONE)
        *ret_secret = secret;
    else
        zdd_secret_release(&secret);
    return stmt.err;
}

enum zdd_err zdd_secret_next_other(struct zdd_store *store, const char *sealed_by,
                                   const char *after_app_id, const char *after_digest,
                                   struct zdd_secret_row *ret_row)
{
    ZDD_READER reader = zdd_reader_borrow(store);
    struct zdd_secret_row row = {0};

    *ret_row = row;
    if (reader.err != ZDD_ERR_NONE)
        return reader.err;

    ZDD_STMT stmt = zdd_stmt_prepare(
        reader.conn, "SELECT app_id, digest, sealed_by, value FROM secret"
                     " WHERE (app_id, digest) > (:app_id, :digest) AND sealed_by <> :sealed_by"
                     " ORDER BY app_id, digest LIMIT 1");

    zdd_bind_text(&stmt, ":app_id", after_app_id);
    zdd_bind_text(&stmt, ":digest", after_digest);
    zdd_bind_text(&stmt, ":sealed_by", sealed_by);
    if (!zdd_stmt_next(&stmt))
        return stmt.err;
    zdd_column_copy(&stmt, 0, row.app_id, sizeof(row.app_id));
    zdd_column_copy(&stmt, 1, row.secret.digest, sizeof(row.secret.digest));
    zdd_column_copy(&stmt, 2, row.secret.sealed_by, sizeof(row.secret.sealed_by));
    row.secret.value = column_bytes(&stmt, 3, &row.secret.size);
    if (stmt.err == ZDD_ERR_NONE)
        *ret_row = row;
    else
        zdd_secret_release(&row.secret);
    return stmt.err;
}

enum zdd_err zdd_vault_load(struct zdd_store *store, struct zdd_vault *ret_vault)
{
    ZDD_READER reader = zdd_reader_borrow(store);
    struct zdd_vault vault = {0};

    *ret_vault = vault;
    if (reader.err != ZDD_ERR_NONE)
        return reader.err;

    ZDD_STMT stmt = zdd_stmt_prepare(
        reader.conn, "SELECT sealed_by, rules, residue, digest_key FROM vault WHERE one = 1");

    if (!zdd_stmt_next(&stmt))
        return stmt.err;
    vault.exists = true;
    zdd_column_copy(&stmt, 0, vault.sealed_by, sizeof(vault.sealed_by));
    zdd_column_copy(&stmt, 1, vault.rules, sizeof(vault.rules));
    vault.residue = zdd_column_int(&stmt, 2) != 0;
    vault.digest_key_size = (size_t)sqlite3_column_bytes(stmt.raw, 3);
    if (vault.digest_key_size == 0 || vault.digest_key_size > sizeof(vault.digest_key))
        zdd_stmt_damaged(&stmt, "the vault's key");
    if (stmt.err != ZDD_ERR_NONE)
        return stmt.err;
    memcpy(vault.digest_key, sqlite3_column_blob(stmt.raw, 3), vault.digest_key_size);
    *ret_vault = vault;
    return ZDD_ERR_NONE;
}

enum zdd_err zdd_vault_save(struct zdd_tx *tx, const struct zdd_vault *vault)
{
    ZDD_STMT stmt = zdd_stmt_prepare(
        tx->conn, "INSERT INTO vault (one, digest_key, sealed_by, rules, residue)"
                  " VALUES (1, :digest_key, :sealed_by, :rules, :residue)"
                  " ON CONFLICT (one) DO UPDATE SET digest_key = excluded.digest_key,"
                  " sealed_by = excluded.sealed_by, rules = excluded.rules,"
                  " residue = excluded.residue");

    zdd_bind_blob(&stmt, ":digest_key", vault->digest_key, (int)vault->digest_key_size);
    zdd_bind_text(&stmt, ":sealed_by", vault->sealed_by);
    zdd_bind_text(&stmt, ":rules", vault->rules);
    zdd_bind_int(&stmt, ":residue", vault->residue);
    return zdd_stmt_end(&stmt);
}

enum zdd_err zdd_store_wring(struct zdd_store *store)
{
    enum zdd_err err;

    pthread_mutex_lock(&store->main_lock);
    err = zdd_conn_exec(&store->main, "VACUUM");
    if (err == ZDD_ERR_NONE && !store->memory)
        err = zdd_conn_exec(&store->main, "PRAGMA wal_checkpoint(TRUNCATE)");
    pthread_mutex_unlock(&store->main_lock);
    return err;
}
