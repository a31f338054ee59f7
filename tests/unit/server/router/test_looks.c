/**
 * @file tests/unit/server/router/test_looks.c
 * @brief Asking one balancer, over HTTP and over its Runtime API: good answers, bad ones, none.
 */
#include "server/base/clock.h"
#include "server/router/runtime.h"
#include "server/router/stats_http.h"
#include "tests/support/spec.h"
#include "tests/unit/server/net/peer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define PAGE                                                                                       \
    "# pxname,svname,qcur,scur,stot,status,weight,type,\n"                                         \
    "svc_80,10_0_0_1_1001,0,0,0,UP,7,2,\n"
#define OK(body) "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" body

/* Time limits: for what comes, for what never ends, and what a loaded machine may add to it. */
#define PATIENCE_MS 20000
#define LIMIT_MS 300
#define LIMIT_OF_START_MS 3000 /* the page has to come before */
#define SLACK_MS 8000

static const struct zdd_fetch_auth nobody;

/* One balancer that says what the test wants. */
struct scene {
    struct peer peer;
    const char *page, *metrics; /* whole answers; NULL: none, the connection stays open */
    const char *config;
    int64_t limit_ms; /* 0: PATIENCE_MS */
    struct zdd_place place;
    struct zdd_stats_answer answer;
    char reason[ZDD_ROUTER_REASON_SIZE];
};

static void serve(struct peer *peer, int fd, int index)
{
    const struct scene *scene = peer->cls;
    const char *const texts[] = {scene->page, scene->metrics, scene->config};
    const char *text;

    if (!peer_read(peer, fd))
        return;
    /* Connections come one after the other here: the page, the start, the configuration. */
    text = index < 3 ? texts[index] : index % 2 ? scene->page : scene->metrics;
    if (!text) {
        peer_wait_close(fd);
        return;
    }
    peer_say(fd, text);
    shutdown(fd, SHUT_WR);
}

static void serve_drops(struct peer *peer, int fd, int index)
{
    const struct timespec pause = {.tv_nsec = 20000000};

    (void)index;
    if (!peer_read(peer, fd) || !peer_say(fd, "HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n"))
        return;
    while (peer_say(fd, "x")) /* for ever */
        nanosleep(&pause, NULL);
}

static void aim(struct scene *scene)
{
    scene->place = (struct zdd_place){.known = true, .address = "127.0.0.1"};
    scene->place.port = (uint16_t)strtoul(strrchr(scene->peer.url, ':') + 1, NULL, 10);
    snprintf(scene->place.name, sizeof(scene->place.name), "127.0.0.1:%u", scene->place.port);
}

static enum zdd_err look_at(struct scene *scene, const char *url, const struct zdd_fetch_auth *auth)
{
    struct zdd_stats_http *http = zdd_stats_http_open(&url, 1, auth);
    enum zdd_err err;

    assert_non_null(http);
    err = zdd_stats_http_look(http, &scene->place, scene->limit_ms ? scene->limit_ms : PATIENCE_MS,
                              &scene->answer, scene->reason);
    zdd_stats_http_close(http);
    return err;
}

static enum zdd_err look_for(int64_t limit_ms, const char *page, const char *metrics,
                             struct scene *scene)
{
    *scene =
        (struct scene){.page = page, .metrics = metrics, .config = OK(""), .limit_ms = limit_ms};
    peer_start(&scene->peer, serve, scene);
    aim(scene);
    return look_at(scene, scene->peer.url, &nobody);
}

static enum zdd_err look(const char *page, const char *metrics, struct scene *scene)
{
    return look_for(PATIENCE_MS, page, metrics, scene);
}

static void end(struct scene *scene)
{
    zdd_stats_table_release(&scene->answer.table);
    peer_stop(&scene->peer);
}

static void a_look_reads_the_page_and_then_the_start(void **state)
{
    struct scene s;

    (void)state;
    assert_int_equal(look(OK(PAGE), OK("haproxy_process_start_time_seconds 17\n"), &s),
                     ZDD_ERR_NONE);
    assert_int_equal(s.answer.table.count, 1);
    assert_int_equal(s.answer.table.rows[0].weight, 7);
    assert_int_equal(s.answer.process.start_ms, 17000);
    assert_int_equal(strncmp(peer_request(&s.peer, 0), "GET /haproxy?stats;csv HTTP/1.1\r\n", 33),
                     0);
    assert_int_equal(strncmp(peer_request(&s.peer, 1), "GET /metrics?scope=global HTTP", 30), 0);
    end(&s);
}

