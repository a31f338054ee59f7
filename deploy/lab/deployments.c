/**
 * @file deploy/lab/deployments.c
 * @brief Steps one after another, the actions of a step at once.
 */
#include "deploy/lab/deployments.h"

#include "deploy/lab/apps.h"
#include "deploy/lab/health.h"
#include "deploy/lab/launch.h"
#include "deploy/lab/tasks.h"

#include <stdlib.h>
#include <string.h>

static const struct {
    const char *name;
    void (*begin)(struct zdd_lab *lab, struct zdd_lab_action *action);
    void (*settle)(struct zdd_lab *lab, struct zdd_lab_action *action);
} kinds[] = {
    [ZDD_LAB_START] = {"StartApplication", NULL, NULL}, /* nothing to do, kept for compatibility */
    [ZDD_LAB_SCALE] = {"ScaleApplication", zdd_lab_scale_begin, zdd_lab_scale_settle},
    [ZDD_LAB_RESTART] = {"RestartApplication", zdd_lab_restart_begin, zdd_lab_restart_settle},
    [ZDD_LAB_STOP] = {"StopApplication", zdd_lab_stop_begin, zdd_lab_stop_settle},
};

const char *zdd_lab_action_name(enum zdd_lab_action_kind kind)
{
    return kinds[kind].name;
}

const char *zdd_lab_action_app(const struct zdd_lab_action *action)
{
    return action->to ? action->to->id : action->from->id;
}

bool zdd_lab_deployment_affects(const struct zdd_lab_deployment *deployment, const char *id)
{
    for (size_t i = 0; i < deployment->action_count; i++)
        if (strcmp(zdd_lab_action_app(&deployment->action[i]), id) == 0)
            return true;
    return false;
}

struct zdd_lab_deployment *zdd_lab_deployment_lock(const struct zdd_lab *lab, const char *id)
{
    for (struct zdd_lab_deployment *d = lab->deployments; d; d = d->next)
        if (zdd_lab_deployment_affects(d, id))
            return d;
    return NULL;
}

struct zdd_lab_deployment *zdd_lab_deployment_find(const struct zdd_lab *lab, const char *id)
{
    for (struct zdd_lab_deployment *d = lab->deployments; d; d = d->next)
        if (strcmp(d->id, id) == 0)
            return d;
    return NULL;
}

size_t zdd_lab_deployment_count(const struct zdd_lab *lab)
{
    size_t count = 0;

    for (const struct zdd_lab_deployment *d = lab->deployments; d; d = d->next)
        count++;
    return count;
}

static size_t first_action(const struct zdd_lab_deployment *deployment)
{
    return deployment->step ? deployment->step_end[deployment->step - 1] : 0;
}

static void enter_action(struct zdd_lab *lab, struct zdd_lab_action *action)
{
    action->begun = action->launching = action->done = false;
    switch (action->kind) {
    case ZDD_LAB_START:
        action->begun = action->done = true;
        break;
    case ZDD_LAB_STOP:
        zdd_lab_health_remove(lab, action->from->id);
        break;
    case ZDD_LAB_SCALE:
    case ZDD_LAB_RESTART:
        zdd_lab_health_register(lab, action->to);
        break;
    }
}

static bool step_is_done(const struct zdd_lab_deployment *deployment)
{
    for (size_t i = first_action(deployment); i < deployment->step_end[deployment->step]; i++)
        if (!deployment->action[i].done)
            return false;
    return true;
}

/* Enter the current step, and those after it that are done as they are entered. */
static void enter(struct zdd_lab *lab, struct zdd_lab_deployment *deployment)
{
    while (deployment->step < deployment->step_count) {
        if (!deployment->entered) {
            deployment->entered = true;
            zdd_lab_event_deployment(lab, deployment, "info", NULL);
            for (size_t i = first_action(deployment); i < deployment->step_end[deployment->step];
                 i++)
                enter_action(lab, &deployment->action[i]);
        }
        if (!step_is_done(deployment))
            return;
        zdd_lab_event_deployment(lab, deployment, "step_success", NULL);
        deployment->step++;
        deployment->entered = false;
    }
}

struct zdd_lab_deployment *zdd_lab_deployment_free(struct zdd_lab *lab,
                                                   struct zdd_lab_deployment *deployment)
{
    if (!deployment)
        return NULL;
    for (size_t i = 0; i < deployment->action_count; i++) {
        struct zdd_lab_action *action = &deployment->action[i];

        zdd_lab_timer_stop(lab, &action->reconcile);
        zdd_lab_spec_unref(action->from);
        zdd_lab_spec_unref(action->to);
        json_decref(action->sentenced);
    }
    free(deployment->action);
    free(deployment->step_end);
    free(deployment);
    return NULL;
}

