/**
 * @file storage/filter.c
 * @brief Paths and times of the lists' filters.
 */
#include "storage/filter.h"

#include <stdio.h>
#include <string.h>

#define NUMBER_MAX (INT64_C(1) << 62) /* beyond any number of a row */

void zdd_below_of(const char *prefix, struct zdd_below *ret_below)
{
    size_t size = prefix ? strlen(prefix) : 0;

    *ret_below = (struct zdd_below){0};
    while (size > 0 && prefix[size - 1] == '/')
        size--;
    ret_below->all = size == 0;
    if (size == 0 || size >= sizeof(ret_below->path))
        return; /* too long: three empty texts, which no app has */
    memcpy(ret_below->path, prefix, size);
    memcpy(ret_below->from, prefix, size);
    memcpy(ret_below->to, prefix, size);
    ret_below->from[size] = '/';
    ret_below->to[size] = '/' + 1;
}

void zdd_below_bind(struct zdd_stmt *stmt, const struct zdd_below *below)
{
    zdd_bind_text(stmt, ":below", below->path);
    zdd_bind_text(stmt, ":below_from", below->from);
    zdd_bind_text(stmt, ":below_to", below->to);
}

enum zdd_err zdd_below_measure(struct zdd_conn *conn, const char *count_sql,
                               struct zdd_below *below)
{
    ZDD_STMT stmt = zdd_stmt_prepare(conn, count_sql);
    enum zdd_err err;

    zdd_below_bind(&stmt, below);
    err = zdd_stmt_row(&stmt, ZDD_ERR_STORE_BROKEN);
    if (err == ZDD_ERR_NONE)
        below->wide = zdd_column_int(&stmt, 0) != 0;
    return err;
}

/* The first row with a number >= @p at. @return false when there is none */
static bool probe(struct zdd_conn *conn, const char *sql, int64_t at, int64_t *ret_time,
                  enum zdd_err *ret_err)
{
    ZDD_STMT stmt = zdd_stmt_prepare(conn, sql);

    zdd_bind_int(&stmt, ":at", at);
    *ret_err = zdd_stmt_row(&stmt, ZDD_ERR_NONE);
    if (*ret_err != ZDD_ERR_NONE || sqlite3_data_count(stmt.raw) == 0)
        return false;
    *ret_time = zdd_column_int(&stmt, 1);
    return true;
}

/* Bisect: a number before which no row is of @p time_ms or later, or all are past the last row. */
static enum zdd_err bisect(struct zdd_conn *conn, const char *sql, int64_t time_ms,
                           int64_t *ret_number)
{
    enum zdd_err err = ZDD_ERR_NONE;
    int64_t low = 1;
    int64_t high = NUMBER_MAX;

    while (low < high && err == ZDD_ERR_NONE) { /* 62 turns */
        const int64_t middle = low + (high - low) / 2;
        int64_t seen = 0;

        if (probe(conn, sql, middle, &seen, &err) && seen < time_ms)
            low = middle + 1;
        else
            high = middle;
    }
    *ret_number = low;
    return err;
}

enum zdd_err zdd_span_find(struct zdd_conn *conn, const char *probe_sql, int64_t since_ms,
                           int64_t until_ms, int64_t *ret_first, int64_t *ret_end)
{
    enum zdd_err err = ZDD_ERR_NONE;

    *ret_first = 0;
    *ret_end = NUMBER_MAX;
    if (since_ms != 0)
        err = bisect(conn, probe_sql, since_ms - ZDD_CLOCK_SLACK_MS, ret_first);
    if (err == ZDD_ERR_NONE && until_ms != 0)
        err = bisect(conn, probe_sql, until_ms + ZDD_CLOCK_SLACK_MS, ret_end);
    return err;
}
