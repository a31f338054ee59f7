/**
 * @file server/router/runtime.c
 * @brief One line to HAProxy's Runtime API.
 */
#define _GNU_SOURCE /* strerrordesc_np: strerror is not for threads */
#include "server/router/runtime.h"

#include "server/base/clock.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

union address {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
    struct sockaddr_un path;
};

/* @return its size; 0 when the place has none */
static socklen_t fill(const struct zdd_place *place, union address *address)
{
    *address = (union address){0};
    if (!*place->address) {
        address->path.sun_family = AF_UNIX;
        snprintf(address->path.sun_path, sizeof(address->path.sun_path), "%s", place->name);
        return sizeof(address->path);
    }
    if (inet_pton(AF_INET, place->address, &address->v4.sin_addr) == 1) {
        address->v4.sin_family = AF_INET;
        address->v4.sin_port = htons(place->port);
        return sizeof(address->v4);
    }
    if (inet_pton(AF_INET6, place->address, &address->v6.sin6_addr) == 1) {
        address->v6.sin6_family = AF_INET6;
        address->v6.sin6_port = htons(place->port);
        return sizeof(address->v6);
    }
    return 0;
}

/* @return false, with errno, when nothing happens by then */
static bool await(int fd, short what, int64_t until_ms)
{
    struct pollfd polled = {.fd = fd, .events = what};
    const int64_t left_ms = until_ms - zdd_mono_ms();
    int ready;

    do
        ready = poll(&polled, 1, left_ms > 0 ? (int)left_ms : 0);
    while (ready < 0 && errno == EINTR && zdd_mono_ms() < until_ms);
    if (ready == 0)
        errno = ETIMEDOUT;
    return ready > 0;
}

static bool dial(int fd, const struct zdd_place *place, int64_t until_ms)
{
    union address address;
    const socklen_t size = fill(place, &address);
    socklen_t length = sizeof(int);
    int failed = 0;

    if (size == 0) {
        errno = EINVAL;
        return false;
    }
    if (connect(fd, &address.any, size) == 0)
        return true;
    if (errno != EINPROGRESS || !await(fd, POLLOUT, until_ms))
        return false;
    if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &failed, &length) != 0)
        return false;
    errno = failed;
    return failed == 0;
}

static bool put(int fd, const char *text, size_t size, int64_t until_ms)
{
    while (size > 0) {
        ssize_t sent;

        if (!await(fd, POLLOUT, until_ms))
            return false;
        sent = send(fd, text, size, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent < 0 && errno != EAGAIN && errno != EINTR)
            return false;
        text += sent > 0 ? sent : 0;
        size -= sent > 0 ? (size_t)sent : 0;
    }
    return true;
}

/* HAProxy ends the connection behind its answer. */
static bool get(int fd, struct zdd_buf *text, int64_t until_ms)
{
    char bytes[16384];

    for (;;) {
        ssize_t got;

        if (!await(fd, POLLIN, until_ms))
            return false;
        got = recv(fd, bytes, sizeof(bytes), MSG_DONTWAIT);
        if (got == 0)
            return true;
        if (got < 0 && errno != EAGAIN && errno != EINTR)
            return false;
        if (got > 0)
            zdd_buf_append(text, bytes, (size_t)got);
        errno = EMSGSIZE;
        if (text->err != ZDD_ERR_NONE)
            return false;
    }
}

/* In one piece: HAProxy ends the connection as soon as it has carried out what it has got. */
static bool talk(int fd, const struct zdd_place *place, const char *line, int64_t until_ms,
                 struct zdd_buf *ret_text)
{
    ZDD_AUTO_BUF struct zdd_buf whole = {0};

    zdd_buf_text(&whole, line);
    zdd_buf_append(&whole, "\n", 1);
    if (whole.err != ZDD_ERR_NONE) {
        errno = ENOMEM;
        return false;
    }
    return dial(fd, place, until_ms) && put(fd, whole.data, whole.size, until_ms) &&
           get(fd, ret_text, until_ms);
}

enum zdd_err zdd_runtime_ask(const struct zdd_place *place, const char *line, int64_t until_ms,
                             struct zdd_buf *ret_text, char reason[static ZDD_ROUTER_REASON_SIZE])
{
    const int family = !*place->address              ? AF_UNIX
                       : strchr(place->address, ':') ? AF_INET6
                                                     : AF_INET;
    const int fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    const bool done = fd >= 0 && talk(fd, place, line, until_ms, ret_text);
    const int failed = errno;

    if (fd >= 0)
        close(fd);
    if (done)
        return ZDD_ERR_NONE;
    if (ret_text->err == ZDD_ERR_NO_MEMORY || failed == ENOMEM)
        return ZDD_ERR_NO_MEMORY;
    snprintf(reason, ZDD_ROUTER_REASON_SIZE, "%s: %s", place->name, strerrordesc_np(failed));
    return ZDD_ERR_ROUTER_DOWN;
}
