/**
 * @file tests/api/test_blueprint.c
 * @brief VAMP blueprints as callers send them: planned, started, refused by line and column.
 */
#include "server/yaml/yaml.h"
#include "strategies/strategy.h"
#include "tests/api/api_world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int setup(void **state)
{
    *state = api_world_new(&(struct api_world_options){.agent = "10.0.0.9:8091"});
    return 0;
}

/* clang-format off */
#define SERVICE(version, instances)                                                                \
    "      - breed:\n"                                                                               \
    "          name: shop:" version "\n"                                                             \
    "          deployable: shop/shop:" version "\n"                                                  \
    "          ports: {web: 8080/http}\n"                                                            \
    "        scale: {cpu: 0.5, memory: 64MB, instances: " instances "}\n"
#define SHOP(services)                                                                             \
    "name: shop\ngateways: {10080: shop/web}\nclusters:\n  shop:\n"                                \
    "    gateways: {routes: {shop:1: {weight: 90%}, shop:2: {weight: 10%}}}\n"                     \
    "    services:\n" services
#define BOTH SHOP(SERVICE("1", "4") SERVICE("2", "1"))
#define ONE                                                                                        \
    "name: shop\ngateways: {10080: shop/web}\nclusters:\n  shop:\n    services:\n" SERVICE("2", "3")
#define WORKER                                                                                     \
    "name: jobs\nclusters:\n  jobs:\n    services:\n"                                              \
    "      - breed: {name: w, deployable: shop/work}\n        scale: {cpu: 1, memory: 32MB}\n"

#define RUNNING                                                                                    \
    "{\"id\":\"/shop-blue\",\"instances\":4,\"cpus\":0.5,\"mem\":64,\"container\":{\"type\":"      \
    "\"DOCKER\",\"docker\":{\"image\":\"shop/shop:1\"},\"portMappings\":[{\"containerPort\":8080," \
    "\"hostPort\":0}]},\"networks\":[{\"mode\":\"container/bridge\"}],\"healthChecks\":["          \
    "{\"protocol\":\"TCP\",\"portIndex\":0}],\"labels\":{\"HAPROXY_GROUP\":\"external\","          \
    "\"HAPROXY_0_PORT\":\"10080\"}}"
/* clang-format on */

static struct apiclient_answer post(struct api_world *world, const char *path, const char *body)
{
    return apiclient_send(
        world->client,
        &(struct apiclient_request){.path = path, .body = body, .type = "application/yaml"});
}

static struct apiclient_answer plan(struct api_world *world, const char *body)
{
    return post(world, "/v1/plans", body);
}

static const char *warning(const struct apiclient_answer *answer, const char *code)
{
    size_t index;
    json_t *row;

    json_array_foreach(json_object_get(answer->json, "warnings"), index, row)
    {
        if (strcmp(zdd_json_text(row, "code", ""), code) == 0)
            return zdd_json_text(row, "text", "");
    }
    return "";
}

static void assert_refused(struct apiclient_answer answer, const char *pointer, const char *detail)
{
    if (answer.status != 422 ||
        strcmp(apiclient_text(&answer, "/errors/0/pointer"), pointer) != 0 ||
        !strstr(apiclient_text(&answer, "/errors/0/detail"), detail))
        fail_msg("wanted %s: %s\ngot %s", pointer, detail, answer.body);
    apiclient_answer_release(&answer);
}

static void where_nothing_runs_the_old_version_is_planned_first(void **state)
{
    APICLIENT_AUTO struct apiclient_answer answer = plan(*state, BOTH);

    assert_int_equal(answer.status, 201);
    assert_string_equal(apiclient_text(&answer, "/strategy"), "blue-green");
    assert_string_equal(apiclient_text(&answer, "/appId"), "/shop");
    assert_string_equal(apiclient_text(&answer, "/pair/newAppId"), "/shop-blue");
    assert_int_equal(apiclient_int(&answer, "/capacity/peakInstances"), 4);
    assert_string_equal(apiclient_text(&answer, "/labels/blueprint"), "shop");
    assert_non_null(strstr(warning(&answer, "blueprint-first"), "shop:2 gets its 10 %"));
    assert_non_null(strstr(warning(&answer, "default-health-check"), "TCP"));
}

