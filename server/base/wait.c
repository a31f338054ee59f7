/**
 * @file server/base/wait.c
 * @brief Conditions on the monotonic clock.
 */
#include "server/base/wait.h"

#include <assert.h>
#include <errno.h>
#include <time.h>

void zdd_cond_init(pthread_cond_t *cond)
{
    pthread_condattr_t monotonic;
    int failed;

    /* They fail for wrong arguments alone: on Linux nothing is allocated. */
    failed = pthread_condattr_init(&monotonic);
    assert(!failed);
    failed = pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    assert(!failed);
    failed = pthread_cond_init(cond, &monotonic);
    assert(!failed);
    pthread_condattr_destroy(&monotonic);
}

bool zdd_cond_wait(pthread_cond_t *cond, pthread_mutex_t *lock, int64_t until_mono_ms)
{
    const struct timespec until = {.tv_sec = (time_t)(until_mono_ms / 1000),
                                   .tv_nsec = (long)(until_mono_ms % 1000) * 1000000};

    return pthread_cond_timedwait(cond, lock, &until) != ETIMEDOUT;
}
