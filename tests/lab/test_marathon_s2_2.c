/**
 * @file tests/lab/test_marathon_s2_2.c
 * @brief Every row of the table of fields, their defaults and rules, marathon.md §2.2; ids §2.1.
 */
#include "tests/support/spec.h"

#include "tests/lab/marathon.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* What the members of an app that gives none of them read. */
struct shown {
    const char *pointer, *expected; /* NULL: absent */
};

static void assert_shown(struct lab *lab, const char *members, const struct shown *shown,
                         size_t count)
{
    ZDD_AUTO_JSON json_t *app = NULL;

    marathon_create(lab, "/v2/apps/a", members);
    app = marathon_get(lab, "GET /v2/apps/a", NULL, 200);
    for (size_t i = 0; i < count; i++)
        marathon_at(json_object_get(app, "app"), shown[i].pointer, shown[i].expected);
}

/* Definitions by their members: is each accepted, and if not, at which path is it refused? */
struct
try {
    const char *members;
    const char *path; /* NULL: accepted */
};

static void assert_tries(struct lab *lab, const struct try *tries, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        char call[60];
        char body[1200];
        char expected[100];

        snprintf(call, sizeof(call), "PUT /v2/apps/t%zu", i);
        snprintf(body, sizeof(body), "{\"instances\":0,%s}", tries[i].members);
        snprintf(expected, sizeof(expected), "\"%s\"", tries[i].path ? tries[i].path : "");
        if (tries[i].path)
            marathon_says(lab, call, body, 422, "/details/0/path", expected);
        else
            marathon_says(lab, call, body, 201, "/deploymentId", "*");
    }
}

#define SHOWN(lab, members, ...)                                                                   \
    do {                                                                                           \
        const struct shown list[] = {__VA_ARGS__};                                                 \
        assert_shown(lab, members, list, COUNT(list));                                             \
    } while (0)
#define TRIES(lab, ...)                                                                            \
    do {                                                                                           \
        const struct try list[] = {__VA_ARGS__};                                                   \
        assert_tries(lab, list, COUNT(list));                                                      \
    } while (0)

#define OK(given)                                                                                  \
    {                                                                                              \
        .members = (given)                                                                         \
    }
#define NO(given, at)                                                                              \
    {                                                                                              \
        .members = (given), .path = (at)                                                           \
    }

#define CMD "\"cmd\":\"exec sleep 1000\""
#define IMAGE "\"docker\":{\"image\":\"i\"}"

static void s2_1_ids_are_labels_joined_by_slashes_and_dots(void **state)
{
    static const struct marathon_row rows[] = {
        {"POST /v2/apps", "{\"id\":\"/a-b/c.d/e0\"," SLEEPER "}", 201, "/id", "\"/a-b/c.d/e0\""},
        {"POST /v2/apps", "{\"id\":\"relative\"," SLEEPER "}", 201, "/id", "\"/relative\""},
        {"POST /v2/apps", "{\"id\":\"/a_b\"," SLEEPER "}", 422, "/details/0/path", "\"/id\""},
        {"POST /v2/apps", "{\"id\":\"/Upper\"," SLEEPER "}", 422, "/details/0/path", "\"/id\""},
        {"POST /v2/apps", "{\"id\":\"/-a\"," SLEEPER "}", 422, "/details/0/path", "\"/id\""},
        {"POST /v2/apps", "{\"id\":\"/a-\"," SLEEPER "}", 422, "/details/0/path", "\"/id\""},
        {"POST /v2/apps", "{\"id\":\"/\"," SLEEPER "}", 422, "/details/0/path", "\"/id\""},
        {"POST /v2/apps", "{\"id\":\"/a/restart\"," SLEEPER "}", 422, "/details/0/path", "\"/id\""},
        {"POST /v2/apps", "{\"id\":\"/a/tasks\"," SLEEPER "}", 422, "/details/0/path", "\"/id\""},
        {"POST /v2/apps", "{\"id\":\"/a/versions\"," SLEEPER "}", 422, "/details/0/path",
         "\"/id\""},
    };

    MARATHON_ROWS(*state, rows);
}

