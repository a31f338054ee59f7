/**
 * @file tests/unit/server/secrets/old_database.h
 * @brief A database of schema 14, from before there was a vault: everything in it is plain.
 */
#pragma once

#include "server/secrets/settle.h"
#include "tests/unit/storage/fixture.h"

#define OLD_CANARY "cAnArY" /* with the number of its plan behind it */
#define OLD_PLANS 40        /* more than one transaction moves */
#define OLD_PATTERNS "*PASSWORD*"
#define OLD_KEY "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
#define NEW_KEY "ff0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"

/** Write it: plans, revisions, kept answers, and events that quote a secret; one value is written
 * like a marker. */
void old_database_make(const char *path);

/** Open the store, the vault and settle as a server would; @p keys: as zdd_secret_keys_parse()
 * takes them, NULL for none.
 * @return the store, with the vault in @p ret_secrets; NULL when the vault did not open or settle
 */
struct zdd_store *old_database_open(const struct zdd_store_options *options, const char *keys,
                                    const char *patterns, struct zdd_secrets **ret_secrets,
                                    struct zdd_settled *ret_settled);

/** The reason of the last failure, "" for none. */
extern char old_database_reason[ZDD_SECRETS_REASON_SIZE];

/** Every plan shows no canary, and gives it back; twice the same. */
void old_database_check(struct zdd_store *store, const struct zdd_secrets *secrets);

/** No byte of the files at @p path is of @p text. */
void old_database_search(const char *path, const char *text);
