/**
 * @file deploy/lab/api.c
 * @brief The table of routes, and what happens around every call: lock, headers, faults.
 */
#include "deploy/lab/api.h"

#include "server/base/cleanup.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static zdd_handler serve;

/* ZDD_LAB_ROUTE(method, path, handler): the flags of a route are its place in `handlers`. */
#define ROUTES                                                                                     \
    ZDD_LAB_ROUTE("GET", "/v2/apps", zdd_lab_get_apps)                                             \
    ZDD_LAB_ROUTE("POST", "/v2/apps", zdd_lab_post_apps)                                           \
    ZDD_LAB_ROUTE("PUT", "/v2/apps", zdd_lab_put_apps)                                             \
    ZDD_LAB_ROUTE("PATCH", "/v2/apps", zdd_lab_patch_apps)                                         \
    ZDD_LAB_ROUTE("GET", "/v2/apps/{id*}", zdd_lab_get_app)                                        \
    ZDD_LAB_ROUTE("PUT", "/v2/apps/{id*}", zdd_lab_put_app)                                        \
    ZDD_LAB_ROUTE("PATCH", "/v2/apps/{id*}", zdd_lab_patch_app)                                    \
    ZDD_LAB_ROUTE("DELETE", "/v2/apps/{id*}", zdd_lab_delete_app)                                  \
    ZDD_LAB_ROUTE("POST", "/v2/apps/{id*}", zdd_lab_post_app)                                      \
    ZDD_LAB_ROUTE("GET", "/v2/tasks", zdd_lab_get_tasks)                                           \
    ZDD_LAB_ROUTE("POST", "/v2/tasks/delete", zdd_lab_post_tasks_delete)                           \
    ZDD_LAB_ROUTE("GET", "/v2/deployments", zdd_lab_get_deployments)                               \
    ZDD_LAB_ROUTE("DELETE", "/v2/deployments/{id}", zdd_lab_delete_deployment)                     \
    ZDD_LAB_ROUTE("GET", "/v2/groups", zdd_lab_get_groups)                                         \
    ZDD_LAB_ROUTE("POST", "/v2/groups", zdd_lab_post_groups)                                       \
    ZDD_LAB_ROUTE("PUT", "/v2/groups", zdd_lab_put_groups)                                         \
    ZDD_LAB_ROUTE("GET", "/v2/groups/{id*}", zdd_lab_get_groups)                                   \
    ZDD_LAB_ROUTE("POST", "/v2/groups/{id*}", zdd_lab_post_groups)                                 \
    ZDD_LAB_ROUTE("PUT", "/v2/groups/{id*}", zdd_lab_put_groups)                                   \
    ZDD_LAB_ROUTE("DELETE", "/v2/groups/{id*}", zdd_lab_delete_groups)                             \
    ZDD_LAB_ROUTE("GET", "/v2/queue", zdd_lab_get_queue)                                           \
    ZDD_LAB_ROUTE("DELETE", "/v2/queue/{id*}", zdd_lab_delete_queue)                               \
    ZDD_LAB_ROUTE("GET", "/v2/info", zdd_lab_get_info)                                             \
    ZDD_LAB_ROUTE("GET", "/v2/leader", zdd_lab_get_leader)                                         \
    ZDD_LAB_ROUTE("DELETE", "/v2/leader", zdd_lab_delete_leader)                                   \
    ZDD_LAB_ROUTE("GET", "/v2/events", zdd_lab_get_events)                                         \
    ZDD_LAB_ROUTE("GET", "/v2/pods", zdd_lab_get_pods)                                             \
    ZDD_LAB_ROUTE("POST", "/v2/pods", zdd_lab_write_pods)                                          \
    ZDD_LAB_ROUTE("GET", "/v2/pods/{id*}", zdd_lab_get_pod)                                        \
    ZDD_LAB_ROUTE("PUT", "/v2/pods/{id*}", zdd_lab_write_pod)                                      \
    ZDD_LAB_ROUTE("DELETE", "/v2/pods/{id*}", zdd_lab_write_pod)                                   \
    ZDD_LAB_ROUTE("GET", "/v2/plugins", zdd_lab_get_plugins)                                       \
    ZDD_LAB_ROUTE("GET", "/", zdd_lab_get_root)                                                    \
    ZDD_LAB_ROUTE("GET", "/ping", zdd_lab_get_ping)                                                \
    ZDD_LAB_ROUTE("GET", "/metrics", zdd_lab_get_metrics)                                          \
    ZDD_LAB_ROUTE("GET", "/metrics/prometheus", zdd_lab_get_prometheus)                            \
    ZDD_LAB_ROUTE("GET", "/lab/state", zdd_lab_get_lab)                                            \
    ZDD_LAB_ROUTE("POST", "/lab/faults", zdd_lab_post_faults)                                      \
    ZDD_LAB_ROUTE("PUT", "/lab/balancers/{number}", zdd_lab_put_balancer)

