/**
 * @file tests/unit/server/json/test_appdef_forms.c
 * @brief Ids, the canonical form, defaults and facts of app definitions.
 */
#include "server/base/cleanup.h"
#include "server/json/appdef.h"
#include "tests/support/spec.h"

#include <string.h>

static json_t *parse(const char *text)
{
    struct zdd_json_error error;
    json_t *json = NULL;

    if (zdd_json_read(text, strlen(text), &json, &error) != ZDD_ERR_NONE)
        fail_msg("%d:%d: %s in %s", error.line, error.column, error.text, text);
    return json;
}

static void ids_that_marathon_takes_are_valid(void **state)
{
    static const char *const ids[] = {
        "/a",    "/zdd/base",  "/zdd/base-min-over", "/a.b.c/d-e.f",  "/0/1",
        "/a--b", "/restart/a", "/tasks/x",           "/a/versions.x",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
        if (!zdd_appdef_id_valid(ids[i]))
            fail_msg("%s was refused", ids[i]);
    }
}

static void ids_that_marathon_refuses_are_not(void **state)
{
    static const char *const ids[] = {
        "",           "/",      "a",           "a/b",    "//a",   "/a//b", "/a/",
        "/A",         "/a_b",   "/-a",         "/a-",    "/a-.b", "/a.-b", "/.a",
        "/a.",        "/a..b",  "/a/.",        "/a/..",  "/../a", "/a b",  "/\xC3\xA9",
        "/a/restart", "/tasks", "/a/versions", "/a/%2F", "/a\n",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
        if (zdd_appdef_id_valid(ids[i]))
            fail_msg("\"%s\" was taken", ids[i]);
    }
}

static void an_id_of_255_bytes_is_the_longest(void **state)
{
    char id[257];

    (void)state;
    memset(id, 'a', sizeof(id));
    id[0] = '/';
    id[255] = '\0';
    assert_true(zdd_appdef_id_valid(id));
    id[255] = 'a';
    id[256] = '\0';
    assert_false(zdd_appdef_id_valid(id));
}

static void assert_canonical(const char *text, const char *wanted)
{
    ZDD_AUTO_JSON json_t *json = parse(text);
    ZDD_AUTO_FREE char *before = zdd_json_canonical(json);
    ZDD_AUTO_JSON json_t *canonical = zdd_appdef_canonical(json);
    ZDD_AUTO_FREE char *got = zdd_json_canonical(canonical);
    ZDD_AUTO_JSON json_t *again = zdd_appdef_canonical(canonical);
    ZDD_AUTO_FREE char *got_again = zdd_json_canonical(again);
    ZDD_AUTO_FREE char *after = zdd_json_canonical(json);

    assert_string_equal(got, wanted);
    assert_string_equal(got_again, wanted); /* the form of the form is the form */
    assert_string_equal(after, before);     /* the argument is left alone */
}

static void what_marathon_only_reports_is_dropped(void **state)
{
    (void)state;
    assert_canonical(
        "{\"id\":\"/a\",\"cmd\":\"sleep\",\"version\":\"2024-05-01T10:00:00.000Z\","
        "\"versionInfo\":{},\"tasks\":[],\"tasksStaged\":0,\"tasksRunning\":1,\"tasksHealthy\":1,"
        "\"tasksUnhealthy\":0,\"deployments\":[],\"lastTaskFailure\":{},\"taskStats\":{},"
        "\"readinessCheckResults\":[],\"tasksStats\":{},\"storeUrls\":[]}",
        "{\"cmd\":\"sleep\",\"id\":\"/a\"}");
}

static void nulls_are_dropped_at_every_depth(void **state)
{
    (void)state;
    assert_canonical("{\"id\":\"/a\",\"cmd\":null,\"ipAddress\":null,\"residency\":null,"
                     "\"healthChecks\":[{\"path\":null,\"protocol\":\"TCP\"}]}",
                     "{\"healthChecks\":[{\"protocol\":\"TCP\"}],\"id\":\"/a\"}");
}