static const struct zdd_stats_row *backend_of(const struct scene *scene)
{
    const struct zdd_stats_table *table = &scene->answer.table;

    for (size_t i = 0; i < table->count; i++) {
        if (!table->rows[i].server)
            return &table->rows[i];
    }
    fail_msg("no backend");
    return NULL;
}

/* Once for each process: it may be large. */
static void algorithms_that_the_page_does_not_tell_are_in_the_configuration(void **state)
{
    struct scene s = {.page = OK(PAGE "svc_80,BACKEND,0,0,0,UP,7,1,\n"),
                      .metrics = OK("haproxy_process_start_time_seconds 17\n"),
                      .config = OK("backend svc_80\n  balance leastconn\n")};
    struct zdd_stats_http *http;
    const char *url;

    (void)state;
    peer_start(&s.peer, serve, &s);
    aim(&s);
    url = s.peer.url;
    http = zdd_stats_http_open(&url, 1, &nobody);
    assert_non_null(http);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(zdd_stats_http_look(http, &s.place, PATIENCE_MS, &s.answer, s.reason),
                         ZDD_ERR_NONE);
        assert_string_equal(backend_of(&s)->algorithm, "leastconn");
        zdd_stats_table_release(&s.answer.table);
    }
    assert_int_equal(atomic_load(&s.peer.requests), 3 * 2 + 1);
    assert_int_equal(strncmp(peer_request(&s.peer, 2), "GET /_haproxy_getconfig HTTP", 28), 0);

    /* Another process may have another configuration; this one hands out none. */
    s.metrics = OK("haproxy_process_start_time_seconds 23\n");
    assert_int_equal(zdd_stats_http_look(http, &s.place, PATIENCE_MS, &s.answer, s.reason),
                     ZDD_ERR_NONE);
    assert_string_equal(backend_of(&s)->algorithm, "");
    assert_int_equal(atomic_load(&s.peer.requests), 3 * 2 + 1 + 3);
    zdd_stats_http_close(http);
    end(&s);
}

static void a_page_may_have_a_path_and_a_password(void **state)
{
    const struct zdd_fetch_auth auth = {.basic = "ops:s3cr3t"};
    struct scene s = {.page = OK(PAGE), .metrics = OK(""), .config = OK("")};
    char url[100];

    (void)state;
    peer_start(&s.peer, serve, &s);
    aim(&s);
    snprintf(url, sizeof(url), "%s/stats", s.peer.url);
    assert_int_equal(look_at(&s, url, &auth), ZDD_ERR_NONE);
    assert_int_equal(strncmp(peer_request(&s.peer, 0), "GET /stats;csv HTTP/1.1\r\n", 25), 0);
    assert_non_null(strstr(peer_request(&s.peer, 0), "Authorization: Basic b3BzOnMzY3IzdA=="));
    assert_int_equal(strncmp(peer_request(&s.peer, 1), "GET /metrics?scope=global HTTP", 30), 0);
    end(&s);
}

/* One of the several that a name stands for. */
static void a_balancer_is_reached_by_its_own_address(void **state)
{
    struct scene s = {.page = OK(PAGE), .metrics = OK(""), .config = OK("")};
    char url[100];

    (void)state;
    peer_start(&s.peer, serve, &s);
    aim(&s);
    snprintf(url, sizeof(url), "http://nowhere.invalid:%u", s.place.port);
    assert_int_equal(look_at(&s, url, &nobody), ZDD_ERR_NONE);
    assert_non_null(strstr(peer_request(&s.peer, 0), "\r\nHost: nowhere.invalid:"));
    end(&s);
}

static void without_a_start_the_page_is_enough(void **state)
{
    static const char *const starts[] = {"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n",
                                         OK("nonsense"), "garbage"};
    struct scene s;
    int64_t begun_ms;

    (void)state;
    for (size_t i = 0; i < sizeof(starts) / sizeof(starts[0]); i++) {
        assert_int_equal(look(OK(PAGE), starts[i], &s), ZDD_ERR_NONE);
        assert_int_equal(s.answer.process.start_ms, 0);
        end(&s);
    }
    begun_ms = zdd_mono_ms();
    assert_int_equal(look_for(LIMIT_OF_START_MS, OK(PAGE), NULL, &s), ZDD_ERR_NONE);
    assert_true(zdd_mono_ms() - begun_ms < LIMIT_OF_START_MS + SLACK_MS);
    end(&s);
}

