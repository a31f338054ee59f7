/**
 * @file deploy/lab/balancer/balancer.c
 * @brief The thread of a balancer: it waits for events, for signals, for HAProxy's death.
 */
#include "deploy/lab/balancer/balancer.h"

#include "deploy/lab/balancer/ports.h"
#include "server/base/clock.h"
#include "server/base/crypto.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define LOOK_MIN_MS 100      /* with a reload of 100 to 300 ms: what was measured of a real one */
#define LOOK_SPREAD_MS 200   /* and no two balancers look at the same moment */
#define LOOK_QUIET_MS 300000 /* without any event */
#define LOOK_FLOOR_MS 10     /* at any speed: a look takes the lab's lock */
#define RESTART_FIRST_MS 50
#define RESTART_MAX_MS 5000
#define STEADY_MS 2000 /* HAProxy that has lived so long did not die of its start */
#define FREE_MS 2000   /* for the sockets of a dead worker to close */
#define PAUSE_NS 5000000L
#define PORT_TRIES 5 /* a free port may be taken before HAProxy has it */

void zdd_balancer_log(const struct zdd_balancer *balancer, const char *format, ...)
{
    char text[600];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    fprintf(stderr, "zdd-lab: balancer %d: %s\n", balancer->number, text);
}

void zdd_balancer_wake(struct zdd_balancer *balancer, char why)
{
    (void)!write(balancer->haproxy.signal_fd, &why, 1); /* full: it has enough to wake for */
}

static void publish(struct zdd_balancer *balancer)
{
    pthread_mutex_lock(&balancer->lock);
    balancer->view.running = balancer->haproxy.master != 0;
    balancer->view.master = balancer->haproxy.master;
    balancer->view.worker = balancer->haproxy.worker;
    pthread_mutex_unlock(&balancer->lock);
}

static void look_later(struct zdd_balancer *balancer)
{
    uint32_t draw = 0;
    int64_t wait_ms;
    int64_t at_ms;

    zdd_random(&draw, sizeof(draw));
    wait_ms = (int64_t)((LOOK_MIN_MS + draw % LOOK_SPREAD_MS) / balancer->speed);
    at_ms = zdd_mono_ms() + (wait_ms > LOOK_FLOOR_MS ? wait_ms : LOOK_FLOOR_MS);
    if (at_ms < balancer->look_at_ms) /* events that come meanwhile are in it */
        balancer->look_at_ms = at_ms;
}

static bool start_haproxy(struct zdd_balancer *balancer,
                          char ret_reason[static ZDD_HAPROXY_REASON_SIZE])
{
    if (!zdd_haproxy_start(&balancer->haproxy, ret_reason))
        return false;
    balancer->started_ms = zdd_mono_ms();
    pthread_mutex_lock(&balancer->lock);
    balancer->view.starts++;
    pthread_mutex_unlock(&balancer->lock);
    publish(balancer);
    return true;
}

static void restart_later(struct zdd_balancer *balancer)
{
    const bool was_steady = zdd_mono_ms() - balancer->started_ms >= STEADY_MS;

    balancer->backoff_ms = was_steady ? RESTART_FIRST_MS : balancer->backoff_ms * 2;
    if (balancer->backoff_ms > RESTART_MAX_MS)
        balancer->backoff_ms = RESTART_MAX_MS;
    if (balancer->backoff_ms < RESTART_FIRST_MS)
        balancer->backoff_ms = RESTART_FIRST_MS;
    balancer->restart_at_ms = zdd_mono_ms() + balancer->backoff_ms;
}

/* A killed worker is not our child: what can be seen is that its sockets are closed. */
static void await_free(const struct zdd_balancer *balancer)
{
    const int64_t until_ms = zdd_mono_ms() + FREE_MS;
    char bind[32];

    snprintf(bind, sizeof(bind), "%s:%u", balancer->host, balancer->settings.stats_port);
    while (zdd_bind_try(bind) != 0 && zdd_mono_ms() < until_ms)
        nanosleep(&(struct timespec){.tv_nsec = PAUSE_NS}, NULL);
}

