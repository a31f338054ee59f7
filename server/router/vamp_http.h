/**
 * @file server/router/vamp_http.h
 * @brief PRIVATE to server/router/: VAMP's gateway API (0.9). Not for two threads at once.
 */
#pragma once

#include "server/engine/router.h"
#include "server/json/json.h"
#include "server/net/fetch.h"

struct zdd_vamp_http;

/** @param url  "http://HOST:8080", which is valid; copied, as is @p auth. @return NULL without
 * memory */
struct zdd_vamp_http *zdd_vamp_http_open(const char *url, const struct zdd_fetch_auth *auth);

/** NULL is fine. @return NULL */
struct zdd_vamp_http *zdd_vamp_http_close(struct zdd_vamp_http *http);

/** @return "HOST:8080"; borrowed */
const char *zdd_vamp_http_name(const struct zdd_vamp_http *http);

/**
 * All gateways, page by page, within 5 s.
 * @param[out] ret_all  new reference to an array, set on success only
 * @return ZDD_ERR_NONE; ZDD_ERR_ROUTER_DOWN with a reason; ZDD_ERR_NO_MEMORY
 */
ZDD_MUST_CHECK enum zdd_err zdd_vamp_http_gateways(const struct zdd_vamp_http *http,
                                                   json_t **ret_all,
                                                   char reason[static ZDD_ROUTER_REASON_SIZE]);

/** A zdd_vamp_put; @p cls is the struct zdd_vamp_http. Within 5 s. */
enum zdd_err zdd_vamp_http_put(void *cls, const char *name, const json_t *gateway,
                               char reason[static ZDD_ROUTER_REASON_SIZE]);
