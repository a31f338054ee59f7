/**
 * @file deploy/lab/balancer/ports.c
 * @brief Trying addresses by binding them for a moment.
 */
#include "deploy/lab/balancer/ports.h"

#include "server/net/url.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#define FIND_MAX 8

/* @return a listening socket, or the negative errno */
static int listen_at(const char *host, uint16_t port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    const int on = 1;
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int error;

    if (fd < 0)
        return -errno;
    if (inet_pton(AF_INET, host, &address.sin_addr) != 1) {
        close(fd);
        return -EINVAL;
    }
    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)); /* as HAProxy does */
    if (bind(fd, (const struct sockaddr *)&address, sizeof(address)) == 0 && listen(fd, 1) == 0)
        return fd;
    error = errno;
    close(fd);
    return -error;
}

int zdd_bind_try(const char *bind)
{
    char host[64];
    uint16_t port;
    int fd;

    if (!zdd_hostport_parse(bind, host, &port))
        return EINVAL;
    fd = listen_at(host, port);
    if (fd < 0)
        return -fd;
    close(fd);
    return 0;
}

int zdd_ports_find(const char *host, uint16_t *ret_port, size_t count)
{
    int fd[FIND_MAX];
    size_t open = 0;
    int error = 0;

    for (; open < count && open < FIND_MAX && !error; open++) {
        struct sockaddr_in address;
        socklen_t size = sizeof(address);

        fd[open] = listen_at(host, 0);
        if (fd[open] < 0) {
            error = -fd[open];
            break;
        }
        if (getsockname(fd[open], (struct sockaddr *)&address, &size) != 0)
            error = errno;
        else
            ret_port[open] = ntohs(address.sin_port);
    }
    while (open > 0) /* all at once, so that none is found twice */
        close(fd[--open]);
    return error;
}
