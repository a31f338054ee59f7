/**
 * @file deploy/lab/events.c
 * @brief What the event stream says: one function per kind of event.
 */
#include "deploy/lab/events.h"

#include "deploy/lab/apps.h"
#include "deploy/lab/balancer/balancers.h"
#include "deploy/lab/plan.h"
#include "deploy/lab/streams.h"
#include "deploy/lab/tasks.h"
#include "server/base/clock.h"

#include <stdlib.h>
#include <string.h>

static char *frame(const char *type, json_t *fields)
{
    char *text = zdd_lab_text(fields);
    struct zdd_buf buf = {0};

    if (text)
        zdd_buf_printf(&buf, "event: %s\r\ndata: %s\r\n\r\n", type, text);
    free(text);
    return zdd_buf_take(&buf);
}

/* Where the bad days of a stream happen. */
static void send_through_faults(struct zdd_lab *lab, const char *type, const char *text)
{
    struct zdd_lab_events *events = &lab->events;

    if (zdd_lab_fault_strikes(&lab->faults, ZDD_LAB_FAULT_DROP_EVENTS, NULL, type, NULL))
        return;
    if (!events->held &&
        zdd_lab_fault_strikes(&lab->faults, ZDD_LAB_FAULT_REORDER_EVENTS, NULL, type, NULL)) {
        events->held = strdup(text);
        events->held_type = strdup(type);
        if (!events->held || !events->held_type)
            abort();
        return;
    }
    zdd_lab_streams_send(events, type, text);
    if (zdd_lab_fault_strikes(&lab->faults, ZDD_LAB_FAULT_DUPLICATE_EVENTS, NULL, type, NULL))
        zdd_lab_streams_send(events, type, text);
    if (!events->held)
        return;
    zdd_lab_streams_send(events, events->held_type, events->held);
    free(events->held);
    free(events->held_type);
    events->held = events->held_type = NULL;
}

void zdd_lab_event(struct zdd_lab *lab, const char *type, json_t *fields)
{
    ZDD_AUTO_JSON json_t *own = fields;
    char now[ZDD_TIME_SIZE];
    char *text;

    lab->events.published++;
    zdd_time_format(zdd_lab_utc(lab), now);
    json_object_set_new(own, "eventType", json_string(type));
    json_object_set_new(own, "timestamp", json_string(now));
    text = frame(type, own);
    if (text)
        send_through_faults(lab, type, text);
    free(text);
    zdd_lab_balancers_poke(lab,
                           type); /* they follow the lab itself: no fault of the stream counts */
}

static json_t *ports_json(const struct zdd_lab_instance *instance)
{
    json_t *list = json_array();

    for (size_t i = 0; i < instance->port_count; i++)
        json_array_append_new(list, json_integer(instance->port[i]));
    return list;
}

void zdd_lab_event_status(struct zdd_lab *lab, const struct zdd_lab_instance *instance,
                          const char *status, const char *message)
{
    char task[ZDD_LAB_ID_SIZE];
    char version[ZDD_TIME_SIZE];
    json_t *addresses = json_array();

    /* No address is known before the container exists. */
    if (strcmp(status, "TASK_STAGING") != 0)
        json_array_append_new(
            addresses, json_pack("{s:s, s:s}", "ipAddress", ZDD_LAB_HOST, "protocol", "IPv4"));
    zdd_lab_task_id(instance, task);
    zdd_time_format(instance->spec->version_ms, version);
    zdd_lab_event(lab, "status_update_event",
                  json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:o, s:o, s:s}", "slaveId",
                            ZDD_LAB_AGENT, "taskId", task, "taskStatus", status, "message", message,
                            "appId", instance->spec->id, "host", ZDD_LAB_HOST, "ipAddresses",
                            addresses, "ports", ports_json(instance), "version", version));
}

void zdd_lab_event_instance(struct zdd_lab *lab, const struct zdd_lab_instance *instance)
{
    char version[ZDD_TIME_SIZE];
    const bool placed = instance->incarnation > 0;

    zdd_time_format(instance->spec->version_ms, version);
    zdd_lab_event(lab, "instance_changed_event",
                  json_pack("{s:s, s:s, s:s, s:s?, s:s?, s:s}", "instanceId", instance->id,
                            "condition", zdd_lab_condition_name(instance->condition), "runSpecId",
                            instance->spec->id, "agentId", placed ? ZDD_LAB_AGENT : NULL, "host",
                            placed ? ZDD_LAB_HOST : NULL, "runSpecVersion", version));
}

void zdd_lab_event_health(struct zdd_lab *lab, const struct zdd_lab_instance *instance)
{
    char version[ZDD_TIME_SIZE];
    json_t *healthy = instance->health == ZDD_LAB_UNKNOWN
                          ? json_null()
                          : json_boolean(instance->health == ZDD_LAB_YES);

    zdd_time_format(instance->spec->version_ms, version);
    zdd_lab_event(lab, "instance_health_changed_event",
                  json_pack("{s:s, s:s, s:s, s:o}", "instanceId", instance->id, "runSpecId",
                            instance->spec->id, "runSpecVersion", version, "healthy", healthy));
}

void zdd_lab_event_deployment(struct zdd_lab *lab, const struct zdd_lab_deployment *deployment,
                              const char *suffix, const char *reason)
{
    const bool is_end = strcmp(suffix, "success") == 0 || strcmp(suffix, "failed") == 0;
    char version[ZDD_TIME_SIZE];
    struct zdd_buf type = {0};
    json_t *fields;

    zdd_time_format(deployment->version_ms, version);
    fields = json_pack("{s:{s:s, s:o, s:s}}", "plan", "id", deployment->id, "steps",
                       zdd_lab_steps_json(deployment), "version", version);
    if (is_end)
        json_object_set_new(fields, "id", json_string(deployment->id));
    else
        json_object_set_new(fields, "currentStep",
                            json_pack("{s:o}", "actions", zdd_lab_current_json(deployment)));
    if (reason)
        json_object_set_new(fields, "reason", json_string(reason));
    zdd_buf_printf(&type, "deployment_%s", suffix);
    zdd_lab_event(lab, type.data, fields);
    zdd_buf_release(&type);
}

void zdd_lab_event_group(struct zdd_lab *lab, const char *group, int64_t version_ms,
                         const char *reason)
{
    char version[ZDD_TIME_SIZE];
    json_t *fields;

    zdd_time_format(version_ms, version);
    fields = json_pack("{s:s, s:s}", "groupId", group, "version", version);
    if (reason)
        json_object_set_new(fields, "reason", json_string(reason));
    zdd_lab_event(lab, reason ? "group_change_failed" : "group_change_success", fields);
}
