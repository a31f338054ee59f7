/**
 * @file tests/unit/server/json/test_appdef_check.c
 * @brief Every rule for app definitions, both sides of it, and the words it is told in.
 */
#include "server/json/appdef.h"
#include "tests/support/spec.h"

#include <stdio.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static json_t *parse(const char *text)
{
    struct zdd_json_error error;
    json_t *json = NULL;

    if (zdd_json_read(text, strlen(text), &json, &error) != ZDD_ERR_NONE)
        fail_msg("%d:%d: %s in %s", error.line, error.column, error.text, text);
    return json;
}

static struct zdd_field_errors errors_of(const char *text, bool unknown_is_error)
{
    ZDD_AUTO_JSON json_t *json = parse(text);
    struct zdd_field_errors errors = {0};
    const bool good = zdd_appdef_check(json, "#/app", unknown_is_error, &errors);

    assert_int_equal(good, errors.count == 0);
    return errors;
}

static void assert_good(const char *text)
{
    const struct zdd_field_errors errors = errors_of(text, true);

    if (errors.count > 0)
        fail_msg("%s: %s %s", text, errors.error[0].pointer, errors.error[0].detail);
}

/* A row is an app with a command and one more member. */
static void assert_good_member(const char *member)
{
    char text[1000];

    snprintf(text, sizeof(text), "{\"id\":\"/a\",\"cmd\":\"run it\",%s}", member);
    assert_good(text);
}

static void assert_wrong(const char *text, const char *pointer, const char *detail)
{
    const struct zdd_field_errors errors = errors_of(text, true);

    if (errors.count != 1 || strcmp(errors.error[0].pointer, pointer) != 0 ||
        strcmp(errors.error[0].detail, detail) != 0)
        fail_msg("%s: %zu errors, first: %s %s", text, errors.count, errors.error[0].pointer,
                 errors.error[0].detail);
}

static void assert_wrong_member(const char *member, const char *place, const char *detail)
{
    char text[1000], pointer[200];

    snprintf(text, sizeof(text), "{\"id\":\"/a\",\"cmd\":\"run it\",%s}", member);
    snprintf(pointer, sizeof(pointer), "#/app%s", place);
    assert_wrong(text, pointer, detail);
}

struct row {
    const char *member, *place, *detail;
};

static void assert_all_wrong(const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++)
        assert_wrong_member(rows[i].member, rows[i].place, rows[i].detail);
}

static void assert_all_good(const char *const *members, size_t count)
{
    for (size_t i = 0; i < count; i++)
        assert_good_member(members[i]);
}

static void an_app_like_those_people_write_is_good(void **state)
{
    (void)state;
    assert_good("{\"id\":\"/a\",\"cmd\":\"sleep 100\"}");
    assert_good(
        "{\"id\":\"/shop/cart\",\"instances\":4,\"cpus\":0.1,\"mem\":32,\"container\":{\"type\":"
        "\"DOCKER\",\"docker\":{\"image\":\"shop/cart:7\",\"network\":\"HOST\"}},\"env\":{\"V\":"
        "\"1\"},\"portDefinitions\":[{\"protocol\":\"tcp\",\"name\":\"main-api\",\"port\":0}],"
        "\"readinessChecks\":[{\"protocol\":\"HTTP\",\"path\":\"/health\",\"portName\":"
        "\"main-api\",\"intervalSeconds\":30,\"timeoutSeconds\":10,\"httpStatusCodesForReady\":"
        "[200]}],\"healthChecks\":[{\"protocol\":\"HTTP\",\"path\":\"/health\","
        "\"gracePeriodSeconds\":300,\"intervalSeconds\":60,\"timeoutSeconds\":20,"
        "\"maxConsecutiveFailures\":3,\"ignoreHttp1xx\":false}]}");
}

static void what_marathon_answered_can_be_sent_back(void **state)
{
    (void)state;
    assert_good("{\"id\":\"/a\",\"cmd\":\"run it\",\"args\":null,\"user\":null,\"ipAddress\":null,"
                "\"residency\":null,\"ports\":[10000],\"portDefinitions\":[{\"port\":10000,"
                "\"protocol\":\"tcp\",\"labels\":{}}],\"uris\":[],\"fetch\":[],\"storeUrls\":[],"
                "\"version\":\"2016-10-13T13:31:39.055Z\",\"versionInfo\":{},\"tasks\":[],"
                "\"tasksStaged\":0,\"tasksRunning\":4,\"tasksHealthy\":4,\"tasksUnhealthy\":0,"
                "\"deployments\":[],\"lastTaskFailure\":{},\"readinessCheckResults\":[],"
                "\"taskStats\":{},\"tasksStats\":{},\"role\":\"*\"}");
    assert_good("{\"id\":\"/a\",\"container\":{\"type\":\"DOCKER\",\"docker\":{\"image\":\"i\","
                "\"network\":\"BRIDGE\",\"portMappings\":[{\"containerPort\":80,\"hostPort\":0,"
                "\"servicePort\":10001,\"protocol\":\"tcp\"}],\"credential\":null}},"
                "\"ports\":[10001],\"portDefinitions\":[{\"port\":10001}]}");
}

static void what_is_no_object_is_no_app(void **state)
{
    (void)state;
    assert_wrong("[]", "#/app", "must be an object, not an array");
    assert_wrong("\"/a\"", "#/app", "must be an object, not the text \"/a\"");
}

static void an_app_needs_an_id_that_marathon_takes(void **state)
{
    static const char rule[] = "must be parts of a-z, 0-9 and inner '-', joined by '/', and must "
                               "not end in restart, tasks or versions, not the text \"%s\"";
    static const char *const ids[] = {"/A", "/a_b", "/-a", "/a/tasks", "/a/restart", "a b"};
    char text[300], detail[300];

    (void)state;
    assert_good("{\"id\":\"zdd/base\",\"cmd\":\"run it\"}");
    assert_good("{\"id\":\"//zdd/./x/../base/\",\"cmd\":\"run it\"}");
    assert_wrong("{\"cmd\":\"run it\"}", "#/app/id", "is required");
    assert_wrong("{\"id\":7,\"cmd\":\"run it\"}", "#/app/id", "must be text, not 7");
    assert_wrong("{\"id\":\"\",\"cmd\":\"run it\"}", "#/app/id",
                 "must have at least 1 bytes, not 0");
    assert_wrong("{\"id\":\"/\",\"cmd\":\"run it\"}", "#/app/id",
                 "must be an id such as \"/group/app\", not the text \"/\"");
    assert_wrong("{\"id\":\"/a/../..\",\"cmd\":\"run it\"}", "#/app/id",
                 "must be an id such as \"/group/app\", not the text \"/a/../..\"");
    for (size_t i = 0; i < COUNT(ids); i++) {
        snprintf(text, sizeof(text), "{\"id\":\"%s\",\"cmd\":\"run it\"}", ids[i]);
        snprintf(detail, sizeof(detail), rule, ids[i]);
        detail[199] = '\0';
        assert_wrong(text, "#/app/id", detail);
    }
}

