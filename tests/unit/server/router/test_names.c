/**
 * @file tests/unit/server/router/test_names.c
 * @brief Names as Marathon-LB gives them, and the label (marathon-lb.md §1.4 and §4.e).
 */
#include "deploy/lab/balancer/names.h"
#include "server/router/label.h"
#include "server/router/names.h"
#include "tests/support/spec.h"

#include <stdio.h>
#include <string.h>

static void assert_backend(const char *group, uint16_t port, const char *wanted)
{
    char name[ZDD_BACKEND_SIZE];

    assert_true(zdd_backend_name(group, port, name));
    assert_string_equal(name, wanted);
}

static void a_backend_is_named_after_its_group_and_port(void **state)
{
    (void)state;
    assert_backend("/svc", 21010, "svc_21010");
    assert_backend("svc", 21010, "svc_21010");
    assert_backend("/shop/web", 21001, "shop_web_21001");
    assert_backend("/a-b.c/d", 80, "a-b.c_d_80");
}

static void a_name_that_does_not_fit_is_refused(void **state)
{
    char group[ZDD_BACKEND_SIZE + 1], name[ZDD_BACKEND_SIZE];

    (void)state;
    memset(group, 'a', sizeof(group) - 1);
    group[sizeof(group) - 1] = '\0';
    assert_false(zdd_backend_name(group, 80, name));
    group[ZDD_BACKEND_SIZE - strlen("_65535") - 1] = '\0';
    assert_true(zdd_backend_name(group, 65535, name));
    group[ZDD_BACKEND_SIZE - strlen("_65535") - 1] = 'a';
    group[ZDD_BACKEND_SIZE - strlen("_65535")] = '\0';
    assert_false(zdd_backend_name(group, 65535, name));
}

static void a_server_is_known_by_its_address(void **state)
{
    (void)state;
    assert_true(zdd_server_fits("127_0_0_1_22102", "127.0.0.1:22102"));
    assert_true(zdd_server_fits("node-1_rack_local_10_0_0_7_31005", "10.0.0.7:31005"));
    assert_true(zdd_server_fits("_2001_db8__1__80", "[2001:db8::1]:80"));
}

static void a_server_of_another_address_is_another_one(void **state)
{
    (void)state;
    assert_false(zdd_server_fits("127_0_0_1_22102", "127.0.0.1:22103"));
    assert_false(zdd_server_fits("127_0_0_1_22102", "27.0.0.1:22102"));
    assert_false(zdd_server_fits("110_0_0_7_31005", "10.0.0.7:31005"));
    assert_false(zdd_server_fits("10_0_0_7_31005", "110.0.0.7:31005"));
    assert_false(zdd_server_fits("10_0_0_7_131005", "10.0.0.7:31005"));
    assert_false(zdd_server_fits("", "10.0.0.7:31005"));
    assert_false(zdd_server_fits("10_0_0_7_31005", ""));
}

/* zdd-lab makes the names, the router reads them: two programs, one rule. */
static void the_names_of_the_lab_are_understood(void **state)
{
    static const char *const groups[] = {"/svc", "/shop/web", "a.b/c-d", "/x_y/z"};
    static const char *const hosts[] = {"10.0.0.7", "node-1.rack.local", "agent", "110.0.0.7"};

    (void)state;
    for (size_t i = 0; i < ZDD_COUNT(groups); i++) {
        ZDD_AUTO_BUF struct zdd_buf backend = {0};
        ZDD_AUTO_BUF struct zdd_buf server = {0};
        const uint16_t port = (uint16_t)(31000 + i);
        char name[ZDD_BACKEND_SIZE], address[ZDD_ADDRESS_SIZE];

        zdd_mlb_backend_name(&backend, groups[i], port);
        assert_true(zdd_backend_name(groups[i], port, name));
        assert_string_equal(name, backend.data);
        zdd_mlb_server_name(&server, hosts[i], "10.0.0.7", port);
        snprintf(address, sizeof(address), "10.0.0.7:%u", port);
        assert_true(zdd_server_fits(server.data, address));
        snprintf(address, sizeof(address), "10.0.0.7:%u", port + 1);
        assert_false(zdd_server_fits(server.data, address));
    }
}

