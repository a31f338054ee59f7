/**
 * @file tests/unit/server/engine/test_measure.c
 * @brief Requests of both versions, summed over balancers, reloads and restarts.
 */
#include "server/engine/measure.h"
#include "tests/support/spec.h"

#include <stdio.h>
#include <string.h>

#define T0 1000000

static struct zdd_router_view view(int64_t old_requests, int64_t new_requests)
{
    struct zdd_router_view v = {.balancer_count = 1};

    v.balancer[0].reachable = true;
    snprintf(v.balancer[0].name, sizeof(v.balancer[0].name), "one");
    v.balancer[0].side[ZDD_SIDE_OLD].counters.requests = old_requests;
    v.balancer[0].side[ZDD_SIDE_NEW].counters.requests = new_requests;
    return v;
}

static struct zdd_run a_run(const char *id, int64_t since_ms)
{
    struct zdd_run run = {.traffic_seen_at_ms = since_ms};

    run.traffic.side[ZDD_SIDE_OLD].weight = 256;
    run.traffic.side[ZDD_SIDE_NEW].weight = 64;

    snprintf(run.id, sizeof(run.id), "%s", id);
    return run;
}

/* A fifth for the new version. */
static struct zdd_plan a_plan(void)
{
    struct zdd_plan plan = {0};

    assert_true(zdd_program_parse("weight 2000;shift 10000", &plan.program));
    return plan;
}

static void show(struct zdd_measure *m, struct zdd_run *run, const struct zdd_router_view *v)
{
    const struct zdd_plan plan = a_plan();

    zdd_measure_look(m, &plan, v, T0 + 1, run);
    zdd_measure_note(m, v, T0 + 1, run);
}

static void note(struct zdd_measure *m, struct zdd_run *run, int64_t old, int64_t new)
{
    const struct zdd_router_view v = view(old, new);

    show(m, run, &v);
}

#define assert_measured(run, old, new)                                                             \
    do {                                                                                           \
        assert_int_equal((run).split.old_requests, (old));                                         \
        assert_int_equal((run).split.new_requests, (new));                                         \
    } while (0)

static void only_what_comes_after_the_first_look_counts(void **state)
{
    struct zdd_measure *m = zdd_measure_new();
    struct zdd_run run = a_run("a", T0);

    (void)state;
    note(m, &run, 500, 100);
    assert_measured(run, 0, 0);
    assert_int_equal(run.split.since_ms, T0);
    note(m, &run, 580, 120);
    assert_measured(run, 80, 20);
    note(m, &run, 580, 120);
    assert_measured(run, 80, 20);
    zdd_measure_free(m);
}

static void other_weights_begin_anew(void **state)
{
    struct zdd_measure *m = zdd_measure_new();
    struct zdd_run run = a_run("a", T0);

    (void)state;
    note(m, &run, 0, 0);
    note(m, &run, 80, 20);
    run.traffic_seen_at_ms = 0; /* they are on their way */
    note(m, &run, 90, 30);
    assert_measured(run, 0, 0);
    assert_int_equal(run.split.since_ms, 0);
    run.traffic_seen_at_ms = T0 + 5000;
    note(m, &run, 100, 40);
    note(m, &run, 150, 90);
    assert_measured(run, 50, 50);
    zdd_measure_free(m);
}

static void a_reload_counts_from_nothing(void **state)
{
    struct zdd_measure *m = zdd_measure_new();
    struct zdd_run run = a_run("a", T0);
    struct zdd_router_view after = view(30, 10);

    (void)state;
    note(m, &run, 1000, 1000);
    after.balancer[0].started_at_ms = T0;
    show(m, &run, &after);
    assert_measured(run, 30, 10);
    zdd_measure_free(m);
}

static void a_server_that_ends_is_no_reload(void **state)
{
    struct zdd_measure *m = zdd_measure_new();
    struct zdd_run run = a_run("a", T0);

    (void)state;
    note(m, &run, 1000, 1000);
    note(m, &run, 500, 1010);
    assert_measured(run, 0, 10);
    note(m, &run, 520, 1020);
    assert_measured(run, 20, 20);
    zdd_measure_free(m);
}

