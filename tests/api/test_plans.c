/**
 * @file tests/api/test_plans.c
 * @brief /v1/plans: what a plan says, and what is refused before anything is planned.
 */
#include "server/json/json.h"
#include "tests/api/api_world.h"

#include <stdio.h>
#include <string.h>

#define CHANGE "\"appId\":\"/zdd/base\",\"change\":{\"env\":{\"SIMPLE_SERVICE_VERSION\":\"1.0\"}}"
#define ROLLING "{\"strategy\":\"rolling\"," CHANGE "}"

static struct apiclient_answer plan(struct api_world *world, const char *body)
{
    return apiclient_post(world->client, "/v1/plans", body);
}

static void a_change_is_planned_as_an_upgrade(void **state)
{
    struct api_world *world = *state;
    APICLIENT_AUTO struct apiclient_answer answer = {0};
    char location[100];

    api_world_base(world);
    answer = plan(world, ROLLING);
    assert_int_equal(answer.status, 201);
    assert_string_equal(apiclient_text(&answer, "/action"), "upgrade");
    assert_string_equal(apiclient_text(&answer, "/appId"), "/zdd/base");
    assert_string_equal(apiclient_text(&answer, "/strategy"), "rolling");
    assert_string_equal(apiclient_text(&answer, "/createdBy"), "token:all");
    assert_string_equal(apiclient_text(&answer, "/diff/0/path"), "/env/SIMPLE_SERVICE_VERSION");
    assert_string_equal(apiclient_text(&answer, "/diff/0/from"), "0.9");
    assert_string_equal(apiclient_text(&answer, "/diff/0/value"), "1.0");
    assert_int_equal(apiclient_int(&answer, "/preconditions/instances"), 4);
    assert_string_equal(apiclient_text(&answer, "/preconditions/appVersion"),
                        "2024-05-01T09:00:00.000Z");
    assert_true(apiclient_int(&answer, "/deadlineSeconds") > 0);
    snprintf(location, sizeof(location), "/v1/plans/%s", apiclient_text(&answer, "/id"));
    assert_string_equal(apiclient_header(&answer, "Location"), location);
}

/* Marathon calls one that is being killed healthy, but not running: no more serve than run. */
static void who_is_being_killed_does_not_serve(void **state)
{
    struct api_world *world = *state;
    APICLIENT_AUTO struct apiclient_answer answer = {0};

    fake_cluster_app(
        &world->cluster,
        "{\"id\":\"/zdd/base\",\"instances\":1,\"cpus\":0.1,\"mem\":32,\"cmd\":\"./serve\","
        "\"healthChecks\":[{\"path\":\"/health\"}],\"tasksRunning\":1,"
        "\"tasksHealthy\":2,\"env\":{\"SIMPLE_SERVICE_VERSION\":\"0.9\"}}");
    answer = plan(world, ROLLING);
    assert_int_equal(answer.status, 201);
    assert_int_equal(apiclient_int(&answer, "/capacity/timeline/0/old"), 1);
    assert_int_equal(apiclient_int(&answer, "/capacity/timeline/0/healthyOld"), 1);
    assert_int_equal(apiclient_int(&answer, "/capacity/lowestServing"), 1);
}

static void a_plan_is_read_again_as_it_was_answered(void **state)
{
    struct api_world *world = *state;
    char path[100];

    api_world_base(world);

    APICLIENT_AUTO struct apiclient_answer made = plan(world, ROLLING);
    snprintf(path, sizeof(path), "/v1/plans/%s", apiclient_text(&made, "/id"));

    APICLIENT_AUTO struct apiclient_answer read = apiclient_get(world->client, path);
    assert_int_equal(read.status, 200);
    assert_string_equal(read.body, made.body);
}

static void capacity_of_a_quarter_kills_three_of_four_and_offers_better(void **state)
{
    struct api_world *world = *state;
    APICLIENT_AUTO struct apiclient_answer answer = {0};

    api_world_base(world);
    answer = plan(world, "{\"strategy\":\"rolling\"," CHANGE
                         ",\"options\":{\"minimumHealthCapacity\":0.25,"
                         "\"maximumOverCapacity\":0.25}}");
    assert_int_equal(answer.status, 201);
    assert_int_equal(apiclient_int(&answer, "/capacity/minHealthy"), 1);
    assert_int_equal(apiclient_int(&answer, "/capacity/maxInstances"), 5);
    assert_int_equal(apiclient_int(&answer, "/capacity/killedAtOnce"), 3);
    assert_string_equal(apiclient_text(&answer, "/warnings/0/code"), "kills-at-once");
    assert_true(json_number_value(zdd_json_at(answer.json, "/suggestion/minimumHealthCapacity")) ==
                1.0);
    assert_true(json_number_value(zdd_json_at(answer.json, "/suggestion/maximumOverCapacity")) ==
                0.25);
}