static enum zdd_err zdd_lab_get_events(struct zdd_call *call, struct zdd_lab *lab)
{
    (void)lab;
    return zdd_lab_events_open(call);
}

static zdd_lab_handler *const handlers[] = {
#define ZDD_LAB_ROUTE(method, path, handler) handler,
    ROUTES
#undef ZDD_LAB_ROUTE
};

const struct zdd_route zdd_lab_routes[] = {
#define ZDD_LAB_ROUTE(method, path, handler) {method, path, serve, #handler, 0},
    ROUTES
#undef ZDD_LAB_ROUTE
};

const size_t zdd_lab_route_count = sizeof(zdd_lab_routes) / sizeof(zdd_lab_routes[0]);

static bool strikes(struct zdd_call *call, struct zdd_lab *lab, enum zdd_lab_fault_kind kind,
                    int64_t *ret_ms)
{
    return zdd_lab_fault_strikes(&lab->faults, kind, call->method, call->path, ret_ms);
}

static bool is_change(const struct zdd_call *call)
{
    return strcmp(call->method, "GET") != 0 && strcmp(call->method, "HEAD") != 0;
}

static void refuse_locked(struct zdd_call *call, const struct zdd_lab *lab)
{
    char id[ZDD_UUID_SIZE];

    zdd_uuid7(zdd_lab_utc(lab), id);
    (void)zdd_lab_answer(call, 409,
                         json_pack("{s:s, s:[{s:s}]}", "message",
                                   "App is locked by one or more deployments. (injected fault)",
                                   "deployments", "id", id));
}

/* @return true when a fault has answered in the handler's place */
static bool refuse_by_fault(struct zdd_call *call, struct zdd_lab *lab)
{
    if (strikes(call, lab, ZDD_LAB_FAULT_ANSWER_502_HTML, NULL))
        zdd_lab_answer_html(call, 502, "Bad Gateway"); /* a standby that cannot reach the leader */
    else if (strikes(call, lab, ZDD_LAB_FAULT_ANSWER_503_HTML, NULL))
        zdd_lab_answer_html(call, 503, "Service Unavailable"); /* the concurrency limit */
    else if (strikes(call, lab, ZDD_LAB_FAULT_ANSWER_503_JSON, NULL))
        (void)zdd_lab_refuse(call, 503, NULL, "Future timed out after [10 seconds]");
    else if (is_change(call) && strikes(call, lab, ZDD_LAB_FAULT_ANSWER_500, NULL))
        (void)zdd_lab_refuse(call, 500, NULL, "queue is full (500), try again later");
    else if (is_change(call) && strikes(call, lab, ZDD_LAB_FAULT_ANSWER_409, NULL))
        refuse_locked(call, lab);
    else
        return false;
    return true;
}

struct late {
    struct zdd_lab_timer timer;
    struct zdd_call *call;
    enum zdd_err err;
};

static void answer_late(struct zdd_lab *lab, void *cls)
{
    struct late *late = cls;

    (void)lab;
    zdd_call_finish(late->call, late->err);
    free(late);
}

void zdd_lab_api_end(struct zdd_lab *lab)
{
    pthread_mutex_lock(&lab->lock);
    zdd_lab_wipes_settle(lab, true);
    for (size_t i = 0; i < lab->heap_count;) {
        struct zdd_lab_timer *timer = lab->heap[i];

        if (timer->fire != answer_late) {
            i++;
            continue;
        }
        zdd_lab_timer_stop(lab, timer); /* another takes its place: look there again */
        answer_late(lab, timer->cls);
    }
    pthread_mutex_unlock(&lab->lock);
}