static void balancers_add_up_and_one_that_does_not_answer_waits(void **state)
{
    struct zdd_measure *m = zdd_measure_new();
    struct zdd_run run = a_run("a", T0);
    struct zdd_router_view two = view(0, 0);

    (void)state;
    two.balancer_count = 2;
    two.balancer[1] = two.balancer[0];
    snprintf(two.balancer[1].name, sizeof(two.balancer[1].name), "two");
    show(m, &run, &two);
    two.balancer[0].side[ZDD_SIDE_OLD].counters.requests = 10;
    two.balancer[1].side[ZDD_SIDE_OLD].counters.requests = 5;
    two.balancer[1].side[ZDD_SIDE_NEW].counters.requests = 3;
    two.balancer[1].reachable = false;
    show(m, &run, &two);
    assert_measured(run, 10, 0);
    two.balancer[1].reachable = true;
    show(m, &run, &two);
    assert_measured(run, 15, 3);
    zdd_measure_free(m);
}

static void after_a_restart_the_sums_go_on(void **state)
{
    struct zdd_measure *m = zdd_measure_new();
    struct zdd_run run = a_run("a", T0);

    (void)state;
    note(m, &run, 0, 0);
    note(m, &run, 80, 20);
    zdd_measure_free(m);
    m = zdd_measure_new();
    note(m, &run, 100, 25);
    assert_measured(run, 80, 20); /* what came in between nobody knows */
    note(m, &run, 180, 45);
    assert_measured(run, 160, 40);
    zdd_measure_free(m);
}

static void deployments_do_not_mix_and_the_one_unseen_longest_goes(void **state)
{
    struct zdd_measure *m = zdd_measure_new();
    struct zdd_run first = a_run("first", T0);

    (void)state;
    note(m, &first, 0, 0);
    for (int i = 0; i < 200; i++) {
        char id[16];
        struct zdd_run run;

        snprintf(id, sizeof(id), "run-%d", i);
        run = a_run(id, T0);
        note(m, &run, 1000, 1000);
        note(m, &run, 1001, 1001);
        assert_measured(run, 1, 1);
    }
    note(m, &first, 50, 50);
    assert_measured(first, 0, 0);
    note(m, &first, 60, 70);
    assert_measured(first, 10, 20);
    zdd_measure_free(m);
}

static void requests_that_weights_have_chosen_are_counted_by_themselves(void **state)
{
    struct zdd_measure *m = zdd_measure_new();
    struct zdd_run run = a_run("a", T0);
    struct zdd_router_view v = view(900, 300);
    struct zdd_side_traffic *side = v.balancer[0].side;

    (void)state;
    side[ZDD_SIDE_OLD].counters.chosen = 90;
    side[ZDD_SIDE_NEW].counters.chosen = 10;
    show(m, &run, &v);
    side[ZDD_SIDE_OLD].counters.requests += 700;
    side[ZDD_SIDE_OLD].counters.chosen += 8;
    side[ZDD_SIDE_NEW].counters.requests += 5;
    side[ZDD_SIDE_NEW].counters.chosen += 2;
    show(m, &run, &v);
    assert_measured(run, 700, 5);
    assert_int_equal(run.split.old_chosen, 8);
    assert_int_equal(run.split.new_chosen, 2);
    zdd_measure_free(m);
}

/* So many requests of each side, of which so many of the new one were answered 500. */
static struct zdd_router_view failing(int64_t requests, int64_t failures)
{
    struct zdd_router_view v = view(requests, requests);

    for (int side = 0; side < ZDD_VERSION_COUNT; side++) {
        v.balancer[0].side[side].servers = 1;
        v.balancer[0].side[side].counters.answers = requests;
        v.balancer[0].side[side].counters.answer_ms = requests * (side == ZDD_SIDE_NEW ? 30 : 10);
    }
    v.balancer[0].side[ZDD_SIDE_NEW].counters.errors = failures;
    return v;
}