static void both_capacities_are_written_when_one_is_given(void **state)
{
    struct api_world *world = *state;
    APICLIENT_AUTO struct apiclient_answer answer = {0};
    bool found = false;
    size_t index;
    json_t *row;

    api_world_base(world);
    answer = plan(world, "{\"strategy\":\"rolling\"," CHANGE
                         ",\"options\":{\"maximumOverCapacity\":0.5}}");
    json_array_foreach(json_object_get(answer.json, "diff"), index, row)
    {
        if (strcmp(zdd_json_text(row, "path", ""), "/upgradeStrategy") != 0)
            continue;
        found = true;
        assert_true(json_number_value(zdd_json_at(row, "/value/maximumOverCapacity")) == 0.5);
        assert_true(json_number_value(zdd_json_at(row, "/value/minimumHealthCapacity")) == 1.0);
    }
    assert_true(found);
}

static void an_app_that_does_not_exist_is_created(void **state)
{
    struct api_world *world = *state;
    APICLIENT_AUTO struct apiclient_answer answer =
        plan(world, "{\"strategy\":\"recreate\",\"app\":{\"id\":\"/new\",\"cmd\":\"./serve\","
                    "\"instances\":2}}");

    assert_int_equal(answer.status, 201);
    assert_string_equal(apiclient_text(&answer, "/action"), "create");
    assert_string_equal(apiclient_text(&answer, "/rollback/mode"), "delete");
    assert_true(json_is_null(zdd_json_at(answer.json, "/preconditions/appVersion")));
}

static void a_relative_id_is_made_absolute(void **state)
{
    APICLIENT_AUTO struct apiclient_answer answer =
        plan(*state, "{\"strategy\":\"rolling\",\"app\":{\"id\":\"new\",\"cmd\":\"./serve\"}}");

    assert_int_equal(answer.status, 201);
    assert_string_equal(apiclient_text(&answer, "/appId"), "/new");
}

static void a_definition_without_instances_keeps_as_many_as_run(void **state)
{
    struct api_world *world = *state;
    APICLIENT_AUTO struct apiclient_answer answer = {0};

    api_world_base(world);
    answer = plan(world, "{\"strategy\":\"rolling\",\"app\":{\"id\":\"/zdd/base\",\"cpus\":0.1,"
                         "\"mem\":32,\"cmd\":\"./serve\",\"env\":{\"SIMPLE_SERVICE_VERSION\":"
                         "\"1.0\"}}}");
    assert_int_equal(answer.status, 201);
    assert_int_equal(json_array_size(json_object_get(answer.json, "diff")), 1);
}

static void what_runs_already_is_no_action(void **state)
{
    struct api_world *world = *state;
    APICLIENT_AUTO struct apiclient_answer answer = {0};

    api_world_base(world);
    answer = plan(world, "{\"strategy\":\"rolling\",\"appId\":\"/zdd/base\",\"change\":{\"env\":{"
                         "\"SIMPLE_SERVICE_VERSION\":\"0.9\"}}}");
    assert_string_equal(apiclient_text(&answer, "/action"), "none");
    assert_int_equal(json_array_size(json_object_get(answer.json, "diff")), 0);
}

static void another_number_of_instances_is_a_scale(void **state)
{
    struct api_world *world = *state;
    APICLIENT_AUTO struct apiclient_answer scaled = {0}, changed = {0};

    api_world_base(world);
    scaled = plan(world, "{\"strategy\":\"scale\",\"appId\":\"/zdd/base\",\"options\":{"
                         "\"instances\":8}}");
    assert_string_equal(apiclient_text(&scaled, "/action"), "scale");
    assert_int_equal(apiclient_int(&scaled, "/capacity/peakInstances"), 8);
    changed = plan(world, "{\"strategy\":\"rolling\",\"appId\":\"/zdd/base\",\"change\":{"
                          "\"instances\":8}}");
    assert_string_equal(apiclient_text(&changed, "/action"), "scale");
}

static void a_restart_is_one_though_nothing_changes(void **state)
{
    struct api_world *world = *state;
    APICLIENT_AUTO struct apiclient_answer answer = {0};

    api_world_base(world);
    answer = plan(world, "{\"strategy\":\"restart\",\"appId\":\"/zdd/base\"}");
    assert_string_equal(apiclient_text(&answer, "/action"), "restart");
    assert_int_equal(json_array_size(json_object_get(answer.json, "diff")), 0);
}

