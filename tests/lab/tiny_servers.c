/**
 * @file tests/lab/tiny_servers.c
 * @brief A few HTTP servers in one thread.
 */
#define _GNU_SOURCE /* accept4, pipe2 */
#include "tests/lab/tiny_servers.h"

#include "tests/support/spec.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define CONNECTION_MAX 512
#define REQUEST_SIZE 2048

struct connection {
    int fd, server;
    bool waiting;
    size_t size;
    char request[REQUEST_SIZE];
};

struct tiny_servers {
    int count;
    int listener[TINY_SERVER_MAX];
    uint16_t port[TINY_SERVER_MAX];
    int wake[2];
    pthread_t thread;
    atomic_bool released;
    atomic_int waiting[TINY_SERVER_MAX], requests[TINY_SERVER_MAX];
    size_t connection_count;
    struct connection *connection[CONNECTION_MAX];
};

static void open_one(struct tiny_servers *servers, int number)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof(address);
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    assert_true(fd >= 0);
    assert_int_equal(bind(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
    assert_int_equal(listen(fd, 256), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &size), 0);
    servers->listener[number] = fd;
    servers->port[number] = ntohs(address.sin_port);
}

static void welcome(struct tiny_servers *servers, int number)
{
    const int fd = accept4(servers->listener[number], NULL, NULL, SOCK_CLOEXEC);
    const int one = 1;
    struct connection *c;

    if (fd < 0)
        return;
    c = calloc(1, sizeof(*c));
    if (!c || servers->connection_count == CONNECTION_MAX)
        abort();
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
    c->fd = fd;
    c->server = number;
    servers->connection[servers->connection_count++] = c;
}

static void drop(struct tiny_servers *servers, size_t index)
{
    struct connection *c = servers->connection[index];

    if (c->waiting)
        atomic_fetch_sub(&servers->waiting[c->server], 1);
    close(c->fd);
    free(c);
    servers->connection[index] = servers->connection[--servers->connection_count];
}

static void answer(struct connection *c)
{
    char text[128];
    const int size =
        snprintf(text, sizeof(text), "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\ns%d", c->server);

    (void)send(c->fd, text, (size_t)size, MSG_NOSIGNAL | MSG_DONTWAIT);
    c->size = 0;
}

/* @return false when the connection has ended */
static bool receive(struct tiny_servers *servers, struct connection *c)
{
    const ssize_t got =
        recv(c->fd, c->request + c->size, sizeof(c->request) - 1 - c->size, MSG_DONTWAIT);

    if (got <= 0)
        return false;
    c->size += (size_t)got;
    c->request[c->size] = '\0';
    if (!strstr(c->request, "\r\n\r\n"))
        return c->size < sizeof(c->request) - 1;
    atomic_fetch_add(&servers->requests[c->server], 1);
    if (strncmp(c->request, "GET /slow", 9) == 0 && !atomic_load(&servers->released)) {
        c->waiting = true;
        atomic_fetch_add(&servers->waiting[c->server], 1);
    } else {
        answer(c);
    }
    return true;
}

static void release_waiting(struct tiny_servers *servers)
{
    for (size_t i = 0; i < servers->connection_count; i++) {
        struct connection *c = servers->connection[i];

        if (!c->waiting)
            continue;
        c->waiting = false;
        atomic_fetch_sub(&servers->waiting[c->server], 1);
        answer(c);
    }
}

static void *run(void *cls)
{
    struct tiny_servers *servers = cls;
    static struct pollfd polled[1 + TINY_SERVER_MAX + CONNECTION_MAX];

    for (;;) {
        const size_t connections = servers->connection_count;
        const size_t first = 1 + (size_t)servers->count;
        char byte;

        polled[0] = (struct pollfd){.fd = servers->wake[0], .events = POLLIN};
        for (int i = 0; i < servers->count; i++)
            polled[1 + i] = (struct pollfd){.fd = servers->listener[i], .events = POLLIN};
        for (size_t i = 0; i < connections; i++)
            polled[first + i] = (struct pollfd){.fd = servers->connection[i]->fd, .events = POLLIN};
        if (poll(polled, (nfds_t)(first + connections), -1) < 0)
            continue;
        if (polled[0].revents) {
            if (read(servers->wake[0], &byte, 1) != 1)
                return NULL;
            release_waiting(servers);
        }
        for (size_t i = connections; i-- > 0;) { /* from the end: dropping moves the last one */
            if (polled[first + i].revents && !receive(servers, servers->connection[i]))
                drop(servers, i);
        }
        for (int i = 0; i < servers->count; i++) {
            if (polled[1 + i].revents)
                welcome(servers, i);
        }
    }
}

struct tiny_servers *tiny_start(int count)
{
    struct tiny_servers *servers = calloc(1, sizeof(*servers));

    assert_non_null(servers);
    assert_in_range(count, 1, TINY_SERVER_MAX);
    servers->count = count;
    for (int i = 0; i < count; i++)
        open_one(servers, i);
    assert_int_equal(pipe2(servers->wake, O_CLOEXEC), 0);
    assert_int_equal(pthread_create(&servers->thread, NULL, run, servers), 0);
    return servers;
}

uint16_t tiny_port(const struct tiny_servers *servers, int number)
{
    return servers->port[number];
}

int tiny_waiting(struct tiny_servers *servers, int number)
{
    return atomic_load(&servers->waiting[number]);
}

int tiny_requests(struct tiny_servers *servers, int number)
{
    return atomic_load(&servers->requests[number]);
}

void tiny_release(struct tiny_servers *servers)
{
    atomic_store(&servers->released, true);
    assert_int_equal(write(servers->wake[1], "x", 1), 1);
}

struct tiny_servers *tiny_stop(struct tiny_servers *servers)
{
    if (!servers)
        return NULL;
    close(servers->wake[1]);
    pthread_join(servers->thread, NULL);
    while (servers->connection_count > 0)
        drop(servers, 0);
    for (int i = 0; i < servers->count; i++)
        close(servers->listener[i]);
    close(servers->wake[0]);
    free(servers);
    return NULL;
}
