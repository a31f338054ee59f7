/**
 * @file deploy/load/load.h
 * @brief Callers side by side, and what became of their requests.
 *
 * Without balancers it balances as HAProxy does by default: round robin over the healthy
 * instances, and a connection that is refused or cut before an answer is tried again elsewhere
 * (retries 3, redispatch). A request has failed when no instance answered it with 2xx.
 *
 * Through balancers each request goes to one of them, once, and nothing is tried again behind our
 * back; of several the next one is asked when the connection was refused or cut, as by clients that
 * know several addresses. Each request is that of somebody new, or, with users, of one who comes
 * back with the cookies that balancers gave him.
 */
#pragma once

#include "deploy/load/targets.h"
#include "deploy/load/users.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#define LOAD_THREADS_MAX 32
#define LOAD_THROUGH_MAX 4
#define LOAD_VERSIONS_MAX 8
#define LOAD_VERSION_SIZE 32

struct load {
    const char *marathon, *app, *path;
    const char *through[LOAD_THROUGH_MAX]; /* balancers; none: we are it */
    unsigned through_count;
    atomic_uint through_turn;
    const char *header;      /* one more line of each request, or NULL */
    long slow_ms;            /* an answer before that has been cut short … */
    char slow_path[32];      /* … and what is then asked for */
    long threads, rate;      /* requests per second, all threads together */
    struct targets *targets; /* NULL with --through */
    size_t user_count;       /* 0: everybody is new */
    struct user *users;      /* number i belongs to caller i % threads */
    atomic_size_t callers;   /* that have begun: each takes its number there */
    atomic_bool stop;
    pthread_mutex_t lock;
    /* below: guarded by lock */
    unsigned long answered, failed, retried, connections;
    size_t version_count;
    struct {
        char name[LOAD_VERSION_SIZE];
        unsigned long answered, failed; /* failed: answered, but not well */
    } version[LOAD_VERSIONS_MAX];
};

/** One caller: ask until load->stop is set. @param cls struct load @return NULL */
void *load_run(void *cls);

/** Print the counts so far as one line of JSON. */
void load_report(struct load *load);
