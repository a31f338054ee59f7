/**
 * @file storage/lock.h
 * @brief PRIVATE to storage/: one process per database, by flock on "<path>.lock".
 */
#pragma once

#include "storage/store.h"

#include <stddef.h>

#define ZDD_REASON_TEXT_SIZE 300 /* ret_reason of zdd_store_open() */

/**
 * Take the lock, or stand by for it.
 * @param[out] ret_fd  to be closed with zdd_lock_drop(); set on success only
 * @return ZDD_ERR_NONE; ZDD_ERR_STORE_HELD; or why the lock file cannot be made
 */
ZDD_MUST_CHECK enum zdd_err zdd_lock_take(const struct zdd_store_options *options, int *ret_fd,
                                          char ret_reason[static ZDD_REASON_TEXT_SIZE]);
/** Also fine with -1. */
void zdd_lock_drop(int fd);

/** Create the database file with mode 0600 when it does not exist: SQLite would take 0644. */
ZDD_MUST_CHECK enum zdd_err zdd_lock_create(const char *path,
                                            char ret_reason[static ZDD_REASON_TEXT_SIZE]);
