/**
 * @file tests/lab/test_e2e_kill.c
 * @brief A caller that a kill -9 cuts off loses nothing and orders nothing twice; SIGTERM drains;
 * one database, one server, and the next one takes over. (Kills at any moment: tests/fault.)
 */
#include "tests/support/spec.h"

#include "tests/lab/e2e.h"

#include "server/base/clock.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define SHOP "/shop"

static const char *const fast[] = {"--speed", "50", NULL};

static json_t *shop(const char *version, bool sick)
{
    return e2e_app(&(struct e2e_app){.id = SHOP,
                                     .version = version,
                                     .instances = 4,
                                     .checks = E2E_HEALTH,
                                     .health_ms = 60,
                                     .sick = sick});
}

static json_t *gated(const char *version, const char *gate)
{
    return e2e_app(&(struct e2e_app){
        .id = SHOP, .version = version, .instances = 4, .checks = E2E_HEALTH, .gate = gate});
}

struct game {
    struct e2e *e;
    uint64_t random;
};

/* SplitMix64: any seed is a good one. */
static uint64_t draw(struct game *g, uint64_t count)
{
    uint64_t z = g->random += 0x9e3779b97f4a7c15u;

    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return (z ^ (z >> 31)) % count;
}

static uint64_t seed_of_today(void)
{
    const char *wanted = getenv("ZDD_SEED");
    const uint64_t seed =
        wanted ? strtoull(wanted, NULL, 10) : (uint64_t)zdd_now_ms() % 1000000007u;

    print_message("             ZDD_SEED=%llu\n", (unsigned long long)seed);
    return seed;
}

