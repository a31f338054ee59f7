/**
 * @file server/http/stream.c
 * @brief Answers without an end: suspended while there is nothing to send.
 */
#include "server/http/exchange.h"

#include <assert.h>
#include <string.h>

#define PLAIN_BLOCK                                                                                \
    4096 /* bytes read at once; chunked answers are read into the connection's own */
#define CHUNKED_BLOCK 128 /* … but for a caller that speaks HTTP/1.0 only */

/* Nothing to send now: suspend until woken. Not when somebody woke us during the read. */
static void go_idle(struct zdd_stream *stream)
{
    struct zdd_exchange *exchange = stream->exchange;
    struct zdd_http *http = exchange->http;

    pthread_mutex_lock(&http->lock);
    if (!stream->woken && !http->draining) {
        stream->idle = true;
        MHD_suspend_connection(exchange->connection);
    }
    pthread_mutex_unlock(&http->lock);
}

/* libmicrohttpd asks for the next bytes; when it gets none and is not suspended it asks again soon.
 */
static ssize_t next_bytes(void *cls, uint64_t position, char *data, size_t max)
{
    struct zdd_stream *stream = cls;
    struct zdd_http *http = stream->exchange->http;
    ssize_t size;

    (void)position;
    if (atomic_load(&http->draining))
        return MHD_CONTENT_READER_END_OF_STREAM;
    pthread_mutex_lock(&http->lock);
    stream->woken = false; /* what was announced until now, this read sees */
    pthread_mutex_unlock(&http->lock);
    size = stream->source.read(stream->source.cls, data, max);
    assert(size <= (ssize_t)max);
    if (size < 0)
        return MHD_CONTENT_READER_END_OF_STREAM;
    if (size == 0)
        go_idle(stream);
    return size;
}

void zdd_stream_wake(struct zdd_stream *stream)
{
    struct zdd_exchange *exchange = stream->exchange;

    pthread_mutex_lock(&exchange->http->lock);
    stream->woken = true;
    if (stream->idle) {
        stream->idle = false;
        MHD_resume_connection(exchange->connection);
    }
    pthread_mutex_unlock(&exchange->http->lock);
}

struct zdd_stream *zdd_stream_open(struct zdd_call *call, struct zdd_stream_source source,
                                   bool plain)
{
    struct zdd_exchange *exchange = call->exchange;
    struct zdd_stream *stream = &exchange->stream;

    assert(!stream->open);
    stream->exchange = exchange;
    stream->source = source;
    stream->plain = plain;
    stream->open = true;
    return stream;
}

struct MHD_Response *zdd_stream_response(struct zdd_exchange *exchange)
{
    struct zdd_stream *stream = &exchange->stream;
    /* To a HEAD libmicrohttpd would send the last chunk, which the caller would take for a reply.
     */
    const bool plain = stream->plain || strcmp(exchange->method, "HEAD") == 0;
    struct MHD_Response *response = MHD_create_response_from_callback(
        MHD_SIZE_UNKNOWN, plain ? PLAIN_BLOCK : CHUNKED_BLOCK, next_bytes, stream, NULL);

    if (response && plain)
        MHD_set_response_options(response, MHD_RF_HTTP_1_0_COMPATIBLE_STRICT, MHD_RO_END);
    return response;
}

void zdd_stream_close(struct zdd_stream *stream)
{
    if (!stream->open)
        return;
    stream->open = false;
    stream->source.close(stream->source.cls);
}
