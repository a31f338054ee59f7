/**
 * @file server/cli/tls_files.h
 * @brief The settings that name certificates and keys.
 */
#pragma once

#include "server/config/config.h"
#include "server/http/tls.h"

#include <stdbool.h>

/** @return false after saying what is wrong: a certificate without its key, or the reverse; a file
 * that cannot be read. A key that everybody may read is told, and no reason to give up. */
bool zdd_tls_files_check(const struct zdd_config *config);

/** @return false after saying what is wrong with the setting cors-origins */
bool zdd_cli_origins_check(const struct zdd_config *config);

/** Open the listener's certificate; @p ret_tls is NULL when there is none. @return false after
 * saying what is wrong with it */
bool zdd_tls_files_open(const struct zdd_config *config, struct zdd_tls **ret_tls);

/** Read it again; what cannot be used is logged, and the one from before is served on. */
void zdd_tls_files_renew(const struct zdd_config *config, struct zdd_tls *tls);
