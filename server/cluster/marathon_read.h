/**
 * @file server/cluster/marathon_read.h
 * @brief Marathon's JSON becomes the engine's views: pure functions, no network.
 *
 * Every shape from Marathon 1.3 to 1.10 is read (marathon.md §0): null members count as
 * absent, task results are told apart by task or instance id, deployments by `id`.
 */
#pragma once

#include "server/engine/cluster.h"
#include "server/json/json.h"

#include <stdbool.h>

/**
 * Read one app object as GET /v2/apps embeds it.
 *
 * Tasks between lastConfigChangeAt and the app's own version are current, all others outdated:
 * the upper end matters after Marathon's own revert, whose version lies in the past
 * (marathon.md §1.6). Healthy means running and all results alive, at least one for each check
 * that Marathon runs; without checks running is enough. What an outdated task's own definition
 * asked for is taken from the ask's other definition.
 *
 * @param[out] ret_view  set on success only
 * @return ZDD_ERR_NONE; ZDD_ERR_CLUSTER_NONSENSE when @p app is not that app;
 *         ZDD_ERR_INTERNAL when a definition of @p ask is no JSON; ZDD_ERR_NO_MEMORY
 */
ZDD_MUST_CHECK enum zdd_err zdd_marathon_read_app(const json_t *app, const struct zdd_app_ask *ask,
                                                  struct zdd_app_view *ret_view);

/** Note in @p view why a task of @p app failed, if Marathon tells. */
void zdd_marathon_read_failure(const json_t *app, struct zdd_app_view *view);

/** @return the apps of {"apps":[…]} as an object by id, the first one of each: a sweep asks for
 * thousands; new reference, NULL without memory */
json_t *zdd_marathon_apps_by_id(const json_t *answer);

/** Note in @p view the deployments of GET /v2/deployments that affect @p app_id: the only trace of
 * an app that is being removed (marathon.md §1.4). */
void zdd_marathon_read_removal(const json_t *deployments, const char *app_id,
                               struct zdd_app_view *view);

/** Read GET /v2/info. @return false when it is not Marathon's */
bool zdd_marathon_read_info(const json_t *info, struct zdd_cluster_info *ret_info);

/** Which replace arithmetic Marathon @p version uses: "1.10.5" and later the 1.10 rule
 * (marathon.md §4.6), everything else, unreadable texts too, the classic one. */
enum zdd_replace_rule zdd_marathon_rule_of(const char *version);

/** Note the ids of [{"id":"…"},…] in @p ids, at most ZDD_LOCK_MAX of them. @return how many there
 * are */
size_t zdd_marathon_read_ids(const json_t *list, char ids[static ZDD_LOCK_MAX][ZDD_ID_SIZE]);
