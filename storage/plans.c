/**
 * @file storage/plans.c
 * @brief Plans at rest: written once, never changed.
 */
#include "storage/plans.h"

#include "storage/columns.h"
#include "storage/filter.h"
#include "storage/inside.h"

#include <assert.h>

/* NOLINTBEGIN(bugprone-macro-parentheses): a member cannot stand in parentheses */
#define FACTS(X, side, member)                                                                     \
    X(side##_instances, INT32, member.instances)                                                   \
    X(side##_min_health, REAL, member.minimum_health_capacity)                                     \
    X(side##_max_over, REAL, member.maximum_over_capacity)                                         \
    X(side##_cpus, REAL, member.cpus)                                                              \
    X(side##_mem_mib, REAL, member.mem_mib)                                                        \
    X(side##_start_ms, INT32, member.start_ms)                                                     \
    X(side##_health_checks, BOOL, member.has_health_checks)                                        \
    X(side##_marathon_checks, BOOL, member.has_marathon_checks)                                    \
    X(side##_readiness_checks, BOOL, member.has_readiness_checks)                                  \
    X(side##_single_instance, BOOL, member.single_instance)                                        \
    X(side##_fixed_ports, BOOL, member.fixed_ports)                                                \
    X(side##_unique_hostname, BOOL, member.unique_hostname)                                        \
    X(side##_oldest_first, BOOL, member.oldest_first)                                              \
    X(side##_resident, BOOL, member.resident)
/* NOLINTEND(bugprone-macro-parentheses) */

#define PLAN(X)                                                                                    \
    X(id, TEXT, id)                                                                                \
    X(digest, TEXT, digest)                                                                        \
    X(app_id, TEXT, app_id)                                                                        \
    X(strategy, TEXT, strategy)                                                                    \
    X(action, ACTION, action)                                                                      \
    X(on_failure, ON_FAILURE, on_failure)                                                          \
    X(replace_rule, REPLACE_RULE, replace_rule)                                                    \
    X(created_at_ms, INT64, created_at_ms)                                                         \
    X(deadline_ms, INT64, deadline_ms)                                                             \
    FACTS(X, old, old)                                                                             \
    FACTS(X, new, target)                                                                          \
    X(seen_exists, BOOL, seen.exists)                                                              \
    X(seen_version, TEXT, seen.version)                                                            \
    X(seen_config_version, TEXT, seen.config_version)                                              \
    X(seen_running, INT32, seen.running)                                                           \
    X(seen_healthy, INT32, seen.healthy)                                                           \
    X(program, PROGRAM, program)                                                                   \
    X(gates, GATES, gates)                                                                         \
    X(pair_old_id, TEXT, pair.old_id)                                                              \
    X(pair_new_id, TEXT, pair.new_id)                                                              \
    X(pair_old_version, TEXT, pair.old_version)                                                    \
    X(pair_old_serving, INT32, pair.old_serving)                                                   \
    X(pair_floor, INT32, pair.floor)                                                               \
    X(pair_drain_ms, INT32, pair.drain_ms)                                                         \
    X(pair_must_adopt, BOOL, pair.must_adopt)                                                      \
    X(pair_kill_undrained, BOOL, pair.kill_undrained)                                              \
    X(pair_sticky, BOOL, pair.sticky)                                                              \
    X(pair_by_users, BOOL, pair.by_users)                                                          \
    X(pair_router, TEXT, pair.router)                                                              \
    X(verifies, VERIFIES, verifies)

#define PLAN_COLUMN(column, kind, member) ZDD_COLUMN_OF(struct zdd_plan, kind, member),
static const struct zdd_column columns[] = {PLAN(PLAN_COLUMN)};

void zdd_plan_texts_release(struct zdd_plan_texts *texts)
{
    zdd_text_release(&texts->body);
    zdd_text_release(&texts->request);
    zdd_text_release(&texts->target);
    zdd_text_release(&texts->previous);
    zdd_text_release(&texts->adopted);
    zdd_text_release(&texts->survivor);
    zdd_text_release(&texts->backends);
    zdd_text_release(&texts->checks);
    zdd_secrets_kept_release(&texts->secrets);
}

/* Parameters in the order of the columns: they are bound by place. */
static const char insert_sql[] =
    "INSERT INTO plan (body, request, target, previous, adopted, survivor, backends, checks, created_by" PLAN(
        ZDD_COLUMN_NAME) ")"
                         " VALUES (:body, :request, :target, :previous, :adopted, :survivor, :backends, :checks, :created_by" PLAN(
                             ZDD_COLUMN_PARAMETER) ")";

enum zdd_err zdd_plan_insert(struct zdd_tx *tx, const struct zdd_plan *plan,
                             const struct zdd_plan_texts *texts, const char *created_by)
{
    ZDD_STMT stmt = zdd_stmt_prepare(tx->conn, insert_sql);

    zdd_place_text(&stmt, 1, texts->body.data);
    zdd_place_text(&stmt, 2, texts->request.data);
    zdd_place_text(&stmt, 3, texts->target.data);
    zdd_place_text(&stmt, 4, texts->previous.data);
    zdd_place_text(&stmt, 5, texts->adopted.data);
    zdd_place_text(&stmt, 6, texts->survivor.data);
    zdd_place_text(&stmt, 7, texts->backends.data);
    zdd_place_text(&stmt, 8, texts->checks.data);
    zdd_place_text(&stmt, 9, created_by);
    zdd_columns_bind(&stmt, 10, columns, ZDD_COUNT(columns), plan);

    const enum zdd_err err = zdd_stmt_end(&stmt);

    return err == ZDD_ERR_NONE ? zdd_secrets_write(tx, &texts->secrets) : err;
}

static const char load_sql[] =
    "SELECT body, request, target, previous, adopted, survivor, backends, checks" PLAN(
        ZDD_COLUMN_NAME) " FROM plan WHERE id = :id";

enum zdd_err zdd_plan_load(struct zdd_store *store, const char *id, struct zdd_plan *ret_plan,
                           struct zdd_plan_texts *ret_texts)
{
    ZDD_READER reader = zdd_reader_borrow(store);
    struct zdd_plan_texts texts = {0};
    struct zdd_plan plan = {0};
    enum zdd_err err;

    if (reader.err != ZDD_ERR_NONE)
        return reader.err;

    ZDD_STMT stmt = zdd_stmt_prepare(reader.conn, load_sql);

    zdd_bind_text(&stmt, ":id", id);
    err = zdd_stmt_row(&stmt, ZDD_ERR_PLAN_UNKNOWN);
    if (err != ZDD_ERR_NONE)
        return err;
    zdd_columns_read(&stmt, 8, columns, ZDD_COUNT(columns), &plan);
    if (ret_texts) {
        texts.body.data = zdd_column_dup(&stmt, 0);
        texts.request.data = zdd_column_dup(&stmt, 1);
        texts.target.data = zdd_column_dup(&stmt, 2);
        texts.previous.data = zdd_column_dup(&stmt, 3);
        texts.adopted.data = zdd_column_dup(&stmt, 4);
        texts.survivor.data = zdd_column_dup(&stmt, 5);
        texts.backends.data = zdd_column_dup(&stmt, 6);
        texts.checks.data = zdd_column_dup(&stmt, 7);
    }
    if (stmt.err != ZDD_ERR_NONE) {
        zdd_plan_texts_release(&texts);
        return stmt.err;
    }
    *ret_plan = plan;
    if (ret_texts)
        *ret_texts = texts;
    return ZDD_ERR_NONE;
}

static const char below_sql[] = ZDD_BELOW_COUNT_SQL("plan", "no");

enum part {
    PART_SELECT,
    PART_ALL,
    PART_BY_APP,
    PART_WHERE,
    PART_APP,
    PART_WIDE,
    PART_NARROW,
    PART_ORDER
};

static const char *const list_parts[] = {
    [PART_SELECT] = "SELECT id, body FROM plan ",   [PART_ALL] = "NOT INDEXED",
    [PART_BY_APP] = "INDEXED BY plan_app",          [PART_WHERE] = " WHERE no < :end",
    [PART_APP] = " AND app_id = :app_id",           [PART_WIDE] = ZDD_WIDE_SQL,
    [PART_NARROW] = (ZDD_NARROW_SQL("plan", "no")), [PART_ORDER] = " ORDER BY no DESC LIMIT :limit",
};

static uint32_t bit(enum part part)
{
    return UINT32_C(1) << part;
}

/* The number of the plan that the page before ended with; unknown: the page is empty. */
static enum zdd_err find_end(struct zdd_conn *conn, const char *before_id, int64_t *ret_end)
{
    *ret_end = INT64_MAX;
    if (!before_id)
        return ZDD_ERR_NONE;

    ZDD_STMT stmt = zdd_stmt_prepare(conn, "SELECT no FROM plan WHERE id = :id");
    enum zdd_err err;

    zdd_bind_text(&stmt, ":id", before_id);
    err = zdd_stmt_row(&stmt, ZDD_ERR_PLAN_UNKNOWN);
    *ret_end = err == ZDD_ERR_NONE ? zdd_column_int(&stmt, 0) : 0;
    return err == ZDD_ERR_PLAN_UNKNOWN ? ZDD_ERR_NONE : err;
}

static struct zdd_stmt prepare(struct zdd_conn *conn, const struct zdd_plan_filter *filter,
                               const struct zdd_below *below, int64_t end)
{
    uint32_t mask = bit(PART_SELECT) | bit(PART_WHERE) | bit(PART_ORDER);

    mask |= filter->app_id ? bit(PART_BY_APP) | bit(PART_APP) : bit(PART_ALL);
    if (!below->all)
        mask |= filter->app_id || below->wide ? bit(PART_WIDE) : bit(PART_NARROW);

    struct zdd_stmt stmt = zdd_stmt_compose(conn, list_parts, ZDD_COUNT(list_parts), mask);

    zdd_bind_int(&stmt, ":end", end);
    zdd_bind_int(&stmt, ":limit", filter->limit);
    if (filter->app_id)
        zdd_bind_text(&stmt, ":app_id", filter->app_id);
    if (!below->all)
        zdd_below_bind(&stmt, below);
    return stmt;
}

enum zdd_err zdd_plan_list(struct zdd_store *store, const struct zdd_plan_filter *filter,
                           bool (*visit)(void *cls, const char *id, const char *body), void *cls)
{
    ZDD_READER reader = zdd_reader_borrow(store);
    struct zdd_below below;
    int64_t end;
    enum zdd_err err = reader.err;

    assert(filter->limit >= 1);
    zdd_below_of(filter->app_prefix, &below);
    if (err == ZDD_ERR_NONE)
        err = find_end(reader.conn, filter->before_id, &end);
    if (err == ZDD_ERR_NONE && !below.all && !filter->app_id)
        err = zdd_below_measure(reader.conn, below_sql, &below);
    if (err != ZDD_ERR_NONE)
        return err;

    ZDD_STMT stmt = prepare(reader.conn, filter, &below, end);

    while (zdd_stmt_next(&stmt)) { /* ends with the limit */
        const char *id = zdd_column_text(&stmt, 0);
        const char *body = zdd_column_document(&stmt, 1);

        if (stmt.err != ZDD_ERR_NONE || !visit(cls, id, body))
            break;
    }
    return stmt.err;
}