static void s2_2_instances_is_1_and_a_whole_number_from_0(void **state)
{
    SHOWN(*state, SLEEPER, {"/instances", "1"});
    marathon_says(*state, "PUT /v2/apps/b", "{" SLEEPER ",\"instances\":0.5}", 422,
                  "/details/0/path", "\"/instances\"");
    marathon_says(*state, "PUT /v2/apps/b", "{" SLEEPER ",\"instances\":-1}", 422,
                  "/details/0/path", "\"/instances\"");
    marathon_says(*state, "PUT /v2/apps/b", "{" SLEEPER ",\"instances\":0.0}", 201, NULL, NULL);
}

static void s2_2_a_single_instance_stays_single_and_is_never_doubled(void **state)
{
#define SINGLE "\"labels\":{\"MARATHON_SINGLE_INSTANCE_APP\":\"true\"}"
    SHOWN(*state, SLEEPER "," SINGLE,
          {"/upgradeStrategy", "{\"minimumHealthCapacity\":0.0,\"maximumOverCapacity\":0.0}"});
    marathon_says(*state, "PUT /v2/apps/b", "{" SLEEPER "," SINGLE ",\"instances\":2}", 422,
                  "/details/0/path", "\"/instances\"");
}

static void s2_2_cpus_mem_disk_gpus_are_1_128_0_0_and_not_negative(void **state)
{
    SHOWN(*state, SLEEPER, {"/cpus", "1"}, {"/mem", "128"}, {"/disk", "0"}, {"/gpus", "0"});
    TRIES(*state, OK(CMD ",\"cpus\":0.001"), NO(CMD ",\"cpus\":0", "/cpus"), OK(CMD ",\"mem\":0"),
          NO(CMD ",\"mem\":-1", "/mem"), NO(CMD ",\"disk\":-1", "/disk"),
          NO(CMD ",\"gpus\":0.5", "/gpus"), NO(CMD ",\"gpus\":-1", "/gpus"));
}

static void s2_2_cmd_is_longer_than_one_character(void **state)
{
    TRIES(*state, OK("\"cmd\":\"ab\""), NO("\"cmd\":\"a\"", "/cmd"));
}

static void s2_2_args_or_cmd_but_not_both_and_neither_only_with_an_image(void **state)
{
    TRIES(*state, OK("\"args\":[\"a\"]"), NO(CMD ",\"args\":[\"a\"]", "/args"),
          OK("\"container\":{" IMAGE "}"), NO("\"labels\":{}", "/"));
}

static void s2_2_user_is_absent_and_executor_empty_or_a_path(void **state)
{
    SHOWN(*state, SLEEPER, {"/user", NULL}, {"/executor", "\"\""});
    TRIES(*state, OK(CMD ",\"user\":\"anna\",\"executor\":\"//cmd\""),
          OK(CMD ",\"executor\":\"/opt/run\""), NO(CMD ",\"executor\":\"//other\"", "/executor"));
}

static void s2_2_env_is_empty_and_holds_texts_or_secrets_and_is_replaced_as_a_whole(void **state)
{
    SHOWN(*state, SLEEPER ",\"env\":{\"A\":\"1\",\"B\":\"2\"}",
          {"/env", "{\"A\":\"1\",\"B\":\"2\"}"});
    marathon_change(*state, "PUT /v2/apps/a", "{\"env\":{\"C\":\"3\"}}", 200);
    marathon_says(*state, "GET /v2/apps/a", NULL, 200, "/app/env", "{\"C\":\"3\"}");
    TRIES(*state, OK(CMD), NO(CMD ",\"env\":{\"A\":3}", "/env/A"),
          OK(CMD ",\"env\":{\"A\":{\"secret\":\"s\"}},\"secrets\":{\"s\":{\"source\":\"x\"}}"));
}

static void s2_2_labels_are_empty_and_map_text_to_text(void **state)
{
    SHOWN(*state, SLEEPER, {"/labels", "{}"});
    TRIES(*state, NO(CMD ",\"labels\":{\"a\":1}", "/labels/a"));
}

static void s2_2_container_is_absent_and_of_a_known_type(void **state)
{
    SHOWN(*state, SLEEPER, {"/container", NULL});
    TRIES(*state, OK("\"container\":{" IMAGE "}"),
          NO("\"container\":{\"type\":\"LXC\"}", "/container/type"),
          NO("\"container\":{\"type\":\"DOCKER\",\"docker\":{}}", "/container/docker/image"));
}