static enum zdd_err postpone(struct zdd_call *call, struct zdd_lab *lab, enum zdd_err err,
                             int64_t ms)
{
    struct late *late = calloc(1, sizeof(*late));

    if (!late)
        return err;
    late->call = call;
    late->err = err;
    zdd_lab_timer_set(lab, &late->timer, ms, answer_late, late);
    return ZDD_ERR_LATER;
}

static void add_headers(struct zdd_call *call, const struct zdd_lab *lab)
{
    zdd_call_add_header(call, "X-Marathon-Leader", "%s", lab->url);
    zdd_call_add_header(call, "X-Frame-Options", "DENY");
    zdd_call_add_header(call, "X-XSS-Protection", "1; mode=block");
    zdd_call_add_header(call, "Cache-Control", "no-cache, no-store, must-revalidate");
    zdd_call_add_header(call, "Pragma", "no-cache");
    zdd_call_add_header(call, "Expires", "0");
}

static enum zdd_err serve_locked(struct zdd_call *call, struct zdd_lab *lab)
{
    int64_t ms = 0;
    enum zdd_err err = ZDD_ERR_NONE;
    const bool is_lab = strncmp(call->path, "/lab/", 5) == 0;

    lab->call_count++;
    add_headers(call, lab);
    if (zdd_lab_call_refused(call, lab))
        return ZDD_ERR_NONE;
    if (is_lab || !refuse_by_fault(call, lab))
        err = handlers[call->route - zdd_lab_routes](call, lab);
    if (is_lab || err == ZDD_ERR_LATER || strcmp(call->path, "/v2/events") == 0)
        return err;
    if (call->reply.size && strikes(call, lab, ZDD_LAB_FAULT_TRUNCATED_JSON, NULL)) {
        call->reply.size /= 2;
        call->reply.data[call->reply.size] = '\0';
    }
    if (strikes(call, lab, ZDD_LAB_FAULT_LOST_ANSWER, NULL))
        call->status = 0; /* the adapter cuts the connection */
    if (strikes(call, lab, ZDD_LAB_FAULT_SLOW_ANSWER, &ms))
        return postpone(call, lab, err, ms);
    return err;
}

static enum zdd_err serve(struct zdd_call *call)
{
    struct zdd_lab *lab = call->app;
    enum zdd_err err;

    pthread_mutex_lock(&lab->lock);
    err = serve_locked(call, lab);
    lab->dirty = true;
    pthread_mutex_unlock(&lab->lock);
    zdd_lab_wake(lab);
    return err;
}

/* A call that no handler saw has no headers yet. */
static void add_missing_headers(struct zdd_call *call)
{
    struct zdd_lab *lab = call->app;

    if (zdd_call_added(call, "X-Marathon-Leader"))
        return;
    pthread_mutex_lock(&lab->lock);
    add_headers(call, lab);
    pthread_mutex_unlock(&lab->lock);
}

void zdd_lab_call_failed(struct zdd_call *call, enum zdd_err err)
{
    zdd_buf_clear(&call->reply);
    add_missing_headers(call);
    if (err == ZDD_ERR_ROUTE_UNKNOWN) {
        (void)zdd_lab_refuse(call, 500, NULL, "URI not found: %s", call->path);
    } else if (err == ZDD_ERR_METHOD_UNKNOWN && strcmp(call->path, "/v2/events") == 0) {
        zdd_lab_answer_html(call, 405, "Method Not Allowed");
    } else if (err == ZDD_ERR_METHOD_UNKNOWN) {
        (void)zdd_lab_refuse(call, 405, NULL, "Method Not Allowed");
    } else if (err == ZDD_ERR_BODY_MALFORMED) {
        (void)zdd_lab_refuse(call, 400, json_string(call->detail), "Invalid JSON");
    } else if (err == ZDD_ERR_MEDIA_TYPE) {
        (void)zdd_lab_refuse(call, 415, NULL, "Unsupported Media Type");
    } else {
        (void)zdd_lab_refuse(call, zdd_status_of(err), NULL, "%s", zdd_err_text(err));
    }
}
