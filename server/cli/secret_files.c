/**
 * @file server/cli/secret_files.c
 * @brief From settings to the open vault.
 */
#include "server/cli/secret_files.h"

#include "server/cli/cli.h"
#include "server/secrets/globs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Wiped once it is read, out of what /proc shows of us, too. */
static bool read_environment(struct zdd_secret_keys *ret_keys)
{
    char *text = getenv(ZDD_SECRET_KEY_ENV);
    char why[ZDD_SECRET_KEYS_WHY_SIZE];
    bool good;

    if (!text || !*text)
        return true;
    good = zdd_secret_keys_parse(text, strlen(text), ret_keys, why);
    if (!good)
        zdd_cli_say(ZDD_SECRET_KEY_ENV ": %s", why);
    zdd_wipe(text, strlen(text));
    return good;
}

/* @param[out] ret_keys  count 0: none is configured. @return false after saying what is wrong */
static bool read_keys(const struct zdd_config *config, struct zdd_secret_keys *ret_keys)
{
    char why[ZDD_SECRET_KEYS_WHY_SIZE];

    if (!read_environment(ret_keys))
        return false;
    if (!*config->secrets_key_file)
        return true;
    if (ret_keys->count > 0) {
        zdd_cli_say(
            "the key of the secrets is given twice, by secrets-key-file and by " ZDD_SECRET_KEY_ENV
            ": keep one");
        return false;
    }
    if (zdd_secret_keys_load(config->secrets_key_file, ret_keys, why))
        return true;
    zdd_cli_say("secrets-key-file: %s", why);
    return false;
}

struct zdd_secret_keys *zdd_secret_files_read(const struct zdd_config *config)
{
    struct zdd_secret_keys *keys = zdd_guarded_new(sizeof(*keys));
    struct zdd_globs globs;
    const char *wrong = zdd_globs_read(config->secret_names, &globs);

    if (wrong)
        zdd_cli_say("secret-names %s", wrong);
    else if (!keys)
        zdd_cli_say("%s", zdd_err_text(ZDD_ERR_NO_MEMORY));
    else if (read_keys(config, keys))
        return keys;
    return zdd_guarded_free(keys);
}

bool zdd_secret_files_open(const struct zdd_config *config, const struct zdd_secret_keys *keys,
                           struct zdd_store *store, struct zdd_secrets **ret_secrets)
{
    const struct zdd_secrets_options options = {
        .store = store, .patterns = config->secret_names, .keys = keys};
    char reason[ZDD_SECRETS_REASON_SIZE];
    const enum zdd_err err = zdd_secrets_open(&options, ret_secrets, reason);

    if (err != ZDD_ERR_NONE)
        zdd_cli_say("%s", reason);
    return err == ZDD_ERR_NONE;
}
