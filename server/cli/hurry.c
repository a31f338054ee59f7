/**
 * @file server/cli/hurry.c
 * @brief A timer of one shot.
 */
#include "server/cli/hurry.h"

#include "server/base/clock.h"
#include "server/cli/cli.h"
#include "server/net/fetch.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define STUCK_MS 10000 /* cut calls end within a second; what lasts longer will never end */

struct zdd_hurry {
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t called_off;
    bool done;
    int64_t at_ms; /* monotonic */
};

/* Wait until the monotonic time @p at_ms. @return false when it was called off before */
static bool wait_until(struct zdd_hurry *hurry, int64_t at_ms)
{
    const struct timespec at = {.tv_sec = (time_t)(at_ms / 1000),
                                .tv_nsec = (long)(at_ms % 1000) * 1000000};
    int waited = 0;

    while (!hurry->done && waited != ETIMEDOUT)
        waited = pthread_cond_timedwait(&hurry->called_off, &hurry->lock, &at);
    return !hurry->done;
}

static void *run(void *cls)
{
    struct zdd_hurry *hurry = cls;

    pthread_mutex_lock(&hurry->lock);
    if (wait_until(hurry, hurry->at_ms)) {
        zdd_fetch_stop_all();
        if (wait_until(hurry, hurry->at_ms + STUCK_MS)) {
            zdd_cli_say("stopping took too long, ending now; the next start resumes what was under "
                        "way");
            _exit(ZDD_EXIT_FAILED);
        }
    }
    pthread_mutex_unlock(&hurry->lock);
    return NULL;
}

static void init(struct zdd_hurry *hurry)
{
    pthread_condattr_t monotonic;

    pthread_mutex_init(&hurry->lock, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&hurry->called_off, &monotonic);
    pthread_condattr_destroy(&monotonic);
}

static void release(struct zdd_hurry *hurry)
{
    pthread_cond_destroy(&hurry->called_off);
    pthread_mutex_destroy(&hurry->lock);
    free(hurry);
}

struct zdd_hurry *zdd_hurry_start(int64_t after_ms)
{
    struct zdd_hurry *hurry = calloc(1, sizeof(*hurry));

    if (hurry) {
        init(hurry);
        hurry->at_ms = zdd_mono_ms() + after_ms;
        if (pthread_create(&hurry->thread, NULL, run, hurry) == 0)
            return hurry;
        release(hurry);
    }
    zdd_fetch_stop_all();
    return NULL;
}

struct zdd_hurry *zdd_hurry_free(struct zdd_hurry *hurry)
{
    if (!hurry)
        return NULL;
    pthread_mutex_lock(&hurry->lock);
    hurry->done = true;
    pthread_cond_signal(&hurry->called_off);
    pthread_mutex_unlock(&hurry->lock);
    pthread_join(hurry->thread, NULL);
    release(hurry);
    return NULL;
}
