/**
 * @file deploy/lab/health.h
 * @brief Health and readiness checks (marathon.md §5).
 */
#pragma once

#include "deploy/lab/lab.h"
#include "deploy/lab/probe.h"

/** Start the checks of @p spec that do not run yet, with an add_health_check_event each. */
void zdd_lab_health_register(struct zdd_lab *lab, struct zdd_lab_spec *spec);

/** End the checks of app @p id, with a remove_health_check_event each. */
void zdd_lab_health_remove(struct zdd_lab *lab, const char *id);

/** End the checks of versions that nobody runs or wants any more. */
void zdd_lab_health_purge(struct zdd_lab *lab);

/** Forget every result and every schedule, as a new leader has. */
void zdd_lab_health_forget(struct zdd_lab *lab);

/** A task is Running: its Mesos-side checks begin. */
void zdd_lab_health_begin(struct zdd_lab *lab, struct zdd_lab_instance *instance);

/** @return true when @p pid was a COMMAND check; its result is then noted */
bool zdd_lab_health_command_ended(struct zdd_lab *lab, pid_t pid, int status);

/** The lab ends: nobody waits for COMMAND checks any more. */
void zdd_lab_health_commands_forget(struct zdd_lab *lab);

/** Note one result of check @p check of @p instance. */
void zdd_lab_health_note(struct zdd_lab *lab, struct zdd_lab_instance *instance, size_t check,
                         bool passed, const char *cause);

/** @return true for the checks that run on the agent, beside the task */
bool zdd_lab_check_is_mesos(const struct zdd_lab_check *check);

/** Poll readiness until it is accepted; harmless when it is being polled already. */
void zdd_lab_readiness_begin(struct zdd_lab *lab, struct zdd_lab_instance *instance);

/** Send one probe for @p check, HTTP or TCP, to @p instance. @param where 0, or the number handed
 * to done */
void zdd_lab_check_send(struct zdd_lab *lab, const struct zdd_lab_instance *instance,
                        const struct zdd_lab_check *check, size_t where,
                        void (*done)(struct zdd_lab *lab, const char *key, size_t check,
                                     const struct zdd_lab_probe_answer *answer));

void zdd_lab_health_release(struct zdd_lab *lab);