static void a_bad_page_is_no_page(void **state)
{
    static const char *const pages[] = {
        OK("<html>503</html>"), OK(""), "garbage",
        "HTTP/1.1 401 Unauthorized\r\nConnection: close\r\n\r\n" PAGE,
        "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 3\r\n\r\nno\n",
        "HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n",
        /* cut off: within its length, and within a row */
        "HTTP/1.1 200 OK\r\nContent-Length: 4000\r\nConnection: close\r\n\r\n" PAGE,
        OK(PAGE "svc_80,b,0,0"), ""};
    struct scene s;

    (void)state;
    for (size_t i = 0; i < sizeof(pages) / sizeof(pages[0]); i++) {
        if (look(pages[i], OK(""), &s) != ZDD_ERR_ROUTER_DOWN)
            fail_msg("taken: %s", pages[i]);
        assert_non_null(strstr(s.reason, s.place.name));
        end(&s);
    }
}

static void a_balancer_that_hangs_does_not_hold_us(void **state)
{
    const int64_t begun_ms = zdd_mono_ms();
    struct scene s;

    (void)state;
    assert_int_equal(look_for(LIMIT_MS, NULL, NULL, &s), ZDD_ERR_ROUTER_DOWN);
    assert_true(zdd_mono_ms() - begun_ms < LIMIT_MS + SLACK_MS);
    end(&s);
}

/* All looks together: it is waited for once, and then told as unreachable at once. */
static void a_balancer_that_hangs_holds_one_look_only(void **state)
{
    struct scene s = {.limit_ms = LIMIT_MS};
    const struct zdd_router_ask ask = {.pair = "/svc"};
    const char *url;
    struct zdd_places_options places = {.targets = &url, .target_count = 1};
    struct zdd_stats_options options = {.look = zdd_stats_http_look, .limit_ms = LIMIT_MS};
    struct zdd_router_view view;
    struct zdd_stats *stats;
    struct zdd_stats_http *http;
    int asked;

    (void)state;
    peer_start(&s.peer, serve, &s);
    url = s.peer.url;
    assert_int_equal(zdd_places_open(&places, &options.places, s.reason), ZDD_ERR_NONE);
    options.cls = http = zdd_stats_http_open(&url, 1, &nobody);
    assert_non_null(http);
    stats = zdd_stats_open(&options);
    assert_non_null(stats);
    assert_int_equal(zdd_stats_observe(stats, &ask, 1, 0, &view, s.reason), ZDD_ERR_ROUTER_DOWN);
    asked = atomic_load(&s.peer.connections);
    assert_int_equal(asked, 1);
    for (int i = 0; i < 1000; i++) {
        assert_int_equal(zdd_stats_observe(stats, &ask, 1, 0, &view, s.reason),
                         ZDD_ERR_ROUTER_DOWN);
        assert_false(view.balancer[0].reachable);
    }
    /* A thousand waits would have been minutes, and a thousand questions. */
    assert_in_range(atomic_load(&s.peer.connections), asked, asked + 20);
    zdd_stats_close(stats);
    zdd_stats_http_close(http);
    zdd_places_close(options.places);
    peer_stop(&s.peer);
}

static void a_balancer_that_drips_does_not_hold_us(void **state)
{
    struct scene s = {.limit_ms = LIMIT_MS};
    int64_t begun_ms;

    (void)state;
    peer_start(&s.peer, serve_drops, &s);
    aim(&s);
    begun_ms = zdd_mono_ms();
    assert_int_equal(look_at(&s, s.peer.url, &nobody), ZDD_ERR_ROUTER_DOWN);
    assert_true(zdd_mono_ms() - begun_ms < LIMIT_MS + SLACK_MS);
    end(&s);
}

static void a_balancer_that_is_not_there_is_named(void **state)
{
    struct scene s = {0};
    char url[64];

    (void)state;
    peer_start(&s.peer, serve, &s);
    aim(&s);
    snprintf(url, sizeof(url), "%s", s.peer.url);
    peer_stop(&s.peer);
    assert_int_equal(look_at(&s, url, &nobody), ZDD_ERR_ROUTER_DOWN);
    assert_non_null(strstr(s.reason, s.place.name));
}

