/**
 * @file deploy/lab/balancer/services.c
 * @brief Which ports an app serves, what its labels say of each, which of its tasks are in.
 */
#include "deploy/lab/balancer/services.h"

#include "deploy/lab/balancer/remember.h"

#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define LABEL_SIZE 80

void zdd_mlb_leave_out(json_t *left_out, const char *app_id, const char *format, ...)
{
    char reason[300];
    va_list args;

    va_start(args, format);
    vsnprintf(reason, sizeof(reason), format, args);
    va_end(args);
    if (!json_object_get(left_out, app_id))
        json_object_set_new(left_out, app_id, json_string(reason));
}

/* An app, and the place of one of its service ports. */
struct source {
    const json_t *app;
    size_t index;
};

static const char *label_of(const struct source *source, const char *name)
{
    char key[LABEL_SIZE];

    snprintf(key, sizeof(key), "HAPROXY_%zu_%s", source->index, name);
    return zdd_json_text(json_object_get(source->app, "labels"), key, NULL);
}

static bool label_is_true(const struct source *source, const char *name, bool otherwise)
{
    static const char *const yes[] = {"true", "t", "yes", "y"};
    const char *text = label_of(source, name);

    if (!text)
        return otherwise;
    for (size_t i = 0; i < sizeof(yes) / sizeof(yes[0]); i++)
        if (strcasecmp(text, yes[i]) == 0)
            return true;
    return false;
}

/* @return false when the label is there and is no number of this range */
static bool label_number(const struct source *source, const char *name, long min, long max,
                         long *number)
{
    const char *text = label_of(source, name);
    char *end = NULL;
    long value;

    if (!text)
        return true;
    errno = 0;
    value = strtol(text, &end, 10);
    if (end == text || *end || errno || value < min || value > max)
        return false;
    *number = value;
    return true;
}

static bool lists(const char *list, const char *name, size_t size)
{
    for (const char *at = list; *at; at += strcspn(at, ","), at += *at == ',')
        if (strcspn(at, ",") == size && strncmp(at, name, size) == 0)
            return true;
    return false;
}

/* @return true when the two comma lists have a name in common */
static bool shares_group(const char *wanted, const char *groups)
{
    if (strcmp(wanted, "*") == 0)
        return true;
    for (const char *at = groups; *at; at += strcspn(at, ","), at += *at == ',')
        if (lists(wanted, at, strcspn(at, ",")))
            return true;
    return false;
}

static bool is_served(const struct zdd_mlb_settings *settings, const struct source *source)
{
    const char *groups = label_of(source, "GROUP");

    if (!groups)
        groups = zdd_json_text(json_object_get(source->app, "labels"), "HAPROXY_GROUP", NULL);
    return groups && shares_group(settings->groups, groups) &&
           label_is_true(source, "ENABLED", true);
}

/* The first check that asks this port, or a port of its own. */
static const json_t *check_of(const struct source *source)
{
    size_t i;
    const json_t *check;

    json_array_foreach(json_object_get(source->app, "healthChecks"), i, check)
    {
        if (zdd_json_int(check, "port", 0) ||
            zdd_json_int(check, "portIndex", -1) == (int64_t)source->index)
            return check;
    }
    return NULL;
}

/* The label wins; a word that HAProxy does not know stays, for HAProxy to refuse. */
static void set_mode(const struct source *source, struct zdd_mlb_service *service)
{
    const char *label = label_of(source, "MODE");

    if (label && strcasecmp(label, "http") != 0) {
        service->mode = strcasecmp(label, "tcp") == 0 ? "tcp" : label;
        return;
    }
    service->http = label || service->vhost ||
                    strcmp(zdd_json_text(service->check, "protocol", ""), "HTTP") == 0;
    service->mode = service->http ? "http" : "tcp";
}

/* @return false when a label is wrong; the app is then left out */
static bool read_labels(const struct source *source, uint16_t service_port,
                        struct zdd_mlb_service *ret, json_t *left_out)
{
    const char *id = zdd_json_text(source->app, "id", "/");
    const char *balance = label_of(source, "BALANCE");
    long port = service_port;
    long weight = 0;

