/**
 * @file deploy/lab/launch.c
 * @brief The launcher: backoff, room, ports, then Provisioned, process, Running.
 */
#include "deploy/lab/launch.h"

#include "deploy/lab/apps.h"
#include "deploy/lab/deployments.h"
#include "deploy/lab/health.h"
#include "deploy/lab/tasks.h"
#include "server/base/clock.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define OFFER_MS 5000   /* min_revive_offers_interval */
#define START_MS 300000 /* task_launch_timeout (marathon.md §7.3) */

struct zdd_lab_delay *zdd_lab_delay_of(struct zdd_lab *lab, const struct zdd_lab_spec *spec)
{
    struct zdd_lab_delay *delay;

    for (delay = lab->delays; delay; delay = delay->next)
        if (delay->configured_ms == spec->configured_ms && strcmp(delay->app, spec->id) == 0)
            return delay;
    delay = calloc(1, sizeof(*delay));
    if (!delay || !(delay->app = strdup(spec->id)))
        abort();
    delay->configured_ms = spec->configured_ms;
    delay->since_utc_ms = zdd_lab_utc(lab);
    delay->next = lab->delays;
    lab->delays = delay;
    return delay;
}

void zdd_lab_delay_failed(struct zdd_lab *lab, const struct zdd_lab_spec *spec)
{
    struct zdd_lab_delay *delay = zdd_lab_delay_of(lab, spec);
    const double max_ms = 1000.0 * zdd_json_real(spec->def, "maxLaunchDelaySeconds", 300);
    const double first_ms = 1000.0 * zdd_json_real(spec->def, "backoffSeconds", 1);
    const double factor = zdd_json_real(spec->def, "backoffFactor", 1.15);
    const int64_t now_ms = zdd_lab_now(lab);
    double next_ms = first_ms;

    if (delay->delay_ms &&
        now_ms - delay->reference_ms <= zdd_lab_scaled(lab, (int64_t)max_ms + delay->delay_ms))
        next_ms = (double)delay->delay_ms * factor;
    delay->delay_ms = (int64_t)llround(fmin(max_ms, next_ms));
    delay->reference_ms = now_ms;
}

int64_t zdd_lab_delay_left(struct zdd_lab *lab, struct zdd_lab_delay *delay)
{
    if (!delay->delay_ms)
        return 0;
    return delay->reference_ms + zdd_lab_scaled(lab, delay->delay_ms) - zdd_lab_now(lab);
}

void zdd_lab_delay_reset(struct zdd_lab *lab, const char *id)
{
    for (struct zdd_lab_delay *delay = lab->delays; delay; delay = delay->next) {
        if (id && strcmp(delay->app, id) != 0)
            continue;
        delay->delay_ms = 0;
        zdd_lab_timer_stop(lab, &delay->wake);
    }
    lab->dirty = true;
}

static void free_delay(struct zdd_lab *lab, struct zdd_lab_delay *delay)
{
    zdd_lab_timer_stop(lab, &delay->wake);
    free(delay->app);
    free(delay);
}

static bool is_used(const struct zdd_lab *lab, const struct zdd_lab_delay *delay)
{
    for (const struct zdd_lab_instance *i = zdd_lab_first_of(lab, delay->app); i;
         i = zdd_lab_next_of(i))
        if (i->spec->configured_ms == delay->configured_ms)
            return true;
    return false;
}

void zdd_lab_delays_purge(struct zdd_lab *lab)
{
    struct zdd_lab_delay **at = &lab->delays;

    while (*at) {
        struct zdd_lab_delay *delay = *at;

        if (is_used(lab, delay)) {
            at = &delay->next;
            continue;
        }
        *at = delay->next;
        free_delay(lab, delay);
    }
}

void zdd_lab_delays_release(struct zdd_lab *lab)
{
    while (lab->delays) {
        struct zdd_lab_delay *delay = lab->delays;

        lab->delays = delay->next;
        free_delay(lab, delay);
    }
}

static void set_condition(struct zdd_lab *lab, struct zdd_lab_instance *instance,
                          enum zdd_lab_condition condition, const char *status)
{
    struct zdd_lab_delay *delay = zdd_lab_delay_of(lab, instance->spec);

    instance->condition = condition;
    instance->since_ms = zdd_lab_utc(lab);
    if (delay->delay_ms) /* each sign of life restarts the waiting time */
        delay->reference_ms = zdd_lab_now(lab);
    if (status)
        zdd_lab_event_status(lab, instance, status, "");
    zdd_lab_event_instance(lab, instance);
}

static bool is_docker(const struct zdd_lab_spec *spec)
{
    return json_object_get(json_object_get(spec->def, "container"), "docker") != NULL;
}

/* The Docker executor goes from staging to running; the command executor reports STARTING between.
 */
