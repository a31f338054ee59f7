/**
 * @file storage/runs.c
 * @brief Deployments at rest: insert, move, command.
 */
#include "storage/runs.h"

#include "storage/inside.h"
#include "storage/run_row.h"
#include "strategies/model/colours.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RUN_COLUMN(column, kind, member) ZDD_COLUMN_OF(struct zdd_run, kind, member),
static const struct zdd_column fixed_columns[] = {ZDD_RUN_FIXED(RUN_COLUMN)};
static const struct zdd_column left_columns[] = {ZDD_RUN_LEFT(RUN_COLUMN)};
static const struct zdd_column moved_columns[] = {ZDD_RUN_MOVED(RUN_COLUMN)};

#define FIXED_COUNT ((int)ZDD_COUNT(fixed_columns))
#define LEFT_COUNT ((int)ZDD_COUNT(left_columns))

void zdd_run_read(struct zdd_stmt *stmt, struct zdd_run *ret_run)
{
    int at = 1; /* after the labels */

    ret_run->revision = zdd_column_int(stmt, at++);
    ret_run->active = zdd_column_int(stmt, at++) != 0;
    zdd_columns_read(stmt, at, fixed_columns, ZDD_COUNT(fixed_columns), ret_run);
    at += FIXED_COUNT;
    zdd_columns_read(stmt, at, left_columns, ZDD_COUNT(left_columns), ret_run);
    at += LEFT_COUNT;
    zdd_columns_read(stmt, at, moved_columns, ZDD_COUNT(moved_columns), ret_run);
}

static const char *state_of(const struct zdd_run *run)
{
    return zdd_state_name(zdd_run_state(run));
}

/* The one row of @p stmt, whose parameters are bound. */
static enum zdd_err load_row(struct zdd_stmt *stmt, struct zdd_run *ret_run, char **ret_labels)
{
    struct zdd_run run = {0};
    enum zdd_err err = zdd_stmt_row(stmt, ZDD_ERR_RUN_UNKNOWN);

    if (err != ZDD_ERR_NONE)
        return err;
    zdd_run_read(stmt, &run);

    char *labels = ret_labels ? zdd_column_dup(stmt, 0) : NULL;

    if (stmt->err != ZDD_ERR_NONE) {
        free(labels);
        return stmt->err;
    }
    *ret_run = run;
    if (ret_labels)
        *ret_labels = labels;
    return ZDD_ERR_NONE;
}

static const char load_sql[] = "SELECT " ZDD_RUN_COLUMNS " FROM run WHERE id = :id";

static enum zdd_err load(struct zdd_conn *conn, const char *id, struct zdd_run *ret_run,
                         char **ret_labels)
{
    ZDD_STMT stmt = zdd_stmt_prepare(conn, load_sql);

    zdd_bind_text(&stmt, ":id", id);
    return load_row(&stmt, ret_run, ret_labels);
}

/* The list's statement is open on this connection, so this one sees what the list sees. */
enum zdd_err zdd_run_peek_load(const struct zdd_run_peek *peek, struct zdd_run *ret_run,
                               char **ret_labels)
{
    ZDD_STMT stmt =
        zdd_stmt_prepare(peek->conn, "SELECT " ZDD_RUN_COLUMNS " FROM run WHERE no = :no");

    zdd_bind_int(&stmt, ":no", peek->no);
    return load_row(&stmt, ret_run, ret_labels);
}

enum zdd_err zdd_run_load(struct zdd_store *store, const char *id, struct zdd_run *ret_run,
                          char **ret_labels)
{
    ZDD_READER reader = zdd_reader_borrow(store);

    return reader.err == ZDD_ERR_NONE ? load(reader.conn, id, ret_run, ret_labels) : reader.err;
}

enum zdd_err zdd_run_load_tx(struct zdd_tx *tx, const char *id, struct zdd_run *ret_run)
{
    return load(tx->conn, id, ret_run, NULL);
}

/* clang-format off */
/* Parameters in the order of the columns: they are bound by place. */
static const char insert_sql[] =
    "INSERT INTO run (labels, revision, active, state, lock"
        ZDD_RUN_FIXED(ZDD_COLUMN_NAME) ZDD_RUN_LEFT(ZDD_COLUMN_NAME) ZDD_RUN_MOVED(ZDD_COLUMN_NAME)
    ") VALUES (:labels, :revision, :active, :state, :lock"
        ZDD_RUN_FIXED(ZDD_COLUMN_PARAMETER) ZDD_RUN_LEFT(ZDD_COLUMN_PARAMETER)
        ZDD_RUN_MOVED(ZDD_COLUMN_PARAMETER)
    ")";
