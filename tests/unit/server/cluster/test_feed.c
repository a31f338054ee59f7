/**
 * @file tests/unit/server/cluster/test_feed.c
 * @brief What the event stream asks for, and what it hands on.
 */
#include "server/cluster/feed.h"
#include "tests/support/spec.h"
#include "tests/unit/server/net/peer.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define STREAM_HEAD                                                                                \
    "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream;charset=utf-8\r\nConnection: "             \
    "close\r\n\r\n"

/* What the feed told, in order. */
struct diary {
    pthread_mutex_t lock;
    pthread_cond_t grown;
    char text[1000];
};

static void write_down(struct diary *diary, const char *text)
{
    pthread_mutex_lock(&diary->lock);
    snprintf(diary->text + strlen(diary->text), sizeof(diary->text) - strlen(diary->text), "%s;",
             text);
    pthread_cond_broadcast(&diary->grown);
    pthread_mutex_unlock(&diary->lock);
}

static void on_event(void *cls, const char *event, const char *data)
{
    char text[200];

    snprintf(text, sizeof(text), "%s %s", event, data);
    write_down(cls, text);
}

static void on_stream(void *cls, bool live, const char *reason)
{
    assert_int_equal(live, reason == NULL);
    write_down(cls, live ? "live" : "lost");
}

static bool wait_for(struct diary *diary, const char *text)
{
    struct timespec until;
    int failed = 0;
    bool found;

    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += 10;
    pthread_mutex_lock(&diary->lock);
    while (!strstr(diary->text, text) && failed == 0)
        failed = pthread_cond_timedwait(&diary->grown, &diary->lock, &until);
    found = strstr(diary->text, text) != NULL;
    pthread_mutex_unlock(&diary->lock);
    return found;
}

/* Two events, then the end of the first stream; the second one stays open. */
static void serve_events(struct peer *peer, int fd, int index)
{
    if (!peer_read(peer, fd))
        return;
    peer_say(fd, STREAM_HEAD "event: event_stream_attached\r\ndata: {\"a\":1}\r\n\r\n\r"
                             "\nevent: deployment_success\r\ndata: {\"id\":\"d\"}\r\n\r\n");
    if (index > 0)
        peer_wait_close(fd);
}

static void one_stream_asks_for_the_kinds_that_matter_and_comes_back_when_lost(void **state)
{
    struct diary diary = {.lock = PTHREAD_MUTEX_INITIALIZER, .grown = PTHREAD_COND_INITIALIZER};
    struct peer peer;
    struct zdd_feed *feed;
    char base[100];
    const char *const urls[] = {base};
    struct zdd_feed_options options = {.urls = urls,
                                       .url_count = 1,
                                       .auth.basic = "user:secret",
                                       .on_event = on_event,
                                       .on_stream = on_stream,
                                       .cls = &diary};
    const char *request;

    (void)state;
    peer_start(&peer, serve_events, NULL);
    snprintf(base, sizeof(base), "%s/service/marathon/", peer.url);
    feed = zdd_feed_start(&options);
    assert_non_null(feed);
    assert_true(wait_for(&diary, "live;event_stream_attached {\"a\":1};"
                                 "deployment_success {\"id\":\"d\"};lost;live;"));
    assert_true(peer_wait_requests(&peer, 2));
    assert_null(zdd_feed_free(feed));

    request = peer_request(&peer, 0);
    assert_int_equal(strncmp(request, "GET /service/marathon/v2/events?event_type=", 43), 0);
    assert_non_null(strstr(request, "\r\nAccept: text/event-stream\r\n"));
    assert_non_null(strstr(request, "\r\nAuthorization: Basic dXNlcjpzZWNyZXQ=\r\n"));
    assert_non_null(strstr(request, "event_type=deployment_success"));
    assert_non_null(strstr(request, "event_type=deployment_failed"));
    assert_non_null(strstr(request, "event_type=status_update_event"));
    assert_non_null(strstr(request, "event_type=event_stream_attached"));
    assert_null(strstr(request, ","));
    peer_stop(&peer);
}

static void without_an_address_there_is_no_feed(void **state)
{
    const struct zdd_feed_options options = {.url_count = 0};

    (void)state;
    assert_null(zdd_feed_start(&options));
    assert_null(zdd_feed_free(NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_stream_asks_for_the_kinds_that_matter_and_comes_back_when_lost),
        cmocka_unit_test(without_an_address_there_is_no_feed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
