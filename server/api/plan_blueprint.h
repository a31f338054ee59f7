/**
 * @file server/api/plan_blueprint.h
 * @brief The body of a plan's request, whichever it is: JSON, or a VAMP blueprint as YAML.
 */
#pragma once

#include "server/api/blueprint.h"
#include "server/api/inside.h"
#include "server/api/plan_request.h"
#include "storage/plans.h"

#define ZDD_BLUEPRINT_TYPE "application/yaml" /* RFC 9512 */

/**
 * Read the body by its media type. A blueprint is read and checked as far as the document alone
 * goes, noted for the audit, and its app is seen to be within the token's reach; secrets in it are
 * markers then.
 * @param kept                gets what they stand for
 * @param[out] ret_blueprint  owned by the caller; NULL for JSON, which is in call->json then
 * @return NONE; as zdd_call_json(); BODY_INVALID (the call has the errors); APP_FORBIDDEN
 */
ZDD_MUST_CHECK enum zdd_err zdd_plan_body_read(struct zdd_call *call, struct zdd_secrets_kept *kept,
                                               struct zdd_blueprint **ret_blueprint);

/**
 * Make the plan as zdd_plan_make() does. With a @p blueprint look first which of its services runs:
 * call->json and @p request become the request that it means, and what is wrong with that is told
 * of the document. Workers only.
 * @param blueprint  NULL: @p request was read already
 */
ZDD_MUST_CHECK enum zdd_err zdd_plan_make_any(struct zdd_call *call,
                                              struct zdd_blueprint *blueprint,
                                              struct zdd_plan_request *request,
                                              struct zdd_plan *ret_plan,
                                              struct zdd_plan_texts *ret_texts);
