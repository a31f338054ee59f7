/**
 * @file storage/rewrite.c
 * @brief What was written once, written again without secrets.
 */
#include "storage/rewrite.h"

#include "storage/inside.h"

#include <string.h>

void zdd_kept_row_release(struct zdd_kept_row *row)
{
    zdd_plan_texts_release(&row->texts);
    *row = (struct zdd_kept_row){0};
}

static const char next_plan_sql[] =
    "SELECT no, app_id, digest, target, request, previous, adopted, survivor, body FROM plan"
    " WHERE no > :after ORDER BY no LIMIT 1";
static const char next_revision_sql[] = "SELECT rowid, app_id, digest, definition FROM revision"
                                        " WHERE rowid > :after ORDER BY rowid LIMIT 1";

enum zdd_err zdd_kept_next(struct zdd_store *store, bool revisions, int64_t after,
                           struct zdd_kept_row *ret_row)
{
    ZDD_READER reader = zdd_reader_borrow(store);
    struct zdd_kept_row row = {.is_revision = revisions};
    char **const texts[] = {&row.texts.request.data, &row.texts.previous.data,
                            &row.texts.adopted.data, &row.texts.survivor.data,
                            &row.texts.body.data};

    *ret_row = (struct zdd_kept_row){0};
    if (reader.err != ZDD_ERR_NONE)
        return reader.err;

    ZDD_STMT stmt = zdd_stmt_prepare(reader.conn, revisions ? next_revision_sql : next_plan_sql);

    zdd_bind_int(&stmt, ":after", after);
    if (!zdd_stmt_next(&stmt))
        return stmt.err;
    row.no = zdd_column_int(&stmt, 0);
    zdd_column_copy(&stmt, 1, row.app_id, sizeof(row.app_id));
    zdd_column_copy(&stmt, 2, row.digest, sizeof(row.digest));
    row.texts.target.data = zdd_column_dup(&stmt, 3);
    for (size_t i = 0; !revisions && i < ZDD_COUNT(texts); i++)
        *texts[i] = zdd_column_dup(&stmt, 4 + (int)i);
    if (stmt.err == ZDD_ERR_NONE)
        *ret_row = row;
    else
        zdd_kept_row_release(&row);
    return stmt.err;
}

static const char replace_plan_sql[] =
    "UPDATE plan SET digest = :digest, target = :target, request = :request, previous = :previous,"
    " adopted = :adopted, survivor = :survivor, body = :body WHERE no = :no";
static const char replace_revision_sql[] =
    "UPDATE revision SET digest = :digest, definition = :target WHERE rowid = :no";

enum zdd_err zdd_kept_replace(struct zdd_tx *tx, const struct zdd_kept_row *row)
{
    ZDD_STMT stmt =
        zdd_stmt_prepare(tx->conn, row->is_revision ? replace_revision_sql : replace_plan_sql);
    enum zdd_err err;

    zdd_bind_int(&stmt, ":no", row->no);
    zdd_bind_text(&stmt, ":digest", row->digest);
    zdd_bind_text(&stmt, ":target", row->texts.target.data);
    if (!row->is_revision) {
        zdd_bind_text(&stmt, ":request", row->texts.request.data);
        zdd_bind_text(&stmt, ":previous", row->texts.previous.data);
        zdd_bind_text(&stmt, ":adopted", row->texts.adopted.data);
        zdd_bind_text(&stmt, ":survivor", row->texts.survivor.data);
        zdd_bind_text(&stmt, ":body", row->texts.body.data);
    }
    err = zdd_stmt_end(&stmt);
    return err == ZDD_ERR_NONE ? zdd_secrets_write(tx, &row->texts.secrets) : err;
}

#define HASH_SIZE 65

