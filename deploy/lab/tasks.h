/**
 * @file deploy/lab/tasks.h
 * @brief Instances and their tasks: launched, started, killed, ended.
 */
#pragma once

#include "deploy/lab/lab.h"

/** @return the first or next instance that is not expunged, NULL after the last */
struct zdd_lab_instance *zdd_lab_first(const struct zdd_lab *lab);
struct zdd_lab_instance *zdd_lab_next(const struct zdd_lab_instance *instance);

/** The same among the instances of app @p id: a deployment looks at its own, however many others
 * there are. @p instance must not have been swept meanwhile. */
struct zdd_lab_instance *zdd_lab_first_of(const struct zdd_lab *lab, const char *id);
struct zdd_lab_instance *zdd_lab_next_of(const struct zdd_lab_instance *instance);

/** @return the instance with this id, or the one whose current task has it; NULL when there is none
 */
struct zdd_lab_instance *zdd_lab_instance_find(const struct zdd_lab *lab, const char *id);

/** The id of its current task, "<instance>._app.<n>". */
void zdd_lab_task_id(const struct zdd_lab_instance *instance, char ret[static ZDD_LAB_ID_SIZE]);

/** @return true from Provisioned to Killing: it takes room */
bool zdd_lab_is_active(const struct zdd_lab_instance *instance);

/** @return true when it is wanted but has no task now */
bool zdd_lab_is_waiting(const struct zdd_lab_instance *instance);

/** @return true when @p instance belongs to app @p id */
bool zdd_lab_is_of(const struct zdd_lab_instance *instance, const char *id);

/** How many checks of a task have a result, and how many of those are bad. */
struct zdd_lab_health_count {
    int known, dead;
};
struct zdd_lab_health_count zdd_lab_health_count(const struct zdd_lab_instance *instance);

/** @return true when its agent is out of sight: Unreachable or UnreachableInactive */
bool zdd_lab_is_lost(const struct zdd_lab_instance *instance);

/** The agent of @p instance goes out of sight for @p ms (of real time). */
void zdd_lab_instance_lose(struct zdd_lab *lab, struct zdd_lab_instance *instance, int64_t ms);

/** Give some running tasks to the fault task-unreachable. */
void zdd_lab_lose_some(struct zdd_lab *lab);

/** @return the text of Marathon's API, "TASK_RUNNING" */
const char *zdd_lab_state_name(enum zdd_lab_condition condition);

/** @return the text of instance events, "Running" */
const char *zdd_lab_condition_name(enum zdd_lab_condition condition);

/** Create an instance that waits for its launch (Scheduled). */
struct zdd_lab_instance *zdd_lab_instance_add(struct zdd_lab *lab, struct zdd_lab_spec *spec);

/** Ask for the end of the current task. With @p decommission there will be no other one. */
void zdd_lab_instance_kill(struct zdd_lab *lab, struct zdd_lab_instance *instance,
                           bool decommission);

/** Send the kill to the executor, or queue it behind those under way (§4.2). */
void zdd_lab_kill_send(struct zdd_lab *lab, struct zdd_lab_instance *instance);

/** Send kills that were queued, as far as there is room. */
void zdd_lab_kills_next(struct zdd_lab *lab);

/** Take @p instance out of the state though nobody has seen its task end: it counts as Killed. */
void zdd_lab_instance_force_out(struct zdd_lab *lab, struct zdd_lab_instance *instance);

/** The task of @p instance has ended. */
void zdd_lab_task_ended(struct zdd_lab *lab, struct zdd_lab_instance *instance,
                        enum zdd_lab_condition condition, const char *message);

/** Mark @p instance as gone; the core thread frees it. */
void zdd_lab_instance_expunge(struct zdd_lab *lab, struct zdd_lab_instance *instance);

/** Free what is expunged. Core thread only. */
void zdd_lab_instances_sweep(struct zdd_lab *lab);

/** Launch what waits and may be launched. Core thread only. */
void zdd_lab_launch(struct zdd_lab *lab);

/** Take a task through Provisioned; its process follows. Core thread only. */
void zdd_lab_task_launch(struct zdd_lab *lab, struct zdd_lab_instance *instance);

/** Give a new task its host ports. @return false when they are not to be had */
bool zdd_lab_ports_take(struct zdd_lab *lab, struct zdd_lab_instance *instance);

/** Collect processes that have ended. Core thread only. */
void zdd_lab_reap(struct zdd_lab *lab);

/** End all processes: SIGTERM, @p grace_ms, SIGKILL. Core thread only, at the very end. */
void zdd_lab_tasks_end(struct zdd_lab *lab, int64_t grace_ms);

/** Start the process of a task, or of a COMMAND check of it when @p check is not NULL. @return pid,
 * or -1 with the reason */
pid_t zdd_lab_task_spawn(struct zdd_lab *lab, const struct zdd_lab_instance *instance,
                         const char *check, char ret_reason[static 200]);

/** The environment of a task (§2.4). @return NULL-terminated, each text and the array to free();
 * NULL without memory */
char **zdd_lab_environment(const struct zdd_lab *lab, const struct zdd_lab_instance *instance);
void zdd_lab_environment_free(char **environment);
