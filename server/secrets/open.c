/**
 * @file server/secrets/open.c
 * @brief Opening the vault, and what it is opened with.
 */
#include "server/base/cleanup.h"
#include "server/secrets/inside.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

_Static_assert(ZDD_SEAL_ID_SIZE == ZDD_KEY_ID_SIZE, "rows tell the key by its id");
_Static_assert(ZDD_SECRET_DIGEST_SIZE == ZDD_KEYED_DIGEST_SIZE, "rows are found by the digest");
_Static_assert(sizeof(((struct zdd_vault *)0)->digest_key) >= ZDD_KEY_BYTES + ZDD_SEAL_BYTES,
               "a sealed key has room");

struct zdd_secrets *zdd_secrets_free(struct zdd_secrets *secrets)
{
    if (secrets)
        zdd_guarded_free(secrets->keys);
    free(secrets);
    return NULL;
}

const char *zdd_secrets_sealer(const struct zdd_secrets *secrets)
{
    return secrets->keys->seal.count > 0 ? secrets->keys->seal.item[0].id : "";
}

enum zdd_err zdd_secrets_seal(const struct zdd_secrets *secrets, const void *value, size_t size,
                              struct zdd_secret *ret_secret)
{
    const bool seals = secrets->keys->seal.count > 0;

    ret_secret->size = size + (seals ? ZDD_SEAL_BYTES : 0);
    ret_secret->value = calloc(1, ret_secret->size + 1);
    if (!ret_secret->value)
        return ZDD_ERR_NO_MEMORY;
    snprintf(ret_secret->sealed_by, sizeof(ret_secret->sealed_by), "%s",
             zdd_secrets_sealer(secrets));
    if (seals)
        zdd_seal(&secrets->keys->seal.item[0].key, value, size, ret_secret->value);
    else
        memcpy(ret_secret->value, value, size);
    return ZDD_ERR_NONE;
}

enum zdd_err zdd_secrets_unseal(const struct zdd_secrets *secrets, const struct zdd_secret *secret,
                                char **ret_value, size_t *ret_size)
{
    const struct zdd_key *key = zdd_secret_keys_find(&secrets->keys->seal, secret->sealed_by);
    const bool sealed = *secret->sealed_by != '\0';
    char *value;

    if (sealed && (!key || secret->size < ZDD_SEAL_BYTES))
        return ZDD_ERR_STORE_CORRUPT;
    value = calloc(1, secret->size + 1);
    if (!value)
        return ZDD_ERR_NO_MEMORY;
    if (!sealed) {
        memcpy(value, secret->value, secret->size);
    } else if (!zdd_unseal(key, secret->value, secret->size, value)) {
        free(value);
        return ZDD_ERR_STORE_CORRUPT;
    }
    *ret_size = secret->size - (sealed ? ZDD_SEAL_BYTES : 0);
    *ret_value = value;
    return ZDD_ERR_NONE;
}

void zdd_secrets_digest(const struct zdd_secrets *secrets, const char *scope, const char *name,
                        const char *value, char ret_digest[static ZDD_SECRET_DIGEST_SIZE])
{
    const char *const texts[] = {"secret", scope, name, value};

    zdd_keyed_digest(&secrets->keys->digest, texts, ZDD_COUNT(texts), ret_digest);
}

void zdd_secrets_body_digest(const struct zdd_secrets *secrets, const char *sha256_hex,
                             char ret_hex[static ZDD_SHA256_HEX_SIZE])
{
    const char *const first[] = {"body", sha256_hex};
    const char *const second[] = {"body, the other half", sha256_hex};

    zdd_keyed_digest(&secrets->keys->digest, first, ZDD_COUNT(first), ret_hex);
    zdd_keyed_digest(&secrets->keys->digest, second, ZDD_COUNT(second),
                     ret_hex + ZDD_KEYED_DIGEST_SIZE - 1);
}

/* A vault that is written once. */
struct founding {
    struct zdd_vault vault;
    struct zdd_secrets *secrets;
};

static enum zdd_err write_vault(struct zdd_tx *tx, void *cls)
{
    const struct founding *founding = cls;

    return zdd_vault_save(tx, &founding->vault);
}

static enum zdd_err found(struct zdd_secrets *secrets)
{
    struct founding founding = {.secrets = secrets};
    struct zdd_secret sealed = {0};
    enum zdd_err err;

    zdd_random(&secrets->keys->digest, sizeof(secrets->keys->digest));
    err = zdd_secrets_seal(secrets, &secrets->keys->digest, sizeof(secrets->keys->digest), &sealed);
    if (err != ZDD_ERR_NONE)
        return err;
    memcpy(founding.vault.digest_key, sealed.value, sealed.size);
    founding.vault.digest_key_size = sealed.size;
    memcpy(founding.vault.sealed_by, sealed.sealed_by, sizeof(sealed.sealed_by));
    zdd_secret_release(&sealed);
    err = zdd_store_write(secrets->store, write_vault, &founding);
    zdd_wipe(&founding, sizeof(founding));
    return err;
}

