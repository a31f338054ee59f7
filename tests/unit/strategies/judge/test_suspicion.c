/**
 * @file tests/unit/strategies/judge/test_suspicion.c
 * @brief How often a good version is condemned and a bad one is not, by seeded trials.
 */
#include "strategies/judge/suspicion.h"
#include "tests/support/sparse.h"
#include "tests/support/spec.h"

#include <math.h>
#include <stdio.h>

#define FALSE_ALARM_TRIALS 12000
#define DETECTION_TRIALS 10000
#define DRIFT_TRIALS (8000 / SPARSE)

/* splitmix64 (S. Vigna): the same trials in each run. */
static double draw(uint64_t *seed)
{
    uint64_t z = (*seed += 0x9e3779b97f4a7c15u);

    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return (double)((z ^ (z >> 31)) >> 11) / 9007199254740992.0;
}

/* Failures among @p requests: from one to the next by their geometric distance. */
static struct zdd_tries try_it(uint64_t *seed, int64_t requests, double rate)
{
    struct zdd_tries tries = {.requests = requests};
    const double log_success = log(1 - rate);
    double at = 0;

    for (;;) { /* ends: each step is one request at least */
        at += 1 + floor(log(1 - draw(seed)) / log_success);
        if (at > (double)requests)
            return tries;
        tries.failures++;
    }
}

static int64_t asked(const struct zdd_suspicion *s)
{
    return s->closed.requests + s->open.new_side.requests;
}

/* One deployment: windows of so many requests of the new side, at @p share of all.
 * @return requests of the new side when it is condemned, 0 when it never is */
static int64_t deploy(uint64_t *seed, double rate, double times, double share, int64_t until)
{
    struct zdd_suspicion s = {0};
    const int64_t window = 50;
    const int64_t beside = (int64_t)((double)window * (1 - share) / share);

    while (asked(&s) < until && !s.condemned) {
        const struct zdd_tries new_side = try_it(seed, window, rate * times);
        const struct zdd_tries old_side = try_it(seed, beside, rate);

        zdd_suspicion_add(&s, true, new_side, old_side);
    }
    return s.condemned ? asked(&s) : 0;
}

/* How often something happens to the service and its share meanwhile. */
struct drift {
    double rate[4];
    double share[4];
    double window; /* requests of both sides in each */
    int windows;   /* of each share */
};

/* One deployment: the version is as good as the old one, and both fail as the service does. */
static bool drifts_into_an_alarm(uint64_t *seed, const struct drift *drift)
{
    struct zdd_suspicion s = {0};

    for (int step = 0; step < 4; step++) {
        for (int i = 0; i < drift->windows && !s.condemned; i++) {
            const double rate = drift->rate[step];
            int64_t asked_new = 0;

            for (int request = 0; request < (int)drift->window; request++)
                asked_new += draw(seed) < drift->share[step];
            zdd_suspicion_add(&s, i > 0, try_it(seed, asked_new, rate),
                              try_it(seed, (int64_t)drift->window - asked_new, rate));
        }
    }
    return s.condemned;
}

static void a_version_as_good_as_the_old_one_is_condemned_once_in_a_hundred_at_most(void **state)
{
    static const double rates[] = {0.001, 0.01, 0.05};
    static const double shares[] = {0.05, 0.5};
    uint64_t seed = 1;
    int alarms = 0;

    (void)state;
    for (int i = 0; i < FALSE_ALARM_TRIALS; i++)
        if (deploy(&seed, rates[i % 3], 1, shares[i / 3 % 2], 4000) > 0)
            alarms++;
    print_message("%d false alarms in %d deployments\n", alarms, FALSE_ALARM_TRIALS);
    assert_true(alarms <= FALSE_ALARM_TRIALS * ZDD_ALARM_BUDGET);
    assert_true(alarms > 0); /* none at all: it would be blind */
}

/* Shares and the service's own rate of errors rise, or fall, together: one table of all windows
 * would condemn nearly each of these (E. H. Simpson). Slow services, whose windows are joined, and
 * quick ones. */
static void no_share_that_moves_with_the_services_own_errors_is_an_alarm(void **state)
{
    static const struct drift drifts[] = {
        {{0.001, 0.005, 0.02, 0.06}, {0.01, 0.05, 0.2, 0.5}, 600, 20},
        {{0.06, 0.02, 0.005, 0.001}, {0.5, 0.2, 0.05, 0.02}, 600, 20},
        {{0.001, 0.08, 0.002, 0.08}, {0.1, 0.6, 0.1, 0.7}, 30, 100},
        {{0.01, 0.3, 0.05, 0.2}, {0.05, 0.5, 0.1, 0.25}, 100, 30},
    };
    const int count = (int)(sizeof(drifts) / sizeof(drifts[0]));
    uint64_t seed = 3;
    int alarms[4] = {0};

    (void)state;
    for (int i = 0; i < DRIFT_TRIALS; i++)
        alarms[i % count] += drifts_into_an_alarm(&seed, &drifts[i % count]);
    for (int i = 0; i < count; i++) {
        print_message("%d false alarms in %d deployments\n", alarms[i], DRIFT_TRIALS / count);
        assert_true(alarms[i] <= DRIFT_TRIALS / count * ZDD_ALARM_BUDGET);
    }
}

