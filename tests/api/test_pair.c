/**
 * @file tests/api/test_pair.c
 * @brief Blue-green as callers see it: the two apps of a plan, what is refused, promote.
 */
#include "server/json/json.h"
#include "tests/api/api_world.h"

#include <stdio.h>
#include <string.h>

static int setup(void **state)
{
    *state = api_world_new(&(struct api_world_options){.agent = "10.0.0.9:8091"});
    return 0;
}

#define DEFINITION(id, version, labels)                                                            \
    "{\"id\":\"" id "\",\"instances\":4,\"cpus\":0.1,\"mem\":32,\"cmd\":\"./serve\","              \
    "\"env\":{\"VERSION\":\"" version "\"},\"healthChecks\":[{\"protocol\":\"HTTP\","              \
    "\"path\":\"/ping\"}],\"labels\":{\"HAPROXY_GROUP\":\"external\"" labels "}}"
#define PORT ",\"HAPROXY_0_PORT\":\"10000\""
#define OTHER_PORT ",\"HAPROXY_0_PORT\":\"10001\""

/* A blue-green request for @p app with further members. */
#define BLUE_GREEN(app, more) "{\"strategy\":\"blue-green\",\"app\":" app more "}"
#define FIRST BLUE_GREEN(DEFINITION("/zdd/base", "1", PORT), "")

static void give(struct api_world *world, const char *definition)
{
    fake_cluster_app(&world->cluster, definition);
}

static struct apiclient_answer plan(struct api_world *world, const char *body)
{
    return apiclient_post(world->client, "/v1/plans", body);
}

static struct apiclient_answer deploy(struct api_world *world, const char *body)
{
    return apiclient_post(world->client, "/v1/deployments", body);
}

static void assert_kinds(const struct apiclient_answer *answer, const char *pointer,
                         const char *expected)
{
    char text[400] = "";
    size_t index;
    json_t *step;

    json_array_foreach(zdd_json_at(answer->json, pointer), index, step)
    {
        const size_t used = strlen(text);

        snprintf(text + used, sizeof(text) - used, "%s ", zdd_json_text(step, "kind", "?"));
    }
    assert_string_equal(text, expected);
}

static bool is_warned(const struct apiclient_answer *answer, const char *code)
{
    size_t index;
    json_t *warning;

    json_array_foreach(json_object_get(answer->json, "warnings"), index, warning)
    {
        if (strcmp(zdd_json_text(warning, "code", ""), code) == 0)
            return true;
    }
    return false;
}

static void without_balancers_there_is_no_pair(void **state)
{
    struct api_world *world = *state; /* of the usual options: without an agent */

    apiclient_expect(plan(world, FIRST), 422, "router-missing");
    apiclient_expect(deploy(world, FIRST), 422, "router-missing");
    assert_int_equal(world->cluster.get_count, 0);
}

static void a_router_that_cannot_move_a_pair_is_refused_with_the_reason(void **state)
{
    static const struct {
        const char *router, *words;
    } rows[] = {{"haproxy", "no router haproxy; start zdd-server with --haproxy"},
                {"vamp", "no router vamp; start zdd-server with --vamp"},
                {"instances", "no switch and no instant way back"},
                {"none", "there is no cutover"}};
    struct api_world *world = *state;
    APICLIENT_AUTO struct apiclient_answer good = {0};

    for (size_t i = 0; i < ZDD_COUNT(rows); i++) {
        APICLIENT_AUTO struct apiclient_answer answer = {0};
        char body[1000];

        snprintf(body, sizeof(body),
                 BLUE_GREEN(DEFINITION("/zdd/base", "1", PORT), ",\"options\":{\"router\":\"%s\"}"),
                 rows[i].router);
        answer = plan(world, body);
        assert_int_equal(answer.status, 422);
        assert_string_equal(apiclient_text(&answer, "/code"), "router-missing");
        assert_non_null(strstr(apiclient_text(&answer, "/detail"), rows[i].words));
    }
    good = plan(world, BLUE_GREEN(DEFINITION("/zdd/base", "1", PORT),
                                  ",\"options\":{\"router\":\"marathon-lb\"}"));
    assert_int_equal(good.status, 201);
    assert_string_equal(apiclient_text(&good, "/pair/router"), "marathon-lb");
}

static void expect_router(struct api_world *world, const char *asked, const char *router)
{
    APICLIENT_AUTO struct apiclient_answer answer = {0};
    const char *line;
    char body[1000];

    snprintf(body, sizeof(body),
             BLUE_GREEN(DEFINITION("/zdd/base", "1", PORT), ",\"options\":{\"router\":\"%s\"}"),
             asked);
    answer = plan(world, body);
    assert_int_equal(answer.status, 201);
    assert_string_equal(apiclient_text(&answer, "/pair/router"), router);
    line = strstr(answer.body, "HAPROXY_0_BACKEND_SERVER_OPTIONS");
    assert_non_null(line);
    assert_true((strstr(line, "agent-check") != NULL) == (strcmp(router, "marathon-lb") == 0));
}

static void a_server_with_runtime_apis_alone_uses_them(void **state)
{
    struct api_world *world = api_world_new(&(struct api_world_options){.haproxy = true});

    (void)state;
    expect_router(world, "auto", "haproxy");
    expect_router(world, "haproxy", "haproxy");
    apiclient_expect(plan(world, BLUE_GREEN(DEFINITION("/zdd/base", "1", PORT),
                                            ",\"options\":{\"router\":\"marathon-lb\"}")),
                     422, "router-missing");
    api_world_free(world);
}

