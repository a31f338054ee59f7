/**
 * @file server/router/presence.c
 * @brief A thread that looks at all balancers now and then.
 */
#include "server/router/presence.h"

#include "server/base/clock.h"
#include "server/base/log.h"

#include <assert.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* A balancer and whether it answered; by name, for a look may find others than the last one. */
struct known {
    char name[ZDD_BALANCER_NAME_SIZE];
    bool here;
};

struct seen {
    size_t count, silent;
    struct known known[ZDD_BALANCER_MAX];
};

struct zdd_presence {
    const struct zdd_router *routers;
    size_t count;
    int64_t every_ms;
    pthread_t thread;
    pthread_mutex_t lock; /* over what is below */
    pthread_cond_t ends;
    bool over;
    struct seen seen[ZDD_PRESENCE_ROUTER_MAX];
};

static const struct known *find(const struct seen *seen, const char *name)
{
    for (size_t i = 0; i < seen->count; i++) {
        if (strcmp(seen->known[i].name, name) == 0)
            return &seen->known[i];
    }
    return NULL;
}

/* What has changed: of one that nobody knew, its silence alone is worth a word. */
static void tell(const char *router, const struct seen *before, const struct known *now,
                 const char *reason)
{
    const struct known *known = find(before, now->name);

    if ((known ? known->here : true) == now->here)
        return;
    if (now->here)
        zdd_log(ZDD_LOG_INFO, "balancer.back", "router", router, "balancer", now->name, NULL);
    else
        zdd_log(ZDD_LOG_WARN, "balancer.silence", "router", router, "balancer", now->name, "text",
                *reason ? reason : "it does not answer", NULL);
}

/* Not one is known, and that is a fault: all of them together count as one, called like the router.
 */
static void note_unknown(const char *router, struct seen *seen)
{
    snprintf(seen->known[0].name, sizeof(seen->known[0].name), "%s", router);
    seen->count = seen->silent = 1;
}

static void look(struct zdd_presence *presence, size_t index)
{
    const struct zdd_router *router = &presence->routers[index];
    const struct zdd_router_ask nothing = {.pair = ""};
    const struct seen before = presence->seen[index]; /* no other thread writes it */
    struct zdd_router_view view;
    struct seen seen = {0};
    char reason[ZDD_ROUTER_REASON_SIZE] = "";
    const enum zdd_err err =
        router->ops->observe(router->cls, &nothing, 1, presence->every_ms / 2, &view, reason);

    if (err == ZDD_ERR_NO_MEMORY)
        return; /* nothing was learnt */
    for (size_t i = 0; i < view.balancer_count; i++) {
        struct known *known = &seen.known[seen.count++];

        memcpy(known->name, view.balancer[i].name, sizeof(known->name));
        known->here = view.balancer[i].reachable;
        seen.silent += !known->here;
    }
    if (err != ZDD_ERR_NONE && seen.count == 0)
        note_unknown(router->ops->name, &seen);
    pthread_mutex_lock(&presence->lock);
    presence->seen[index] = seen;
    pthread_mutex_unlock(&presence->lock);
    for (size_t i = 0; i < seen.count; i++) /* whoever reads the log finds it counted */
        tell(router->ops->name, &before, &seen.known[i], reason);
}

/* @return false when it is over */
static bool rest(struct zdd_presence *presence)
{
    const int64_t until_ms = zdd_mono_ms() + presence->every_ms;
    const struct timespec until = {.tv_sec = until_ms / 1000, .tv_nsec = until_ms % 1000 * 1000000};
    bool goes_on;

    pthread_mutex_lock(&presence->lock);
    while (!presence->over && zdd_mono_ms() < until_ms)
        pthread_cond_timedwait(&presence->ends, &presence->lock, &until);
    goes_on = !presence->over;
    pthread_mutex_unlock(&presence->lock);
    return goes_on;
}

static void *live(void *cls)
{
    struct zdd_presence *presence = cls;

    do {
        for (size_t i = 0; i < presence->count; i++)
            look(presence, i);
    } while (rest(presence));
    return NULL;
}

static void release(struct zdd_presence *presence)
{
    pthread_cond_destroy(&presence->ends);
    pthread_mutex_destroy(&presence->lock);
    free(presence);
}

struct zdd_presence *zdd_presence_start(const struct zdd_router *routers, size_t count,
                                        int64_t every_ms)
{
    struct zdd_presence *presence = calloc(1, sizeof(*presence));
    pthread_condattr_t monotonic;

    assert(count <= ZDD_PRESENCE_ROUTER_MAX);
    if (!presence)
        return NULL;
    presence->routers = routers;
    presence->count = count;
    presence->every_ms = every_ms;
    pthread_mutex_init(&presence->lock, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&presence->ends, &monotonic);
    pthread_condattr_destroy(&monotonic);
    if (pthread_create(&presence->thread, NULL, live, presence) == 0)
        return presence;
    release(presence);
    return NULL;
}

struct zdd_presence *zdd_presence_free(struct zdd_presence *presence)
{
    if (!presence)
        return NULL;
    pthread_mutex_lock(&presence->lock);
    presence->over = true;
    pthread_cond_signal(&presence->ends);
    pthread_mutex_unlock(&presence->lock);
    pthread_join(presence->thread, NULL);
    release(presence);
    return NULL;
}

size_t zdd_presence_read(struct zdd_presence *presence,
                         struct zdd_presence_row ret_rows[static ZDD_PRESENCE_ROUTER_MAX])
{
    if (!presence)
        return 0;
    pthread_mutex_lock(&presence->lock);
    for (size_t i = 0; i < presence->count; i++)
        ret_rows[i] = (struct zdd_presence_row){.router = presence->routers[i].ops->name,
                                                .balancers = presence->seen[i].count,
                                                .silent = presence->seen[i].silent};
    pthread_mutex_unlock(&presence->lock);
    return presence->count;
}
