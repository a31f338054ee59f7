/**
 * @file server/secrets/keys.h
 * @brief Keys that seal the vault: from a file, or from the environment.
 */
#pragma once

#include "server/base/seal.h"

#include <stdbool.h>
#include <stddef.h>

#define ZDD_SECRET_KEY_MAX 16
#define ZDD_SECRET_KEYS_TEXT_MAX 8192 /* bytes of such a file */
#define ZDD_SECRET_KEYS_WHY_SIZE 400
#define ZDD_SECRET_KEY_ENV "ZDD_SECRETS_KEY" /* the keys themselves, for those without a file */

/** The first one seals, all of them open. */
struct zdd_secret_keys {
    size_t count;
    struct {
        struct zdd_key key;
        char id[ZDD_KEY_ID_SIZE];
    } item[ZDD_SECRET_KEY_MAX];
};

/**
 * Read keys as zdd_key_read() takes them, one in a line or with blanks or commas between; `#`
 * begins a comment. No line, no key and no part of one is ever told.
 * @return true when there is at least one and nothing else
 */
bool zdd_secret_keys_parse(const char *text, size_t size, struct zdd_secret_keys *ret_keys,
                           char ret_why[static ZDD_SECRET_KEYS_WHY_SIZE]);

/** Read them from file @p path, which others must not be able to read. */
bool zdd_secret_keys_load(const char *path, struct zdd_secret_keys *ret_keys,
                          char ret_why[static ZDD_SECRET_KEYS_WHY_SIZE]);

/** @return the one with @p id, NULL when there is none; @p keys may be NULL */
const struct zdd_key *zdd_secret_keys_find(const struct zdd_secret_keys *keys, const char *id);
