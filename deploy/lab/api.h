/**
 * @file deploy/lab/api.h
 * @brief Marathon's HTTP surface (marathon.md §1). Handlers run with the lab's lock held.
 */
#pragma once

#include "deploy/lab/lab.h"
#include "deploy/lab/plan.h"
#include "server/http/server.h"

extern const struct zdd_route zdd_lab_routes[];
extern const size_t zdd_lab_route_count;

/** For zdd_http_options.fail: what Marathon answers when no handler does. */
void zdd_lab_call_failed(struct zdd_call *call, enum zdd_err err);

/* --- answers ------------------------------------------------------------------------------- */

/** Answer with @p json (stolen). @return ZDD_ERR_NONE, or ZDD_ERR_NO_MEMORY */
enum zdd_err zdd_lab_answer(struct zdd_call *call, unsigned status, json_t *json);

/** Answer {"message": …}; @p details (stolen) may be NULL. */
__attribute__((format(printf, 4, 5))) enum zdd_err
zdd_lab_refuse(struct zdd_call *call, unsigned status, json_t *details, const char *format, ...);

/** Answer what became of @p update: {"version","deploymentId"}, 409 with the locks, or 403. */
enum zdd_err zdd_lab_answer_update(struct zdd_call *call, unsigned status,
                                   enum zdd_lab_update_end end, struct zdd_lab_update *update);

/** Why a definition is refused (marathon.md §1.3). */
struct zdd_lab_complaint {
    struct zdd_field_errors errors; /* what is wrong where, for 422 … */
    bool mistyped;                  /* … as "Invalid JSON", else as "Object is not valid" */
    const char *crash; /* what upstream stumbles over: 500 with these words; static, or NULL */
};

/** Answer 422 or 500 with what is wrong. @p mistyped says which form of 422. */
enum zdd_err zdd_lab_answer_complaint(struct zdd_call *call,
                                      const struct zdd_lab_complaint *complaint);

/** Answer 422 for JSON of the wrong kind as a whole, such as "error.expected.jsobject". */
enum zdd_err zdd_lab_answer_kind(struct zdd_call *call, const char *path, const char *expected);

/** Answer with a page, as Jetty and the filters before the REST layer do. */
void zdd_lab_answer_html(struct zdd_call *call, unsigned status, const char *words);

/** @return true when @p call has been refused: it lacks the credentials, or wants no JSON */
bool zdd_lab_call_refused(struct zdd_call *call, const struct zdd_lab *lab);

/* --- questions ----------------------------------------------------------------------------- */

/** @return the truth of query parameter @p name, or @p otherwise */
bool zdd_lab_query_bool(const struct zdd_call *call, const char *name, bool otherwise);

/** Write the absolute form of @p text: one leading slash, no doubled or trailing ones. */
void zdd_lab_absolute_id(const char *text, const char *base, char *ret, size_t size);

/** What a path below /v2/apps/ speaks of. */
struct zdd_lab_target {
    char id[ZDD_LAB_ID_SIZE];
    enum { ZDD_LAB_OF_APP, ZDD_LAB_OF_VERSIONS, ZDD_LAB_OF_TASKS, ZDD_LAB_OF_RESTART } what;
    char item[ZDD_LAB_ID_SIZE]; /* a version or a task; "" for all */
};
void zdd_lab_target_read(const char *rest, struct zdd_lab_target *ret);

/** The group a call speaks of: of its path, or of its body's id. */
void zdd_lab_group_target(const struct zdd_call *call, char *ret, size_t size);

#define ZDD_LAB_EMBED_TASKS 1u
#define ZDD_LAB_EMBED_DEPLOYMENTS 2u
#define ZDD_LAB_EMBED_COUNTS 4u
#define ZDD_LAB_EMBED_FAILURE 8u
#define ZDD_LAB_EMBED_READINESS 16u
#define ZDD_LAB_EMBED_STATS 32u
#define ZDD_LAB_EMBED_GROUPS 64u /* of a group: its groups … */
#define ZDD_LAB_EMBED_APPS 128u  /* … its apps */
#define ZDD_LAB_EMBED_PODS 256u
#define ZDD_LAB_EMBED_GROUP (ZDD_LAB_EMBED_GROUPS | ZDD_LAB_EMBED_APPS | ZDD_LAB_EMBED_PODS)

