/**
 * @file deploy/lab/lab.h
 * @brief The lab itself: its state, its lock, its clock, its timers.
 *
 * One thread (zdd_lab_run()) owns processes, probes and timers. HTTP threads take the lock,
 * call functions of the lab, give it back and wake that thread. Only the core thread starts
 * processes: a parent-death signal fires when the *thread* that forked ends.
 */
#pragma once

#include "deploy/lab/events.h"
#include "deploy/lab/faults.h"
#include "deploy/lab/model.h"
#include "deploy/lab/options.h"

#include <pthread.h>

struct zdd_lab_balancers;
struct zdd_lab_checker;
struct zdd_lab_probes;
struct zdd_lab_waiter;
struct zdd_lab_wipe;

#define ZDD_LAB_CROWDS 256 /* a power of two: hundreds of apps have few neighbours each */

struct zdd_lab {
    const struct zdd_lab_options *options;
    pthread_mutex_t lock;
    pthread_t core;
    int signal_fd;
    bool stopping;
    bool dirty; /* something happened that may move a deployment or launch a task */
    int64_t started_mono_ms, started_utc_ms;
    int64_t last_version_ms; /* versions never repeat */
    char mark[80];           /* "ZDD_LAB_ID=…", in the environment of every task */
    char state_dir[512];
    char url[128], authority[96]; /* where it listens */
    uint16_t port;                /* the API's own; no task gets it */
    uint16_t next_port;           /* next host port to try */

    struct zdd_lab_timer **heap;
    size_t heap_count, heap_capacity;

    struct zdd_lab_app *apps;
    struct zdd_lab_group *groups;
    int64_t root_version_ms;
    struct zdd_lab_instance *first, *last;
    struct zdd_lab_instance *crowd[ZDD_LAB_CROWDS]; /* instances by a hash of their app */
    struct zdd_lab_deployment *deployments;
    struct zdd_lab_delay *delays;
    struct zdd_lab_checker *checkers;
    struct zdd_lab_probes *probes;
    struct zdd_lab_balancers *balancers; /* NULL without */
    struct zdd_lab_waiter *waiters;
    struct zdd_lab_wipe *wipes;
    struct zdd_lab_root *roots; /* newest first */
    struct zdd_lab_events events;
    struct zdd_lab_faults faults;
    struct zdd_lab_timer scale_check, reconcile, heartbeat, fault_tick, offers, offer_round,
        leader_switch;
    int offer_used; /* launches in this round of offers */
    uint64_t call_count, launch_count;
};

/** @return milliseconds since the lab started; never jumps */
int64_t zdd_lab_now(const struct zdd_lab *lab);

/** @return UTC milliseconds, steady: the time of the start plus zdd_lab_now() */
int64_t zdd_lab_utc(const struct zdd_lab *lab);

/** @return a version later than every earlier one, close to now */
int64_t zdd_lab_version_new(struct zdd_lab *lab);

/** @return @p ms of Marathon's time in the lab's: divided by --speed, at least 1 when @p ms is
 * above 0 */
int64_t zdd_lab_scaled(const struct zdd_lab *lab, int64_t ms);

/** Set @p timer to fire @p in_ms from now; moves it when it is already set. */
void zdd_lab_timer_set(struct zdd_lab *lab, struct zdd_lab_timer *timer, int64_t in_ms,
                       void (*fire)(struct zdd_lab *lab, void *cls), void *cls);

/** Unset @p timer; harmless when it is not set. */
void zdd_lab_timer_stop(struct zdd_lab *lab, struct zdd_lab_timer *timer);

/** Fire everything that is due. @return milliseconds until the next one, at most @p max_ms */
int64_t zdd_lab_timers_fire(struct zdd_lab *lab, int64_t max_ms);

/** @return false with a sentence on stderr when the system refuses what the lab needs */
bool zdd_lab_init(struct zdd_lab *lab, const struct zdd_lab_options *options);

/** Run until SIGTERM or SIGINT; the calling thread becomes the core. Then end all tasks. */
void zdd_lab_run(struct zdd_lab *lab);

/** Let the core thread look again; from any thread. */
void zdd_lab_wake(struct zdd_lab *lab);

void zdd_lab_release(struct zdd_lab *lab);
