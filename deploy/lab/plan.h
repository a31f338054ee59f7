/**
 * @file deploy/lab/plan.h
 * @brief A change of the root state: what it means, whether it may begin, its steps (marathon.md
 * §2.3, §3.1).
 */
#pragma once

#include "deploy/lab/lab.h"

struct zdd_lab_change {
    const char *id;    /* borrowed */
    json_t *def;       /* the whole new definition (stolen), or NULL: the app shall not exist */
    bool restart;      /* all tasks anew though nothing changed */
    json_t *sentenced; /* ids of instances to kill (stolen), or NULL */
};

enum zdd_lab_update_end { ZDD_LAB_UPDATED, ZDD_LAB_LOCKED, ZDD_LAB_LIMIT };

struct zdd_lab_update {
    struct zdd_lab_change *change;
    size_t count;
    const char *group;  /* whom group_change_success names */
    int64_t version_ms; /* 0: a new one */
    bool force;
    bool dry_run; /* compute the steps only */
    /* the outcome */
    int64_t ret_version_ms;
    char ret_id[ZDD_UUID_SIZE]; /* of the deployment */
    json_t *ret_locks;          /* [{"id"}] when LOCKED, to be released */
    json_t *ret_steps;          /* [{"actions"}] after a dry run, to be released */
};

/**
 * Carry out @p update: make a plan, cancel what it overrides, store, start.
 * Publishes group_change_success or group_change_failed. Definitions in update->change are
 * taken in every case.
 */
enum zdd_lab_update_end zdd_lab_update(struct zdd_lab *lab, struct zdd_lab_update *update);

/**
 * Undo @p deployment: its apps get their former definitions by a new plan, which overrides it.
 * @return ZDD_LAB_LIMIT or ZDD_LAB_UPDATED with the new plan's id and version in @p ret
 */
enum zdd_lab_update_end zdd_lab_revert(struct zdd_lab *lab,
                                       const struct zdd_lab_deployment *deployment,
                                       struct zdd_lab_update *ret);

/** @return [{"actions":[{"action","app"}]}], new reference */
json_t *zdd_lab_steps_json(const struct zdd_lab_deployment *deployment);

/** @return the actions of its current step, [{"action","app"}], new reference; empty before the
 * first */
json_t *zdd_lab_current_json(const struct zdd_lab_deployment *deployment);
