/**
 * @file tests/fuzz/request.c
 * @brief One input as HTTP requests to handlers, without sockets.
 */
#include "tests/fuzz/request.h"

#include "server/base/clock.h"
#include "tests/fuzz/fuzz.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#define WAIT_S 20 /* a deferred call that takes longer has been forgotten */

static const char *header_of(const struct zdd_call *call, const char *name)
{
    const struct fuzz_request *request = call->exchange;

    for (size_t i = 0; i < request->header_count; i++) {
        if (strcasecmp(request->header[i].name, name) == 0)
            return request->header[i].value;
    }
    return NULL;
}

static void finish(struct zdd_call *call, enum zdd_err err)
{
    struct fuzz_request *request = call->exchange;

    pthread_mutex_lock(&request->lock);
    FUZZ_CHECK(!request->finished);
    request->finished = true;
    request->err = err;
    pthread_cond_signal(&request->changed);
    pthread_mutex_unlock(&request->lock);
}

/* Streams need a server: here there is never memory for one. */
static struct zdd_stream *no_stream(struct zdd_call *call, struct zdd_stream_source source,
                                    bool plain)
{
    struct fuzz_request *request = call->exchange;

    (void)source;
    (void)plain;
    request->streamed = true;
    return NULL;
}

static const struct zdd_carrier carrier = {header_of, finish, no_stream};

/* Cut the line at *at out of the text. @return it, NULL behind the last */
static char *take_line(char **at)
{
    char *line = *at;
    char *end = line ? strchr(line, '\n') : NULL;

    if (end)
        *end = '\0';
    *at = end ? end + 1 : NULL;
    return line;
}

static void read_head(struct fuzz_request *request, char **at)
{
    char *line = take_line(at);
    char *space = strchr(line, ' ');

    request->call.method = line;
    request->target = space ? space + 1 : "";
    if (space)
        *space = '\0';
    while ((line = take_line(at)) != NULL && *line) {
        char *colon = strchr(line, ':');

        if (!colon || request->header_count == FUZZ_HEADER_MAX)
            continue;
        *colon = '\0';
        request->header[request->header_count++] =
            (struct fuzz_header){line, colon + 1 + strspn(colon + 1, " ")};
    }
}

static void open_request(struct fuzz_request *request, const struct zdd_http_options *http,
                         const char *text, size_t size)
{
    char *at;

    request->text = malloc(size + 1);
    FUZZ_CHECK(request->text != NULL);
    memcpy(request->text, text, size);
    request->text[size] = '\0';
    at = request->text;
    read_head(request, &at);
    pthread_mutex_init(&request->lock, NULL);
    pthread_cond_init(&request->changed, NULL);
    request->call.app = http->app;
    request->call.status = 200;
    request->call.type = "application/json";
    request->call.remote = "127.0.0.1";
    request->call.carrier = &carrier;
    request->call.exchange = request;
    request->call.now_ms = zdd_now_ms();
    memcpy(request->call.request_id, "fuzz", sizeof("fuzz"));
    request->call.body = at && *at ? at : NULL;
    request->call.body_size = request->call.body ? size - (size_t)(at - request->text) : 0;
}

static enum zdd_err wait_for(struct fuzz_request *request)
{
    struct timespec until;
    int failed = 0;

    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += WAIT_S;
    pthread_mutex_lock(&request->lock);
    while (!request->finished && failed != ETIMEDOUT)
        failed = pthread_cond_timedwait(&request->changed, &request->lock, &until);
    FUZZ_CHECK(request->finished);
    pthread_mutex_unlock(&request->lock);
    return request->err;
}

static enum zdd_err handle(struct fuzz_request *request, const struct zdd_http_options *http)
{
    struct zdd_call *call = &request->call;
    enum zdd_err err = zdd_call_open(call, request->target);

    if (err == ZDD_ERR_NONE)
        err = zdd_call_route(call, http->routes, http->route_count);
    if (err == ZDD_ERR_NONE && http->before)
        err = http->before(call);
    if (err == ZDD_ERR_NONE)
        err = call->route->handler(call);
    return err == ZDD_ERR_LATER ? wait_for(request) : err;
}

static void check_reply(const struct fuzz_request *request, bool failed)
{
    const struct zdd_call *call = &request->call;

    FUZZ_CHECK(call->reply.err == ZDD_ERR_NONE);
    if (failed)
        FUZZ_CHECK(call->status >= 400 && call->status <= 599 && call->reply.size > 0);
    for (size_t i = 0; i < call->header_count; i++) {
        for (const char *at = call->header[i].value; *at; at++)
            FUZZ_CHECK((unsigned char)*at >= ' ' && *at != 0x7F);
    }
    if (call->reply.size > 0 && strstr(call->type, "json") && !strstr(call->type, "ndjson")) {
        ZDD_AUTO_JSON json_t *json = fuzz_must_json(call->reply.data, call->reply.size);

        FUZZ_CHECK(json != NULL);
    }
}

void fuzz_request_play(const struct zdd_http_options *http, const char *text, size_t size,
                       fuzz_check_reply *check)
{
    struct fuzz_request request = {.finished = false};
    enum zdd_err err;

    open_request(&request, http, text, size);
    err = handle(&request, http);
    if (err != ZDD_ERR_NONE) {
        if (http->fail)
            http->fail(&request.call, err);
        else
            zdd_call_problem(&request.call, err);
    }
    check_reply(&request, err != ZDD_ERR_NONE);
    check(&request);
    if (http->after)
        http->after(&request.call);
    zdd_call_release(&request.call);
    pthread_cond_destroy(&request.changed);
    pthread_mutex_destroy(&request.lock);
    free(request.text);
}

void fuzz_request_ask(const struct zdd_http_options *http, const char *text,
                      fuzz_check_reply *check)
{
    fuzz_request_play(http, text, strlen(text), check);
}
