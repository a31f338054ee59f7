/**
 * @file tests/fault/journey.c
 * @brief A whole deployment in virtual time.
 */
#include "tests/fault/journey.h"

#include "server/base/crypto.h"
#include "server/engine/sweep.h"
#include "storage/intents.h"
#include "strategies/strategy.h"

#include <stdio.h>
#include <string.h>

#define END_BY_MS 3600000 /* deadline, way back and their grace together */
#define DEADLINE_MS 120000
#define SWEEP_MS 45000
#define RETRY_MS 1000 /* as the engine after a store error */
#define PROBE_MS 2000 /* as the engine while Marathon is silent */

const struct journey_kind journey_kinds[] = {
    {"rolling", "rolling", ZDD_ACTION_UPGRADE, false, ZDD_PHASE_SUCCEEDED},
    {"rolling, sick", "rolling", ZDD_ACTION_UPGRADE, true, ZDD_PHASE_ROLLED_BACK},
    {"create", "rolling", ZDD_ACTION_CREATE, false, ZDD_PHASE_SUCCEEDED},
    {"create, sick", "rolling", ZDD_ACTION_CREATE, true, ZDD_PHASE_ROLLED_BACK},
    {"recreate", "recreate", ZDD_ACTION_UPGRADE, false, ZDD_PHASE_SUCCEEDED},
    {"recreate, sick", "recreate", ZDD_ACTION_UPGRADE, true, ZDD_PHASE_ROLLED_BACK},
    {"scale", "scale", ZDD_ACTION_SCALE, false, ZDD_PHASE_SUCCEEDED},
    {"restart", "restart", ZDD_ACTION_RESTART, false, ZDD_PHASE_SUCCEEDED},
    {.title = NULL},
};

static void enter(struct journey *j, bool inside)
{
    if (j->inside)
        j->inside(inside);
}

/* @return the fault of this call, or NULL */
static const struct journey_fault *next_call(struct journey *j)
{
    j->calls++;
    return j->calls >= j->fail_from && j->calls <= j->fail_to ? j->fault : NULL;
}

static enum zdd_err observe(void *cls, const struct zdd_app_ask *asks, size_t count,
                            struct zdd_app_view *ret_views,
                            char reason[static ZDD_CLUSTER_REASON_SIZE])
{
    struct journey *j = cls;
    const struct journey_fault *fault = next_call(j);
    enum zdd_err err = fault ? fault->err : ZDD_ERR_NONE;

    enter(j, false);
    if (fault)
        snprintf(reason, ZDD_CLUSTER_REASON_SIZE, "%s", fault->title);
    else
        err = j->inner.ops->observe(j->inner.cls, asks, count, ret_views, reason);
    for (size_t i = 0; i < count; i++) {
        if (strcmp(asks[i].app_id, j->plan.app_id) != 0)
            ret_views[i] = (struct zdd_app_view){.exists = false}; /* nobody has that app */
    }
    enter(j, true);
    return err;
}

typedef enum zdd_err sender(void *cls, const struct zdd_cluster_order *order,
                            struct zdd_cluster_ack *ret_ack);

static enum zdd_err send(struct journey *j, sender *carry_out,
                         const struct zdd_cluster_order *order, struct zdd_cluster_ack *ret_ack)
{
    const struct journey_fault *fault = next_call(j);
    enum zdd_err err = ZDD_ERR_NONE;

    enter(j, false);
    if (!fault || fault->carried_out)
        err = carry_out(j->inner.cls, order, ret_ack);
    if (fault) {
        memset(ret_ack, 0, sizeof(*ret_ack));
        err = fault->err;
    }
    enter(j, true);
    return err;
}

static enum zdd_err put(void *cls, const struct zdd_cluster_order *order,
                        struct zdd_cluster_ack *ret_ack)
{
    struct journey *j = cls;

    return send(j, j->inner.ops->put, order, ret_ack);
}

static enum zdd_err restart(void *cls, const struct zdd_cluster_order *order,
                            struct zdd_cluster_ack *ret_ack)
{
    struct journey *j = cls;

    return send(j, j->inner.ops->restart, order, ret_ack);
}

static enum zdd_err delete_app(void *cls, const struct zdd_cluster_order *order,
                               struct zdd_cluster_ack *ret_ack)
{
    struct journey *j = cls;

    return send(j, j->inner.ops->remove, order, ret_ack);
}

static const struct zdd_cluster_ops ops = {
    .observe = observe, .put = put, .restart = restart, .remove = delete_app};

struct wanted {
    enum zdd_order_kind kind;
    int32_t instances;
    bool found;
};

static bool see_intent(void *cls, const struct zdd_intent_row *row, const char *detail)
{
    struct wanted *wanted = cls;

    (void)detail;
    wanted->found = row->closed_at_ms == 0 && row->order.kind == wanted->kind &&
                    row->order.instances == wanted->instances;
    return true;
}

