/**
 * @file server/http/listen.c
 * @brief The listening socket, and words for why there is none.
 */
#include "server/http/exchange.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define BACKLOG                                                                                    \
    511 /* connections that wait to be accepted; the system cuts it to its own limit               \
         */
#define REASON_SIZE 200

union address {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
};

/* @return the address's size, 0 when @p host is none */
static socklen_t read_address(const char *host, uint16_t port, union address *address)
{
    memset(address, 0, sizeof(*address));
    if (inet_pton(AF_INET, host, &address->v4.sin_addr) == 1) {
        address->v4.sin_family = AF_INET;
        address->v4.sin_port = htons(port);
        return sizeof(address->v4);
    }
    if (inet_pton(AF_INET6, host, &address->v6.sin6_addr) == 1) {
        address->v6.sin6_family = AF_INET6;
        address->v6.sin6_port = htons(port);
        return sizeof(address->v6);
    }
    return 0;
}

static void explain(int error, const char *host, uint16_t port, char reason[static REASON_SIZE])
{
    const bool v6 = strchr(host, ':') != NULL;
    char where[80];
    char why[100] = "";

    snprintf(where, sizeof(where), "%s%.60s%s:%u", v6 ? "[" : "", host, v6 ? "]" : "", port);
    if (error == EADDRINUSE)
        snprintf(reason, REASON_SIZE, "%s is in use by another program", where);
    else if (error == EACCES)
        snprintf(reason, REASON_SIZE,
                 "this user may not listen on %s (ports below 1024 are root's)", where);
    else if (error == EADDRNOTAVAIL)
        snprintf(reason, REASON_SIZE, "%s is no address of this machine", where);
    else if (strerror_r(error, why, sizeof(why)) == 0)
        snprintf(reason, REASON_SIZE, "cannot listen on %s: %s", where, why);
    else
        snprintf(reason, REASON_SIZE, "cannot listen on %s: error %d", where, error);
}

static uint16_t port_of(const union address *address)
{
    return ntohs(address->any.sa_family == AF_INET6 ? address->v6.sin6_port : address->v4.sin_port);
}

int zdd_http_listen(const char *host, uint16_t port, uint16_t *ret_port,
                    char ret_reason[static REASON_SIZE])
{
    const int on = 1;
    union address address;
    socklen_t size = read_address(host, port, &address);
    int fd;

    if (size == 0) {
        snprintf(ret_reason, REASON_SIZE, "'%.60s' is no IPv4 or IPv6 address", host);
        return -1;
    }
    fd = socket(address.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) == 0 &&
        bind(fd, &address.any, size) == 0 && listen(fd, BACKLOG) == 0 &&
        getsockname(fd, &address.any, &size) == 0) {
        *ret_port = port_of(&address);
        return fd;
    }
    explain(errno, host, port, ret_reason);
    if (fd >= 0)
        close(fd);
    return -1;
}
