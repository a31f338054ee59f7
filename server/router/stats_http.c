/**
 * @file server/router/stats_http.c
 * @brief Asking a balancer over HTTP.
 */
#include "server/router/stats_http.h"

#include "server/base/cleanup.h"
#include "server/base/clock.h"
#include "server/router/algorithms.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#define PAGE "/haproxy?stats" /* HAProxy's own default, and Marathon-LB's */

/* What the configuration of one balancer said; one look at a time has it. */
struct config {
    char place[ZDD_BALANCER_NAME_SIZE]; /* "": free */
    int64_t seen_mono_ms;
    struct zdd_process process;       /* that the next line is of */
    struct zdd_algorithms algorithms; /* none: it does not hand its configuration out */
};

struct zdd_stats_http {
    struct zdd_fetch_auth auth; /* copies */
    size_t url_count;
    char *page[ZDD_BALANCER_MAX];   /* "http://lb:9090/haproxy?stats;csv" */
    char *start[ZDD_BALANCER_MAX];  /* "http://lb:9090/metrics?scope=global" */
    char *config[ZDD_BALANCER_MAX]; /* "http://lb:9090/_haproxy_getconfig", which is harmless */
    pthread_mutex_t lock;
    struct config known[2 * ZDD_BALANCER_MAX]; /* some may be of balancers that have gone */
};

static bool make_urls(struct zdd_stats_http *http, size_t number, const char *url)
{
    const char *host = strstr(url, "://");
    const size_t origin = host ? (size_t)(host - url) + 3 + strcspn(host + 3, "/?") : strlen(url);
    const bool has_path = url[origin] && strcmp(url + origin, "/") != 0;
    struct zdd_buf text = {0};

    zdd_buf_printf(&text, "%.*s%s;csv", (int)origin, url, has_path ? url + origin : PAGE);
    http->page[number] = zdd_buf_take(&text);
    zdd_buf_printf(&text, "%.*s/metrics?scope=global", (int)origin, url);
    http->start[number] = zdd_buf_take(&text);
    zdd_buf_printf(&text, "%.*s/_haproxy_getconfig", (int)origin, url);
    http->config[number] = zdd_buf_take(&text);
    return http->page[number] && http->start[number] && http->config[number];
}

struct zdd_stats_http *zdd_stats_http_open(const char *const *urls, size_t url_count,
                                           const struct zdd_fetch_auth *auth)
{
    struct zdd_stats_http *http = calloc(1, sizeof(*http));

    if (!http || pthread_mutex_init(&http->lock, NULL) != 0) {
        free(http);
        return NULL;
    }
    if (url_count > ZDD_BALANCER_MAX || !zdd_fetch_auth_copy(auth, &http->auth))
        return zdd_stats_http_close(http);
    http->url_count = url_count;
    for (size_t i = 0; i < url_count; i++) {
        if (!make_urls(http, i, urls[i]))
            return zdd_stats_http_close(http);
    }
    return http;
}

struct zdd_stats_http *zdd_stats_http_close(struct zdd_stats_http *http)
{
    if (!http)
        return NULL;
    for (size_t i = 0; i < http->url_count; i++) {
        free(http->page[i]);
        free(http->start[i]);
        free(http->config[i]);
    }
    for (size_t i = 0; i < ZDD_COUNT(http->known); i++)
        zdd_algorithms_release(&http->known[i].algorithms);
    pthread_mutex_destroy(&http->lock);
    zdd_fetch_auth_release(&http->auth);
    free(http);
    return NULL;
}

/* One request; @return its text, to free(), or NULL with a reason. */
static char *get(struct zdd_fetch *fetch, const char *url, const struct zdd_place *place,
                 int64_t until_ms, char reason[static ZDD_ROUTER_REASON_SIZE])
{
    const int64_t left_ms = until_ms - zdd_mono_ms();
    const struct zdd_request request = {.method = "GET",
                                        .url = url,
                                        .accept = "*/*",
                                        .address = place->address,
                                        .connect_ms = left_ms > 0 ? left_ms : 1,
                                        .timeout_ms = left_ms > 0 ? left_ms : 1};
    struct zdd_answer answer;
    char words[200], *text = NULL;

    if (zdd_fetch_send(fetch, &request, &answer, words) != ZDD_ERR_NONE)
        snprintf(reason, ZDD_ROUTER_REASON_SIZE, "%s: %s", place->name, words);
    else if (answer.status != 200)
        snprintf(reason, ZDD_ROUTER_REASON_SIZE, "%s: GET %.150s answered %ld", place->name, url,
                 answer.status);
    else
        text = zdd_buf_take(&answer.body);
    zdd_answer_release(&answer);
    return text;
}

