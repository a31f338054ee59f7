/**
 * @file deploy/lab/instances.c
 * @brief The list of instances: added, found, killed, ended, forgotten.
 */
#include "deploy/lab/apps.h"
#include "deploy/lab/deployments.h"
#include "deploy/lab/health.h"
#include "deploy/lab/launch.h"
#include "deploy/lab/tasks.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *state, *condition;
} names[] = {
    [ZDD_LAB_SCHEDULED] = {"TASK_STAGING", "Scheduled"},
    [ZDD_LAB_PROVISIONED] = {"TASK_STAGING", "Provisioned"},
    [ZDD_LAB_STARTING] = {"TASK_STARTING", "Starting"},
    [ZDD_LAB_RUNNING] = {"TASK_RUNNING", "Running"},
    [ZDD_LAB_KILLING] = {"TASK_KILLING", "Killing"},
    [ZDD_LAB_UNREACHABLE] = {"TASK_UNREACHABLE", "Unreachable"},
    [ZDD_LAB_UNREACHABLE_INACTIVE] = {"TASK_UNREACHABLE", "UnreachableInactive"},
    [ZDD_LAB_KILLED] = {"TASK_KILLED", "Killed"},
    [ZDD_LAB_FINISHED] = {"TASK_FINISHED", "Finished"},
    [ZDD_LAB_FAILED] = {"TASK_FAILED", "Failed"},
};

const char *zdd_lab_state_name(enum zdd_lab_condition condition)
{
    return names[condition].state;
}

const char *zdd_lab_condition_name(enum zdd_lab_condition condition)
{
    return names[condition].condition;
}

static struct zdd_lab_instance *skip(struct zdd_lab_instance *instance)
{
    while (instance && instance->expunged)
        instance = instance->next;
    return instance;
}

struct zdd_lab_instance *zdd_lab_first(const struct zdd_lab *lab)
{
    return skip(lab->first);
}

struct zdd_lab_instance *zdd_lab_next(const struct zdd_lab_instance *instance)
{
    return skip(instance->next);
}

/* FNV-1a */
static size_t crowd_of(const char *id)
{
    uint32_t hash = UINT32_C(2166136261);

    for (; *id; id++)
        hash = (hash ^ (unsigned char)*id) * UINT32_C(16777619);
    return hash & (ZDD_LAB_CROWDS - 1);
}

static struct zdd_lab_instance *skip_others(struct zdd_lab_instance *instance, const char *id)
{
    while (instance && (instance->expunged || !zdd_lab_is_of(instance, id)))
        instance = instance->next_near;
    return instance;
}

struct zdd_lab_instance *zdd_lab_first_of(const struct zdd_lab *lab, const char *id)
{
    return skip_others(lab->crowd[crowd_of(id)], id);
}

struct zdd_lab_instance *zdd_lab_next_of(const struct zdd_lab_instance *instance)
{
    return skip_others(instance->next_near, instance->spec->id);
}

static void join_crowd(struct zdd_lab *lab, struct zdd_lab_instance *instance)
{
    struct zdd_lab_instance **place = &lab->crowd[crowd_of(instance->spec->id)];

    while (*place)
        place = &(*place)->next_near;
    *place = instance;
}

static void leave_crowd(struct zdd_lab *lab, struct zdd_lab_instance *instance)
{
    struct zdd_lab_instance **place = &lab->crowd[crowd_of(instance->spec->id)];

    while (*place != instance)
        place = &(*place)->next_near;
    *place = instance->next_near;
}

void zdd_lab_task_id(const struct zdd_lab_instance *instance, char ret[static ZDD_LAB_ID_SIZE])
{
    snprintf(ret, ZDD_LAB_ID_SIZE, "%.*s._app.%u", ZDD_LAB_ID_SIZE - 20, instance->id,
             instance->incarnation);
}

struct zdd_lab_instance *zdd_lab_instance_find(const struct zdd_lab *lab, const char *id)
{
    char task[ZDD_LAB_ID_SIZE];

    for (struct zdd_lab_instance *i = zdd_lab_first(lab); i; i = zdd_lab_next(i)) {
        if (strcmp(i->id, id) == 0)
            return i;
        zdd_lab_task_id(i, task);
        if (strcmp(task, id) == 0)
            return i;
    }
    return NULL;
}

bool zdd_lab_is_active(const struct zdd_lab_instance *instance)
{
    return instance->condition >= ZDD_LAB_PROVISIONED && instance->condition <= ZDD_LAB_UNREACHABLE;
}

bool zdd_lab_is_waiting(const struct zdd_lab_instance *instance)
{
    return instance->wanted && !zdd_lab_is_active(instance) && !zdd_lab_is_lost(instance);
}

bool zdd_lab_is_of(const struct zdd_lab_instance *instance, const char *id)
{
    return strcmp(instance->spec->id, id) == 0;
}

/* Version 1 of RFC 9562: 100 ns since 1582, as Marathon's ids; the node is random. */
static void make_uuid1(int64_t utc_ms, char ret[static ZDD_UUID_SIZE])
{
    static uint16_t sequence; /* under the lab's lock */
    const uint64_t ticks = (uint64_t)utc_ms * 10000 + UINT64_C(0x01B21DD213814000);
    uint8_t node[6];

    zdd_random(node, sizeof(node));
    sequence = (uint16_t)((sequence + 1) & 0x3fff);
    snprintf(ret, ZDD_UUID_SIZE, "%08x-%04x-1%03x-%04x-%02x%02x%02x%02x%02x%02x",
             (unsigned)(ticks & 0xffffffff), (unsigned)(ticks >> 32 & 0xffff),
             (unsigned)(ticks >> 48 & 0x0fff), 0x8000u | sequence, node[0] | 1u, node[1], node[2],
             node[3], node[4], node[5]);
}

