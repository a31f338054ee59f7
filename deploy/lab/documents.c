/**
 * @file deploy/lab/documents.c
 * @brief Apps and tasks as Marathon shows them (marathon.md §1.2, §1.5).
 */
#include "deploy/lab/api.h"
#include "deploy/lab/apps.h"
#include "deploy/lab/deployments.h"
#include "deploy/lab/tasks.h"
#include "server/base/clock.h"

#include <stdio.h>
#include <string.h>

static json_t *time_json(int64_t ms)
{
    char text[ZDD_TIME_SIZE];

    zdd_time_format(ms, text);
    return json_string(text);
}

json_t *zdd_lab_spec_json(const struct zdd_lab_spec *spec)
{
    json_t *json = json_copy(spec->def); /* members are shared: a definition never changes */

    json_object_set_new(json, "id", json_string(spec->id));
    json_object_set_new(json, "version", time_json(spec->version_ms));
    json_object_set_new(json, "versionInfo",
                        json_pack("{s:o, s:o}", "lastScalingAt", time_json(spec->scaled_ms),
                                  "lastConfigChangeAt", time_json(spec->configured_ms)));
    return json;
}

static json_t *result_json(const struct zdd_lab_instance *instance,
                           const struct zdd_lab_result *result)
{
    json_t *json = json_pack("{s:b, s:i, s:s}", "alive", result->alive, "consecutiveFailures",
                             result->failures, "instanceId", instance->id);

    if (result->first_success_ms)
        json_object_set_new(json, "firstSuccess", time_json(result->first_success_ms));
    if (result->last_success_ms)
        json_object_set_new(json, "lastSuccess", time_json(result->last_success_ms));
    if (result->last_failure_ms) {
        json_object_set_new(json, "lastFailure", time_json(result->last_failure_ms));
        json_object_set_new(json, "lastFailureCause", json_string(result->cause));
    }
    return json;
}

static json_t *results_json(const struct zdd_lab_instance *instance)
{
    json_t *list = json_array();

    for (size_t i = 0; i < instance->spec->check_count; i++)
        if (instance->result[i].known)
            json_array_append_new(list, result_json(instance, &instance->result[i]));
    return list;
}

static json_t *numbers_json(const uint16_t *number, size_t count)
{
    json_t *list = json_array();

    for (size_t i = 0; i < count; i++)
        json_array_append_new(list, json_integer(number[i]));
    return list;
}

json_t *zdd_lab_task_json(const struct zdd_lab_instance *instance, bool service_ports)
{
    uint16_t service[ZDD_LAB_PORT_MAX];
    const size_t service_count =
        service_ports ? zdd_lab_def_ports(instance->spec->def, service) : 0;
    char task[ZDD_LAB_ID_SIZE];
    json_t *json;

    zdd_lab_task_id(instance, task);
    json = json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:[{s:s, s:s}], s:[], s:o, s:o}", "id", task,
                     "appId", instance->spec->id, "host", ZDD_LAB_HOST, "slaveId", ZDD_LAB_AGENT,
                     "state", zdd_lab_state_name(instance->condition), "role", "*", "ipAddresses",
                     "ipAddress", ZDD_LAB_HOST, "protocol", "IPv4", "localVolumes",
                     "healthCheckResults", results_json(instance), "servicePorts",
                     numbers_json(service, service_count));
    if (!zdd_lab_is_active(instance))
        return json;
    json_object_set_new(json, "version", time_json(instance->spec->version_ms));
    json_object_set_new(json, "ports", numbers_json(instance->port, instance->port_count));
    json_object_set_new(json, "stagedAt", time_json(instance->staged_ms));
    if (instance->started_ms)
        json_object_set_new(json, "startedAt", time_json(instance->started_ms));
    return json;
}

json_t *zdd_lab_tasks_json(const struct zdd_lab *lab, const char *id, bool group,
                           bool service_ports)
{
    json_t *list = json_array();

    for (const struct zdd_lab_instance *i = lab->first; i; i = i->next) {
        if (!i->incarnation || (i->expunged && i->linger_until_ms <= zdd_lab_now(lab)))
            continue;
        if (id && (group ? !zdd_lab_id_within(i->spec->id, id) : !zdd_lab_is_of(i, id)))
            continue;
        json_array_append_new(list, zdd_lab_task_json(i, service_ports));
    }
    return list;
}

