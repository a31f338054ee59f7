/**
 * @file tests/unit/server/probe/test_probe.c
 * @brief One round of checks against real sockets: who is asked, what it comes to, how long it may
 * take.
 */
#include "server/probe/probe.h"

#include "server/base/clock.h"
#include "server/json/json.h"
#include "tests/support/spec.h"
#include "tests/unit/server/net/peer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MUCH 70000 /* bytes: above ZDD_PROBE_BODY_MAX */

struct told {
    struct zdd_probe_report report;
    json_t *checks;
};

static void told_release(struct told *told)
{
    json_decref(told->checks);
}

#define AUTO_TOLD __attribute__((cleanup(told_release)))

static void answer(int fd, int status, const char *body)
{
    char head[160];

    snprintf(head, sizeof(head),
             "HTTP/1.1 %d X\r\nContent-Length: %zu\r\nConnection: close\r\n\r\n", status,
             strlen(body));
    (void)(peer_say(fd, head) && peer_say(fd, body));
}

static void good(struct peer *peer, int fd, int index)
{
    (void)index;
    if (peer_read(peer, fd))
        answer(fd, 200, "{\"value\":7}");
    peer_wait_close(fd);
}

static void prometheus(struct peer *peer, int fd, int index)
{
    (void)index;
    if (peer_read(peer, fd))
        answer(
            fd, 200,
            "{\"status\":\"success\",\"data\":{\"resultType\":\"vector\",\"result\":[{\"metric\":"
            "{},\"value\":[1795443468.704,\"0.5\"]}]}}");
    peer_wait_close(fd);
}

static void quoting(struct peer *peer, int fd, int index)
{
    char error[400] = "{\"error\":\"";

    (void)index;
    while (strlen(error) < sizeof(error) - 6)
        memcpy(error + strlen(error), "\\\"", sizeof("\\\""));
    memcpy(error + strlen(error), "\"}", sizeof("\"}"));
    if (peer_read(peer, fd))
        answer(fd, 400, error);
    peer_wait_close(fd);
}

static void bad(struct peer *peer, int fd, int index)
{
    (void)index;
    if (peer_read(peer, fd))
        answer(fd, 503, "sorry");
    peer_wait_close(fd);
}

static void mute(struct peer *peer, int fd, int index)
{
    (void)index;
    (void)peer_read(peer, fd);
    peer_wait_close(fd);
}

static void endless(struct peer *peer, int fd, int index)
{
    char *body = calloc(1, MUCH + 1);

    (void)index;
    assert_non_null(body);
    memset(body, ' ', MUCH);
    if (peer_read(peer, fd))
        answer(fd, 200, body);
    free(body);
    peer_wait_close(fd);
}

static void elsewhere(struct peer *peer, int fd, int index)
{
    (void)index;
    if (peer_read(peer, fd))
        (void)peer_say(fd, "HTTP/1.1 302 X\r\nLocation: http://10.255.255.1/\r\n"
                           "Content-Length: 0\r\nConnection: close\r\n\r\n");
    peer_wait_close(fd);
}

static struct zdd_spot spot_of(const struct peer *peer)
{
    struct zdd_spot spot = {.healthy = true, .port_count = 1};

    snprintf(spot.address[0], ZDD_SPOT_SIZE, "%s", peer->url + strlen("http://"));
    return spot;
}

static struct told measured(const char *checks, struct zdd_spot *spots, size_t count,
                            const char *hosts)
{
    const struct zdd_http_probe http = {.hosts = hosts};
    const struct zdd_probe probe = zdd_http_probe(&http);
    const struct zdd_spots there = {count, spots};
    const struct zdd_plan plan = {.app_id = "/shop/web", .pair = {.new_id = "/shop/web-green"}};
    struct told told = {0};
    char sets[4096]; /* those of a step stand behind those beside the steps */
    const struct zdd_probe_ask ask = {
        .checks = sets, .set = 1, .plan = &plan, .spots = &there, .request_id = "run-1"};

    assert_in_range(snprintf(sets, sizeof(sets), "[[],%s]", checks), 1, sizeof(sets) - 1);
    assert_int_equal(probe.ops->measure(probe.cls, &ask, &told.report), ZDD_ERR_NONE);
    assert_int_equal(zdd_json_read(told.report.data, strlen(told.report.data), &told.checks, NULL),
                     ZDD_ERR_NONE);
    return told;
}

static int64_t number(const struct told *told, const char *pointer)
{
    const json_t *found = zdd_json_at(told->checks, pointer);

    assert_true(json_is_integer(found));
    return json_integer_value(found);
}

#define READY "[{\"source\":\"http\",\"url\":\"/ready?a=b\"}]"

