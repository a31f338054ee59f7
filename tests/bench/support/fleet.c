/**
 * @file tests/bench/support/fleet.c
 * @brief A cluster that answers at once.
 */
#include "tests/bench/support/fleet.h"

#include "server/json/json.h"
#include "tests/bench/support/figures.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define INSTANCES 4
#define PREFIX "/bench/app-"

static const char first_version[] = "2024-05-01T09:00:00.000Z";
static const char next_version[] = "2024-05-01T10:00:00.000Z";
static const char deployment_id[] = "0b7a2f1c-5b0e-4d43-9a53-6f5f0c1d2e3f";

enum stage {
    STAGE_BEFORE,   /* the previous definition, 4 instances serve */
    STAGE_STOPPING, /* the previous definition, 0 wanted, 4 still there */
    STAGE_STOPPED,
    STAGE_ROLLING, /* the target, old instances still there */
    STAGE_DONE
};

struct app {
    _Atomic int stage;
    atomic_uint orders;
};

struct fleet {
    size_t app_count;
    enum fleet_carry carry;
    void (*seen)(void *cls, size_t number);
    void *cls;
    atomic_ullong looks, orders, gets, infos;
    struct app apps[];
};

/* As Marathon 1.9 answers GET /v2/apps/{id}, one of four tasks shown. */
static const char app_text[] =
    "{\"app\":{\"id\":\"%s\",\"backoffFactor\":1.15,\"backoffSeconds\":1,"
    "\"cmd\":\"./serve --port $PORT0\",\"container\":{\"type\":\"MESOS\",\"volumes\":[]},"
    "\"cpus\":0.1,\"disk\":0,\"env\":{\"SIMPLE_SERVICE_VERSION\":\"0.9\",\"LOG\":\"info\"},"
    "\"executor\":\"\",\"gpus\":0,\"healthChecks\":[{\"gracePeriodSeconds\":300,"
    "\"intervalSeconds\":30,\"maxConsecutiveFailures\":3,\"path\":\"/health\",\"portIndex\":0,"
    "\"protocol\":\"HTTP\",\"timeoutSeconds\":20,\"delaySeconds\":15}],\"instances\":4,"
    "\"labels\":{\"HAPROXY_GROUP\":\"external\",\"owner\":\"bench\"},\"maxLaunchDelaySeconds\":300,"
    "\"mem\":32,\"networks\":[{\"mode\":\"host\"}],\"portDefinitions\":[{\"port\":10004,"
    "\"name\":\"default\",\"protocol\":\"tcp\"}],\"requirePorts\":false,"
    "\"upgradeStrategy\":{\"maximumOverCapacity\":1,\"minimumHealthCapacity\":1},"
    "\"version\":\"%s\",\"versionInfo\":{\"lastScalingAt\":\"%s\",\"lastConfigChangeAt\":\"%s\"},"
    "\"killSelection\":\"YOUNGEST_FIRST\",\"unreachableStrategy\":{\"inactiveAfterSeconds\":0,"
    "\"expungeAfterSeconds\":0},\"tasksStaged\":0,\"tasksRunning\":4,\"tasksHealthy\":4,"
    "\"tasksUnhealthy\":0,\"deployments\":[],\"tasks\":[{\"id\":\"bench.instance-1._app.1\","
    "\"appId\":\"%s\",\"host\":\"10.0.0.1\",\"ports\":[31000],\"state\":\"TASK_RUNNING\","
    "\"version\":\"%s\",\"startedAt\":\"%s\",\"stagedAt\":\"%s\",\"healthCheckResults\":[{"
    "\"alive\":true,\"consecutiveFailures\":0,\"firstSuccess\":\"%s\",\"taskId\":"
    "\"bench.instance-1._app.1\"}]}]}}";

void fleet_app_id(size_t number, char ret_id[static ZDD_APP_ID_SIZE])
{
    snprintf(ret_id, ZDD_APP_ID_SIZE, PREFIX "%07zu", number);
}

/* @return the app, or NULL */
static struct app *app_of(struct fleet *fleet, const char *app_id, size_t *ret_number)
{
    if (strncmp(app_id, PREFIX, strlen(PREFIX)) != 0)
        return NULL;
    *ret_number = strtoul(app_id + strlen(PREFIX), NULL, 10);
    return *ret_number < fleet->app_count ? &fleet->apps[*ret_number] : NULL;
}

static enum zdd_err get(void *cls, const char *path, json_t **ret_json,
                        char reason[static ZDD_CLUSTER_REASON_SIZE])
{
    struct fleet *fleet = cls;
    const char *v = first_version;
    const char *id = path + strlen("/apps/");
    char text[sizeof(app_text) + 2 * ZDD_APP_ID_SIZE + 7 * sizeof(first_version)];
    size_t number;

    (void)reason;
    atomic_fetch_add(&fleet->gets, 1);
    if (strcmp(path, "/queue") == 0) {
        static const char none[] = "{\"queue\":[]}";

        return zdd_json_read(none, sizeof(none) - 1, ret_json, NULL);
    }
    if (strncmp(path, "/apps/", strlen("/apps/")) != 0 || !app_of(fleet, id, &number))
        return ZDD_ERR_APP_UNKNOWN;
    snprintf(text, sizeof(text), app_text, id, v, v, v, id, v, v, v, v);
    return zdd_json_read(text, strlen(text), ret_json, NULL);
}

