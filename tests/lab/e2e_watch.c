/**
 * @file tests/lab/e2e_watch.c
 * @brief Who watches a deployment from outside: a load, and a reader of the event stream.
 */
#define _GNU_SOURCE /* prctl, pipe2 */
#include "tests/support/spec.h"

#include "tests/lab/e2e.h"

#include "server/base/clock.h"
#include "server/base/wait.h"
#include "server/net/sse.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define LINE_SIZE 512
#define ENOUGH 20 /* answers after which a version has been seen to serve */
#define PAUSE_NS 10000000L

__attribute__((noreturn)) static void become_load(const struct e2e *e, const char *app_id, int out)
{
    const char *const argv[] = {ZDD_LOAD_PROGRAM, "--marathon", e->lab->run.url, "--app",
                                app_id,           "--rate",     "150",           NULL};

    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    (void)dup2(out, STDOUT_FILENO);
    execv(ZDD_LOAD_PROGRAM, (char *const *)(uintptr_t)argv);
    _exit(127);
}

/* One line of counts, as JSON; fails the test when none comes. */
static json_t *read_counts(const struct e2e_load *load)
{
    const int64_t until_ms = zdd_mono_ms() + E2E_WAIT_MS;
    char line[LINE_SIZE] = "";
    size_t size = 0;
    json_t *json;

    while (size + 1 < sizeof(line) && (size == 0 || line[size - 1] != '\n')) {
        struct pollfd polled = {.fd = load->out, .events = POLLIN};

        if (poll(&polled, 1, (int)(until_ms - zdd_mono_ms())) <= 0 ||
            read(load->out, line + size, 1) != 1)
            fail_msg("zdd-load says nothing (more): \"%s\"", line);
        size++;
    }
    json = json_loads(line, 0, NULL);
    if (!json)
        fail_msg("zdd-load says no JSON: %s", line);
    return json;
}

static json_t *ask_counts(const struct e2e_load *load)
{
    assert_int_equal(kill(load->pid, SIGUSR1), 0);
    return read_counts(load);
}

static long answered_by(const json_t *counts, const char *version)
{
    return (long)zdd_json_int(json_object_get(counts, "versions"), version, 0);
}

void e2e_load_until(struct e2e_load *load, const char *version)
{
    const int64_t until_ms = zdd_mono_ms() + E2E_WAIT_MS;
    ZDD_AUTO_JSON json_t *before = ask_counts(load);
    const long wanted = answered_by(before, version) + ENOUGH;

    for (;;) {
        ZDD_AUTO_JSON json_t *counts = ask_counts(load);

        if (answered_by(counts, version) >= wanted)
            return;
        if (zdd_mono_ms() > until_ms)
            fail_msg("version %s does not answer", version);
        nanosleep(&(struct timespec){.tv_nsec = PAUSE_NS}, NULL);
    }
}

struct e2e_load e2e_load_start(struct e2e *e, const char *app_id)
{
    struct e2e_load load;
    int ends[2];

    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    load.pid = fork();
    if (load.pid == 0)
        become_load(e, app_id, ends[1]);
    assert_true(load.pid > 0);
    close(ends[1]);
    load.out = ends[0];
    json_decref(read_counts(&load)); /* from now on it hears signals */
    return load;
}

struct e2e_counts e2e_load_stop(struct e2e_load *load)
{
    ZDD_AUTO_JSON json_t *last = NULL;
    struct e2e_counts counts;
    int status = 0;

    assert_int_equal(kill(load->pid, SIGTERM), 0);
    last = read_counts(load);
    assert_int_equal(waitpid(load->pid, &status, 0), load->pid);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) < 2);
    close(load->out);
    counts = (struct e2e_counts){
        .answered = (long)zdd_json_int(last, "answered", -1),
        .failed = (long)zdd_json_int(last, "failed", -1),
        .by_old = answered_by(last, "0.9"),
        .by_new = answered_by(last, "1.0"),
    };
    print_message("             load: %ld answered (%ld by 0.9, %ld by 1.0), %ld failed\n",
                  counts.answered, counts.by_old, counts.by_new, counts.failed);
    return counts;
}

static void on_open(void *cls)
{
    struct e2e_stream *stream = cls;

    pthread_mutex_lock(&stream->lock);
    stream->open = true;
    pthread_cond_broadcast(&stream->changed);
    pthread_mutex_unlock(&stream->lock);
}

static void on_event(void *cls, const char *event, const char *data, size_t size)
{
    struct e2e_stream *stream = cls;
    json_t *json = json_loadb(data, size, 0, NULL);

    (void)event;
    pthread_mutex_lock(&stream->lock);
    json_array_append_new(stream->events, json ? json : json_null());
    pthread_cond_broadcast(&stream->changed);
    pthread_mutex_unlock(&stream->lock);
}

static void on_lost(void *cls, const char *reason)
{
    (void)cls;
    (void)reason; /* a test that loses its server closes the stream itself */
}

/* Wait for news with the lock held. @return false when it has taken too long */
static bool wait_for_news(struct e2e_stream *stream, int64_t until_ms)
{
    return zdd_cond_wait(&stream->changed, &stream->lock, until_ms);
}

static void start_stream(struct e2e_stream *stream)
{
    pthread_mutex_init(&stream->lock, NULL);
    zdd_cond_init(&stream->changed);
    stream->events = json_array();
    stream->sse = zdd_sse_start(&(struct zdd_sse_options){
        .urls = stream->urls,
        .url_count = 1,
        .auth = {.header = stream->header},
        .on_open = on_open,
        .on_event = on_event,
        .on_lost = on_lost,
        .cls = stream,
    });
    assert_non_null(stream->sse);
}

struct e2e_stream *e2e_stream_open(struct e2e *e, const char *path)
{
    const int64_t until_ms = zdd_mono_ms() + E2E_WAIT_MS;
    struct e2e_stream *stream = calloc(1, sizeof(*stream));
    bool waited = true;

    assert_non_null(stream);
    snprintf(stream->url, sizeof(stream->url), "%s%s", e->server.url, path);
    snprintf(stream->header, sizeof(stream->header), "Authorization: Bearer %s", e->server.token);
    stream->urls[0] = stream->url;
    start_stream(stream);
    pthread_mutex_lock(&stream->lock);
    while (!stream->open && waited)
        waited = wait_for_news(stream, until_ms);
    pthread_mutex_unlock(&stream->lock);
    assert_true(waited);
    return stream;
}

static bool is_there(const json_t *events, const char *type, const char *id)
{
    for (size_t i = 0; i < json_array_size(events); i++) {
        const json_t *event = json_array_get(events, i);

        if (strcmp(zdd_json_text(event, "type", ""), type) == 0 &&
            (!id || strcmp(zdd_json_text(event, "deploymentId", ""), id) == 0))
            return true;
    }
    return false;
}

void e2e_stream_until(struct e2e_stream *stream, const char *type, const char *id)
{
    const int64_t until_ms = zdd_mono_ms() + E2E_WAIT_MS;
    bool there;
    bool waited = true;

    pthread_mutex_lock(&stream->lock);
    for (there = is_there(stream->events, type, id); !there && waited;
         there = is_there(stream->events, type, id))
        waited = wait_for_news(stream, until_ms);
    pthread_mutex_unlock(&stream->lock);
    if (!there)
        fail_msg("no %s came over the stream", type);
}

json_t *e2e_stream_close(struct e2e_stream *stream)
{
    json_t *events;

    zdd_sse_free(stream->sse);
    events = stream->events;
    pthread_cond_destroy(&stream->changed);
    pthread_mutex_destroy(&stream->lock);
    free(stream);
    return events;
}
