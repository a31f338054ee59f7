/**
 * @file tests/api/http_world.c
 * @brief The small program around server/http.
 */
#include "tests/api/http_world.h"

#include "server/base/clock.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct world_stream {
    struct world *world;
    struct zdd_stream *handle;
    unsigned sent;
    bool floods;   /* never has nothing to say */
    bool is_tardy; /* an event comes just after its first look */
    unsigned looked;
};

static struct world *world_of(struct zdd_call *call)
{
    struct world *world = call->app;

    pthread_mutex_lock(&world->lock);
    world->handler_count++;
    pthread_cond_broadcast(&world->changed);
    pthread_mutex_unlock(&world->lock);
    return world;
}

static enum zdd_err hello(struct zdd_call *call)
{
    (void)world_of(call);
    zdd_buf_text(&call->reply, "{\"hello\":true}");
    return ZDD_ERR_NONE;
}

static enum zdd_err echo(struct zdd_call *call)
{
    (void)world_of(call);
    call->type = "application/octet-stream";
    zdd_call_add_header(call, "X-Size", "%zu", call->body_size);
    if (call->body)
        assert_int_equal(call->body[call->body_size], '\0');
    zdd_buf_append(&call->reply, call->body, call->body_size);
    return ZDD_ERR_NONE;
}

static enum zdd_err tell_args(struct zdd_call *call)
{
    const char *query = zdd_call_query(call, "q");

    (void)world_of(call);
    call->type = "text/plain";
    zdd_buf_printf(&call->reply, "%s|%s|%s|%s", call->arg[0], call->arg[1], query ? query : "-",
                   call->remote);
    return ZDD_ERR_NONE;
}

static enum zdd_err refuse(struct zdd_call *call)
{
    (void)world_of(call);
    zdd_buf_text(&call->reply, "what the handler had begun");
    zdd_field_error_add(zdd_call_errors(call), "#/a", "is wrong");
    return zdd_call_fail(call, ZDD_ERR_BODY_INVALID, "no good");
}

static enum zdd_err nothing(struct zdd_call *call)
{
    (void)world_of(call);
    call->status = 204;
    zdd_call_add_header(call, "Cache-Control", "max-age=5");
    call->close_after = true;
    return ZDD_ERR_NONE;
}

static enum zdd_err too_much(struct zdd_call *call)
{
    (void)world_of(call);
    call->reply.max = 10;
    zdd_buf_text(&call->reply, "more than ten bytes");
    return ZDD_ERR_NONE;
}

static enum zdd_err overlong(struct zdd_call *call)
{
    (void)world_of(call);
    zdd_call_add_header(call, "X-Long", "%300d", 7);
    zdd_buf_text(&call->reply, "{}");
    return ZDD_ERR_NONE;
}

/* "If-None-Match: anything" is answered as not modified. */
static enum zdd_err tagged(struct zdd_call *call)
{
    (void)world_of(call);
    zdd_call_add_header(call, "ETag", "\"7\"");
    zdd_buf_printf(&call->reply, "\"%*d\"", (int)strtol(call->arg[0], NULL, 10), 7);
    if (zdd_call_header(call, "If-None-Match")) {
        zdd_buf_clear(&call->reply);
        call->status = 304;
    }
    return ZDD_ERR_NONE;
}

static enum zdd_err hold(struct zdd_call *call)
{
    struct world *world = world_of(call);

    pthread_mutex_lock(&world->lock);
    assert_true(world->held_count < WORLD_HELD_MAX);
    world->held[world->held_count++] = call;
    pthread_cond_broadcast(&world->changed);
    pthread_mutex_unlock(&world->lock);
    return ZDD_ERR_LATER;
}

static void *finish_now(void *cls)
{
    struct zdd_call *call = cls;

    zdd_buf_text(&call->reply, "\"from another thread\"");
    zdd_call_finish(call, ZDD_ERR_NONE);
    return NULL;
}

/* Finished before the handler returns. */
static enum zdd_err hurry(struct zdd_call *call)
{
    pthread_t thread;

    (void)world_of(call);
    assert_int_equal(pthread_create(&thread, NULL, finish_now, call), 0);
    pthread_join(thread, NULL);
    return ZDD_ERR_LATER;
}

/* Finished about when the handler returns: either may be first. */
static enum zdd_err race(struct zdd_call *call)
{
    pthread_t thread;

