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

    snprintf(run.id, sizeof(run.id), "%s", id);
    return run;
}

static void note(struct zdd_measure *m, struct zdd_run *run, int64_t old, int64_t new)
{
    const struct zdd_router_view v = view(old, new);

    zdd_measure_note(m, &v, T0 + 1, run);
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
    zdd_measure_note(m, &after, T0 + 1, &run);
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
    zdd_measure_note(m, &two, T0, &run);
    two.balancer[0].side[ZDD_SIDE_OLD].counters.requests = 10;
    two.balancer[1].side[ZDD_SIDE_OLD].counters.requests = 5;
    two.balancer[1].side[ZDD_SIDE_NEW].counters.requests = 3;
    two.balancer[1].reachable = false;
    zdd_measure_note(m, &two, T0, &run);
    assert_measured(run, 10, 0);
    two.balancer[1].reachable = true;
    zdd_measure_note(m, &two, T0, &run);
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
    zdd_measure_note(m, &v, T0, &run);
    side[ZDD_SIDE_OLD].counters.requests += 700;
    side[ZDD_SIDE_OLD].counters.chosen += 8;
    side[ZDD_SIDE_NEW].counters.requests += 5;
    side[ZDD_SIDE_NEW].counters.chosen += 2;
    zdd_measure_note(m, &v, T0, &run);
    assert_measured(run, 700, 5);
    assert_int_equal(run.split.old_chosen, 8);
    assert_int_equal(run.split.new_chosen, 2);
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
        cmocka_unit_test(without_a_place_to_keep_it_nothing_is_measured),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
