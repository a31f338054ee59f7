/**
 * @file deploy/lab/apps.c
 * @brief The apps there are, their stored versions, their service ports.
 */
#include "deploy/lab/apps.h"

#include "server/base/clock.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SERVICE_PORT_FIRST 10000
#define SERVICE_PORT_LAST 20000

struct zdd_lab_app *zdd_lab_app_find(const struct zdd_lab *lab, const char *id)
{
    for (struct zdd_lab_app *app = lab->apps; app; app = app->next)
        if (strcmp(app->spec->id, id) == 0)
            return app;
    return NULL;
}

struct zdd_lab_spec *zdd_lab_app_version(const struct zdd_lab_app *app, int64_t version_ms)
{
    for (size_t i = 0; i < app->version_count; i++)
        if (app->version[i]->version_ms == version_ms)
            return app->version[i];
    return NULL;
}

/* Stored by time: a version that comes again (the frozen one of a revert) takes its old place. */
static void remember(struct zdd_lab_app *app, struct zdd_lab_spec *spec)
{
    for (size_t i = 0; i < app->version_count; i++) {
        if (app->version[i]->version_ms == spec->version_ms) {
            zdd_lab_spec_unref(app->version[i]);
            app->version[i] = zdd_lab_spec_ref(spec);
            return;
        }
    }
    if (app->version_count == ZDD_LAB_VERSION_MAX) {
        zdd_lab_spec_unref(app->version[0]);
        app->version_count--;
        memmove(app->version, app->version + 1, app->version_count * sizeof(struct zdd_lab_spec *));
    }
    app->version[app->version_count++] = zdd_lab_spec_ref(spec);
}

struct zdd_lab_app *zdd_lab_app_put(struct zdd_lab *lab, struct zdd_lab_spec *spec)
{
    struct zdd_lab_app *app = zdd_lab_app_find(lab, spec->id);

    if (!app) {
        app = calloc(1, sizeof(*app));
        if (!app)
            abort();
        app->next = lab->apps;
        lab->apps = app;
    }
    remember(app, spec);
    zdd_lab_spec_unref(app->spec);
    app->spec = spec;
    return app;
}

static void free_app(struct zdd_lab_app *app)
{
    for (size_t i = 0; i < app->version_count; i++)
        zdd_lab_spec_unref(app->version[i]);
    zdd_lab_spec_unref(app->spec);
    json_decref(app->last_failure);
    free(app);
}

void zdd_lab_app_remove(struct zdd_lab *lab, const char *id)
{
    for (struct zdd_lab_app **at = &lab->apps; *at; at = &(*at)->next) {
        struct zdd_lab_app *app = *at;

        if (strcmp(app->spec->id, id) == 0) {
            *at = app->next;
            free_app(app);
            return;
        }
    }
}

void zdd_lab_app_failure(struct zdd_lab *lab, const struct zdd_lab_instance *instance,
                         const char *state, const char *message)
{
    struct zdd_lab_app *app = zdd_lab_app_find(lab, instance->spec->id);
    char now[ZDD_TIME_SIZE];
    char version[ZDD_TIME_SIZE];
    char task[ZDD_LAB_ID_SIZE + 16];

    if (!app)
        return;
    zdd_time_format(zdd_lab_utc(lab), now);
    zdd_time_format(instance->spec->version_ms, version);
    snprintf(task, sizeof(task), "%s._app.%u", instance->id, instance->incarnation);
    json_decref(app->last_failure);
    app->last_failure =
        json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s}", "appId", instance->spec->id, "host",
                  ZDD_LAB_HOST, "message", message, "state", state, "taskId", task, "timestamp",
                  now, "version", version, "slaveId", ZDD_LAB_AGENT);
}

static bool is_taken(const struct zdd_lab *lab, const char *id, const json_t *def, int64_t number)
{
    uint16_t port[ZDD_LAB_PORT_MAX];
    size_t count = zdd_lab_def_ports(def, port);

    for (size_t i = 0; i < count; i++)
        if (port[i] == number)
            return true;
    for (const struct zdd_lab_app *app = lab->apps; app; app = app->next) {
        if (strcmp(app->spec->id, id) == 0)
            continue;
        count = zdd_lab_def_ports(app->spec->def, port);
        for (size_t i = 0; i < count; i++)
            if (port[i] == number)
                return true;
    }
    return false;
}

