/**
 * @file tests/fault/failing_memory.h
 * @brief malloc() that fails when it is told to: linked with --wrap, so that only what this
 * program is built of asks here, Jansson (server/json lends it ours) and SQLite.
 */
#pragma once

#include <stdbool.h>

/** Before the first use of SQLite. @return false when SQLite refused */
bool memory_install(void);

/** Whether SQLite's allocations count too; there are thousands. Begins without. */
void memory_with_sqlite(bool with);

/** The @p n-th allocation (1 is the next) from here on fails, of all threads together. */
void memory_fail_at(int n);
/** Count only while inside; a test's own needs do not count. Begins outside. */
void memory_inside(bool inside);
/** No failure any more. @return whether the n-th allocation came, and failed */
bool memory_heal(void);
