/**
 * @file tests/lab/relay.c
 * @brief One thread that copies bytes between pairs of connections.
 */
#define _GNU_SOURCE /* accept4, pipe2 */
#include "tests/support/spec.h"

#include "tests/lab/relay.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define PAIR_MAX 64
#define CHUNK 16384

/* Two ends of one connection; -1 where there is none. */
struct pair {
    int end[2];
};

struct relay {
    uint16_t port, to;
    int listener; /* -1 while it is cut */
    int orders[2], answers[2];
    pthread_t thread;
    struct pair pairs[PAIR_MAX];
    size_t count;
};

static struct sockaddr_in loopback(uint16_t port)
{
    return (struct sockaddr_in){
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}

static int listen_on(uint16_t port)
{
    const struct sockaddr_in address = loopback(port);
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    const int on = 1;

    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) != 0 ||
        bind(fd, (const struct sockaddr *)&address, sizeof(address)) != 0 || listen(fd, 64) != 0)
        abort(); /* the port was ours a moment ago */
    return fd;
}

static void drop(struct relay *r, size_t i)
{
    close(r->pairs[i].end[0]);
    close(r->pairs[i].end[1]);
    r->pairs[i] = r->pairs[--r->count];
}

static void take_connection(struct relay *r)
{
    const struct sockaddr_in address = loopback(r->to);
    const int in = accept4(r->listener, NULL, NULL, SOCK_CLOEXEC);
    int out;

    if (in < 0)
        return;
    out = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (r->count == PAIR_MAX ||
        connect(out, (const struct sockaddr *)&address, sizeof(address)) != 0) {
        close(in);
        close(out);
        return;
    }
    r->pairs[r->count++] = (struct pair){{in, out}};
}

/* @return false when the connection has ended */
static bool copy(const struct pair *pair, int from)
{
    char bytes[CHUNK];
    const ssize_t size = recv(pair->end[from], bytes, sizeof(bytes), 0);

    for (ssize_t sent = 0; sent < size;) {
        const ssize_t n = send(pair->end[!from], bytes + sent, (size_t)(size - sent), MSG_NOSIGNAL);

        if (n <= 0)
            return false;
        sent += n;
    }
    return size > 0;
}

/* 'c' cut, 'm' mend, 'q' end. @return false to end */
static bool obey(struct relay *r)
{
    char order = 'q';

    if (read(r->orders[0], &order, 1) != 1 || order != 'm') {
        while (r->count > 0)
            drop(r, 0);
        if (r->listener >= 0)
            close(r->listener);
        r->listener = -1;
    }
    if (order == 'm')
        r->listener = listen_on(r->port);
    return write(r->answers[1], &order, 1) == 1 && order != 'q';
}

static void *run(void *cls)
{
    struct relay *r = cls;
    bool more = true;

    while (more) {
        struct pollfd polled[2 + 2 * PAIR_MAX] = {{.fd = r->orders[0], .events = POLLIN},
                                                  {.fd = r->listener, .events = POLLIN}};

        for (size_t i = 0; i < r->count; i++)
            for (size_t k = 0; k < 2; k++)
                polled[2 + 2 * i + k] = (struct pollfd){.fd = r->pairs[i].end[k], .events = POLLIN};
        if (poll(polled, 2 + 2 * r->count, -1) < 0)
            abort();
        for (size_t i = r->count; i-- > 0;) /* backwards: drop() moves the last one */
            if ((polled[2 + 2 * i].revents && !copy(&r->pairs[i], 0)) ||
                (polled[3 + 2 * i].revents && !copy(&r->pairs[i], 1)))
                drop(r, i);
        if (polled[1].revents)
            take_connection(r);
        if (polled[0].revents)
            more = obey(r);
    }
    return NULL;
}

struct relay *relay_open(uint16_t port)
{
    struct relay *r = calloc(1, sizeof(*r));
    struct sockaddr_in address = {0};
    socklen_t size = sizeof(address);

    assert_non_null(r);
    r->to = port;
    r->listener = listen_on(0);
    assert_int_equal(getsockname(r->listener, (struct sockaddr *)&address, &size), 0);
    r->port = ntohs(address.sin_port);
    assert_int_equal(pipe2(r->orders, O_CLOEXEC), 0);
    assert_int_equal(pipe2(r->answers, O_CLOEXEC), 0);
    assert_int_equal(pthread_create(&r->thread, NULL, run, r), 0);
    return r;
}

uint16_t relay_port(const struct relay *relay)
{
    return relay->port;
}

/* Return when it has been done. */
static void order(struct relay *r, char what)
{
    char answer = '\0';

    assert_int_equal(write(r->orders[1], &what, 1), 1);
    assert_int_equal(read(r->answers[0], &answer, 1), 1);
    assert_int_equal(answer, what);
}

void relay_cut(struct relay *relay)
{
    order(relay, 'c');
}

void relay_mend(struct relay *relay)
{
    order(relay, 'm');
}

struct relay *relay_close(struct relay *relay)
{
    order(relay, 'q');
    pthread_join(relay->thread, NULL);
    for (size_t i = 0; i < 2; i++) {
        close(relay->orders[i]);
        close(relay->answers[i]);
    }
    free(relay);
    return NULL;
}
