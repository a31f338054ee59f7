/**
 * @file deploy/lab/balancer/runtime.c
 * @brief One connection per command: HAProxy closes it after the answer.
 */
#include "deploy/lab/balancer/runtime.h"

#include "deploy/lab/balancer/config.h"
#include "server/base/clock.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define ANSWER_MS 5000

/* A path of 108 bytes is all an address holds, and directories are longer: so through /proc. */
static int connect_to(int dir_fd)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (fd < 0)
        return -1;
    snprintf(address.sun_path, sizeof(address.sun_path), "/proc/self/fd/%d/" ZDD_MLB_SOCKET_FILE,
             dir_fd);
    if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) == 0)
        return fd;
    close(fd);
    return -1;
}

static bool read_all(int fd, struct zdd_buf *buf)
{
    const int64_t until_ms = zdd_mono_ms() + ANSWER_MS;
    char part[8192];
    ssize_t n;

    do {
        struct pollfd polled = {.fd = fd, .events = POLLIN};
        const int64_t left_ms = until_ms - zdd_mono_ms();

        if (left_ms <= 0 || poll(&polled, 1, (int)left_ms) <= 0)
            return false;
        n = recv(fd, part, sizeof(part), 0);
        if (n > 0)
            zdd_buf_append(buf, part, (size_t)n);
    } while (n > 0 || (n < 0 && errno == EINTR));
    return n == 0 && buf->err == ZDD_ERR_NONE;
}

bool zdd_haproxy_ask(int dir_fd, const char *command, struct zdd_buf *buf)
{
    const int fd = connect_to(dir_fd);
    char line[128];
    bool answered;

    if (fd < 0)
        return false;
    snprintf(line, sizeof(line), "%s\n", command);
    answered =
        send(fd, line, strlen(line), MSG_NOSIGNAL) == (ssize_t)strlen(line) && read_all(fd, buf);
    close(fd);
    return answered;
}

long zdd_haproxy_worker(int dir_fd)
{
    static const char key[] = "\nPid: ";
    ZDD_AUTO_BUF struct zdd_buf info = {0};
    const char *at;

    if (!zdd_haproxy_ask(dir_fd, "show info", &info) || !info.size)
        return 0;
    at = strstr(info.data, key);
    return at ? strtol(at + sizeof(key) - 1, NULL, 10) : 0;
}
