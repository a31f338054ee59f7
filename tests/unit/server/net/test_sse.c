/**
 * @file tests/unit/server/net/test_sse.c
 * @brief A client that keeps a stream open: what it asks for, what it follows, how it comes back.
 */
#define _GNU_SOURCE /* strcasestr() */
#include "server/base/clock.h"
#include "server/base/crypto.h"
#include "server/net/sse.h"
#include "tests/support/spec.h"
#include "tests/unit/server/net/peer.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define STREAM_HEAD                                                                                \
    "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream;charset=utf-8\r\nConnection: close\r\n\r\n"
#define WAIT_S 10 /* only a broken test waits that long */

/* What the client reported: "open|", "event=data|", "lost|" in order. */
struct diary {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    char text[4000];
    char reason[200];
    int opens, events, losts;
};

static void write_down(struct diary *diary, int *counter, const char *text)
{
    pthread_mutex_lock(&diary->lock);
    strncat(diary->text, text, sizeof(diary->text) - strlen(diary->text) - 1);
    (*counter)++;
    pthread_cond_broadcast(&diary->changed);
    pthread_mutex_unlock(&diary->lock);
}

static void on_open(void *cls)
{
    struct diary *diary = cls;

    write_down(diary, &diary->opens, "open|");
}

static void on_event(void *cls, const char *event, const char *data, size_t size)
{
    struct diary *diary = cls;
    char line[300];

    snprintf(line, sizeof(line), "%s=%.*s|", event, (int)size, data);
    write_down(diary, &diary->events, line);
}

static void on_lost(void *cls, const char *reason)
{
    struct diary *diary = cls;

    pthread_mutex_lock(&diary->lock);
    snprintf(diary->reason, sizeof(diary->reason), "%s", reason);
    pthread_mutex_unlock(&diary->lock);
    write_down(diary, &diary->losts, "lost|");
}

/* Wait until *counter, one of the diary's, is at least @p wanted. */
static void wait_for(struct diary *diary, const int *counter, int wanted)
{
    struct timespec until;
    int failed = 0;

    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += WAIT_S;
    pthread_mutex_lock(&diary->lock);
    while (*counter < wanted && failed == 0)
        failed = pthread_cond_timedwait(&diary->changed, &diary->lock, &until);
    pthread_mutex_unlock(&diary->lock);
    assert_int_equal(failed, 0);
}

struct scene {
    struct diary diary;
    struct peer peer;
    const char *urls[2];
    char url[2][200];
    struct zdd_sse *sse;
};

static void open_scene(struct scene *s, peer_serve *serve, const void *cls)
{
    memset(s, 0, sizeof(*s));
    pthread_mutex_init(&s->diary.lock, NULL);
    pthread_cond_init(&s->diary.changed, NULL);
    peer_start(&s->peer, serve, (void *)(uintptr_t)cls);
    snprintf(s->url[0], sizeof(s->url[0]), "%s/v2/events?x=1", s->peer.url);
    s->urls[0] = s->url[0];
}

/* Pauses are short unless a test is about them. */
static struct zdd_sse_options options_of(struct scene *s)
{
    return (struct zdd_sse_options){
        .urls = s->urls,
        .url_count = s->urls[1] ? 2 : 1,
        .retry_min_ms = 1,
        .retry_max_ms = 20,
        .silence_ms = 20000,
        .on_open = on_open,
        .on_event = on_event,
        .on_lost = on_lost,
        .cls = &s->diary,
    };
}

static void start(struct scene *s)
{
    const struct zdd_sse_options options = options_of(s);

    s->sse = zdd_sse_start(&options);
    assert_non_null(s->sse);
}

static void close_scene(struct scene *s)
{
    assert_null(zdd_sse_free(s->sse));
    peer_stop(&s->peer);
    pthread_cond_destroy(&s->diary.changed);
    pthread_mutex_destroy(&s->diary.lock);
}

/* Say the test's words, then keep the connection open. */
static void say_and_hold(struct peer *peer, int fd, int index)
{
    (void)index;
    if (peer_read(peer, fd) && peer_say(fd, peer->cls))
        peer_wait_close(fd);
}

static void say_and_close(struct peer *peer, int fd, int index)
{
    (void)index;
    if (peer_read(peer, fd))
        peer_say(fd, peer->cls);
}

static int count_of(const char *text, const char *word)
{
    int count = 0;

    for (; (text = strcasestr(text, word)) != NULL; text += strlen(word))
        count++;
    return count;
}

