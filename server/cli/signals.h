/**
 * @file server/cli/signals.h
 * @brief SIGTERM and SIGINT: the first asks the server to stop, the second ends it at once. SIGHUP,
 * where there is something to read again.
 */
#pragma once

#include <stdbool.h>

/**
 * Block these signals in this thread and all it starts later, and wait for them in a thread.
 * Once per process, before any other thread.
 * @param hangups  whether SIGHUP is one of them; else it ends the process, as usual
 * @return false when the system has no thread
 */
bool zdd_signals_start(bool hangups);

/** End the thread; they stay blocked. Once, after zdd_signals_start() returned true. */
void zdd_signals_stop(void);

/** Wait until the first signal came that ends the server. @return its number; or SIGHUP for each
 * time that came before, several in a row perhaps as one */
int zdd_signals_wait(void);

/** @return a flag that becomes true with the first signal; static storage; read it with
 * __atomic_load_n() */
const bool *zdd_signals_flag(void);
