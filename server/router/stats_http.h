/**
 * @file server/router/stats_http.h
 * @brief Asking a balancer over HTTP: its statistics page, then when its process started.
 */
#pragma once

#include "server/net/fetch.h"
#include "server/router/stats.h"

struct zdd_stats_http;

/**
 * @param urls  "http://HOST:PORT", or with the path of a statistics page; without one it is
 *              Marathon-LB's, "/haproxy?stats". Copied, as is @p auth.
 * @return NULL without memory
 */
struct zdd_stats_http *zdd_stats_http_open(const char *const *urls, size_t url_count,
                                           const struct zdd_fetch_auth *auth);

/** NULL is fine. @return NULL */
struct zdd_stats_http *zdd_stats_http_close(struct zdd_stats_http *http);

/** A zdd_stats_look; @p cls is the struct zdd_stats_http, place->target the URL's number. */
enum zdd_err zdd_stats_http_look(void *cls, const struct zdd_place *place, int64_t limit_ms,
                                 struct zdd_stats_answer *ret_answer,
                                 char reason[static ZDD_ROUTER_REASON_SIZE]);
