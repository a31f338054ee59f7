/**
 * @file tests/bench/bench_rollback.c
 * @brief From the command to go back to two real HAProxies that both send the new version nothing
 * more: API, engine, agent and balancers together.
 *
 * Several canaries are brought to a half and then rolled back one after the other, at another
 * moment of the agents' interval each. Nothing is removed meanwhile: it drains for longer.
 */
#include "tests/support/spec.h"

#include "server/router/label.h"
#include "tests/bench/support/figures.h"
#include "tests/lab/site.h"

#include <stdio.h>
#include <string.h>

#define APPS 6
#define ROUNDS_MAX 100
#define SAMPLES_MAX (APPS * ROUNDS_MAX)
#define TARGET_INTERVALS 1.5

#define SHARED "{\"steps\":[{\"weight\":50},{\"gate\":\"go\"}],\"drainSeconds\":10}"
#define PROMOTED "{\"steps\":[{\"weight\":50}],\"keepOldSeconds\":300,\"drainSeconds\":10}"

/* From a share one order is enough. From all of it the old servers are raised first, and seen. A
 * balancer that has just reloaded spreads its first questions over its checks' interval. */
static const struct way {
    const char *options, *phase, *what;
    int64_t settle_ms; /* since the last reload */
    enum bench_bound bound;
} ways[] = {
    {SHARED, "gated", "rollback of a canary to 0 % on two balancers, p99", 2000, BENCH_AT_MOST},
    {SHARED, "gated", "… at once after a reload", 0, BENCH_ONLY_SAID},
    {PROMOTED, "keeping", "rollback after the promotion to 0 %, p99", 2000, BENCH_ONLY_SAID},
};

struct bench {
    struct site *site;
    unsigned version;
    double ms[SAMPLES_MAX];
    size_t count;
};

static json_t *request(struct bench *bench, int app, const char *strategy, const char *options)
{
    json_t *json = site_app("", "/health");
    json_t *labels = json_object_get(json, "labels");
    char text[32];

    snprintf(text, sizeof(text), "/bench/web%d", app);
    json_object_set_new(json, "id", json_string(text));
    json_object_set_new(json, "instances", json_integer(2));
    snprintf(text, sizeof(text), "%d", STAGE_PORT + app);
    json_object_set_new(labels, "HAPROXY_0_PORT", json_string(text));
    snprintf(text, sizeof(text), "%u", bench->version++);
    json_object_set_new(json_object_get(json, "env"), "SIMPLE_SERVICE_VERSION", json_string(text));
    json = site_blue_green(json, options);
    json_object_set_new(json, "strategy", json_string(strategy));
    return json;
}

static bool is_told(struct bench *bench, int app, int instances)
{
    char backend[40];

    snprintf(backend, sizeof(backend), "bench_web%d_%d", app, STAGE_PORT + app);
    return stage_count(bench->site->stage, 0, backend, "DRAIN") == instances &&
           stage_count(bench->site->stage, 1, backend, "DRAIN") == instances;
}

/* @return milliseconds from the command to the statistics of both balancers that show it */
static double roll_back(struct bench *bench, int app, const char *id, int instances)
{
    const int64_t begun_ns = bench_now_ns();

    e2e_command(bench->site->e, id, "rollback");
    while (!is_told(bench, app, instances))
        continue;
    return (double)(bench_now_ns() - begun_ns) / 1e6;
}

static void play(struct bench *bench, const struct way *way)
{
    char id[APPS][E2E_ID_SIZE];
    const int instances = strcmp(way->phase, "gated") == 0 ? 1 : 2;

    for (int i = 0; i < APPS; i++)
        e2e_deploy(bench->site->e, request(bench, i, "canary", way->options), id[i]);
    for (int i = 0; i < APPS; i++)
        e2e_until(bench->site->e, id[i], "/phase", way->phase);
    bench_sleep_ms(way->settle_ms);
    for (int i = 0; i < APPS; i++) {
        bench_sleep_ms((int64_t)bench->count * 37 % ZDD_AGENT_INTERVAL_MS);
        bench->ms[bench->count++] = roll_back(bench, i, id[i], instances);
    }
    for (int i = 0; i < APPS; i++)
        e2e_await(bench->site->e, id[i], "rolled-back");
}

static void measure(struct bench *bench, const struct way *way, int64_t rounds)
{
    char note[160];
    double p99;

    bench->count = 0;
    for (int64_t i = 0; i < rounds; i++)
        play(bench, way);
    p99 = bench_percentile(bench->ms, bench->count, 99);
    snprintf(note, sizeof(note),
             "%zu rollbacks, interval %d ms: median %.0f ms, p90 %.0f ms, p99 %.0f ms",
             bench->count, ZDD_AGENT_INTERVAL_MS, bench_median(bench->ms, bench->count),
             bench_percentile(bench->ms, bench->count, 90), p99);
    bench_say(&(struct bench_figure){12, way->what, "intervals", p99 / ZDD_AGENT_INTERVAL_MS,
                                     way->bound, TARGET_INTERVALS, note});
}

int main(int argc, char **argv)
{
    static struct bench bench;
    const int64_t rounds = bench_option(argc, argv, "rounds", 10);

    if (rounds < 1 || rounds > ROUNDS_MAX)
        bench_fail("--rounds from 1 to %d", ROUNDS_MAX);
    bench.site = site_open(2);
    for (int i = 0; i < APPS; i++)
        e2e_deploy_well(bench.site->e, request(&bench, i, "blue-green", SITE_QUICK));
    for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++)
        measure(&bench, &ways[i], rounds);
    site_close(bench.site);
    return 0;
}
