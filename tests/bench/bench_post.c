/**
 * @file tests/bench/bench_post.c
 * @brief A durable POST /v1/deployments by 64 callers: against a bare hello, and against one commit
 * for each request.
 *
 * Accepting is measured by requests that queue behind a live deployment of their app: the whole
 * way of a request, and nothing of the engine's work besides. What the engine adds is said, too.
 *
 * The target was set for parse, check and one transaction of three rows; a deployment also reads
 * its app from Marathon (here: a text at once), plans, and writes seven rows in five tables. A POST
 * of the plan alone tells what of it is planning.
 */
#include "tests/bench/support/figures.h"
#include "tests/bench/support/hello.h"
#include "tests/bench/support/load.h"
#include "tests/bench/support/service.h"

#include <stdio.h>

#define CALLERS 64
#define APPS 64
#define ROUNDS_MAX 20

struct side {
    struct service service;
    struct fleet *fleet;
    size_t fresh; /* the next app that nobody has deployed */
    enum how { HOW_QUEUE, HOW_CARRY, HOW_PLAN } how;
};

static size_t make_post(void *cls, uint64_t number, char text[static LOAD_REQUEST_SIZE])
{
    struct side *side = cls;

    switch (side->how) {
    case HOW_QUEUE:
        return service_deploy_request(&side->service, "/v1/deployments", number % APPS, "recreate",
                                      ",\"whenBusy\":\"queue\"", text);
    case HOW_PLAN:
        return service_deploy_request(&side->service, "/v1/plans", number % APPS, "recreate", "",
                                      text);
    case HOW_CARRY:
        break;
    }
    return service_deploy_request(&side->service, "/v1/deployments", side->fresh++, "rolling", "",
                                  text);
}

static size_t make_hello(void *cls, uint64_t number, char text[static LOAD_REQUEST_SIZE])
{
    (void)cls;
    (void)number;
    return load_get(text, "/", NULL);
}

static struct load_result run_posts(struct side *side, enum how how, int64_t ms)
{
    const struct load_options options = {.port = side->service.port,
                                         .connections = CALLERS,
                                         .request_max = 100000,
                                         .time_max_ms = ms,
                                         .status = how == HOW_PLAN ? 201 : 202,
                                         .make = make_post,
                                         .cls = side};
    struct load_result result;

    side->how = how;
    if (!load_run(&options, &result))
        bench_fail("POST failed: %u", result.last_status);
    return result;
}

/* Each app gets a live deployment that stays: Marathon is at work on it for good. */
static void start_side(struct side *side, unsigned group_max)
{
    const struct load_options options = {.port = 0,
                                         .connections = 1,
                                         .request_max = APPS,
                                         .time_max_ms = 30000,
                                         .status = 202,
                                         .make = make_post,
                                         .cls = side};
    struct load_options first = options;
    struct load_result result;

    side->fleet = fleet_new(400000, FLEET_WHEN_TOLD);
    service_start(&side->service,
                  &(struct service_options){.fleet = side->fleet, .group_max = group_max});
    side->fresh = APPS;
    side->how = HOW_QUEUE;
    first.port = side->service.port;
    if (!load_run(&first, &result))
        bench_fail("the first deployments failed: %u", result.last_status);
}

static void stop_side(struct side *side)
{
    service_stop(&side->service);
    fleet_free(side->fleet);
}

static struct load_result run_hello(uint16_t port, int64_t ms)
{
    const struct load_options options = {.port = port,
                                         .connections = CALLERS,
                                         .request_max = 1000000,
                                         .time_max_ms = ms,
                                         .status = 200,
                                         .make = make_hello};
    struct load_result result;

    if (!load_run(&options, &result))
        bench_fail("hello failed");
    return result;
}

/* One figure a round. */
struct figures {
    double per_second[ROUNDS_MAX], p99_ms[ROUNDS_MAX], server_us[ROUNDS_MAX];
    double against_hello[ROUNDS_MAX], against_single[ROUNDS_MAX], hello_us[ROUNDS_MAX];
    double carried[ROUNDS_MAX], carried_p99_ms[ROUNDS_MAX];
    double planned[ROUNDS_MAX], planned_us[ROUNDS_MAX];
};