static void with_both_routers_the_request_may_choose(void **state)
{
    struct api_world *world = api_world_new(
        &(struct api_world_options){.agent = "10.0.0.9:8091", .haproxy = true, .vamp = true});

    (void)state;
    expect_router(world, "auto", "marathon-lb");
    expect_router(world, "marathon-lb", "marathon-lb");
    expect_router(world, "haproxy", "haproxy");
    api_world_free(world);
}

#define BARE_APP(version)                                                                          \
    "{\"id\":\"/zdd/base\",\"instances\":4,\"cpus\":0.1,\"mem\":32,\"cmd\":\"./serve\","           \
    "\"env\":{\"VERSION\":\"" version "\"},\"healthChecks\":[{\"protocol\":\"HTTP\","              \
    "\"path\":\"/ping\"}]}"

static void with_vamp_an_app_needs_no_labels_and_gets_none(void **state)
{
    struct api_world *world = api_world_new(&(struct api_world_options){.vamp = true});
    APICLIENT_AUTO struct apiclient_answer first = {0}, second = {0};

    (void)state;
    give(world, "{\"id\":\"/other\",\"instances\":1,\"cmd\":\"x\"}");
    first = plan(world, BLUE_GREEN(BARE_APP("1"), ""));
    assert_int_equal(first.status, 201);
    assert_string_equal(apiclient_text(&first, "/pair/router"), "vamp");
    assert_null(strstr(first.body, "HAPROXY_"));
    give(world, BARE_APP("0"));
    second = plan(world, BLUE_GREEN(BARE_APP("1"), ""));
    assert_string_equal(apiclient_text(&second, "/pair/oldAppId"), "/zdd/base");
    assert_string_equal(apiclient_text(&second, "/pair/newAppId"), "/zdd/base-blue");
    assert_true(json_is_false(zdd_json_at(second.json, "/pair/adopts")));
    api_world_free(world);
}

static void with_vamp_what_it_cannot_do_is_refused_in_the_plan(void **state)
{
    static const struct {
        const char *strategy, *app, *options, *words;
    } rows[] = {
        {"canary", BARE_APP("1"), "{\"steps\":[{\"weight\":0.5},{\"weight\":1.25}]}",
         "so 0.50 cannot be had"},
        {"blue-green", BARE_APP("1"), "{\"cutover\":\"stepwise\"}", "single instances"},
        {"canary", BARE_APP("1"),
         "{\"steps\":[{\"weight\":5}],\"verify\":{\"checks\":["
         "{\"source\":\"haproxy\",\"measure\":\"errorRate\",\"max\":0.01}]}}",
         "checks of the source haproxy"},
        {"blue-green", DEFINITION("/zdd/base", "1", PORT), "{}", "makes Marathon-LB serve the app"},
    };
    struct api_world *world = api_world_new(&(struct api_world_options){.vamp = true});

    (void)state;
    give(world, BARE_APP("0"));
    for (size_t i = 0; i < ZDD_COUNT(rows); i++) {
        APICLIENT_AUTO struct apiclient_answer answer = {0};
        char body[1000];

        snprintf(body, sizeof(body), "{\"strategy\":\"%s\",\"app\":%s,\"options\":%s}",
                 rows[i].strategy, rows[i].app, rows[i].options);
        answer = plan(world, body);
        assert_int_equal(answer.status, 422);
        if (!strstr(answer.body, rows[i].words))
            fail_msg("\"%s\" is not in %s", rows[i].words, answer.body);
    }
    api_world_free(world);
}

static void the_first_deployment_is_blue_and_has_no_old_app(void **state)
{
    APICLIENT_AUTO struct apiclient_answer answer = plan(*state, FIRST);

    assert_int_equal(answer.status, 201);
    assert_string_equal(apiclient_text(&answer, "/action"), "create");
    assert_string_equal(apiclient_text(&answer, "/appId"), "/zdd/base");
    assert_true(json_is_null(zdd_json_at(answer.json, "/pair/oldAppId")));
    assert_string_equal(apiclient_text(&answer, "/pair/newAppId"), "/zdd/base-blue");
    assert_true(json_is_false(zdd_json_at(answer.json, "/pair/adopts")));
    assert_true(json_is_null(zdd_json_at(answer.json, "/preconditions/appVersion")));
    assert_kinds(&answer, "/steps", "start join settle ");
    assert_string_equal(apiclient_text(&answer, "/rollback/mode"), "delete");
}

static void a_plain_app_is_adopted_and_the_plan_says_so(void **state)
{
    struct api_world *world = *state;
    APICLIENT_AUTO struct apiclient_answer answer = {0};

    give(world, DEFINITION("/zdd/base", "0", PORT));
    answer = plan(world, FIRST);
    assert_int_equal(answer.status, 201);
    assert_string_equal(apiclient_text(&answer, "/action"), "upgrade");
    assert_string_equal(apiclient_text(&answer, "/pair/oldAppId"), "/zdd/base");
    assert_string_equal(apiclient_text(&answer, "/pair/newAppId"), "/zdd/base-blue");
    assert_true(json_is_true(zdd_json_at(answer.json, "/pair/adopts")));
    assert_string_equal(apiclient_text(&answer, "/preconditions/appVersion"),
                        "2024-05-01T09:00:00.000Z");
    assert_kinds(&answer, "/steps", "adopt shift start join shift keep drain retire settle ");
    assert_string_equal(apiclient_text(&answer, "/rollback/mode"), "traffic");
    assert_int_equal(apiclient_int(&answer, "/capacity/peakInstances"), 8);
    assert_int_equal(apiclient_int(&answer, "/capacity/lowestServing"), 4);
    assert_true(is_warned(&answer, "restart-for-label"));
}

