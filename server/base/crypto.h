/**
 * @file server/base/crypto.h
 * @brief Hashes, randomness, ids, and comparing secrets (all from libsodium).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ZDD_SHA256_HEX_SIZE 65 /* 64 digits and the final NUL */
#define ZDD_UUID_SIZE 37       /* 36 characters and the final NUL */
#define ZDD_TOKEN_SIZE 48      /* "zdd_", 43 characters of base64url (32 random bytes), NUL */

/** Prepare the library; call once before the others, from main. @return false when the system has
 * no randomness */
bool zdd_crypto_init(void);

void zdd_sha256_hex(const void *data, size_t size, char ret_hex[static ZDD_SHA256_HEX_SIZE]);
void zdd_random(void *data, size_t size);

/** A UUIDv7 (RFC 9562 section 5.7): sorts by @p now_ms, within one millisecond by the order of the
 * calls. */
void zdd_uuid7(int64_t now_ms, char ret_uuid[static ZDD_UUID_SIZE]);

/** @return true when @p text has the form of a UUID, any version, lower-case */
bool zdd_uuid_valid(const char *text);

/** A new bearer token: "zdd_" and 32 random bytes as base64url. */
void zdd_token_new(char ret_token[static ZDD_TOKEN_SIZE]);

/** Compare two texts in a time that depends on their lengths only. */
bool zdd_secret_equal(const char *a, const char *b);
