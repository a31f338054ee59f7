/**
 * @file server/secrets/inside.h
 * @brief PRIVATE to server/secrets/: what the open vault is made of.
 */
#pragma once

#include "server/secrets/globs.h"
#include "server/secrets/places.h"
#include "server/secrets/secrets.h"

#define ZDD_RULES_VERSION "1" /* counts on when places.c finds more: then all is redacted anew */

/** In guarded memory. */
struct zdd_vault_keys {
    struct zdd_key digest;
    struct zdd_secret_keys seal; /* none: count 0 */
};

struct zdd_secrets {
    struct zdd_store *store;
    struct zdd_globs globs;
    struct zdd_vault_keys *keys;
    char rules[80]; /* what stands in the vault when all was redacted by them */
};

/** Where a value belongs, and what it is called there. */
struct zdd_secret_at {
    const char *scope, *name, *digest;
};

/** @return a sentence behind the words of @p err, with a blank before it, or "" */
const char *zdd_secrets_remedy(enum zdd_err err);

/** @return the id of the key that seals, "" for none */
const char *zdd_secrets_sealer(const struct zdd_secrets *secrets);

/** Fill @p ret_secret with @p value, sealed if there is a key. @return NONE or NO_MEMORY */
ZDD_MUST_CHECK enum zdd_err zdd_secrets_seal(const struct zdd_secrets *secrets, const void *value,
                                             size_t size, struct zdd_secret *ret_secret);
/** @param[out] ret_value  to be wiped and freed, with a NUL behind it. @return NONE; STORE_CORRUPT
 * when no key opens it; NO_MEMORY */
ZDD_MUST_CHECK enum zdd_err zdd_secrets_unseal(const struct zdd_secrets *secrets,
                                               const struct zdd_secret *secret, char **ret_value,
                                               size_t *ret_size);

/** Look for what @p digest stands for at @p name, in @p kept (or NULL) or in the vault.
 * @param[out] ret_value  to be wiped and freed. @return NONE; STORE_CORRUPT when there is none, or
 * it is another app's or name's; NO_MEMORY or a store error */
ZDD_MUST_CHECK enum zdd_err zdd_secrets_find(const struct zdd_secrets *secrets,
                                             const struct zdd_secrets_kept *kept,
                                             const struct zdd_secret_at *at, char **ret_value);

/** The digest of @p value, which ends in NUL. */
void zdd_secrets_digest(const struct zdd_secrets *secrets, const char *scope, const char *name,
                        const char *value, char ret_digest[static ZDD_SECRET_DIGEST_SIZE]);
