/**
 * @file server/api/plan_router.c
 * @brief Who moves the requests of a pair.
 */
#include "server/api/plan_router.h"

#include "server/api/inside.h"
#include "strategies/model/traffic.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#define AUTO "auto"

/* Why a pair cannot be had with another one. */
static const struct {
    const char *router, *why;
} others[] = {
    {"instances", "numbers of instances alone make no switch and no instant way back: that is what "
                  "rolling does, with minimumHealthCapacity and maximumOverCapacity"},
    {"none", "where nobody moves requests there is no cutover: rolling or recreate replace the "
             "instances"},
};

/* In the order of preference. */
static const struct {
    const char *router, *setting;
} ours[] = {
    {ZDD_ROUTER_MARATHON_LB, "--balancer and the addresses of the balancers' statistics"},
    {ZDD_ROUTER_HAPROXY, "--haproxy and the addresses of the balancers' Runtime APIs"},
    {ZDD_ROUTER_VAMP, "--vamp and the address of VAMP's API"},
};

static bool is_here(const struct zdd_call *call, const char *router)
{
    const struct zdd_api_options *options = &zdd_api_of(call)->options;

    if (strcmp(router, ZDD_ROUTER_HAPROXY) == 0)
        return options->haproxy;
    if (strcmp(router, ZDD_ROUTER_VAMP) == 0)
        return options->vamp;
    return strcmp(router, ZDD_ROUTER_MARATHON_LB) == 0 && options->agent && *options->agent;
}

bool zdd_plan_has_router(const struct zdd_call *call)
{
    for (size_t i = 0; i < ZDD_COUNT(ours); i++) {
        if (is_here(call, ours[i].router))
            return true;
    }
    return false;
}

static enum zdd_err choose(struct zdd_call *call, const struct zdd_plan_request *request,
                           const char *asked, char ret_name[static ZDD_NAME_SIZE])
{
    for (size_t i = 0; i < ZDD_COUNT(others); i++) {
        if (strcmp(asked, others[i].router) == 0)
            return zdd_call_fail(call, ZDD_ERR_ROUTER_MISSING, "the router %s is not for %s: %s",
                                 asked, request->strategy->name, others[i].why);
    }
    for (size_t i = 0; i < ZDD_COUNT(ours); i++) {
        if (strcmp(asked, ours[i].router) != 0)
            continue;
        snprintf(ret_name, ZDD_NAME_SIZE, "%s", ours[i].router);
        if (is_here(call, asked))
            return ZDD_ERR_NONE;
        return zdd_call_fail(call, ZDD_ERR_ROUTER_MISSING,
                             "this server has no router %s; start zdd-server with %s", asked,
                             ours[i].setting);
    }
    assert(false && "the strategy's table lists no other router");
    return ZDD_ERR_INTERNAL;
}

enum zdd_err zdd_plan_choose_router(struct zdd_call *call, const struct zdd_plan_request *request,
                                    char ret_name[static ZDD_NAME_SIZE])
{
    const char *asked = zdd_plan_choice(request, "router");

    if (asked && strcmp(asked, AUTO) != 0)
        return choose(call, request, asked, ret_name);
    for (size_t i = 0; i < ZDD_COUNT(ours); i++) {
        if (!is_here(call, ours[i].router))
            continue;
        snprintf(ret_name, ZDD_NAME_SIZE, "%s", ours[i].router);
        return ZDD_ERR_NONE;
    }
    return zdd_call_fail(
        call, ZDD_ERR_ROUTER_MISSING,
        "%s moves requests by the balancers' weights; start zdd-server with %s, or "
        "with %s, or with %s",
        request->strategy->name, ours[0].setting, ours[1].setting, ours[2].setting);
}

enum zdd_err zdd_plan_check_router(struct zdd_call *call, const struct zdd_plan *plan)
{
    if (is_here(call, plan->pair.router))
        return ZDD_ERR_NONE;
    return zdd_call_fail(call, ZDD_ERR_ROUTER_MISSING,
                         "the plan was made for the router %s, which this server was started "
                         "without",
                         plan->pair.router);
}

const char *zdd_plan_advertise(const struct zdd_call *call, const char *router)
{
    return strcmp(router, ZDD_ROUTER_MARATHON_LB) == 0 ? zdd_api_of(call)->options.agent : NULL;
}

bool zdd_plan_reads_labels(const char *router)
{
    return strcmp(router, ZDD_ROUTER_VAMP) != 0;
}

/* The first share of the program that is no whole percent, in hundredths; 0: there is none. */
static int32_t broken_share(const struct zdd_program *program)
{
    for (int32_t i = 0; i < program->count; i++) {
        const struct zdd_program_step *step = &program->step[i];

        if (step->kind == ZDD_STEP_WEIGHT && step->value % ZDD_SHARE_PERCENT != 0)
            return step->value;
    }
    return 0;
}

/* A check wants what balancers count. */
static bool wants_counters(const struct zdd_verifies *verifies)
{
    for (int32_t set = 0; set <= verifies->count; set++) {
        if (zdd_verifies_set(verifies, set)->counted_count > 0)
            return true;
    }
    return false;
}

enum zdd_err zdd_plan_check_program(struct zdd_call *call, const struct zdd_plan *plan)
{
    const int32_t share = broken_share(&plan->program);
    const size_t before = zdd_call_errors(call)->count;

    if (strcmp(plan->pair.router, ZDD_ROUTER_VAMP) != 0)
        return ZDD_ERR_NONE;
    if (wants_counters(&plan->verifies))
        zdd_field_error_add(zdd_call_errors(call), "#/options",
                            "VAMP counts nothing that it tells: checks of the source haproxy would "
                            "never have a request to judge by");
    if (share != 0)
        zdd_field_error_add(zdd_call_errors(call), "#/options/steps",
                            "VAMP shares requests in whole percents, so %d.%02d cannot be had",
                            (int)(share / ZDD_SHARE_PERCENT), (int)(share % ZDD_SHARE_PERCENT));
    if (zdd_program_has(&plan->program, ZDD_STEP_SHED))
        zdd_field_error_add(zdd_call_errors(call), "#/options",
                            "VAMP moves requests between versions: single instances of one cannot "
                            "leave by themselves, as these options want it");
    return zdd_call_errors(call)->count == before ? ZDD_ERR_NONE : ZDD_ERR_BODY_INVALID;
}
