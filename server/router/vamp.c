/**
 * @file server/router/vamp.c
 * @brief The router for clusters whose requests VAMP shares: weights of routes are set through its
 * gateway API.
 *
 * VAMP keeps what it is told and hands it to its own balancers; a look shows what it keeps, and
 * says again what was said where somebody has changed it. Requests under way are not shown at all,
 * so a side is taken for busy until a minute after it was first seen without a share.
 */
#include "server/base/clock.h"
#include "server/base/log.h"
#include "server/json/json.h"
#include "server/net/url.h"
#include "server/router/drivers.h"
#include "server/router/vamp_gateways.h"
#include "server/router/vamp_http.h"
#include "strategies/model/plan.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RECENT_MS 50 /* what is so young need not be asked for again before a change */

/* What was said of a pair, and since when a side is seen without any share. */
struct pair {
    struct pair *next;
    char *name;
    struct zdd_vamp_order order;
    size_t servers[ZDD_VERSION_COUNT];       /* it was meant for so many of each side */
    bool refused;                            /* what had to be said again could not be */
    int64_t idle_mono_ms[ZDD_VERSION_COUNT]; /* 0: it gets requests, or nobody has looked */
};

struct vamp {
    pthread_mutex_t lock; /* over all below, while VAMP is asked too: its answers are shared */
    struct zdd_vamp_http *http;
    struct pair *pairs;
    json_t *gateways; /* as of taken_mono_ms; NULL: none */
    int64_t taken_mono_ms, taken_at_ms;
    int64_t failed_mono_ms; /* of the last look, if it failed */
    char failure[ZDD_ROUTER_REASON_SIZE];
};

static void pair_free(struct pair *pair)
{
    free(pair->name);
    free(pair);
}

static void release(void *cls)
{
    struct vamp *vamp = cls;

    if (!vamp)
        return;
    while (vamp->pairs) {
        struct pair *pair = vamp->pairs;

        vamp->pairs = pair->next;
        pair_free(pair);
    }
    json_decref(vamp->gateways);
    zdd_vamp_http_close(vamp->http);
    pthread_mutex_destroy(&vamp->lock);
    free(vamp);
}

static struct pair *find(const struct vamp *vamp, const char *name)
{
    struct pair *pair = vamp->pairs;

    while (pair && strcmp(pair->name, name) != 0)
        pair = pair->next;
    return pair;
}

static struct pair *find_or_add(struct vamp *vamp, const char *name)
{
    struct pair *pair = find(vamp, name);

    if (pair)
        return pair;
    pair = calloc(1, sizeof(*pair));
    if (!pair)
        return NULL;
    pair->name = strdup(name);
    if (!pair->name) {
        free(pair);
        return NULL;
    }
    pair->next = vamp->pairs;
    vamp->pairs = pair;
    return pair;
}

/*
 * Know the gateways, not older than @p since_mono_ms. Whoever waited for the lock while another one
 * looked takes what that one got, a failure too: so nobody waits for more than two looks.
 */
static enum zdd_err know(struct vamp *vamp, int64_t since_mono_ms,
                         char reason[static ZDD_ROUTER_REASON_SIZE])
{
    json_t *all = NULL;
    enum zdd_err err;

    if (vamp->gateways && vamp->taken_mono_ms >= since_mono_ms)
        return ZDD_ERR_NONE;
    if (vamp->failed_mono_ms > 0 && vamp->failed_mono_ms >= since_mono_ms) {
        memcpy(reason, vamp->failure, sizeof(vamp->failure));
        return ZDD_ERR_ROUTER_DOWN;
    }

    const int64_t now_mono_ms = zdd_mono_ms(), now_ms = zdd_now_ms();

    err = zdd_vamp_http_gateways(vamp->http, &all, reason);
    if (err == ZDD_ERR_ROUTER_DOWN) {
        vamp->failed_mono_ms = now_mono_ms;
        memcpy(vamp->failure, reason, sizeof(vamp->failure));
    }
    if (err != ZDD_ERR_NONE)
        return err;
    json_decref(vamp->gateways);
    vamp->gateways = all;
    vamp->taken_mono_ms = now_mono_ms;
    vamp->taken_at_ms = now_ms;
    return ZDD_ERR_NONE;
}

