/**
 * @file server/net/sse.h
 * @brief A client of one server-sent-events stream, and the parser it uses (WHATWG HTML, "Parsing
 * an event stream").
 */
#pragma once

#include "server/base/buf.h"
#include "server/net/fetch.h"

#include <stdbool.h>

/** The parser: bytes in, events out, in any slicing; CR, LF and CRLF end lines. */
struct zdd_sse_parser {
    struct zdd_buf line, event,
        data; /* bounded: an event over 16 MiB is dropped whole and counted */
    bool last_was_cr, dropping;
    unsigned long dropped;
    void (*on_event)(void *cls, const char *event, const char *data, size_t size);
    void *cls;
};

void zdd_sse_feed(struct zdd_sse_parser *parser, const char *bytes, size_t size);
void zdd_sse_release(struct zdd_sse_parser *parser);

struct zdd_sse;

struct zdd_sse_options {
    const char *const *urls; /* tried in turn; borrowed until zdd_sse_free() */
    size_t url_count;
    struct zdd_fetch_auth auth;
    int64_t silence_ms; /* a stream silent for that long is dead (marathon.md §1.8: about 30 s) */
    int64_t retry_min_ms, retry_max_ms; /* exponential with jitter */
    void (*on_open)(void *cls);         /* a stream is live: whatever was known may be old */
    void (*on_event)(void *cls, const char *event, const char *data, size_t size);
    void (*on_lost)(void *cls, const char *reason);
    void *cls;
};

/** Start a thread that keeps one stream open. It sends exactly "Accept: text/event-stream" and
 * follows a 302 itself, with credentials. @return NULL without memory */
struct zdd_sse *zdd_sse_start(const struct zdd_sse_options *options);

/** End the thread; waits for it, at most about a second. NULL is fine. @return NULL */
struct zdd_sse *zdd_sse_free(struct zdd_sse *sse);
