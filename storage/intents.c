/**
 * @file storage/intents.c
 * @brief The journal of orders.
 */
#include "storage/intents.h"

#include "storage/columns.h"
#include "storage/inside.h"

enum zdd_err zdd_intent_open(struct zdd_tx *tx, const struct zdd_intent *intent, int64_t *ret_seq)
{
    ZDD_STMT stmt = zdd_stmt_prepare(
        tx->conn, "INSERT INTO intent (run_id, revision, rule, kind, instances, force,"
                  " opened_at_ms, outcome, old_serving, old_weight, new_serving, new_weight,"
                  " leaving_serving, old_stay) VALUES"
                  " (:run_id, :revision, :rule, :kind, :instances, :force, :opened_at_ms, :outcome,"
                  " :old_serving, :old_weight, :new_serving, :new_weight,"
                  " :leaving_serving, :old_stay) RETURNING seq");
    const struct zdd_side_setting *side = intent->order->traffic.side;
    enum zdd_err err;

    zdd_bind_text(&stmt, ":run_id", intent->run_id);
    zdd_bind_int(&stmt, ":revision", intent->revision);
    zdd_bind_text(&stmt, ":rule", intent->rule);
    zdd_bind_text(&stmt, ":kind", zdd_order_name(intent->order->kind));
    zdd_bind_int(&stmt, ":instances", intent->order->instances);
    zdd_bind_int(&stmt, ":force", intent->order->force);
    zdd_bind_int(&stmt, ":opened_at_ms", intent->now_ms);
    zdd_bind_text(&stmt, ":outcome", zdd_outcome_name(ZDD_OUTCOME_NONE));
    zdd_bind_text(&stmt, ":old_serving", zdd_serving_name(side[ZDD_SIDE_OLD].serving));
    zdd_bind_int(&stmt, ":old_weight", side[ZDD_SIDE_OLD].weight);
    zdd_bind_text(&stmt, ":new_serving", zdd_serving_name(side[ZDD_SIDE_NEW].serving));
    zdd_bind_int(&stmt, ":new_weight", side[ZDD_SIDE_NEW].weight);
    zdd_bind_text(&stmt, ":leaving_serving", zdd_serving_name(side[ZDD_SIDE_LEAVING].serving));
    zdd_bind_int(&stmt, ":old_stay", intent->order->traffic.old_stay);
    err = zdd_stmt_row(&stmt, ZDD_ERR_STORE_BROKEN);
    if (err != ZDD_ERR_NONE)
        return err;

    const int64_t seq = zdd_column_int(&stmt, 0);

    err = zdd_stmt_end(&stmt);
    if (err == ZDD_ERR_NONE)
        *ret_seq = seq;
    return err;
}

/* A journal is not rewritten: what was noted first stays. */
enum zdd_err zdd_intent_close(struct zdd_tx *tx, int64_t seq, enum zdd_outcome outcome,
                              const char *detail, int64_t now_ms)
{
    ZDD_STMT stmt =
        zdd_stmt_prepare(tx->conn, "UPDATE intent SET outcome = :outcome, detail = :detail,"
                                   " closed_at_ms = :now_ms WHERE seq = :seq AND closed_at_ms = 0"
                                   " RETURNING seq");
    enum zdd_err err;

    zdd_bind_text(&stmt, ":outcome", zdd_outcome_name(outcome));
    zdd_bind_text(&stmt, ":detail", detail);
    zdd_bind_int(&stmt, ":now_ms", now_ms);
    zdd_bind_int(&stmt, ":seq", seq);
    err = zdd_stmt_row(&stmt, ZDD_ERR_REVISION_STALE);
    return err == ZDD_ERR_NONE ? zdd_stmt_end(&stmt) : err;
}

static enum zdd_serving read_serving(struct zdd_stmt *stmt, int column)
{
    return (enum zdd_serving)zdd_column_word(stmt, column, ZDD_COLUMN_SERVING);
}

static struct zdd_traffic read_traffic(struct zdd_stmt *stmt, int first)
{
    struct zdd_traffic traffic = {.old_stay = (int32_t)zdd_column_int(stmt, first + 5)};

    traffic.side[ZDD_SIDE_OLD] = (struct zdd_side_setting){
        read_serving(stmt, first), (int32_t)zdd_column_int(stmt, first + 1)};
    traffic.side[ZDD_SIDE_NEW] = (struct zdd_side_setting){
        read_serving(stmt, first + 2), (int32_t)zdd_column_int(stmt, first + 3)};
    traffic.side[ZDD_SIDE_LEAVING].serving = read_serving(stmt, first + 4);
    return traffic;
}

static void read_intent(struct zdd_stmt *stmt, struct zdd_intent_row *ret_row)
{
    *ret_row = (struct zdd_intent_row){
        .seq = zdd_column_int(stmt, 0),
        .revision = zdd_column_int(stmt, 1),
        .opened_at_ms = zdd_column_int(stmt, 2),
        .closed_at_ms = zdd_column_int(stmt, 3),
        .order =
            {
                .kind = (enum zdd_order_kind)zdd_column_word(stmt, 5, ZDD_COLUMN_ORDER),
                .instances = (int32_t)zdd_column_int(stmt, 6),
                .force = zdd_column_int(stmt, 7) != 0,
                .traffic = read_traffic(stmt, 10),
            },
        .outcome = (enum zdd_outcome)zdd_column_word(stmt, 8, ZDD_COLUMN_OUTCOME),
    };
    zdd_column_copy(stmt, 4, ret_row->rule, sizeof(ret_row->rule));
}

enum zdd_err zdd_intent_list(struct zdd_store *store, const char *run_id,
                             bool (*visit)(void *cls, const struct zdd_intent_row *row,
                                           const char *detail),
                             void *cls)
{
    ZDD_READER reader = zdd_reader_borrow(store);

    if (reader.err != ZDD_ERR_NONE)
        return reader.err;

    ZDD_STMT stmt = zdd_stmt_prepare(
        reader.conn,
        "SELECT seq, revision, opened_at_ms, closed_at_ms, rule, kind, instances,"
        " force, outcome, detail, old_serving, old_weight, new_serving, new_weight, leaving_serving, old_stay FROM intent WHERE run_id = :run_id ORDER BY seq");

    zdd_bind_text(&stmt, ":run_id", run_id);
    while (zdd_stmt_next(&stmt)) { /* ends with the rows: a deployment gives a few dozen orders */
        struct zdd_intent_row row;

        read_intent(&stmt, &row);

        const char *detail = zdd_column_text(&stmt, 9);

        if (stmt.err != ZDD_ERR_NONE || !visit(cls, &row, detail))
            break;
    }
    return stmt.err;
}
