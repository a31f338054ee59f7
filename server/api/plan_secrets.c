/**
 * @file server/api/plan_secrets.c
 * @brief The inlet for definitions in requests.
 */
#include "server/api/plan_secrets.h"

#include "server/base/cleanup.h"
#include "server/json/json.h"

#include <stdio.h>

#define ID_SIZE (2 * ZDD_APP_ID_SIZE) /* a longer one is refused anyway */

static const char *const definitions[][2] = {{"app", "#/app"}, {"change", "#/change"}};

enum zdd_err zdd_plan_conceal(struct zdd_call *call, struct zdd_secrets_kept *kept)
{
    const char *id = zdd_json_text(json_object_get(call->json, "app"), "id",
                                   zdd_json_text(call->json, "appId", ""));
    char whole[ID_SIZE];
    struct zdd_conceal how = {.app_id = whole, .kept = kept, .errors = zdd_call_errors(call)};
    bool fine = true;

    snprintf(whole, sizeof(whole), "%s%s", *id == '/' ? "" : "/", id);
    for (size_t i = 0; i < ZDD_COUNT(definitions); i++) {
        enum zdd_err err;

        how.pointer = definitions[i][1];
        err = zdd_secrets_conceal(zdd_api_of(call)->options.secrets, &how,
                                  json_object_get(call->json, definitions[i][0]));
        if (err != ZDD_ERR_NONE && err != ZDD_ERR_BODY_INVALID)
            return err;
        fine = fine && err == ZDD_ERR_NONE;
    }
    return fine ? ZDD_ERR_NONE : ZDD_ERR_BODY_INVALID;
}

enum zdd_err zdd_plan_conceal_blueprint(struct zdd_call *call, struct zdd_blueprint *blueprint,
                                        struct zdd_secrets_kept *kept)
{
    const struct zdd_conceal how = {.app_id = blueprint->app_id,
                                    .pointer = "#/app",
                                    .kept = kept,
                                    .errors = zdd_call_errors(call)};
    enum zdd_err err = ZDD_ERR_NONE;

    for (size_t i = 0; i < blueprint->service_count && err == ZDD_ERR_NONE; i++) {
        ZDD_AUTO_JSON json_t *definition = json_object();

        if (!definition || json_object_set(definition, "env", blueprint->service[i].env) != 0)
            return ZDD_ERR_NO_MEMORY;
        err = zdd_secrets_conceal(zdd_api_of(call)->options.secrets, &how, definition);
    }
    return err;
}

enum zdd_err zdd_plan_check_secrets(struct zdd_call *call, const struct zdd_plan_request *request,
                                    struct zdd_cluster_app *seen, struct zdd_cluster_app *survivor)
{
    json_t *const asked[] = {request->app, request->change};
    struct zdd_conceal how = {
        .app_id = request->app_id, .kept = request->secrets, .errors = zdd_call_errors(call)};
    enum zdd_err err = zdd_secrets_kept_join(request->secrets, &seen->secrets);

    if (err == ZDD_ERR_NONE)
        err = zdd_secrets_kept_join(request->secrets, &survivor->secrets);
    for (size_t i = 0; i < ZDD_COUNT(asked) && err == ZDD_ERR_NONE; i++) {
        how.pointer = definitions[i][1];
        err = zdd_secrets_check(zdd_api_of(call)->options.secrets, &how, asked[i]);
    }
    return err;
}