/** @return the parts of an app and of a group that the embed parameters ask for; 0 for none given
 */
unsigned zdd_lab_query_embed(const struct zdd_call *call);

/* --- documents; new references ------------------------------------------------------------- */

json_t *zdd_lab_spec_json(const struct zdd_lab_spec *spec);
json_t *zdd_lab_app_json(const struct zdd_lab *lab, const struct zdd_lab_app *app, unsigned embed);
json_t *zdd_lab_task_json(const struct zdd_lab_instance *instance, bool service_ports);
/** @param id an app, or with @p group everything in that group; NULL for all */
json_t *zdd_lab_tasks_json(const struct zdd_lab *lab, const char *id, bool group,
                           bool service_ports);
json_t *zdd_lab_readiness_json(const struct zdd_lab *lab, const char *id);
/** How many tasks of @p app are of which version (§1.2, TaskStatsByVersion). */
json_t *zdd_lab_stats_json(const struct zdd_lab *lab, const struct zdd_lab_app *app);

/**
 * Make a checked, complete definition out of @p body.
 * @param former   what the app is now, or NULL
 * @param partial  members that are absent keep their value
 * @return new reference; NULL with @p complaint filled
 */
json_t *zdd_lab_definition(const struct zdd_lab *lab, const char *id, const json_t *body,
                           const struct zdd_lab_spec *former, bool partial,
                           struct zdd_lab_complaint *complaint);

/** @return true when labels @p labels fit @p selector; @p ret_valid false when it cannot be read */
bool zdd_lab_labels_fit(const json_t *labels, const char *selector, bool *ret_valid);

/* --- handlers ------------------------------------------------------------------------------ */

typedef enum zdd_err zdd_lab_handler(struct zdd_call *call, struct zdd_lab *lab);

zdd_lab_handler zdd_lab_get_apps, zdd_lab_post_apps, zdd_lab_put_apps, zdd_lab_patch_apps;
zdd_lab_handler zdd_lab_get_app, zdd_lab_put_app, zdd_lab_patch_app, zdd_lab_delete_app,
    zdd_lab_post_app;
zdd_lab_handler zdd_lab_get_tasks, zdd_lab_post_tasks_delete;
zdd_lab_handler zdd_lab_get_deployments, zdd_lab_delete_deployment;
zdd_lab_handler zdd_lab_get_groups, zdd_lab_post_groups, zdd_lab_put_groups, zdd_lab_delete_groups;
zdd_lab_handler zdd_lab_get_queue, zdd_lab_delete_queue;
zdd_lab_handler zdd_lab_get_pods, zdd_lab_get_pod, zdd_lab_write_pods, zdd_lab_write_pod;
zdd_lab_handler zdd_lab_get_info, zdd_lab_get_leader, zdd_lab_delete_leader, zdd_lab_get_ping,
    zdd_lab_get_metrics, zdd_lab_get_prometheus, zdd_lab_get_plugins, zdd_lab_get_root;
zdd_lab_handler zdd_lab_get_lab, zdd_lab_post_faults, zdd_lab_put_balancer;

/** Kill the tasks of one app, or one of them: DELETE /v2/apps/{id}/tasks[/{task}]. */
enum zdd_err zdd_lab_kill_tasks(struct zdd_call *call, struct zdd_lab *lab,
                                const struct zdd_lab_target *target);

/** Kill these instances for good; @p call gets the answer it holds when all are gone. @return
 * ZDD_ERR_LATER, or ZDD_ERR_NONE when there is nobody to wait for */
enum zdd_err zdd_lab_wipe(struct zdd_call *call, struct zdd_lab *lab,
                          struct zdd_lab_instance *const *instances, size_t count);

/** Answer the calls whose instances are gone; with @p all, every one. */
void zdd_lab_wipes_settle(struct zdd_lab *lab, bool all);

/** Another leader takes over: streams end, plans begin again, health and delays are forgotten. */
void zdd_lab_leader_switch(struct zdd_lab *lab);

/** Give all answers that a fault delays, now: the lab ends. */
void zdd_lab_api_end(struct zdd_lab *lab);