/* 1000 windows of a service with so few requests that most have none of the new side. */
static void short_windows_of_one_share_are_looked_at_as_one(void **state)
{
    struct zdd_suspicion s = {0};

    (void)state;
    for (int i = 0; i < 199; i++)
        zdd_suspicion_add(&s, true, (struct zdd_tries){i % 20 == 0, i % 100 == 0},
                          (struct zdd_tries){i % 20 != 0, 0});
    assert_int_equal(s.closed.requests, 0);
    zdd_suspicion_add(&s, true, (struct zdd_tries){0, 0}, (struct zdd_tries){1, 0});
    assert_int_equal(s.closed.requests, 10);
    assert_int_equal(s.closed.new_failures, 2);
    assert_true(fabs(s.closed.expected - 2 * 10.0 / 200) < 1e-12);
    zdd_suspicion_add(&s, true, (struct zdd_tries){3, 1}, (struct zdd_tries){7, 0});
    assert_int_equal(s.closed.requests, 10);
    zdd_suspicion_add(&s, false, (struct zdd_tries){5, 0}, (struct zdd_tries){5, 2});
    assert_int_equal(s.closed.requests, 13);
    assert_true(fabs(s.closed.expected - 2 * 10.0 / 200 - 3.0 / 10) < 1e-12);
    assert_int_equal(s.open.old_side.failures, 2);
}

static void numbers_without_end_are_no_danger(void **state)
{
    const struct zdd_tries most = {ZDD_COUNT_MAX, ZDD_COUNT_MAX};
    struct zdd_suspicion s = {0};

    (void)state;
    for (int i = 0; i < 5; i++)
        zdd_suspicion_add(&s, true, most, most);
    assert_false(s.condemned);
    assert_int_equal(s.closed.requests, ZDD_COUNT_MAX);
    assert_int_equal(s.closed.new_failures, s.closed.failures);
    s = (struct zdd_suspicion){0};
    for (int i = 0; i < 5; i++)
        zdd_suspicion_add(&s, true, most, (struct zdd_tries){ZDD_COUNT_MAX, 0});
    assert_true(s.condemned);
    assert_int_equal(s.closed.failures, ZDD_COUNT_MAX);
}

static void a_tripled_rate_of_errors_is_found_within_a_thousand_requests(void **state)
{
    static const double shares[] = {0.05, 0.2};
    uint64_t seed = 2;
    int found = 0;

    (void)state;
    for (int i = 0; i < DETECTION_TRIALS; i++)
        if (deploy(&seed, 0.01, 3, shares[i % 2], 1000) > 0)
            found++;
    print_message("%d of %d found\n", found, DETECTION_TRIALS);
    assert_true(found >= DETECTION_TRIALS * 0.95);
}

static void a_version_that_always_fails_is_found_in_a_few_requests(void **state)
{
    struct zdd_suspicion s = {0};
    int requests = 0;

    (void)state;
    while (!s.condemned && requests < 100) {
        zdd_suspicion_add(&s, true, (struct zdd_tries){1, 1}, (struct zdd_tries){19, 0});
        requests++;
    }
    assert_in_range(requests, 2, 3);
}

static void failures_of_the_old_version_are_no_suspicion(void **state)
{
    struct zdd_suspicion s = {0};

    (void)state;
    for (int i = 0; i < 1000; i++)
        zdd_suspicion_add(&s, true, (struct zdd_tries){100, 1}, (struct zdd_tries){100, 30});
    assert_false(s.condemned);
    assert_true(zdd_suspicion_odds(&s) < 1);
}

static void a_window_without_the_other_side_says_nothing(void **state)
{
    struct zdd_suspicion s = {0};

    (void)state;
    zdd_suspicion_add(&s, true, (struct zdd_tries){100, 100}, (struct zdd_tries){0, 0});
    assert_false(s.condemned);
    assert_true(fabs(zdd_suspicion_odds(&s) - 1) < 1e-12);
    assert_int_equal(asked(&s), 100);
    zdd_suspicion_add(&s, false, (struct zdd_tries){0, 0}, (struct zdd_tries){100, 5});
    assert_int_equal(s.closed.requests, 0);
    assert_int_equal(s.closed.failures, 0);
}

static void looks_that_one_window_passes_are_one_look(void **state)
{
    struct zdd_suspicion s = {0};

    (void)state;
    zdd_suspicion_add(&s, true, (struct zdd_tries){5000, 50}, (struct zdd_tries){5000, 50});
    assert_int_equal(s.looks, 3);
    assert_true(s.p > 0.99);
    assert_false(s.condemned);
}

static void a_verdict_stays(void **state)
{
    struct zdd_suspicion s = {0};

    (void)state;
    zdd_suspicion_add(&s, true, (struct zdd_tries){50, 50}, (struct zdd_tries){50, 0});
    assert_true(s.condemned);
    for (int i = 0; i < 100; i++)
        zdd_suspicion_add(&s, true, (struct zdd_tries){50, 0}, (struct zdd_tries){50, 50});
    assert_true(s.condemned);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_version_as_good_as_the_old_one_is_condemned_once_in_a_hundred_at_most),
        cmocka_unit_test(no_share_that_moves_with_the_services_own_errors_is_an_alarm),
        cmocka_unit_test(short_windows_of_one_share_are_looked_at_as_one),
        cmocka_unit_test(numbers_without_end_are_no_danger),
        cmocka_unit_test(a_tripled_rate_of_errors_is_found_within_a_thousand_requests),
        cmocka_unit_test(a_version_that_always_fails_is_found_in_a_few_requests),
        cmocka_unit_test(failures_of_the_old_version_are_no_suspicion),
        cmocka_unit_test(a_window_without_the_other_side_says_nothing),
        cmocka_unit_test(looks_that_one_window_passes_are_one_look),
        cmocka_unit_test(a_verdict_stays),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
