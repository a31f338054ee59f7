/**
 * @file server/api/plan_checks.h
 * @brief The sets of checks of a plan: whom they ask, how they are kept, how they are shown.
 */
#pragma once

#include "server/api/plan_request.h"
#include "server/http/call.h"
#include "server/json/writer.h"

/** @return NONE; BODY_INVALID, after complaints, when a check asks somebody whom the server may not
 */
ZDD_MUST_CHECK enum zdd_err zdd_plan_checks_allowed(struct zdd_call *call,
                                                    const struct zdd_plan_request *request);

/** Write the checks of each set of @p plan, which was made of @p request. @param[out] ret_text  to
 * be freed; NULL when there are none. @return NONE or NO_MEMORY */
ZDD_MUST_CHECK enum zdd_err zdd_plan_checks_text(const struct zdd_plan_request *request,
                                                 const struct zdd_plan *plan, char **ret_text);

/** Write the member `verify`, for set @p set of @p plan. */
void zdd_plan_checks_write(struct zdd_writer *w, const struct zdd_plan *plan,
                           const struct zdd_plan_request *request, int32_t set);
