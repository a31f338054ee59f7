/**
 * @file server/base/crypto.c
 * @brief The thin layer over libsodium.
 */
#include "server/base/crypto.h"

#include <sodium.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#define TOKEN_PREFIX "zdd_"
#define TOKEN_BYTES 32

/*
 * Every id takes the next number, whatever its millisecond: so two ids of one millisecond sort in
 * the order they were made, without a lock. It starts anywhere and wraps after 2^32 ids.
 */
static _Atomic uint32_t uuid_counter;

bool zdd_crypto_init(void)
{
    uint32_t start;

    if (sodium_init() < 0)
        return false;
    randombytes_buf(&start, sizeof(start));
    atomic_store(&uuid_counter, start & 0x7FFFFFFF); /* far from the wrap */
    return true;
}

void zdd_sha256_hex(const void *data, size_t size, char ret_hex[static ZDD_SHA256_HEX_SIZE])
{
    unsigned char hash[crypto_hash_sha256_BYTES];

    crypto_hash_sha256(hash, data, size);
    sodium_bin2hex(ret_hex, ZDD_SHA256_HEX_SIZE, hash, sizeof(hash));
}

void zdd_random(void *data, size_t size)
{
    randombytes_buf(data, size);
}

/* RFC 9562 section 6.2, method 1: 48 bits of time, 32 of counter (12 + 20), 42 of randomness. */
void zdd_uuid7(int64_t now_ms, char ret_uuid[static ZDD_UUID_SIZE])
{
    const uint32_t count = atomic_fetch_add(&uuid_counter, 1);
    const uint64_t ms = (uint64_t)(now_ms < 0 ? 0 : now_ms);
    unsigned char id[16];
    char hex[33];

    zdd_random(id, sizeof(id));
    for (unsigned i = 0; i < 6; i++)
        id[i] = (unsigned char)(ms >> (40 - 8 * i));
    id[6] = (unsigned char)(0x70U | (count >> 28));
    id[7] = (unsigned char)(count >> 20);
    id[8] = (unsigned char)(0x80U | ((count >> 14) & 0x3FU));
    id[9] = (unsigned char)(count >> 6);
    id[10] = (unsigned char)((count << 2) | (id[10] & 0x03U));
    sodium_bin2hex(hex, sizeof(hex), id, sizeof(id));
    snprintf(ret_uuid, ZDD_UUID_SIZE, "%.8s-%.4s-%.4s-%.4s-%.12s", hex, hex + 8, hex + 12, hex + 16,
             hex + 20);
}

static bool is_hex_digit(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
}

bool zdd_uuid_valid(const char *text)
{
    if (strlen(text) != ZDD_UUID_SIZE - 1)
        return false;
    for (size_t i = 0; i < ZDD_UUID_SIZE - 1; i++) {
        const bool dash = i == 8 || i == 13 || i == 18 || i == 23;

        if (dash ? text[i] != '-' : !is_hex_digit(text[i]))
            return false;
    }
    return true;
}

void zdd_token_new(char ret_token[static ZDD_TOKEN_SIZE])
{
    unsigned char secret[TOKEN_BYTES];
    const size_t prefix = strlen(TOKEN_PREFIX);

    zdd_random(secret, sizeof(secret));
    memcpy(ret_token, TOKEN_PREFIX, sizeof(TOKEN_PREFIX));
    sodium_bin2base64(ret_token + prefix, ZDD_TOKEN_SIZE - prefix, secret, sizeof(secret),
                      sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    sodium_memzero(secret, sizeof(secret));
}

bool zdd_secret_equal(const char *a, const char *b)
{
    const size_t size = strlen(a);

    return size == strlen(b) && sodium_memcmp(a, b, size) == 0;
}
