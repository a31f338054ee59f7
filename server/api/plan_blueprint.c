/**
 * @file server/api/plan_blueprint.c
 * @brief From a VAMP blueprint to a plan.
 */
#include "server/api/plan_blueprint.h"

#include "server/api/plan_make.h"
#include "server/api/plan_pair.h"
#include "server/api/plan_secrets.h"

#include <string.h>

static enum zdd_err read_blueprint(struct zdd_call *call, struct zdd_blueprint **ret_blueprint)
{
    struct zdd_field_errors *errors = zdd_call_errors(call);
    struct zdd_json_error where = {0};
    const enum zdd_err err = zdd_blueprint_read(call->body ? call->body : "", call->body_size,
                                                ret_blueprint, &where, errors);

    if (err == ZDD_ERR_BODY_MALFORMED || err == ZDD_ERR_BODY_TOO_BIG)
        return zdd_call_fail(call, err, "line %d, column %d: %s", where.line, where.column,
                             where.text);
    return err;
}

enum zdd_err zdd_plan_body_read(struct zdd_call *call, struct zdd_secrets_kept *kept,
                                struct zdd_blueprint **ret_blueprint)
{
    struct zdd_caller *caller = zdd_caller_of(call);
    enum zdd_err err;

    *ret_blueprint = NULL;
    err = zdd_call_coding(call);
    if (err != ZDD_ERR_NONE)
        return err;
    if (!zdd_call_has_type(call, ZDD_BLUEPRINT_TYPE)) {
        err = zdd_call_json(call);
        if (err == ZDD_ERR_MEDIA_TYPE)
            return zdd_call_fail(call, err,
                                 "this operation reads application/json, and VAMP blueprints as "
                                 "%s; say in Content-Type which it is",
                                 ZDD_BLUEPRINT_TYPE);
        return err;
    }
    err = read_blueprint(call, ret_blueprint);
    if (err != ZDD_ERR_NONE)
        return err;
    zdd_caller_note(caller, (*ret_blueprint)->app_id, NULL, NULL);
    if (!zdd_caller_reaches(caller, (*ret_blueprint)->app_id))
        return zdd_call_fail(call, ZDD_ERR_APP_FORBIDDEN, "the token reaches %s and what is below",
                             caller->token.app_prefix);
    return zdd_plan_conceal_blueprint(call, *ret_blueprint, kept);
}

/* What serves now, whichever app of the pair it is. */
static enum zdd_err look(struct zdd_call *call, const struct zdd_blueprint *blueprint,
                         struct zdd_cluster_app *ret_running)
{
    struct zdd_plan_request asked = {0};
    struct zdd_pair_find find;
    enum zdd_err err;

    if (!zdd_blueprint_compares(blueprint))
        return ZDD_ERR_NONE;
    memcpy(asked.app_id, blueprint->app_id, sizeof(asked.app_id));
    err = zdd_pair_find(call, &asked, &find);
    if (err == ZDD_ERR_NONE)
        *ret_running = find.old;
    return err;
}

/* The call's JSON becomes the request, which borrows from it. */
static enum zdd_err translate(struct zdd_call *call, struct zdd_blueprint *blueprint,
                              struct zdd_secrets_kept *kept, struct zdd_plan_request *request)
{
    ZDD_AUTO_CLUSTER_APP struct zdd_cluster_app running = {0};
    const enum zdd_err err = look(call, blueprint, &running);

    if (err != ZDD_ERR_NONE)
        return err;
    call->json = zdd_blueprint_request(blueprint, running.canonical);
    if (!call->json)
        return ZDD_ERR_NO_MEMORY;
    if (!zdd_plan_request_read(call->json, request, zdd_call_errors(call)))
        return zdd_call_errors(call)->no_memory ? ZDD_ERR_NO_MEMORY : ZDD_ERR_BODY_INVALID;
    request->secrets = kept;
    request->notes = blueprint->note;
    request->note_count = blueprint->note_count;
    return ZDD_ERR_NONE;
}

enum zdd_err zdd_plan_make_any(struct zdd_call *call, struct zdd_blueprint *blueprint,
                               struct zdd_plan_request *request, struct zdd_plan *ret_plan,
                               struct zdd_plan_texts *ret_texts)
{
    enum zdd_err err =
        blueprint ? translate(call, blueprint, &ret_texts->secrets, request) : ZDD_ERR_NONE;

    if (err == ZDD_ERR_NONE)
        err = zdd_plan_make(call, request, ret_plan, ret_texts);
    if (blueprint && err == ZDD_ERR_BODY_INVALID)
        zdd_blueprint_blame(blueprint, 0, zdd_call_errors(call));
    return err;
}