/* Intent before effect: the newest entry of the journal is this very order, and open. */
static void check_order(void *cls, enum zdd_order_kind kind, const struct zdd_cluster_order *order)
{
    struct journey *j = cls;
    struct wanted wanted = {kind, order->instances, false};

    assert_good(zdd_intent_list(j->store, j->run.id, see_intent, &wanted));
    assert_true(wanted.found);
}

static int64_t now_of(void *cls)
{
    return ((struct journey *)cls)->world.now_ms;
}

static void make_plan(struct zdd_plan *p, const struct journey_kind *kind)
{
    *p = (struct zdd_plan){.action = kind->action,
                           .created_at_ms = 1000,
                           .app_id = "/shop",
                           .deadline_ms = DEADLINE_MS,
                           .on_failure = ZDD_ON_FAILURE_ROLLBACK,
                           .replace_rule = ZDD_REPLACE_CLASSIC};
    snprintf(p->strategy, sizeof(p->strategy), "%s", kind->strategy);
    snprintf(p->digest, sizeof(p->digest), "sha256:%064d", 0);
    zdd_uuid7(p->created_at_ms, p->id);
    p->target = (struct zdd_app_facts){.instances = 3,
                                       .minimum_health_capacity = 0.5,
                                       .maximum_over_capacity = 0.5,
                                       .has_health_checks = true,
                                       .has_marathon_checks = true,
                                       .start_ms = 30000};
    if (kind->action == ZDD_ACTION_CREATE)
        return;
    p->old = p->target;
    p->seen = (struct zdd_precondition){.exists = true, .running = 3, .healthy = 3};
    snprintf(p->seen.version, sizeof(p->seen.version), "2024-05-01T10:00:01.000Z");
    snprintf(p->seen.config_version, sizeof(p->seen.config_version), "2024-05-01T10:00:01.000Z");
    if (kind->action == ZDD_ACTION_SCALE)
        p->target.instances = 5;
}

void journey_init(struct journey *j, const struct journey_kind *kind, struct zdd_store *store)
{
    *j = (struct journey){.kind = kind, .store = store};
    make_plan(&j->plan, kind);
    world_init(&j->world, 1, &j->plan);
    j->world.calm = true;
    j->world.target_health = kind->sick ? TARGET_SICK : TARGET_WELL;
    j->world.on_order = check_order;
    j->world.cls = j;
    j->inner = world_cluster(&j->world);
    j->stepper.store = store;
    j->stepper.cluster = (struct zdd_cluster){&ops, j};
    j->stepper.now_ms = now_of;
    j->stepper.clock = j;
}

static enum zdd_err insert_steps(struct zdd_tx *tx, const struct journey *j)
{
    const struct zdd_strategy *strategy = zdd_strategy_find(j->plan.strategy);
    enum zdd_err err = ZDD_ERR_NONE;

    for (size_t i = 0; err == ZDD_ERR_NONE && i < strategy->step_count; i++) {
        struct zdd_step_row row = {.index = (int32_t)i, .state = "pending"};

        snprintf(row.kind, sizeof(row.kind), "%s", strategy->steps[i].kind);
        snprintf(row.text, sizeof(row.text), "%s", strategy->steps[i].text);
        err = zdd_step_insert(tx, j->run.id, &row);
    }
    return err;
}

static enum zdd_err insert(struct zdd_tx *tx, void *cls)
{
    static char target[] = "{\"t\":1}"; /* as the simulator's Marathon knows them */
    static char previous[] = "{\"p\":1}";
    static char body[] = "{}";
    struct journey *j = cls;
    struct zdd_plan_texts texts = {.body = {body},
                                   .request = {body},
                                   .target = {target},
                                   .previous = {j->plan.seen.exists ? previous : NULL}};
    char busy[ZDD_ID_SIZE];
    enum zdd_err err = zdd_plan_insert(tx, &j->plan, &texts, "test");

    j->run = (struct zdd_run){.created_at_ms = j->world.now_ms, .wake_at_ms = j->world.now_ms};
    zdd_uuid7(j->world.now_ms, j->run.id);
    memcpy(j->run.plan_id, j->plan.id, sizeof(j->run.plan_id));
    memcpy(j->run.app_id, j->plan.app_id, sizeof(j->run.app_id));
    memcpy(j->run.strategy, j->plan.strategy, sizeof(j->run.strategy));
    snprintf(j->run.created_by, sizeof(j->run.created_by), "test");
    if (err == ZDD_ERR_NONE)
        err = zdd_run_insert(tx, &j->run, NULL, ZDD_WHEN_BUSY_REJECT, busy);
    return err == ZDD_ERR_NONE ? insert_steps(tx, j) : err;
}

