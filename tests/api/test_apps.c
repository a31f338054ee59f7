/**
 * @file tests/api/test_apps.c
 * @brief /v1/apps and what belongs to an app; the catalogue of strategies.
 */
#include "server/json/json.h"
#include "storage/revisions.h"
#include "strategies/strategy.h"
#include "tests/api/api_world.h"

#include <stdio.h>
#include <string.h>

#define BASE "/v1/apps/%2Fzdd%2Fbase"

/* In the midst of an upgrade: 2 new of which one is healthy, 3 old, one that has ended. */
static const char upgrading[] =
    "{\"id\":\"/zdd/base\",\"instances\":4,\"cmd\":\"./serve\",\"uris\":[],"
    "\"healthChecks\":[{\"protocol\":\"HTTP\",\"path\":\"/\"}],"
    "\"version\":\"2024-05-01T10:00:00.000Z\","
    "\"versionInfo\":{\"lastScalingAt\":\"2024-05-01T10:00:00.000Z\","
    "\"lastConfigChangeAt\":\"2024-05-01T10:00:00.000Z\"},"
    "\"deployments\":[{\"id\":\"7c3e0000-0000-4000-8000-000000000000\"}],"
    "\"lastTaskFailure\":{\"state\":\"TASK_FAILED\",\"message\":\"exited with status 1\","
    "\"timestamp\":\"2024-05-01T10:00:05.000Z\"},"
    "\"tasks\":["
    "{\"id\":\"n1\",\"state\":\"TASK_RUNNING\",\"version\":\"2024-05-01T10:00:00.000Z\","
    "\"healthCheckResults\":[{\"alive\":true}]},"
    "{\"id\":\"n2\",\"state\":\"TASK_STAGING\",\"version\":\"2024-05-01T10:00:00.000Z\"},"
    "{\"id\":\"o1\",\"state\":\"TASK_RUNNING\",\"version\":\"2024-05-01T09:00:00.000Z\","
    "\"healthCheckResults\":[{\"alive\":true}]},"
    "{\"id\":\"o2\",\"state\":\"TASK_RUNNING\",\"version\":\"2024-05-01T09:00:00.000Z\","
    "\"healthCheckResults\":[{\"alive\":true},{\"alive\":false}]},"
    "{\"id\":\"o3\",\"state\":\"TASK_RUNNING\",\"version\":\"2024-05-01T09:00:00.000Z\"},"
    "{\"id\":\"e1\",\"state\":\"TASK_FAILED\"}]}";

static void an_app_is_counted_by_version_and_health(void **state)
{
    struct api_world *world = *state;
    APICLIENT_AUTO struct apiclient_answer answer = {0};

    fake_cluster_app(&world->cluster, upgrading);
    answer = apiclient_get(world->client, BASE);
    assert_int_equal(answer.status, 200);
    assert_int_equal(apiclient_int(&answer, "/instances"), 4);
    assert_int_equal(apiclient_int(&answer, "/running"), 4);
    assert_int_equal(apiclient_int(&answer, "/healthy"), 2);
    assert_string_equal(apiclient_text(&answer, "/versions/0/version"), "2024-05-01T10:00:00.000Z");
    assert_true(json_is_true(zdd_json_at(answer.json, "/versions/0/current")));
    assert_int_equal(apiclient_int(&answer, "/versions/0/instances"), 2);
    assert_int_equal(apiclient_int(&answer, "/versions/0/healthy"), 1);
    assert_int_equal(apiclient_int(&answer, "/versions/0/trafficShare"), 50);
    assert_false(json_is_true(zdd_json_at(answer.json, "/versions/1/current")));
    assert_int_equal(apiclient_int(&answer, "/versions/1/instances"), 3);
    assert_int_equal(apiclient_int(&answer, "/versions/1/healthy"), 1);
    assert_string_equal(apiclient_text(&answer, "/marathonDeployments/0"),
                        "7c3e0000-0000-4000-8000-000000000000");
    assert_string_equal(apiclient_text(&answer, "/lastTaskFailure/text"),
                        "TASK_FAILED: exited with status 1");
    assert_null(zdd_json_at(answer.json, "/definition/uris"));
    assert_null(zdd_json_at(answer.json, "/definition/tasks"));
}

static void an_app_knows_its_deployment_and_its_history(void **state)
{
    struct api_world *world = *state;
    char id[ZDD_ID_SIZE];
    APICLIENT_AUTO struct apiclient_answer before = {0}, during = {0};

    api_world_base(world);
    before = apiclient_get(world->client, BASE);
    assert_true(json_is_null(json_object_get(before.json, "deployment")));
    assert_int_equal(apiclient_int(&before, "/history/deployments"), 0);
    api_world_deploy(world, "1.0", "", id);
    during = apiclient_get(world->client, BASE);
    assert_string_equal(apiclient_text(&during, "/deployment"), id);
    assert_int_equal(apiclient_int(&during, "/history/deployments"), 1);
}

