/**
 * @file server/router/haproxy.c
 * @brief The router for an HAProxy of one's own: weights are set over its Runtime API.
 *
 * A reload may bring a server back as the configuration has it, so each look at a balancer compares
 * what is with what was said, and says it again where it differs. Needs a socket of level admin:
 * only there HAProxy shows addresses, by which servers are known, and takes orders.
 */
#include "server/base/cleanup.h"
#include "server/base/clock.h"
#include "server/router/drivers.h"
#include "server/router/runtime.h"
#include "server/router/stats.h"
#include "server/router/view.h"
#include "strategies/model/plan.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

/* One more server's two orders fit, unless its names are very long; then the next look helps. */
#define LINE_ENOUGH (ZDD_RUNTIME_LINE_MAX / 2)
#define WORDS_MAX ((size_t)64 * 1024)       /* of the answer to orders */
#define PAGE_MAX ((size_t)64 * 1024 * 1024) /* of statistics */

struct haproxy {
    struct zdd_answers *wishes;
    struct zdd_places *places;
    struct zdd_stats *stats;
    pthread_mutex_t lock;
    char refusal[ZDD_ROUTER_REASON_SIZE]; /* the last one, "": none since the last order */
};

static void release(void *cls)
{
    struct haproxy *haproxy = cls;

    if (!haproxy)
        return;
    zdd_stats_close(haproxy->stats);
    zdd_places_close(haproxy->places);
    zdd_answers_free(haproxy->wishes);
    pthread_mutex_destroy(&haproxy->lock);
    free(haproxy);
}

static void note_refusal(struct haproxy *haproxy, const struct zdd_place *place, const char *words)
{
    words += strspn(words, " \r\n");
    if (!*words)
        return;
    pthread_mutex_lock(&haproxy->lock);
    snprintf(haproxy->refusal, sizeof(haproxy->refusal), "%s: %.*s", place->name,
             (int)strcspn(words, "\r\n"), words);
    pthread_mutex_unlock(&haproxy->lock);
}

/* HAProxy says nothing to an order that it has carried out. */
static void send_orders(struct haproxy *haproxy, const struct zdd_place *place,
                        struct zdd_buf *line, int64_t until_ms)
{
    ZDD_AUTO_BUF struct zdd_buf words = {.max = WORDS_MAX};
    char reason[ZDD_ROUTER_REASON_SIZE] = "";

    if (line->size > 0 && line->err == ZDD_ERR_NONE) {
        if (zdd_runtime_ask(place, line->data, until_ms, &words, reason) != ZDD_ERR_NONE)
            note_refusal(haproxy, place, reason);
        else if (words.size > 0)
            note_refusal(haproxy, place, words.data);
    }
    zdd_buf_clear(line);
}

/* A server that is down hides what it was told. */
static bool shows_state(const struct zdd_stats_row *row)
{
    return strncmp(row->status, "UP", 2) == 0 || strcmp(row->status, "no check") == 0 ||
           zdd_row_serving(row) != ZDD_SERVES;
}

static const char *between(const struct zdd_buf *line)
{
    return line->size > 0 ? ";" : "";
}

static void add_orders(struct zdd_buf *line, const struct zdd_stats_row *row,
                       const struct zdd_wish *wish)
{
    static const char *const states[ZDD_SERVING_COUNT] = {
        [ZDD_SERVES] = "ready", [ZDD_DRAINS] = "drain", [ZDD_RESTS] = "maint"};

    if (wish->serving == ZDD_SERVES && row->user_weight != wish->weight)
        zdd_buf_printf(line, "%sset server %s/%s weight %d", between(line), row->backend,
                       row->server, (int)wish->weight);
    if (!shows_state(row) || zdd_row_serving(row) != wish->serving)
        zdd_buf_printf(line, "%sset server %s/%s state %s", between(line), row->backend,
                       row->server, states[wish->serving]);
}

static void reconcile(struct haproxy *haproxy, const struct zdd_place *place,
                      const struct zdd_stats_table *table, int64_t until_ms)
{
    ZDD_AUTO_BUF struct zdd_buf line = {0};

    for (size_t i = 0; i < table->count; i++) {
        const struct zdd_stats_row *row = &table->rows[i];
        struct zdd_wish wish;

        if (row->server && *row->address && zdd_answers_wish(haproxy->wishes, row->address, &wish))
            add_orders(&line, row, &wish);
        if (line.size > LINE_ENOUGH)
            send_orders(haproxy, place, &line, until_ms);
    }
    send_orders(haproxy, place, &line, until_ms);
}

/* The page, a blank line, and the facts of the process that made both. */
static enum zdd_err look(void *cls, const struct zdd_place *place, int64_t limit_ms,
                         struct zdd_stats_answer *ret_answer,
                         char reason[static ZDD_ROUTER_REASON_SIZE])
{
    const int64_t until_ms = zdd_mono_ms() + limit_ms;
    ZDD_AUTO_BUF struct zdd_buf text = {.max = PAGE_MAX};
    struct zdd_stats_answer answer = {0};
    enum zdd_err err = zdd_runtime_ask(place, "show stat;show info", until_ms, &text, reason);
    char *info;

    if (err != ZDD_ERR_NONE)
        return err;
    info = text.size > 0 ? strstr(text.data, "\n\n") : NULL;
    if (!info) {
        snprintf(reason, ZDD_ROUTER_REASON_SIZE, "%s: no statistics: %.100s", place->name,
                 text.size > 0 ? text.data : "");
        return ZDD_ERR_ROUTER_DOWN;
    }
    zdd_process_read(info, zdd_steady_ms(), &answer.process);
    info[1] = '\0';
    err = zdd_stats_parse(zdd_buf_take(&text), &answer.table);
    if (err != ZDD_ERR_NONE) {
        snprintf(reason, ZDD_ROUTER_REASON_SIZE, "%s: its statistics make no sense", place->name);
        return err;
    }
    answer.process.requests = answer.table.requests;
    reconcile(cls, place, &answer.table, until_ms);
    *ret_answer = answer;
    return ZDD_ERR_NONE;
}

