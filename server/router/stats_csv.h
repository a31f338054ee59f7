/**
 * @file server/router/stats_csv.h
 * @brief Reading HAProxy's statistics (marathon-lb.md §5): by the names in the header, whatever
 * other columns there are.
 */
#pragma once

#include "strategies/model/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ZDD_STATS_ROW_MAX ((size_t)200000) /* servers and backends of one balancer */

/** A server or, where @p server is NULL, a backend as a whole. Texts are never NULL otherwise. */
struct zdd_stats_row {
    const char *backend, *server;
    const char *status;    /* "UP", "UP 1/3", "no check", "DOWN", "DRAIN (agent)", "MAINT", … */
    const char *algorithm; /* of a backend, "" when nobody tells */
    const char *address;   /* of a server, "" when the balancer does not tell */
    int64_t weight;        /* as it is used now … */
    int64_t user_weight;   /* … and as somebody has set it; the same where that is not told */
    int64_t sessions, queue;
    int64_t requests, answers, errors;          /* stot, all hrsp_*, hrsp_5xx */
    int64_t chosen;                             /* lbtot; as requests where it is not told */
    int64_t broken, refused, retried, rerouted; /* eresp, econ, wretr, wredis */
    int64_t answer_ms;                          /* rtime: average of the last 1024 */
};

struct zdd_stats_table {
    char *text;                 /* what the rows point into */
    struct zdd_stats_row *rows; /* sorted by backend */
    size_t count;
    int64_t requests; /* of all frontends together: falls when a new process has begun */
};

/**
 * Read a whole page. What would be dangerous to guess is refused: a page without a column for name,
 * status, weight, sessions, queue or requests, and a server whose figure of these is missing, as on
 * a page that was cut off.
 *
 * @param text  to be free()d by the table, in every case; changed
 * @param[out] ret_table  set on success only
 * @return ZDD_ERR_NONE; ZDD_ERR_ROUTER_DOWN when it is no such page; ZDD_ERR_NO_MEMORY
 */
ZDD_MUST_CHECK enum zdd_err zdd_stats_parse(char *text, struct zdd_stats_table *ret_table);

void zdd_stats_table_release(struct zdd_stats_table *table);

/** The rows of @p backend. @return how many; the first one is *ret_first */
size_t zdd_stats_backend(const struct zdd_stats_table *table, const char *backend,
                         const struct zdd_stats_row **ret_first);
