/**
 * @file tests/bench/bench_order.c
 * @brief From an event of Marathon to the next order, while many deployments are in flight; and
 * what a deployment that waits costs in memory.
 *
 * Each deployment is a recreate whose old instances are being stopped. An event tells that one has
 * stopped; the engine looks, decides, commits the intent and gives the order to start: that is the
 * time measured. Events come one by one, evenly, for apps in an order of no pattern.
 */
#include "storage/events.h"
#include "tests/bench/support/figures.h"
#include "tests/bench/support/load.h"
#include "tests/bench/support/service.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SAMPLES_MAX 20000
#define PATIENCE_MS 120000

struct bench {
    struct service service;
    size_t first, count; /* apps of this round */
    int64_t told_ns[SAMPLES_MAX];
    double commit_ms[SAMPLES_MAX]; /* a lone durable write beside each event */
    _Atomic int64_t ordered_ns[SAMPLES_MAX];
    uint32_t sample_of[200000]; /* by app, 1 more than the place; 0: none */
};

static size_t make_post(void *cls, uint64_t number, char text[static LOAD_REQUEST_SIZE])
{
    const struct bench *bench = cls;

    return service_deploy_request(&bench->service, "/v1/deployments", bench->first + number,
                                  "recreate", "", text);
}

static void on_order(void *cls, size_t number)
{
    struct bench *bench = cls;
    const uint32_t sample = bench->sample_of[number];

    if (sample > 0 && atomic_load(&bench->ordered_ns[sample - 1]) == 0)
        atomic_store(&bench->ordered_ns[sample - 1], bench_now_ns());
}

/* Wait until every deployment of the round has given its first order and the engine rests. */
static void settle(struct bench *bench)
{
    for (int64_t waited = 0; waited < PATIENCE_MS; waited += 100) {
        struct zdd_engine_stats stats;
        size_t ordered = 0;

        for (size_t i = 0; i < bench->count; i++)
            ordered += fleet_orders_of(bench->service.fleet, bench->first + i) > 0;
        zdd_engine_stats(bench->service.engine, &stats);
        if (ordered == bench->count && stats.due == 0 && stats.workers_busy == 0)
            return;
        bench_sleep_ms(100);
    }
    bench_fail("the engine does not come to rest with %zu in flight", bench->count);
}

static void fly(struct bench *bench, size_t first, size_t count)
{
    const struct load_options options = {.port = bench->service.port,
                                         .connections = 32,
                                         .request_max = count,
                                         .time_max_ms = PATIENCE_MS,
                                         .status = 202,
                                         .make = make_post,
                                         .cls = bench};
    struct load_result result;

    bench->first = first;
    bench->count = count;
    if (!load_run(&options, &result) || result.answered != count)
        bench_fail("only %llu of %zu deployments were accepted",
                   (unsigned long long)result.answered, count);
    settle(bench);
    bench_sleep_ms(1500); /* every order is looked after once more a second later */
    settle(bench);
}

static enum zdd_err write_little(struct zdd_tx *tx, void *cls)
{
    struct zdd_event event = {.time_ms = 1, .type = "bench.commit", .data = "{}"};

    (void)cls;
    return zdd_event_append(tx, &event);
}

/* What the disk and the scheduler take for one commit, at the same moments. */
static double time_commit(struct bench *bench)
{
    const int64_t begun_ns = bench_now_ns();

    if (zdd_store_write(bench->service.store, write_little, NULL) != ZDD_ERR_NONE)
        bench_fail("the store cannot be written");
    return (double)(bench_now_ns() - begun_ns) / 1e6;
}

static void tell(struct bench *bench, size_t number, size_t sample)
{
    char app_id[ZDD_APP_ID_SIZE], data[ZDD_APP_ID_SIZE + 200];

    fleet_app_id(number, app_id);
    snprintf(data, sizeof(data),
             "{\"eventType\":\"deployment_success\",\"id\":\"x\",\"plan\":{\"steps\":[{\"actions\":"
             "[{\"action\":\"ScaleApplication\",\"app\":\"%.64s\"}]}]}}",
             app_id);
    bench->sample_of[number] = (uint32_t)sample + 1;
    fleet_finish(bench->service.fleet, number);
    bench->told_ns[sample] = bench_now_ns();
    zdd_engine_event(bench->service.engine, "deployment_success", data);
}

