/**
 * @file deploy/lab/api_deployments.c
 * @brief Plans under way, undone or stopped (marathon.md §1.6, §3.2), and the launch queue (§7.2).
 */
#include "deploy/lab/api.h"
#include "deploy/lab/apps.h"
#include "deploy/lab/deployments.h"
#include "deploy/lab/launch.h"
#include "deploy/lab/tasks.h"
#include "server/base/clock.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define OVERDUE_MS 1000

static json_t *time_json(int64_t ms)
{
    char text[ZDD_TIME_SIZE];

    zdd_time_format(ms, text);
    return json_string(text);
}

static json_t *affected(const struct zdd_lab_deployment *d)
{
    json_t *list = json_array();

    for (size_t i = 0; i < d->action_count; i++) {
        const char *id = zdd_lab_action_app(&d->action[i]);
        bool known = false;

        for (size_t j = 0; j < json_array_size(list); j++)
            known = known || strcmp(json_string_value(json_array_get(list, j)), id) == 0;
        if (!known)
            json_array_append_new(list, json_string(id));
    }
    return list;
}

static json_t *deployment_json(const struct zdd_lab *lab, const struct zdd_lab_deployment *d)
{
    json_t *actions = zdd_lab_current_json(d);

    for (size_t i = 0; i < json_array_size(actions); i++) {
        json_t *action = json_array_get(actions, i);

        json_object_set_new(action, "readinessCheckResults",
                            zdd_lab_readiness_json(lab, zdd_json_text(action, "app", "")));
    }
    return json_pack("{s:s, s:o, s:o, s:[], s:o, s:o, s:i, s:i}", "id", d->id, "version",
                     time_json(d->version_ms), "affectedApps", affected(d), "affectedPods", "steps",
                     zdd_lab_steps_json(d), "currentActions", actions, "currentStep",
                     d->entered ? (int)d->step + 1 : 0, "totalSteps", (int)d->step_count);
}

enum zdd_err zdd_lab_get_deployments(struct zdd_call *call, struct zdd_lab *lab)
{
    json_t *list = json_array();

    for (const struct zdd_lab_deployment *d = lab->deployments; d; d = d->next)
        if (!d->hidden)
            json_array_append_new(list, deployment_json(lab, d));
    return zdd_lab_answer(call, 200, list);
}

enum zdd_err zdd_lab_delete_deployment(struct zdd_call *call, struct zdd_lab *lab)
{
    struct zdd_lab_deployment *deployment = zdd_lab_deployment_find(lab, call->arg[0]);
    struct zdd_lab_update update = {0};
    enum zdd_lab_update_end end;

    if (!deployment)
        return zdd_lab_refuse(call, 404, NULL, "Deployment plan '%s' does not exist", call->arg[0]);
    if (zdd_lab_query_bool(call, "force", false)) {
        zdd_lab_deployment_cancel(lab, deployment);
        call->status = 202;
        return ZDD_ERR_NONE;
    }
    /* It makes a new plan, so the limit holds for it too. */
    if (zdd_lab_deployment_count(lab) >= (size_t)lab->options->deployment_max)
        return zdd_lab_answer_update(call, 200, ZDD_LAB_LIMIT, &update);
    end = zdd_lab_revert(lab, deployment, &update);
    return zdd_lab_answer_update(call, 200, end, &update);
}

/* The funnel of §7.2: what one reason declines does not reach the next. */
static json_t *funnel(const char *reason, int64_t declined, int64_t processed)
{
    static const char *const reasons[] = {
        "UnfulfilledRole",        "UnfulfilledConstraint", "NoCorrespondingReservationFound",
        "AgentMaintenance",       "InsufficientCpus",      "InsufficientMemory",
        "InsufficientDisk",       "InsufficientGpus",      "InsufficientPorts",
        "DeclinedScarceResources"};
    json_t *list = json_array();

    for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++) {
        const bool is_it = reason && strcmp(reason, reasons[i]) == 0;

        json_array_append_new(list, json_pack("{s:s, s:I, s:I}", "reason", reasons[i], "declined",
                                              (json_int_t)(is_it ? declined : 0), "processed",
                                              (json_int_t)processed));
        processed -= is_it ? declined : 0;
    }
    return list;
}

static json_t *queue_item(struct zdd_lab *lab, struct zdd_lab_delay *delay,
                          const struct zdd_lab_spec *spec, int count)
{
    const int64_t left_ms = zdd_lab_delay_left(lab, delay);
    const bool overdue = !delay->delay_ms || left_ms <= -OVERDUE_MS;
    json_t *summary = json_pack(
        "{s:I, s:I, s:o, s:o}", "processedOffersCount", (json_int_t)delay->processed,
        "unusedOffersCount", (json_int_t)delay->declined, "rejectSummaryLastOffers",
        funnel(delay->reason, delay->reason ? 1 : 0, delay->processed ? 1 : 0),
        "rejectSummaryLaunchAttempt", funnel(delay->reason, delay->declined, delay->processed));

    if (delay->unused_utc_ms)
        json_object_set_new(summary, "lastUnusedOfferAt", time_json(delay->unused_utc_ms));
    return json_pack("{s:o, s:i, s:s, s:o, s:{s:I, s:b}, s:o}", "app", zdd_lab_spec_json(spec),
                     "count", count, "role", "*", "since", time_json(delay->since_utc_ms), "delay",
                     "timeLeftSeconds", (json_int_t)(left_ms > 0 ? (left_ms + 999) / 1000 : 0),
                     "overdue", overdue, "processedOffersSummary", summary);
}

enum zdd_err zdd_lab_get_queue(struct zdd_call *call, struct zdd_lab *lab)
{
    json_t *list = json_array();

    for (struct zdd_lab_delay *delay = lab->delays; delay; delay = delay->next) {
        const struct zdd_lab_spec *spec = NULL;
        int count = 0;

        for (const struct zdd_lab_instance *i = zdd_lab_first_of(lab, delay->app); i;
             i = zdd_lab_next_of(i)) {
            if (i->spec->configured_ms != delay->configured_ms)
                continue;
            if (!zdd_lab_is_waiting(i)) /* one that is staging is no longer queued (§7.3) */
                continue;
            spec = i->spec;
            count++;
        }
        if (count)
            json_array_append_new(list, queue_item(lab, delay, spec, count));
    }
    return zdd_lab_answer(call, 200, json_pack("{s:o}", "queue", list));
}

enum zdd_err zdd_lab_delete_queue(struct zdd_call *call, struct zdd_lab *lab)
{
    char id[ZDD_LAB_ID_SIZE];
    char *slash;
    bool any = false;

    zdd_lab_absolute_id(call->arg[0], "/", id, sizeof(id));
    slash = strrchr(id, '/');
    if (!slash || strcmp(slash, "/delay") != 0)
        return ZDD_ERR_ROUTE_UNKNOWN;
    *slash = '\0';
    for (const struct zdd_lab_instance *i = zdd_lab_first(lab); i; i = zdd_lab_next(i))
        any = any || (zdd_lab_is_of(i, id) && zdd_lab_is_waiting(i));
    if (!any)
        return zdd_lab_refuse(call, 404, NULL, "Application %s not found in tasks queue.", id);
    zdd_lab_delay_reset(lab, id);
    call->status = 204;
    return ZDD_ERR_NONE;
}
