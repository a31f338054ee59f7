/**
 * @file tests/unit/strategies/judge/test_window.c
 * @brief Differences of counters, across reloads too.
 */
#include "strategies/judge/window.h"
#include "tests/support/spec.h"

static void answers_with_5xx_are_failures(void **state)
{
    const struct zdd_counts before = {.requests = 2000, .answers = 2000, .errors = 10};
    const struct zdd_counts now = {.requests = 4398, .answers = 4398, .errors = 124};
    const struct zdd_window w = zdd_window_between(&before, &now);

    (void)state;
    assert_int_equal(w.requests, 2398);
    assert_int_equal(w.failures, 114);
}

/* marathon-lb.md §5: clients saw 2 errors or none, the counters say 115. */
static void requests_that_another_server_answered_in_secret_are_failures(void **state)
{
    const struct zdd_counts before = {0};
    const struct zdd_counts now = {.requests = 2420, .answers = 2305};

    (void)state;
    assert_int_equal(zdd_window_between(&before, &now).failures, 115);
}

static void requests_under_way_are_not_failures(void **state)
{
    const struct zdd_counts before = {.requests = 100, .answers = 97, .running = 3};
    const struct zdd_counts now = {.requests = 200, .answers = 190, .running = 10};
    const struct zdd_counts later = {.requests = 200, .answers = 200, .running = 0};

    (void)state;
    assert_int_equal(zdd_window_between(&before, &now).failures, 0);
    assert_int_equal(zdd_window_between(&now, &later).failures, 0);
    assert_int_equal(zdd_window_between(&now, &later).requests, 0);
}

/* One after the other, as they are looked at. @return the failures of the last window */
static int64_t failures_after(const struct zdd_counts *looks, size_t count)
{
    struct zdd_counts before = looks[0];
    int64_t failures = 0;

    before.lost = zdd_counts_lost(NULL, &before);
    for (size_t i = 1; i < count; i++) {
        struct zdd_counts now = looks[i];

        failures = zdd_window_between(&before, &now).failures;
        now.lost = zdd_counts_lost(&before, &now);
        before = now;
    }
    return failures;
}

/* Ten downloads have their status, and run on: then they end, and nothing was lost. */
static void answers_that_take_long_are_not_failures(void **state)
{
    static const struct zdd_counts ends[] = {{.requests = 100, .answers = 100},
                                             {.requests = 110, .answers = 110, .running = 10},
                                             {.requests = 200, .answers = 200}};
    static const struct zdd_counts first[] = {{.requests = 110, .answers = 110, .running = 10},
                                              {.requests = 200, .answers = 200}};
    static const struct zdd_counts anew[] = {
        {.started_ms = 1, .requests = 50, .answers = 40},
        {.started_ms = 2, .requests = 110, .answers = 110, .running = 10},
        {.started_ms = 2, .requests = 200, .answers = 200}};

    (void)state;
    assert_int_equal(failures_after(ends, 3), 0);
    assert_int_equal(failures_after(first, 2), 0);
    assert_int_equal(failures_after(anew, 3), 0);
}

static void what_is_lost_beside_them_is_seen_when_they_end(void **state)
{
    static const struct zdd_counts looks[] = {
        {.requests = 100, .answers = 95},                /* 5 were lost before */
        {.requests = 120, .answers = 112, .running = 4}, /* 4 with their status: 3 more are lost */
        {.requests = 200, .answers = 192},
        {.requests = 210, .answers = 201}};

    (void)state;
    assert_int_equal(failures_after(looks, 2), 0);
    assert_int_equal(failures_after(looks, 3), 3);
    assert_int_equal(failures_after(looks, 4), 1);
}

/* More answers than requests: what is owed then is owed no longer than requests run. */
static void answers_too_many_hide_nothing_for_long(void **state)
{
    static const struct zdd_counts looks[] = {{.requests = 100, .answers = 90},
                                              {.requests = 200, .answers = 260, .running = 5},
                                              {.requests = 300, .answers = 360},
                                              {.requests = 460, .answers = 360}};

    (void)state;
    assert_int_equal(failures_after(looks, 4), 100);
}

static void counters_of_another_worker_count_from_nothing(void **state)
{
    const struct zdd_counts before = {.started_ms = 1000,
                                      .requests = 3066,
                                      .answers = 3060,
                                      .errors = 30,
                                      .refused = 5,
                                      .running = 6};
    const struct zdd_counts now = {.started_ms = 1500,
                                   .requests = 200,
                                   .answers = 190,
                                   .errors = 4,
                                   .refused = 1,
                                   .running = 2};
    const struct zdd_window w = zdd_window_between(&before, &now);

    (void)state;
    assert_int_equal(w.requests, 200);
    assert_int_equal(w.failures, 4 + 8);
    assert_int_equal(w.refused, 1);
}

/* A few users have come since, and made more requests than all before them. */
static void choices_of_another_worker_count_from_nothing_too(void **state)
{
    const struct zdd_counts before = {
        .started_ms = 1000, .requests = 500, .chosen = 40, .answers = 500};
    const struct zdd_counts now = {
        .started_ms = 1500, .requests = 600, .chosen = 30, .answers = 600};
    const struct zdd_counts later = {
        .started_ms = 1500, .requests = 700, .chosen = 31, .answers = 700};

    (void)state;
    assert_int_equal(zdd_window_between(&before, &now).requests, 600);
    assert_int_equal(zdd_window_between(&before, &now).chosen, 30);
    assert_int_equal(zdd_window_between(&now, &later).requests, 100);
    assert_int_equal(zdd_window_between(&now, &later).chosen, 1);
}

