/**
 * @file tests/unit/server/net/test_fetch.c
 * @brief What goes over the wire, and what becomes of each kind of bad answer.
 */
#define _GNU_SOURCE /* strcasestr() */
#include "server/base/clock.h"
#include "server/net/fetch.h"
#include "tests/support/spec.h"
#include "tests/unit/server/net/peer.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define OK_HEAD "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"

static const struct zdd_fetch_auth nobody;

/* One client, one server, one request; what the test looks at afterwards. */
struct scene {
    struct peer peer;
    struct zdd_fetch *fetch;
    struct zdd_answer answer;
    char reason[200];
    char url[300];
};

static void open_scene(struct scene *scene, peer_serve *serve, const void *cls)
{
    memset(scene, 0, sizeof(*scene));
    peer_start(&scene->peer, serve, (void *)(uintptr_t)cls);
    scene->fetch = zdd_fetch_new(&nobody);
    assert_non_null(scene->fetch);
}

static void close_scene(struct scene *scene)
{
    zdd_answer_release(&scene->answer);
    assert_null(zdd_fetch_free(scene->fetch));
    peer_stop(&scene->peer);
}

static enum zdd_err send_request(struct scene *scene, struct zdd_request request, const char *path)
{
    snprintf(scene->url, sizeof(scene->url), "%s%s", scene->peer.url, path);
    request.url = scene->url;
    zdd_answer_release(&scene->answer);
    scene->reason[0] = '\0';
    return zdd_fetch_send(scene->fetch, &request, &scene->answer, scene->reason);
}

static enum zdd_err get(struct scene *scene)
{
    return send_request(scene, (struct zdd_request){.method = "GET"}, "/v2/info?x=1");
}

/* Answer each request of a connection with the same bytes, and keep it open. */
static void say_always(struct peer *peer, int fd, int index)
{
    (void)index;
    while (peer_read(peer, fd) && peer_say(fd, peer->cls))
        ;
}

/* Answer the first request with the bytes, then close. */
static void say_once(struct peer *peer, int fd, int index)
{
    (void)index;
    if (peer_read(peer, fd))
        peer_say(fd, peer->cls);
}

static bool has_line(const char *request, const char *line)
{
    char framed[200];

    snprintf(framed, sizeof(framed), "\r\n%s\r\n", line);
    return strstr(request, framed) != NULL;
}

static bool has_header(const char *request, const char *name)
{
    char framed[100];

    snprintf(framed, sizeof(framed), "\r\n%s:", name);
    return strcasestr(request, framed) != NULL;
}

static void a_get_asks_for_json_and_says_who_asks(void **state)
{
    struct scene s;
    const char *request;

    (void)state;
    open_scene(&s, say_always, OK_HEAD "Content-Length: 7\r\n\r\n{\"a\":1}");
    assert_int_equal(send_request(&s, (struct zdd_request){.method = "GET", .request_id = "r-1"},
                                  "/v2/info?x=1"),
                     ZDD_ERR_NONE);
    assert_int_equal(s.answer.status, 200);
    assert_string_equal(s.answer.body.data, "{\"a\":1}");
    assert_string_equal(s.answer.type, "application/json");
    assert_string_equal(s.answer.location, "");

    request = peer_request(&s.peer, 0);
    assert_int_equal(strncmp(request, "GET /v2/info?x=1 HTTP/1.1\r\n", 27), 0);
    assert_true(has_line(request, "Accept: application/json"));
    assert_true(has_line(request, "User-Agent: zdd"));
    assert_true(has_line(request, "X-Request-Id: r-1"));
    assert_false(has_header(request, "Authorization"));
    assert_false(has_header(request, "Content-Length"));
    assert_false(has_header(request, "Content-Type"));
    close_scene(&s);
}

static void an_accept_of_the_caller_replaces_ours(void **state)
{
    struct scene s;

    (void)state;
    open_scene(&s, say_always, OK_HEAD "Content-Length: 0\r\n\r\n");
    assert_int_equal(
        send_request(&s, (struct zdd_request){.method = "GET", .accept = "text/csv"}, "/"),
        ZDD_ERR_NONE);
    assert_true(has_line(peer_request(&s.peer, 0), "Accept: text/csv"));
    assert_null(strstr(peer_request(&s.peer, 0), "application/json"));
    close_scene(&s);
}

