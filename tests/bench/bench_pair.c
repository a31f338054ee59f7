/**
 * @file tests/bench/bench_pair.c
 * @brief The wall time of a blue-green deployment through a real HAProxy, against what has to be
 * waited for, and against what zdd.py would wait for on the same path.
 *
 * Nothing is sped up: zdd-lab's Marathon and its balancer take the time they take on a cluster.
 * What has to be waited for is read from Marathon's own records of the same deployment.
 */
#include "server/base/cleanup.h"
#include "server/base/clock.h"
#include "server/json/json.h"
#include "server/router/label.h"
#include "tests/bench/support/figures.h"
#include "tests/bench/support/talk.h"
#include "tests/support/labrun.h"
#include "tests/support/serverrun.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ROUNDS_MAX 20
#define INSTANCES 4
#define DRAIN_S 5
#define HEALTH_MS 1000 /* the least that the ZDD lab's blue.json asks for */
#define MS_OF_S 1000
#define AGENT_PORT "23000"
#define SETTLE_MS 15000 /* HAProxy spreads its first questions after a reload over that long */
#define MOVES 2         /* raise, see it, lower, see it: an agent interval each */

/* What zdd.py waits for besides (marathon-lb's zdd.py, its defaults and its loop). */
#define ZDD_PY_DELAY_MS 5000      /* --step-delay: between two looks at Marathon, and at HAProxy */
#define ZDD_PY_RELOAD_MS 300      /* from a task that is healthy to the worker that knows it */
#define ZDD_PY_OLD_WORKER_MS 1000 /* until the old worker is gone: its idle connections' time */

struct bench {
    struct labrun lab;
    struct serverrun server;
    uint16_t server_port;
    char balancer[64], agent[64];
    unsigned next_version;
};

static char *app_text(struct bench *bench)
{
    static char text[1200];

    snprintf(text, sizeof(text),
             "{\"strategy\":\"blue-green\",\"reason\":\"bench\",\"options\":{\"keepOldSeconds\":0,"
             "\"drainSeconds\":%d},\"app\":{\"id\":\"/bench/web\",\"instances\":%d,\"cpus\":0.1,"
             "\"mem\":32,\"container\":{\"type\":\"DOCKER\",\"docker\":{\"image\":\"mhausenblas/"
             "simpleservice:0.4.0\"}},\"networks\":[{\"mode\":\"host\"}],\"env\":{\"SIMPLE_SERVICE_"
             "VERSION\":\"%u\",\"HEALTH_MIN\":\"%d\",\"HEALTH_MAX\":\"%d\"},\"labels\":{\"HAPROXY_"
             "GROUP\":\"external\",\"HAPROXY_0_PORT\":\"10080\"},\"healthChecks\":[{\"protocol\":"
             "\"HTTP\",\"path\":\"/health\",\"gracePeriodSeconds\":60,\"intervalSeconds\":5,"
             "\"delaySeconds\":1,\"timeoutSeconds\":20,\"maxConsecutiveFailures\":3}]}}",
             DRAIN_S, INSTANCES, ++bench->next_version, HEALTH_MS, HEALTH_MS);
    return text;
}

/* Where the time went, for who wonders. */
static void say_steps(const struct bench *bench, const char *path)
{
    char steps_path[120];
    ZDD_AUTO_FREE char *text = NULL;
    ZDD_AUTO_JSON json_t *steps = NULL;
    size_t i;
    json_t *step;

    snprintf(steps_path, sizeof(steps_path), "%s/steps", path);
    text = talk(bench->server_port, 200, "GET", steps_path, bench->server.token, NULL);
    steps = json_loads(text, 0, NULL);
    json_array_foreach(json_object_get(steps, "items"), i, step)
    {
        int64_t from_ms = 0;
        int64_t to_ms = 0;

        (void)zdd_time_parse(zdd_json_text(step, "startedAt", ""), &from_ms);
        (void)zdd_time_parse(zdd_json_text(step, "endedAt", ""), &to_ms);
        fprintf(stderr, "  %-8s %5lld ms", zdd_json_text(step, "kind", ""),
                (long long)(to_ms - from_ms));
    }
    fprintf(stderr, "\n");
}

/* @return milliseconds from the order to a blue-green deployment to its end */
static double deploy(struct bench *bench)
{
    const int64_t begun_ns = bench_now_ns();
    char *reply = talk(bench->server_port, 202, "POST", "/v1/deployments", bench->server.token,
                       app_text(bench));
    const char *run = strstr(reply, "\"id\":\"");
    char path[100];
    double ms;

    if (!run)
        bench_fail("no id: %s", reply);
    snprintf(path, sizeof(path), "/v1/deployments/%.36s", run + strlen("\"id\":\""));
    free(reply);
    talk_until(bench->server_port, path, bench->server.token, "\"state\":\"succeeded\"");
    ms = (double)(bench_now_ns() - begun_ns) / 1e6;
    say_steps(bench, path);
    return ms;
}

/* @return milliseconds from Marathon's taking the app that runs now to its last task's first good
 * check: tasks start, and are asked */
