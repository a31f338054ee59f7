/**
 * @file tests/fault/test_memory_engine.c
 * @brief The engine with its threads, while one allocation after the other fails: no deployment is
 * forgotten until the next start.
 */
#include "tests/fault/failing_memory.h"
#include "tests/unit/server/engine/fixture.h"

#include <stdlib.h>

#define TRIES_MAX 1000
#define PAUSES_MAX 10000 /* 20 s */

/* Marathon's events keep coming; who is not in the queue does not hear them. */
static void until_succeeded(struct fixture *f, const char *run_id)
{
    for (int i = 0; phase_of(f, run_id) != ZDD_PHASE_SUCCEEDED; i++) {
        assert_true(i < PAUSES_MAX);
        zdd_engine_event(f->engine, "deployment_success", "{\"appId\":\"/a\"}");
        pause_shortly();
    }
}

/* The n-th allocation from the wake on fails, whoever asks. @return whether it came */
static bool deploy_two(int n)
{
    void *state = NULL;
    struct ask first = {.app_id = "/a"};
    struct ask second = {.app_id = "/a", .when_busy = ZDD_WHEN_BUSY_QUEUE};
    struct fixture *f;
    bool came;

    assert_int_equal(open_world(&state), 0);
    f = state;
    start_engine(f, 2);
    deploy(f, &first);
    deploy(f, &second);
    memory_fail_at(n);
    memory_inside(true);
    zdd_engine_wake(f->engine, first.run_id, first.app_id);
    until_succeeded(f, first.run_id);
    until_succeeded(f, second.run_id);
    memory_inside(false);
    came = memory_heal();
    assert_int_equal(close_world(&state), 0);
    return came;
}

static void a_deployment_that_finds_no_room_in_the_queue_is_found_by_the_next_sweep(void **state)
{
    int n = 1;

    (void)state;
    while (n < TRIES_MAX && deploy_two(n))
        n++;
    assert_in_range(n, 5, TRIES_MAX - 1); /* 1: some did fail; the last try was left untouched */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_deployment_that_finds_no_room_in_the_queue_is_found_by_the_next_sweep),
    };

    if (!memory_install())
        return EXIT_FAILURE;
    return cmocka_run_group_tests_name("fault/memory_engine", tests, NULL, NULL);
}
