/**
 * @file tests/unit/server/engine/test_step.c
 * @brief One step: what is written, ordered and reported, and what is not.
 */
#include "server/engine/step.h"

#include "server/base/log.h"
#include "server/engine/sweep.h"
#include "server/engine/wards.h"
#include "storage/intents.h"
#include "storage/revisions.h"
#include "tests/unit/storage/fixture.h"

#include <stdio.h>
#include <string.h>

#define NOW INT64_C(1000000)
#define VERSION_1 "2024-05-01T10:00:01.000Z"
#define VERSION_2 "2024-05-01T10:00:02.000Z"

/* A store, a stepper, and a Marathon that says what the test wants. */
struct world {
    struct place place;
    struct zdd_store *store;
    struct zdd_stepper stepper;
    struct zdd_app_view view;
    int64_t now_ms;
    enum zdd_err look_err, put_err;
    bool moved_meanwhile; /* another writer moves the deployment during the next look */
    int looks, puts;
    size_t asked; /* apps in the last look */
    char put_app[ZDD_APP_ID_SIZE];
    bool intent_was_open;
    enum zdd_point dies_at; /* ZDD_POINT_COUNT: nowhere */
};

static void move_by_other(struct world *w)
{
    struct zdd_run run = load_run(w->store, "run-1");
    char next[ZDD_ID_SIZE];

    run.wake_at_ms = 7;
    assert_good(advance_run(w->store, &run, run.revision, false, next));
}

static enum zdd_err observe(void *cls, const struct zdd_app_ask *asks, size_t count,
                            struct zdd_app_view *ret_views,
                            char reason[static ZDD_CLUSTER_REASON_SIZE])
{
    struct world *w = cls;

    (void)asks;
    w->looks++;
    w->asked = count;
    if (w->moved_meanwhile)
        move_by_other(w);
    w->moved_meanwhile = false;
    for (size_t i = 0; i < count; i++)
        ret_views[i] = w->view;
    snprintf(reason, ZDD_CLUSTER_REASON_SIZE, "%s",
             w->look_err == ZDD_ERR_NONE ? "" : "connection refused");
    return w->look_err;
}

static bool note_open(void *cls, const struct zdd_intent_row *row, const char *detail)
{
    bool *open = cls;

    (void)detail;
    *open = row->closed_at_ms == 0 && row->order.kind == ZDD_ORDER_PUT_TARGET &&
            row->order.instances == 4;
    return true;
}

static enum zdd_err put(void *cls, const struct zdd_cluster_order *order,
                        struct zdd_cluster_ack *ret_ack)
{
    struct world *w = cls;

    w->puts++;
    snprintf(w->put_app, sizeof(w->put_app), "%s", order->app_id);
    assert_good(zdd_intent_list(w->store, order->request_id, note_open, &w->intent_was_open));
    if (w->put_err == ZDD_ERR_NONE) {
        snprintf(ret_ack->version, sizeof(ret_ack->version), VERSION_2);
        snprintf(ret_ack->deployment_id, sizeof(ret_ack->deployment_id), "marathon-1");
    } else {
        snprintf(ret_ack->words, sizeof(ret_ack->words), "no");
    }
    return w->put_err;
}

static const struct zdd_cluster_ops ops = {.observe = observe, .put = put};

static int64_t clock_now(void *cls)
{
    const struct world *w = cls;

    return w->now_ms;
}

static bool dies(void *cls, enum zdd_point point)
{
    const struct world *w = cls;

    return point == w->dies_at;
}

static struct zdd_app_view before_view(void)
{
    struct zdd_app_view view = {
        .exists = true, .fits_previous = true, .instances = 4, .current = {4, 0, 4, 4, 4}};

    snprintf(view.version, sizeof(view.version), VERSION_1);
    snprintf(view.config_version, sizeof(view.config_version), VERSION_1);
    return view;
}

/* Everything is done. */
static struct zdd_app_view after_view(void)
{
    struct zdd_app_view view = before_view();