static void say(struct figures *f, size_t rounds)
{
    char note[160];

    snprintf(note, sizeof(note), "%.0f/s; %.0f µs of server CPU each, hello %.1f µs",
             bench_median(f->per_second, rounds), bench_median(f->server_us, rounds),
             bench_median(f->hello_us, rounds));
    bench_say(&(struct bench_figure){3, "durable POST /v1/deployments, 64 callers, against hello",
                                     "×", bench_median(f->against_hello, rounds), BENCH_AT_LEAST,
                                     0.18, note});
    bench_say(&(struct bench_figure){3, "the same against one commit for each request", "×",
                                     bench_median(f->against_single, rounds), BENCH_AT_LEAST, 5,
                                     NULL});
    bench_say(&(struct bench_figure){3, "the same, p99", "ms", bench_median(f->p99_ms, rounds),
                                     BENCH_AT_MOST, 25, NULL});
    snprintf(note, sizeof(note), "%.0f µs of server CPU each", bench_median(f->planned_us, rounds));
    bench_say(&(struct bench_figure){3, "POST /v1/plans, 64 callers: planning and two rows", "/s",
                                     bench_median(f->planned, rounds), BENCH_ONLY_SAID, 0, note});
    snprintf(note, sizeof(note), "p99 %.1f ms", bench_median(f->carried_p99_ms, rounds));
    bench_say(&(struct bench_figure){3, "POST while the engine orders each deployment, too", "/s",
                                     bench_median(f->carried, rounds), BENCH_ONLY_SAID, 0, note});
}

static void measure(struct figures *f, struct side *grouped, struct side *single, uint16_t port,
                    size_t rounds, int64_t ms)
{
    for (size_t i = 0; i < rounds; i++) {
        const struct load_result hello = run_hello(port, ms);
        const struct load_result post = run_posts(grouped, HOW_QUEUE, ms);
        const struct load_result alone = run_posts(single, HOW_QUEUE, ms);
        const struct load_result plan = run_posts(grouped, HOW_PLAN, ms);

        f->per_second[i] = post.per_second;
        f->p99_ms[i] = post.p99_ms;
        f->server_us[i] = post.server_us;
        f->hello_us[i] = hello.server_us;
        f->against_hello[i] = post.per_second / hello.per_second;
        f->against_single[i] = post.per_second / alone.per_second;
        f->planned[i] = plan.per_second;
        f->planned_us[i] = plan.server_us;
        fprintf(stderr,
                "hello %.0f/s, POST %.0f/s (p99 %.1f ms, CPU %.0f µs), a commit each %.0f/s\n",
                hello.per_second, post.per_second, post.p99_ms, post.server_us, alone.per_second);
    }
    for (size_t i = 0; i < rounds; i++) {
        const struct load_result post = run_posts(grouped, HOW_CARRY, ms);

        f->carried[i] = post.per_second;
        f->carried_p99_ms[i] = post.p99_ms;
    }
}

int main(int argc, char **argv)
{
    static struct side grouped, single;
    static struct figures figures;
    const int64_t rounds = bench_option(argc, argv, "rounds", 5);
    const int64_t ms = bench_option(argc, argv, "ms", 1000);
    uint16_t port = 0;
    struct hello *hello = hello_start(SERVICE_HTTP_THREADS, HELLO_SIZE, &port);

    if (rounds < 1 || rounds > ROUNDS_MAX)
        bench_fail("--rounds is not from 1 to %d", ROUNDS_MAX);
    start_side(&grouped, 0);
    start_side(&single, 1);
    measure(&figures, &grouped, &single, port, (size_t)rounds, ms);
    say(&figures, (size_t)rounds);
    stop_side(&single);
    stop_side(&grouped);
    hello_stop(hello);
    return 0;
}
