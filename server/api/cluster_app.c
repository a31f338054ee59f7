/**
 * @file server/api/cluster_app.c
 * @brief Asking Marathon about one app.
 */
#include "server/api/cluster_app.h"

#include "server/base/cleanup.h"
#include "server/json/appdef.h"
#include "server/json/words.h"
#include "server/secrets/secrets.h"

#include <stdio.h>
#include <string.h>

#define PATH_SIZE (ZDD_APP_ID_SIZE + 16)

void zdd_cluster_app_release(struct zdd_cluster_app *app)
{
    json_decref(app->raw);
    json_decref(app->canonical);
    zdd_secrets_kept_release(&app->secrets);
    *app = (struct zdd_cluster_app){0};
}

/* An inlet: nobody behind it sees a secret. @p kept may be NULL. */
static enum zdd_err ask(struct zdd_call *call, const struct zdd_cluster *cluster, const char *path,
                        struct zdd_secrets_kept *kept, json_t **ret_json)
{
    ZDD_AUTO_JSON json_t *json = NULL;
    char reason[ZDD_CLUSTER_REASON_SIZE] = "";
    enum zdd_err err = cluster->ops->get(cluster->cls, path, &json, reason);

    if (err != ZDD_ERR_NONE)
        return zdd_answer_cluster(call, err, reason);
    err = zdd_secrets_conceal_answer(zdd_api_of(call)->options.secrets, kept, json);
    if (err == ZDD_ERR_NONE)
        *ret_json = ZDD_TAKE(json);
    return err;
}

enum zdd_err zdd_cluster_json(struct zdd_call *call, const char *path, json_t **ret_json)
{
    return zdd_cluster_json_of(call, &zdd_api_of(call)->options.cluster, path, ret_json);
}

enum zdd_err zdd_cluster_json_of(struct zdd_call *call, const struct zdd_cluster *cluster,
                                 const char *path, json_t **ret_json)
{
    return ask(call, cluster, path, NULL, ret_json);
}

const char *zdd_cluster_config_version(const json_t *raw)
{
    return zdd_json_text(json_object_get(raw, "versionInfo"), "lastConfigChangeAt",
                         zdd_json_text(raw, "version", ""));
}

bool zdd_cluster_has_checks(const json_t *raw)
{
    return json_array_size(json_object_get(raw, "healthChecks")) > 0;
}

enum zdd_err zdd_cluster_app_read(json_t *raw, struct zdd_cluster_app *ret_app)
{
    const char *counted = zdd_cluster_has_checks(raw) ? "tasksHealthy" : "tasksRunning";

    if (!json_is_object(raw) || !json_is_string(json_object_get(raw, "id")))
        return ZDD_ERR_CLUSTER_NONSENSE;
    ret_app->canonical = zdd_appdef_canonical(raw);
    if (!ret_app->canonical)
        return ZDD_ERR_NO_MEMORY;
    ret_app->raw = json_incref(raw);
    zdd_words_cut(zdd_json_text(raw, "version", ""), ret_app->version, sizeof(ret_app->version));
    zdd_words_cut(zdd_cluster_config_version(raw), ret_app->config_version,
                  sizeof(ret_app->config_version));
    ret_app->running = (int32_t)zdd_json_int(raw, "tasksRunning", 0);
    ret_app->healthy = (int32_t)zdd_json_int(raw, counted, 0);
    /* Who is being killed runs no more and is still called healthy. */
    if (ret_app->healthy > ret_app->running)
        ret_app->healthy = ret_app->running;
    return ZDD_ERR_NONE;
}

enum zdd_err zdd_cluster_app_get(struct zdd_call *call, const char *app_id,
                                 struct zdd_cluster_app *ret_app)
{
    ZDD_AUTO_JSON json_t *json = NULL;
    char path[PATH_SIZE];
    enum zdd_err err;

    *ret_app = (struct zdd_cluster_app){0};
    snprintf(path, sizeof(path), "/apps/%s", app_id);
    err = ask(call, &zdd_api_of(call)->options.cluster, path, &ret_app->secrets, &json);
    if (err == ZDD_ERR_APP_UNKNOWN) {
        call->detail[0] = '\0';
        return ZDD_ERR_NONE;
    }
    /* Another app's definition, and its secrets, must never pass for this one's. */
    if (err == ZDD_ERR_NONE &&
        strcmp(zdd_json_text(json_object_get(json, "app"), "id", ""), app_id) != 0)
        err = ZDD_ERR_CLUSTER_NONSENSE;
    if (err == ZDD_ERR_NONE)
        err = zdd_cluster_app_read(json_object_get(json, "app"), ret_app);
    if (err != ZDD_ERR_NONE)
        zdd_cluster_app_release(ret_app);
    if (err == ZDD_ERR_CLUSTER_NONSENSE && !call->detail[0])
        return zdd_call_fail(call, err, "Marathon's answer about %.200s is no such app", app_id);
    return err;
}