    view.fits_previous = false;
    view.fits_target = true;
    snprintf(view.version, sizeof(view.version), VERSION_2);
    snprintf(view.config_version, sizeof(view.config_version), VERSION_2);
    return view;
}

struct pair {
    struct zdd_plan plan;
    struct zdd_run run;
    enum zdd_when_busy when_busy;
};

static enum zdd_err insert(struct zdd_tx *tx, void *cls)
{
    static char text[] = "{}";
    struct pair *pair = cls;
    const struct zdd_plan_texts texts = {
        .body = {text}, .request = {text}, .target = {text}, .previous = {text}};
    char busy[ZDD_ID_SIZE];
    enum zdd_err err = zdd_plan_insert(tx, &pair->plan, &texts, "test");

    if (err == ZDD_ERR_NONE)
        err = zdd_run_insert(tx, &pair->run, NULL, pair->when_busy, busy);
    for (int32_t i = 0; err == ZDD_ERR_NONE && i < 2; i++)
        err = zdd_step_insert(
            tx, pair->run.id,
            &(struct zdd_step_row){.index = i, .kind = "step", .text = "A.", .state = "pending"});
    return err;
}

/* Store the rolling upgrade "run-N" of 4 instances of @p app_id. */
static void deploy(struct world *w, int number, const char *app_id)
{
    struct pair pair = {
        .plan = a_plan(.action = ZDD_ACTION_UPGRADE, .deadline_ms = 600000,
                       .old = {.instances = 4,
                               .minimum_health_capacity = 1,
                               .maximum_over_capacity = 1,
                               .has_health_checks = true},
                       .seen = {.exists = true,
                                .version = VERSION_1,
                                .config_version = VERSION_1,
                                .running = 4,
                                .healthy = 4}),
        .run = a_run(),
        .when_busy = ZDD_WHEN_BUSY_QUEUE,
    };

    pair.plan.target = pair.plan.old;
    snprintf(pair.plan.id, sizeof(pair.plan.id), "plan-%d", number);
    snprintf(pair.run.id, sizeof(pair.run.id), "run-%d", number);
    memcpy(pair.run.plan_id, pair.plan.id, sizeof(pair.run.plan_id));
    snprintf(pair.plan.app_id, sizeof(pair.plan.app_id), "%s", app_id);
    memcpy(pair.run.app_id, pair.plan.app_id, sizeof(pair.run.app_id));
    assert_good(zdd_store_write(w->store, insert, &pair));
}

static int setup(void **state)
{
    static struct world w;

    w = (struct world){.now_ms = NOW, .view = before_view(), .dies_at = ZDD_POINT_COUNT};
    zdd_log_level_set(ZDD_LOG_ERROR);
    place_make(&w.place);
    w.store = open_with(&(struct zdd_store_options){
        .path = w.place.path, .holder = "test", .inline_writer = true, .reader_count = 2});
    w.stepper = (struct zdd_stepper){.store = w.store,
                                     .cluster = {&ops, &w},
                                     .now_ms = clock_now,
                                     .clock = &w,
                                     .dies = dies,
                                     .fate = &w};
    deploy(&w, 1, "/shop");
    *state = &w;
    return 0;
}

static int teardown(void **state)
{
    struct world *w = *state;

    zdd_store_free(w->store);
    place_remove(&w->place);
    return 0;
}

static struct zdd_step_report step(struct world *w, const char *run_id)
{
    struct zdd_step_report report;

    assert_good(zdd_step(&w->stepper, run_id, NULL, &report));
    return report;
}

