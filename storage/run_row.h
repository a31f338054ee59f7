/**
 * @file storage/run_row.h
 * @brief PRIVATE to storage/: the columns of a deployment.
 */
#pragma once

#include "storage/columns.h"
#include "strategies/model/run.h"

/* Set once, by zdd_run_insert(). */
#define ZDD_RUN_FIXED(X)                                                                           \
    X(id, TEXT, id)                                                                                \
    X(plan_id, TEXT, plan_id)                                                                      \
    X(app_id, TEXT, app_id)                                                                        \
    X(strategy, TEXT, strategy)                                                                    \
    X(created_at_ms, INT64, created_at_ms)                                                         \
    X(created_by, TEXT, created_by)                                                                \
    X(reason, TEXT, reason)

/* Left by others than the engine. */
#define ZDD_RUN_LEFT(X)                                                                            \
    X(command, COMMAND, command)                                                                   \
    X(command_value, INT32, command_value)                                                         \
    X(superseded_by, TEXT, superseded_by)

/* Moved by zdd_run_advance(), besides revision, active and the state that follows from them. */
#define ZDD_RUN_MOVED(X)                                                                           \
    X(phase, PHASE, phase)                                                                         \
    X(hold, HOLD, hold)                                                                            \
    X(cause, CAUSE, cause)                                                                         \
    X(outcome, OUTCOME, outcome)                                                                   \
    X(ordered, BOOL, ordered)                                                                      \
    X(step, INT32, step)                                                                           \
    X(attempt, INT32, attempt)                                                                     \
    X(started_at_ms, INT64, started_at_ms)                                                         \
    X(ended_at_ms, INT64, ended_at_ms)                                                             \
    X(phase_since_ms, INT64, phase_since_ms)                                                       \
    X(ordered_at_ms, INT64, ordered_at_ms)                                                         \
    X(unsure_until_ms, INT64, unsure_until_ms)                                                     \
    X(held_since_ms, INT64, held_since_ms)                                                         \
    X(deadline_at_ms, INT64, deadline_at_ms)                                                       \
    X(step_deadline_at_ms, INT64, step_deadline_at_ms)                                             \
    X(wake_at_ms, INT64, wake_at_ms)                                                               \
    X(target_version, TEXT, target_version)                                                        \
    X(revert_version, TEXT, revert_version)                                                        \
    X(deployment_id, TEXT, deployment_id)                                                          \
    X(old_version, TEXT, old_side.version)                                                         \
    X(old_instances, INT32, old_side.instances)                                                    \
    X(old_healthy, INT32, old_side.healthy)                                                        \
    X(new_version, TEXT, new_side.version)                                                         \
    X(new_instances, INT32, new_side.instances)                                                    \
    X(new_healthy, INT32, new_side.healthy)                                                        \
    X(old_serving, SERVING, traffic.side[ZDD_SIDE_OLD].serving)                                    \
    X(old_weight, INT32, traffic.side[ZDD_SIDE_OLD].weight)                                        \
    X(new_serving, SERVING, traffic.side[ZDD_SIDE_NEW].serving)                                    \
    X(new_weight, INT32, traffic.side[ZDD_SIDE_NEW].weight)                                        \
    X(leaving_serving, SERVING, traffic.side[ZDD_SIDE_LEAVING].serving)                            \
    X(old_stay, INT32, traffic.old_stay)                                                           \
    X(traffic_seen_at_ms, INT64, traffic_seen_at_ms)                                               \
    X(new_addresses, TEXT, new_addresses)                                                          \
    X(verify_set, INT32, verify_set)                                                               \
    X(rounds, TEXT, rounds)                                                                        \
    X(round_count, INT32, round_count)                                                             \
    X(measured_at_ms, INT64, measured_at_ms)                                                       \
    X(measured, TEXT, measured)                                                                    \
    X(trial, TRIAL, trial)                                                                         \
    X(steered, BOOL, steered)                                                                      \
    X(share, INT32, share)                                                                         \
    X(split_since_ms, INT64, split.since_ms)                                                       \
    X(split_until_ms, INT64, split.until_ms)                                                       \
    X(split_old, INT64, split.old_requests)                                                        \
    X(split_new, INT64, split.new_requests)                                                        \
    X(split_old_chosen, INT64, split.old_chosen)                                                   \
    X(split_new_chosen, INT64, split.new_chosen)                                                   \
    X(waiting_code, TEXT, waiting_code)                                                            \
    X(waiting_text, TEXT, waiting_text)                                                            \
    X(waiting_since_ms, INT64, waiting_since_ms)                                                   \
    X(error_code, TEXT, error_code)                                                                \
    X(error_text, TEXT, error_text)

/* A row as zdd_run_read() wants it: the labels first. */
#define ZDD_RUN_COLUMNS                                                                            \
    "labels, revision, active" ZDD_RUN_FIXED(ZDD_COLUMN_NAME) ZDD_RUN_LEFT(ZDD_COLUMN_NAME)        \
        ZDD_RUN_MOVED(ZDD_COLUMN_NAME)

/** The lock of an app, as the column has it. */
void zdd_run_lock(const char *app_id, char ret_lock[static ZDD_APP_ID_SIZE]);

/** Read the present row; what cannot be sticks in @p stmt. */
void zdd_run_read(struct zdd_stmt *stmt, struct zdd_run *ret_run);