    (void)world_of(call);
    assert_int_equal(pthread_create(&thread, NULL, finish_now, call), 0);
    pthread_detach(thread);
    return ZDD_ERR_LATER;
}

static ssize_t stream_read(void *cls, char *data, size_t max)
{
    struct world_stream *stream = cls;
    struct world *world = stream->world;
    ssize_t size = 0;

    assert_true(max >= 100);
    if (stream->floods) {
        memset(data, 'x', max);
        return (ssize_t)max;
    }
    pthread_mutex_lock(&world->lock);
    world->read_count++;
    if (stream->is_tardy && stream->looked++ == 0) {
        world->published++;
        zdd_stream_wake(stream->handle);
    } else if (stream->sent < world->published) {
        size = snprintf(data, max, "data: %u\n\n", stream->sent++);
    } else if (world->ended) {
        size = -1;
    }
    pthread_mutex_unlock(&world->lock);
    return size;
}

static void stream_close(void *cls)
{
    struct world_stream *stream = cls;
    struct world *world = stream->world;
    size_t i = 0;

    pthread_mutex_lock(&world->lock);
    while (i < world->stream_count && world->streams[i] != stream)
        i++;
    assert_true(i < world->stream_count); /* else closed twice */
    world->streams[i] = world->streams[--world->stream_count];
    world->close_count++;
    pthread_cond_broadcast(&world->changed);
    pthread_mutex_unlock(&world->lock);
    free(stream);
}

static struct world_stream *open_stream(struct zdd_call *call, bool plain)
{
    struct world *world = world_of(call);
    struct world_stream *stream = calloc(1, sizeof(*stream));

    assert_non_null(stream);
    stream->world = world;
    call->type = "text/event-stream";
    pthread_mutex_lock(&world->lock);
    assert_true(world->stream_count < WORLD_STREAM_MAX);
    stream->handle =
        zdd_call_stream(call, (struct zdd_stream_source){stream_read, stream_close, stream}, plain);
    assert_non_null(stream->handle);
    world->streams[world->stream_count++] = stream;
    pthread_cond_broadcast(&world->changed);
    pthread_mutex_unlock(&world->lock);
    return stream;
}

static enum zdd_err stream_chunked(struct zdd_call *call)
{
    open_stream(call, false);
    return ZDD_ERR_NONE;
}

static enum zdd_err stream_plain(struct zdd_call *call)
{
    open_stream(call, true);
    return ZDD_ERR_NONE;
}

static enum zdd_err stream_flood(struct zdd_call *call)
{
    open_stream(call, false)->floods = true;
    return ZDD_ERR_NONE;
}

static enum zdd_err stream_tardy(struct zdd_call *call)
{
    open_stream(call, false)->is_tardy = true;
    return ZDD_ERR_NONE;
}

static enum zdd_err stream_then_fail(struct zdd_call *call)
{
    open_stream(call, false);
    return ZDD_ERR_APP_BUSY;
}

static const struct zdd_route routes[] = {
    {"GET", "/hello", hello, "hello", 0},
    {"POST", "/echo", echo, "echo", 0},
    {"GET", "/args/{first}/{rest*}", tell_args, "args", 0},
    {"POST", "/refuse", refuse, "refuse", 0},
    {"DELETE", "/nothing", nothing, "nothing", 0},
    {"GET", "/too-much", too_much, "tooMuch", 0},
    {"GET", "/overlong", overlong, "overlong", 0},
    {"GET", "/tagged/{size}", tagged, "tagged", 0},
    {"GET", "/hold", hold, "hold", 0},
    {"POST", "/hold", hold, "holdPosted", 0},
    {"GET", "/hurry", hurry, "hurry", 0},
    {"GET", "/race", race, "race", 0},
    {"GET", "/stream", stream_chunked, "stream", 0},
    {"GET", "/plain", stream_plain, "plain", 0},
    {"GET", "/flood", stream_flood, "flood", 0},
    {"GET", "/tardy", stream_tardy, "tardy", 0},
    {"GET", "/stream-then-fail", stream_then_fail, "streamThenFail", 0},
};

/* Lets through all but "Authorization: nobody"; what it allocates, `after` must free. */
static enum zdd_err before(struct zdd_call *call)
{
    const char *who = zdd_call_header(call, "Authorization");
    struct world *world = call->app;