static void the_intent_is_durable_before_the_order_and_closed_after_it(void **state)
{
    struct world *w = *state;
    const struct zdd_step_report report = step(w, "run-1");
    const struct zdd_run run = load_run(w->store, "run-1");
    bool open = true;

    assert_int_equal(w->puts, 1);
    assert_true(w->intent_was_open);
    assert_int_equal(run.phase, ZDD_PHASE_APPLYING);
    assert_int_equal(run.outcome, ZDD_OUTCOME_ACKED);
    assert_string_equal(run.target_version, VERSION_2);
    assert_string_equal(run.deployment_id, "marathon-1");
    assert_int_equal(run.old_side.healthy, 4); /* what was seen is noted too */
    assert_string_equal(run.old_side.version, VERSION_1);
    assert_good(zdd_intent_list(w->store, "run-1", note_open, &open));
    assert_false(open);
    assert_int_equal(ask(w->place.path, "SELECT count(*) FROM audit WHERE result = 'intended' AND"
                                        " action = 'order.put-target' AND run_id = 'run-1'"),
                     1);
    assert_int_equal(ask(w->place.path, "SELECT count(*) FROM audit WHERE result = 'acked' AND"
                                        " action = 'order.put-target' AND run_id = 'run-1'"),
                     1);
    assert_false(report.ended || report.unreachable || report.died);
    assert_int_equal(report.wake_at_ms, NOW + 1000); /* looks even if no event comes */
}

static void what_another_writer_has_moved_is_looked_at_again_at_once(void **state)
{
    struct world *w = *state;
    struct zdd_step_report report;

    w->moved_meanwhile = true;
    report = step(w, "run-1");
    assert_int_equal(report.wake_at_ms, NOW);
    assert_false(report.ended);
    assert_int_equal(w->puts, 0); /* the intent was not written, so nothing is ordered */
    assert_int_equal(load_run(w->store, "run-1").phase, ZDD_PHASE_PENDING);
    (void)step(w, "run-1");
    assert_int_equal(w->puts, 1);
}

static void a_step_that_changes_nothing_writes_nothing(void **state)
{
    struct world *w = *state;
    struct zdd_run before;
    int64_t first, last, again;

    w->view.lock_count = 1;
    snprintf(w->view.lock[0], sizeof(w->view.lock[0]), "somebody-else");
    (void)step(w, "run-1");
    before = load_run(w->store, "run-1");
    assert_string_equal(before.waiting_code, "marathon-lock");
    assert_good(zdd_event_range(w->store, &first, &last));
    for (int i = 0; i < 3; i++)
        (void)step(w, "run-1");
    assert_int_equal(load_run(w->store, "run-1").revision, before.revision);
    assert_good(zdd_event_range(w->store, &first, &again));
    assert_int_equal(again, last);
    assert_int_equal(w->looks, 4);
}

/* A pause that was given just before a failure held it: were it not taken, no other command could
 * ever follow. */
static void a_command_that_comes_too_late_is_taken_all_the_same(void **state)
{
    struct world *w = *state;

    tamper(w->place.path, "UPDATE run SET hold = 'failure'");
    (void)step(w, "run-1");
    assert_string_equal(load_run(w->store, "run-1").waiting_code, "operator");
    tamper(w->place.path, "UPDATE run SET command = 'pause'");
    (void)step(w, "run-1");
    assert_int_equal(load_run(w->store, "run-1").command, ZDD_COMMAND_NONE);
    assert_int_equal(load_run(w->store, "run-1").hold, ZDD_HOLD_FAILURE);
    assert_int_equal(w->puts, 0);
}

static void silence_is_told_with_its_reason(void **state)
{
    struct world *w = *state;
    struct zdd_step_report report;
    struct zdd_run run;

    w->look_err = ZDD_ERR_CLUSTER_DOWN;
    w->view = (struct zdd_app_view){0}; /* as if the app were gone */
    report = step(w, "run-1");
    run = load_run(w->store, "run-1");
    assert_true(report.unreachable);
    assert_string_equal(report.reason, "connection refused");
    assert_int_equal(w->puts, 0);
    assert_int_equal(run.phase, ZDD_PHASE_PENDING);
    assert_string_equal(run.waiting_code, "marathon");
    assert_non_null(strstr(run.waiting_text, "connection refused"));
    assert_int_equal(report.wake_at_ms,
                     NOW + 600000); /* its deadline: it has a timer all the same */
}

