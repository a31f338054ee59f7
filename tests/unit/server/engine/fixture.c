/**
 * @file tests/unit/server/engine/fixture.c
 * @brief An engine with threads, a store and a simple cluster.
 */
#include "tests/unit/server/engine/fixture.h"

#include "server/base/clock.h"
#include "server/base/crypto.h"
#include "server/base/log.h"
#include "storage/plans.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define WAIT_MAX_MS 10000

void pause_shortly(void)
{
    nanosleep(&(struct timespec){.tv_nsec = 2000000}, NULL);
}

static bool is_applied(struct fake *fake, const char *app_id)
{
    bool found = false;

    pthread_mutex_lock(&fake->lock);
    for (int i = 0; i < fake->app_count; i++)
        found = found || strcmp(fake->app[i], app_id) == 0;
    pthread_mutex_unlock(&fake->lock);
    return found;
}

static enum zdd_err observe(void *cls, const struct zdd_app_ask *asks, size_t count,
                            struct zdd_app_view *ret_views,
                            char reason[static ZDD_CLUSTER_REASON_SIZE])
{
    struct fake *fake = cls;

    atomic_fetch_add(&fake->looks, 1);
    atomic_fetch_add(&fake->seen, (int)count);
    while (atomic_load(&fake->stuck) || (count > 1 && atomic_load(&fake->stuck_all)))
        pause_shortly();
    if (atomic_load(&fake->silent)) {
        snprintf(reason, ZDD_CLUSTER_REASON_SIZE, "nobody there");
        return ZDD_ERR_CLUSTER_DOWN;
    }
    for (size_t i = 0; i < count; i++) {
        const bool applied = is_applied(fake, asks[i].app_id);
        const bool done = applied && atomic_load(&fake->healthy);

        ret_views[i] = (struct zdd_app_view){
            .exists = true, .fits_target = applied, .fits_previous = !applied, .instances = 2};
        ret_views[i].current = (struct zdd_side){.total = 2,
                                                 .running = 2,
                                                 .healthy = !applied || done ? 2 : 0,
                                                 .ready = !applied || done ? 2 : 0};
        snprintf(ret_views[i].version, ZDD_VERSION_SIZE, "2024-05-01T10:00:0%d.000Z",
                 applied ? 2 : 1);
        memcpy(ret_views[i].config_version, ret_views[i].version, ZDD_VERSION_SIZE);
    }
    return ZDD_ERR_NONE;
}

static enum zdd_err put(void *cls, const struct zdd_cluster_order *order,
                        struct zdd_cluster_ack *ret_ack)
{
    struct fake *fake = cls;

    (void)ret_ack;
    atomic_fetch_add(&fake->puts, 1);
    while (atomic_load(&fake->slow) && strcmp(order->app_id, "/slow") == 0)
        pause_shortly();
    pthread_mutex_lock(&fake->lock);
    assert_true(fake->app_count < (int)ZDD_COUNT(fake->app));
    snprintf(fake->app[fake->app_count++], sizeof(fake->app[0]), "%s", order->app_id);
    pthread_mutex_unlock(&fake->lock);
    return ZDD_ERR_NONE;
}

static const struct zdd_cluster_ops ops = {.observe = observe, .put = put};

static enum zdd_err insert(struct zdd_tx *tx, void *cls)
{
    static char text[] = "{}";
    struct ask *ask = cls;
    struct zdd_plan_texts texts = {
        .body = {text}, .request = {text}, .target = {text}, .previous = {text}};
    struct zdd_plan plan = {
        .action = ZDD_ACTION_UPGRADE,
        .created_at_ms = zdd_now_ms(),
        .deadline_ms = 600000,
        .old = {.instances = 2, .minimum_health_capacity = 1, .maximum_over_capacity = 1},
        .seen = {.exists = true, .running = 2, .healthy = 2}};
    struct zdd_run run = {.created_at_ms = plan.created_at_ms, .wake_at_ms = plan.created_at_ms};
    char busy[ZDD_ID_SIZE];
    enum zdd_err err;