static void an_id_longer_than_255_bytes_is_too_long(void **state)
{
    char text[400] = "{\"cmd\":\"run it\",\"id\":\"/";
    const size_t head = strlen(text);

    (void)state;
    memset(text + head, 'a', 255);
    snprintf(text + head + 254, 10, "\"}");
    assert_good(text);
    memset(text + head, 'a', 256);
    snprintf(text + head + 255, 10, "\"}");
    assert_wrong(text, "#/app/id", "must be shorter than 256 bytes, not 256");
}

static void an_app_runs_either_a_command_or_arguments_or_an_image(void **state)
{
    (void)state;
    assert_good("{\"id\":\"/a\",\"args\":[\"x\"]}");
    assert_good("{\"id\":\"/a\",\"cmd\":\"ls\",\"args\":[]}");
    assert_good("{\"id\":\"/a\",\"container\":{\"docker\":{\"image\":\"i\"}}}");
    assert_good("{\"id\":\"/a\",\"cmd\":\"ls\",\"container\":{\"docker\":{\"image\":\"i\"}}}");
    assert_good("{\"id\":\"/a\",\"container\":{\"type\":\"MESOS\",\"appc\":{\"image\":\"i\"}}}");
    assert_wrong("{\"id\":\"/a\"}", "#/app",
                 "has nothing to run: needs cmd, args or a container image");
    assert_wrong("{\"id\":\"/a\",\"cmd\":null,\"args\":[]}", "#/app",
                 "has nothing to run: needs cmd, args or a container image");
    assert_wrong("{\"id\":\"/a\",\"cmd\":\"ls\",\"args\":[\"x\"]}", "#/app/args",
                 "must not be given together with cmd: choose one");
    assert_wrong("{\"id\":\"/a\",\"cmd\":\"x\"}", "#/app/cmd",
                 "must be longer than one character, not \"x\"");
    assert_wrong("{\"id\":\"/a\",\"cmd\":\"\xC3\xA9\"}", "#/app/cmd",
                 "must be longer than one character, not \"\xC3\xA9\"");
    assert_wrong("{\"id\":\"/a\",\"cmd\":\"\"}", "#/app/cmd",
                 "must be longer than one character, not \"\"");
    assert_wrong("{\"id\":\"/a\",\"cmd\":5}", "#/app/cmd", "must be text, not 5");
    assert_wrong("{\"id\":\"/a\",\"args\":[\"x\",2]}", "#/app/args/1", "must be text, not 2");
}

static void numbers_have_types_and_ranges(void **state)
{
    static const char *const good[] = {
        "\"instances\":0",
        "\"instances\":10000",
        "\"instances\":3.0",
        "\"cpus\":0.001",
        "\"mem\":0",
        "\"disk\":0",
        "\"backoffSeconds\":0",
        "\"backoffFactor\":1",
        "\"maxLaunchDelaySeconds\":0",
        "\"taskKillGracePeriodSeconds\":0",
        "\"gpus\":1",
        "\"taskKillGracePeriodSeconds\":2147483647",
    };
    static const struct row wrong[] = {
        {"\"instances\":-1", "/instances", "must be a whole number from 0 to 10000, not -1"},
        {"\"instances\":10001", "/instances", "must be a whole number from 0 to 10000, not 10001"},
        {"\"instances\":1.5", "/instances", "must be a whole number from 0 to 10000, not 1.5"},
        {"\"instances\":\"4\"", "/instances",
         "must be a whole number from 0 to 10000, not the text \"4\""},
        {"\"cpus\":0", "/cpus", "must be a number of at least 0.001, not 0"},
        {"\"cpus\":0.0009", "/cpus", "must be a number of at least 0.001, not 0.0009"},
        {"\"mem\":-1", "/mem", "must be a number of at least 0, not -1"},
        {"\"disk\":-0.5", "/disk", "must be a number of at least 0, not -0.5"},
        {"\"gpus\":0.5", "/gpus", "must be a whole number from 0 to 2147483647, not 0.5"},
        {"\"backoffSeconds\":-1", "/backoffSeconds",
         "must be a whole number from 0 to 2147483647, not -1"},
        {"\"backoffFactor\":0.99", "/backoffFactor", "must be a number of at least 1, not 0.99"},
        {"\"maxLaunchDelaySeconds\":2147483648", "/maxLaunchDelaySeconds",
         "must be a whole number from 0 to 2147483647, not 2147483648"},
        {"\"taskKillGracePeriodSeconds\":-1", "/taskKillGracePeriodSeconds",
         "must be a whole number from 0 to 2147483647, not -1"},
        {"\"requirePorts\":\"yes\"", "/requirePorts",
         "must be true or false, not the text \"yes\""},
        {"\"killSelection\":\"YoungestFirst\"", "/killSelection",
         "must be one of \"YOUNGEST_FIRST\", \"OLDEST_FIRST\", not the text \"YoungestFirst\""},
        {"\"acceptedResourceRoles\":[]", "/acceptedResourceRoles",
         "must have at least 1 elements, not 0"},
        {"\"role\":\"\"", "/role", "must have at least 1 bytes, not 0"},
    };

    (void)state;
    assert_all_good(good, COUNT(good));
    assert_all_wrong(wrong, COUNT(wrong));
}

static void environment_and_labels_hold_texts(void **state)
{
    static const char *const good[] = {
        "\"env\":{}",
        "\"env\":{\"A\":\"\"}",
        "\"labels\":{\"a\":\"b\"}",
        "\"env\":{\"A\":{\"secret\":\"s\"}},\"secrets\":{\"s\":{\"source\":\"/x\"}}",
    };
    static const struct row wrong[] = {
        {"\"env\":[]", "/env", "must be an object, not an array"},
        {"\"env\":{\"A\":1}", "/env/A", "must be text or {\"secret\": \"name\"}, not 1"},
        {"\"env\":{\"A/B\":null}", "/env/A~1B", "must be text or {\"secret\": \"name\"}, not null"},
        {"\"env\":{\"A\":{\"secre\":\"s\"}}", "/env/A", "must be an object with \"secret\" alone"},
        {"\"env\":{\"A\":{\"secret\":\"s\"}}", "/env/A",
         "names the secret \"s\", which secrets lacks"},
        {"\"secrets\":{\"s\":{}}", "/secrets/s", "must be an object with the text \"source\""},
        {"\"labels\":{\"a\":1}", "/labels/a", "must be text, not 1"},
        {"\"labels\":[\"a\"]", "/labels", "must be an object of texts, not an array"},
    };

    (void)state;
    assert_all_good(good, COUNT(good));
    assert_all_wrong(wrong, COUNT(wrong));
}