static void events_arrive_after_the_stream_was_opened(void **state)
{
    struct scene s;

    (void)state;
    open_scene(&s, say_and_hold,
               STREAM_HEAD "event: a\r\ndata: {\"n\":1}\r\n\r\n\r\nevent: b\r\ndata: 2\r\n\r\n");
    start(&s);
    wait_for(&s.diary, &s.diary.events, 2);
    assert_string_equal(s.diary.text, "open|a={\"n\":1}|b=2|");
    close_scene(&s);
}

static void exactly_one_accept_line_is_sent(void **state)
{
    struct scene s;
    const char *request;

    (void)state;
    open_scene(&s, say_and_hold, STREAM_HEAD);
    start(&s);
    wait_for(&s.diary, &s.diary.opens, 1);
    request = peer_request(&s.peer, 0);
    assert_int_equal(strncmp(request, "GET /v2/events?x=1 HTTP/1.1\r\n", 29), 0);
    assert_int_equal(count_of(request, "\r\nAccept:"), 1);
    assert_int_equal(count_of(request, "\r\nAccept: text/event-stream\r\n"), 1);
    close_scene(&s);
}

static void a_stream_without_events_is_open_too(void **state)
{
    struct scene s;

    (void)state;
    open_scene(&s, say_and_hold, "HTTP/1.1 200 OK\r\nContent-Type: TEXT/Event-Stream\r\n\r\n");
    start(&s);
    wait_for(&s.diary, &s.diary.opens, 1);
    close_scene(&s);
    assert_string_equal(s.diary.text, "open|");
}

/* The first stream ends inside an event, the second brings another. */
static void cut_then_stream(struct peer *peer, int fd, int index)
{
    if (!peer_read(peer, fd))
        return;
    if (index == 0) {
        peer_say(fd, STREAM_HEAD "event: whole\ndata: 1\n\nevent: cut\ndata: 2\n");
        return;
    }
    if (peer_say(fd, STREAM_HEAD "data: 3\n\n"))
        peer_wait_close(fd);
}

static void a_lost_stream_is_opened_again_and_its_unfinished_event_forgotten(void **state)
{
    struct scene s;

    (void)state;
    open_scene(&s, cut_then_stream, NULL);
    start(&s);
    wait_for(&s.diary, &s.diary.events, 2);
    assert_string_equal(s.diary.text, "open|whole=1|lost|open|message=3|");
    assert_non_null(strstr(s.diary.reason, "the server ended the stream"));
    assert_null(strstr(s.diary.reason, "x=1"));
    close_scene(&s);
}

static void a_redirect_is_followed_with_credentials(void **state)
{
    static char redirect[300];
    struct scene s;
    struct peer leader;
    struct zdd_sse_options options;

    (void)state;
    peer_start(&leader, say_and_hold, (void *)(uintptr_t)(STREAM_HEAD "data: 1\n\n"));
    snprintf(redirect, sizeof(redirect),
             "HTTP/1.1 302 Found\r\nLocation: %s/v2/events?x=1\r\nContent-Length: 9\r\n\r\n",
             leader.url);
    open_scene(&s, say_and_hold, redirect);
    options = options_of(&s);
    options.auth.basic = "ci:secret";
    s.sse = zdd_sse_start(&options);
    wait_for(&s.diary, &s.diary.events, 1);
    assert_string_equal(s.diary.text, "open|message=1|");
    assert_non_null(strstr(peer_request(&leader, 0), "GET /v2/events?x=1 HTTP/1.1\r\n"));
    assert_non_null(strstr(peer_request(&leader, 0), "\r\nAuthorization: Basic Y2k6c2VjcmV0\r\n"));
    assert_int_equal(count_of(peer_request(&leader, 0), "\r\nAccept:"), 1);
    close_scene(&s);
    peer_stop(&leader);
}

/* /v2/events leads to /here, which is the stream. */
static void redirect_within(struct peer *peer, int fd, int index)
{
    if (!peer_read(peer, fd))
        return;
    if (index == 0)
        peer_say(fd, "HTTP/1.1 307 x\r\nLocation: /here\r\nContent-Length: 0\r\n\r\n");
    else if (peer_say(fd, STREAM_HEAD "data: 1\n\n"))
        peer_wait_close(fd);
}