static void ids_become_absolute(void **state)
{
    (void)state;
    assert_canonical("{\"id\":\"a/b\",\"dependencies\":[\"c\",\"/d//e/\",\"/f/../g/./h\"]}",
                     "{\"dependencies\":[\"/c\",\"/d/e\",\"/g/h\"],\"id\":\"/a/b\"}");
    assert_canonical("{\"id\":\"../a\"}",
                     "{\"id\":\"../a\"}"); /* above the root: left for the check */
    assert_canonical("{\"id\":\"/a/..\"}", "{\"id\":\"/\"}");
}

static void uris_become_fetch(void **state)
{
    (void)state;
    assert_canonical("{\"uris\":[\"http://h/a.tar.gz\",\"http://h/b.bin\"],\"fetch\":[]}",
                     "{\"fetch\":[{\"extract\":true,\"uri\":\"http://h/a.tar.gz\"},"
                     "{\"extract\":false,\"uri\":\"http://h/b.bin\"}]}");
    assert_canonical("{\"uris\":[],\"fetch\":[{\"uri\":\"http://h/x\"}]}",
                     "{\"fetch\":[{\"uri\":\"http://h/x\"}]}");
    assert_canonical("{\"uris\":[\"http://h/x\"],\"fetch\":[{\"uri\":\"http://h/x\"}]}",
                     "{\"fetch\":[{\"uri\":\"http://h/x\"}]}");
}

static void ports_become_port_definitions(void **state)
{
    (void)state;
    assert_canonical("{\"ports\":[0,8080]}",
                     "{\"portDefinitions\":[{\"port\":0},{\"port\":8080}]}");
    assert_canonical("{\"ports\":[]}", "{\"portDefinitions\":[]}");
    assert_canonical("{\"ports\":[1],\"portDefinitions\":[{\"port\":1,\"name\":\"x\"}]}",
                     "{\"portDefinitions\":[{\"name\":\"x\",\"port\":1}]}");
}

static void the_network_of_docker_becomes_networks(void **state)
{
    (void)state;
    assert_canonical("{\"container\":{\"docker\":{\"image\":\"i\",\"network\":\"HOST\","
                     "\"portMappings\":[]}}}",
                     "{\"container\":{\"docker\":{\"image\":\"i\"}},"
                     "\"networks\":[{\"mode\":\"host\"}]}");
    assert_canonical("{\"container\":{\"docker\":{\"image\":\"i\",\"network\":\"BRIDGE\","
                     "\"portMappings\":[{\"containerPort\":80}]}}}",
                     "{\"container\":{\"docker\":{\"image\":\"i\"},"
                     "\"portMappings\":[{\"containerPort\":80}]},"
                     "\"networks\":[{\"mode\":\"container/bridge\"}]}");
    assert_canonical("{\"container\":{\"docker\":{\"network\":\"BRIDGE\",\"portMappings\":"
                     "[{\"containerPort\":80}]},\"portMappings\":[]}}",
                     "{\"container\":{\"docker\":{},\"portMappings\":[{\"containerPort\":80}]},"
                     "\"networks\":[{\"mode\":\"container/bridge\"}]}");
    assert_canonical("{\"container\":{\"docker\":{\"image\":\"i\",\"network\":\"USER\"}},"
                     "\"ipAddress\":{\"networkName\":\"dcos\",\"labels\":{\"k\":\"v\"}}}",
                     "{\"container\":{\"docker\":{\"image\":\"i\"}},\"networks\":"
                     "[{\"labels\":{\"k\":\"v\"},\"mode\":\"container\",\"name\":\"dcos\"}]}");
}

static void an_ip_address_becomes_a_network_and_its_ports_mappings(void **state)
{
    (void)state;
    assert_canonical("{\"ipAddress\":{\"groups\":[],\"labels\":{},\"discovery\":{\"ports\":"
                     "[{\"number\":80,\"name\":\"http\",\"protocol\":\"tcp\"}]}}}",
                     "{\"container\":{\"portMappings\":[{\"containerPort\":80,\"name\":\"http\","
                     "\"protocol\":\"tcp\"}],\"type\":\"MESOS\"},"
                     "\"networks\":[{\"mode\":\"container\"}]}");
}

