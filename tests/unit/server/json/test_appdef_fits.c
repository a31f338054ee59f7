/**
 * @file tests/unit/server/json/test_appdef_fits.c
 * @brief Whether an answer of Marathon carries out a definition: yes for all it adds, no for each
 * change.
 */
#include "server/json/appdef.h"
#include "server/json/patch.h"
#include "tests/support/spec.h"

#include <stdio.h>
#include <string.h>

/* What a team sends: old spelling of the network, and only what it cares about. */
static const char wanted_text[] =
    "{\"id\":\"shop/cart\",\"instances\":4,\"cpus\":0.1,\"mem\":32,"
    "\"container\":{\"type\":\"DOCKER\",\"docker\":{\"image\":\"shop/cart:7\",\"network\":\"BRIDGE\","
    "\"portMappings\":[{\"containerPort\":8080,\"name\":\"http\"},{\"containerPort\":9090}]},"
    "\"volumes\":[{\"containerPath\":\"/data\",\"hostPath\":\"/srv\",\"mode\":\"RO\"}]},"
    "\"env\":{\"MODE\":\"live\",\"LEVEL\":\"3\"},\"labels\":{\"HAPROXY_GROUP\":\"external\"},"
    "\"constraints\":[[\"rack\",\"GROUP_BY\",\"2\"],[\"hostname\",\"UNIQUE\"]],"
    "\"uris\":[\"http://files/conf.tgz\"],\"dependencies\":[\"/shop/db\",\"/shop/mq\"],"
    "\"healthChecks\":[{\"protocol\":\"HTTP\",\"path\":\"/health\",\"gracePeriodSeconds\":30,"
    "\"intervalSeconds\":5,\"timeoutSeconds\":2,\"maxConsecutiveFailures\":3,"
    "\"ignoreHttp1xx\":true},{\"protocol\":\"COMMAND\",\"command\":{\"value\":\"true\"}}],"
    "\"readinessChecks\":[{\"portName\":\"http\",\"path\":\"/ready\",\"intervalSeconds\":10,"
    "\"timeoutSeconds\":5,\"httpStatusCodesForReady\":[204,200]}],"
    "\"upgradeStrategy\":{\"minimumHealthCapacity\":0.25,\"maximumOverCapacity\":0.25}}";

/* What 1.10 answers. */
static const char new_answer[] =
    "{\"id\":\"/shop/cart\",\"backoffFactor\":1.15,\"backoffSeconds\":1,"
    "\"constraints\":[[\"hostname\",\"UNIQUE\"],[\"rack\",\"GROUP_BY\",\"2\"]],"
    "\"container\":{\"type\":\"DOCKER\",\"docker\":{\"forcePullImage\":false,"
    "\"image\":\"shop/cart:7\",\"parameters\":[],\"privileged\":false},"
    "\"volumes\":[{\"containerPath\":\"/data\",\"hostPath\":\"/srv\",\"mode\":\"RO\"}],"
    "\"portMappings\":[{\"containerPort\":8080,\"hostPort\":0,\"labels\":{},\"name\":\"http\","
    "\"protocol\":\"tcp\",\"servicePort\":10003},{\"containerPort\":9090,\"hostPort\":0,"
    "\"labels\":{},\"protocol\":\"tcp\",\"servicePort\":10004}]},"
    "\"cpus\":0.1,\"dependencies\":[\"/shop/mq\",\"/shop/db\"],\"disk\":0,"
    "\"env\":{\"LEVEL\":\"3\",\"MODE\":\"live\"},\"executor\":\"\","
    "\"fetch\":[{\"cache\":false,\"executable\":false,\"extract\":true,"
    "\"uri\":\"http://files/conf.tgz\"}],"
    "\"healthChecks\":[{\"command\":{\"value\":\"true\"},\"delaySeconds\":15,"
    "\"gracePeriodSeconds\":300,\"intervalSeconds\":60,\"ipProtocol\":\"IPv4\","
    "\"maxConsecutiveFailures\":3,\"protocol\":\"COMMAND\",\"timeoutSeconds\":20},"
    "{\"delaySeconds\":15,\"gracePeriodSeconds\":30,\"ignoreHttp1xx\":false,"
    "\"intervalSeconds\":5,\"ipProtocol\":\"IPv4\",\"maxConsecutiveFailures\":3,"
    "\"path\":\"/health\",\"portIndex\":0,\"protocol\":\"HTTP\",\"timeoutSeconds\":2}],"
    "\"instances\":4,\"labels\":{\"HAPROXY_GROUP\":\"external\"},\"maxLaunchDelaySeconds\":300,"
    "\"mem\":32.0,\"gpus\":0,\"networks\":[{\"mode\":\"container/bridge\"}],"
    "\"readinessChecks\":[{\"httpStatusCodesForReady\":[200,204],\"intervalSeconds\":10,"
    "\"name\":\"readinessCheck\",\"path\":\"/ready\",\"portName\":\"http\","
    "\"preserveLastResponse\":false,\"protocol\":\"HTTP\",\"timeoutSeconds\":5}],"
    "\"requirePorts\":false,"
    "\"upgradeStrategy\":{\"maximumOverCapacity\":0.25,\"minimumHealthCapacity\":0.25},"
    "\"version\":\"2024-05-01T10:00:00.000Z\",\"versionInfo\":"
    "{\"lastScalingAt\":\"2024-05-01T10:00:00.000Z\",\"lastConfigChangeAt\":\"2024-05-01T10:00:00.000Z\"},"
    "\"killSelection\":\"YOUNGEST_FIRST\","
    "\"unreachableStrategy\":{\"inactiveAfterSeconds\":0,\"expungeAfterSeconds\":0},"
    "\"role\":\"*\",\"tasksStaged\":0,\"tasksRunning\":4,\"tasksHealthy\":4,\"tasksUnhealthy\":0,"
    "\"deployments\":[{\"id\":\"7c3e\"}],\"tasks\":[{\"id\":\"t\"}],\"someNewMember\":{\"x\":1}}";

