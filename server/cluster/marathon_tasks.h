/**
 * @file server/cluster/marathon_tasks.h
 * @brief Marathon's task list becomes two sides with counts.
 */
#pragma once

#include "server/engine/cluster.h"
#include "server/json/json.h"

#include <stdbool.h>
#include <stddef.h>

/** The health checks of a definition. */
struct zdd_marathon_checks {
    bool any;
    size_t by_marathon; /* HTTP, HTTPS, TCP: each gives one result a task. Of the others at most one
                           is honoured (marathon.md §5.2) */
};
struct zdd_marathon_checks zdd_marathon_checks_of(const json_t *definition);

/** Bring Marathon's timestamp @p text into the one form that sorts as text; "" when it is none. */
void zdd_marathon_version(const char *text, char ret_version[static ZDD_VERSION_SIZE]);

/**
 * Count the tasks of @p app into view->current, view->outdated and view->outdated_version;
 * view->version and view->config_version must be set.
 * @param outdated_has_checks  whether the definition of outdated tasks has health checks
 */
void zdd_marathon_read_tasks(const json_t *app, bool outdated_has_checks,
                             struct zdd_app_view *view);
