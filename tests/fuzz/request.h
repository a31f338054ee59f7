/**
 * @file tests/fuzz/request.h
 * @brief One input as HTTP requests to handlers, without sockets.
 *
 *     POST /v1/plans
 *     Idempotency-Key: 7
 *
 *     {"strategy":"restart", …}
 *
 * An empty line ends the headers, a separator (0x1E) the request; lines end with LF alone.
 */
#pragma once

#include "server/http/server.h"

#include <pthread.h>

#define FUZZ_HEADER_MAX 12

struct fuzz_request {
    struct zdd_call call; /* first: the carrier finds the rest by it */
    char *text;           /* what everything points into; owned */
    const char *target;
    size_t header_count;
    struct fuzz_header {
        const char *name, *value;
    } header[FUZZ_HEADER_MAX];
    bool streamed; /* the answer would have been a stream, for which nobody has memory here */
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool finished;    /* under the lock: a deferred call was finished … */
    enum zdd_err err; /* … with this */
};

/** What happens to a request between the handler's verdict and its reply. */
typedef void fuzz_check_reply(const struct fuzz_request *request);

/**
 * Play one request against the routes and callbacks of @p http, as server/http does: wait for a
 * deferred one, let a failed one be told. Then check the reply: JSON where it says so, every
 * failure a status of 400 and more, no header forged.
 */
void fuzz_request_play(const struct zdd_http_options *http, const char *text, size_t size,
                       fuzz_check_reply *check);

/** The same with a text. */
void fuzz_request_ask(const struct zdd_http_options *http, const char *text,
                      fuzz_check_reply *check);
