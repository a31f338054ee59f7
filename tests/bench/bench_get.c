/**
 * @file tests/bench/bench_get.c
 * @brief GET of one deployment and of a list of 50, against a bare hello with the same threads.
 *
 * The list has some 55 KiB: what is left of the distance to a hello of as many bytes is ours.
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
    size_t list_size; /* bytes of a list of 50 */
};

/* One kind of request, and what each round measured. */
struct kind {
    const char *what;
    int row;
    double target;
    bool as_long; /* the yardstick sends as many bytes: what sending alone costs */
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

    return service_deploy_request(&bench->service, "/v1/deployments", number, "rolling", "", text);
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

static void keep_size(void *cls, uint64_t number, const char *text, size_t size)
{
    struct bench *bench = cls;

    (void)number;
    (void)size;
    bench->list_size = strlen(load_body(text));
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

static void say(struct kind *kind, size_t rounds)
{
    char note[160];

    snprintf(note, sizeof(note), "%.0f/s, p99 %.2f ms, %.1f µs of server CPU each",
             bench_median(kind->per_second, rounds), bench_median(kind->p99_ms, rounds),
             bench_median(kind->server_us, rounds));
    bench_say(&(struct bench_figure){kind->row, kind->what, "×", bench_median(kind->ratio, rounds),
                                     kind->target > 0 ? BENCH_AT_LEAST : BENCH_ONLY_SAID,
                                     kind->target, note});
}

static void measure(struct bench *bench, struct kind *kind, const uint16_t yardstick[2],
                    size_t round, int64_t ms)
{
    struct load_options ask = {.port = yardstick[kind->as_long],
                               .connections = CALLERS,
                               .request_max = 1000000,
                               .time_max_ms = ms,
                               .status = 200,
                               .make = make_hello,
                               .cls = bench};
    const struct load_result hello = run(ask);
    struct load_result result;

    ask.port = bench->service.port;
    ask.make = kind->make;
    result = run(ask);
    kind->ratio[round] = result.per_second / hello.per_second;
    kind->per_second[round] = result.per_second;
    kind->server_us[round] = result.server_us;
    kind->p99_ms[round] = result.p99_ms;
    fprintf(stderr, "hello %.0f/s (CPU %.1f µs), %s %.0f/s = %.3f (CPU %.1f µs)\n",
            hello.per_second, hello.server_us, kind->what, result.per_second, kind->ratio[round],
            result.server_us);
}

int main(int argc, char **argv)
{
    static struct bench bench;
    static struct kind kinds[] = {
        {.what = "GET /v1/deployments/{id} against hello",
         .row = 1,
         .target = 0.60,
         .make = make_get},
        {.what = "list of 50 deployments against hello",
         .row = 2,
         .target = 0.25,
         .make = make_list},
        {.what = "the same against a hello of as many bytes",
         .row = 2,
         .as_long = true,
         .make = make_list},
    };
    const int64_t rounds = bench_option(argc, argv, "rounds", 5);
    const int64_t ms = bench_option(argc, argv, "ms", 1000);
    const size_t only = (size_t)bench_option(argc, argv, "only", 0); /* to profile it; 0: all */
    uint16_t port[2] = {0, 0};
    struct hello *hello = hello_start(SERVICE_HTTP_THREADS, HELLO_SIZE, &port[0]), *as_long;
    struct fleet *fleet = fleet_new(DEPLOYMENTS, FLEET_AT_ONCE);

    if (rounds < 1 || rounds > ROUNDS_MAX || only > ZDD_COUNT(kinds))
        bench_fail("--rounds is from 1 to %d, --only to %zu", ROUNDS_MAX, ZDD_COUNT(kinds));
    service_start(&bench.service, &(struct service_options){.fleet = fleet});
    fill(&bench);
    (void)run((struct load_options){.port = bench.service.port,
                                    .connections = 1,
                                    .request_max = 1,
                                    .time_max_ms = 10000,
                                    .status = 200,
                                    .make = make_list,
                                    .reply = keep_size,
                                    .cls = &bench});
    as_long = hello_start(SERVICE_HTTP_THREADS, bench.list_size, &port[1]);
    for (size_t i = 0; i < (size_t)rounds; i++) {
        for (size_t k = 0; k < ZDD_COUNT(kinds); k++) {
            if (only == 0 || only == k + 1)
                measure(&bench, &kinds[k], port, i, ms);
        }
    }
    for (size_t k = 0; k < ZDD_COUNT(kinds); k++) {
        if (only == 0 || only == k + 1)
            say(&kinds[k], (size_t)rounds);
    }
    service_stop(&bench.service);
    fleet_free(fleet);
    hello_stop(as_long);
    hello_stop(hello);
    return 0;
}