static void each_kind_of_network_keeps_its_own_list_of_ports(void **state)
{
    (void)state;
    assert_canonical("{\"networks\":[{\"mode\":\"container/bridge\"}],\"ports\":[10001],"
                     "\"container\":{\"portMappings\":[]},\"portDefinitions\":[{\"port\":10001}]}",
                     "{\"container\":{\"portMappings\":[]},"
                     "\"networks\":[{\"mode\":\"container/bridge\"}]}");
    assert_canonical("{\"networks\":[{\"mode\":\"host\"}],\"container\":{\"portMappings\":[]},"
                     "\"portDefinitions\":[{\"port\":1}]}",
                     "{\"container\":{},\"networks\":[{\"mode\":\"host\"}],"
                     "\"portDefinitions\":[{\"port\":1}]}");
}

static void wrong_types_survive_and_break_nothing(void **state)
{
    static const char *const texts[] = {
        "{\"id\":1,\"container\":[],\"networks\":{},\"ports\":{},\"uris\":\"x\",\"ipAddress\":[]}",
        "{\"container\":{\"docker\":\"x\",\"portMappings\":3,\"volumes\":{}},\"networks\":[1]}",
        "{\"networks\":[\"host\"],\"portDefinitions\":[1,\"x\"],\"healthChecks\":[1,null,{}]}",
        "{\"networks\":[{\"mode\":7}],\"container\":{\"portMappings\":[null,1]}}",
        ("{\"readinessChecks\":[\"x\"],\"upgradeStrategy\":1,\"unreachableStrategy\":[],"
         "\"labels\":[],\"dependencies\":[1],\"fetch\":[2],\"check\":3,\"constraints\":[1,[2]]}"),
        "{\"ipAddress\":{\"discovery\":{\"ports\":[1]},\"labels\":3},\"container\":1}",
        "[]",
        "\"x\"",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        ZDD_AUTO_JSON json_t *json = parse(texts[i]);
        ZDD_AUTO_JSON json_t *canonical = zdd_appdef_canonical(json);
        ZDD_AUTO_JSON json_t *full = zdd_appdef_with_defaults(canonical);
        struct zdd_field_errors errors = {0};
        struct zdd_appdef_facts facts;

        assert_true(json_is_object(full));
        zdd_appdef_facts(json, &facts);
        assert_false(zdd_appdef_check(json, "#", true, &errors));
        assert_true(errors.count > 0);
        assert_true(zdd_appdef_fits(json, json, false));
    }
    assert_true(zdd_appdef_fits(NULL, NULL, false));
}

static void assert_defaults(const char *text, const char *pointer, const char *wanted)
{
    ZDD_AUTO_JSON json_t *json = parse(text);
    ZDD_AUTO_JSON json_t *canonical = zdd_appdef_canonical(json);
    ZDD_AUTO_JSON json_t *full = zdd_appdef_with_defaults(canonical);
    const json_t *part = zdd_json_at(full, pointer);
    ZDD_AUTO_FREE char *got = part ? zdd_json_canonical(part) : NULL;

    if (wanted)
        assert_string_equal(got, wanted);
    else
        assert_null(part);
}

static void the_smallest_app_gets_every_default(void **state)
{
    (void)state;
    assert_defaults(
        "{\"id\":\"/a\",\"cmd\":\"sleep 1\",\"env\":{},\"healthChecks\":[]}", "",
        "{\"backoffFactor\":1.15,\"backoffSeconds\":1,\"cmd\":\"sleep 1\",\"cpus\":1,"
        "\"disk\":0,\"executor\":\"\",\"gpus\":0,\"id\":\"/a\",\"instances\":1,"
        "\"killSelection\":\"YOUNGEST_FIRST\",\"labels\":{},"
        "\"maxLaunchDelaySeconds\":300,\"mem\":128,\"networks\":[{\"mode\":\"host\"}],"
        "\"portDefinitions\":[{\"name\":\"default\",\"port\":0,\"protocol\":\"tcp\"}],"
        "\"requirePorts\":false,"
        "\"unreachableStrategy\":{\"expungeAfterSeconds\":0,\"inactiveAfterSeconds\":0},"
        "\"upgradeStrategy\":{\"maximumOverCapacity\":1,\"minimumHealthCapacity\":1}}");
}