static void a_shared_look_gives_no_orders(void **state)
{
    struct world *w = *state;
    const struct zdd_look shared = {.view = &w->view, .reason = "", .shared = true};
    const struct zdd_look alone = {.view = &w->view, .reason = ""};
    struct zdd_step_report report;

    assert_good(zdd_step(&w->stepper, "run-1", &shared, &report));
    assert_int_equal(w->puts, 0);
    assert_int_equal(report.wake_at_ms, NOW);
    assert_int_equal(load_run(w->store, "run-1").revision, 0);
    assert_good(zdd_step(&w->stepper, "run-1", &alone, &report));
    assert_int_equal(w->puts, 1);
    assert_int_equal(w->looks, 0);
}

static void what_marathon_says_decides_when_to_look_again(void **state)
{
    static const struct {
        enum zdd_err err;
        enum zdd_outcome outcome;
        int64_t least_ms, most_ms;
    } rows[] = {
        {ZDD_ERR_CLUSTER_LOCKED, ZDD_OUTCOME_LOCKED, 250, 500},
        {ZDD_ERR_CLUSTER_SLOW, ZDD_OUTCOME_FAILED, 250, 500},
        {ZDD_ERR_CLUSTER_REFUSED, ZDD_OUTCOME_REFUSED, 0, 0},
    };

    for (size_t i = 0; i < ZDD_COUNT(rows); i++) {
        struct world *w = *state;
        struct zdd_step_report report;
        struct zdd_run run;

        w->put_err = rows[i].err;
        report = step(w, "run-1");
        run = load_run(w->store, "run-1");
        assert_int_equal(run.outcome, rows[i].outcome);
        assert_int_equal(run.attempt, 1);
        assert_in_range(report.wake_at_ms, NOW + rows[i].least_ms, NOW + rows[i].most_ms);
        /* Only an order without an answer may still arrive. */
        assert_int_equal(run.unsure_until_ms > NOW, rows[i].outcome == ZDD_OUTCOME_FAILED);
        (void)teardown(state);
        (void)setup(state);
    }
}

static void a_clear_answer_does_not_end_the_doubt_about_an_earlier_order(void **state)
{
    struct world *w = *state;
    int64_t unsure_until_ms;

    w->put_err = ZDD_ERR_CLUSTER_SLOW;
    (void)step(w, "run-1");
    unsure_until_ms = load_run(w->store, "run-1").unsure_until_ms;
    assert_true(unsure_until_ms > NOW + 1000);
    assert_string_equal(load_run(w->store, "run-1").error_text, "no"); /* for whoever asks why */
    w->put_err = ZDD_ERR_NONE;
    w->now_ms = NOW + 1000;
    (void)step(w, "run-1");
    assert_int_equal(w->puts, 2);
    assert_int_equal(load_run(w->store, "run-1").outcome, ZDD_OUTCOME_ACKED);
    assert_string_equal(load_run(w->store, "run-1").error_text, "");
    assert_int_equal(load_run(w->store, "run-1").unsure_until_ms, unsure_until_ms);
}

static void the_next_in_the_queue_is_named_when_one_ends(void **state)
{
    struct world *w = *state;
    struct zdd_step_report report;

    deploy(w, 2, "/shop");
    assert_true(step(w, "run-2").ended); /* it waits: nothing to do, not even a look */
    assert_int_equal(w->looks, 0);
    assert_int_equal(load_run(w->store, "run-2").revision, 0);
    w->view = after_view();
    report = step(w, "run-1");
    assert_true(report.ended);
    assert_string_equal(report.next_id, "run-2");
    assert_int_equal(load_run(w->store, "run-1").phase, ZDD_PHASE_SUCCEEDED);
    assert_true(load_run(w->store, "run-2").active);
    assert_true(step(w, "run-1").ended); /* once more does no harm */
}