static void s2_2_networks_is_host_and_modes_do_not_mix(void **state)
{
    SHOWN(*state, SLEEPER, {"/networks", "[{\"mode\":\"host\"}]"});
    TRIES(
        *state, OK("\"networks\":[{\"mode\":\"container/bridge\"}],\"container\":{" IMAGE "}"),
        OK("\"networks\":[{\"mode\":\"container\",\"name\":\"n\"}],\"container\":{" IMAGE "}"),
        NO(CMD ",\"networks\":[{\"mode\":\"host\"},{\"mode\":\"container/bridge\"}]", "/networks"),
        NO("\"networks\":[{\"mode\":\"container\",\"name\":\"n\"},{\"mode\":\"container\","
           "\"name\":\"m\"}],\"container\":{\"type\":\"DOCKER\"," IMAGE "}",
           "/networks"),
        NO(CMD ",\"networks\":[{\"mode\":\"wifi\"}]", "/networks(0)/mode"));
}

static void s2_2_port_definitions_are_one_named_default_unless_empty(void **state)
{
    SHOWN(*state, CMD, {"/portDefinitions/0/name", "\"default\""},
          {"/portDefinitions/0/protocol", "\"tcp\""}, {"/portDefinitions/0/port", "10000"},
          {"/portDefinitions/1", NULL});
    TRIES(*state, OK(CMD ",\"portDefinitions\":[]"),
          NO(CMD ",\"portDefinitions\":[{\"port\":80},{\"port\":80}]", "/portDefinitions(1)/port"),
          OK(CMD ",\"portDefinitions\":[{\"port\":0},{\"port\":0}]"),
          NO(CMD ",\"portDefinitions\":[{\"name\":\"n\"},{\"name\":\"n\"}]",
             "/portDefinitions(1)/name"));
    marathon_says(*state, "GET /v2/apps/t0", NULL, 200, "/app/portDefinitions", "[]");
}

static void s2_2_port_mappings_are_one_named_default_off_the_host_network(void **state)
{
    SHOWN(*state, SERVICE ",\"networks\":[{\"mode\":\"container/bridge\"}]",
          {"/portDefinitions", NULL}, {"/container/portMappings/0/name", "\"default\""},
          {"/container/portMappings/0/containerPort", "0"},
          {"/container/portMappings/0/hostPort", "0"},
          {"/container/portMappings/0/servicePort", "10000"},
          {"/container/portMappings/0/protocol", "\"tcp\""});
}

static void s2_2_require_ports_is_false_and_stays_so_off_the_host_network(void **state)
{
    SHOWN(*state, SLEEPER, {"/requirePorts", "false"});
    marathon_change(*state, "PUT /v2/apps/b",
                    "{" SERVICE ",\"networks\":[{\"mode\":\"container/bridge\"}],"
                    "\"requirePorts\":true}",
                    201);
    marathon_says(*state, "GET /v2/apps/b", NULL, 200, "/app/requirePorts", "false");
}

static void s2_2_constraints_fetch_dependencies_secrets_and_roles_are_empty(void **state)
{
    TRIES(*state, OK(CMD ",\"constraints\":[[\"hostname\",\"UNIQUE\"]]"),
          NO(CMD ",\"constraints\":[[\"hostname\"]]", "/constraints(0)"),
          NO(CMD ",\"constraints\":[[\"a\",\"LIKE\",\"b\",\"c\"]]", "/constraints(0)"),
          OK(CMD ",\"fetch\":[{\"uri\":\"http://a/b\"}]"),
          NO(CMD ",\"fetch\":[{}]", "/fetch(0)/uri"), OK(CMD ",\"dependencies\":[\"/x\"]"));
    marathon_change(*state, "PUT /v2/apps/f",
                    "{" SLEEPER ",\"instances\":0,\"fetch\":[{\"uri\":\"http://a/b\"}]}", 201);
    marathon_says(*state, "GET /v2/apps/f", NULL, 200, "/app/fetch",
                  "[{\"uri\":\"http://a/b\",\"extract\":true,\"executable\":false,"
                  "\"cache\":false}]");
    marathon_says(*state, "GET /v2/apps/f", NULL, 200, "/app/dependencies/0", NULL);
    marathon_says(*state, "GET /v2/apps/f", NULL, 200, "/app/constraints/0", NULL);
    marathon_says(*state, "GET /v2/apps/f", NULL, 200, "/app/secrets/s", NULL);
}

