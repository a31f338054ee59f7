/**
 * @file tests/unit/server/engine/test_engine.c
 * @brief The engine's threads: who is looked at when, with how many requests, and how it stops.
 */
#include "server/engine/engine.h"

#include "server/base/clock.h"
#include "server/base/crypto.h"
#include "server/base/log.h"
#include "storage/plans.h"
#include "strategies/strategy.h"
#include "tests/support/spec.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define WAIT_MAX_MS 10000

/* A cluster in which everything works at once, or nothing turns healthy, or nobody answers. */
struct fake {
    atomic_bool stuck;   /* looks wait until this ends */
    atomic_bool silent;  /* looks get no answer */
    atomic_bool healthy; /* tasks are healthy as soon as the target is in place */
    atomic_bool slow;    /* orders for /slow wait until this ends */
    atomic_int looks;    /* requests, whatever number of apps */
    atomic_int seen;     /* apps in all of them */
    atomic_int puts;
    pthread_mutex_t lock;
    int app_count; /* guarded by lock */
    char app[256][64];
};

/* Callers' jobs that hang until this ends. */
struct hanging {
    atomic_int begun;
    atomic_bool over;
};

struct fixture {
    char dir[64];
    struct zdd_store *store;
    struct zdd_engine *engine;
    struct fake fake;
    struct hanging hanging; /* here and not in its test: jobs outlive that */
};

static void pause_shortly(void)
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
    while (atomic_load(&fake->stuck))
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

struct ask {
    const char *app_id;
    enum zdd_when_busy when_busy;
    char run_id[ZDD_ID_SIZE];
};

static enum zdd_err insert(struct zdd_tx *tx, void *cls)
{
    static char text[] = "{}";
    struct ask *ask = cls;
    struct zdd_plan_texts texts = {{text}, {text}, {text}, {text}};
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

static void deploy(struct fixture *f, struct ask *ask)
{
    assert_int_equal(zdd_store_write(f->store, insert, ask), ZDD_ERR_NONE);
}

/* The wall clock, and how far somebody has set it. */
static atomic_llong clock_shift_ms;

static int64_t shifted_now(void)
{
    return zdd_now_ms() + atomic_load(&clock_shift_ms);
}

static void start_engine(struct fixture *f)
{
    f->engine = zdd_engine_start(&(struct zdd_engine_options){.store = f->store,
                                                              .cluster = {&ops, &f->fake},
                                                              .now_ms = shifted_now,
                                                              .worker_count = 4,
                                                              .sweep_ms = 60000,
                                                              .blind_sweep_ms = 60000});
    assert_non_null(f->engine);
}

static enum zdd_phase phase_of(struct fixture *f, const char *run_id)
{
    struct zdd_run run;

