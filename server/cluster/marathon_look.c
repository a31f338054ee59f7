/**
 * @file server/cluster/marathon_look.c
 * @brief Looking: apps, Marathon itself, and whatever callers want to read.
 */
#include "server/base/buf.h"
#include "server/base/cleanup.h"
#include "server/base/clock.h"
#include "server/cluster/marathon_calls.h"
#include "server/cluster/marathon_http.h"
#include "server/cluster/marathon_read.h"
#include "server/cluster/marathon_url.h"
#include "server/net/url.h"

#include <stdio.h>
#include <string.h>

#define INFO_KEPT_MS 60000
#define PATH_SIZE_MAX 900 /* an app id of 255 bytes, percent-encoded, and its query */

/* Everything a view needs, for all apps in one answer (marathon.md §1.2). */
static const char all_apps_path[] = "/v2/apps?embed=apps.tasks&embed=apps.deployments"
                                    "&embed=apps.lastTaskFailure&embed=apps.readiness";

char *zdd_marathon_app_path(const char *app_id, const char *query)
{
    struct zdd_buf path = {.max = PATH_SIZE_MAX};

    zdd_buf_text(&path, "/v2/apps/");
    zdd_url_encode(&path, app_id[0] == '/' ? app_id + 1 : app_id, "/");
    zdd_buf_text(&path, query);
    return zdd_buf_take(&path);
}

static enum zdd_err read_view(const struct zdd_marathon *marathon, json_t *app,
                              const struct zdd_app_ask *ask, struct zdd_app_view *ret_view,
                              char *ret_reason)
{
    enum zdd_err err = zdd_marathon_read_app(app, ask, ret_view);

    /* Mesos quotes the docker command, and with it the environment. */
    if (err == ZDD_ERR_NONE && ret_view->failed_at_ms > 0 && marathon->conceal) {
        err = marathon->conceal(marathon->secrets, app);
        zdd_marathon_read_failure(app, ret_view);
    }
    if (err == ZDD_ERR_CLUSTER_NONSENSE)
        snprintf(ret_reason, ZDD_CLUSTER_REASON_SIZE, "Marathon's answer about %.200s is no app",
                 ask->app_id);
    else if (err != ZDD_ERR_NONE)
        snprintf(ret_reason, ZDD_CLUSTER_REASON_SIZE, "%s", zdd_err_text(err));
    return err;
}

/* Look at what every Marathon has: a 404 means that something else answers. */
static enum zdd_err look_for_sure(struct zdd_marathon *marathon, const char *path,
                                  struct zdd_marathon_reply *ret_reply, char *ret_reason)
{
    const enum zdd_err err = zdd_marathon_look(marathon, path, ret_reply, ret_reason);

    if (err != ZDD_ERR_APP_UNKNOWN)
        return err;
    snprintf(ret_reason, ZDD_CLUSTER_REASON_SIZE, "what answers %.*s is not Marathon",
             (int)strcspn(path, "?"), path);
    return ZDD_ERR_CLUSTER_NONSENSE;
}

/* An app that is being removed is gone from /v2/apps at once, while its tasks are still ending:
 * only the deployment tells. */
static enum zdd_err look_for_removals(struct zdd_marathon *marathon, const struct zdd_app_ask *asks,
                                      size_t count, struct zdd_app_view *views, char *ret_reason)
{
    ZDD_AUTO_REPLY struct zdd_marathon_reply reply = {0};
    const enum zdd_err err = look_for_sure(marathon, "/v2/deployments", &reply, ret_reason);

    if (err != ZDD_ERR_NONE)
        return err;
    if (!json_is_array(reply.json)) {
        snprintf(ret_reason, ZDD_CLUSTER_REASON_SIZE,
                 "Marathon's answer about deployments is no list");
        return ZDD_ERR_CLUSTER_NONSENSE;
    }
    for (size_t i = 0; i < count; i++) {
        if (!views[i].exists)
            zdd_marathon_read_removal(reply.json, asks[i].app_id, &views[i]);
    }
    return ZDD_ERR_NONE;
}

static enum zdd_err observe_one(struct zdd_marathon *marathon, const struct zdd_app_ask *ask,
                                struct zdd_app_view *ret_view, char *ret_reason)
{
    ZDD_AUTO_REPLY struct zdd_marathon_reply reply = {0};
    ZDD_AUTO_FREE char *path = zdd_marathon_app_path(ask->app_id, "?embed=app.readiness");
    enum zdd_err err;

    if (!path)
        return ZDD_ERR_NO_MEMORY;
    err = zdd_marathon_look(marathon, path, &reply, ret_reason);
    if (err == ZDD_ERR_APP_UNKNOWN) {
        *ret_view = (struct zdd_app_view){0};
        return look_for_removals(marathon, ask, 1, ret_view, ret_reason);
    }
    if (err != ZDD_ERR_NONE)
        return err;
    return read_view(marathon, json_object_get(reply.json, "app"), ask, ret_view, ret_reason);
}

