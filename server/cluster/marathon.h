/**
 * @file server/cluster/marathon.h
 * @brief Marathon behind the engine's cluster interface (server/engine/cluster.h).
 *
 * Several base URLs are tried in turn and the one that works is kept. Looking may be tried
 * again elsewhere; an order is sent once, because a lost answer does not mean that nothing
 * happened (marathon.md §8): the engine looks again before it orders again.
 */
#pragma once

#include "server/engine/cluster.h"
#include "server/metrics/metrics.h"
#include "server/net/fetch.h"

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

#define ZDD_MARATHON_BASE_MAX 8
#define ZDD_MARATHON_CLIENT_MAX 64 /* as many as the engine has workers at most */

struct zdd_marathon;

/** @param app  Marathon's, changed in place. @return NONE or NO_MEMORY */
typedef enum zdd_err zdd_marathon_conceal(const void *secrets, json_t *app);

struct zdd_marathon_options {
    const char *const *urls;       /* bases, also "https://dcos.example/service/marathon"; copied */
    size_t url_count;              /* 1 to ZDD_MARATHON_BASE_MAX */
    struct zdd_fetch_auth auth;    /* copied */
    struct zdd_metrics *metrics;   /* borrowed; NULL: nothing is counted */
    zdd_marathon_conceal *conceal; /* takes the secrets out of an app that Marathon answers, of what
                                      it quotes about a failed task too; NULL: there are none */
    const void *secrets;           /* handed to it */
    unsigned client_max;           /* calls under way at once, further ones wait; 0: 8 */
    int64_t connect_ms;            /* 0: 3 000 */
    int64_t timeout_ms;            /* a whole call with all its tries; 0: 30 000 */
};

/** No network here. @return NULL without memory, or when a URL is none or there are too many */
struct zdd_marathon *zdd_marathon_open(const struct zdd_marathon_options *options);

/** No call may be under way. @return NULL; NULL is fine */
struct zdd_marathon *zdd_marathon_free(struct zdd_marathon *marathon);

/** @return the interface; valid as long as @p marathon */
struct zdd_cluster zdd_marathon_cluster(struct zdd_marathon *marathon);