static void what_is_given_stays(void **state)
{
    (void)state;
    assert_defaults("{\"portDefinitions\":[]}", "/portDefinitions", "[]");
    assert_defaults("{\"cpus\":0.1}", "/cpus", "0.1");
    assert_defaults("{\"networks\":[]}", "/networks", "[{\"mode\":\"host\"}]");
    assert_defaults("{\"requirePorts\":true}", "/requirePorts", "true");
}

static void a_bridged_container_gets_its_port_mapping(void **state)
{
    (void)state;
    assert_defaults("{\"container\":{\"docker\":{\"image\":\"i\",\"network\":\"BRIDGE\"}},"
                    "\"requirePorts\":true}",
                    "/container",
                    "{\"docker\":{\"forcePullImage\":false,\"image\":\"i\",\"parameters\":[],"
                    "\"privileged\":false},\"portMappings\":[{\"containerPort\":0,\"hostPort\":0,"
                    "\"labels\":{},\"name\":\"default\",\"protocol\":\"tcp\",\"servicePort\":0}],"
                    "\"type\":\"DOCKER\",\"volumes\":[]}");
    assert_defaults("{\"networks\":[{\"mode\":\"container/bridge\"}],\"requirePorts\":true}",
                    "/requirePorts", "false");
    assert_defaults("{\"networks\":[{\"mode\":\"container/bridge\"}]}", "/portDefinitions", NULL);
    assert_defaults("{\"networks\":[{\"name\":\"n\"}]}", "/container/portMappings/0/hostPort",
                    NULL);
    assert_defaults("{\"networks\":[{\"name\":\"n\"}]}", "/container/type", "\"MESOS\"");
    assert_defaults("{\"networks\":[{\"name\":\"n\"}],\"container\":{\"portMappings\":[]}}",
                    "/container/portMappings", "[]");
}

static void checks_get_their_defaults(void **state)
{
    (void)state;
    assert_defaults("{\"healthChecks\":[{}]}", "/healthChecks/0",
                    "{\"delaySeconds\":15,\"gracePeriodSeconds\":300,\"ignoreHttp1xx\":false,"
                    "\"intervalSeconds\":60,\"ipProtocol\":\"IPv4\",\"maxConsecutiveFailures\":3,"
                    "\"portIndex\":0,\"protocol\":\"HTTP\",\"timeoutSeconds\":20}");
    assert_defaults("{\"healthChecks\":[{\"port\":8080,\"portIndex\":0}]}",
                    "/healthChecks/0/portIndex", NULL);
    assert_defaults("{\"healthChecks\":[{\"protocol\":\"COMMAND\"}]}", "/healthChecks/0/portIndex",
                    NULL);
    assert_defaults("{\"healthChecks\":[{}],\"portDefinitions\":[]}", "/healthChecks/0/portIndex",
                    NULL);
    assert_defaults("{\"readinessChecks\":[{}]}", "/readinessChecks/0",
                    "{\"httpStatusCodesForReady\":[200],\"intervalSeconds\":30,"
                    "\"name\":\"readinessCheck\",\"path\":\"/\",\"portName\":\"http-api\","
                    "\"preserveLastResponse\":false,\"protocol\":\"HTTP\",\"timeoutSeconds\":10}");
    assert_defaults(
        "{\"check\":{\"tcp\":{}}}", "/check",
        "{\"delaySeconds\":15,\"intervalSeconds\":60,\"tcp\":{},\"timeoutSeconds\":20}");
    assert_defaults("{\"networks\":[{\"name\":\"n\"}]}", "/networks/0/mode", "\"container\"");
    assert_defaults("{\"fetch\":[{\"uri\":\"u\"}]}", "/fetch/0",
                    "{\"cache\":false,\"executable\":false,\"extract\":true,\"uri\":\"u\"}");
}