static int64_t history_of(struct world *w, const char *app_id)
{
    int64_t count;

    assert_good(zdd_revision_count(w->store, app_id, &count));
    return count;
}

static void only_what_was_carried_out_is_in_the_history_of_its_app(void **state)
{
    struct world *w = *state;

    deploy(w, 2, "/other");
    w->put_err = ZDD_ERR_CLUSTER_REFUSED;
    (void)step(w, "run-1");
    assert_true(step(w, "run-1").ended);
    assert_int_equal(load_run(w->store, "run-1").phase, ZDD_PHASE_FAILED);
    assert_int_equal(history_of(w, "/shop"), 0);
    w->view = after_view();
    assert_true(step(w, "run-2").ended);
    assert_int_equal(load_run(w->store, "run-2").phase, ZDD_PHASE_SUCCEEDED);
    assert_int_equal(history_of(w, "/other"), 1);
}

/* Each kind of news, once. */
static void the_end_is_told_once(void **state)
{
    static const char *const types[] = {"deployment.started", "deployment.step.started",
                                        "deployment.step.finished", "deployment.succeeded"};
    struct world *w = *state;

    w->view = after_view();
    assert_true(step(w, "run-1").ended);
    (void)step(w, "run-1");
    for (size_t i = 0; i < ZDD_COUNT(types); i++) {
        char sql[100];

        snprintf(sql, sizeof(sql), "SELECT count(*) FROM event WHERE type = '%s'", types[i]);
        assert_int_equal(ask(w->place.path, sql), 1);
    }
    assert_int_equal(ask(w->place.path, "SELECT count(*) FROM audit WHERE action = "
                                        "'deployment.end' AND result = 'succeeded'"),
                     1);
}

static void a_deployment_that_is_not_there_has_ended(void **state)
{
    struct world *w = *state;

    assert_true(step(w, "run-9").ended);
    assert_int_equal(w->looks, 0);
}

static void dying_at_a_point_leaves_exactly_what_came_before_it(void **state)
{
    static const struct {
        enum zdd_point point;
        enum zdd_phase phase;
        int puts;
        enum zdd_outcome outcome;
    } rows[] = {
        {ZDD_POINT_AFTER_LOOK, ZDD_PHASE_PENDING, 0, ZDD_OUTCOME_NONE},
        {ZDD_POINT_BEFORE_INTENT, ZDD_PHASE_PENDING, 0, ZDD_OUTCOME_NONE},
        {ZDD_POINT_AFTER_INTENT, ZDD_PHASE_APPLYING, 0, ZDD_OUTCOME_NONE},
        {ZDD_POINT_AFTER_ORDER, ZDD_PHASE_APPLYING, 1, ZDD_OUTCOME_NONE},
        {ZDD_POINT_AFTER_OUTCOME, ZDD_PHASE_APPLYING, 1, ZDD_OUTCOME_ACKED},
    };

    assert_int_equal(ZDD_COUNT(rows), ZDD_POINT_COUNT);
    for (size_t i = 0; i < ZDD_COUNT(rows); i++) {
        struct world *w = *state;
        struct zdd_run run;

        w->dies_at = rows[i].point;
        assert_true(step(w, "run-1").died);
        run = load_run(w->store, "run-1");
        assert_int_equal(run.phase, rows[i].phase);
        assert_int_equal(w->puts, rows[i].puts);
        assert_int_equal(run.outcome, rows[i].outcome);
        assert_int_equal(run.unsure_until_ms > NOW,
                         run.phase == ZDD_PHASE_APPLYING && run.outcome == ZDD_OUTCOME_NONE);
        (void)teardown(state);
        (void)setup(state);
    }
}

/* Look at @p count deployments together and take the step of each. */
static void sweep(struct world *w, char (*run_ids)[ZDD_ID_SIZE], size_t count,
                  enum zdd_err ret_err[], struct zdd_step_report ret_report[])
{
    struct zdd_sweep *swept = zdd_sweep_look(&w->stepper, run_ids, count);

