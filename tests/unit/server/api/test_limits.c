/**
 * @file tests/unit/server/api/test_limits.c
 * @brief How often somebody may call.
 */
#include "server/api/limits.h"
#include "tests/support/spec.h"

#include <stdio.h>

static struct zdd_limits *ten_at_once_two_a_second(void)
{
    struct zdd_limits *limits = zdd_limits_new(&(struct zdd_limits_options){.per_second = 2});

    assert_non_null(limits);
    return limits;
}

static void a_burst_is_let_through_and_then_so_many_a_second(void **state)
{
    struct zdd_limits *limits = ten_at_once_two_a_second();
    struct zdd_limit limit;

    (void)state;
    for (unsigned i = 0; i < 10; i++) {
        limit = zdd_limits_call(limits, "ci", 1000);
        assert_true(limit.allowed);
        assert_int_equal(limit.limit, 10);
        assert_int_equal(limit.remaining, 9 - i);
    }
    limit = zdd_limits_call(limits, "ci", 1000);
    assert_false(limit.allowed);
    assert_int_equal(limit.remaining, 0);
    assert_int_equal(limit.retry_s, 1);
    assert_int_equal(limit.reset_s, 5);
    assert_false(zdd_limits_call(limits, "ci", 1499).allowed);
    assert_true(zdd_limits_call(limits, "ci", 1500).allowed);
    assert_false(zdd_limits_call(limits, "ci", 1501).allowed);
    zdd_limits_free(limits);
}

static void each_token_has_its_own_bucket_and_it_fills_up_to_the_brim(void **state)
{
    struct zdd_limits *limits = ten_at_once_two_a_second();

    (void)state;
    for (int i = 0; i < 11; i++)
        (void)zdd_limits_call(limits, "ci", 1000);
    assert_false(zdd_limits_call(limits, "ci", 1000).allowed);
    assert_true(zdd_limits_call(limits, "bot", 1000).allowed);
    /* A year later: ten, not millions. */
    assert_int_equal(zdd_limits_call(limits, "ci", INT64_C(31536000000)).remaining, 9);
    /* A clock that goes back gives nothing and takes nothing. */
    assert_int_equal(zdd_limits_call(limits, "ci", 5).remaining, 8);
    zdd_limits_free(limits);
}

static void without_a_limit_everything_is_let_through(void **state)
{
    struct zdd_limits *limits = zdd_limits_new(&(struct zdd_limits_options){0});

    (void)state;
    assert_non_null(limits);
    for (int i = 0; i < 10000; i++)
        assert_true(zdd_limits_call(limits, "ci", 1000).allowed);
    assert_int_equal(zdd_limits_call(limits, "ci", 1000).limit, 0);
    zdd_limits_free(limits);
}

static void an_address_with_refused_tokens_has_to_wait(void **state)
{
    struct zdd_limits *limits = zdd_limits_new(&(struct zdd_limits_options){.per_second = 2});
    struct zdd_limit limit;

    (void)state;
    assert_non_null(limits);
    for (int i = 0; i < ZDD_LOGIN_BURST; i++)
        assert_true(zdd_limits_refused(limits, "10.0.0.7", 1000).allowed);
    limit = zdd_limits_refused(limits, "10.0.0.7", 1000);
    assert_false(limit.allowed);
    assert_in_range(limit.retry_s, ZDD_LOGIN_EVERY_S, ZDD_LOGIN_EVERY_S + 1);
    assert_true(zdd_limits_refused(limits, "10.0.0.8", 1000).allowed);
    assert_true(zdd_limits_refused(limits, "10.0.0.7", 1000 + 1000 * limit.retry_s).allowed);
    zdd_limits_free(limits);
}

static void addresses_of_one_ipv6_network_wait_together(void **state)
{
    struct zdd_limits *limits = zdd_limits_new(&(struct zdd_limits_options){.per_second = 2});
    char address[48];

    (void)state;
    assert_non_null(limits);
    for (int i = 0; i < ZDD_LOGIN_BURST; i++) {
        snprintf(address, sizeof(address), "2001:db8:1:2:%x::%x", i, i);
        assert_true(zdd_limits_refused(limits, address, 1000).allowed);
    }
    assert_false(zdd_limits_refused(limits, "2001:db8:1:2:ffff:ffff:ffff:ffff", 1000).allowed);
    assert_true(zdd_limits_refused(limits, "2001:db8:1:3::1", 1000).allowed);
    assert_true(zdd_limits_refused(limits, "10.0.0.7", 1000).allowed);
    zdd_limits_free(limits);
}

static void of_very_many_the_idle_ones_are_forgotten(void **state)
{
    struct zdd_limits *limits = ten_at_once_two_a_second();
    char name[32];

    (void)state;
    for (int i = 0; i < 100000; i++) {
        snprintf(name, sizeof(name), "token-%d", i);
        assert_true(zdd_limits_call(limits, name, 1000 + i).allowed);
    }
    zdd_limits_free(limits);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_burst_is_let_through_and_then_so_many_a_second),
        cmocka_unit_test(each_token_has_its_own_bucket_and_it_fills_up_to_the_brim),
        cmocka_unit_test(without_a_limit_everything_is_let_through),
        cmocka_unit_test(an_address_with_refused_tokens_has_to_wait),
        cmocka_unit_test(addresses_of_one_ipv6_network_wait_together),
        cmocka_unit_test(of_very_many_the_idle_ones_are_forgotten),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
