/**
 * @file tests/unit/server/engine/test_engine.c
 * @brief The engine's threads: who is looked at when, with how many requests, and how it stops.
 */
#include "tests/unit/server/engine/fixture.h"

#include <stdio.h>

static void a_new_deployment_is_carried_to_its_end_without_any_event(void **state)
{
    struct fixture *f = *state;
    struct ask ask = {.app_id = "/a"};

    start_engine(f, 4);
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
    start_engine(f, 4);
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
    start_engine(f, 4);
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
    start_engine(f, 4);
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
    start_engine(f, 4);
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
    start_engine(f, 4);
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
    start_engine(f, 4);
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
    start_engine(f, 4);
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
    start_engine(f, 4);
    until_phase(f, first.run_id, ZDD_PHASE_SUCCEEDED);
    until_phase(f, second.run_id, ZDD_PHASE_SUCCEEDED);
}

/* An event for one of many must not wait until the others have been looked at. */
static void a_look_at_all_that_takes_long_holds_up_nobody_who_is_woken(void **state)
{
    struct fixture *f = *state;
    struct ask one = {.app_id = "/one"};
    struct ask two = {.app_id = "/two"};

    atomic_store(&f->fake.stuck_all, true);
    deploy(f, &one);
    deploy(f, &two);
    start_engine(f, 4);
    until_at_least(&f->fake.looks, 1);
    zdd_engine_event(f->engine, "deployment_success", "{\"appId\":\"/one\"}");
    until_phase(f, one.run_id, ZDD_PHASE_SUCCEEDED);
    assert_int_equal(phase_of(f, two.run_id), ZDD_PHASE_PENDING);
    atomic_store(&f->fake.stuck_all, false);
    until_phase(f, two.run_id, ZDD_PHASE_SUCCEEDED);
    assert_int_equal(atomic_load(&f->fake.puts), 2);
}

static void a_single_worker_sweeps_and_answers_events_in_turns(void **state)
{
    struct fixture *f = *state;
    char app_id[100][16];
    struct ask ask[100];

    for (size_t i = 0; i < ZDD_COUNT(ask); i++) {
        snprintf(app_id[i], sizeof(app_id[i]), "/app-%d", (int)i);
        ask[i] = (struct ask){.app_id = app_id[i]};
        deploy(f, &ask[i]);
    }
    start_engine(f, 1);
    for (size_t i = 0; i < ZDD_COUNT(ask); i++) {
        char data[64];

        snprintf(data, sizeof(data), "{\"appId\":\"/app-%d\"}", (int)i);
        zdd_engine_event(f->engine, "deployment_success", data);
    }
    for (size_t i = 0; i < ZDD_COUNT(ask); i++)
        until_phase(f, ask[i].run_id, ZDD_PHASE_SUCCEEDED);
    assert_int_equal(atomic_load(&f->fake.puts), 100);
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

    start_engine(f, 4);
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

/* A caller who comes back as soon as it is served. */
static void come_back(void *cls)
{
    struct fixture *f = cls;

    atomic_fetch_add(&f->hanging.begun, 1);
    if (!atomic_load(&f->hanging.over))
        (void)zdd_engine_submit(f->engine, come_back, f); /* refused while it stops */
}

static void a_single_worker_serves_callers_and_deployments_in_turns(void **state)
{
    struct fixture *f = *state;
    struct ask ask = {.app_id = "/a"};
    int served;

    start_engine(f, 1);
    for (int i = 0; i < 3; i++)
        assert_true(zdd_engine_submit(f->engine, come_back, f));
    until_at_least(&f->hanging.begun, 3);
    deploy(f, &ask);
    zdd_engine_wake(f->engine, ask.run_id, ask.app_id);
    until_phase(f, ask.run_id, ZDD_PHASE_SUCCEEDED);
    served = atomic_load(&f->hanging.begun);
    until_at_least(&f->hanging.begun, served + 10);
    atomic_store(&f->hanging.over, true);
}

static void accepted_jobs_are_done_even_when_it_stops(void **state)
{
    struct fixture *f = *state;
    atomic_int done = 0;
    int accepted = 0;

    start_engine(f, 4);
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
        cmocka_unit_test_setup_teardown(a_look_at_all_that_takes_long_holds_up_nobody_who_is_woken,
                                        open_world, close_world),
        cmocka_unit_test_setup_teardown(a_single_worker_sweeps_and_answers_events_in_turns,
                                        open_world, close_world),
        cmocka_unit_test_setup_teardown(a_single_worker_serves_callers_and_deployments_in_turns,
                                        open_world, close_world),
        cmocka_unit_test_setup_teardown(accepted_jobs_are_done_even_when_it_stops, open_world,
                                        close_world),
    };

    return cmocka_run_group_tests_name("server/engine/engine", tests, NULL, NULL);
}
