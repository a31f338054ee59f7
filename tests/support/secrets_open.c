/**
 * @file tests/support/secrets_open.c
 * @brief A vault for tests.
 */
#include "tests/support/secrets_open.h"

#include "server/config/setting.h"

#include <stdio.h>
#include <stdlib.h>

struct zdd_secrets *secrets_open(struct zdd_store *store)
{
    const struct zdd_secrets_options options = {
        .store = store, .patterns = zdd_setting_default(ZDD_SETTING_SECRET_NAMES)};
    char reason[ZDD_SECRETS_REASON_SIZE];
    struct zdd_secrets *secrets = NULL;

    if (zdd_secrets_open(&options, &secrets, reason) != ZDD_ERR_NONE) {
        fprintf(stderr, "the vault does not open: %s\n", reason);
        abort();
    }
    return secrets;
}