static void assert_body_sent(struct scene *s, const char *method, const char *body)
{
    const int index = s->peer.requests;
    const char *request;
    char line[64];

    assert_int_equal(
        send_request(s, (struct zdd_request){.method = method, .body = body}, "/v2/apps/a"),
        ZDD_ERR_NONE);
    request = peer_request(&s->peer, index);
    snprintf(line, sizeof(line), "Content-Length: %zu", strlen(body));
    assert_true(has_line(request, line));
    assert_int_equal(strncmp(request, method, strlen(method)), 0);
    assert_false(has_header(request, "Transfer-Encoding"));
    assert_false(has_header(request, "Expect"));
    assert_true(has_line(request, "Content-Type: application/json"));
    assert_string_equal(strstr(request, "\r\n\r\n") + 4, body);
}

static void bodies_carry_their_length_and_never_come_in_chunks(void **state)
{
    static char large[2 * 1024 * 1024 + 1];
    struct scene s;

    (void)state;
    memset(large, 'x', sizeof(large) - 1);
    open_scene(&s, say_always, OK_HEAD "Content-Length: 2\r\n\r\n{}");
    assert_body_sent(&s, "PUT", "{\"id\":\"/a\"}");
    assert_body_sent(&s, "POST", "{}");
    assert_body_sent(&s, "DELETE", "{\"ids\":[]}");
    assert_body_sent(&s, "PATCH", "[]");
    assert_body_sent(&s, "PUT", large);
    close_scene(&s);
}

static void methods_without_a_body_have_no_content_type(void **state)
{
    struct scene s;

    (void)state;
    open_scene(&s, say_always, OK_HEAD "Content-Length: 2\r\n\r\n{}");
    assert_int_equal(send_request(&s, (struct zdd_request){.method = "POST"}, "/"), ZDD_ERR_NONE);
    assert_int_equal(send_request(&s, (struct zdd_request){.method = "DELETE"}, "/"), ZDD_ERR_NONE);
    assert_int_equal(strncmp(peer_request(&s.peer, 0), "POST / ", 7), 0);
    assert_true(has_line(peer_request(&s.peer, 0), "Content-Length: 0"));
    assert_false(has_header(peer_request(&s.peer, 0), "Content-Type"));
    assert_int_equal(strncmp(peer_request(&s.peer, 1), "DELETE / ", 9), 0);
    assert_false(has_header(peer_request(&s.peer, 1), "Content-Type"));
    close_scene(&s);
}

static void a_head_request_waits_for_no_body(void **state)
{
    struct scene s;

    (void)state;
    open_scene(&s, say_always, OK_HEAD "Content-Length: 1000\r\n\r\n");
    assert_int_equal(send_request(&s, (struct zdd_request){.method = "HEAD"}, "/"), ZDD_ERR_NONE);
    assert_int_equal(s.answer.status, 200);
    assert_int_equal(s.answer.body.size, 0);
    close_scene(&s);
}

static void headers_are_found_whatever_their_case(void **state)
{
    struct scene s;

    (void)state;
    open_scene(&s, say_always,
               "HTTP/1.1 200 OK\r\ncontent-type:  Application/JSON;charset=UTF-8\r\n"
               "MARATHON-deployment-ID: 3f0c6c1e-0a61-4c55-a3f2-9b1f7a2b7d11 \r\n"
               "x-marathon-leader: http://10.0.0.1:8080\r\nContent-Length: 2\r\n\r\n{}");
    assert_int_equal(get(&s), ZDD_ERR_NONE);
    assert_string_equal(s.answer.type, "application/json");
    assert_string_equal(s.answer.deployment_id, "3f0c6c1e-0a61-4c55-a3f2-9b1f7a2b7d11");
    assert_string_equal(s.answer.leader, "http://10.0.0.1:8080");
    close_scene(&s);
}

static void a_header_that_does_not_fit_counts_as_absent(void **state)
{
    static char answer[1000];
    struct scene s;

    (void)state;
    snprintf(answer, sizeof(answer),
             "HTTP/1.1 200 OK\r\nMarathon-Deployment-Id: %064d\r\nLocation: %0511d\r\n"
             "Content-Length: 0\r\n\r\n",
             0, 0);
    open_scene(&s, say_always, answer);
    assert_int_equal(get(&s), ZDD_ERR_NONE);
    assert_string_equal(s.answer.deployment_id, "");
    assert_int_equal(strlen(s.answer.location), 511);
    close_scene(&s);
}