static void every_instance_is_asked_at_its_own_address(void **state)
{
    struct peer one = {0}, two = {0};

    (void)state;
    peer_start(&one, good, NULL);
    peer_start(&two, good, NULL);

    struct zdd_spot spots[] = {spot_of(&one), spot_of(&two)};
    AUTO_TOLD struct told told = measured(READY, spots, 2, "");

    assert_int_equal(told.report.result, ZDD_FINDING_PASSED);
    assert_string_equal(told.report.words, "");
    assert_int_equal(number(&told, "/0/asked"), 2);
    assert_int_equal(number(&told, "/0/passed"), 2);
    assert_int_equal(number(&told, "/0/value"), 200);
    assert_true(json_is_null(zdd_json_at(told.checks, "/0/text")));
    assert_memory_equal(peer_request(&one, 0), "GET /ready?a=b HTTP/1.1\r\n", 25);
    assert_non_null(strstr(peer_request(&two, 0), "X-Request-Id: run-1\r\n"));
    peer_stop(&one);
    peer_stop(&two);
}

static void one_that_fails_fails_the_round_and_is_named_without_the_query(void **state)
{
    struct peer one = {0}, two = {0};
    char words[ZDD_MEASURED_SIZE];

    (void)state;
    peer_start(&one, good, NULL);
    peer_start(&two, bad, NULL);

    struct zdd_spot spots[] = {spot_of(&one), spot_of(&two)};
    AUTO_TOLD struct told told = measured(READY, spots, 2, "");

    snprintf(words, sizeof(words), "/ready of %s said 503", spots[1].address[0]);
    assert_int_equal(told.report.result, ZDD_FINDING_FAILED);
    assert_string_equal(told.report.words, words);
    assert_int_equal(number(&told, "/0/passed"), 1);
    assert_int_equal(number(&told, "/0/value"), 503);
    peer_stop(&one);
    peer_stop(&two);
}

static void who_does_not_answer_holds_up_nobody_else(void **state)
{
    struct peer one = {0}, two = {0};
    const int64_t began_ms = zdd_mono_ms();

    (void)state;
    peer_start(&one, mute, NULL);
    peer_start(&two, good, NULL);

    struct zdd_spot spots[] = {spot_of(&one), spot_of(&one), spot_of(&two), spot_of(&two)};
    AUTO_TOLD struct told told = measured(READY, spots, 4, "");

    assert_int_equal(told.report.result, ZDD_FINDING_FAILED);
    assert_non_null(strstr(told.report.words, "did not answer in time"));
    assert_int_equal(number(&told, "/0/passed"), 2);
    assert_true(zdd_mono_ms() - began_ms < 6 * (int64_t)ZDD_PROBE_TOTAL_MS);
    peer_stop(&one);
    peer_stop(&two);
}

static void nobody_there_too_much_and_a_redirect_are_failures(void **state)
{
    static peer_serve *const serves[] = {endless, elsewhere};
    static const char *const words[] = {"more than 64 KiB", "said 302"};
    struct zdd_spot nobody = {.healthy = true, .port_count = 1, .address = {"127.0.0.1:1"}};
    AUTO_TOLD struct told told = measured(READY, &nobody, 1, "");

    (void)state;
    assert_string_equal(told.report.words, "/ready of 127.0.0.1:1 cannot be reached");
    for (size_t i = 0; i < 2; i++) {
        struct peer peer = {0};

        peer_start(&peer, serves[i], NULL);

        struct zdd_spot spot = spot_of(&peer);
        AUTO_TOLD struct told one = measured(READY, &spot, 1, "");

        assert_int_equal(one.report.result, ZDD_FINDING_FAILED);
        assert_non_null(strstr(one.report.words, words[i]));
        peer_stop(&peer);
    }
}

static void another_service_is_asked_once_and_its_silence_is_no_failure(void **state)
{
    struct peer peer = {0}, service = {0};
    char checks[300];

    (void)state;
    peer_start(&peer, good, NULL);
    peer_start(&service, bad, NULL);
    snprintf(checks, sizeof(checks),
             "[{\"source\":\"http\",\"url\":\"/x\",\"pointer\":\"/value\",\"equals\":7},"
             "{\"source\":\"http\",\"url\":\"%s/m?key=secret\",\"pointer\":\"/value\",\"max\":9}]",
             service.url);

    struct zdd_spot spots[] = {spot_of(&peer), spot_of(&peer)};
    AUTO_TOLD struct told told = measured(checks, spots, 2, "127.0.0.1");
    AUTO_TOLD struct told forbidden = measured(checks, spots, 2, "");

    assert_int_equal(told.report.result, ZDD_FINDING_ERROR);
    assert_int_equal(number(&told, "/0/passed"), 2);
    assert_int_equal(number(&told, "/0/value"), 7);
    assert_int_equal(number(&told, "/1/asked"), 1);
    assert_non_null(strstr(told.report.words, "/m said 503"));
    assert_null(strstr(told.report.data, "secret"));
    assert_int_equal(forbidden.report.result, ZDD_FINDING_ERROR);
    assert_non_null(strstr(forbidden.report.words, "may not be asked"));
    assert_int_equal(atomic_load(&service.requests), 1);
    peer_stop(&peer);
    peer_stop(&service);
}