/* What Marathon up to 1.4 answers: nulls, both spellings at once, no unreachableStrategy
 * before 1.4. */
static const char old_answer[] =
    "{\"id\":\"/shop/cart\",\"cmd\":null,\"args\":null,\"user\":null,"
    "\"env\":{\"LEVEL\":\"3\",\"MODE\":\"live\"},\"instances\":4,\"cpus\":0.1,\"mem\":32,\"disk\":0,"
    "\"gpus\":0,\"executor\":\"\",\"constraints\":[[\"hostname\",\"UNIQUE\"],"
    "[\"rack\",\"GROUP_BY\",\"2\"]],\"uris\":[\"http://files/conf.tgz\"],"
    "\"fetch\":[{\"uri\":\"http://files/conf.tgz\",\"extract\":true,\"executable\":false,"
    "\"cache\":false}],\"storeUrls\":[],\"backoffSeconds\":1,\"backoffFactor\":1.15,"
    "\"maxLaunchDelaySeconds\":3600,\"container\":{\"type\":\"DOCKER\","
    "\"volumes\":[{\"containerPath\":\"/data\",\"hostPath\":\"/srv\",\"mode\":\"RO\"}],"
    "\"docker\":{\"image\":\"shop/cart:7\",\"network\":\"BRIDGE\",\"portMappings\":["
    "{\"containerPort\":8080,\"hostPort\":0,\"servicePort\":10003,\"protocol\":\"tcp\","
    "\"name\":\"http\",\"labels\":{}},{\"containerPort\":9090,\"hostPort\":0,"
    "\"servicePort\":10004,\"protocol\":\"tcp\",\"labels\":{}}],\"privileged\":false,"
    "\"parameters\":[],\"forcePullImage\":false}},"
    "\"healthChecks\":[{\"path\":\"/health\",\"protocol\":\"HTTP\",\"portIndex\":0,"
    "\"gracePeriodSeconds\":30,\"intervalSeconds\":5,\"timeoutSeconds\":2,"
    "\"maxConsecutiveFailures\":3,\"ignoreHttp1xx\":true,\"command\":null,\"port\":null},"
    "{\"protocol\":\"COMMAND\",\"command\":{\"value\":\"true\"},\"path\":\"/\",\"portIndex\":0,"
    "\"gracePeriodSeconds\":300,\"intervalSeconds\":60,\"timeoutSeconds\":20,"
    "\"maxConsecutiveFailures\":3,\"ignoreHttp1xx\":false}],"
    "\"readinessChecks\":[{\"name\":\"readinessCheck\",\"protocol\":\"HTTP\",\"path\":\"/ready\","
    "\"portName\":\"http\",\"intervalSeconds\":10,\"timeoutSeconds\":5,"
    "\"httpStatusCodesForReady\":[200,204],\"preserveLastResponse\":false}],"
    "\"dependencies\":[\"/shop/db\",\"/shop/mq\"],"
    "\"upgradeStrategy\":{\"minimumHealthCapacity\":0.25,\"maximumOverCapacity\":0.25},"
    "\"labels\":{\"HAPROXY_GROUP\":\"external\"},\"acceptedResourceRoles\":null,"
    "\"ipAddress\":null,\"version\":\"2016-10-13T13:31:39.055Z\",\"residency\":null,"
    "\"secrets\":{},\"taskKillGracePeriodSeconds\":null,\"ports\":[10003,10004],"
    "\"portDefinitions\":[{\"port\":10003,\"protocol\":\"tcp\",\"labels\":{}},"
    "{\"port\":10004,\"protocol\":\"tcp\",\"labels\":{}}],\"requirePorts\":false,"
    "\"versionInfo\":{\"lastScalingAt\":\"x\",\"lastConfigChangeAt\":\"x\"}}";

static json_t *parse(const char *text)
{
    struct zdd_json_error error;
    json_t *json = NULL;

    if (zdd_json_read(text, strlen(text), &json, &error) != ZDD_ERR_NONE)
        fail_msg("%d:%d: %s in %s", error.line, error.column, error.text, text);
    return json;
}