/* clang-format on */

void zdd_run_lock(const char *app_id, char ret_lock[static ZDD_APP_ID_SIZE])
{
    (void)snprintf(ret_lock, ZDD_APP_ID_SIZE, "%.*s", (int)zdd_lock_size(app_id, strlen(app_id)),
                   app_id);
}

static enum zdd_err insert(struct zdd_tx *tx, const struct zdd_run *run, const char *labels,
                           const char *lock)
{
    ZDD_STMT stmt = zdd_stmt_prepare(tx->conn, insert_sql);
    int place = 1;

    zdd_stamp_touch(tx, run->id);
    zdd_place_text(&stmt, place++, labels);
    zdd_place_int(&stmt, place++, run->revision);
    zdd_place_int(&stmt, place++, run->active);
    zdd_place_text(&stmt, place++, state_of(run));
    zdd_place_text(&stmt, place++, lock);
    zdd_columns_bind(&stmt, place, fixed_columns, ZDD_COUNT(fixed_columns), run);
    place += FIXED_COUNT;
    zdd_columns_bind(&stmt, place, left_columns, ZDD_COUNT(left_columns), run);
    place += LEFT_COUNT;
    zdd_columns_bind(&stmt, place, moved_columns, ZDD_COUNT(moved_columns), run);
    return zdd_stmt_end(&stmt);
}

/*
 * The one place that moves a deployment. state goes with it, so that it always is what
 * zdd_run_state() says. A command that came after the one that is known stays; but promote speaks
 * of the step at which it was said, and must not open the gate at which the deployment stands next.
 *
 * SQLite rewrites the entries of each index that a SET names, even with the same value, and state
 * and active stand in five. Most moves change neither: those are done without.
 */
enum move_part { MOVE_SET, MOVE_LOUD, MOVE_WHERE, MOVE_QUIET, MOVE_RETURNING };

/* ?6 comes first, so that the named ones are numbered from 7 on, in the order of the columns. */
static const char *const move_parts[] = {
    [MOVE_SET] = "UPDATE run SET revision = ?6 + 1" ZDD_RUN_MOVED(
        ZDD_COLUMN_SET) ", command = CASE WHEN ?1 AND command = ?2 THEN 'none'"
                        " WHEN command = 'promote' AND step <> :step THEN 'none'"
                        " ELSE command END",
    [MOVE_LOUD] = ", active = ?3, state = ?4",
    [MOVE_WHERE] = " WHERE id = ?5 AND revision = ?6",
    [MOVE_QUIET] = " AND active = ?3 AND state = ?4",
    [MOVE_RETURNING] = " RETURNING command, superseded_by, command_value",
};
#define MOVE_PLACES 7

static enum zdd_err move_as(struct zdd_tx *tx, struct zdd_run *run, int64_t revision,
                            bool take_command, enum move_part how)
{
    const uint32_t mask = 1U << MOVE_SET | 1U << MOVE_WHERE | 1U << MOVE_RETURNING | 1U << how;
    ZDD_STMT stmt = zdd_stmt_compose(tx->conn, move_parts, ZDD_COUNT(move_parts), mask);
    enum zdd_err err;

    zdd_stamp_touch(tx, run->id);
    zdd_place_int(&stmt, 1, take_command);
    zdd_place_text(&stmt, 2, zdd_command_name(run->command));
    zdd_place_int(&stmt, 3, run->active);
    zdd_place_text(&stmt, 4, state_of(run));
    zdd_place_text(&stmt, 5, run->id);
    zdd_place_int(&stmt, 6, revision);
    zdd_columns_bind(&stmt, MOVE_PLACES, moved_columns, ZDD_COUNT(moved_columns), run);
    err = zdd_stmt_row(&stmt, ZDD_ERR_REVISION_STALE);
    if (err != ZDD_ERR_NONE)
        return err;

    const int command = zdd_column_word(&stmt, 0, ZDD_COLUMN_COMMAND);

    zdd_column_copy(&stmt, 1, run->superseded_by, sizeof(run->superseded_by));
    run->command_value = (int32_t)zdd_column_int(&stmt, 2);
    err = zdd_stmt_end(&stmt);
    if (err != ZDD_ERR_NONE)
        return err;
    run->revision = revision + 1;
    run->command = (enum zdd_command)command;
    return ZDD_ERR_NONE;
}

