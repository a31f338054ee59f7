/**
 * @file server/cli/secret_files.h
 * @brief What the settings say about secrets: their names, and the keys that seal them.
 */
#pragma once

#include "server/config/config.h"
#include "server/secrets/secrets.h"

/** Check the patterns and read the keys, once: those in the environment are wiped there.
 * @return to be freed with zdd_guarded_free(), count 0 when none is configured; NULL after saying
 *         what is wrong */
struct zdd_secret_keys *zdd_secret_files_read(const struct zdd_config *config);

/** Open the vault of @p store, and bring what is at rest up to date. @return false after saying why
 * not */
bool zdd_secret_files_open(const struct zdd_config *config, const struct zdd_secret_keys *keys,
                           struct zdd_store *store, struct zdd_secrets **ret_secrets);