static void failures_are_watched_while_both_get_requests(void **state)
{
    struct zdd_measure *m = zdd_measure_new();
    struct zdd_run run = a_run("a", T0);
    struct zdd_router_view v = failing(1000, 100);

    (void)state;
    show(m, &run, &v);
    assert_int_equal(run.trial.since_ms, T0 + 1);
    assert_int_equal(run.trial.new_side.all.requests, 0);
    v = failing(1100, 105);
    show(m, &run, &v);
    assert_int_equal(run.trial.new_side.all.requests, 100);
    assert_int_equal(run.trial.new_side.all.failures, 5);
    assert_int_equal(run.trial.old_side.all.failures, 0);
    assert_int_equal(run.trial.new_side.answer_us, 30000);
    assert_int_equal(run.trial.old_side.answer_us, 10000);
    run.step = 1; /* it has all of them: there is nothing to compare with */
    v = failing(1200, 205);
    show(m, &run, &v);
    assert_int_equal(run.trial.new_side.all.failures, 5);
    run.step = 0;
    v = failing(1210, 206);
    show(m, &run, &v);
    assert_int_equal(run.trial.new_side.all.failures, 6);
    zdd_measure_free(m);
}

static void a_balancer_that_lies_breaks_no_sum(void **state)
{
    struct zdd_measure *m = zdd_measure_new();
    struct zdd_run run = a_run("a", T0);
    struct zdd_router_view v = failing(100, 1);

    (void)state;
    show(m, &run, &v);
    v = failing(INT64_MAX / 100, INT64_MAX / 100);
    v.balancer[0].side[ZDD_SIDE_NEW].counters.answers = 1;
    v.balancer[0].side[ZDD_SIDE_NEW].counters.answer_ms = INT64_MAX;
    v.balancer[0].side[ZDD_SIDE_OLD].counters.broken = INT64_MAX;
    show(m, &run, &v);
    assert_measured(run, 0, 0);
    assert_int_equal(run.trial.new_side.all.requests, 0);
    assert_int_equal(run.trial.new_side.answer_us, ZDD_COUNT_MAX);
    for (int look = 0; look < 20; look++) { /* a new worker each time, and each with the most */
        v = failing(ZDD_COUNT_MAX, ZDD_COUNT_MAX);
        v.balancer[0].started_at_ms = T0 + look;
        show(m, &run, &v);
    }
    assert_measured(run, ZDD_COUNT_MAX, ZDD_COUNT_MAX);
    assert_int_equal(run.trial.new_side.all.failures, ZDD_COUNT_MAX);
    v = failing(100, 1); /* backwards */
    v.balancer[0].started_at_ms = T0 + 19;
    show(m, &run, &v);
    assert_measured(run, ZDD_COUNT_MAX, ZDD_COUNT_MAX);
    zdd_measure_free(m);
}

static void a_round_that_was_made_begins_the_next(void **state)
{
    struct zdd_measure *m = zdd_measure_new();
    struct zdd_run run = a_run("a", T0);
    struct zdd_run stored;
    struct zdd_router_view v = failing(0, 0);

    (void)state;
    show(m, &run, &v);
    stored = run; /* what is written lags behind */
    v = failing(100, 1);
    show(m, &run, &v);
    run = stored;
    v = failing(150, 1);
    show(m, &run, &v);
    assert_int_equal(run.trial.new_side.round[ZDD_ROUND_STEP].requests, 150);
    run.trial.new_side.round[ZDD_ROUND_STEP].requests = 0;
    run.trial.edition++;
    v = failing(160, 1);
    show(m, &run, &v);
    assert_int_equal(run.trial.new_side.round[ZDD_ROUND_STEP].requests, 10);
    assert_int_equal(run.trial.new_side.round[ZDD_ROUND_BESIDE].requests, 160);
    assert_int_equal(run.trial.new_side.all.requests, 160);
    zdd_measure_free(m);
}

static void a_server_that_went_takes_its_counts_along(void **state)
{
    struct zdd_measure *m = zdd_measure_new();
    struct zdd_run run = a_run("a", T0);
    struct zdd_router_view v = failing(1000, 300);

    (void)state;
    v.balancer[0].side[ZDD_SIDE_NEW].mark = 2;
    show(m, &run, &v);
    v = failing(600, 200); /* of the one that is left */
    show(m, &run, &v);
    assert_int_equal(run.trial.new_side.all.requests, 0);
    v = failing(610, 200);
    show(m, &run, &v);
    assert_int_equal(run.trial.new_side.all.requests, 10);
    assert_int_equal(run.trial.new_side.all.failures, 0);
    v = failing(5, 1);
    v.balancer[0].started_at_ms = 7; /* another worker */
    v.balancer[0].side[ZDD_SIDE_NEW].mark = 2;
    show(m, &run, &v);
    assert_int_equal(run.trial.new_side.all.requests, 15);
    v.balancer[0].side[ZDD_SIDE_NEW].mark = 3; /* it had requests before it was one of ours */
    v.balancer[0].side[ZDD_SIDE_NEW].counters.requests += 500;
    show(m, &run, &v);
    assert_int_equal(run.trial.new_side.all.requests, 15);
    zdd_measure_free(m);
}