static void the_colours_take_turns(void **state)
{
    struct api_world *world = *state;
    APICLIENT_AUTO struct apiclient_answer green = {0}, blue = {0};

    give(world, DEFINITION("/zdd/base-blue", "1", PORT));
    green = plan(world, FIRST);
    assert_string_equal(apiclient_text(&green, "/pair/oldAppId"), "/zdd/base-blue");
    assert_string_equal(apiclient_text(&green, "/pair/newAppId"), "/zdd/base-green");
    fake_cluster_remove(&world->cluster, "/zdd/base-blue");
    give(world, DEFINITION("/zdd/base-green", "1", PORT));
    blue = plan(world, FIRST);
    assert_string_equal(apiclient_text(&blue, "/pair/oldAppId"), "/zdd/base-green");
    assert_string_equal(apiclient_text(&blue, "/pair/newAppId"), "/zdd/base-blue");
}

static void a_change_is_made_to_the_app_that_serves(void **state)
{
    struct api_world *world = *state;
    APICLIENT_AUTO struct apiclient_answer answer = {0};

    give(world, DEFINITION("/zdd/base-green", "1", PORT));
    answer = plan(world, "{\"strategy\":\"blue-green\",\"appId\":\"/zdd/base\",\"change\":{"
                         "\"instances\":6}}");
    assert_int_equal(answer.status, 201);
    assert_string_equal(apiclient_text(&answer, "/pair/newAppId"), "/zdd/base-blue");
    assert_int_equal(apiclient_int(&answer, "/capacity/peakInstances"), 10);
}

static void assert_pair(const struct apiclient_answer *answer, const char *old, const char *new)
{
    const json_t *old_id = zdd_json_at(answer->json, "/pair/oldAppId");

    if (answer->status != 201)
        fail_msg("%s", answer->body);
    assert_string_equal(json_is_null(old_id) ? "" : json_string_value(old_id), old);
    assert_string_equal(apiclient_text(answer, "/pair/newAppId"), new);
}

static void who_names_a_colour_means_the_pair(void **state)
{
    static const struct {
        const char *request, *name, *new;
    } rows[] = {
        {BLUE_GREEN(DEFINITION("/zdd/base-green", "1", PORT), ""), "/zdd/base", "/zdd/base-green"},
        {BLUE_GREEN(DEFINITION("/zdd/base-blue", "1", PORT), ""), "/zdd/base", "/zdd/base-blue"},
        {BLUE_GREEN(DEFINITION("/zdd/green", "1", PORT), ""), "/zdd", "/zdd/green"},
        {BLUE_GREEN(DEFINITION("/zdd/blue", "1", PORT), ""), "/zdd", "/zdd/blue"},
        {BLUE_GREEN(DEFINITION("/blue", "1", PORT), ""), "/blue", "/blue-blue"},
    };

    for (size_t i = 0; i < ZDD_COUNT(rows); i++) {
        APICLIENT_AUTO struct apiclient_answer answer = plan(*state, rows[i].request);

        assert_pair(&answer, "", rows[i].new);
        assert_string_equal(apiclient_text(&answer, "/appId"), rows[i].name);
        assert_false(is_warned(&answer, "other-colour"));
    }
}

/* "/zdd/base-blue" would be taken for the plain app of that pair, and replaced. */
static void a_name_that_ends_in_two_colours_is_refused(void **state)
{
    static const char *const requests[] = {
        BLUE_GREEN(DEFINITION("/zdd/base-blue-green", "1", PORT), ""),
        BLUE_GREEN(DEFINITION("/zdd/blue/green", "1", PORT), ""),
        "{\"strategy\":\"blue-green\",\"appId\":\"/zdd/base-blue-green\",\"change\":{"
        "\"instances\":6}}"};
    static const char *const pointers[] = {"#/app/id", "#/app/id", "#/appId"};
    struct api_world *world = *state;

    give(world, DEFINITION("/zdd/base-blue", "1", PORT));
    for (size_t i = 0; i < ZDD_COUNT(requests); i++) {
        APICLIENT_AUTO struct apiclient_answer answer = plan(world, requests[i]);

        assert_int_equal(answer.status, 422);
        assert_string_equal(apiclient_text(&answer, "/errors/0/pointer"), pointers[i]);
        assert_non_null(strstr(apiclient_text(&answer, "/errors/0/detail"), "two colours"));
    }
}

static void the_colour_that_serves_is_never_the_one_to_be_deployed(void **state)
{
    struct api_world *world = *state;
    APICLIENT_AUTO struct apiclient_answer named = {0}, other = {0}, plain = {0};

    give(world, DEFINITION("/zdd/green", "1", PORT));
    named = plan(world, BLUE_GREEN(DEFINITION("/zdd/green", "2", PORT), ""));
    assert_pair(&named, "/zdd/green", "/zdd/blue");
    assert_true(is_warned(&named, "other-colour"));
    assert_non_null(strstr(named.body, "/zdd/green serves now, so the new version becomes "
                                       "/zdd/blue"));
    other = plan(world, BLUE_GREEN(DEFINITION("/zdd/blue", "2", PORT), ""));
    assert_pair(&other, "/zdd/green", "/zdd/blue");
    assert_false(is_warned(&other, "other-colour"));
    plain = plan(world, BLUE_GREEN(DEFINITION("/zdd", "2", PORT), ""));
    assert_pair(&plain, "/zdd/green", "/zdd/blue");
    assert_false(is_warned(&plain, "other-colour"));
}

