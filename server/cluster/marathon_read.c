/**
 * @file server/cluster/marathon_read.c
 * @brief One app object becomes one view.
 */
#include "server/cluster/marathon_read.h"

#include "server/base/cleanup.h"
#include "server/base/clock.h"
#include "server/cluster/marathon_tasks.h"
#include "server/json/appdef.h"
#include "server/json/words.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Does @p app carry out the definition @p text? */
static enum zdd_err fits(const char *text, const json_t *app, bool *ret_fits)
{
    ZDD_AUTO_JSON json_t *wanted = NULL;
    enum zdd_err err;

    *ret_fits = false;
    if (!text)
        return ZDD_ERR_NONE;
    err = zdd_json_read(text, strlen(text), &wanted, NULL);
    if (err != ZDD_ERR_NONE)
        return err == ZDD_ERR_NO_MEMORY ? err : ZDD_ERR_INTERNAL;
    *ret_fits = zdd_appdef_fits(wanted, app, true);
    return ZDD_ERR_NONE;
}

/* Whether the definition that outdated tasks came from has health checks: the other one of the
 * pair when the app carries out one of them, else the app's own as the best guess. */
static bool outdated_has_checks(const json_t *app, const struct zdd_app_ask *ask,
                                const struct zdd_app_view *view)
{
    const char *text = NULL;
    ZDD_AUTO_JSON json_t *other = NULL;

    if (view->fits_target)
        text = ask->previous;
    else if (view->fits_previous)
        text = ask->target;
    if (text && zdd_json_read(text, strlen(text), &other, NULL) == ZDD_ERR_NONE)
        return zdd_marathon_checks_of(other).any;
    return zdd_marathon_checks_of(app).any;
}

void zdd_marathon_read_failure(const json_t *app, struct zdd_app_view *view)
{
    const json_t *failure = json_object_get(app, "lastTaskFailure");
    int64_t at_ms;

    if (!json_is_object(failure))
        return;
    if (!zdd_time_parse(zdd_json_text(failure, "timestamp", ""), &at_ms))
        return;
    view->failed_at_ms = at_ms;
    snprintf(view->failure, sizeof(view->failure), "%s: %s",
             zdd_json_text(failure, "state", "TASK_FAILED"),
             zdd_json_text(failure, "message", "no message"));
    zdd_words_trim(view->failure);
}

static void read_versions(const json_t *app, struct zdd_app_view *view)
{
    const json_t *info = json_object_get(app, "versionInfo");
    const char *config;

    zdd_marathon_version(zdd_json_text(app, "version", ""), view->version);
    config = zdd_json_text(info, "lastConfigChangeAt", view->version);
    zdd_marathon_version(config, view->config_version);
}

/* An app object of another app, or of none, must never pass for the one that was asked for. */
static bool is_app(const json_t *app, const char *app_id)
{
    return json_is_object(app) && strcmp(zdd_json_text(app, "id", ""), app_id) == 0 &&
           json_is_number(json_object_get(app, "instances")) &&
           json_is_array(json_object_get(app, "tasks"));
}

enum zdd_err zdd_marathon_read_app(const json_t *app, const struct zdd_app_ask *ask,
                                   struct zdd_app_view *ret_view)
{
    struct zdd_app_view view = {.exists = true};
    enum zdd_err err;

    if (!is_app(app, ask->app_id))
        return ZDD_ERR_CLUSTER_NONSENSE;
    err = fits(ask->target, app, &view.fits_target);
    if (err == ZDD_ERR_NONE)
        err = fits(ask->previous, app, &view.fits_previous);
    if (err != ZDD_ERR_NONE)
        return err;

    const int64_t instances = zdd_json_int(app, "instances", 0);

    if (instances < 0 || instances > INT32_MAX)
        return ZDD_ERR_CLUSTER_NONSENSE;
    view.instances = (int32_t)instances;
    read_versions(app, &view);
    zdd_marathon_read_tasks(app, outdated_has_checks(app, ask, &view), &view);
    view.lock_count = zdd_marathon_read_ids(json_object_get(app, "deployments"), view.lock);
    zdd_marathon_read_failure(app, &view);
    if (ask->spots) {
        err = zdd_marathon_read_spots(app, ask->spots);
        if (err != ZDD_ERR_NONE)
            return err;
    }
    *ret_view = view;
    return ZDD_ERR_NONE;
}

json_t *zdd_marathon_apps_by_id(const json_t *answer)
{
    const json_t *apps = json_object_get(answer, "apps");
    ZDD_AUTO_JSON json_t *by_id = json_object();
    size_t index;
    json_t *app;

    json_array_foreach(apps, index, app)
    {
        const char *id = zdd_json_text(app, "id", NULL);

        if (id && !json_object_get(by_id, id) && json_object_set_nocheck(by_id, id, app) != 0)
            return NULL;
    }
    return ZDD_TAKE(by_id);
}

size_t zdd_marathon_read_ids(const json_t *list, char ids[static ZDD_LOCK_MAX][ZDD_ID_SIZE])
{
    size_t index, count = 0;
    json_t *row;

    json_array_foreach(list, index, row)
    {
        const char *id = zdd_json_text(row, "id", "");

        if (!*id)
            continue;
        if (count < ZDD_LOCK_MAX)
            zdd_words_cut(id, ids[count], ZDD_ID_SIZE);
        count++;
    }
    return count;
}

static bool affects(const json_t *deployment, const char *app_id)
{
    const json_t *apps = json_object_get(deployment, "affectedApps");
    size_t index;
    json_t *app;

    json_array_foreach(apps, index, app)
    {
        if (json_is_string(app) && strcmp(json_string_value(app), app_id) == 0)
            return true;
    }
    return false;
}

void zdd_marathon_read_removal(const json_t *deployments, const char *app_id,
                               struct zdd_app_view *view)
{
    size_t index;
    json_t *deployment;

    json_array_foreach(deployments, index, deployment)
    {
        if (!affects(deployment, app_id))
            continue;
        if (view->lock_count < ZDD_LOCK_MAX)
            zdd_words_cut(zdd_json_text(deployment, "id", ""), view->lock[view->lock_count],
                          ZDD_ID_SIZE);
        view->lock_count++;
    }
}

enum zdd_replace_rule zdd_marathon_rule_of(const char *version)
{
    long part[3] = {0, 0, 0};
    const char *at = version;

    for (size_t i = 0; i < 3; i++) {
        char *end;

        part[i] = strtol(at, &end, 10);
        if (end == at || part[i] < 0)
            return ZDD_REPLACE_CLASSIC;
        if (*end != '.')
            break;
        at = end + 1;
    }
    if (part[0] != 1)
        return part[0] > 1 ? ZDD_REPLACE_1_10 : ZDD_REPLACE_CLASSIC;
    if (part[1] != 10)
        return part[1] > 10 ? ZDD_REPLACE_1_10 : ZDD_REPLACE_CLASSIC;
    return part[2] >= 5 ? ZDD_REPLACE_1_10 : ZDD_REPLACE_CLASSIC;
}

bool zdd_marathon_read_info(const json_t *info, struct zdd_cluster_info *ret_info)
{
    const char *version = zdd_json_text(info, "version", NULL);
    struct zdd_cluster_info read = {0};

    if (!version || strcmp(zdd_json_text(info, "name", ""), "marathon") != 0)
        return false;
    zdd_words_cut(version, read.version, sizeof(read.version));
    zdd_words_cut(zdd_json_text(info, "leader", ""), read.leader, sizeof(read.leader));
    read.replace_rule = zdd_marathon_rule_of(version);
    *ret_info = read;
    return true;
}
