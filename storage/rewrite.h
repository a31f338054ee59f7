/**
 * @file storage/rewrite.h
 * @brief Definitions at rest, walked through and written again: for those who take secrets out.
 *
 * Nothing else changes what was written once.
 */
#pragma once

#include "storage/plans.h"
#include "storage/store.h"
#include "storage/text.h"
#include "strategies/model/limits.h"

#include <stdbool.h>
#include <stdint.h>

/** A plan or a revision with the texts that hold definitions. */
struct zdd_kept_row {
    bool is_revision;
    int64_t no; /* in the order of arrival; of a revision its row */
    char app_id[ZDD_APP_ID_SIZE];
    char digest[ZDD_DIGEST_SIZE];
    struct zdd_plan_texts texts; /* owned; of a revision `target` is the definition */
};
void zdd_kept_row_release(struct zdd_kept_row *row);

/** The first plan, or revision, behind number @p after; ret_row->no is 0 when there is none. */
ZDD_MUST_CHECK enum zdd_err zdd_kept_next(struct zdd_store *store, bool revisions, int64_t after,
                                          struct zdd_kept_row *ret_row);
/** Write texts, digest and the values of row->texts.secrets. */
ZDD_MUST_CHECK enum zdd_err zdd_kept_replace(struct zdd_tx *tx, const struct zdd_kept_row *row);

/** Answers that were kept for Idempotency-Key show the plans as they are now; with @p rehash, which
 * writes 64 hex digits and NUL, all digests of bodies are made anew. */
ZDD_MUST_CHECK enum zdd_err
zdd_idem_rewrite(struct zdd_tx *tx, void (*rehash)(void *cls, const char *old, char *ret_new),
                 void *cls);

/** Put @p instead in place of @p text wherever events, steps, orders and errors of deployments
 * quote it, of apps whose id begins with @p app_id. The audit's chain is not rewritten: @param[out]
 * ret_audited  so many entries quote it */
ZDD_MUST_CHECK enum zdd_err zdd_quotes_replace(struct zdd_tx *tx, const char *app_id,
                                               const char *text, const char *instead,
                                               int64_t *ret_audited);
