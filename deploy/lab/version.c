/**
 * @file deploy/lab/version.c
 * @brief The version, from git at build time, the same text as zdd-server's.
 */
#include "deploy/lab/options.h"
#include "zdd_version.h"

const char *zdd_lab_version(void)
{
    return ZDD_VERSION_TEXT;
}
