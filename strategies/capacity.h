/**
 * @file strategies/capacity.h
 * @brief Marathon's replace arithmetic, exactly: how many are killed and launched at the start.
 *
 * Source: marathon.md §4.1, §4.2 and §4.6 (TaskReplaceActor.computeRestartStrategy),
 * IEEE doubles and all: 100 instances at 0.07 give 8.
 */
#pragma once

#include "strategies/model/plan.h"

/** What the arithmetic looks at. */
struct zdd_capacity_ask {
    enum zdd_replace_rule rule;
    int32_t wanted; /* N: instances of the new definition, at least 1 */
    double minimum_health_capacity, maximum_over_capacity;
    bool resident;
    int32_t counted; /* R (classic): active instances; H (1.10): those considered healthy */
    int32_t known;   /* all instances, of any version and goal; 1.10 looks at them too */
};

struct zdd_capacity {
    int32_t min_healthy;   /* that Marathon tries to keep */
    int32_t max_instances; /* that may exist together, after Marathon's own adjustment */
    int32_t kill_at_once;  /* of the old ones, at the start */
    bool cap_exceeded; /* one more instance than maximumOverCapacity says (min_healthy == cap) */
};

struct zdd_capacity zdd_capacity_of(const struct zdd_capacity_ask *ask);

/** Rule 2: how many may be launched now. @param old_alive killing ones too */
int32_t zdd_capacity_launch(int32_t wanted, int32_t max_instances, int32_t old_alive,
                            int32_t started);

/**
 * Instances that are there for Marathon when a plan begins: those that run, and those that it wants
 * and has not got, be it that they were never launched or that they wait for their next start. How
 * many it wants its definition says.
 */
int32_t zdd_capacity_present(const struct zdd_plan *plan);

/** How many of @p present instances of an app like @p facts the rule counts at the start (§4.6). */
int32_t zdd_capacity_counted(enum zdd_replace_rule rule, const struct zdd_app_facts *facts,
                             int32_t present, int32_t healthy);
