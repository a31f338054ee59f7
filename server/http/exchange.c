/**
 * @file server/http/exchange.c
 * @brief The life of one request: begin, take the body, run the handler, wait, end.
 */
#include "server/http/exchange.h"

#include "server/base/clock.h"
#include "server/http/cors.h"
#include "server/http/heads.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DISCARD_MAX 1048576 /* bytes read past the limit so that the caller can still hear 413 */
#define BODY_PATIENCE 10    /* times timeout_s */

static const char *header_of(const struct zdd_call *call, const char *name)
{
    const struct zdd_exchange *exchange = call->exchange;

    if (!exchange->connection)
        return NULL;
    return MHD_lookup_connection_value(exchange->connection, MHD_HEADER_KIND, name);
}

static void release(struct zdd_exchange *exchange)
{
    zdd_call_release(&exchange->call);
    zdd_buf_release(&exchange->body);
    free(exchange);
}

/* Everything the exchange owes, once neither libmicrohttpd nor a deferral needs it. */
static void settle(struct zdd_exchange *exchange)
{
    zdd_stream_close(&exchange->stream);
    if (exchange->http->options.after)
        exchange->http->options.after(&exchange->call);
}

static void finish(struct zdd_call *call, enum zdd_err err)
{
    struct zdd_exchange *exchange = call->exchange;
    struct zdd_http *http = exchange->http;
    bool orphaned;
    bool last;

    pthread_mutex_lock(&http->lock);
    assert(!exchange->finished);
    exchange->finished = true;
    exchange->finished_with = err;
    orphaned = exchange->orphaned;
    if (exchange->waiting) {
        exchange->waiting = false;
        MHD_resume_connection(exchange->connection);
    }
    pthread_mutex_unlock(&http->lock);
    if (!orphaned)
        return;

    exchange->verdict = err;
    if (err != ZDD_ERR_NONE)
        zdd_exchange_fail(exchange); /* nobody hears it, but log and audit tell what happened */
    settle(exchange);
    release(exchange);
    pthread_mutex_lock(&http->lock);
    http->orphan_count--;
    last = http->freed && http->orphan_count == 0;
    pthread_mutex_unlock(&http->lock);
    if (last)
        zdd_http_destroy(http);
}

static const struct zdd_carrier carrier = {header_of, finish, zdd_stream_open};

struct zdd_exchange *zdd_exchange_new(struct zdd_http *http, struct MHD_Connection *connection,
                                      const char *target)
{
    struct zdd_exchange *exchange = calloc(1, sizeof(*exchange));

    if (!exchange)
        return NULL;
    exchange->http = http;
    exchange->connection = connection;
    exchange->body.max = http->options.body_max;
    exchange->call.app = http->options.app;
    exchange->call.status = 200;
    exchange->call.type = "application/json";
    exchange->call.method = exchange->method;
    exchange->call.remote = exchange->remote;
    exchange->call.port = http->port;
    exchange->call.carrier = &carrier;
    exchange->call.exchange = exchange;
    exchange->verdict = zdd_call_open(&exchange->call, target);
    if (exchange->verdict == ZDD_ERR_NO_MEMORY) {
        release(exchange);
        return NULL;
    }
    return exchange;
}

static void read_remote(struct zdd_exchange *exchange)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(exchange->connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);

    zdd_remote_write(info ? info->client_addr : NULL, exchange->remote);
}

static void enlist(struct zdd_exchange *exchange)
{
    struct zdd_http *http = exchange->http;

    pthread_mutex_lock(&http->lock);
    exchange->next = http->first;
    if (http->first)
        http->first->previous = exchange;
    http->first = exchange;
    http->active_count++;
    pthread_mutex_unlock(&http->lock);
}

/* Under the lock. */
static void delist(struct zdd_exchange *exchange)
{
    struct zdd_http *http = exchange->http;

    if (exchange->next)
        exchange->next->previous = exchange->previous;
    if (exchange->previous)
        exchange->previous->next = exchange->next;
    else
        http->first = exchange->next;
    http->active_count--;
    pthread_cond_broadcast(&http->changed);
}

bool zdd_exchange_has_body(const struct zdd_exchange *exchange)
{
    return header_of(&exchange->call, "Transfer-Encoding") || zdd_heads_length(&exchange->call) > 0;
}

/* All that can be said about a request before its body is read. */
static enum zdd_err admit(struct zdd_exchange *exchange, bool over_limit)
{
    const struct zdd_http_options *options = &exchange->http->options;
    struct zdd_call *call = &exchange->call;
    enum zdd_err err = exchange->verdict; /* of the request target */