static bool fits(const char *wanted, const char *actual)
{
    ZDD_AUTO_JSON json_t *ours = parse(wanted);
    ZDD_AUTO_JSON json_t *theirs = parse(actual);

    return zdd_appdef_fits(ours, theirs, false);
}

/* Does @p wanted fit @p actual after merge patch @p change? */
static bool fits_changed(const char *wanted, const char *actual, const char *change)
{
    ZDD_AUTO_JSON json_t *ours = parse(wanted);
    ZDD_AUTO_JSON json_t *theirs = parse(actual);
    ZDD_AUTO_JSON json_t *patch = parse(change);
    ZDD_AUTO_JSON json_t *changed = zdd_json_merge_patch(theirs, patch);

    assert_false(json_equal(theirs, changed)); /* or the row would test nothing */
    return zdd_appdef_fits(ours, changed, false);
}

static void answers_of_old_and_new_marathons_fit(void **state)
{
    (void)state;
    assert_true(fits(wanted_text, new_answer));
    assert_true(fits(wanted_text, old_answer));
    assert_true(fits(wanted_text, wanted_text));
}

static void each_changed_member_stops_a_new_answer_from_fitting(void **state)
{
    static const char *const changes[] = {
        "{\"id\":\"/shop/cart2\"}",
        "{\"instances\":5}",
        "{\"cmd\":\"sleep 1\"}",
        "{\"args\":[\"x\"]}",
        "{\"user\":\"root\"}",
        "{\"env\":{\"MODE\":\"test\"}}",
        "{\"env\":{\"MORE\":\"\"}}",
        "{\"env\":{\"MODE\":null}}",
        "{\"env\":{\"MODE\":{\"secret\":\"s\"}}}",
        "{\"cpus\":0.2}",
        "{\"mem\":32.5}",
        "{\"disk\":1}",
        "{\"gpus\":1}",
        "{\"executor\":\"/bin/x\"}",
        "{\"constraints\":[[\"hostname\",\"UNIQUE\"]]}",
        "{\"constraints\":[[\"hostname\",\"UNIQUE\"],[\"rack\",\"GROUP_BY\",\"3\"]]}",
        "{\"fetch\":null}",
        "{\"fetch\":[{\"uri\":\"http://files/conf.tgz\",\"extract\":false}]}",
        "{\"fetch\":[{\"uri\":\"http://files/conf.tgz\",\"cache\":true}]}",
        "{\"fetch\":[{\"uri\":\"http://files/conf.tgz\",\"destPath\":\"x\"}]}",
        "{\"requirePorts\":true,\"networks\":[{\"mode\":\"host\"}]}",
        "{\"backoffSeconds\":2}",
        "{\"backoffFactor\":1.2}",
        "{\"maxLaunchDelaySeconds\":301}",
        "{\"container\":null}",
        "{\"container\":{\"type\":\"MESOS\"}}",
        "{\"container\":{\"docker\":{\"image\":\"shop/cart:6\"}}}",
        "{\"container\":{\"docker\":{\"privileged\":true}}}",
        "{\"container\":{\"docker\":{\"forcePullImage\":true}}}",
        "{\"container\":{\"docker\":{\"parameters\":[{\"key\":\"a\",\"value\":\"b\"}]}}}",
        "{\"container\":{\"docker\":{\"pullConfig\":{\"secret\":\"s\"}}}}",
        "{\"container\":{\"volumes\":[]}}",
        "{\"container\":{\"volumes\":[{\"containerPath\":\"/data\",\"hostPath\":\"/srv\","
        "\"mode\":\"RW\"}]}}",
        "{\"container\":{\"portMappings\":[{\"containerPort\":8080,\"name\":\"http\"}]}}",
        "{\"container\":{\"portMappings\":[{\"containerPort\":8081,\"name\":\"http\"},"
        "{\"containerPort\":9090}]}}",
        "{\"container\":{\"portMappings\":[{\"containerPort\":8080,\"name\":\"http2\"},"
        "{\"containerPort\":9090}]}}",
        "{\"container\":{\"portMappings\":[{\"containerPort\":8080,\"name\":\"http\"},"
        "{\"containerPort\":9090,\"name\":\"admin\"}]}}",
        "{\"container\":{\"portMappings\":[{\"containerPort\":8080,\"name\":\"http\","
        "\"protocol\":\"udp\"},{\"containerPort\":9090}]}}",
        "{\"container\":{\"portMappings\":[{\"containerPort\":8080,\"name\":\"http\","
        "\"labels\":{\"VIP_0\":\"x\"}},{\"containerPort\":9090}]}}",
        "{\"networks\":[{\"mode\":\"host\"}]}",
        "{\"networks\":[{\"mode\":\"container\",\"name\":\"dcos\"}]}",
        "{\"networks\":[{\"mode\":\"container/bridge\",\"labels\":{\"a\":\"b\"}}]}",
        "{\"healthChecks\":null}",
        "{\"healthChecks\":[{\"protocol\":\"COMMAND\",\"command\":{\"value\":\"true\"}}]}",
        "{\"check\":{\"exec\":{\"command\":{\"shell\":\"x\"}}}}",
        "{\"readinessChecks\":null}",
        "{\"taskKillGracePeriodSeconds\":5}",
        "{\"dependencies\":[\"/shop/db\"]}",
        "{\"dependencies\":[\"/shop/db\",\"/shop/mq2\"]}",
        "{\"upgradeStrategy\":{\"minimumHealthCapacity\":0.5}}",
        "{\"upgradeStrategy\":{\"maximumOverCapacity\":0.5}}",
        "{\"upgradeStrategy\":null}",
        "{\"labels\":{\"HAPROXY_GROUP\":\"internal\"}}",
        "{\"labels\":{\"more\":\"x\"}}",
        "{\"labels\":null}",
        "{\"acceptedResourceRoles\":[\"slave_public\"]}",
        "{\"secrets\":{\"s\":{\"source\":\"x\"}}}",
        "{\"unreachableStrategy\":{\"expungeAfterSeconds\":7}}",
        "{\"unreachableStrategy\":\"disabled\"}",
        "{\"killSelection\":\"OLDEST_FIRST\"}",
        "{\"tty\":true}",
        "{\"resourceLimits\":{\"cpus\":2}}",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
        if (fits_changed(wanted_text, new_answer, changes[i]))
            fail_msg("still fits: %s", changes[i]);
    }
}

