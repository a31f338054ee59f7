/**
 * @file server/engine/act.h
 * @brief Carrying out orders: one row each.
 */
#pragma once

#include "server/engine/balance.h"
#include "server/engine/probe.h"
#include "storage/plans.h"
#include "strategies/model/decision.h"
#include "strategies/model/run.h"

/** What an order is carried out with. All borrowed. */
struct zdd_act_scene {
    const struct zdd_cluster *cluster;
    const struct zdd_router *router; /* of a pair */
    const struct zdd_plan *plan;
    const struct zdd_plan_texts *texts; /* the definitions that orders speak of */
    const struct zdd_run *run;
    const struct zdd_fleet *fleet; /* of a pair: as the look showed it on which the order rests */
    struct zdd_wards *wards;       /* of a pair: where its instances are, and whether any may go */
    const struct zdd_probe *probe; /* of a plan with checks */
    const struct zdd_spots *new_spots; /* of a pair: where the new ones are asked directly */
    struct zdd_probe_report *report;   /* out: of MEASURE */
    int64_t looked_at_ms;              /* the look on which the order rests */
};

/** Carry out @p order. @return the cluster's verdict, or the router's; @p ret_ack is filled in any
 * case */
ZDD_MUST_CHECK enum zdd_err zdd_act(const struct zdd_act_scene *with, const struct zdd_order *order,
                                    struct zdd_cluster_ack *ret_ack);

/** @return what @p err means for an order: accepted, refused for good, locked out, or of unknown
 * fate */
enum zdd_outcome zdd_act_outcome(enum zdd_err err);
