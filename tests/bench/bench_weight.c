/**
 * @file tests/bench/bench_weight.c
 * @brief From an order to the statistics of a real HAProxy that show it, through its agent.
 *
 * That is what a step of a cutover waits for. Each server is asked for once in an interval, none at
 * the same moment as another, so the last of them shows it within about one interval.
 */
#include "server/router/label.h"
#include "tests/bench/support/figures.h"
#include "tests/lab/router_desk.h"

#include <stdio.h>
#include <stdlib.h>

#define CHANGES_MAX 1000
#define TARGET_INTERVALS 1.5

static void begin(struct desk *desk, int64_t interval_ms)
{
    struct rig_options options = desk_rig(desk);

    rig_start(&desk->rig[0], &options);
    desk_open_agent(desk, 1);
    options = desk_rig(desk);
    options.agent_interval_ms = interval_ms;
    rig_change(&desk->rig[0], &options);
    rig_reload(&desk->rig[0]);
    desk_set(desk, serves(1), serves(1));
    desk_await(desk, old_weight_is, 1);
}

/* @return milliseconds until all old servers show the weight */
static double change(struct desk *desk, int32_t weight)
{
    const int64_t begun_ns = bench_now_ns();

    desk_set(desk, serves(weight), serves(1));
    do {
        if (desk_look(desk) != ZDD_ERR_NONE)
            bench_fail("the balancer cannot be asked: %s", desk->reason);
    } while (!old_weight_is(&desk->view.balancer[0], weight));
    return (double)(bench_now_ns() - begun_ns) / 1e6;
}

int main(int argc, char **argv)
{
    static double ms[CHANGES_MAX];
    const int64_t changes = bench_option(argc, argv, "changes", 100);
    const int64_t interval_ms = bench_option(argc, argv, "interval", ZDD_AGENT_INTERVAL_MS);
    void *state = NULL;
    char note[160];
    double p99;

    if (!rig_possible() || changes < 1 || changes > CHANGES_MAX)
        bench_fail("no haproxy, or --changes not from 1 to %d", CHANGES_MAX);
    if (desk_set_up(&state) != 0)
        bench_fail("no servers");
    begin(state, interval_ms);
    for (int64_t i = 0; i < changes; i++) {
        ms[i] = change(state, (int32_t)(2 + i % 100));
        bench_sleep_ms(i * 37 % interval_ms); /* at another moment of the interval each time */
    }
    p99 = bench_percentile(ms, (size_t)changes, 99);
    snprintf(note, sizeof(note), "%lld changes, interval %lld ms: median %.0f ms, p99 %.0f ms",
             (long long)changes, (long long)interval_ms, bench_median(ms, (size_t)changes), p99);
    bench_say(&(struct bench_figure){12, "weight change seen on the balancer, p99", "intervals",
                                     p99 / (double)interval_ms, BENCH_AT_MOST, TARGET_INTERVALS,
                                     note});
    return desk_tear_down(&state);
}
