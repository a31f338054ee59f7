/**
 * @file server/api/plan_ask.c
 * @brief Who asks for what.
 */
#include "server/api/plan_ask.h"

#include "server/api/plan_secrets.h"

#include <stdio.h>

enum zdd_err zdd_plan_ask(struct zdd_call *call, struct zdd_secrets_kept *kept,
                          struct zdd_plan_request *ret_request)
{
    struct zdd_caller *caller = zdd_caller_of(call);
    struct zdd_field_errors *errors = zdd_call_errors(call);
    const enum zdd_err err = zdd_plan_conceal(call, kept);
    bool fine;

    if (err != ZDD_ERR_NONE && err != ZDD_ERR_BODY_INVALID)
        return err;
    fine = zdd_plan_request_read(call->json, ret_request, errors) && err == ZDD_ERR_NONE;
    ret_request->secrets = kept;
    zdd_caller_note(caller, ret_request->app_id, NULL, ret_request->reason);
    if (!fine)
        return errors->no_memory ? ZDD_ERR_NO_MEMORY : ZDD_ERR_BODY_INVALID;
    if (!zdd_caller_reaches(caller, ret_request->app_id))
        return zdd_call_fail(call, ZDD_ERR_APP_FORBIDDEN, "the token reaches %s and what is below",
                             caller->token.app_prefix);
    return ZDD_ERR_NONE;
}

enum zdd_err zdd_plan_check_options(struct zdd_call *call, const struct zdd_plan_request *request,
                                    const struct zdd_plan *plan)
{
    const struct zdd_strategy *strategy = request->strategy;
    struct zdd_complaint complaint[ZDD_COMPLAINT_MAX];
    const size_t count = strategy->check ? strategy->check(request->option, plan, complaint) : 0;

    for (size_t i = 0; i < count; i++) {
        char pointer[ZDD_FIELD_POINTER_SIZE];

        if (complaint[i].member)
            snprintf(pointer, sizeof(pointer), "#/options/%s/%d/%s", complaint[i].name,
                     (int)complaint[i].index, complaint[i].member);
        else
            snprintf(pointer, sizeof(pointer), "#/options/%s", complaint[i].name);
        zdd_field_error_add(zdd_call_errors(call), pointer, "%s", complaint[i].text);
    }
    return count > 0 ? ZDD_ERR_BODY_INVALID : ZDD_ERR_NONE;
}