static enum zdd_err observe_all(struct zdd_marathon *marathon, const struct zdd_app_ask *asks,
                                size_t count, struct zdd_app_view *ret_views, char *ret_reason)
{
    ZDD_AUTO_REPLY struct zdd_marathon_reply reply = {0};
    enum zdd_err err = look_for_sure(marathon, all_apps_path, &reply, ret_reason);
    ZDD_AUTO_JSON json_t *by_id = NULL;
    bool all_exist = true;

    if (err != ZDD_ERR_NONE)
        return err;
    if (!json_is_array(json_object_get(reply.json, "apps"))) {
        snprintf(ret_reason, ZDD_CLUSTER_REASON_SIZE, "Marathon's answer about all apps has none");
        return ZDD_ERR_CLUSTER_NONSENSE;
    }
    by_id = zdd_marathon_apps_by_id(reply.json);
    if (!by_id)
        return ZDD_ERR_NO_MEMORY;
    for (size_t i = 0; i < count; i++) {
        json_t *app = json_object_get(by_id, asks[i].app_id);

        if (!app) {
            ret_views[i] = (struct zdd_app_view){0};
            all_exist = false;
            continue;
        }
        err = read_view(marathon, app, &asks[i], &ret_views[i], ret_reason);
        if (err != ZDD_ERR_NONE)
            return err;
    }
    return all_exist ? ZDD_ERR_NONE
                     : look_for_removals(marathon, asks, count, ret_views, ret_reason);
}

enum zdd_err zdd_marathon_observe(void *cls, const struct zdd_app_ask *asks, size_t count,
                                  struct zdd_app_view *ret_views,
                                  char reason[static ZDD_CLUSTER_REASON_SIZE])
{
    reason[0] = '\0';
    if (count == 0)
        return ZDD_ERR_NONE;
    return count == 1 ? observe_one(cls, asks, ret_views, reason)
                      : observe_all(cls, asks, count, ret_views, reason);
}

static bool recall_info(struct zdd_marathon *marathon, struct zdd_cluster_info *ret_info)
{
    pthread_mutex_lock(&marathon->lock);

    const bool known = zdd_mono_ms() < marathon->info_until_ms;

    if (known)
        *ret_info = marathon->info;
    pthread_mutex_unlock(&marathon->lock);
    return known;
}

enum zdd_err zdd_marathon_info(void *cls, struct zdd_cluster_info *ret_info,
                               char reason[static ZDD_CLUSTER_REASON_SIZE])
{
    struct zdd_marathon *marathon = cls;
    ZDD_AUTO_REPLY struct zdd_marathon_reply reply = {0};
    enum zdd_err err;

    reason[0] = '\0';
    if (recall_info(marathon, ret_info))
        return ZDD_ERR_NONE;
    err = zdd_marathon_look(marathon, "/v2/info", &reply, reason);
    if (err != ZDD_ERR_NONE && err != ZDD_ERR_APP_UNKNOWN)
        return err;
    if (err == ZDD_ERR_APP_UNKNOWN || !zdd_marathon_read_info(reply.json, ret_info)) {
        snprintf(reason, ZDD_CLUSTER_REASON_SIZE, "what answers /v2/info is not Marathon");
        return ZDD_ERR_CLUSTER_NONSENSE;
    }
    pthread_mutex_lock(&marathon->lock);
    marathon->info = *ret_info;
    marathon->info_until_ms = zdd_mono_ms() + INFO_KEPT_MS;
    pthread_mutex_unlock(&marathon->lock);
    return ZDD_ERR_NONE;
}

enum zdd_err zdd_marathon_get(void *cls, const char *path, struct json_t **ret_json,
                              char reason[static ZDD_CLUSTER_REASON_SIZE])
{
    ZDD_AUTO_REPLY struct zdd_marathon_reply reply = {0};
    ZDD_AUTO_BUF struct zdd_buf whole = {.max = ZDD_MARATHON_URL_SIZE};
    enum zdd_err err;

    reason[0] = '\0';
    zdd_buf_text(&whole, "/v2");
    zdd_buf_text(&whole, path);
    if (whole.err != ZDD_ERR_NONE)
        return whole.err == ZDD_ERR_NO_MEMORY ? whole.err : ZDD_ERR_APP_UNKNOWN; /* too long */
    err = zdd_marathon_look(cls, whole.data, &reply, reason);
    if (err != ZDD_ERR_NONE)
        return err;
    *ret_json = ZDD_TAKE(reply.json);
    return ZDD_ERR_NONE;
}
