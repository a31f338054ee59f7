/**
 * @file storage/idempotency.h
 * @brief Idempotency-Key: the answer is kept in the transaction of its effect
 * (draft-ietf-httpapi-idempotency-key-header).
 */
#pragma once

#include "storage/store.h"
#include "storage/text.h"
#include "strategies/model/limits.h"

struct zdd_idem {
    const char *owner;     /* the token's id: keys of different callers never meet */
    const char *key;       /* 1..255 bytes */
    const char *operation; /* operationId and path arguments */
    const char *body_hash; /* 64 hex digits: a keyed digest of the body, which may hold secrets */
};
struct zdd_idem_answer {
    char operation[ZDD_APP_ID_SIZE]; /* that the key was used for, whatever the answer is */
    int status;
    char location[300];
    struct zdd_text body;
};

/**
 * @return ZDD_ERR_NONE and the stored answer when this very call was answered before;
 * ZDD_ERR_KEY_REUSED and its operation when the key was used for another one; ZDD_ERR_RUN_UNKNOWN
 * when the key is new; or a store error
 */
ZDD_MUST_CHECK enum zdd_err zdd_idem_find(struct zdd_store *store, const struct zdd_idem *idem,
                                          struct zdd_idem_answer *ret_answer);
/** The same inside a transaction: the last word when two equal calls race. */
ZDD_MUST_CHECK enum zdd_err zdd_idem_find_tx(struct zdd_tx *tx, const struct zdd_idem *idem,
                                             struct zdd_idem_answer *ret_answer);
/** @return ZDD_ERR_NONE; ZDD_ERR_KEY_REUSED when the owner has used the key; or a store error */
ZDD_MUST_CHECK enum zdd_err zdd_idem_keep(struct zdd_tx *tx, const struct zdd_idem *idem,
                                          int status, const char *location, const char *body,
                                          int64_t now_ms);
/** Forget answers older than @p before_ms; at most @p max rows a call. */
ZDD_MUST_CHECK enum zdd_err zdd_idem_prune(struct zdd_tx *tx, int64_t before_ms, int max);
