/**
 * @file tests/bench/support/viewers.c
 * @brief Open dashboards.
 */
#include "tests/bench/support/viewers.h"

#include "tests/bench/support/figures.h"
#include "tests/bench/support/load.h"

#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* As in store.js. */
#define SINGLE_MAX 8
#define GATHER_MS 100
#define RECENT "24"

#define ID_SIZE 37
#define LOOK_MS 50 /* a thread sees at least that often that it shall end */
#define TEXT_SIZE 65536
#define MARK "\"deploymentId\":\""

struct viewer {
    struct viewers *all;
    pthread_t thread;
    int fd;
    char text[TEXT_SIZE]; /* of the stream; what is no whole event stays */
    size_t size;
    char named[SINGLE_MAX + 1][ID_SIZE]; /* deployments of the events since due_ns was set */
    size_t named_count;
    int64_t due_ns; /* 0: no event came */
};

struct viewers {
    uint16_t port;
    const char *token;
    unsigned count;
    atomic_bool stop;
    atomic_ullong events, lists, singles;
    struct viewer viewer[];
};

struct reading {
    const char *path, *token;
};

static size_t make_reading(void *cls, uint64_t number, char text[static LOAD_REQUEST_SIZE])
{
    const struct reading *reading = cls;

    (void)number;
    return load_browse(text, reading->path, reading->token);
}

static void read_path(const struct viewers *all, const char *path)
{
    struct reading reading = {path, all->token};
    const struct load_options options = {.port = all->port,
                                         .connections = 1,
                                         .request_max = 1,
                                         .time_max_ms = 30000,
                                         .status = 200,
                                         .make = make_reading,
                                         .cls = &reading};
    struct load_result result;

    if (!load_run(&options, &result))
        bench_fail("a dashboard cannot read %s: %u", path, result.last_status);
}

static void read_lists(struct viewers *all)
{
    read_path(all, "/v1/deployments?ended=false&limit=200");
    read_path(all, "/v1/deployments?limit=" RECENT);
    atomic_fetch_add(&all->lists, 1);
}

static void read_named(struct viewer *viewer)
{
    struct viewers *all = viewer->all;
    const size_t count = viewer->named_count;
    char path[80];

    viewer->named_count = 0;
    viewer->due_ns = 0;
    if (count > SINGLE_MAX) {
        read_lists(all);
        return;
    }
    for (size_t i = 0; i < count; i++) {
        snprintf(path, sizeof(path), "/v1/deployments/%s", viewer->named[i]);
        read_path(all, path);
    }
    atomic_fetch_add(&all->singles, count);
}

static void note(struct viewer *viewer, const char *id)
{
    atomic_fetch_add(&viewer->all->events, 1);
    if (viewer->due_ns == 0)
        viewer->due_ns = bench_now_ns() + GATHER_MS * INT64_C(1000000);
    for (size_t i = 0; i < viewer->named_count; i++) {
        if (memcmp(viewer->named[i], id, ID_SIZE - 1) == 0)
            return;
    }
    if (viewer->named_count <= SINGLE_MAX) {
        memcpy(viewer->named[viewer->named_count], id, ID_SIZE - 1);
        viewer->named[viewer->named_count++][ID_SIZE - 1] = '\0';
    }
}

/* Each event names its deployment once; keep what may be the beginning of the next name. */
static void take(struct viewer *viewer)
{
    const char *end = viewer->text + viewer->size;
    const char *at = viewer->text;
    const char *found = strstr(at, MARK);

    for (; found && found + strlen(MARK) + ID_SIZE <= end; found = strstr(at, MARK)) {
        note(viewer, found + strlen(MARK));
        at = found + strlen(MARK) + ID_SIZE;
    }
    if (!found && end - at > (long)strlen(MARK))
        found = end - strlen(MARK);
    viewer->size = (size_t)(end - (found ? found : at));
    memmove(viewer->text, end - viewer->size, viewer->size);
}

static void hear(struct viewer *viewer)
{
    const ssize_t size = recv(viewer->fd, viewer->text + viewer->size,
                              sizeof(viewer->text) - 1 - viewer->size, MSG_DONTWAIT);

    if (size <= 0)
        bench_fail("the stream of a dashboard was cut");
    viewer->size += (size_t)size;
    viewer->text[viewer->size] = '\0';
    take(viewer);
}

static void *look(void *cls)
{
    struct viewer *viewer = cls;

    read_lists(viewer->all);
    while (!atomic_load(&viewer->all->stop)) {
        struct pollfd polled = {.fd = viewer->fd, .events = POLLIN};

        if (poll(&polled, 1, viewer->due_ns ? GATHER_MS / 10 : LOOK_MS) > 0)
            hear(viewer);
        if (viewer->due_ns && bench_now_ns() >= viewer->due_ns)
            read_named(viewer);
    }
    close(viewer->fd);
    return NULL;
}

static void open_stream(struct viewer *viewer)
{
    char request[LOAD_REQUEST_SIZE];
    size_t size = load_browse(request, "/v1/events", viewer->all->token) - strlen("\r\n");

    size += (size_t)snprintf(request + size, sizeof(request) - size,
                             "Accept: text/event-stream\r\n\r\n");
    viewer->fd = load_dial(viewer->all->port);
    if (viewer->fd < 0 || send(viewer->fd, request, size, MSG_NOSIGNAL) != (ssize_t)size)
        bench_fail("no stream for a dashboard");
}

struct viewers *viewers_start(uint16_t port, const char *token, unsigned count)
{
    struct viewers *all = calloc(1, sizeof(*all) + count * sizeof(struct viewer));

    if (!all || count > VIEWERS_MAX)
        bench_fail("no room for %u dashboards", count);
    all->port = port;
    all->token = token;
    all->count = count;
    for (unsigned i = 0; i < count; i++) {
        all->viewer[i].all = all;
        open_stream(&all->viewer[i]);
        if (pthread_create(&all->viewer[i].thread, NULL, look, &all->viewer[i]) != 0)
            bench_fail("no thread for a dashboard");
    }
    return all;
}

void viewers_counts(const struct viewers *viewers, struct viewers_counts *ret_counts)
{
    *ret_counts =
        (struct viewers_counts){atomic_load(&viewers->events), atomic_load(&viewers->lists),
                                atomic_load(&viewers->singles)};
}

struct viewers *viewers_free(struct viewers *viewers)
{
    atomic_store(&viewers->stop, true);
    for (unsigned i = 0; i < viewers->count; i++)
        pthread_join(viewers->viewer[i].thread, NULL);
    free(viewers);
    return NULL;
}
