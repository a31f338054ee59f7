/**
 * @file server/api/plan_ask.c
 * @brief Who asks for what.
 */
#include "server/api/plan_ask.h"

enum zdd_err zdd_plan_ask(struct zdd_call *call, struct zdd_plan_request *ret_request)
{
    struct zdd_caller *caller = zdd_caller_of(call);
    struct zdd_field_errors *errors = zdd_call_errors(call);
    const bool fine = zdd_plan_request_read(call->json, ret_request, errors);

    zdd_caller_note(caller, ret_request->app_id, NULL, ret_request->reason);
    if (!fine)
        return errors->no_memory ? ZDD_ERR_NO_MEMORY : ZDD_ERR_BODY_INVALID;
    if (!zdd_caller_reaches(caller, ret_request->app_id))
        return zdd_call_fail(call, ZDD_ERR_APP_FORBIDDEN, "the token reaches %s and what is below",
                             caller->token.app_prefix);
    return ZDD_ERR_NONE;
}
