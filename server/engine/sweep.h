/**
 * @file server/engine/sweep.h
 * @brief Looking at many deployments with one request.
 */
#pragma once

#include "server/engine/step.h"

/** One deployment of a sweep, and what its step reported. */
struct zdd_sweep_item {
    char run_id[ZDD_ID_SIZE];
    struct zdd_step_report report;
    enum zdd_err err; /* of its step */
};

/**
 * Look at all of @p items together and take a step of each. When there are several, none of them
 * gives an order, which may take long: those that have to want another step at once.
 * @return what the look gave: ZDD_ERR_NONE, or why Marathon did not tell (the steps were taken all
 * the same)
 */
enum zdd_err zdd_sweep(struct zdd_stepper *stepper, struct zdd_sweep_item *items, size_t count);