static void start_process(struct zdd_lab *lab, void *cls)
{
    struct zdd_lab_instance *instance = cls;
    char reason[200] = "Failed to launch the task (injected fault)";

    if (zdd_lab_fault_strikes(&lab->faults, ZDD_LAB_FAULT_TASK_START_FAIL, NULL, NULL, NULL)) {
        zdd_lab_task_ended(lab, instance, ZDD_LAB_FAILED, reason);
        return;
    }

    const pid_t pid = zdd_lab_task_spawn(lab, instance, NULL, reason);

    if (pid < 0) {
        zdd_lab_task_ended(lab, instance, ZDD_LAB_FAILED, reason);
        return;
    }
    instance->pid = pid;
    if (!is_docker(instance->spec))
        set_condition(lab, instance, ZDD_LAB_STARTING, "TASK_STARTING");
    instance->started_ms = zdd_lab_utc(lab);
    instance->running_at_ms = zdd_lab_now(lab);
    set_condition(lab, instance, ZDD_LAB_RUNNING, "TASK_RUNNING");
    zdd_lab_health_begin(lab, instance);
    zdd_lab_deployment_look(lab, instance);
    lab->dirty = true;
}

/* Overdue: killed, and tried again (task_launch_timeout). */
static void give_up_start(struct zdd_lab *lab, void *cls)
{
    zdd_lab_instance_kill(lab, cls, false);
}

void zdd_lab_task_launch(struct zdd_lab *lab, struct zdd_lab_instance *instance)
{
    const int64_t patience_ms = zdd_lab_scaled(lab, START_MS);

    instance->incarnation++;
    instance->staged_ms = zdd_lab_utc(lab);
    instance->started_ms = 0;
    lab->launch_count++;
    lab->offer_used++;
    set_condition(lab, instance, ZDD_LAB_PROVISIONED, NULL);
    zdd_lab_event_status(lab, instance, "TASK_STAGING", "");
    if (lab->options->start_delay_ms < patience_ms)
        zdd_lab_timer_set(lab, &instance->start, lab->options->start_delay_ms, start_process,
                          instance);
    else
        zdd_lab_timer_set(lab, &instance->start, patience_ms, give_up_start, instance);
}

static int count_active(const struct zdd_lab *lab, const char *id)
{
    int count = 0;

    for (const struct zdd_lab_instance *i = zdd_lab_first(lab); i; i = zdd_lab_next(i))
        if (zdd_lab_is_active(i) && (!id || zdd_lab_is_of(i, id)))
            count++;
    return count;
}

/* A fault may be meant for one app ("/shop@") or one version of it ("/shop@2024-05-01T…"). */
static bool is_stuck(struct zdd_lab *lab, const struct zdd_lab_spec *spec)
{
    char version[ZDD_TIME_SIZE];
    char target[ZDD_LAB_ID_SIZE];

    zdd_time_format(spec->version_ms, version);
    snprintf(target, sizeof(target), "%s@%s", spec->id, version);
    return zdd_lab_fault_strikes(&lab->faults, ZDD_LAB_FAULT_STUCK_QUEUE, NULL, target, NULL);
}

/* @return why the offer does not fit, in the words of /v2/queue, or NULL */
static const char *refuse(struct zdd_lab *lab, struct zdd_lab_instance *instance)
{
    const struct zdd_lab_spec *spec = instance->spec;

    if (spec->facts.unique_hostname && count_active(lab, spec->id) > 0)
        return "UnfulfilledConstraint"; /* there is one host */
    if (lab->options->instances_max && count_active(lab, NULL) >= lab->options->instances_max)
        return "InsufficientCpus";
    if (is_stuck(lab, spec))
        return "InsufficientCpus";
    if (!zdd_lab_ports_take(lab, instance))
        return "InsufficientPorts";
    return NULL;
}

static void look_again(struct zdd_lab *lab, void *cls)
{
    (void)cls;
    lab->dirty = true;
}

static void try_launch(struct zdd_lab *lab, struct zdd_lab_instance *instance)
{
    struct zdd_lab_delay *delay = zdd_lab_delay_of(lab, instance->spec);
    const int64_t left_ms = zdd_lab_delay_left(lab, delay);

    if (left_ms > 0) {
        if (!delay->wake.place)
            zdd_lab_timer_set(lab, &delay->wake, left_ms, look_again, NULL);
        return;
    }
    if (!delay->since_utc_ms)
        delay->since_utc_ms = zdd_lab_utc(lab);
    delay->reason = refuse(lab, instance);
    delay->processed++;
    if (delay->reason) {
        delay->declined++;
        delay->unused_utc_ms = zdd_lab_utc(lab);
        if (!lab->offers.place)
            zdd_lab_timer_set(lab, &lab->offers, zdd_lab_scaled(lab, OFFER_MS), look_again, NULL);
        return;
    }
    zdd_lab_task_launch(lab, instance);
}

/* An offer takes so many tasks and no more; the rest waits for the next one. */
static bool has_offer(struct zdd_lab *lab)
{
    if (!lab->options->offer_max)
        return true;
    if (!lab->offer_round.place) {
        lab->offer_used = 0;
        zdd_lab_timer_set(lab, &lab->offer_round, zdd_lab_scaled(lab, OFFER_MS), look_again, NULL);
    }
    return lab->offer_used < lab->options->offer_max;
}

void zdd_lab_launch(struct zdd_lab *lab)
{
    for (struct zdd_lab_instance *i = zdd_lab_first(lab); i; i = zdd_lab_next(i))
        if (zdd_lab_is_waiting(i) && has_offer(lab))
            try_launch(lab, i);
}
