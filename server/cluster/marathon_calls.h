/**
 * @file server/cluster/marathon_calls.h
 * @brief The calls of the cluster interface; @p cls is the struct zdd_marathon.
 *
 * What they promise stands at struct zdd_cluster_ops.
 */
#pragma once

#include "server/engine/cluster.h"

enum zdd_err zdd_marathon_observe(void *cls, const struct zdd_app_ask *asks, size_t count,
                                  struct zdd_app_view *ret_views,
                                  char reason[static ZDD_CLUSTER_REASON_SIZE]);
enum zdd_err zdd_marathon_info(void *cls, struct zdd_cluster_info *ret_info,
                               char reason[static ZDD_CLUSTER_REASON_SIZE]);
enum zdd_err zdd_marathon_get(void *cls, const char *path, struct json_t **ret_json,
                              char reason[static ZDD_CLUSTER_REASON_SIZE]);
enum zdd_err zdd_marathon_put(void *cls, const struct zdd_cluster_order *order,
                              struct zdd_cluster_ack *ret_ack);
enum zdd_err zdd_marathon_restart(void *cls, const struct zdd_cluster_order *order,
                                  struct zdd_cluster_ack *ret_ack);
enum zdd_err zdd_marathon_remove(void *cls, const struct zdd_cluster_order *order,
                                 struct zdd_cluster_ack *ret_ack);
enum zdd_err zdd_marathon_kill(void *cls, const struct zdd_cluster_order *order,
                               struct zdd_cluster_ack *ret_ack);

/** @return "/v2/apps/shop/cart" and @p query, to be freed; NULL without memory */
char *zdd_marathon_app_path(const char *app_id, const char *query);
