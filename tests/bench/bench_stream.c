/**
 * @file tests/bench/bench_stream.c
 * @brief One event to 2 000 event streams: when the last one has it, and what an idle one costs.
 *
 * Clients and server share this process and its cores. The clients' memory is there before the
 * first is counted; what the kernel keeps for sockets is not counted.
 */
#include "storage/events.h"
#include "tests/bench/support/figures.h"
#include "tests/bench/support/load.h"
#include "tests/bench/support/service.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#define CLIENTS_MAX 5000
#define EVENTS_MAX 512
#define ROUNDS_MAX 200
#define PATIENCE_MS 20000

struct bench {
    struct service service;
    int poll_fd;
    size_t count;
    int fd[CLIENTS_MAX];
    int seen[CLIENTS_MAX]; /* the last round whose event came */
};

static void dial(struct bench *bench, size_t i, const char *request, size_t size)
{
    const struct sockaddr_in address = {.sin_family = AF_INET,
                                        .sin_port = htons(bench->service.port),
                                        .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct epoll_event event = {.events = EPOLLIN, .data.u64 = i};

    bench->fd[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bench->seen[i] = -2;
    if (bench->fd[i] < 0 ||
        connect(bench->fd[i], (const struct sockaddr *)&address, sizeof(address)) != 0 ||
        send(bench->fd[i], request, size, MSG_NOSIGNAL) != (ssize_t)size ||
        epoll_ctl(bench->poll_fd, EPOLL_CTL_ADD, bench->fd[i], &event) != 0)
        bench_fail("stream %zu cannot be opened", i);
}

/* Read until every client has seen round @p round (-1: the answer's head). */
static void gather(struct bench *bench, int round)
{
    size_t missing = bench->count;
    char mark[40];

    snprintf(mark, sizeof(mark), "\"round\":%d,", round);
    while (missing > 0) {
        struct epoll_event event[EVENTS_MAX];
        const int count = epoll_wait(bench->poll_fd, event, EVENTS_MAX, PATIENCE_MS);

        if (count <= 0)
            bench_fail("%zu clients have not got round %d", missing, round);
        for (int i = 0; i < count; i++) {
            const size_t client = event[i].data.u64;
            char text[4096];
            const ssize_t size = recv(bench->fd[client], text, sizeof(text) - 1, MSG_DONTWAIT);

            if (size <= 0)
                bench_fail("a stream was cut");
            text[size] = '\0';
            if (bench->seen[client] < -1 && strncmp(text, "HTTP/1.1 200", 12) != 0)
                bench_fail("a stream was refused: %s", text);
            if (bench->seen[client] < round && (round < 0 || strstr(text, mark))) {
                bench->seen[client] = round;
                missing--;
            }
        }
    }
}

static enum zdd_err write_event(struct zdd_tx *tx, void *cls)
{
    const int *round = cls;
    char data[600];
    struct zdd_event event = {.time_ms = 1,
                              .type = "deployment.instances.changed",
                              .app_id = "/bench/app-0000001",
                              .data = data};

    snprintf(data, sizeof(data),
             "{\"state\":\"running\",\"round\":%d,\"phase\":\"rolling\",\"step\":1,\"revision\":7,"
             "\"old\":{\"version\":\"2024-05-01T09:00:00.000Z\",\"instances\":2,\"healthy\":2},"
             "\"new\":{\"version\":\"2024-05-01T10:00:00.000Z\",\"instances\":2,\"healthy\":2}}",
             *round);
    return zdd_event_append(tx, &event);
}

static double one_round(struct bench *bench, int round)
{
    int64_t committed_ns;

    if (zdd_store_write(bench->service.store, write_event, &round) != ZDD_ERR_NONE)
        bench_fail("the event cannot be written");
    committed_ns = bench_now_ns();
    gather(bench, round);
    return (double)(bench_now_ns() - committed_ns) / 1e6;
}

static void raise_file_limit(size_t wanted)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        bench_fail("no file limit");
    limit.rlim_cur = limit.rlim_max;
    (void)setrlimit(RLIMIT_NOFILE, &limit);
    if (limit.rlim_cur < wanted)
        bench_fail("needs %zu open files, the limit is %llu", wanted,
                   (unsigned long long)limit.rlim_cur);
}

int main(int argc, char **argv)
{
    static struct bench bench;
    static double ms[ROUNDS_MAX];
    const size_t count = (size_t)bench_option(argc, argv, "clients", 2000);
    const int rounds = (int)bench_option(argc, argv, "rounds", 50);
    struct fleet *fleet = fleet_new(1, FLEET_AT_ONCE);
    char request[LOAD_REQUEST_SIZE], what[80], note[160];
    uint64_t before, after;
    double cpu_us;
    struct rusage used[2];
    size_t size;

    if (count > CLIENTS_MAX || rounds > ROUNDS_MAX || rounds < 1)
        bench_fail("at most %d --clients and %d --rounds", CLIENTS_MAX, ROUNDS_MAX);
    raise_file_limit(2 * count + 200);
    service_start(&bench.service, &(struct service_options){.fleet = fleet});
    bench.poll_fd = epoll_create1(EPOLL_CLOEXEC);
    size = load_get(request, "/v1/events", bench.service.token) - 2;
    size += (size_t)snprintf(request + size, sizeof(request) - size,
                             "Accept: text/event-stream\r\n\r\n");
    memset(bench.seen, 1, sizeof(bench.seen)); /* ours, and resident before it is measured */
    before = bench_resident(0);
    for (; bench.count < count; bench.count++)
        dial(&bench, bench.count, request, size);
    gather(&bench, -1);
    after = bench_resident(0);
    snprintf(note, sizeof(note), "%zu clients: resident %.1f MiB, then %.1f MiB", count,
             (double)before / 1048576, (double)after / 1048576);
    bench_say(&(struct bench_figure){9, "memory of an idle event stream", "KiB",
                                     (double)(after - before) / 1024 / (double)count, BENCH_AT_MOST,
                                     12, note});
    getrusage(RUSAGE_SELF, &used[0]);
    for (int i = 0; i < rounds; i++) {
        ms[i] = one_round(&bench, i);
        bench_sleep_ms(20);
    }
    getrusage(RUSAGE_SELF, &used[1]);
    cpu_us = (double)(used[1].ru_utime.tv_sec - used[0].ru_utime.tv_sec + used[1].ru_stime.tv_sec -
                      used[0].ru_stime.tv_sec) *
                 1e6 +
             (double)(used[1].ru_utime.tv_usec - used[0].ru_utime.tv_usec +
                      used[1].ru_stime.tv_usec - used[0].ru_stime.tv_usec);
    snprintf(what, sizeof(what), "one event to %zu streams, commit to the last, median", count);
    snprintf(note, sizeof(note),
             "p90 %.1f ms, longest %.1f ms of %d; %.1f µs of CPU each, both sides",
             bench_percentile(ms, (size_t)rounds, 90), bench_percentile(ms, (size_t)rounds, 100),
             rounds, cpu_us / rounds / (double)count);
    bench_say(&(struct bench_figure){9, what, "ms", bench_median(ms, (size_t)rounds), BENCH_AT_MOST,
                                     50, note});
    for (size_t i = 0; i < count; i++)
        close(bench.fd[i]);
    close(bench.poll_fd);
    service_stop(&bench.service);
    fleet_free(fleet);
    return 0;
}