static void each_changed_member_stops_an_old_answer_from_fitting(void **state)
{
    static const char *const changes[] = {
        "{\"instances\":3}",
        "{\"cmd\":\"sleep 1\"}",
        "{\"args\":[\"x\"]}",
        "{\"user\":\"root\"}",
        "{\"env\":{\"LEVEL\":\"4\"}}",
        "{\"cpus\":0.11}",
        "{\"mem\":33}",
        "{\"disk\":1}",
        "{\"constraints\":[]}",
        "{\"fetch\":[{\"uri\":\"http://files/conf2.tgz\"}]}",
        "{\"fetch\":[],\"uris\":[]}",
        "{\"backoffSeconds\":0}",
        "{\"backoffFactor\":1}",
        "{\"maxLaunchDelaySeconds\":3601}",
        "{\"container\":{\"docker\":{\"image\":\"shop/cart:8\"}}}",
        "{\"container\":{\"docker\":{\"network\":\"HOST\"}}}",
        "{\"container\":{\"docker\":{\"network\":\"USER\"}}}",
        "{\"container\":{\"docker\":{\"portMappings\":null}}}",
        ("{\"container\":{\"docker\":{\"portMappings\":[{\"containerPort\":8080,"
         "\"name\":\"http\"},{\"containerPort\":9091}]}}}"),
        "{\"container\":{\"docker\":{\"privileged\":true}}}",
        "{\"healthChecks\":[]}",
        "{\"readinessChecks\":[]}",
        "{\"dependencies\":[]}",
        "{\"upgradeStrategy\":{\"minimumHealthCapacity\":1.0}}",
        "{\"labels\":{\"HAPROXY_GROUP\":null}}",
        "{\"acceptedResourceRoles\":[\"a\",\"b\"]}",
        "{\"taskKillGracePeriodSeconds\":0}",
        "{\"secrets\":{\"s\":{\"source\":\"x\"}}}",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
        if (fits_changed(wanted_text, old_answer, changes[i]))
            fail_msg("still fits: %s", changes[i]);
    }
}

/* One health check and one readiness check, changed by one member at a time. */
static void each_changed_member_of_a_check_stops_the_fit(void **state)
{
    static const char base[] =
        "{\"id\":\"/a\",\"cmd\":\"run it\",\"portDefinitions\":[{\"name\":\"http\"},{}],"
        "\"healthChecks\":[{\"path\":\"/h\"}],\"readinessChecks\":[{\"portName\":\"http\"}]}";
    static const char *const health[] = {
        "\"protocol\":\"HTTPS\",\"path\":\"/h\"",
        "\"protocol\":\"MESOS_HTTP\",\"path\":\"/h\"",
        "\"path\":\"/i\"",
        "\"path\":\"/h\",\"portIndex\":1",
        "\"path\":\"/h\",\"port\":80",
        "\"path\":\"/h\",\"gracePeriodSeconds\":301",
        "\"path\":\"/h\",\"intervalSeconds\":61",
        "\"path\":\"/h\",\"timeoutSeconds\":21",
        "\"path\":\"/h\",\"maxConsecutiveFailures\":4",
    };
    static const char *const readiness[] = {
        "\"portName\":\"http\",\"name\":\"other\"",
        "\"portName\":\"http\",\"protocol\":\"HTTPS\"",
        "\"portName\":\"http\",\"path\":\"/r\"",
        "\"portName\":\"other\"",
        "\"portName\":\"http\",\"intervalSeconds\":31",
        "\"portName\":\"http\",\"timeoutSeconds\":11",
        "\"portName\":\"http\",\"httpStatusCodesForReady\":[200,204]",
        "\"portName\":\"http\",\"preserveLastResponse\":true",
    };
    char change[200];

    (void)state;
    for (size_t i = 0; i < sizeof(health) / sizeof(health[0]); i++) {
        snprintf(change, sizeof(change), "{\"healthChecks\":[{%s}]}", health[i]);
        if (fits_changed(base, base, change))
            fail_msg("still fits: %s", change);
    }
    for (size_t i = 0; i < sizeof(readiness) / sizeof(readiness[0]); i++) {
        snprintf(change, sizeof(change), "{\"readinessChecks\":[{%s}]}", readiness[i]);
        if (fits_changed(base, base, change))
            fail_msg("still fits: %s", change);
    }
}

