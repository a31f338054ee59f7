/**
 * @file deploy/lab/agent.c
 * @brief Checks that run beside the task: COMMAND and MESOS_* health checks, and readiness checks.
 */
#include "deploy/lab/deployments.h"
#include "deploy/lab/health.h"
#include "deploy/lab/process.h"
#include "deploy/lab/tasks.h"
#include "server/json/words.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

/* A COMMAND check that runs. */
struct zdd_lab_waiter {
    struct zdd_lab_waiter *next;
    pid_t pid;
    char task[ZDD_LAB_ID_SIZE];
    size_t check;
    struct zdd_lab_timer timeout;
};

static void set_tick(struct zdd_lab *lab, struct zdd_lab_instance *instance, size_t check,
                     int64_t in_ms);

static void mesos_done(struct zdd_lab *lab, const char *key, size_t check,
                       const struct zdd_lab_probe_answer *answer)
{
    struct zdd_lab_instance *instance = zdd_lab_instance_find(lab, key);
    const bool passed =
        answer->answered && (!answer->status || (answer->status >= 200 && answer->status < 400));

    if (!instance || instance->condition != ZDD_LAB_RUNNING || check >= instance->spec->check_count)
        return;
    set_tick(lab, instance, check, instance->spec->check[check].interval_ms);
    zdd_lab_health_note(lab, instance, check, passed, answer->cause);
}

static void kill_command(struct zdd_lab *lab, void *cls)
{
    const struct zdd_lab_waiter *waiter = cls;

    (void)lab;
    zdd_lab_process_signal(waiter->pid, SIGKILL);
}

static void run_command(struct zdd_lab *lab, struct zdd_lab_instance *instance, size_t at)
{
    const struct zdd_lab_check *check = &instance->spec->check[at];
    struct zdd_lab_waiter *waiter = calloc(1, sizeof(*waiter));
    char reason[200];

    if (!waiter)
        return;
    waiter->pid =
        zdd_lab_task_spawn(lab, instance, check->command ? check->command : "false", reason);
    if (waiter->pid < 0) {
        free(waiter);
        set_tick(lab, instance, at, check->interval_ms);
        return;
    }
    zdd_lab_task_id(instance, waiter->task);
    waiter->check = at;
    waiter->next = lab->waiters;
    lab->waiters = waiter;
    zdd_lab_timer_set(lab, &waiter->timeout, check->timeout_ms, kill_command, waiter);
}

void zdd_lab_health_commands_forget(struct zdd_lab *lab)
{
    while (lab->waiters) {
        struct zdd_lab_waiter *waiter = lab->waiters;

        lab->waiters = waiter->next;
        zdd_lab_timer_stop(lab, &waiter->timeout);
        free(waiter);
    }
}

bool zdd_lab_health_command_ended(struct zdd_lab *lab, pid_t pid, int status)
{
    for (struct zdd_lab_waiter **at = &lab->waiters; *at; at = &(*at)->next) {
        struct zdd_lab_waiter *waiter = *at;
        struct zdd_lab_instance *instance;

        if (waiter->pid != pid)
            continue;
        *at = waiter->next;
        zdd_lab_timer_stop(lab, &waiter->timeout);
        instance = zdd_lab_instance_find(lab, waiter->task);
        if (instance && instance->condition == ZDD_LAB_RUNNING) {
            set_tick(lab, instance, waiter->check,
                     instance->spec->check[waiter->check].interval_ms);
            zdd_lab_health_note(lab, instance, waiter->check,
                                WIFEXITED(status) && WEXITSTATUS(status) == 0, "Command failed");
        }
        free(waiter);
        return true;
    }
    return false;
}

static void mesos_check(struct zdd_lab *lab, struct zdd_lab_instance *instance, size_t at)
{
    const struct zdd_lab_check *check = &instance->spec->check[at];

    if (check->protocol == ZDD_LAB_COMMAND)
        run_command(lab, instance, at);
    else
        zdd_lab_check_send(lab, instance, check, at, mesos_done);
}

/* One timer per check lies in the instance; whose it is, is found by its address. */
static void mesos_fire(struct zdd_lab *lab, void *cls)
{
    const struct zdd_lab_timer *timer = cls;

    for (struct zdd_lab_instance *i = zdd_lab_first(lab); i; i = zdd_lab_next(i))
        for (size_t c = 0; c < i->spec->check_count; c++)
            if (&i->mesos_tick[c] == timer && i->condition == ZDD_LAB_RUNNING) {
                mesos_check(lab, i, c);
                return;
            }
}

static void set_tick(struct zdd_lab *lab, struct zdd_lab_instance *instance, size_t check,
                     int64_t in_ms)
{
    struct zdd_lab_timer *timer = &instance->mesos_tick[check];

    zdd_lab_timer_set(lab, timer, zdd_lab_scaled(lab, in_ms), mesos_fire, timer);
}

void zdd_lab_health_begin(struct zdd_lab *lab, struct zdd_lab_instance *instance)
{
    for (size_t i = 0; i < instance->spec->check_count; i++)
        if (zdd_lab_check_is_mesos(&instance->spec->check[i]))
            set_tick(lab, instance, i, instance->spec->check[i].delay_ms);
}

static bool is_accepted(const struct zdd_lab_spec *spec, long status)
{
    const json_t *codes = json_object_get(spec->readiness.json, "httpStatusCodesForReady");

    for (size_t i = 0; i < json_array_size(codes); i++)
        if (json_integer_value(json_array_get(codes, i)) == status)
            return true;
    return !json_array_size(codes) && status == 200;
}

static void poll_readiness(struct zdd_lab *lab, void *cls);

static void readiness_done(struct zdd_lab *lab, const char *key, size_t check,
                           const struct zdd_lab_probe_answer *answer)
{
    struct zdd_lab_instance *instance = zdd_lab_instance_find(lab, key);
    /* No answer counts as one: the synthetic 504 of ReadinessCheckExecutorImpl. */
    const long status = answer->answered ? answer->status : 504;

    (void)check;
    if (!instance || instance->condition != ZDD_LAB_RUNNING)
        return;
    instance->ready_status = (int)status;
    zdd_words_cut(answer->answered ? answer->type : "text/plain", instance->ready_type,
                  sizeof(instance->ready_type));
    zdd_words_cut(answer->answered ? answer->body : answer->cause, instance->ready_body,
                  sizeof(instance->ready_body));
    zdd_words_utf8(instance->ready_type); /* a task may answer with any bytes */
    zdd_words_utf8(instance->ready_body);
    instance->ready_accepted = is_accepted(instance->spec, status);
    if (instance->ready_accepted)
        zdd_lab_deployment_look(lab, instance);
    else
        zdd_lab_timer_set(lab, &instance->ready_tick,
                          zdd_lab_scaled(lab, instance->spec->readiness.interval_ms),
                          poll_readiness, instance);
    lab->dirty = true;
}

static void poll_readiness(struct zdd_lab *lab, void *cls)
{
    const struct zdd_lab_instance *instance = cls;

    if (instance->condition == ZDD_LAB_RUNNING)
        zdd_lab_check_send(lab, instance, &instance->spec->readiness, 0, readiness_done);
}

void zdd_lab_readiness_begin(struct zdd_lab *lab, struct zdd_lab_instance *instance)
{
    if (instance->ready_polling || instance->ready_accepted)
        return;
    instance->ready_polling = true;
    poll_readiness(lab, instance);
}
