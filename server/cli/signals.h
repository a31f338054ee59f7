/**
 * @file server/cli/signals.h
 * @brief SIGTERM and SIGINT: the first asks the server to stop, the second ends it at once.
 */
#pragma once

#include <stdbool.h>

/**
 * Block both signals in this thread and all it starts later, and wait for them in a thread.
 * Once per process, before any other thread.
 * @return false when the system has no thread
 */
bool zdd_signals_start(void);

/** End the thread; both signals stay blocked. Once, after zdd_signals_start() returned true. */
void zdd_signals_stop(void);

/** Wait until the first signal came. @return its number */
int zdd_signals_wait(void);

/** @return a flag that becomes true with the first signal; static storage; read it with
 * __atomic_load_n() */
const bool *zdd_signals_flag(void);