static void the_upgrade_strategy_depends_on_volumes_and_labels(void **state)
{
    (void)state;
    assert_defaults("{\"labels\":{\"MARATHON_SINGLE_INSTANCE_APP\":\"true\"}}", "/upgradeStrategy",
                    "{\"maximumOverCapacity\":0,\"minimumHealthCapacity\":0}");
    assert_defaults("{\"container\":{\"volumes\":[{\"persistent\":{\"size\":1}}]}}",
                    "/upgradeStrategy",
                    "{\"maximumOverCapacity\":0,\"minimumHealthCapacity\":0.5}");
    assert_defaults("{\"container\":{\"volumes\":[{\"external\":{\"name\":\"v\"}}]}}",
                    "/upgradeStrategy",
                    "{\"maximumOverCapacity\":0,\"minimumHealthCapacity\":0.5}");
    assert_defaults("{\"container\":{\"volumes\":[{\"persistent\":{\"size\":1}}]}}",
                    "/unreachableStrategy", "\"disabled\"");
    assert_defaults("{\"unreachableStrategy\":{\"inactiveAfterSeconds\":9}}",
                    "/unreachableStrategy",
                    "{\"expungeAfterSeconds\":0,\"inactiveAfterSeconds\":9}");
}

static struct zdd_appdef_facts facts_of(const char *text)
{
    ZDD_AUTO_JSON json_t *json = parse(text);
    struct zdd_appdef_facts facts;

    memset(&facts, 0xAA, sizeof(facts));
    zdd_appdef_facts(json, &facts);
    return facts;
}

static void an_app_that_says_nothing_has_the_default_facts(void **state)
{
    const struct zdd_appdef_facts facts = facts_of("{\"id\":\"/a\",\"cmd\":\"sleep 1\"}");

    (void)state;
    assert_int_equal(facts.instances, 1);
    assert_true(facts.minimum_health_capacity == 1.0 && facts.maximum_over_capacity == 1.0);
    assert_true(facts.cpus == 1.0 && facts.mem_mib == 128.0);
    assert_false(facts.has_health_checks || facts.has_marathon_checks);
    assert_false(facts.has_readiness_checks || facts.single_instance || facts.require_ports);
    assert_false(facts.unique_hostname || facts.oldest_first || facts.resident);
    assert_int_equal(facts.start_timeout_s, 60);
}

static void facts_are_read_from_what_is_said(void **state)
{
    struct zdd_appdef_facts facts =
        facts_of("{\"instances\":4,\"cpus\":0.1,\"mem\":32,\"killSelection\":\"OLDEST_FIRST\","
                 "\"upgradeStrategy\":{\"minimumHealthCapacity\":0.25,\"maximumOverCapacity\":0.5},"
                 "\"requirePorts\":true,\"ports\":[0,8080],"
                 "\"constraints\":[[\"rack\",\"GROUP_BY\"],[\"hostname\",\"UNIQUE\"]]}");

    (void)state;
    assert_int_equal(facts.instances, 4);
    assert_true(facts.minimum_health_capacity == 0.25 && facts.maximum_over_capacity == 0.5);
    assert_true(facts.cpus == 0.1 && facts.mem_mib == 32.0);
    assert_true(facts.oldest_first && facts.require_ports && facts.unique_hostname);

    facts = facts_of("{\"container\":{\"volumes\":[{\"persistent\":{\"size\":1}}]}}");
    assert_true(facts.resident);
    assert_true(facts.minimum_health_capacity == 0.5 && facts.maximum_over_capacity == 0.0);
}

static void what_looks_like_a_fact_but_is_none(void **state)
{
    (void)state;
    assert_false(facts_of("{\"requirePorts\":true,\"ports\":[0]}").require_ports);
    assert_false(facts_of("{\"requirePorts\":false,\"ports\":[80]}").require_ports);
    assert_false(facts_of("{\"requirePorts\":true,\"networks\":[{\"mode\":\"container/bridge\"}],"
                          "\"container\":{\"portMappings\":[{\"hostPort\":80}]}}")
                     .require_ports);
    assert_false(facts_of("{\"constraints\":[[\"rack\",\"UNIQUE\"]]}").unique_hostname);
    assert_false(facts_of("{\"constraints\":[[\"hostname\",\"MAX_PER\",\"2\"]]}").unique_hostname);
    assert_true(facts_of("{\"constraints\":[[\"hostname\",\"MAX_PER\",\"1\"]]}").unique_hostname);
    assert_true(facts_of("{\"constraints\":[[\"@hostname\",\"UNIQUE\"]]}").unique_hostname);
    assert_false(
        facts_of("{\"labels\":{\"MARATHON_SINGLE_INSTANCE_APP\":\"false\"}}").single_instance);
}

