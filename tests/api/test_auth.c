/**
 * @file tests/api/test_auth.c
 * @brief Who may call what, and which apps a token sees.
 */
#include "server/api/inside.h"
#include "server/base/clock.h"
#include "tests/api/api_world.h"

#include <stdio.h>
#include <string.h>

static struct apiclient_answer get_with(struct api_world *world, const char *token,
                                        const char *path)
{
    return apiclient_send(world->client, &(struct apiclient_request){.path = path, .token = token});
}

static struct apiclient_answer post_with(struct api_world *world, const char *token,
                                         const char *path, const char *body)
{
    return apiclient_send(
        world->client,
        &(struct apiclient_request){.method = "POST", .path = path, .token = token, .body = body});
}

static void a_token_that_is_unknown_malformed_or_expired_is_refused(void **state)
{
    struct api_world *world = *state;
    char expired[ZDD_TOKEN_SIZE];
    APICLIENT_AUTO struct apiclient_answer answer = {0};

    api_world_token(world, "old", ZDD_SCOPE_ALL, "/", zdd_now_ms() - 1, expired);
    apiclient_expect(get_with(world, "zdd_nobody", "/v1/plans"), 401, "token-unknown");
    apiclient_expect(get_with(world, expired, "/v1/plans"), 401, "token-unknown");
    answer = get_with(world, expired, "/v1/plans");
    assert_non_null(strstr(apiclient_header(&answer, "WWW-Authenticate"), "invalid_token"));
    assert_null(strstr(answer.body, expired));
}

static void a_revoked_token_is_refused_by_the_next_call(void **state)
{
    struct api_world *world = *state;
    char token[ZDD_TOKEN_SIZE];

    api_world_token(world, "short", ZDD_SCOPE_ALL, "/", 0, token);
    for (int i = 0; i < 3; i++)
        apiclient_expect(get_with(world, token, "/v1/plans"), 200, NULL);
    api_world_revoke(world, token);
    apiclient_expect(get_with(world, token, "/v1/plans"), 401, "token-unknown");
}

static void another_scheme_than_bearer_is_no_token(void **state)
{
    struct api_world *world = *state;
    char header[120];

    snprintf(header, sizeof(header), "Authorization: Basic %s", world->token);
    apiclient_expect(apiclient_send(world->client, &(struct apiclient_request){.path = "/v1/plans",
                                                                               .token = "",
                                                                               .header = {header}}),
                     401, "token-missing");
    snprintf(header, sizeof(header), "Authorization: bearer   %s", world->token);
    apiclient_expect(apiclient_send(world->client, &(struct apiclient_request){.path = "/v1/plans",
                                                                               .token = "",
                                                                               .header = {header}}),
                     200, NULL);
}

/* Every scope but the one an operation needs. */
static void each_operation_needs_exactly_its_scope(void **state)
{
    struct api_world *world = *state;
    char token[ZDD_TOKEN_SIZE], name[32];

    for (unsigned scope = ZDD_SCOPE_READ; scope <= ZDD_SCOPE_ADMIN; scope <<= 1) {
        snprintf(name, sizeof(name), "without-%u", scope);
        api_world_token(world, name, ZDD_SCOPE_ALL & ~scope, "/", 0, token);
        for (size_t i = 0; i < zdd_route_count; i++) {
            const struct zdd_route *route = &zdd_routes[i];
            APICLIENT_AUTO struct apiclient_answer answer = {0};

            if (!(route->flags & scope))
                continue;
            answer = apiclient_send(
                world->client, &(struct apiclient_request){
                                   .method = route->method, .path = route->path, .token = token});
            assert_int_equal(answer.status, 403);
            assert_string_equal(apiclient_text(&answer, "/code"), "scope-missing");
            assert_non_null(strstr(apiclient_header(&answer, "WWW-Authenticate"),
                                   zdd_scope_name((enum zdd_scope)scope)));
        }
    }
}

static void one_scope_is_enough_for_its_operations(void **state)
{
    struct api_world *world = *state;
    char reader[ZDD_TOKEN_SIZE], planner[ZDD_TOKEN_SIZE];

    api_world_base(world);
    api_world_token(world, "reader", ZDD_SCOPE_READ, "/", 0, reader);
    api_world_token(world, "planner", ZDD_SCOPE_PLAN, "/", 0, planner);
    apiclient_expect(get_with(world, reader, "/v1/deployments"), 200, NULL);
    apiclient_expect(post_with(world, planner, "/v1/plans",
                               "{\"strategy\":\"restart\",\"appId\":\"/zdd/base\"}"),
                     201, NULL);
}

/* A world with a deployment of /zdd/base and a token that reaches /zdd/basement only. */
struct foreign {
    char token[ZDD_TOKEN_SIZE];
    char run_id[ZDD_ID_SIZE];
};

