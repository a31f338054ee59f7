/**
 * @file server/api/plan_target.c
 * @brief What shall run.
 */
#include "server/api/plan_target.h"

#include "server/base/cleanup.h"
#include "server/json/appdef.h"
#include "server/json/patch.h"

#include <string.h>

static bool same_error(const struct zdd_field_error *a, const struct zdd_field_error *b)
{
    return strcmp(a->pointer, b->pointer) == 0 && strcmp(a->detail, b->detail) == 0;
}

/*
 * Check the changed definition, but do not blame the caller for what was there before: Marathon
 * may answer members that this version does not know.
 */
static enum zdd_err check_changed(const json_t *current, const json_t *changed,
                                  const json_t *canonical, struct zdd_field_errors *errors)
{
    const size_t count = errors->count;
    ZDD_AUTO_FREE struct zdd_field_errors *before = calloc(2, sizeof(*before));
    struct zdd_field_errors *after = before ? before + 1 : NULL;

    if (!before)
        return ZDD_ERR_NO_MEMORY;
    if (zdd_appdef_check_with(changed, canonical, "#/change", true, after))
        return ZDD_ERR_NONE;
    (void)zdd_appdef_check(current, "#/change", true, before);
    if (before->no_memory || after->no_memory)
        return ZDD_ERR_NO_MEMORY;
    for (size_t i = 0; i < after->count && i < ZDD_FIELD_ERROR_MAX; i++) {
        const struct zdd_field_error *error = &after->error[i];
        bool old = false;

        for (size_t k = 0; k < before->count && k < ZDD_FIELD_ERROR_MAX; k++)
            old = old || same_error(error, &before->error[k]);
        if (!old)
            zdd_field_error_add(errors, error->pointer, "%s", error->detail);
    }
    return errors->count > count ? ZDD_ERR_BODY_INVALID : ZDD_ERR_NONE;
}

static enum zdd_err change_current(const struct zdd_plan_request *request, const json_t *current,
                                   json_t **ret_target, struct zdd_field_errors *errors)
{
    const size_t before = errors->count;
    ZDD_AUTO_JSON json_t *changed = zdd_json_merge_patch(current, request->change);
    ZDD_AUTO_JSON json_t *canonical = changed ? zdd_appdef_canonical(changed) : NULL;
    enum zdd_err err;

    if (!canonical)
        return ZDD_ERR_NO_MEMORY;
    if (strcmp(zdd_json_text(changed, "id", ""), zdd_json_text(current, "id", "")) != 0)
        zdd_field_error_add(errors, "#/change/id", "must not change: it would be another app");
    err = check_changed(current, changed, canonical, errors);
    if (err == ZDD_ERR_NONE && errors->count > before)
        err = ZDD_ERR_BODY_INVALID;
    if (err != ZDD_ERR_NONE)
        return err;
    *ret_target = ZDD_TAKE(canonical);
    return ZDD_ERR_NONE;
}

static enum zdd_err take_app(const struct zdd_plan_request *request, const json_t *current,
                             json_t **ret_target)
{
    ZDD_AUTO_JSON json_t *target = zdd_appdef_canonical(request->app);
    json_t *instances = json_object_get(current, "instances");

    if (!target)
        return ZDD_ERR_NO_MEMORY;
    /* Without this, a definition that leaves the number to others would scale the app to one. */
    if (!json_object_get(target, "instances") && instances &&
        json_object_set_new(target, "instances", json_deep_copy(instances)) != 0)
        return ZDD_ERR_NO_MEMORY;
    *ret_target = ZDD_TAKE(target);
    return ZDD_ERR_NONE;
}

/* Marathon wants both members or none (marathon.md §9, 5). */
static enum zdd_err set_capacity(const struct zdd_plan_request *request, json_t *target)
{
    struct zdd_appdef_facts facts = {0};
    double health = 0, over = 0;
    const bool has_health = zdd_plan_option(request, "minimumHealthCapacity", &health);
    const bool has_over = zdd_plan_option(request, "maximumOverCapacity", &over);
    json_t *both;

