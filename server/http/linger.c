/**
 * @file server/http/linger.c
 * @brief One thread that drains sockets which are about to be closed.
 */
#include "server/http/linger.h"

#include "server/base/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define KEPT_MAX 32       /* sockets; above it they are closed at once, reset or not */
#define KEEP_MS 2000      /* longest time for one */
#define DRAIN_MAX 8388608 /* bytes to drop from one */

struct kept {
    int fd;
    int64_t end_mono_ms;
    size_t dropped;
};

struct zdd_linger {
    pthread_t thread;
    int wake[2]; /* a byte into [1] ends the thread's poll */
    pthread_mutex_t lock;
    /* under the lock */
    int arrived[KEPT_MAX];
    size_t arrived_count;
    size_t kept_count; /* arrived ones too */
    bool stop;
};

/* Read what is there. @return false when the socket is to be closed */
static bool drain(struct kept *kept)
{
    char rubbish[16384];
    const ssize_t size = recv(kept->fd, rubbish, sizeof(rubbish), MSG_DONTWAIT);

    if (size < 0)
        return errno == EAGAIN || errno == EINTR;
    kept->dropped += (size_t)size;
    return size > 0 && kept->dropped < DRAIN_MAX;
}

/* Take over what has arrived. @return false when the thread is to end */
static bool collect(struct zdd_linger *linger, struct kept *kept, size_t *count)
{
    char byte[64];
    bool go_on;

    (void)!read(linger->wake[0], byte,
                sizeof(byte)); /* it does not block; the lists tell the rest */
    pthread_mutex_lock(&linger->lock);
    for (size_t i = 0; i < linger->arrived_count; i++)
        kept[(*count)++] = (struct kept){linger->arrived[i], zdd_mono_ms() + KEEP_MS, 0};
    linger->arrived_count = 0;
    go_on = !linger->stop;
    pthread_mutex_unlock(&linger->lock);
    return go_on;
}

/* Close those that have ended and list the others for poll(). @return how long it may wait, -1 for
 * ever */
static int prepare(struct zdd_linger *linger, struct kept *kept, size_t *count,
                   struct pollfd *polls)
{
    const int64_t now_ms = zdd_mono_ms();
    int wait_ms = -1;
    size_t left = 0;

    for (size_t i = 0; i < *count; i++) {
        const int64_t left_ms = kept[i].end_mono_ms - now_ms;

        if (left_ms <= 0 || !drain(&kept[i])) {
            close(kept[i].fd);
            continue;
        }
        if (wait_ms < 0 || left_ms < wait_ms)
            wait_ms = (int)left_ms;
        polls[1 + left] = (struct pollfd){.fd = kept[i].fd, .events = POLLIN};
        kept[left++] = kept[i];
    }
    pthread_mutex_lock(&linger->lock);
    linger->kept_count -= *count - left;
    pthread_mutex_unlock(&linger->lock);
    *count = left;
    return wait_ms;
}

static void *run(void *cls)
{
    struct zdd_linger *linger = cls;
    struct kept kept[KEPT_MAX];
    struct pollfd polls[1 + KEPT_MAX];
    size_t count = 0;

    polls[0] = (struct pollfd){.fd = linger->wake[0], .events = POLLIN};
    while (collect(linger, kept, &count)) {
        const int wait_ms = prepare(linger, kept, &count, polls);

        poll(polls, 1 + count, wait_ms);
    }
    for (size_t i = 0; i < count; i++)
        close(kept[i].fd);
    return NULL;
}

static void wake(struct zdd_linger *linger)
{
    (void)!write(linger->wake[1], "", 1); /* a full pipe wakes as well */
}

void zdd_linger_keep(struct zdd_linger *linger, int fd)
{
    pthread_mutex_lock(&linger->lock);
    if (linger->kept_count < KEPT_MAX && !linger->stop) {
        const int copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);

        if (copy >= 0) {
            linger->arrived[linger->arrived_count++] = copy;
            linger->kept_count++;
        }
    }
    pthread_mutex_unlock(&linger->lock);
    wake(linger);
}

static bool open_pipe(int ends[2])
{
    if (pipe(ends) != 0)
        return false;
    for (int i = 0; i < 2; i++) {
        fcntl(ends[i], F_SETFD, FD_CLOEXEC);
        fcntl(ends[i], F_SETFL, O_NONBLOCK);
    }
    return true;
}

struct zdd_linger *zdd_linger_start(void)
{
    struct zdd_linger *linger = calloc(1, sizeof(*linger));

    if (!linger || !open_pipe(linger->wake)) {
        free(linger);
        return NULL;
    }
    pthread_mutex_init(&linger->lock, NULL);
    if (pthread_create(&linger->thread, NULL, run, linger) == 0)
        return linger;
    close(linger->wake[0]);
    close(linger->wake[1]);
    pthread_mutex_destroy(&linger->lock);
    free(linger);
    return NULL;
}

struct zdd_linger *zdd_linger_free(struct zdd_linger *linger)
{
    if (!linger)
        return NULL;
    pthread_mutex_lock(&linger->lock);
    linger->stop = true;
    pthread_mutex_unlock(&linger->lock);
    wake(linger);
    pthread_join(linger->thread, NULL);
    close(linger->wake[0]);
    close(linger->wake[1]);
    pthread_mutex_destroy(&linger->lock);
    free(linger);
    return NULL;
}