static void headers_of_an_interim_answer_are_forgotten(void **state)
{
    struct scene s;

    (void)state;
    open_scene(&s, say_always,
               "HTTP/1.1 103 Early Hints\r\nLocation: /early\r\nContent-Type: text/x\r\n\r\n"
               "HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n");
    assert_int_equal(get(&s), ZDD_ERR_NONE);
    assert_int_equal(s.answer.status, 201);
    assert_string_equal(s.answer.location, "");
    assert_string_equal(s.answer.type, "");
    close_scene(&s);
}

static void assert_status(const char *bytes, long status, const char *type, const char *body)
{
    struct scene s;

    open_scene(&s, say_once, bytes);
    assert_int_equal(get(&s), ZDD_ERR_NONE);
    assert_int_equal(s.answer.status, status);
    assert_string_equal(s.answer.type, type);
    assert_string_equal(s.answer.body.data ? s.answer.body.data : "", body);
    assert_int_equal(s.peer.requests, 1);
    close_scene(&s);
}

static void every_status_is_an_answer(void **state)
{
    (void)state;
    assert_status("HTTP/1.1 503 Service Unavailable\r\nContent-Type: text/html\r\n"
                  "Content-Length: 13\r\n\r\n<html></html>",
                  503, "text/html", "<html></html>");
    assert_status("HTTP/1.1 500 x\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}",
                  500, "application/json", "{}");
    assert_status("HTTP/1.1 409 Conflict\r\nTransfer-Encoding: chunked\r\n\r\n"
                  "3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n",
                  409, "", "abcde");
    assert_status("HTTP/1.1 204 No Content\r\n\r\n", 204, "", "");
    assert_status("HTTP/1.0 200 OK\r\n\r\nuntil the end", 200, "", "until the end");
    assert_status("HTTP/1.1 401 x\r\nWWW-Authenticate: Basic realm=\"Mesosphere\"\r\n"
                  "Content-Length: 0\r\n\r\n",
                  401, "", "");
}

static void a_redirect_is_reported_and_not_followed(void **state)
{
    struct scene s;

    (void)state;
    open_scene(&s, say_always,
               "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/ui/\r\n"
               "Content-Length: 0\r\n\r\n");
    assert_int_equal(get(&s), ZDD_ERR_NONE);
    assert_int_equal(s.answer.status, 302);
    assert_string_equal(s.answer.location, "http://127.0.0.1:1/ui/");
    assert_int_equal(s.peer.requests, 1);
    close_scene(&s);
}

static void assert_failure(const char *bytes, enum zdd_err err, const char *part_of_reason)
{
    struct scene s;

    open_scene(&s, say_once, bytes);
    assert_int_equal(get(&s), err);
    assert_int_equal(s.answer.status, 0);
    assert_non_null(strstr(s.reason, part_of_reason));
    assert_non_null(strstr(s.reason, "GET http://127.0.0.1:"));
    assert_null(strchr(s.reason, '?')); /* queries are left out */
    close_scene(&s);
}

static void an_answer_that_is_cut_off_is_no_answer(void **state)
{
    (void)state;
    assert_failure("", ZDD_ERR_CLUSTER_DOWN, "");
    assert_failure("HTTP/1.1 200", ZDD_ERR_CLUSTER_DOWN, "");
    assert_failure(OK_HEAD "Content-Length: 100\r\n\r\n{\"apps\":[", ZDD_ERR_CLUSTER_DOWN, "");
    assert_failure(OK_HEAD "Transfer-Encoding: chunked\r\n\r\n5\r\nab", ZDD_ERR_CLUSTER_DOWN, "");
}

static void what_is_not_http_is_nonsense(void **state)
{
    (void)state;
    assert_failure("SSH-2.0-OpenSSH_9.2\r\n", ZDD_ERR_CLUSTER_NONSENSE, "not HTTP");
    assert_failure("\x16\x03\x01\x02\x01 binary \x01\x02", ZDD_ERR_CLUSTER_NONSENSE, "not HTTP");
    assert_failure("{\"no\":\"head\"}", ZDD_ERR_CLUSTER_NONSENSE, "not HTTP");
}

static void flood_headers(struct peer *peer, int fd, int index)
{
    bool open = peer_read(peer, fd) && peer_say(fd, "HTTP/1.1 200 OK\r\n");

    (void)index;
    for (int i = 0; open && i < 3000; i++)
        open = peer_say(fd, "X-Filler: 0123456789012345678901234567890\r\n");
}

