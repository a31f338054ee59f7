/**
 * @file tests/bench/bench_lab.c
 * @brief The real server against zdd-lab: resident memory at rest, requests to Marathon for each
 * deployment and for each minute of waiting, and the wall time of a rolling deployment against that
 * of the bare PUT.
 */
#include "tests/bench/support/figures.h"
#include "tests/bench/support/talk.h"
#include "tests/bench/support/tap.h"
#include "tests/support/labrun.h"
#include "tests/support/serverrun.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define POLL_MS 5
#define PATIENCE_MS 120000
#define ROUNDS_MAX 20
#define WAITING 10 /* deployments that only wait while requests are counted */

struct bench {
    struct labrun lab;
    struct serverrun server;
    struct tap *tap;
    uint16_t server_port;
    unsigned next_version;
};

/* A service with health checks, which one that is @p sick never answers. */
static void app_text(const char *id, int instances, unsigned version, bool sick,
                     char ret_text[static 1024])
{
    snprintf(
        ret_text, 1024,
        "{\"id\":\"%s\",\"instances\":%d,\"cpus\":0.1,\"mem\":32,\"container\":{\"type\":"
        "\"DOCKER\",\"docker\":{\"image\":\"mhausenblas/simpleservice:0.4.0\"}},\"env\":{"
        "\"SIMPLE_SERVICE_VERSION\":\"%u\",\"HEALTH_MIN\":\"%d\",\"HEALTH_MAX\":\"%d\"},\"portDefinitions\":[{\"port\":0,\"protocol\":"
        "\"tcp\",\"name\":\"main\"}],\"healthChecks\":[{\"protocol\":\"HTTP\",\"path\":"
        "\"/health\",\"gracePeriodSeconds\":600,\"intervalSeconds\":2,\"delaySeconds\":1,"
        "\"timeoutSeconds\":300,\"maxConsecutiveFailures\":0}],\"upgradeStrategy\":{"
        "\"minimumHealthCapacity\":1,\"maximumOverCapacity\":0.5}}",
        id, instances, version, sick ? 600000 : 0, sick ? 600000 : 0);
}

/* @return milliseconds that Marathon itself needs for the PUT */
static double put_bare(struct bench *bench, const char *id, int instances)
{
    char text[1024], path[300];
    const int64_t begun_ns = bench_now_ns();

    app_text(id, instances, ++bench->next_version, false, text);
    snprintf(path, sizeof(path), "/v2/apps/%s", id);
    free(talk(bench->lab.port, bench->next_version == 1 ? 201 : 200, "PUT", path, NULL, text));
    for (;;) {
        char *list = talk(bench->lab.port, 200, "GET", "/v2/deployments", NULL, NULL);
        const bool none = strcmp(list, "[]") == 0;

        free(list);
        if (none)
            return (double)(bench_now_ns() - begun_ns) / 1e6;
        if (bench_now_ns() - begun_ns > (int64_t)PATIENCE_MS * 1000000)
            bench_fail("the PUT does not end");
        bench_sleep_ms(POLL_MS);
    }
}

static void deploy(struct bench *bench, const char *id, int instances, bool sick,
                   char ret_path[static 100])
{
    char text[1024], body[1300];
    char *reply;
    const char *run;

    app_text(id, instances, ++bench->next_version, sick, text);
    snprintf(body, sizeof(body), "{\"strategy\":\"rolling\",\"app\":%s,\"reason\":\"bench\"}",
             text);
    reply = talk(bench->server_port, 202, "POST", "/v1/deployments", bench->server.token, body);
    run = strstr(reply, "\"id\":\"");
    if (!run)
        bench_fail("no id: %s", reply);
    snprintf(ret_path, 100, "/v1/deployments/%.36s", run + strlen("\"id\":\""));
    free(reply);
}

/* @return milliseconds of a rolling deployment through the server */
static double roll(struct bench *bench, const char *id, int instances)
{
    const int64_t begun_ns = bench_now_ns();
    char path[100];

    deploy(bench, id, instances, false, path);
    talk_until(bench->server_port, path, bench->server.token, "\"state\":\"succeeded\"");
    return (double)(bench_now_ns() - begun_ns) / 1e6;
}

