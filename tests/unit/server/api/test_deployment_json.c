/**
 * @file tests/unit/server/api/test_deployment_json.c
 * @brief What is derived from a deployment's record: progress, weights, step, commands.
 */
#include "server/api/deployment_json.h"
#include "server/json/json.h"
#include "tests/support/spec.h"

#include <stdlib.h>
#include <string.h>

static const struct zdd_note note = {
    .target_instances = 4, .old_instances = 4, .rollback_mode = "restart", .rollback_s = 70};

#define a_run(...)                                                                                 \
    (&(struct zdd_run){.active = true, .strategy = "rolling", .app_id = "/a", __VA_ARGS__})

static double progress(const struct zdd_run *run)
{
    return zdd_deployment_progress(run, &note);
}

static json_t *written(const struct zdd_run *run)
{
    const struct zdd_deployment_view view = {.run = run, .note = note};
    ZDD_AUTO_BUF struct zdd_buf buf = {0};
    struct zdd_writer w = {.buf = &buf};
    json_t *json = NULL;

    zdd_w_deployment(&w, NULL, &view);
    assert_int_equal(zdd_json_read(buf.data, buf.size, &json, NULL), ZDD_ERR_NONE);
    return json;
}

static void progress_counts_steps_and_new_instances(void **state)
{
    (void)state;
    assert_true(progress(a_run(.phase = ZDD_PHASE_PENDING)) == 0);
    assert_true(progress(a_run(.phase = ZDD_PHASE_ROLLING, .step = 1)) == 0.5);
    assert_true(
        progress(a_run(.phase = ZDD_PHASE_ROLLING, .step = 1, .new_side = {.healthy = 2})) == 0.75);
    assert_true(
        progress(a_run(.phase = ZDD_PHASE_ROLLING, .step = 1, .new_side = {.healthy = 9})) == 1);
    assert_true(progress(a_run(.phase = ZDD_PHASE_SUCCEEDED, .step = 1)) == 1);
}

static void on_the_way_back_the_old_instances_count(void **state)
{
    (void)state;
    assert_true(
        progress(a_run(.phase = ZDD_PHASE_UNDOING, .step = 2, .old_side = {.healthy = 1})) == 0.25);
    assert_true(progress(a_run(.phase = ZDD_PHASE_ROLLED_BACK, .step = 2)) == 1);
    assert_true(progress(a_run(.phase = ZDD_PHASE_FAILED, .step = 1, .new_side = {.healthy = 1})) ==
                0.25);
}

static void an_app_of_no_instances_has_a_progress_too(void **state)
{
    const struct zdd_note none = {.rollback_mode = "none"};

    (void)state;
    assert_true(zdd_deployment_progress(a_run(.phase = ZDD_PHASE_ROLLING, .step = 1), &none) ==
                0.5);
    assert_true(zdd_deployment_progress(a_run(.phase = ZDD_PHASE_UNDOING, .step = 2), &none) == 0);
}

static void weights_are_shares_of_the_healthy_instances(void **state)
{
    ZDD_AUTO_JSON json_t *json = written(
        a_run(.phase = ZDD_PHASE_ROLLING, .old_side = {.healthy = 2}, .new_side = {.healthy = 1}));
    ZDD_AUTO_JSON json_t *nobody = written(a_run(.phase = ZDD_PHASE_ROLLING));

    (void)state;
    assert_true(json_number_value(zdd_json_at(json, "/old/weight")) == 66.67);
    assert_true(json_number_value(zdd_json_at(json, "/new/weight")) == 33.33);
    assert_true(json_number_value(zdd_json_at(nobody, "/new/weight")) == 0);
}

static double pair_progress(const struct zdd_run *run)
{
    static const struct zdd_note over_pair = {
        .target_instances = 4, .old_instances = 4, .rollback_mode = "traffic", .program_steps = 8};

    return zdd_deployment_progress(run, &over_pair);
}

