/**
 * @file tests/bench/bench_judge.c
 * @brief What one look of the judge costs: the statistics of 1000 servers are read, summed up for
 * each pair and judged.
 *
 * The page is as long as HAProxy 2.6 writes it: 128 columns, of which most say nothing.
 */
#include "server/router/stats_csv.h"
#include "server/router/view.h"
#include "strategies/judge/trial.h"
#include "strategies/judge/verdict.h"
#include "tests/bench/support/figures.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SERVERS 1000
#define PAIR_SERVERS 20 /* of each pair; 15 of them old ones */
#define OLD_SERVERS 15
#define PAIRS (SERVERS / PAIR_SERVERS)
#define LOOKS_MAX 1000
#define PADDING 96 /* columns that nobody reads */
#define PAGE_MAX (SERVERS * 700 + 4000)
#define TARGET_MS 5

static const char head[] =
    "# pxname,svname,qcur,scur,stot,econ,eresp,wretr,wredis,status,weight,uweight,rtime,lbtot,addr,"
    "algo,hrsp_1xx,hrsp_2xx,hrsp_3xx,hrsp_4xx,hrsp_5xx,hrsp_other,type";

/* @p asked: so many requests each server has had. */
static char *write_page(int64_t asked)
{
    char *page = malloc(PAGE_MAX);
    size_t used;

    if (!page)
        bench_fail("no memory");
    used = (size_t)snprintf(page, PAGE_MAX, "%s", head);
    for (int i = 0; i < PADDING; i++)
        used += (size_t)snprintf(page + used, PAGE_MAX - used, ",padding%d", i);
    used += (size_t)snprintf(page + used, PAGE_MAX - used, ",\n");
    for (int server = 0; server < SERVERS; server++) {
        used += (size_t)snprintf(
            page + used, PAGE_MAX - used,
            "shop_%d_10000,10_0_0_%d_%d,0,1,%lld,0,0,0,0,UP,100,100,12,%lld,10.0.0.%d:%d,,0,%lld,0,"
            "0,%d,0,2",
            server / PAIR_SERVERS, server % 250, 31000 + server, (long long)asked, (long long)asked,
            server % 250, 31000 + server, (long long)(asked - 2), 1);
        memset(page + used, ',', PADDING + 1);
        used += PADDING + 1;
        page[used++] = '\n';
    }
    page[used] = '\0';
    return page;
}

static struct zdd_endpoint endpoints[SERVERS];

static void name_endpoints(void)
{
    for (int server = 0; server < SERVERS; server++) {
        struct zdd_endpoint *e = &endpoints[server];

        snprintf(e->backend, sizeof(e->backend), "shop_%d_10000", server / PAIR_SERVERS);
        snprintf(e->address, sizeof(e->address), "10.0.0.%d:%d", server % 250, 31000 + server);
    }
}

static struct zdd_window window_of(const struct zdd_side_traffic *side)
{
    static const struct zdd_counts none = {.started_ms = 1};
    const struct zdd_counts now = {.requests = side->counters.requests,
                                   .answers = side->counters.answers,
                                   .errors = side->counters.errors,
                                   .running = side->sessions};

    return zdd_window_between(&none, &now);
}

static void judge_pair(const struct zdd_stats_table *table, int pair)
{
    const struct zdd_endpoint *first = &endpoints[pair * PAIR_SERVERS];
    const struct zdd_counted check = {.metric = ZDD_METRIC_ERROR_RATE,
                                      .has_max = true,
                                      .max = ZDD_MILLION / 100,
                                      .worse_than_old = true};
    const struct zdd_verify verify = {.min_requests = 100, .counted_count = 1, .counted = {check}};
    const struct zdd_router_ask ask = {
        .endpoints = {first, first + OLD_SERVERS, first},
        .endpoint_count = {OLD_SERVERS, PAIR_SERVERS - OLD_SERVERS, 0}};
    struct zdd_trial trial = {.since_ms = 1};
    const struct zdd_hearing hearing = {&trial, &verify, ZDD_ROUND_STEP, true};
    struct zdd_balancer_view view = {.reachable = true};
    struct zdd_window old_window, new_window;

    zdd_view_fill(&view, table, &ask);
    if (view.side[ZDD_SIDE_NEW].servers != PAIR_SERVERS - OLD_SERVERS)
        bench_fail("the page is not what the endpoints are");
    old_window = window_of(&view.side[ZDD_SIDE_OLD]);
    new_window = window_of(&view.side[ZDD_SIDE_NEW]);
    zdd_trial_add(&trial, 1, &new_window, &old_window);
    if (zdd_verdict_of(&hearing, &check).finding != ZDD_FINDING_PASSED)
        bench_fail("both versions fail alike");
}

/* @return milliseconds */
static double look(int64_t asked, size_t *ret_size)
{
    char *page = write_page(asked);
    struct zdd_stats_table table;
    int64_t begun_ns;
    double ms;

    *ret_size = strlen(page);
    begun_ns = bench_now_ns();
    if (zdd_stats_parse(page, &table) != ZDD_ERR_NONE)
        bench_fail("the page cannot be read");
    for (int pair = 0; pair < PAIRS; pair++)
        judge_pair(&table, pair);
    ms = (double)(bench_now_ns() - begun_ns) / 1e6;
    zdd_stats_table_release(&table);
    return ms;
}

int main(int argc, char **argv)
{
    static double ms[LOOKS_MAX];
    const int64_t looks = bench_option(argc, argv, "looks", 200);
    char note[160];
    size_t size = 0;

    if (looks < 1 || looks > LOOKS_MAX)
        bench_fail("--looks from 1 to %d", LOOKS_MAX);
    name_endpoints();
    for (int64_t i = 0; i < looks; i++)
        ms[i] = look(1000 + i, &size);
    snprintf(note, sizeof(note), "%d pairs, a page of %zu KiB, %lld looks; p99 %.2f ms", PAIRS,
             size / 1024, (long long)looks, bench_percentile(ms, (size_t)looks, 99));
    bench_say(&(struct bench_figure){0, "statistics of 1000 servers, read and judged", "ms",
                                     bench_median(ms, (size_t)looks), BENCH_AT_MOST, TARGET_MS,
                                     note});
    return 0;
}