    if (!has_health && !has_over)
        return ZDD_ERR_NONE;
    if (!has_health || !has_over)
        zdd_appdef_canonical_facts(target, &facts);
    if (!has_health)
        health = facts.minimum_health_capacity;
    if (!has_over)
        over = facts.maximum_over_capacity;
    both = json_pack("{s:f, s:f}", "minimumHealthCapacity", health, "maximumOverCapacity", over);
    /* jansson takes the reference, also when it fails */
    return json_object_set_new(target, "upgradeStrategy", both) == 0 ? ZDD_ERR_NONE
                                                                     : ZDD_ERR_NO_MEMORY;
}

static enum zdd_err set_instances(const struct zdd_plan_request *request, json_t *target)
{
    double instances;

    /* Of a canary the option is another number than the app's. */
    if (request->strategy->source != ZDD_TARGET_FROM_CLUSTER ||
        !zdd_plan_option(request, "instances", &instances))
        return ZDD_ERR_NONE;
    return json_object_set_new(target, "instances", json_integer((json_int_t)instances)) == 0
               ? ZDD_ERR_NONE
               : ZDD_ERR_NO_MEMORY;
}

enum zdd_err zdd_plan_target(const struct zdd_plan_request *request, const json_t *current,
                             json_t **ret_target, struct zdd_field_errors *errors)
{
    ZDD_AUTO_JSON json_t *target = NULL;
    enum zdd_err err = ZDD_ERR_NONE;

    if (!request->app && !current)
        return ZDD_ERR_APP_UNKNOWN;
    if (request->app)
        err = take_app(request, current, &target);
    else if (request->change)
        err = change_current(request, current, &target, errors);
    else if (!(target = json_deep_copy(current)))
        err = ZDD_ERR_NO_MEMORY;
    if (err == ZDD_ERR_NONE)
        err = set_capacity(request, target);
    if (err == ZDD_ERR_NONE)
        err = set_instances(request, target);
    if (err == ZDD_ERR_NONE)
        *ret_target = ZDD_TAKE(target);
    return err;
}

enum zdd_action zdd_plan_action(const struct zdd_strategy *strategy, const json_t *current,
                                const json_t *target)
{
    if (!current)
        return ZDD_ACTION_CREATE;
    if (strcmp(strategy->name, "restart") == 0)
        return ZDD_ACTION_RESTART;
    if (!zdd_appdef_canonical_fits(target, current, true))
        return ZDD_ACTION_UPGRADE;
    return zdd_json_int(target, "instances", 1) == zdd_json_int(current, "instances", 1)
               ? ZDD_ACTION_NONE
               : ZDD_ACTION_SCALE;
}

void zdd_plan_facts(const json_t *definition, struct zdd_app_facts *ret_facts)
{
    struct zdd_appdef_facts facts;

    zdd_appdef_canonical_facts(definition, &facts);
    *ret_facts = (struct zdd_app_facts){
        .instances = facts.instances,
        .minimum_health_capacity = facts.minimum_health_capacity,
        .maximum_over_capacity = facts.maximum_over_capacity,
        .cpus = facts.cpus,
        .mem_mib = facts.mem_mib,
        .start_ms =
            facts.start_timeout_s < INT32_MAX / 1000 ? facts.start_timeout_s * 1000 : INT32_MAX,
        .has_health_checks = facts.has_health_checks,
        .has_marathon_checks = facts.has_marathon_checks,
        .has_readiness_checks = facts.has_readiness_checks,
        .single_instance = facts.single_instance,
        .fixed_ports = facts.require_ports,
        .unique_hostname = facts.unique_hostname,
        .oldest_first = facts.oldest_first,
        .resident = facts.resident,
    };
}
