/**
 * @file server/api/plan_base.h
 * @brief What a plan rests on when another deployment of the app is under way.
 */
#pragma once

#include "server/api/cluster_app.h"
#include "server/api/plan_request.h"

/**
 * A deployment that supersedes another starts when that one has gone back, so its plan rests on
 * what ran before: bring @p seen to that. For every other request nothing changes: queued ones rest
 * on what the deployment before them brings, which Marathon shows already.
 * @return ZDD_ERR_NONE; ZDD_ERR_STORE_CORRUPT; ZDD_ERR_NO_MEMORY; or a store error
 */
ZDD_MUST_CHECK enum zdd_err zdd_plan_base(struct zdd_call *call,
                                          const struct zdd_plan_request *request,
                                          struct zdd_cluster_app *seen);
