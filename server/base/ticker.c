/**
 * @file server/base/ticker.c
 * @brief Rest, tick, rest, tick.
 */
#include "server/base/ticker.h"

#include "server/base/clock.h"
#include "server/base/wait.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>

struct zdd_ticker {
    zdd_tick *tick;
    void *cls;
    int64_t first_ms;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t stop;
    bool stopping; /* under the lock */
};

/* @return false when it is time to end */
static bool rest(struct zdd_ticker *ticker, int64_t ms)
{
    const int64_t until_ms = zdd_mono_ms() + ms;
    bool goes_on;

    pthread_mutex_lock(&ticker->lock);
    while (!ticker->stopping && zdd_cond_wait(&ticker->stop, &ticker->lock, until_ms))
        ; /* woken for nothing */
    goes_on = !ticker->stopping;
    pthread_mutex_unlock(&ticker->lock);
    return goes_on;
}

static void *run(void *cls)
{
    struct zdd_ticker *ticker = cls;
    int64_t ms = ticker->first_ms;

    while (rest(ticker, ms))
        ms = ticker->tick(ticker->cls);
    return NULL;
}

static void release(struct zdd_ticker *ticker)
{
    pthread_cond_destroy(&ticker->stop);
    pthread_mutex_destroy(&ticker->lock);
    free(ticker);
}

struct zdd_ticker *zdd_ticker_start(zdd_tick *tick, void *cls, int64_t first_ms)
{
    struct zdd_ticker *ticker = calloc(1, sizeof(*ticker));

    if (!ticker)
        return NULL;
    *ticker = (struct zdd_ticker){.tick = tick, .cls = cls, .first_ms = first_ms};
    pthread_mutex_init(&ticker->lock, NULL);
    zdd_cond_init(&ticker->stop);
    if (pthread_create(&ticker->thread, NULL, run, ticker) == 0)
        return ticker;
    release(ticker);
    return NULL;
}

struct zdd_ticker *zdd_ticker_free(struct zdd_ticker *ticker)
{
    if (!ticker)
        return NULL;
    pthread_mutex_lock(&ticker->lock);
    ticker->stopping = true;
    pthread_cond_signal(&ticker->stop);
    pthread_mutex_unlock(&ticker->lock);
    pthread_join(ticker->thread, NULL);
    release(ticker);
    return NULL;
}
