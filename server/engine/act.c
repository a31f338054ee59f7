/**
 * @file server/engine/act.c
 * @brief Carrying out orders: one row each.
 */
#include "server/engine/act.h"

#include "server/engine/counted.h"
#include "server/engine/wards.h"
#include "strategies/judge/trial.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef enum zdd_err sender(const struct zdd_act_scene *with, const struct zdd_order *order,
                            struct zdd_cluster_ack *ret_ack);

/* What all requests about the deployed app have in common; of a pair, that is the new one. */
static struct zdd_cluster_order about(const struct zdd_act_scene *with,
                                      const struct zdd_order *order)
{
    const bool pair = with->plan->program.count > 0;

    return (struct zdd_cluster_order){
        .app_id = pair ? with->plan->pair.new_id : with->run->app_id,
        .instances = order->instances,
        .force = order->force,
        .request_id = with->run->id,
    };
}

static enum zdd_err put(const struct zdd_act_scene *with, struct zdd_cluster_order *sent,
                        const struct zdd_text *definition, struct zdd_cluster_ack *ret_ack)
{
    sent->definition = definition->data;
    return with->cluster->ops->put(with->cluster->cls, sent, ret_ack);
}

/* A pair's instances may serve still, whatever the step has seen: it is asked at the last moment.
 */
static bool may_remove(const struct zdd_act_scene *with, enum zdd_pair_side side,
                       struct zdd_cluster_ack *ret_ack)
{
    if (with->plan->program.count == 0 ||
        zdd_wards_may_remove(with->wards, with->run->app_id, side))
        return true;
    snprintf(ret_ack->words, sizeof(ret_ack->words), "%s", zdd_err_text(ZDD_ERR_FLOOR_BROKEN));
    return false;
}

static enum zdd_err take_away(const struct zdd_act_scene *with,
                              const struct zdd_cluster_order *sent, struct zdd_cluster_ack *ret_ack)
{
    const enum zdd_err err = with->cluster->ops->remove(with->cluster->cls, sent, ret_ack);

    return err == ZDD_ERR_APP_UNKNOWN ? ZDD_ERR_NONE
                                      : err; /* gone already: that is what was wanted */
}

static enum zdd_err put_target(const struct zdd_act_scene *with, const struct zdd_order *order,
                               struct zdd_cluster_ack *ret_ack)
{
    struct zdd_cluster_order sent = about(with, order);

    return put(with, &sent, &with->texts->target, ret_ack);
}

static enum zdd_err put_previous(const struct zdd_act_scene *with, const struct zdd_order *order,
                                 struct zdd_cluster_ack *ret_ack)
{
    struct zdd_cluster_order sent = about(with, order);

    return put(with, &sent, &with->texts->previous, ret_ack);
}

static enum zdd_err restart(const struct zdd_act_scene *with, const struct zdd_order *order,
                            struct zdd_cluster_ack *ret_ack)
{
    const struct zdd_cluster_order sent = about(with, order);

    return with->cluster->ops->restart(with->cluster->cls, &sent, ret_ack);
}

static enum zdd_err delete_app(const struct zdd_act_scene *with, const struct zdd_order *order,
                               struct zdd_cluster_ack *ret_ack)
{
    const struct zdd_cluster_order sent = about(with, order);

    if (!may_remove(with, ZDD_SIDE_NEW, ret_ack))
        return ZDD_ERR_FLOOR_BROKEN;
    return take_away(with, &sent, ret_ack);
}

static enum zdd_err set_traffic(const struct zdd_act_scene *with, const struct zdd_order *order,
                                struct zdd_cluster_ack *ret_ack)
{
    char reason[ZDD_ROUTER_REASON_SIZE];
    enum zdd_err err;

    zdd_wards_order(with->wards, with->run->app_id, &order->traffic);
    err = zdd_wards_tell(with->wards, with->router, with->run->app_id, reason);
    if (err != ZDD_ERR_NONE)
        snprintf(ret_ack->words, sizeof(ret_ack->words), "%s",
                 *reason ? reason : zdd_err_text(err));
    return err;
}

static enum zdd_err adopt_old(const struct zdd_act_scene *with, const struct zdd_order *order,
                              struct zdd_cluster_ack *ret_ack)
{
    struct zdd_cluster_order sent = about(with, order);

    sent.app_id = with->plan->pair.old_id;
    return put(with, &sent, &with->texts->adopted, ret_ack);
}

static enum zdd_err delete_old(const struct zdd_act_scene *with, const struct zdd_order *order,
                               struct zdd_cluster_ack *ret_ack)
{
    struct zdd_cluster_order sent = about(with, order);

    sent.app_id = with->plan->pair.old_id;
    if (!may_remove(with, ZDD_SIDE_OLD, ret_ack))
        return ZDD_ERR_FLOOR_BROKEN;
    return take_away(with, &sent, ret_ack);
}