static void one_long_header(struct peer *peer, int fd, int index)
{
    bool open = peer_read(peer, fd) && peer_say(fd, "HTTP/1.1 200 OK\r\nX-Long: ");

    (void)index;
    for (int i = 0; open && i < 3000; i++)
        open = peer_say(fd, "012345678901234567890123456789012345678901234567890123456789");
}

static void headers_without_an_end_are_nonsense(void **state)
{
    static peer_serve *const floods[] = {flood_headers, one_long_header};
    struct scene s;

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        open_scene(&s, floods[i], NULL);
        assert_int_equal(get(&s), ZDD_ERR_CLUSTER_NONSENSE);
        assert_non_null(strstr(s.reason, "headers"));
        close_scene(&s);
    }
}

static void announce_much(struct peer *peer, int fd, int index)
{
    (void)index;
    if (peer_read(peer, fd) && peer_say(fd, OK_HEAD "Content-Length: 67108865\r\n\r\n{"))
        peer_wait_close(fd);
}

static void send_without_end(struct peer *peer, int fd, int index)
{
    static char block[65536];
    bool open = peer_read(peer, fd) && peer_say(fd, OK_HEAD "\r\n");

    (void)index;
    while (open)
        open = peer_send(fd, block, sizeof(block));
}

static void a_body_over_the_limit_is_nonsense_announced_or_not(void **state)
{
    static peer_serve *const floods[] = {announce_much, send_without_end};
    struct scene s;

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        open_scene(&s, floods[i], NULL);
        assert_int_equal(get(&s), ZDD_ERR_CLUSTER_NONSENSE);
        assert_non_null(strstr(s.reason, "too large"));
        close_scene(&s);
    }
}

static void hold(struct peer *peer, int fd, int index)
{
    (void)index;
    if (peer_read(peer, fd) && peer_say(fd, peer->cls))
        peer_wait_close(fd);
}

static void an_answer_that_does_not_end_in_time_is_slow(void **state)
{
    static const char *const begun[] = {"", "HTTP/1.1 200 OK\r\nContent-Le",
                                        OK_HEAD "Content-Length: 9\r\n\r\n{"};
    struct scene s;

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        const int64_t start_ms = zdd_mono_ms();

        open_scene(&s, hold, begun[i]);
        assert_int_equal(
            send_request(&s, (struct zdd_request){.method = "GET", .timeout_ms = 100}, "/"),
            ZDD_ERR_CLUSTER_SLOW);
        assert_true(zdd_mono_ms() - start_ms >= 100);
        assert_true(zdd_mono_ms() - start_ms < 5000);
        close_scene(&s);
    }
}

static void nobody_listening_means_down(void **state)
{
    struct scene s;

    (void)state;
    open_scene(&s, say_once, "");
    peer_stop(&s.peer); /* its port is free again */
    assert_int_equal(get(&s), ZDD_ERR_CLUSTER_DOWN);
    assert_true(s.reason[0]);
    zdd_answer_release(&s.answer);
    zdd_fetch_free(s.fetch);
}

static void only_http_urls_without_credentials_are_fetched(void **state)
{
    static const char *const urls[] = {"file:///etc/passwd", "ftp://127.0.0.1/x", "",
                                       "http://a:secret@127.0.0.1/"};
    struct zdd_fetch *fetch = zdd_fetch_new(&nobody);
    char reason[200];

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        const struct zdd_request request = {.method = "GET", .url = urls[i]};
        struct zdd_answer answer;

        assert_int_equal(zdd_fetch_send(fetch, &request, &answer, reason), ZDD_ERR_CLUSTER_DOWN);
        assert_non_null(strstr(reason, "not an http or https URL"));
        zdd_answer_release(&answer);
    }
    zdd_fetch_free(fetch);
}

static void a_connection_is_used_again(void **state)
{
    struct scene s;

    (void)state;
    open_scene(&s, say_always, OK_HEAD "Content-Length: 2\r\n\r\n{}");
    for (int i = 0; i < 5; i++)
        assert_int_equal(get(&s), ZDD_ERR_NONE);
    assert_int_equal(s.peer.requests, 5);
    assert_int_equal(s.peer.connections, 1);
    close_scene(&s);
}

