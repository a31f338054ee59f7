/**
 * @file server/router/marathon_lb.c
 * @brief The router for Marathon-LB as it is: balancers ask our agent, we read their statistics.
 *
 * Nothing is sent to a balancer, so none has to be known to obey, a new one obeys from its first
 * question on, and a reload heals by itself.
 */
#include "server/base/cleanup.h"
#include "server/net/url.h"
#include "server/router/drivers.h"
#include "server/router/stats_http.h"
#include "strategies/model/plan.h"

#include <stdio.h>

struct marathon_lb {
    struct zdd_answers *answers;
    struct zdd_places *places;
    struct zdd_stats_http *http;
    struct zdd_stats *stats;
    struct zdd_agent *agent;
    struct zdd_metrics *metrics; /* or NULL */
    char *listen;
};

static void release(void *cls)
{
    struct marathon_lb *lb = cls;

    if (!lb)
        return;
    zdd_agent_free(lb->agent);
    zdd_stats_close(lb->stats);
    zdd_stats_http_close(lb->http);
    zdd_places_close(lb->places);
    zdd_answers_free(lb->answers);
    free(lb->listen);
    free(lb);
}

static enum zdd_err set(void *cls, const struct zdd_router_order *order,
                        char reason[static ZDD_ROUTER_REASON_SIZE])
{
    const struct marathon_lb *lb = cls;
    enum zdd_err err = zdd_answers_set(lb->answers, order);

    reason[0] = '\0'; /* without memory there are no words */
    if (err == ZDD_ERR_NONE)
        zdd_stats_expire(lb->stats);
    return err;
}

static enum zdd_err observe(void *cls, const struct zdd_router_ask *asks, size_t count,
                            int64_t max_age_ms, struct zdd_router_view *ret_views,
                            char reason[static ZDD_ROUTER_REASON_SIZE])
{
    const struct marathon_lb *lb = cls;
    const enum zdd_err err =
        zdd_stats_observe(lb->stats, asks, count, max_age_ms, ret_views, reason);

    for (size_t i = 0; err != ZDD_ERR_NO_MEMORY && i < count; i++)
        ret_views[i].receipt_count =
            zdd_answers_receipts(lb->answers, asks[i].pair, ret_views[i].receipt);
    return err;
}

static void forget(void *cls, const char *pair)
{
    const struct marathon_lb *lb = cls;

    zdd_answers_forget(lb->answers, pair);
}

static const struct zdd_router_ops ops = {
    .name = ZDD_ROUTER_MARATHON_LB,
    .means = ZDD_MEANS_WEIGHTS,
    .set = set,
    .observe = observe,
    .forget = forget,
};

static bool make_parts(struct marathon_lb *lb, const struct zdd_router_options *options)
{
    struct zdd_buf listen = {0};
    struct zdd_stats_options stats = {.look = zdd_stats_http_look};

    zdd_buf_text(&listen, options->agent_listen);
    lb->listen = zdd_buf_take(&listen);
    lb->metrics = options->metrics;
    lb->answers = zdd_answers_new();
    stats.places = lb->places;
    stats.cls = lb->http =
        zdd_stats_http_open(options->balancers, options->balancer_count, &options->auth);
    lb->stats = zdd_stats_open(&stats);
    return lb->listen && lb->answers && lb->http && lb->stats;
}

static bool are_urls(const struct zdd_router_options *options,
                     char reason[static ZDD_ROUTER_REASON_SIZE])
{
    for (size_t i = 0; i < options->balancer_count; i++) {
        if (zdd_url_valid(options->balancers[i]))
            continue;
        snprintf(reason, ZDD_ROUTER_REASON_SIZE,
                 "\"%.100s\" is no URL of a statistics page; right would be http://HOST:PORT",
                 options->balancers[i]);
        return false;
    }
    return true;
}

static enum zdd_err open_marathon_lb(const struct zdd_router_options *options,
                                     struct zdd_router *ret_router,
                                     char reason[static ZDD_ROUTER_REASON_SIZE])
{
    const struct zdd_places_options places = {.targets = options->balancers,
                                              .target_count = options->balancer_count,
                                              .resolve = options->resolve,
                                              .cls = options->resolve_cls};
    struct marathon_lb *lb;
    enum zdd_err err;

    if (!are_urls(options, reason))
        return ZDD_ERR_BODY_INVALID;
    lb = calloc(1, sizeof(*lb));
    if (!lb)
        return ZDD_ERR_NO_MEMORY;
    err = zdd_places_open(&places, &lb->places, reason);
    if (err == ZDD_ERR_NONE && !make_parts(lb, options))
        err = ZDD_ERR_NO_MEMORY;
    if (err == ZDD_ERR_NONE)
        *ret_router = (struct zdd_router){&ops, lb};
    else
        release(lb);
    return err;
}

static enum zdd_err start(void *cls, char reason[static ZDD_ROUTER_REASON_SIZE])
{
    struct marathon_lb *lb = cls;

    return zdd_agent_start(lb->listen, lb->answers, lb->metrics, &lb->agent, reason);
}

static bool agent(const void *cls, uint16_t *ret_port, struct zdd_agent_stats *ret_stats)
{
    const struct marathon_lb *lb = cls;

    if (!lb->agent)
        return false;
    *ret_port = zdd_agent_port(lb->agent);
    zdd_agent_stats(lb->agent, ret_stats);
    return true;
}

const struct zdd_router_driver zdd_router_marathon_lb = {
    .name = ZDD_ROUTER_MARATHON_LB,
    .text = "Marathon-LB as it is: its balancers ask our agent for the weight of each server.",
    .open = open_marathon_lb,
    .start = start,
    .close = release,
    .agent = agent,
};
