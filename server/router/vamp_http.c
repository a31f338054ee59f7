/**
 * @file server/router/vamp_http.c
 * @brief VAMP's gateway API.
 */
#include "server/router/vamp_http.h"

#include "server/base/cleanup.h"
#include "server/base/clock.h"
#include "server/json/json.h"
#include "server/net/url.h"

#include <stdio.h>
#include <string.h>

#define LIMIT_MS 5000 /* of all pages, and of one change (engine/router.h) */
#define PAGE_SIZE 30  /* VAMP gives at most so many at once, whatever is asked for */
#define PAGE_MAX 100  /* 3000 gateways; more are no gateways of apps */
#define GATEWAYS "/api/v1/gateways"

struct zdd_vamp_http {
    char *base; /* "http://vamp:8080" */
    char name[ZDD_BALANCER_NAME_SIZE];
    struct zdd_fetch *fetch;
};

struct zdd_vamp_http *zdd_vamp_http_open(const char *url, const struct zdd_fetch_auth *auth)
{
    struct zdd_vamp_http *http = calloc(1, sizeof(*http));
    const char *host;

    if (!http)
        return NULL;
    http->base = strdup(url);
    http->fetch = zdd_fetch_new(auth);
    if (!http->base || !http->fetch)
        return zdd_vamp_http_close(http);
    host = strstr(http->base, "://") + 3;
    snprintf(http->name, sizeof(http->name), "%.*s", (int)strcspn(host, "/"), host);
    for (size_t size = strlen(http->base); http->base[size - 1] == '/'; size--)
        http->base[size - 1] = '\0';
    return http;
}

struct zdd_vamp_http *zdd_vamp_http_close(struct zdd_vamp_http *http)
{
    if (!http)
        return NULL;
    zdd_fetch_free(http->fetch);
    free(http->base);
    free(http);
    return NULL;
}

const char *zdd_vamp_http_name(const struct zdd_vamp_http *http)
{
    return http->name;
}

/* The JSON of an answer that came. */
static enum zdd_err read_answer(const struct zdd_vamp_http *http, const struct zdd_request *request,
                                const struct zdd_answer *answer, json_t **ret_json,
                                char reason[static ZDD_ROUTER_REASON_SIZE])
{
    enum zdd_err err;

    if (answer->status < 200 || answer->status > 299) {
        snprintf(reason, ZDD_ROUTER_REASON_SIZE, "VAMP at %s: %s %.150s answered %ld", http->name,
                 request->method, request->url, answer->status);
        return ZDD_ERR_ROUTER_DOWN;
    }
    if (!ret_json)
        return ZDD_ERR_NONE;
    err = zdd_json_read(answer->body.data ? answer->body.data : "", answer->body.size, ret_json,
                        NULL);
    if (err != ZDD_ERR_BODY_MALFORMED)
        return err;
    snprintf(reason, ZDD_ROUTER_REASON_SIZE, "VAMP at %s: %.150s is no JSON", http->name,
             request->url);
    return ZDD_ERR_ROUTER_DOWN;
}

/* One request. @p ret_json NULL: what the answer says does not matter. */
static enum zdd_err ask(const struct zdd_vamp_http *http, const struct zdd_request *request,
                        json_t **ret_json, char reason[static ZDD_ROUTER_REASON_SIZE])
{
    struct zdd_answer answer;
    char words[200];
    enum zdd_err err = zdd_fetch_send(http->fetch, request, &answer, words);

    if (err == ZDD_ERR_NONE) {
        err = read_answer(http, request, &answer, ret_json, reason);
    } else if (err != ZDD_ERR_NO_MEMORY) {
        snprintf(reason, ZDD_ROUTER_REASON_SIZE, "VAMP at %s: %s", http->name, words);
        err = ZDD_ERR_ROUTER_DOWN;
    }
    zdd_answer_release(&answer);
    return err;
}

static enum zdd_err get_page(const struct zdd_vamp_http *http, int number, int64_t until_mono_ms,
                             json_t **ret_page, char reason[static ZDD_ROUTER_REASON_SIZE])
{
    const int64_t left_ms = until_mono_ms - zdd_mono_ms();
    ZDD_AUTO_BUF struct zdd_buf url = {0};
    ZDD_AUTO_JSON json_t *page = NULL;
    struct zdd_request request = {.method = "GET", .timeout_ms = left_ms > 0 ? left_ms : 1};
    enum zdd_err err;

    zdd_buf_printf(&url, "%s" GATEWAYS "?page=%d&per_page=%d", http->base, number, PAGE_SIZE);
    if (url.err != ZDD_ERR_NONE)
        return url.err;
    request.url = url.data;
    request.connect_ms = request.timeout_ms;
    err = ask(http, &request, &page, reason);
    if (err != ZDD_ERR_NONE)
        return err;
    if (!json_is_array(page)) {
        snprintf(reason, ZDD_ROUTER_REASON_SIZE, "VAMP at %s: its gateways are no list",
                 http->name);
        return ZDD_ERR_ROUTER_DOWN;
    }
    *ret_page = ZDD_TAKE(page);
    return ZDD_ERR_NONE;
}

/* Whoever does not know pages gives the same one again. */
static bool is_new(const json_t *all, const json_t *page)
{
    const char *first = zdd_json_text(json_array_get(page, 0), "name", "");
    size_t index;
    json_t *known;

    json_array_foreach(all, index, known)
    {
        if (strcmp(zdd_json_text(known, "name", ""), first) == 0)
            return false;
    }
    return json_array_size(page) > 0;
}

enum zdd_err zdd_vamp_http_gateways(const struct zdd_vamp_http *http, json_t **ret_all,
                                    char reason[static ZDD_ROUTER_REASON_SIZE])
{
    const int64_t until_mono_ms = zdd_mono_ms() + LIMIT_MS;
    json_t *all = json_array();
    enum zdd_err err = all ? ZDD_ERR_NONE : ZDD_ERR_NO_MEMORY;
    bool more = true;

    for (int number = 1; number <= PAGE_MAX && more && err == ZDD_ERR_NONE; number++) {
        ZDD_AUTO_JSON json_t *page = NULL;

        err = get_page(http, number, until_mono_ms, &page, reason);
        more = is_new(all, page);
        if (more && json_array_extend(all, page) != 0)
            err = ZDD_ERR_NO_MEMORY;
        more = more && json_array_size(page) >= PAGE_SIZE;
    }
    if (err == ZDD_ERR_NONE)
        *ret_all = all;
    else
        json_decref(all);
    return err;
}

enum zdd_err zdd_vamp_http_put(void *cls, const char *name, const json_t *gateway,
                               char reason[static ZDD_ROUTER_REASON_SIZE])
{
    const struct zdd_vamp_http *http = cls;
    ZDD_AUTO_BUF struct zdd_buf url = {0};
    ZDD_AUTO_FREE char *body = zdd_json_canonical(gateway);

    zdd_buf_printf(&url, "%s" GATEWAYS "/", http->base);
    zdd_url_encode(&url, name, "/:");
    if (!body || url.err != ZDD_ERR_NONE)
        return ZDD_ERR_NO_MEMORY;
    return ask(http,
               &(struct zdd_request){.method = "PUT",
                                     .url = url.data,
                                     .body = body,
                                     .connect_ms = LIMIT_MS,
                                     .timeout_ms = LIMIT_MS},
               NULL, reason);
}
