/**
 * @file tests/unit/server/cluster/test_marathon_spots.c
 * @brief Where the tasks of an app can be reached, and which of them serve.
 */
#include "server/cluster/marathon_tasks.h"
#include "server/json/json.h"
#include "tests/support/spec.h"

#include <stdio.h>
#include <string.h>

#define VERSION "2024-05-01T10:00:00.000Z"

/* One task; @p more are members with a comma before each. */
#define TASK(id, state, more)                                                                      \
    "{\"id\":\"shop." id "\",\"state\":\"" state "\",\"version\":\"" VERSION "\"" more "}"
#define AT(host, ports) ",\"host\":\"" host "\",\"ports\":[" ports "]"
#define ALIVE ",\"healthCheckResults\":[{\"alive\":true}]"
#define DEAD ",\"healthCheckResults\":[{\"alive\":false}]"
#define CHECK "\"healthChecks\":[{\"protocol\":\"HTTP\"}],"
#define APP(more, tasks)                                                                           \
    "{\"id\":\"/shop\"," more "\"version\":\"" VERSION "\",\"tasks\":[" tasks "]}"

static struct zdd_spots spots_of(const char *text)
{
    ZDD_AUTO_JSON json_t *app = NULL;
    struct zdd_json_error error = {0};
    struct zdd_spots spots = {0};

    if (zdd_json_read(text, strlen(text), &app, &error) != ZDD_ERR_NONE)
        fail_msg("%d:%d %s", error.line, error.column, error.text);
    assert_int_equal(zdd_marathon_read_spots(app, &spots), ZDD_ERR_NONE);
    return spots;
}

/* All spots as one text: their ports, and a '!' at those that do not serve. */
static void assert_spots(const char *app, const char *expected)
{
    struct zdd_spots spots = spots_of(app);
    char text[1000] = "";

    for (size_t i = 0; i < spots.count; i++) {
        for (size_t port = 0; port < spots.spot[i].port_count; port++)
            snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%s", port > 0 ? "," : "",
                     spots.spot[i].address[port]);
        snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s;",
                 spots.spot[i].healthy ? "" : "!");
    }
    zdd_spots_release(&spots);
    assert_null(spots.spot);
    assert_int_equal(spots.count, 0);
    assert_string_equal(text, expected);
}

static void on_the_host_it_is_the_host_and_its_ports(void **state)
{
    (void)state;
    assert_spots(APP("", TASK("a", "TASK_RUNNING", AT("10.0.0.7", "31005")) "," TASK(
                             "b", "TASK_RUNNING", AT("10.0.0.8", "31006,31007"))),
                 "10.0.0.7:31005;10.0.0.8:31006,10.0.0.8:31007;");
    assert_spots(APP("\"networks\":[{\"mode\":\"host\"}],",
                     TASK("a", "TASK_RUNNING", AT("2001:db8::1", "31005"))),
                 "[2001:db8::1]:31005;");
    assert_spots(APP("", TASK("a", "TASK_RUNNING", AT("10.0.0.7", "1,65535"))),
                 "10.0.0.7:1,10.0.0.7:65535;");
}

#define ADDRESS(ip) ",\"ipAddresses\":[{\"ipAddress\":\"" ip "\"},{\"ipAddress\":\"9.9.9.9\"}]"
#define MAPPINGS                                                                                   \
    "\"container\":{\"portMappings\":[{\"containerPort\":80},{\"containerPort\":443}]},"

static void behind_a_bridge_it_is_the_host_too(void **state)
{
    (void)state;
    assert_spots(
        APP("\"networks\":[{\"mode\":\"container/bridge\"}]," MAPPINGS,
            TASK("a", "TASK_RUNNING", AT("10.0.0.7", "31005,31006") ADDRESS("172.17.0.2"))),
        "10.0.0.7:31005,10.0.0.7:31006;");
}

static void in_a_network_of_containers_it_is_the_container_itself(void **state)
{
    (void)state;
    assert_spots(APP("\"networks\":[{\"mode\":\"container\",\"name\":\"dcos\"}]," MAPPINGS,
                     TASK("a", "TASK_RUNNING", AT("10.0.0.7", "31005") ADDRESS("9.0.1.2")) "," TASK(
                         "b", "TASK_RUNNING", AT("10.0.0.8", "31005") ADDRESS("fd01::2"))),
                 "9.0.1.2:80,9.0.1.2:443;[fd01::2]:80,[fd01::2]:443;");
    /* Without an address yet it cannot be reached. */
    assert_spots(APP("\"networks\":[{\"mode\":\"container\"}]," MAPPINGS,
                     TASK("a", "TASK_RUNNING", AT("10.0.0.7", "31005"))),
                 "");
}

