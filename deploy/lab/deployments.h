/**
 * @file deploy/lab/deployments.h
 * @brief Plans under way: entered step by step, cancelled, finished (marathon.md §3, §4).
 */
#pragma once

#include "deploy/lab/lab.h"

/** @return the name in Marathon's API, "RestartApplication" */
const char *zdd_lab_action_name(enum zdd_lab_action_kind kind);

/** @return the id of the app @p action is about, borrowed */
const char *zdd_lab_action_app(const struct zdd_lab_action *action);

/** @return true when @p deployment affects app @p id */
bool zdd_lab_deployment_affects(const struct zdd_lab_deployment *deployment, const char *id);

/** @return the first running plan that affects @p id, NULL when it is not locked */
struct zdd_lab_deployment *zdd_lab_deployment_lock(const struct zdd_lab *lab, const char *id);

struct zdd_lab_deployment *zdd_lab_deployment_find(const struct zdd_lab *lab, const char *id);

size_t zdd_lab_deployment_count(const struct zdd_lab *lab);

/** Add a plan (owned from now on) and enter its first step, unless it is hidden. An empty one
 * succeeds at once and is freed. */
void zdd_lab_deployment_start(struct zdd_lab *lab, struct zdd_lab_deployment *deployment);

/** End @p deployment where it is: deployment_failed, and it is freed. */
void zdd_lab_deployment_cancel(struct zdd_lab *lab, struct zdd_lab_deployment *deployment);

/** Move every plan as far as it goes. Core thread only. */
void zdd_lab_deployments_settle(struct zdd_lab *lab);

/** @p instance has become Running, healthy or ready. Core thread only. */
void zdd_lab_deployment_look(struct zdd_lab *lab, struct zdd_lab_instance *instance);

/** Begin every plan again at step 1, as a new leader does. */
void zdd_lab_deployments_restart(struct zdd_lab *lab);

struct zdd_lab_deployment *zdd_lab_deployment_free(struct zdd_lab *lab,
                                                   struct zdd_lab_deployment *deployment);

/* --- the kinds of action; core thread only ------------------------------------------------ */

void zdd_lab_restart_begin(struct zdd_lab *lab, struct zdd_lab_action *action);
void zdd_lab_restart_settle(struct zdd_lab *lab, struct zdd_lab_action *action);
/** A new instance is healthy and ready: exactly one old one goes. */
void zdd_lab_restart_next(struct zdd_lab *lab, struct zdd_lab_action *action);

void zdd_lab_scale_begin(struct zdd_lab *lab, struct zdd_lab_action *action);
void zdd_lab_scale_settle(struct zdd_lab *lab, struct zdd_lab_action *action);

void zdd_lab_stop_begin(struct zdd_lab *lab, struct zdd_lab_action *action);
void zdd_lab_stop_settle(struct zdd_lab *lab, struct zdd_lab_action *action);

/** Bring app @p id to its number of instances when no plan locks it (§4.7). NULL: all apps. */
void zdd_lab_scale_check(struct zdd_lab *lab, const char *id);

/** Let every instance of @p id forget its part in an earlier plan. */
void zdd_lab_parts_clear(struct zdd_lab *lab, const char *id);

/** @return how many instances of @p id there shall be by their goals */
int zdd_lab_wanted_count(const struct zdd_lab *lab, const char *id);
