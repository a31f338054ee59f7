/**
 * @file tests/bench/bench_get.c
 * @brief GET of one deployment and of a list of 50, against a bare hello with the same threads.
 */
#include "tests/bench/support/figures.h"
#include "tests/bench/support/hello.h"
#include "tests/bench/support/load.h"
#include "tests/bench/support/service.h"

#include <stdio.h>
#include <string.h>

#define CALLERS 64
#define DEPLOYMENTS 200
#define ROUNDS_MAX 20

struct bench {
    struct service service;
    char id[DEPLOYMENTS][ZDD_ID_SIZE];
};

/* One kind of request, and what each round measured. */
struct kind {
    const char *what;
    double target;
    size_t (*make)(void *cls, uint64_t number, char text[static LOAD_REQUEST_SIZE]);
    double ratio[ROUNDS_MAX], per_second[ROUNDS_MAX], server_us[ROUNDS_MAX], p99_ms[ROUNDS_MAX];
};

static size_t make_hello(void *cls, uint64_t number, char text[static LOAD_REQUEST_SIZE])
{
    (void)cls;
    (void)number;
    return load_get(text, "/", NULL);
}

static size_t make_get(void *cls, uint64_t number, char text[static LOAD_REQUEST_SIZE])
{
    const struct bench *bench = cls;
    char path[80];

    snprintf(path, sizeof(path), "/v1/deployments/%s", bench->id[number % DEPLOYMENTS]);
    return load_get(text, path, bench->service.token);
}

static size_t make_list(void *cls, uint64_t number, char text[static LOAD_REQUEST_SIZE])
{
    const struct bench *bench = cls;

    (void)number;
    return load_get(text, "/v1/deployments?limit=50", bench->service.token);
}

static size_t make_post(void *cls, uint64_t number, char text[static LOAD_REQUEST_SIZE])
{
    const struct bench *bench = cls;

    return service_deploy_request(&bench->service, number, "rolling", "", text);
}

static void keep_id(void *cls, uint64_t number, const char *text, size_t size)
{
    struct bench *bench = cls;
    const char *id = strstr(load_body(text), "\"id\":\"");

    (void)size;
    if (!id)
        bench_fail("an answer without id: %s", text);
    snprintf(bench->id[number], ZDD_ID_SIZE, "%.36s", id + strlen("\"id\":\""));
}

static struct load_result run(struct load_options options)
{
    struct load_result result;

    if (!load_run(&options, &result))
        bench_fail("wrong answers: status %u", result.last_status);
    return result;
}

/* Deployments that have ended: the engine is idle when reading is measured. */
static void fill(struct bench *bench)
{
    struct zdd_engine_stats stats = {.live = 1};

    (void)run((struct load_options){.port = bench->service.port,
                                    .connections = 8,
                                    .request_max = DEPLOYMENTS,
                                    .time_max_ms = 60000,
                                    .status = 202,
                                    .make = make_post,
                                    .reply = keep_id,
                                    .cls = bench});
    for (int i = 0; i < 600 && stats.live > 0; i++) {
        bench_sleep_ms(50);
        zdd_engine_stats(bench->service.engine, &stats);
    }
    if (stats.live > 0)
        bench_fail("%u deployments do not end", stats.live);
}

static void say(struct kind *kind, int row, size_t rounds)
{
    char note[160];

    snprintf(note, sizeof(note), "%.0f/s, p99 %.2f ms, %.1f µs of server CPU each",
             bench_median(kind->per_second, rounds), bench_median(kind->p99_ms, rounds),
             bench_median(kind->server_us, rounds));
    bench_say(&(struct bench_figure){row, kind->what, "×", bench_median(kind->ratio, rounds),
                                     BENCH_AT_LEAST, kind->target, note});
}

int main(int argc, char **argv)
{
    static struct bench bench;
    static struct kind kinds[] = {
        {"GET /v1/deployments/{id} against hello", 0.60, make_get, {0}, {0}, {0}, {0}},
        {"list of 50 deployments against hello", 0.25, make_list, {0}, {0}, {0}, {0}},
    };
    const int64_t rounds = bench_option(argc, argv, "rounds", 5);
    const int64_t ms = bench_option(argc, argv, "ms", 1000);
    const size_t only = (size_t)bench_option(argc, argv, "only", 0); /* row to profile; 0: all */
    uint16_t port = 0;
    struct MHD_Daemon *hello = hello_start(SERVICE_HTTP_THREADS, &port);
    struct fleet *fleet = fleet_new(DEPLOYMENTS, FLEET_AT_ONCE);
    struct load_options ask = {
        .connections = CALLERS, .request_max = 1000000, .time_max_ms = ms, .status = 200};

    if (!hello || rounds < 1 || rounds > ROUNDS_MAX)
        bench_fail("no hello, or --rounds not from 1 to %d", ROUNDS_MAX);
    service_start(&bench.service, &(struct service_options){.fleet = fleet});
    fill(&bench);
    ask.cls = &bench;
    for (int64_t i = 0; i < rounds; i++) {
        for (size_t k = 0; k < ZDD_COUNT(kinds); k++) {
            double yardstick;
            struct load_result result;

            if (only != 0 && only != k + 1)
                continue;
            ask.port = port;
            ask.make = make_hello;
            yardstick = run(ask).per_second;
            ask.port = bench.service.port;
            ask.make = kinds[k].make;
            result = run(ask);
            kinds[k].ratio[i] = result.per_second / yardstick;
            kinds[k].per_second[i] = result.per_second;
            kinds[k].server_us[i] = result.server_us;
            kinds[k].p99_ms[i] = result.p99_ms;
            fprintf(stderr, "hello %.0f/s, %s %.0f/s = %.3f, CPU %.1f µs\n", yardstick,
                    kinds[k].what, result.per_second, kinds[k].ratio[i], result.server_us);
        }
    }
    for (size_t k = 0; k < ZDD_COUNT(kinds); k++) {
        if (only == 0 || only == k + 1)
            say(&kinds[k], (int)k + 1, (size_t)rounds);
    }
    service_stop(&bench.service);
    fleet_free(fleet);
    hello_stop(hello);
    return 0;
}
