/**
 * @file tests/unit/server/router/test_sticky.c
 * @brief Whose users stick to their server, port by port.
 */
#include "server/router/sticky.h"

#include "strategies/model/limits.h"
#include "tests/support/spec.h"

#include <stdio.h>
#include <string.h>

#define CHECK(protocol) "\"healthChecks\":[{\"protocol\":\"" protocol "\"}]"
#define TWO_PORTS ",\"portDefinitions\":[{\"port\":1},{\"port\":2}]"
#define LABELS(more) ",\"labels\":{\"HAPROXY_GROUP\":\"external\"" more "}}"
#define APP(more) "{" CHECK("HTTP") TWO_PORTS LABELS(more)
#define STICKY(n) ",\"HAPROXY_" #n "_STICKY\":\"true\""
#define HTTP(n) ",\"HAPROXY_" #n "_MODE\":\"http\""

static json_t *parse(const char *text)
{
    json_t *json = text ? json_loads(text, 0, NULL) : NULL;

    assert_true(json || !text);
    return json;
}

static struct zdd_sticky sticky_of(const char *target, const char *old)
{
    ZDD_AUTO_JSON json_t *new_app = parse(target);
    ZDD_AUTO_JSON json_t *old_app = parse(old);
    struct zdd_sticky s = {0};

    assert_int_equal(zdd_sticky_read(new_app, old_app, &s), ZDD_ERR_NONE);
    return s;
}

static void assert_names(const struct zdd_buf *list, const char *names)
{
    assert_string_equal(list->size > 0 ? list->data : "", names);
}

struct row {
    const char *target, *old;
    bool any, now, partly;
    const char *kept, *by_old, *by_new, *idle;
};

static void assert_row(const struct row *row)
{
    struct zdd_sticky s = sticky_of(row->target, row->old);

    assert_int_equal(s.any, row->any);
    assert_int_equal(s.now, row->now);
    assert_int_equal(s.partly, row->partly);
    assert_names(&s.kept, row->kept);
    assert_names(&s.by_old, row->by_old);
    assert_names(&s.by_new, row->by_new);
    assert_names(&s.idle, row->idle);
    zdd_sticky_release(&s);
}

#define S0 "HAPROXY_0_STICKY"
#define S1 "HAPROXY_1_STICKY"

/* The check of both apps is port 0's, so port 1 is HTTP by its mode only. */
static void the_labels_of_the_old_version_say_who_stays_while_there_are_two(void **state)
{
    static const struct row rows[] = {
        {APP(""), APP(""), false, false, false, "", "", "", ""},
        {APP(STICKY(0)), APP(STICKY(0)), true, true, true, S0, "", "", ""},
        {APP(""), APP(STICKY(0)), true, true, true, S0, S0, "", ""},
        {APP(STICKY(0)), APP(""), true, false, false, "", "", S0, ""},
        {APP(STICKY(0)), NULL, true, false, false, "", "", "", ""},
        {APP(STICKY(0) STICKY(1) HTTP(1)), APP(STICKY(0) STICKY(1) HTTP(1)), true, true, false,
         S0 ", " S1, "", "", ""},
        {APP(STICKY(1) HTTP(1)), APP(STICKY(0)), true, true, true, S0, S0, S1, ""},
    };

    (void)state;
    for (size_t i = 0; i < ZDD_COUNT(rows); i++)
        assert_row(&rows[i]);
}

static void a_port_that_is_balanced_as_tcp_keeps_nobody_but_is_left_with_care(void **state)
{
    static const struct row rows[] = {
        {APP(STICKY(1)), APP(STICKY(1)), true, false, false, "", "", "", S1},
        {APP(STICKY(0) ",\"HAPROXY_0_MODE\":\"tcp\""), APP(STICKY(0)), true, true, true, S0, "", "",
         S0},
        {APP(STICKY(1) ",\"HAPROXY_1_VHOST\":\"a.b\""), APP(STICKY(1)), true, false, false, "", "",
         "", S1},
        {"{" CHECK("MESOS_HTTP") LABELS(STICKY(0)), "{" CHECK("MESOS_HTTP") LABELS(STICKY(0)), true,
         false, false, "", "", "", S0},
    };

    (void)state;
    for (size_t i = 0; i < ZDD_COUNT(rows); i++)
        assert_row(&rows[i]);
}

static void a_port_that_no_balancer_serves_has_no_users(void **state)
{
    static const struct row row = {APP(STICKY(0) ",\"HAPROXY_0_ENABLED\":\"false\""),
                                   APP(STICKY(0) ",\"HAPROXY_0_ENABLED\":\"false\""),
                                   false,
                                   false,
                                   false,
                                   "",
                                   "",
                                   "",
                                   ""};

    (void)state;
    assert_row(&row);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_labels_of_the_old_version_say_who_stays_while_there_are_two),
        cmocka_unit_test(a_port_that_is_balanced_as_tcp_keeps_nobody_but_is_left_with_care),
        cmocka_unit_test(a_port_that_no_balancer_serves_has_no_users),
    };

    return cmocka_run_group_tests_name("server/router/sticky", tests, NULL, NULL);
}