/* Nothing is bound any more: the next look tries every address. */
static void end_haproxy(struct zdd_balancer *balancer)
{
    zdd_haproxy_end(&balancer->haproxy);
    await_free(balancer);
    zdd_mlb_config_release(&balancer->applied);
    free(balancer->wished);
    balancer->wished = NULL;
    publish(balancer);
}

static void mind_death(struct zdd_balancer *balancer)
{
    zdd_balancer_log(balancer, "HAProxy has died; it is started again");
    end_haproxy(balancer);
    restart_later(balancer);
}

static void mind_start(struct zdd_balancer *balancer)
{
    char reason[ZDD_HAPROXY_REASON_SIZE] = "";

    zdd_balancer_apply(balancer, false); /* its configuration is of now, not of its death */
    balancer->restart_at_ms = ZDD_BALANCER_NEVER;
    if (start_haproxy(balancer, reason))
        return;
    zdd_balancer_log(balancer, "HAProxy does not start: %s", reason);
    restart_later(balancer);
}

/* @return true when somebody asked for a reload, whatever the text */
static bool read_signals(struct zdd_balancer *balancer)
{
    const int fd = balancer->haproxy.signal_fd;
    char byte;
    bool forced = false;

    atomic_store(&balancer->poked, false); /* before: an event from now on writes again */
    for (ssize_t n = read(fd, &byte, 1); n == 1; n = read(fd, &byte, 1)) {
        if (byte == 'e')
            look_later(balancer);
        else if (byte == 'h')
            balancer->look_at_ms = zdd_mono_ms();
        forced = forced || byte == 'u';
    }
    return forced;
}

static int64_t next_due(const struct zdd_balancer *balancer)
{
    if (balancer->haproxy.master)
        return balancer->look_at_ms;
    return atomic_load(&balancer->wanted) ? balancer->restart_at_ms : ZDD_BALANCER_NEVER;
}

static void wait_for_something(struct zdd_balancer *balancer)
{
    const int64_t left_ms = next_due(balancer) - zdd_mono_ms();
    struct pollfd polled[] = {
        {.fd = balancer->haproxy.signal_fd, .events = POLLIN},
        {.fd = balancer->haproxy.master_fd, .events = POLLIN}, /* -1 is passed over */
    };

    (void)poll(polled, 2, left_ms < 0 ? 0 : left_ms < 60000 ? (int)left_ms : 60000);
    if (polled[1].revents)
        mind_death(balancer);
}

static void mind_switch(struct zdd_balancer *balancer)
{
    const bool wanted = atomic_load(&balancer->wanted);

    if (!wanted && balancer->haproxy.master)
        end_haproxy(balancer);
    if (wanted && !balancer->haproxy.master && balancer->restart_at_ms == ZDD_BALANCER_NEVER)
        balancer->restart_at_ms = zdd_mono_ms();
}

static void mind_look(struct zdd_balancer *balancer, bool forced)
{
    if (!balancer->haproxy.master || (!forced && zdd_mono_ms() < balancer->look_at_ms))
        return;
    balancer->look_at_ms = zdd_mono_ms() + (int64_t)(LOOK_QUIET_MS / balancer->speed);
    zdd_balancer_apply(balancer, forced);
}

static void live(struct zdd_balancer *balancer)
{
    balancer->look_at_ms = zdd_mono_ms() + (int64_t)(LOOK_QUIET_MS / balancer->speed);
    balancer->restart_at_ms = ZDD_BALANCER_NEVER;
    while (!atomic_load(&balancer->quit)) {
        bool forced;

        wait_for_something(balancer);
        forced = read_signals(balancer);
        mind_switch(balancer);
        if (atomic_load(&balancer->wanted) && zdd_mono_ms() >= balancer->restart_at_ms)
            mind_start(balancer);
        mind_look(balancer, forced);
    }
}

