/**
 * @file server/api/plan_checks.c
 * @brief The sets of checks of a plan.
 */
#include "server/api/plan_checks.h"

#include "server/api/inside.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#define MS_OF_S 1000.0

/* Where the checks of each set stand; of steps, each element of the list is one wish. */
static void pointer_of(const struct zdd_plan_request *request, size_t set,
                       char ret_pointer[static ZDD_FIELD_POINTER_SIZE])
{
    const struct zdd_wishes *wishes = &request->wishes;
    size_t verifies = 0;

    snprintf(ret_pointer, ZDD_FIELD_POINTER_SIZE, "%s/checks", ZDD_VERIFY_POINTER);
    for (size_t i = 0; i < wishes->count; i++) {
        verifies += wishes->wish[i].kind == ZDD_WISH_VERIFY;
        if (wishes->wish[i].kind == ZDD_WISH_VERIFY && verifies == set)
            snprintf(ret_pointer, ZDD_FIELD_POINTER_SIZE, "%s/%zu/verify/checks", ZDD_STEPS_POINTER,
                     i);
    }
}

enum zdd_err zdd_plan_checks_allowed(struct zdd_call *call, const struct zdd_plan_request *request)
{
    const char *hosts = zdd_api_of(call)->options.verify_hosts;
    const size_t before = zdd_call_errors(call)->count;

    for (size_t set = 0; set < ZDD_VERIFY_SET_MAX; set++) {
        char pointer[ZDD_FIELD_POINTER_SIZE];

        pointer_of(request, set, pointer);
        (void)zdd_checks_hosts_allowed(request->checks[set], pointer, hosts ? hosts : "",
                                       zdd_call_errors(call));
    }
    return zdd_call_errors(call)->count == before ? ZDD_ERR_NONE : ZDD_ERR_BODY_INVALID;
}

/* The last look of the checks beside the steps is a step that nobody has written. */
static json_t *list_of(const struct zdd_plan_request *request, int32_t set)
{
    return request->checks[set] ? request->checks[set] : request->checks[ZDD_VERIFY_BESIDE];
}

enum zdd_err zdd_plan_checks_text(const struct zdd_plan_request *request,
                                  const struct zdd_plan *plan, char **ret_text)
{
    const struct zdd_verifies *verifies = &plan->verifies;
    ZDD_AUTO_JSON json_t *lists = json_array();

    if (verifies->beside.rounds == 0 && verifies->count == 0)
        return ZDD_ERR_NONE;
    for (int32_t set = 0; set <= verifies->count; set++) {
        const bool has = zdd_verifies_set(verifies, set)->rounds > 0;

        assert(!has || list_of(request, set));
        if (json_array_append_new(lists, has ? json_incref(list_of(request, set)) : json_array()) !=
            0)
            return ZDD_ERR_NO_MEMORY;
    }
    *ret_text = zdd_json_canonical(lists);
    return *ret_text ? ZDD_ERR_NONE : ZDD_ERR_NO_MEMORY;
}

void zdd_plan_checks_write(struct zdd_writer *w, const struct zdd_plan *plan,
                           const struct zdd_plan_request *request, int32_t set)
{
    const struct zdd_verify *verify = zdd_verifies_set(&plan->verifies, set);

    zdd_w_object(w, "verify");
    zdd_w_json(w, "checks", list_of(request, set));
    zdd_w_real(w, "intervalSeconds", verify->interval_ms / MS_OF_S);
    zdd_w_int(w, "count", verify->rounds);
    zdd_w_int(w, "failureLimit", verify->failure_limit);
    zdd_w_int(w, "errorLimit", verify->error_limit);
    zdd_w_int(w, "minRequests", verify->min_requests);
    zdd_w_text(w, "onInconclusive", zdd_on_inconclusive_name(verify->on_inconclusive));
    zdd_w_end_object(w);
}