static void typos_are_errors_where_they_stand(void **state)
{
    static const struct row wrong[] = {
        {"\"instance\":1", "/instance", "unknown member; did you mean \"instances\"?"},
        {"\"heathChecks\":[]", "/heathChecks", "unknown member; did you mean \"healthChecks\"?"},
        {"\"upgradeStrategy\":{\"minimumHealthCapacity\":1,\"maximumOverCapacity\":1,"
         "\"maxOver\":1}",
         "/upgradeStrategy/maxOver",
         "unknown member; known here: \"minimumHealthCapacity\", \"maximumOverCapacity\""},
        {"\"container\":{\"docker\":{\"image\":\"i\"},\"volume\":[]}", "/container/volume",
         "unknown member; did you mean \"volumes\"?"},
        {"\"container\":{\"docker\":{\"image\":\"i\",\"forcePull\":true}}",
         "/container/docker/forcePull",
         "unknown member; known here: \"image\", \"forcePullImage\", "
         "\"privileged\", \"parameters\", \"pullConfig\", \"network\", \"portMappings\", "
         "\"credential\""},
        {"\"container\":{\"docker\":{\"image\":\"i\",\"parameters\":[{\"key\":\"k\",\"val\":\"v\"}]}}",
         "/container/docker/parameters/0/val", "unknown member; known here: \"key\", \"value\""},
        {"\"healthChecks\":[{},{\"intervalSecond\":5}]", "/healthChecks/1/intervalSecond",
         "unknown member; did you mean \"intervalSeconds\"?"},
        {"\"portDefinitions\":[{\"prot\":1}]", "/portDefinitions/0/prot",
         "unknown member; did you mean \"port\"?"},
        {"\"networks\":[{\"mod\":\"host\"}]", "/networks/0/mod",
         "unknown member; did you mean \"mode\"?"},
        {"\"unreachableStrategy\":{\"inactiveAfterSecond\":1}",
         "/unreachableStrategy/inactiveAfterSecond",
         "unknown member; did you mean \"inactiveAfterSeconds\"?"},
        {"\"fetch\":[{\"uri\":\"x\",\"extrakt\":true}]", "/fetch/0/extrakt",
         "unknown member; did you mean \"extract\"?"},
    };

    (void)state;
    assert_all_wrong(wrong, COUNT(wrong));
}

static void rarely_used_members_are_known_too(void **state)
{
    static const char *const good[] = {
        "\"executor\":\"/bin/x\",\"tty\":true,\"user\":\"nobody\"",
        "\"container\":{\"type\":\"MESOS\",\"linuxInfo\":{}}",
        "\"networks\":[{\"mode\":\"container/bridge\"}],\"container\":{\"type\":\"MESOS\","
        "\"portMappings\":[{\"labels\":{\"a\":\"b\"}}]}",
        ("\"container\":{\"type\":\"MESOS\",\"volumes\":[{\"containerPath\":\"x\",\"persistent\":"
         "{\"size\":5,\"maxSize\":9,\"type\":\"mount\",\"profileName\":\"p\",\"constraints\":[]}}]}"),
        ("\"container\":{\"type\":\"MESOS\",\"volumes\":[{\"containerPath\":\"/x\",\"external\":"
         "{\"size\":5,\"name\":\"n\",\"provider\":\"p\",\"shared\":true}}]}"),
        "\"fetch\":[{\"uri\":\"x\",\"destPath\":\"y\",\"outputFile\":\"z\"}]",
        "\"healthChecks\":[{\"delaySeconds\":1}]",
        ("\"readinessChecks\":[{\"name\":\"n\",\"portName\":\"default\","
         "\"preserveLastResponse\":true}]"),
        ("\"check\":{\"exec\":{\"command\":{\"shell\":\"x\"}},\"intervalSeconds\":1,"
         "\"timeoutSeconds\":1,\"delaySeconds\":1}"),
        "\"check\":{\"http\":{\"portIndex\":0,\"path\":\"/\",\"scheme\":\"HTTPS\"}}",
        "\"check\":{\"tcp\":{\"portIndex\":0}}",
        "\"executorResources\":{\"gpus\":0}",
        ("\"ipAddress\":{\"networkName\":\"n\",\"labels\":{},\"groups\":[],\"discovery\":{\"ports\":"
         "[{\"number\":80,\"name\":\"http\",\"protocol\":\"tcp\",\"labels\":{}}]}}"),
    };

    (void)state;
    assert_all_good(good, COUNT(good));
}

static void unknown_members_are_left_alone_when_the_caller_says_so(void **state)
{
    (void)state;
    assert_int_equal(
        errors_of("{\"id\":\"/a\",\"cmd\":\"run it\",\"new\":1,\"container\":{\"docker\":"
                  "{\"image\":\"i\",\"x\":1}},\"healthChecks\":[{\"y\":1}],"
                  "\"unreachableStrategy\":{\"z\":1}}",
                  false)
            .count,
        0);
    assert_int_equal(
        errors_of("{\"id\":\"/a\",\"cmd\":\"run it\",\"healthChecks\":[{\"path\":1}]}", false)
            .count,
        1);
    assert_int_equal(errors_of("{\"id\":\"/a\",\"cmd\":\"run it\",\"unreachableStrategy\":"
                               "{\"z\":1,\"expungeAfterSeconds\":\"x\"}}",
                               false)
                         .count,
                     1);
}

static void an_upgrade_strategy_has_both_capacities(void **state)
{
    static const struct row wrong[] = {
        {"\"upgradeStrategy\":{\"minimumHealthCapacity\":1}",
         "/upgradeStrategy/maximumOverCapacity", "is required"},
        {"\"upgradeStrategy\":{\"maximumOverCapacity\":1}",
         "/upgradeStrategy/minimumHealthCapacity", "is required"},
        {"\"upgradeStrategy\":{\"minimumHealthCapacity\":1.01,\"maximumOverCapacity\":1}",
         "/upgradeStrategy/minimumHealthCapacity", "must be a number from 0 to 1, not 1.01"},
        {"\"upgradeStrategy\":{\"minimumHealthCapacity\":0,\"maximumOverCapacity\":-0.1}",
         "/upgradeStrategy/maximumOverCapacity", "must be a number from 0 to 1, not -0.1"},
        {"\"upgradeStrategy\":\"fast\"", "/upgradeStrategy",
         "must be an object, not the text \"fast\""},
    };

    (void)state;
    assert_good_member(
        "\"upgradeStrategy\":{\"minimumHealthCapacity\":0,\"maximumOverCapacity\":1}");
    assert_good_member("\"upgradeStrategy\":null");
    assert_all_wrong(wrong, COUNT(wrong));
}

