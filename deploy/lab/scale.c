/**
 * @file deploy/lab/scale.c
 * @brief ScaleApplication, StopApplication and the scale check (marathon.md §4.7, §4.8, §3.1).
 */
#include "deploy/lab/apps.h"
#include "deploy/lab/deployments.h"
#include "deploy/lab/launch.h"
#include "deploy/lab/tasks.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RECONCILE_MS 5000 /* missing instances are noticed that often */

void zdd_lab_parts_clear(struct zdd_lab *lab, const char *id)
{
    for (struct zdd_lab_instance *i = zdd_lab_first_of(lab, id); i; i = zdd_lab_next_of(i)) {
        i->is_old = i->is_new = i->is_healthy = i->is_ready = i->is_queued = false;
        i->ready_accepted = i->ready_polling = false;
        i->ready_status = 0;
        zdd_lab_timer_stop(lab, &i->ready_tick);
    }
}

/* An inactive one has been given up. */
static bool counts(const struct zdd_lab_instance *instance)
{
    return instance->wanted && instance->condition != ZDD_LAB_UNREACHABLE_INACTIVE;
}

int zdd_lab_wanted_count(const struct zdd_lab *lab, const char *id)
{
    int count = 0;

    for (const struct zdd_lab_instance *i = zdd_lab_first_of(lab, id); i; i = zdd_lab_next_of(i))
        count += counts(i);
    return count;
}

struct victim {
    struct zdd_lab_instance *instance;
    bool sentenced;
    int weight;
    int64_t time_ms; /* what kill selection looks at; 0 when it never came */
    bool oldest_first;
    size_t place;
};

static int weigh(const struct zdd_lab_instance *instance)
{
    switch (instance->condition) {
    case ZDD_LAB_UNREACHABLE:
        return 1;
    case ZDD_LAB_STARTING:
        return 3;
    case ZDD_LAB_RUNNING:
        return 4;
    case ZDD_LAB_SCHEDULED:
    case ZDD_LAB_PROVISIONED:
    case ZDD_LAB_KILLING:
    case ZDD_LAB_UNREACHABLE_INACTIVE:
    case ZDD_LAB_KILLED:
    case ZDD_LAB_FINISHED:
    case ZDD_LAB_FAILED:
        break;
    }
    return 5;
}

static int compare_numbers(int64_t a, int64_t b)
{
    return (a > b) - (a < b);
}

static int compare(const void *left, const void *right)
{
    const struct victim *a = left;
    const struct victim *b = right;

    if (a->sentenced != b->sentenced)
        return a->sentenced ? -1 : 1;
    if (a->weight != b->weight)
        return a->weight - b->weight;
    if (!a->time_ms != !b->time_ms)
        return a->time_ms ? 1 : -1; /* never started goes first */
    if (a->time_ms != b->time_ms)
        return a->oldest_first ? compare_numbers(a->time_ms, b->time_ms)
                               : compare_numbers(b->time_ms, a->time_ms);
    return a->oldest_first ? compare_numbers((int64_t)a->place, (int64_t)b->place)
                           : compare_numbers((int64_t)b->place, (int64_t)a->place);
}

static bool is_sentenced(const json_t *ids, const char *id)
{
    for (size_t i = 0; i < json_array_size(ids); i++)
        if (strcmp(json_string_value(json_array_get(ids, i)), id) == 0)
            return true;
    return false;
}

/* Kill down to what @p spec wants; @return how many were asked to go */
static int kill_surplus(struct zdd_lab *lab, const struct zdd_lab_spec *spec,
                        const json_t *sentenced)
{
    const int current = zdd_lab_wanted_count(lab, spec->id);
    struct victim *victims = calloc((size_t)current + 1, sizeof(*victims));
    int count = 0;
    int condemned = 0;
    int surplus = current - spec->facts.instances;

    if (!victims)
        abort();
    for (struct zdd_lab_instance *i = zdd_lab_first_of(lab, spec->id); i; i = zdd_lab_next_of(i)) {
        if (!counts(i))
            continue;
        victims[count] = (struct victim){.instance = i,
                                         .sentenced = is_sentenced(sentenced, i->id),
                                         .weight = weigh(i),
                                         .time_ms = i->started_ms,
                                         .oldest_first = spec->facts.oldest_first,
                                         .place = (size_t)count};
        condemned += victims[count].sentenced;
        count++;
    }
    qsort(victims, (size_t)count, sizeof(*victims), compare);
    if (surplus < condemned)
        surplus = condemned;
    for (int i = 0; i < surplus && i < count; i++) {
        victims[i].instance->is_old = true;
        zdd_lab_instance_kill(lab, victims[i].instance, true);
    }
    free(victims);
    return surplus > 0 ? surplus : 0;
}