/* The first connection dies with its second request, the later ones answer. */
static void die_at_second(struct peer *peer, int fd, int index)
{
    int answered = 0;

    while (peer_read(peer, fd) && (index > 0 || answered == 0)) {
        peer_say(fd, OK_HEAD "Content-Length: 2\r\n\r\n{}");
        answered++;
    }
}

static void a_get_on_a_dead_kept_alive_connection_is_sent_once_more(void **state)
{
    struct scene s;

    (void)state;
    open_scene(&s, die_at_second, NULL);
    assert_int_equal(get(&s), ZDD_ERR_NONE);
    assert_int_equal(get(&s), ZDD_ERR_NONE);
    assert_int_equal(s.peer.requests, 3);
    assert_int_equal(s.peer.connections, 2);
    close_scene(&s);
}

/* Answers GET and closes at anything else. */
static void refuse_writes(struct peer *peer, int fd, int index)
{
    (void)index;
    while (peer_read(peer, fd)) {
        if (strncmp(peer_request(peer, peer->requests - 1), "GET ", 4) != 0)
            return;
        peer_say(fd, OK_HEAD "Content-Length: 2\r\n\r\n{}");
    }
}

static void what_changes_something_is_never_sent_twice(void **state)
{
    static const char *const methods[] = {"POST", "PUT", "DELETE"};
    struct scene s;

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        open_scene(&s, refuse_writes, NULL);
        assert_int_equal(get(&s), ZDD_ERR_NONE);
        assert_int_equal(
            send_request(&s, (struct zdd_request){.method = methods[i], .body = "{}"}, "/"),
            ZDD_ERR_CLUSTER_DOWN);
        assert_int_equal(s.peer.requests, 2);
        assert_int_equal(get(&s), ZDD_ERR_NONE);
        close_scene(&s);
    }
}

static void credentials_are_sent_and_never_told(void **state)
{
    const struct zdd_fetch_auth auth = {.basic = "ci:s3cr3t", .header = NULL};
    const struct zdd_fetch_auth token = {.header = "Authorization: token=s3cr3t"};
    struct scene s;

    (void)state;
    open_scene(&s, say_always, OK_HEAD "Content-Length: 2\r\n\r\n{}");
    zdd_fetch_free(s.fetch);
    s.fetch = zdd_fetch_new(&auth);
    assert_int_equal(get(&s), ZDD_ERR_NONE);
    assert_true(has_line(peer_request(&s.peer, 0), "Authorization: Basic Y2k6czNjcjN0"));
    zdd_fetch_free(s.fetch);
    s.fetch = zdd_fetch_new(&token);
    assert_int_equal(get(&s), ZDD_ERR_NONE);
    assert_true(has_line(peer_request(&s.peer, 1), "Authorization: token=s3cr3t"));
    peer_stop(&s.peer);
    assert_int_equal(get(&s), ZDD_ERR_CLUSTER_DOWN);
    assert_null(strstr(s.reason, "s3cr3t"));
    zdd_answer_release(&s.answer);
    zdd_fetch_free(s.fetch);
}

/* A name may stand for several servers: each is asked by its address, under the name. */
static void a_host_can_be_reached_by_an_address_of_ones_own(void **state)
{
    struct scene s;
    struct zdd_request request = {.method = "GET", .url = s.url, .address = "127.0.0.1"};
    char host[100];

    (void)state;
    open_scene(&s, say_always, OK_HEAD "Content-Length: 2\r\n\r\n{}");
    snprintf(s.url, sizeof(s.url), "http://nowhere.invalid%s/x", strrchr(s.peer.url, ':'));
    assert_int_equal(zdd_fetch_send(s.fetch, &request, &s.answer, s.reason), ZDD_ERR_NONE);
    snprintf(host, sizeof(host), "Host: nowhere.invalid%s", strrchr(s.peer.url, ':'));
    assert_true(has_line(peer_request(&s.peer, 0), host));

    request.address = "::1"; /* nobody is there */
    zdd_answer_release(&s.answer);
    assert_int_equal(zdd_fetch_send(s.fetch, &request, &s.answer, s.reason), ZDD_ERR_CLUSTER_DOWN);
    assert_int_equal(get(&s), ZDD_ERR_NONE); /* it is forgotten with its request */
    close_scene(&s);
}

