/**
 * @file tests/lab/test_e2e_kill.c
 * @brief kill -9 at any moment loses nothing and does nothing twice; SIGTERM drains; one database,
 * one server, and the next one takes over.
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
#define KILLS 24          /* while a deployment is under way */
#define MOMENT_MAX_MS 300 /* between a start of the server and its end */

/* Slow enough for several kills in one deployment. */
static const char *const slow[] = {"--speed", "20", "--start-delay", "40", NULL};
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
    int kills;   /* of a server with work to do */
    int version; /* of the service, grows */
    char running[16];
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

static bool is_live(struct game *g, const char *id)
{
    ZDD_AUTO_JSON json_t *run = e2e_get(g->e, id);

    return !json_is_string(json_object_get(run, "endedAt"));
}

/* The random moment is what is tested: it waits for nothing. */
static void let_time_pass(struct game *g)
{
    const uint64_t us = draw(g, UINT64_C(1000) * MOMENT_MAX_MS);

    nanosleep(&(struct timespec){.tv_nsec = (long)us * 1000}, NULL);
}

/* Kill and start again until the deployment has ended, or it has been enough. */
static void kill_during(struct game *g, const char *id, int most)
{
    for (int i = 0; i < most; i++) {
        let_time_pass(g);
        if (!is_live(g, id))
            return;
        e2e_kill(g->e);
        e2e_boot(g->e);
        g->kills++;
    }
}

/* How many steps of Marathon's deployments had this action. */
static int count_actions(const json_t *events, const char *action)
{
    int count = 0;

    for (size_t i = 0; i < json_array_size(events); i++) {
        const json_t *event = json_array_get(events, i);
        const json_t *first = zdd_json_at(event, "/currentStep/actions/0");

        count += strcmp(zdd_json_text(event, "eventType", ""), "deployment_info") == 0 &&
                 strcmp(zdd_json_text(first, "action", ""), action) == 0;
    }
    return count;
}

enum kind { ROLLING, SICK, RECREATE, KIND_COUNT };

static const struct {
    const char *name, *end;
    int restarts, scales_min, scales_max; /* what Marathon has to do, and not once more */
} kinds[] = {
    [ROLLING] = {"rolling", "succeeded", 1, 0, 0},
    /* the target and back; clearing may be ordered again when a kill hides that it was done */
    [SICK] = {"rolling back", "rolled-back", 2, 0, 2 + 2 * KILLS},
    [RECREATE] = {"recreate", "succeeded", 1, 1, 1},
};

static json_t *request_of(struct game *g, enum kind kind, const char *version)
{
    json_t *request;

    if (kind == RECREATE)
        return e2e_request("recreate", shop(version, false));
    request = e2e_rolling(shop(version, kind == SICK), 1, 0.5);
    if (kind == SICK)
        json_object_set_new(request, "deadlineSeconds", json_integer(1));
    (void)g;
    return request;
}

/* One deployment, killed now and then, must end as if nothing had happened. */
static void play(struct game *g, enum kind kind)
{
    const size_t from = lab_event_count(g->e->lab);
    const int before = g->kills;
    ZDD_AUTO_JSON json_t *events = NULL;
    char version[16];
    char id[E2E_ID_SIZE];

    snprintf(version, sizeof(version), "1.%d", ++g->version);
    e2e_deploy(g->e, request_of(g, kind, version), id);
    kill_during(g, id, 1 + (int)draw(g, 4));
    e2e_await(g->e, id, kinds[kind].end);
    if (kind != SICK)
        snprintf(g->running, sizeof(g->running), "%s", version);
    e2e_check_app(g->e, SHOP, g->running, 4);
    (void)lab_event_count(g->e->lab);
    events = lab_events(g->e->lab, from);
    print_message("             %s, killed %d times: %d restarts, %d scalings in Marathon\n",
                  kinds[kind].name, g->kills - before, count_actions(events, "RestartApplication"),
                  count_actions(events, "ScaleApplication"));
    assert_int_equal(count_actions(events, "RestartApplication"), kinds[kind].restarts);
    assert_in_range(count_actions(events, "ScaleApplication"), kinds[kind].scales_min,
                    kinds[kind].scales_max);
}

static void no_moment_is_a_bad_one(void **state)
{
    struct game g = {.random = seed_of_today(), .running = "1.0"};
    struct e2e_load load;
    struct e2e_counts counts;

    (void)state;
    g.e = e2e_start(slow, NULL);
    e2e_deploy_well(g.e, e2e_rolling(shop("1.0", false), 1, 0.5));
    load = e2e_load_start(g.e, SHOP);
    while (g.kills < KILLS * 2 / 3)
        play(&g, draw(&g, 3) == 0 ? SICK : ROLLING);
    counts = e2e_load_stop(&load);
    assert_int_equal(counts.failed, 0);
    while (g.kills < KILLS) /* in recreate nothing serves for a while: no load */
        play(&g, RECREATE);
    e2e_stop(g.e); /* the audit chain is whole, no event is missing */
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
        cmocka_unit_test(no_moment_is_a_bad_one),
        cmocka_unit_test(a_caller_cut_off_asks_again_and_gets_the_same),
        cmocka_unit_test(told_to_end_it_drains_and_the_next_start_goes_on),
        cmocka_unit_test(streams_and_waiting_callers_do_not_hold_it),
        cmocka_unit_test(a_second_server_says_who_holds_the_database),
        cmocka_unit_test(a_standby_takes_over_in_mid_roll),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
