/**
 * @file tests/bench/support/load.c
 * @brief A load client.
 */
#include "tests/bench/support/load.h"

#include "tests/bench/support/figures.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define REPLY_SIZE                                                                                 \
    ((size_t)4 * 1024 * 1024) /* 200 apps with tasks, as Marathon tells them, have 1 */
#define EVENTS_MAX 64
#define GATHER_NS 100000     /* small against every latency that is judged */
#define SILENCE_MAX_MS 30000 /* no reply at all for that long: give up */

struct connection {
    int fd;
    uint64_t number; /* of the request under way */
    int64_t sent_ns;
    size_t got;   /* bytes of the reply */
    size_t whole; /* bytes it has, 0 while the head is not complete */
    char *reply;
};

struct load {
    const struct load_options *options;
    struct load_result *result;
    int poll_fd;
    unsigned busy; /* connections with a request under way */
    uint64_t sent;
    int64_t end_ns;
    double *latency_ms;
    size_t latency_room;
    struct connection connection[LOAD_CONNECTIONS_MAX];
};

const char *load_body(const char *reply)
{
    const char *end = strstr(reply, "\r\n\r\n");

    return end ? end + 4 : "";
}

/* @p more  whole header lines */
static size_t write_get(char text[static LOAD_REQUEST_SIZE], const char *path, const char *token,
                        const char *more)
{
    const int size = snprintf(
        text, LOAD_REQUEST_SIZE, "GET %s HTTP/1.1\r\nHost: 127.0.0.1\r\n%s%s%s%s\r\n", path,
        token ? "Authorization: Bearer " : "", token ? token : "", token ? "\r\n" : "", more);

    assert(size > 0 && size < LOAD_REQUEST_SIZE);
    return (size_t)size;
}

size_t load_get(char text[static LOAD_REQUEST_SIZE], const char *path, const char *token)
{
    return write_get(text, path, token, "");
}

size_t load_browse(char text[static LOAD_REQUEST_SIZE], const char *path, const char *token)
{
    return write_get(text, path, token, "Accept-Encoding: gzip, deflate, br\r\n");
}

size_t load_post(char text[static LOAD_REQUEST_SIZE], const char *path, const char *token,
                 const char *body)
{
    const int size = snprintf(text, LOAD_REQUEST_SIZE,
                              "POST %s HTTP/1.1\r\nHost: 127.0.0.1\r\n"
                              "Authorization: Bearer %s\r\nContent-Type: application/json\r\n"
                              "Content-Length: %zu\r\n\r\n%s",
                              path, token, strlen(body), body);

    assert(size > 0 && size < LOAD_REQUEST_SIZE);
    return (size_t)size;
}

