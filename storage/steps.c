/**
 * @file storage/steps.c
 * @brief The steps of a deployment.
 */
#include "storage/inside.h"
#include "storage/runs.h"

#include <stdlib.h>

enum zdd_err zdd_step_insert(struct zdd_tx *tx, const char *run_id, const struct zdd_step_row *step)
{
    ZDD_STMT stmt = zdd_stmt_prepare(
        tx->conn, "INSERT INTO step (run_id, idx, kind, text, state, started_at_ms, ended_at_ms,"
                  " deadline_at_ms) VALUES (:run_id, :idx, :kind, :text, :state, :started_at_ms,"
                  " :ended_at_ms, :deadline_at_ms)");

    zdd_bind_text(&stmt, ":run_id", run_id);
    zdd_bind_int(&stmt, ":idx", step->index);
    zdd_bind_text(&stmt, ":kind", step->kind);
    zdd_bind_text(&stmt, ":text", step->text);
    zdd_bind_text(&stmt, ":state", step->state);
    zdd_bind_int(&stmt, ":started_at_ms", step->started_at_ms);
    zdd_bind_int(&stmt, ":ended_at_ms", step->ended_at_ms);
    zdd_bind_int(&stmt, ":deadline_at_ms", step->deadline_at_ms);
    return zdd_stmt_end(&stmt);
}

/* Times and evidence that were kept stay when no newer ones come: who ends a step need not know
 * when it began. */
static const char update_sql[] =
    "UPDATE step SET state = :state,"
    " started_at_ms = coalesce(nullif(:started_at_ms, 0), started_at_ms),"
    " ended_at_ms = coalesce(nullif(:ended_at_ms, 0), ended_at_ms),"
    " deadline_at_ms = coalesce(nullif(:deadline_at_ms, 0), deadline_at_ms),"
    " evidence = coalesce(:evidence, evidence)"
    " WHERE run_id = :run_id AND idx = :idx RETURNING idx";

enum zdd_err zdd_step_update(struct zdd_tx *tx, const char *run_id, const struct zdd_step_row *step,
                             const char *evidence)
{
    ZDD_STMT stmt = zdd_stmt_prepare(tx->conn, update_sql);
    enum zdd_err err;

    zdd_bind_text(&stmt, ":state", step->state);
    zdd_bind_int(&stmt, ":started_at_ms", step->started_at_ms);
    zdd_bind_int(&stmt, ":ended_at_ms", step->ended_at_ms);
    zdd_bind_int(&stmt, ":deadline_at_ms", step->deadline_at_ms);
    zdd_bind_text(&stmt, ":evidence", evidence);
    zdd_bind_text(&stmt, ":run_id", run_id);
    zdd_bind_int(&stmt, ":idx", step->index);
    err = zdd_stmt_row(&stmt, ZDD_ERR_RUN_UNKNOWN);
    return err == ZDD_ERR_NONE ? zdd_stmt_end(&stmt) : err;
}

enum zdd_err zdd_step_add_round(struct zdd_tx *tx, const char *run_id, int32_t index,
                                const char *round)
{
    ZDD_STMT stmt = zdd_stmt_prepare(
        tx->conn, "UPDATE step SET rounds = CASE WHEN rounds = '' OR length(rounds) > 65536"
                  " THEN :round ELSE rounds || ',' || :round END"
                  " WHERE run_id = :run_id AND idx = :idx RETURNING idx");
    enum zdd_err err;

    zdd_bind_text(&stmt, ":round", round);
    zdd_bind_text(&stmt, ":run_id", run_id);
    zdd_bind_int(&stmt, ":idx", index);
    err = zdd_stmt_row(&stmt, ZDD_ERR_RUN_UNKNOWN);
    return err == ZDD_ERR_NONE ? zdd_stmt_end(&stmt) : err;
}

enum zdd_err zdd_step_rounds(struct zdd_tx *tx, const char *run_id, int32_t index,
                             struct zdd_text *ret_rounds)
{
    ZDD_STMT stmt =
        zdd_stmt_prepare(tx->conn, "SELECT rounds FROM step WHERE run_id = :run_id AND idx = :idx");
    enum zdd_err err;
    char *rounds;