static enum zdd_err move(struct zdd_tx *tx, struct zdd_run *run, int64_t revision,
                         bool take_command)
{
    enum zdd_err err = move_as(tx, run, revision, take_command, MOVE_QUIET);

    if (err == ZDD_ERR_REVISION_STALE)
        err = move_as(tx, run, revision, take_command, MOVE_LOUD);
    if (err == ZDD_ERR_NONE && zdd_phase_is_final(run->phase))
        err = zdd_steps_skip(tx, run->id);
    return err;
}

/* What others than the engine leave with a deployment. */
static enum zdd_err leave(struct zdd_tx *tx, const struct zdd_run *run)
{
    ZDD_STMT stmt =
        zdd_stmt_prepare(tx->conn, "UPDATE run SET command = :command, superseded_by = :by,"
                                   " command_value = :value, wake_at_ms = :wake_at_ms"
                                   " WHERE id = :id");

    zdd_stamp_touch(tx, run->id);
    zdd_bind_text(&stmt, ":command", zdd_command_name(run->command));
    zdd_bind_text(&stmt, ":by", run->superseded_by);
    zdd_bind_int(&stmt, ":value", run->command_value);
    zdd_bind_int(&stmt, ":wake_at_ms", run->wake_at_ms);
    zdd_bind_text(&stmt, ":id", run->id);
    return zdd_stmt_end(&stmt);
}

static const char live_sql[] = "SELECT " ZDD_RUN_COLUMNS " FROM run INDEXED BY run_live"
                               " WHERE lock = :key AND active = 1";
static const char queued_sql[] = "SELECT " ZDD_RUN_COLUMNS " FROM run INDEXED BY run_queue"
                                 " WHERE lock = :key AND state = 'queued'"
                                 " ORDER BY no LIMIT 1";
/* By the lock that the row has: one from before there were locks has another. */
static const char next_sql[] = "SELECT " ZDD_RUN_COLUMNS " FROM run INDEXED BY run_queue"
                               " WHERE lock = (SELECT lock FROM run WHERE id = :key)"
                               " AND state = 'queued' ORDER BY no LIMIT 1";

/* The first row that @p sql finds, or ZDD_ERR_RUN_UNKNOWN. */
static enum zdd_err first_of(struct zdd_tx *tx, const char *sql, const char *key,
                             struct zdd_run *ret_run)
{
    ZDD_STMT stmt = zdd_stmt_prepare(tx->conn, sql);
    struct zdd_run run = {0};
    enum zdd_err err;

    zdd_bind_text(&stmt, ":key", key);
    err = zdd_stmt_row(&stmt, ZDD_ERR_RUN_UNKNOWN);
    if (err != ZDD_ERR_NONE)
        return err;
    zdd_run_read(&stmt, &run);
    if (stmt.err == ZDD_ERR_NONE)
        *ret_run = run;
    return stmt.err;
}

/* End a queued deployment: no engine ever looked at it. */
static enum zdd_err cancel_queued(struct zdd_tx *tx, struct zdd_run *run, enum zdd_cause cause,
                                  int64_t now_ms)
{
    run->phase = ZDD_PHASE_CANCELED;
    run->cause = cause;
    run->phase_since_ms = now_ms;
    run->ended_at_ms = now_ms;
    (void)snprintf(run->error_code, sizeof(run->error_code), "%s", zdd_cause_name(cause));
    (void)snprintf(run->error_text, sizeof(run->error_text), "%s", zdd_cause_text(cause));
    return move(tx, run, run->revision, false);
}

/* The live one is told to stop, unless it goes back already; those that only wait end here. */
static enum zdd_err supersede(struct zdd_tx *tx, struct zdd_run *live, const struct zdd_run *by,
                              const char *lock)
{
    struct zdd_run queued = {0};
    enum zdd_err err = ZDD_ERR_NONE;

    if (zdd_command_allowed(zdd_run_state(live), ZDD_COMMAND_ABORT)) {
        live->command = ZDD_COMMAND_ABORT;
        live->command_value = 0;
        memcpy(live->superseded_by, by->id, sizeof(by->id));
        live->wake_at_ms = by->created_at_ms;
        err = leave(tx, live);
    }
    while (err == ZDD_ERR_NONE) { /* ends with the queue: each turn shortens it */
        err = first_of(tx, queued_sql, lock, &queued);
        if (err == ZDD_ERR_RUN_UNKNOWN)
            return ZDD_ERR_NONE;
        if (err != ZDD_ERR_NONE)
            return err;
        memcpy(queued.superseded_by, by->id, sizeof(by->id));
        err = leave(tx, &queued);
        if (err == ZDD_ERR_NONE)
            err = cancel_queued(tx, &queued, ZDD_CAUSE_SUPERSEDED, by->created_at_ms);
    }
    return err;
}

