/**
 * @file server/engine/act.c
 * @brief Carrying out orders: one row each.
 */
#include "server/engine/act.h"

#include <assert.h>
#include <string.h>

typedef enum zdd_err sender(const struct zdd_cluster *cluster,
                            const struct zdd_definitions *definitions,
                            struct zdd_cluster_order *order, struct zdd_cluster_ack *ret_ack);

static enum zdd_err put_target(const struct zdd_cluster *cluster,
                               const struct zdd_definitions *definitions,
                               struct zdd_cluster_order *order, struct zdd_cluster_ack *ret_ack)
{
    order->definition = definitions->target;
    return cluster->ops->put(cluster->cls, order, ret_ack);
}

static enum zdd_err put_previous(const struct zdd_cluster *cluster,
                                 const struct zdd_definitions *definitions,
                                 struct zdd_cluster_order *order, struct zdd_cluster_ack *ret_ack)
{
    order->definition = definitions->previous;
    return cluster->ops->put(cluster->cls, order, ret_ack);
}

static enum zdd_err restart(const struct zdd_cluster *cluster,
                            const struct zdd_definitions *definitions,
                            struct zdd_cluster_order *order, struct zdd_cluster_ack *ret_ack)
{
    (void)definitions;
    return cluster->ops->restart(cluster->cls, order, ret_ack);
}

static enum zdd_err delete_app(const struct zdd_cluster *cluster,
                               const struct zdd_definitions *definitions,
                               struct zdd_cluster_order *order, struct zdd_cluster_ack *ret_ack)
{
    enum zdd_err err = cluster->ops->remove(cluster->cls, order, ret_ack);

    (void)definitions;
    return err == ZDD_ERR_APP_UNKNOWN ? ZDD_ERR_NONE
                                      : err; /* gone already: that is what was wanted */
}

static sender *const act_table[] = {
    [ZDD_ORDER_PUT_TARGET] = put_target,
    [ZDD_ORDER_PUT_PREVIOUS] = put_previous,
    [ZDD_ORDER_RESTART] = restart,
    [ZDD_ORDER_DELETE] = delete_app,
};
_Static_assert(ZDD_COUNT(act_table) == ZDD_ORDER_KIND_COUNT, "each order needs a sender");

enum zdd_err zdd_act(const struct zdd_cluster *cluster, const struct zdd_run *run,
                     const struct zdd_definitions *definitions, const struct zdd_order *order,
                     struct zdd_cluster_ack *ret_ack)
{
    struct zdd_cluster_order sent = {
        .app_id = run->app_id,
        .instances = order->instances,
        .force = order->force,
        .request_id = run->id,
    };

    memset(ret_ack, 0, sizeof(*ret_ack));
    return act_table[order->kind](cluster, definitions, &sent, ret_ack);
}

enum zdd_outcome zdd_act_outcome(enum zdd_err err)
{
    if (err == ZDD_ERR_NONE)
        return ZDD_OUTCOME_ACKED;
    if (err == ZDD_ERR_CLUSTER_LOCKED)
        return ZDD_OUTCOME_LOCKED;
    /* Bad credentials may be mended while the deployment waits; what Marathon calls wrong stays
     * wrong. */
    if (err == ZDD_ERR_CLUSTER_REFUSED || err == ZDD_ERR_APP_UNKNOWN)
        return ZDD_OUTCOME_REFUSED;
    return ZDD_OUTCOME_FAILED;
}