static void show(int stage, struct zdd_app_view *ret_view)
{
    const struct zdd_side serving = {
        .total = INSTANCES, .running = INSTANCES, .healthy = INSTANCES, .ready = INSTANCES};
    const bool target = stage >= STAGE_ROLLING;

    *ret_view = (struct zdd_app_view){
        .exists = true,
        .fits_target = target,
        .fits_previous = !target,
        .instances = stage == STAGE_STOPPING || stage == STAGE_STOPPED ? 0 : INSTANCES,
    };
    snprintf(ret_view->version, ZDD_VERSION_SIZE, "%s", target ? next_version : first_version);
    memcpy(ret_view->config_version, ret_view->version, ZDD_VERSION_SIZE);
    if (stage == STAGE_ROLLING) {
        ret_view->outdated = serving;
        memcpy(ret_view->outdated_version, first_version, sizeof(first_version));
    } else if (stage != STAGE_STOPPED) {
        ret_view->current = serving;
    }
    if (stage == STAGE_STOPPING || stage == STAGE_ROLLING) {
        ret_view->lock_count = 1;
        memcpy(ret_view->lock[0], deployment_id, sizeof(deployment_id));
    }
}

static enum zdd_err observe(void *cls, const struct zdd_app_ask *asks, size_t count,
                            struct zdd_app_view *ret_views,
                            char reason[static ZDD_CLUSTER_REASON_SIZE])
{
    struct fleet *fleet = cls;

    (void)reason;
    atomic_fetch_add(&fleet->looks, 1);
    for (size_t i = 0; i < count; i++) {
        size_t number;
        struct app *app = app_of(fleet, asks[i].app_id, &number);

        if (app)
            show(atomic_load(&app->stage), &ret_views[i]);
        else
            ret_views[i] = (struct zdd_app_view){0};
    }
    return ZDD_ERR_NONE;
}

void fleet_finish(struct fleet *fleet, size_t number)
{
    struct app *app = &fleet->apps[number];
    const int stage = atomic_load(&app->stage);

    if (stage == STAGE_STOPPING)
        atomic_store(&app->stage, STAGE_STOPPED);
    if (stage == STAGE_ROLLING)
        atomic_store(&app->stage, STAGE_DONE);
}

static enum zdd_err put(void *cls, const struct zdd_cluster_order *order,
                        struct zdd_cluster_ack *ret_ack)
{
    struct fleet *fleet = cls;
    size_t number;
    struct app *app = app_of(fleet, order->app_id, &number);

    atomic_fetch_add(&fleet->orders, 1);
    *ret_ack = (struct zdd_cluster_ack){.status = app ? 200 : 404};
    if (!app)
        return ZDD_ERR_CLUSTER_REFUSED;
    if (fleet->seen)
        fleet->seen(fleet->cls, number);
    atomic_fetch_add(&app->orders, 1);
    atomic_store(&app->stage, order->instances == 0 ? STAGE_STOPPING : STAGE_ROLLING);
    if (fleet->carry == FLEET_AT_ONCE)
        fleet_finish(fleet, number);
    memcpy(ret_ack->version, next_version, sizeof(next_version));
    memcpy(ret_ack->deployment_id, deployment_id, sizeof(deployment_id));
    return ZDD_ERR_NONE;
}

/* No benchmark restarts or removes an app, or kills a task. */
static enum zdd_err refuse(void *cls, const struct zdd_cluster_order *order,
                           struct zdd_cluster_ack *ret_ack)
{
    (void)cls;
    (void)order;
    *ret_ack = (struct zdd_cluster_ack){.status = 422};
    return ZDD_ERR_CLUSTER_REFUSED;
}

static enum zdd_err info(void *cls, struct zdd_cluster_info *ret_info,
                         char reason[static ZDD_CLUSTER_REASON_SIZE])
{
    struct fleet *fleet = cls;

    (void)reason;
    atomic_fetch_add(&fleet->infos, 1);
    *ret_info =
        (struct zdd_cluster_info){.version = "1.9.109", .replace_rule = ZDD_REPLACE_CLASSIC};
    return ZDD_ERR_NONE;
}

struct fleet *fleet_new(size_t app_count, enum fleet_carry carry)
{
    struct fleet *fleet = calloc(1, sizeof(*fleet) + app_count * sizeof(struct app));

    if (!fleet)
        bench_fail("no memory for %zu apps", app_count);
    fleet->app_count = app_count;
    fleet->carry = carry;
    for (size_t i = 0; i < app_count; i++) /* now, so that it does not count as memory of others */
        atomic_store(&fleet->apps[i].stage, STAGE_BEFORE);
    return fleet;
}

struct fleet *fleet_free(struct fleet *fleet)
{
    free(fleet);
    return NULL;
}

struct zdd_cluster fleet_cluster(struct fleet *fleet)
{
    static const struct zdd_cluster_ops ops = {
        .observe = observe,
        .put = put,
        .restart = refuse,
        .remove = refuse,
        .kill = refuse,
        .info = info,
        .get = get,
    };

    return (struct zdd_cluster){&ops, fleet};
}

unsigned fleet_orders_of(const struct fleet *fleet, size_t number)
{
    return atomic_load(&fleet->apps[number].orders);
}

void fleet_listen(struct fleet *fleet, void (*seen)(void *cls, size_t number), void *cls)
{
    fleet->seen = seen;
    fleet->cls = cls;
}

void fleet_counts(const struct fleet *fleet, struct fleet_counts *ret_counts)
{
    *ret_counts = (struct fleet_counts){
        .looks = atomic_load(&fleet->looks),
        .orders = atomic_load(&fleet->orders),
        .gets = atomic_load(&fleet->gets),
        .infos = atomic_load(&fleet->infos),
    };
}
