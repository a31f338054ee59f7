/**
 * @file tests/lab/fleet.c
 * @brief Reading the tasks of an app off Marathon's events.
 */
#include "tests/support/spec.h"

#include "tests/lab/fleet.h"

#include <stdio.h>
#include <string.h>

static struct fleet_task *find(struct fleet *fleet, const char *id)
{
    for (size_t i = 0; i < fleet->count; i++)
        if (strcmp(fleet->task[i].id, id) == 0)
            return &fleet->task[i];
    assert_true(fleet->count < FLEET_MAX);
    fleet->task[fleet->count] = (struct fleet_task){.state = FLEET_GONE};
    snprintf(fleet->task[fleet->count].id, sizeof(fleet->task[0].id), "%s", id);
    return &fleet->task[fleet->count++];
}

static enum fleet_state state_of(const char *condition, bool was_told_to_end)
{
    static const struct {
        const char *condition;
        enum fleet_state state;
    } rows[] = {{"Scheduled", FLEET_WAITING},
                {"Provisioned", FLEET_STARTING},
                {"Starting", FLEET_STARTING},
                {"Running", FLEET_RUNNING},
                {"Killing", FLEET_ENDING}};

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (strcmp(condition, rows[i].condition) == 0)
            return rows[i].state;
    /* It failed by itself: Marathon starts it again. */
    return strcmp(condition, "Failed") == 0 && !was_told_to_end ? FLEET_WAITING : FLEET_GONE;
}

struct fleet_task *fleet_take(struct fleet *fleet, const json_t *event)
{
    const char *type = zdd_json_text(event, "eventType", "");
    struct fleet_task *task;

    if (strcmp(type, "instance_changed_event") != 0 &&
        strcmp(type, "instance_health_changed_event") != 0)
        return NULL;
    task = find(fleet, zdd_json_text(event, "instanceId", ""));
    if (strcmp(type, "instance_health_changed_event") == 0)
        task->healthy = zdd_json_bool(event, "healthy", false);
    else
        task->state = state_of(zdd_json_text(event, "condition", ""), task->state == FLEET_ENDING);
    return task;
}

void fleet_serve(struct fleet *fleet, const char *id)
{
    const char *suffix = strstr(id, "._app.");
    char instance[200];

    snprintf(instance, sizeof(instance), "%.*s", suffix ? (int)(suffix - id) : (int)strlen(id), id);
    find(fleet, instance)->healthy = true;
}

void fleet_age(struct fleet *fleet)
{
    size_t kept = 0;

    for (size_t i = 0; i < fleet->count; i++) {
        struct fleet_task *task = &fleet->task[i];

        if (task->state == FLEET_GONE)
            continue;
        task->old = true;
        task->healthy = task->state == FLEET_RUNNING;
        fleet->task[kept++] = *task;
    }
    fleet->count = kept;
}

struct fleet_moment fleet_count(const struct fleet *fleet)
{
    struct fleet_moment m = {0};

    for (size_t i = 0; i < fleet->count; i++) {
        const struct fleet_task *task = &fleet->task[i];
        const bool serves = task->state == FLEET_RUNNING && (task->healthy || !fleet->checked);
        const bool waits = task->state == FLEET_WAITING;
        const bool here = task->state == FLEET_STARTING || task->state == FLEET_RUNNING;

        m.ending += task->state == FLEET_ENDING;
        m.starting += task->state == FLEET_STARTING;
        if (task->old) {
            m.old += here;
            m.healthy_old += serves;
            m.waiting_old += waits;
        } else {
            m.new += here || waits;
            m.healthy_new += serves;
            m.waiting_new += waits;
        }
    }
    return m;
}

int fleet_existing(const struct fleet_moment *moment)
{
    return moment->old + moment->new + moment->ending;
}

int fleet_serving(const struct fleet_moment *moment)
{
    return moment->healthy_old + moment->healthy_new;
}
