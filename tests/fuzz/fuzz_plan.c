/**
 * @file tests/fuzz/fuzz_plan.c
 * @brief A request and what runs: refused by name, or a plan with a target that is good for
 * Marathon and a text that is JSON.
 */
#include "server/api/plan_body.h"
#include "server/api/plan_target.h"
#include "server/json/appdef.h"
#include "tests/fuzz/fuzz.h"

#include <math.h>
#include <string.h>

static const char usual[] =
    "{\"id\":\"/shop/cart\",\"cmd\":\"./serve\",\"instances\":4,\"cpus\":0.1,\"mem\":32,"
    "\"healthChecks\":[{\"protocol\":\"HTTP\",\"path\":\"/health\",\"portIndex\":0}],"
    "\"portDefinitions\":[{\"port\":0}]}";

static void check_errors(const struct zdd_field_errors *errors)
{
    for (size_t i = 0; i < errors->count && i < ZDD_FIELD_ERROR_MAX; i++) {
        FUZZ_CHECK(fuzz_is_pointer(errors->error[i].pointer));
        FUZZ_CHECK(errors->error[i].detail[0] && fuzz_is_utf8(errors->error[i].detail));
    }
}

static void check_reference(const json_t *body)
{
    struct zdd_plan_reference reference;
    struct zdd_field_errors errors = {0};
    const bool good = zdd_plan_reference_read(body, &reference, &errors);

    FUZZ_CHECK(good == (errors.count == 0));
    FUZZ_CHECK(!good || (reference.plan_id && reference.digest));
    FUZZ_CHECK(!good || (reference.when_busy >= -1 && reference.when_busy <= 2));
    check_errors(&errors);
}

static void check_request(const struct zdd_plan_request *request)
{
    FUZZ_CHECK(request->strategy && request->reason);
    FUZZ_CHECK(zdd_appdef_id_valid(request->app_id));
    FUZZ_CHECK(request->deadline_s >= 0 && request->deadline_s <= ZDD_DEADLINE_MAX_S);
    FUZZ_CHECK(!(request->app && request->change));
    FUZZ_CHECK(strlen(request->reason) <= ZDD_REASON_MAX);
    for (size_t i = 0; i < request->strategy->param_count; i++) {
        const struct zdd_param *param = &request->strategy->params[i];
        double value;

        if (zdd_plan_option(request, param->name, &value))
            FUZZ_CHECK(value >= param->min && value <= param->max);
        else
            FUZZ_CHECK(!param->required);
    }
}

/* The preview plays the rules against a model: it must end, and its figures must be sane. */
static void check_preview(const struct zdd_plan *plan, const struct zdd_preview *preview)
{
    FUZZ_CHECK(preview->moment_count >= 1 && preview->moment_count <= ZDD_TIMELINE_MAX);
    FUZZ_CHECK(preview->warning_count <= ZDD_WARNING_MAX && preview->step_count <= ZDD_STEP_MAX);
    FUZZ_CHECK(preview->lowest_serving >= 0 && preview->peak_instances >= preview->lowest_serving);
    FUZZ_CHECK(preview->killed_at_once >= 0 && preview->killed_at_once <= plan->seen.running);
    FUZZ_CHECK(preview->deadline_ms > 0);
    FUZZ_CHECK(isfinite(preview->peak_extra_cpus) && isfinite(preview->peak_extra_mem_mib));
}

static void check_body(const struct zdd_plan_view *view)
{
    ZDD_AUTO_BUF struct zdd_buf buf = {0};
    ZDD_AUTO_JSON json_t *json = NULL;

    FUZZ_CHECK(zdd_plan_body_write(&buf, view) == ZDD_ERR_NONE);
    json = fuzz_must_json(buf.data, buf.size);
    FUZZ_CHECK(json_is_object(json));
}

static void check_plan(const struct zdd_plan_request *request, const json_t *current,
                       const json_t *target)
{
    static const struct zdd_cluster_info marathon = {.version = "1.9.109"};
    struct zdd_plan plan = {.on_failure = request->on_failure, .deadline_ms = 600000};
    struct zdd_preview preview;

    plan.action = zdd_plan_action(request->strategy, current, target);
    if (current)
        zdd_plan_facts(current, &plan.old);
    zdd_plan_facts(target, &plan.target);
    if (plan.old.instances > ZDD_INSTANCES_MAX || plan.target.instances > ZDD_INSTANCES_MAX)
        return;
    plan.seen.exists = current != NULL;
    /* More or fewer may run than are wanted, and some of them sick. */
    plan.seen.running = plan.old.instances + (int32_t)(request->deadline_s % 5) - 2;
    if (plan.seen.running < 0 || !current)
        plan.seen.running = 0;
    plan.seen.healthy = plan.seen.running / (1 + (int32_t)(request->deadline_s / 5 % 3));
    plan.replace_rule = plan.old.instances % 2 ? ZDD_REPLACE_1_10 : ZDD_REPLACE_CLASSIC;
    zdd_preview_make(request->strategy, &plan, &preview);
    check_preview(&plan, &preview);
    check_body(&(struct zdd_plan_view){
        .plan = &plan,
        .request = request,
        .preview = &preview,
        .marathon = &marathon,
        .target = target,
        .previous = current,
        .created_by = "token:fuzz",
        .resource_reason = "",
    });
}

/* Whatever was changed, the result is a definition that Marathon would take, made from what ran. */
static void check_target(const struct zdd_plan_request *request, const json_t *current)
{
    struct zdd_field_errors errors = {0};
    struct zdd_field_errors wrong = {0};
    ZDD_AUTO_JSON json_t *target = NULL;
    const enum zdd_err err = zdd_plan_target(request, current, &target, &errors);

    check_errors(&errors);
    FUZZ_CHECK((err == ZDD_ERR_NONE) == (target != NULL));
    FUZZ_CHECK((err == ZDD_ERR_BODY_INVALID) == (errors.count > 0));
    if (err != ZDD_ERR_NONE)
        return;
    if (request->app || !current || zdd_appdef_check(current, "#", false, &wrong)) {
        wrong.count = 0;
        FUZZ_CHECK(zdd_appdef_check(target, "#", false, &wrong));
    }
    FUZZ_CHECK(zdd_appdef_fits(target, target, false));
    check_plan(request, current, target);
}

static json_t *what_runs(const struct fuzz_parts *parts)
{
    ZDD_AUTO_JSON json_t *given = parts->size[1] > 0 ? fuzz_json(parts, 1) : NULL;

    if (!given)
        given = json_loads(usual, 0, NULL);
    return zdd_appdef_canonical(given);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    FUZZ_AUTO_PARTS struct fuzz_parts parts = fuzz_split(data, size, 2);
    ZDD_AUTO_JSON json_t *body = fuzz_json(&parts, 0);
    ZDD_AUTO_JSON json_t *current = NULL;
    struct zdd_field_errors errors = {0};
    struct zdd_plan_request request;
    bool good;

    if (!body)
        return 0;
    check_reference(body);
    (void)zdd_plan_is_reference(body);
    good = zdd_plan_request_read(body, &request, &errors);
    FUZZ_CHECK(good == (errors.count == 0));
    check_errors(&errors);
    if (!good)
        return 0;
    current = what_runs(&parts);
    FUZZ_CHECK(current != NULL);
    check_request(&request);
    check_target(&request, current);
    check_target(&request, NULL);
    return 0;
}
