/**
 * @file server/secrets/move.h
 * @brief PRIVATE to server/secrets/: one definition at rest loses its secrets.
 */
#pragma once

#include "server/secrets/inside.h"
#include "storage/rewrite.h"

/** @param[out] ret_changed  true when @p row has other texts now, and has to be written. @return
 * NONE, NO_MEMORY, STORE_CORRUPT (no JSON) or a store error */
ZDD_MUST_CHECK enum zdd_err zdd_secrets_move(const struct zdd_secrets *secrets,
                                             struct zdd_kept_row *row, bool *ret_changed);
