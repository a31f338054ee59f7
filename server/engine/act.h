/**
 * @file server/engine/act.h
 * @brief Carrying out orders: one row each.
 */
#pragma once

#include "server/engine/cluster.h"
#include "strategies/model/decision.h"
#include "strategies/model/run.h"

/** The definitions that orders speak of; canonical JSON. */
struct zdd_definitions {
    const char *target;
    const char *previous;
};

/** Send @p order for @p run. @return the cluster's verdict; @p ret_ack is filled in any case */
ZDD_MUST_CHECK enum zdd_err zdd_act(const struct zdd_cluster *cluster, const struct zdd_run *run,
                                    const struct zdd_definitions *definitions,
                                    const struct zdd_order *order, struct zdd_cluster_ack *ret_ack);

/** @return what @p err means for an order: accepted, refused for good, locked out, or of unknown
 * fate */
enum zdd_outcome zdd_act_outcome(enum zdd_err err);
