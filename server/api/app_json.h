/**
 * @file server/api/app_json.h
 * @brief An app as callers see it: Marathon's answer, counted by version.
 */
#pragma once

#include "server/api/app_pair.h"
#include "server/api/cluster_app.h"
#include "server/json/writer.h"

#define ZDD_APP_VERSION_MAX 16 /* versions with tasks at one moment; more than two are rare */

/** Tasks that were started with one version of the definition. */
struct zdd_app_version {
    char version[ZDD_VERSION_SIZE];
    bool current; /* of the present configuration */
    int32_t instances, running, healthy;
};

/** Count the tasks of Marathon's app object, newest version first; tasks that have ended and
 * versions beyond the limit are left out. Pure. @return how many versions */
size_t zdd_app_versions(const json_t *raw,
                        struct zdd_app_version ret_versions[static ZDD_APP_VERSION_MAX]);

/** What this service knows about an app. */
struct zdd_app_history {
    char run_id[ZDD_ID_SIZE]; /* live deployment, "" for none */
    int64_t runs, revisions;
};

/** Write the app. @p definition is its canonical form and @p pair the one it belongs to; NULL
 * leaves them out. */
void zdd_w_app(struct zdd_writer *w, const json_t *raw, const struct zdd_app_history *history,
               const json_t *definition, const struct zdd_app_pair *pair);

/** Write {"time","text"} of Marathon's lastTaskFailure, or null. */
void zdd_w_task_failure(struct zdd_writer *w, const char *key, const json_t *failure);
