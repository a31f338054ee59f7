/**
 * @file storage/audit.c
 * @brief The audit log: append and list.
 */
#include "storage/audit.h"

#include "storage/chain.h"
#include "storage/filter.h"
#include "storage/inside.h"

#include <assert.h>
#include <string.h>

#define FAMILY_SIZE 64

/* An action longer than that is its own family as far as the buffer goes. */
static void family_of(const char *action, char ret_family[static FAMILY_SIZE])
{
    const char *dot = strchr(action, '.');
    size_t size = dot ? (size_t)(dot - action) + 1 : strlen(action);

    if (size >= FAMILY_SIZE)
        size = FAMILY_SIZE - 1;
    memcpy(ret_family, action, size);
    ret_family[size] = '\0';
}

/*
 * The chain goes on from audit_head, not from the newest row: when somebody cut rows off, the gap
 * stays and tells. Rows that somebody added are skipped, so that their numbers do not stop us.
 */
static const char head_sql[] = "SELECT max(coalesce((SELECT entries FROM audit_head), 0),"
                               "           coalesce((SELECT max(seq) FROM audit), 0)),"
                               "       (SELECT hash FROM audit_head)";

static enum zdd_err know_chain(struct zdd_tx *tx)
{
    struct zdd_heads *heads = &tx->store->heads;
    enum zdd_err err;

    if (heads->chain_known)
        return ZDD_ERR_NONE;

    ZDD_STMT stmt = zdd_stmt_prepare(tx->conn, head_sql);

    err = zdd_stmt_row(&stmt, ZDD_ERR_STORE_BROKEN);
    if (err != ZDD_ERR_NONE)
        return err;
    memset(heads->chain, 0, sizeof(heads->chain)); /* the first entry hangs on zeros */
    if (sqlite3_column_bytes(stmt.raw, 1) == ZDD_CHAIN_HASH_SIZE)
        memcpy(heads->chain, sqlite3_column_blob(stmt.raw, 1), sizeof(heads->chain));
    heads->audit_seq = zdd_column_int(&stmt, 0);
    heads->chain_known = true;
    heads->chain_moved = false;
    return ZDD_ERR_NONE;
}

static enum zdd_err insert(struct zdd_tx *tx, const struct zdd_audit *entry,
                           const unsigned char hash[static ZDD_CHAIN_HASH_SIZE])
{
    ZDD_STMT stmt = zdd_stmt_prepare(
        tx->conn, "INSERT INTO audit (seq, time_ms, actor, remote, action, family, app_id, run_id,"
                  " reason, result, request_id, data, hash) VALUES (:seq, :time_ms, :actor,"
                  " :remote, :action, :family, :app_id, :run_id, :reason, :result, :request_id,"
                  " :data, :hash)");
    char family[FAMILY_SIZE];

    family_of(entry->action, family);
    zdd_bind_int(&stmt, ":seq", entry->seq);
    zdd_bind_int(&stmt, ":time_ms", entry->time_ms);
    zdd_bind_text(&stmt, ":actor", entry->actor);
    zdd_bind_text(&stmt, ":remote", entry->remote);
    zdd_bind_text(&stmt, ":action", entry->action);
    zdd_bind_text(&stmt, ":family", family);
    zdd_bind_text(&stmt, ":app_id", entry->app_id);
    zdd_bind_text(&stmt, ":run_id", entry->run_id);
    zdd_bind_text(&stmt, ":reason", entry->reason);
    zdd_bind_text(&stmt, ":result", entry->result);
    zdd_bind_text(&stmt, ":request_id", entry->request_id);
    zdd_bind_text(&stmt, ":data", entry->data);
    zdd_bind_blob(&stmt, ":hash", hash, ZDD_CHAIN_HASH_SIZE);
    return zdd_stmt_end(&stmt);
}