static double start_time(const struct bench *bench)
{
    const char *path =
        bench->next_version % 2 ? "/v2/apps//bench/web-blue" : "/v2/apps//bench/web-green";
    ZDD_AUTO_FREE char *text = talk(bench->lab.port, 200, "GET", path, NULL, NULL);
    ZDD_AUTO_JSON json_t *answer = json_loads(text, 0, NULL);
    const json_t *app = json_object_get(answer, "app");
    int64_t taken_ms = 0;
    int64_t last_ms = 0;
    size_t i;
    json_t *task;

    if (!zdd_time_parse(
            zdd_json_text(json_object_get(app, "versionInfo"), "lastConfigChangeAt", ""),
            &taken_ms))
        bench_fail("%s has no version", path);
    json_array_foreach(json_object_get(app, "tasks"), i, task)
    {
        int64_t ms = 0;

        if (!zdd_time_parse(
                zdd_json_text(zdd_json_at(task, "/healthCheckResults/0"), "firstSuccess", ""), &ms))
            bench_fail("a task of %s was never healthy", path);
        last_ms = ms > last_ms ? ms : last_ms;
    }
    return (double)(last_ms - taken_ms);
}

/* The next look at or after @p ms, when the first one is at @p from_ms. */
static double next_look(double from_ms, double ms)
{
    return from_ms + ZDD_PY_DELAY_MS * ceil(fmax(0, ms - from_ms) / ZDD_PY_DELAY_MS);
}

/*
 * zdd.py's loop, played with its defaults (one instance first) and the same task and check times:
 * S1 until Marathon has no deployment of the new app; S2 until HAProxy has all servers UP, some in
 * MAINT and idle, and no old worker; S4 and S5 kill what is idle and order more; the last round
 * deletes the old app and does not wait.
 */
static double zdd_py_time(double start_ms)
{
    int new_instances = 1;
    int old_instances = INSTANCES;
    double now_ms = 0;

    for (;;) {
        const double seen_ms = next_look(now_ms, now_ms + start_ms);
        const double served_ms = now_ms + start_ms + ZDD_PY_RELOAD_MS + ZDD_PY_OLD_WORKER_MS;
        const int idle = new_instances + old_instances - INSTANCES;
        const int grown = new_instances + (new_instances + 1) / 2;

        now_ms = next_look(seen_ms, served_ms);
        if (new_instances == INSTANCES && idle == old_instances)
            return now_ms;
        new_instances = grown >= old_instances ? INSTANCES : grown;
        old_instances -= idle;
    }
}

static void compare(struct bench *bench, size_t rounds)
{
    double wall_ms[ROUNDS_MAX], ratio[ROUNDS_MAX], zdd_py_ms[ROUNDS_MAX];
    char note[200];

    (void)deploy(bench); /* the first version: nothing to cut over from */
    for (size_t i = 0; i < rounds; i++) {
        double start_ms, needed_ms;

        bench_sleep_ms(SETTLE_MS);
        wall_ms[i] = deploy(bench);
        start_ms = start_time(bench);
        needed_ms = start_ms + MOVES * ZDD_AGENT_INTERVAL_MS + DRAIN_S * MS_OF_S;
        ratio[i] = wall_ms[i] / needed_ms;
        zdd_py_ms[i] = zdd_py_time(start_ms);
        fprintf(
            stderr,
            "start and first check %.0f ms, needed %.0f ms, deployment %.0f ms, zdd.py %.0f ms\n",
            start_ms, needed_ms, wall_ms[i], zdd_py_ms[i]);
    }
    snprintf(note, sizeof(note), "%.0f ms, median of %zu rounds; drain %d s",
             bench_median(wall_ms, rounds), rounds, DRAIN_S);
    bench_say(&(struct bench_figure){11, "blue-green of 4 against what has to be waited for", "×",
                                     bench_median(ratio, rounds), BENCH_AT_MOST, 1.15, note});
    bench_say(
        &(struct bench_figure){11, "the same path by zdd.py's delays, computed", "s",
                               bench_median(zdd_py_ms, rounds) / MS_OF_S, BENCH_ONLY_SAID, 0,
                               "its loop with step-delay 5 s, the same start and check times"});
}

/* A loopback address of one's own, so that service port and agent have fixed ports. */
static void start_lab(struct bench *bench)
{
    const unsigned own = (unsigned)getpid();
    ZDD_AUTO_FREE char *state = NULL;
    ZDD_AUTO_JSON json_t *json = NULL;
    char host[20];

    snprintf(host, sizeof(host), "127.%u.%u.1", own / 250 % 250 + 1, own % 250);
    snprintf(bench->agent, sizeof(bench->agent), "%s:" AGENT_PORT, host);
    snprintf(bench->balancer, sizeof(bench->balancer), "%s:0", host);
    if (!labrun_start(&bench->lab, (const char *const[]){"--balancer", bench->balancer, NULL}))
        bench_fail("no lab");
    state = talk(bench->lab.port, 200, "GET", "/lab/state", NULL, NULL);
    json = json_loads(state, 0, NULL);
    snprintf(bench->balancer, sizeof(bench->balancer), "http://%s:%d", host,
             (int)zdd_json_int(zdd_json_at(json, "/balancers/0"), "port", 0));
}

int main(int argc, char **argv)
{
    static struct bench bench;
    const int64_t rounds = bench_option(argc, argv, "rounds", 5);

    if (rounds < 1 || rounds > ROUNDS_MAX)
        bench_fail("--rounds from 1 to %d", ROUNDS_MAX);
    start_lab(&bench);
    if (!serverrun_open(&bench.server, bench.lab.url) || !serverrun_token(&bench.server) ||
        !serverrun_start(&bench.server, (const char *const[]){"--balancer", bench.balancer,
                                                              "--agent-listen", bench.agent, NULL}))
        bench_fail("no server");
    bench.server_port = (uint16_t)strtoul(strrchr(bench.server.url, ':') + 1, NULL, 10);
    compare(&bench, (size_t)rounds);
    if (serverrun_stop(&bench.server) != 0)
        bench_fail("the server did not end well");
    serverrun_close(&bench.server);
    (void)labrun_stop(&bench.lab);
    return 0;
}