static void a_single_instance_stays_single(void **state)
{
#define SINGLE "\"labels\":{\"MARATHON_SINGLE_INSTANCE_APP\":\"true\"}"
    static const char *const good[] = {
        SINGLE,
        SINGLE ",\"instances\":1",
        SINGLE ",\"instances\":0",
        SINGLE ",\"upgradeStrategy\":{\"minimumHealthCapacity\":0,\"maximumOverCapacity\":0}",
        "\"labels\":{\"MARATHON_SINGLE_INSTANCE_APP\":\"false\"},\"instances\":2",
    };
    static const struct row wrong[] = {
        {SINGLE ",\"instances\":2", "/instances",
         "must be 0 or 1 with the label MARATHON_SINGLE_INSTANCE_APP"},
        {SINGLE ",\"upgradeStrategy\":{\"minimumHealthCapacity\":1,\"maximumOverCapacity\":0}",
         "/upgradeStrategy",
         "both capacities must be 0 with the label MARATHON_SINGLE_INSTANCE_APP"},
        {SINGLE ",\"upgradeStrategy\":{\"minimumHealthCapacity\":0,\"maximumOverCapacity\":0.5}",
         "/upgradeStrategy",
         "both capacities must be 0 with the label MARATHON_SINGLE_INSTANCE_APP"},
    };

    (void)state;
    assert_all_good(good, COUNT(good));
    assert_all_wrong(wrong, COUNT(wrong));
}

static void an_app_with_persistent_volumes_is_never_doubled(void **state)
{
#define RESIDENT                                                                                   \
    "\"container\":{\"type\":\"MESOS\",\"volumes\":[{\"containerPath\":\"data\",\"mode\":\"RW\","  \
    "\"persistent\":{\"size\":1}}]}"
    static const struct row wrong[] = {
        {RESIDENT ",\"upgradeStrategy\":{\"minimumHealthCapacity\":1,\"maximumOverCapacity\":0.1}",
         "/upgradeStrategy/maximumOverCapacity", "must be 0 for an app with persistent volumes"},
        {RESIDENT ",\"unreachableStrategy\":{}", "/unreachableStrategy",
         "must be \"disabled\" for an app with persistent volumes"},
    };

    (void)state;
    assert_good_member(RESIDENT);
    assert_good_member(RESIDENT ",\"unreachableStrategy\":\"disabled\",\"upgradeStrategy\":"
                                "{\"minimumHealthCapacity\":1,\"maximumOverCapacity\":0}");
    assert_all_wrong(wrong, COUNT(wrong));
}

static void unreachable_tasks_become_inactive_before_they_are_expunged(void **state)
{
    static const char *const good[] = {
        "\"unreachableStrategy\":\"disabled\"",
        "\"unreachableStrategy\":{}",
        "\"unreachableStrategy\":{\"inactiveAfterSeconds\":300,\"expungeAfterSeconds\":300}",
        "\"unreachableStrategy\":{\"inactiveAfterSeconds\":300}",
    };
    static const struct row wrong[] = {
        {"\"unreachableStrategy\":{\"inactiveAfterSeconds\":301,\"expungeAfterSeconds\":300}",
         "/unreachableStrategy/inactiveAfterSeconds", "must not be more than expungeAfterSeconds"},
        {"\"unreachableStrategy\":{\"expungeAfterSeconds\":-1}",
         "/unreachableStrategy/expungeAfterSeconds",
         "must be a whole number of at least 0, not -1"},
        {"\"unreachableStrategy\":\"never\"", "/unreachableStrategy",
         "must be \"disabled\" or an object with inactiveAfterSeconds and expungeAfterSeconds, "
         "not the text \"never\""},
        {"\"unreachableStrategy\":5", "/unreachableStrategy",
         "must be \"disabled\" or an object with inactiveAfterSeconds and expungeAfterSeconds, "
         "not 5"},
    };

    (void)state;
    assert_all_good(good, COUNT(good));
    assert_all_wrong(wrong, COUNT(wrong));
}

static void constraints_have_a_field_an_operator_and_perhaps_a_value(void **state)
{
    static const char *const good[] = {
        "\"constraints\":[]",
        "\"constraints\":[[\"hostname\",\"UNIQUE\"],[\"rack\",\"GROUP_BY\"]]",
        "\"constraints\":[[\"rack\",\"GROUP_BY\",\"3\"],[\"rack\",\"CLUSTER\",\"r1\"]]",
        "\"constraints\":[[\"rack\",\"LIKE\",\"r[12]\"],[\"rack\",\"UNLIKE\",\"x\"]]",
        "\"constraints\":[[\"rack\",\"MAX_PER\",\"2\"],[\"@region\",\"IS\",\"eu\"]]",
    };
    static const struct row wrong[] = {
        {"\"constraints\":[[\"hostname\"]]", "/constraints/0",
         "must have 2 or 3 texts: field, operator and, for some operators, a value"},
        {"\"constraints\":[[\"a\",\"LIKE\",\"b\",\"c\"]]", "/constraints/0",
         "must have 2 or 3 texts: field, operator and, for some operators, a value"},
        {"\"constraints\":[[\"hostname\",\"UNIQUE\"],[\"a\",\"MAX_PER\",2]]", "/constraints/1",
         "must hold only texts: field, operator and, for some operators, a value"},
        {"\"constraints\":[[\"hostname\",\"unique\"]]", "/constraints/0",
         "has an unknown operator: UNIQUE, CLUSTER, GROUP_BY, LIKE, UNLIKE, MAX_PER and IS are "
         "known"},
        {"\"constraints\":[[\"hostname\",\"UNIQUE\",\"x\"]]", "/constraints/0",
         "must not have a value: UNIQUE takes none"},
        {"\"constraints\":[[\"rack\",\"CLUSTER\"]]", "/constraints/0",
         "must have a third text, the value of the operator"},
        {"\"constraints\":[[\"rack\",\"LIKE\",\"\"]]", "/constraints/0",
         "must have a third text, the value of the operator"},
        {"\"constraints\":[[\"rack\",\"GROUP_BY\",\"x\"]]", "/constraints/0",
         "must have a whole number, as text, for its value"},
        {"\"constraints\":[\"hostname:UNIQUE\"]", "/constraints/0",
         "must be an array, not the text \"hostname:UNIQUE\""},
    };

    (void)state;
    assert_all_good(good, COUNT(good));
    assert_all_wrong(wrong, COUNT(wrong));
}

static void dependencies_are_ids(void **state)
{
    static const struct row wrong[] = {
        {"\"dependencies\":[\"/db\",\"/D\"]", "/dependencies/1",
         "must be the id of an app or group, not the text \"/D\""},
        {"\"dependencies\":[\"\"]", "/dependencies/0", "must have at least 1 bytes, not 0"},
        {"\"dependencies\":[3]", "/dependencies/0", "must be text, not 3"},
    };

    (void)state;
    assert_good_member("\"dependencies\":[\"/db\",\"mq\",\"/x/../y\"]");
    assert_all_wrong(wrong, COUNT(wrong));
}

