/**
 * @file server/base/seal.c
 * @brief The thin layer over libsodium, where secrets are concerned.
 */
#include "server/base/seal.h"

#include "strategies/model/limits.h"

#include <sodium.h>
#include <string.h>

_Static_assert(ZDD_KEY_BYTES == crypto_secretbox_KEYBYTES, "keys seal");
_Static_assert(ZDD_KEY_BYTES == crypto_generichash_KEYBYTES, "keys make digests");
_Static_assert(ZDD_SEAL_BYTES == crypto_secretbox_NONCEBYTES + crypto_secretbox_MACBYTES,
               "the nonce stands before the sealed bytes");

#define DIGEST_BYTES 16

void zdd_seal(const struct zdd_key *key, const void *plain, size_t size, unsigned char *ret_sealed)
{
    randombytes_buf(ret_sealed, crypto_secretbox_NONCEBYTES);
    (void)crypto_secretbox_easy(ret_sealed + crypto_secretbox_NONCEBYTES, plain, size, ret_sealed,
                                key->bytes); /* cannot fail */
}

bool zdd_unseal(const struct zdd_key *key, const unsigned char *sealed, size_t size,
                void *ret_plain)
{
    return size >= ZDD_SEAL_BYTES &&
           crypto_secretbox_open_easy(ret_plain, sealed + crypto_secretbox_NONCEBYTES,
                                      size - crypto_secretbox_NONCEBYTES, sealed, key->bytes) == 0;
}

void zdd_keyed_digest(const struct zdd_key *key, const char *const texts[], size_t count,
                      char ret_hex[static ZDD_KEYED_DIGEST_SIZE])
{
    unsigned char digest[DIGEST_BYTES];
    crypto_generichash_state state;

    (void)crypto_generichash_init(&state, key->bytes, sizeof(key->bytes), sizeof(digest));
    for (size_t i = 0; i < count; i++)
        (void)crypto_generichash_update(&state, (const unsigned char *)texts[i],
                                        strlen(texts[i]) + 1);
    (void)crypto_generichash_final(&state, digest, sizeof(digest));
    sodium_memzero(&state, sizeof(state));
    sodium_bin2hex(ret_hex, ZDD_KEYED_DIGEST_SIZE, digest, sizeof(digest));
}

/* Longer than the digests that are shown is not needed: it only tells a few keys apart. */
void zdd_key_id(const struct zdd_key *key, char ret_id[static ZDD_KEY_ID_SIZE])
{
    static const char *const purpose[] = {"zdd key id"};
    char digest[ZDD_KEYED_DIGEST_SIZE];

    zdd_keyed_digest(key, purpose, 1, digest);
    memcpy(ret_id, digest, ZDD_KEY_ID_SIZE - 1);
    ret_id[ZDD_KEY_ID_SIZE - 1] = '\0';
}

static bool read_hex(const char *text, size_t size, struct zdd_key *ret_key)
{
    const char *end = NULL;
    size_t bytes = 0;

    return size == (size_t)2 * ZDD_KEY_BYTES &&
           sodium_hex2bin(ret_key->bytes, sizeof(ret_key->bytes), text, size, NULL, &bytes, &end) ==
               0 &&
           bytes == ZDD_KEY_BYTES && end == text + size;
}

static bool read_base64(const char *text, size_t size, int variant, struct zdd_key *ret_key)
{
    const char *end = NULL;
    size_t bytes = 0;

    return sodium_base642bin(ret_key->bytes, sizeof(ret_key->bytes), text, size, NULL, &bytes, &end,
                             variant) == 0 &&
           bytes == ZDD_KEY_BYTES && end == text + size;
}

bool zdd_key_read(const char *text, size_t size, struct zdd_key *ret_key)
{
    static const int variants[] = {
        sodium_base64_VARIANT_ORIGINAL, sodium_base64_VARIANT_ORIGINAL_NO_PADDING,
        sodium_base64_VARIANT_URLSAFE, sodium_base64_VARIANT_URLSAFE_NO_PADDING};

    if (read_hex(text, size, ret_key))
        return true;
    for (size_t i = 0; i < ZDD_COUNT(variants); i++) {
        if (read_base64(text, size, variants[i], ret_key))
            return true;
    }
    sodium_memzero(ret_key, sizeof(*ret_key));
    return false;
}

void zdd_wipe(void *data, size_t size)
{
    sodium_memzero(data, size);
}

void *zdd_guarded_new(size_t size)
{
    void *data = sodium_malloc(size);

    if (data)
        sodium_memzero(data, size);
    return data;
}

void *zdd_guarded_free(void *data)
{
    sodium_free(data);
    return NULL;
}
