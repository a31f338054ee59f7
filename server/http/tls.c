/**
 * @file server/http/tls.c
 * @brief Reading certificate and key, and keeping what handshakes may still use.
 */
#include "server/http/tls.h"

#include "server/http/tls_inside.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHAIN_MAX 8
#define KEY_ID_SIZE 64

/* What was read at one time. An equal one is not kept twice. */
struct generation {
    struct generation *newer;
    unsigned int holders; /* connections that began while it was the newest; under the lock */
    gnutls_pcert_st cert[CHAIN_MAX];
    unsigned int count;
    gnutls_privkey_t key;
    gnutls_datum_t cert_text, key_text; /* as in the files */
};

struct zdd_tls {
    char *cert_file, *key_file;
    pthread_mutex_t lock; /* one reload at a time */
};

/* Handshakes take the newest, of its connection's begin or later. So what is older than the oldest
 * that is held is used by nobody. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct generation *oldest; /* under the lock; the newest is at the other end */
static _Atomic(struct generation *) newest;
static atomic_bool taken;

int zdd_tls_choose(gnutls_session_t session, const gnutls_datum_t *authorities, int authority_count,
                   const gnutls_pk_algorithm_t *algorithms, int algorithm_count,
                   gnutls_pcert_st **ret_certs, unsigned int *ret_count, gnutls_privkey_t *ret_key)
{
    struct generation *generation = atomic_load(&newest);

    (void)session;
    (void)authorities;
    (void)authority_count;
    (void)algorithms;
    (void)algorithm_count;
    if (!generation)
        return -1;
    *ret_certs = generation->cert;
    *ret_count = generation->count;
    *ret_key = generation->key;
    return 0;
}

static struct generation *discard(struct generation *generation)
{
    for (unsigned int i = 0; i < generation->count; i++)
        gnutls_pcert_deinit(&generation->cert[i]);
    if (generation->key)
        gnutls_privkey_deinit(generation->key);
    gnutls_free(generation->cert_text.data);
    if (generation->key_text.data)
        gnutls_memset(generation->key_text.data, 0, generation->key_text.size);
    gnutls_free(generation->key_text.data);
    free(generation);
    return NULL;
}

/* Under the lock. */
static void drop_unused(void)
{
    while (oldest != atomic_load(&newest) && oldest->holders == 0) {
        struct generation *newer = oldest->newer;

        discard(oldest);
        oldest = newer;
    }
}

void *zdd_tls_hold(void)
{
    struct generation *generation;

    pthread_mutex_lock(&lock);
    generation = atomic_load(&newest);
    if (generation)
        generation->holders++;
    pthread_mutex_unlock(&lock);
    return generation;
}

void zdd_tls_let_go(void *held)
{
    struct generation *generation = held;

    if (!generation)
        return;
    pthread_mutex_lock(&lock);
    generation->holders--;
    drop_unused();
    pthread_mutex_unlock(&lock);
}

unsigned int zdd_tls_kept(void)
{
    unsigned int count = 0;

    pthread_mutex_lock(&lock);
    for (const struct generation *at = oldest; at; at = at->newer)
        count++;
    pthread_mutex_unlock(&lock);
    return count;
}

static bool read_cert(const char *file, struct generation *generation,
                      char reason[static ZDD_TLS_REASON_SIZE])
{
    unsigned int count = CHAIN_MAX;
    int error = gnutls_load_file(file, &generation->cert_text);

    if (error < 0) {
        snprintf(reason, ZDD_TLS_REASON_SIZE, "%.200s cannot be read", file);
        return false;
    }
    error = gnutls_pcert_list_import_x509_raw(generation->cert, &count, &generation->cert_text,
                                              GNUTLS_X509_FMT_PEM,
                                              GNUTLS_X509_CRT_LIST_FAIL_IF_UNSORTED);
    if (error < 0 || count == 0) {
        snprintf(reason, ZDD_TLS_REASON_SIZE,
                 "%.180s is no chain of at most %d certificates in PEM, the server's first: %s",
                 file, CHAIN_MAX, gnutls_strerror(error));
        return false;
    }
    generation->count = count;
    return true;
}

static bool read_key(const char *file, struct generation *generation,
                     char reason[static ZDD_TLS_REASON_SIZE])
{
    int error = gnutls_load_file(file, &generation->key_text);

    if (error < 0) {
        snprintf(reason, ZDD_TLS_REASON_SIZE, "%.200s cannot be read", file);
        return false;
    }
    error = gnutls_privkey_init(&generation->key);
    if (error == 0)
        error = gnutls_privkey_import_x509_raw(generation->key, &generation->key_text,
                                               GNUTLS_X509_FMT_PEM, NULL, 0);
    if (error < 0)
        snprintf(reason, ZDD_TLS_REASON_SIZE,
                 "%.180s is no private key in PEM without a password: %s", file,
                 gnutls_strerror(error));
    return error >= 0;
}

