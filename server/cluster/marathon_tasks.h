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
 * Where the running tasks of @p app can be reached, by the app's kind of network: the agent's
 * address and the task's ports, or the container's own address and ports. A task whose address is
 * not known yet is left out.
 * @return ZDD_ERR_NONE, ZDD_ERR_NO_MEMORY
 */
ZDD_MUST_CHECK enum zdd_err zdd_marathon_read_spots(const json_t *app, struct zdd_spots *ret_spots);

/**
 * Count the tasks of @p app into view->current, view->outdated and view->outdated_version;
 * view->version and view->config_version must be set.
 * @param outdated_has_checks  whether the definition of outdated tasks has health checks
 */
void zdd_marathon_read_tasks(const json_t *app, bool outdated_has_checks,
                             struct zdd_app_view *view);