/* What is known of the balancer; a new one takes the place that was not used for longest. */
static struct config *config_of(struct zdd_stats_http *http, const struct zdd_place *place)
{
    struct config *oldest = &http->known[0];

    for (size_t i = 0; i < ZDD_COUNT(http->known); i++) {
        struct config *config = &http->known[i];

        if (strcmp(config->place, place->name) == 0)
            return config;
        if (config->seen_mono_ms < oldest->seen_mono_ms)
            oldest = config;
    }
    zdd_algorithms_release(&oldest->algorithms);
    *oldest = (struct config){0};
    snprintf(oldest->place, sizeof(oldest->place), "%s", place->name);
    return oldest;
}

/* Follow the process. @return true when its algorithms are known; then they are in the table */
static bool know_algorithms(struct zdd_stats_http *http, const struct zdd_place *place,
                            struct zdd_stats_answer *answer)
{
    struct config *config;
    bool known;

    pthread_mutex_lock(&http->lock);
    config = config_of(http, place);
    known = config->process.known;
    known = !zdd_process_follow(&config->process, &answer->process) && known;
    config->seen_mono_ms = zdd_mono_ms();
    if (known)
        zdd_algorithms_apply(&config->algorithms, &answer->table);
    pthread_mutex_unlock(&http->lock);
    return known;
}

/* A balancer that does not show its algorithms may hand out its configuration: once is enough for
 * each of its processes, whatever comes. */
static void learn_algorithms(struct zdd_stats_http *http, struct zdd_fetch *fetch,
                             const struct zdd_place *place, int64_t until_ms,
                             struct zdd_stats_answer *answer)
{
    char unused[ZDD_ROUTER_REASON_SIZE];
    ZDD_AUTO_FREE char *text = get(fetch, http->config[place->target], place, until_ms, unused);
    struct zdd_algorithms found = {0};
    struct config *config;

    if (text && zdd_algorithms_parse(text, &found) != ZDD_ERR_NONE)
        found = (struct zdd_algorithms){0};
    pthread_mutex_lock(&http->lock);
    config = config_of(http, place);
    zdd_algorithms_release(&config->algorithms);
    config->algorithms = found;
    zdd_algorithms_apply(&config->algorithms, &answer->table);
    pthread_mutex_unlock(&http->lock);
}

/*
 * A new connection for each look, because a process that ends after a reload goes on to serve those
 * it has. The start is asked for last: should a reload come in between, the figures are those of
 * the old process and the start is the new one's, which makes nobody believe too much.
 */
enum zdd_err zdd_stats_http_look(void *cls, const struct zdd_place *place, int64_t limit_ms,
                                 struct zdd_stats_answer *ret_answer,
                                 char reason[static ZDD_ROUTER_REASON_SIZE])
{
    struct zdd_stats_http *http = cls;
    const int64_t until_ms = zdd_mono_ms() + limit_ms;
    struct zdd_fetch *fetch = zdd_fetch_new(&http->auth);
    char unused[ZDD_ROUTER_REASON_SIZE];
    ZDD_AUTO_FREE char *start = NULL;
    struct zdd_stats_answer answer = {.process.counts_itself = true};
    char *page;
    enum zdd_err err = ZDD_ERR_ROUTER_DOWN;

    if (!fetch)
        return ZDD_ERR_NO_MEMORY;
    page = get(fetch, http->page[place->target], place, until_ms, reason);
    if (page) {
        err = zdd_stats_parse(page, &answer.table);
        if (err == ZDD_ERR_ROUTER_DOWN)
            snprintf(reason, ZDD_ROUTER_REASON_SIZE, "%s: %.150s is no statistics page",
                     place->name, http->page[place->target]);
    }
    if (err == ZDD_ERR_NONE) {
        start = get(fetch, http->start[place->target], place, until_ms, unused);
        zdd_process_read(start ? start : "", zdd_steady_ms(), &answer.process);
        answer.process.requests = answer.table.requests;
        if (!zdd_algorithms_told(&answer.table) && !know_algorithms(http, place, &answer))
            learn_algorithms(http, fetch, place, until_ms, &answer);
        *ret_answer = answer;
    }
    zdd_fetch_free(fetch);
    return err;
}
