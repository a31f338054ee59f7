/**
 * @file server/api/deployments.h
 * @brief What the hub calls when a deployment may have changed.
 */
#pragma once

#include "server/http/call.h"

/**
 * Answer a call that waits for a deployment to differ from @p revision, if it does by now (or has
 * ended, or cannot be read, or @p last_chance).
 * @return true when it was answered; then the call is gone
 */
bool zdd_deployment_settle(struct zdd_call *call, const char *run_id, int64_t revision,
                           bool last_chance);