enum zdd_err journey_begin(struct journey *j)
{
    enum zdd_err err;

    enter(j, true);
    err = zdd_store_write(j->store, insert, j);
    enter(j, false);
    return err;
}

static enum zdd_err take_step(struct journey *j, struct zdd_step_report *ret_report)
{
    enum zdd_err err;

    enter(j, true);
    if (j->sweeps) {
        struct zdd_sweep *sweep = zdd_sweep_look(&j->stepper, &j->run.id, 1);

        *ret_report = (struct zdd_step_report){0};
        err = sweep ? zdd_sweep_step(sweep, 0, ret_report) : ZDD_ERR_NO_MEMORY;
        zdd_sweep_free(sweep);
    } else {
        err = zdd_step(&j->stepper, j->run.id, NULL, ret_report);
    }
    enter(j, false);
    return err;
}

static void step(struct journey *j)
{
    struct zdd_step_report report;
    const enum zdd_err err = take_step(j, &report);

    j->world.event_count = 0; /* what is on its way would tell what has just been seen */
    if (err != ZDD_ERR_NONE) {
        j->errors++;
        j->wake_at_ms = j->world.now_ms + RETRY_MS;
        return;
    }
    assert_false(report.died);
    assert_good(zdd_run_load(j->store, j->run.id, &j->run, NULL));
    j->wake_at_ms = report.wake_at_ms ? report.wake_at_ms : INT64_MAX;
    if (report.unreachable && j->wake_at_ms > j->world.now_ms + PROBE_MS)
        j->wake_at_ms = j->world.now_ms + PROBE_MS;
}

void journey_run(struct journey *j)
{
    const int64_t end_by_ms = j->world.now_ms + END_BY_MS;

    while (!zdd_phase_is_final(j->run.phase)) {
        if (world_event(&j->world) || j->world.now_ms >= j->wake_at_ms ||
            j->world.now_ms >= j->sweep_at_ms) {
            if (j->world.now_ms >= j->sweep_at_ms)
                j->sweep_at_ms = j->world.now_ms + SWEEP_MS;
            step(j);
        }
        world_tick(&j->world);
        if (j->world.now_ms > end_by_ms)
            fail_msg("%s: phase %s, waiting for %s", j->kind->title, zdd_phase_name(j->run.phase),
                     j->run.waiting_text);
    }
}

static void check_world(const struct journey *j)
{
    const struct zdd_twin *twin = &j->world.twin;
    const bool back = j->run.phase == ZDD_PHASE_ROLLED_BACK;
    struct zdd_side now;
    struct zdd_side old;

    assert_int_equal(twin->exists, !back || j->plan.seen.exists);
    if (!twin->exists)
        return;
    zdd_twin_sides(twin, &now, &old);
    assert_int_equal(twin->facts.instances,
                     back ? j->plan.old.instances : j->plan.target.instances);
    assert_int_equal(now.healthy, twin->facts.instances);
    assert_int_equal(old.total, 0);
    if (j->plan.action == ZDD_ACTION_UPGRADE)
        assert_int_equal(twin->definition, back ? ZDD_DEFINITION_PREVIOUS : ZDD_DEFINITION_TARGET);
}

static bool see_event(void *cls, const struct zdd_event *event)
{
    int64_t *last = cls;

    assert_int_equal(event->seq, *last + 1);
    *last = event->seq;
    return true;
}

int journey_untouched(const struct journey_kind *kind)
{
    struct zdd_store *store = open_memory();
    struct journey j;

    journey_init(&j, kind, store);
    assert_good(journey_begin(&j));
    journey_run(&j);
    journey_check(&j, j.world.version);
    zdd_store_free(store);
    return j.world.version;
}

/* To take new instances away a count is asked for twice, another one and the right one; when the
 * answer to that is lost, nobody can tell the right count from the one before, and the pair is
 * asked for again. */
static int spare_versions(const struct journey *j)
{
    return j->kind->sick ? 2 : 0;
}

void journey_check(struct journey *j, int versions)
{
    const struct zdd_event_filter filter = {.limit = 1000};
    struct zdd_audit_verdict verdict;
    int64_t last = 0;

    if (j->run.phase != j->kind->end)
        fail_msg("%s: ended %s (%s)", j->kind->title, zdd_phase_name(j->run.phase),
                 j->run.error_text);
    check_world(j);
    assert_good(zdd_audit_verify(j->store, &verdict));
    assert_true(verdict.ok);
    assert_true(verdict.entries > 0);
    assert_good(zdd_event_list(j->store, &filter, see_event, &last));
    assert_true(last > 1);
    assert_in_range(j->world.version, 1, versions + spare_versions(j));
}
