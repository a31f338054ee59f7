/**
 * @file server/api/passes.h
 * @brief Tokens and sessions that were found lately: each call has one, and few differ.
 *
 * One of this table is refused at once when a transaction of this process changes any of
 * them, and when it expires; when another process revokes it, after ZDD_TOKEN_KEPT_MS at the
 * latest, which `zdd-server token revoke` waits for. What is not known is asked for each time, and
 * not kept.
 */
#pragma once

#include "storage/tokens.h"

struct zdd_passes;

/** @return NULL without memory */
struct zdd_passes *zdd_passes_new(struct zdd_store *store);
/** NULL is fine. @return NULL */
struct zdd_passes *zdd_passes_free(struct zdd_passes *passes);

/** What a caller shows. */
enum zdd_pass { ZDD_PASS_TOKEN, ZDD_PASS_SESSION };

/**
 * Whose token or session is this? From any thread.
 * @param secret  as the caller sent it
 * @param now_ms  UTC milliseconds, for its expiry
 * @return as zdd_token_find() or zdd_session_find()
 */
ZDD_MUST_CHECK enum zdd_err zdd_passes_find(struct zdd_passes *passes, enum zdd_pass kind,
                                            const char *secret, int64_t now_ms,
                                            struct zdd_token *ret_token);

/** The same for the hash of what was shown, and never from memory: what any process has revoked
 * before the call is unknown. */
ZDD_MUST_CHECK enum zdd_err zdd_passes_ask_hash(struct zdd_passes *passes, enum zdd_pass kind,
                                                const char *hash, int64_t now_ms,
                                                struct zdd_token *ret_token);

/** The same for the hash of what was shown. */
ZDD_MUST_CHECK enum zdd_err zdd_passes_find_hash(struct zdd_passes *passes, enum zdd_pass kind,
                                                 const char *hash, int64_t now_ms,
                                                 struct zdd_token *ret_token);