static void a_failure_counts_more_than_silence(void **state)
{
    struct zdd_spot nobody = {.healthy = true, .port_count = 1, .address = {"127.0.0.1:1"}};
    AUTO_TOLD struct told told = measured("[{\"source\":\"http\",\"url\":\"http://127.0.0.1:1/\"},"
                                          "{\"source\":\"http\",\"url\":\"/a\"},"
                                          "{\"source\":\"http\",\"url\":\"http://127.0.0.1:1/\"}]",
                                          &nobody, 1, "127.0.0.1:1");

    (void)state;
    assert_int_equal(told.report.result, ZDD_FINDING_FAILED);
    assert_string_equal(told.report.words, "/a of 127.0.0.1:1 cannot be reached");
    assert_string_equal(json_string_value(zdd_json_at(told.checks, "/0/result")), "error");
    assert_string_equal(json_string_value(zdd_json_at(told.checks, "/1/result")), "failed");
}

static void who_has_no_port_cannot_pass(void **state)
{
    struct zdd_spot portless = {.healthy = true};
    AUTO_TOLD struct told told = measured(READY, &portless, 1, "");

    (void)state;
    assert_int_equal(told.report.result, ZDD_FINDING_FAILED);
    assert_int_equal(number(&told, "/0/asked"), 0);
    assert_string_equal(told.report.words, "no new instance has a port to ask at");
}

static void the_longest_report_fits(void **state)
{
    struct zdd_spot spot = {.healthy = true, .port_count = 1};
    char checks[2000] = "[";

    (void)state;
    snprintf(spot.address[0], ZDD_SPOT_SIZE, "127.0.0.1:1");
    for (int i = 0; i < 4; i++) {
        const size_t used = strlen(checks);

        snprintf(checks + used, sizeof(checks) - used,
                 "%s{\"source\":\"http\",\"url\":\"/%0200d\",\"pointer\":\"/%090d\",\"max\":1}",
                 i > 0 ? "," : "", 0, 0);
    }
    snprintf(checks + strlen(checks), 2, "]");

    AUTO_TOLD struct told told = measured(checks, &spot, 1, "");

    assert_int_equal(json_array_size(told.checks), 4);
}

/* Words of a round that are all quotes: each is two bytes of JSON. */
static void a_report_full_of_escapes_fits_too(void **state)
{
    static const char check[] =
        "{\"source\":\"prometheus\",\"url\":\"%s\",\"query\":\"%s\",\"max\":1}";
    char quotes[400] = "", checks[4000] = "[";
    struct peer service = {0};

    (void)state;
    peer_start(&service, quoting, NULL);
    while (strlen(quotes) < sizeof(quotes) - 3)
        memcpy(quotes + strlen(quotes), "\\\"", sizeof("\\\""));
    for (int i = 0; i < 4; i++) {
        const size_t used = strlen(checks);

        snprintf(checks + used, sizeof(checks) - used, check, service.url, quotes);
        snprintf(checks + strlen(checks), 2, "%s", i < 3 ? "," : "]");
    }

    AUTO_TOLD struct told told = measured(checks, NULL, 0, "127.0.0.1");

    assert_int_equal(json_array_size(told.checks), 4);
    assert_int_equal(told.report.result, ZDD_FINDING_ERROR);
    assert_non_null(strstr(told.report.words, "said 400: \"\"\""));
    peer_stop(&service);
}

static void prometheus_is_asked_once_for_each_query(void **state)
{
    struct peer service = {0};
    char checks[600];

    (void)state;
    peer_start(&service, prometheus, NULL);
    snprintf(
        checks, sizeof(checks),
        "[{\"source\":\"prometheus\",\"url\":\"%s\",\"query\":\"sum(rate(errors{app=\\\"{{newAppId"
        "}}\\\"}[1m]))\",\"max\":0.25},{\"source\":\"prometheus\",\"url\":\"%s\",\"query\":\"up\","
        "\"min\":0.5}]",
        service.url, service.url);

    struct zdd_spot spots[] = {spot_of(&service), spot_of(&service)};
    AUTO_TOLD struct told told = measured(checks, spots, 2, "127.0.0.1");
    AUTO_TOLD struct told forbidden = measured(checks, spots, 2, "");

    assert_int_equal(told.report.result, ZDD_FINDING_FAILED);
    assert_string_equal(told.report.words,
                        "sum(rate(errors{app=\"{{newAppId}}\"}[1m])) is 0.5, above 0.25");
    assert_int_equal(number(&told, "/0/asked"), 1);
    assert_int_equal(number(&told, "/0/passed"), 0);
    assert_int_equal(number(&told, "/1/passed"), 1);
    assert_true(json_real_value(zdd_json_at(told.checks, "/1/value")) == 0.5);
    assert_non_null(strstr(peer_request(&service, 0), "GET /api/v1/query?query="));
    assert_int_equal(forbidden.report.result, ZDD_FINDING_ERROR);
    assert_non_null(strstr(forbidden.report.words, "may not be asked"));
    assert_int_equal(atomic_load(&service.requests), 2);
    assert_true(strstr(peer_request(&service, 0), "%2Fshop%2Fweb-green%22%7D") ||
                strstr(peer_request(&service, 1), "%2Fshop%2Fweb-green%22%7D"));
    peer_stop(&service);
}