static void expire(struct vamp *vamp)
{
    json_decref(vamp->gateways);
    vamp->gateways = NULL;
}

static enum zdd_err set_locked(struct vamp *vamp, const struct zdd_router_order *order,
                               int64_t since_mono_ms, char reason[static ZDD_ROUTER_REASON_SIZE])
{
    struct pair *pair = find_or_add(vamp, order->pair);
    struct zdd_router_ask about = {.pair = order->pair};
    enum zdd_err err;

    if (!pair)
        return ZDD_ERR_NO_MEMORY;
    for (int s = 0; s < ZDD_VERSION_COUNT; s++) {
        pair->order.serving[s] = order->side[s].serving;
        pair->order.weight[s] = order->side[s].weight;
        about.endpoints[s] = order->side[s].endpoints;
        about.endpoint_count[s] = pair->servers[s] = order->side[s].endpoint_count;
    }
    err = know(vamp, since_mono_ms, reason);
    if (err != ZDD_ERR_NONE)
        return err;
    err = zdd_vamp_change(vamp->gateways, &about, &pair->order, zdd_vamp_http_put, vamp->http,
                          reason);
    expire(vamp); /* it shows what was before */
    return err;
}

static enum zdd_err set(void *cls, const struct zdd_router_order *order,
                        char reason[static ZDD_ROUTER_REASON_SIZE])
{
    struct vamp *vamp = cls;
    const int64_t since_mono_ms = zdd_mono_ms() - RECENT_MS;
    enum zdd_err err;

    pthread_mutex_lock(&vamp->lock);
    err = set_locked(vamp, order, since_mono_ms, reason);
    pthread_mutex_unlock(&vamp->lock);
    return err;
}

static void guess_sessions(struct pair *pair, const struct zdd_vamp_sight *sight,
                           struct zdd_balancer_view *view)
{
    const int64_t now_mono_ms = zdd_mono_ms();

    for (int s = 0; s < ZDD_VERSION_COUNT; s++)
        view->side[s].sessions =
            zdd_vamp_sessions(pair ? &pair->idle_mono_ms[s] : NULL, sight->idle[s],
                              view->side[s].servers, now_mono_ms);
}

static void name_balancer(const struct vamp *vamp, struct zdd_balancer_view *view)
{
    snprintf(view->name, sizeof(view->name), "%s", zdd_vamp_http_name(vamp->http));
}

static void show(struct vamp *vamp, const struct zdd_router_ask *about,
                 struct zdd_router_view *ret_view)
{
    struct pair *pair = find(vamp, about->pair);
    struct zdd_vamp_sight sight;

    zdd_vamp_look(vamp->gateways, about, pair ? &pair->order : NULL, &sight);
    *ret_view = (struct zdd_router_view){.taken_at_ms = vamp->taken_at_ms, .balancer_count = 1};
    ret_view->balancer[0] = sight.view;
    ret_view->balancer[0].reachable = true;
    name_balancer(vamp, &ret_view->balancer[0]);
    guess_sessions(pair, &sight, &ret_view->balancer[0]);
}

/* Other servers than it was meant for need another order first: weights of servers are percents of
 * sides here. */
static bool is_for(const struct pair *pair, const struct zdd_router_ask *about)
{
    for (int s = 0; s < ZDD_VERSION_COUNT; s++) {
        if (pair->servers[s] != about->endpoint_count[s])
            return false;
    }
    return true;
}

struct saying {
    struct vamp *vamp;
    bool said;
};

static enum zdd_err put(void *cls, const char *name, const json_t *gateway,
                        char reason[static ZDD_ROUTER_REASON_SIZE])
{
    struct saying *saying = cls;

    saying->said = true;
    return zdd_vamp_http_put(saying->vamp->http, name, gateway, reason);
}

/* Where VAMP has what was said nothing is sent. What fails is seen meanwhile, logged once, and
 * tried again at the next look. @return true when the look is no longer what VAMP has */