static void the_example_of_the_contract_is_carried_out(void **state)
{
    struct api_world *world = *state;
    const json_t *example =
        zdd_json_at(apiclient_contract(world->client), "/components/examples/Blueprint/value");
    APICLIENT_AUTO struct apiclient_answer answer = plan(world, json_string_value(example));

    assert_int_equal(answer.status, 201);
    assert_string_equal(warning(&answer, "default-health-check"), "");
}

/* The strategy is the registry's affair: with it there is a plan, without it a refusal. */
static void beside_the_version_that_runs_the_other_one_is_a_canary(void **state)
{
    struct api_world *world = *state;
    APICLIENT_AUTO struct apiclient_answer answer = {0};

    fake_cluster_app(&world->cluster, RUNNING);
    answer = plan(world, BOTH);
    if (!zdd_strategy_find("canary")) {
        assert_int_equal(answer.status, 422);
        assert_string_equal(apiclient_text(&answer, "/errors/0/pointer"), "#/clusters/shop");
        assert_non_null(strstr(apiclient_text(&answer, "/errors/0/detail"),
                               "line 4, column 3: must be one of"));
        return;
    }
    assert_int_equal(answer.status, 201);
    assert_string_equal(apiclient_text(&answer, "/strategy"), "canary");
    assert_string_equal(apiclient_text(&answer, "/pair/oldAppId"), "/shop-blue");
    assert_string_equal(apiclient_text(&answer, "/pair/newAppId"), "/shop-green");
    assert_string_equal(warning(&answer, "blueprint-first"), "");
}

static void one_service_behind_a_gateway_takes_the_place_of_what_runs(void **state)
{
    struct api_world *world = *state;
    APICLIENT_AUTO struct apiclient_answer answer = {0};

    fake_cluster_app(&world->cluster, RUNNING);
    answer = plan(world, ONE);
    assert_int_equal(answer.status, 201);
    assert_string_equal(apiclient_text(&answer, "/strategy"), "blue-green");
    assert_string_equal(apiclient_text(&answer, "/pair/newAppId"), "/shop-green");
    assert_int_equal(apiclient_int(&answer, "/capacity/peakInstances"), 7);
}

static void a_blueprint_can_be_started_at_once_and_its_key_replays_it(void **state)
{
    struct api_world *world = *state;
    const struct apiclient_request request = {.path = "/v1/deployments",
                                              .body = WORKER,
                                              .type = "application/yaml; charset=utf-8",
                                              .header = {"Idempotency-Key: k"},
                                              .outside = true};
    APICLIENT_AUTO struct apiclient_answer first = apiclient_send(world->client, &request);
    APICLIENT_AUTO struct apiclient_answer second = apiclient_send(world->client, &request);
    APICLIENT_AUTO struct apiclient_answer list = {0};

    assert_int_equal(first.status, 202);
    assert_string_equal(apiclient_text(&first, "/strategy"), "rolling");
    assert_string_equal(apiclient_text(&first, "/appId"), "/jobs");
    assert_string_equal(apiclient_text(&first, "/id"), apiclient_text(&second, "/id"));
    assert_string_equal(apiclient_header(&second, "Idempotent-Replayed"), "true");
    list = apiclient_get(world->client, "/v1/deployments");
    assert_int_equal(json_array_size(zdd_json_at(list.json, "/items")), 1);
    assert_string_equal(apiclient_text(&list, "/items/0/labels/blueprint"), "jobs");
}

static void a_plan_of_a_blueprint_is_started_by_its_digest(void **state)
{
    struct api_world *world = *state;
    APICLIENT_AUTO struct apiclient_answer made = plan(world, WORKER);
    APICLIENT_AUTO struct apiclient_answer started = {0};
    char body[300];

    assert_int_equal(made.status, 201);
    snprintf(body, sizeof(body), "{\"planId\":\"%s\",\"digest\":\"%s\"}",
             apiclient_text(&made, "/id"), apiclient_text(&made, "/digest"));
    started = apiclient_post(world->client, "/v1/deployments", body);
    assert_int_equal(started.status, 202);
    assert_string_equal(apiclient_text(&started, "/labels/blueprint"), "jobs");
}

static void what_is_wrong_is_told_by_line_and_column(void **state)
{
    struct api_world *world = *state;
    APICLIENT_AUTO struct apiclient_answer malformed = plan(world, "name: shop\nname: x");

    assert_int_equal(malformed.status, 400);
    assert_string_equal(apiclient_text(&malformed, "/code"), "body-malformed");
    assert_string_equal(apiclient_text(&malformed, "/detail"),
                        "line 2, column 1: \"name\" stands twice; the first is in line 1");
    assert_refused(plan(world, SHOP("      - {breed: a, scale: {}, dialects: {}}\n")),
                   "#/clusters/shop/services/0/dialects", "line 7, column 31: is not carried out");
    assert_refused(post(world, "/v1/deployments", WORKER "workflows: {}\n"), "#/workflows",
                   "line 7, column 1: is not carried out");
    assert_int_equal(world->cluster.get_count, 0);
}

