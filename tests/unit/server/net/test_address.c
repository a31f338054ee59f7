/**
 * @file tests/unit/server/net/test_address.c
 * @brief Host names as addresses; the system's resolver is asked for localhost alone.
 */
#include "server/net/address.h"

#include "strategies/model/limits.h"
#include "tests/support/spec.h"

#include <pthread.h>
#include <string.h>

#define HOST_SIZE 256

static void an_address_is_its_own(void **state)
{
    static const char *const addresses[] = {
        "127.0.0.1",
        "255.255.255.255",
        "::1",
        "2001:db8::1",
        "fe80:1111:2222:3333:4444:5555:6666:7777",
        "::ffff:255.255.255.255",
        "ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255", /* the longest that there is */
    };

    (void)state;
    for (size_t i = 0; i < ZDD_COUNT(addresses); i++) {
        char ip[ZDD_NET_ADDRESS_SIZE] = "";

        assert_true(zdd_net_address(addresses[i], ip));
        assert_string_equal(ip, addresses[i]);
    }
}

static void a_name_is_looked_up_and_told_alike_the_second_time(void **state)
{
    char first[ZDD_NET_ADDRESS_SIZE] = "", again[ZDD_NET_ADDRESS_SIZE] = "";

    (void)state;
    assert_true(zdd_net_address("localhost", first));
    assert_string_equal(first, "127.0.0.1"); /* the older kind, as Marathon-LB has it */
    assert_true(zdd_net_address("localhost", again));
    assert_string_equal(again, first);
}

static void what_cannot_be_a_host_has_no_address(void **state)
{
    char longest[HOST_SIZE + 1], ip[ZDD_NET_ADDRESS_SIZE] = "untouched";

    (void)state;
    memset(longest, 'a', HOST_SIZE);
    longest[HOST_SIZE] = '\0';
    assert_false(zdd_net_address("", ip));
    assert_false(zdd_net_address(longest, ip));
    assert_string_equal(ip, "untouched");
}

static void a_name_that_nobody_knows_has_no_address(void **state)
{
    static const char *const names[] = {"10.0.0.256.invalid", "no such host", "[::1]"};

    (void)state;
    for (size_t i = 0; i < ZDD_COUNT(names); i++) {
        char ip[ZDD_NET_ADDRESS_SIZE];

        assert_false(zdd_net_address(names[i], ip));
        assert_false(zdd_net_address(names[i], ip)); /* that is not remembered as an address */
    }
}

#define THREADS 4
#define ROUNDS 200

static void *ask_often(void *cls)
{
    bool *good = cls;

    for (int i = 0; i < ROUNDS && *good; i++) {
        char ip[ZDD_NET_ADDRESS_SIZE] = "";

        *good = zdd_net_address("localhost", ip) && strcmp(ip, "127.0.0.1") == 0;
    }
    return NULL;
}

static void several_may_ask_at_once(void **state)
{
    pthread_t thread[THREADS];
    bool good[THREADS];

    (void)state;
    for (int i = 0; i < THREADS; i++) {
        good[i] = true;
        assert_int_equal(pthread_create(&thread[i], NULL, ask_often, &good[i]), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_join(thread[i], NULL), 0);
        assert_true(good[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_address_is_its_own),
        cmocka_unit_test(a_name_is_looked_up_and_told_alike_the_second_time),
        cmocka_unit_test(what_cannot_be_a_host_has_no_address),
        cmocka_unit_test(a_name_that_nobody_knows_has_no_address),
        cmocka_unit_test(several_may_ask_at_once),
    };

    return cmocka_run_group_tests_name("server/net/address", tests, NULL, NULL);
}