static void s2_2_backoff_is_1_s_by_1_15_up_to_300_s(void **state)
{
    SHOWN(*state, SLEEPER, {"/backoffSeconds", "1"}, {"/backoffFactor", "1.15"},
          {"/maxLaunchDelaySeconds", "300"});
    TRIES(*state, OK(CMD ",\"backoffSeconds\":0,\"backoffFactor\":1"),
          NO(CMD ",\"backoffSeconds\":1.5", "/backoffSeconds"),
          NO(CMD ",\"backoffFactor\":0.9", "/backoffFactor"),
          NO(CMD ",\"maxLaunchDelaySeconds\":-1", "/maxLaunchDelaySeconds"));
}

static void s2_2_task_kill_grace_is_unset_and_a_whole_number_from_0(void **state)
{
    SHOWN(*state, SLEEPER, {"/taskKillGracePeriodSeconds", NULL});
    TRIES(*state, OK(CMD ",\"taskKillGracePeriodSeconds\":0"),
          NO(CMD ",\"taskKillGracePeriodSeconds\":-1", "/taskKillGracePeriodSeconds"),
          NO(CMD ",\"taskKillGracePeriodSeconds\":0.5", "/taskKillGracePeriodSeconds"));
}

static void s2_2_upgrade_strategy_is_1_and_1_and_has_both_members(void **state)
{
    SHOWN(*state, SLEEPER,
          {"/upgradeStrategy", "{\"minimumHealthCapacity\":1.0,\"maximumOverCapacity\":1.0}"});
    TRIES(*state,
          OK(CMD ",\"upgradeStrategy\":{\"minimumHealthCapacity\":0,\"maximumOverCapacity\":1}"),
          NO(CMD ",\"upgradeStrategy\":{\"minimumHealthCapacity\":0.5}",
             "/upgradeStrategy/maximumOverCapacity"),
          NO(CMD ",\"upgradeStrategy\":{\"minimumHealthCapacity\":1.1,\"maximumOverCapacity\":0}",
             "/upgradeStrategy/minimumHealthCapacity"),
          NO(CMD ",\"upgradeStrategy\":{\"minimumHealthCapacity\":1,\"maximumOverCapacity\":-0.1}",
             "/upgradeStrategy/maximumOverCapacity"));
}

static void s2_2_upgrade_strategy_of_resident_apps_is_a_half_and_0(void **state)
{
#define VOLUME                                                                                     \
    "\"container\":{\"type\":\"MESOS\",\"volumes\":[{\"containerPath\":\"d\",\"mode\":\"RW\","     \
    "\"persistent\":{\"size\":10}}]}"
    TRIES(*state, OK(CMD "," VOLUME),
          NO(CMD "," VOLUME
                 ",\"upgradeStrategy\":{\"minimumHealthCapacity\":0.5,\"maximumOverCapacity\":1}",
             "/upgradeStrategy/maximumOverCapacity"));
    marathon_says(*state, "GET /v2/apps/t0", NULL, 200, "/app/upgradeStrategy",
                  "{\"minimumHealthCapacity\":0.5,\"maximumOverCapacity\":0.0}");
}

static void s2_2_kill_selection_is_youngest_first(void **state)
{
    SHOWN(*state, SLEEPER, {"/killSelection", "\"YOUNGEST_FIRST\""});
    TRIES(*state, OK(CMD ",\"killSelection\":\"OLDEST_FIRST\""),
          NO(CMD ",\"killSelection\":\"YoungestFirst\"", "/killSelection"));
}

static void s2_2_unreachable_strategy_is_0_and_0_or_disabled(void **state)
{
    SHOWN(*state, SLEEPER,
          {"/unreachableStrategy", "{\"inactiveAfterSeconds\":0,\"expungeAfterSeconds\":0}"});
    TRIES(
        *state, OK(CMD ",\"unreachableStrategy\":\"disabled\""),
        OK(CMD ",\"unreachableStrategy\":{\"inactiveAfterSeconds\":60,\"expungeAfterSeconds\":60}"),
        NO(CMD ",\"unreachableStrategy\":{\"inactiveAfterSeconds\":61,\"expungeAfterSeconds\":60}",
           "/unreachableStrategy/inactiveAfterSeconds"),
        NO(CMD ",\"unreachableStrategy\":{\"inactiveAfterSeconds\":-1,\"expungeAfterSeconds\":60}",
           "/unreachableStrategy/inactiveAfterSeconds"),
        NO(CMD "," VOLUME ",\"unreachableStrategy\":{\"inactiveAfterSeconds\":0,"
               "\"expungeAfterSeconds\":0}",
           "/unreachableStrategy"));
}

