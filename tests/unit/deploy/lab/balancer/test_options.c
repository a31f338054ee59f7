/**
 * @file tests/unit/deploy/lab/balancer/test_options.c
 * @brief What the command line may say about balancers, and where each of them is.
 */
#include "tests/support/spec.h"

#include "deploy/lab/options.h"

static void only_loopback_addresses_with_room_for_four_are_taken(void **state)
{
    static const struct {
        const char *value;
        bool taken;
    } rows[] = {
        {"127.0.0.1:9090", true},
        {"127.0.0.1:0", true},
        {"127.9.8.250:65533", true},
        {"127.9.8.251:1", false},
        {"127.0.0.0:1", false},
        {"127.0.0.1:65534", false},
        {"10.0.0.1:9090", false},
        {"0.0.0.0:9090", false},
        {"[::1]:9090", false},
        {"localhost:9090", false},
        {"127.0.0.1", false},
        {"9090", false},
        {"", false},
        {"127.0.0.1:9090x", false},
        {"127.0.0.1:-1", false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct zdd_lab_options options = {.balancer.off = true};
        const char *wrong = zdd_lab_set_balancer(&options, rows[i].value);

        if ((wrong == NULL) != rows[i].taken)
            fail_msg("%s: %s", rows[i].value, wrong ? wrong : "taken");
        assert_int_equal(options.balancer.off, !rows[i].taken);
    }
}

static void each_balancer_has_the_next_address(void **state)
{
    struct zdd_lab_options options = {0};
    char address[ZDD_LAB_ADDRESS_SIZE];

    (void)state;
    assert_null(zdd_lab_set_balancer(&options, "127.1.2.250:0"));
    zdd_lab_balancer_address(&options.balancer, 0, address);
    assert_string_equal(address, "127.1.2.250");
    zdd_lab_balancer_address(&options.balancer, ZDD_LAB_BALANCER_MAX - 1, address);
    assert_string_equal(address, "127.1.2.253");
}

static void there_are_one_to_four_balancers(void **state)
{
    static const char *const wrong[] = {"0", "5", "", "1 ", "-1", "11", "two"};
    struct zdd_lab_options options = {0};

    (void)state;
    assert_null(zdd_lab_set_balancers(&options, "4"));
    assert_int_equal(options.balancer.count, 4);
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        assert_non_null(zdd_lab_set_balancers(&options, wrong[i]));
    assert_int_equal(options.balancer.count, 4);
}

static void a_vhost_port_is_a_port_or_zero(void **state)
{
    static const char *const wrong[] = {"65536", "-1", "", "http", "80x"};
    struct zdd_lab_options options = {0};

    (void)state;
    assert_null(zdd_lab_set_vhost_port(&options, "65535"));
    assert_int_equal(options.balancer.vhost_port, 65535);
    assert_null(zdd_lab_set_vhost_port(&options, "0"));
    assert_int_equal(options.balancer.vhost_port, 0);
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        assert_non_null(zdd_lab_set_vhost_port(&options, wrong[i]));
}

static void the_last_word_on_a_balancer_counts(void **state)
{
    struct zdd_lab_options options = {0};

    (void)state;
    assert_null(zdd_lab_set_balancer(&options, "127.0.0.1:1"));
    assert_null(zdd_lab_set_no_balancer(&options, NULL));
    assert_true(options.balancer.off);
    assert_null(zdd_lab_set_balancer(&options, "127.0.0.1:1"));
    assert_false(options.balancer.off);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_loopback_addresses_with_room_for_four_are_taken),
        cmocka_unit_test(each_balancer_has_the_next_address),
        cmocka_unit_test(there_are_one_to_four_balancers),
        cmocka_unit_test(a_vhost_port_is_a_port_or_zero),
        cmocka_unit_test(the_last_word_on_a_balancer_counts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