enum zdd_err zdd_run_insert(struct zdd_tx *tx, struct zdd_run *run, const char *labels,
                            enum zdd_when_busy when_busy, char ret_busy[static ZDD_ID_SIZE])
{
    char lock[ZDD_APP_ID_SIZE];
    struct zdd_run live = {0};
    enum zdd_err err;

    zdd_run_lock(run->app_id, lock);
    err = first_of(tx, live_sql, lock, &live);
    if (err != ZDD_ERR_NONE && err != ZDD_ERR_RUN_UNKNOWN)
        return err;
    memcpy(ret_busy, live.id, sizeof(live.id));
    run->active = err == ZDD_ERR_RUN_UNKNOWN;
    if (!run->active && when_busy == ZDD_WHEN_BUSY_REJECT)
        return ZDD_ERR_APP_BUSY;
    if (!run->active && when_busy == ZDD_WHEN_BUSY_SUPERSEDE) {
        err = supersede(tx, &live, run, lock);
        if (err != ZDD_ERR_NONE)
            return err;
    }
    return insert(tx, run, labels, lock);
}

/* The oldest deployment that is queued for the lock takes the place of @p ended. */
static enum zdd_err activate_next(struct zdd_tx *tx, const struct zdd_run *ended,
                                  char ret_next[static ZDD_ID_SIZE])
{
    struct zdd_run next = {0};
    enum zdd_err err = first_of(tx, next_sql, ended->id, &next);

    if (err == ZDD_ERR_RUN_UNKNOWN)
        return ZDD_ERR_NONE;
    if (err != ZDD_ERR_NONE)
        return err;
    next.active = true;
    next.wake_at_ms = ended->ended_at_ms; /* is past: due at once */
    err = move(tx, &next, next.revision, false);
    if (err == ZDD_ERR_NONE)
        memcpy(ret_next, next.id, sizeof(next.id));
    return err;
}

enum zdd_err zdd_run_advance(struct zdd_tx *tx, struct zdd_run *run, int64_t revision,
                             bool take_command, char ret_next[static ZDD_ID_SIZE])
{
    const enum zdd_command known = run->command;
    const bool was_active = run->active;
    enum zdd_err err;

    ret_next[0] = '\0';
    if (zdd_phase_is_final(run->phase))
        run->active = false;
    err = move(tx, run, revision, take_command);
    if (err != ZDD_ERR_NONE) {
        run->active = was_active;
        return err;
    }
    if (run->command != ZDD_COMMAND_NONE && run->command != known) {
        run->wake_at_ms = 0; /* it came while the engine was deciding: look again at once */
        err = leave(tx, run);
    }
    if (err == ZDD_ERR_NONE && was_active && !run->active)
        err = activate_next(tx, run, ret_next);
    return err;
}

static enum zdd_err check_command(const struct zdd_run *run, enum zdd_command command)
{
    if (zdd_state_is_final(zdd_run_state(run)))
        return ZDD_ERR_RUN_FINISHED;
    if (run->command != ZDD_COMMAND_NONE || !zdd_run_allows(run, command))
        return ZDD_ERR_COMMAND_REFUSED;
    return ZDD_ERR_NONE;
}

enum zdd_err zdd_run_command(struct zdd_tx *tx, const char *id, int64_t revision,
                             enum zdd_command command, int64_t now_ms, struct zdd_run *ret_run)
{
    enum zdd_err err = zdd_run_load_tx(tx, id, ret_run);

    if (err == ZDD_ERR_NONE && revision >= 0 && revision != ret_run->revision)
        err = ZDD_ERR_RUN_STALE;
    return err == ZDD_ERR_NONE ? zdd_run_tell(tx, command, 0, now_ms, ret_run) : err;
}

enum zdd_err zdd_run_tell(struct zdd_tx *tx, enum zdd_command command, int32_t value,
                          int64_t now_ms, struct zdd_run *run)
{
    enum zdd_err err = check_command(run, command);

    if (err != ZDD_ERR_NONE)
        return err;
    if (zdd_run_state(run) == ZDD_STATE_QUEUED) {
        assert(command == ZDD_COMMAND_ABORT && "the table allows nothing else");
        return cancel_queued(tx, run, ZDD_CAUSE_ABORTED, now_ms);
    }
    run->command = command;
    run->command_value = value;
    run->wake_at_ms = now_ms;
    return leave(tx, run);
}
