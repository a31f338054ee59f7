/**
 * @file storage/audit_list.c
 * @brief The audit log: read and filter.
 */
#include "storage/audit.h"

#include "storage/chain.h"
#include "storage/filter.h"
#include "storage/inside.h"

#include <assert.h>
#include <string.h>

void zdd_audit_read(struct zdd_stmt *stmt, struct zdd_audit *ret_entry)
{
    *ret_entry = (struct zdd_audit){
        .seq = zdd_column_int(stmt, 0),
        .time_ms = zdd_column_int(stmt, 1),
        .actor = zdd_column_text(stmt, 2),
        .remote = zdd_column_text(stmt, 3),
        .action = zdd_column_text(stmt, 4),
        .app_id = zdd_column_text(stmt, 5),
        .run_id = zdd_column_text(stmt, 6),
        .reason = zdd_column_text(stmt, 7),
        .result = zdd_column_text(stmt, 8),
        .request_id = zdd_column_text(stmt, 9),
        .data = zdd_column_text(stmt, 10),
    };
}

void zdd_audit_read_hash(struct zdd_stmt *stmt, unsigned char ret_hash[ZDD_CHAIN_HASH_SIZE])
{
    const void *hash = sqlite3_column_blob(stmt->raw, 11);

    memset(ret_hash, 0, ZDD_CHAIN_HASH_SIZE);
    if (hash && sqlite3_column_bytes(stmt->raw, 11) == ZDD_CHAIN_HASH_SIZE)
        memcpy(ret_hash, hash, ZDD_CHAIN_HASH_SIZE);
    else
        zdd_stmt_damaged(stmt, "a hash of another size");
}

static const char below_sql[] = ZDD_BELOW_COUNT_SQL("audit", "seq");

/* Of several filters the first one here chooses the index; each goes by seq. */
enum part {
    PART_SELECT,
    PART_BY_SEQ,
    PART_BY_APP,
    PART_BY_ACTION,
    PART_BY_FAMILY,
    PART_BY_ACTOR,
    PART_WHERE,
    PART_APP,
    PART_ACTION,
    PART_FAMILY,
    PART_LONGER,
    PART_ACTOR,
    PART_WIDE,
    PART_NARROW,
    PART_SPAN,
    PART_NEWEST,
    PART_OLDEST,
    PART_COUNT
};

static const char *const list_parts[PART_COUNT] = {
    [PART_SELECT] = ("SELECT " ZDD_AUDIT_COLUMNS " FROM audit "),
    [PART_BY_SEQ] = "NOT INDEXED",
    [PART_BY_APP] = "INDEXED BY audit_app",
    [PART_BY_ACTION] = "INDEXED BY audit_action",
    [PART_BY_FAMILY] = "INDEXED BY audit_family",
    [PART_BY_ACTOR] = "INDEXED BY audit_actor",
    [PART_WHERE] = " WHERE seq >= :first AND seq < :end",
    [PART_APP] = " AND app_id = :app_id",
    [PART_ACTION] = " AND action = :action",
    [PART_FAMILY] = " AND family = :family",
    [PART_LONGER] = " AND substr(action, 1, length(:action)) = :action",
    [PART_ACTOR] = " AND actor = :actor",
    [PART_WIDE] = ZDD_WIDE_SQL,
    [PART_NARROW] = (ZDD_NARROW_SQL("audit", "seq")),
    [PART_SPAN] = " AND time_ms >= :since_ms AND time_ms < :until_ms",
    [PART_NEWEST] = " ORDER BY seq DESC LIMIT :limit",
    [PART_OLDEST] = " ORDER BY seq LIMIT :limit",
};

/* A filter, taken apart. */
struct wish {
    const struct zdd_audit_filter *filter;
    bool prefix; /* the action ends in '.' */
    char family[ZDD_FAMILY_SIZE];
    struct zdd_below below;
    int64_t first, end; /* numbers in [first, end) */
};

static uint32_t bit(enum part part)
{
    return UINT32_C(1) << part;
}

/* A narrow path chooses it, too: by the numbers that were looked up. */
static enum part index_for(const struct wish *wish)
{
    if (wish->filter->app_id)
        return PART_BY_APP;
    if (!wish->below.all && !wish->below.wide)
        return PART_BY_SEQ;
    if (wish->filter->action)
        return wish->prefix ? PART_BY_FAMILY : PART_BY_ACTION;
    return wish->filter->actor ? PART_BY_ACTOR : PART_BY_SEQ;
}