static void make_id(struct zdd_lab *lab, struct zdd_lab_instance *instance)
{
    char uuid[ZDD_UUID_SIZE];
    char name[ZDD_LAB_ID_SIZE - 80];
    size_t at = 0;

    for (const char *c = instance->spec->id + 1; *c && at + 1 < sizeof(name); c++)
        name[at++] = (char)(*c == '/' ? '_' : *c);
    name[at] = '\0';
    make_uuid1(zdd_lab_utc(lab), uuid);
    snprintf(instance->id, sizeof(instance->id), "%s.instance-%s", name, uuid);
}

struct zdd_lab_instance *zdd_lab_instance_add(struct zdd_lab *lab, struct zdd_lab_spec *spec)
{
    struct zdd_lab_instance *instance = calloc(1, sizeof(*instance));

    if (!instance)
        abort();
    instance->spec = zdd_lab_spec_ref(spec);
    instance->wanted = true;
    instance->health = instance->mesos_health = ZDD_LAB_UNKNOWN;
    instance->since_ms = zdd_lab_utc(lab);
    make_id(lab, instance);
    instance->prev = lab->last;
    if (lab->last)
        lab->last->next = instance;
    else
        lab->first = instance;
    lab->last = instance;
    join_crowd(lab, instance);
    zdd_lab_event_instance(lab, instance);
    lab->dirty = true;
    return instance;
}

static void stop_timers(struct zdd_lab *lab, struct zdd_lab_instance *instance)
{
    zdd_lab_timer_stop(lab, &instance->start);
    zdd_lab_timer_stop(lab, &instance->escalate);
    zdd_lab_timer_stop(lab, &instance->ready_tick);
    zdd_lab_timer_stop(lab, &instance->give_up);
    for (size_t i = 0; i < ZDD_LAB_CHECK_MAX; i++)
        zdd_lab_timer_stop(lab, &instance->mesos_tick[i]);
}

void zdd_lab_instance_expunge(struct zdd_lab *lab, struct zdd_lab_instance *instance)
{
    int64_t linger_ms = 0;

    if (instance->expunged)
        return;
    stop_timers(lab, instance);
    if (zdd_lab_fault_strikes(&lab->faults, ZDD_LAB_FAULT_LATE_VANISH, NULL, NULL, &linger_ms))
        instance->linger_until_ms = zdd_lab_now(lab) + linger_ms;
    instance->wanted = false;
    instance->expunged = true;
    lab->dirty = true;
}

void zdd_lab_instances_sweep(struct zdd_lab *lab)
{
    const int64_t now_ms = zdd_lab_now(lab);

    for (struct zdd_lab_instance *i = lab->first, *next; i; i = next) {
        next = i->next;
        if (!i->expunged || i->pid || i->linger_until_ms > now_ms)
            continue;
        if (i->prev)
            i->prev->next = i->next;
        else
            lab->first = i->next;
        if (i->next)
            i->next->prev = i->prev;
        else
            lab->last = i->prev;
        leave_crowd(lab, i);
        stop_timers(lab, i);
        zdd_lab_timer_stop(lab, &i->come_back);
        zdd_lab_spec_unref(i->spec);
        free(i);
    }
}

void zdd_lab_instance_kill(struct zdd_lab *lab, struct zdd_lab_instance *instance,
                           bool decommission)
{
    if (instance->expunged)
        return;
    if (decommission && instance->wanted) {
        instance->wanted = false;
        if (zdd_lab_is_active(instance))
            zdd_lab_event_instance(lab,
                                   instance); /* only the goal changed: it says Running again */
    }
    if (zdd_lab_is_lost(instance)) {
        zdd_lab_instance_force_out(lab, instance); /* nobody there to ask */
    } else if (zdd_lab_is_active(instance)) {
        zdd_lab_kill_send(lab, instance);
    } else if (!instance->wanted) {
        if (instance->condition == ZDD_LAB_SCHEDULED) {
            instance->condition = ZDD_LAB_KILLED;
            zdd_lab_event_instance(lab, instance);
        }
        zdd_lab_instance_expunge(lab, instance);
    }
    lab->dirty = true;
}

static void forget_results(struct zdd_lab_instance *instance)
{
    memset(instance->result, 0, sizeof(instance->result));
    instance->health = instance->mesos_health = ZDD_LAB_UNKNOWN;
    instance->is_healthy = instance->is_ready = false;
    instance->ready_accepted = instance->ready_polling = false;
    instance->ready_status = 0;
}

void zdd_lab_task_ended(struct zdd_lab *lab, struct zdd_lab_instance *instance,
                        enum zdd_lab_condition condition, const char *message)
{
    assert(condition >= ZDD_LAB_KILLED);
    stop_timers(lab, instance);
    instance->pid = 0;
    instance->condition = instance->kill_sent ? ZDD_LAB_KILLED : condition;
    instance->kill_sent = instance->kill_waits = false;
    instance->since_ms = zdd_lab_utc(lab);
    zdd_lab_event_status(lab, instance, zdd_lab_state_name(instance->condition), message);
    zdd_lab_event_instance(lab, instance);
    forget_results(instance);
    if (instance->condition == ZDD_LAB_FAILED)
        zdd_lab_app_failure(lab, instance, "TASK_FAILED", message);
    if (instance->condition != ZDD_LAB_KILLED)
        zdd_lab_delay_failed(lab, instance->spec);
    if (!instance->wanted)
        zdd_lab_instance_expunge(lab, instance);
    zdd_lab_scale_check(lab, instance->spec->id);
    lab->dirty = true;
}