static void a_relative_redirect_is_resolved(void **state)
{
    struct scene s;

    (void)state;
    open_scene(&s, redirect_within, NULL);
    start(&s);
    wait_for(&s.diary, &s.diary.events, 1);
    assert_int_equal(strncmp(peer_request(&s.peer, 1), "GET /here HTTP/1.1\r\n", 20), 0);
    assert_string_equal(s.diary.text, "open|message=1|");
    close_scene(&s);
}

static void assert_lost_because(const char *answer, const char *part_of_reason)
{
    struct scene s;

    open_scene(&s, say_and_close, answer);
    start(&s);
    wait_for(&s.diary, &s.diary.losts, 3); /* and it keeps trying */
    if (!strstr(s.diary.reason, part_of_reason))
        fail_msg("\"%s\" does not say \"%s\"", s.diary.reason, part_of_reason);
    assert_int_equal(s.diary.opens, 0);
    close_scene(&s);
}

static void what_is_no_stream_is_told_and_tried_again(void **state)
{
    (void)state;
    assert_lost_because("HTTP/1.1 405 Method Not Allowed\r\nContent-Type: text/html\r\n"
                        "Content-Length: 5\r\n\r\n<p/>\n",
                        "answered 405");
    assert_lost_because("HTTP/1.1 401 x\r\nContent-Length: 0\r\n\r\n", "answered 401");
    assert_lost_because("HTTP/1.1 403 x\r\nContent-Length: 0\r\n\r\n",
                        "answered 403: it does not allow this without credentials");
    assert_lost_because("HTTP/1.1 503 x\r\nContent-Type: text/event-stream\r\n\r\n",
                        "answered 503");
    assert_lost_because("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n{}",
                        "\"application/json\" instead of an event stream");
    assert_lost_because("HTTP/1.1 200 OK\r\n\r\ndata: 1\n\n", "\"\" instead of an event stream");
    assert_lost_because("HTTP/1.1 302 x\r\nContent-Length: 0\r\n\r\n", "answered 302");
    assert_lost_because("HTTP/1.1 302 x\r\nLocation: ftp://h/\r\nContent-Length: 0\r\n\r\n",
                        "no http or https URL");
    assert_lost_because("HTTP/1.1 302 x\r\nLocation: /v2/events\r\nContent-Length: 0\r\n\r\n",
                        "redirects too often");
    assert_lost_because("garbage\r\n\r\n", "HTTP/0.9");
    assert_lost_because("", "");
}

static void urls_are_tried_in_turn(void **state)
{
    struct scene s;
    struct peer second;

    (void)state;
    open_scene(&s, say_and_close, "HTTP/1.1 503 x\r\nContent-Length: 0\r\n\r\n");
    peer_start(&second, say_and_hold, (void *)(uintptr_t)(STREAM_HEAD "data: 1\n\n"));
    snprintf(s.url[1], sizeof(s.url[1]), "%s/v2/events", second.url);
    s.urls[1] = s.url[1];
    start(&s);
    wait_for(&s.diary, &s.diary.events, 1);
    assert_string_equal(s.diary.text, "lost|open|message=1|");
    close_scene(&s);
    peer_stop(&second);
}

static void nobody_listening_is_a_lost_stream(void **state)
{
    struct scene s;

    (void)state;
    open_scene(&s, say_and_close, "");
    peer_stop(&s.peer);
    start(&s);
    wait_for(&s.diary, &s.diary.losts, 3);
    assert_int_equal(s.diary.opens, 0);
    zdd_sse_free(s.sse);
}

static void a_silent_stream_is_given_up(void **state)
{
    static const char *const begun[] = {"", "HTTP/1.1 200", STREAM_HEAD, STREAM_HEAD "data: 1\n"};
    struct scene s;
    struct zdd_sse_options options;

    (void)state;
    for (size_t i = 0; i < sizeof(begun) / sizeof(begun[0]); i++) {
        const int64_t start_ms = zdd_mono_ms();

        open_scene(&s, say_and_hold, begun[i]);
        options = options_of(&s);
        options.silence_ms = 100;
        s.sse = zdd_sse_start(&options);
        wait_for(&s.diary, &s.diary.losts, 2);
        assert_true(zdd_mono_ms() - start_ms >= 200);
        assert_non_null(strstr(s.diary.reason, "silent for too long"));
        close_scene(&s);
    }
}