    plan.target = plan.old;
    zdd_uuid7(plan.created_at_ms, plan.id);
    snprintf(plan.digest, sizeof(plan.digest), "sha256:%064d", 0);
    snprintf(plan.app_id, sizeof(plan.app_id), "%s", ask->app_id);
    snprintf(plan.strategy, sizeof(plan.strategy), "rolling");
    snprintf(plan.seen.version, sizeof(plan.seen.version), "2024-05-01T10:00:01.000Z");
    memcpy(plan.seen.config_version, plan.seen.version, sizeof(plan.seen.version));
    zdd_uuid7(plan.created_at_ms, run.id);
    memcpy(run.plan_id, plan.id, sizeof(run.plan_id));
    memcpy(run.app_id, plan.app_id, sizeof(run.app_id));
    memcpy(run.strategy, plan.strategy, sizeof(run.strategy));
    snprintf(run.created_by, sizeof(run.created_by), "test");
    memcpy(ask->run_id, run.id, sizeof(ask->run_id));
    err = zdd_plan_insert(tx, &plan, &texts, "test");
    if (err == ZDD_ERR_NONE)
        err = zdd_run_insert(tx, &run, NULL, ask->when_busy, busy);
    for (int32_t i = 0; err == ZDD_ERR_NONE && i < 2; i++)
        err =
            zdd_step_insert(tx, run.id,
                            &(struct zdd_step_row){
                                .index = i, .kind = "step", .text = "a step", .state = "pending"});
    return err;
}

void deploy(struct fixture *f, struct ask *ask)
{
    assert_int_equal(zdd_store_write(f->store, insert, ask), ZDD_ERR_NONE);
}

atomic_llong clock_shift_ms;

static int64_t shifted_now(void)
{
    return zdd_now_ms() + atomic_load(&clock_shift_ms);
}

void start_engine(struct fixture *f, unsigned workers)
{
    f->engine = zdd_engine_start(&(struct zdd_engine_options){.store = f->store,
                                                              .cluster = {&ops, &f->fake},
                                                              .now_ms = shifted_now,
                                                              .worker_count = workers,
                                                              .sweep_ms = 60000,
                                                              .blind_sweep_ms = 60000,
                                                              .retry_ms = 20});
    assert_non_null(f->engine);
}

enum zdd_phase phase_of(struct fixture *f, const char *run_id)
{
    struct zdd_run run;

    assert_int_equal(zdd_run_load(f->store, run_id, &run, NULL), ZDD_ERR_NONE);
    return run.phase;
}

void until_phase(struct fixture *f, const char *run_id, enum zdd_phase phase)
{
    const int64_t end_ms = zdd_mono_ms() + WAIT_MAX_MS;

    while (phase_of(f, run_id) != phase) {
        if (zdd_mono_ms() > end_ms)
            fail_msg("still %s", zdd_phase_name(phase_of(f, run_id)));
        pause_shortly();
    }
}

void until_at_least(const atomic_int *value, int wanted)
{
    const int64_t end_ms = zdd_mono_ms() + WAIT_MAX_MS;

    while (atomic_load(value) < wanted) {
        if (zdd_mono_ms() > end_ms)
            fail_msg("still %d, wanted %d", atomic_load(value), wanted);
        pause_shortly();
    }
}

int open_world(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    char path[96];
    char reason[300];

    *state = f;
    if (!f || !zdd_crypto_init())
        return -1;
    zdd_log_level_set(ZDD_LOG_ERROR);
    atomic_store(&f->fake.healthy, true);
    atomic_store(&clock_shift_ms, 0);
    pthread_mutex_init(&f->fake.lock, NULL);
    snprintf(f->dir, sizeof(f->dir), "/tmp/zdd-engine.XXXXXX");
    if (!mkdtemp(f->dir))
        return -1;
    snprintf(path, sizeof(path), "%s/zdd.db", f->dir);
    return zdd_store_open(&(struct zdd_store_options){.path = path, .holder = "test"}, &f->store,
                          reason) == ZDD_ERR_NONE
               ? 0
               : -1;
}

int close_world(void **state)
{
    static const char *const files[] = {"zdd.db", "zdd.db-wal", "zdd.db-shm", "zdd.db.lock"};
    struct fixture *f = *state;
    char path[96];

    atomic_store(&f->hanging.over, true);
    atomic_store(&f->fake.slow, false);
    atomic_store(&f->fake.stuck_all, false);
    f->engine = zdd_engine_free(f->engine);
    f->store = zdd_store_free(f->store);
    for (size_t i = 0; i < ZDD_COUNT(files); i++) {
        snprintf(path, sizeof(path), "%s/%s", f->dir, files[i]);
        unlink(path);
    }
    rmdir(f->dir);
    pthread_mutex_destroy(&f->fake.lock);
    free(f);
    return 0;
}
