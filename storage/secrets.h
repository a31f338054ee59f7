/**
 * @file storage/secrets.h
 * @brief The vault at rest: values that definitions have markers for, sealed or as they are.
 *
 * The folder looks into neither values nor markers; server/secrets does.
 */
#pragma once

#include "storage/store.h"
#include "strategies/model/limits.h"

#include <stdbool.h>
#include <stddef.h>

#define ZDD_SECRET_DIGEST_SIZE 33 /* 32 hex digits and NUL */
#define ZDD_SEAL_ID_SIZE 17       /* 16 hex digits and NUL */

/** One value; `value` is owned. */
struct zdd_secret {
    char digest[ZDD_SECRET_DIGEST_SIZE];
    char sealed_by[ZDD_SEAL_ID_SIZE]; /* "": the value as it is */
    unsigned char *value;
    size_t size;
};
void zdd_secret_release(struct zdd_secret *secret);
#define ZDD_AUTO_SECRET __attribute__((cleanup(zdd_secret_release)))

/** Values of one app, or of one pair. All zero is an empty one. */
struct zdd_secrets_kept {
    char app_id[ZDD_APP_ID_SIZE]; /* of a pair, its name */
    struct zdd_secret *secret;    /* owned, like what is in it */
    size_t count, room;
};
void zdd_secrets_kept_release(struct zdd_secrets_kept *kept);
#define ZDD_AUTO_SECRETS_KEPT __attribute__((cleanup(zdd_secrets_kept_release)))

/** @return the one with @p digest, borrowed; NULL: there is none */
const struct zdd_secret *zdd_secrets_kept_find(const struct zdd_secrets_kept *kept,
                                               const char *digest);
/** Add @p secret, whose value goes over; one that is there already is dropped. @return NONE or
 * NO_MEMORY: then the value is released, too */
ZDD_MUST_CHECK enum zdd_err zdd_secrets_kept_add(struct zdd_secrets_kept *kept,
                                                 struct zdd_secret *secret);

/** Move all of @p from, of the same app or pair, into @p kept. @return NONE or NO_MEMORY */
ZDD_MUST_CHECK enum zdd_err zdd_secrets_kept_join(struct zdd_secrets_kept *kept,
                                                  struct zdd_secrets_kept *from);

/** Write all of @p kept; what is in the vault already stays as it is. */
ZDD_MUST_CHECK enum zdd_err zdd_secrets_write(struct zdd_tx *tx,
                                              const struct zdd_secrets_kept *kept);
/** @param[out] ret_secret  all zero when the vault has no such value: then it is released already
 */
ZDD_MUST_CHECK enum zdd_err zdd_secret_find(struct zdd_store *store, const char *app_id,
                                            const char *digest, struct zdd_secret *ret_secret);

/** A row of the vault, for those who seal anew. */
struct zdd_secret_row {
    char app_id[ZDD_APP_ID_SIZE];
    struct zdd_secret secret;
};
/** The first row behind @p after_app_id and @p after_digest that is not sealed by @p sealed_by;
 * ret_row->app_id is "" when there is none. */
ZDD_MUST_CHECK enum zdd_err zdd_secret_next_other(struct zdd_store *store, const char *sealed_by,
                                                  const char *after_app_id,
                                                  const char *after_digest,
                                                  struct zdd_secret_row *ret_row);
/** Replace a row's value. */
ZDD_MUST_CHECK enum zdd_err zdd_secret_replace(struct zdd_tx *tx, const struct zdd_secret_row *row);

/** What the vault says about itself. */
struct zdd_vault {
    bool exists;
    char sealed_by[ZDD_SEAL_ID_SIZE]; /* of the digest key; "": as it is */
    unsigned char digest_key[96];     /* or what it is sealed as */
    size_t digest_key_size;
    char rules[80];
    bool residue;
};
ZDD_MUST_CHECK enum zdd_err zdd_vault_load(struct zdd_store *store, struct zdd_vault *ret_vault);
ZDD_MUST_CHECK enum zdd_err zdd_vault_save(struct zdd_tx *tx, const struct zdd_vault *vault);

/**
 * Write the file anew without its free pages and cut its log off: what was moved or sealed stands
 * there no more. Needs as much room again as the file has; nobody may read or write meanwhile.
 */
ZDD_MUST_CHECK enum zdd_err zdd_store_wring(struct zdd_store *store);