    assert_int_equal(zdd_run_load(f->store, run_id, &run, NULL), ZDD_ERR_NONE);
    return run.phase;
}

static void until_phase(struct fixture *f, const char *run_id, enum zdd_phase phase)
{
    const int64_t end_ms = zdd_mono_ms() + WAIT_MAX_MS;

    while (phase_of(f, run_id) != phase) {
        if (zdd_mono_ms() > end_ms)
            fail_msg("still %s", zdd_phase_name(phase_of(f, run_id)));
        pause_shortly();
    }
}

static void until_at_least(const atomic_int *value, int wanted)
{
    const int64_t end_ms = zdd_mono_ms() + WAIT_MAX_MS;

    while (atomic_load(value) < wanted) {
        if (zdd_mono_ms() > end_ms)
            fail_msg("still %d, wanted %d", atomic_load(value), wanted);
        pause_shortly();
    }
}

static int open_world(void **state)
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

static int close_world(void **state)
{
    static const char *const files[] = {"zdd.db", "zdd.db-wal", "zdd.db-shm", "zdd.db.lock"};
    struct fixture *f = *state;
    char path[96];

    atomic_store(&f->hanging.over, true);
    atomic_store(&f->fake.slow, false);
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

static void a_new_deployment_is_carried_to_its_end_without_any_event(void **state)
{
    struct fixture *f = *state;
    struct ask ask = {.app_id = "/a"};

    start_engine(f);
    deploy(f, &ask);
    zdd_engine_wake(f->engine, ask.run_id, ask.app_id);
    until_phase(f, ask.run_id, ZDD_PHASE_SUCCEEDED);
    assert_int_equal(atomic_load(&f->fake.puts), 1);
}

static void a_start_looks_at_all_waiting_deployments_with_one_request(void **state)
{
    struct fixture *f = *state;
    char app_id[64][16];
    struct ask ask[64];

    for (size_t i = 0; i < ZDD_COUNT(ask); i++) {
        snprintf(app_id[i], sizeof(app_id[i]), "/app-%d", (int)i);
        ask[i] = (struct ask){.app_id = app_id[i]};
        deploy(f, &ask[i]);
        snprintf(f->fake.app[f->fake.app_count++], sizeof(f->fake.app[0]), "%s", app_id[i]);
    }
    atomic_store(&f->fake.healthy, false);
    start_engine(f);
    for (size_t i = 0; i < ZDD_COUNT(ask); i++)
        until_phase(f, ask[i].run_id, ZDD_PHASE_ROLLING);
    assert_int_equal(atomic_load(&f->fake.looks), 1);
    assert_int_equal(atomic_load(&f->fake.puts), 0);
}

static void an_event_brings_a_look_at_its_app_alone(void **state)
{
    struct fixture *f = *state;
    struct ask one = {.app_id = "/one"};
    struct ask two = {.app_id = "/two"};

    atomic_store(&f->fake.healthy, false);
    deploy(f, &one);
    deploy(f, &two);
    start_engine(f);
    until_phase(f, one.run_id, ZDD_PHASE_ROLLING);
    until_phase(f, two.run_id, ZDD_PHASE_ROLLING);
    atomic_store(&f->fake.healthy, true);
    zdd_engine_event(
        f->engine, "deployment_success",
        "{\"plan\":{\"steps\":[{\"actions\":[{\"action\":\"RestartApplication\",\"app\":\"/one\"}]}]}}");
    until_phase(f, one.run_id, ZDD_PHASE_SUCCEEDED);
    assert_int_equal(phase_of(f, two.run_id), ZDD_PHASE_ROLLING);
}

static void a_burst_of_events_is_answered_with_few_looks(void **state)
{
    struct fixture *f = *state;
    struct ask ask = {.app_id = "/a"};
    int before;

    atomic_store(&f->fake.healthy, false);
    deploy(f, &ask);
    start_engine(f);
    until_phase(f, ask.run_id, ZDD_PHASE_ROLLING);
    until_at_least(&f->fake.seen, 2); /* the start, and the confirmation of the order */
    before = atomic_load(&f->fake.looks);
    for (int i = 0; i < 500; i++)
        zdd_engine_event(f->engine, "status_update_event", "{\"appId\":\"/a\"}");
    until_at_least(&f->fake.looks, before + 1);
    assert_true(atomic_load(&f->fake.looks) <= before + 5);
}

static void a_silent_marathon_is_probed_once_for_all(void **state)
{
    struct fixture *f = *state;
    char app_id[32][16];
    struct ask ask[32];

    atomic_store(&f->fake.silent, true);
    for (size_t i = 0; i < ZDD_COUNT(ask); i++) {
        snprintf(app_id[i], sizeof(app_id[i]), "/app-%d", (int)i);
        ask[i] = (struct ask){.app_id = app_id[i]};
        deploy(f, &ask[i]);
    }
    start_engine(f);
    until_at_least(&f->fake.looks, 3);
    assert_true(atomic_load(&f->fake.looks) < 10); /* and not 32 for each probe */
    atomic_store(&f->fake.silent, false);
    for (size_t i = 0; i < ZDD_COUNT(ask); i++)
        until_phase(f, ask[i].run_id, ZDD_PHASE_SUCCEEDED);
}

/* Found with a real Marathon: the worker that was not sweeping span with the lock held, for ever.
 */
static void a_stream_that_comes_back_during_a_sweep_blocks_nobody(void **state)
{
    struct fixture *f = *state;
    struct ask ask = {.app_id = "/a"};

    atomic_store(&f->fake.stuck, true);
    deploy(f, &ask);
    start_engine(f);
    until_at_least(&f->fake.looks, 1);
    zdd_engine_stream(f->engine, true);
    zdd_engine_event(f->engine, "deployment_success", "{\"appId\":\"/a\"}");
    atomic_store(&f->fake.stuck, false);
    until_phase(f, ask.run_id, ZDD_PHASE_SUCCEEDED);
}

static void a_slow_order_after_the_start_holds_up_no_other_deployment(void **state)
{
    struct fixture *f = *state;
    struct ask slow = {.app_id = "/slow"};
    struct ask other = {.app_id = "/other"};

    atomic_store(&f->fake.slow, true);
    deploy(f, &slow);
    deploy(f, &other);
    start_engine(f);
    until_phase(f, other.run_id, ZDD_PHASE_SUCCEEDED);
    assert_int_equal(phase_of(f, slow.run_id), ZDD_PHASE_APPLYING);
    atomic_store(&f->fake.slow, false);
    until_phase(f, slow.run_id, ZDD_PHASE_SUCCEEDED);
}

static void a_clock_that_is_set_back_keeps_no_deployment_waiting(void **state)
{
    struct fixture *f = *state;
    struct ask ask = {.app_id = "/a"};

    atomic_store(&f->fake.healthy, false);
    deploy(f, &ask);
    start_engine(f);
    until_phase(f, ask.run_id, ZDD_PHASE_ROLLING);
    until_at_least(&f->fake.seen, 2); /* the start, and the confirmation of the order */
    atomic_store(&clock_shift_ms, -3600000);
    atomic_store(&f->fake.healthy, true);
    until_phase(f, ask.run_id, ZDD_PHASE_SUCCEEDED);
}

static void a_queued_deployment_starts_when_the_first_has_ended(void **state)
{
    struct fixture *f = *state;
    struct ask first = {.app_id = "/a"};
    struct ask second = {.app_id = "/a", .when_busy = ZDD_WHEN_BUSY_QUEUE};

    deploy(f, &first);
    deploy(f, &second);
    start_engine(f);
    until_phase(f, first.run_id, ZDD_PHASE_SUCCEEDED);
    until_phase(f, second.run_id, ZDD_PHASE_SUCCEEDED);
}

static void count(void *cls)
{
    atomic_fetch_add((atomic_int *)cls, 1);
}

static void hang(void *cls)
{
    struct hanging *hanging = cls;

    atomic_fetch_add(&hanging->begun, 1);
    while (!atomic_load(&hanging->over))
        pause_shortly();
}

static void callers_who_wait_for_a_slow_marathon_leave_workers_to_deployments(void **state)
{
    struct fixture *f = *state;
    struct ask ask = {.app_id = "/a"};

    start_engine(f);
    for (int i = 0; i < 20; i++)
        assert_true(zdd_engine_submit(f->engine, hang, &f->hanging));
    until_at_least(&f->hanging.begun, 3);
    deploy(f, &ask);
    zdd_engine_wake(f->engine, ask.run_id, ask.app_id);
    until_phase(f, ask.run_id, ZDD_PHASE_SUCCEEDED);
    assert_int_equal(atomic_load(&f->hanging.begun), 3);
    atomic_store(&f->hanging.over, true);
    until_at_least(&f->hanging.begun, 20);
}

static void accepted_jobs_are_done_even_when_it_stops(void **state)
{
    struct fixture *f = *state;
    atomic_int done = 0;
    int accepted = 0;

    start_engine(f);
    for (int i = 0; i < 200; i++)
        accepted += zdd_engine_submit(f->engine, count, &done);
    f->engine = zdd_engine_free(f->engine);
    assert_int_equal(accepted, 200);
    assert_int_equal(atomic_load(&done), 200);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_new_deployment_is_carried_to_its_end_without_any_event,
                                        open_world, close_world),
        cmocka_unit_test_setup_teardown(a_start_looks_at_all_waiting_deployments_with_one_request,
                                        open_world, close_world),
        cmocka_unit_test_setup_teardown(an_event_brings_a_look_at_its_app_alone, open_world,
                                        close_world),
        cmocka_unit_test_setup_teardown(a_burst_of_events_is_answered_with_few_looks, open_world,
                                        close_world),
        cmocka_unit_test_setup_teardown(a_silent_marathon_is_probed_once_for_all, open_world,
                                        close_world),
        cmocka_unit_test_setup_teardown(a_stream_that_comes_back_during_a_sweep_blocks_nobody,
                                        open_world, close_world),
        cmocka_unit_test_setup_teardown(a_queued_deployment_starts_when_the_first_has_ended,
                                        open_world, close_world),
        cmocka_unit_test_setup_teardown(a_slow_order_after_the_start_holds_up_no_other_deployment,
                                        open_world, close_world),
        cmocka_unit_test_setup_teardown(a_clock_that_is_set_back_keeps_no_deployment_waiting,
                                        open_world, close_world),
        cmocka_unit_test_setup_teardown(
            callers_who_wait_for_a_slow_marathon_leave_workers_to_deployments, open_world,
            close_world),
        cmocka_unit_test_setup_teardown(accepted_jobs_are_done_even_when_it_stops, open_world,
                                        close_world),
    };

    return cmocka_run_group_tests_name("server/engine/engine", tests, NULL, NULL);
}