static void s2_2_health_checks_are_none_and_a_set(void **state)
{
    SHOWN(*state, SLEEPER, {"/healthChecks", NULL});
    TRIES(*state,
          NO(CMD ",\"healthChecks\":[{\"protocol\":\"MESOS_HTTP\"},{\"protocol\":\"MESOS_TCP\"}]",
             "/healthChecks"));
    /* turned around it is the same set: no change, no step */
    marathon_create(*state, "/v2/apps/s",
                    SERVICE ",\"instances\":0,\"healthChecks\":[{\"protocol\":\"HTTP\"},"
                            "{\"protocol\":\"TCP\"}]");
    marathon_change(*state, "PUT /v2/apps/s",
                    "{\"healthChecks\":[{\"protocol\":\"TCP\"},{\"protocol\":\"HTTP\"}]}", 200);
    marathon_says(*state, "GET /v2/apps/s/versions", NULL, 200, "/versions/1", NULL);
}

static void s2_2_readiness_checks_are_none_and_at_most_one(void **state)
{
#define READY "{\"portName\":\"p\"}"
    SHOWN(*state, SLEEPER, {"/readinessChecks", NULL});
    TRIES(*state, OK(CMD ",\"portDefinitions\":[{\"name\":\"p\"}],\"readinessChecks\":[" READY "]"),
          NO(CMD ",\"portDefinitions\":[{\"name\":\"p\"}],\"readinessChecks\":[" READY "," READY
                 "]",
             "/readinessChecks"));
}

static void s2_2_check_is_forbidden_with_docker(void **state)
{
    TRIES(*state, OK(CMD ",\"check\":{\"tcp\":{\"portIndex\":0}}"),
          NO("\"container\":{\"type\":\"DOCKER\"," IMAGE "},\"check\":{\"tcp\":{\"portIndex\":0}}",
             "/check"));
}

static void s2_2_role_is_a_star(void **state)
{
    SHOWN(*state, SLEEPER, {"/role", "\"*\""});
}

static void s2_2_version_is_output_and_as_input_a_rollback(void **state)
{
    ZDD_AUTO_JSON json_t *app = NULL;
    char body[100];

    marathon_create(*state, "/v2/apps/a", SLEEPER ",\"version\":\"2001-01-01T00:00:00.000Z\"");
    app = marathon_get(*state, "GET /v2/apps/a", NULL, 200);
    assert_true(strcmp(marathon_text(app, "/app/version"), "2020") > 0); /* the body's is dropped */
    marathon_change(*state, "PUT /v2/apps/a", "{\"instances\":2}", 200);
    snprintf(body, sizeof(body), "{\"version\":\"%s\"}", marathon_text(app, "/app/version"));
    marathon_change(*state, "PUT /v2/apps/a", body, 200);
    marathon_says(*state, "GET /v2/apps/a", NULL, 200, "/app/instances", "1");
    marathon_says(*state, "PUT /v2/apps/a", "{\"version\":\"2001-01-01T00:00:00.000Z\",\"mem\":1}",
                  422, "/details/0/path", "\"/version\"");
}

static void s2_2_version_info_is_output(void **state)
{
    SHOWN(*state, SLEEPER, {"/versionInfo/lastScalingAt", "*"},
          {"/versionInfo/lastConfigChangeAt", "*"});
}

static void s2_2_deprecated_members_are_converted(void **state)
{
    SHOWN(*state,
          "\"uris\":[\"http://a/b.tgz\",\"http://a/c\"],\"container\":{\"docker\":{\"image\":"
          "\"mhausenblas/simpleservice:0.4.0\",\"network\":\"BRIDGE\",\"portMappings\":"
          "[{\"containerPort\":80}]}}",
          {"/uris", NULL}, {"/fetch/0/extract", "true"}, {"/fetch/1/extract", "false"},
          {"/container/docker/network", NULL}, {"/networks", "[{\"mode\":\"container/bridge\"}]"},
          {"/container/docker/portMappings", NULL},
          {"/container/portMappings/0/containerPort", "80"});
    marathon_create(*state, "/v2/apps/p", CMD ",\"ports\":[0,8080],\"instances\":0");
    marathon_says(*state, "GET /v2/apps/p", NULL, 200, "/app/portDefinitions/1/port", "8080");
    marathon_says(*state, "GET /v2/apps/p", NULL, 200, "/app/ports", NULL);
    TRIES(*state,
          NO("\"container\":{\"type\":\"DOCKER\",\"docker\":{\"image\":\"i\",\"credential\":"
             "{\"principal\":\"p\"}}}",
             "/container/docker/credential"));
}