/* Found only when the request is planned, or even compared with what runs. */
static void what_is_wrong_with_the_definition_is_told_of_the_document(void **state)
{
    struct api_world *world = *state;

    assert_refused(plan(world, "name: jobs\nclusters:\n  jobs:\n    services:\n"
                               "      - breed: {name: w, deployable: shop/work}\n"
                               "        scale: {cpu: 0, memory: 0}\n"),
                   "#/clusters/jobs/services/0/scale/cpu", "line 6, column 22: ");
    fake_cluster_app(&world->cluster, RUNNING);
    fake_cluster_touch(
        &world->cluster, "/shop-blue", "labels",
        json_pack("{s:s, s:s}", "HAPROXY_GROUP", "external", "HAPROXY_0_PORT", "10081"),
        "2024-05-01T10:00:01.000Z");
    assert_refused(plan(world, ONE), "#/gateways", "line 2, column 1: ");
}

static void limits_and_rights_hold_as_for_json(void **state)
{
    struct api_world *world = *state;
    char token[ZDD_TOKEN_SIZE];
    char *large = calloc(1, ZDD_YAML_SIZE_MAX + 2);

    assert_non_null(large);
    memset(large, '#', ZDD_YAML_SIZE_MAX + 1);
    apiclient_expect(plan(world, large), 413, "body-too-big");
    large[ZDD_YAML_SIZE_MAX] = '\0'; /* on the boundary it is read: and found to be a remark */
    apiclient_expect(plan(world, large), 400, "body-malformed");
    free(large);
    apiclient_expect(plan(world, ""), 400, "body-malformed");
    api_world_token(world, "other", ZDD_SCOPE_ALL, "/zdd", 0, token);
    apiclient_expect(
        apiclient_send(world->client, &(struct apiclient_request){.path = "/v1/plans",
                                                                  .body = BOTH,
                                                                  .token = token,
                                                                  .type = "application/yaml"}),
        403, "app-forbidden");
    fake_cluster_fail(&world->cluster, ZDD_ERR_CLUSTER_DOWN, "nobody is there");
    apiclient_expect(plan(world, BOTH), 502, "marathon-unreachable");
}

static void without_balancers_nothing_is_shared(void **state)
{
    apiclient_expect(plan(*state, BOTH), 422, "router-missing"); /* the usual world has none */
}

static void other_types_are_named_what_would_be_read(void **state)
{
    static const char *const types[] = {"text/yaml", "application/yamlx", "text/plain", ""};
    struct api_world *world = *state;

    for (size_t i = 0; i < ZDD_COUNT(types); i++) {
        APICLIENT_AUTO struct apiclient_answer answer = apiclient_send(
            world->client,
            &(struct apiclient_request){.path = "/v1/plans", .body = BOTH, .type = types[i]});

        assert_int_equal(answer.status, 415);
        assert_non_null(strstr(apiclient_text(&answer, "/detail"), "application/yaml"));
    }
    apiclient_expect(
        post(world, "/v1/deployments/00000000-0000-7000-8000-000000000000/abort", BOTH), 404,
        "deployment-unknown");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, api_world_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(where_nothing_runs_the_old_version_is_planned_first),
        TEST(the_example_of_the_contract_is_carried_out),
        TEST(beside_the_version_that_runs_the_other_one_is_a_canary),
        TEST(one_service_behind_a_gateway_takes_the_place_of_what_runs),
        TEST(a_blueprint_can_be_started_at_once_and_its_key_replays_it),
        TEST(a_plan_of_a_blueprint_is_started_by_its_digest),
        TEST(what_is_wrong_is_told_by_line_and_column),
        TEST(what_is_wrong_with_the_definition_is_told_of_the_document),
        TEST(limits_and_rights_hold_as_for_json),
        cmocka_unit_test_setup_teardown(without_balancers_nothing_is_shared, api_world_setup,
                                        api_world_teardown),
        TEST(other_types_are_named_what_would_be_read),
    };

    return cmocka_run_group_tests_name("api/blueprint", tests, NULL, NULL);
}
