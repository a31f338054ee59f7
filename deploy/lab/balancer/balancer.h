/**
 * @file deploy/lab/balancer/balancer.h
 * @brief One balancer: its thread, what it has applied, what others may see of it.
 */
#pragma once

#include "deploy/lab/balancer/config.h"
#include "deploy/lab/balancer/haproxy.h"
#include "deploy/lab/balancer/options.h"

#include <pthread.h>
#include <stdatomic.h>

#define ZDD_BALANCER_NEVER INT64_MAX
#define ZDD_BALANCER_VHOST_PORT 9080 /* where Marathon-LB has 80, which only root may bind */

/** What others may see, under the balancer's lock. */
struct zdd_balancer_view {
    bool started, failed; /* the first start is over */
    bool running;
    pid_t master;
    long worker;
    long starts, reloads;
    long looks;       /* how often the apps were looked at and what they ask for was applied */
    json_t *left_out; /* app id → why */
    char reason[ZDD_HAPROXY_REASON_SIZE]; /* why the first start failed, or the last reload */
};

struct zdd_balancer {
    const struct zdd_lab_balancer_options *options;
    json_t *(*snapshot)(void *cls); /* the apps now, new reference; from the balancer's thread */
    void *cls;
    int number; /* from 1 */
    double speed;
    pthread_t thread;
    atomic_bool quit, poked;
    atomic_bool wanted; /* false: its host is down */
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct zdd_balancer_view view; /* guarded by lock */
    /* set before the thread begins, then read only */
    char host[ZDD_LAB_ADDRESS_SIZE];
    char dir[ZDD_HAPROXY_PATH_SIZE];
    const char *mark;
    struct zdd_mlb_settings settings; /* ports: until the first start is over, the thread's */
    /* below: the thread's own */
    struct zdd_haproxy haproxy;
    struct zdd_mlb_config applied; /* what the running worker has */
    char *wished;                  /* the text with nothing left out that led to it, or NULL */
    json_t *rejected;              /* app id → what HAProxy says against it */
    json_t *memory;                /* task id → whether it was alive */
    int64_t look_at_ms, restart_at_ms, backoff_ms, started_ms; /* zdd_mono_ms() */
};

/** Start its thread and wait for the first start of HAProxy. @return false; see view.reason */
bool zdd_balancer_start(struct zdd_balancer *balancer);

/** End thread and HAProxy; harmless when it has not started. */
void zdd_balancer_stop(struct zdd_balancer *balancer);

/** Let the thread look at what has changed; from any thread. */
void zdd_balancer_wake(struct zdd_balancer *balancer, char why);

/** Say something on stderr. */
__attribute__((format(printf, 2, 3))) void zdd_balancer_log(const struct zdd_balancer *balancer,
                                                            const char *format, ...);

/**
 * Look at the apps and apply what they ask for; reload when the text has changed, or when @p force
 * is set. What HAProxy refuses is left out, app by app. The thread's.
 */
void zdd_balancer_apply(struct zdd_balancer *balancer, bool force);