/* As many as before, but another one: it had requests before it was one of ours. */
static void a_server_in_place_of_another_brings_no_requests(void **state)
{
    struct zdd_measure *m = zdd_measure_new();
    struct zdd_run run = a_run("a", T0);
    struct zdd_router_view v = failing(100, 0);

    (void)state;
    show(m, &run, &v);
    v = failing(900, 50);
    v.balancer[0].side[ZDD_SIDE_NEW].mark = 7;
    show(m, &run, &v);
    assert_int_equal(run.trial.new_side.all.requests, 0);
    assert_int_equal(run.trial.new_side.all.failures, 0);
    v = failing(910, 51);
    v.balancer[0].side[ZDD_SIDE_NEW].mark = 7;
    show(m, &run, &v);
    assert_int_equal(run.trial.new_side.all.requests, 10);
    assert_int_equal(run.trial.new_side.all.failures, 1);
    zdd_measure_free(m);
}

/* A host name that leads to another address every day. */
static void balancers_may_change_their_addresses_for_ever(void **state)
{
    struct zdd_measure *m = zdd_measure_new();
    struct zdd_run run = a_run("a", T0);
    int64_t requests = 0;

    (void)state;
    for (int day = 0; day < 3 * ZDD_BALANCER_MAX; day++) {
        for (int look = 0; look < 2; look++) {
            struct zdd_router_view v = view(0, 10 * look);

            v.balancer_count = 2;
            v.balancer[1] = v.balancer[0];
            v.balancer[1].reachable = look == 1 && day == 3 * ZDD_BALANCER_MAX - 1;
            snprintf(v.balancer[0].name, sizeof(v.balancer[0].name), "10.0.0.%d:9090", day);
            v.balancer[1].side[ZDD_SIDE_NEW].counters.requests = day == 0 ? 0 : 500;
            if (day == 0)
                v.balancer[1].reachable = true;
            show(m, &run, &v);
        }
        requests += 10;
        assert_int_equal(run.split.new_requests,
                         day + 1 == 3 * ZDD_BALANCER_MAX ? requests + 500 : requests);
    }
    zdd_measure_free(m);
}

static void without_a_place_to_keep_it_nothing_is_measured(void **state)
{
    struct zdd_run run = a_run("a", T0);

    (void)state;
    note(NULL, &run, 5, 5);
    assert_int_equal(run.split.since_ms, 0);
    assert_null(zdd_measure_free(NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_what_comes_after_the_first_look_counts),
        cmocka_unit_test(other_weights_begin_anew),
        cmocka_unit_test(a_reload_counts_from_nothing),
        cmocka_unit_test(a_server_that_ends_is_no_reload),
        cmocka_unit_test(balancers_add_up_and_one_that_does_not_answer_waits),
        cmocka_unit_test(after_a_restart_the_sums_go_on),
        cmocka_unit_test(deployments_do_not_mix_and_the_one_unseen_longest_goes),
        cmocka_unit_test(requests_that_weights_have_chosen_are_counted_by_themselves),
        cmocka_unit_test(failures_are_watched_while_both_get_requests),
        cmocka_unit_test(a_balancer_that_lies_breaks_no_sum),
        cmocka_unit_test(a_round_that_was_made_begins_the_next),
        cmocka_unit_test(a_server_that_went_takes_its_counts_along),
        cmocka_unit_test(a_server_in_place_of_another_brings_no_requests),
        cmocka_unit_test(balancers_may_change_their_addresses_for_ever),
        cmocka_unit_test(without_a_place_to_keep_it_nothing_is_measured),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