static void what_only_some_apps_have_is_compared_as_well(void **state)
{
#define HOST "{\"id\":\"/a\",\"cmd\":\"run it\","
#define PORTS HOST "\"portDefinitions\":[{\"port\":80,\"name\":\"x\",\"labels\":{\"a\":\"b\"}}]}"
#define BRIDGE(port)                                                                               \
    HOST "\"networks\":[{\"mode\":\"container/bridge\"}],\"container\":{\"type\":\"MESOS\","       \
         "\"portMappings\":[{" port "}]}}"
    static const struct {
        const char *wanted, *actual;
    } rows[] = {
        {HOST "\"requirePorts\":true}", HOST "\"requirePorts\":false}"},
        {PORTS,
         HOST "\"portDefinitions\":[{\"port\":81,\"name\":\"x\",\"labels\":{\"a\":\"b\"}}]}"},
        {PORTS,
         HOST "\"portDefinitions\":[{\"port\":80,\"name\":\"y\",\"labels\":{\"a\":\"b\"}}]}"},
        {PORTS, HOST "\"portDefinitions\":[{\"port\":80,\"labels\":{\"a\":\"b\"}}]}"},
        {PORTS,
         HOST "\"portDefinitions\":[{\"port\":80,\"name\":\"x\",\"labels\":{\"a\":\"c\"}}]}"},
        {PORTS, HOST "\"portDefinitions\":[{\"port\":80,\"name\":\"x\"}]}"},
        {BRIDGE("\"hostPort\":80"), BRIDGE("\"hostPort\":81")},
        {BRIDGE("\"hostPort\":80"), BRIDGE("\"hostPort\":0")},
        {BRIDGE("\"servicePort\":10000"), BRIDGE("\"servicePort\":10001")},
        {BRIDGE("\"networkNames\":[\"a\"]"), BRIDGE("\"networkNames\":[\"b\"]")},
        {BRIDGE("\"networkNames\":[\"a\"]"), BRIDGE("\"hostPort\":0")},
        {"{\"id\":\"/a\",\"container\":{\"type\":\"MESOS\",\"appc\":{\"image\":\"x\"}}}",
         "{\"id\":\"/a\",\"container\":{\"type\":\"MESOS\",\"appc\":{\"image\":\"y\"}}}"},
        {HOST "\"fetch\":[{\"uri\":\"u\",\"executable\":true}]}",
         HOST "\"fetch\":[{\"uri\":\"u\"}]}"},
        {HOST "\"healthChecks\":[{\"port\":80}]}", HOST "\"healthChecks\":[{\"port\":81}]}"},
        {HOST "\"tty\":true}", HOST "\"tty\":false}"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_true(fits(rows[i].wanted, rows[i].wanted));
        if (fits(rows[i].wanted, rows[i].actual))
            fail_msg("%s fits %s", rows[i].wanted, rows[i].actual);
    }
}

static void what_a_protocol_has_no_use_for_may_come_back_or_not(void **state)
{
    static const struct {
        const char *wanted, *actual;
    } rows[] = {
        {"\"delaySeconds\":5", "\"delaySeconds\":15"},
        {"\"ipProtocol\":\"IPv6\"", "\"ipProtocol\":\"IPv4\""},
        {"\"protocol\":\"HTTP\"", "\"path\":\"/\""},
        {"\"protocol\":\"MESOS_HTTPS\"", "\"protocol\":\"MESOS_HTTPS\",\"path\":\"/\""},
        {"\"protocol\":\"TCP\"", "\"protocol\":\"TCP\",\"path\":\"/\""},
        {"\"ignoreHttp1xx\":true", "\"ignoreHttp1xx\":false"},
        {"\"protocol\":\"COMMAND\",\"command\":{\"value\":\"x\"},\"port\":80",
         "\"protocol\":\"COMMAND\",\"command\":{\"value\":\"x\"},\"portIndex\":0"},
        {"\"command\":{\"value\":\"x\"}", "\"protocol\":\"HTTP\""},
        {"\"port\":80,\"portIndex\":0", "\"port\":80"},
        {"\"port\":80", "\"port\":80,\"newMember\":1"},
    };
    char wanted[300], actual[300];

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        snprintf(wanted, sizeof(wanted), "{\"id\":\"/a\",\"healthChecks\":[{%s}]}", rows[i].wanted);
        snprintf(actual, sizeof(actual), "{\"id\":\"/a\",\"healthChecks\":[{%s}]}", rows[i].actual);
        if (!fits(wanted, actual))
            fail_msg("%s does not fit %s", wanted, actual);
    }
}

