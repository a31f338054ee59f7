/**
 * @file deploy/lab/core.c
 * @brief The loop: wait, collect, fire, settle.
 */
#include "deploy/lab/api.h"
#include "deploy/lab/apps.h"
#include "deploy/lab/balancer/balancers.h"
#include "deploy/lab/deployments.h"
#include "deploy/lab/health.h"
#include "deploy/lab/lab.h"
#include "deploy/lab/launch.h"
#include "deploy/lab/probe.h"
#include "deploy/lab/process.h"
#include "deploy/lab/tasks.h"
#include "server/base/clock.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

#define WAIT_MAX_MS 1000
#define SCALE_CHECK_FIRST_MS 15000 /* marathon.md §4.7 */
#define SCALE_CHECK_MS 300000
#define RECONCILE_MS 600000
#define FAULT_TICK_MS 200 /* how often leaders and tasks can get lost; not Marathon's time */
#define SETTLE_MAX 1000   /* rounds until nothing changes; more would be a loop */

static void beat(struct zdd_lab *lab, void *cls)
{
    (void)cls;
    zdd_lab_events_beat(lab);
    zdd_lab_timer_set(lab, &lab->heartbeat, zdd_lab_scaled(lab, ZDD_LAB_HEARTBEAT_MS), beat, NULL);
}

static void check_scale(struct zdd_lab *lab, void *cls)
{
    (void)cls;
    zdd_lab_scale_check(lab, NULL);
    zdd_lab_timer_set(lab, &lab->scale_check, zdd_lab_scaled(lab, SCALE_CHECK_MS), check_scale,
                      NULL);
}

static void reconcile(struct zdd_lab *lab, void *cls)
{
    (void)cls;
    zdd_lab_health_purge(lab);
    zdd_lab_delays_purge(lab);
    zdd_lab_timer_set(lab, &lab->reconcile, zdd_lab_scaled(lab, RECONCILE_MS), reconcile, NULL);
}

static void tick_faults(struct zdd_lab *lab, void *cls)
{
    (void)cls;
    if (zdd_lab_fault_strikes(&lab->faults, ZDD_LAB_FAULT_LEADER_SWITCH, NULL, NULL, NULL))
        zdd_lab_leader_switch(lab);
    zdd_lab_lose_some(lab);
    zdd_lab_timer_set(lab, &lab->fault_tick, FAULT_TICK_MS, tick_faults, NULL);
}

/* @return false with errno when tasks could not write into @p path */
static bool is_own_directory(const char *path)
{
    struct stat status;

    if (stat(path, &status) != 0)
        return false;
    if (!S_ISDIR(status.st_mode)) {
        errno = ENOTDIR;
        return false;
    }
    return access(path, W_OK | X_OK) == 0;
}

static bool make_state_dir(struct zdd_lab *lab)
{
    const char *tmp = getenv("TMPDIR");

    if (lab->options->state_dir) {
        snprintf(lab->state_dir, sizeof(lab->state_dir), "%s", lab->options->state_dir);
        if (mkdir(lab->state_dir, 0755) == 0 ||
            (errno == EEXIST && is_own_directory(lab->state_dir)))
            return true;
    } else {
        snprintf(lab->state_dir, sizeof(lab->state_dir), "%s/zdd-lab.XXXXXX",
                 tmp && *tmp ? tmp : "/tmp");
        if (mkdtemp(lab->state_dir))
            return true;
    }
    fprintf(stderr, "zdd-lab: cannot use %s: %s\n", lab->state_dir, strerror(errno));
    return false;
}

/* Blocked in every thread that follows; the core reads them from a descriptor. */
static bool take_signals(struct zdd_lab *lab)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGCHLD);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGHUP);
    (void)signal(SIGPIPE, SIG_IGN);
    if (pthread_sigmask(SIG_BLOCK, &set, NULL) != 0)
        return false;
    lab->signal_fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
    return lab->signal_fd >= 0;
}

static void start_timers(struct zdd_lab *lab)
{
    zdd_lab_timer_set(lab, &lab->heartbeat, zdd_lab_scaled(lab, ZDD_LAB_HEARTBEAT_MS), beat, NULL);
    zdd_lab_timer_set(lab, &lab->scale_check, zdd_lab_scaled(lab, SCALE_CHECK_FIRST_MS),
                      check_scale, NULL);
    zdd_lab_timer_set(lab, &lab->reconcile, zdd_lab_scaled(lab, RECONCILE_MS), reconcile, NULL);
    zdd_lab_timer_set(lab, &lab->fault_tick, FAULT_TICK_MS, tick_faults, NULL);
}

