/**
 * @file server/secrets/secrets.h
 * @brief Secrets leave definitions where these come in, and go back where they go out.
 *
 * Inlets: a definition in a request, one that Marathon answers, one at rest from before. From
 * there on a definition holds markers, `‹redacted:…›`, which are stored, compared and shown; the
 * same value of the same app and name has the same marker, so a change is seen. The value itself
 * stands in the vault (storage/secrets.h). The one outlet is veil.h: an order to Marathon.
 *
 * Markers are digests with a key of this database over app, name and value: nobody without the key
 * can guess values by them, and none leads to another app's or another variable's value.
 */
#pragma once

#include "server/base/hush.h"
#include "server/json/fields.h"
#include "server/secrets/keys.h"
#include "server/secrets/marker.h"
#include "storage/secrets.h"

struct zdd_secrets;

#define ZDD_SECRETS_REASON_SIZE 600

struct zdd_secrets_options {
    struct zdd_store *store;            /* borrowed */
    const char *patterns;               /* as zdd_globs_read() takes them */
    const struct zdd_secret_keys *keys; /* copied; NULL: values stand in the database as they are */
};

/**
 * Open the vault; a database that has none gets one. Nothing is moved or sealed anew:
 * zdd_secrets_settle() does that.
 * @param[out] ret_reason  on failure: what, which file, what to do
 * @return NONE, BODY_INVALID (wrong patterns, a missing or wrong key), NO_MEMORY or a store error
 */
ZDD_MUST_CHECK enum zdd_err zdd_secrets_open(const struct zdd_secrets_options *options,
                                             struct zdd_secrets **ret_secrets,
                                             char ret_reason[static ZDD_SECRETS_REASON_SIZE]);
/** NULL is fine. @return NULL */
struct zdd_secrets *zdd_secrets_free(struct zdd_secrets *secrets);

/** Whose values: of @p app_id and of all apps of its pair. */
void zdd_secrets_scope(const char *app_id, char ret_scope[static ZDD_APP_ID_SIZE]);

/** How a definition comes in. */
struct zdd_conceal {
    const char *app_id;
    const char *pointer;             /* where it stands: "#/app" */
    struct zdd_secrets_kept *kept;   /* values are added here, sealed; NULL: they are dropped */
    struct zdd_field_errors *errors; /* a caller's request: markers stay, for they stand for values
                                        of before. NULL: Marathon's, where a marker is a text */
    bool at_rest; /* from our own database: a marker stays if it stands for a value of the vault */
};

/** Put markers in place of secrets, in @p definition itself; nobody else may hold it. A merge patch
 * is fine, NULL too. @return NONE, BODY_INVALID with errors, or NO_MEMORY */
ZDD_MUST_CHECK enum zdd_err zdd_secrets_conceal(const struct zdd_secrets *secrets,
                                                const struct zdd_conceal *how, json_t *definition);

/** The same for all apps in an answer of Marathon's below /v2, and for what it quotes about their
 * failed tasks. @param kept  gets the values of the one app that was asked for; NULL: nothing does
 */
ZDD_MUST_CHECK enum zdd_err zdd_secrets_conceal_answer(const struct zdd_secrets *secrets,
                                                       struct zdd_secrets_kept *kept,
                                                       json_t *answer);

/** The same for one of Marathon's app objects. @param secrets  a struct zdd_secrets; so that the
 * adapter can call it without knowing */
ZDD_MUST_CHECK enum zdd_err zdd_secrets_conceal_app(const void *secrets, json_t *app);

/** Every marker in a caller's concealed @p definition has to stand for a value in how->kept or in
 * the vault, of the same app and of the same name. @return NONE, BODY_INVALID with how->errors, or
 * a store error */
ZDD_MUST_CHECK enum zdd_err zdd_secrets_check(const struct zdd_secrets *secrets,
                                              const struct zdd_conceal *how, json_t *definition);

/** A definition as it goes out. */
struct zdd_revealed {
    char *text;                    /* NULL: there was no marker, the text is good as it is */
    struct zdd_unspoken *unspoken; /* its secrets, for zdd_hush() */
    size_t count, room;
};
void zdd_revealed_release(struct zdd_revealed *revealed);
#define ZDD_AUTO_REVEALED __attribute__((cleanup(zdd_revealed_release)))

/** Put the values of @p app_id back into @p text, JSON of a definition or NULL; what was in
 * @p revealed before is kept as unspoken. @return NONE; STORE_CORRUPT when one is not in the vault;
 * NO_MEMORY or a store error */
ZDD_MUST_CHECK enum zdd_err zdd_secrets_reveal(const struct zdd_secrets *secrets,
                                               const char *app_id, const char *text,
                                               struct zdd_revealed *revealed);

/** The digest of a request's body, for Idempotency-Key: one that others cannot try bodies against.
 * @param sha256_hex  of the body */
void zdd_secrets_body_digest(const struct zdd_secrets *secrets, const char *sha256_hex,
                             char ret_hex[static ZDD_SHA256_HEX_SIZE]);
