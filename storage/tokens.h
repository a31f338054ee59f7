/**
 * @file storage/tokens.h
 * @brief Bearer tokens at rest: only their SHA-256 is kept.
 */
#pragma once

#include "storage/store.h"
#include "strategies/model/limits.h"

/** One bit per scope; names are public. */
enum zdd_scope {
    ZDD_SCOPE_READ = 1,
    ZDD_SCOPE_PLAN = 2,
    ZDD_SCOPE_DEPLOY = 4,
    ZDD_SCOPE_PROMOTE = 8,
    ZDD_SCOPE_ABORT = 16,
    ZDD_SCOPE_ADMIN = 32,
    ZDD_SCOPE_ALL = 63
};

/**
 * Whoever keeps a token that was found looks again after that time, measured from before the look:
 * so a process that has revoked one needs to wait only so long until no other one accepts it.
 */
#define ZDD_TOKEN_KEPT_MS 500

struct zdd_token {
    char id[ZDD_ID_SIZE];
    char name[64];                                       /* unique among live tokens */
    unsigned scopes;                                     /* bits of enum zdd_scope */
    char app_prefix[ZDD_APP_ID_SIZE];                    /* "/" is every app */
    int64_t created_at_ms, expires_at_ms, revoked_at_ms; /* 0: never */
};

/** Names of expired and revoked tokens are free.
 * @param hash_hex SHA-256 of the token's text. @return ZDD_ERR_NONE, ZDD_ERR_TOKEN_NAME_TAKEN or a
 * store error */
ZDD_MUST_CHECK enum zdd_err zdd_token_insert(struct zdd_tx *tx, const struct zdd_token *token,
                                             const char *hash_hex);

/** @return ZDD_ERR_NONE; ZDD_ERR_TOKEN_UNKNOWN (none, revoked or expired at @p now_ms); or a store
 * error */
ZDD_MUST_CHECK enum zdd_err zdd_token_find(struct zdd_store *store, const char *hash_hex,
                                           int64_t now_ms, struct zdd_token *ret_token);
ZDD_MUST_CHECK enum zdd_err zdd_token_list(struct zdd_store *store,
                                           bool (*visit)(void *cls, const struct zdd_token *token),
                                           void *cls);
/** @param[out] ret_count  how many have been revoked ever: other processes do that too. @return
 * ZDD_ERR_NONE or a store error */
ZDD_MUST_CHECK enum zdd_err zdd_token_revoked(struct zdd_store *store, int64_t *ret_count);
/** From @p now_ms on it is unknown; the first revocation counts. @return ZDD_ERR_NONE,
 * ZDD_ERR_TOKEN_UNKNOWN or a store error */
ZDD_MUST_CHECK enum zdd_err zdd_token_revoke(struct zdd_tx *tx, const char *id, int64_t now_ms);

const char *zdd_scope_name(enum zdd_scope scope);
/** Read "read,plan,deploy". @return 0 when a word is unknown or the list is empty */
unsigned zdd_scopes_parse(const char *list);