/* Send a POST and do not wait for its answer. */
static void post_and_leave(struct e2e *e, const char *body, const char *key)
{
    const struct sockaddr_in address = {
        .sin_family = AF_INET,
        .sin_port = htons((uint16_t)strtoul(strrchr(e->server.url, ':') + 1, NULL, 10)),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    const int fd = socket(AF_INET, SOCK_STREAM, 0);
    char text[4096];
    const int size = snprintf(text, sizeof(text),
                              "POST /v1/deployments HTTP/1.1\r\nHost: zdd\r\n"
                              "Authorization: Bearer %s\r\nContent-Type: application/json\r\n"
                              "Idempotency-Key: %s\r\nContent-Length: %zu\r\n\r\n%s",
                              e->server.token, key, strlen(body), body);

    assert_true(size > 0 && (size_t)size < sizeof(text));
    assert_int_equal(connect(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
    assert_int_equal(send(fd, text, (size_t)size, MSG_NOSIGNAL), size);
    close(fd);
}

/* The caller lost its answer and asks again: with the same key there is one deployment, not two. */
static void a_caller_cut_off_asks_again_and_gets_the_same(void **state)
{
    struct game g = {.random = seed_of_today()};
    char header[64];
    size_t created = 0;

    (void)state;
    g.e = e2e_start(fast, NULL);
    for (int i = 0; i < 8; i++) {
        ZDD_AUTO_JSON json_t *request = NULL;
        ZDD_AUTO_JSON json_t *runs = NULL;
        struct apiclient_answer answer;
        char version[16];
        char key[24];
        char *body;

        snprintf(version, sizeof(version), "1.%d", i);
        snprintf(key, sizeof(key), "key-%d", i);
        snprintf(header, sizeof(header), "Idempotency-Key: %s", key);
        request = e2e_rolling(shop(version, false), 1, 1);
        body = json_dumps(request, JSON_COMPACT);
        post_and_leave(g.e, body, key);
        nanosleep(&(struct timespec){.tv_nsec = (long)draw(&g, 12000) * 1000}, NULL);
        e2e_kill(g.e);
        e2e_boot(g.e);
        answer = apiclient_send(g.e->api, &(struct apiclient_request){.path = "/v1/deployments",
                                                                      .body = body,
                                                                      .header = {header}});
        free(body);
        assert_int_equal(answer.status, 202);
        print_message("             %s\n", apiclient_header(&answer, "Idempotent-Replayed")
                                               ? "had been taken, answered again"
                                               : "had got lost, taken now");
        e2e_await(g.e, apiclient_text(&answer, "/id"), "succeeded");
        apiclient_answer_release(&answer);
        runs = e2e_all(g.e, "/v1/deployments?appId=%2Fshop");
        assert_int_equal(json_array_size(runs), ++created);
        e2e_check_app(g.e, SHOP, version, 4);
    }
    e2e_stop(g.e);
}

static void told_to_end_it_drains_and_the_next_start_goes_on(void **state)
{
    struct e2e *e = e2e_start(fast, NULL);
    char gate[128];
    char id[E2E_ID_SIZE];
    int64_t since_ms;

    (void)state;
    e2e_gate(e, gate);
    e2e_deploy_well(e, e2e_rolling(shop("0.9", false), 1, 1));
    e2e_deploy(e, e2e_rolling(gated("1.0", gate), 1, 1), id);
    e2e_until(e, id, "/phase", "rolling");
    since_ms = zdd_mono_ms();
    assert_int_equal(e2e_drain(e), 0);
    assert_true(zdd_mono_ms() - since_ms < 5000);
    assert_true(serverrun_log_has(&e->server, "server.stop"));
    e2e_gate_open(gate);
    e2e_boot(e);
    e2e_await(e, id, "succeeded");
    e2e_check_app(e, SHOP, "1.0", 4);
    assert_int_equal(e2e_version_count(e, SHOP), 2);
    e2e_stop(e);
}

/* A stream is open and a caller waits: neither keeps the server from ending. */
static void streams_and_waiting_callers_do_not_hold_it(void **state)
{
    struct e2e *e = e2e_start(fast, NULL);
    struct e2e_stream *stream = e2e_stream_open(e, "/v1/events?lastEventId=0");
    int64_t since_ms;

    (void)state;
    e2e_deploy_well(e, e2e_rolling(shop("0.9", false), 1, 1));
    since_ms = zdd_mono_ms();
    assert_int_equal(e2e_drain(e), 0);
    assert_true(zdd_mono_ms() - since_ms < 5000);
    json_decref(e2e_stream_close(stream));
    e2e_boot(e);
    e2e_stop(e);
}

static void a_second_server_says_who_holds_the_database(void **state)
{
    struct e2e *e = e2e_start(fast, NULL);
    struct serverrun second = e->server;
    char holder[64];

    (void)state;
    snprintf(holder, sizeof(holder), "zdd-server pid %d", (int)e->server.pid);
    assert_true(serverrun_spawn(&second, NULL));
    assert_int_equal(serverrun_wait(&second, 10000), 1);
    assert_true(serverrun_log_has(&e->server, holder));
    e2e_deploy_well(e, e2e_rolling(shop("0.9", false), 1, 1)); /* the first one did not notice */
    e2e_stop(e);
}

static void until_logged(const struct serverrun *run, const char *text)
{
    const int64_t until_ms = zdd_mono_ms() + E2E_WAIT_MS;

    while (!serverrun_log_has(run, text) && zdd_mono_ms() < until_ms)
        nanosleep(&(struct timespec){.tv_nsec = 5000000}, NULL);
    assert_true(serverrun_log_has(run, text));
}

static void a_standby_takes_over_in_mid_roll(void **state)
{
    static const char *const standby[] = {"--standby", NULL};
    struct e2e *e = e2e_start(fast, NULL);
    struct serverrun second;
    char gate[128];
    char id[E2E_ID_SIZE];

    (void)state;
    e2e_gate(e, gate);
    e2e_deploy_well(e, e2e_rolling(shop("0.9", false), 1, 1));
    second = e->server;
    assert_true(serverrun_spawn(&second, standby));
    until_logged(&second, "server.standby");
    e2e_deploy(e, e2e_rolling(gated("1.0", gate), 1, 1), id);
    e2e_until(e, id, "/phase", "rolling");
    e2e_kill(e);
    assert_true(serverrun_await(&second));
    e->server = second;
    e->api = apiclient_new(e->server.url, e->server.token);
    e2e_gate_open(gate);
    e2e_await(e, id, "succeeded");
    e2e_check_app(e, SHOP, "1.0", 4);
    assert_int_equal(e2e_version_count(e, SHOP), 2);
    e2e_stop(e);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_caller_cut_off_asks_again_and_gets_the_same),
        cmocka_unit_test(told_to_end_it_drains_and_the_next_start_goes_on),
        cmocka_unit_test(streams_and_waiting_callers_do_not_hold_it),
        cmocka_unit_test(a_second_server_says_who_holds_the_database),
        cmocka_unit_test(a_standby_takes_over_in_mid_roll),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
