/**
 * @file tests/api/test_secrets.c
 * @brief Secrets as callers meet them: changes that are seen, markers that come back, refusals that
 * quote nothing.
 */
#include "server/base/cleanup.h"
#include "server/json/json.h"
#include "tests/api/api_world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CANARY "cAnArY"
#define BASE "/zdd/base"

static int setup(void **state)
{
    struct api_world *world = api_world_new(&(struct api_world_options){.agent = "10.0.0.9:8091"});

    fake_cluster_app(&world->cluster,
                     "{\"id\":\"" BASE
                     "\",\"instances\":2,\"cpus\":0.1,\"mem\":32,\"cmd\":\"./serve\","
                     "\"env\":{\"DB_PASSWORD\":\"" CANARY "-old\",\"VERSION\":\"1\"},"
                     "\"lastTaskFailure\":{\"appId\":\"" BASE "\",\"host\":\"h\",\"message\":"
                     "\"docker run -e DB_PASSWORD=" CANARY "-old\",\"state\":\"TASK_FAILED\","
                     "\"taskId\":\"t\",\"timestamp\":\"2024-05-01T09:00:00.000Z\","
                     "\"version\":\"2024-05-01T09:00:00.000Z\"}}");
    *state = world;
    return 0;
}

static int teardown(void **state)
{
    api_world_free(*state);
    return 0;
}

static struct apiclient_answer plan(struct api_world *world, const char *body)
{
    return apiclient_post(world->client, "/v1/plans", body);
}

static void assert_quiet(const struct apiclient_answer *answer)
{
    if (strstr(answer->body, CANARY))
        fail_msg("%.3000s", answer->body);
}

#define CHANGE(env)                                                                                \
    "{\"strategy\":\"rolling\",\"appId\":\"" BASE "\",\"change\":{\"env\":{" env "}}}"

static void a_changed_secret_is_two_markers(void **state)
{
    APICLIENT_AUTO struct apiclient_answer answer =
        plan(*state, CHANGE("\"DB_PASSWORD\":\"" CANARY "-new\""));

    assert_int_equal(answer.status, 201);
    assert_quiet(&answer);
    assert_string_equal(apiclient_text(&answer, "/diff/0/path"), "/env/DB_PASSWORD");
    assert_int_equal(
        strncmp(apiclient_text(&answer, "/diff/0/from"), ZDD_MARKER_HEAD, strlen(ZDD_MARKER_HEAD)),
        0);
    assert_string_not_equal(apiclient_text(&answer, "/diff/0/from"),
                            apiclient_text(&answer, "/diff/0/value"));
}

static void the_same_secret_is_no_change(void **state)
{
    APICLIENT_AUTO struct apiclient_answer answer =
        plan(*state, CHANGE("\"DB_PASSWORD\":\"" CANARY "-old\""));

    assert_int_equal(answer.status, 201);
    assert_string_equal(apiclient_text(&answer, "/action"), "none");
}

/* Nothing was planned before: the value is known from what runs. */
static void a_marker_of_what_runs_may_be_sent_back_at_once(void **state)
{
    struct api_world *world = *state;
    ZDD_AUTO_JSON json_t *shown = json_pack("{s:{s:s}}", "env", "DB_PASSWORD", CANARY "-old");
    const struct zdd_conceal how = {.app_id = BASE, .pointer = "#"};
    char body[400];

    assert_int_equal(zdd_secrets_conceal(world->secrets, &how, shown), ZDD_ERR_NONE);
    snprintf(body, sizeof(body), CHANGE("\"DB_PASSWORD\":\"%s\",\"VERSION\":\"2\""),
             json_string_value(zdd_json_at(shown, "/env/DB_PASSWORD")));

    APICLIENT_AUTO struct apiclient_answer answer = plan(world, body);

    assert_int_equal(answer.status, 201);
    assert_string_equal(apiclient_text(&answer, "/diff/0/path"), "/env/VERSION");
    assert_string_equal(apiclient_text(&answer, "/diff/1/path"), "");
}

static void what_stands_for_nothing_is_refused_by_its_place(void **state)
{
    APICLIENT_AUTO struct apiclient_answer answer =
        plan(*state, CHANGE("\"DB_PASSWORD\":\"" ZDD_MARKER_HEAD
                            "0123456789abcdef0123456789abcdef" ZDD_MARKER_TAIL "\""));

    assert_int_equal(answer.status, 422);
    assert_string_equal(apiclient_text(&answer, "/errors/0/pointer"), "#/change/env/DB_PASSWORD");
}