static void a_change_may_name_the_pair_by_either_colour(void **state)
{
    struct api_world *world = *state;
    APICLIENT_AUTO struct apiclient_answer answer = {0};

    give(world, DEFINITION("/zdd/base-green", "1", PORT));
    answer = plan(world, "{\"strategy\":\"blue-green\",\"appId\":\"/zdd/base-blue\",\"change\":{"
                         "\"instances\":6}}");
    assert_pair(&answer, "/zdd/base-green", "/zdd/base-blue");
    assert_string_equal(apiclient_text(&answer, "/appId"), "/zdd/base");
}

static void beside_a_plain_app_the_colour_that_was_named_is_deployed(void **state)
{
    struct api_world *world = *state;
    APICLIENT_AUTO struct apiclient_answer answer = {0};

    give(world, DEFINITION("/zdd/base", "1", PORT));
    answer = plan(world, BLUE_GREEN(DEFINITION("/zdd/base-green", "2", PORT), ""));
    assert_pair(&answer, "/zdd/base", "/zdd/base-green");
}

static void who_names_a_colour_does_not_mean_an_app_of_another_naming(void **state)
{
    struct api_world *world = *state;
    APICLIENT_AUTO struct apiclient_answer folder = {0}, dash = {0}, any = {0};

    give(world, DEFINITION("/zdd/blue", "1", PORT));
    give(world, DEFINITION("/zdd-green", "1", OTHER_PORT));
    folder = plan(world, BLUE_GREEN(DEFINITION("/zdd/green", "2", PORT), ""));
    assert_pair(&folder, "/zdd/blue", "/zdd/green");
    dash = plan(world, BLUE_GREEN(DEFINITION("/zdd-blue", "2", OTHER_PORT), ""));
    assert_pair(&dash, "/zdd-green", "/zdd-blue");
    any = plan(world, BLUE_GREEN(DEFINITION("/zdd", "2", PORT), ""));
    assert_int_equal(any.status, 409);
    assert_string_equal(apiclient_text(&any, "/code"), "pair-unclear");
}

#define UNLABELLED                                                                                 \
    "{\"id\":\"/zdd/green\",\"instances\":4,\"cmd\":\"./serve\",\"healthChecks\":[{"               \
    "\"protocol\":\"HTTP\",\"path\":\"/ping\"}]}"

static void a_definition_without_labels_takes_over_those_that_serve(void **state)
{
    struct api_world *world = *state;
    APICLIENT_AUTO struct apiclient_answer answer = {0};

    give(world, DEFINITION("/zdd/blue", "1", PORT ",\"HAPROXY_0_VHOST\":\"zdd.example\""));
    answer = plan(world, BLUE_GREEN(UNLABELLED, ""));
    assert_pair(&answer, "/zdd/blue", "/zdd/green");
    assert_true(is_warned(&answer, "labels-inherited"));
    assert_non_null(strstr(answer.body, "those of /zdd/blue: HAPROXY_"));
    assert_null(strstr(answer.body, "\"op\":\"remove\",\"path\":\"/labels/"));
}

static void without_any_label_the_needed_ones_are_named(void **state)
{
    struct api_world *world = *state;
    APICLIENT_AUTO struct apiclient_answer first = {0}, next = {0};

    first = plan(world, BLUE_GREEN(UNLABELLED, ""));
    assert_int_equal(first.status, 422);
    assert_string_equal(apiclient_text(&first, "/errors/0/pointer"), "#/app/labels");
    assert_non_null(strstr(apiclient_text(&first, "/errors/0/detail"), "HAPROXY_GROUP"));
    assert_non_null(strstr(apiclient_text(&first, "/errors/0/detail"), "HAPROXY_0_PORT"));
    assert_null(strstr(apiclient_text(&first, "/errors/0/detail"), "runs"));
    give(world, "{\"id\":\"/zdd/blue\",\"cmd\":\"./serve\",\"labels\":{\"OWNER\":\"me\"}}");
    next = plan(world, BLUE_GREEN(UNLABELLED, ""));
    assert_int_equal(next.status, 422);
    assert_non_null(strstr(apiclient_text(&next, "/errors/0/detail"),
                           "the app that runs has none to take over"));
}

static void two_apps_of_a_pair_are_unclear(void **state)
{
    static const char *const ids[] = {"/zdd/base-blue", "/zdd/base-green", "/zdd/base"};
    static const char *const apps[] = {DEFINITION("/zdd/base-blue", "1", PORT),
                                       DEFINITION("/zdd/base-green", "1", PORT),
                                       DEFINITION("/zdd/base", "1", PORT)};
    struct api_world *world = *state;

    for (size_t a = 0; a < ZDD_COUNT(ids); a++) {
        for (size_t b = a + 1; b < ZDD_COUNT(ids); b++) {
            APICLIENT_AUTO struct apiclient_answer answer = {0};

            give(world, apps[a]);
            give(world, apps[b]);
            answer = plan(world, FIRST);
            assert_int_equal(answer.status, 409);
            assert_string_equal(apiclient_text(&answer, "/code"), "pair-unclear");
            assert_non_null(strstr(apiclient_text(&answer, "/detail"), ids[a]));
            assert_non_null(strstr(apiclient_text(&answer, "/detail"), ids[b]));
            fake_cluster_remove(&world->cluster, ids[a]);
            fake_cluster_remove(&world->cluster, ids[b]);
        }
    }
}