static void progress_over_a_pair_goes_by_its_program(void **state)
{
    (void)state;
    assert_true(pair_progress(a_run(.phase = ZDD_PHASE_PENDING)) == 0);
    assert_true(pair_progress(a_run(.phase = ZDD_PHASE_SHIFTING, .step = 2)) == 0.25);
    assert_true(pair_progress(a_run(.phase = ZDD_PHASE_ROLLING, .step = 2,
                                    .new_side = {.healthy = 2})) == 0.31);
    assert_true(pair_progress(a_run(.phase = ZDD_PHASE_SETTLING, .step = 7)) == 0.88);
    assert_true(pair_progress(a_run(.phase = ZDD_PHASE_SUCCEEDED, .step = 7)) == 1);
    /* Back: the old version was whole all the time, the new one goes. */
    assert_true(
        pair_progress(a_run(.phase = ZDD_PHASE_RETURNING, .step = 8, .old_side = {.healthy = 4},
                            .new_side = {.instances = 4, .healthy = 4})) == 0);
    assert_true(pair_progress(a_run(.phase = ZDD_PHASE_UNDOING, .step = 8,
                                    .old_side = {.healthy = 4}, .new_side = {.instances = 1})) ==
                0.75);
}

static json_t *written_pair_of(const struct zdd_run *run, const char *old_id, bool by_users)
{
    struct zdd_plan plan = {.pair = {.new_id = "/a-green", .by_users = by_users}};
    const struct zdd_deployment_view view = {
        .run = run,
        .note = {.target_instances = 4, .rollback_mode = "traffic", .program_steps = 2},
        .plan = &plan};
    ZDD_AUTO_BUF struct zdd_buf buf = {0};
    struct zdd_writer w = {.buf = &buf};
    json_t *json = NULL;

    memcpy(plan.pair.old_id, old_id, strlen(old_id));
    zdd_program_add(&plan.program, ZDD_STEP_START, 4);
    zdd_program_add(&plan.program, ZDD_STEP_SHIFT, 10000);
    zdd_w_deployment(&w, NULL, &view);
    assert_int_equal(zdd_json_read(buf.data, buf.size, &json, NULL), ZDD_ERR_NONE);
    return json;
}

static json_t *written_pair(const struct zdd_run *run, const char *old_id)
{
    return written_pair_of(run, old_id, false);
}

/* 800 of their 1000 requests came with a cookie for the old version. */
static void a_share_of_new_users_is_not_measured_by_those_who_stick_to_their_version(void **state)
{
    const struct zdd_run *run = a_run(.phase = ZDD_PHASE_SHIFTING, .step = 1,
                                      .split = {.since_ms = 1,
                                                .until_ms = 2,
                                                .old_requests = 940,
                                                .new_requests = 60,
                                                .old_chosen = 160,
                                                .new_chosen = 40});
    ZDD_AUTO_JSON json_t *of_users = written_pair_of(run, "/a-blue", true);
    ZDD_AUTO_JSON json_t *of_requests = written_pair_of(run, "/a-blue", false);
    ZDD_AUTO_JSON json_t *nobody =
        written_pair_of(a_run(.phase = ZDD_PHASE_SHIFTING, .step = 1), "/a-blue", true);

    (void)state;
    assert_string_equal(json_string_value(zdd_json_at(of_users, "/new/weightOf")), "new-users");
    assert_true(json_number_value(zdd_json_at(of_users, "/new/measuredWeight")) == 20);
    assert_true(json_number_value(zdd_json_at(of_users, "/new/measuredRequestWeight")) == 6);
    assert_int_equal(json_integer_value(zdd_json_at(of_users, "/new/measuredRequests")), 200);
    assert_true(json_number_value(zdd_json_at(of_users, "/new/measuredInterval/0")) > 14);
    assert_string_equal(json_string_value(zdd_json_at(of_requests, "/new/weightOf")), "requests");
    assert_true(json_number_value(zdd_json_at(of_requests, "/new/measuredWeight")) == 6);
    assert_null(zdd_json_at(of_requests, "/new/measuredRequestWeight"));
    assert_true(json_is_null(zdd_json_at(nobody, "/new/measuredWeight")));
    assert_true(json_is_null(zdd_json_at(nobody, "/new/measuredRequestWeight")));
}

