/**
 * @file tests/unit/server/json/test_appdef_diff.c
 * @brief What changes, as people mean it: without what Marathon fills in.
 */
#include "server/base/cleanup.h"
#include "server/json/appdef.h"
#include "tests/support/spec.h"

#include <string.h>

static const char short_one[] =
    "{\"id\":\"/shop/web\",\"cmd\":\"serve\",\"instances\":3,\"env\":{\"VERSION\":\"1\"},"
    "\"constraints\":[[\"rack\",\"GROUP_BY\"],[\"hostname\",\"UNIQUE\"]],"
    "\"container\":{\"type\":\"DOCKER\",\"docker\":{\"image\":\"shop/web:1\"}},"
    "\"portDefinitions\":[{\"port\":0,\"name\":\"http\"}],"
    "\"healthChecks\":[{\"protocol\":\"HTTP\",\"path\":\"/health\"}]}";

/* The same, as Marathon 1.10 answers it; the order of constraints says nothing. */
static const char answered[] =
    "{\"id\":\"/shop/web\",\"cmd\":\"serve\",\"instances\":3,\"env\":{\"VERSION\":\"1\"},"
    "\"cpus\":1,\"mem\":128,\"disk\":0,\"gpus\":0,\"executor\":\"\",\"role\":\"*\","
    "\"constraints\":[[\"hostname\",\"UNIQUE\"],[\"rack\",\"GROUP_BY\"]],"
    "\"container\":{\"type\":\"DOCKER\",\"volumes\":[],\"docker\":{\"image\":\"shop/web:1\","
    "\"forcePullImage\":false,\"privileged\":false,\"parameters\":[]}},"
    "\"portDefinitions\":[{\"port\":10004,\"protocol\":\"tcp\",\"name\":\"http\",\"labels\":{}}],"
    "\"requirePorts\":false,\"networks\":[{\"mode\":\"host\"}],\"backoffSeconds\":1,"
    "\"backoffFactor\":1.15,\"maxLaunchDelaySeconds\":3600,\"killSelection\":\"YOUNGEST_FIRST\","
    "\"labels\":{},\"upgradeStrategy\":{\"minimumHealthCapacity\":1,\"maximumOverCapacity\":1},"
    "\"unreachableStrategy\":{\"inactiveAfterSeconds\":0,\"expungeAfterSeconds\":0},"
    "\"healthChecks\":[{\"protocol\":\"HTTP\",\"path\":\"/health\",\"gracePeriodSeconds\":300,"
    "\"intervalSeconds\":60,\"timeoutSeconds\":20,\"maxConsecutiveFailures\":3,\"portIndex\":0,"
    "\"delaySeconds\":15,\"ipProtocol\":\"IPv4\",\"ignoreHttp1xx\":false}]}";

static json_t *read_text(const char *text)
{
    ZDD_AUTO_JSON json_t *json = NULL;

    assert_int_equal(zdd_json_read(text, strlen(text), &json, NULL), ZDD_ERR_NONE);
    return zdd_appdef_canonical(json);
}

/* @return the rows as text, to be freed */
static char *rows_of(const json_t *from, const json_t *to, size_t max)
{
    ZDD_AUTO_JSON json_t *rows = zdd_appdef_diff(from, to, max);

    assert_non_null(rows);
    return zdd_json_canonical(rows);
}

static void set_at(json_t *definition, const char *pointer, const char *key, json_t *value)
{
    assert_int_equal(json_object_set_new(zdd_json_at(definition, pointer), key, value), 0);
}

static void what_marathon_fills_in_is_no_change(void **state)
{
    ZDD_AUTO_JSON json_t *from = read_text(answered);
    ZDD_AUTO_JSON json_t *to = read_text(short_one);
    ZDD_AUTO_FREE char *back = rows_of(from, to, 200);
    ZDD_AUTO_FREE char *forth = rows_of(to, from, 200);

    (void)state;
    assert_string_equal(back, "[]");
    assert_null(strstr(forth, "forcePullImage"));
    assert_null(strstr(forth, "constraints"));
}

