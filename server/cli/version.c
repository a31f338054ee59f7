/**
 * @file server/cli/version.c
 * @brief The version, from git at build time. Only this file is compiled anew when it changes.
 */
#include "server/cli/cli.h"
#include "zdd_version.h"

const char *zdd_cli_version(void)
{
    return ZDD_VERSION_TEXT;
}