    zdd_bind_text(&stmt, ":run_id", run_id);
    zdd_bind_int(&stmt, ":idx", index);
    err = zdd_stmt_row(&stmt, ZDD_ERR_RUN_UNKNOWN);
    if (err != ZDD_ERR_NONE)
        return err;
    rounds = zdd_column_dup(&stmt, 0);
    if (stmt.err == ZDD_ERR_NONE)
        ret_rounds->data = rounds;
    else
        free(rounds);
    return stmt.err;
}

enum zdd_err zdd_steps_skip(struct zdd_tx *tx, const char *run_id)
{
    ZDD_STMT stmt =
        zdd_stmt_prepare(tx->conn, "UPDATE step SET state = 'skipped' WHERE run_id = :run_id"
                                   " AND state = 'pending'");

    zdd_bind_text(&stmt, ":run_id", run_id);
    return zdd_stmt_end(&stmt);
}

#define STEP_COLUMNS "idx, kind, text, state, started_at_ms, ended_at_ms, deadline_at_ms"

static void read_step(struct zdd_stmt *stmt, struct zdd_step_row *ret_step)
{
    *ret_step = (struct zdd_step_row){
        .index = (int32_t)zdd_column_int(stmt, 0),
        .started_at_ms = zdd_column_int(stmt, 4),
        .ended_at_ms = zdd_column_int(stmt, 5),
        .deadline_at_ms = zdd_column_int(stmt, 6),
    };
    zdd_column_copy(stmt, 1, ret_step->kind, sizeof(ret_step->kind));
    zdd_column_copy(stmt, 2, ret_step->text, sizeof(ret_step->text));
    zdd_column_copy(stmt, 3, ret_step->state, sizeof(ret_step->state));
}

enum zdd_err zdd_step_list(struct zdd_store *store, const char *run_id,
                           bool (*visit)(void *cls, const struct zdd_step_row *step,
                                         const char *evidence),
                           void *cls)
{
    ZDD_READER reader = zdd_reader_borrow(store);

    if (reader.err != ZDD_ERR_NONE)
        return reader.err;

    ZDD_STMT stmt = zdd_stmt_prepare(reader.conn, "SELECT " STEP_COLUMNS ", evidence FROM step"
                                                  " WHERE run_id = :run_id ORDER BY idx");

    zdd_bind_text(&stmt, ":run_id", run_id);
    while (zdd_stmt_next(&stmt)) { /* ends: idx is bounded */
        struct zdd_step_row step;

        read_step(&stmt, &step);

        const char *evidence = zdd_column_document(&stmt, 7);

        if (stmt.err != ZDD_ERR_NONE || !visit(cls, &step, evidence))
            break;
    }
    return stmt.err;
}

enum zdd_err zdd_step_load(struct zdd_store *store, const char *run_id, int32_t index,
                           struct zdd_step_row *ret_step, int32_t *ret_count)
{
    ZDD_READER reader = zdd_reader_borrow(store);
    struct zdd_step_row step;
    enum zdd_err err;

    if (reader.err != ZDD_ERR_NONE)
        return reader.err;

    ZDD_STMT stmt = zdd_stmt_prepare(
        reader.conn, "SELECT " STEP_COLUMNS ", (SELECT count(*) FROM step WHERE run_id = :run_id)"
                     " FROM step WHERE run_id = :run_id AND idx = :idx");

    zdd_bind_text(&stmt, ":run_id", run_id);
    zdd_bind_int(&stmt, ":idx", index);
    err = zdd_stmt_row(&stmt, ZDD_ERR_RUN_UNKNOWN);
    if (err != ZDD_ERR_NONE)
        return err;
    read_step(&stmt, &step);
    if (stmt.err != ZDD_ERR_NONE)
        return stmt.err;
    *ret_step = step;
    *ret_count = (int32_t)zdd_column_int(&stmt, 7);
    return ZDD_ERR_NONE;
}
