/**
 * @file tests/api/test_rescue.c
 * @brief What other deployments left behind: recognised, offered a way out, planned.
 */
#include "server/json/json.h"
#include "tests/api/api_world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int setup(void **state)
{
    *state = api_world_new(&(struct api_world_options){.agent = "10.0.0.9:8091"});
    return 0;
}

#define DEFINITION(id, count, more)                                                                \
    "{\"id\":\"" id "\",\"instances\":" count ",\"cpus\":0.1,\"mem\":32,\"cmd\":\"./serve\","      \
    "\"healthChecks\":[{\"protocol\":\"HTTP\",\"path\":\"/ping\"}],\"labels\":{\"HAPROXY_GROUP\":" \
    "\"external\",\"HAPROXY_0_PORT\":\"10000\"" more "}}"
#define STARTED(day) ",\"HAPROXY_DEPLOYMENT_STARTED_AT\":\"2024-04-" day "T10:00:00.123456\""
#define WHOLE(target, new)                                                                         \
    ",\"HAPROXY_DEPLOYMENT_TARGET_INSTANCES\":\"" target                                           \
    "\",\"HAPROXY_DEPLOYMENT_NEW_INSTANCES\":\"" new "\""
#define BLUE DEFINITION("/zdd/base-blue", "3", STARTED("01") WHOLE("4", "0"))
#define GREEN DEFINITION("/zdd/base-green", "1", STARTED("02") WHOLE("4", "0"))
#define TAKE(app, which)                                                                           \
    "{\"strategy\":\"blue-green\",\"appId\":\"" app "\",\"options\":{\"takeOver\":\"" which "\"}}"

static void give(struct api_world *world, const char *definition)
{
    fake_cluster_app(&world->cluster, definition);
}

static void leave_half_way(struct api_world *world)
{
    give(world, BLUE);
    give(world, GREEN);
}

static struct apiclient_answer plan(struct api_world *world, const char *body)
{
    return apiclient_post(world->client, "/v1/plans", body);
}

static void assert_condition(struct api_world *world, const char *path, const char *condition,
                             const char *words)
{
    APICLIENT_AUTO struct apiclient_answer answer = apiclient_get(world->client, path);

    if (answer.status != 200)
        fail_msg("%s: %s", path, answer.body);
    assert_string_equal(apiclient_text(&answer, "/pair/condition"), condition);
    assert_string_equal(apiclient_text(&answer, "/pair/name"), "/zdd/base");
    if (!strstr(apiclient_text(&answer, "/pair/text"), words))
        fail_msg("%s", apiclient_text(&answer, "/pair/text"));
}

static void the_list_of_apps_says_which_belong_to_a_pair(void **state)
{
    struct api_world *world = *state;
    APICLIENT_AUTO struct apiclient_answer answer = {0};

    leave_half_way(world);
    give(world, DEFINITION("/zdd/sky-blue", "1", "")); /* a colour, and no label */
    answer = apiclient_get(world->client, "/v1/apps");
    assert_string_equal(apiclient_text(&answer, "/items/0/id"), "/zdd/base-blue");
    assert_string_equal(apiclient_text(&answer, "/items/0/pairName"), "/zdd/base");
    assert_string_equal(apiclient_text(&answer, "/items/1/pairName"), "/zdd/base");
    assert_string_equal(apiclient_text(&answer, "/items/2/id"), "/zdd/sky-blue");
    assert_true(json_is_null(zdd_json_at(answer.json, "/items/2/pairName")));
}

static size_t offers_of(struct api_world *world, const char *path)
{
    APICLIENT_AUTO struct apiclient_answer answer = apiclient_get(world->client, path);

    return json_array_size(zdd_json_at(answer.json, "/pair/offers"));
}

