/**
 * @file server/router/algorithms.h
 * @brief How each backend of an HAProxy configuration spreads requests. Marathon-LB does not show
 * it in its statistics, but hands out its configuration.
 */
#pragma once

#include "server/router/stats_csv.h"

#include <stdbool.h>
#include <stddef.h>

struct zdd_backend_algorithm {
    char *backend;
    const char *name; /* "roundrobin", …, static storage; "other" for one that is not known here */
};

struct zdd_algorithms {
    struct zdd_backend_algorithm *list; /* sorted by backend */
    size_t count;
};

/**
 * Read the sections "defaults", "listen" and "backend" of a configuration; whatever else there is
 * does not matter.
 * @param[out] ret_algorithms  set on success only
 * @return ZDD_ERR_NONE, also when no backend was found; ZDD_ERR_NO_MEMORY; ZDD_ERR_ROUTER_DOWN:
 * more than ZDD_STATS_ROW_MAX backends
 */
ZDD_MUST_CHECK enum zdd_err zdd_algorithms_parse(const char *config,
                                                 struct zdd_algorithms *ret_algorithms);

void zdd_algorithms_release(struct zdd_algorithms *algorithms);

/** @return true when the page tells the algorithm of any backend */
bool zdd_algorithms_told(const struct zdd_stats_table *table);

/** Write the algorithms into the rows of their backends. */
void zdd_algorithms_apply(const struct zdd_algorithms *algorithms, struct zdd_stats_table *table);
