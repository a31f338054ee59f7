/**
 * @file server/api/passes.h
 * @brief Tokens that were found lately: each call has one, and few differ.
 *
 * A token of this table is refused at once when a transaction of this process changes any token,
 * and when it expires; when another process revokes it, after ZDD_TOKEN_KEPT_MS at the latest,
 * which `zdd-server token revoke` waits for. What is not known is asked for each time, and not
 * kept.
 */
#pragma once

#include "storage/tokens.h"

struct zdd_passes;

/** @return NULL without memory */
struct zdd_passes *zdd_passes_new(struct zdd_store *store);
/** NULL is fine. @return NULL */
struct zdd_passes *zdd_passes_free(struct zdd_passes *passes);

/**
 * Whose token is this? From any thread.
 * @param token   as the caller sent it
 * @param now_ms  UTC milliseconds, for its expiry
 * @return as zdd_token_find()
 */
ZDD_MUST_CHECK enum zdd_err zdd_passes_find(struct zdd_passes *passes, const char *token,
                                            int64_t now_ms, struct zdd_token *ret_token);