static size_t latencies(struct bench *bench, size_t samples, double *ret_ms)
{
    size_t missing = samples;

    for (int64_t waited = 0; waited < PATIENCE_MS && missing > 0; waited += 20) {
        missing = 0;
        for (size_t i = 0; i < samples; i++)
            missing += atomic_load(&bench->ordered_ns[i]) == 0;
        bench_sleep_ms(20);
    }
    if (missing > 0)
        bench_fail("%zu of %zu events brought no order", missing, samples);
    for (size_t i = 0; i < samples; i++)
        ret_ms[i] = (double)(atomic_load(&bench->ordered_ns[i]) - bench->told_ns[i]) / 1e6;
    return samples;
}

/* So many events evenly over @p seconds, each for another app. */
static void measure(struct bench *bench, size_t samples, int64_t seconds, double target_ms)
{
    static double ms[SAMPLES_MAX];
    const int64_t begun_ns = bench_now_ns();
    const size_t stride = bench->count / 2 + 7; /* with a prime count of apps: each once */
    char what[80], note[200];
    double p50_ms, p99_ms;

    memset(bench->ordered_ns, 0, sizeof(bench->ordered_ns));
    memset(bench->sample_of, 0, sizeof(bench->sample_of));
    for (size_t i = 0; i < samples; i++) {
        const int64_t at_ns =
            begun_ns + (int64_t)((double)seconds * 1e9 * (double)i / (double)samples);

        if (at_ns > bench_now_ns())
            bench_sleep_ms((at_ns - bench_now_ns()) / 1000000);
        tell(bench, bench->first + i * stride % bench->count, i);
        bench_sleep_ms(1); /* the event's own commit goes first */
        bench->commit_ms[i] = time_commit(bench);
    }
    (void)latencies(bench, samples, ms);
    p50_ms = bench_percentile(ms, samples, 50);
    p99_ms = bench_percentile(ms, samples, 99);
    snprintf(what, sizeof(what), "event to next order, %zu in flight, p99", bench->count);
    snprintf(
        note, sizeof(note),
        "p50 %.2f ms, longest %.1f ms, %zu events in %lld s; a lone commit p50 %.2f, p99 %.1f ms",
        p50_ms, bench_percentile(ms, samples, 100), samples, (long long)seconds,
        bench_percentile(bench->commit_ms, samples, 50),
        bench_percentile(bench->commit_ms, samples, 99));
    bench_say(&(struct bench_figure){4, what, "ms", p99_ms, BENCH_AT_MOST, target_ms, note});
}

static void say_memory(uint64_t before, uint64_t after, size_t count)
{
    const double growth = after > before ? (double)(after - before) : 0;
    char note[80];

    snprintf(note, sizeof(note), "resident %.1f MiB before, %.1f MiB after %zu more",
             (double)before / 1048576, (double)after / 1048576, count);
    bench_say(&(struct bench_figure){5, "memory of a deployment that waits", "KiB",
                                     growth / 1024 / (double)count, BENCH_AT_MOST, 16, note});
}

int main(int argc, char **argv)
{
    static struct bench bench;
    const int64_t most = bench_option(argc, argv, "most", 10007);
    const int64_t seconds = bench_option(argc, argv, "seconds", 60);
    /* Primes, so that the stride meets each app once. */
    const struct {
        size_t count;
        double target_ms;
    } rounds[] = {{101, 10}, {1009, 10}, {(size_t)most, 25}};
    struct fleet *fleet = fleet_new(ZDD_COUNT(bench.sample_of), FLEET_WHEN_TOLD);
    size_t next = 0;
    uint64_t resident = 0;

    service_start(&bench.service, &(struct service_options){.fleet = fleet});
    fleet_listen(fleet, on_order, &bench);
    for (size_t i = 0; i < ZDD_COUNT(rounds); i++) {
        const bool last = i + 1 == ZDD_COUNT(rounds);
        const size_t samples = rounds[i].count < 2000 ? rounds[i].count - 1 : (size_t)most / 4;

        resident = bench_resident(0);
        fly(&bench, next, rounds[i].count);
        if (last) /* measured before the events: what waits, waits */
            say_memory(resident, bench_resident(0), rounds[i].count);
        /* The last round is long enough for the sweep over all to fall into it. */
        measure(&bench, samples, last ? seconds : 5, rounds[i].target_ms);
        next += rounds[i].count;
    }
    service_stop(&bench.service);
    fleet_free(fleet);
    return 0;
}