static void new_members_at_any_depth_still_fit(void **state)
{
    static const struct {
        const char *wanted, *actual;
    } rows[] = {
        {"\"portDefinitions\":[{\"port\":80}]", "\"portDefinitions\":[{\"port\":80,\"new\":1}]"},
        {"\"networks\":[{\"mode\":\"host\"}]", "\"networks\":[{\"mode\":\"host\",\"new\":1}]"},
        {"\"fetch\":[{\"uri\":\"u\"}]",
         "\"fetch\":[{\"uri\":\"u\",\"outputFile\":null,\"new\":1}]"},
        {"\"container\":{\"docker\":{\"image\":\"i\"}}",
         "\"container\":{\"docker\":{\"image\":\"i\",\"new\":1},\"new\":1}"},
        {"\"container\":{\"docker\":{\"image\":\"i\",\"network\":\"BRIDGE\"}}",
         "\"container\":{\"docker\":{\"image\":\"i\"},\"portMappings\":[{\"new\":1}]},"
         "\"networks\":[{\"mode\":\"container/bridge\"}]"},
        {"\"readinessChecks\":[{}]", "\"readinessChecks\":[{\"new\":1}]"},
        {"\"container\":{\"volumes\":[{\"external\":{\"name\":\"v\"}}]}",
         "\"container\":{\"volumes\":[{\"external\":{\"name\":\"v\",\"options\":{}}}]}"},
    };
    char wanted[300], actual[300];

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        snprintf(wanted, sizeof(wanted), "{\"id\":\"/a\",%s}", rows[i].wanted);
        snprintf(actual, sizeof(actual), "{\"id\":\"/a\",%s}", rows[i].actual);
        if (!fits(wanted, actual))
            fail_msg("%s does not fit %s", wanted, actual);
    }
}

static void checks_that_mesos_runs_are_compared_in_full(void **state)
{
    static const char base[] =
        "{\"id\":\"/a\",\"cmd\":\"run it\",\"healthChecks\":[{\"protocol\":\"MESOS_HTTP\"}]}";
    static const char command[] =
        "{\"id\":\"/a\",\"cmd\":\"run it\",\"healthChecks\":[{\"protocol\":\"COMMAND\","
        "\"command\":{\"value\":\"true\"}}]}";

    (void)state;
    assert_false(fits_changed(
        base, base, "{\"healthChecks\":[{\"protocol\":\"MESOS_HTTP\",\"delaySeconds\":5}]}"));
    assert_false(fits_changed(
        base, base, "{\"healthChecks\":[{\"protocol\":\"MESOS_HTTP\",\"ipProtocol\":\"IPv6\"}]}"));
    assert_false(fits_changed(command, command,
                              "{\"healthChecks\":[{\"protocol\":\"COMMAND\","
                              "\"command\":{\"value\":\"false\"}}]}"));
    assert_false(fits_changed(command, command,
                              "{\"healthChecks\":[{\"protocol\":\"COMMAND\",\"delaySeconds\":1,"
                              "\"command\":{\"value\":\"true\"}}]}"));
}

static void what_marathon_adds_or_loses_by_itself_still_fits(void **state)
{
    static const char *const changes[] = {
        "{\"role\":\"prod\"}",
        "{\"maxLaunchDelaySeconds\":3600}",
        "{\"unreachableStrategy\":{\"inactiveAfterSeconds\":300,\"expungeAfterSeconds\":600}}",
        "{\"unreachableStrategy\":null}",
        "{\"acceptedResourceRoles\":[\"*\"]}",
        "{\"executor\":\"//cmd\"}",
        "{\"tty\":false}",
        "{\"residency\":{\"taskLostBehavior\":\"WAIT_FOREVER\"}}",
        "{\"executorResources\":{\"cpus\":0.1}}",
        "{\"version\":\"2025-01-01T00:00:00.000Z\",\"tasksRunning\":0}",
        "{\"gpus\":null,\"killSelection\":null}",
        "{\"mem\":32,\"instances\":4.0}",
        "{\"secrets\":{},\"args\":[],\"cmd\":null}",
        "{\"healthChecks\":[{\"delaySeconds\":15,\"gracePeriodSeconds\":30,\"ignoreHttp1xx\":false,"
        "\"intervalSeconds\":5,\"path\":\"/health\",\"portIndex\":0,\"timeoutSeconds\":2},"
        "{\"command\":{\"value\":\"true\"},\"protocol\":\"COMMAND\"}]}",
        "{\"container\":{\"portMappings\":[{\"containerPort\":8080,\"name\":\"http\","
        "\"servicePort\":12345,\"hostPort\":31000},{\"containerPort\":9090,\"name\":\"default\","
        "\"networkNames\":[]}]}}",
        "{\"networks\":[{\"mode\":\"container/bridge\",\"labels\":{}}]}",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
        if (!fits_changed(wanted_text, new_answer, changes[i]))
            fail_msg("no longer fits: %s", changes[i]);
    }
}