enum zdd_err zdd_audit_append(struct zdd_tx *tx, const struct zdd_audit *entry)
{
    struct zdd_heads *heads = &tx->store->heads;
    struct zdd_audit row = *entry;
    unsigned char hash[ZDD_CHAIN_HASH_SIZE];
    enum zdd_err err = know_chain(tx);

    if (err != ZDD_ERR_NONE)
        return err;
    row.seq = heads->audit_seq + 1;
    zdd_chain_hash(heads->chain, &row, hash);
    err = insert(tx, &row, hash);
    if (err != ZDD_ERR_NONE)
        return err;
    heads->audit_seq = row.seq;
    memcpy(heads->chain, hash, sizeof(hash));
    heads->chain_moved = true;
    return ZDD_ERR_NONE;
}

enum zdd_err zdd_audit_settle(struct zdd_tx *tx)
{
    struct zdd_heads *heads = &tx->store->heads;
    enum zdd_err err;

    if (!heads->chain_known || !heads->chain_moved)
        return ZDD_ERR_NONE;

    ZDD_STMT stmt = zdd_stmt_prepare(
        tx->conn, "INSERT INTO audit_head (one, entries, hash) VALUES (1, :entries, :hash)"
                  " ON CONFLICT DO UPDATE SET entries = excluded.entries, hash = excluded.hash");

    zdd_bind_int(&stmt, ":entries", heads->audit_seq);
    zdd_bind_blob(&stmt, ":hash", heads->chain, sizeof(heads->chain));
    err = zdd_stmt_end(&stmt);
    if (err == ZDD_ERR_NONE)
        heads->chain_moved = false;
    return err;
}

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
    PART_BELOW,
    PART_SPAN,
    PART_NEWEST,
    PART_OLDEST,
    PART_COUNT
};

static const char *const list_parts[PART_COUNT] = {
    [PART_SELECT] = "SELECT " ZDD_AUDIT_COLUMNS " FROM audit ",
    [PART_BY_SEQ] = "NOT INDEXED",
    [PART_BY_APP] = "INDEXED BY audit_app",
    [PART_BY_ACTION] = "INDEXED BY audit_action",
    [PART_BY_FAMILY] = "INDEXED BY audit_family",
    [PART_BY_ACTOR] = "INDEXED BY audit_actor",
    [PART_WHERE] = " WHERE seq >= :first AND seq < :end",
    [PART_APP] = " AND app_id = :app_id AND app_id <> ''",
    [PART_ACTION] = " AND action = :action",
    [PART_FAMILY] = " AND family = :family",
    [PART_LONGER] = " AND substr(action, 1, length(:action)) = :action",
    [PART_ACTOR] = " AND actor = :actor",
    [PART_BELOW] = ZDD_BELOW_SQL,
    [PART_SPAN] = " AND time_ms >= :since_ms AND time_ms < :until_ms",
    [PART_NEWEST] = " ORDER BY seq DESC LIMIT :limit",
    [PART_OLDEST] = " ORDER BY seq LIMIT :limit",
};

/* A filter, taken apart. */
struct wish {
    const struct zdd_audit_filter *filter;
    bool prefix; /* the action ends in '.' */
    char family[FAMILY_SIZE];
    struct zdd_below below;
    int64_t first, end; /* numbers in [first, end) */
};

static uint32_t bit(enum part part)
{
    return UINT32_C(1) << part;
}

static enum part index_for(const struct wish *wish)
{
    if (wish->filter->app_id)
        return PART_BY_APP;
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
    mask |= wish->below.all ? 0 : bit(PART_BELOW);
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
    const enum zdd_err err =
        zdd_span_find(conn, "SELECT seq, time_ms FROM audit WHERE seq >= :at ORDER BY seq LIMIT 1",
                      filter->since_ms, filter->until_ms, &ret_wish->first, &ret_wish->end);

    ret_wish->filter = filter;
    ret_wish->prefix = size > 0 && filter->action[size - 1] == '.';
    family_of(filter->action ? filter->action : "", ret_wish->family);
    zdd_below_of(filter->app_prefix, &ret_wish->below);
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