    assert_non_null(swept);
    for (size_t i = 0; i < count; i++)
        ret_err[i] = zdd_sweep_step(swept, i, &ret_report[i]);
    zdd_sweep_free(swept);
}

static void one_look_at_several_gives_no_orders_and_at_one_it_does(void **state)
{
    struct world *w = *state;
    char ids[2][ZDD_ID_SIZE] = {"run-1", "run-2"};
    struct zdd_step_report report[2];
    enum zdd_err err[2];

    deploy(w, 2, "/other");
    sweep(w, ids, 2, err, report);
    assert_good(err[0]);
    assert_good(err[1]);
    assert_int_equal(w->looks, 1);
    assert_int_equal(w->asked, 2);
    assert_int_equal(w->puts, 0);
    assert_int_equal(report[1].wake_at_ms, NOW); /* another step at once */
    sweep(w, ids + 1, 1, err, report);
    assert_int_equal(w->puts, 1);
    assert_string_equal(w->put_app, "/other");
}

static enum zdd_err set_traffic(void *cls, const struct zdd_router_order *order,
                                char reason[static ZDD_ROUTER_REASON_SIZE])
{
    (void)cls;
    (void)order;
    (void)reason;
    return ZDD_ERR_NONE;
}

/* "run-N" over a pair, which waits at a gate; or whose old version has been kept for long enough.
 */
static void deploy_pair(struct world *w, int number, bool waits)
{
    struct zdd_run run;
    char app_id[ZDD_APP_ID_SIZE], sql[300], next[ZDD_ID_SIZE];

    snprintf(app_id, sizeof(app_id), "/pair-%d", number);
    deploy(w, number, app_id);
    snprintf(sql, sizeof(sql),
             "UPDATE plan SET strategy = 'blue-green', program = 'shift 0;gate;keep 1;retire',"
             " pair_old_id = 'pair-%d-blue', pair_new_id = 'pair-%d-green' WHERE id = 'plan-%d';"
             "UPDATE run SET strategy = 'blue-green' WHERE id = 'run-%d'",
             number, number, number, number);
    tamper(w->place.path, sql);
    snprintf(sql, sizeof(sql), "run-%d", number);
    run = load_run(w->store, sql);
    run.phase = waits ? ZDD_PHASE_GATED : ZDD_PHASE_KEEPING;
    run.step = waits ? 1 : 2;
    run.hold = waits ? ZDD_HOLD_GATE : ZDD_HOLD_NONE;
    run.started_at_ms = run.phase_since_ms = NOW - 1000;
    run.deadline_at_ms = run.step_deadline_at_ms = NOW + 600000;
    run.ordered = true;
    assert_good(advance_run(w->store, &run, run.revision, false, next));
}

/* @return looks at Marathon for a sweep over so many, and one more that has something to do */
static int looks_for(struct world *w, int waiting)
{
    static const struct zdd_router_ops router_ops = {.set = set_traffic};
    static char ids[64][ZDD_ID_SIZE];
    static struct zdd_step_report report[64];
    static enum zdd_err err[64];

    w->stepper.router = (struct zdd_router){&router_ops, w};
    w->stepper.wards = zdd_wards_new();
    assert_non_null(w->stepper.wards);
    for (int i = 0; i <= waiting; i++) {
        deploy_pair(w, 100 + i, i < waiting);
        snprintf(ids[i], sizeof(ids[i]), "run-%d", 100 + i);
    }
    w->looks = 0;
    w->view = after_view();
    sweep(w, ids, (size_t)waiting + 1, err, report);
    for (int i = 0; i <= waiting; i++)
        assert_good(err[i]);
    assert_int_equal(w->asked, 2 * (waiting + 1));
    assert_int_equal(load_run(w->store, ids[waiting]).phase, ZDD_PHASE_KEEPING);
    assert_int_equal(report[waiting].wake_at_ms, NOW); /* with a look of its own */
    assert_string_equal(load_run(w->store, ids[0]).new_side.version, VERSION_2);
    w->stepper.wards = zdd_wards_free(w->stepper.wards);
    return w->looks;
}

