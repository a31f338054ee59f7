/**
 * @file server/cluster/marathon_pool.c
 * @brief Clients are made when first needed and kept for the next caller.
 */
#include "server/cluster/marathon_pool.h"

#include "server/base/cleanup.h"
#include "server/base/clock.h"
#include "server/base/wait.h"

#include <assert.h>
#include <pthread.h>
#include <string.h>

struct zdd_marathon_pool {
    struct zdd_fetch_auth auth; /* copies */
    pthread_mutex_t lock;
    pthread_cond_t given;
    unsigned client_max;
    unsigned client_count; /* made, idle or not */
    unsigned idle_count;
    struct zdd_fetch **idle; /* client_max places */
};

static bool prepare(struct zdd_marathon_pool *pool)
{
    if (pthread_mutex_init(&pool->lock, NULL) != 0)
        return false;
    zdd_cond_init(&pool->given);
    return true;
}

static void free_parts(struct zdd_marathon_pool *pool)
{
    zdd_fetch_auth_release(&pool->auth);
    free(pool->idle);
    free(pool);
}

struct zdd_marathon_pool *zdd_marathon_pool_new(const struct zdd_fetch_auth *auth,
                                                unsigned client_max)
{
    struct zdd_marathon_pool *pool = calloc(1, sizeof(*pool));

    if (!pool)
        return NULL;
    pool->client_max = client_max;
    pool->idle = calloc(client_max, sizeof(struct zdd_fetch *));
    if (!pool->idle || !zdd_fetch_auth_copy(auth, &pool->auth) || !prepare(pool)) {
        free_parts(pool);
        return NULL;
    }
    return pool;
}

struct zdd_marathon_pool *zdd_marathon_pool_free(struct zdd_marathon_pool *pool)
{
    if (!pool)
        return NULL;
    assert(pool->idle_count == pool->client_count);
    for (unsigned i = 0; i < pool->idle_count; i++)
        zdd_fetch_free(pool->idle[i]);
    pthread_cond_destroy(&pool->given);
    pthread_mutex_destroy(&pool->lock);
    free_parts(pool);
    return NULL;
}

/* With the lock held: wait until a client is idle or another one may be made. */
static bool wait_for_room(struct zdd_marathon_pool *pool, int64_t until_ms)
{
    while (pool->idle_count == 0 && pool->client_count == pool->client_max) {
        if (!zdd_cond_wait(&pool->given, &pool->lock, until_ms))
            return false;
    }
    return true;
}

enum zdd_err zdd_marathon_pool_take(struct zdd_marathon_pool *pool, int64_t until_ms,
                                    struct zdd_fetch **ret_fetch)
{
    enum zdd_err err = ZDD_ERR_NONE;

    pthread_mutex_lock(&pool->lock);
    if (!wait_for_room(pool, until_ms)) {
        err = ZDD_ERR_CLUSTER_SLOW;
    } else if (pool->idle_count > 0) {
        *ret_fetch = pool->idle[--pool->idle_count];
    } else {
        struct zdd_fetch *fetch = zdd_fetch_new(&pool->auth);

        if (fetch) {
            pool->client_count++;
            *ret_fetch = fetch;
        } else {
            err = ZDD_ERR_NO_MEMORY;
        }
    }
    pthread_mutex_unlock(&pool->lock);
    return err;
}

void zdd_marathon_pool_give(struct zdd_marathon_pool *pool, struct zdd_fetch *fetch)
{
    pthread_mutex_lock(&pool->lock);
    assert(pool->idle_count < pool->client_count);
    pool->idle[pool->idle_count++] = fetch;
    pthread_cond_signal(&pool->given);
    pthread_mutex_unlock(&pool->lock);
}

struct zdd_fetch *zdd_marathon_pool_stranger(const struct zdd_marathon_pool *pool)
{
    const struct zdd_fetch_auth nobody = {.ca_file = pool->auth.ca_file};

    return zdd_fetch_new(&nobody);
}
