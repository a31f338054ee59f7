/**
 * @file server/router/choice.c
 * @brief Handing each pair to its router.
 */
#include "server/router/choice.h"

#include "server/base/cleanup.h"
#include "server/router/routers.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool is_same(const char *a, const char *b)
{
    return strcmp(a ? a : "", b ? b : "") == 0;
}

static const struct zdd_router *find(const struct zdd_choice *choice, const char *name,
                                     char reason[static ZDD_ROUTER_REASON_SIZE])
{
    for (size_t i = 0; i < choice->count; i++) {
        if (is_same(choice->router[i].ops->name, name))
            return &choice->router[i];
    }
    snprintf(reason, ZDD_ROUTER_REASON_SIZE,
             "the deployment was planned with the router %.40s, which this server was started "
             "without",
             name ? name : "");
    return NULL;
}

static enum zdd_err set(void *cls, const struct zdd_router_order *order,
                        char reason[static ZDD_ROUTER_REASON_SIZE])
{
    const struct zdd_router *router = find(cls, order->router, reason);

    return router ? router->ops->set(router->cls, order, reason) : ZDD_ERR_ROUTER_DOWN;
}

/* All questions are for one router. */
static enum zdd_err ask(const struct zdd_choice *choice, const struct zdd_router_ask *asks,
                        size_t count, int64_t max_age_ms, struct zdd_router_view *ret_views,
                        char reason[static ZDD_ROUTER_REASON_SIZE])
{
    const struct zdd_router *router = find(choice, asks[0].router, reason);

    if (router)
        return router->ops->observe(router->cls, asks, count, max_age_ms, ret_views, reason);
    memset(ret_views, 0, count * sizeof(*ret_views));
    return ZDD_ERR_ROUTER_DOWN;
}

/* The questions for the router of the first one, together; they go to the front of the list. */
struct part {
    struct zdd_router_ask *asks;
    size_t *places; /* where each of them stood */
    size_t count;
};

static void gather(struct part *part, size_t total)
{
    part->count = 0;
    for (size_t i = 0; i < total; i++) {
        const struct zdd_router_ask ask = part->asks[i];
        const size_t place = part->places[i];

        if (!is_same(ask.router, part->asks[0].router))
            continue;
        part->asks[i] = part->asks[part->count];
        part->places[i] = part->places[part->count];
        part->asks[part->count] = ask;
        part->places[part->count++] = place;
    }
}

static bool are_for_one(const struct zdd_router_ask *asks, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        if (!is_same(asks[i].router, asks[0].router))
            return false;
    }
    return true;
}

static enum zdd_err ask_each(const struct zdd_choice *choice, struct part left, size_t total,
                             int64_t max_age_ms, struct zdd_router_view *ret_views,
                             char reason[static ZDD_ROUTER_REASON_SIZE])
{
    ZDD_AUTO_FREE struct zdd_router_view *views = calloc(total, sizeof(*views));
    enum zdd_err first = views ? ZDD_ERR_NONE : ZDD_ERR_NO_MEMORY;

    while (views && total > 0) {
        char why[ZDD_ROUTER_REASON_SIZE] = "";

        gather(&left, total);
        const enum zdd_err err = ask(choice, left.asks, left.count, max_age_ms, views, why);

        if (err == ZDD_ERR_NO_MEMORY)
            return err;
        for (size_t i = 0; i < left.count; i++)
            ret_views[left.places[i]] = views[i];
        if (first == ZDD_ERR_NONE && err != ZDD_ERR_NONE) {
            first = err;
            memcpy(reason, why, sizeof(why));
        }
        left.asks += left.count;
        left.places += left.count;
        total -= left.count;
    }
    return first;
}

static enum zdd_err observe(void *cls, const struct zdd_router_ask *asks, size_t count,
                            int64_t max_age_ms, struct zdd_router_view *ret_views,
                            char reason[static ZDD_ROUTER_REASON_SIZE])
{
    if (count == 0)
        return ZDD_ERR_NONE;
    if (are_for_one(asks, count))
        return ask(cls, asks, count, max_age_ms, ret_views, reason);

    ZDD_AUTO_FREE struct zdd_router_ask *copy = calloc(count, sizeof(*copy));
    ZDD_AUTO_FREE size_t *places = calloc(count, sizeof(*places));

    if (!copy || !places)
        return ZDD_ERR_NO_MEMORY;
    memcpy(copy, asks, count * sizeof(*copy));
    for (size_t i = 0; i < count; i++)
        places[i] = i;
    return ask_each(cls, (struct part){copy, places, 0}, count, max_age_ms, ret_views, reason);
}

static void forget(void *cls, const char *pair)
{
    const struct zdd_choice *choice = cls;

    for (size_t i = 0; i < choice->count; i++)
        choice->router[i].ops->forget(choice->router[i].cls, pair);
}

static const struct zdd_router_ops ops = {
    .name = "choice",
    .means = ZDD_MEANS_WEIGHTS,
    .set = set,
    .observe = observe,
    .forget = forget,
};

struct zdd_router zdd_choice_router(struct zdd_choice *choice)
{
    assert(choice->count <= ZDD_CHOICE_MAX);
    return (struct zdd_router){&ops, choice};
}

void zdd_choice_close(struct zdd_choice *choice)
{
    for (size_t i = 0; i < choice->count; i++)
        zdd_router_close(&choice->router[i]);
    *choice = (struct zdd_choice){0};
}
