/**
 * @file server/cluster/marathon.c
 * @brief Opening and closing; the table of calls.
 */
#include "server/cluster/marathon.h"

#include "server/cluster/marathon_calls.h"
#include "server/cluster/marathon_http.h"
#include "server/net/url.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define CLIENT_COUNT 8
#define CONNECT_MS 3000
#define TIMEOUT_MS 30000

/* A copy of @p url without slashes at its end; NULL when it is none, or without memory. */
static char *copy_base(const char *url)
{
    char *base = zdd_url_valid(url) && !strchr(url, '?') ? strdup(url) : NULL;

    for (size_t size = base ? strlen(base) : 0; size > 0 && base[size - 1] == '/'; size--)
        base[size - 1] = '\0';
    return base;
}

static bool copy_bases(struct zdd_marathon *marathon, const struct zdd_marathon_options *options)
{
    if (options->url_count == 0 || options->url_count > ZDD_MARATHON_BASE_MAX)
        return false;
    for (size_t i = 0; i < options->url_count; i++) {
        marathon->base[i] = copy_base(options->urls[i]);
        if (!marathon->base[i])
            return false;
        marathon->base_count++;
    }
    return true;
}

struct zdd_marathon *zdd_marathon_open(const struct zdd_marathon_options *options)
{
    struct zdd_marathon *marathon = calloc(1, sizeof(*marathon));

    if (!marathon)
        return NULL;
    if (pthread_mutex_init(&marathon->lock, NULL) != 0) {
        free(marathon);
        return NULL;
    }
    marathon->metrics = options->metrics;
    marathon->conceal = options->conceal;
    marathon->secrets = options->secrets;
    marathon->has_credentials = options->auth.basic || options->auth.header;
    marathon->connect_ms = options->connect_ms > 0 ? options->connect_ms : CONNECT_MS;
    marathon->timeout_ms = options->timeout_ms > 0 ? options->timeout_ms : TIMEOUT_MS;
    assert(options->client_max <= ZDD_MARATHON_CLIENT_MAX);
    marathon->pool = zdd_marathon_pool_new(
        &options->auth, options->client_max > 0 ? options->client_max : CLIENT_COUNT);
    if (!marathon->pool || !copy_bases(marathon, options))
        return zdd_marathon_free(marathon);
    return marathon;
}

struct zdd_marathon *zdd_marathon_free(struct zdd_marathon *marathon)
{
    if (!marathon)
        return NULL;
    zdd_marathon_pool_free(marathon->pool);
    for (size_t i = 0; i < marathon->base_count; i++)
        free(marathon->base[i]);
    pthread_mutex_destroy(&marathon->lock);
    free(marathon);
    return NULL;
}

static const struct zdd_cluster_ops ops = {
    .observe = zdd_marathon_observe,
    .put = zdd_marathon_put,
    .restart = zdd_marathon_restart,
    .remove = zdd_marathon_remove,
    .kill = zdd_marathon_kill,
    .info = zdd_marathon_info,
    .get = zdd_marathon_get,
};

struct zdd_cluster zdd_marathon_cluster(struct zdd_marathon *marathon)
{
    return (struct zdd_cluster){.ops = &ops, .cls = marathon};
}
