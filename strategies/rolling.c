/**
 * @file strategies/rolling.c
 * @brief Rolling: Marathon replaces the tasks bit by bit, within the capacity that the options
 * give.
 *
 *   PENDING -> APPLYING -> ROLLING -> SUCCEEDED
 *                  \___________\----> CLEARING -> REVERTING -> UNDOING -> ROLLED_BACK
 *
 * Without checks, with health checks and with readiness checks: Marathon itself
 * waits for what the definition asks (marathon.md §4.3); we wait for the end and look.
 */
#include "strategies/builtin.h"
#include "strategies/guards.h"

static const struct zdd_param params[] = {
    {.name = "minimumHealthCapacity",
     .kind = ZDD_PARAM_REAL,
     .max = 1,
     .text =
         "Share of the instances that Marathon keeps while it replaces them; absent: the definition's, else 1."},
    {.name = "maximumOverCapacity",
     .kind = ZDD_PARAM_REAL,
     .max = 1,
     .text =
         "Share of instances that may run on top while it replaces them; absent: the definition's, else 1."},
};

static const struct zdd_step steps[] = {
    {ZDD_PHASE_APPLYING, "update-app", "Give Marathon the new definition."},
    {ZDD_PHASE_ROLLING, "replace-tasks", "Marathon replaces the tasks within the given capacity."},
};

const struct zdd_strategy zdd_rolling = {
    .name = "rolling",
    .text =
        "Replace the instances bit by bit; minimumHealthCapacity and maximumOverCapacity say how many at once.",
    .source = ZDD_TARGET_FROM_REQUEST,
    .params = params,
    .param_count = ZDD_COUNT(params),
    .steps = steps,
    .step_count = ZDD_COUNT(steps),
    .rules = zdd_start_rules,
    .rule_count = ZDD_START_RULES,
};