    call->close_after = over_limit || atomic_load(&exchange->http->draining);
    if (call->close_after)
        return over_limit ? ZDD_ERR_TOO_MANY_CALLS : ZDD_ERR_DRAINING;
    if (err == ZDD_ERR_NONE)
        err = zdd_heads_check(call, exchange->connection, options->head_max);
    if (err == ZDD_ERR_NONE && !exchange->is_old && !header_of(call, "Host")) {
        call->close_after = true; /* RFC 9112 section 3.2 */
        err = zdd_call_fail(call, ZDD_ERR_QUERY_INVALID, "the request has no header Host");
    }
    if (err != ZDD_ERR_NONE)
        return err;
    zdd_cors_note(call, options->cors_origins);
    exchange->whole = zdd_cors_preflight(call, options->cors_origins);
    if (!exchange->whole)
        err = zdd_call_route(call, options->routes, options->route_count);
    if (err == ZDD_ERR_NONE && zdd_heads_length(call) > options->body_max)
        err = zdd_call_fail(call, ZDD_ERR_BODY_TOO_BIG, "at most %zu bytes are read",
                            options->body_max);
    if (err == ZDD_ERR_NONE && options->before && !exchange->whole)
        err = options->before(call);
    return err;
}

void zdd_exchange_begin(struct zdd_exchange *exchange, const char *method, const char *version,
                        bool over_limit)
{
    struct zdd_call *call = &exchange->call;

    exchange->begun = true;
    exchange->is_old = strcmp(version, MHD_HTTP_VERSION_1_0) == 0;
    exchange->body_end_mono_ms =
        zdd_mono_ms() + (int64_t)exchange->http->options.timeout_s * 1000 * BODY_PATIENCE;
    call->now_ms = zdd_now_ms();
    snprintf(exchange->method, sizeof(exchange->method), "%s", method);
    read_remote(exchange);
    zdd_heads_request_id(call);
    enlist(exchange);
    exchange->verdict = admit(exchange, over_limit);
}

bool zdd_exchange_take(struct zdd_exchange *exchange, const char *data, size_t size)
{
    if (zdd_mono_ms() > exchange->body_end_mono_ms)
        return false;
    if (exchange->verdict == ZDD_ERR_NONE) {
        zdd_buf_append(&exchange->body, data, size);
        if (exchange->body.err == ZDD_ERR_NONE)
            return true;
        exchange->verdict =
            zdd_call_fail(&exchange->call, exchange->body.err, "at most %zu bytes are read",
                          exchange->http->options.body_max);
        zdd_buf_release(&exchange->body);
    }
    exchange->discarded += size;
    return exchange->discarded <= DISCARD_MAX;
}

/* The handler wants to answer later. Not suspended yet: see go_on(). */
static enum zdd_progress defer(struct zdd_exchange *exchange)
{
    pthread_mutex_lock(&exchange->http->lock);
    exchange->deferred = true;
    pthread_mutex_unlock(&exchange->http->lock);
    return ZDD_PROGRESS_WAIT;
}

/*
 * libmicrohttpd asks again: at once after the handler said "later", and when it was resumed. A
 * resumed connection does first what it did when it was suspended. In the first call that was
 * reading: a caller who has closed his half of the connection would be cut without a reply. So it
 * is suspended in the second call, where it only waits for us.
 */
static enum zdd_progress go_on(struct zdd_exchange *exchange)
{
    struct zdd_http *http = exchange->http;
    enum zdd_progress progress = ZDD_PROGRESS_WAIT;

    pthread_mutex_lock(&http->lock);
    if (exchange->finished) {
        progress = ZDD_PROGRESS_ANSWER;
    } else if (http->stopping) {
        progress = ZDD_PROGRESS_CUT; /* the server stops and waited long enough */
    } else {
        exchange->waiting = true;
        MHD_suspend_connection(exchange->connection);
    }
    pthread_mutex_unlock(&http->lock);
    if (progress == ZDD_PROGRESS_ANSWER)
        exchange->verdict = exchange->finished_with;
    return progress;
}

enum zdd_progress zdd_exchange_run(struct zdd_exchange *exchange)
{
    struct zdd_call *call = &exchange->call;

    if (exchange->ran)
        return go_on(exchange);
    exchange->ran = true;
    if (exchange->verdict != ZDD_ERR_NONE || exchange->whole)
        return ZDD_PROGRESS_ANSWER;
    call->body = exchange->body.data;
    call->body_size = exchange->body.size;
    exchange->verdict = call->route->handler(call);
    return exchange->verdict == ZDD_ERR_LATER ? defer(exchange) : ZDD_PROGRESS_ANSWER;
}

void zdd_exchange_end(struct zdd_exchange *exchange)
{
    struct zdd_http *http = exchange->http;

    if (exchange->begun) {
        pthread_mutex_lock(&http->lock);
        exchange->orphaned = exchange->deferred && !exchange->finished;
        if (exchange->orphaned) {
            exchange->connection = NULL;
            http->orphan_count++;
            delist(exchange);
            pthread_mutex_unlock(&http->lock);
            return; /* zdd_call_finish() does the rest */
        }
        pthread_mutex_unlock(&http->lock);
        settle(exchange);
        pthread_mutex_lock(&http->lock);
        delist(exchange);
        pthread_mutex_unlock(&http->lock);
    }
    release(exchange);
}

void zdd_exchange_resume_all(struct zdd_http *http, bool deferred)
{
    for (struct zdd_exchange *exchange = http->first; exchange; exchange = exchange->next) {
        const bool waiting = deferred && exchange->waiting;

        if (!waiting && !exchange->stream.idle)
            continue;
        exchange->waiting = exchange->waiting && !waiting;
        exchange->stream.idle = false;
        MHD_resume_connection(exchange->connection);
    }
}
