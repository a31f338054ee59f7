/**
 * @file deploy/lab/verdict.c
 * @brief What a health result means: alive or not, healthy or not, to be killed or not (marathon.md
 * §5.1, §5.2).
 */
#include "deploy/lab/apps.h"
#include "deploy/lab/deployments.h"
#include "deploy/lab/health.h"
#include "deploy/lab/tasks.h"
#include "server/base/clock.h"

#include <stdio.h>

static enum zdd_lab_tristate aggregate(const struct zdd_lab_instance *instance)
{
    for (size_t i = 0; i < instance->spec->check_count; i++)
        if (!instance->result[i].known)
            return ZDD_LAB_UNKNOWN;
    for (size_t i = 0; i < instance->spec->check_count; i++)
        if (!instance->result[i].alive)
            return ZDD_LAB_NO;
    return ZDD_LAB_YES;
}

static void publish_alive(struct zdd_lab *lab, const struct zdd_lab_instance *instance, bool alive)
{
    char version[ZDD_TIME_SIZE];

    zdd_time_format(instance->spec->version_ms, version);
    zdd_lab_event(lab, "health_status_changed_event",
                  json_pack("{s:s, s:s, s:s, s:b}", "appId", instance->spec->id, "instanceId",
                            instance->id, "version", version, "alive", alive));
}

static void publish_failure(struct zdd_lab *lab, const struct zdd_lab_instance *instance,
                            size_t check)
{
    zdd_lab_event(lab, "failed_health_check_event",
                  json_pack("{s:s, s:O, s:s}", "appId", instance->spec->id, "healthCheck",
                            instance->spec->check[check].json, "taskId", instance->id));
}

static void publish_kill(struct zdd_lab *lab, const struct zdd_lab_instance *instance,
                         const char *cause)
{
    char version[ZDD_TIME_SIZE];
    char task[ZDD_LAB_ID_SIZE];

    zdd_time_format(instance->spec->version_ms, version);
    zdd_lab_task_id(instance, task);
    zdd_lab_event(lab, "unhealthy_instance_kill_event",
                  json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s}", "appId", instance->spec->id,
                            "taskId", task, "instanceId", instance->id, "version", version,
                            "reason", cause, "host", ZDD_LAB_HOST, "slaveId", ZDD_LAB_AGENT));
}

static void kill_unhealthy(struct zdd_lab *lab, struct zdd_lab_instance *instance,
                           const char *cause)
{
    publish_kill(lab, instance, cause);
    zdd_lab_app_failure(lab, instance, "TASK_KILLED",
                        "Task was killed since health check failed. Reason: too many failures");
    zdd_lab_instance_kill(lab, instance, false);
}

/* @return true when the failure is hidden: young, and never healthy yet */
static bool is_forgiven(const struct zdd_lab *lab, const struct zdd_lab_instance *instance,
                        const struct zdd_lab_check *check, const struct zdd_lab_result *result)
{
    return !result->first_success_ms &&
           zdd_lab_now(lab) - instance->running_at_ms < zdd_lab_scaled(lab, check->grace_ms);
}

static void note_success(struct zdd_lab *lab, struct zdd_lab_result *result)
{
    result->last_success_ms = zdd_lab_utc(lab);
    if (!result->first_success_ms)
        result->first_success_ms = result->last_success_ms;
    result->failures = 0;
    result->alive = true;
}

/* @return true when the task is to be killed; Marathon compares before it counts, Mesos after */
static bool note_failure(struct zdd_lab *lab, struct zdd_lab_instance *instance, size_t at,
                         const char *cause)
{
    const struct zdd_lab_check *check = &instance->spec->check[at];
    struct zdd_lab_result *result = &instance->result[at];
    bool too_many = check->failure_max > 0 && result->failures >= check->failure_max;

    result->alive = false;
    result->last_failure_ms = zdd_lab_utc(lab);
    snprintf(result->cause, sizeof(result->cause), "%s", cause);
    if (is_forgiven(lab, instance, check, result))
        return false;
    result->failures++;
    publish_failure(lab, instance, at);
    if (zdd_lab_check_is_mesos(check))
        too_many = result->failures >= check->failure_max;
    return too_many;
}

/* A Mesos-side result travels as one more TASK_RUNNING update with a flag. */
static void report_mesos(struct zdd_lab *lab, struct zdd_lab_instance *instance, bool passed)
{
    instance->mesos_health = passed ? ZDD_LAB_YES : ZDD_LAB_NO;
    zdd_lab_event_status(lab, instance, "TASK_RUNNING", "");
    zdd_lab_event_instance(lab, instance);
}

void zdd_lab_health_note(struct zdd_lab *lab, struct zdd_lab_instance *instance, size_t at,
                         bool passed, const char *cause)
{
    const bool mesos = zdd_lab_check_is_mesos(&instance->spec->check[at]);
    struct zdd_lab_result *result = &instance->result[at];
    const bool was_known = result->known;
    const bool was_alive = result->alive;
    const int failures = result->failures;
    bool too_many = false;

    if (mesos && !passed && is_forgiven(lab, instance, &instance->spec->check[at], result))
        return; /* the agent keeps it to itself */
    result->known = true;
    if (passed)
        note_success(lab, result);
    else
        too_many = note_failure(lab, instance, at, cause);
    if (mesos && (result->alive != was_alive || !was_known || result->failures > failures))
        report_mesos(lab, instance, passed);
    if (result->alive != was_alive)
        publish_alive(lab, instance, result->alive);

    const enum zdd_lab_tristate health = aggregate(instance);

    if (health != instance->health) {
        instance->health = health;
        zdd_lab_event_health(lab, instance);
    }
    zdd_lab_deployment_look(lab, instance);
    if (too_many)
        kill_unhealthy(lab, instance, cause);
    lab->dirty = true;
}