static void a_proxy_of_the_environment_is_ignored(void **state)
{
    struct scene s;

    (void)state;
    setenv("http_proxy", "http://127.0.0.1:1", 1);
    setenv("ALL_PROXY", "http://127.0.0.1:1", 1);
    open_scene(&s, say_always, OK_HEAD "Content-Length: 2\r\n\r\n{}");
    assert_int_equal(get(&s), ZDD_ERR_NONE);
    unsetenv("http_proxy");
    unsetenv("ALL_PROXY");
    close_scene(&s);
}

static void *fetch_often(void *cls)
{
    struct peer *peer = cls;
    struct zdd_fetch *fetch = zdd_fetch_new(&nobody);
    const struct zdd_request request = {.method = "GET", .url = peer->url};
    uintptr_t good = 0;

    for (int i = 0; i < 25; i++) {
        struct zdd_answer answer;
        char reason[200];

        good += zdd_fetch_send(fetch, &request, &answer, reason) == ZDD_ERR_NONE;
        zdd_answer_release(&answer);
    }
    zdd_fetch_free(fetch);
    return (void *)good;
}

static void several_clients_work_side_by_side(void **state)
{
    struct scene s;
    pthread_t threads[4];

    (void)state;
    open_scene(&s, say_always, OK_HEAD "Content-Length: 2\r\n\r\n{}");
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, fetch_often, &s.peer), 0);
    for (size_t i = 0; i < 4; i++) {
        void *good;

        pthread_join(threads[i], &good);
        assert_int_equal((uintptr_t)good, 25);
    }
    assert_int_equal(s.peer.connections, 4);
    close_scene(&s);
}

static void *fetch_once(void *cls)
{
    return (void *)(uintptr_t)get(cls);
}

/* The last one: there is no way back. */
static void stopping_ends_what_is_under_way_and_what_comes_later(void **state)
{
    struct scene s;
    pthread_t thread;
    void *err;
    int64_t start_ms;

    (void)state;
    open_scene(&s, hold, "");
    assert_int_equal(pthread_create(&thread, NULL, fetch_once, &s), 0);
    assert_true(peer_wait_requests(&s.peer, 1));
    start_ms = zdd_mono_ms();
    zdd_fetch_stop_all();
    pthread_join(thread, &err);
    assert_int_equal((uintptr_t)err, ZDD_ERR_CLUSTER_DOWN);
    assert_non_null(strstr(s.reason, "the program is stopping"));
    assert_true(zdd_mono_ms() - start_ms < 5000);
    assert_int_equal(get(&s), ZDD_ERR_CLUSTER_DOWN);
    assert_non_null(strstr(s.reason, "not sent"));
    assert_int_equal(s.peer.requests, 1);
    close_scene(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_get_asks_for_json_and_says_who_asks),
        cmocka_unit_test(an_accept_of_the_caller_replaces_ours),
        cmocka_unit_test(bodies_carry_their_length_and_never_come_in_chunks),
        cmocka_unit_test(methods_without_a_body_have_no_content_type),
        cmocka_unit_test(a_head_request_waits_for_no_body),
        cmocka_unit_test(headers_are_found_whatever_their_case),
        cmocka_unit_test(a_header_that_does_not_fit_counts_as_absent),
        cmocka_unit_test(headers_of_an_interim_answer_are_forgotten),
        cmocka_unit_test(every_status_is_an_answer),
        cmocka_unit_test(a_redirect_is_reported_and_not_followed),
        cmocka_unit_test(an_answer_that_is_cut_off_is_no_answer),
        cmocka_unit_test(what_is_not_http_is_nonsense),
        cmocka_unit_test(headers_without_an_end_are_nonsense),
        cmocka_unit_test(a_body_over_the_limit_is_nonsense_announced_or_not),
        cmocka_unit_test(an_answer_that_does_not_end_in_time_is_slow),
        cmocka_unit_test(nobody_listening_means_down),
        cmocka_unit_test(only_http_urls_without_credentials_are_fetched),
        cmocka_unit_test(a_connection_is_used_again),
        cmocka_unit_test(a_get_on_a_dead_kept_alive_connection_is_sent_once_more),
        cmocka_unit_test(what_changes_something_is_never_sent_twice),
        cmocka_unit_test(credentials_are_sent_and_never_told),
        cmocka_unit_test(a_host_can_be_reached_by_an_address_of_ones_own),
        cmocka_unit_test(a_proxy_of_the_environment_is_ignored),
        cmocka_unit_test(several_clients_work_side_by_side),
        cmocka_unit_test(stopping_ends_what_is_under_way_and_what_comes_later),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
