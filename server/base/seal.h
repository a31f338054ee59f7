/**
 * @file server/base/seal.h
 * @brief Secrets at rest: sealing, digests that only the owner of a key can make, memory that is
 * wiped (all from libsodium).
 */
#pragma once

#include "server/base/crypto.h"

#define ZDD_KEY_BYTES 32
#define ZDD_SEAL_BYTES 40        /* by which a sealed text is longer: nonce and authenticator */
#define ZDD_KEYED_DIGEST_SIZE 33 /* 32 hex digits (128 bits) and NUL */
#define ZDD_KEY_ID_SIZE 17       /* 16 hex digits (64 bits) and NUL */

struct zdd_key {
    unsigned char bytes[ZDD_KEY_BYTES];
};

/** Seal @p size bytes (XSalsa20 and Poly1305) under a nonce of their own. @param ret_sealed has
 * room for @p size + ZDD_SEAL_BYTES */
void zdd_seal(const struct zdd_key *key, const void *plain, size_t size, unsigned char *ret_sealed);

/** @param ret_plain has room for @p size - ZDD_SEAL_BYTES. @return false when it was not sealed by
 * @p key, or was changed since */
bool zdd_unseal(const struct zdd_key *key, const unsigned char *sealed, size_t size,
                void *ret_plain);

/** The keyed BLAKE2b of @p count texts, each with its NUL, so that none can pass for a part of
 * another. */
void zdd_keyed_digest(const struct zdd_key *key, const char *const texts[], size_t count,
                      char ret_hex[static ZDD_KEYED_DIGEST_SIZE]);

/** What a key may be called by: tells nothing about it. */
void zdd_key_id(const struct zdd_key *key, char ret_id[static ZDD_KEY_ID_SIZE]);

/** Read a key in 64 hex digits or in base64 (44 characters, `=` at the end may be missing, either
 * alphabet). @return false when the @p size bytes at @p text are none */
bool zdd_key_read(const char *text, size_t size, struct zdd_key *ret_key);

/** Overwrite; no compiler leaves it out. */
void zdd_wipe(void *data, size_t size);

/** Memory for keys: all zero, between guard pages, not swapped out and not in core dumps as far as
 * the system lets us. NULL without memory */
void *zdd_guarded_new(size_t size);
/** Wipe and free; NULL is fine. @return NULL */
void *zdd_guarded_free(void *data);
