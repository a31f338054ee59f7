/**
 * @file server/api/limits.c
 * @brief Token buckets in two small tables.
 */
#include "server/api/limits.h"

#include "server/http/remote.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BUCKET_COUNT 1024
#define NEAR 8 /* places that a key can have */
#define KEY_SIZE 48
#define MS_OF_S 1000
#define PART 1000 /* a call counts in thousandths: a bucket fills by the millisecond */

struct bucket {
    char key[KEY_SIZE]; /* "": free */
    int64_t used_ms;
    int64_t level; /* thousandths of calls that may come */
};

/* How fast its buckets fill, and how full they get. */
struct table {
    int64_t burst; /* thousandths */
    int64_t per_s; /* thousandths a second */
    struct bucket bucket[BUCKET_COUNT];
};

struct zdd_limits {
    pthread_mutex_t lock;
    struct table calls, logins;
};

struct zdd_limits *zdd_limits_new(const struct zdd_limits_options *options)
{
    struct zdd_limits *limits = calloc(1, sizeof(*limits));

    if (!limits)
        return NULL;
    pthread_mutex_init(&limits->lock, NULL);
    limits->calls.per_s = (int64_t)options->per_second * PART;
    limits->calls.burst = (int64_t)options->per_second * ZDD_RATE_BURST_S * PART;
    limits->logins.per_s = options->per_second > 0 ? PART / ZDD_LOGIN_EVERY_S : 0;
    limits->logins.burst = (int64_t)ZDD_LOGIN_BURST * PART;
    return limits;
}

struct zdd_limits *zdd_limits_free(struct zdd_limits *limits)
{
    if (!limits)
        return NULL;
    pthread_mutex_destroy(&limits->lock);
    free(limits);
    return NULL;
}

/* FNV-1a (Fowler, Noll, Vo). */
static size_t place_of(const char *key)
{
    uint32_t hash = 2166136261u;

    for (; *key; key++)
        hash = (hash ^ (uint8_t)*key) * 16777619u;
    return hash % BUCKET_COUNT;
}

static void fill(const struct table *table, struct bucket *bucket, int64_t now_ms)
{
    const int64_t idle_ms = now_ms > bucket->used_ms ? now_ms - bucket->used_ms : 0;
    const int64_t most_ms = table->burst * MS_OF_S / table->per_s + 1;

    bucket->level += (idle_ms < most_ms ? idle_ms : most_ms) * table->per_s / MS_OF_S;
    if (bucket->level > table->burst)
        bucket->level = table->burst;
    bucket->used_ms = now_ms;
}

/* The key's bucket as it is now; a new one is full. */
static struct bucket *bucket_of(struct table *table, const char *key, int64_t now_ms)
{
    const size_t first = place_of(key);
    struct bucket *oldest = &table->bucket[first];

    for (size_t i = 0; i < NEAR; i++) {
        struct bucket *bucket = &table->bucket[(first + i) % BUCKET_COUNT];

        if (strcmp(bucket->key, key) == 0) {
            fill(table, bucket, now_ms);
            return bucket;
        }
        if (bucket->used_ms < oldest->used_ms)
            oldest = bucket;
    }
    snprintf(oldest->key, sizeof(oldest->key), "%s", key);
    oldest->used_ms = now_ms;
    oldest->level = table->burst;
    return oldest;
}

static unsigned seconds_for(const struct table *table, int64_t parts)
{
    const int64_t seconds = (parts + table->per_s - 1) / table->per_s;

    return seconds > 0 ? (unsigned)seconds : 0;
}

static struct zdd_limit state_of(const struct table *table, const struct bucket *bucket)
{
    struct zdd_limit limit = {.allowed = bucket->level >= PART,
                              .limit = (unsigned)(table->burst / PART),
                              .remaining = (unsigned)(bucket->level / PART),
                              .reset_s = seconds_for(table, table->burst - bucket->level)};

    if (!limit.allowed)
        limit.retry_s = seconds_for(table, PART - bucket->level);
    return limit;
}

static struct zdd_limit take(struct zdd_limits *limits, struct table *table, const char *key,
                             int64_t mono_ms)
{
    struct zdd_limit limit = {.allowed = true};
    struct bucket *bucket;

    if (table->per_s == 0)
        return limit;
    pthread_mutex_lock(&limits->lock);
    bucket = bucket_of(table, key, mono_ms);
    limit = state_of(table, bucket);
    if (limit.allowed) {
        bucket->level -= PART;
        limit.remaining--;
    }
    pthread_mutex_unlock(&limits->lock);
    return limit;
}

struct zdd_limit zdd_limits_call(struct zdd_limits *limits, const char *id, int64_t mono_ms)
{
    return take(limits, &limits->calls, id, mono_ms);
}

struct zdd_limit zdd_limits_refused(struct zdd_limits *limits, const char *address, int64_t mono_ms)
{
    char network[ZDD_REMOTE_SIZE];

    zdd_remote_network(address, network);
    return take(limits, &limits->logins, network, mono_ms);
}