static void a_single_instance_has_no_capacities(void **state)
{
    const struct zdd_appdef_facts facts =
        facts_of("{\"labels\":{\"MARATHON_SINGLE_INSTANCE_APP\":\"true\"},"
                 "\"upgradeStrategy\":{\"minimumHealthCapacity\":1,\"maximumOverCapacity\":1}}");

    (void)state;
    assert_true(facts.single_instance);
    assert_true(facts.minimum_health_capacity == 0.0 && facts.maximum_over_capacity == 0.0);
}

static void marathon_runs_http_and_tcp_checks_and_mesos_the_others(void **state)
{
    (void)state;
    assert_true(facts_of("{\"healthChecks\":[{}]}").has_marathon_checks);
    assert_true(facts_of("{\"healthChecks\":[{\"protocol\":\"TCP\"}]}").has_marathon_checks);
    assert_true(facts_of("{\"healthChecks\":[{\"protocol\":\"HTTPS\"}]}").has_marathon_checks);
    assert_false(facts_of("{\"healthChecks\":[{\"protocol\":\"COMMAND\"}]}").has_marathon_checks);
    assert_false(
        facts_of("{\"healthChecks\":[{\"protocol\":\"MESOS_HTTP\"}]}").has_marathon_checks);
    assert_true(facts_of("{\"healthChecks\":[{\"protocol\":\"MESOS_TCP\"}]}").has_health_checks);
}

static void the_time_to_start_follows_the_slowest_check(void **state)
{
    (void)state;
    assert_int_equal(facts_of("{\"healthChecks\":[{}]}").start_timeout_s, 300);
    assert_int_equal(facts_of("{\"healthChecks\":[{\"gracePeriodSeconds\":10,"
                              "\"intervalSeconds\":100,\"timeoutSeconds\":7}]}")
                         .start_timeout_s,
                     207);
    assert_int_equal(facts_of("{\"healthChecks\":[{\"gracePeriodSeconds\":5,"
                              "\"intervalSeconds\":1,\"timeoutSeconds\":1}]}")
                         .start_timeout_s,
                     60);
    assert_int_equal(facts_of("{\"readinessChecks\":[{}]}").start_timeout_s, 310);
    assert_int_equal(facts_of("{\"healthChecks\":[{\"gracePeriodSeconds\":400}],"
                              "\"readinessChecks\":[{}]}")
                         .start_timeout_s,
                     400);
    assert_int_equal(facts_of("{\"healthChecks\":[{\"gracePeriodSeconds\":2147483647,"
                              "\"intervalSeconds\":2147483647}]}")
                         .start_timeout_s,
                     INT32_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ids_that_marathon_takes_are_valid),
        cmocka_unit_test(ids_that_marathon_refuses_are_not),
        cmocka_unit_test(an_id_of_255_bytes_is_the_longest),
        cmocka_unit_test(what_marathon_only_reports_is_dropped),
        cmocka_unit_test(nulls_are_dropped_at_every_depth),
        cmocka_unit_test(ids_become_absolute),
        cmocka_unit_test(uris_become_fetch),
        cmocka_unit_test(ports_become_port_definitions),
        cmocka_unit_test(the_network_of_docker_becomes_networks),
        cmocka_unit_test(an_ip_address_becomes_a_network_and_its_ports_mappings),
        cmocka_unit_test(each_kind_of_network_keeps_its_own_list_of_ports),
        cmocka_unit_test(wrong_types_survive_and_break_nothing),
        cmocka_unit_test(the_smallest_app_gets_every_default),
        cmocka_unit_test(what_is_given_stays),
        cmocka_unit_test(a_bridged_container_gets_its_port_mapping),
        cmocka_unit_test(checks_get_their_defaults),
        cmocka_unit_test(the_upgrade_strategy_depends_on_volumes_and_labels),
        cmocka_unit_test(an_app_that_says_nothing_has_the_default_facts),
        cmocka_unit_test(facts_are_read_from_what_is_said),
        cmocka_unit_test(what_looks_like_a_fact_but_is_none),
        cmocka_unit_test(a_single_instance_has_no_capacities),
        cmocka_unit_test(marathon_runs_http_and_tcp_checks_and_mesos_the_others),
        cmocka_unit_test(the_time_to_start_follows_the_slowest_check),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