static void make_foreign(struct api_world *world, struct foreign *foreign)
{
    api_world_base(world);
    fake_cluster_app(&world->cluster, "{\"id\":\"/zdd/basement\",\"cmd\":\"./serve\"}");
    api_world_deploy(world, "1.0", "", foreign->run_id);
    api_world_token(world, "foreign", ZDD_SCOPE_ALL, "/zdd/basement", 0, foreign->token);
}

static void what_lies_outside_of_the_prefix_looks_as_if_it_did_not_exist(void **state)
{
    static const char *const paths[] = {"", "/steps", "/events", "/explain"};
    struct api_world *world = *state;
    struct foreign foreign;
    char path[120];

    make_foreign(world, &foreign);
    for (size_t i = 0; i < ZDD_COUNT(paths); i++) {
        snprintf(path, sizeof(path), "/v1/deployments/%s%s", foreign.run_id, paths[i]);
        apiclient_expect(get_with(world, foreign.token, path), 404, "deployment-unknown");
        apiclient_expect(get_with(world, world->token, path), 200, NULL);
    }
    snprintf(path, sizeof(path), "/v1/deployments/%s/abort", foreign.run_id);
    apiclient_expect(post_with(world, foreign.token, path, NULL), 404, "deployment-unknown");
    apiclient_expect(get_with(world, foreign.token, "/v1/apps/%2Fzdd%2Fbase"), 404, "app-unknown");
    apiclient_expect(get_with(world, foreign.token, "/v1/apps/%2Fzdd%2Fbase/revisions"), 404,
                     "app-unknown");
}

static void lists_show_only_what_the_prefix_covers(void **state)
{
    static const char *const paths[] = {"/v1/plans", "/v1/deployments", "/v1/events", "/v1/audit"};
    struct api_world *world = *state;
    struct foreign foreign;
    APICLIENT_AUTO struct apiclient_answer apps = {0};

    make_foreign(world, &foreign);
    for (size_t i = 0; i < ZDD_COUNT(paths); i++) {
        APICLIENT_AUTO struct apiclient_answer none = get_with(world, foreign.token, paths[i]);
        APICLIENT_AUTO struct apiclient_answer all = get_with(world, world->token, paths[i]);

        assert_int_equal(none.status, 200);
        assert_int_equal(json_array_size(json_object_get(none.json, "items")), 0);
        assert_true(json_array_size(json_object_get(all.json, "items")) > 0);
    }
    apps = get_with(world, foreign.token, "/v1/apps");
    assert_int_equal(json_array_size(json_object_get(apps.json, "items")), 1);
    assert_string_equal(apiclient_text(&apps, "/items/0/id"), "/zdd/basement");
}

static void to_plan_or_deploy_a_foreign_app_is_forbidden(void **state)
{
    static const char body[] = "{\"strategy\":\"restart\",\"appId\":\"/zdd/base\"}";
    struct api_world *world = *state;
    struct foreign foreign;

    make_foreign(world, &foreign);
    apiclient_expect(post_with(world, foreign.token, "/v1/plans", body), 403, "app-forbidden");
    apiclient_expect(post_with(world, foreign.token, "/v1/deployments", body), 403,
                     "app-forbidden");
}

static void a_foreign_plan_cannot_be_started(void **state)
{
    struct api_world *world = *state;
    struct foreign foreign;
    APICLIENT_AUTO struct apiclient_answer plan = {0};
    char body[300];

    make_foreign(world, &foreign);
    plan = apiclient_post(world->client, "/v1/plans",
                          "{\"strategy\":\"restart\",\"appId\":\"/zdd/base\"}");
    snprintf(body, sizeof(body), "{\"planId\":\"%s\",\"digest\":\"%s\"}",
             apiclient_text(&plan, "/id"), apiclient_text(&plan, "/digest"));
    apiclient_expect(post_with(world, foreign.token, "/v1/deployments", body), 404, "plan-unknown");
}

static void the_chain_of_all_apps_is_not_for_a_part(void **state)
{
    struct api_world *world = *state;
    struct foreign foreign;

    make_foreign(world, &foreign);
    apiclient_expect(get_with(world, foreign.token, "/v1/audit/verify"), 403, "app-forbidden");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, api_world_setup, api_world_teardown)
        TEST(a_token_that_is_unknown_malformed_or_expired_is_refused),
        TEST(a_revoked_token_is_refused_by_the_next_call),
        TEST(another_scheme_than_bearer_is_no_token),
        TEST(each_operation_needs_exactly_its_scope),
        TEST(one_scope_is_enough_for_its_operations),
        TEST(what_lies_outside_of_the_prefix_looks_as_if_it_did_not_exist),
        TEST(lists_show_only_what_the_prefix_covers),
        TEST(to_plan_or_deploy_a_foreign_app_is_forbidden),
        TEST(a_foreign_plan_cannot_be_started),
        TEST(the_chain_of_all_apps_is_not_for_a_part),
#undef TEST
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