static void s2_2_clashes_of_old_and_new_members_are_422(void **state)
{
    TRIES(*state,
          NO(CMD ",\"uris\":[\"http://a/b\"],\"fetch\":[{\"uri\":\"http://a/b\"}]", "/uris"),
          NO(CMD ",\"ports\":[1],\"portDefinitions\":[{\"port\":2}]", "/ports"),
          OK(CMD ",\"ports\":[1],\"portDefinitions\":[{\"port\":1}]"),
          NO("\"networks\":[{\"mode\":\"host\"}],\"container\":{\"docker\":{\"image\":\"i\","
             "\"network\":\"HOST\"}}",
             "/container/docker/network"),
          NO("\"networks\":[{\"mode\":\"host\"}],\"container\":{\"type\":\"DOCKER\"," IMAGE
             ",\"portMappings\":[{\"containerPort\":1}]}",
             "/container/portMappings"),
          NO("\"networks\":[{\"mode\":\"container/bridge\"}],\"container\":{" IMAGE
             "},\"portDefinitions\":[{\"port\":1}]",
             "/portDefinitions"));
}

static void s2_2_service_ports_are_unique_from_10000_and_zeros_get_them_back(void **state)
{
    SHOWN(*state, CMD ",\"instances\":0", {"/portDefinitions/0/port", "10000"});
    marathon_create(*state, "/v2/apps/b", CMD ",\"instances\":0");
    marathon_says(*state, "GET /v2/apps/b", NULL, 200, "/app/portDefinitions/0/port", "10001");
    marathon_change(*state, "PUT /v2/apps/b?partialUpdate=false", "{" CMD ",\"instances\":0}", 200);
    marathon_says(*state, "GET /v2/apps/b", NULL, 200, "/app/portDefinitions/0/port", "10001");
    marathon_says(*state, "GET /v2/apps/b/versions", NULL, 200, "/versions/1", NULL);
}

static void s2_2_a_health_check_has_these_defaults(void **state)
{
    SHOWN(*state, SERVICE ",\"instances\":0,\"healthChecks\":[{}]",
          {"/healthChecks/0/protocol", "\"HTTP\""}, {"/healthChecks/0/path", NULL},
          {"/healthChecks/0/portIndex", "0"}, {"/healthChecks/0/gracePeriodSeconds", "300"},
          {"/healthChecks/0/intervalSeconds", "60"}, {"/healthChecks/0/timeoutSeconds", "20"},
          {"/healthChecks/0/maxConsecutiveFailures", "3"}, {"/healthChecks/0/delaySeconds", "15"},
          {"/healthChecks/0/ipProtocol", "\"IPv4\""});
    TRIES(*state,
          NO(CMD ",\"healthChecks\":[{\"protocol\":\"GOPHER\"}]", "/healthChecks(0)/protocol"),
          NO(CMD ",\"healthChecks\":[{\"protocol\":\"COMMAND\"}]", "/healthChecks(0)/command"),
          OK(CMD ",\"healthChecks\":[{\"protocol\":\"COMMAND\",\"command\":{\"value\":\"true\"}}]"),
          NO(CMD ",\"healthChecks\":[{\"portIndex\":7}]", "/healthChecks(0)/portIndex"));
}

static void s2_2_ignore_http_1xx_is_lost(void **state)
{
    SHOWN(*state, SERVICE ",\"instances\":0,\"healthChecks\":[{\"ignoreHttp1xx\":true}]",
          {"/healthChecks/0/ignoreHttp1xx", "false"});
}