#define GROUP(name) ",\"HAPROXY_DEPLOYMENT_GROUP\":\"" name "\""

static void a_third_app_in_the_group_would_be_merged_with_the_pair(void **state)
{
    struct api_world *world = *state;

    give(world, DEFINITION("/zdd/base-blue", "1", PORT GROUP("zdd_base")));
    give(world, DEFINITION("/shop", "1", OTHER_PORT GROUP("/zdd_base")));
    for (int i = 0; i < 2; i++) {
        APICLIENT_AUTO struct apiclient_answer answer = {0};

        answer = plan(world, BLUE_GREEN(DEFINITION("/zdd/base", "2", PORT), ""));
        assert_int_equal(answer.status, 409);
        assert_string_equal(apiclient_text(&answer, "/code"), "pair-unclear");
        assert_non_null(strstr(apiclient_text(&answer, "/detail"), "/shop is in the deployment"));
        fake_cluster_remove(&world->cluster, "/zdd/base-blue"); /* also when the pair begins */
    }
}

#define OTHER_APP(id, labels, ports)                                                               \
    "{\"id\":\"" id "\",\"cmd\":\"./serve\",\"labels\":{" labels "}" ports "}"
#define EXTERNAL "\"HAPROXY_GROUP\":\"internal,external\""
#define DEFINED ",\"portDefinitions\":[{\"port\":7000},{\"port\":10000}]"

static void the_service_port_of_another_app_is_not_for_a_pair(void **state)
{
    static const struct {
        const char *other;
        bool is_taken;
    } rows[] = {
        {OTHER_APP("/shop", EXTERNAL PORT, ""), true},
        {OTHER_APP("/shop", EXTERNAL, DEFINED), true},
        {OTHER_APP("/shop", EXTERNAL OTHER_PORT, ""), false},
        {OTHER_APP("/shop", EXTERNAL ",\"HAPROXY_1_ENABLED\":\"false\"", DEFINED), false},
        {OTHER_APP("/shop", "\"HAPROXY_GROUP\":\"internal\"" PORT, ""), false},
        {OTHER_APP("/shop", "\"OWNER\":\"me\"", DEFINED), false}, /* no balancer serves it */
    };
    struct api_world *world = *state;

    for (size_t i = 0; i < ZDD_COUNT(rows); i++) {
        APICLIENT_AUTO struct apiclient_answer answer = {0};

        give(world, rows[i].other);
        answer = plan(world, FIRST);
        assert_int_equal(answer.status, rows[i].is_taken ? 409 : 201);
        if (!rows[i].is_taken)
            continue;
        assert_string_equal(apiclient_text(&answer, "/code"), "service-port-taken");
        assert_non_null(strstr(apiclient_text(&answer, "/detail"), "10000 is /shop's already"));
    }
}

/* A plan, as the body that starts it. */
static void make_plan(struct api_world *world, char ret_body[static 300])
{
    APICLIENT_AUTO struct apiclient_answer answer = plan(world, FIRST);

    assert_int_equal(answer.status, 201);
    snprintf(ret_body, 300, "{\"planId\":\"%s\",\"digest\":\"%s\"}", apiclient_text(&answer, "/id"),
             apiclient_text(&answer, "/digest"));
}

static void assert_stale(struct api_world *world, const char *body, const char *words)
{
    APICLIENT_AUTO struct apiclient_answer answer = deploy(world, body);

    assert_int_equal(answer.status, 409);
    assert_string_equal(apiclient_text(&answer, "/code"), "plan-stale");
    if (!strstr(apiclient_text(&answer, "/detail"), words))
        fail_msg("%s", apiclient_text(&answer, "/detail"));
}

static void a_plan_rests_on_both_apps(void **state)
{
    struct api_world *world = *state;
    char body[300];

    give(world, DEFINITION("/zdd/base-blue", "0", PORT));
    make_plan(world, body);
    give(world, DEFINITION("/zdd/base-green", "1", PORT));
    assert_stale(world, body, "/zdd/base-green has been created since");
    fake_cluster_remove(&world->cluster, "/zdd/base-green");
    fake_cluster_touch(&world->cluster, "/zdd/base-blue", "cpus", json_real(0.2),
                       "2024-05-01T11:00:00.000Z");
    assert_stale(world, body, "is at 2024-05-01T11:00:00.000Z now");
    fake_cluster_remove(&world->cluster, "/zdd/base-blue");
    assert_stale(world, body, "is at none now");
    give(world, DEFINITION("/zdd/base-blue", "0", PORT));
    apiclient_expect(deploy(world, body), 202, NULL);
}

static void a_first_plan_is_stale_when_its_app_has_come(void **state)
{
    struct api_world *world = *state;
    char body[300];

    make_plan(world, body);
    give(world, DEFINITION("/zdd/base-blue", "1", PORT));
    assert_stale(world, body, "/zdd/base-blue has been created since");
}