static void limits_are_numbers_or_unlimited(void **state)
{
    static const struct row wrong[] = {
        {"\"resourceLimits\":{\"cpus\":-1}", "/resourceLimits/cpus",
         "must be a number of at least 0 or \"unlimited\", not -1"},
        {"\"resourceLimits\":{\"mem\":\"much\"}", "/resourceLimits/mem",
         "must be a number of at least 0 or \"unlimited\", not the text \"much\""},
        {"\"executorResources\":{\"cpu\":1}", "/executorResources/cpu",
         "unknown member; did you mean \"cpus\"?"},
    };

    (void)state;
    assert_good_member("\"resourceLimits\":{\"cpus\":\"unlimited\",\"mem\":64.5}");
    assert_good_member("\"executorResources\":{\"cpus\":0.1,\"mem\":32,\"disk\":10}");
    assert_all_wrong(wrong, COUNT(wrong));
}

static void each_container_engine_has_its_own_abilities(void **state)
{
    static const char *const good[] = {
        "\"container\":{\"type\":\"MESOS\"}",
        "\"container\":{\"type\":\"MESOS\",\"docker\":{\"image\":\"i\",\"pullConfig\":"
        "{\"secret\":\"s\"},\"parameters\":[],\"portMappings\":null}},\"gpus\":1",
        "\"container\":{\"docker\":{\"image\":\"i\",\"privileged\":true,\"parameters\":"
        "[{\"key\":\"k\",\"value\":\"\"}]}}",
        "\"check\":{\"http\":{\"path\":\"/x\"}}",
    };
    static const struct row wrong[] = {
        {"\"container\":{}", "/container/docker",
         "is required for the DOCKER engine: an object with an image"},
        {"\"container\":{\"type\":\"docker\"}", "/container/type",
         "must be one of \"MESOS\", \"DOCKER\", not the text \"docker\""},
        {"\"container\":{\"docker\":{}}", "/container/docker/image", "is required"},
        {"\"container\":{\"docker\":{\"image\":\"\"}}", "/container/docker/image",
         "must have at least 1 bytes, not 0"},
        {"\"container\":{\"docker\":{\"image\":\"i\",\"pullConfig\":{\"secret\":\"s\"}}}",
         "/container/docker/pullConfig", "works with the MESOS engine only"},
        {"\"container\":{\"docker\":{\"image\":\"i\"}},\"gpus\":1", "/gpus",
         "must be 0: GPUs work with the MESOS engine only"},
        {"\"container\":{\"docker\":{\"image\":\"i\"}},\"check\":{\"tcp\":{}}", "/check",
         "works with the MESOS engine only"},
        {"\"container\":{\"docker\":{\"image\":\"i\"},\"appc\":{\"image\":\"i\"}}",
         "/container/appc", "works with the MESOS engine only"},
        {"\"container\":{\"type\":\"MESOS\",\"docker\":{\"image\":\"i\",\"network\":\"HOST\"}}",
         "/container/docker/network", "works with the DOCKER engine only"},
        {"\"container\":{\"type\":\"MESOS\",\"docker\":{\"image\":\"i\",\"parameters\":"
         "[{\"key\":\"k\",\"value\":\"v\"}]}}",
         "/container/docker/parameters", "works with the DOCKER engine only"},
        {"\"container\":{\"type\":\"MESOS\",\"docker\":{\"image\":\"i\"},\"appc\":"
         "{\"image\":\"i\"}}",
         "/container/appc", "must not be given together with a Docker image"},
        {"\"container\":{\"docker\":{\"image\":\"i\",\"credential\":{\"principal\":\"p\"}}}",
         "/container/docker/credential", "is no longer supported: use pullConfig with a secret"},
        {"\"check\":{\"http\":{},\"tcp\":{}}", "/check",
         "must have exactly one of http, tcp, exec"},
        {"\"check\":{}", "/check", "must have exactly one of http, tcp, exec"},
    };

    (void)state;
    assert_all_good(good, COUNT(good));
    assert_all_wrong(wrong, COUNT(wrong));
}

static void a_volume_is_of_one_kind(void **state)
{
#define VOLUME(members) "\"container\":{\"type\":\"MESOS\",\"volumes\":[{" members "}]}"
    static const char *const good[] = {
        VOLUME("\"containerPath\":\"/x\",\"hostPath\":\"/y\",\"mode\":\"RO\""),
        VOLUME("\"containerPath\":\"x\",\"persistent\":{\"size\":5,\"type\":\"mount\"}"),
        VOLUME("\"containerPath\":\"/x\",\"external\":{\"name\":\"n\",\"provider\":\"dvdi\","
               "\"options\":{\"a\":\"b\"}}"),
        VOLUME("\"containerPath\":\"/x\",\"secret\":\"s\""),
    };
    static const struct row wrong[] = {
        {VOLUME("\"containerPath\":\"/x\""), "/container/volumes/0",
         "must have exactly one of hostPath, persistent, external, secret"},
        {VOLUME("\"containerPath\":\"/x\",\"hostPath\":\"/y\",\"secret\":\"s\""),
         "/container/volumes/0", "must have exactly one of hostPath, persistent, external, secret"},
        {VOLUME("\"hostPath\":\"/y\""), "/container/volumes/0/containerPath", "is required"},
        {VOLUME("\"containerPath\":\"/x\",\"hostPath\":\"/y\",\"mode\":\"ro\""),
         "/container/volumes/0/mode", "must be one of \"RO\", \"RW\", not the text \"ro\""},
        {VOLUME("\"containerPath\":\"x\",\"persistent\":{\"size\":0}"),
         "/container/volumes/0/persistent/size", "must be a whole number of at least 1, not 0"},
    };

    (void)state;
    assert_all_good(good, COUNT(good));
    assert_all_wrong(wrong, COUNT(wrong));
}

#define IMAGE "\"docker\":{\"image\":\"i\"}"