static bool choose_ports(struct zdd_balancer *balancer,
                         char ret_reason[static ZDD_HAPROXY_REASON_SIZE])
{
    const struct zdd_lab_balancer_options *options = balancer->options;
    struct zdd_mlb_settings *settings = &balancer->settings;
    uint16_t free_port[4] = {0};
    const int error = zdd_ports_find(balancer->host, free_port, 4);

    if (error) {
        snprintf(ret_reason, ZDD_HAPROXY_REASON_SIZE, "%s: %s", balancer->host, strerror(error));
        return false;
    }
    settings->stats_port = options->port ? options->port : free_port[0];
    settings->app_id_port = options->port ? (uint16_t)(options->port + 1) : free_port[1];
    if (options->admin)
        settings->admin_port = options->port ? (uint16_t)(options->port + 2) : free_port[2];
    settings->vhost_port = (uint16_t)options->vhost_port;
    if (options->vhost_port < 0 && options->port)
        settings->vhost_port = ZDD_BALANCER_VHOST_PORT;
    else if (options->vhost_port <= 0)
        settings->vhost_port = free_port[3];
    return true;
}

static bool start_first(struct zdd_balancer *balancer,
                        char ret_reason[static ZDD_HAPROXY_REASON_SIZE])
{
    const int tries = balancer->options->port ? 1 : PORT_TRIES;

    if (!zdd_haproxy_open(&balancer->haproxy, balancer->dir, balancer->mark, ret_reason))
        return false;
    for (int i = 0; i < tries; i++) {
        if (!choose_ports(balancer, ret_reason))
            return false;
        zdd_balancer_apply(balancer, true);
        if (start_haproxy(balancer, ret_reason))
            return true;
    }
    return false;
}

static void *run(void *cls)
{
    struct zdd_balancer *balancer = cls;
    char reason[ZDD_HAPROXY_REASON_SIZE] = "";
    const bool started = start_first(balancer, reason);

    pthread_mutex_lock(&balancer->lock);
    balancer->view.started = started;
    balancer->view.failed = !started;
    snprintf(balancer->view.reason, sizeof(balancer->view.reason), "%s", reason);
    pthread_cond_broadcast(&balancer->changed);
    pthread_mutex_unlock(&balancer->lock);
    if (started)
        live(balancer);
    zdd_haproxy_end(&balancer->haproxy);
    return NULL;
}

bool zdd_balancer_start(struct zdd_balancer *balancer)
{
    bool started;

    pthread_mutex_init(&balancer->lock, NULL);
    pthread_cond_init(&balancer->changed, NULL);
    atomic_init(&balancer->quit, false);
    atomic_init(&balancer->poked, false);
    atomic_init(&balancer->wanted, true);
    balancer->haproxy =
        (struct zdd_haproxy){.dir_fd = -1, .check_fd = -1, .signal_fd = -1, .master_fd = -1};
    balancer->rejected = json_object();
    balancer->memory = json_object();
    balancer->view.left_out = json_object();
    if (pthread_create(&balancer->thread, NULL, run, balancer) != 0)
        abort();
    pthread_mutex_lock(&balancer->lock);
    while (!balancer->view.started && !balancer->view.failed)
        pthread_cond_wait(&balancer->changed, &balancer->lock);
    started = balancer->view.started;
    pthread_mutex_unlock(&balancer->lock);
    return started;
}

void zdd_balancer_stop(struct zdd_balancer *balancer)
{
    atomic_store(&balancer->quit, true);
    zdd_balancer_wake(balancer, 'q');
    pthread_join(balancer->thread, NULL);
    zdd_haproxy_release(&balancer->haproxy);
    zdd_mlb_config_release(&balancer->applied);
    free(balancer->wished);
    json_decref(balancer->rejected);
    json_decref(balancer->memory);
    json_decref(balancer->view.left_out);
    pthread_cond_destroy(&balancer->changed);
    pthread_mutex_destroy(&balancer->lock);
}