    if (!label_number(source, "PORT", 1, UINT16_MAX, &port) ||
        !label_number(source, "BACKEND_WEIGHT", LONG_MIN, LONG_MAX, &weight)) {
        zdd_mlb_leave_out(left_out, id, "HAPROXY_%zu_PORT or _BACKEND_WEIGHT is no number",
                          source->index);
        return false;
    }
    *ret = (struct zdd_mlb_service){
        .app_id = id,
        .port = (uint16_t)port,
        .balance = balance ? balance : "roundrobin",
        .vhost = label_of(source, "VHOST"),
        .path = label_of(source, "PATH"),
        .bind_addr = label_of(source, "BIND_ADDR"),
        .server_template = label_of(source, "BACKEND_SERVER_OPTIONS"),
        .sticky = label_is_true(source, "STICKY", false),
        .check = check_of(source),
    };
    if (ret->vhost && !*ret->vhost)
        ret->vhost = NULL;
    ret->weight = ret->path && weight == 0 ? 1 : weight;
    set_mode(source, ret);
    return true;
}

/* States of tasks that take no request (marathon-lb's EXCLUDED_TASK_STATES). LOST and UNREACHABLE
 * ones may well be alive. */
static bool is_left_out_state(const char *state)
{
    static const char *const states[] = {
        "TASK_STAGING",          "TASK_STARTING", "TASK_KILLING", "TASK_FINISHED", "TASK_FAILED",
        "TASK_KILLED",           "TASK_ERROR",    "TASK_DROPPED", "TASK_GONE",     "TASK_UNKNOWN",
        "TASK_GONE_BY_OPERATOR",
    };

    for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++)
        if (strcmp(states[i], state) == 0)
            return true;
    return false;
}

/* As with --health-check: of an app with checks what has passed one. */
static bool is_in(const json_t *app, const json_t *task)
{
    if (is_left_out_state(zdd_json_text(task, "state", "")))
        return false;
    return json_array_size(json_object_get(app, "healthChecks")) == 0 || zdd_mlb_is_alive(task);
}

static int by_address(const void *a, const void *b)
{
    const struct zdd_mlb_server *left = a;
    const struct zdd_mlb_server *right = b;
    const int hosts = strcmp(left->host, right->host);

    return hosts ? hosts : (int)left->port - (int)right->port;
}

static void add_servers(const struct source *source, struct zdd_mlb_service *service)
{
    const json_t *tasks = json_object_get(source->app, "tasks");
    size_t i;
    const json_t *task;

    service->server = calloc(json_array_size(tasks) + 1, sizeof(*service->server));
    if (!service->server)
        abort();
    json_array_foreach(tasks, i, task)
    {
        const json_t *port = json_array_get(json_object_get(task, "ports"), source->index);

        if (port && is_in(source->app, task))
            service->server[service->server_count++] = (struct zdd_mlb_server){
                .host = zdd_json_text(task, "host", ""),
                .port = (uint16_t)json_integer_value(port),
                .draining = zdd_json_bool(task, "draining", 0),
            };
    }
    qsort(service->server, service->server_count, sizeof(*service->server), by_address);
}

static void add_app(const struct zdd_mlb_settings *settings, const json_t *app,
                    struct zdd_mlb_services *services)
{
    const json_t *ports = json_object_get(app, "ports");
    const size_t count = json_array_size(ports);
    struct zdd_mlb_service *list =
        realloc(services->service, (services->count + count + 1) * sizeof(*list));

    if (!list)
        abort();
    services->service = list;
    for (size_t i = 0; i < count; i++) {
        const struct source source = {.app = app, .index = i};
        const uint16_t port = (uint16_t)json_integer_value(json_array_get(ports, i));
        struct zdd_mlb_service service;

        if (!is_served(settings, &source) ||
            !read_labels(&source, port, &service, services->left_out))
            continue;
        add_servers(&source, &service);
        services->service[services->count++] = service;
    }
}

static int by_app_and_port(const void *a, const void *b)
{
    const struct zdd_mlb_service *left = a;
    const struct zdd_mlb_service *right = b;
    const int ids = strcmp(left->app_id, right->app_id);

    return ids ? ids : (int)left->port - (int)right->port;
}

struct zdd_mlb_services zdd_mlb_services(const struct zdd_mlb_settings *settings, json_t *apps)
{
    struct zdd_mlb_services services = {.apps = apps, .left_out = json_object()};
    size_t i;
    const json_t *app;

    json_array_foreach(apps, i, app)
    {
        add_app(settings, app, &services);
    }
    if (services.count)
        qsort(services.service, services.count, sizeof(*services.service), by_app_and_port);
    return services;
}

void zdd_mlb_services_release(struct zdd_mlb_services *services)
{
    for (size_t i = 0; i < services->count; i++)
        free(services->service[i].server);
    free(services->service);
    json_decref(services->apps);
    json_decref(services->left_out);
    *services = (struct zdd_mlb_services){0};
}
