/**
 * @file deploy/lab/unreachable.c
 * @brief Tasks whose agent is out of sight: unreachable, inactive, expunged, or back (marathon.md
 * §2.2, §4.7).
 */
#include "deploy/lab/deployments.h"
#include "deploy/lab/process.h"
#include "deploy/lab/tasks.h"

#include <signal.h>

bool zdd_lab_is_lost(const struct zdd_lab_instance *instance)
{
    return instance->condition == ZDD_LAB_UNREACHABLE ||
           instance->condition == ZDD_LAB_UNREACHABLE_INACTIVE;
}

void zdd_lab_instance_force_out(struct zdd_lab *lab, struct zdd_lab_instance *instance)
{
    /* Upstream sets Killed by hand: nobody will ever report the end. */
    instance->condition = ZDD_LAB_KILLED;
    zdd_lab_event_instance(lab, instance);
    zdd_lab_instance_expunge(lab, instance);
    zdd_lab_scale_check(lab, instance->spec->id);
}

static void expunge(struct zdd_lab *lab, void *cls)
{
    zdd_lab_instance_force_out(lab, cls);
}

/* @return unreachableStrategy's @p key in ms */
static int64_t strategy_ms(const struct zdd_lab_instance *instance, const char *key)
{
    return 1000 * zdd_json_int(json_object_get(instance->spec->def, "unreachableStrategy"), key, 0);
}

static void become_inactive(struct zdd_lab *lab, void *cls)
{
    struct zdd_lab_instance *instance = cls;
    const int64_t left_ms = strategy_ms(instance, "expungeAfterSeconds") -
                            strategy_ms(instance, "inactiveAfterSeconds");

    instance->condition = ZDD_LAB_UNREACHABLE_INACTIVE;
    zdd_lab_event_instance(lab, instance);
    if (left_ms > 0) {
        zdd_lab_timer_set(lab, &instance->give_up, zdd_lab_scaled(lab, left_ms), expunge, instance);
        zdd_lab_scale_check(lab, instance->spec->id); /* it no longer counts: replace it */
    } else {
        expunge(lab, instance);
    }
    lab->dirty = true;
}

/* The agent is back, and the task on it was forgotten long ago. */
static void end_unknown(struct zdd_lab *lab, struct zdd_lab_instance *instance)
{
    zdd_lab_event(lab, "unknown_instance_terminated_event",
                  json_pack("{s:s, s:s, s:s}", "instanceId", instance->id, "runSpecId",
                            instance->spec->id, "condition", "Killed"));
    zdd_lab_process_signal(instance->pid, SIGKILL);
}

static void come_back(struct zdd_lab *lab, void *cls)
{
    struct zdd_lab_instance *instance = cls;

    lab->dirty = true;
    if (instance->expunged) {
        end_unknown(lab, instance);
        return;
    }
    zdd_lab_timer_stop(lab, &instance->give_up);
    instance->condition = ZDD_LAB_RUNNING;
    if (instance->ended_unseen) {
        instance->ended_unseen = false;
        zdd_lab_task_ended(lab, instance, ZDD_LAB_FAILED, "Task ended while its agent was away");
        return;
    }
    zdd_lab_event_status(lab, instance, "TASK_RUNNING", "");
    zdd_lab_event_instance(lab, instance);
    zdd_lab_deployment_look(lab, instance);
    zdd_lab_scale_check(lab, instance->spec->id); /* its replacement may be one too many now */
}

void zdd_lab_instance_lose(struct zdd_lab *lab, struct zdd_lab_instance *instance, int64_t ms)
{
    instance->condition = ZDD_LAB_UNREACHABLE;
    instance->since_ms = zdd_lab_utc(lab);
    zdd_lab_event_status(lab, instance, "TASK_UNREACHABLE", "agent is unreachable");
    zdd_lab_event_instance(lab, instance);
    zdd_lab_timer_set(lab, &instance->come_back, ms, come_back, instance);
    lab->dirty = true;
    if (!json_is_object(json_object_get(instance->spec->def, "unreachableStrategy")))
        return; /* "disabled": it is waited for */
    zdd_lab_timer_set(lab, &instance->give_up,
                      zdd_lab_scaled(lab, strategy_ms(instance, "inactiveAfterSeconds")),
                      become_inactive, instance);
}

void zdd_lab_lose_some(struct zdd_lab *lab)
{
    for (struct zdd_lab_instance *i = zdd_lab_first(lab); i; i = zdd_lab_next(i)) {
        int64_t ms = 0;

        if (i->condition == ZDD_LAB_RUNNING &&
            zdd_lab_fault_strikes(&lab->faults, ZDD_LAB_FAULT_TASK_UNREACHABLE, NULL, i->spec->id,
                                  &ms))
            zdd_lab_instance_lose(lab, i, ms);
    }
}