static enum zdd_err refuse_key(const struct zdd_secrets *secrets, const char *sealed_by,
                               char *ret_reason)
{
    if (secrets->keys->seal.count == 0)
        snprintf(
            ret_reason, ZDD_SECRETS_REASON_SIZE,
            "The secrets in this database are encrypted (key id %s), and no key is "
            "configured: say where it is by secrets-key-file (ZDD_SECRETS_KEY_FILE) or give it "
            "as " ZDD_SECRET_KEY_ENV ". Nothing was changed.",
            sealed_by);
    else
        snprintf(
            ret_reason, ZDD_SECRETS_REASON_SIZE,
            "The secrets in this database are encrypted with another key (key id %s) than the "
            "%zu configured (the first has id %s): add the former key in a line behind the new "
            "one. Nothing was changed.",
            sealed_by, secrets->keys->seal.count, zdd_secrets_sealer(secrets));
    return ZDD_ERR_BODY_INVALID;
}

static enum zdd_err take_key(struct zdd_secrets *secrets, const struct zdd_vault *vault,
                             char *ret_reason)
{
    struct zdd_secret sealed = {.size = vault->digest_key_size,
                                .value = (unsigned char *)(uintptr_t)vault->digest_key};
    char *value = NULL;
    size_t size = 0;
    enum zdd_err err;

    memcpy(sealed.sealed_by, vault->sealed_by, sizeof(sealed.sealed_by));
    if (*sealed.sealed_by && !zdd_secret_keys_find(&secrets->keys->seal, sealed.sealed_by))
        return refuse_key(secrets, sealed.sealed_by, ret_reason);
    err = zdd_secrets_unseal(secrets, &sealed, &value, &size);
    if (err == ZDD_ERR_NONE && size != sizeof(secrets->keys->digest))
        err = ZDD_ERR_STORE_CORRUPT;
    if (err == ZDD_ERR_NONE)
        memcpy(&secrets->keys->digest, value, sizeof(secrets->keys->digest));
    if (value)
        zdd_wipe(value, size);
    free(value);
    return err;
}

const char *zdd_secrets_remedy(enum zdd_err err)
{
    return err == ZDD_ERR_STORE_CORRUPT ? " Keep a copy of it and restore a backup." : "";
}

static enum zdd_err open_vault(struct zdd_secrets *secrets, char *ret_reason)
{
    struct zdd_vault vault;
    enum zdd_err err = zdd_vault_load(secrets->store, &vault);

    if (err == ZDD_ERR_NONE)
        err = vault.exists ? take_key(secrets, &vault, ret_reason) : found(secrets);
    zdd_wipe(&vault, sizeof(vault));
    if (err != ZDD_ERR_NONE && !*ret_reason)
        snprintf(ret_reason, ZDD_SECRETS_REASON_SIZE, "The vault of secrets cannot be opened: %s%s",
                 zdd_err_text(err), zdd_secrets_remedy(err));
    return err;
}

/* Other patterns, other rules: then what is at rest is redacted anew. */
static void name_rules(struct zdd_secrets *secrets, const char *patterns)
{
    static const char begin[] = ZDD_RULES_VERSION ":";
    const size_t size = strlen(begin);

    memcpy(secrets->rules, begin, size);
    zdd_sha256_hex(patterns, strlen(patterns), secrets->rules + size);
}

enum zdd_err zdd_secrets_open(const struct zdd_secrets_options *options,
                              struct zdd_secrets **ret_secrets,
                              char ret_reason[static ZDD_SECRETS_REASON_SIZE])
{
    struct zdd_secrets *secrets = calloc(1, sizeof(*secrets));
    const char *wrong;
    enum zdd_err err = ZDD_ERR_NO_MEMORY;

    ret_reason[0] = '\0';
    if (secrets)
        secrets->keys = zdd_guarded_new(sizeof(*secrets->keys));
    if (!secrets || !secrets->keys) {
        snprintf(ret_reason, ZDD_SECRETS_REASON_SIZE, "%s", zdd_err_text(err));
        zdd_secrets_free(secrets);
        return err;
    }
    secrets->store = options->store;
    if (options->keys)
        secrets->keys->seal = *options->keys;
    name_rules(secrets, options->patterns);
    wrong = zdd_globs_read(options->patterns, &secrets->globs);
    if (wrong) {
        snprintf(ret_reason, ZDD_SECRETS_REASON_SIZE, "secret-names %s", wrong);
        err = ZDD_ERR_BODY_INVALID;
    } else {
        err = open_vault(secrets, ret_reason);
    }
    if (err == ZDD_ERR_NONE)
        *ret_secrets = secrets;
    else
        zdd_secrets_free(secrets);
    return err;
}