static void a_label_alone_is_warned_of(void **state)
{
    struct api_world *world = *state;
    APICLIENT_AUTO struct apiclient_answer answer = {0};
    bool found = false;
    size_t index;
    json_t *row;

    api_world_base(world);
    answer =
        plan(world, "{\"strategy\":\"rolling\",\"appId\":\"/zdd/base\",\"change\":{\"labels\":{"
                    "\"team\":\"a\"}}}");
    json_array_foreach(json_object_get(answer.json, "warnings"), index, row) found =
        found || strcmp(zdd_json_text(row, "code", ""), "restart-for-label") == 0;
    assert_true(found);
}

static void a_full_queue_refutes_that_there_is_room(void **state)
{
    struct api_world *world = *state;
    APICLIENT_AUTO struct apiclient_answer answer = {0};

    api_world_base(world);
    json_decref(world->cluster.queue);
    world->cluster.queue = json_loads(
        "{\"queue\":[{\"app\":{\"id\":\"/zdd/base\"},\"count\":2,\"delay\":{\"timeLeftSeconds\":0,"
        "\"overdue\":true},\"processedOffersSummary\":{\"rejectSummaryLaunchAttempt\":[{\"reason\":"
        "\"UnfulfilledRole\",\"declined\":0,\"processed\":40},{\"reason\":\"InsufficientCpus\","
        "\"declined\":30,\"processed\":40}]}}]}",
        0, NULL);
    answer = plan(world, ROLLING);
    assert_string_equal(apiclient_text(&answer, "/verdict/resources"), "refuted");
    assert_non_null(strstr(answer.body, "InsufficientCpus"));
}

static void what_was_asked_stands_in_the_plan(void **state)
{
    struct api_world *world = *state;
    APICLIENT_AUTO struct apiclient_answer answer = {0};

    api_world_base(world);
    answer = plan(world, "{\"strategy\":\"rolling\"," CHANGE
                         ",\"deadlineSeconds\":77,\"onFailure\":\"hold\",\"whenBusy\":\"queue\","
                         "\"reason\":\"release 1.0\",\"labels\":{\"commit\":\"4f0c6c1\"}}");
    assert_int_equal(apiclient_int(&answer, "/deadlineSeconds"), 77);
    assert_string_equal(apiclient_text(&answer, "/onFailure"), "hold");
    assert_string_equal(apiclient_text(&answer, "/whenBusy"), "queue");
    assert_string_equal(apiclient_text(&answer, "/reason"), "release 1.0");
    assert_string_equal(apiclient_text(&answer, "/labels/commit"), "4f0c6c1");
}

static void an_app_that_must_exist_and_does_not_is_unknown(void **state)
{
    static const char *const bodies[] = {
        ROLLING,
        "{\"strategy\":\"restart\",\"appId\":\"/zdd/base\"}",
        "{\"strategy\":\"scale\",\"appId\":\"/zdd/base\",\"options\":{\"instances\":1}}",
    };

    for (size_t i = 0; i < ZDD_COUNT(bodies); i++)
        apiclient_expect(plan(*state, bodies[i]), 404, "app-unknown");
}

static const struct {
    enum zdd_err err;
    long status;
    const char *code;
} troubles[] = {
    {ZDD_ERR_CLUSTER_DOWN, 502, "marathon-unreachable"},
    {ZDD_ERR_CLUSTER_SLOW, 504, "marathon-slow"},
    {ZDD_ERR_CLUSTER_NONSENSE, 502, "marathon-nonsense"},
    {ZDD_ERR_CLUSTER_UNWELL, 502, "marathon-unwell"},
    {ZDD_ERR_CLUSTER_FORBIDDEN, 502, "marathon-forbidden"},
};

static void trouble_with_marathon_is_told_in_its_own_words(void **state)
{
    struct api_world *world = *state;

    for (size_t i = 0; i < ZDD_COUNT(troubles); i++) {
        APICLIENT_AUTO struct apiclient_answer answer = {0};

        fake_cluster_fail(&world->cluster, troubles[i].err, "the words of Marathon");
        answer = plan(world, ROLLING);
        assert_int_equal(answer.status, troubles[i].status);
        assert_string_equal(apiclient_text(&answer, "/code"), troubles[i].code);
        assert_string_equal(apiclient_text(&answer, "/detail"), "the words of Marathon");
    }
}