/* The row with the least number behind @p after gets another digest. @return false at the end */
static bool rehash_next(struct zdd_tx *tx, void (*rehash)(void *, const char *, char *), void *cls,
                        int64_t *after, enum zdd_err *err)
{
    char old[HASH_SIZE], new[HASH_SIZE];
    ZDD_STMT find = zdd_stmt_prepare(tx->conn, "SELECT rowid, body_hash FROM idempotency"
                                               " WHERE rowid > :after ORDER BY rowid LIMIT 1");

    zdd_bind_int(&find, ":after", *after);
    if (!zdd_stmt_next(&find)) {
        *err = find.err;
        return false;
    }
    *after = zdd_column_int(&find, 0);
    zdd_column_copy(&find, 1, old, sizeof(old));
    if (find.err == ZDD_ERR_NONE)
        rehash(cls, old, new);

    ZDD_STMT put =
        zdd_stmt_prepare(tx->conn, "UPDATE idempotency SET body_hash = :hash WHERE rowid = :rowid");

    zdd_bind_text(&put, ":hash", new);
    zdd_bind_int(&put, ":rowid", *after);
    *err = find.err == ZDD_ERR_NONE ? zdd_stmt_end(&put) : find.err;
    return *err == ZDD_ERR_NONE;
}

/* "/v1/plans/" and the id. */
static const char answers_sql[] =
    "UPDATE idempotency SET body = coalesce((SELECT body FROM plan WHERE id = substr(location, 11)),"
    " '{}') WHERE operation LIKE 'createPlan%'";

enum zdd_err zdd_idem_rewrite(struct zdd_tx *tx,
                              void (*rehash)(void *cls, const char *old, char *ret_new), void *cls)
{
    enum zdd_err err = zdd_conn_run(tx->conn, answers_sql);
    int64_t after = INT64_MIN;

    while (err == ZDD_ERR_NONE && rehash && rehash_next(tx, rehash, cls, &after, &err))
        ; /* as long as there is one: answers are kept for a day */
    return err;
}

/* From the id itself to the last one that begins so. */
#define APPS " app_id >= :app_id AND app_id < :app_id || char(0x10FFFF)"
#define RUNS " run_id IN (SELECT id FROM run WHERE" APPS ")"

static const char *const quote_sql[] = {
    "UPDATE event SET data = replace(data, :text, :instead) WHERE" APPS
    " AND instr(data, :text) > 0",
    "UPDATE intent SET detail = replace(detail, :text, :instead) WHERE" RUNS
    " AND instr(detail, :text) > 0",
    "UPDATE step SET evidence = replace(evidence, :text, :instead) WHERE" RUNS
    " AND instr(evidence, :text) > 0",
    "UPDATE run SET error_text = substr(replace(error_text, :text, :instead), 1, 599),"
    " waiting_text = substr(replace(waiting_text, :text, :instead), 1, 255) WHERE" APPS
    " AND instr(error_text || ' ' || waiting_text, :text) > 0",
};

enum zdd_err zdd_quotes_replace(struct zdd_tx *tx, const char *app_id, const char *text,
                                const char *instead, int64_t *ret_audited)
{
    enum zdd_err err = ZDD_ERR_NONE;

    for (size_t i = 0; i < ZDD_COUNT(quote_sql) && err == ZDD_ERR_NONE; i++) {
        ZDD_STMT stmt = zdd_stmt_prepare(tx->conn, quote_sql[i]);

        zdd_bind_text(&stmt, ":app_id", app_id);
        zdd_bind_text(&stmt, ":text", text);
        zdd_bind_text(&stmt, ":instead", instead);
        err = zdd_stmt_end(&stmt);
    }
    if (err != ZDD_ERR_NONE)
        return err;

    ZDD_STMT stmt = zdd_stmt_prepare(tx->conn, "SELECT count(*) FROM audit WHERE" APPS
                                               " AND instr(data || ' ' || reason, :text) > 0");

    zdd_bind_text(&stmt, ":app_id", app_id);
    zdd_bind_text(&stmt, ":text", text);
    err = zdd_stmt_row(&stmt, ZDD_ERR_STORE_BROKEN);
    if (err == ZDD_ERR_NONE)
        *ret_audited = zdd_column_int(&stmt, 0);
    return err;
}
