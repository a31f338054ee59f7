/**
 * @file server/cluster/feed.c
 * @brief One stream of /v2/events for the whole process (marathon.md §1.8).
 */
#include "server/cluster/feed.h"

#include "server/base/cleanup.h"
#include "server/base/clock.h"
#include "server/cluster/marathon.h"
#include "server/net/sse.h"

#include <string.h>

#define SILENCE_MS 30000 /* heartbeats come every 10 s */
#define RETRY_MIN_MS 250
#define RETRY_MAX_MS 10000

/* One exact name per parameter; Marathon knows neither lists nor wildcards. The greeting
 * (event_stream_attached) is among them, because a filter without it hides it. */
static const char *const kinds[] = {
    "api_post_event",          "app_terminated_event",
    "deployment_failed",       "deployment_info",
    "deployment_step_success", "deployment_success",
    "event_stream_attached",   "failed_health_check_event",
    "group_change_success",    "health_status_changed_event",
    "instance_changed_event",  "instance_health_changed_event",
    "status_update_event",     "unhealthy_instance_kill_event",
};

struct zdd_feed {
    struct zdd_feed_options options;
    char *url[ZDD_MARATHON_BASE_MAX];
    const char *borrowed[ZDD_MARATHON_BASE_MAX]; /* the same, for the stream client */
    struct zdd_sse *sse;
};

static char *event_url(const char *base)
{
    struct zdd_buf url = {0};
    size_t size = strlen(base);

    while (size > 0 && base[size - 1] == '/')
        size--;
    zdd_buf_append(&url, base, size);
    zdd_buf_text(&url, "/v2/events");
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
        zdd_buf_printf(&url, "%cevent_type=%s", i == 0 ? '?' : '&', kinds[i]);
    return zdd_buf_take(&url);
}

static void on_open(void *cls)
{
    const struct zdd_feed *feed = cls;

    feed->options.on_stream(feed->options.cls, true, NULL);
}

static void on_heard(void *cls)
{
    const struct zdd_feed *feed = cls;

    zdd_metrics_heard(feed->options.metrics, zdd_mono_ms());
}

static void on_lost(void *cls, const char *reason)
{
    const struct zdd_feed *feed = cls;

    feed->options.on_stream(feed->options.cls, false, reason);
}

static void on_event(void *cls, const char *event, const char *data, size_t size)
{
    const struct zdd_feed *feed = cls;

    (void)size; /* the text ends with a NUL */
    feed->options.on_event(feed->options.cls, event, data);
}

static struct zdd_sse *start_stream(struct zdd_feed *feed)
{
    const struct zdd_sse_options options = {
        .urls = feed->borrowed,
        .url_count = feed->options.url_count,
        .auth = feed->options.auth,
        .silence_ms = SILENCE_MS,
        .retry_min_ms = RETRY_MIN_MS,
        .retry_max_ms = RETRY_MAX_MS,
        .on_open = on_open,
        .on_event = on_event,
        .on_heard = on_heard,
        .on_lost = on_lost,
        .cls = feed,
    };

    return zdd_sse_start(&options);
}

struct zdd_feed *zdd_feed_start(const struct zdd_feed_options *options)
{
    struct zdd_feed *feed = NULL;

    if (options->url_count == 0 || options->url_count > ZDD_MARATHON_BASE_MAX)
        return NULL;
    feed = calloc(1, sizeof(*feed));
    if (!feed)
        return NULL;
    feed->options = *options;
    for (size_t i = 0; i < options->url_count; i++) {
        feed->url[i] = event_url(options->urls[i]);
        feed->borrowed[i] = feed->url[i];
        if (!feed->url[i])
            return zdd_feed_free(feed);
    }
    feed->sse = start_stream(feed);
    return feed->sse ? feed : zdd_feed_free(feed);
}

struct zdd_feed *zdd_feed_free(struct zdd_feed *feed)
{
    if (!feed)
        return NULL;
    zdd_sse_free(feed->sse);
    for (size_t i = 0; i < ZDD_MARATHON_BASE_MAX; i++)
        free(feed->url[i]);
    free(feed);
    return NULL;
}
