/**
 * @file deploy/lab/restart.c
 * @brief RestartApplication: marathon.md §4.2 carried out on real instances.
 */
#include "deploy/lab/apps.h"
#include "deploy/lab/deployments.h"
#include "deploy/lab/health.h"
#include "deploy/lab/launch.h"
#include "deploy/lab/replace.h"
#include "deploy/lab/tasks.h"

/* Instance.consideredHealthy: nothing to be checked, or a flag that only Mesos-side checks set. */
static bool is_considered_healthy(const struct zdd_lab_instance *instance)
{
    const struct zdd_lab_spec *spec = instance->spec;

    if (!spec->check_count && !spec->facts.has_readiness_checks &&
        !json_is_object(json_object_get(spec->def, "check")))
        return true;
    return instance->mesos_health == ZDD_LAB_YES;
}

static struct zdd_lab_instance *next_victim(const struct zdd_lab *lab, const char *id)
{
    struct zdd_lab_instance *first = NULL;

    for (struct zdd_lab_instance *i = zdd_lab_first_of(lab, id); i; i = zdd_lab_next_of(i)) {
        if (!i->is_queued)
            continue;
        if (!lab->options->marathon_110 || !is_considered_healthy(i))
            return i;
        if (!first)
            first = i;
    }
    return first;
}

void zdd_lab_restart_next(struct zdd_lab *lab, struct zdd_lab_action *action)
{
    struct zdd_lab_instance *victim = next_victim(lab, action->to->id);

    if (!victim)
        return;
    victim->is_queued = false;
    zdd_lab_instance_kill(lab, victim, true);
}

/* Who is old, who is new; @return the numbers of §4.1 */
static struct zdd_lab_replace cast_parts(struct zdd_lab *lab, const struct zdd_lab_action *action)
{
    const struct zdd_lab_spec *to = action->to;
    struct zdd_lab_replace in = {.instances = to->facts.instances,
                                 .minimum_health = to->facts.minimum_health_capacity,
                                 .over_capacity = to->facts.maximum_over_capacity,
                                 .resident = to->facts.resident,
                                 .rule_110 = lab->options->marathon_110};

    zdd_lab_parts_clear(lab, to->id);
    for (struct zdd_lab_instance *i = zdd_lab_first_of(lab, to->id); i; i = zdd_lab_next_of(i)) {
        in.known++;
        if (!i->wanted)
            continue;
        i->is_new = i->spec->version_ms == to->version_ms;
        i->is_old = i->is_queued = !i->is_new;
        if (i->condition != ZDD_LAB_UNREACHABLE_INACTIVE &&
            (!in.rule_110 || is_considered_healthy(i)))
            in.present++;
    }
    return in;
}

static int count_alive_old(const struct zdd_lab *lab, const char *id)
{
    int count = 0;

    for (const struct zdd_lab_instance *i = zdd_lab_first_of(lab, id); i; i = zdd_lab_next_of(i))
        count += i->is_old;
    return count;
}

static void launch_new(struct zdd_lab *lab, const struct zdd_lab_action *action)
{
    struct zdd_lab_spec *to = action->to;
    int started = 0;
    int count;

    for (const struct zdd_lab_instance *i = zdd_lab_first_of(lab, to->id); i;
         i = zdd_lab_next_of(i))
        started += i->is_new && i->wanted;
    count = zdd_lab_replace_launch(to->facts.instances, started, action->max_capacity,
                                   count_alive_old(lab, to->id));
    while (count-- > 0)
        zdd_lab_instance_add(lab, to)->is_new = true;
}

void zdd_lab_restart_begin(struct zdd_lab *lab, struct zdd_lab_action *action)
{
    const struct zdd_lab_replace in = cast_parts(lab, action);
    const struct zdd_lab_replace_start start = zdd_lab_replace_begin(&in);

    action->min_healthy = start.min_healthy;
    action->max_capacity = start.max_capacity;
    zdd_lab_delay_reset(lab, action->to->id);
    for (int i = 0; i < start.kill_at_once; i++)
        zdd_lab_restart_next(lab, action);
    launch_new(lab, action);
    for (struct zdd_lab_instance *i = zdd_lab_first_of(lab, action->to->id); i;
         i = zdd_lab_next_of(i))
        if (i->is_new)
            zdd_lab_deployment_look(lab, i);
}

void zdd_lab_restart_settle(struct zdd_lab *lab, struct zdd_lab_action *action)
{
    const char *id = action->to->id;
    int healthy = 0;
    int ready = 0;

    /* An old instance that ended by itself is replaced by a new one, not by its like. */
    for (struct zdd_lab_instance *i = zdd_lab_first_of(lab, id); i; i = zdd_lab_next_of(i))
        if (i->is_old && i->wanted && i->condition >= ZDD_LAB_KILLED)
            zdd_lab_instance_kill(lab, i, true);
    launch_new(lab, action);
    for (const struct zdd_lab_instance *i = zdd_lab_first_of(lab, id); i; i = zdd_lab_next_of(i)) {
        if (!i->is_new || !i->wanted)
            continue;
        healthy += i->is_healthy;
        ready += i->is_ready;
    }
    action->done = zdd_lab_replace_complete(action->to->facts.instances, healthy, ready,
                                            count_alive_old(lab, id));
}