static void assert_refused(struct api_world *world, const char *options, const char *pointer,
                           const char *words)
{
    char body[900];
    APICLIENT_AUTO struct apiclient_answer answer = {0};

    snprintf(body, sizeof(body),
             BLUE_GREEN(DEFINITION("/zdd/base", "1", PORT), ",\"options\":{%s}"), options);
    answer = plan(world, body);
    assert_int_equal(answer.status, 422);
    assert_string_equal(apiclient_text(&answer, "/code"), "body-invalid");
    assert_string_equal(apiclient_text(&answer, "/errors/0/pointer"), pointer);
    if (!strstr(apiclient_text(&answer, "/errors/0/detail"), words))
        fail_msg("%s", apiclient_text(&answer, "/errors/0/detail"));
}

static void wrong_options_are_named_with_what_is_allowed(void **state)
{
    assert_refused(*state, "\"promote\":\"never\"", "#/options/promote", "auto");
    assert_refused(*state, "\"promote\":\"never\"", "#/options/promote", "manual");
    assert_refused(*state, "\"promote\":true", "#/options/promote", "must be");
    assert_refused(*state, "\"onDrainTimeout\":\"wait\"", "#/options/onDrainTimeout", "hold");
    assert_refused(*state, "\"onDrainTimeout\":\"wait\"", "#/options/onDrainTimeout", "kill");
    assert_refused(*state, "\"keepOldSeconds\":-1", "#/options/keepOldSeconds", "0");
    assert_refused(*state, "\"keepOldSeconds\":86401", "#/options/keepOldSeconds", "86400");
    assert_refused(*state, "\"drainSeconds\":0", "#/options/drainSeconds", "1");
    assert_refused(*state, "\"drainSeconds\":1.5", "#/options/drainSeconds", "must be");
    assert_refused(*state, "\"drainSecond\":5", "#/options/drainSecond", "drainSeconds");
}

static void checks_are_a_step_of_the_plan_and_wrong_ones_are_named(void **state)
{
    struct api_world *world = *state;
    APICLIENT_AUTO struct apiclient_answer answer = {0};

    assert_refused(*state, "\"verify\":{}", "#/options/verify/checks", "required");
    assert_refused(*state, "\"verify\":7", "#/options/verify", "must be");
    assert_refused(*state,
                   "\"verify\":{\"checks\":[{\"source\":\"haproxy\",\"measure\":\"errorRate\","
                   "\"max\":0.01}]}",
                   "#/options/verify/checks/0/source", "must be http or prometheus");
    assert_refused(*state,
                   "\"verify\":{\"checks\":[{\"source\":\"http\",\"url\":\"http://10.0.0.1/\"}]}",
                   "#/options/verify/checks/0/url", "verify-hosts");
    give(world, DEFINITION("/zdd/base", "0", PORT));
    answer = plan(world, BLUE_GREEN(DEFINITION("/zdd/base", "1", PORT),
                                    ",\"options\":{\"verify\":{\"checks\":[{\"source\":\"http\","
                                    "\"url\":\"/ready\"}],\"count\":3,\"intervalSeconds\":20}}"));
    assert_int_equal(answer.status, 201);
    assert_kinds(&answer, "/steps",
                 "adopt shift start join verify shift keep drain retire settle ");
    assert_int_equal(apiclient_int(&answer, "/steps/4/deadlineSeconds"), 3 * 25 + 60);
    assert_string_equal(apiclient_text(&answer, "/steps/4/verify/onInconclusive"), "fail");
    assert_int_equal(apiclient_int(&answer, "/steps/4/verify/minRequests"), 0);
}

static void options_that_contradict_each_other_are_named(void **state)
{
    give(*state, DEFINITION("/zdd/base-blue", "0", PORT));
    assert_refused(*state, "\"initialInstances\":1", "#/options/initialInstances", "stepwise");
    assert_refused(*state, "\"growth\":2", "#/options/growth", "stepwise");
    assert_refused(*state, "\"cutover\":\"stepwise\",\"growth\":2,\"linearIncrease\":1",
                   "#/options/growth", "linearIncrease");
    assert_refused(*state, "\"cutover\":\"stepwise\",\"keepOldSeconds\":1",
                   "#/options/keepOldSeconds", "must be 0 or left out");
    assert_refused(*state, "\"newInstances\":9999", "#/options/newInstances", "must be below");
    assert_refused(*state, "\"growth\":0.5,\"cutover\":\"stepwise\"", "#/options/growth", "1");
}

static void options_shape_the_plan(void **state)
{
    struct api_world *world = *state;
    APICLIENT_AUTO struct apiclient_answer answer = {0};

    give(world, DEFINITION("/zdd/base", "0", PORT));
    answer = plan(world, BLUE_GREEN(DEFINITION("/zdd/base", "1", PORT),
                                    ",\"options\":{\"promote\":\"manual\",\"keepOldSeconds\":0,"
                                    "\"drainSeconds\":7,\"onDrainTimeout\":\"kill\"}"));
    assert_int_equal(answer.status, 201);
    assert_kinds(&answer, "/steps", "adopt shift start join gate shift drain retire settle ");
    assert_int_equal(apiclient_int(&answer, "/pair/drainSeconds"), 7);
    assert_string_equal(apiclient_text(&answer, "/pair/onDrainTimeout"), "kill");
}

