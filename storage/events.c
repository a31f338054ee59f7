/**
 * @file storage/events.c
 * @brief The event log.
 */
#include "storage/events.h"

#include "storage/filter.h"
#include "storage/inside.h"

#include <assert.h>

static enum zdd_err know_events(struct zdd_tx *tx)
{
    struct zdd_heads *heads = &tx->store->heads;
    enum zdd_err err;

    if (heads->events_known)
        return ZDD_ERR_NONE;

    ZDD_STMT stmt = zdd_stmt_prepare(tx->conn, "SELECT coalesce(max(seq), 0) FROM event");

    err = zdd_stmt_row(&stmt, ZDD_ERR_STORE_BROKEN);
    if (err != ZDD_ERR_NONE)
        return err;
    heads->event_seq = zdd_column_int(&stmt, 0);
    heads->events_known = true;
    return ZDD_ERR_NONE;
}

enum zdd_err zdd_event_append(struct zdd_tx *tx, struct zdd_event *event)
{
    enum zdd_err err = know_events(tx);

    if (err != ZDD_ERR_NONE)
        return err;

    const int64_t seq = tx->store->heads.event_seq + 1;
    ZDD_STMT stmt =
        zdd_stmt_prepare(tx->conn, "INSERT INTO event (seq, time_ms, type, run_id, app_id, data)"
                                   " VALUES (:seq, :time_ms, :type, :run_id, :app_id, :data)");

    zdd_bind_int(&stmt, ":seq", seq);
    zdd_bind_int(&stmt, ":time_ms", event->time_ms);
    zdd_bind_text(&stmt, ":type", event->type);
    zdd_bind_text(&stmt, ":run_id", event->run_id);
    zdd_bind_text(&stmt, ":app_id", event->app_id);
    zdd_bind_text(&stmt, ":data", event->data);
    err = zdd_stmt_end(&stmt);
    if (err != ZDD_ERR_NONE)
        return err;
    tx->store->heads.event_seq = seq;
    event->seq = seq;
    return ZDD_ERR_NONE;
}

static const char below_sql[] = ZDD_BELOW_COUNT_SQL("event", "seq");

/* Of several filters the first one here chooses the index; each goes by seq. */
enum part {
    PART_SELECT,
    PART_BY_SEQ,
    PART_BY_RUN,
    PART_BY_APP,
    PART_BY_TYPE,
    PART_WHERE,
    PART_RUN,
    PART_APP,
    PART_TYPE,
    PART_WIDE,
    PART_NARROW,
    PART_ORDER,
    PART_COUNT
};

static const char *const list_parts[PART_COUNT] = {
    [PART_SELECT] = "SELECT seq, time_ms, type, run_id, app_id, data FROM event ",
    [PART_BY_SEQ] = "NOT INDEXED",
    [PART_BY_RUN] = "INDEXED BY event_run",
    [PART_BY_APP] = "INDEXED BY event_app",
    [PART_BY_TYPE] = "INDEXED BY event_type",
    [PART_WHERE] = " WHERE seq > :after_seq",
    [PART_RUN] = " AND run_id = :run_id",
    [PART_APP] = " AND app_id = :app_id",
    [PART_TYPE] = " AND type = :type",
    [PART_WIDE] = ZDD_WIDE_SQL,
    [PART_NARROW] = (ZDD_NARROW_SQL("event", "seq")),
    [PART_ORDER] = " ORDER BY seq LIMIT :limit",
};

static uint32_t bit(enum part part)
{
    return UINT32_C(1) << part;
}

/* A narrow path chooses it, too: by the numbers that were looked up. */
static enum part index_for(const struct zdd_event_filter *filter, const struct zdd_below *below)
{
    if (filter->run_id)
        return PART_BY_RUN;
    if (filter->app_id)
        return PART_BY_APP;
    if (!below->all && !below->wide)
        return PART_BY_SEQ;
    return filter->type ? PART_BY_TYPE : PART_BY_SEQ;
}

