/**
 * @file tests/api/fake_cluster.c
 * @brief A scripted cluster.
 */
#include "tests/api/fake_cluster.h"

#include "server/json/json.h"
#include "tests/support/spec.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char first_version[] = "2024-05-01T09:00:00.000Z";

static enum zdd_err enter(struct fake_cluster *fake, char *reason)
{
    enum zdd_err err;

    pthread_mutex_lock(&fake->lock);
    fake->waiting++;
    pthread_cond_broadcast(&fake->changed);
    while (fake->closed)
        pthread_cond_wait(&fake->changed, &fake->lock);
    fake->waiting--;
    err = fake->err;
    if (err != ZDD_ERR_NONE)
        snprintf(reason, ZDD_CLUSTER_REASON_SIZE, "%s", fake->reason);
    return err; /* under the lock */
}

static enum zdd_err leave(struct fake_cluster *fake, enum zdd_err err)
{
    pthread_mutex_unlock(&fake->lock);
    return err;
}

/* Under the lock. @return the answer to @p path, new reference, or NULL for 404 */
static json_t *answer_to(struct fake_cluster *fake, const char *path)
{
    ZDD_AUTO_JSON json_t *json = NULL;

    if (strcmp(path, "/queue") == 0) {
        json = json_incref(fake->queue);
    } else if (strcmp(path, "/deployments") == 0) {
        json = json_incref(fake->deployments);
    } else if (strncmp(path, "/apps/", 6) == 0) {
        json_t *app = json_object_get(fake->apps, path + 6);

        json = app ? json_pack("{s:O}", "app", app) : NULL;
    } else if (strncmp(path, "/apps?", 6) == 0) {
        const char *id;
        json_t *app;

        json = json_pack("{s:[]}", "apps");
        json_object_foreach(fake->apps, id, app)
            json_array_append(json_object_get(json, "apps"), app);
    } else {
        fail_msg("the service asked Marathon for %s", path);
    }
    return json_deep_copy(json); /* as if read from Marathon's text */
}

/* What Marathon's client does with a text. */
static enum zdd_err read_text(const char *text, json_t **ret_json, char *reason)
{
    const enum zdd_err err = zdd_json_read(text, strlen(text), ret_json, NULL);

    if (err != ZDD_ERR_BODY_MALFORMED)
        return err;
    snprintf(reason, ZDD_CLUSTER_REASON_SIZE, "the answer is no JSON");
    return ZDD_ERR_CLUSTER_NONSENSE;
}

static enum zdd_err get(void *cls, const char *path, json_t **ret_json,
                        char reason[static ZDD_CLUSTER_REASON_SIZE])
{
    struct fake_cluster *fake = cls;
    const enum zdd_err err = enter(fake, reason);

    fake->get_count++;
    if (err != ZDD_ERR_NONE)
        return leave(fake, err);
    if (fake->garbage)
        return leave(fake, read_text(fake->garbage, ret_json, reason));
    *ret_json = answer_to(fake, path);
    return leave(fake, *ret_json ? ZDD_ERR_NONE : ZDD_ERR_APP_UNKNOWN);
}

static enum zdd_err observe(void *cls, const struct zdd_app_ask *asks, size_t count,
                            struct zdd_app_view *ret_views,
                            char reason[static ZDD_CLUSTER_REASON_SIZE])
{
    struct fake_cluster *fake = cls;
    const enum zdd_err err = enter(fake, reason);

    for (size_t i = 0; i < count && err == ZDD_ERR_NONE; i++) {
        ret_views[i] = fake->view;
        ret_views[i].exists = json_object_get(fake->apps, asks[i].app_id) != NULL;
    }
    return leave(fake, err);
}

static enum zdd_err info(void *cls, struct zdd_cluster_info *ret_info,
                         char reason[static ZDD_CLUSTER_REASON_SIZE])
{
    struct fake_cluster *fake = cls;
    const enum zdd_err err = enter(fake, reason);

    if (err == ZDD_ERR_NONE)
        *ret_info = fake->info;
    return leave(fake, err);
}

/* Without an engine nobody gives orders; with one, none is accepted. */
static enum zdd_err refuse(void *cls, const struct zdd_cluster_order *order,
                           struct zdd_cluster_ack *ret_ack)
{
    (void)cls;
    (void)order;
    *ret_ack = (struct zdd_cluster_ack){.status = 503};
    return ZDD_ERR_CLUSTER_UNWELL;
}

