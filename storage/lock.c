/**
 * @file storage/lock.c
 * @brief The lock file says who holds the database; the kernel frees it with the process.
 */
#include "storage/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define PATH_SIZE 4096
#define HOLDER_SIZE 120
#define POLL_NS 200000000L /* a standby takes over this soon, at most */

static enum zdd_err err_of(int number)
{
    switch (number) {
    case ENOSPC:
    case EDQUOT:
        return ZDD_ERR_STORE_FULL;
    case EACCES:
    case EPERM:
    case EROFS:
        return ZDD_ERR_STORE_READ_ONLY;
    case ENOMEM:
        return ZDD_ERR_NO_MEMORY;
    default:
        return ZDD_ERR_STORE_CANNOT_OPEN;
    }
}

/* What to do about it. */
static const char *advice_of(int number)
{
    switch (number) {
    case ENOENT:
    case ENOTDIR:
        return "the directory does not exist; create it, or give another --db";
    case ENOSPC:
    case EDQUOT:
        return "the disk is full; free some space";
    case EACCES:
    case EPERM:
        return "this user may not write there; correct owner and mode, or run as another user";
    case EROFS:
        return "the file system is mounted read-only";
    case EISDIR:
        return "it is a directory; name a file";
    default:
        return NULL;
    }
}

static enum zdd_err cannot_create(const char *path, int number,
                                  char ret_reason[static ZDD_REASON_TEXT_SIZE])
{
    const char *advice = advice_of(number);
    char words[80];

    if (!advice) {
        (void)snprintf(words, sizeof(words), "error %d of the operating system", number);
        advice = words;
    }
    (void)snprintf(ret_reason, ZDD_REASON_TEXT_SIZE, "Cannot create %.180s: %s.", path, advice);
    return err_of(number);
}

/* Read who holds it; a holder that has not written yet, or an older one, is no problem. */
static void read_holder(int fd, char holder[static HOLDER_SIZE])
{
    const ssize_t size = pread(fd, holder, HOLDER_SIZE - 1, 0);
    char *end;

    holder[size > 0 ? size : 0] = '\0';
    end = strchr(holder, '\n');
    if (end)
        *end = '\0';
    if (holder[0] == '\0')
        (void)snprintf(holder, HOLDER_SIZE, "another process");
}

/* Only the first line counts. It is for humans: a disk too full for it is no reason to stop. */
static void write_holder(int fd, const char *holder)
{
    char line[HOLDER_SIZE];
    const int size = snprintf(line, sizeof(line), "%.110s\n", holder);
    const ssize_t written = pwrite(fd, line, (size_t)size, 0);

    (void)written;
}

static bool gave_up(const bool *give_up)
{
    return give_up && __atomic_load_n(give_up, __ATOMIC_RELAXED);
}

/* Try until it works, an error comes, or the caller gives up. @return errno, or 0 */
static int wait_for(int fd, const struct zdd_store_options *options)
{
    const struct timespec pause = {.tv_nsec = POLL_NS};
    int number = flock(fd, LOCK_EX | LOCK_NB) == 0 ? 0 : errno;

    while (number == EINTR || (number == EWOULDBLOCK && options->standby)) {
        if (gave_up(options->give_up)) /* ends: the caller's word, or the holder's end */
            return EWOULDBLOCK;
        if (number == EWOULDBLOCK)
            (void)nanosleep(&pause, NULL);
        number = flock(fd, LOCK_EX | LOCK_NB) == 0 ? 0 : errno;
    }
    return number;
}

enum zdd_err zdd_lock_take(const struct zdd_store_options *options, int *ret_fd,
                           char ret_reason[static ZDD_REASON_TEXT_SIZE])
{
    char path[PATH_SIZE];
    char holder[HOLDER_SIZE];
    int number;
    int fd;

    if (snprintf(path, sizeof(path), "%s.lock", options->path) >= (int)sizeof(path))
        return cannot_create(options->path, ENAMETOOLONG, ret_reason);
    fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, S_IRUSR | S_IWUSR);
    if (fd < 0)
        return cannot_create(path, errno, ret_reason);
    number = wait_for(fd, options);
    if (number == 0) {
        write_holder(fd, options->holder ? options->holder : "zdd");
        *ret_fd = fd;
        return ZDD_ERR_NONE;
    }
    read_holder(fd, holder);
    close(fd);
    if (number != EWOULDBLOCK)
        return cannot_create(path, number, ret_reason);
    (void)snprintf(ret_reason, ZDD_REASON_TEXT_SIZE,
                   "The database %.100s is held by %s. Stop it, or wait for it with --standby.",
                   options->path, holder);
    return ZDD_ERR_STORE_HELD;
}

void zdd_lock_drop(int fd)
{
    if (fd < 0)
        return;
    write_holder(fd, ""); /* nobody holds it */
    close(fd);
}

enum zdd_err zdd_lock_create(const char *path, char ret_reason[static ZDD_REASON_TEXT_SIZE])
{
    const int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR | S_IWUSR);

    if (fd < 0)
        return errno == EEXIST ? ZDD_ERR_NONE : cannot_create(path, errno, ret_reason);
    close(fd);
    return ZDD_ERR_NONE;
}