/* The Runtime API: a line in, text out until the end. */
static void serve_line(struct peer *peer, int fd, int index)
{
    const struct scene *scene = peer->cls;
    char bytes[64] = "";

    (void)index;
    while (!strchr(bytes, '\n')) {
        const ssize_t got = read(fd, bytes, sizeof(bytes) - 1);

        if (got <= 0)
            return;
        bytes[got] = '\0';
    }
    if (scene->page) {
        peer_say(fd, scene->page);
        shutdown(fd, SHUT_WR);
    } else {
        peer_wait_close(fd);
    }
}

static enum zdd_err run_line(const char *answer, size_t max, struct zdd_buf *text,
                             char reason[static ZDD_ROUTER_REASON_SIZE])
{
    struct scene s = {.page = answer};
    enum zdd_err err;

    peer_start(&s.peer, serve_line, &s);
    aim(&s);
    zdd_buf_release(text);
    text->max = max;
    text->err = ZDD_ERR_NONE;
    err = zdd_runtime_ask(&s.place, "show info", zdd_mono_ms() + (answer ? PATIENCE_MS : LIMIT_MS),
                          text, reason);
    peer_stop(&s.peer);
    return err;
}

static void a_line_is_answered_up_to_the_end(void **state)
{
    ZDD_AUTO_BUF struct zdd_buf text = {0};
    char reason[ZDD_ROUTER_REASON_SIZE];

    (void)state;
    assert_int_equal(run_line("Name: HAProxy\n\n", 100, &text, reason), ZDD_ERR_NONE);
    assert_string_equal(text.data, "Name: HAProxy\n\n");
    assert_int_equal(run_line("", 100, &text, reason), ZDD_ERR_NONE);
    assert_int_equal(text.size, 0);
}

static void an_answer_that_is_too_long_or_too_late_is_none(void **state)
{
    ZDD_AUTO_BUF struct zdd_buf text = {0};
    char reason[ZDD_ROUTER_REASON_SIZE];
    int64_t begun_ms;

    (void)state;
    assert_int_equal(run_line("0123456789", 9, &text, reason), ZDD_ERR_ROUTER_DOWN);
    assert_non_null(strstr(reason, "too long"));
    begun_ms = zdd_mono_ms();
    assert_int_equal(run_line(NULL, 100, &text, reason), ZDD_ERR_ROUTER_DOWN);
    assert_non_null(strstr(reason, "timed out"));
    assert_true(zdd_mono_ms() - begun_ms < LIMIT_MS + SLACK_MS);
}

static void a_socket_that_is_not_there_is_named(void **state)
{
    struct zdd_place place = {.known = true, .name = "/nowhere/haproxy.sock"};
    ZDD_AUTO_BUF struct zdd_buf text = {0};
    char reason[ZDD_ROUTER_REASON_SIZE];

    (void)state;
    assert_int_equal(zdd_runtime_ask(&place, "show info", zdd_mono_ms() + LIMIT_MS, &text, reason),
                     ZDD_ERR_ROUTER_DOWN);
    assert_string_equal(reason, "/nowhere/haproxy.sock: No such file or directory");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_look_reads_the_page_and_then_the_start),
        cmocka_unit_test(algorithms_that_the_page_does_not_tell_are_in_the_configuration),
        cmocka_unit_test(a_page_may_have_a_path_and_a_password),
        cmocka_unit_test(a_balancer_is_reached_by_its_own_address),
        cmocka_unit_test(without_a_start_the_page_is_enough),
        cmocka_unit_test(a_bad_page_is_no_page),
        cmocka_unit_test(a_balancer_that_hangs_does_not_hold_us),
        cmocka_unit_test(a_balancer_that_hangs_holds_one_look_only),
        cmocka_unit_test(a_balancer_that_drips_does_not_hold_us),
        cmocka_unit_test(a_balancer_that_is_not_there_is_named),
        cmocka_unit_test(a_line_is_answered_up_to_the_end),
        cmocka_unit_test(an_answer_that_is_too_long_or_too_late_is_none),
        cmocka_unit_test(a_socket_that_is_not_there_is_named),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