static void count_requests(struct bench *bench, int instances)
{
    struct tap_counts before, after;
    char id[40], what[100], note[120];
    unsigned requests, bursts;

    snprintf(id, sizeof(id), "/bench/count-%d", instances);
    (void)roll(bench, id, instances);
    bench_sleep_ms(1500);
    tap_counts(bench->tap, &before);
    (void)roll(bench, id, instances);
    bench_sleep_ms(1500);
    tap_counts(bench->tap, &after);
    requests = after.requests - before.requests;
    bursts = after.bursts - before.bursts;
    snprintf(what, sizeof(what), "requests of a rolling deployment of %d beyond one a burst",
             instances);
    snprintf(note, sizeof(note), "%u requests, %u bursts of events", requests, bursts);
    bench_say(&(struct bench_figure){8, what, "", requests > bursts ? requests - bursts : 0,
                                     BENCH_AT_MOST, 6, note});
}

/* Nothing happens to these until their deadline: they never get healthy. */
static void count_idle(struct bench *bench, int64_t seconds)
{
    struct tap_counts before, after;
    char id[40], path[WAITING][100], note[100];

    for (int i = 0; i < WAITING; i++) {
        snprintf(id, sizeof(id), "/bench/wait-%d", i);
        deploy(bench, id, 1, true, path[i]);
    }
    bench_sleep_ms(8000);
    tap_counts(bench->tap, &before);
    bench_sleep_ms(seconds * 1000);
    tap_counts(bench->tap, &after);
    for (int i = 0; i < WAITING; i++) /* they did wait */
        talk_until(bench->server_port, path[i], bench->server.token, "\"state\":\"running\"");
    snprintf(note, sizeof(note), "%u in %lld s with %d deployments that wait",
             after.requests - before.requests, (long long)seconds, WAITING);
    bench_say(&(struct bench_figure){
        8, "requests in a minute when everything only waits", "",
        (double)(after.requests - before.requests) * 60 / (double)seconds, BENCH_AT_MOST, 2, note});
}

static void compare_times(struct bench *bench, size_t rounds)
{
    double put_ms[ROUNDS_MAX], roll_ms[ROUNDS_MAX];
    double put, through;
    char note[160];

    bench->next_version = 0;
    (void)put_bare(bench, "/bench/time", 4);
    for (size_t i = 0; i < rounds; i++) {
        put_ms[i] = put_bare(bench, "/bench/time", 4);
        roll_ms[i] = roll(bench, "/bench/time", 4);
        fprintf(stderr, "PUT %.0f ms, deployment %.0f ms\n", put_ms[i], roll_ms[i]);
    }
    put = bench_median(put_ms, rounds);
    through = bench_median(roll_ms, rounds);
    snprintf(note, sizeof(note), "%.0f ms against %.0f ms, median of %zu rounds", through, put,
             rounds);
    bench_say(&(struct bench_figure){10, "rolling deployment against the bare PUT", "×",
                                     through / put, BENCH_AT_MOST, 1.02, note});
}

int main(int argc, char **argv)
{
    static struct bench bench;
    const int64_t rounds = bench_option(argc, argv, "rounds", 5);
    const int64_t idle_s = bench_option(argc, argv, "idle", 135); /* three sweeps */
    char marathon[64];

    if (rounds < 1 || rounds > ROUNDS_MAX)
        bench_fail("--rounds from 1 to %d", ROUNDS_MAX);
    if (!labrun_start(&bench.lab, NULL))
        bench_fail("no lab");
    bench.tap = tap_start(bench.lab.port);
    snprintf(marathon, sizeof(marathon), "http://127.0.0.1:%u", (unsigned)tap_port(bench.tap));
    if (!serverrun_open(&bench.server, marathon) || !serverrun_token(&bench.server) ||
        !serverrun_start(&bench.server, NULL))
        bench_fail("no server");
    bench.server_port = (uint16_t)strtoul(strrchr(bench.server.url, ':') + 1, NULL, 10);
    bench_sleep_ms(2000);
    bench_say(&(struct bench_figure){5, "resident memory of a server at rest", "MiB",
                                     (double)bench_resident(bench.server.pid) / 1048576,
                                     BENCH_AT_MOST, 16, NULL});
    compare_times(&bench, (size_t)rounds);
    count_requests(&bench, 4);
    count_requests(&bench, 20);
    count_idle(&bench, idle_s);
    if (serverrun_stop(&bench.server) != 0)
        bench_fail("the server did not end well");
    serverrun_close(&bench.server);
    tap_free(bench.tap);
    (void)labrun_stop(&bench.lab);
    return 0;
}
