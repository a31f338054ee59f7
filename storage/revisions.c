/**
 * @file storage/revisions.c
 * @brief What was deployed, per app.
 */
#include "storage/revisions.h"

#include "storage/inside.h"

#include <assert.h>

enum zdd_err zdd_revision_append(struct zdd_tx *tx, const struct zdd_revision *revision)
{
    ZDD_STMT stmt = zdd_stmt_prepare(
        tx->conn, "INSERT INTO revision (app_id, number, run_id, digest, version, created_at_ms,"
                  " definition) VALUES (:app_id,"
                  " (SELECT coalesce(max(number), 0) + 1 FROM revision WHERE app_id = :app_id),"
                  " :run_id, :digest, :version, :created_at_ms, :definition)");

    zdd_bind_text(&stmt, ":app_id", revision->app_id);
    zdd_bind_text(&stmt, ":run_id", revision->run_id);
    zdd_bind_text(&stmt, ":digest", revision->digest);
    zdd_bind_text(&stmt, ":version", revision->version);
    zdd_bind_int(&stmt, ":created_at_ms", revision->created_at_ms);
    zdd_bind_text(&stmt, ":definition", revision->definition);
    return zdd_stmt_end(&stmt);
}

enum zdd_err zdd_revision_list(struct zdd_store *store, const char *app_id, int64_t before,
                               int limit,
                               bool (*visit)(void *cls, const struct zdd_revision *revision),
                               void *cls)
{
    ZDD_READER reader = zdd_reader_borrow(store);

    assert(limit >= 1);
    if (reader.err != ZDD_ERR_NONE)
        return reader.err;

    ZDD_STMT stmt = zdd_stmt_prepare(
        reader.conn, "SELECT number, run_id, digest, version, created_at_ms, definition"
                     " FROM revision WHERE app_id = :app_id AND number < :before"
                     " ORDER BY number DESC LIMIT :limit");

    zdd_bind_text(&stmt, ":app_id", app_id);
    zdd_bind_int(&stmt, ":before", before > 0 ? before : INT64_MAX);
    zdd_bind_int(&stmt, ":limit", limit);
    while (zdd_stmt_next(&stmt)) { /* ends with the limit */
        const struct zdd_revision revision = {
            .number = zdd_column_int(&stmt, 0),
            .app_id = app_id,
            .run_id = zdd_column_text(&stmt, 1),
            .digest = zdd_column_text(&stmt, 2),
            .version = zdd_column_text(&stmt, 3),
            .created_at_ms = zdd_column_int(&stmt, 4),
            .definition = zdd_column_document(&stmt, 5),
        };

        if (stmt.err != ZDD_ERR_NONE || !visit(cls, &revision))
            break;
    }
    return stmt.err;
}

/* Numbers have no gaps and none is ever removed: the greatest one is the count. */
enum zdd_err zdd_revision_count(struct zdd_store *store, const char *app_id, int64_t *ret_count)
{
    ZDD_READER reader = zdd_reader_borrow(store);
    enum zdd_err err;

    if (reader.err != ZDD_ERR_NONE)
        return reader.err;

    ZDD_STMT stmt = zdd_stmt_prepare(
        reader.conn, "SELECT coalesce(max(number), 0) FROM revision WHERE app_id = :app_id");

    zdd_bind_text(&stmt, ":app_id", app_id);
    err = zdd_stmt_row(&stmt, ZDD_ERR_STORE_BROKEN);
    if (err == ZDD_ERR_NONE)
        *ret_count = zdd_column_int(&stmt, 0);
    return err;
}
