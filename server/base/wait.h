/**
 * @file server/base/wait.h
 * @brief Waiting on a condition until a time of the clock that never jumps.
 */
#pragma once

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

/** A condition for zdd_cond_wait(). */
void zdd_cond_init(pthread_cond_t *cond);

/** Wait for a signal, or until @p until_mono_ms of zdd_mono_ms(); sometimes shorter, as every wait
 * on a condition. @param lock held @return false when the time has come */
bool zdd_cond_wait(pthread_cond_t *cond, pthread_mutex_t *lock, int64_t until_mono_ms);