static void a_default_that_was_asked_for_must_come_back(void **state)
{
    static const struct {
        const char *wanted, *actual;
    } rows[] = {
        {"\"maxLaunchDelaySeconds\":300", "\"maxLaunchDelaySeconds\":3600"},
        {"\"maxLaunchDelaySeconds\":3600", "\"maxLaunchDelaySeconds\":300"},
        {"\"role\":\"prod\"", "\"role\":\"*\""},
        {"\"role\":\"prod\"", "\"tty\":false"},
        {"\"acceptedResourceRoles\":[\"a\"]", "\"acceptedResourceRoles\":[\"*\"]"},
        {"\"unreachableStrategy\":{\"inactiveAfterSeconds\":0,\"expungeAfterSeconds\":0}",
         "\"unreachableStrategy\":{\"inactiveAfterSeconds\":300,\"expungeAfterSeconds\":600}"},
        {"\"unreachableStrategy\":{\"expungeAfterSeconds\":600}",
         "\"unreachableStrategy\":{\"inactiveAfterSeconds\":0,\"expungeAfterSeconds\":601}"},
        {"\"unreachableStrategy\":\"disabled\"",
         "\"unreachableStrategy\":{\"inactiveAfterSeconds\":0,\"expungeAfterSeconds\":0}"},
        {"\"upgradeStrategy\":{\"minimumHealthCapacity\":1,\"maximumOverCapacity\":1}",
         "\"upgradeStrategy\":{\"minimumHealthCapacity\":0,\"maximumOverCapacity\":0}"},
    };
    char wanted[300], actual[300];

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        snprintf(wanted, sizeof(wanted), "{\"id\":\"/a\",\"cmd\":\"run it\",%s}", rows[i].wanted);
        snprintf(actual, sizeof(actual), "{\"id\":\"/a\",\"cmd\":\"run it\",%s}", rows[i].actual);
        assert_true(fits(wanted, wanted));
        if (fits(wanted, actual))
            fail_msg("%s fits %s", wanted, actual);
    }
}

static void half_an_unreachable_strategy_fits_any_other_half(void **state)
{
    (void)state;
    assert_true(fits("{\"id\":\"/a\",\"unreachableStrategy\":{\"expungeAfterSeconds\":600}}",
                     "{\"id\":\"/a\",\"unreachableStrategy\":{\"inactiveAfterSeconds\":300,"
                     "\"expungeAfterSeconds\":600}}"));
}

static void ports_that_marathon_chose_fit_and_fixed_ones_must_be_kept(void **state)
{
    static const char any[] =
        "{\"id\":\"/a\",\"cmd\":\"run it\",\"portDefinitions\":[{\"port\":0},{}]}";
    static const char fixed[] = "{\"id\":\"/a\",\"cmd\":\"run it\",\"ports\":[8080,0]}";
    static const char chosen[] =
        "{\"id\":\"/a\",\"cmd\":\"run it\",\"portDefinitions\":[{\"port\":10001,\"protocol\":\"tcp\","
        "\"name\":\"default\"},{\"port\":10002,\"protocol\":\"tcp\",\"labels\":{}}]}";
    static const char kept[] =
        "{\"id\":\"/a\",\"cmd\":\"run it\",\"ports\":[8080,10001],\"portDefinitions\":[{\"port\":8080,"
        "\"protocol\":\"tcp\"},{\"port\":10001,\"protocol\":\"tcp\"}]}";

    (void)state;
    assert_true(fits(any, chosen));
    assert_true(fits(any, kept));
    assert_true(fits(fixed, kept));
    assert_false(fits(fixed, chosen));
    assert_false(fits(kept, any)); /* a chosen 10001 that came back as 0 is another port */
}

static void no_ports_are_not_the_default_port(void **state)
{
    static const char none[] = "{\"id\":\"/a\",\"cmd\":\"run it\",\"portDefinitions\":[]}";
    static const char nothing[] = "{\"id\":\"/a\",\"cmd\":\"run it\"}";
    static const char one[] = "{\"id\":\"/a\",\"cmd\":\"run it\",\"ports\":[10000],"
                              "\"portDefinitions\":[{\"port\":10000,\"protocol\":\"tcp\"}]}";

    (void)state;
    assert_true(fits(nothing, one));
    assert_false(fits(none, one));
    assert_false(fits(nothing, none));
}

static void protocols_in_either_order_are_the_same(void **state)
{
    (void)state;
    assert_true(
        fits("{\"id\":\"/a\",\"portDefinitions\":[{\"protocol\":\"tcp,udp\"}]}",
             "{\"id\":\"/a\",\"portDefinitions\":[{\"protocol\":\"udp,tcp\",\"port\":1}]}"));
    assert_false(fits("{\"id\":\"/a\",\"portDefinitions\":[{\"protocol\":\"tcp,udp\"}]}",
                      "{\"id\":\"/a\",\"portDefinitions\":[{\"protocol\":\"tcp\",\"port\":1}]}"));
}

