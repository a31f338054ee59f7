/**
 * @file server/api/passes.c
 * @brief A table of tokens, one place for each hash: a newer one takes it over.
 */
#include "server/api/passes.h"

#include "server/base/clock.h"
#include "server/base/crypto.h"
#include "storage/stamps.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define PLACES 128 /* 500 bytes each */

struct place {
    char hash[ZDD_SHA256_HEX_SIZE]; /* "": free */
    uint64_t stamp;
    int64_t until_mono_ms;
    struct zdd_token token;
};

struct zdd_passes {
    struct zdd_store *store;
    pthread_mutex_t lock;
    struct place places[PLACES];
};

struct zdd_passes *zdd_passes_new(struct zdd_store *store)
{
    struct zdd_passes *passes = calloc(1, sizeof(*passes));

    if (!passes)
        return NULL;
    passes->store = store;
    pthread_mutex_init(&passes->lock, NULL);
    return passes;
}

struct zdd_passes *zdd_passes_free(struct zdd_passes *passes)
{
    if (!passes)
        return NULL;
    pthread_mutex_destroy(&passes->lock);
    free(passes);
    return NULL;
}

/* Its hash is as good as random: two digits of it will do. */
static struct place *place_of(struct zdd_passes *passes, const char *hash)
{
    return &passes->places[((unsigned)hash[0] * 16 + (unsigned)hash[1]) % PLACES];
}

static bool is_live(const struct zdd_token *token, int64_t now_ms)
{
    return token->expires_at_ms == 0 || token->expires_at_ms > now_ms;
}

/* The stamp is of now: a change since the token was kept makes it unknown here. */
static bool find(struct zdd_passes *passes, const char *hash, uint64_t stamp, int64_t now_ms,
                 struct zdd_token *ret_token)
{
    const struct place *place = place_of(passes, hash);
    bool known;

    pthread_mutex_lock(&passes->lock);
    known = place->stamp == stamp && strcmp(place->hash, hash) == 0 &&
            zdd_mono_ms() < place->until_mono_ms && is_live(&place->token, now_ms);
    if (known)
        *ret_token = place->token;
    pthread_mutex_unlock(&passes->lock);
    return known;
}

static void keep(struct zdd_passes *passes, const struct place *found)
{
    pthread_mutex_lock(&passes->lock);
    *place_of(passes, found->hash) = *found;
    pthread_mutex_unlock(&passes->lock);
}

enum zdd_err zdd_passes_find(struct zdd_passes *passes, const char *token, int64_t now_ms,
                             struct zdd_token *ret_token)
{
    /* Both from before the look: what changes while it lasts counts as later. */
    struct place place = {.stamp = zdd_stamp_of(passes->store, ZDD_STAMP_TOKENS),
                          .until_mono_ms = zdd_mono_ms() + ZDD_TOKEN_KEPT_MS};
    enum zdd_err err;

    /* Only the hash is compared, never the secret: nothing to time (api.md §7). */
    zdd_sha256_hex(token, strlen(token), place.hash);
    if (find(passes, place.hash, place.stamp, now_ms, ret_token))
        return ZDD_ERR_NONE;
    err = zdd_token_find(passes->store, place.hash, now_ms, &place.token);
    if (err != ZDD_ERR_NONE)
        return err;
    *ret_token = place.token;
    if (zdd_stamp_rests(place.stamp))
        keep(passes, &place);
    return ZDD_ERR_NONE;
}
