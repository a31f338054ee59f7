/**
 * @file server/cli/tls_files.c
 * @brief The settings that name certificates and keys.
 */
#include "server/cli/tls_files.h"

#include "server/base/log.h"
#include "server/cli/cli.h"
#include "server/config/credentials.h"
#include "server/http/cors.h"

#include <unistd.h>

static bool is_readable(const char *setting, const char *file)
{
    if (!*file || access(file, R_OK) == 0)
        return true;
    zdd_cli_say("%s: %.200s cannot be read", setting, file);
    return false;
}

static bool check_pair(const char *cert_setting, const char *cert, const char *key_setting,
                       const char *key)
{
    bool good;

    if (*cert && !*key)
        zdd_cli_say("%s needs %s, its private key", cert_setting, key_setting);
    if (*key && !*cert)
        zdd_cli_say("%s is the private key of %s, which is not given", key_setting, cert_setting);
    if (!*cert != !*key)
        return false;
    good = is_readable(cert_setting, cert);
    good = is_readable(key_setting, key) && good;
    if (*key && good && zdd_credentials_exposed(key))
        zdd_cli_say("everybody on this machine may read %.200s; chmod o-r would help", key);
    return good;
}

bool zdd_tls_files_check(const struct zdd_config *config)
{
    const bool listener = check_pair("tls-cert", config->tls_cert, "tls-key", config->tls_key);
    const bool client =
        check_pair("marathon-cert", config->marathon_cert, "marathon-key", config->marathon_key);

    return is_readable("marathon-ca", config->marathon_ca) && listener && client;
}

bool zdd_cli_origins_check(const struct zdd_config *config)
{
    if (zdd_cors_valid(config->cors_origins))
        return true;
    zdd_cli_say("cors-origins: \"%.200s\" is no list of origins; right would be "
                "https://ops.example,http://127.0.0.1:3000, without a path",
                config->cors_origins);
    return false;
}

bool zdd_tls_files_open(const struct zdd_config *config, struct zdd_tls **ret_tls)
{
    char reason[ZDD_TLS_REASON_SIZE];

    *ret_tls = NULL;
    if (!*config->tls_cert)
        return true;
    *ret_tls = zdd_tls_new(config->tls_cert, config->tls_key, reason);
    if (!*ret_tls)
        zdd_cli_say("%s", reason);
    return *ret_tls != NULL;
}

void zdd_tls_files_renew(const struct zdd_config *config, struct zdd_tls *tls)
{
    char reason[ZDD_TLS_REASON_SIZE];

    if (zdd_tls_reload(tls, reason))
        zdd_log(ZDD_LOG_INFO, "tls.renew", "cert", config->tls_cert, NULL);
    else
        zdd_log(ZDD_LOG_ERROR, "tls.renew", "text", reason, "consequence",
                "the certificate from before is served on", NULL);
}