static void one_app_is_single(void **state)
{
    struct api_world *world = *state;
    APICLIENT_AUTO struct apiclient_answer answer = {0};

    give(world, BLUE);
    assert_condition(world, "/v1/apps/%2Fzdd%2Fbase-blue", "single",
                     "/zdd/base-blue serves alone.");
    assert_int_equal(offers_of(world, "/v1/apps/%2Fzdd%2Fbase-blue"), 0);
    /* The pair's name has no app of its own, and is answered by the one that serves. */
    answer = apiclient_get(world->client, "/v1/apps/%2Fzdd%2Fbase");
    assert_int_equal(answer.status, 200);
    assert_string_equal(apiclient_text(&answer, "/id"), "/zdd/base-blue");
    assert_string_equal(apiclient_text(&answer, "/pair/apps/0/colour"), "blue");
    assert_string_equal(apiclient_text(&answer, "/pair/apps/0/startedAt"),
                        "2024-04-01T10:00:00.123456");
    assert_int_equal(apiclient_int(&answer, "/pair/apps/0/targetInstances"), 4);
    assert_true(json_is_false(zdd_json_at(answer.json, "/pair/apps/0/ours")));
    /* The other colour does not exist, whatever its pair has. */
    apiclient_expect(apiclient_get(world->client, "/v1/apps/%2Fzdd%2Fbase-green"), 404,
                     "app-unknown");
    apiclient_expect(apiclient_get(world->client, "/v1/apps/%2Fnobody"), 404, "app-unknown");
}

static void two_apps_are_told_with_what_can_be_done(void **state)
{
    static const char *const paths[] = {"/v1/apps/%2Fzdd%2Fbase", "/v1/apps/%2Fzdd%2Fbase-blue",
                                        "/v1/apps/%2Fzdd%2Fbase-green"};
    struct api_world *world = *state;
    APICLIENT_AUTO struct apiclient_answer answer = {0};

    leave_half_way(world);
    for (size_t i = 0; i < ZDD_COUNT(paths); i++)
        assert_condition(
            world, paths[i], "two-apps",
            "/zdd/base-blue has 3 instances and the newer /zdd/base-green has 1, where "
            "one of them should have 4");
    answer = apiclient_get(world->client, paths[0]);
    assert_string_equal(apiclient_text(&answer, "/pair/offers/0/do"), "finish");
    assert_string_equal(apiclient_text(&answer, "/pair/offers/0/text"),
                        "Give all requests to /zdd/base-green with 4 instances, then remove "
                        "/zdd/base-blue.");
    assert_string_equal(apiclient_text(&answer, "/pair/offers/1/do"), "go-back");
    assert_string_equal(apiclient_text(&answer, "/pair/offers/2/do"), "leave");
    assert_true(json_is_null(zdd_json_at(answer.json, "/pair/offers/2/request")));
}

static void what_is_offered_can_be_posted_as_it_is(void **state)
{
    static const char *const stays[] = {"/zdd/base-green", "/zdd/base-blue"};
    static const char *const goes[] = {"/zdd/base-blue", "/zdd/base-green"};
    struct api_world *world = *state;

    leave_half_way(world);
    for (size_t i = 0; i < 2; i++) {
        APICLIENT_AUTO struct apiclient_answer app =
            apiclient_get(world->client, "/v1/apps/%2Fzdd%2Fbase");
        APICLIENT_AUTO struct apiclient_answer made = {0};
        char pointer[40], *body;

        snprintf(pointer, sizeof(pointer), "/pair/offers/%zu/request", i);
        body = json_dumps(zdd_json_at(app.json, pointer), JSON_COMPACT);
        made = plan(world, body);
        free(body);
        assert_int_equal(made.status, 201);
        assert_string_equal(apiclient_text(&made, "/appId"), "/zdd/base");
        assert_string_equal(apiclient_text(&made, "/pair/newAppId"), stays[i]);
        assert_string_equal(apiclient_text(&made, "/pair/oldAppId"), goes[i]);
        assert_string_equal(apiclient_text(&made, "/action"), "upgrade");
        assert_string_equal(apiclient_text(&made, "/rollback/mode"), "traffic");
        assert_non_null(strstr(apiclient_text(&made, "/rollback/text"), "Both apps are left"));
        assert_string_equal(apiclient_text(&made, "/steps/0/kind"), "adopt");
        assert_string_equal(apiclient_text(&made, "/steps/1/kind"), "start");
        assert_string_equal(apiclient_text(&made, "/steps/1/text"),
                            "Start 4 instances of the new version; healthy and ready.");
    }
}

static void the_change_of_who_takes_over_is_planned_too(void **state)
{
    struct api_world *world = *state;
    APICLIENT_AUTO struct apiclient_answer made = {0};

    leave_half_way(world);
    made = plan(world, "{\"strategy\":\"blue-green\",\"appId\":\"/zdd/base\",\"change\":{"
                       "\"instances\":7,\"env\":{\"A\":\"b\"}},\"options\":{\"takeOver\":"
                       "\"newer\"}}");
    assert_int_equal(made.status, 201);
    assert_string_equal(apiclient_text(&made, "/steps/1/text"),
                        "Start 7 instances of the new version; healthy and ready.");
    assert_non_null(strstr(made.body, "\"path\":\"/env\""));
}