int load_dial(uint16_t port)
{
    const struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const int one = 1;

    if (fd >= 0 && connect(fd, (const struct sockaddr *)&address, sizeof(address)) == 0) {
        (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
        return fd;
    }
    perror("connect");
    if (fd >= 0)
        close(fd);
    return -1;
}

static void note_latency(struct load *load, double ms)
{
    if (load->result->answered == load->latency_room) {
        const size_t room = load->latency_room ? load->latency_room * 2 : 65536;
        double *grown = realloc(load->latency_ms, room * sizeof(*grown));

        assert(grown);
        load->latency_ms = grown;
        load->latency_room = room;
    }
    load->latency_ms[load->result->answered] = ms;
}

/* Send the next request, unless it is enough. @return false when the connection broke */
static bool send_next(struct load *load, struct connection *c)
{
    char text[LOAD_REQUEST_SIZE];
    size_t size;

    if (load->sent >= load->options->request_max || bench_now_ns() >= load->end_ns)
        return true;
    c->number = load->sent++;
    c->got = c->whole = 0;
    size = load->options->make(load->options->cls, c->number, text);
    c->sent_ns = bench_now_ns();
    /* A request is far smaller than a socket's buffer, which is empty: it goes out whole. */
    if (send(c->fd, text, size, MSG_NOSIGNAL) != (ssize_t)size)
        return false;
    load->busy++;
    return true;
}

/* The bytes of the whole reply, once its head is there. */
static size_t whole_of(const struct connection *c)
{
    const char *end = strstr(c->reply, "\r\n\r\n");
    const char *at = end ? c->reply : NULL;

    while (at && at < end) {
        at = strstr(at, "\r\n") + 2;
        if (strncasecmp(at, "Content-Length:", 15) == 0)
            return (size_t)(end + 4 - c->reply) + strtoul(at + 15, NULL, 10);
    }
    return 0;
}

static void take_reply(struct load *load, struct connection *c)
{
    const unsigned status = (unsigned)strtoul(c->reply + strlen("HTTP/1.1 "), NULL, 10);

    load->busy--;
    if (status != load->options->status) {
        if (load->result->wrong == 0)
            fprintf(stderr, "load: status %u: %.600s\n", status, c->reply);
        load->result->wrong++;
        load->result->last_status = status;
        return;
    }
    note_latency(load, (double)(bench_now_ns() - c->sent_ns) / 1e6);
    load->result->answered++;
    if (load->options->reply)
        load->options->reply(load->options->cls, c->number, c->reply, c->got);
}

/* @return false when the connection broke */
static bool receive(struct load *load, struct connection *c)
{
    const ssize_t size = recv(c->fd, c->reply + c->got, REPLY_SIZE - 1 - c->got, MSG_DONTWAIT);

    if (size < 0 && (errno == EAGAIN || errno == EINTR))
        return true;
    if (size <= 0)
        return false;
    c->got += (size_t)size;
    c->reply[c->got] = '\0';
    if (c->whole == 0)
        c->whole = whole_of(c);
    if (c->whole == 0 || c->got < c->whole)
        return c->got < REPLY_SIZE - 1;
    take_reply(load, c);
    return send_next(load, c);
}

static void give_up(struct load *load, struct connection *c)
{
    fprintf(stderr, "load: a connection broke\n");
    load->result->wrong++;
    load->busy--;
    close(c->fd);
    c->fd = -1;
}

static bool open_all(struct load *load)
{
    for (unsigned i = 0; i < load->options->connections; i++) {
        struct connection *c = &load->connection[i];
        struct epoll_event event = {.events = EPOLLIN, .data.ptr = c};

        c->fd = load_dial(load->options->port);
        c->reply = malloc(REPLY_SIZE);
        if (c->fd < 0 || !c->reply || epoll_ctl(load->poll_fd, EPOLL_CTL_ADD, c->fd, &event) != 0)
            return false;
    }
    return true;
}

static void drive(struct load *load)
{
    for (unsigned i = 0; i < load->options->connections; i++) {
        if (!send_next(load, &load->connection[i]))
            give_up(load, &load->connection[i]);
    }
    while (load->busy > 0) {
        struct epoll_event event[EVENTS_MAX];
        const int count = epoll_wait(load->poll_fd, event, EVENTS_MAX, SILENCE_MAX_MS);

        if (count == 0) {
            fprintf(stderr, "load: no reply for %d s\n", SILENCE_MAX_MS / 1000);
            load->result->wrong += load->busy;
            return;
        }
        for (int i = 0; i < count; i++) {
            if (!receive(load, event[i].data.ptr))
                give_up(load, event[i].data.ptr);
        }
    }
}

/* CPU time of all threads but this one. */
static int64_t server_cpu_ns(void)
{
    struct timespec all, own;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &all);
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &own);
    return (int64_t)(all.tv_sec - own.tv_sec) * 1000000000 + all.tv_nsec - own.tv_nsec;
}

static void conclude(struct load *load, double seconds, int64_t cpu_ns)
{
    struct load_result *result = load->result;

    result->seconds = seconds;
    result->per_second = seconds > 0 ? (double)result->answered / seconds : 0;
    result->server_us = result->answered ? (double)cpu_ns / 1000 / (double)result->answered : 0;
    result->p50_ms = bench_percentile(load->latency_ms, result->answered, 50);
    result->p99_ms = bench_percentile(load->latency_ms, result->answered, 99);
    result->max_ms = bench_percentile(load->latency_ms, result->answered, 100);
}

bool load_run(const struct load_options *options, struct load_result *ret_result)
{
    struct load *load = calloc(1, sizeof(*load));
    int64_t begun_ns, cpu_ns;

    assert(load && options->connections <= LOAD_CONNECTIONS_MAX);
    *ret_result = (struct load_result){0};
    load->options = options;
    load->result = ret_result;
    load->poll_fd = epoll_create1(EPOLL_CLOEXEC);
    for (unsigned i = 0; i < LOAD_CONNECTIONS_MAX; i++)
        load->connection[i].fd = -1;
    if (open_all(load)) {
        begun_ns = bench_now_ns();
        cpu_ns = server_cpu_ns();
        load->end_ns = begun_ns + options->time_max_ms * 1000000;
        drive(load);
        conclude(load, (double)(bench_now_ns() - begun_ns) / 1e9, server_cpu_ns() - cpu_ns);
    }
    for (unsigned i = 0; i < LOAD_CONNECTIONS_MAX; i++) {
        if (load->connection[i].fd >= 0)
            close(load->connection[i].fd);
        free(load->connection[i].reply);
    }
    close(load->poll_fd);
    free(load->latency_ms);
    free(load);
    return ret_result->answered > 0 && ret_result->wrong == 0;
}