static void a_long_query_is_cut_and_silence_names_the_place(void **state)
{
    struct peer service = {0};
    char checks[600];

    (void)state;
    peer_start(&service, prometheus, NULL);
    snprintf(checks, sizeof(checks),
             "[{\"source\":\"prometheus\",\"url\":\"%s\",\"query\":\"%0120d\",\"max\":0}]",
             service.url, 0);

    AUTO_TOLD struct told told = measured(checks, NULL, 0, "127.0.0.1");
    AUTO_TOLD struct told silent =
        measured("[{\"source\":\"prometheus\",\"url\":\"http://127.0.0.1:1/prom\",\"query\":\"up\","
                 "\"max\":0}]",
                 NULL, 0, "127.0.0.1");

    snprintf(checks, sizeof(checks), "%080d… is 0.5, above 0", 0);
    assert_string_equal(told.report.words, checks);
    assert_string_equal(silent.report.words, "http://127.0.0.1:1/prom cannot be reached");
    assert_int_equal(silent.report.result, ZDD_FINDING_ERROR);
    peer_stop(&service);
}

static void what_is_only_observed_decides_nothing(void **state)
{
    AUTO_TOLD struct told told =
        measured("[{\"source\":\"http\",\"url\":\"http://127.0.0.1:1/\",\"observeOnly\":true},"
                 "{\"source\":\"haproxy\",\"measure\":\"errorRate\",\"max\":0},"
                 "{\"source\":\"http\",\"url\":\"/\",\"observeOnly\":true}]",
                 NULL, 0, "127.0.0.1");

    (void)state;
    assert_int_equal(told.report.result, ZDD_FINDING_PASSED);
    assert_string_equal(told.report.words, "");
    assert_int_equal(json_array_size(told.checks), 2); /* counters are not asked for here */
    assert_int_equal(number(&told, "/0/check"), 0);
    assert_true(json_is_true(zdd_json_at(told.checks, "/0/observeOnly")));
    assert_string_equal(zdd_json_text(json_array_get(told.checks, 0), "result", ""), "error");
    assert_int_equal(number(&told, "/1/check"), 2);
    assert_string_equal(zdd_json_text(json_array_get(told.checks, 1), "result", ""), "failed");
}

static void checks_that_nobody_wrote_are_a_fault_of_ours(void **state)
{
    const struct zdd_http_probe http = {.hosts = ""};
    const struct zdd_probe probe = zdd_http_probe(&http);
    const struct zdd_spots nobody = {0};
    static const char *const texts[] = {"[", "[[{}]]", "[]", "{}"};
    struct zdd_probe_ask ask = {.spots = &nobody, .request_id = "r"};
    struct zdd_probe_report report;

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        ask.checks = texts[i];
        assert_int_equal(probe.ops->measure(probe.cls, &ask, &report), ZDD_ERR_INTERNAL);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_instance_is_asked_at_its_own_address),
        cmocka_unit_test(one_that_fails_fails_the_round_and_is_named_without_the_query),
        cmocka_unit_test(who_does_not_answer_holds_up_nobody_else),
        cmocka_unit_test(nobody_there_too_much_and_a_redirect_are_failures),
        cmocka_unit_test(another_service_is_asked_once_and_its_silence_is_no_failure),
        cmocka_unit_test(a_failure_counts_more_than_silence),
        cmocka_unit_test(who_has_no_port_cannot_pass),
        cmocka_unit_test(the_longest_report_fits),
        cmocka_unit_test(a_report_full_of_escapes_fits_too),
        cmocka_unit_test(prometheus_is_asked_once_for_each_query),
        cmocka_unit_test(a_long_query_is_cut_and_silence_names_the_place),
        cmocka_unit_test(what_is_only_observed_decides_nothing),
        cmocka_unit_test(checks_that_nobody_wrote_are_a_fault_of_ours),
    };

    return cmocka_run_group_tests_name("server/probe/probe", tests, NULL, NULL);
}
