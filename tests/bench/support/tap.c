/**
 * @file tests/bench/support/tap.c
 * @brief A tap that counts.
 */
#include "tests/bench/support/tap.h"

#include "tests/bench/support/figures.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define PAIRS_MAX 64
#define BURST_NS 40000000 /* the engine answers events of that time with one look */
#define TICK_MS 100

struct pair {
    int caller, server; /* -1: free */
    bool events;        /* the event stream */
};

struct tap {
    pthread_t thread;
    int listen_fd;
    uint16_t port, to_port;
    atomic_bool stop;
    atomic_uint requests, bursts;
    int64_t last_event_ns;
    struct pair pairs[PAIRS_MAX];
};

static struct sockaddr_in local(uint16_t port)
{
    return (struct sockaddr_in){
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}

static void at_once(int fd)
{
    const int one = 1;

    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
}

static void hang_up(struct pair *pair)
{
    close(pair->caller);
    close(pair->server);
    *pair = (struct pair){-1, -1, false};
}

static void take_caller(struct tap *tap)
{
    const struct sockaddr_in address = local(tap->to_port);
    struct pair pair = {accept(tap->listen_fd, NULL, NULL),
                        socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), false};

    if (pair.caller < 0)
        bench_fail("the tap cannot accept");
    at_once(pair.caller);
    at_once(pair.server);
    for (size_t i = 0; i < PAIRS_MAX; i++) {
        if (tap->pairs[i].caller >= 0)
            continue;
        tap->pairs[i] = pair;
        /* When nobody listens there, the caller hears it as a connection that closes. */
        if (connect(pair.server, (const struct sockaddr *)&address, sizeof(address)) != 0)
            hang_up(&tap->pairs[i]);
        return;
    }
    bench_fail("more than %d connections to Marathon", PAIRS_MAX);
}

/* A request line ends so; bodies are JSON and have no such line. */
static void count_requests(struct tap *tap, struct pair *pair, const char *text)
{
    for (const char *at = text; (at = strstr(at, " HTTP/1.1\r\n")); at++)
        atomic_fetch_add(&tap->requests, 1);
    pair->events = pair->events || strstr(text, "GET /v2/events");
}

/* Heartbeats are comments; events begin with their kind. */
static void count_events(struct tap *tap, const char *text)
{
    const int64_t now_ns = bench_now_ns();

    if (!strstr(text, "event:"))
        return;
    if (now_ns - tap->last_event_ns >= BURST_NS)
        atomic_fetch_add(&tap->bursts, 1);
    tap->last_event_ns = now_ns;
}

/* @return false when that side has hung up */
static bool hand_on(struct tap *tap, struct pair *pair, bool from_caller)
{
    char text[65536];
    const int from = from_caller ? pair->caller : pair->server;
    const int to = from_caller ? pair->server : pair->caller;
    const ssize_t size = recv(from, text, sizeof(text) - 1, 0);

    if (size <= 0)
        return false;
    text[size] = '\0';
    if (from_caller)
        count_requests(tap, pair, text);
    else if (pair->events)
        count_events(tap, text);
    for (ssize_t sent = 0; sent < size;) {
        const ssize_t more = send(to, text + sent, (size_t)(size - sent), MSG_NOSIGNAL);

        if (more <= 0)
            return false;
        sent += more;
    }
    return true;
}

static void *work(void *cls)
{
    struct tap *tap = cls;

    while (!atomic_load(&tap->stop)) {
        struct pollfd fds[1 + 2 * PAIRS_MAX] = {{tap->listen_fd, POLLIN, 0}};

        for (size_t i = 0; i < PAIRS_MAX; i++) {
            fds[1 + 2 * i] = (struct pollfd){tap->pairs[i].caller, POLLIN, 0};
            fds[2 + 2 * i] = (struct pollfd){tap->pairs[i].server, POLLIN, 0};
        }
        if (poll(fds, 1 + 2 * PAIRS_MAX, TICK_MS) <= 0)
            continue;
        for (size_t i = 0; i < PAIRS_MAX; i++) {
            struct pair *pair = &tap->pairs[i];
            const bool caller = pair->caller >= 0 && fds[1 + 2 * i].revents;
            const bool server = pair->caller >= 0 && fds[2 + 2 * i].revents;

            if ((caller && !hand_on(tap, pair, true)) || (server && !hand_on(tap, pair, false)))
                hang_up(pair);
        }
        if (fds[0].revents)
            take_caller(tap);
    }
    return NULL;
}

struct tap *tap_start(uint16_t to_port)
{
    struct tap *tap = calloc(1, sizeof(*tap));
    struct sockaddr_in address = local(0);
    socklen_t size = sizeof(address);

    if (!tap)
        bench_fail("no memory for the tap");
    for (size_t i = 0; i < PAIRS_MAX; i++)
        tap->pairs[i] = (struct pair){-1, -1, false};
    tap->to_port = to_port;
    tap->listen_fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (tap->listen_fd < 0 || bind(tap->listen_fd, (struct sockaddr *)&address, size) != 0 ||
        listen(tap->listen_fd, PAIRS_MAX) != 0 ||
        getsockname(tap->listen_fd, (struct sockaddr *)&address, &size) != 0 ||
        pthread_create(&tap->thread, NULL, work, tap) != 0)
        bench_fail("the tap cannot listen");
    tap->port = ntohs(address.sin_port);
    return tap;
}

struct tap *tap_free(struct tap *tap)
{
    if (!tap)
        return NULL;
    atomic_store(&tap->stop, true);
    pthread_join(tap->thread, NULL);
    for (size_t i = 0; i < PAIRS_MAX; i++) {
        if (tap->pairs[i].caller >= 0)
            hang_up(&tap->pairs[i]);
    }
    close(tap->listen_fd);
    free(tap);
    return NULL;
}

uint16_t tap_port(const struct tap *tap)
{
    return tap->port;
}

void tap_counts(const struct tap *tap, struct tap_counts *ret_counts)
{
    *ret_counts = (struct tap_counts){atomic_load(&tap->requests), atomic_load(&tap->bursts)};
}