static void s2_2_a_readiness_check_has_these_defaults_and_a_named_port(void **state)
{
    SHOWN(*state,
          CMD ",\"instances\":0,\"portDefinitions\":[{\"name\":\"http-api\"}],\"readinessChecks\":"
              "[{}]",
          {"/readinessChecks/0/name", "\"readinessCheck\""},
          {"/readinessChecks/0/protocol", "\"HTTP\""}, {"/readinessChecks/0/path", "\"/\""},
          {"/readinessChecks/0/portName", "\"http-api\""},
          {"/readinessChecks/0/intervalSeconds", "30"}, {"/readinessChecks/0/timeoutSeconds", "10"},
          {"/readinessChecks/0/httpStatusCodesForReady", "[200]"},
          {"/readinessChecks/0/preserveLastResponse", "false"});
    TRIES(*state, NO(CMD ",\"readinessChecks\":[{}]", "/readinessChecks(0)/portName"),
          NO(CMD ",\"portDefinitions\":[{\"name\":\"http-api\"}],\"readinessChecks\":"
                 "[{\"intervalSeconds\":10,\"timeoutSeconds\":10}]",
             "/readinessChecks(0)/timeoutSeconds"),
          NO(CMD ",\"portDefinitions\":[{\"name\":\"http-api\"}],\"readinessChecks\":"
                 "[{\"httpStatusCodesForReady\":[]}]",
             "/readinessChecks(0)/httpStatusCodesForReady"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        MARATHON_TEST(s2_1_ids_are_labels_joined_by_slashes_and_dots),
        MARATHON_TEST(s2_2_instances_is_1_and_a_whole_number_from_0),
        MARATHON_TEST(s2_2_a_single_instance_stays_single_and_is_never_doubled),
        MARATHON_TEST(s2_2_cpus_mem_disk_gpus_are_1_128_0_0_and_not_negative),
        MARATHON_TEST(s2_2_cmd_is_longer_than_one_character),
        MARATHON_TEST(s2_2_args_or_cmd_but_not_both_and_neither_only_with_an_image),
        MARATHON_TEST(s2_2_user_is_absent_and_executor_empty_or_a_path),
        MARATHON_TEST(s2_2_env_is_empty_and_holds_texts_or_secrets_and_is_replaced_as_a_whole),
        MARATHON_TEST(s2_2_labels_are_empty_and_map_text_to_text),
        MARATHON_TEST(s2_2_container_is_absent_and_of_a_known_type),
        MARATHON_TEST(s2_2_networks_is_host_and_modes_do_not_mix),
        MARATHON_TEST(s2_2_port_definitions_are_one_named_default_unless_empty),
        MARATHON_TEST(s2_2_port_mappings_are_one_named_default_off_the_host_network),
        MARATHON_TEST(s2_2_require_ports_is_false_and_stays_so_off_the_host_network),
        MARATHON_TEST(s2_2_constraints_fetch_dependencies_secrets_and_roles_are_empty),
        MARATHON_TEST(s2_2_backoff_is_1_s_by_1_15_up_to_300_s),
        MARATHON_TEST(s2_2_task_kill_grace_is_unset_and_a_whole_number_from_0),
        MARATHON_TEST(s2_2_upgrade_strategy_is_1_and_1_and_has_both_members),
        MARATHON_TEST(s2_2_upgrade_strategy_of_resident_apps_is_a_half_and_0),
        MARATHON_TEST(s2_2_kill_selection_is_youngest_first),
        MARATHON_TEST(s2_2_unreachable_strategy_is_0_and_0_or_disabled),
        MARATHON_TEST(s2_2_health_checks_are_none_and_a_set),
        MARATHON_TEST(s2_2_readiness_checks_are_none_and_at_most_one),
        MARATHON_TEST(s2_2_check_is_forbidden_with_docker),
        MARATHON_TEST(s2_2_role_is_a_star),
        MARATHON_TEST(s2_2_version_is_output_and_as_input_a_rollback),
        MARATHON_TEST(s2_2_version_info_is_output),
        MARATHON_TEST(s2_2_deprecated_members_are_converted),
        MARATHON_TEST(s2_2_clashes_of_old_and_new_members_are_422),
        MARATHON_TEST(s2_2_service_ports_are_unique_from_10000_and_zeros_get_them_back),
        MARATHON_TEST(s2_2_a_health_check_has_these_defaults),
        MARATHON_TEST(s2_2_ignore_http_1xx_is_lost),
        MARATHON_TEST(s2_2_a_readiness_check_has_these_defaults_and_a_named_port),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