static void what_marathon_lb_would_not_obey_is_refused_before_anything_is_planned(void **state)
{
    APICLIENT_AUTO struct apiclient_answer answer = plan(
        *state,
        BLUE_GREEN(DEFINITION("/zdd/base", "1", PORT ",\"HAPROXY_0_BALANCE\":\"leastconn\""), ""));

    assert_int_equal(answer.status, 422);
    assert_string_equal(apiclient_text(&answer, "/code"), "body-invalid");
    assert_string_equal(apiclient_text(&answer, "/errors/0/pointer"), "#/app/labels");
}

static void an_id_that_leaves_no_room_for_a_colour_is_refused(void **state)
{
    char body[1200], id[ZDD_APP_ID_SIZE] = "/";

    memset(id + 1, 'a', ZDD_APP_ID_SIZE - 1 - strlen("-green"));
    snprintf(body, sizeof(body),
             "{\"strategy\":\"blue-green\",\"app\":{\"id\":\"%s\",\"cmd\":\"./s\"}}", id);
    apiclient_expect(plan(*state, body), 422, "body-invalid");
}

/* Start FIRST over a plain app. */
static void start(struct api_world *world, const char *more, char ret_id[static ZDD_ID_SIZE])
{
    char body[900];
    APICLIENT_AUTO struct apiclient_answer answer = {0};

    snprintf(body, sizeof(body), BLUE_GREEN(DEFINITION("/zdd/base", "1", PORT), "%s"), more);
    give(world, DEFINITION("/zdd/base", "0", PORT));
    answer = deploy(world, body);
    assert_int_equal(answer.status, 202);
    snprintf(ret_id, ZDD_ID_SIZE, "%s", apiclient_text(&answer, "/id"));
}

static void a_deployment_shows_both_apps_and_the_steps_of_its_program(void **state)
{
    struct api_world *world = *state;
    char id[ZDD_ID_SIZE], path[120];
    APICLIENT_AUTO struct apiclient_answer one = {0}, all = {0}, steps = {0};

    start(world, "", id);
    snprintf(path, sizeof(path), "/v1/deployments/%s", id);
    one = apiclient_get(world->client, path);
    assert_int_equal(one.status, 200);
    assert_string_equal(apiclient_text(&one, "/appId"), "/zdd/base");
    assert_string_equal(apiclient_text(&one, "/old/appId"), "/zdd/base");
    assert_string_equal(apiclient_text(&one, "/new/appId"), "/zdd/base-blue");
    assert_int_equal(apiclient_int(&one, "/old/instances"), 4);
    assert_int_equal(apiclient_int(&one, "/old/healthy"), 4);
    assert_int_equal(apiclient_int(&one, "/old/weight"), 100);
    assert_int_equal(apiclient_int(&one, "/new/weight"), 0);
    assert_int_equal(apiclient_int(&one, "/step/of"), 9);
    assert_string_equal(apiclient_text(&one, "/step/kind"), "adopt");
    assert_true(json_number_value(json_object_get(one.json, "progress")) == 0);
    all = apiclient_get(world->client, "/v1/deployments");
    assert_true(json_equal(zdd_json_at(all.json, "/items/0/old"), zdd_json_at(one.json, "/old")));
    assert_true(json_equal(zdd_json_at(all.json, "/items/0/step"), zdd_json_at(one.json, "/step")));
    snprintf(path, sizeof(path), "/v1/deployments/%s/steps", id);
    steps = apiclient_get(world->client, path);
    assert_kinds(&steps, "/items", "adopt shift start join shift keep drain retire settle ");
}

static struct apiclient_answer promote(struct api_world *world, const char *id)
{
    char path[120];

    snprintf(path, sizeof(path), "/v1/deployments/%s/promote", id);
    return apiclient_post(world->client, path, "{\"reason\":\"looks good\"}");
}

static void promote_is_for_who_waits_at_the_gate(void **state)
{
    struct api_world *world = *state;
    char id[ZDD_ID_SIZE];
    struct zdd_run run;
    APICLIENT_AUTO struct apiclient_answer answer = {0};

    start(world, ",\"options\":{\"promote\":\"manual\"}", id);
    apiclient_expect(promote(world, id), 409, "command-refused");
    api_world_move(world, id, ZDD_PHASE_GATED, "deployment.phase");
    api_world_hold(world, id, ZDD_HOLD_GATE);
    answer = promote(world, id);
    assert_int_equal(answer.status, 202);
    assert_string_equal(apiclient_text(&answer, "/state"), "waiting");
    assert_string_equal(apiclient_text(&answer, "/new/appId"), "/zdd/base-blue");
    assert_int_equal(zdd_run_load(world->store, id, &run, NULL), ZDD_ERR_NONE);
    assert_int_equal(run.command, ZDD_COMMAND_PROMOTE);
}

static void one_pair_has_one_deployment_at_a_time(void **state)
{
    struct api_world *world = *state;
    char id[ZDD_ID_SIZE];

    start(world, "", id);
    apiclient_expect(deploy(world, FIRST), 409, "app-busy");
}

#define SCALE(id) "{\"strategy\":\"scale\",\"appId\":\"" id "\",\"options\":{\"instances\":5}}"

