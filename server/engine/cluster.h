/**
 * @file server/engine/cluster.h
 * @brief What the engine needs of a cluster, as an interface: Marathon behind it, or the simulator.
 *
 * Implementations translate, they decide nothing. Every call is bounded in time (some
 * 30 s at most) and may be made from several threads at once.
 */
#pragma once

#include "server/base/hush.h"
#include "strategies/model/err.h"
#include "strategies/model/limits.h"
#include "strategies/model/observation.h"
#include "strategies/model/plan.h"

#include <stddef.h>
#include <stdint.h>

#define ZDD_CLUSTER_REASON_SIZE 300

#define ZDD_SPOT_SIZE 56 /* "[2001:db8::1]:31005" and NUL, without a zone */

#define ZDD_TASK_SIZE 360 /* the app's id, "instance-", a UUID and the incarnation */

/** Where one running task can be reached: "10.0.0.7:31005" for each of the app's ports. */
struct zdd_spot {
    char task[ZDD_TASK_SIZE];     /* its id; "" when it is longer than Marathon makes them */
    char since[ZDD_VERSION_SIZE]; /* when it was staged; "" when Marathon does not tell */
    bool healthy;
    uint8_t port_count;
    char address[ZDD_APP_PORT_MAX][ZDD_SPOT_SIZE];
};

/** All running tasks of an app. */
struct zdd_spots {
    size_t count;
    struct zdd_spot *spot;
};

/** One app to look at, and the two definitions to compare it with (canonical JSON, NULL: there is
 * none). */
struct zdd_app_ask {
    const char *app_id;
    const char *target;
    const char *previous;
    struct zdd_spots *spots; /* NULL: not wanted. Else empty before, filled in; to be released */
};

/** One app as it is now. */
struct zdd_app_view {
    bool exists;
    bool fits_target, fits_previous; /* the definition carries out that text, instances aside */
    int32_t instances;
    char version[ZDD_VERSION_SIZE];
    char config_version[ZDD_VERSION_SIZE]; /* versionInfo.lastConfigChangeAt; version when Marathon
                                              is too old to tell */
    struct zdd_side current;               /* tasks of config_version or later */
    struct zdd_side outdated;
    char outdated_version[ZDD_VERSION_SIZE]; /* the newest among the outdated ones, "" when none */
    size_t lock_count; /* Marathon deployments that affect the app; may exceed ZDD_LOCK_MAX */
    char lock[ZDD_LOCK_MAX][ZDD_ID_SIZE];
    int64_t failed_at_ms; /* lastTaskFailure, 0: none */
    char failure[240];    /* its state and message: "TASK_FAILED: Command exited with status 1" */
};

/** An order to carry out. */
struct zdd_cluster_order {
    const char *app_id;
    const char *definition;   /* canonical JSON; for put only */
    int32_t instances;        /* for put: replaces the definition's */
    const char *const *tasks; /* for kill: their ids */
    size_t task_count;
    bool force;
    const char *request_id;            /* the deployment's id: goes to Marathon as X-Request-Id */
    struct zdd_unspoken_list unspoken; /* not to be repeated in the ack */
};

/** What Marathon said to an order. */
struct zdd_cluster_ack {
    char version[ZDD_VERSION_SIZE];  /* on success, "" when the answer had none */
    char deployment_id[ZDD_ID_SIZE]; /* on success */
    long status;                     /* HTTP status, 0: no answer */
    char words[ZDD_DETAIL_SIZE]; /* on failure: Marathon's own words, with JSON pointers into our
                                    request (#/app/…) */
    char errors[2048];           /* on failure: JSON array of {"pointer","detail"}, or "" */
    size_t lock_count;           /* on ZDD_ERR_CLUSTER_LOCKED: who holds the app */
    char lock[ZDD_LOCK_MAX][ZDD_ID_SIZE];
};

/** Who answers. */
struct zdd_cluster_info {
    char version[32]; /* "1.10.19" */
    char leader[128];
    enum zdd_replace_rule
        replace_rule; /* by version: 1.10.5 and later use the 1.10 rule (marathon.md §4.6) */
};

struct json_t; /* of jansson: only handed through here */

/*
 * Errors of all calls: ZDD_ERR_CLUSTER_DOWN, _SLOW, _NONSENSE, _UNWELL (5xx), _FORBIDDEN (401, 403
 * without a limit), ZDD_ERR_NO_MEMORY. Orders add _LOCKED (409 with deployments), _LIMIT (403, too
 * many deployments), _REFUSED (400, 404 on put, 409 without deployments, 422) and
 * ZDD_ERR_APP_UNKNOWN (404 on restart and remove).
 */
struct zdd_cluster_ops {
    /** Look at @p count apps: one request for one app, one request for all of them together for
     * more. */
    enum zdd_err (*observe)(void *cls, const struct zdd_app_ask *asks, size_t count,
                            struct zdd_app_view *ret_views,
                            char reason[static ZDD_CLUSTER_REASON_SIZE]);
    /** PUT /v2/apps/{id}?partialUpdate=false */
    enum zdd_err (*put)(void *cls, const struct zdd_cluster_order *order,
                        struct zdd_cluster_ack *ret_ack);
    /** POST /v2/apps/{id}/restart */
    enum zdd_err (*restart)(void *cls, const struct zdd_cluster_order *order,
                            struct zdd_cluster_ack *ret_ack);
    /** DELETE /v2/apps/{id}, force said explicitly */
    enum zdd_err (*remove)(void *cls, const struct zdd_cluster_order *order,
                           struct zdd_cluster_ack *ret_ack);
    /** POST /v2/tasks/delete?scale=true: these tasks end, and the app wants as many fewer. Ids that
     * are not known (any more) change nothing. */
    enum zdd_err (*kill)(void *cls, const struct zdd_cluster_order *order,
                         struct zdd_cluster_ack *ret_ack);
    /** GET /v2/info, remembered for a minute */
    enum zdd_err (*info)(void *cls, struct zdd_cluster_info *ret_info,
                         char reason[static ZDD_CLUSTER_REASON_SIZE]);
    /** GET anything below /v2 and hand its JSON on, read once: @p path like "/apps//shop/cart",
     * already encoded. ZDD_ERR_APP_UNKNOWN on 404. New reference, never NULL on success. */
    enum zdd_err (*get)(void *cls, const char *path, struct json_t **ret_json,
                        char reason[static ZDD_CLUSTER_REASON_SIZE]);
};

/** Give the memory of @p spots back; empty ones are fine. */
void zdd_spots_release(struct zdd_spots *spots);

struct zdd_cluster {
    const struct zdd_cluster_ops *ops;
    void *cls;
};
