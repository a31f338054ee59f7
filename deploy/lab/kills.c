/**
 * @file deploy/lab/kills.c
 * @brief Kills on their way to the executor: so many at once, the others wait (marathon.md §4.2).
 */
#include "deploy/lab/process.h"
#include "deploy/lab/tasks.h"

#include <signal.h>

#define KILL_MAX 100 /* in flight at once: KillConfig.killChunkSize */

static int count_in_flight(const struct zdd_lab *lab)
{
    int count = 0;

    for (const struct zdd_lab_instance *i = zdd_lab_first(lab); i; i = zdd_lab_next(i))
        count += i->kill_sent && zdd_lab_is_active(i);
    return count;
}

static void escalate(struct zdd_lab *lab, void *cls)
{
    const struct zdd_lab_instance *instance = cls;

    (void)lab;
    zdd_lab_process_signal(instance->pid, SIGKILL);
}

/* Marathon repeats the request every 30 s; an executor that is already killing ignores it. */
static void send_now(struct zdd_lab *lab, struct zdd_lab_instance *instance)
{
    const json_int_t grace_s = zdd_json_int(instance->spec->def, "taskKillGracePeriodSeconds", -1);
    const int64_t grace_ms = grace_s >= 0 ? grace_s * 1000 : lab->options->kill_grace_ms;

    instance->kill_waits = false;
    instance->kill_sent = true;
    if (!instance->pid) { /* Provisioned, not yet started */
        zdd_lab_task_ended(lab, instance, ZDD_LAB_KILLED, "Task was killed before it started");
        return;
    }
    if (lab->options->task_killing) {
        instance->condition = ZDD_LAB_KILLING;
        zdd_lab_event_status(lab, instance, "TASK_KILLING", "");
        zdd_lab_event_instance(lab, instance);
    }
    zdd_lab_process_signal(instance->pid, SIGTERM);
    zdd_lab_timer_set(lab, &instance->escalate, grace_ms, escalate, instance);
}

void zdd_lab_kill_send(struct zdd_lab *lab, struct zdd_lab_instance *instance)
{
    if (instance->kill_sent)
        return;
    if (count_in_flight(lab) < KILL_MAX)
        send_now(lab, instance);
    else
        instance->kill_waits = true;
}

void zdd_lab_kills_next(struct zdd_lab *lab)
{
    int room = KILL_MAX - count_in_flight(lab);

    for (struct zdd_lab_instance *i = zdd_lab_first(lab); i && room > 0; i = zdd_lab_next(i))
        if (i->kill_waits) {
            send_now(lab, i);
            room--;
        }
}
