/**
 * @file deploy/lab/balancer/remember.h
 * @brief Marathon-LB's memory of what was alive: a new leader of Marathon knows no result yet, and
 * nobody shall leave the balancer for that (pure).
 */
#pragma once

#include "server/json/json.h"

/**
 * Note in each task whether it was alive when last heard of ("wasAlive"): a task may have no
 * result at all.
 * @param apps    what GET /v2/apps?embed=apps.tasks lists; changed
 * @param memory  task id → alive; brought up to date, tasks that are gone leave it
 */
void zdd_mlb_remember(json_t *apps, json_t *memory);

/** @return true when the task has passed a check, or had when last heard of */
bool zdd_mlb_is_alive(const json_t *task);
