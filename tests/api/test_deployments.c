/**
 * @file tests/api/test_deployments.c
 * @brief /v1/deployments: starting, by plan or at once; busy apps; looking at them.
 */
#include "server/json/json.h"
#include "tests/api/api_world.h"

#include <stdio.h>
#include <string.h>

#define ROLLING                                                                                    \
    "{\"strategy\":\"rolling\",\"appId\":\"/zdd/base\",\"change\":{\"env\":{"                      \
    "\"SIMPLE_SERVICE_VERSION\":\"1.0\"}}"

static struct apiclient_answer start(struct api_world *world, const char *body)
{
    return apiclient_post(world->client, "/v1/deployments", body);
}

static struct apiclient_answer look(struct api_world *world, const char *id, const char *below)
{
    char path[120];

    snprintf(path, sizeof(path), "/v1/deployments/%s%s", id, below);
    return apiclient_get(world->client, path);
}

/* Make a plan; @p ret_body starts it. */
static void make_plan(struct api_world *world, const char *request, char ret_body[static 400],
                      const char *more)
{
    APICLIENT_AUTO struct apiclient_answer plan =
        apiclient_post(world->client, "/v1/plans", request);

    assert_int_equal(plan.status, 201);
    snprintf(ret_body, 400, "{\"planId\":\"%s\",\"digest\":\"%s\"%s}", apiclient_text(&plan, "/id"),
             apiclient_text(&plan, "/digest"), more);
}

static void a_deployment_starts_in_one_call(void **state)
{
    struct api_world *world = *state;
    APICLIENT_AUTO struct apiclient_answer made = {0}, read = {0};
    char location[100];

    api_world_base(world);
    made = start(world, ROLLING ",\"reason\":\"release 1.0\",\"labels\":{\"commit\":\"4f0c\"}}");
    assert_int_equal(made.status, 202);
    snprintf(location, sizeof(location), "/v1/deployments/%s", apiclient_text(&made, "/id"));
    assert_string_equal(apiclient_header(&made, "Location"), location);
    assert_string_equal(apiclient_text(&made, "/state"), "running");
    assert_string_equal(apiclient_text(&made, "/createdBy"), "token:all");
    assert_string_equal(apiclient_text(&made, "/reason"), "release 1.0");
    assert_string_equal(apiclient_text(&made, "/labels/commit"), "4f0c");
    assert_string_equal(apiclient_text(&made, "/old/version"), "2024-05-01T09:00:00.000Z");
    assert_int_equal(apiclient_int(&made, "/old/healthy"), 4);
    assert_int_equal(apiclient_int(&made, "/old/weight"), 100);
    assert_string_equal(apiclient_text(&made, "/step/kind"), "update-app");
    assert_string_equal(apiclient_text(&made, "/rollback/mode"), "restart");
    read = apiclient_get(world->client, location);
    assert_string_equal(read.body, made.body);
    assert_string_equal(apiclient_header(&read, "ETag"), "\"0\"");
}

static void a_plan_that_was_looked_at_is_what_runs(void **state)
{
    struct api_world *world = *state;
    APICLIENT_AUTO struct apiclient_answer made = {0};
    char body[400];

    api_world_base(world);
    make_plan(world, ROLLING ",\"reason\":\"as planned\",\"labels\":{\"a\":\"b\"}}", body, "");
    made = start(world, body);
    assert_int_equal(made.status, 202);
    assert_string_equal(apiclient_text(&made, "/reason"), "as planned");
    assert_string_equal(apiclient_text(&made, "/labels/a"), "b");
    assert_non_null(strstr(body, apiclient_text(&made, "/planId")));
}

static void words_beside_the_plan_take_the_place_of_its_own(void **state)
{
    struct api_world *world = *state;
    APICLIENT_AUTO struct apiclient_answer made = {0};
    char body[400];

    api_world_base(world);
    make_plan(world, ROLLING ",\"reason\":\"as planned\",\"labels\":{\"a\":\"b\"}}", body,
              ",\"reason\":\"now\",\"labels\":{\"c\":\"d\"}");
    made = start(world, body);
    assert_string_equal(apiclient_text(&made, "/reason"), "now");
    assert_string_equal(apiclient_text(&made, "/labels/c"), "d");
    assert_null(zdd_json_at(made.json, "/labels/a"));
}

