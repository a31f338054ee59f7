/**
 * @file storage/filter.h
 * @brief PRIVATE to storage/: what the filters of all lists have in common.
 */
#pragma once

#include "storage/db.h"
#include "strategies/model/limits.h"

/** What lies below a path: '/shop' is itself and [from, to). */
struct zdd_below {
    bool all;  /* NULL, "" or "/": no restriction */
    bool wide; /* set by zdd_below_measure(): more than ZDD_NARROW_MAX rows */
    char path[ZDD_APP_ID_SIZE];
    char from[ZDD_APP_ID_SIZE + 1];
    char to[ZDD_APP_ID_SIZE + 1];
};

/** A path longer than an app id can be matches nothing. */
void zdd_below_of(const char *prefix, struct zdd_below *ret_below);

/*
 * Two ways to find what is below a path. A wide one, with many rows, is filtered while the list
 * goes along its own order: the rows are frequent there. In a narrow one they may be rare, so they
 * are looked up by app first; sorting them is quick, as they are few.
 */
#define ZDD_WIDE_SQL " AND (+app_id = :below OR (+app_id >= :below_from AND +app_id < :below_to))"
#define ZDD_NARROW_SQL(table, key) " AND " key " IN (" ZDD_BELOW_KEYS_SQL(table, key) ")"
#define ZDD_BELOW_KEYS_SQL(table, key)                                                             \
    "SELECT " key " FROM " table " INDEXED BY " table "_app WHERE app_id = :below"                 \
    " UNION ALL SELECT " key " FROM " table " INDEXED BY " table "_app"                            \
    " WHERE app_id >= :below_from AND app_id < :below_to"
#define ZDD_NARROW_MAX "2000" /* rows; text, as it is a part of SQL */
#define ZDD_BELOW_COUNT_SQL(table, key)                                                            \
    "SELECT count(*) > " ZDD_NARROW_MAX                                                            \
    " FROM (SELECT 1 FROM (" ZDD_BELOW_KEYS_SQL(table, key) ") LIMIT 1 + " ZDD_NARROW_MAX ")"

/** Bind the three parameters of the conditions above. */
void zdd_below_bind(struct zdd_stmt *stmt, const struct zdd_below *below);

/** @param count_sql  ZDD_BELOW_COUNT_SQL() of the table */
ZDD_MUST_CHECK enum zdd_err zdd_below_measure(struct zdd_conn *conn, const char *count_sql,
                                              struct zdd_below *below);

/*
 * Rows are numbered as they arrive and carry the caller's clock, which other threads may have read
 * a moment earlier and an administrator may set back. So a time is found by bisection of the
 * numbers, with this much to spare on both sides, and the exact time is compared row by row: a
 * list by time is exact as long as the clock was never set back by more than this.
 */
#define ZDD_CLOCK_SLACK_MS INT64_C(3600000)

/**
 * Which numbers rows of [since_ms, until_ms) can have.
 * @param probe_sql  first (number, time) with a number >= :at, in the order of the number
 * @param[out] ret_first, ret_end  numbers in [first, end); all, when both times are 0
 */
ZDD_MUST_CHECK enum zdd_err zdd_span_find(struct zdd_conn *conn, const char *probe_sql,
                                          int64_t since_ms, int64_t until_ms, int64_t *ret_first,
                                          int64_t *ret_end);