static void networks_of_different_kinds_do_not_mix(void **state)
{
    static const char *const good[] = {
        "\"networks\":[]",
        "\"networks\":[{\"mode\":\"host\"}]",
        "\"networks\":[{\"mode\":\"container/bridge\",\"labels\":{\"a\":\"b\"}}]",
        "\"networks\":[{\"name\":\"a\"},{\"mode\":\"container\",\"name\":\"b\"}]",
        "\"container\":{" IMAGE "},\"networks\":[{\"name\":\"a\"}]",
    };
    static const struct row wrong[] = {
        {"\"networks\":[{\"mode\":\"bridge\"}]", "/networks/0/mode",
         "must be one of \"host\", \"container\", \"container/bridge\", not the text \"bridge\""},
        {"\"networks\":[{\"mode\":\"host\"},{\"mode\":\"container/bridge\"}]", "/networks",
         "must be one host network, one bridge, or only container networks"},
        {"\"networks\":[{\"mode\":\"host\"},{\"mode\":\"host\"}]", "/networks",
         "must be one host network, one bridge, or only container networks"},
        {"\"networks\":[{\"mode\":\"host\",\"name\":\"a\"}]", "/networks/0",
         "must not have a name: only mode container has"},
        {"\"networks\":[{\"mode\":\"host\",\"labels\":{\"a\":\"b\"}}]", "/networks/0",
         "must not have labels in mode host"},
        {"\"networks\":[{\"name\":\"a\"},{\"name\":\"a\"}]", "/networks/1",
         "joins the network \"a\" a second time"},
        {"\"container\":{" IMAGE "},\"networks\":[{\"name\":\"a\"},{\"name\":\"b\"}]", "/networks",
         "must hold at most one container network with the DOCKER engine"},
    };

    (void)state;
    assert_all_good(good, COUNT(good));
    assert_all_wrong(wrong, COUNT(wrong));
}

static void old_and_new_spellings_exclude_each_other(void **state)
{
    static const struct row wrong[] = {
        {"\"container\":{\"docker\":{\"image\":\"i\",\"network\":\"HOST\"}},"
         "\"networks\":[{\"mode\":\"host\"}]",
         "/container/docker/network",
         "must not be given together with networks: networks alone will do"},
        {"\"ipAddress\":{},\"networks\":[{\"mode\":\"container\"}]", "/ipAddress",
         "must not be given together with networks: networks alone will do"},
        {"\"ipAddress\":{},\"ports\":[80]", "/ipAddress",
         "must not be given together with ports or portDefinitions"},
        {"\"container\":{\"docker\":{\"image\":\"i\",\"network\":\"BRIDGE\",\"portMappings\":[{}]},"
         "\"portMappings\":[{}]}",
         "/container/docker/portMappings",
         "must not be given together with container.portMappings"},
        {"\"uris\":[\"http://h/x\"],\"fetch\":[{\"uri\":\"http://h/x\"}]", "/uris",
         "must not be given together with fetch: fetch alone will do"},
        {"\"ports\":[80],\"portDefinitions\":[{\"port\":81}]", "/ports",
         "differs from portDefinitions: portDefinitions alone will do"},
        {"\"ports\":[80],\"portDefinitions\":[]", "/ports",
         "differs from portDefinitions: portDefinitions alone will do"},
        {"\"container\":{\"docker\":{\"image\":\"i\",\"network\":\"NONE\"}}",
         "/container/docker/network",
         "must be one of \"BRIDGE\", \"HOST\", \"USER\", not the text \"NONE\""},
    };

    (void)state;
    assert_good_member("\"ports\":[80],\"portDefinitions\":[{\"port\":80}],\"uris\":[],"
                       "\"fetch\":[{\"uri\":\"x\"}]");
    assert_all_wrong(wrong, COUNT(wrong));
}

static void each_kind_of_network_takes_its_own_list_of_ports(void **state)
{
    static const struct row wrong[] = {
        {"\"container\":{" IMAGE ",\"portMappings\":[{}]}", "/container/portMappings",
         "need another network than host, for instance networks: "
         "[{\"mode\": \"container/bridge\"}]"},
        {"\"container\":{\"docker\":{\"image\":\"i\",\"network\":\"HOST\",\"portMappings\":[{}]}}",
         "/container/docker/portMappings",
         "need another network than host, for instance networks: "
         "[{\"mode\": \"container/bridge\"}]"},
        {"\"networks\":[{\"mode\":\"container/bridge\"}],\"portDefinitions\":[{}]",
         "/portDefinitions", "are for host networking only: use container.portMappings"},
    };

    (void)state;
    assert_good_member("\"networks\":[{\"mode\":\"container/bridge\"}],"
                       "\"container\":{" IMAGE ",\"portMappings\":[{\"containerPort\":80}]}");
    assert_good_member("\"container\":{" IMAGE ",\"portMappings\":[]},\"portDefinitions\":[{}]");
    assert_all_wrong(wrong, COUNT(wrong));
}

static void ports_are_numbers_in_range_and_unique(void **state)
{
    static const char *const good[] = {
        "\"ports\":[0,0,65535]",
        "\"portDefinitions\":[{\"port\":0},{\"port\":0},{\"port\":1,\"protocol\":\"udp,tcp\"}]",
        "\"networks\":[{\"mode\":\"container/bridge\"}],\"container\":{" IMAGE
        ",\"portMappings\":[{\"containerPort\":80},{\"containerPort\":80,\"protocol\":\"udp\"}]}",
    };
    static const struct row wrong[] = {
        {"\"ports\":[65536]", "/ports/0", "must be a whole number from 0 to 65535, not 65536"},
        {"\"ports\":[-1]", "/ports/0", "must be a whole number from 0 to 65535, not -1"},
        {"\"ports\":[80,81,80]", "/ports/2", "asks for port 80 a second time"},
        {"\"portDefinitions\":[{\"port\":80},{\"port\":80}]", "/portDefinitions/1/port",
         "asks for port 80 a second time"},
        {"\"portDefinitions\":[{\"name\":\"a\"},{\"name\":\"a\"}]", "/portDefinitions/1/name",
         "uses the name \"a\" a second time"},
        {"\"portDefinitions\":[{\"protocol\":\"http\"}]", "/portDefinitions/0/protocol",
         "must be one of \"tcp\", \"udp\", \"udp,tcp\", \"tcp,udp\", not the text \"http\""},
        {"\"portDefinitions\":[{\"labels\":{\"a\":1}}]", "/portDefinitions/0/labels/a",
         "must be text, not 1"},
        {"\"networks\":[{\"mode\":\"container/bridge\"}],\"container\":{" IMAGE
         ",\"portMappings\":[{\"name\":\"a\"},{\"name\":\"a\"}]}",
         "/container/portMappings/1/name", "uses the name \"a\" a second time"},
        {"\"container\":{\"docker\":{\"image\":\"i\",\"network\":\"BRIDGE\",\"portMappings\":"
         "[{\"name\":\"a\"},{\"name\":\"a\"}]}}",
         "/container/docker/portMappings/1/name", "uses the name \"a\" a second time"},
        {"\"networks\":[{\"mode\":\"container/bridge\"}],\"container\":{" IMAGE
         ",\"portMappings\":[{\"hostPort\":70000}]}",
         "/container/portMappings/0/hostPort", "must be a whole number from 0 to 65535, not 70000"},
        {"\"networks\":[{\"mode\":\"container/bridge\"}],\"container\":{" IMAGE
         ",\"portMappings\":[{\"networkNames\":[1]}]}",
         "/container/portMappings/0/networkNames/0", "must be text, not 1"},
    };

    (void)state;
    assert_all_good(good, COUNT(good));
    assert_all_wrong(wrong, COUNT(wrong));
}

