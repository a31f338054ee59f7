/**
 * @file server/api/plan_ask.h
 * @brief The request of POST /v1/plans and POST /v1/deployments, read and allowed.
 */
#pragma once

#include "server/api/inside.h"
#include "server/api/plan_request.h"

/**
 * Put markers in place of the secrets in call->json, read it, note for the audit what it is about,
 * and see whether the token reaches the app.
 * @param kept              gets what the markers stand for
 * @param[out] ret_request  borrows from call->json, and @p kept
 * @return NONE; BODY_INVALID (the call has the errors); APP_FORBIDDEN; NO_MEMORY
 */
ZDD_MUST_CHECK enum zdd_err zdd_plan_ask(struct zdd_call *call, struct zdd_secrets_kept *kept,
                                         struct zdd_plan_request *ret_request);

/** Whether the options contradict each other, or what @p plan, but for its program, shall deploy.
 * @return NONE; BODY_INVALID (the call has the errors) */
ZDD_MUST_CHECK enum zdd_err zdd_plan_check_options(struct zdd_call *call,
                                                   const struct zdd_plan_request *request,
                                                   const struct zdd_plan *plan);