/* What was said is compared with what is at each balancer, so a look is what says it. */
static enum zdd_err tell(struct haproxy *haproxy, char reason[static ZDD_ROUTER_REASON_SIZE])
{
    struct zdd_router_ask nothing = {.pair = ""};
    struct zdd_router_view view;
    enum zdd_err err;

    pthread_mutex_lock(&haproxy->lock);
    haproxy->refusal[0] = '\0';
    pthread_mutex_unlock(&haproxy->lock);
    zdd_stats_expire(haproxy->stats);
    err = zdd_stats_observe(haproxy->stats, &nothing, 1, 0, &view, reason);
    zdd_stats_expire(haproxy->stats); /* it shows what was before */
    pthread_mutex_lock(&haproxy->lock);
    if (err == ZDD_ERR_NONE && haproxy->refusal[0]) {
        memcpy(reason, haproxy->refusal, ZDD_ROUTER_REASON_SIZE);
        err = ZDD_ERR_ROUTER_DOWN;
    }
    pthread_mutex_unlock(&haproxy->lock);
    return err;
}

static enum zdd_err set(void *cls, const struct zdd_router_order *order,
                        char reason[static ZDD_ROUTER_REASON_SIZE])
{
    struct haproxy *haproxy = cls;
    const enum zdd_err err = zdd_answers_set(haproxy->wishes, order);

    return err == ZDD_ERR_NONE ? tell(haproxy, reason) : err;
}

static enum zdd_err observe(void *cls, const struct zdd_router_ask *asks, size_t count,
                            int64_t max_age_ms, struct zdd_router_view *ret_views,
                            char reason[static ZDD_ROUTER_REASON_SIZE])
{
    const struct haproxy *haproxy = cls;

    return zdd_stats_observe(haproxy->stats, asks, count, max_age_ms, ret_views, reason);
}

static void forget(void *cls, const char *pair)
{
    const struct haproxy *haproxy = cls;

    zdd_answers_forget(haproxy->wishes, pair);
}

static const struct zdd_router_ops ops = {
    .name = ZDD_ROUTER_HAPROXY,
    .means = ZDD_MEANS_WEIGHTS,
    .set = set,
    .observe = observe,
    .forget = forget,
};

static bool make_parts(struct haproxy *haproxy)
{
    const struct zdd_stats_options stats = {
        .places = haproxy->places, .look = look, .cls = haproxy};

    haproxy->wishes = zdd_answers_new();
    haproxy->stats = zdd_stats_open(&stats);
    return haproxy->wishes && haproxy->stats;
}

static bool are_sockets(const struct zdd_router_options *options,
                        char reason[static ZDD_ROUTER_REASON_SIZE])
{
    for (size_t i = 0; i < options->balancer_count; i++) {
        if (!strstr(options->balancers[i], "://"))
            continue;
        snprintf(reason, ZDD_ROUTER_REASON_SIZE,
                 "\"%.100s\" is no Runtime API; right would be HOST:PORT or the path of a socket",
                 options->balancers[i]);
        return false;
    }
    return true;
}

static struct haproxy *allocate(void)
{
    struct haproxy *haproxy = calloc(1, sizeof(*haproxy));

    if (haproxy && pthread_mutex_init(&haproxy->lock, NULL) != 0) {
        free(haproxy);
        return NULL;
    }
    return haproxy;
}

static enum zdd_err open_haproxy(const struct zdd_router_options *options,
                                 struct zdd_router *ret_router,
                                 char reason[static ZDD_ROUTER_REASON_SIZE])
{
    const struct zdd_places_options places = {.targets = options->balancers,
                                              .target_count = options->balancer_count,
                                              .resolve = options->resolve,
                                              .cls = options->resolve_cls};
    struct haproxy *haproxy;
    enum zdd_err err;

    if (!are_sockets(options, reason))
        return ZDD_ERR_BODY_INVALID;
    haproxy = allocate();
    if (!haproxy)
        return ZDD_ERR_NO_MEMORY;
    err = zdd_places_open(&places, &haproxy->places, reason);
    if (err == ZDD_ERR_NONE && !make_parts(haproxy))
        err = ZDD_ERR_NO_MEMORY;
    if (err == ZDD_ERR_NONE)
        *ret_router = (struct zdd_router){&ops, haproxy};
    else
        release(haproxy);
    return err;
}

const struct zdd_router_driver zdd_router_haproxy = {
    .name = ZDD_ROUTER_HAPROXY,
    .text = "An HAProxy of one's own: weights are set over its Runtime API, level admin.",
    .open = open_haproxy,
    .close = release,
};