static void assert_weights(struct zdd_traffic traffic, double old, double new)
{
    ZDD_AUTO_JSON json_t *json =
        written_pair(a_run(.phase = ZDD_PHASE_SHIFTING, .old_side = {.healthy = 3},
                           .new_side = {.healthy = 1}, .traffic = traffic),
                     "/a-blue");

    assert_true(json_number_value(zdd_json_at(json, "/old/weight")) == old);
    assert_true(json_number_value(zdd_json_at(json, "/new/weight")) == new);
}

#define traffic_of(...) ((struct zdd_traffic){.side = {__VA_ARGS__}, .old_stay = ZDD_INSTANCES_MAX})

static void weights_of_a_pair_are_what_the_balancers_were_told(void **state)
{
    (void)state;
    assert_weights(traffic_of({ZDD_SERVES, 100}, {ZDD_SERVES, 75}), 80, 20);
    assert_weights(traffic_of({ZDD_SERVES, 1}, {ZDD_SERVES, 1}), 75, 25);
    assert_weights(traffic_of({ZDD_SERVES, 0}, {ZDD_SERVES, 256}), 0, 100);
    assert_weights(traffic_of({ZDD_DRAINS, 7}, {ZDD_SERVES, 1}), 0, 100);
    assert_weights(traffic_of({ZDD_SERVES, 1}, {ZDD_RESTS, 7}), 100, 0);
    assert_weights(traffic_of({ZDD_DRAINS, 0}, {ZDD_RESTS, 0}), 0, 0);
    /* Two of the three old ones leave. */
    assert_weights((struct zdd_traffic){.side = {{ZDD_SERVES, 9}, {ZDD_SERVES, 9}}, .old_stay = 1},
                   50, 50);
}

static void a_pair_is_shown_by_its_apps_and_the_steps_of_its_program(void **state)
{
    const struct zdd_run *run = a_run(.phase = ZDD_PHASE_SHIFTING, .step = 1);
    ZDD_AUTO_JSON json_t *json = written_pair(run, "/a-blue");
    ZDD_AUTO_JSON json_t *first = written_pair(run, "");

    (void)state;
    assert_string_equal(json_string_value(zdd_json_at(json, "/appId")), "/a");
    assert_string_equal(json_string_value(zdd_json_at(json, "/old/appId")), "/a-blue");
    assert_string_equal(json_string_value(zdd_json_at(json, "/new/appId")), "/a-green");
    assert_string_equal(json_string_value(zdd_json_at(json, "/step/kind")), "shift");
    assert_int_equal(json_integer_value(zdd_json_at(json, "/step/of")), 2);
    assert_string_equal(json_string_value(zdd_json_at(json, "/rollback/mode")), "traffic");
    /* Where nothing ran before, the pair itself stands for it. */
    assert_string_equal(json_string_value(zdd_json_at(first, "/old/appId")), "/a");
}

static double wanted_at(enum zdd_phase phase, int32_t step)
{
    ZDD_AUTO_JSON json_t *json = written_pair(a_run(.phase = phase, .step = step), "/a-blue");
    const double old = json_number_value(zdd_json_at(json, "/old/wantedWeight"));
    const double new = json_number_value(zdd_json_at(json, "/new/wantedWeight"));

    assert_true(old + new == 100);
    return new;
}

static void a_pair_says_the_share_that_its_step_wants(void **state)
{
    ZDD_AUTO_JSON json_t *one_app = written(a_run(.phase = ZDD_PHASE_ROLLING));

    (void)state;
    assert_true(wanted_at(ZDD_PHASE_ROLLING, 0) == 0);
    assert_true(wanted_at(ZDD_PHASE_SHIFTING, 1) == 100);
    assert_true(wanted_at(ZDD_PHASE_SUCCEEDED, 1) == 100);
    assert_true(wanted_at(ZDD_PHASE_RETURNING, 2) == 0);
    assert_true(wanted_at(ZDD_PHASE_CANCELED, 2) == 0);
    assert_null(zdd_json_at(one_app, "/new/wantedWeight"));
    assert_null(zdd_json_at(one_app, "/new/addresses"));
}