static void pairs_that_wait_cost_one_look_together(void **state)
{
    struct world *w = *state;
    int few = looks_for(w, 3);

    (void)teardown(state);
    (void)setup(state);
    w = *state;
    assert_int_equal(few, 1);
    assert_int_equal(looks_for(w, 50), few);
}

static enum zdd_err note_traffic(void *cls, const struct zdd_router_order *order,
                                 char reason[static ZDD_ROUTER_REASON_SIZE])
{
    struct zdd_traffic *told = cls;

    (void)reason;
    for (int i = 0; i < ZDD_SIDE_COUNT; i++)
        told->side[i] = (struct zdd_side_setting){order->side[i].serving, order->side[i].weight};
    return ZDD_ERR_NONE;
}

static enum zdd_err show_balancer(void *cls, const struct zdd_router_ask *asks, size_t count,
                                  int64_t max_age_ms, struct zdd_router_view *ret_views,
                                  char reason[static ZDD_ROUTER_REASON_SIZE])
{
    (void)cls;
    (void)asks;
    (void)max_age_ms;
    (void)reason;
    assert_int_equal(count, 1);
    *ret_views = (struct zdd_router_view){.balancer_count = 1, .balancer = {{.reachable = true}}};
    return ZDD_ERR_NONE;
}

/* The new version has all requests, Marathon is away, and somebody wants the old one back. */
static void a_rollback_begins_with_the_balancers_while_marathon_is_silent(void **state)
{
    static const struct zdd_router_ops router_ops = {.set = note_traffic, .observe = show_balancer};
    const struct zdd_look silence = {.err = ZDD_ERR_CLUSTER_DOWN, .reason = "gone"};
    const struct zdd_fleet nobody = {.old_most = 4};
    struct world *w = *state;
    struct zdd_traffic told = {0};
    struct zdd_step_report report;
    struct zdd_run run;
    struct zdd_plan plan;
    char next[ZDD_ID_SIZE];

    w->stepper.router = (struct zdd_router){&router_ops, &told};
    w->stepper.wards = zdd_wards_new();
    assert_non_null(w->stepper.wards);
    deploy_pair(w, 100, false);
    tamper(w->place.path, "UPDATE plan SET seen_exists = 0 WHERE id = 'plan-100'");
    run = load_run(w->store, "run-100");
    run.step = 0; /* the one that stands in the database */
    run.traffic = (struct zdd_traffic){.old_stay = ZDD_INSTANCES_MAX};
    run.traffic.side[ZDD_SIDE_OLD] = (struct zdd_side_setting){ZDD_DRAINS, 0};
    run.traffic.side[ZDD_SIDE_NEW] = (struct zdd_side_setting){ZDD_SERVES, ZDD_WEIGHT_MAX};
    assert_good(advance_run(w->store, &run, run.revision, false, next));
    tamper(w->place.path, "UPDATE run SET command = 'rollback' WHERE id = 'run-100'");
    assert_good(zdd_plan_load(w->store, "plan-100", &plan, NULL));
    assert_good(zdd_wards_see(w->stepper.wards, &plan, &run, &nobody, NOW));
    w->looks = 0;
    assert_good(zdd_step(&w->stepper, "run-100", &silence, &report));
    assert_true(report.unreachable);
    assert_int_equal(w->looks, 0);
    assert_int_equal(load_run(w->store, "run-100").phase, ZDD_PHASE_RETURNING);
    assert_int_equal(told.side[ZDD_SIDE_OLD].serving, ZDD_SERVES);
    assert_int_equal(told.side[ZDD_SIDE_OLD].weight, ZDD_WEIGHT_MAX);
    w->stepper.wards = zdd_wards_free(w->stepper.wards);
}