static void the_size_is_that_of_the_exchange_or_of_the_larger_one(void **state)
{
    static const struct {
        const char *blue, *green;
        const char *words;
    } rows[] = {
        {BLUE, GREEN, "Start 4 "},
        {DEFINITION("/zdd/base-blue", "2", ""), DEFINITION("/zdd/base-green", "5", ""), "Start 5 "},
        {DEFINITION("/zdd/base-blue", "8", STARTED("01") WHOLE("4", "0")), GREEN, "Start 8 "},
        {DEFINITION("/zdd/base-blue", "2", STARTED("01") WHOLE("9", "0")),
         DEFINITION("/zdd/base-green", "1", STARTED("02") WHOLE("9", "0")), "Start 2 "},
        {DEFINITION("/zdd/base-blue", "3", STARTED("01") WHOLE("4", "0")),
         DEFINITION("/zdd/base-green", "1", STARTED("02")), "Start 4 "},
        {DEFINITION("/zdd/base-blue", "0", ""), DEFINITION("/zdd/base-green", "0", ""), "Start 1 "},
    };
    struct api_world *world = *state;

    for (size_t i = 0; i < ZDD_COUNT(rows); i++) {
        APICLIENT_AUTO struct apiclient_answer made = {0};

        give(world, rows[i].blue);
        give(world, rows[i].green);
        made = plan(world, TAKE("/zdd/base", "newer"));
        assert_int_equal(made.status, 201);
        if (!strstr(apiclient_text(&made, "/steps/1/text"), rows[i].words))
            fail_msg("row %zu: %s", i, apiclient_text(&made, "/steps/1/text"));
    }
}

static void without_labels_marathons_versions_tell_the_age(void **state)
{
    struct api_world *world = *state;
    APICLIENT_AUTO struct apiclient_answer made = {0};

    give(world, DEFINITION("/zdd/base-blue", "3", ""));
    give(world, DEFINITION("/zdd/base-green", "1", STARTED("02")));
    fake_cluster_touch(&world->cluster, "/zdd/base-blue", "cpus", json_real(0.2),
                       "2024-05-01T11:00:00.000Z");
    made = plan(world, TAKE("/zdd/base", "newer"));
    assert_string_equal(apiclient_text(&made, "/pair/newAppId"), "/zdd/base-blue");
}

static void a_hybrid_is_told_from_a_half_way_exchange(void **state)
{
    struct api_world *world = *state;

    give(world, DEFINITION("/zdd/base-blue", "3", STARTED("01") WHOLE("4", "0")));
    give(world, DEFINITION("/zdd/base-green", "1", STARTED("02") WHOLE("4", "1")));
    assert_condition(world, "/v1/apps/%2Fzdd%2Fbase", "hybrid", "zdd.py has left both on purpose");
    assert_int_equal(offers_of(world, "/v1/apps/%2Fzdd%2Fbase"), 3);
    give(world, DEFINITION("/zdd/base-blue", "2", STARTED("01") WHOLE("4", "0")));
    assert_condition(world, "/v1/apps/%2Fzdd%2Fbase", "two-apps", "left half-way");
}

#define SERVED(instances) DEFINITION("/zdd/base-blue", instances, STARTED("01"))

static void what_our_deployment_left_on_purpose_is_a_hybrid_with_its_whole_number(void **state)
{
    struct api_world *world = *state;
    APICLIENT_AUTO struct apiclient_answer run = {0}, finish = {0};

    give(world, SERVED("4"));
    run = apiclient_post(world->client, "/v1/deployments",
                         "{\"strategy\":\"blue-green\",\"appId\":\"/zdd/base\",\"change\":{"
                         "\"cmd\":\"./new\"},\"options\":{\"cutover\":\"stepwise\","
                         "\"newInstances\":1}}");
    if (run.status != 202)
        fail_msg("%s", run.body);
    api_world_move(world, apiclient_text(&run, "/id"), ZDD_PHASE_SUCCEEDED, "deployment.succeeded");
    give(world, SERVED("3"));
    give(world, DEFINITION("/zdd/base-green", "1", STARTED("02") WHOLE("1000000", "0")));
    assert_condition(world, "/v1/apps/%2Fzdd%2Fbase", "hybrid",
                     "where one of them should have 4: deployment ");
    assert_int_equal(offers_of(world, "/v1/apps/%2Fzdd%2Fbase"), 3);
    finish = plan(world, TAKE("/zdd/base", "newer"));
    assert_int_equal(apiclient_int(&finish, "/capacity/lowestServing"),
                     4); /* not the 3 of the larger */
    give(world, SERVED("2"));
    assert_condition(world, "/v1/apps/%2Fzdd%2Fbase", "two-apps", "left half-way");
}