static void unlink_deployment(struct zdd_lab *lab, const struct zdd_lab_deployment *deployment)
{
    for (struct zdd_lab_deployment **at = &lab->deployments; *at; at = &(*at)->next)
        if (*at == deployment) {
            *at = deployment->next;
            return;
        }
}

static void finish(struct zdd_lab *lab, struct zdd_lab_deployment *deployment)
{
    unlink_deployment(lab, deployment);
    zdd_lab_event_deployment(lab, deployment, "success", NULL);
    for (size_t i = 0; i < deployment->action_count; i++)
        zdd_lab_parts_clear(lab, zdd_lab_action_app(&deployment->action[i]));
    zdd_lab_deployment_free(lab, deployment);
}

void zdd_lab_deployment_start(struct zdd_lab *lab, struct zdd_lab_deployment *deployment)
{
    struct zdd_lab_deployment **at = &lab->deployments;

    while (*at)
        at = &(*at)->next;
    *at = deployment;
    lab->dirty = true;
    if (deployment->hidden)
        return;
    enter(lab, deployment);
    if (deployment->step == deployment->step_count)
        finish(lab, deployment);
}

void zdd_lab_deployment_cancel(struct zdd_lab *lab, struct zdd_lab_deployment *deployment)
{
    unlink_deployment(lab, deployment);
    zdd_lab_event_deployment(lab, deployment, "failed", "The upgrade has been cancelled");
    for (size_t i = 0; i < deployment->action_count; i++)
        zdd_lab_parts_clear(lab, zdd_lab_action_app(&deployment->action[i]));
    zdd_lab_deployment_free(lab, deployment);
    lab->dirty = true;
}

static void settle_action(struct zdd_lab *lab, struct zdd_lab_action *action)
{
    if (!action->begun) {
        action->begun = true;
        kinds[action->kind].begin(lab, action);
    }
    if (!action->done)
        kinds[action->kind].settle(lab, action);
}

void zdd_lab_deployments_settle(struct zdd_lab *lab)
{
    for (struct zdd_lab_deployment *d = lab->deployments, *next; d; d = next) {
        next = d->next;
        d->hidden = false;
        enter(lab, d);
        while (d->step < d->step_count) {
            const size_t step = d->step;

            for (size_t i = first_action(d); i < d->step_end[step]; i++)
                settle_action(lab, &d->action[i]);
            enter(lab, d);
            if (d->step == step)
                break;
        }
        if (d->step == d->step_count)
            finish(lab, d);
    }
}

static struct zdd_lab_action *current_action(const struct zdd_lab *lab, const char *id)
{
    for (struct zdd_lab_deployment *d = lab->deployments; d; d = d->next)
        for (size_t i = first_action(d); d->entered && i < d->step_end[d->step]; i++)
            if (strcmp(zdd_lab_action_app(&d->action[i]), id) == 0)
                return &d->action[i];
    return NULL;
}

/* The table of §4.3. */
void zdd_lab_deployment_look(struct zdd_lab *lab, struct zdd_lab_instance *instance)
{
    const struct zdd_lab_spec *spec = instance->spec;
    const bool was_done = instance->is_healthy && instance->is_ready;
    struct zdd_lab_action *action;

    if (!instance->is_new || !instance->wanted || instance->condition != ZDD_LAB_RUNNING)
        return;
    if (!spec->check_count || instance->health == ZDD_LAB_YES)
        instance->is_healthy = true;
    if (!spec->facts.has_readiness_checks)
        instance->is_ready = instance->is_healthy;
    else if (instance->ready_accepted)
        instance->is_ready = true;
    else
        zdd_lab_readiness_begin(lab, instance);
    if (was_done || !instance->is_healthy || !instance->is_ready)
        return;
    action = current_action(lab, spec->id);
    if (action && action->kind == ZDD_LAB_RESTART && action->begun)
        zdd_lab_restart_next(lab, action);
    lab->dirty = true;
}

void zdd_lab_deployments_restart(struct zdd_lab *lab)
{
    for (struct zdd_lab_deployment *d = lab->deployments; d; d = d->next) {
        d->step = 0;
        d->entered = false;
        for (size_t i = 0; i < d->action_count; i++) {
            zdd_lab_timer_stop(lab, &d->action[i].reconcile);
            zdd_lab_parts_clear(lab, zdd_lab_action_app(&d->action[i]));
        }
    }
    lab->dirty = true;
}
