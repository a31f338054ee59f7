/**
 * @file server/cluster/marathon_pool.h
 * @brief A bounded number of keep-alive clients for callers on many threads.
 */
#pragma once

#include "server/net/fetch.h"

#include <stdint.h>

struct zdd_marathon_pool;

/** @param auth copied. @param client_max at least 1. @return NULL without memory */
struct zdd_marathon_pool *zdd_marathon_pool_new(const struct zdd_fetch_auth *auth,
                                                unsigned client_max);
/** All clients must be back. @return NULL; NULL is fine */
struct zdd_marathon_pool *zdd_marathon_pool_free(struct zdd_marathon_pool *pool);

/**
 * Take a client, wait for one until the monotonic time @p until_ms.
 * @return ZDD_ERR_NONE; ZDD_ERR_CLUSTER_SLOW when none came back in time; ZDD_ERR_NO_MEMORY
 */
ZDD_MUST_CHECK enum zdd_err zdd_marathon_pool_take(struct zdd_marathon_pool *pool, int64_t until_ms,
                                                   struct zdd_fetch **ret_fetch);
void zdd_marathon_pool_give(struct zdd_marathon_pool *pool, struct zdd_fetch *fetch);

/** @return a client without credentials for a place that must not see them, to be freed; NULL
 * without memory */
struct zdd_fetch *zdd_marathon_pool_stranger(const struct zdd_marathon_pool *pool);
