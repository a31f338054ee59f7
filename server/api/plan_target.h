/**
 * @file server/api/plan_target.h
 * @brief From a request and what runs now to what shall run, and what that means. Pure.
 */
#pragma once

#include "server/api/plan_request.h"
#include "server/json/json.h"
#include "strategies/model/plan.h"

/**
 * The definition that @p request wants, in canonical form.
 *
 * A definition without `instances` keeps as many as run (a Marathon user's PUT does the same);
 * capacity options are written into upgradeStrategy, both members.
 *
 * @param current         what runs, canonical; NULL when the app does not exist
 * @param[out] ret_target new reference, set on success only
 * @return ZDD_ERR_NONE; ZDD_ERR_APP_UNKNOWN (the request builds on what does not run);
 *         ZDD_ERR_BODY_INVALID with @p errors; ZDD_ERR_NO_MEMORY
 */
ZDD_MUST_CHECK enum zdd_err zdd_plan_target(const struct zdd_plan_request *request,
                                            const json_t *current, json_t **ret_target,
                                            struct zdd_field_errors *errors);

/** What happens to the app when @p target takes the place of @p current (NULL: there is none); both
 * canonical. */
enum zdd_action zdd_plan_action(const struct zdd_strategy *strategy, const json_t *current,
                                const json_t *target);

/** What strategies need to know of @p definition, which is canonical. */
void zdd_plan_facts(const json_t *definition, struct zdd_app_facts *ret_facts);
