/**
 * @file server/cli/secret_files.c
 * @brief From settings to the open vault.
 */
#include "server/cli/secret_files.h"

#include "server/base/log.h"
#include "server/cli/cli.h"
#include "server/cli/signals.h"
#include "server/secrets/globs.h"
#include "server/secrets/settle.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Wiped once it is read, out of what /proc shows of us, too. */
static bool read_environment(struct zdd_secret_keys *ret_keys)
{
    /* Before any other thread exists. NOLINTNEXTLINE(concurrency-mt-unsafe) */
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

static void tell_progress(void *cls, int64_t rows)
{
    char text[24];

    (void)cls;
    snprintf(text, sizeof(text), "%" PRId64, rows);
    zdd_log(ZDD_LOG_INFO, "server.secrets", "rows", text, "text",
            "what is at rest is brought up to date; then this server serves", NULL);
}

/* Only when there was something to do. */
static void tell(const struct zdd_settled *settled)
{
    char definitions[24], sealed[24], audited[24];

    snprintf(definitions, sizeof(definitions), "%" PRId64, settled->definitions);
    snprintf(sealed, sizeof(sealed), "%" PRId64, settled->sealed);
    snprintf(audited, sizeof(audited), "%" PRId64, settled->audited);
    if (settled->definitions + settled->sealed > 0)
        zdd_log(ZDD_LOG_INFO, "server.secrets", "definitions", definitions, "sealed", sealed, NULL);
    if (settled->audited > 0)
        zdd_log(ZDD_LOG_WARN, "server.secrets", "entries", audited, "text",
                "audit entries of before quote a secret; the chain is not rewritten: give that "
                "app new secrets",
                NULL);
    if (settled->wring_err != ZDD_ERR_NONE)
        zdd_log(ZDD_LOG_WARN, "server.secrets", "text",
                "free pages of the database may still hold secrets of before; the next start "
                "writes it anew, which needs as much room as it has",
                "error", zdd_err_slug(settled->wring_err), NULL);
}

bool zdd_secret_files_open(const struct zdd_config *config, const struct zdd_secret_keys *keys,
                           struct zdd_store *store, struct zdd_secrets **ret_secrets)
{
    const struct zdd_secrets_options options = {
        .store = store, .patterns = config->secret_names, .keys = keys};
    char reason[ZDD_SECRETS_REASON_SIZE];
    const struct zdd_settle_watch watch = {.give_up = zdd_signals_flag(), .tell = tell_progress};
    struct zdd_settled settled = {0};
    enum zdd_err err = zdd_secrets_open(&options, ret_secrets, reason);

    if (err == ZDD_ERR_NONE)
        err = zdd_secrets_settle(*ret_secrets, &watch, &settled, reason);
    if (err == ZDD_ERR_NONE)
        tell(&settled);
    if (err != ZDD_ERR_NONE && !__atomic_load_n(watch.give_up, __ATOMIC_RELAXED))
        zdd_cli_say("%s", reason);
    return err == ZDD_ERR_NONE;
}
