/**
 * @file deploy/lab/balancer/merge.c
 * @brief Which app of a group is the older one, and how many of its tasks are drained.
 *
 * Step by step what Marathon-LB does, odd ones included: the role swap by the last scaling, the
 * target of 1 without the label, the health checks of the app that is visited last.
 */
#include "deploy/lab/balancer/merge.h"

#include "server/base/buf.h"
#include "server/base/clock.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STARTED_AT "HAPROXY_DEPLOYMENT_STARTED_AT"
#define TARGET "HAPROXY_DEPLOYMENT_TARGET_INSTANCES"
#define NEW_INSTANCES "HAPROXY_DEPLOYMENT_NEW_INSTANCES"
#define GROUP "HAPROXY_DEPLOYMENT_GROUP"
#define DATE_SIZE 10 /* "2024-05-01" */

struct moment {
    bool has_zone;
    int64_t ms; /* of a clock somewhere when it has no zone */
};

static const char *label_of(const json_t *app, const char *name)
{
    return zdd_json_text(json_object_get(app, "labels"), name, NULL);
}

static const char *id_of(const json_t *app)
{
    return zdd_json_text(app, "id", "");
}

/* ISO 8601 with or without zone; zdd.py writes local time without. */
static bool read_moment(const char *text, struct moment *ret)
{
    char full[64];
    const size_t size = strlen(text);

    if (size < DATE_SIZE || size + sizeof("T00:00:00Z") > sizeof(full))
        return false;
    ret->has_zone = strpbrk(text + DATE_SIZE, "Zz+-") != NULL;
    snprintf(full, sizeof(full), "%s%s%s", text, size == DATE_SIZE ? "T00:00:00" : "",
             ret->has_zone ? "" : "Z");
    if (full[DATE_SIZE] == ' ')
        full[DATE_SIZE] = 'T';
    return zdd_time_parse(full, &ret->ms);
}

static bool started_at(const json_t *app, struct moment *ret, char ret_reason[static 200])
{
    const char *text = label_of(app, STARTED_AT);

    *ret = (struct moment){.ms = INT64_MIN}; /* without the label: before all others */
    if (!text || read_moment(text, ret))
        return true;
    snprintf(ret_reason, 200, "%.100s: " STARTED_AT " is no time", id_of(app));
    return false;
}

struct pair {
    json_t *old, *new;
};

static bool order_by_start(json_t *before, json_t *visited, struct pair *ret,
                           char ret_reason[static 200])
{
    struct moment a;
    struct moment b;

    if (!started_at(before, &a, ret_reason) || !started_at(visited, &b, ret_reason))
        return false;
    if (a.has_zone != b.has_zone) {
        snprintf(ret_reason, 200,
                 "%.100s: one " STARTED_AT " of the group has a time zone and one has none",
                 id_of(visited));
        return false;
    }
    *ret = a.ms < b.ms ? (struct pair){.old = before, .new = visited}
                       : (struct pair){.old = visited, .new = before};
    return true;
}

static bool last_scaling(const json_t *app, int64_t *ret_ms)
{
    return zdd_time_parse(zdd_json_text(json_object_get(app, "versionInfo"), "lastScalingAt", ""),
                          ret_ms);
}

/* The presence of NEW_INSTANCES counts, not its value: Marathon-LB compares a text with a number.
 */
static bool swap_by_scaling(struct pair *pair, char ret_reason[static 200])
{
    int64_t old_ms;
    int64_t new_ms;

    if (!last_scaling(pair->new, &new_ms) || !last_scaling(pair->old, &old_ms)) {
        snprintf(ret_reason, 200, "%.100s: no versionInfo.lastScalingAt", id_of(pair->new));
        return false;
    }
    if (old_ms > new_ms)
        *pair = (struct pair){.old = pair->new, .new = pair->old};
    return true;
}

static bool read_target(const json_t *app, int64_t *ret_target, char ret_reason[static 200])
{
    const char *text = label_of(app, TARGET);
    char *end = NULL;
    long value = 0;

    errno = 0;
    if (text)
        value = strtol(text, &end, 10);
    if (!text || end == text || *end || errno || value < INT_MIN || value > INT_MAX) {
        snprintf(ret_reason, 200, "%.100s: " TARGET " is missing or no number", id_of(app));
        return false;
    }
    *ret_target = value;
    return true;
}