static void a_health_check_finds_its_port(void **state)
{
    static const char *const good[] = {
        "\"healthChecks\":[{}]",
        "\"healthChecks\":[{\"portIndex\":1}],\"ports\":[0,0]",
        "\"healthChecks\":[{\"port\":8080}],\"portDefinitions\":[]",
        "\"healthChecks\":[{\"port\":8080,\"portIndex\":7}]",
        "\"healthChecks\":[{\"protocol\":\"COMMAND\",\"command\":{\"value\":\"true\"}}],"
        "\"portDefinitions\":[]",
        "\"healthChecks\":[{\"protocol\":\"MESOS_TCP\"}],\"portDefinitions\":[]",
        "\"networks\":[{\"mode\":\"container/bridge\"}],\"container\":{" IMAGE
        ",\"portMappings\":[{},{}]},\"healthChecks\":[{\"portIndex\":1}]",
    };
    static const struct row wrong[] = {
        {"\"healthChecks\":[{\"portIndex\":1}]", "/healthChecks/0/portIndex",
         "points behind the last declared port"},
        {"\"healthChecks\":[{},{\"protocol\":\"TCP\",\"portIndex\":2}],\"ports\":[0,0]",
         "/healthChecks/1/portIndex", "points behind the last declared port"},
        {"\"healthChecks\":[{}],\"portDefinitions\":[]", "/healthChecks/0/portIndex",
         "needs a port, but the app declares none: set port, or declare one"},
        {"\"healthChecks\":[{\"port\":65536}]", "/healthChecks/0/port",
         "must be a whole number from 0 to 65535, not 65536"},
    };

    (void)state;
    assert_all_good(good, COUNT(good));
    assert_all_wrong(wrong, COUNT(wrong));
}

static void health_checks_have_types_ranges_and_protocols(void **state)
{
    static const struct row wrong[] = {
        {"\"healthChecks\":{}", "/healthChecks", "must be an array, not an object"},
        {"\"healthChecks\":[\"HTTP\"]", "/healthChecks/0",
         "must be an object, not the text \"HTTP\""},
        {"\"healthChecks\":[{\"path\":8}]", "/healthChecks/0/path", "must be text, not 8"},
        {"\"healthChecks\":[{\"intervalSeconds\":-1}]", "/healthChecks/0/intervalSeconds",
         "must be a whole number from 0 to 2147483647, not -1"},
        {"\"healthChecks\":[{\"gracePeriodSeconds\":1.5}]", "/healthChecks/0/gracePeriodSeconds",
         "must be a whole number from 0 to 2147483647, not 1.5"},
        {"\"healthChecks\":[{\"protocol\":\"UDP\",\"port\":1}]", "/healthChecks/0/protocol",
         "must be one of \"HTTP\", \"HTTPS\", \"TCP\", \"COMMAND\", \"MESOS_HTTP\", "
         "\"MESOS_HTTPS\", \"MESOS_TCP\", not the text \"UDP\""},
        {"\"healthChecks\":[{\"protocol\":\"COMMAND\"}]", "/healthChecks/0/command",
         "is required for COMMAND: {\"value\": \"\xE2\x80\xA6\"}"},
        {"\"healthChecks\":[{\"protocol\":\"COMMAND\",\"command\":{}}]",
         "/healthChecks/0/command/value", "is required"},
        {"\"healthChecks\":[{\"protocol\":\"MESOS_HTTP\"},{\"protocol\":\"MESOS_TCP\"}]",
         "/healthChecks", "must hold at most one check that Mesos runs, not 2"},
        {"\"healthChecks\":[{\"ipProtocol\":\"IPv6\"}]", "/healthChecks/0/ipProtocol",
         "IPv6 works only for MESOS_ checks of the DOCKER engine"},
    };

    (void)state;
    assert_good_member("\"container\":{" IMAGE "},\"healthChecks\":[{\"protocol\":\"MESOS_HTTP\","
                       "\"ipProtocol\":\"IPv6\"}]");
    assert_all_wrong(wrong, COUNT(wrong));
}

static void a_readiness_check_names_a_declared_port_and_answers_in_time(void **state)
{
#define READY(members)                                                                             \
    "\"portDefinitions\":[{\"name\":\"http-api\"}],\"readinessChecks\":[{" members "}]"
    static const char *const good[] = {
        READY(""),
        READY("\"intervalSeconds\":11"),
        READY("\"intervalSeconds\":2,\"timeoutSeconds\":1"),
        READY("\"httpStatusCodesForReady\":[100,200,999]"),
        "\"readinessChecks\":[{\"portName\":\"default\"}]",
        "\"networks\":[{\"mode\":\"container/bridge\"}],\"container\":{" IMAGE
        ",\"portMappings\":[{\"name\":\"web\"}]},\"readinessChecks\":[{\"portName\":\"web\"}]",
    };
    static const struct row wrong[] = {
        {"\"readinessChecks\":[{}]", "/readinessChecks/0/portName",
         "no port is called \"http-api\"; declared: \"default\""},
        {"\"portDefinitions\":[{}],\"readinessChecks\":[{}]", "/readinessChecks/0/portName",
         "no port is called \"http-api\"; no declared port has a name"},
        {"\"ports\":[0],\"readinessChecks\":[{\"portName\":\"default\"}]",
         "/readinessChecks/0/portName",
         "no port is called \"default\"; no declared port has a name"},
        {READY("\"intervalSeconds\":10"), "/readinessChecks/0/timeoutSeconds",
         "must be less than intervalSeconds: 10 is not less than 10"},
        {READY("\"timeoutSeconds\":0"), "/readinessChecks/0/timeoutSeconds",
         "must be a whole number from 1 to 2147483647, not 0"},
        {READY("\"httpStatusCodesForReady\":[]"), "/readinessChecks/0/httpStatusCodesForReady",
         "must have at least 1 elements, not 0"},
        {READY("\"httpStatusCodesForReady\":[99]"), "/readinessChecks/0/httpStatusCodesForReady/0",
         "must be a whole number from 100 to 999, not 99"},
        {READY("\"httpStatusCodesForReady\":[200,200]"),
         "/readinessChecks/0/httpStatusCodesForReady/1", "lists 200 a second time"},
        {READY("\"protocol\":\"TCP\""), "/readinessChecks/0/protocol",
         "must be one of \"HTTP\", \"HTTPS\", not the text \"TCP\""},
        {READY("},{"), "/readinessChecks", "must hold at most one check, not 2"},
    };

    (void)state;
    assert_all_good(good, COUNT(good));
    assert_all_wrong(wrong, COUNT(wrong));
}