struct zdd_cluster fake_cluster_of(struct fake_cluster *fake)
{
    static const struct zdd_cluster_ops ops = {
        .observe = observe,
        .put = refuse,
        .restart = refuse,
        .remove = refuse,
        .info = info,
        .get = get,
    };

    return (struct zdd_cluster){.ops = &ops, .cls = fake};
}

void fake_cluster_init(struct fake_cluster *fake)
{
    *fake = (struct fake_cluster){
        .apps = json_object(),
        .queue = json_pack("{s:[]}", "queue"),
        .deployments = json_array(),
        .info = {.version = "1.9.109", .replace_rule = ZDD_REPLACE_CLASSIC},
    };
    pthread_mutex_init(&fake->lock, NULL);
    pthread_cond_init(&fake->changed, NULL);
}

void fake_cluster_release(struct fake_cluster *fake)
{
    json_decref(fake->apps);
    json_decref(fake->queue);
    json_decref(fake->deployments);
    free(fake->garbage);
    pthread_cond_destroy(&fake->changed);
    pthread_mutex_destroy(&fake->lock);
}

static void add_default(json_t *app, const char *key, json_t *value)
{
    if (json_object_get(app, key))
        json_decref(value);
    else
        json_object_set_new(app, key, value);
}

static json_t *tasks_of(const char *app_id)
{
    json_t *tasks = json_array();

    for (int i = 0; i < 4; i++) {
        char id[300];

        snprintf(id, sizeof(id), "%s.instance-%d._app.1", app_id + 1, i);
        json_array_append_new(tasks, json_pack("{s:s, s:s, s:s, s:s}", "id", id, "appId", app_id,
                                               "state", "TASK_RUNNING", "version", first_version));
    }
    return tasks;
}

void fake_cluster_app(struct fake_cluster *fake, const char *text)
{
    json_t *app = json_loads(text, 0, NULL);
    const char *id;

    assert_non_null(app);
    id = json_string_value(json_object_get(app, "id"));
    add_default(app, "version", json_string(first_version));
    add_default(app, "versionInfo",
                json_pack("{s:s, s:s}", "lastScalingAt", first_version, "lastConfigChangeAt",
                          first_version));
    add_default(app, "tasksRunning", json_integer(4));
    add_default(app, "tasksHealthy", json_integer(4));
    add_default(app, "tasksStaged", json_integer(0));
    add_default(app, "tasks", tasks_of(id));
    add_default(app, "deployments", json_array());
    pthread_mutex_lock(&fake->lock);
    json_object_set_new(fake->apps, id, app);
    pthread_mutex_unlock(&fake->lock);
}

void fake_cluster_remove(struct fake_cluster *fake, const char *app_id)
{
    pthread_mutex_lock(&fake->lock);
    json_object_del(fake->apps, app_id);
    pthread_mutex_unlock(&fake->lock);
}

void fake_cluster_touch(struct fake_cluster *fake, const char *app_id, const char *key,
                        json_t *value, const char *version)
{
    json_t *app;

    pthread_mutex_lock(&fake->lock);
    app = json_object_get(fake->apps, app_id);
    assert_non_null(app);
    json_object_set_new(app, key, value);
    json_object_set_new(app, "version", json_string(version));
    json_object_set_new(json_object_get(app, "versionInfo"), "lastConfigChangeAt",
                        json_string(version));
    pthread_mutex_unlock(&fake->lock);
}

void fake_cluster_fail(struct fake_cluster *fake, enum zdd_err err, const char *reason)
{
    pthread_mutex_lock(&fake->lock);
    fake->err = err;
    snprintf(fake->reason, sizeof(fake->reason), "%s", reason);
    pthread_mutex_unlock(&fake->lock);
}

static void set_gate(struct fake_cluster *fake, bool closed)
{
    pthread_mutex_lock(&fake->lock);
    fake->closed = closed;
    pthread_cond_broadcast(&fake->changed);
    pthread_mutex_unlock(&fake->lock);
}

void fake_cluster_close(struct fake_cluster *fake)
{
    set_gate(fake, true);
}

void fake_cluster_open(struct fake_cluster *fake)
{
    set_gate(fake, false);
}

void fake_cluster_wait(struct fake_cluster *fake, unsigned count)
{
    pthread_mutex_lock(&fake->lock);
    while (fake->waiting < count)
        pthread_cond_wait(&fake->changed, &fake->lock);
    pthread_mutex_unlock(&fake->lock);
}
