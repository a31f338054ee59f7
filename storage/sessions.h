/**
 * @file storage/sessions.h
 * @brief Who has logged in to the dashboard: cookies at rest, as SHA-256 only.
 *
 * A session is a token in another form: it may what the token may, and ends with it at the latest.
 */
#pragma once

#include "storage/tokens.h"

#define ZDD_SESSION_HASH_SIZE 65
#define ZDD_SESSION_MAX 32 /* of one token at once: one more ends the oldest */

struct zdd_session {
    char hash[ZDD_SESSION_HASH_SIZE]; /* of the cookie's text, 64 digits */
    char token_id[ZDD_ID_SIZE];
    int64_t created_at_ms, expires_at_ms;
};

/** Add a session; those that have expired by its created_at_ms go. @return ZDD_ERR_NONE or a store
 * error */
ZDD_MUST_CHECK enum zdd_err zdd_session_insert(struct zdd_tx *tx,
                                               const struct zdd_session *session);

/**
 * @param[out] ret_token  the session's token; its expires_at_ms is that of what ends first
 * @return ZDD_ERR_NONE; ZDD_ERR_SESSION_UNKNOWN (none, or it or its token has ended at @p now_ms);
 * or a store error
 */
ZDD_MUST_CHECK enum zdd_err zdd_session_find(struct zdd_store *store, const char *hash_hex,
                                             int64_t now_ms, struct zdd_token *ret_token);

/** End a session; one that is unknown has ended. @return ZDD_ERR_NONE or a store error */
ZDD_MUST_CHECK enum zdd_err zdd_session_delete(struct zdd_tx *tx, const char *hash_hex);