static void a_pair_and_its_apps_exclude_each_other(void **state)
{
    struct api_world *world = *state;
    char id[ZDD_ID_SIZE];
    APICLIENT_AUTO struct apiclient_answer refused = {0}, queued = {0}, app = {0}, list = {0};

    start(world, "", id); /* of /zdd/base, which makes /zdd/base-blue */
    give(world, DEFINITION("/zdd/base-blue", "1", PORT));
    refused = deploy(world, SCALE("/zdd/base-blue"));
    assert_int_equal(refused.status, 409);
    assert_string_equal(apiclient_text(&refused, "/code"), "app-busy");
    assert_string_equal(apiclient_text(&refused, "/deploymentId"), id);
    assert_non_null(strstr(apiclient_text(&refused, "/detail"), "/zdd/base is being deployed by"));
    queued = deploy(world, "{\"strategy\":\"scale\",\"appId\":\"/zdd/base-blue\",\"whenBusy\":"
                           "\"queue\",\"options\":{\"instances\":5}}");
    assert_int_equal(queued.status, 202);
    assert_string_equal(apiclient_text(&queued, "/state"), "queued");
    app = apiclient_get(world->client, "/v1/apps/%2Fzdd%2Fbase-blue");
    assert_string_equal(apiclient_text(&app, "/deployment"), id);
    list = apiclient_get(world->client, "/v1/deployments?appId=/zdd/base-blue");
    assert_int_equal(json_array_size(zdd_json_at(list.json, "/items")), 1);
    assert_string_equal(apiclient_text(&list, "/items/0/id"), apiclient_text(&queued, "/id"));
}

static void who_supersedes_a_pair_rests_on_the_app_as_it_is(void **state)
{
    struct api_world *world = *state;
    char id[ZDD_ID_SIZE], path[120];
    APICLIENT_AUTO struct apiclient_answer next = {0}, made = {0};

    start(world, "", id);
    give(world, DEFINITION("/zdd/base-blue", "1", PORT));
    fake_cluster_touch(&world->cluster, "/zdd/base-blue", "cpus", json_real(0.2),
                       "2024-05-01T11:00:00.000Z");
    next = deploy(world, "{\"strategy\":\"scale\",\"appId\":\"/zdd/base-blue\",\"whenBusy\":"
                         "\"supersede\",\"options\":{\"instances\":5}}");
    assert_int_equal(next.status, 202);
    snprintf(path, sizeof(path), "/v1/plans/%s", apiclient_text(&next, "/planId"));
    made = apiclient_get(world->client, path);
    assert_string_equal(apiclient_text(&made, "/preconditions/appVersion"),
                        "2024-05-01T11:00:00.000Z");
}

static void while_one_app_is_scaled_the_pair_waits(void **state)
{
    struct api_world *world = *state;

    give(world, DEFINITION("/zdd/base-blue", "1", PORT));
    apiclient_expect(deploy(world, SCALE("/zdd/base-blue")), 202, NULL);
    apiclient_expect(deploy(world, FIRST), 409, "app-busy");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, api_world_teardown)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(without_balancers_there_is_no_pair, api_world_setup,
                                        api_world_teardown),
        TEST(the_first_deployment_is_blue_and_has_no_old_app),
        TEST(a_plain_app_is_adopted_and_the_plan_says_so),
        TEST(the_colours_take_turns),
        TEST(a_change_is_made_to_the_app_that_serves),
        TEST(who_names_a_colour_means_the_pair),
        TEST(a_name_that_ends_in_two_colours_is_refused),
        TEST(the_colour_that_serves_is_never_the_one_to_be_deployed),
        TEST(a_change_may_name_the_pair_by_either_colour),
        TEST(beside_a_plain_app_the_colour_that_was_named_is_deployed),
        TEST(who_names_a_colour_does_not_mean_an_app_of_another_naming),
        TEST(a_definition_without_labels_takes_over_those_that_serve),
        TEST(without_any_label_the_needed_ones_are_named),
        TEST(a_third_app_in_the_group_would_be_merged_with_the_pair),
        TEST(the_service_port_of_another_app_is_not_for_a_pair),
        TEST(a_router_that_cannot_move_a_pair_is_refused_with_the_reason),
        cmocka_unit_test(a_server_with_runtime_apis_alone_uses_them),
        cmocka_unit_test(with_both_routers_the_request_may_choose),
        cmocka_unit_test(with_vamp_an_app_needs_no_labels_and_gets_none),
        cmocka_unit_test(with_vamp_what_it_cannot_do_is_refused_in_the_plan),
        TEST(two_apps_of_a_pair_are_unclear),
        TEST(a_plan_rests_on_both_apps),
        TEST(a_first_plan_is_stale_when_its_app_has_come),
        TEST(wrong_options_are_named_with_what_is_allowed),
        TEST(checks_are_a_step_of_the_plan_and_wrong_ones_are_named),
        TEST(options_that_contradict_each_other_are_named),
        TEST(options_shape_the_plan),
        TEST(what_marathon_lb_would_not_obey_is_refused_before_anything_is_planned),
        TEST(an_id_that_leaves_no_room_for_a_colour_is_refused),
        TEST(a_deployment_shows_both_apps_and_the_steps_of_its_program),
        TEST(promote_is_for_who_waits_at_the_gate),
        TEST(one_pair_has_one_deployment_at_a_time),
        TEST(a_pair_and_its_apps_exclude_each_other),
        TEST(who_supersedes_a_pair_rests_on_the_app_as_it_is),
        TEST(while_one_app_is_scaled_the_pair_waits),
    };

    return cmocka_run_group_tests_name("api/pair", tests, NULL, NULL);
}
