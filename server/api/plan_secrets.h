/**
 * @file server/api/plan_secrets.h
 * @brief Secrets of a deployment request become markers before anybody reads it.
 */
#pragma once

#include "server/api/blueprint.h"
#include "server/api/cluster_app.h"
#include "server/api/plan_request.h"

/** Of call->json, a deployment request: its app or its change. @param kept  gets the values.
 * @return NONE; BODY_INVALID (the call has the errors); NO_MEMORY */
ZDD_MUST_CHECK enum zdd_err zdd_plan_conceal(struct zdd_call *call, struct zdd_secrets_kept *kept);

/** Of the environments of a blueprint's services. @return NONE or NO_MEMORY */
ZDD_MUST_CHECK enum zdd_err zdd_plan_conceal_blueprint(struct zdd_call *call,
                                                       struct zdd_blueprint *blueprint,
                                                       struct zdd_secrets_kept *kept);

/**
 * A caller may send back markers that he was shown: each has to stand for a value that the app has
 * or had. What @p seen and @p survivor hold goes over to the request's.
 * @return NONE; BODY_INVALID (the call has the errors); a store error; NO_MEMORY
 */
ZDD_MUST_CHECK enum zdd_err zdd_plan_check_secrets(struct zdd_call *call,
                                                   const struct zdd_plan_request *request,
                                                   struct zdd_cluster_app *seen,
                                                   struct zdd_cluster_app *survivor);