static bool id_of(gnutls_pubkey_t key, unsigned char id[static KEY_ID_SIZE])
{
    size_t size = KEY_ID_SIZE;

    memset(id, 0, KEY_ID_SIZE);
    return gnutls_pubkey_get_key_id(key, GNUTLS_KEYID_USE_SHA256, id, &size) == 0;
}

/* Else each handshake would fail, and only callers would notice. */
static bool belong_together(const struct generation *generation)
{
    unsigned char of_cert[KEY_ID_SIZE], of_key[KEY_ID_SIZE];
    gnutls_pubkey_t key;
    bool same;

    if (gnutls_pubkey_init(&key) != 0)
        return false;
    same = gnutls_pubkey_import_privkey(key, generation->key, 0, 0) == 0 && id_of(key, of_key) &&
           id_of(generation->cert[0].pubkey, of_cert) && memcmp(of_cert, of_key, KEY_ID_SIZE) == 0;
    gnutls_pubkey_deinit(key);
    return same;
}

static struct generation *read_files(const struct zdd_tls *tls,
                                     char reason[static ZDD_TLS_REASON_SIZE])
{
    struct generation *generation = calloc(1, sizeof(*generation));

    if (!generation) {
        snprintf(reason, ZDD_TLS_REASON_SIZE, "no memory for the certificate");
        return NULL;
    }
    if (!read_cert(tls->cert_file, generation, reason) ||
        !read_key(tls->key_file, generation, reason))
        return discard(generation);
    if (belong_together(generation))
        return generation;
    snprintf(reason, ZDD_TLS_REASON_SIZE,
             "the key %.110s does not belong to the certificate %.110s", tls->key_file,
             tls->cert_file);
    return discard(generation);
}

static bool same_text(const gnutls_datum_t *a, const gnutls_datum_t *b)
{
    return a->size == b->size && memcmp(a->data, b->data, a->size) == 0;
}

static void append(struct generation *generation)
{
    struct generation *before;

    pthread_mutex_lock(&lock);
    before = atomic_load(&newest);
    if (before)
        before->newer = generation;
    else
        oldest = generation;
    atomic_store(&newest, generation);
    drop_unused();
    pthread_mutex_unlock(&lock);
}

bool zdd_tls_reload(struct zdd_tls *tls, char ret_reason[static ZDD_TLS_REASON_SIZE])
{
    struct generation *now, *before;

    pthread_mutex_lock(&tls->lock);
    now = read_files(tls, ret_reason);
    before = atomic_load(&newest);
    if (now && before && same_text(&now->cert_text, &before->cert_text) &&
        same_text(&now->key_text, &before->key_text)) {
        discard(now);
        now = before;
    } else if (now) {
        append(now);
    }
    pthread_mutex_unlock(&tls->lock);
    return now != NULL;
}

struct zdd_tls *zdd_tls_new(const char *cert_file, const char *key_file,
                            char ret_reason[static ZDD_TLS_REASON_SIZE])
{
    struct zdd_tls *tls;

    if (atomic_exchange(&taken, true)) {
        snprintf(ret_reason, ZDD_TLS_REASON_SIZE, "this process serves another certificate");
        return NULL;
    }
    tls = calloc(1, sizeof(*tls));
    if (!tls) {
        atomic_store(&taken, false);
        snprintf(ret_reason, ZDD_TLS_REASON_SIZE, "no memory for the certificate");
        return NULL;
    }
    pthread_mutex_init(&tls->lock, NULL);
    tls->cert_file = strdup(cert_file);
    tls->key_file = strdup(key_file);
    if (!tls->cert_file || !tls->key_file) {
        snprintf(ret_reason, ZDD_TLS_REASON_SIZE, "no memory for the certificate");
        return zdd_tls_free(tls);
    }
    return zdd_tls_reload(tls, ret_reason) ? tls : zdd_tls_free(tls);
}

struct zdd_tls *zdd_tls_free(struct zdd_tls *tls)
{
    if (!tls)
        return NULL;
    atomic_store(&newest, NULL);
    while (oldest) {
        struct generation *newer = oldest->newer;

        discard(oldest);
        oldest = newer;
    }
    pthread_mutex_destroy(&tls->lock);
    free(tls->cert_file);
    free(tls->key_file);
    free(tls);
    atomic_store(&taken, false);
    return NULL;
}
