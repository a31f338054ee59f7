/**
 * @file server/cli/check_config.c
 * @brief check-config: what would be used, and from where.
 */
#include "server/base/cleanup.h"
#include "server/cli/balancers.h"
#include "server/cli/cli.h"
#include "server/cli/secret_files.h"
#include "server/cli/settings.h"
#include "server/cli/tls_files.h"
#include "server/config/config_print.h"
#include "server/config/credentials.h"

#include <stdio.h>

/* Whether the listener's certificate and key can be used together. */
static bool check_listener(const struct zdd_config *config)
{
    struct zdd_tls *tls;
    const bool good = zdd_tls_files_open(config, &tls);

    zdd_tls_free(tls);
    return good;
}

static bool check_secrets(const struct zdd_config *config, struct zdd_buf *buf)
{
    struct zdd_secret_keys *keys = zdd_secret_files_read(config);

    if (!keys)
        return false;
    if (keys->count > 0)
        zdd_buf_printf(buf, "# Secrets are encrypted with the key %s, the first of %zu\n",
                       keys->item[0].id, keys->count);
    zdd_guarded_free(keys);
    return true;
}

/* What the settings point to, balancers too. @return false after saying what is wrong */
static bool check_files(const struct zdd_config *config, struct zdd_buf *buf)
{
    struct zdd_credentials credentials;
    char why[ZDD_CREDENTIALS_WHY_SIZE];
    bool good = true;

    if (config->marathon_auth_file[0]) {
        if (zdd_credentials_read(config->marathon_auth_file, &credentials, why)) {
            zdd_buf_printf(buf, "# Marathon's credentials are set: %s\n",
                           credentials.basic[0] ? "user and password" : "an Authorization header");
        } else {
            zdd_cli_say("%s", why);
            good = false;
        }
    }
    good = zdd_cli_origins_check(config) && good;
    good = check_secrets(config, buf) && good;
    good = zdd_tls_files_check(config) && check_listener(config) && good;
    good = zdd_balancers_check(config) && good;
    return zdd_balancers_probe(config) && good;
}

int zdd_cli_check_config(int argc, char *const *argv)
{
    const char *sample = NULL;
    const struct zdd_option more = {
        "sample", NULL, "Print a settings file with every setting explained, and nothing else.",
        &sample};
    ZDD_AUTO_FREE struct zdd_config *config = calloc(1, sizeof(*config));
    ZDD_AUTO_BUF struct zdd_buf buf = {0};
    struct zdd_settings_line line;
    bool good;
    int code;

    if (!config)
        return ZDD_EXIT_FAILED;
    if (!zdd_settings_parse("check-config",
                            "Read the settings as serve would, and show each with where it came "
                            "from.\nExit code 2 when one is wrong.",
                            &more, argc, argv, &line))
        return line.exit;
    if (sample) {
        zdd_config_print_sample(&buf);
        return zdd_cli_print(&buf);
    }
    if (!zdd_cli_settings(line.value, line.file, config))
        return ZDD_EXIT_USAGE;
    zdd_config_print(config, zdd_cli_settings_file(line.file), &buf);
    good = check_files(config, &buf);
    code = zdd_cli_print(&buf);
    return good ? code : ZDD_EXIT_USAGE;
}
