/**
 * @file server/api/cluster_app.h
 * @brief One app as Marathon answers it, in the words of this service.
 */
#pragma once

#include "server/api/inside.h"
#include "server/json/json.h"
#include "storage/secrets.h"

/** An app at one moment: definition and counts from the same answer. Secrets are markers. */
struct zdd_cluster_app {
    json_t *raw;       /* Marathon's "app"; NULL when it does not exist; owned */
    json_t *canonical; /* its definition; owned */
    char version[ZDD_VERSION_SIZE];
    char config_version[ZDD_VERSION_SIZE];
    int32_t running, healthy; /* healthy counts running without checks; never more than running */
    struct zdd_secrets_kept secrets; /* what the markers stand for; owned */
};

#define ZDD_AUTO_CLUSTER_APP __attribute__((cleanup(zdd_cluster_app_release)))
void zdd_cluster_app_release(struct zdd_cluster_app *app);

/** Ask Marathon: one request. May take as long as the cluster's time limit: workers only. The
 * detail of @p call says what failed. @return NONE, also when there is no such app; or the
 * cluster's error */
ZDD_MUST_CHECK enum zdd_err zdd_cluster_app_get(struct zdd_call *call, const char *app_id,
                                                struct zdd_cluster_app *ret_app);

/** GET anything below /v2 as JSON, apps' secrets as markers; APP_UNKNOWN on 404. Workers only. */
ZDD_MUST_CHECK enum zdd_err zdd_cluster_json(struct zdd_call *call, const char *path,
                                             json_t **ret_json);

/** The same by another way to Marathon. */
ZDD_MUST_CHECK enum zdd_err zdd_cluster_json_of(struct zdd_call *call,
                                                const struct zdd_cluster *cluster, const char *path,
                                                json_t **ret_json);

/** Bring Marathon's app object into @p ret_app, which takes a reference. @return NONE,
 * CLUSTER_NONSENSE or NO_MEMORY */
ZDD_MUST_CHECK enum zdd_err zdd_cluster_app_read(json_t *raw, struct zdd_cluster_app *ret_app);

/** versionInfo.lastConfigChangeAt of Marathon's app, else its version. Borrowed, "" for none. */
const char *zdd_cluster_config_version(const json_t *raw);

/** @return true when the app has health checks: then "healthy" means more than "running" */
bool zdd_cluster_has_checks(const json_t *raw);