static int64_t free_service_port(const struct zdd_lab *lab, const char *id, const json_t *def)
{
    for (int64_t number = SERVICE_PORT_FIRST; number <= SERVICE_PORT_LAST; number++)
        if (!is_taken(lab, id, def, number))
            return number;
    return 0;
}

void zdd_lab_assign_ports(const struct zdd_lab *lab, const char *id, json_t *def,
                          const json_t *former)
{
    uint16_t before[ZDD_LAB_PORT_MAX] = {0};
    const size_t before_count = former ? zdd_lab_def_ports(former, before) : 0;
    const char *key;
    json_t *list = zdd_lab_def_port_list(def, &key);

    for (size_t i = 0; i < json_array_size(list); i++) {
        json_t *entry = json_array_get(list, i);
        int64_t number = i < before_count ? before[i] : 0;

        if (zdd_json_int(entry, key, 0) != 0)
            continue;
        if (!number || is_taken(lab, id, def, number))
            number = free_service_port(lab, id, def);
        json_object_set_new(entry, key, json_integer(number));
    }
}

static bool same(const json_t *a, const json_t *b);

static bool same_object(const json_t *a, const json_t *b)
{
    const char *key;
    json_t *value;

    if (json_object_size(a) != json_object_size(b))
        return false;
    for (void *at = json_object_iter((json_t *)(uintptr_t)a); at;
         at = json_object_iter_next((json_t *)(uintptr_t)a, at)) {
        key = json_object_iter_key(at);
        value = json_object_iter_value(at);
        if (!same(value, json_object_get(b, key)))
            return false;
    }
    return true;
}

/* json_equal(), but 32 and 32.0 are the same number. */
static bool same(const json_t *a, const json_t *b)
{
    if (json_is_number(a) && json_is_number(b))
        return fabs(json_number_value(a) - json_number_value(b)) < 1e-12;
    if (json_is_object(a) && json_is_object(b))
        return same_object(a, b);
    if (json_is_array(a) && json_is_array(b)) {
        if (json_array_size(a) != json_array_size(b))
            return false;
        for (size_t i = 0; i < json_array_size(a); i++)
            if (!same(json_array_get(a, i), json_array_get(b, i)))
                return false;
        return true;
    }
    return a && b && json_equal(a, b);
}

static bool holds(const json_t *list, const json_t *value)
{
    for (size_t i = 0; i < json_array_size(list); i++)
        if (same(json_array_get(list, i), value))
            return true;
    return false;
}

/* Lists whose order says nothing. */
static bool same_set(const json_t *a, const json_t *b)
{
    for (size_t i = 0; i < json_array_size(a); i++)
        if (!holds(b, json_array_get(a, i)))
            return false;
    for (size_t i = 0; i < json_array_size(b); i++)
        if (!holds(a, json_array_get(b, i)))
            return false;
    return json_array_size(a) == json_array_size(b);
}

bool zdd_lab_def_same(const json_t *a, const json_t *b, bool with_instances)
{
    static const char *const sets[] = {"healthChecks", "constraints", "dependencies",
                                       "acceptedResourceRoles"};
    ZDD_AUTO_JSON json_t *left = json_copy((json_t *)(uintptr_t)a);
    ZDD_AUTO_JSON json_t *right = json_copy((json_t *)(uintptr_t)b);

    json_object_del(left, "executorResources");
    json_object_del(right, "executorResources");
    if (!with_instances) {
        json_object_del(left, "instances");
        json_object_del(right, "instances");
    }
    for (size_t i = 0; i < sizeof(sets) / sizeof(sets[0]); i++) {
        if (!same_set(json_object_get(left, sets[i]), json_object_get(right, sets[i])))
            return false;
        json_object_del(left, sets[i]);
        json_object_del(right, sets[i]);
    }
    return same(left, right);
}

void zdd_lab_apps_release(struct zdd_lab *lab)
{
    while (lab->apps) {
        struct zdd_lab_app *app = lab->apps;

        lab->apps = app->next;
        free_app(app);
    }
    zdd_lab_roots_release(lab);
    zdd_lab_group_remove(lab, "/");
}