static void one_that_is_gone_does_not_disturb_the_others(void **state)
{
    struct world *w = *state;
    char ids[2][ZDD_ID_SIZE] = {"run-9", "run-1"};
    struct zdd_step_report report[2];
    enum zdd_err err[2];

    w->view = after_view();
    sweep(w, ids, 2, err, report);
    assert_good(err[0]);
    assert_true(report[0].ended);
    assert_good(err[1]);
    assert_true(report[1].ended);
    assert_int_equal(load_run(w->store, "run-1").phase, ZDD_PHASE_SUCCEEDED);
}

/* What it was not compared with says nothing about its app: the look is of no use, even if the plan
 * can be read again by the time of the step. */
static void one_whose_plan_cannot_be_read_takes_no_step(void **state)
{
    struct world *w = *state;
    char ids[2][ZDD_ID_SIZE] = {"run-1", "run-2"};
    struct zdd_step_report report;
    struct zdd_sweep *swept;

    deploy(w, 2, "/other");
    tamper(w->place.path, "UPDATE plan SET replace_rule = 'unheard-of' WHERE id = 'plan-1'");
    w->view = after_view();
    swept = zdd_sweep_look(&w->stepper, ids, 2);
    assert_non_null(swept);
    tamper(w->place.path, "UPDATE plan SET replace_rule = 'classic' WHERE id = 'plan-1'");
    assert_err(ZDD_ERR_STORE_CORRUPT, zdd_sweep_step(swept, 0, &report));
    assert_int_equal(load_run(w->store, "run-1").phase, ZDD_PHASE_PENDING);
    assert_good(zdd_sweep_step(swept, 1, &report));
    assert_int_equal(load_run(w->store, "run-2").phase, ZDD_PHASE_SUCCEEDED);
    zdd_sweep_free(swept);
}

static void silence_is_told_to_all_of_a_sweep(void **state)
{
    struct world *w = *state;
    char ids[2][ZDD_ID_SIZE] = {"run-1", "run-2"};
    struct zdd_step_report report[2];
    enum zdd_err err[2];

    deploy(w, 2, "/other");
    w->look_err = ZDD_ERR_CLUSTER_DOWN;
    sweep(w, ids, 2, err, report);
    for (int i = 0; i < 2; i++) {
        assert_good(err[i]);
        assert_true(report[i].unreachable);
        assert_string_equal(report[i].reason, "connection refused");
        assert_string_equal(load_run(w->store, ids[i]).waiting_code, "marathon");
    }
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        CASE(the_intent_is_durable_before_the_order_and_closed_after_it),
        CASE(what_another_writer_has_moved_is_looked_at_again_at_once),
        CASE(a_step_that_changes_nothing_writes_nothing),
        CASE(a_command_that_comes_too_late_is_taken_all_the_same),
        CASE(silence_is_told_with_its_reason),
        CASE(a_shared_look_gives_no_orders),
        CASE(what_marathon_says_decides_when_to_look_again),
        CASE(a_clear_answer_does_not_end_the_doubt_about_an_earlier_order),
        CASE(the_next_in_the_queue_is_named_when_one_ends),
        CASE(only_what_was_carried_out_is_in_the_history_of_its_app),
        CASE(the_end_is_told_once),
        CASE(a_deployment_that_is_not_there_has_ended),
        CASE(dying_at_a_point_leaves_exactly_what_came_before_it),
        CASE(one_look_at_several_gives_no_orders_and_at_one_it_does),
        CASE(pairs_that_wait_cost_one_look_together),
        CASE(a_rollback_begins_with_the_balancers_while_marathon_is_silent),
        CASE(one_that_is_gone_does_not_disturb_the_others),
        CASE(one_whose_plan_cannot_be_read_takes_no_step),
        CASE(silence_is_told_to_all_of_a_sweep),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