    assert_null(call->caller);
    call->caller = calloc(1, 1);
    assert_non_null(call->caller);
    assert_non_null(call->route);
    assert_null(call->body);
    pthread_mutex_lock(&world->lock);
    world->before_count++;
    pthread_mutex_unlock(&world->lock);
    return who && strcmp(who, "nobody") == 0 ? ZDD_ERR_TOKEN_MISSING : ZDD_ERR_NONE;
}

static void after(struct zdd_call *call)
{
    struct world *world = call->app;

    free(call->caller);
    pthread_mutex_lock(&world->lock);
    world->after_count++;
    world->last_status = call->status;
    pthread_cond_broadcast(&world->changed);
    pthread_mutex_unlock(&world->lock);
}

void world_start(struct world *world, struct zdd_http_options options)
{
    char reason[200] = "";

    assert_true(zdd_crypto_init());
    memset(world, 0, sizeof(*world));
    pthread_mutex_init(&world->lock, NULL);
    pthread_cond_init(&world->changed, NULL);
    options.host = options.host ? options.host : "127.0.0.1";
    options.thread_count = options.thread_count ? options.thread_count : 2;
    options.routes = routes;
    options.route_count = sizeof(routes) / sizeof(routes[0]);
    options.app = world;
    options.before = before;
    options.after = after;
    world->http = zdd_http_start(&options, reason);
    if (!world->http)
        fail_msg("%s", reason);
    world->port = zdd_http_port(world->http);
}

void world_stop(struct world *world)
{
    world->http = zdd_http_free(world->http, 1000);
    assert_int_equal(world->stream_count, 0);
    pthread_cond_destroy(&world->changed);
    pthread_mutex_destroy(&world->lock);
}

/* Wait for a change until @p end. Under the lock. */
static void wait_change(struct world *world, const struct timespec *end)
{
    if (pthread_cond_timedwait(&world->changed, &world->lock, end) != 0)
        fail_msg("what was waited for did not happen in %d ms", WIRE_WAIT_MS);
}

static struct timespec deadline(void)
{
    struct timespec end;

    clock_gettime(CLOCK_REALTIME, &end);
    end.tv_sec += WIRE_WAIT_MS / 1000;
    return end;
}

void world_wait(struct world *world, const unsigned *counter, unsigned wanted)
{
    const struct timespec end = deadline();

    pthread_mutex_lock(&world->lock);
    while (*counter < wanted)
        wait_change(world, &end);
    pthread_mutex_unlock(&world->lock);
}

static void wait_size(struct world *world, const size_t *counter, size_t wanted)
{
    const struct timespec end = deadline();

    pthread_mutex_lock(&world->lock);
    while (*counter != wanted)
        wait_change(world, &end);
    pthread_mutex_unlock(&world->lock);
}

void world_wait_held(struct world *world, size_t wanted)
{
    wait_size(world, &world->held_count, wanted);
}

void world_wait_streams(struct world *world, size_t wanted)
{
    wait_size(world, &world->stream_count, wanted);
}

size_t world_stream_count(struct world *world)
{
    size_t count;

    pthread_mutex_lock(&world->lock);
    count = world->stream_count;
    pthread_mutex_unlock(&world->lock);
    return count;
}

bool world_wait_connections(struct world *world, unsigned most)
{
    const int64_t end_ms = zdd_mono_ms() + WIRE_WAIT_MS;

    while (zdd_http_connections(world->http) > most && zdd_mono_ms() < end_ms)
        poll(NULL, 0, 2); /* libmicrohttpd tells nobody when it has closed one */
    return zdd_http_connections(world->http) <= most;
}

void world_finish_held(struct world *world, enum zdd_err err)
{
    struct zdd_call *held[WORLD_HELD_MAX];
    size_t count;

    pthread_mutex_lock(&world->lock);
    count = world->held_count;
    memcpy(held, world->held, sizeof(held));
    world->held_count = 0;
    pthread_mutex_unlock(&world->lock);
    for (size_t i = 0; i < count; i++) {
        zdd_buf_text(&held[i]->reply, "\"held\"");
        zdd_call_finish(held[i], err);
    }
}

void world_publish(struct world *world, unsigned count)
{
    pthread_mutex_lock(&world->lock);
    world->published += count;
    for (size_t i = 0; i < world->stream_count; i++)
        zdd_stream_wake(world->streams[i]->handle);
    pthread_mutex_unlock(&world->lock);
}
