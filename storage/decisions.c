/**
 * @file storage/decisions.c
 * @brief What was said at the gates. The writer takes the words one after the other, so nobody's is
 * lost and a gate is decided once.
 */
#include "storage/decisions.h"

#include "storage/inside.h"
#include "storage/runs.h"

#include <string.h>

static const char approve[] = "approve";
static const char reject[] = "reject";

static const char add_sql[] =
    "INSERT INTO decision (run_id, step, actor, decision, reason, time_ms)"
    " VALUES (:run_id, :step, :actor, :decision, :reason, :time_ms)"
    " ON CONFLICT (run_id, step, actor) DO UPDATE SET decision = excluded.decision,"
    " reason = excluded.reason, time_ms = excluded.time_ms WHERE decision <> excluded.decision";

enum zdd_err zdd_decision_add(struct zdd_tx *tx, const char *run_id, const struct zdd_word *word)
{
    ZDD_STMT stmt = zdd_stmt_prepare(tx->conn, add_sql);

    zdd_stamp_touch(tx, run_id);
    zdd_bind_text(&stmt, ":run_id", run_id);
    zdd_bind_int(&stmt, ":step", word->step);
    zdd_bind_text(&stmt, ":actor", word->actor);
    zdd_bind_text(&stmt, ":decision", word->approves ? approve : reject);
    zdd_bind_text(&stmt, ":reason", word->reason);
    zdd_bind_int(&stmt, ":time_ms", word->time_ms);
    return zdd_stmt_end(&stmt);
}

static const char list_sql[] = "SELECT step, actor, decision, reason, time_ms FROM decision"
                               " WHERE run_id = :run_id ORDER BY step, actor";

static enum zdd_err list(struct zdd_conn *conn, const char *run_id,
                         bool (*visit)(void *cls, const struct zdd_word *word), void *cls)
{
    ZDD_STMT stmt = zdd_stmt_prepare(conn, list_sql);

    zdd_bind_text(&stmt, ":run_id", run_id);
    while (zdd_stmt_next(&stmt)) { /* ends with the words of one deployment */
        struct zdd_word word = {.step = (int32_t)zdd_column_int(&stmt, 0)};
        const char *said = zdd_column_text(&stmt, 2);

        zdd_column_copy(&stmt, 1, word.actor, sizeof(word.actor));
        word.approves = said && strcmp(said, approve) == 0;
        zdd_column_copy(&stmt, 3, word.reason, sizeof(word.reason));
        word.time_ms = zdd_column_int(&stmt, 4);
        if (stmt.err != ZDD_ERR_NONE || !visit(cls, &word))
            break;
    }
    return stmt.err;
}

enum zdd_err zdd_decision_list(struct zdd_store *store, const char *run_id,
                               bool (*visit)(void *cls, const struct zdd_word *word), void *cls)
{
    ZDD_READER reader = zdd_reader_borrow(store);

    return reader.err == ZDD_ERR_NONE ? list(reader.conn, run_id, visit, cls) : reader.err;
}

enum zdd_err zdd_decision_list_tx(struct zdd_tx *tx, const char *run_id,
                                  bool (*visit)(void *cls, const struct zdd_word *word), void *cls)
{
    return list(tx->conn, run_id, visit, cls);
}

struct counting {
    int32_t step;
    struct zdd_gate_tally tally;
};

static bool count_word(void *cls, const struct zdd_word *word)
{
    struct counting *c = cls;

    if (word->step != c->step)
        return true;
    c->tally.approvals += word->approves;
    c->tally.rejected = c->tally.rejected || !word->approves;
    return true;
}

/* Another command may be on its way: one that says the same is as good. */
static enum zdd_err tell_engine(struct zdd_tx *tx, enum zdd_command command, int32_t value,
                                int64_t now_ms, struct zdd_run *run)
{
    return run->command == command ? ZDD_ERR_NONE : zdd_run_tell(tx, command, value, now_ms, run);
}

enum zdd_err zdd_decision_take(struct zdd_tx *tx, const struct zdd_gate *gate,
                               const struct zdd_word *word, bool full, struct zdd_run *run,
                               struct zdd_gate_tally *ret_tally)
{
    struct counting counting = {.step = word->step};
    enum zdd_err err;

    /* It goes back already: whoever rejected it, or another, cannot take that back. */
    if (word->approves &&
        (run->command == ZDD_COMMAND_ROLLBACK || run->command == ZDD_COMMAND_ABORT))
        return ZDD_ERR_COMMAND_REFUSED;
    err = zdd_decision_add(tx, run->id, word);
    if (err == ZDD_ERR_NONE)
        err = zdd_decision_list_tx(tx, run->id, count_word, &counting);
    if (err == ZDD_ERR_NONE && counting.tally.rejected)
        err = tell_engine(tx, ZDD_COMMAND_ROLLBACK, 1, word->time_ms, run);
    else if (err == ZDD_ERR_NONE && counting.tally.approvals >= gate->quorum)
        err = tell_engine(tx, ZDD_COMMAND_PROMOTE, full, word->time_ms, run);
    *ret_tally = counting.tally;
    return err;
}