bool zdd_lab_init(struct zdd_lab *lab, const struct zdd_lab_options *options)
{
    const uint32_t span = (uint32_t)(options->port_to - options->port_from) + 1;
    char uuid[ZDD_UUID_SIZE];
    uint32_t draw = 0;

    lab->options = options;
    lab->core = pthread_self();
    pthread_mutex_init(&lab->lock, NULL);
    pthread_mutex_init(&lab->events.lock, NULL);
    zdd_uuid7(zdd_now_ms(), uuid);
    snprintf(lab->mark, sizeof(lab->mark), "ZDD_LAB_ID=%s", uuid);
    lab->started_mono_ms = zdd_mono_ms();
    lab->started_utc_ms = lab->last_version_ms = lab->root_version_ms = zdd_now_ms();
    zdd_random(&draw, sizeof(draw)); /* two labs side by side seldom want the same port */
    lab->next_port = (uint16_t)(options->port_from + draw % span);
    if (!make_state_dir(lab))
        return false;
    lab->probes = zdd_lab_probes_new();
    if (!lab->probes)
        return false;
    if (!take_signals(lab) || !zdd_lab_warden_start(lab->mark)) {
        fprintf(stderr, "zdd-lab: %s\n", strerror(errno));
        return false;
    }
    start_timers(lab);
    return true;
}

void zdd_lab_wake(struct zdd_lab *lab)
{
    zdd_lab_probes_wake(lab->probes);
}

static void read_signals(struct zdd_lab *lab)
{
    struct signalfd_siginfo info;

    while (read(lab->signal_fd, &info, sizeof(info)) == (ssize_t)sizeof(info))
        if (info.ssi_signo != SIGCHLD)
            lab->stopping = true;
    zdd_lab_reap(lab);
}

static void settle(struct zdd_lab *lab)
{
    for (int round = 0; lab->dirty && round < SETTLE_MAX; round++) {
        lab->dirty = false;
        zdd_lab_kills_next(lab);
        zdd_lab_deployments_settle(lab);
        zdd_lab_launch(lab);
    }
    zdd_lab_wipes_settle(lab, false);
    zdd_lab_instances_sweep(lab);
}

void zdd_lab_run(struct zdd_lab *lab)
{
    pthread_mutex_lock(&lab->lock);
    while (!lab->stopping) {
        int64_t wait_ms;

        settle(lab);
        wait_ms = zdd_lab_timers_fire(lab, WAIT_MAX_MS);
        if (lab->dirty)
            wait_ms = 0;
        pthread_mutex_unlock(&lab->lock);
        zdd_lab_probes_wait(lab->probes, lab->signal_fd, wait_ms);
        pthread_mutex_lock(&lab->lock);
        read_signals(lab);
        zdd_lab_probes_collect(lab->probes, lab);
    }
    pthread_mutex_unlock(&lab->lock);
    zdd_lab_balancers_stop(lab); /* first, or they would see their tasks vanish and reload */
    pthread_mutex_lock(&lab->lock);
    zdd_lab_tasks_end(lab, lab->options->kill_grace_ms);
    pthread_mutex_unlock(&lab->lock);
}

void zdd_lab_release(struct zdd_lab *lab)
{
    while (lab->deployments) {
        struct zdd_lab_deployment *deployment = lab->deployments;

        lab->deployments = deployment->next;
        zdd_lab_deployment_free(lab, deployment);
    }
    zdd_lab_health_release(lab);
    for (struct zdd_lab_instance *i = lab->first; i; i = i->next) {
        i->pid = 0;
        i->linger_until_ms = 0;
        i->expunged = true;
    }
    zdd_lab_instances_sweep(lab);
    zdd_lab_apps_release(lab);
    zdd_lab_delays_release(lab);
    zdd_lab_events_release(lab);
    lab->probes = zdd_lab_probes_free(lab->probes);
    free(lab->heap);
    close(lab->signal_fd);
    pthread_mutex_destroy(&lab->lock);
}
