/**
 * @file server/api/post.h
 * @brief What every POST has in common: the idempotency key, the audit entry, the one transaction.
 *
 * A POST is one transaction: the key is looked up again, the effect is written, the audit entry,
 * and the answer under its key. A refusal is no effect: its audit entry alone is written.
 */
#pragma once

#include "server/api/inside.h"
#include "storage/audit.h"
#include "storage/idempotency.h"

#define ZDD_KEY_MAX 255

/** First member of a POST's job. */
struct zdd_post {
    struct zdd_call *call;
    char key[ZDD_KEY_MAX + 1]; /* "" for none */
    char operation[ZDD_APP_ID_SIZE];
    char body_hash[ZDD_SHA256_HEX_SIZE];
    bool replayed;        /* the reply is an earlier one */
    enum zdd_err refusal; /* committed as an audit entry only */
    char location[300];   /* "" for none */
    int64_t etag;         /* revision of the deployment in the reply; -1 for none */
};

/**
 * Read the Idempotency-Key and look for an earlier answer.
 * @return NONE (go on, unless post->replayed: then the reply is ready); QUERY_INVALID (a broken
 *         key); KEY_REUSED; or a store error
 */
ZDD_MUST_CHECK enum zdd_err zdd_post_open(struct zdd_post *post, struct zdd_call *call);

/** The same for a POST without query. @return as zdd_post_open(), or why the query is refused */
ZDD_MUST_CHECK enum zdd_err zdd_post_open_plain(struct zdd_post *post, struct zdd_call *call);

/** The same inside the transaction: the last word when two equal calls race. */
ZDD_MUST_CHECK enum zdd_err zdd_post_find_tx(struct zdd_post *post, struct zdd_tx *tx);

/** Keep the reply, status and location under the key, if there is one. */
ZDD_MUST_CHECK enum zdd_err zdd_post_keep(struct zdd_post *post, struct zdd_tx *tx);

/** Note in the audit that the call was accepted; @p data is a JSON text or "". */
ZDD_MUST_CHECK enum zdd_err zdd_post_accept(struct zdd_post *post, struct zdd_tx *tx,
                                            const char *data);

/** The transaction's outcome is a refusal: note it in the audit. @return NONE, so that the note is
 * committed, or why it cannot be written */
ZDD_MUST_CHECK enum zdd_err zdd_post_refuse(struct zdd_post *post, struct zdd_tx *tx,
                                            enum zdd_err err);

/** Give the body to the store's writer. @return LATER, or why not: then @p done is not called */
ZDD_MUST_CHECK enum zdd_err zdd_post_submit(struct zdd_post *post, zdd_tx_body *body,
                                            void (*done)(void *cls, enum zdd_err err));

/**
 * After everything was read with verdict @p err: a replayed answer goes out by @p done at once,
 * else a worker does @p work. Both get @p post, the first member of its job.
 * @return LATER, or why not: then neither is called
 */
ZDD_MUST_CHECK enum zdd_err zdd_post_go_on(struct zdd_post *post, enum zdd_err err,
                                           void (*work)(void *cls),
                                           void (*done)(void *cls, enum zdd_err err));

/** The same for what needs no worker: the writer carries out @p body. */
ZDD_MUST_CHECK enum zdd_err zdd_post_write(struct zdd_post *post, enum zdd_err err,
                                           zdd_tx_body *body,
                                           void (*done)(void *cls, enum zdd_err err));

/** Answer the call: headers, or the problem. The call is gone after. */
void zdd_post_finish(struct zdd_post *post, enum zdd_err err);

/** @return what the audit calls the operations that change something, by number; NULL after the
 * last */
const char *zdd_post_action(size_t index);

/** Note a refusal that came before any transaction; does not wait. For api.c. */
void zdd_audit_refusal(struct zdd_call *call, enum zdd_err err);