static void going_back_to_a_short_definition_shows_what_goes_back(void **state)
{
    ZDD_AUTO_JSON json_t *from = read_text(answered);
    ZDD_AUTO_JSON json_t *to = read_text(short_one);

    (void)state;
    set_at(from, "/env", "VERSION", json_string("2"));
    set_at(from, "/env", "DEBUG", json_string("yes"));
    set_at(from, "/healthChecks/0", "intervalSeconds", json_integer(5));

    ZDD_AUTO_FREE char *rows = rows_of(from, to, 200);

    assert_string_equal(
        rows, "[{\"from\":\"yes\",\"op\":\"remove\",\"path\":\"/env/DEBUG\"},"
              "{\"from\":\"2\",\"op\":\"replace\",\"path\":\"/env/VERSION\",\"value\":\"1\"},"
              "{\"from\":5,\"op\":\"replace\",\"path\":\"/healthChecks/0/intervalSeconds\","
              "\"value\":60}]");
}

static void a_default_that_comes_in_the_place_of_another_value_is_told(void **state)
{
    ZDD_AUTO_JSON json_t *from = read_text(answered);
    ZDD_AUTO_JSON json_t *to = read_text(short_one);

    (void)state;
    set_at(from, "", "mem", json_integer(512));
    set_at(from, "", "taskKillGracePeriodSeconds", json_integer(30));

    ZDD_AUTO_FREE char *rows = rows_of(from, to, 200);

    assert_string_equal(
        rows, "[{\"from\":512,\"op\":\"replace\",\"path\":\"/mem\",\"value\":128},"
              "{\"from\":30,\"op\":\"remove\",\"path\":\"/taskKillGracePeriodSeconds\"}]");
}

static void a_port_that_somebody_asks_for_is_a_change_and_one_left_to_marathon_is_none(void **state)
{
    ZDD_AUTO_JSON json_t *from = read_text(answered);
    ZDD_AUTO_JSON json_t *to = read_text(answered);

    (void)state;
    set_at(to, "/portDefinitions/0", "port", json_integer(0));

    ZDD_AUTO_FREE char *none = rows_of(from, to, 200);

    assert_string_equal(none, "[]");
    set_at(to, "/portDefinitions/0", "port", json_integer(8080));

    ZDD_AUTO_FREE char *one = rows_of(from, to, 200);

    assert_string_equal(one, "[{\"from\":10004,\"op\":\"replace\","
                             "\"path\":\"/portDefinitions/0/port\",\"value\":8080}]");
}

static void a_port_that_nobody_mentions_is_left_to_marathon_too(void **state)
{
    ZDD_AUTO_JSON json_t *from = read_text(answered);
    ZDD_AUTO_JSON json_t *to = read_text(short_one);

    (void)state;
    set_at(from, "/portDefinitions/0", "name", json_string("default"));
    assert_int_equal(json_object_del(to, "portDefinitions"), 0);

    ZDD_AUTO_FREE char *rows = rows_of(from, to, 200);

    assert_string_equal(rows, "[]");
}

static void what_is_left_out_does_not_count_for_the_most_rows(void **state)
{
    ZDD_AUTO_JSON json_t *from = read_text(answered);
    ZDD_AUTO_JSON json_t *to = read_text(short_one);

    (void)state;
    set_at(from, "/env", "VERSION", json_string("2"));

    ZDD_AUTO_FREE char *one = rows_of(from, to, 1);

    assert_null(strstr(one, "more"));
    set_at(from, "/env", "A", json_string("a"));

    ZDD_AUTO_FREE char *cut = rows_of(from, to, 1);

    assert_string_equal(cut, "[{\"from\":\"a\",\"op\":\"remove\",\"path\":\"/env/A\"},"
                             "{\"op\":\"more\"}]");
}

static void what_is_created_is_shown_as_it_was_written(void **state)
{
    ZDD_AUTO_JSON json_t *to = read_text(short_one);
    ZDD_AUTO_JSON json_t *rows = zdd_appdef_diff(NULL, to, 200);

    (void)state;
    assert_int_equal(json_array_size(rows), 1);
    assert_true(zdd_json_same(json_object_get(json_array_get(rows, 0), "value"), to));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_marathon_fills_in_is_no_change),
        cmocka_unit_test(going_back_to_a_short_definition_shows_what_goes_back),
        cmocka_unit_test(a_default_that_comes_in_the_place_of_another_value_is_told),
        cmocka_unit_test(
            a_port_that_somebody_asks_for_is_a_change_and_one_left_to_marathon_is_none),
        cmocka_unit_test(a_port_that_nobody_mentions_is_left_to_marathon_too),
        cmocka_unit_test(what_is_left_out_does_not_count_for_the_most_rows),
        cmocka_unit_test(what_is_created_is_shown_as_it_was_written),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
