/**
 * @file tests/bench/bench_poll.c
 * @brief What one look at a balancer's statistics costs: us, who fetch and read the page, and the
 * HAProxy that writes it.
 */
#include "strategies/pair.h"
#include "tests/bench/support/figures.h"
#include "tests/lab/router_desk.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define LOOKS_MAX 100000

static double own_us(void)
{
    struct rusage usage;

    if (getrusage(RUSAGE_SELF, &usage) != 0)
        bench_fail("no usage");
    return 1e6 * (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
           (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
}

/* The worker's, in ticks of 10 ms: enough looks make that exact. */
static double worker_us(struct rig *rig)
{
    const char *pid = strstr(rig_ask(rig, "show info"), "\nPid: ");
    unsigned long user = 0, system = 0;
    char path[64];
    FILE *file;

    if (!pid)
        bench_fail("the balancer does not tell its pid");
    snprintf(path, sizeof(path), "/proc/%ld/stat", strtol(pid + strlen("\nPid: "), NULL, 10));
    file = fopen(path, "re");
    if (!file || fscanf(file, "%*d %*s %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user,
                        &system) != 2)
        bench_fail("%s cannot be read", path);
    fclose(file);
    return 1e6 * (double)(user + system) / (double)sysconf(_SC_CLK_TCK);
}

static void look(struct desk *desk, size_t servers, int64_t looks)
{
    struct rig_options options = desk_rig(desk);
    double own, worker;
    char what[80], note[200];

    options.other_count = servers - DESK_SERVERS;
    rig_change(&desk->rig[0], &options);
    rig_reload(&desk->rig[0]);
    desk_await(desk, all_are_up, DESK_SERVERS);
    own = own_us();
    worker = worker_us(&desk->rig[0]);
    for (int64_t i = 0; i < looks; i++) {
        if (desk_look(desk) != ZDD_ERR_NONE)
            bench_fail("the balancer cannot be asked: %s", desk->reason);
    }
    own = (own_us() - own) / (double)looks;
    worker = (worker_us(&desk->rig[0]) - worker) / (double)looks;
    snprintf(what, sizeof(what), "one look at a balancer with %zu servers, our CPU", servers);
    snprintf(note, sizeof(note),
             "and %.0f µs of the balancer's; %lld looks; each %d ms while "
             "weights move",
             worker, (long long)looks, ZDD_BALANCER_POLL_MS);
    bench_say(&(struct bench_figure){12, what, "µs", own, BENCH_ONLY_SAID, 0, note});
}

int main(int argc, char **argv)
{
    const int64_t looks = bench_option(argc, argv, "looks", 1000);
    struct rig_options options;
    struct desk *desk;
    void *state = NULL;

    if (!rig_possible() || looks < 1 || looks > LOOKS_MAX)
        bench_fail("no haproxy, or --looks not from 1 to %d", LOOKS_MAX);
    if (desk_set_up(&state) != 0)
        bench_fail("no servers");
    desk = state;
    options = desk_rig(desk);
    rig_start(&desk->rig[0], &options);
    desk_open_agent(desk, 1);
    look(desk, 10, looks);
    look(desk, 100, looks);
    look(desk, 1000, looks);
    return desk_tear_down(&state);
}
