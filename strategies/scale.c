/**
 * @file strategies/scale.c
 * @brief Scale: more or fewer instances of what runs.
 */
#include "strategies/builtin.h"

static const struct zdd_param params[] = {
    {.name = "instances",
     .kind = ZDD_PARAM_INT,
     .required = true,
     .max = ZDD_INSTANCES_MAX,
     .text = "How many instances shall run."},
};

static const struct zdd_step steps[] = {
    {ZDD_PHASE_APPLYING, "scale-app", "Give Marathon the new number of instances."},
    {ZDD_PHASE_ROLLING, "settle", "Marathon starts or stops instances."},
};

const struct zdd_strategy zdd_scale = {
    .name = "scale",
    .text = "Change the number of instances; the version stays.",
    .source = ZDD_TARGET_FROM_CLUSTER,
    .params = params,
    .param_count = ZDD_COUNT(params),
    .steps = steps,
    .step_count = ZDD_COUNT(steps),
    .rules = zdd_start_rules,
    .rule_count = ZDD_START_RULES,
};