static void a_container_network_without_a_name_joins_any(void **state)
{
    static const char unnamed[] = "{\"id\":\"/a\",\"networks\":[{\"mode\":\"container\"}]}";
    static const char named[] = "{\"id\":\"/a\",\"networks\":[{\"mode\":\"container\","
                                "\"name\":\"dcos\"}],\"container\":{\"type\":\"MESOS\"}}";
    static const char other[] = "{\"id\":\"/a\",\"networks\":[{\"mode\":\"container\","
                                "\"name\":\"weave\"}],\"container\":{\"type\":\"MESOS\"}}";

    (void)state;
    assert_true(fits(unnamed, named));
    assert_false(fits(other, named));
    assert_false(fits(named, unnamed));
}

static void instances_can_be_left_out(void **state)
{
    ZDD_AUTO_JSON json_t *four = parse("{\"id\":\"/a\",\"instances\":4}");
    ZDD_AUTO_JSON json_t *five = parse("{\"id\":\"/a\",\"instances\":5}");
    ZDD_AUTO_JSON json_t *other = parse("{\"id\":\"/a\",\"instances\":5,\"cpus\":2}");

    (void)state;
    assert_false(zdd_appdef_fits(four, five, false));
    assert_true(zdd_appdef_fits(four, five, true));
    assert_false(zdd_appdef_fits(four, other, true));
}

static void a_single_instance_fits_whichever_capacities_marathon_reports(void **state)
{
    static const char wanted[] =
        "{\"id\":\"/a\",\"labels\":{\"MARATHON_SINGLE_INSTANCE_APP\":\"true\"}}";

    (void)state;
    assert_true(fits_changed(wanted, wanted,
                             "{\"upgradeStrategy\":{\"minimumHealthCapacity\":1,"
                             "\"maximumOverCapacity\":1}}"));
    assert_true(fits_changed(wanted, wanted,
                             "{\"upgradeStrategy\":{\"minimumHealthCapacity\":0,"
                             "\"maximumOverCapacity\":0}}"));
    assert_false(fits_changed(wanted, wanted,
                              "{\"upgradeStrategy\":{\"minimumHealthCapacity\":0.5,"
                              "\"maximumOverCapacity\":0}}"));
}

static void an_app_with_a_persistent_volume_fits_its_old_and_new_answers(void **state)
{
    static const char wanted[] =
        "{\"id\":\"/db\",\"cmd\":\"run it\",\"container\":{\"type\":\"MESOS\",\"volumes\":["
        "{\"containerPath\":\"data\",\"persistent\":{\"size\":10}}]}}";
    static const char actual[] =
        "{\"id\":\"/db\",\"cmd\":\"run it\",\"container\":{\"type\":\"MESOS\",\"volumes\":["
        "{\"containerPath\":\"data\",\"mode\":\"RW\",\"persistent\":{\"size\":10,"
        "\"type\":\"root\",\"constraints\":[]}}]},\"unreachableStrategy\":\"disabled\","
        "\"residency\":{\"relaunchEscalationTimeoutSeconds\":3600},"
        "\"upgradeStrategy\":{\"minimumHealthCapacity\":0.5,\"maximumOverCapacity\":0}}";

    (void)state;
    assert_true(fits(wanted, actual));
    assert_false(fits_changed(wanted, actual,
                              "{\"container\":{\"volumes\":[{\"containerPath\":\"data\","
                              "\"mode\":\"RW\",\"persistent\":{\"size\":11}}]}}"));
}

static void an_answer_that_is_no_app_does_not_fit(void **state)
{
    (void)state;
    assert_false(fits(wanted_text, "{}"));
    assert_false(fits(wanted_text, "[]"));
    assert_false(fits(wanted_text, "\"html\""));
    assert_false(fits(wanted_text, "{\"app\":{\"id\":\"/shop/cart\"}}"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_of_old_and_new_marathons_fit),
        cmocka_unit_test(each_changed_member_stops_a_new_answer_from_fitting),
        cmocka_unit_test(each_changed_member_stops_an_old_answer_from_fitting),
        cmocka_unit_test(each_changed_member_of_a_check_stops_the_fit),
        cmocka_unit_test(what_only_some_apps_have_is_compared_as_well),
        cmocka_unit_test(what_a_protocol_has_no_use_for_may_come_back_or_not),
        cmocka_unit_test(new_members_at_any_depth_still_fit),
        cmocka_unit_test(checks_that_mesos_runs_are_compared_in_full),
        cmocka_unit_test(what_marathon_adds_or_loses_by_itself_still_fits),
        cmocka_unit_test(a_default_that_was_asked_for_must_come_back),
        cmocka_unit_test(half_an_unreachable_strategy_fits_any_other_half),
        cmocka_unit_test(ports_that_marathon_chose_fit_and_fixed_ones_must_be_kept),
        cmocka_unit_test(no_ports_are_not_the_default_port),
        cmocka_unit_test(protocols_in_either_order_are_the_same),
        cmocka_unit_test(a_container_network_without_a_name_joins_any),
        cmocka_unit_test(instances_can_be_left_out),
        cmocka_unit_test(a_single_instance_fits_whichever_capacities_marathon_reports),
        cmocka_unit_test(an_app_with_a_persistent_volume_fits_its_old_and_new_answers),
        cmocka_unit_test(an_answer_that_is_no_app_does_not_fit),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
