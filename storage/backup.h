/**
 * @file storage/backup.h
 * @brief A copy of the database as it is at one moment, while others write.
 */
#pragma once

#include "storage/store.h"

/**
 * Copy the database to the new file @p to, which is complete as soon as it has that name:
 * it is written under "<to>.part", put on the disk, and renamed.
 *
 * @param store       opened read-only or not; other processes may write meanwhile
 * @param[out] ret_reason one sentence on failure
 * @return ZDD_ERR_NONE; ZDD_ERR_STORE_HELD when @p to or "<to>.part" exists already; else a store
 *         error
 */
ZDD_MUST_CHECK enum zdd_err zdd_store_backup(struct zdd_store *store, const char *to,
                                             char ret_reason[static 300]);
