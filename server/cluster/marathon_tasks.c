/**
 * @file server/cluster/marathon_tasks.c
 * @brief Whose side a task is on, and how far it is (marathon.md §1.5, §2.3, §4.3).
 */
#include "server/cluster/marathon_tasks.h"

#include "server/base/clock.h"
#include "server/net/address.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum progress {
    PROGRESS_STAGED,  /* not running yet */
    PROGRESS_RUNNING, /* TASK_RUNNING */
    PROGRESS_LEAVING, /* exists, but neither starts nor serves: killing, unreachable */
    PROGRESS_ENDED
};

static const struct {
    const char *state;
    enum progress progress;
} states[] = {
    {"TASK_STAGING", PROGRESS_STAGED},      {"TASK_STARTING", PROGRESS_STAGED},
    {"TASK_RUNNING", PROGRESS_RUNNING},     {"TASK_KILLING", PROGRESS_LEAVING},
    {"TASK_UNREACHABLE", PROGRESS_LEAVING}, {"TASK_KILLED", PROGRESS_ENDED},
    {"TASK_FINISHED", PROGRESS_ENDED},      {"TASK_FAILED", PROGRESS_ENDED},
    {"TASK_ERROR", PROGRESS_ENDED},         {"TASK_LOST", PROGRESS_ENDED},
    {"TASK_GONE", PROGRESS_ENDED},          {"TASK_GONE_BY_OPERATOR", PROGRESS_ENDED},
    {"TASK_DROPPED", PROGRESS_ENDED},       {"TASK_UNKNOWN", PROGRESS_ENDED},
};

/* How one side's tasks are judged. */
struct measure {
    bool has_checks;
    size_t results_min;      /* fewer results mean that a check has not answered yet */
    const json_t *readiness; /* readinessCheckResults of the app */
};

/* A state this program does not know is of a task that exists but is not known to serve. Marathon
 * before 1.4 listed no state: what has started runs. */
static enum progress progress_of(const json_t *task)
{
    const char *state = zdd_json_text(task, "state", NULL);

    if (!state)
        return zdd_json_text(task, "startedAt", NULL) ? PROGRESS_RUNNING : PROGRESS_STAGED;
    for (size_t i = 0; i < ZDD_COUNT(states); i++) {
        if (strcmp(states[i].state, state) == 0)
            return states[i].progress;
    }
    return PROGRESS_LEAVING;
}

struct zdd_marathon_checks zdd_marathon_checks_of(const json_t *definition)
{
    const json_t *list = json_object_get(definition, "healthChecks");
    struct zdd_marathon_checks checks = {.any = json_array_size(list) > 0};
    size_t index;
    json_t *check;

    json_array_foreach(list, index, check)
    {
        const char *protocol = zdd_json_text(check, "protocol", "HTTP");

        if (strcmp(protocol, "COMMAND") != 0 && strncmp(protocol, "MESOS_", 6) != 0)
            checks.by_marathon++;
    }
    return checks;
}

void zdd_marathon_version(const char *text, char ret_version[static ZDD_VERSION_SIZE])
{
    int64_t ms;

    ret_version[0] = '\0';
    if (zdd_time_parse(text, &ms))
        zdd_time_format(ms, ret_version);
}

/* A result without `alive` is of a check that has not answered yet (1.3 printed those). */
static bool all_alive(const json_t *results, size_t results_min)
{
    size_t index;
    json_t *result;

    if (json_array_size(results) < results_min)
        return false;
    json_array_foreach(results, index, result)
    {
        if (!zdd_json_bool(result, "alive", false))
            return false;
    }
    return true;
}

/* Results say more than definitions do; without any, running is enough for a task without checks.
 */
static bool is_healthy(const json_t *task, const struct measure *measure)
{
    const json_t *results = json_object_get(task, "healthCheckResults");

    if (json_array_size(results) == 0)
        return !measure->has_checks;
    return all_alive(results, measure->results_min);
}

/* It has been well; one that never was is still about to be. */
static bool has_fallen_ill(const json_t *task)
{
    size_t index;
    json_t *result;

    json_array_foreach(json_object_get(task, "healthCheckResults"), index, result)
    {
        if (zdd_json_text(result, "firstSuccess", NULL) && !zdd_json_bool(result, "alive", true))
            return true;
    }
    return false;
}

/* Readiness results name the task; accept its instance too, as other ids of Marathon do
 * (marathon.md §9, 16). */
static bool names_task(const char *name, const char *task_id)
{
    const char *incarnation = strstr(task_id, "._app.");
    const size_t size = incarnation ? (size_t)(incarnation - task_id) : strlen(task_id);

    return strcmp(name, task_id) == 0 ||
           (strlen(name) == size && strncmp(name, task_id, size) == 0);
}

static bool is_ready(const json_t *task, const struct measure *measure)
{
    const char *id = zdd_json_text(task, "id", "");
    size_t index;
    json_t *result;

    json_array_foreach(measure->readiness, index, result)
    {
        if (names_task(zdd_json_text(result, "taskId", ""), id) &&
            !zdd_json_bool(result, "ready", true))
            return false;
    }
    return true;
}