/* Marathon's heartbeat: a lone CR, then a lone LF, for longer than the client bears silence. */
static void beat_then_speak(struct peer *peer, int fd, int index)
{
    const struct timespec beat = {.tv_nsec = 100 * 1000 * 1000};
    bool open = peer_read(peer, fd) && peer_say(fd, STREAM_HEAD);

    (void)index;
    for (int i = 0; open && i < 15; i++) {
        open = peer_say(fd, i % 2 ? "\n" : "\r");
        nanosleep(&beat, NULL);
    }
    if (open && peer_say(fd, "\ndata: 1\n\n"))
        peer_wait_close(fd);
}

static void heartbeats_keep_a_stream_alive(void **state)
{
    struct scene s;
    struct zdd_sse_options options;

    (void)state;
    open_scene(&s, beat_then_speak, NULL);
    options = options_of(&s);
    options.silence_ms = 1000;
    s.sse = zdd_sse_start(&options);
    wait_for(&s.diary, &s.diary.events, 1);
    assert_string_equal(s.diary.text, "open|message=1|");
    close_scene(&s);
}

static void streams_that_end_at_once_come_back_ever_slower(void **state)
{
    struct scene s;
    struct zdd_sse_options options;
    const int64_t start_ms = zdd_mono_ms();

    (void)state;
    open_scene(&s, say_and_close, STREAM_HEAD);
    options = options_of(&s);
    options.retry_min_ms = 20;
    options.retry_max_ms = 60000;
    s.sse = zdd_sse_start(&options);
    wait_for(&s.diary, &s.diary.losts, 6);
    /* five pauses of at least half of 20, 40, 80, 160 and 320 ms */
    assert_true(zdd_mono_ms() - start_ms >= 310);
    close_scene(&s);
}

static void the_longest_pause_is_kept(void **state)
{
    struct scene s;

    (void)state;
    open_scene(&s, say_and_close, STREAM_HEAD);
    start(&s); /* at most 20 ms each; twice the one before, the last would be of years */
    wait_for(&s.diary, &s.diary.losts, 40);
    close_scene(&s);
}

static void assert_quick_end(const char *answer, int64_t retry_ms, bool until_lost)
{
    struct scene s;
    struct zdd_sse_options options;
    int64_t start_ms;

    open_scene(&s, until_lost ? say_and_close : say_and_hold, answer);
    options = options_of(&s);
    options.retry_min_ms = options.retry_max_ms = retry_ms;
    s.sse = zdd_sse_start(&options);
    if (until_lost)
        wait_for(&s.diary, &s.diary.losts, 1);
    else
        assert_true(peer_wait_requests(&s.peer, 1));
    start_ms = zdd_mono_ms();
    close_scene(&s);
    assert_true(zdd_mono_ms() - start_ms < 10000); /* silence lasts 20 s, the pause 60 s */
}

static void freeing_is_quick_whatever_the_client_does(void **state)
{
    (void)state;
    assert_quick_end(STREAM_HEAD, 1, false);     /* in a quiet stream */
    assert_quick_end("", 1, false);              /* waiting for the answer */
    assert_quick_end(STREAM_HEAD, 60000, true);  /* in a long pause */
    assert_quick_end("HTTP/1.1 200 ", 1, false); /* in the middle of a head */
    assert_null(zdd_sse_free(NULL));
}

static int prepare_process(void **state)
{
    (void)state;
    return zdd_crypto_init() ? 0 : -1;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(events_arrive_after_the_stream_was_opened),
        cmocka_unit_test(exactly_one_accept_line_is_sent),
        cmocka_unit_test(a_stream_without_events_is_open_too),
        cmocka_unit_test(a_lost_stream_is_opened_again_and_its_unfinished_event_forgotten),
        cmocka_unit_test(a_redirect_is_followed_with_credentials),
        cmocka_unit_test(a_relative_redirect_is_resolved),
        cmocka_unit_test(what_is_no_stream_is_told_and_tried_again),
        cmocka_unit_test(urls_are_tried_in_turn),
        cmocka_unit_test(nobody_listening_is_a_lost_stream),
        cmocka_unit_test(a_silent_stream_is_given_up),
        cmocka_unit_test(heartbeats_keep_a_stream_alive),
        cmocka_unit_test(streams_that_end_at_once_come_back_ever_slower),
        cmocka_unit_test(the_longest_pause_is_kept),
        cmocka_unit_test(freeing_is_quick_whatever_the_client_does),
    };

    return cmocka_run_group_tests(tests, prepare_process, NULL);
}
