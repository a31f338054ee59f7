/**
 * @file deploy/lab/balancer/files.c
 * @brief Written beside, then renamed.
 */
#include "deploy/lab/balancer/files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static bool write_all(int fd, const char *text, size_t size)
{
    while (size > 0) {
        const ssize_t n = write(fd, text, size);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        text += n;
        size -= (size_t)n;
    }
    return true;
}

bool zdd_file_replace(int dir_fd, const char *name, const char *text, size_t size)
{
    char beside[64];
    int fd;
    bool written;

    snprintf(beside, sizeof(beside), "%s.new", name);
    fd = openat(dir_fd, beside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (fd < 0)
        return false;
    written = write_all(fd, text, size);
    if (close(fd) != 0 || !written)
        return false;
    return renameat(dir_fd, beside, dir_fd, name) == 0;
}

bool zdd_file_read(int dir_fd, const char *name, size_t max, struct zdd_buf *buf)
{
    const int fd = openat(dir_fd, name, O_RDONLY | O_CLOEXEC);
    char part[4096];
    ssize_t n = 1;

    if (fd < 0)
        return false;
    while (n > 0 && max > 0) {
        n = read(fd, part, max < sizeof(part) ? max : sizeof(part));
        if (n > 0) {
            zdd_buf_append(buf, part, (size_t)n);
            max -= (size_t)n;
        }
    }
    close(fd);
    return n >= 0;
}