static void new_instances_can_be_reached_by_their_addresses(void **state)
{
    ZDD_AUTO_JSON json_t *none = written_pair(a_run(.phase = ZDD_PHASE_ROLLING), "/a-blue");
    ZDD_AUTO_JSON json_t *two = written_pair(
        a_run(.phase = ZDD_PHASE_GATED, .new_addresses = "10.0.0.7:31005 [2001:db8::1]:31009"),
        "/a-blue");

    (void)state;
    assert_int_equal(json_array_size(zdd_json_at(none, "/new/addresses")), 0);
    assert_true(json_is_array(zdd_json_at(none, "/new/addresses")));
    assert_null(zdd_json_at(two, "/old/addresses"));
    assert_int_equal(json_array_size(zdd_json_at(two, "/new/addresses")), 2);
    assert_string_equal(json_string_value(zdd_json_at(two, "/new/addresses/0")), "10.0.0.7:31005");
    assert_string_equal(json_string_value(zdd_json_at(two, "/new/addresses/1")),
                        "[2001:db8::1]:31009");
}

static void the_way_back_is_one_step_more(void **state)
{
    ZDD_AUTO_JSON json_t *forward = written(a_run(.phase = ZDD_PHASE_ROLLING, .step = 1));
    ZDD_AUTO_JSON json_t *back = written(a_run(.phase = ZDD_PHASE_UNDOING, .step = 2));

    (void)state;
    assert_int_equal(json_integer_value(zdd_json_at(forward, "/step/of")), 2);
    assert_int_equal(json_integer_value(zdd_json_at(back, "/step/of")), 3);
    assert_string_equal(json_string_value(zdd_json_at(back, "/step/kind")), "go-back");
}

static void a_strategy_that_is_no_more_has_no_step(void **state)
{
    ZDD_AUTO_JSON json_t *json = NULL;
    struct zdd_run run = *a_run(.phase = ZDD_PHASE_ROLLING, .step = 1);

    (void)state;
    memcpy(run.strategy, "forgotten", sizeof("forgotten"));
    json = written(&run);
    assert_true(json_is_null(json_object_get(json, "step")));
}

static void rollback_is_possible_where_the_table_says_so(void **state)
{
    ZDD_AUTO_JSON json_t *running = written(a_run(.phase = ZDD_PHASE_ROLLING));
    ZDD_AUTO_JSON json_t *ended = written(a_run(.phase = ZDD_PHASE_SUCCEEDED));

    (void)state;
    assert_true(json_is_true(zdd_json_at(running, "/rollback/possible")));
    assert_true(json_is_false(zdd_json_at(ended, "/rollback/possible")));
    assert_int_equal(json_array_size(json_object_get(ended, "allowedCommands")), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(progress_counts_steps_and_new_instances),
        cmocka_unit_test(on_the_way_back_the_old_instances_count),
        cmocka_unit_test(an_app_of_no_instances_has_a_progress_too),
        cmocka_unit_test(weights_are_shares_of_the_healthy_instances),
        cmocka_unit_test(progress_over_a_pair_goes_by_its_program),
        cmocka_unit_test(weights_of_a_pair_are_what_the_balancers_were_told),
        cmocka_unit_test(a_share_of_new_users_is_not_measured_by_those_who_stick_to_their_version),
        cmocka_unit_test(a_pair_is_shown_by_its_apps_and_the_steps_of_its_program),
        cmocka_unit_test(a_pair_says_the_share_that_its_step_wants),
        cmocka_unit_test(new_instances_can_be_reached_by_their_addresses),
        cmocka_unit_test(the_way_back_is_one_step_more),
        cmocka_unit_test(a_strategy_that_is_no_more_has_no_step),
        cmocka_unit_test(rollback_is_possible_where_the_table_says_so),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
