/**
 * @file strategies/restart.c
 * @brief Restart: new tasks of the same definition, within its own capacity. There is nothing to go
 * back to.
 */
#include "strategies/builtin.h"

static const struct zdd_step steps[] = {
    {ZDD_PHASE_APPLYING, "restart-app", "Ask Marathon to restart the app."},
    {ZDD_PHASE_ROLLING, "replace-tasks", "Marathon replaces the tasks within the given capacity."},
};

const struct zdd_strategy zdd_restart = {
    .name = "restart",
    .text = "Replace all instances by new ones of the same version.",
    .source = ZDD_TARGET_FROM_CLUSTER,
    .steps = steps,
    .step_count = ZDD_COUNT(steps),
    .rules = zdd_start_rules,
    .rule_count = ZDD_START_RULES,
};