static void only_what_runs_is_anywhere(void **state)
{
    static const char *const states[] = {"TASK_STAGING",     "TASK_STARTING", "TASK_KILLING",
                                         "TASK_UNREACHABLE", "TASK_KILLED",   "TASK_LOST",
                                         "TASK_DANCING"};

    (void)state;
    for (size_t i = 0; i < ZDD_COUNT(states); i++) {
        char app[600];

        snprintf(app, sizeof(app),
                 APP("", TASK("a", "%s", AT("10.0.0.7", "1")) "," TASK("b", "TASK_RUNNING",
                                                                       AT("10.0.0.8", "2"))),
                 states[i]);
        assert_spots(app, "10.0.0.8:2;");
    }
    assert_spots(APP("", ""), "");
}

static void who_serves_is_told_by_checks_and_readiness(void **state)
{
    (void)state;
    assert_spots(APP(CHECK, TASK("a", "TASK_RUNNING", AT("10.0.0.1", "1") ALIVE) "," TASK(
                                "b", "TASK_RUNNING",
                                AT("10.0.0.2", "1")
                                    DEAD) "," TASK("c", "TASK_RUNNING", AT("10.0.0.3", "1"))),
                 "10.0.0.1:1;10.0.0.2:1!;10.0.0.3:1!;");
    assert_spots(
        APP("\"readinessCheckResults\":[{\"taskId\":\"shop.a\",\"ready\":false},{\"taskId\":"
            "\"shop.b\",\"ready\":true}],",
            TASK("a", "TASK_RUNNING", AT("10.0.0.1", "1")) "," TASK("b", "TASK_RUNNING",
                                                                    AT("10.0.0.2", "1"))),
        "10.0.0.1:1!;10.0.0.2:1;");
}

static void no_more_ports_than_a_pair_can_have(void **state)
{
    (void)state;
    assert_spots(APP("", TASK("a", "TASK_RUNNING", AT("10.0.0.7", "1,2,3,4,5,6,7,8,9,10"))),
                 "10.0.0.7:1,10.0.0.7:2,10.0.0.7:3,10.0.0.7:4,10.0.0.7:5,10.0.0.7:6,10.0.0.7:7,"
                 "10.0.0.7:8;");
}

static void a_port_that_is_none_ends_the_list_for_the_next_is_not_in_its_place(void **state)
{
    (void)state;
    assert_spots(APP("", TASK("a", "TASK_RUNNING", AT("10.0.0.7", "1,0,3"))), "10.0.0.7:1;");
    assert_spots(APP("", TASK("a", "TASK_RUNNING", AT("10.0.0.7", "1,65536,3"))), "10.0.0.7:1;");
    assert_spots(APP("", TASK("a", "TASK_RUNNING", AT("10.0.0.7", "-1,2"))), ";");
    assert_spots(APP("", TASK("a", "TASK_RUNNING", AT("10.0.0.7", "\"80\",2"))), ";");
}

static void nonsense_is_nowhere(void **state)
{
    static const char *const apps[] = {
        "{}",
        "{\"tasks\":null}",
        "{\"tasks\":{}}",
        "{\"tasks\":[null,1,\"x\",[],{}]}",
        APP("", TASK("a", "TASK_RUNNING", ",\"host\":7,\"ports\":[1]")),
        APP("", TASK("a", "TASK_RUNNING", ",\"ports\":[1]")),
        APP("", TASK("a", "TASK_RUNNING", AT("", "1"))),
        APP("\"networks\":[{\"mode\":\"container\"}],\"container\":{\"portMappings\":[1]},",
            TASK("a", "TASK_RUNNING", ",\"ipAddresses\":[7]")),
    };

    (void)state;
    for (size_t i = 0; i < ZDD_COUNT(apps); i++)
        assert_spots(apps[i], "");
    /* No ports are no reason to leave an instance out. */
    assert_spots(APP("", TASK("a", "TASK_RUNNING", ",\"host\":\"10.0.0.7\"")), ";");
    assert_spots(APP("", TASK("a", "TASK_RUNNING", ",\"host\":\"10.0.0.7\",\"ports\":7")), ";");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(on_the_host_it_is_the_host_and_its_ports),
        cmocka_unit_test(behind_a_bridge_it_is_the_host_too),
        cmocka_unit_test(in_a_network_of_containers_it_is_the_container_itself),
        cmocka_unit_test(only_what_runs_is_anywhere),
        cmocka_unit_test(who_serves_is_told_by_checks_and_readiness),
        cmocka_unit_test(no_more_ports_than_a_pair_can_have),
        cmocka_unit_test(a_port_that_is_none_ends_the_list_for_the_next_is_not_in_its_place),
        cmocka_unit_test(nonsense_is_nowhere),
    };

    return cmocka_run_group_tests_name("server/cluster/marathon_spots", tests, NULL, NULL);
}