static enum part part_for(const struct zdd_event_filter *filter, const struct zdd_below *below)
{
    return filter->run_id || filter->app_id || below->wide ? PART_WIDE : PART_NARROW;
}

static struct zdd_stmt prepare(struct zdd_conn *conn, const struct zdd_event_filter *filter,
                               const struct zdd_below *below)
{
    uint32_t mask =
        bit(PART_SELECT) | bit(index_for(filter, below)) | bit(PART_WHERE) | bit(PART_ORDER);

    mask |= filter->run_id ? bit(PART_RUN) : 0;
    mask |= filter->app_id ? bit(PART_APP) : 0;
    mask |= filter->type ? bit(PART_TYPE) : 0;
    mask |= below->all ? 0 : bit(part_for(filter, below));

    struct zdd_stmt stmt = zdd_stmt_compose(conn, list_parts, PART_COUNT, mask);

    zdd_bind_int(&stmt, ":after_seq", filter->after_seq);
    zdd_bind_int(&stmt, ":limit", filter->limit);
    if (filter->run_id)
        zdd_bind_text(&stmt, ":run_id", filter->run_id);
    if (filter->app_id)
        zdd_bind_text(&stmt, ":app_id", filter->app_id);
    if (filter->type)
        zdd_bind_text(&stmt, ":type", filter->type);
    if (!below->all)
        zdd_below_bind(&stmt, below);
    return stmt;
}

enum zdd_err zdd_event_list(struct zdd_store *store, const struct zdd_event_filter *filter,
                            bool (*visit)(void *cls, const struct zdd_event *event), void *cls)
{
    ZDD_READER reader = zdd_reader_borrow(store);
    struct zdd_below below;

    enum zdd_err err = reader.err;

    assert(filter->limit >= 1);
    zdd_below_of(filter->app_prefix, &below);
    if (err == ZDD_ERR_NONE && !below.all && !filter->run_id && !filter->app_id)
        err = zdd_below_measure(reader.conn, below_sql, &below);
    if (err != ZDD_ERR_NONE)
        return err;

    ZDD_STMT stmt = prepare(reader.conn, filter, &below);

    while (zdd_stmt_next(&stmt)) { /* ends with the limit */
        const struct zdd_event event = {
            .seq = zdd_column_int(&stmt, 0),
            .time_ms = zdd_column_int(&stmt, 1),
            .type = zdd_column_text(&stmt, 2),
            .run_id = zdd_column_text(&stmt, 3),
            .app_id = zdd_column_text(&stmt, 4),
            .data = zdd_column_document(&stmt, 5),
        };

        if (stmt.err != ZDD_ERR_NONE || !visit(cls, &event))
            break;
    }
    return stmt.err;
}

enum zdd_err zdd_event_range(struct zdd_store *store, int64_t *ret_first, int64_t *ret_last)
{
    ZDD_READER reader = zdd_reader_borrow(store);
    enum zdd_err err;

    if (reader.err != ZDD_ERR_NONE)
        return reader.err;

    /* Two subqueries: one SELECT of both min() and max() would walk the table. */
    ZDD_STMT stmt =
        zdd_stmt_prepare(reader.conn, "SELECT (SELECT coalesce(min(seq), 0) FROM event),"
                                      " (SELECT coalesce(max(seq), 0) FROM event)");

    err = zdd_stmt_row(&stmt, ZDD_ERR_STORE_BROKEN);
    if (err != ZDD_ERR_NONE)
        return err;
    *ret_first = zdd_column_int(&stmt, 0);
    *ret_last = zdd_column_int(&stmt, 1);
    return ZDD_ERR_NONE;
}

void zdd_event_listen(struct zdd_store *store, void (*wake)(void *cls, int64_t last_seq), void *cls)
{
    struct zdd_listener *listener = &store->listener;

    pthread_mutex_lock(&listener->lock);
    listener->wake = wake;
    listener->cls = cls;
    pthread_mutex_unlock(&listener->lock);
}