static void a_deployment_of_marathon_is_told_with_its_step(void **state)
{
    struct api_world *world = *state;

    leave_half_way(world);
    fake_cluster_touch(&world->cluster, "/zdd/base-green", "deployments",
                       json_pack("[{s:s}]", "id", "d-7"), "2024-05-01T11:00:00.000Z");
    assert_condition(world, "/v1/apps/%2Fzdd%2Fbase", "stuck", "Marathon deployment d-7 holds");
    json_array_append_new(world->cluster.deployments,
                          json_pack("{s:s, s:s, s:i, s:i, s:[{s:s, s:s}]}", "id", "d-7", "version",
                                    "2024-05-01T11:00:00.000Z", "currentStep", 1, "totalSteps", 2,
                                    "currentActions", "action", "ScaleApplication", "app",
                                    "/zdd/base-green"));
    assert_condition(world, "/v1/apps/%2Fzdd%2Fbase", "stuck",
                     "Marathon deployment d-7 of 2024-05-01T11:00:00.000Z holds the app (step 1 of "
                     "2: ScaleApplication /zdd/base-green)");
    assert_int_equal(offers_of(world, "/v1/apps/%2Fzdd%2Fbase"), 3);
}

static void ours_is_not_offered_to_be_mended(void **state)
{
    struct api_world *world = *state;
    APICLIENT_AUTO struct apiclient_answer started = {0}, next = {0};

    leave_half_way(world);
    started = apiclient_post(world->client, "/v1/deployments", TAKE("/zdd/base-blue", "older"));
    assert_int_equal(started.status, 202);
    assert_condition(world, "/v1/apps/%2Fzdd%2Fbase-green", "ours-running",
                     apiclient_text(&started, "/id"));
    assert_int_equal(offers_of(world, "/v1/apps/%2Fzdd%2Fbase-green"), 0);
    /* Two apps, but not of unknown origin. */
    next =
        plan(world, "{\"strategy\":\"blue-green\",\"app\":" DEFINITION("/zdd/base", "4", "") "}");
    assert_int_equal(next.status, 409);
    assert_string_equal(apiclient_text(&next, "/code"), "app-busy");
    assert_string_equal(apiclient_text(&next, "/deploymentId"), apiclient_text(&started, "/id"));
}

static void without_balancers_nothing_can_be_moved(void **state)
{
    struct api_world *world = *state; /* of the usual options: without an agent */

    leave_half_way(world);
    assert_condition(world, "/v1/apps/%2Fzdd%2Fbase", "two-apps", "should have 4");
    assert_int_equal(offers_of(world, "/v1/apps/%2Fzdd%2Fbase"), 1);
}

static void two_apps_without_a_word_are_refused_with_the_word(void **state)
{
    struct api_world *world = *state;
    APICLIENT_AUTO struct apiclient_answer two = {0}, three = {0};
    static const char whole[] =
        "{\"strategy\":\"blue-green\",\"app\":" DEFINITION("/zdd/base", "4", "") "}";

    leave_half_way(world);
    two = plan(world, whole);
    assert_int_equal(two.status, 409);
    assert_string_equal(apiclient_text(&two, "/code"), "pair-unclear");
    assert_non_null(strstr(apiclient_text(&two, "/detail"), TAKE("/zdd/base", "newer")));
    assert_non_null(strstr(apiclient_text(&two, "/detail"), "gives all to /zdd/base-green"));
    assert_non_null(strstr(apiclient_text(&two, "/detail"), "\"older\" /zdd/base-blue gets all"));
    give(world, DEFINITION("/zdd/base", "4", ""));
    three = plan(world, TAKE("/zdd/base", "newer"));
    assert_int_equal(three.status, 409);
    assert_non_null(strstr(apiclient_text(&three, "/detail"), "a pair has two apps"));
    assert_condition(world, "/v1/apps/%2Fzdd%2Fbase", "two-apps", "There are 3 apps");
    assert_int_equal(offers_of(world, "/v1/apps/%2Fzdd%2Fbase"), 1);
}