static void the_label_is_the_measured_one(void **state)
{
    static const char wanted[] =
        "  server {serverName} {host_ipv4}:{port} id {serverId}{cookieOptions}{healthCheckOptions}"
        "{otherOptions} weight 1 fastinter 1s agent-check agent-addr 127.0.0.1 agent-port 23000 "
        "agent-inter 200ms agent-send \"{host_ipv4}:{port}\\n\"\n";
    ZDD_AUTO_BUF struct zdd_buf label = {0};

    (void)state;
    assert_int_equal(zdd_agent_label(&label, "127.0.0.1:23000", ZDD_AGENT_INTERVAL_MS),
                     ZDD_ERR_NONE);
    assert_string_equal(label.data, wanted);
    assert_int_equal(label.data[label.size - 1], '\n');
}

static void without_an_agent_the_label_is_the_same_but_for_it(void **state)
{
    ZDD_AUTO_BUF struct zdd_buf plain = {0};
    ZDD_AUTO_BUF struct zdd_buf agent = {0};

    (void)state;
    assert_int_equal(zdd_plain_label(&plain), ZDD_ERR_NONE);
    assert_string_equal(
        plain.data,
        "  server {serverName} {host_ipv4}:{port} id {serverId}{cookieOptions}{healthCheckOptions}"
        "{otherOptions} weight 1 fastinter 1s\n");
    assert_int_equal(zdd_agent_label(&agent, "127.0.0.1:23000", 200), ZDD_ERR_NONE);
    assert_true(zdd_label_is_ours(plain.data));
    assert_true(zdd_label_is_ours(agent.data));
    assert_false(zdd_label_is_ours(""));
    assert_false(zdd_label_is_ours("  server {serverName} {host_ipv4}:{port} weight 5\n"));
}

/* Python's str.format: every brace opens or closes one of the fields that exist. */
static void every_brace_of_the_label_belongs_to_a_field(void **state)
{
    static const char *const fields[] = {
        "{host}",          "{host_ipv4}",          "{port}",        "{serverName}", "{serverId}",
        "{cookieOptions}", "{healthCheckOptions}", "{otherOptions}"};
    ZDD_AUTO_BUF struct zdd_buf label = {0};
    size_t braces = 0;

    (void)state;
    assert_int_equal(zdd_agent_label(&label, "zdd.example:8091", 500), ZDD_ERR_NONE);
    for (const char *at = label.data; *at; at++) {
        size_t known = 0;

        braces += *at == '}';
        if (*at != '{')
            continue;
        for (size_t i = 0; i < ZDD_COUNT(fields); i++)
            known += strncmp(at, fields[i], strlen(fields[i])) == 0;
        assert_int_equal(known, 1);
        braces--;
    }
    assert_int_equal(braces, 0);
    assert_non_null(strstr(label.data, "{otherOptions}")); /* drains by "disabled" stay possible */
    assert_non_null(strstr(label.data, "agent-addr zdd.example agent-port 8091 agent-inter 500ms"));
}

static void a_label_for_nobody_is_refused(void **state)
{
    static const char *const wrong[] = {"",       "127.0.0.1", "127.0.0.1:0", ":8091",
                                        "a b:80", "{host}:80", "a\nb:80",     "127.0.0.1:99999"};
    ZDD_AUTO_BUF struct zdd_buf label = {0};

    (void)state;
    for (size_t i = 0; i < ZDD_COUNT(wrong); i++)
        assert_int_equal(zdd_agent_label(&label, wrong[i], 200), ZDD_ERR_BODY_INVALID);
    assert_int_equal(zdd_agent_label(&label, "127.0.0.1:80", 9), ZDD_ERR_BODY_INVALID);
    assert_int_equal(zdd_agent_label(&label, "127.0.0.1:80", 60001), ZDD_ERR_BODY_INVALID);
    assert_int_equal(label.size, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_backend_is_named_after_its_group_and_port),
        cmocka_unit_test(a_name_that_does_not_fit_is_refused),
        cmocka_unit_test(a_server_is_known_by_its_address),
        cmocka_unit_test(a_server_of_another_address_is_another_one),
        cmocka_unit_test(the_names_of_the_lab_are_understood),
        cmocka_unit_test(the_label_is_the_measured_one),
        cmocka_unit_test(without_an_agent_the_label_is_the_same_but_for_it),
        cmocka_unit_test(every_brace_of_the_label_belongs_to_a_field),
        cmocka_unit_test(a_label_for_nobody_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
