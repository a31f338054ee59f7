/**
 * @file server/cli/greet.c
 * @brief What a server says when it serves.
 */
#include "server/cli/greet.h"

#include "server/base/log.h"
#include "server/cli/balancers.h"
#include "server/cli/cli.h"
#include "storage/tokens.h"

#include <stdio.h>

static bool count_token(void *cls, const struct zdd_token *token)
{
    bool *any = cls;

    (void)token;
    *any = true;
    return false;
}

/* One line for people; everything after it is for machines. */
void zdd_cli_greet(const struct zdd_config *config, struct zdd_store *store, uint16_t port,
                   bool https)
{
    bool any_token = false;
    char address[ZDD_CLI_ADDRESS_SIZE];

    zdd_cli_address(&config->listen, port, address);
    printf("zdd-server %s serves %s://%s (database %s, Marathon %s)\n", zdd_cli_version(),
           https ? "https" : "http", address, config->db,
           config->origin[ZDD_SETTING_MARATHON].text);
    fflush(stdout);
    zdd_log(ZDD_LOG_INFO, "server.start", "version", zdd_cli_version(), "listen", address, "db",
            config->db, "marathon", config->origin[ZDD_SETTING_MARATHON].text, NULL);
    if (zdd_token_list(store, count_token, &any_token) == ZDD_ERR_NONE && !any_token)
        zdd_cli_say("there are no tokens yet, so nobody may call the API. Create the first one: "
                    "zdd-server token create --db %s --name admin --scope "
                    "read,plan,deploy,promote,abort,admin",
                    config->db);
}