static void another_digest_than_the_plans_is_wrong(void **state)
{
    struct api_world *world = *state;
    char body[400];

    api_world_base(world);
    make_plan(world, ROLLING "}", body, "");
    strstr(body, "sha256:")[7] ^= 1;
    apiclient_expect(start(world, body), 409, "digest-wrong");
    apiclient_expect(start(world, "{\"planId\":\"0190a1b2-c3d4-7e5f-8a6b-7c8d9e0f1a2b\","
                                  "\"digest\":\"x\"}"),
                     404, "plan-unknown");
}

static void a_plan_is_stale_when_the_app_has_changed_since(void **state)
{
    struct api_world *world = *state;
    APICLIENT_AUTO struct apiclient_answer answer = {0};
    char body[400];

    api_world_base(world);
    make_plan(world, ROLLING "}", body, "");
    fake_cluster_touch(&world->cluster, "/zdd/base", "cpus", json_real(0.2),
                       "2024-05-01T11:00:00.000Z");
    answer = start(world, body);
    assert_int_equal(answer.status, 409);
    assert_string_equal(apiclient_text(&answer, "/code"), "plan-stale");
    assert_string_equal(apiclient_text(&answer, "/diff/0/path"), "/cpus");
    assert_non_null(strstr(apiclient_text(&answer, "/detail"), "2024-05-01T11:00:00.000Z"));
}

static void a_plan_is_stale_when_the_app_came_or_went(void **state)
{
    struct api_world *world = *state;
    char created[400], upgraded[400];

    make_plan(world, "{\"strategy\":\"rolling\",\"app\":{\"id\":\"/zdd/base\",\"cmd\":\"./s\"}}",
              created, "");
    api_world_base(world);
    apiclient_expect(start(world, created), 409, "plan-stale");
    make_plan(world, ROLLING "}", upgraded, "");
    fake_cluster_remove(&world->cluster, "/zdd/base");
    apiclient_expect(start(world, upgraded), 409, "plan-stale");
}