/* A round that could not be made is made again, as an order without an answer is given again. Who
 * is condemned by what was counted already is not asked anything more. */
static enum zdd_err measure(const struct zdd_act_scene *with, const struct zdd_order *order,
                            struct zdd_cluster_ack *ret_ack)
{
    const int32_t set = order->instances;
    const struct zdd_probe_ask ask = {.checks = with->texts->checks.data,
                                      .set = set,
                                      .plan = with->plan,
                                      .spots = with->new_spots,
                                      .request_id = with->run->id};
    const struct zdd_verify *verify = zdd_verifies_set(&with->plan->verifies, set);
    enum zdd_err err = ZDD_ERR_NONE;

    (void)ret_ack;
    *with->report = (struct zdd_probe_report){.result = ZDD_FINDING_PASSED, .data = "[]"};
    if (!zdd_trial_condemns(&with->run->trial, verify)) {
        if (!with->probe->ops || !ask.checks)
            return ZDD_ERR_INTERNAL;
        err = with->probe->ops->measure(with->probe->cls, &ask, with->report);
    }
    if (err == ZDD_ERR_NONE)
        zdd_counted_add(with->plan, with->run, set, with->looked_at_ms, with->report);
    return err;
}

/* Exactly those that were seen to leave, in the same look that showed them to be drained. */
static enum zdd_err kill_leaving(const struct zdd_act_scene *with, const struct zdd_order *order,
                                 struct zdd_cluster_ack *ret_ack)
{
    const struct zdd_fleet *fleet = with->fleet;
    const size_t count = (size_t)fleet->instances[ZDD_SIDE_LEAVING];
    const struct zdd_member *first = &fleet->old[fleet->instances[ZDD_SIDE_OLD]];
    struct zdd_cluster_order sent = about(with, order);
    const char **tasks;
    enum zdd_err err;

    if (!may_remove(with, ZDD_SIDE_LEAVING, ret_ack))
        return ZDD_ERR_FLOOR_BROKEN;
    tasks = calloc(count + 1, sizeof(char *));
    if (!tasks)
        return ZDD_ERR_NO_MEMORY;
    sent.app_id = with->plan->pair.old_id;
    sent.tasks = tasks;
    for (size_t i = 0; i < count; i++) {
        if (*first[i].task)
            tasks[sent.task_count++] = first[i].task;
    }
    err = with->cluster->ops->kill(with->cluster->cls, &sent, ret_ack);
    free(tasks);
    return err;
}

static enum zdd_err restore_old(const struct zdd_act_scene *with, const struct zdd_order *order,
                                struct zdd_cluster_ack *ret_ack)
{
    struct zdd_cluster_order sent = about(with, order);
    const bool adopted = with->texts->adopted.data != NULL;

    sent.app_id = with->plan->pair.old_id;
    return put(with, &sent, adopted ? &with->texts->adopted : &with->texts->previous, ret_ack);
}

static sender *const act_table[] = {
    [ZDD_ORDER_PUT_TARGET] = put_target,     [ZDD_ORDER_PUT_PREVIOUS] = put_previous,
    [ZDD_ORDER_RESTART] = restart,           [ZDD_ORDER_DELETE] = delete_app,
    [ZDD_ORDER_SET_TRAFFIC] = set_traffic,   [ZDD_ORDER_ADOPT_OLD] = adopt_old,
    [ZDD_ORDER_DELETE_OLD] = delete_old,     [ZDD_ORDER_MEASURE] = measure,
    [ZDD_ORDER_KILL_LEAVING] = kill_leaving, [ZDD_ORDER_RESTORE_OLD] = restore_old,
};
_Static_assert(ZDD_COUNT(act_table) == ZDD_ORDER_KIND_COUNT, "each order needs a sender");

enum zdd_err zdd_act(const struct zdd_act_scene *with, const struct zdd_order *order,
                     struct zdd_cluster_ack *ret_ack)
{
    memset(ret_ack, 0, sizeof(*ret_ack));
    return act_table[order->kind](with, order, ret_ack);
}

enum zdd_outcome zdd_act_outcome(enum zdd_err err)
{
    if (err == ZDD_ERR_NONE)
        return ZDD_OUTCOME_ACKED;
    /* Both were not carried out, for certain, and may be later. */
    if (err == ZDD_ERR_CLUSTER_LOCKED || err == ZDD_ERR_FLOOR_BROKEN)
        return ZDD_OUTCOME_LOCKED;
    /* Bad credentials may be mended while the deployment waits; what Marathon calls wrong stays
     * wrong. */
    if (err == ZDD_ERR_CLUSTER_REFUSED || err == ZDD_ERR_APP_UNKNOWN)
        return ZDD_OUTCOME_REFUSED;
    return ZDD_OUTCOME_FAILED;
}
