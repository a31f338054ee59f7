/**
 * @file deploy/lab/balancer/merge.h
 * @brief Two apps of one deployment group become one: Marathon-LB's merge, with the old tasks it
 * drains (pure).
 */
#pragma once

#include "server/json/json.h"

/**
 * @param apps  what GET /v2/apps?embed=apps.tasks lists; not changed
 * @param[out] ret_reason  why the whole configuration fails, as it does for Marathon-LB: a label
 *                         that cannot be read, times with and without zone in one group, no
 *                         versionInfo
 * @return new reference: the apps without a group in their order, then one app per group, under
 *         the group's name, with the labels and ports of the older app and the tasks of all, those
 *         to be drained with "draining": true; NULL on failure
 */
json_t *zdd_mlb_merge(const json_t *apps, char ret_reason[static 200]);