static void a_new_worker_may_have_counted_more_already(void **state)
{
    const struct zdd_counts before = {.started_ms = 1000, .requests = 20, .answers = 20};
    const struct zdd_counts now = {.started_ms = 1500, .requests = 90, .answers = 90};

    (void)state;
    assert_int_equal(zdd_window_between(&before, &now).requests, 90);
}

/* Two servers with 600 requests each, and one of them ends: nothing has come that could be told. */
static void a_server_that_is_counted_no_more_is_no_new_requests(void **state)
{
    const struct zdd_counts before = {
        .started_ms = 1000, .requests = 1200, .answers = 1190, .errors = 40, .running = 10};
    const struct zdd_counts now = {
        .started_ms = 1000, .requests = 605, .answers = 600, .errors = 20, .running = 5};
    const struct zdd_window w = zdd_window_between(&before, &now);

    (void)state;
    assert_int_equal(w.requests, 0);
    assert_int_equal(w.failures, 0);
}

static void no_window_has_more_failures_than_requests(void **state)
{
    const struct zdd_counts before = {.requests = 100, .answers = 90, .running = 10};
    const struct zdd_counts now = {.requests = 101, .answers = 101, .errors = 11, .refused = 7};
    const struct zdd_window w = zdd_window_between(&before, &now);

    (void)state;
    assert_int_equal(w.failures, 1);
    assert_int_equal(w.refused, 1);
}

static void what_no_balancer_can_have_counted_says_nothing(void **state)
{
    const struct zdd_counts good = {.requests = 100, .answers = 100};
    const struct zdd_counts more = {.requests = 300, .answers = 290};
    const struct zdd_counts most = {.requests = ZDD_COUNT_MAX, .answers = ZDD_COUNT_MAX};
    struct zdd_counts lie = {.requests = ZDD_COUNT_MAX + 1, .answers = 100};

    (void)state;
    assert_int_equal(zdd_window_between(&good, &lie).requests, 0);
    assert_int_equal(zdd_window_between(&lie, &more).requests, 0);
    lie = (struct zdd_counts){.requests = INT64_MAX, .answers = INT64_MAX, .errors = INT64_MAX};
    assert_int_equal(zdd_window_between(&good, &lie).failures, 0);
    lie = (struct zdd_counts){.started_ms = 7, .requests = 100, .running = INT64_MAX};
    assert_int_equal(zdd_window_between(&good, &lie).requests, 0);
    lie = (struct zdd_counts){.requests = 100, .answers = 100, .refused = -5};
    assert_int_equal(zdd_window_between(&good, &lie).requests, 0);
    lie = (struct zdd_counts){.requests = 100, .answers = INT64_MIN};
    assert_int_equal(zdd_window_between(&lie, &more).requests, 0);
    assert_int_equal(zdd_window_between(&good, &more).requests, 200);
    assert_int_equal(zdd_window_between(&good, &most).requests, ZDD_COUNT_MAX - 100);
}

static void sums_stop_at_the_most_that_can_be_counted(void **state)
{
    struct zdd_window sum = {.requests = ZDD_COUNT_MAX, .failures = ZDD_COUNT_MAX - 5};
    const struct zdd_window more = {.requests = ZDD_COUNT_MAX, .failures = 9, .rerouted = 1};

    (void)state;
    zdd_window_add(&sum, &more);
    assert_int_equal(sum.requests, ZDD_COUNT_MAX);
    assert_int_equal(sum.failures, ZDD_COUNT_MAX);
    assert_int_equal(sum.rerouted, 1);
}

static void windows_of_several_balancers_add_up(void **state)
{
    struct zdd_window sum = {.requests = 10, .failures = 1, .refused = 2};
    const struct zdd_window more = {.requests = 20, .failures = 3, .refused = 4};

    (void)state;
    zdd_window_add(&sum, &more);
    assert_int_equal(sum.requests, 30);
    assert_int_equal(sum.failures, 4);
    assert_int_equal(sum.refused, 6);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_with_5xx_are_failures),
        cmocka_unit_test(requests_that_another_server_answered_in_secret_are_failures),
        cmocka_unit_test(requests_under_way_are_not_failures),
        cmocka_unit_test(choices_of_another_worker_count_from_nothing_too),
        cmocka_unit_test(answers_that_take_long_are_not_failures),
        cmocka_unit_test(what_is_lost_beside_them_is_seen_when_they_end),
        cmocka_unit_test(answers_too_many_hide_nothing_for_long),
        cmocka_unit_test(counters_of_another_worker_count_from_nothing),
        cmocka_unit_test(a_new_worker_may_have_counted_more_already),
        cmocka_unit_test(a_server_that_is_counted_no_more_is_no_new_requests),
        cmocka_unit_test(no_window_has_more_failures_than_requests),
        cmocka_unit_test(what_no_balancer_can_have_counted_says_nothing),
        cmocka_unit_test(sums_stop_at_the_most_that_can_be_counted),
        cmocka_unit_test(windows_of_several_balancers_add_up),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
