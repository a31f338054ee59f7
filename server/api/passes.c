/**
 * @file server/api/passes.c
 * @brief A table of tokens and sessions, one place for each hash: a newer one takes it over.
 */
#include "server/api/passes.h"

#include "server/base/clock.h"
#include "server/base/crypto.h"
#include "storage/sessions.h"
#include "storage/stamps.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define PLACES 128 /* 500 bytes each */

struct place {
    char hash[ZDD_SHA256_HEX_SIZE]; /* "": free */
    enum zdd_pass kind;
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
static bool find(struct zdd_passes *passes, const struct place *wanted, int64_t now_ms,
                 struct zdd_token *ret_token)
{
    const struct place *place = place_of(passes, wanted->hash);
    bool known;

    pthread_mutex_lock(&passes->lock);
    known = place->stamp == wanted->stamp && place->kind == wanted->kind &&
            strcmp(place->hash, wanted->hash) == 0 && zdd_mono_ms() < place->until_mono_ms &&
            is_live(&place->token, now_ms);
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

static enum zdd_err look_up(struct zdd_store *store, const struct place *place, int64_t now_ms,
                            struct zdd_token *ret_token)
{
    return place->kind == ZDD_PASS_SESSION ? zdd_session_find(store, place->hash, now_ms, ret_token)
                                           : zdd_token_find(store, place->hash, now_ms, ret_token);
}

enum zdd_err zdd_passes_find(struct zdd_passes *passes, enum zdd_pass kind, const char *secret,
                             int64_t now_ms, struct zdd_token *ret_token)
{
    char hash[ZDD_SHA256_HEX_SIZE];

    /* Only the hash is compared, never the secret: nothing to time (api.md §7). */
    zdd_sha256_hex(secret, strlen(secret), hash);
    return zdd_passes_find_hash(passes, kind, hash, now_ms, ret_token);
}

enum zdd_err zdd_passes_ask_hash(struct zdd_passes *passes, enum zdd_pass kind, const char *hash,
                                 int64_t now_ms, struct zdd_token *ret_token)
{
    struct place place = {.kind = kind};

    memcpy(place.hash, hash, sizeof(place.hash));
    return look_up(passes->store, &place, now_ms, ret_token);
}

enum zdd_err zdd_passes_find_hash(struct zdd_passes *passes, enum zdd_pass kind, const char *hash,
                                  int64_t now_ms, struct zdd_token *ret_token)
{
    /* Both from before the look: what changes while it lasts counts as later. */
    struct place place = {.kind = kind,
                          .stamp = zdd_stamp_of(passes->store, ZDD_STAMP_TOKENS),
                          .until_mono_ms = zdd_mono_ms() + ZDD_TOKEN_KEPT_MS};
    enum zdd_err err;

    memcpy(place.hash, hash, sizeof(place.hash));
    if (find(passes, &place, now_ms, ret_token))
        return ZDD_ERR_NONE;
    err = look_up(passes->store, &place, now_ms, &place.token);
    if (err != ZDD_ERR_NONE)
        return err;
    *ret_token = place.token;
    if (zdd_stamp_rests(place.stamp))
        keep(passes, &place);
    return ZDD_ERR_NONE;
}