static bool say_again(struct vamp *vamp, const struct zdd_router_ask *about)
{
    struct pair *pair = find(vamp, about->pair);
    struct saying saying = {.vamp = vamp};
    char reason[ZDD_ROUTER_REASON_SIZE] = "";
    enum zdd_err err;

    if (!pair || !is_for(pair, about))
        return false;
    err = zdd_vamp_change(vamp->gateways, about, &pair->order, put, &saying, reason);
    if (err != ZDD_ERR_NONE && !pair->refused)
        zdd_log(ZDD_LOG_WARN, "vamp.refused", "app", pair->name, "error", zdd_err_slug(err), "text",
                reason, NULL);
    pair->refused = err != ZDD_ERR_NONE;
    return saying.said;
}

static void show_nothing(const struct vamp *vamp, struct zdd_router_view *ret_view)
{
    *ret_view = (struct zdd_router_view){.taken_at_ms = zdd_now_ms(), .balancer_count = 1};
    name_balancer(vamp, &ret_view->balancer[0]);
}

static enum zdd_err observe(void *cls, const struct zdd_router_ask *asks, size_t count,
                            int64_t max_age_ms, struct zdd_router_view *ret_views,
                            char reason[static ZDD_ROUTER_REASON_SIZE])
{
    struct vamp *vamp = cls;
    const int64_t now_mono_ms = zdd_mono_ms();
    bool changed = false;
    enum zdd_err err;

    pthread_mutex_lock(&vamp->lock);
    err = know(vamp, now_mono_ms - max_age_ms, reason);
    for (size_t i = 0; i < count; i++) {
        if (err == ZDD_ERR_NONE)
            show(vamp, &asks[i], &ret_views[i]);
        else
            show_nothing(vamp, &ret_views[i]);
    }
    /* From what is older, what others have changed since would be written back. */
    for (size_t i = 0; err == ZDD_ERR_NONE && vamp->taken_mono_ms >= now_mono_ms && i < count; i++)
        changed = say_again(vamp, &asks[i]) || changed;
    if (changed)
        expire(vamp);
    pthread_mutex_unlock(&vamp->lock);
    return err;
}

static void forget(void *cls, const char *name)
{
    struct vamp *vamp = cls;
    struct pair **at = &vamp->pairs;
    struct pair *pair;

    pthread_mutex_lock(&vamp->lock);
    while (*at && strcmp((*at)->name, name) != 0)
        at = &(*at)->next;
    pair = *at;
    if (pair) {
        *at = pair->next;
        pair_free(pair);
    }
    pthread_mutex_unlock(&vamp->lock);
}

static const struct zdd_router_ops ops = {
    .name = ZDD_ROUTER_VAMP,
    .means = ZDD_MEANS_WEIGHTS,
    .set = set,
    .observe = observe,
    .forget = forget,
};

static bool is_address(const struct zdd_router_options *options,
                       char reason[static ZDD_ROUTER_REASON_SIZE])
{
    const char *url = options->balancer_count == 1 ? options->balancers[0] : "";

    if (zdd_url_valid(url) && !strchr(url, '?'))
        return true;
    snprintf(reason, ZDD_ROUTER_REASON_SIZE,
             "the router vamp wants the one address of VAMP's API, like http://HOST:8080, not "
             "%s%.100s",
             options->balancer_count == 1 ? "" : "none or several", url);
    return false;
}

static enum zdd_err open_vamp(const struct zdd_router_options *options,
                              struct zdd_router *ret_router,
                              char reason[static ZDD_ROUTER_REASON_SIZE])
{
    struct vamp *vamp;

    if (!is_address(options, reason))
        return ZDD_ERR_BODY_INVALID;
    vamp = calloc(1, sizeof(*vamp));
    if (!vamp || pthread_mutex_init(&vamp->lock, NULL) != 0) {
        free(vamp);
        return ZDD_ERR_NO_MEMORY;
    }
    vamp->http = zdd_vamp_http_open(options->balancers[0], &options->auth);
    if (!vamp->http) {
        release(vamp);
        return ZDD_ERR_NO_MEMORY;
    }
    *ret_router = (struct zdd_router){&ops, vamp};
    return ZDD_ERR_NONE;
}

const struct zdd_router_driver zdd_router_vamp = {
    .name = ZDD_ROUTER_VAMP,
    .text = "VAMP 0.9: the weights of its gateways' routes are set through its API.",
    .open = open_vamp,
    .close = release,
};