static void taking_over_needs_two_apps_and_no_definition(void **state)
{
    struct api_world *world = *state;
    APICLIENT_AUTO struct apiclient_answer one = {0}, whole = {0}, nameless = {0};

    apiclient_expect(plan(world, TAKE("/zdd/base", "newer")), 404, "app-unknown");
    give(world, BLUE);
    one = plan(world, TAKE("/zdd/base", "newer"));
    assert_int_equal(one.status, 422);
    assert_string_equal(apiclient_text(&one, "/errors/0/pointer"), "#/options/takeOver");
    give(world, GREEN);
    whole = plan(world, "{\"strategy\":\"blue-green\",\"options\":{\"takeOver\":\"newer\"},"
                        "\"app\":" DEFINITION("/zdd/base", "4", "") "}");
    assert_int_equal(whole.status, 422);
    assert_string_equal(apiclient_text(&whole, "/errors/0/pointer"), "#/app");
    nameless = plan(world, "{\"strategy\":\"blue-green\",\"options\":{\"takeOver\":\"newer\"}}");
    assert_int_equal(nameless.status, 422);
    assert_string_equal(apiclient_text(&nameless, "/errors/0/pointer"), "#/appId");
}

static void the_plan_rests_on_both_apps(void **state)
{
    static const char *const ids[] = {"/zdd/base-green", "/zdd/base-blue"};
    struct api_world *world = *state;

    leave_half_way(world);
    for (size_t i = 0; i < ZDD_COUNT(ids); i++) {
        APICLIENT_AUTO struct apiclient_answer made = plan(world, TAKE("/zdd/base", "newer"));
        char body[300], stamp[40];

        assert_int_equal(made.status, 201);
        snprintf(body, sizeof(body), "{\"planId\":\"%s\",\"digest\":\"%s\"}",
                 apiclient_text(&made, "/id"), apiclient_text(&made, "/digest"));
        snprintf(stamp, sizeof(stamp), "2024-05-0%zuT11:00:00.000Z", i + 2);
        fake_cluster_touch(&world->cluster, ids[i], "cpus", json_real(0.3), stamp);
        apiclient_expect(apiclient_post(world->client, "/v1/deployments", body), 409, "plan-stale");
    }
    fake_cluster_remove(&world->cluster, ids[0]);
}

static void who_may_see_one_app_sees_no_other(void **state)
{
    struct api_world *world = *state;
    char token[ZDD_TOKEN_SIZE], url[40];
    struct apiclient *client;
    APICLIENT_AUTO struct apiclient_answer answer = {0};

    leave_half_way(world);
    api_world_token(world, "narrow", ZDD_SCOPE_READ, "/zdd/base-blue", 0, token);
    snprintf(url, sizeof(url), "http://127.0.0.1:%d", (int)world->port);
    client = apiclient_new(url, token);
    answer = apiclient_get(client, "/v1/apps/%2Fzdd%2Fbase-blue");
    assert_int_equal(answer.status, 200);
    assert_int_equal(json_array_size(zdd_json_at(answer.json, "/pair/apps")), 1);
    assert_null(strstr(answer.body, "/zdd/base-green"));
    apiclient_free(client);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, api_world_teardown)
    const struct CMUnitTest tests[] = {
        TEST(one_app_is_single),
        TEST(the_list_of_apps_says_which_belong_to_a_pair),
        TEST(two_apps_are_told_with_what_can_be_done),
        TEST(what_is_offered_can_be_posted_as_it_is),
        TEST(the_change_of_who_takes_over_is_planned_too),
        TEST(the_size_is_that_of_the_exchange_or_of_the_larger_one),
        TEST(without_labels_marathons_versions_tell_the_age),
        TEST(a_hybrid_is_told_from_a_half_way_exchange),
        TEST(what_our_deployment_left_on_purpose_is_a_hybrid_with_its_whole_number),
        TEST(a_deployment_of_marathon_is_told_with_its_step),
        TEST(ours_is_not_offered_to_be_mended),
        cmocka_unit_test_setup_teardown(without_balancers_nothing_can_be_moved, api_world_setup,
                                        api_world_teardown),
        TEST(two_apps_without_a_word_are_refused_with_the_word),
        TEST(taking_over_needs_two_apps_and_no_definition),
        TEST(the_plan_rests_on_both_apps),
        TEST(who_may_see_one_app_sees_no_other),
    };

    return cmocka_run_group_tests_name("api/rescue", tests, NULL, NULL);
}