static void nonsense_of_marathon_is_named_as_such(void **state)
{
    static const char *const texts[] = {"<html>", "{\"app\":{\"id\":\"/zdd", "[]", "{\"app\":7}",
                                        "{\"a\":1,\"a\":2}"};
    struct api_world *world = *state;

    for (size_t i = 0; i < ZDD_COUNT(texts); i++) {
        world->cluster.garbage = strdup(texts[i]);
        apiclient_expect(plan(world, ROLLING), 502, "marathon-nonsense");
        free(world->cluster.garbage);
        world->cluster.garbage = NULL;
    }
}

static void plans_are_listed_newest_first_by_page(void **state)
{
    struct api_world *world = *state;
    char ids[3][ZDD_ID_SIZE], path[400];
    APICLIENT_AUTO struct apiclient_answer first = {0}, second = {0};

    api_world_base(world);
    for (int i = 0; i < 3; i++) {
        APICLIENT_AUTO struct apiclient_answer answer = plan(world, ROLLING);

        snprintf(ids[i], sizeof(ids[i]), "%s", apiclient_text(&answer, "/id"));
    }
    first = apiclient_get(world->client, "/v1/plans?limit=2&appId=/zdd/base");
    assert_string_equal(apiclient_text(&first, "/items/0/id"), ids[2]);
    assert_string_equal(apiclient_text(&first, "/items/1/id"), ids[1]);
    snprintf(path, sizeof(path), "/v1/plans?limit=2&appId=/zdd/base&cursor=%s",
             apiclient_text(&first, "/nextCursor"));
    second = apiclient_get(world->client, path);
    assert_string_equal(apiclient_text(&second, "/items/0/id"), ids[0]);
    assert_true(json_is_null(json_object_get(second.json, "nextCursor")));
    assert_null(apiclient_header(&second, "Link"));
}

static void the_link_of_a_page_leads_to_the_next(void **state)
{
    struct api_world *world = *state;
    APICLIENT_AUTO struct apiclient_answer first = {0}, second = {0};
    char path[400];
    const char *link;

    api_world_base(world);
    for (int i = 0; i < 2; i++)
        apiclient_expect(plan(world, ROLLING), 201, NULL);
    first = apiclient_get(world->client, "/v1/plans?appId=%2Fzdd%2Fbase&limit=1");
    link = apiclient_header(&first, "Link");
    assert_non_null(link);
    assert_int_equal(sscanf(link, "<%399[^>]>; rel=\"next\"", path), 1);
    second = apiclient_get(world->client, path);
    assert_int_equal(second.status, 200);
    assert_int_equal(json_array_size(json_object_get(second.json, "items")), 1);
    assert_string_not_equal(apiclient_text(&second, "/items/0/id"),
                            apiclient_text(&first, "/items/0/id"));
}

static void a_plan_that_does_not_exist_is_unknown(void **state)
{
    struct api_world *world = *state;

    apiclient_expect(apiclient_get(world->client, "/v1/plans/0190a1b2-c3d4-7e5f-8a6b-7c8d9e0f1a2b"),
                     404, "plan-unknown");
    apiclient_expect(apiclient_get(world->client, "/v1/plans/7"), 404, "plan-unknown");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, api_world_setup, api_world_teardown)
        TEST(a_change_is_planned_as_an_upgrade),
        TEST(who_is_being_killed_does_not_serve),
        TEST(a_plan_is_read_again_as_it_was_answered),
        TEST(capacity_of_a_quarter_kills_three_of_four_and_offers_better),
        TEST(both_capacities_are_written_when_one_is_given),
        TEST(an_app_that_does_not_exist_is_created),
        TEST(a_relative_id_is_made_absolute),
        TEST(a_definition_without_instances_keeps_as_many_as_run),
        TEST(what_runs_already_is_no_action),
        TEST(another_number_of_instances_is_a_scale),
        TEST(a_restart_is_one_though_nothing_changes),
        TEST(a_label_alone_is_warned_of),
        TEST(a_full_queue_refutes_that_there_is_room),
        TEST(what_was_asked_stands_in_the_plan),
        TEST(an_app_that_must_exist_and_does_not_is_unknown),
        TEST(trouble_with_marathon_is_told_in_its_own_words),
        TEST(nonsense_of_marathon_is_named_as_such),
        TEST(plans_are_listed_newest_first_by_page),
        TEST(the_link_of_a_page_leads_to_the_next),
        TEST(a_plan_that_does_not_exist_is_unknown),
#undef TEST
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