static void a_huge_difference_still_fits_into_the_problem(void **state)
{
    struct api_world *world = *state;
    APICLIENT_AUTO struct apiclient_answer answer = {0};
    char body[400], text[2000];

    api_world_base(world);
    make_plan(world, ROLLING "}", body, "");
    memset(text, 'x', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    fake_cluster_touch(&world->cluster, "/zdd/base", "user", json_string(text),
                       "2024-05-01T11:00:00.000Z");
    answer = start(world, body);
    assert_string_equal(apiclient_text(&answer, "/code"), "plan-stale");
    assert_true(answer.size < 4000);
}

static void the_second_deployment_of_an_app_is_refused_and_named_the_first(void **state)
{
    struct api_world *world = *state;
    APICLIENT_AUTO struct apiclient_answer answer = {0};
    char first[ZDD_ID_SIZE];

    api_world_base(world);
    api_world_deploy(world, "1.0", "", first);
    answer = start(world, ROLLING "}");
    assert_int_equal(answer.status, 409);
    assert_string_equal(apiclient_text(&answer, "/code"), "app-busy");
    assert_string_equal(apiclient_text(&answer, "/deploymentId"), first);
    apiclient_expect(start(world, ROLLING ",\"whenBusy\":\"reject\"}"), 409, "app-busy");
}

static void or_it_is_queued_behind_it(void **state)
{
    struct api_world *world = *state;
    char first[ZDD_ID_SIZE], second[ZDD_ID_SIZE];
    APICLIENT_AUTO struct apiclient_answer answer = {0}, events = {0}, later = {0};

    api_world_base(world);
    api_world_deploy(world, "1.0", "", first);
    api_world_deploy(world, "1.1", ",\"whenBusy\":\"queue\"", second);
    answer = look(world, second, "");
    assert_string_equal(apiclient_text(&answer, "/state"), "queued");
    assert_string_equal(apiclient_text(&answer, "/waitingFor/code"), "turn");
    assert_string_equal(apiclient_text(&answer, "/allowedCommands/0"), "abort");
    events = look(world, second, "/events");
    assert_string_equal(apiclient_text(&events, "/items/0/type"), "deployment.queued");
    assert_string_equal(apiclient_text(&events, "/items/0/data/behind"), first);
    api_world_move(world, first, ZDD_PHASE_SUCCEEDED, "deployment.succeeded");
    later = look(world, second, "");
    assert_string_equal(apiclient_text(&later, "/state"), "running");
}

static void or_it_takes_the_place_of_all_others(void **state)
{
    struct api_world *world = *state;
    char first[ZDD_ID_SIZE], second[ZDD_ID_SIZE], third[ZDD_ID_SIZE];
    APICLIENT_AUTO struct apiclient_answer queued = {0}, events = {0}, last = {0};

    api_world_base(world);
    api_world_deploy(world, "1.0", "", first);
    api_world_deploy(world, "1.1", ",\"whenBusy\":\"queue\"", second);
    api_world_deploy(world, "1.2", ",\"whenBusy\":\"supersede\"", third);
    queued = look(world, second, "");
    assert_string_equal(apiclient_text(&queued, "/state"), "canceled");
    assert_string_equal(apiclient_text(&queued, "/error/code"), "superseded");
    events = look(world, second, "/events");
    assert_string_equal(apiclient_text(&events, "/items/1/type"), "deployment.canceled");
    last = look(world, third, "");
    assert_string_equal(apiclient_text(&last, "/state"), "queued");
}

static void the_steps_of_a_deployment_are_its_strategys(void **state)
{
    struct api_world *world = *state;
    char id[ZDD_ID_SIZE];
    APICLIENT_AUTO struct apiclient_answer steps = {0};

    api_world_base(world);
    api_world_deploy(world, "1.0", "", id);
    steps = look(world, id, "/steps");
    assert_int_equal(json_array_size(json_object_get(steps.json, "items")), 2);
    assert_string_equal(apiclient_text(&steps, "/items/0/kind"), "update-app");
    assert_string_equal(apiclient_text(&steps, "/items/0/state"), "pending");
    assert_string_equal(apiclient_text(&steps, "/items/1/kind"), "replace-tasks");
}

static void deployments_are_filtered_by_app_state_strategy_and_time(void **state)
{
    static const struct {
        const char *query;
        size_t count;
    } queries[] = {
        {"", 2},
        {"?appId=/zdd/base", 1},
        {"?appId=/zdd/none", 0},
        {"?state=succeeded", 1},
        {"?state=running", 1},
        {"?strategy=restart", 1},
        {"?strategy=rolling&state=running", 0},
        {"?ended=false", 1},
        {"?ended=false&state=succeeded", 0},
        {"?ended=false&appId=/zdd/other", 1},
        {"?since=2024-01-01T00:00:00Z", 2},
        {"?since=2999-01-01T00:00:00Z", 0},
        {"?until=2024-01-01T00:00:00%2B02:00", 0},
    };
    struct api_world *world = *state;
    char id[ZDD_ID_SIZE];

    api_world_base(world);
    fake_cluster_app(&world->cluster, "{\"id\":\"/zdd/other\",\"cmd\":\"./serve\"}");
    api_world_deploy(world, "1.0", "", id);
    api_world_move(world, id, ZDD_PHASE_SUCCEEDED, "deployment.succeeded");
    apiclient_expect(start(world, "{\"strategy\":\"restart\",\"appId\":\"/zdd/other\"}"), 202,
                     NULL);
    for (size_t i = 0; i < ZDD_COUNT(queries); i++) {
        APICLIENT_AUTO struct apiclient_answer answer = {0};
        char path[200];

        snprintf(path, sizeof(path), "/v1/deployments%s", queries[i].query);
        answer = apiclient_get(world->client, path);
        if (json_array_size(json_object_get(answer.json, "items")) != queries[i].count)
            fail_msg("%s: %s", path, answer.body);
    }
}

static void pages_of_deployments_have_no_gap_and_no_repetition(void **state)
{
    struct api_world *world = *state;
    char path[600] = "/v1/deployments?limit=3", seen[8][ZDD_ID_SIZE], id[ZDD_ID_SIZE];
    size_t count = 0;

    api_world_base(world);
    for (int i = 0; i < 8; i++)
        api_world_deploy(world, "1.0", i ? ",\"whenBusy\":\"queue\"" : "", id);
    for (int page = 0; page < 3; page++) {
        APICLIENT_AUTO struct apiclient_answer answer = apiclient_get(world->client, path);
        size_t index;
        json_t *item;

        json_array_foreach(json_object_get(answer.json, "items"), index, item)
        {
            assert_true(count < 8);
            snprintf(seen[count++], ZDD_ID_SIZE, "%s", zdd_json_text(item, "id", ""));
        }
        snprintf(path, sizeof(path), "/v1/deployments?limit=3&cursor=%s",
                 apiclient_text(&answer, "/nextCursor"));
        assert_int_equal(json_is_null(json_object_get(answer.json, "nextCursor")), page == 2);
    }
    assert_int_equal(count, 8);
    for (size_t i = 1; i < count; i++)
        assert_true(strcmp(seen[i - 1], seen[i]) > 0);
}

static void what_has_not_changed_is_not_sent_again(void **state)
{
    struct api_world *world = *state;
    char id[ZDD_ID_SIZE], path[100];

    api_world_base(world);
    api_world_deploy(world, "1.0", "", id);
    snprintf(path, sizeof(path), "/v1/deployments/%s", id);
    apiclient_expect(apiclient_send(world->client,
                                    &(struct apiclient_request){
                                        .path = path, .header = {"If-None-Match: \"9\", \"0\""}}),
                     304, NULL);
    api_world_move(world, id, ZDD_PHASE_APPLYING, "deployment.started");
    apiclient_expect(apiclient_send(world->client,
                                    &(struct apiclient_request){
                                        .path = path, .header = {"If-None-Match: \"0\""}}),
                     200, NULL);
}

static void progress_and_weights_follow_the_instances(void **state)
{
    struct api_world *world = *state;
    char id[ZDD_ID_SIZE];

    api_world_base(world);
    api_world_deploy(world, "1.0", "", id);
    api_world_move(world, id, ZDD_PHASE_ROLLING, "deployment.step.started");

    APICLIENT_AUTO struct apiclient_answer begun = look(world, id, "");
    assert_true(json_number_value(json_object_get(begun.json, "progress")) < 1);
    api_world_move(world, id, ZDD_PHASE_SUCCEEDED, "deployment.succeeded");

    APICLIENT_AUTO struct apiclient_answer ended = look(world, id, "");
    assert_true(json_number_value(json_object_get(ended.json, "progress")) == 1);
    assert_int_equal(json_array_size(json_object_get(ended.json, "allowedCommands")), 0);
    assert_true(json_is_string(json_object_get(ended.json, "endedAt")));
}

static void only_head_of_a_deployment_can_be_asked_for(void **state)
{
    struct api_world *world = *state;
    char id[ZDD_ID_SIZE], path[100];

    api_world_base(world);
    api_world_deploy(world, "1.0", "", id);
    snprintf(path, sizeof(path), "/v1/deployments/%s", id);
    apiclient_expect(
        apiclient_send(world->client, &(struct apiclient_request){.method = "HEAD", .path = path}),
        200, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, api_world_setup, api_world_teardown)
        TEST(a_deployment_starts_in_one_call),
        TEST(a_plan_that_was_looked_at_is_what_runs),
        TEST(words_beside_the_plan_take_the_place_of_its_own),
        TEST(another_digest_than_the_plans_is_wrong),
        TEST(a_plan_is_stale_when_the_app_has_changed_since),
        TEST(a_plan_is_stale_when_the_app_came_or_went),
        TEST(a_huge_difference_still_fits_into_the_problem),
        TEST(the_second_deployment_of_an_app_is_refused_and_named_the_first),
        TEST(or_it_is_queued_behind_it),
        TEST(or_it_takes_the_place_of_all_others),
        TEST(the_steps_of_a_deployment_are_its_strategys),
        TEST(deployments_are_filtered_by_app_state_strategy_and_time),
        TEST(pages_of_deployments_have_no_gap_and_no_repetition),
        TEST(what_has_not_changed_is_not_sent_again),
        TEST(progress_and_weights_follow_the_instances),
        TEST(only_head_of_a_deployment_can_be_asked_for),
#undef TEST
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