static bool is_alive(const json_t *task)
{
    size_t i;
    const json_t *result;

    json_array_foreach(json_object_get(task, "healthCheckResults"), i, result)
    {
        if (zdd_json_bool(result, "alive", 0))
            return true;
    }
    return false;
}

static int64_t count_healthy(const json_t *new, bool has_checks)
{
    int64_t count = 0;
    size_t i;
    const json_t *task;

    if (!has_checks)
        return zdd_json_int(new, "instances", 0); /* whether they run or not */
    json_array_foreach(json_object_get(new, "tasks"), i, task)
    {
        count += is_alive(task);
    }
    return count;
}

static int by_id(const void *a, const void *b)
{
    return strcmp(id_of(*(const json_t *const *)a), id_of(*(const json_t *const *)b));
}

/* @return new reference: the same tasks, each a copy, sorted by id */
static json_t *sorted(const json_t *tasks)
{
    const size_t count = json_array_size(tasks);
    json_t *list = json_array();
    json_t **item = calloc(count + 1, sizeof(json_t *));

    if (!item)
        abort();
    for (size_t i = 0; i < count; i++)
        item[i] = json_array_get(tasks, i);
    qsort(item, count, sizeof(json_t *), by_id);
    for (size_t i = 0; i < count; i++)
        json_array_append(list, item[i]);
    free(item);
    return list;
}

static void drain_and_join(const struct pair *pair, int64_t healthy, int64_t target)
{
    json_t *tasks = sorted(json_object_get(pair->old, "tasks"));
    const int64_t surplus = healthy + zdd_json_int(pair->old, "instances", 0) - target;
    const int64_t most = healthy < surplus ? healthy : surplus;

    for (size_t i = 0; i < json_array_size(tasks) && (int64_t)i < most; i++)
        json_object_set_new(json_array_get(tasks, i), "draining", json_true());
    json_array_extend(tasks, json_object_get(pair->new, "tasks"));
    json_object_set_new(pair->old, "tasks", tasks);
}

/* @return the older of two, with all tasks; borrowed; NULL on failure */
static json_t *merge(json_t *before, json_t *visited, char ret_reason[static 200])
{
    const bool has_checks = json_array_size(json_object_get(visited, "healthChecks")) > 0;
    struct pair pair;
    int64_t target = 1;

    if (!order_by_start(before, visited, &pair, ret_reason))
        return NULL;
    if (label_of(pair.new, NEW_INSTANCES)) {
        if (!swap_by_scaling(&pair, ret_reason) || !read_target(pair.new, &target, ret_reason))
            return NULL;
    }
    drain_and_join(&pair, count_healthy(pair.new, has_checks), target);
    return pair.old;
}

/* @return false on failure */
static bool take_grouped(json_t *groups, const json_t *app, const char *group,
                         char ret_reason[static 200])
{
    ZDD_AUTO_JSON json_t *copy = json_deep_copy(app);
    ZDD_AUTO_BUF struct zdd_buf name = {0};
    json_t *before;
    json_t *merged = copy;

    zdd_buf_printf(&name, "%s%s", *group == '/' ? "" : "/", group);
    if (name.err != ZDD_ERR_NONE)
        abort();
    json_object_set_new(copy, "id", json_string(name.data));
    before = json_object_get(groups, name.data);
    if (before)
        merged = merge(before, copy, ret_reason);
    if (merged)
        json_object_set(groups, name.data, merged);
    return merged != NULL;
}

json_t *zdd_mlb_merge(const json_t *apps, char ret_reason[static 200])
{
    ZDD_AUTO_JSON json_t *groups = json_object(); /* jansson keeps the order of insertion */
    json_t *list = json_array();
    size_t i;
    json_t *app;
    const char *name;

    json_array_foreach(apps, i, app)
    {
        const char *group = label_of(app, GROUP);

        if (!group || !*group) {
            json_array_append(list, app);
        } else if (!take_grouped(groups, app, group, ret_reason)) {
            json_decref(list);
            return NULL;
        }
    }
    json_object_foreach(groups, name, app)
    {
        json_array_append(list, app);
    }
    return list;
}