static uint32_t mask_of(const struct wish *wish)
{
    const struct zdd_audit_filter *filter = wish->filter;
    uint32_t mask = bit(PART_SELECT) | bit(index_for(wish)) | bit(PART_WHERE);

    mask |= filter->app_id ? bit(PART_APP) : 0;
    mask |= filter->actor ? bit(PART_ACTOR) : 0;
    if (filter->action)
        mask |= wish->prefix ? bit(PART_FAMILY) | bit(PART_LONGER) : bit(PART_ACTION);
    if (!wish->below.all)
        mask |= filter->app_id || wish->below.wide ? bit(PART_WIDE) : bit(PART_NARROW);
    mask |= filter->since_ms != 0 || filter->until_ms != 0 ? bit(PART_SPAN) : 0;
    return mask | bit(filter->oldest_first ? PART_OLDEST : PART_NEWEST);
}

static struct zdd_stmt prepare(struct zdd_conn *conn, const struct wish *wish)
{
    const struct zdd_audit_filter *filter = wish->filter;
    const uint32_t mask = mask_of(wish);
    struct zdd_stmt stmt = zdd_stmt_compose(conn, list_parts, PART_COUNT, mask);

    zdd_bind_int(&stmt, ":first", wish->first);
    zdd_bind_int(&stmt, ":end", wish->end);
    zdd_bind_int(&stmt, ":limit", filter->limit);
    if (filter->app_id)
        zdd_bind_text(&stmt, ":app_id", filter->app_id);
    if (filter->actor)
        zdd_bind_text(&stmt, ":actor", filter->actor);
    if (filter->action)
        zdd_bind_text(&stmt, ":action", filter->action);
    if (mask & bit(PART_FAMILY))
        zdd_bind_text(&stmt, ":family", wish->family);
    if (!wish->below.all)
        zdd_below_bind(&stmt, &wish->below);
    if (mask & bit(PART_SPAN)) {
        zdd_bind_int(&stmt, ":since_ms", filter->since_ms);
        zdd_bind_int(&stmt, ":until_ms", filter->until_ms ? filter->until_ms : INT64_MAX);
    }
    return stmt;
}

static enum zdd_err understand(struct zdd_conn *conn, const struct zdd_audit_filter *filter,
                               struct wish *ret_wish)
{
    const size_t size = filter->action ? strlen(filter->action) : 0;
    enum zdd_err err =
        zdd_span_find(conn, "SELECT seq, time_ms FROM audit WHERE seq >= :at ORDER BY seq LIMIT 1",
                      filter->since_ms, filter->until_ms, &ret_wish->first, &ret_wish->end);

    ret_wish->filter = filter;
    ret_wish->prefix = size > 0 && filter->action[size - 1] == '.';
    zdd_audit_family(filter->action ? filter->action : "", ret_wish->family);
    zdd_below_of(filter->app_prefix, &ret_wish->below);
    if (err == ZDD_ERR_NONE && !ret_wish->below.all && !filter->app_id)
        err = zdd_below_measure(conn, below_sql, &ret_wish->below);
    if (filter->before_seq == 0)
        return err;
    if (filter->oldest_first && filter->before_seq >= ret_wish->first)
        ret_wish->first = filter->before_seq + 1;
    if (!filter->oldest_first && filter->before_seq < ret_wish->end)
        ret_wish->end = filter->before_seq;
    return err;
}

enum zdd_err zdd_audit_list(struct zdd_store *store, const struct zdd_audit_filter *filter,
                            bool (*visit)(void *cls, const struct zdd_audit *entry), void *cls)
{
    ZDD_READER reader = zdd_reader_borrow(store);
    struct wish wish;
    enum zdd_err err = reader.err;

    assert(filter->limit >= 1);
    if (err == ZDD_ERR_NONE)
        err = understand(reader.conn, filter, &wish);
    if (err != ZDD_ERR_NONE)
        return err;

    ZDD_STMT stmt = prepare(reader.conn, &wish);

    while (zdd_stmt_next(&stmt)) { /* ends with the limit */
        struct zdd_audit entry;
        unsigned char hash[ZDD_CHAIN_HASH_SIZE];
        char hex[ZDD_HASH_SIZE];

        zdd_audit_read(&stmt, &entry);
        zdd_audit_read_hash(&stmt, hash);
        zdd_chain_hex(hash, hex);
        entry.hash = hex;
        if (stmt.err != ZDD_ERR_NONE || !visit(cls, &entry))
            break;
    }
    return stmt.err;
}