struct zdd_lab_health_count zdd_lab_health_count(const struct zdd_lab_instance *instance)
{
    struct zdd_lab_health_count count = {0};

    for (size_t i = 0; i < instance->spec->check_count; i++) {
        count.known += instance->result[i].known;
        count.dead += instance->result[i].known && !instance->result[i].alive;
    }
    return count;
}

static void add_counts(const struct zdd_lab *lab, const char *id, json_t *json)
{
    int staged = 0;
    int running = 0;
    int healthy = 0;
    int unhealthy = 0;

    for (const struct zdd_lab_instance *i = zdd_lab_first_of(lab, id); i; i = zdd_lab_next_of(i)) {
        const struct zdd_lab_health_count seen = zdd_lab_health_count(i);

        if (!i->incarnation)
            continue;
        staged += i->condition == ZDD_LAB_PROVISIONED;
        running += i->condition == ZDD_LAB_RUNNING;
        healthy += seen.known > 0 && seen.dead == 0;
        unhealthy += seen.dead > 0;
    }
    json_object_set_new(json, "tasksStaged", json_integer(staged));
    json_object_set_new(json, "tasksRunning", json_integer(running));
    json_object_set_new(json, "tasksHealthy", json_integer(healthy));
    json_object_set_new(json, "tasksUnhealthy", json_integer(unhealthy));
}

static json_t *deployments_of(const struct zdd_lab *lab, const char *id)
{
    json_t *list = json_array();

    for (const struct zdd_lab_deployment *d = lab->deployments; d; d = d->next)
        if (!d->hidden && zdd_lab_deployment_affects(d, id))
            json_array_append_new(list, json_pack("{s:s}", "id", d->id));
    return list;
}

json_t *zdd_lab_readiness_json(const struct zdd_lab *lab, const char *id)
{
    json_t *list = json_array();

    for (const struct zdd_lab_instance *i = zdd_lab_first_of(lab, id); i; i = zdd_lab_next_of(i)) {
        char task[ZDD_LAB_ID_SIZE];
        json_t *json;

        if (!i->ready_status)
            continue;
        zdd_lab_task_id(i, task);
        json = json_pack("{s:s, s:s, s:b}", "name", i->spec->readiness.name, "taskId", task,
                         "ready", i->ready_accepted);
        if (zdd_json_bool(i->spec->readiness.json, "preserveLastResponse", 0))
            json_object_set_new(json, "lastResponse",
                                json_pack("{s:i, s:s, s:s}", "status", i->ready_status,
                                          "contentType", i->ready_type, "body", i->ready_body));
        json_array_append_new(list, json);
    }
    return list;
}

json_t *zdd_lab_app_json(const struct zdd_lab *lab, const struct zdd_lab_app *app, unsigned embed)
{
    const char *id = app->spec->id;
    json_t *json = zdd_lab_spec_json(app->spec);

    if (embed & ZDD_LAB_EMBED_COUNTS)
        add_counts(lab, id, json);
    if (embed & ZDD_LAB_EMBED_DEPLOYMENTS)
        json_object_set_new(json, "deployments", deployments_of(lab, id));
    if (embed & ZDD_LAB_EMBED_TASKS)
        json_object_set_new(json, "tasks", zdd_lab_tasks_json(lab, id, false, false));
    if ((embed & ZDD_LAB_EMBED_FAILURE) && app->last_failure)
        json_object_set(json, "lastTaskFailure", app->last_failure);
    if (embed & ZDD_LAB_EMBED_READINESS)
        json_object_set_new(json, "readinessCheckResults", zdd_lab_readiness_json(lab, id));
    if (embed & ZDD_LAB_EMBED_STATS) /* spelt so from 1.9.100 on */
        json_object_set_new(json, "tasksStats", zdd_lab_stats_json(lab, app));
    return json;
}