static void apps_are_listed_by_id_in_pages(void **state)
{
    struct api_world *world = *state;
    char path[500];
    APICLIENT_AUTO struct apiclient_answer first = {0}, second = {0};

    fake_cluster_app(&world->cluster, "{\"id\":\"/zdd/c\",\"cmd\":\"./serve\"}");
    fake_cluster_app(&world->cluster, "{\"id\":\"/zdd/a\",\"cmd\":\"./serve\"}");
    fake_cluster_app(&world->cluster, "{\"id\":\"/zdd/b\",\"cmd\":\"./serve\"}");
    first = apiclient_get(world->client, "/v1/apps?limit=2");
    assert_string_equal(apiclient_text(&first, "/items/0/id"), "/zdd/a");
    assert_string_equal(apiclient_text(&first, "/items/1/id"), "/zdd/b");
    snprintf(path, sizeof(path), "/v1/apps?limit=2&cursor=%s",
             apiclient_text(&first, "/nextCursor"));
    second = apiclient_get(world->client, path);
    assert_string_equal(apiclient_text(&second, "/items/0/id"), "/zdd/c");
    assert_true(json_is_null(json_object_get(second.json, "nextCursor")));
}

static void without_marathon_apps_cannot_be_told(void **state)
{
    struct api_world *world = *state;

    apiclient_expect(apiclient_get(world->client, BASE), 404, "app-unknown");
    fake_cluster_fail(&world->cluster, ZDD_ERR_CLUSTER_DOWN, "connection refused");
    apiclient_expect(apiclient_get(world->client, BASE), 502, "marathon-unreachable");
    apiclient_expect(apiclient_get(world->client, "/v1/apps"), 502, "marathon-unreachable");
    fake_cluster_fail(&world->cluster, ZDD_ERR_NONE, "");
    world->cluster.garbage = strdup("{\"apps\":7}");
    apiclient_expect(apiclient_get(world->client, "/v1/apps"), 502, "marathon-nonsense");
}

static enum zdd_err write_revision(struct zdd_tx *tx, void *cls)
{
    return zdd_revision_append(tx, cls);
}

static void revisions_are_listed_newest_first(void **state)
{
    struct api_world *world = *state;
    char path[500];
    APICLIENT_AUTO struct apiclient_answer first = {0}, second = {0};
    struct zdd_revision revision = {
        .app_id = "/zdd/base",
        .run_id = "0190a1b2-d000-7e5f-8a6b-7c8d9e0f1a2b",
        .digest = "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        .version = "2024-05-01T10:00:00.000Z",
        .created_at_ms = 1714557600000,
        .definition = "{\"id\":\"/zdd/base\"}",
    };

    apiclient_expect(apiclient_get(world->client, BASE "/revisions"), 200, NULL);
    for (int i = 0; i < 3; i++)
        assert_int_equal(zdd_store_write(world->store, write_revision, &revision), ZDD_ERR_NONE);
    first = apiclient_get(world->client, BASE "/revisions?limit=2");
    assert_int_equal(apiclient_int(&first, "/items/0/number"), 3);
    assert_string_equal(apiclient_text(&first, "/items/0/definition/id"), "/zdd/base");
    snprintf(path, sizeof(path), "%s/revisions?limit=2&cursor=%s", BASE,
             apiclient_text(&first, "/nextCursor"));
    second = apiclient_get(world->client, path);
    assert_int_equal(apiclient_int(&second, "/items/0/number"), 1);
}

static void the_catalogue_has_every_strategy_with_its_options(void **state)
{
    struct api_world *world = *state;
    APICLIENT_AUTO struct apiclient_answer answer = apiclient_get(world->client, "/v1/strategies");
    const json_t *items = json_object_get(answer.json, "items");
    size_t index;
    json_t *item;

    json_array_foreach(items, index, item)
    {
        const struct zdd_strategy *strategy = zdd_strategy_at(index);

        assert_non_null(strategy);
        assert_string_equal(zdd_json_text(item, "name", ""), strategy->name);
        for (size_t i = 0; i < strategy->param_count; i++)
            assert_non_null(json_object_get(zdd_json_at(item, "/options/properties"),
                                            strategy->params[i].name));
        assert_int_equal(json_array_size(json_object_get(item, "steps")), strategy->step_count);
    }
    assert_null(zdd_strategy_at(json_array_size(items)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, api_world_setup, api_world_teardown)
        TEST(an_app_is_counted_by_version_and_health),
        TEST(an_app_knows_its_deployment_and_its_history),
        TEST(apps_are_listed_by_id_in_pages),
        TEST(without_marathon_apps_cannot_be_told),
        TEST(revisions_are_listed_newest_first),
        TEST(the_catalogue_has_every_strategy_with_its_options),
#undef TEST
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
