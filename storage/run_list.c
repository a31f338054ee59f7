/**
 * @file storage/run_list.c
 * @brief Deployments at rest: lists and counts.
 */
#include "storage/filter.h"
#include "storage/inside.h"
#include "storage/run_row.h"
#include "storage/runs.h"

#include <assert.h>

static const char below_sql[] = ZDD_BELOW_COUNT_SQL("run", "no");

/* Of several filters the first one here chooses the index; all of them go by `no`, so that a page
 * costs the same at any depth. */
enum part {
    PART_SELECT,
    PART_BY_NUMBER,
    PART_BY_APP,
    PART_BY_STATE_STRATEGY,
    PART_BY_STATE,
    PART_BY_STRATEGY,
    PART_BY_UNENDED,
    PART_WHERE,
    PART_APP,
    PART_WIDE,
    PART_NARROW,
    PART_STATE,
    PART_UNENDED,
    PART_STRATEGY,
    PART_SPAN,
    PART_ORDER,
    PART_COUNT
};

static const char *const list_parts[PART_COUNT] = {
    [PART_SELECT] = "SELECT no, id, revision FROM run ",
    [PART_BY_NUMBER] = "NOT INDEXED",
    [PART_BY_APP] = "INDEXED BY run_app",
    [PART_BY_STATE_STRATEGY] = "INDEXED BY run_state_strategy",
    [PART_BY_STATE] = "INDEXED BY run_state",
    [PART_BY_STRATEGY] = "INDEXED BY run_strategy",
    [PART_BY_UNENDED] = "INDEXED BY run_unended",
    [PART_WHERE] = " WHERE no < :end",
    [PART_APP] = " AND app_id = :app_id",
    [PART_WIDE] = ZDD_WIDE_SQL,
    [PART_NARROW] = (ZDD_NARROW_SQL("run", "no")),
    [PART_STATE] = " AND state = :state",
    [PART_UNENDED] = " AND ended_at_ms = 0",
    [PART_STRATEGY] = " AND strategy = :strategy",
    [PART_SPAN] = " AND no >= :first AND created_at_ms >= :since_ms AND created_at_ms < :until_ms",
    [PART_ORDER] = " ORDER BY no DESC LIMIT :limit",
};

static uint32_t bit(enum part part)
{
    return UINT32_C(1) << part;
}

/* A narrow path chooses it, too: by the numbers that were looked up. */
static enum part index_for(const struct zdd_run_filter *filter, const struct zdd_below *below)
{
    if (filter->app_id)
        return PART_BY_APP;
    if (!below->all && !below->wide)
        return PART_BY_NUMBER;
    if (filter->unended)
        return PART_BY_UNENDED;
    if (filter->state >= 0)
        return filter->strategy ? PART_BY_STATE_STRATEGY : PART_BY_STATE;
    return filter->strategy ? PART_BY_STRATEGY : PART_BY_NUMBER;
}

static enum part part_for(const struct zdd_run_filter *filter, const struct zdd_below *below)
{
    return filter->app_id || below->wide ? PART_WIDE : PART_NARROW;
}

/* Where a page begins, and which numbers the times allow. */
struct range {
    int64_t first, end;
};

/* The number of the deployment that the page before ended with; unknown: the page is empty. */
static enum zdd_err number_of(struct zdd_conn *conn, const char *id, int64_t *ret_number)
{
    ZDD_STMT stmt = zdd_stmt_prepare(conn, "SELECT no FROM run WHERE id = :id");
    enum zdd_err err;

    zdd_bind_text(&stmt, ":id", id);
    err = zdd_stmt_row(&stmt, ZDD_ERR_RUN_UNKNOWN);
    *ret_number = err == ZDD_ERR_NONE ? zdd_column_int(&stmt, 0) : 0;
    return err == ZDD_ERR_RUN_UNKNOWN ? ZDD_ERR_NONE : err;
}

static enum zdd_err find_range(struct zdd_conn *conn, const struct zdd_run_filter *filter,
                               struct range *ret_range)
{
    int64_t before = 0;
    enum zdd_err err =
        zdd_span_find(conn, "SELECT no, created_at_ms FROM run WHERE no >= :at ORDER BY no LIMIT 1",
                      filter->since_ms, filter->until_ms, &ret_range->first, &ret_range->end);

    if (err != ZDD_ERR_NONE || !filter->before_id)
        return err;
    err = number_of(conn, filter->before_id, &before);
    if (before < ret_range->end)
        ret_range->end = before;
    return err;
}

/* Prepare the list that @p filter asks for, and bind it. @p below must live as long. */
static struct zdd_stmt prepare(struct zdd_conn *conn, const struct zdd_run_filter *filter,
                               const struct zdd_below *below, const struct range *range)
{
    const bool timed = filter->since_ms != 0 || filter->until_ms != 0;
    uint32_t mask =
        bit(PART_SELECT) | bit(index_for(filter, below)) | bit(PART_WHERE) | bit(PART_ORDER);

    mask |= filter->app_id ? bit(PART_APP) : 0;
    mask |= below->all ? 0 : bit(part_for(filter, below));
    mask |= filter->state >= 0 ? bit(PART_STATE) : 0;
    mask |= filter->unended ? bit(PART_UNENDED) : 0;
    mask |= filter->strategy ? bit(PART_STRATEGY) : 0;
    mask |= timed ? bit(PART_SPAN) : 0;

    struct zdd_stmt stmt = zdd_stmt_compose(conn, list_parts, PART_COUNT, mask);

    zdd_bind_int(&stmt, ":end", range->end);
    zdd_bind_int(&stmt, ":limit", filter->limit);
    if (filter->app_id)
        zdd_bind_text(&stmt, ":app_id", filter->app_id);
    if (!below->all)
        zdd_below_bind(&stmt, below);
    if (filter->state >= 0)
        zdd_bind_text(&stmt, ":state", zdd_state_name((enum zdd_state)filter->state));
    if (filter->strategy)
        zdd_bind_text(&stmt, ":strategy", filter->strategy);
    if (timed) {
        zdd_bind_int(&stmt, ":first", range->first);
        zdd_bind_int(&stmt, ":since_ms", filter->since_ms);
        zdd_bind_int(&stmt, ":until_ms", filter->until_ms ? filter->until_ms : INT64_MAX);
    }
    return stmt;
}

