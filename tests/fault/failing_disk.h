/**
 * @file tests/fault/failing_disk.h
 * @brief A disk below SQLite that fails when it is told to: writes, or what makes them durable.
 */
#pragma once

#include <stdbool.h>

#define DISK_KILLS (-1) /* the process ends there by SIGKILL */

struct disk_fault {
    const char *title;
    bool sync;  /* xSync fails, else xWrite and xTruncate */
    int result; /* what SQLite is told: SQLITE_FULL, SQLITE_IOERR_WRITE, …; or DISK_KILLS */
    int times;  /* in a row */
    int stride; /* for the loop: how far to the next n */
};

/** Once, before a store is opened. Syncs are answered without waiting for the disk. @return false
 * when SQLite refused */
bool disk_install(void);

/** The @p n-th write (or sync; 1 is the next) from here on gets @p fault. */
void disk_fail_at(int n, const struct disk_fault *fault);
/** No failure any more. @return whether the n-th came, and failed */
bool disk_heal(void);