void zdd_lab_scale_begin(struct zdd_lab *lab, struct zdd_lab_action *action)
{
    zdd_lab_parts_clear(lab, action->to->id);
    (void)kill_surplus(lab, action->to, action->sentenced);
}

static void reconcile(struct zdd_lab *lab, void *cls)
{
    struct zdd_lab_action *action = cls;
    int missing = action->to->facts.instances - zdd_lab_wanted_count(lab, action->to->id);

    while (missing-- > 0)
        zdd_lab_instance_add(lab, action->to)->is_new = true;
    zdd_lab_timer_set(lab, &action->reconcile, zdd_lab_scaled(lab, RECONCILE_MS), reconcile,
                      action);
}

void zdd_lab_scale_settle(struct zdd_lab *lab, struct zdd_lab_action *action)
{
    const char *id = action->to->id;
    int done = 0;

    for (const struct zdd_lab_instance *i = zdd_lab_first_of(lab, id); i; i = zdd_lab_next_of(i))
        if (i->is_old)
            return; /* the surplus first */
    if (!action->launching) {
        action->launching = true;
        action->wait_for = action->to->facts.instances - zdd_lab_wanted_count(lab, id);
        if (action->wait_for <= 0) {
            action->done = true;
            return;
        }
        reconcile(lab, action);
    }
    for (const struct zdd_lab_instance *i = zdd_lab_first_of(lab, id); i; i = zdd_lab_next_of(i))
        done += i->is_new && i->wanted && i->is_healthy && i->is_ready;
    action->done = done == action->wait_for;
    if (action->done)
        zdd_lab_timer_stop(lab, &action->reconcile);
}

void zdd_lab_stop_begin(struct zdd_lab *lab, struct zdd_lab_action *action)
{
    zdd_lab_parts_clear(lab, action->from->id);
    for (struct zdd_lab_instance *i = zdd_lab_first_of(lab, action->from->id); i;
         i = zdd_lab_next_of(i))
        zdd_lab_instance_kill(lab, i, true);
}

void zdd_lab_stop_settle(struct zdd_lab *lab, struct zdd_lab_action *action)
{
    const char *id = action->from->id;

    if (zdd_lab_first_of(lab, id))
        return;
    zdd_lab_delay_reset(lab, id);
    zdd_lab_event(lab, "app_terminated_event", json_pack("{s:s}", "appId", id));
    action->done = true;
}

static void check_app(struct zdd_lab *lab, const struct zdd_lab_app *app)
{
    struct zdd_lab_spec *spec = app->spec;
    int missing;

    if (zdd_lab_deployment_lock(lab, spec->id))
        return;
    missing = spec->facts.instances - zdd_lab_wanted_count(lab, spec->id);
    if (missing < 0)
        (void)kill_surplus(lab, spec, NULL);
    while (missing-- > 0)
        (void)zdd_lab_instance_add(lab, spec);
}

/* What a cancelled StopApplication left behind. */
static void kill_orphans(struct zdd_lab *lab, const char *id)
{
    for (struct zdd_lab_instance *i = zdd_lab_first(lab); i; i = zdd_lab_next(i))
        if ((!id || zdd_lab_is_of(i, id)) && i->wanted && !zdd_lab_app_find(lab, i->spec->id) &&
            !zdd_lab_deployment_lock(lab, i->spec->id))
            zdd_lab_instance_kill(lab, i, true);
}

void zdd_lab_scale_check(struct zdd_lab *lab, const char *id)
{
    for (const struct zdd_lab_app *app = lab->apps; app; app = app->next)
        if (!id || strcmp(app->spec->id, id) == 0)
            check_app(lab, app);
    kill_orphans(lab, id);
}