enum zdd_err zdd_run_list(struct zdd_store *store, const struct zdd_run_filter *filter,
                          bool (*visit)(void *cls, const struct zdd_run_peek *peek), void *cls)
{
    ZDD_READER reader = zdd_reader_borrow(store);
    struct zdd_below below;
    struct range range;
    enum zdd_err err = reader.err;

    assert(filter->limit >= 1 && filter->state < ZDD_STATE_COUNT);
    zdd_below_of(filter->app_prefix, &below);
    if (err == ZDD_ERR_NONE)
        err = find_range(reader.conn, filter, &range);
    if (err == ZDD_ERR_NONE && !below.all && !filter->app_id)
        err = zdd_below_measure(reader.conn, below_sql, &below);
    if (err != ZDD_ERR_NONE)
        return err;

    ZDD_STMT stmt = prepare(reader.conn, filter, &below, &range);

    while (zdd_stmt_next(&stmt)) { /* ends with the limit */
        const struct zdd_run_peek peek = {.no = zdd_column_int(&stmt, 0),
                                          .id = zdd_column_text(&stmt, 1),
                                          .revision = zdd_column_int(&stmt, 2),
                                          .conn = reader.conn};

        if (stmt.err != ZDD_ERR_NONE || !visit(cls, &peek))
            break;
    }
    return stmt.err;
}

enum zdd_err zdd_run_live(struct zdd_store *store,
                          bool (*visit)(void *cls, const char *id, const char *app_id,
                                        int64_t wake_at_ms),
                          void *cls)
{
    ZDD_READER reader = zdd_reader_borrow(store);

    if (reader.err != ZDD_ERR_NONE)
        return reader.err;

    ZDD_STMT stmt = zdd_stmt_prepare(reader.conn, "SELECT id, app_id, wake_at_ms"
                                                  " FROM run INDEXED BY run_live"
                                                  " WHERE active = 1 ORDER BY lock");

    while (zdd_stmt_next(&stmt)) { /* ends with the rows: at most one per lock */
        const char *id = zdd_column_text(&stmt, 0);
        const char *app_id = zdd_column_text(&stmt, 1);

        if (stmt.err != ZDD_ERR_NONE || !visit(cls, id, app_id, zdd_column_int(&stmt, 2)))
            break;
    }
    return stmt.err;
}

enum zdd_err zdd_run_of_app(struct zdd_store *store, const char *app_id,
                            char ret_id[static ZDD_ID_SIZE])
{
    ZDD_READER reader = zdd_reader_borrow(store);
    char lock[ZDD_APP_ID_SIZE];
    enum zdd_err err;

    if (reader.err != ZDD_ERR_NONE)
        return reader.err;

    ZDD_STMT stmt = zdd_stmt_prepare(reader.conn, "SELECT id FROM run INDEXED BY run_live"
                                                  " WHERE lock = :lock AND active = 1");

    zdd_run_lock(app_id, lock);
    zdd_bind_text(&stmt, ":lock", lock);
    err = zdd_stmt_row(&stmt, ZDD_ERR_RUN_UNKNOWN);
    ret_id[0] = '\0';
    if (err == ZDD_ERR_RUN_UNKNOWN)
        return ZDD_ERR_NONE;
    if (err == ZDD_ERR_NONE)
        zdd_column_copy(&stmt, 0, ret_id, ZDD_ID_SIZE);
    return stmt.err;
}

enum zdd_err zdd_run_count(struct zdd_store *store, const char *app_id, int64_t *ret_count)
{
    ZDD_READER reader = zdd_reader_borrow(store);
    enum zdd_err err;

    if (reader.err != ZDD_ERR_NONE)
        return reader.err;

    ZDD_STMT stmt =
        zdd_stmt_prepare(reader.conn, "SELECT count(*) FROM run WHERE app_id = :app_id");

    zdd_bind_text(&stmt, ":app_id", app_id);
    err = zdd_stmt_row(&stmt, ZDD_ERR_STORE_BROKEN);
    if (err == ZDD_ERR_NONE)
        *ret_count = zdd_column_int(&stmt, 0);
    return err;
}

enum zdd_err zdd_run_queued(struct zdd_tx *tx, const char *app_id,
                            bool (*visit)(void *cls, const char *id), void *cls)
{
    ZDD_STMT stmt = zdd_stmt_prepare(tx->conn, "SELECT id FROM run INDEXED BY run_queue"
                                               " WHERE lock = :lock AND state = 'queued'"
                                               " ORDER BY no");
    char lock[ZDD_APP_ID_SIZE];

    zdd_run_lock(app_id, lock);
    zdd_bind_text(&stmt, ":lock", lock);
    while (zdd_stmt_next(&stmt)) { /* ends with the queue */
        const char *id = zdd_column_text(&stmt, 0);

        if (stmt.err != ZDD_ERR_NONE || !visit(cls, id))
            break;
    }
    return stmt.err;
}
