/**
 * @file tests/api/http_world.h
 * @brief A small program around server/http: routes that answer at once, later, or by a stream.
 */
#pragma once

#include "server/http/server.h"
#include "tests/api/wire.h"
#include "tests/support/spec.h"

#include <pthread.h>

#define WORLD_HELD_MAX 512
#define WORLD_STREAM_MAX 512

/* Everything is under `lock`; `changed` is signalled at each change. */
struct world {
    struct zdd_http *http;
    uint16_t port;
    pthread_mutex_t lock;
    pthread_cond_t changed;

    unsigned before_count;  /* calls of options.before */
    unsigned handler_count; /* calls of any handler */
    unsigned after_count;   /* calls of options.after */
    unsigned last_status;   /* call->status as `after` saw it */

    struct zdd_call *held[WORLD_HELD_MAX]; /* deferred by GET /hold */
    size_t held_count;

    struct world_stream *streams[WORLD_STREAM_MAX]; /* open ones */
    size_t stream_count;
    unsigned close_count; /* calls of source.close */
    unsigned read_count;  /* calls of source.read */
    unsigned published;   /* events that streams may send: "data: 0" … */
    bool ended;           /* streams end once all is sent */
};

/** Start with defaults for what @p options leaves zero: 127.0.0.1, two threads. */
void world_start(struct world *world, struct zdd_http_options options);

/** Free the server if that was not done; then every call must have been told to `after`. */
void world_stop(struct world *world);

/** Wait until *@p counter is @p wanted at least; fails the test after WIRE_WAIT_MS. */
void world_wait(struct world *world, const unsigned *counter, unsigned wanted);
void world_wait_held(struct world *world, size_t wanted);
void world_wait_streams(struct world *world, size_t wanted);

/** @return streams that are open now */
size_t world_stream_count(struct world *world);

/** Wait until at most @p most connections are open. @return false when that takes WIRE_WAIT_MS */
bool world_wait_connections(struct world *world, unsigned most);

/** Finish every held call with @p err. */
void world_finish_held(struct world *world, enum zdd_err err);

/** @p count more events for every stream. */
void world_publish(struct world *world, unsigned count);