static void count(const json_t *task, const struct measure *measure, struct zdd_side *side)
{
    const enum progress progress = progress_of(task);

    side->total++;
    if (progress == PROGRESS_STAGED)
        side->staged++;
    if (progress != PROGRESS_RUNNING)
        return;
    side->running++;
    side->sick += has_fallen_ill(task);
    if (!is_healthy(task, measure))
        return;
    side->healthy++;
    if (is_ready(task, measure))
        side->ready++;
}

static bool is_current(const char *version, const struct zdd_app_view *view)
{
    if (!*version || strcmp(version, view->config_version) < 0)
        return false;
    return !*view->version || strcmp(version, view->version) <= 0;
}

void zdd_marathon_read_tasks(const json_t *app, bool outdated_has_checks, struct zdd_app_view *view)
{
    const struct zdd_marathon_checks checks = zdd_marathon_checks_of(app);
    const json_t *readiness = json_object_get(app, "readinessCheckResults");
    const struct measure now = {checks.any, checks.by_marathon, readiness};
    const struct measure before = {outdated_has_checks, 0, readiness};
    size_t index;
    json_t *task;

    json_array_foreach(json_object_get(app, "tasks"), index, task)
    {
        char version[ZDD_VERSION_SIZE];

        if (progress_of(task) == PROGRESS_ENDED)
            continue; /* listed while it waits for its relaunch, without a version */
        zdd_marathon_version(zdd_json_text(task, "version", ""), version);
        if (is_current(version, view)) {
            count(task, &now, &view->current);
            continue;
        }
        count(task, &before, &view->outdated);
        if (strcmp(version, view->outdated_version) > 0)
            memcpy(view->outdated_version, version, sizeof(version));
    }
}

/* The container's own port, when it has an address of its own; the one it listens on. */
static const json_t *own_ports(const json_t *app)
{
    const json_t *network = json_array_get(json_object_get(app, "networks"), 0);

    if (strcmp(zdd_json_text(network, "mode", ""), "container") != 0)
        return NULL;
    return json_object_get(json_object_get(app, "container"), "portMappings");
}

static const char *own_address(const json_t *task)
{
    return zdd_json_text(json_array_get(json_object_get(task, "ipAddresses"), 0), "ipAddress", "");
}

/* @return false: no port, or one too many. Its place must not be taken by the next: the n-th port
 * stands behind the n-th service port */
static bool add_port(struct zdd_spot *spot, const char *ip, int64_t port)
{
    char *address = spot->address[spot->port_count];

    if (spot->port_count == ZDD_APP_PORT_MAX || port < 1 || port > UINT16_MAX)
        return false;
    snprintf(address, ZDD_SPOT_SIZE, strchr(ip, ':') ? "[%s]:%d" : "%s:%d", ip, (int)port);
    spot->port_count++;
    return true;
}

static bool read_spot(const json_t *task, const json_t *mappings, struct zdd_spot *ret_spot)
{
    const char *host = mappings ? own_address(task) : zdd_json_text(task, "host", "");
    const json_t *ports = mappings ? mappings : json_object_get(task, "ports");
    const char *id = zdd_json_text(task, "id", "");
    char ip[ZDD_NET_ADDRESS_SIZE];
    size_t index;
    json_t *port;

    *ret_spot = (struct zdd_spot){0};
    if (strlen(id) < sizeof(ret_spot->task))
        snprintf(ret_spot->task, sizeof(ret_spot->task), "%s", id);
    zdd_marathon_version(zdd_json_text(task, "stagedAt", ""), ret_spot->since);
    if (!zdd_net_address(host, ip))
        return false;
    json_array_foreach(ports, index, port)
    {
        if (!add_port(ret_spot, ip,
                      mappings ? zdd_json_int(port, "containerPort", 0) : json_integer_value(port)))
            break;
    }
    return true;
}

enum zdd_err zdd_marathon_read_spots(const json_t *app, struct zdd_spots *ret_spots)
{
    const struct zdd_marathon_checks checks = zdd_marathon_checks_of(app);
    const struct measure measure = {checks.any, checks.by_marathon,
                                    json_object_get(app, "readinessCheckResults")};
    const json_t *tasks = json_object_get(app, "tasks");
    struct zdd_spots spots = {0};
    size_t index;
    json_t *task;

    spots.spot = calloc(json_array_size(tasks) + 1, sizeof(*spots.spot));
    if (!spots.spot)
        return ZDD_ERR_NO_MEMORY;
    json_array_foreach(tasks, index, task)
    {
        struct zdd_spot *spot = &spots.spot[spots.count];

        if (progress_of(task) != PROGRESS_RUNNING || !read_spot(task, own_ports(app), spot))
            continue;
        spot->healthy = is_healthy(task, &measure) && is_ready(task, &measure);
        spots.count++;
    }
    *ret_spots = spots;
    return ZDD_ERR_NONE;
}