static void fetched_files_have_an_address(void **state)
{
    static const struct row wrong[] = {
        {"\"fetch\":[{}]", "/fetch/0/uri", "is required"},
        {"\"fetch\":[{\"uri\":\"x\",\"cache\":1}]", "/fetch/0/cache",
         "must be true or false, not 1"},
        {"\"uris\":[1]", "/uris/0", "must be text, not 1"},
    };

    (void)state;
    assert_good_member("\"fetch\":[{\"uri\":\"http://h/x\",\"executable\":true}]");
    assert_all_wrong(wrong, COUNT(wrong));
}

static void every_error_is_told_at_once(void **state)
{
    const struct zdd_field_errors errors =
        errors_of("{\"id\":\"/A\",\"cpus\":0,\"instanses\":4,\"upgradeStrategy\":{},"
                  "\"healthChecks\":[{\"path\":1}],\"readinessChecks\":[{}]}",
                  true);

    (void)state;
    assert_int_equal(errors.count, 8);
}

static void an_executor_is_the_command_executor_or_a_path(void **state)
{
    (void)state;
    assert_good_member("\"executor\":\"\"");
    assert_good_member("\"executor\":\"//cmd\"");
    assert_good_member("\"executor\":\"bin/x\"");
    assert_wrong_member("\"executor\":\"//other\"", "/executor",
                        "must be \"//cmd\" or a path, not \"//other\"");
    assert_wrong_member("\"executor\":\"/bin/\"", "/executor",
                        "must be \"//cmd\" or a path, not \"/bin/\"");
}

static struct zdd_field_errors type_errors_of(const char *text)
{
    ZDD_AUTO_JSON json_t *json = parse(text);
    struct zdd_field_errors errors = {0};

    const bool good = zdd_appdef_check_types(json, "#", &errors);

    assert_int_equal(good, errors.count == 0);
    return errors;
}

static void types_are_told_apart_from_ranges_and_rules(void **state)
{
    static const struct {
        const char *text, *pointer; /* NULL: can be read */
    } rows[] = {
        {"{\"id\":\"/a\",\"cpus\":0,\"instances\":-1,\"fetch\":[{\"uri\":\"\"}]}", NULL},
        {"{\"id\":\"NO!\",\"healthChecks\":[{\"port\":70000,\"protocol\":\"TCP\"}]}", NULL},
        {"{\"cmd\":\"run it\"}", "#/id"},
        {"{\"id\":\"/a\",\"instances\":1.5}", "#/instances"},
        {"{\"id\":\"/a\",\"upgradeStrategy\":{\"minimumHealthCapacity\":9}}",
         "#/upgradeStrategy/maximumOverCapacity"},
        {"{\"id\":\"/a\",\"healthChecks\":[{\"protocol\":\"HTTP2\"}]}",
         "#/healthChecks/0/protocol"},
        {"{\"id\":\"/a\",\"container\":{\"docker\":{}}}", "#/container/docker/image"},
        {"{\"id\":\"/a\",\"args\":[3]}", "#/args/0"},
        {"{\"id\":\"/a\",\"portDefinitions\":[3]}", "#/portDefinitions/0"},
        {"[]", "#"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        const struct zdd_field_errors errors = type_errors_of(rows[i].text);

        if (errors.count != (rows[i].pointer != NULL))
            fail_msg("%s: %zu errors", rows[i].text, errors.count);
        if (rows[i].pointer)
            assert_string_equal(errors.error[0].pointer, rows[i].pointer);
    }
}

static void what_marathon_ignores_can_be_pruned(void **state)
{
    ZDD_AUTO_JSON json_t *given = parse(
        "{\"id\":\"/a\",\"colour\":\"red\",\"env\":{\"any\":\"1\"},\"healthChecks\":[{\"path\":\"/\","
        "\"colour\":1,\"command\":{\"value\":\"x\",\"colour\":2}}],\"container\":{\"docker\":"
        "{\"image\":\"i\",\"colour\":3}},\"networks\":3}");
    ZDD_AUTO_JSON json_t *left = parse(
        "{\"id\":\"/a\",\"env\":{\"any\":\"1\"},\"healthChecks\":[{\"path\":\"/\",\"command\":"
        "{\"value\":\"x\"}}],\"container\":{\"docker\":{\"image\":\"i\"}},\"networks\":3}");

    (void)state;
    zdd_appdef_prune(given);
    assert_true(json_equal(given, left));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_app_like_those_people_write_is_good),
        cmocka_unit_test(what_marathon_answered_can_be_sent_back),
        cmocka_unit_test(what_is_no_object_is_no_app),
        cmocka_unit_test(an_app_needs_an_id_that_marathon_takes),
        cmocka_unit_test(an_id_longer_than_255_bytes_is_too_long),
        cmocka_unit_test(an_app_runs_either_a_command_or_arguments_or_an_image),
        cmocka_unit_test(numbers_have_types_and_ranges),
        cmocka_unit_test(environment_and_labels_hold_texts),
        cmocka_unit_test(typos_are_errors_where_they_stand),
        cmocka_unit_test(rarely_used_members_are_known_too),
        cmocka_unit_test(unknown_members_are_left_alone_when_the_caller_says_so),
        cmocka_unit_test(an_upgrade_strategy_has_both_capacities),
        cmocka_unit_test(a_single_instance_stays_single),
        cmocka_unit_test(an_app_with_persistent_volumes_is_never_doubled),
        cmocka_unit_test(unreachable_tasks_become_inactive_before_they_are_expunged),
        cmocka_unit_test(constraints_have_a_field_an_operator_and_perhaps_a_value),
        cmocka_unit_test(dependencies_are_ids),
        cmocka_unit_test(limits_are_numbers_or_unlimited),
        cmocka_unit_test(each_container_engine_has_its_own_abilities),
        cmocka_unit_test(a_volume_is_of_one_kind),
        cmocka_unit_test(networks_of_different_kinds_do_not_mix),
        cmocka_unit_test(old_and_new_spellings_exclude_each_other),
        cmocka_unit_test(each_kind_of_network_takes_its_own_list_of_ports),
        cmocka_unit_test(ports_are_numbers_in_range_and_unique),
        cmocka_unit_test(a_health_check_finds_its_port),
        cmocka_unit_test(health_checks_have_types_ranges_and_protocols),
        cmocka_unit_test(a_readiness_check_names_a_declared_port_and_answers_in_time),
        cmocka_unit_test(fetched_files_have_an_address),
        cmocka_unit_test(every_error_is_told_at_once),
        cmocka_unit_test(an_executor_is_the_command_executor_or_a_path),
        cmocka_unit_test(what_marathon_ignores_can_be_pruned),
        cmocka_unit_test(types_are_told_apart_from_ranges_and_rules),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
