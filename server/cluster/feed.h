/**
 * @file server/cluster/feed.h
 * @brief Marathon's event stream, filtered to what the engine listens to.
 */
#pragma once

#include "server/metrics/metrics.h"
#include "server/net/fetch.h"

#include <stdbool.h>
#include <stddef.h>

struct zdd_feed;

struct zdd_feed_options {
    const char *const *urls; /* Marathon's bases, as for zdd_marathon_open(); copied */
    size_t url_count;
    struct zdd_fetch_auth auth;  /* borrowed until zdd_feed_free() */
    struct zdd_metrics *metrics; /* borrowed; NULL: nothing is counted */
    /** One event: its kind and its JSON text. From the feed's thread; must be quick. */
    void (*on_event)(void *cls, const char *event, const char *data);
    /** The stream is live again, or lost (@p reason says why, NULL when live). From the feed's
     * thread. */
    void (*on_stream)(void *cls, bool live, const char *reason);
    void *cls;
};

/** Connect in the background, and again whenever the stream is lost. @return NULL without memory */
struct zdd_feed *zdd_feed_start(const struct zdd_feed_options *options);

/** No callback comes after this. @return NULL; NULL is fine */
struct zdd_feed *zdd_feed_free(struct zdd_feed *feed);