static void no_refusal_quotes_a_secret(void **state)
{
    static const struct {
        const char *body;
        long status;
    } bodies[] = {
        {CHANGE("\"DB_PASSWORD\":[\"" CANARY "\"]"), 422},
        {CHANGE("\"DB_PASSWORD\":{\"secret\":\"" CANARY "\"}"), 422},
        {CHANGE("\"DB_PASSWORD\":\"" CANARY "\" \"" CANARY "\""), 400},
        {CHANGE("\"DB_PASSWORD\":" CANARY), 400},
        {"{\"strategy\":\"rolling\",\"appId\":\"" BASE "\",\"change\":{\"env\":\"" CANARY "\"}}",
         422},
        {"{\"strategy\":\"rolling\",\"app\":{\"env\":{\"DB_PASSWORD\":\"" CANARY "\"}}}", 422},
        {"{\"strategy\":\"rolling\",\"app\":{\"id\":\"/x\",\"uris\":[\"http://u:" CANARY "@h\"],"
         "\"fetch\":[{\"uri\":\"http://u:" CANARY "@h\"}],\"nonsense\":1}}",
         422},
    };

    for (size_t i = 0; i < ZDD_COUNT(bodies); i++) {
        APICLIENT_AUTO struct apiclient_answer answer = plan(*state, bodies[i].body);

        assert_int_equal(answer.status, bodies[i].status);
        assert_quiet(&answer);
    }
}

static void an_app_is_shown_without_secrets_and_so_is_why_its_task_failed(void **state)
{
    struct api_world *world = *state;
    APICLIENT_AUTO struct apiclient_answer one =
        apiclient_get(world->client, "/v1/apps/%2Fzdd%2Fbase");
    APICLIENT_AUTO struct apiclient_answer all = apiclient_get(world->client, "/v1/apps");

    assert_int_equal(one.status, 200);
    assert_non_null(strstr(one.body, "docker run -e DB_PASSWORD=" ZDD_MARKER_HEAD));
    assert_quiet(&one);
    assert_quiet(&all);
}

static void another_apps_definition_is_never_taken_for_the_one_that_was_asked_for(void **state)
{
    struct api_world *world = *state;

    world->cluster.garbage = strdup("{\"app\":{\"id\":\"/other\",\"instances\":1,\"tasks\":[],"
                                    "\"env\":{\"DB_PASSWORD\":\"" CANARY "-other\"}}}");

    APICLIENT_AUTO struct apiclient_answer answer = plan(world, CHANGE("\"VERSION\":\"2\""));

    assert_int_equal(answer.status, 502);
    assert_string_equal(apiclient_text(&answer, "/code"), "marathon-nonsense");
    assert_quiet(&answer);
}

static void both_apps_of_a_pair_are_one_to_a_marker(void **state)
{
    struct api_world *world = *state;
    static const char app[] =
        "{\"id\":\"/shop%s\",\"instances\":2,\"cpus\":0.1,\"mem\":32,\"cmd\":\"./serve\","
        "\"env\":{\"DB_PASSWORD\":\"" CANARY "-pair\"},\"healthChecks\":[{\"protocol\":\"HTTP\","
        "\"path\":\"/ping\"}],\"labels\":{\"HAPROXY_GROUP\":\"external\",\"HAPROXY_0_PORT\":\"10000\"}}";
    char text[600], body[700];

    snprintf(text, sizeof(text), app, "-blue");
    fake_cluster_app(&world->cluster, text);
    snprintf(text, sizeof(text), app, "");
    snprintf(body, sizeof(body), "{\"strategy\":\"blue-green\",\"app\":%s}", text);

    APICLIENT_AUTO struct apiclient_answer answer = plan(world, body);

    assert_int_equal(answer.status, 201);
    assert_string_equal(apiclient_text(&answer, "/pair/newAppId"), "/shop-green");
    assert_null(strstr(answer.body, "/env/DB_PASSWORD")); /* no change */
    assert_quiet(&answer);
}

static void a_blueprint_has_secrets_too(void **state)
{
    struct api_world *world = *state;
    APICLIENT_AUTO struct apiclient_answer good = apiclient_send(
        world->client,
        &(struct apiclient_request){
            .path = "/v1/plans",
            .type = "application/yaml",
            .body = "name: jobs\nclusters:\n  jobs:\n    services:\n      - breed:\n"
                    "          name: w\n          deployable: shop/work\n"
                    "          environment_variables: {DB_PASSWORD: " CANARY "-blueprint}\n"
                    "        scale: {cpu: 1, memory: 32MB}\n"});
    APICLIENT_AUTO struct apiclient_answer bad = apiclient_send(
        world->client, &(struct apiclient_request){
                           .path = "/v1/plans",
                           .type = "application/yaml",
                           .body = "name: jobs\nclusters:\n  jobs:\n    services:\n      - breed:\n"
                                   "          name: w\n          deployable: shop/work\n"
                                   "          env: {DB_PASSWORD: 4242424242}\n"
                                   "        scale: {cpu: 1, memory: 32MB}\n"});

    assert_int_equal(good.status, 201);
    assert_non_null(strstr(good.body, ZDD_MARKER_HEAD));
    assert_quiet(&good);
    assert_int_equal(bad.status, 422);
    assert_null(strstr(bad.body, "4242424242"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_changed_secret_is_two_markers),
        TEST(the_same_secret_is_no_change),
        TEST(a_marker_of_what_runs_may_be_sent_back_at_once),
        TEST(what_stands_for_nothing_is_refused_by_its_place),
        TEST(no_refusal_quotes_a_secret),
        TEST(an_app_is_shown_without_secrets_and_so_is_why_its_task_failed),
        TEST(another_apps_definition_is_never_taken_for_the_one_that_was_asked_for),
        TEST(both_apps_of_a_pair_are_one_to_a_marker),
        TEST(a_blueprint_has_secrets_too),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
