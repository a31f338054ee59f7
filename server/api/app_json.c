/**
 * @file server/api/app_json.c
 * @brief An app as callers see it.
 */
#include "server/api/app_json.h"

#include "server/base/clock.h"
#include "server/json/words.h"
#include "server/router/traces.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static bool all_alive(const json_t *results)
{
    size_t index;
    json_t *result;

    json_array_foreach(results, index, result)
    {
        if (!zdd_json_bool(result, "alive", false))
            return false;
    }
    return json_array_size(results) > 0;
}

/* The place of @p version in the list, which stays sorted, newest first; NULL when it is full. */
static struct zdd_app_version *place_of(struct zdd_app_version *versions, size_t *count,
                                        const char *version)
{
    size_t at = 0;

    while (at < *count && strcmp(versions[at].version, version) > 0)
        at++;
    if (at < *count && strcmp(versions[at].version, version) == 0)
        return &versions[at];
    if (*count == ZDD_APP_VERSION_MAX)
        return NULL;
    memmove(&versions[at + 1], &versions[at], (*count - at) * sizeof(*versions));
    versions[at] = (struct zdd_app_version){0};
    zdd_words_cut(version, versions[at].version, sizeof(versions[at].version));
    (*count)++;
    return &versions[at];
}

size_t zdd_app_versions(const json_t *raw,
                        struct zdd_app_version ret_versions[static ZDD_APP_VERSION_MAX])
{
    const char *config = zdd_cluster_config_version(raw);
    const bool has_checks = zdd_cluster_has_checks(raw);
    size_t count = 0, index;
    json_t *task;

    json_array_foreach(json_object_get(raw, "tasks"), index, task)
    {
        const char *version = zdd_json_text(task, "version", "");
        struct zdd_app_version *place;
        bool running;

        if (!version[0])
            continue; /* it has ended and waits for its relaunch (marathon.md §1.5) */
        place = place_of(ret_versions, &count, version);
        if (!place)
            continue;
        running = strcmp(zdd_json_text(task, "state", ""), "TASK_RUNNING") == 0;
        /* After a scale a task's version is older than the app's and current all the same. */
        place->current = strcmp(place->version, config) >= 0;
        place->instances++;
        place->running += running;
        place->healthy +=
            running && (!has_checks || all_alive(json_object_get(task, "healthCheckResults")));
    }
    return count;
}

static void write_versions(struct zdd_writer *w, const struct zdd_app_version *versions,
                           size_t count, int32_t healthy)
{
    zdd_w_array(w, "versions");
    for (size_t i = 0; i < count; i++) {
        const struct zdd_app_version *v = &versions[i];

        zdd_w_object(w, NULL);
        zdd_w_text(w, "version", v->version);
        zdd_w_bool(w, "current", v->current);
        zdd_w_int(w, "instances", v->instances);
        zdd_w_int(w, "running", v->running);
        zdd_w_int(w, "healthy", v->healthy);
        zdd_w_real(w, "trafficShare",
                   healthy > 0 ? round(1000.0 * (double)v->healthy / (double)healthy) / 10 : 0);
        zdd_w_end_object(w);
    }
    zdd_w_end_array(w);
}

void zdd_w_task_failure(struct zdd_writer *w, const char *key, const json_t *failure)
{
    ZDD_AUTO_BUF struct zdd_buf text = {0};
    int64_t time_ms = 0;

    if (!json_is_object(failure)) {
        zdd_w_null(w, key);
        return;
    }
    (void)zdd_time_parse(zdd_json_text(failure, "timestamp", ""), &time_ms); /* else null */
    zdd_buf_printf(&text, "%s: %s", zdd_json_text(failure, "state", "failed"),
                   zdd_json_text(failure, "message", ""));
    zdd_w_object(w, key);
    zdd_w_time(w, "time", time_ms);
    zdd_w_text(w, "text", text.err == ZDD_ERR_NONE ? text.data : "");
    zdd_w_end_object(w);
}

static void write_deployments(struct zdd_writer *w, const json_t *raw)
{
    size_t index;
    json_t *deployment;

    zdd_w_array(w, "marathonDeployments");
    json_array_foreach(json_object_get(raw, "deployments"), index, deployment)
    {
        zdd_w_text(w, NULL, zdd_json_text(deployment, "id", ""));
    }
    zdd_w_end_array(w);
}

/* The colour alone could be anybody's name; with the label it is one of a pair. */
static void write_pair_name(struct zdd_writer *w, const json_t *raw)
{
    const char *id = zdd_json_text(raw, "id", "");
    struct zdd_coloured coloured;
    char name[ZDD_APP_ID_SIZE];

    if (!zdd_traces_of(raw).started_at || !zdd_coloured_read(id, strlen(id), &coloured)) {
        zdd_w_null(w, "pairName");
        return;
    }
    snprintf(name, sizeof(name), "%.*s", (int)coloured.pair_size, id);
    zdd_w_text(w, "pairName", name);
}

void zdd_w_app(struct zdd_writer *w, const json_t *raw, const struct zdd_app_history *history,
               const json_t *definition, const struct zdd_app_pair *pair)
{
    struct zdd_app_version versions[ZDD_APP_VERSION_MAX];
    const size_t count = zdd_app_versions(raw, versions);
    int32_t running = 0, healthy = 0;

    for (size_t i = 0; i < count; i++) {
        running += versions[i].running;
        healthy += versions[i].healthy;
    }
    zdd_w_object(w, NULL);
    zdd_w_text(w, "id", zdd_json_text(raw, "id", ""));
    write_pair_name(w, raw);
    zdd_w_text(w, "version", zdd_json_text(raw, "version", ""));
    zdd_w_int(w, "instances", zdd_json_int(raw, "instances", 1));
    zdd_w_int(w, "running", running);
    zdd_w_int(w, "healthy", healthy);
    write_versions(w, versions, count, healthy);
    write_deployments(w, raw);
    zdd_w_text(w, "deployment", history->run_id[0] ? history->run_id : NULL);
    zdd_w_object(w, "history");
    zdd_w_int(w, "deployments", history->runs);
    zdd_w_int(w, "revisions", history->revisions);
    zdd_w_end_object(w);
    zdd_w_task_failure(w, "lastTaskFailure", json_object_get(raw, "lastTaskFailure"));
    if (definition)
        zdd_w_json(w, "definition", definition);
    if (pair)
        zdd_w_app_pair(w, pair);
    zdd_w_end_object(w);
}
