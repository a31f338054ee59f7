/**
 * @file server/net/sse.h
 * @brief A client of one server-sent-events stream, and its parser (WHATWG HTML, "Parsing an event
 * stream").
 */
#pragma once

#include "server/base/buf.h"
#include "server/net/fetch.h"

#include <stdbool.h>

/* Bytes of one event's data; the deployment_info of a huge group stays below. */
#define ZDD_SSE_EVENT_MAX ((size_t)16 * 1024 * 1024)

/** The parser: bytes in, events out, in any slicing; CR, LF and CRLF end lines. */
struct zdd_sse_parser {
    struct zdd_buf line, event, data;
    bool began;            /* the first line is behind us, and with it any byte order mark */
    bool last_was_cr;      /* a line feed now would be the second half of CRLF */
    bool dropping;         /* the event under way is over ZDD_SSE_EVENT_MAX: dropped whole … */
    unsigned long dropped; /* … and counted */
    /* @p data has a NUL beyond its @p size */
    void (*on_event)(void *cls, const char *event, const char *data, size_t size);
    void *cls;
};

/** Take the next bytes; start with a parser that is zero but for on_event and cls. */
void zdd_sse_feed(struct zdd_sse_parser *parser, const char *bytes, size_t size);

/** The stream ended: forget an unfinished event and free the memory; ready for another stream. */
void zdd_sse_release(struct zdd_sse_parser *parser);

struct zdd_sse;

/** The callbacks come from the stream's own thread, one at a time, and never after zdd_sse_free().
 */
struct zdd_sse_options {
    const char *const *urls; /* tried in turn; borrowed until zdd_sse_free(), as is auth */
    size_t url_count;        /* at least 1 */
    struct zdd_fetch_auth auth;
    int64_t silence_ms;   /* a stream silent for so long is dead (marathon.md §1.8); 0: 30000 */
    int64_t retry_min_ms; /* pause after the first failure, doubled by each further one; 0: 250 */
    int64_t retry_max_ms; /* longest pause; a stream that lived so long was no failure; 0: 30000 */
    void (*on_open)(void *cls); /* a stream is live: whatever was known may be old */
    void (*on_event)(void *cls, const char *event, const char *data, size_t size);
    /* Bytes came, a heartbeat perhaps; NULL: nobody minds. */
    void (*on_heard)(void *cls);
    /* A stream ended, or none could be opened: so it may come several times in a row. */
    void (*on_lost)(void *cls, const char *reason);
    void *cls;
};

/**
 * Start a thread that keeps one stream open: exactly "Accept: text/event-stream", redirects
 * followed with credentials, reconnecting for ever with exponential pauses and jitter.
 * zdd_crypto_init() must have been called.
 * @return NULL without memory
 */
struct zdd_sse *zdd_sse_start(const struct zdd_sse_options *options);

/** End the thread and wait for it, a callback under way included. NULL is fine. @return NULL */
struct zdd_sse *zdd_sse_free(struct zdd_sse *sse);
