/**
 * @file server/router/listen.c
 * @brief A socket to listen on.
 */
#define _GNU_SOURCE /* strerrordesc_np: strerror is not for threads */
#include "server/router/listen.h"

#include "server/net/url.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

int zdd_listen(const char *listen_at, int backlog, const char **ret_why)
{
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV};
    struct addrinfo *found = NULL;
    const int one = 1;
    char host[64], service[8];
    uint16_t port;
    int fd = -1, failed;

    *ret_why = "not HOST:PORT";
    if (!zdd_hostport_parse(listen_at, host, &port))
        return -1;
    snprintf(service, sizeof(service), "%u", port);
    failed = getaddrinfo(host, service, &hints, &found);
    if (failed) {
        *ret_why = gai_strerror(failed);
        return -1;
    }
    fd = socket(found->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) != 0 ||
        bind(fd, found->ai_addr, found->ai_addrlen) != 0 || listen(fd, backlog) != 0) {
        *ret_why = strerrordesc_np(errno);
        if (fd >= 0)
            close(fd);
        fd = -1;
    }
    freeaddrinfo(found);
    return fd;
}

uint16_t zdd_listen_port(int fd)
{
    struct sockaddr_storage address = {0};
    socklen_t size = sizeof(address);
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;

    (void)getsockname(fd, (struct sockaddr *)&address, &size);
    memcpy(&v4, &address, sizeof(v4));
    memcpy(&v6, &address, sizeof(v6));
    return ntohs(address.ss_family == AF_INET ? v4.sin_port : v6.sin6_port);
}
