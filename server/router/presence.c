/**
 * @file server/router/presence.c
 * @brief A ticker that looks at all balancers now and then.
 */
#include "server/router/presence.h"

#include "server/base/log.h"
#include "server/base/ticker.h"

#include <assert.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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
    struct zdd_ticker *ticker;
    pthread_mutex_t lock; /* over what is below */
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

static int64_t look_at_all(void *cls)
{
    struct zdd_presence *presence = cls;

    for (size_t i = 0; i < presence->count; i++)
        look(presence, i);
    return presence->every_ms;
}

static void release(struct zdd_presence *presence)
{
    pthread_mutex_destroy(&presence->lock);
    free(presence);
}

struct zdd_presence *zdd_presence_start(const struct zdd_router *routers, size_t count,
                                        int64_t every_ms)
{
    struct zdd_presence *presence = calloc(1, sizeof(*presence));

    assert(count <= ZDD_PRESENCE_ROUTER_MAX);
    if (!presence)
        return NULL;
    presence->routers = routers;
    presence->count = count;
    presence->every_ms = every_ms;
    pthread_mutex_init(&presence->lock, NULL);
    presence->ticker = zdd_ticker_start(look_at_all, presence, 0);
    if (presence->ticker)
        return presence;
    release(presence);
    return NULL;
}

struct zdd_presence *zdd_presence_free(struct zdd_presence *presence)
{
    if (!presence)
        return NULL;
    zdd_ticker_free(presence->ticker);
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
