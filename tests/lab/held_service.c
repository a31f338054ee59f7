/**
 * @file tests/lab/held_service.c
 * @brief A service whose moments a test holds in its hand: it is healthy when the file $HOLD_HEALTH
 * is there, from then on for good, and told to end it goes when the file $HOLD_END is there. When
 * it hears signals it says so with the file $HOLD_UP-$MESOS_TASK_ID.
 */
#include "deploy/lab/tinyhttp.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#define LOOK_NS 3000000L

struct held {
    const char *health, *end; /* paths */
    bool healthy;
    int stop_fd;
    sigset_t set;
};

static void *wait_for_end(void *cls)
{
    const struct held *held = cls;
    int number;

    (void)sigwait(&held->set, &number);
    while (access(held->end, F_OK) != 0) /* ends: the lab kills with a limit, and at its own end */
        nanosleep(&(struct timespec){.tv_nsec = LOOK_NS}, NULL);
    (void)eventfd_write(held->stop_fd, 1);
    return NULL;
}

static void answer(void *cls, const struct zdd_tiny_request *request, struct zdd_tiny_answer *reply)
{
    struct held *held = cls;

    held->healthy = held->healthy || access(held->health, F_OK) == 0;
    reply->status = strcmp(request->path, "/health") == 0 && !held->healthy ? 503 : 200;
    zdd_buf_text(&reply->body, "{}\n");
}

static bool say_up(const char *prefix, const char *task)
{
    char path[512];
    FILE *file;

    snprintf(path, sizeof(path), "%s-%s", prefix, task);
    file = fopen(path, "we");
    return file && fclose(file) == 0;
}

int main(void)
{
    struct held held = {.health = getenv("HOLD_HEALTH"), .end = getenv("HOLD_END")};
    const char *port = getenv("PORT0");
    const char *up = getenv("HOLD_UP");
    const char *task = getenv("MESOS_TASK_ID");
    pthread_t thread;
    int status;

    if (!held.health || !held.end || !port || !up || !task) {
        fputs("held_service: HOLD_HEALTH, HOLD_END and HOLD_UP must be set, by zdd-lab\n", stderr);
        return 2;
    }
    held.stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    sigemptyset(&held.set);
    sigaddset(&held.set, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &held.set, NULL);
    if (held.stop_fd < 0 || !say_up(up, task) ||
        pthread_create(&thread, NULL, wait_for_end, &held) != 0)
        return 1;
    status = zdd_tiny_serve((uint16_t)strtoul(port, NULL, 10), held.stop_fd, answer, &held);
    pthread_join(thread, NULL);
    return status;
}
